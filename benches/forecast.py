"""Scores our forecasts beside those of statsforecast, on the same tasks, with the same scorer.

    pip install numpy pandas statsforecast
    python3 benches/forecast.py DATA_DIR [--only usage|m4] [--jobs 2] [--keep DIR]

DATA_DIR holds daily.csv (unique_id, ds, y), tasks.csv (task_id, set, group, unique_id, train_start, cutoff,
h), the scorers score.py and exceed.py, and m4/Train and m4/Test with Weekly-train.csv and Weekly-test.csv
of the M4 competition. Only the days from train_start to cutoff of a task are shown to a model.

Ours is examples/forecast_series.rs, run on one thread. Times are seconds of a model over the series it
forecast: ours of the whole process, start and files included; of statsforecast only the calls, after one
call that compiles. "median of five" is the median of AutoETS, AutoCES, DynamicOptimizedTheta, AutoARIMA and
MSTL, of points and of bounds (without MSTL where there is no season), and takes the time of all five.
Their forecasts are cut off at zero, which helps them: the series are quantities. The run rate is the mean of
the last 28 values, with a normal interval as if days were independent.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = ["mean", "lo80", "hi80", "lo95", "hi95"]
Z = {80: 1.2815515655446004, 95: 1.959963984540054}
FIVE = ["AutoETS", "AutoCES", "DynamicOptimizedTheta", "AutoARIMA", "MSTL"]
PEERS = ["SeasonalNaive", "AutoETS", "Theta", "AutoCES", "DynamicOptimizedTheta", "AutoARIMA", "MSTL"]
MULTIPLES = [0.6, 0.8, 1.0, 1.2, 1.5, 2.0]


def build():
    command = ["cargo", "build", "--release", "--locked", "--example", "forecast_series"]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target" / "release" / "examples" / "forecast_series"


def ours(program, series, horizon, season, folder, seed):
    """Forecasts of several series of one horizon: rows, probabilities of budgets, seconds."""
    frame = pd.concat(
        pd.DataFrame({"unique_id": key, "step": range(len(y)), "y": y}) for key, y in series.items()
    )
    source, out, budgets = folder / "in.csv", folder / "out.csv", folder / "budgets.csv"
    frame.to_csv(source, index=False)
    command = [program, source, "--horizon", str(horizon), "--season", str(season), "--seed", str(seed)]
    command += ["--threads", "1", "--totals", "--out", out, "--budgets", budgets]
    start = time.perf_counter()
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    return pd.read_csv(out), pd.read_csv(budgets), seconds


def run_rate(y, horizon):
    last = y[-28:]
    mean, deviation = last.mean(), last.std(ddof=1)
    steps = {"mean": np.repeat(mean, horizon)}
    total = {"mean": mean * horizon}
    for level, z in Z.items():
        for name, sign in (("lo", -1), ("hi", 1)):
            steps[f"{name}{level}"] = np.repeat(mean + sign * z * deviation, horizon)
            total[f"{name}{level}"] = mean * horizon + sign * z * deviation * horizon**0.5
    return steps, total, mean, deviation


def peer(name, season):
    from statsforecast import models

    if name == "Theta":
        return models.Theta(season_length=season)
    return getattr(models, name)(season_length=season)


def peer_steps(name, y, horizon, season):
    try:
        made = peer(name, season).forecast(y, horizon, level=[80, 95])
        steps = {"mean": made["mean"]}
        for level in Z:
            steps[f"lo{level}"], steps[f"hi{level}"] = made[f"lo-{level}"], made[f"hi-{level}"]
        steps = {column: np.asarray(steps[column], float).clip(min=0) for column in COLUMNS}
        if all(np.isfinite(values).all() for values in steps.values()):
            return steps
    except Exception as error:  # statsforecast refuses some short or constant series
        print(f"{name}: {error}; the last value stands in", file=sys.stderr)
    return {column: np.repeat(float(y[-1]), horizon) for column in COLUMNS}


def peers_of(job):
    """All peers on one series: their steps and the seconds each took."""
    key, y, horizon, season, names = job
    warnings.filterwarnings("ignore")
    steps, seconds = {}, {}
    for name in names:
        start = time.process_time()
        steps[name] = peer_steps(name, y, horizon, season)
        seconds[name] = time.process_time() - start
    five = [name for name in FIVE if name in steps]
    steps["median of five"] = {c: np.median([steps[n][c] for n in five], axis=0) for c in COLUMNS}
    seconds["median of five"] = sum(seconds[name] for name in five)
    return key, steps, seconds


def compile_peers(names, season):
    warnings.filterwarnings("ignore")
    y = 10 + np.arange(60) % 7 + np.sin(np.arange(60.0))
    for name in names:
        peer_steps(name, y, 7, season)


def all_peers(series, season, jobs):
    """{model: {series: steps}} and {model: seconds}; series is {key: (y, horizon)}."""
    names = [name for name in PEERS if season > 1 or name != "MSTL"]
    work = [(key, y, horizon, season, names) for key, (y, horizon) in series.items()]
    steps, seconds = {}, {}
    with ProcessPoolExecutor(jobs, initializer=compile_peers, initargs=(names, season)) as pool:
        for done, (key, made, took) in enumerate(pool.map(peers_of, work, chunksize=4), 1):
            if done % 50 == 0 or done == len(work):
                print(f"statsforecast: {done} of {len(work)} series", file=sys.stderr, flush=True)
            for name, of_model in made.items():
                steps.setdefault(name, {})[key] = of_model
                seconds[name] = seconds.get(name, 0.0) + took[name]
    return steps, seconds


def rows_of(steps, id_column):
    frames = [
        pd.DataFrame({id_column: key, "step": range(1, len(s["mean"]) + 1), **s}) for key, s in steps.items()
    ]
    return pd.concat(frames)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def show(table):
    print(table.to_string(float_format=lambda x: f"{x:.3f}", na_rep="-"), flush=True)


def usage(data, scorer, program, args, folder):
    tasks = pd.read_csv(data / "tasks.csv", parse_dates=["cutoff", "train_start"])
    daily = pd.read_csv(data / "daily.csv", parse_dates=["ds"])
    values = {key: frame.set_index("ds")["y"] for key, frame in daily.groupby("unique_id")}
    series = {
        t.task_id: (values[t.unique_id][t.train_start : t.cutoff].to_numpy(float), t.h)
        for t in tasks.itertuples()
    }
    forecasts, seconds, budgets = {}, {}, []
    made = []
    seconds["tokencast"] = 0.0
    for horizon in sorted(tasks.h.unique()):
        some = {key: y for key, (y, h) in series.items() if h == horizon}
        rows, over, took = ours(program, some, horizon, 7, folder, args.seed)
        made.append(rows)
        budgets.append(over.rename(columns={"unique_id": "task_id"}))
        seconds["tokencast"] += took
    forecasts["tokencast"] = pd.concat(made).rename(columns={"unique_id": "task_id"})
    rates, rate_budgets = run_rates(series)
    forecasts["run rate 28"] = rates
    steps, took = all_peers(series, 7, args.jobs)
    seconds.update(took)
    forecasts.update({name: rows_of(of_model, "task_id") for name, of_model in steps.items()})
    tables = []
    for name, rows in forecasts.items():
        path = folder / f"usage {name}.csv"
        rows.to_csv(path, index=False)
        options = SimpleNamespace(forecasts=path, tasks=data / "tasks.csv", series=data / "daily.csv")
        _, table = scorer.domain(options)
        table = table.reset_index().assign(model=name)
        table["ms"] = 1000 * seconds.get(name, np.nan) / len(series)
        tables.append(table)
    wanted = ["OWA", "relMAE_sn", "medAPE_tot", "medbias_tot", "cov80", "cov95", "covT80", "covT95", "ms"]
    table = pd.concat(tables).set_index(["set", "model"]).sort_index(kind="stable")
    show(table[wanted])
    for name, rows in (("tokencast", pd.concat(budgets)), ("run rate 28, independent days", rate_budgets)):
        path = folder / "exceed.csv"
        rows.to_csv(path, index=False)
        print(f"\nExceeding a budget, {name}", flush=True)
        command = [sys.executable, data / "exceed.py", path]
        command += ["--tasks", data / "tasks.csv", "--series", data / "daily.csv"]
        subprocess.run(command, check=True)


def run_rates(series):
    """Rows of the run rate with totals, and its probabilities of exceeding budgets."""
    from statistics import NormalDist

    rows, budgets = [], []
    for key, (y, horizon) in series.items():
        steps, total, mean, deviation = run_rate(y, horizon)
        rows.append(pd.DataFrame({"task_id": key, "step": range(1, horizon + 1), **steps}))
        rows.append(pd.DataFrame([{"task_id": key, "step": "total", **total}]))
        for multiple in MULTIPLES:
            budget = multiple * mean * horizon
            normal = NormalDist(mean * horizon, max(deviation, 1e-12) * horizon**0.5)
            budgets.append({"task_id": key, "budget": budget, "p": 1 - normal.cdf(budget)})
    return pd.concat(rows), pd.DataFrame(budgets)


def m4(data, scorer, program, args, folder):
    train, _ = scorer.load_m4(str(data / "m4"), "Weekly")
    horizon = 13
    rows, _, took = ours(program, train, horizon, 1, folder, args.seed)
    forecasts = {"tokencast": rows[rows.step != "total"].astype({"step": int})}
    seconds = {"tokencast": took}
    rates = {key: run_rate(y, horizon)[0] for key, y in train.items()}
    forecasts["run rate 28"] = rows_of(rates, "unique_id")
    steps, peer_seconds = all_peers({key: (y, horizon) for key, y in train.items()}, 1, args.jobs)
    seconds.update(peer_seconds)
    forecasts.update({name: rows_of(of_model, "unique_id") for name, of_model in steps.items()})
    tables = []
    for name, frame in forecasts.items():
        path = folder / f"m4 {name}.csv"
        frame.to_csv(path, index=False)
        _, table = scorer.m4(SimpleNamespace(forecasts=path, m4=str(data / "m4"), freq="Weekly"))
        ms = 1000 * seconds.get(name, np.nan) / len(train)
        tables.append(table.reset_index().assign(model=name, ms=ms))
    wanted = ["sMAPE", "MASE", "OWA", "cov80", "cov95", "MSIS80", "MSIS95", "ms"]
    show(pd.concat(tables).set_index(["freq", "model"])[wanted])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--only", choices=["usage", "m4"], help="one of the two parts")
    parser.add_argument("--jobs", type=int, default=1, help="processes for statsforecast")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--program", type=Path, help="a built forecast_series; else it is built")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the forecasts there")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    program = args.program or build()
    scorer = load(args.data / "score.py")
    pd.set_option("display.width", 200)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.only != "m4":
            usage(args.data, scorer, program, args, folder)
        if args.only != "usage":
            print()
            m4(args.data, scorer, program, args, folder)


if __name__ == "__main__":
    main()
