//! What settling contracts costs in time: `cargo bench --bench settle`.
//!
//! A ten-year contract with a ramped commitment, discounts, seats, credit and a minimum over daily usage
//! of 20 models; and a year of usage by the minute of 10 models under provisioned throughput, once enough
//! of it for all but the busiest minutes, and once so little that every minute spills over. Rows are
//! made before the clock starts or from a few prepared ones; least, median and largest of several runs.

use std::io::Write;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use tokencast::contract::{Contract, ContractSource, FxTable, load};
use tokencast::money::{Currency, UnitPrice};
use tokencast::period::{Calendar, Period, Timestamp};
use tokencast::settlement::{
    ListPrices, PricedUsage, Settlement, Settler, Setup, TokenPrices, UsageProfile, UsageRow,
};
use tokencast::sku::Sku;
use tokencast::tokens::Component;
use tokencast::usage::Labels;

type Failure = Box<dyn std::error::Error>;

const RUNS: usize = 11;
const MINUTE_NANOS: i64 = 60_000_000_000;
const DAY_MINUTES: i64 = 24 * 60;

const TEN_YEARS: &str = r#"
schema = "tokencast.contract.v1"
id = "ten-years"
issuer = "aws"
currency = "USD"
start = "2026-01-01"
end = "2036-01-01"

[[discount]]
rate = "0.12"

[[discount_schedule]]
mode = "graduated"
resets = "year"
tiers = [{ above = "0", discount = "0" }, { above = "1000000", discount = "0.03" }, { above = "5000000", discount = "0.05" }]

[[spend_commitment]]
period = "year"
amounts = ["1000000", "2000000", "3000000", "4000000", "5000000", "6000000", "7000000", "8000000", "9000000", "10000000"]
rollover_share = "0.5"
overage_factor = "1.05"
true_up = "quarter"

[[minimum]]
amount = "10000"
period = "month"

[[seats]]
count = 250
price = "20"
period = "month"
included_amount_per_seat = "5"

[[credit]]
amount = "5000"
repeats = "quarter"
expires_after_months = 6
"#;

const THROUGHPUT: &str = r#"
schema = "tokencast.contract.v1"
id = "ptu"
issuer = "azure"
currency = "USD"
start = "2026-01-01"
end = "2027-01-01"

[[capacity]]
unit = "PTU"
units = UNITS
price = "1.00"
per = "hour"
rate = [{ models = "model-*", tokens_per_minute = "3400", cache_read_weight = "0", output_weight = "8" }]
"#;

struct OnePrice;

impl ListPrices for OnePrice {
    fn list_price(&self, _: u32, _: Component, _: Timestamp) -> Option<UnitPrice> {
        None
    }
}

fn contract(text: &str) -> Result<Vec<Contract>, Failure> {
    let source = ContractSource { name: "bench.toml".to_owned(), text: text.to_owned() };
    Ok(load(&[source])?.0)
}

fn profiles(count: usize) -> Vec<UsageProfile> {
    let profile = |number: usize| UsageProfile {
        sku: Sku::new("aws.bedrock", &format!("model-{number}")),
        model_id: None,
        maker: None,
        labels: Labels::default(),
        context_from: 0,
    };
    (0..count).map(profile).collect()
}

/// Input, cache reads and output of one row; `step` varies the counts.
fn usage(step: u64) -> Result<[PricedUsage; 3], Failure> {
    let part = |component, quantity, price: &str| -> Result<PricedUsage, Failure> {
        let price = UnitPrice::parse_per(price, 6)?;
        let prices = Some(TokenPrices { list: price, own: price });
        Ok(PricedUsage { component, quantity, prices })
    };
    Ok([
        part(Component::InputUncached, 90_000 + 997 * step, "2.50")?,
        part(Component::InputCacheRead, 40_000 + 613 * step, "0.25")?,
        part(Component::Output, 9_000 + 101 * step, "10.00")?,
    ])
}

/// Settles rows of every period of a length in a window, for every profile.
fn settle(
    contracts: &[Contract],
    profiles: &[UsageProfile],
    window: Period,
    minutes: i64,
    usages: &[[PricedUsage; 3]],
) -> Result<Settlement, Failure> {
    let fx = FxTable::default();
    let mut settler = Settler::new(Setup {
        contracts,
        profiles,
        prices: &OnePrice,
        fx: &fx,
        currency: Currency::USD,
        window,
    })?;
    let mut start = window.start.nanos();
    let mut number = 0;
    while start < window.end.nanos() {
        let end = start + minutes * MINUTE_NANOS;
        let period =
            Period { start: Timestamp::from_nanos(start), end: Timestamp::from_nanos(end) };
        for profile in 0..u32::try_from(profiles.len())? {
            let usage = &usages[number % usages.len()];
            settler.add(UsageRow { period, profile, requests: 20, usage })?;
            number += 1;
        }
        start = end;
    }
    Ok(settler.finish()?)
}

fn measured(
    name: &str,
    text: &str,
    models: usize,
    (from, until): (i32, i32),
    minutes: i64,
) -> Result<String, Failure> {
    let contracts = contract(text)?;
    let profiles = profiles(models);
    let first = |year| NaiveDate::from_ymd_opt(year, 1, 1).ok_or("date");
    let start = Calendar::UTC.day_start(first(from)?);
    let window = Period { start, end: Calendar::UTC.day_start(first(until)?) };
    let usages: Vec<_> = (0..97).map(usage).collect::<Result<_, _>>()?;
    let rows = window.nanos() / MINUTE_NANOS / minutes * i64::try_from(models)?;
    let mut times: Vec<Duration> = Vec::new();
    let mut invoices = 0;
    for _ in 0..RUNS {
        let before = Instant::now();
        let done = settle(&contracts, &profiles, window, minutes, &usages)?;
        times.push(before.elapsed());
        invoices = done.invoices.len();
    }
    times.sort();
    Ok(format!(
        "{name}: {rows} rows, {models} models, {invoices} invoices: {:?} / {:?} / {:?}",
        times[0],
        times[RUNS / 2],
        times[RUNS - 1]
    ))
}

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let years = measured("ten years by day", TEN_YEARS, 20, (2026, 2036), DAY_MINUTES)?;
    writeln!(out, "{years}")?;
    for (name, units) in [("a year by minute, 1 of 10 over", "915"), ("all over", "300")] {
        let text = THROUGHPUT.replace("UNITS", units);
        writeln!(out, "{}", measured(name, &text, 10, (2026, 2027), 1)?)?;
    }
    Ok(())
}
