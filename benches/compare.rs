//! What a comparison costs in time and memory: `cargo bench --bench compare`.
//!
//! 30 models of three providers with a year of history, 2,000 paths of 365 days, three contracts and eight
//! scenarios: first the program as a user runs it, on a rollup, then its stages by the library. Last, one
//! contract of provisioned throughput over a few models, for which every day is a stretch of its own. Peak
//! memory is that of this process so far (Linux only). `-- DIR` keeps the input in a folder and stops, for
//! a profiler.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use chrono::NaiveDate;
use tokencast::cli;
use tokencast::contract::{Contract, ContractSource, FxTable, load};
use tokencast::forecast::Holidays;
use tokencast::period::{Calendar, Period, Timestamp};
use tokencast::price_book::PriceBook;
use tokencast::projection::{Horizon, LastDay, ProjectionOptions, usage_paths};
use tokencast::rollup::{Rollup, parquet};
use tokencast::scenario::{Asked, Case, Column, Ground, compare};
use tokencast::settlement;
use tokencast::sku::{ContextBand, Sku};
use tokencast::tokens::Component;

type Failure = Box<dyn std::error::Error>;

/// Models of each provider.
const PROVIDERS: [(&str, usize); 3] = [("openai", 12), ("anthropic", 9), ("aws.bedrock", 9)];
const DAYS: u32 = 365;
const FIRST: &str = "2025-11-01";
const QUARTERS_A_DAY: u32 = 4;

const AGREEMENT: &str = r#"
schema = "tokencast.contract.v1"
id = "agreement"
issuer = "aws"
currency = "USD"
start = "2026-07-01"
end = "2029-07-01"
precedence = 20
scope = { providers = "aws.bedrock" }

[[discount]]
rate = "0.10"

[[spend_commitment]]
period = "year"
amounts = ["400000", "500000", "600000"]
shortfall = "paid"
opening = { on = "2026-11-01", amount = "120000" }
"#;

const PRIVATE: &str = r#"
schema = "tokencast.contract.v1"
id = "private"
issuer = "openai"
currency = "USD"
start = "2026-11-01"
end = "2028-11-01"
scope = { providers = "openai" }

[[discount_schedule]]
mode = "graduated"
resets = "year"
tiers = [{ above = "0", discount = "0" }, { above = "50000", discount = "0.05" }, { above = "200000", discount = "0.1" }]

[[credit]]
amount = "40000"
price = "38000"
repeats = "quarter"
expires_after_months = 6
"#;

const SEATS: &str = r#"
schema = "tokencast.contract.v1"
id = "seats"
issuer = "anthropic"
currency = "USD"
start = "2026-11-01"
end = "2027-11-01"
scope = { providers = "anthropic" }

[[seats]]
count = 200
price = "100"
period = "month"
included_amount_per_seat = "60"

[[minimum]]
amount = "25000"
period = "month"
"#;

const THROUGHPUT: &str = r#"
schema = "tokencast.contract.v1"
id = "throughput"
issuer = "openai"
currency = "USD"
start = "2026-11-01"
end = "2027-11-01"
scope = { providers = "openai" }

[[capacity]]
unit = "PTU"
units = 20
price = "1.00"
per = "hour"
rate = [{ models = "*", tokens_per_minute = "3400", cache_read_weight = "0", output_weight = "8" }]
"#;

const COMPARE: [&str; 8] = [
    "compare",
    "usage.parquet",
    "--scenario",
    "scenarios.toml",
    "--horizon",
    "365d",
    "--output",
    "json",
];

/// Beside the base: each contract, all of them, and four ways to change the usage.
const SCENARIOS: &str = r#"
schema = "tokencast.scenario.v1"

[[scenario]]
name = "agreement"
contracts = ["agreement.toml"]

[[scenario]]
name = "private"
contracts = ["private.toml"]

[[scenario]]
name = "seats"
contracts = ["seats.toml"]

[[scenario]]
name = "all three"
contracts = ["agreement.toml", "private.toml", "seats.toml"]

[[scenario]]
name = "swap, all three"
contracts = ["agreement.toml", "private.toml", "seats.toml"]
[[scenario.change]]
kind = "swap"
from = "FROM"
to = "TO"
share = "0.4"
token_ratio_input = "1.1"
token_ratio_output = "1.1"

