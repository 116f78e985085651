"""Times `tokencast rollup` beside DuckDB doing the same rollup of the same log.

    python3 benches/ingest.py [--lines 1000000] [--runs 3] [--keep DIR]

Both programs read a made-up log of mixed provider bodies, drop repeated responses and write a Parquet
file with one row per hour, provider, model, team and tier: requests and disjoint sums of tokens. They
take turns, each in its own process, with the log in the page cache. The benchmark fails with exit code
1 when their totals differ. DuckDB is the PyPI package; its time includes about 0.1 s of Python.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Columns of tokencast's Parquet, under the same names in DuckDB's. `output` excludes the reasoning.
MEASURES = [
    "requests",
    "input.uncached",
    "input.cache_read",
    "input.cache_write.5m",
    "input.cache_write.30m",
    "input.cache_write.1h",
    "output",
    "output.reasoning",
]

# The part of each body that the rollup needs. `log` is a line of any of the four formats; fields that
# a format does not have are null.
COLUMNS = """{
    id: 'VARCHAR', object: 'VARCHAR', created: 'BIGINT', created_at: 'BIGINT', model: 'VARCHAR',
    service_tier: 'VARCHAR', metadata: 'STRUCT(team VARCHAR)', "timestamp": 'TIMESTAMP',
    usage: 'STRUCT(
        prompt_tokens BIGINT, completion_tokens BIGINT, input_tokens BIGINT, output_tokens BIGINT,
        prompt_tokens_details STRUCT(cached_tokens BIGINT, cache_write_tokens BIGINT),
        completion_tokens_details STRUCT(reasoning_tokens BIGINT),
        input_tokens_details STRUCT(cached_tokens BIGINT, cache_write_tokens BIGINT),
        output_tokens_details STRUCT(reasoning_tokens BIGINT))',
    response: 'STRUCT(
        id VARCHAR, model VARCHAR, "modelVersion" VARCHAR, "responseId" VARCHAR,
        usage STRUCT(
            input_tokens BIGINT, output_tokens BIGINT, cache_read_input_tokens BIGINT,
            cache_creation STRUCT(ephemeral_5m_input_tokens BIGINT, ephemeral_1h_input_tokens BIGINT),
            service_tier VARCHAR),
        "usageMetadata" STRUCT(
            "promptTokenCount" BIGINT, "cachedContentTokenCount" BIGINT, "candidatesTokenCount" BIGINT,
            "thoughtsTokenCount" BIGINT))'
}"""

ROLLUP = """
SET enable_progress_bar = false;
SET preserve_insertion_order = false;
COPY (
    WITH log AS (
        SELECT *, response.usage AS messages, response."usageMetadata" AS gemini,
            usage.prompt_tokens_details AS chat_in, usage.completion_tokens_details AS chat_out,
            usage.input_tokens_details AS responses_in, usage.output_tokens_details AS responses_out
        FROM read_ndjson('{log}', columns = {columns})
    ),
    requests AS (
        SELECT
            coalesce(id, response.id, response."responseId") AS request_id,
            date_trunc('hour', coalesce("timestamp", make_timestamp(1000000 * coalesce(created, created_at)))) AS hour,
            CASE WHEN object IS NOT NULL THEN 'openai'
                WHEN messages IS NOT NULL THEN 'anthropic' ELSE 'gcp.gemini' END AS provider,
            coalesce(model, response.model, response."modelVersion") AS model,
            metadata.team AS team,
            replace(coalesce(service_tier, messages.service_tier, 'standard'), 'default', 'standard') AS tier,
            coalesce(chat_in.cached_tokens, responses_in.cached_tokens, messages.cache_read_input_tokens,
                gemini."cachedContentTokenCount", 0) AS cache_read,
            coalesce(messages.cache_creation.ephemeral_5m_input_tokens, 0) AS write_5m,
            coalesce(chat_in.cache_write_tokens, responses_in.cache_write_tokens, 0) AS write_30m,
            coalesce(messages.cache_creation.ephemeral_1h_input_tokens, 0) AS write_1h,
            coalesce(chat_out.reasoning_tokens, responses_out.reasoning_tokens,
                gemini."thoughtsTokenCount", 0) AS reasoning,
            -- Anthropic's input excludes the cache, the others' includes it.
            coalesce(messages.input_tokens,
                coalesce(usage.prompt_tokens, usage.input_tokens, gemini."promptTokenCount")
                    - cache_read - write_30m) AS uncached,
            -- Gemini counts its thoughts beside the answer, OpenAI inside it.
            coalesce(messages.output_tokens, gemini."candidatesTokenCount",
                coalesce(usage.completion_tokens, usage.output_tokens) - reasoning) AS answer
        FROM log
    ),
    distinct_requests AS (
        SELECT request_id, any_value(hour) AS hour, any_value(provider) AS provider,
            any_value(model) AS model, any_value(team) AS team, any_value(tier) AS tier,
            max(uncached) AS uncached, max(cache_read) AS cache_read, max(write_5m) AS write_5m,
            max(write_30m) AS write_30m, max(write_1h) AS write_1h, max(answer) AS answer,
            max(reasoning) AS reasoning
        FROM requests GROUP BY request_id
    )
    SELECT hour, provider, model, team, tier, count(*) AS requests,
        sum(uncached) AS "input.uncached", sum(cache_read) AS "input.cache_read",
        sum(write_5m) AS "input.cache_write.5m", sum(write_30m) AS "input.cache_write.30m",
        sum(write_1h) AS "input.cache_write.1h", sum(answer) AS "output", sum(reasoning) AS "output.reasoning"
    FROM distinct_requests GROUP BY ALL
) TO '{out}' (FORMAT parquet)
"""

# Children import DuckDB, this process does not: a child's peak memory starts from its parent's.
RUN_SQL = "import duckdb, sys; duckdb.connect().execute(sys.argv[1])"
PRINT_TOTALS = """
import duckdb, json, sys
path, measures = sys.argv[1], json.loads(sys.argv[2])
database = duckdb.connect()
columns = {row[0] for row in database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()}
sums = ", ".join(f'sum("{m}")' if m in columns else "0" for m in measures)
found = database.execute(f"SELECT {sums} FROM read_parquet(?)", [path]).fetchone()
print(json.dumps([int(total or 0) for total in found]))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the log (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program, at least 3 (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the log and the Parquet files in this folder")
    parser.add_argument("--duckdb-only", action="store_true", help="time DuckDB alone and compare nothing")
    options = parser.parse_args()
    if options.lines < 1:
        parser.error("--lines must be 1 or more")
    if subprocess.run([sys.executable, "-c", "import duckdb"], capture_output=True).returncode != 0:
        parser.exit(2, "error: this benchmark needs DuckDB\n\nhint: pip install duckdb\n")
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return bench(options, options.keep)
    with tempfile.TemporaryDirectory() as folder:
        return bench(options, Path(folder))


def bench(options, folder):
    """Makes the log, times both programs in turns, prints the table and compares the totals."""
    tokencast, make_log = build(with_tokencast=not options.duckdb_only)
    log = folder / "bench.jsonl"
    subprocess.run([make_log, str(options.lines), log], check=True)
    megabytes = log.stat().st_size / 1e6
    print(f"log: {options.lines:,} lines, {megabytes:,.0f} MB; CPUs: {os.cpu_count()}; {duckdb_version()}")

    outputs = {"duckdb": folder / "duckdb.parquet"}
    commands = {"duckdb": [sys.executable, "-c", RUN_SQL, rollup_sql(log, outputs["duckdb"])]}
    if tokencast:
        outputs["tokencast"] = folder / "tokencast.parquet"
        commands["tokencast"] = [tokencast, "rollup", log, "--out", outputs["tokencast"], "--quiet"]

    read_once(log)
    runs = {name: [] for name in commands}
    for _ in range(max(3, options.runs)):
        for name, command in commands.items():
            outputs[name].unlink(missing_ok=True)
            runs[name].append(timed(command))
    print_runs(runs, options.lines)
    return compare({name: totals(path) for name, path in outputs.items()})


def build(with_tokencast):
    """Builds the release binary and the example; returns the paths of both."""
    if with_tokencast:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "--quiet", "--example", "make_bench_log"], cwd=ROOT, check=True)
    release = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
    return (release / "tokencast") if with_tokencast else None, release / "examples" / "make_bench_log"


