"""Times `tokencast rollup` beside DuckDB doing the same rollup of the same table.

    python3 benches/tables.py [--rows 2000000] [--runs 3] [--tokencast PATH] [--keep DIR]

The tables are made up, each once as CSV and once as Parquet: requests with an id, of which one in a hundred
is a copy of an earlier one; the same requests without an id; and the buckets of an OpenAI usage export, one
in a hundred a copy of an earlier one, as where two exports overlap. Of copies both programs keep the larger
counts: of requests by their id, of buckets by all columns that are no figures. Both write a Parquet file with
one row per hour, provider, model, team and tier. They take turns, each in its own process, with the table in
the page cache. The benchmark fails with exit code 1 when their totals
differ. DuckDB is the PyPI package; its time includes about 0.1 s of Python.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import ingest

# Columns that both results have.
MEASURES = ["requests", "input.uncached", "input.cache_read", "output", "output.reasoning"]

MAP = (
    "time=time,provider=provider,model=model,service_tier=tier,label.team=team,"
    "input=input_tokens,cache_read=cached_tokens,output=output_tokens,reasoning=reasoning_tokens"
)

# One model in five has a long name; ids are as those of providers. A copy is the row 50 rows before it.
REQUESTS = """
SELECT
    {id}
    make_timestamp(1782864000000000 + n * (7776000000000 // {rows})) AS time,
    ['openai', 'openai', 'anthropic', 'gcp.gemini', 'openai'][(1 + hash(n, 1) % 5)::INT] AS provider,
    ['gpt-5.5', 'gpt-5.5-mini', 'claude-sonnet-4-5-20250929', 'gemini-3-flash', 'gpt-5-nano'][(1 + hash(n, 1) % 5)::INT] AS model,
    ['standard', 'standard', 'batch', 'flex'][(1 + hash(n, 2) % 4)::INT] AS tier,
    ['search', 'support', 'research', 'ads', 'platform'][(1 + hash(n, 3) % 5)::INT] AS team,
    (100 + hash(n, 4) % 20000)::BIGINT AS input_tokens,
    (hash(n, 5) % 100)::BIGINT AS cached_tokens,
    (300 + hash(n, 6) % 2000)::BIGINT AS output_tokens,
    (hash(n, 7) % 300)::BIGINT AS reasoning_tokens
FROM (SELECT CASE WHEN i % 100 = 99 THEN i - 50 ELSE i END AS n FROM range({rows}) AS r(i))
"""
ID = "'req_' || substr(md5(n::VARCHAR), 1, 24) AS request_id,"

# The dashboard's export prints counts with a decimal place.
EXPORT = """
SELECT
    start_time, start_time + 3600 AS end_time,
    strftime(to_timestamp(start_time) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S+00:00') AS start_time_iso,
    strftime(to_timestamp(start_time + 3600) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S+00:00') AS end_time_iso,
    ['proj_search', 'proj_support', 'proj_ads'][(1 + hash(i, 1) % 3)::INT] AS project_id,
    (1 + hash(i, 2) % 9)::DOUBLE AS num_model_requests,
    'user-' || i % 5000 AS user_id,
    'key_' || substr(md5((i % 5000)::VARCHAR), 1, 16) AS api_key_id,
    ['gpt-5.5-2026-04-23', 'gpt-5.5-mini', 'gpt-5-nano'][(1 + hash(i, 3) % 3)::INT] AS model,
    CASE WHEN hash(i, 4) % 4 = 0 THEN 'True' ELSE 'False' END AS batch,
    'default' AS service_tier,
    (1000 + hash(i, 5) % 90000)::DOUBLE AS input_tokens,
    (10 + hash(i, 6) % 9000)::DOUBLE AS output_tokens,
    (hash(i, 7) % 1000)::DOUBLE AS input_cached_tokens,
    input_tokens - input_cached_tokens AS input_uncached_tokens
FROM (
    SELECT i, 1782864000 + (i // 5000) * 3600 AS start_time
    FROM (SELECT CASE WHEN n % 100 = 99 THEN n - 50 ELSE n END AS i FROM range({rows}) AS r(n))
)
"""

ROLLUP_REQUESTS = """
WITH log AS (SELECT * FROM {read}), requests AS ({requests})
SELECT date_trunc('hour', time) AS hour, provider, model, team, tier, count(*) AS requests,
    sum(input_tokens - cached_tokens) AS "input.uncached", sum(cached_tokens) AS "input.cache_read",
    sum(output_tokens - reasoning_tokens) AS "output", sum(reasoning_tokens) AS "output.reasoning"
FROM requests GROUP BY ALL
"""
DISTINCT = """
    SELECT request_id, any_value(time) AS time, any_value(provider) AS provider, any_value(model) AS model,
        any_value(tier) AS tier, any_value(team) AS team, max(input_tokens) AS input_tokens,
        max(cached_tokens) AS cached_tokens, max(output_tokens) AS output_tokens,
        max(reasoning_tokens) AS reasoning_tokens
    FROM log GROUP BY request_id
"""
# A bucket is told by its period and all its dimensions. DuckDB is spared the times as text, which repeat the others.
ROLLUP_EXPORT = """
WITH buckets AS (
    SELECT start_time, end_time, project_id, user_id, api_key_id, model, batch, service_tier,
        max(num_model_requests) AS num_model_requests, max(input_tokens) AS input_tokens,
        max(output_tokens) AS output_tokens, max(input_cached_tokens) AS input_cached_tokens
    FROM {read} GROUP BY ALL
)
SELECT start_time, model, project_id, batch, service_tier, sum(num_model_requests)::BIGINT AS requests,
    sum(input_tokens - input_cached_tokens)::BIGINT AS "input.uncached",
    sum(input_cached_tokens)::BIGINT AS "input.cache_read", sum(output_tokens)::BIGINT AS "output"
FROM buckets GROUP BY ALL
"""
SETTINGS = "SET enable_progress_bar = false; SET preserve_insertion_order = false; SET TimeZone = 'UTC';"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of each table (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each program, at least 3 (default: %(default)s)")
    parser.add_argument("--only", metavar="WORD", default="", help="only tables whose name has this word")
    parser.add_argument("--tokencast", type=Path, metavar="PATH", help="this program instead of a release build")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the tables and the results in this folder")
    options = parser.parse_args()
    if options.rows < 1:
        parser.error("--rows must be 1 or more")
    if subprocess.run([sys.executable, "-c", "import duckdb"], capture_output=True).returncode != 0:
        parser.exit(2, "error: this benchmark needs DuckDB\n\nhint: pip install duckdb\n")
    program = options.tokencast or ingest.build(with_tokencast=True)[0]
    print(ingest.duckdb_version())
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return bench(options, program, options.keep)
    with tempfile.TemporaryDirectory() as folder:
        return bench(options, program, Path(folder))


def tables(rows):
    """Name, query of the rows, DuckDB's rollup with a place for the table, and flags of tokencast."""
    plain = "SELECT * FROM log"
    ids = MAP + ",request_id=request_id"
    flags = ["--input-includes-cache", "yes"]
    return [
        (
            "requests-with-ids",
            REQUESTS.format(rows=rows, id=ID),
            ROLLUP_REQUESTS.replace("{requests}", DISTINCT),
            ["--map", ids, *flags],
        ),
        (
            "requests-without-ids",
            REQUESTS.format(rows=rows, id=""),
            ROLLUP_REQUESTS.replace("{requests}", plain),
            ["--map", MAP, *flags],
        ),
        ("openai-export", EXPORT.format(rows=rows), ROLLUP_EXPORT, ["--labels", "project"]),
    ]


def bench(options, program, folder):
    """Makes the tables, times both programs in turns, prints their figures and compares the totals."""
    ingest.MEASURES[:] = MEASURES
    worst = 0
    for name, rows, rollup, flags in tables(options.rows):
        for kind in ("csv", "parquet"):
            title = f"{name}.{kind}"
            if options.only not in title:
                continue
            table = folder / title
            if not table.exists():
                form = "(FORMAT csv, HEADER, TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')" if kind == "csv" else "(FORMAT parquet)"
                make = f"{SETTINGS} COPY ({rows}) TO '{quoted(table)}' {form}"
                subprocess.run([sys.executable, "-c", ingest.RUN_SQL, make], check=True)
            ingest.read_once(table)
            print(f"\n{title}: {options.rows:,} rows, {table.stat().st_size / 1e6:,.0f} MB")
            outputs = {p: folder / f"{title}.{p}.parquet" for p in ("duckdb", "tokencast")}
            reads = f"read_{kind}('{quoted(table)}')"
            query = f"{SETTINGS} COPY ({rollup.replace('{read}', reads)}) TO '{quoted(outputs['duckdb'])}' (FORMAT parquet)"
            commands = {
                "duckdb": [sys.executable, "-c", ingest.RUN_SQL, query],
                "tokencast": [program, "rollup", table, "--out", outputs["tokencast"], "--quiet", *flags],
            }
            runs = {program: [] for program in commands}
            for _ in range(max(3, options.runs)):
                for each, command in commands.items():
                    outputs[each].unlink(missing_ok=True)
                    runs[each].append(ingest.timed(command))
            ingest.print_runs(runs, options.rows)
            worst = max(worst, ingest.compare({each: ingest.totals(path) for each, path in outputs.items()}))
    return worst


def quoted(path):
    """A path as SQL wants it."""
    return str(path).replace("'", "''")


if __name__ == "__main__":
    sys.exit(main())