[[scenario]]
name = "batch and cache"
[[scenario.change]]
kind = "move"
scope = { provider = "openai" }
service_tier = "batch"
share = "0.5"
[[scenario.change]]
kind = "cache_hit"
scope = { provider = "anthropic" }
target = "0.8"

[[scenario]]
name = "growth and rise, all three"
contracts = ["agreement.toml", "private.toml", "seats.toml"]
[[scenario.change]]
kind = "growth"
growth = "4%/month"
[[scenario.change]]
kind = "price_shock"
scope = { provider = "anthropic" }
factor = "1.2"
from_date = "2027-01-01"
"#;

fn main() -> Result<(), Failure> {
    let kept = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let folder = tempfile::tempdir()?;
    let folder = kept.as_deref().map_or(folder.path(), Path::new);
    let (book, _) = PriceBook::bundled()?;
    let names = models(&book)?;
    write_inputs(folder, &names)?;
    if kept.is_some() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    let before = Instant::now();
    run(folder, &COMPARE, "report.json")?;
    let seconds = before.elapsed().as_secs_f64();
    writeln!(out, "the program, 8 scenarios: {seconds:.2} s, peak memory {}", peak_memory())?;
    let (rollup, _) = parquet::read(&folder.join("usage.parquet"))?;
    stages(&mut out, "by the library", (&rollup, &book), &[AGREEMENT, PRIVATE, SEATS])?;
    let few: Vec<&str> = names.iter().take(4).map(|(_, model)| model.as_str()).collect();
    let rollup = rollup.of_profiles(|profile| few.contains(&profile.sku.model.as_str()));
    stages(&mut out, "throughput, 4 models", (&rollup, &book), &[THROUGHPUT])
}

/// Forecast, making ready, settling and comparing: the usage without a contract, and with each of some.
fn stages(
    out: &mut impl Write,
    name: &str,
    (rollup, book): (&Rollup, &PriceBook),
    texts: &[&str],
) -> Result<(), Failure> {
    let deals = texts.iter().map(|text| contract(text)).collect::<Result<Vec<_>, _>>()?;
    let by_day = texts.contains(&THROUGHPUT);
    let edges = |window: Period| -> Vec<Timestamp> {
        let mut edges: Vec<Timestamp> =
            deals.iter().flat_map(|deal| settlement::edges(deal, window)).collect();
        let days = Calendar::UTC.date_of(window.start).iter_days().take(DAYS as usize);
        edges.extend(days.filter(|_| by_day).map(|day| Calendar::UTC.day_start(day)));
        edges
    };
    let threads = std::thread::available_parallelism().ok();
    let options = ProjectionOptions {
        horizon: Horizon::Days(DAYS),
        paths: 2_000,
        seed: 0,
        known_at: None,
        calendar: Calendar::UTC,
        last_day: LastDay::default(),
        ignored: BTreeSet::new(),
        holidays: Holidays::default(),
        events: Vec::new(),
        growth: Vec::new(),
        launches: Vec::new(),
        level: None,
        threads,
        dimensions: Vec::new(),
    };
    let before = Instant::now();
    let usage = usage_paths(rollup, book, &options, &edges)?;
    let forecast = before.elapsed().as_secs_f64();
    let fx = FxTable::default();
    let ground = Ground { book, known_at: None, fx: &fx };
    let before = Instant::now();
    let mut cases = Vec::new();
    for contracts in std::iter::once(&[][..]).chain(deals.iter().map(Vec::as_slice)) {
        let name = format!("scenario {}", cases.len());
        let parts = (&usage.profiles[..], Column::all(&usage));
        cases.push(Case::new(&name, ground, &usage, parts, contracts)?);
    }
    let ready = before.elapsed().as_secs_f64();
    let before = Instant::now();
    let outcome = compare(&cases, &[], &[], Asked { threads, ..Asked::default() })?;
    let compared = before.elapsed().as_secs_f64();
    let settled = u32::try_from(usage.paths * outcome.scenarios.len())?;
    writeln!(
        out,
        "{name}, {} scenarios: forecast {forecast:.2} s, made ready {ready:.2} s, settled and compared {compared:.2} s ({:.0} paths a second), peak memory {}",
        outcome.scenarios.len(),
        f64::from(settled) / compared,
        peak_memory()
    )?;
    Ok(())
}

