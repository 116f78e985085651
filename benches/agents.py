"""Times `tokencast` beside `ccusage` on the same made-up Claude Code logs.

    python3 benches/agents.py --ccusage PATH [--megabytes 100] [--runs 5] [--tokencast PATH] [--keep DIR]

PATH is the program that `npm install ccusage` brings. Both programs sum the same session logs by day
from the page cache, taking turns, each in its own process and without the network; a plain reading of
the files (`cat`) stands beside them. The benchmark fails with exit code 1 when the sums of tokens differ.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2026, 8, 22, tzinfo=timezone.utc)
MODELS = ["claude-opus-4-1-20250805", "claude-sonnet-4-20250514"]
PROSE = (
    "The change touches two files. The first holds the list of what is read, the second its tests. "
    "Nothing else depends on the order, so it can be moved without harm. "
)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ccusage", type=Path, required=True, help="the ccusage program")
    parser.add_argument("--tokencast", type=Path, help="the tokencast program (default: the release build)")
    parser.add_argument("--megabytes", type=int, default=100, help="size of the logs (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each program (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the logs in this folder")
    options = parser.parse_args()
    if options.keep:
        return bench(options, options.keep)
    with tempfile.TemporaryDirectory() as folder:
        return bench(options, Path(folder))


def bench(options, folder):
    """Makes the logs, times the programs in turns, prints the table and compares the sums."""
    program = options.tokencast or build()
    projects = folder / "projects"
    if not projects.exists():
        make_logs(projects, options.megabytes * 1_000_000)
    files = sorted(str(path) for path in projects.rglob("*.jsonl"))
    size = sum(os.path.getsize(path) for path in files)
    print(f"logs: {len(files):,} files, {size / 1e6:,.0f} MB; CPUs: {os.cpu_count()}")
    environment = {**os.environ, "CLAUDE_CONFIG_DIR": str(folder), "TZ": "UTC", "NO_COLOR": "1"}
    commands = {
        "cat": ["cat", *files],
        "ccusage": [str(options.ccusage), "claude", "daily", "--offline", "--json"],
        "tokencast": [str(program), "cost", str(projects), "--group-by", "day", "--output", "json", "--quiet"],
    }
    runs = {name: [] for name in commands}
    printed = {}
    for turn in range(options.runs + 1):
        for name, command in commands.items():
            measured, printed[name] = timed(command, environment, keep=name != "cat")
            if turn > 0:
                runs[name].append(measured)
    print(f"{'program':<10} {'MB/s':>8}  {'wall s':<20} {'CPU s':<20} {'peak MB':>8}")
    for name, measured in runs.items():
        walls, cpus, peaks = zip(*measured)
        rate = size / 1e6 / statistics.median(walls)
        print(f"{name:<10} {rate:>8,.0f}  {spread(walls):<20} {spread(cpus):<20} {max(peaks):>8,.0f}")
    ours, theirs = tokens_of_tokencast(printed["tokencast"]), tokens_of_ccusage(printed["ccusage"])
    print(f"\ntokens: tokencast {ours:,}, ccusage {theirs:,}")
    return 0 if ours == theirs else 1


def build():
    subprocess.run(["cargo", "build", "--release", "--quiet", "--locked"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "tokencast"


def make_logs(folder, size):
    """Sessions of prompts, tool results and answers; an answer is logged once a content block."""
    dice = random.Random(7)
    written = 0
    while written < size:
        session = f"{dice.getrandbits(128):032x}"
        name = "-".join([session[:8], session[8:12], session[12:16], session[16:20], session[20:]])
        path = folder / f"project-{dice.randrange(12)}" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        moment = START + timedelta(minutes=dice.randrange(60 * 24 * 80))
        with path.open("w") as file:
            for _ in range(dice.randrange(20, 200)):
                moment += timedelta(seconds=dice.randrange(5, 120))
                written += sum(file.write(line + "\n") for line in turn(dice, name, moment))


def turn(dice, session, moment):
    """The lines of one prompt and its answer."""
    base = {
        "parentUuid": f"{dice.getrandbits(64):016x}",
        "isSidechain": False,
        "userType": "external",
        "cwd": f"/srv/project-{dice.randrange(12)}",
        "sessionId": session,
        "version": "2.1.40",
        "gitBranch": "main",
    }
    text = PROSE * dice.randrange(1, 40)
    prompt = {**base, "type": "user", "message": {"role": "user", "content": text}, **stamp(dice, moment)}
    lines = [prompt]
    identity = f"{dice.getrandbits(80):020x}"
    usage = {
        "input_tokens": dice.randrange(1, 400),
        "cache_creation_input_tokens": dice.randrange(0, 4000),
        "cache_read_input_tokens": dice.randrange(0, 150_000),
        "service_tier": "standard",
    }
    written = usage["cache_creation_input_tokens"]
    usage["cache_creation"] = {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0}
    blocks = dice.randrange(1, 4)
    output = dice.randrange(20, 2000)
    model = dice.choice(MODELS)
    for block in range(blocks):
        last = block + 1 == blocks
        message = {
            "id": f"msg_{identity}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": PROSE * dice.randrange(1, 8)}],
            "stop_reason": "end_turn" if last else None,
            "usage": {**usage, "output_tokens": output},
        }
        answer = {**base, "type": "assistant", "requestId": f"req_{identity}", "message": message}
        lines.append({**answer, **stamp(dice, moment)})
    return [json.dumps(line, separators=(",", ":")) for line in lines]


def stamp(dice, moment):
    return {"uuid": f"{dice.getrandbits(64):016x}", "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")}


def timed(command, environment, keep):
    """Runs a program to its end; its wall seconds, CPU seconds and peak MB, and what it printed."""
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=out if keep else subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"error: '{command[0]}' ended with exit code {child.returncode}")
        out.seek(0)
        bytes_per_unit = 1 if sys.platform == "darwin" else 1024
        return (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * bytes_per_unit / 1e6), out.read()


def spread(values):
    return f"{min(values):.2f}/{statistics.median(values):.2f}/{max(values):.2f}"


def tokens_of_ccusage(text):
    totals = json.loads(text)["totals"]
    keys = ["inputTokens", "outputTokens", "cacheCreationTokens", "cacheReadTokens"]
    return sum(totals[key] for key in keys)


def tokens_of_tokencast(text):
    return sum(json.loads(text)["totals"]["tokens"].values())


if __name__ == "__main__":
    sys.exit(main())
