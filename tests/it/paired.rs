//! Differences between scenarios are taken on the same paths: narrower than between two forecasts.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use tokencast::contract::{ContractSource, FxTable, load};
use tokencast::forecast::Holidays;
use tokencast::money::Amount;
use tokencast::period::Calendar;
use tokencast::price_book::PriceBook;
use tokencast::projection::{
    Distribution, Horizon, LastDay, ProjectionOptions, UsagePaths, usage_paths, usage_paths_under,
};
use tokencast::rollup::{Rollup, parquet};
use tokencast::scenario::{Case, Column, Ground};

use super::common::{TestEnv, root};

fn options(seed: u64) -> ProjectionOptions {
    ProjectionOptions {
        horizon: Horizon::Days(60),
        paths: 300,
        seed,
        known_at: None,
        calendar: Calendar::UTC,
        last_day: LastDay::Auto,
        ignored: BTreeSet::new(),
        holidays: Holidays::default(),
        events: Vec::new(),
        growth: Vec::new(),
        launches: Vec::new(),
        level: None,
        threads: None,
        dimensions: Vec::new(),
    }
}

/// The sample logs, through the program.
fn samples() -> Rollup {
    let env = TestEnv::new();
    let out = env.path("samples.parquet");
    let logs = root().join("samples/logs");
    let run = env.run(&["rollup", logs.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    parquet::read(&out).unwrap().0
}

/// What each path costs with some contract.
fn costs(book: &PriceBook, usage: &UsagePaths, terms: &str) -> Vec<Amount> {
    let text = format!(
        "schema = \"tokencast.contract.v1\"\nid = \"deal\"\nissuer = \"anthropic\"\ncurrency = \"USD\"\nstart = \"2026-11-01\"\nend = \"2027-11-01\"\n[scope]\nproviders = \"anthropic\"\n{terms}"
    );
    let contracts = load(&[ContractSource { name: "deal.toml".into(), text }]).unwrap().0;
    let fx = FxTable::default();
    let ground = Ground { book, known_at: None, fx: &fx };
    let columns = (&usage.profiles[..], Column::all(usage));
    let case = Case::new("deal", ground, usage, columns, &contracts).unwrap();
    let cost = |path| {
        let settled = case.settle_path(path).unwrap();
        settled.totals().unwrap().into_iter().next().map(|(_, costs)| costs.effective_cost).unwrap()
    };
    (0..usage.paths).map(cost).collect()
}

/// The width of the 80 % interval of one less the other.
fn width(one: &[Amount], other: &[Amount]) -> f64 {
    let less: Vec<Amount> =
        one.iter().zip(other).map(|(a, b)| a.checked_sub(*b).unwrap()).collect();
    let found = Distribution::of(&less, &[1_000, 9_000]).unwrap().quantiles;
    found[1].checked_sub(found[0]).unwrap().to_fixed(6).parse().unwrap()
}

#[test]
fn a_paired_difference_is_narrower_than_that_of_two_forecasts() {
    let (rollup, book) = (samples(), PriceBook::bundled().unwrap().0);
    let edges = |_| Vec::new();
    let forecast = |seed| usage_paths(&rollup, &book, &options(seed), &edges).unwrap();
    let (first, second) = (forecast(1), forecast(2));
    let tenth = "[[discount]]\nrate = \"0.10\"\n";
    let more = "[[discount_schedule]]\nmode = \"graduated\"\nresets = \"term\"\ntiers = [{ above = \"0\", discount = \"0.05\" }, { above = \"500\", discount = \"0.20\" }]\n";
    let (one, other) = (costs(&book, &first, tenth), costs(&book, &first, more));
    let elsewhere = costs(&book, &second, more);
    let (paired, apart) = (width(&one, &other), width(&one, &elsewhere));
    assert!(paired > 0.0);
    // Both deals see the same usage: what is left is the deal.
    assert!(paired < apart / 3.0, "paired {paired}, apart {apart}");
}

/// Every quantity by its place, bit by bit.
fn quantities(usage: &UsagePaths) -> Vec<(usize, u32, Vec<u64>)> {
    let bits = |units: &[f64]| units.iter().map(|q| q.to_bits()).collect();
    usage.cells.iter().map(|c| (c.span, c.profile, bits(&c.quantities))).collect()
}

#[test]
fn plans_that_share_draws_are_the_forecasts_that_they_are_alone() {
    let (rollup, book) = (samples(), PriceBook::bundled().unwrap().0);
    let edges = |_| Vec::new();
    let alone = |options: &ProjectionOptions| usage_paths(&rollup, &book, options, &edges).unwrap();
    let plain = ProjectionOptions { paths: 60, threads: NonZeroUsize::new(2), ..options(3) };
    let pinned = ProjectionOptions { level: Some(alone(&plain).level), ..plain.clone() };
    let launch = "2026-12-01:anthropic/claude-sonnet-5:input.uncached=2000000,output=300000";
    // The last one changes what history tells: nothing is shared with it.
    let plans = [
        ProjectionOptions { growth: vec!["4%/month".parse().unwrap()], ..pinned.clone() },
        ProjectionOptions { launches: vec![launch.parse().unwrap()], ..pinned.clone() },
        ProjectionOptions { events: vec!["2026-12-10:+30%".parse().unwrap()], ..pinned.clone() },
        ProjectionOptions { events: vec!["2026-11-10:+30%".parse().unwrap()], ..pinned },
    ];
    let (as_it_is, under) = usage_paths_under(&rollup, &book, (&plain, &plans), &edges).unwrap();
    assert_eq!(quantities(&as_it_is), quantities(&alone(&plain)));
    for (plan, shared) in plans.iter().zip(&under) {
        assert_eq!(quantities(shared), quantities(&alone(plan)), "{plan:?}");
        assert_ne!(quantities(shared), quantities(&as_it_is), "{plan:?}");
        assert_eq!(shared.hours, alone(plan).hours);
    }
}