def rollup_sql(log, out):
    """The rollup for DuckDB. Quotes in paths are doubled as SQL wants it."""
    quoted = [str(path).replace("'", "''") for path in (log, out)]
    return ROLLUP.format(log=quoted[0], columns=COLUMNS, out=quoted[1])


def read_once(path):
    """Brings the file into the page cache, so that the first run is not the slow one."""
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def timed(command):
    """Runs a program to its end; returns its wall seconds, CPU seconds and peak memory in MB."""
    start = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command])
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"error: '{command[0]}' ended with exit code {child.returncode}")
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * bytes_per_unit / 1e6


def print_runs(runs, lines):
    """One row per program; times as min/median/max, memory as the maximum."""
    print(f"{'program':<10} {'rows/s':>11}  {'wall s':<20} {'CPU s':<20} {'peak MB':>8}")
    for name, measured in runs.items():
        walls, cpus, peaks = zip(*measured)
        rate = lines / statistics.median(walls)
        print(f"{name:<10} {rate:>11,.0f}  {spread(walls):<20} {spread(cpus):<20} {max(peaks):>8,.0f}")


def spread(values):
    return f"{min(values):.2f}/{statistics.median(values):.2f}/{max(values):.2f}"


def totals(path):
    arguments = [sys.executable, "-c", PRINT_TOTALS, str(path), json.dumps(MEASURES)]
    return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)


def duckdb_version():
    version = "import duckdb; print('DuckDB', duckdb.__version__)"
    return subprocess.run([sys.executable, "-c", version], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def compare(sums):
    """Prints the totals; returns the exit code, 1 if the programs disagree."""
    names = list(sums)
    print(f"\n{'total':<22}" + "".join(f" {name:>18}" for name in names))
    differing = 0
    for measure, *values in zip(MEASURES, *sums.values()):
        differs = len(set(values)) > 1
        differing += differs
        print(f"{measure:<22}" + "".join(f" {value:>18,}" for value in values) + ("  differs" if differs else ""))
    if differing:
        print(f"error: {differing} of {len(MEASURES)} totals differ", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