fn contract(text: &str) -> Result<Vec<Contract>, Failure> {
    let source = ContractSource { name: "bench.toml".to_owned(), text: text.to_owned() };
    Ok(load(&[source])?.0)
}

/// Models with a price for all that is used of them, also in a batch.
fn models(book: &PriceBook) -> Result<Vec<(&'static str, String)>, Failure> {
    let at = Timestamp::parse(FIRST)?;
    let instant = Period { start: at, end: Timestamp::from_nanos(at.nanos() + 1) };
    let mut found = Vec::new();
    for (provider, count) in PROVIDERS {
        let is_priced = |model: &str, tier: &str, components: &[Component]| {
            let sku = Sku {
                service_tier: tier.into(),
                endpoint: endpoint(provider).into(),
                ..Sku::new(provider, model)
            };
            let rates = book.rates(&sku, ContextBand::Unknown, None);
            components.iter().all(|component| rates.at(*component, instant).is_ok())
        };
        let known = book.models().filter(|model| model.provider == provider);
        let names = known.map(|model| model.id.to_string());
        let mut priced: Vec<String> =
            names.filter(|id| is_priced(id, "standard", &COMPONENTS)).collect();
        if provider == "openai" {
            priced.retain(|id| {
                is_priced(id, "batch", &[Component::InputUncached, Component::Output])
            });
        }
        let priced = priced.into_iter();
        found.extend(priced.take(count).map(|model| (provider, model)));
    }
    Ok(found)
}

/// Where usage of a provider is processed.
fn endpoint(provider: &str) -> &'static str {
    if provider == "aws.bedrock" { "us" } else { "" }
}

const COMPONENTS: [Component; 3] =
    [Component::InputUncached, Component::InputCacheRead, Component::Output];

/// A rollup of a log in our own format, the contracts, and the scenarios.
fn write_inputs(folder: &Path, names: &[(&str, String)]) -> Result<(), Failure> {
    let mut log = std::io::BufWriter::new(std::fs::File::create(folder.join("usage.jsonl"))?);
    let first: NaiveDate = FIRST.parse()?;
    for (day, date) in (0_u32..).zip(first.iter_days().take(DAYS as usize)) {
        for quarter in 0..QUARTERS_A_DAY {
            let hour = quarter * 24 / QUARTERS_A_DAY;
            for (number, (provider, model)) in (0_u32..).zip(names) {
                let weekday = if day % 7 < 5 { 10 } else { 4 };
                let noise = 700 + (day * 7_919 + number * 104_729 + hour * 31) % 601;
                let size = u64::from(weekday * noise * (number % 5 + 1));
                writeln!(
                    log,
                    r#"{{"start":"{date}T{hour:02}:00:00Z","end":"{date}T{:02}:00:00Z","provider":"{provider}","model":"{model}","endpoint":"{}","requests":{},"components":{{"input.uncached":{},"input.cache_read":{},"output":{}}}}}"#,
                    hour + 1,
                    endpoint(provider),
                    size / 100,
                    size * 60,
                    size * 140,
                    size * 9
                )?;
            }
        }
    }
    log.flush()?;
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text);
    file("agreement.toml", AGREEMENT)?;
    file("private.toml", PRIVATE)?;
    file("seats.toml", SEATS)?;
    let (from, to) = (&names[names.len() - 1].1, &names[names.len() - 2].1);
    file("scenarios.toml", &SCENARIOS.replace("FROM", from).replace("TO", to))?;
    run(folder, &["rollup", "usage.jsonl"], "usage.parquet")
}

/// Runs the program: names that are files in the folder are meant as those.
fn run(folder: &Path, arguments: &[&str], out: &str) -> Result<(), Failure> {
    let named = |argument: &&str| -> OsString {
        let path = folder.join(argument);
        if path.exists() { path.into() } else { argument.into() }
    };
    let given = std::iter::once("tokencast".into()).chain(arguments.iter().map(named));
    let out = [OsString::from("--out"), folder.join(out).into(), "--quiet".into()];
    match cli::run(given.chain(out)) {
        cli::ExitStatus::Ok => Ok(()),
        status => Err(format!("{} failed: {status:?}", arguments[0]).into()),
    }
}

/// The most memory this process has had.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map_or("not known".to_owned(), |kb| format!("{} MB", kb * 1024 / 1_000_000))
}
