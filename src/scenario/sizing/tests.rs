//! Sizes against closed forms, on usage that is exponentially distributed.

use super::*;
use crate::contract::{Contract, ContractSource, FxTable};
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::price_book::{BookSource, Layer, PriceBook};
use crate::projection::{HourShares, Level, Measure, UsageCell, UsagePaths, UsageSpan};
use crate::rollup::Profile;
use crate::scenario::{Basis, Column, Ground};
use crate::settlement::TokenPrices;
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;
use crate::usage::Labels;

/// Paths, of which each has another quantile of the exponential distribution.
const PATHS: u32 = 400;

const BOOK: &str = "schema = \"tokencast.prices.v1\"\nprovider = \"acme\"\nname = \"Round\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n[[model]]\nid = \"m1\"\n[[model.price]]\neffective_from = \"2025-01-01\"\noutput_per_mtok = \"1.00\"\n[[model]]\nid = \"m2\"\n[[model.price]]\neffective_from = \"2025-01-01\"\noutput_per_mtok = \"1.00\"\n";

/// A contract of one year about one model, with these terms.
fn contract(id: &str, model: &str, terms: &str) -> Vec<Contract> {
    let text = format!(
        "schema = \"tokencast.contract.v1\"\nid = \"{id}\"\nissuer = \"acme\"\ncurrency = \"USD\"\nstart = \"2027-01-01\"\nend = \"2028-01-01\"\nbilling_period = \"year\"\n[scope]\nmodels = \"{model}\"\n{terms}"
    );
    crate::contract::load(&[ContractSource { name: format!("{id}.toml"), text }]).unwrap().0
}

/// The quantile of a path of an exponential distribution of mean one. The paths are in no order, so
/// that any part of them is spread over the distribution.
fn exponential(path: u32) -> f64 {
    let rank = path * 157 % PATHS;
    -(1.0 - (f64::from(rank) + 0.5) / f64::from(PATHS)).ln()
}

/// A year in which each path uses `means` USD of each model times its quantile.
fn usage(means: &[f64], quantiles: &[f64]) -> UsagePaths {
    let day = |text: &str| text.parse().unwrap();
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let window = Period { start: at("2027-01-01"), end: at("2028-01-01") };
    let days = (day("2027-01-01"), day("2028-01-01"));
    let price = "0.000001".parse::<Amount>().map(crate::money::UnitPrice::of_one).unwrap();
    let cell = |(number, mean): (usize, &f64)| UsageCell {
        span: 0,
        profile: u32::try_from(number).unwrap(),
        measure: Measure::Component(Component::Output),
        prices: Some(TokenPrices { list: price, own: price }),
        quantities: quantiles.iter().map(|quantile| mean * 1e6 * quantile).collect(),
    };
    let profile = |number: usize| Profile {
        sku: Sku::new("acme", &format!("m{}", number + 1)),
        grain: crate::usage::RecordGrain::Request,
        context: ContextBand::Unknown,
        labels: Labels::default(),
    };
    UsagePaths {
        currency: Currency::USD,
        origin: days.0,
        end: days.1,
        window,
        paths: quantiles.len(),
        profiles: (0..means.len()).map(profile).collect(),
        spans: vec![UsageSpan { days, period: window }],
        cells: means.iter().enumerate().map(cell).collect(),
        hours: HourShares::new(),
        level: Level::Total,
        diagnostics: crate::diagnostic::Diagnostics::default(),
    }
}

/// The best sizes of everything that has one.
fn planned(means: &[f64], contracts: &[Contract], objective: Objective) -> (Vec<f64>, Plan) {
    let sources =
        [BookSource { name: "b.toml".into(), text: BOOK.to_owned(), layer: Layer::Bundled }];
    let (book, fx) = (PriceBook::load(&sources).unwrap().0, FxTable::default());
    let paths: Vec<f64> = (0..PATHS).map(exponential).collect();
    let (usage, past) = (usage(means, &paths), usage(means, &[1.0]));
    let knobs = Knob::all(contracts);
    let deal = Deal {
        ground: Ground { book: &book, known_at: None, fx: &fx },
        usage: &usage,
        profiles: &usage.profiles,
        columns: &Column::all(&usage),
        contracts,
        knobs: &knobs,
        offers: &vec![None; knobs.len()],
        basis: Basis::Effective,
        threads: None,
        settled: &|| (),
    };
    let then = Deal { usage: &past, columns: &Column::all(&past), ..deal.clone() };
    let (sizer, then) = (Sizer::new(&deal).unwrap(), Sizer::new(&then).unwrap());
    let axes: Vec<Axis> = (0..knobs.len()).map(|knob| axis(&sizer, knob).unwrap()).collect();
    let near = "0.01".parse().unwrap();
    let plan = plan(&sizer, &then, &axes, Choice { objective, near }).unwrap();
    let sizes = plan.sizes.iter().map(|found| number(found.curve[found.best].size));
    (sizes.collect(), plan)
}

fn number(amount: Amount) -> f64 {
    amount.to_fixed(6).parse().unwrap()
}

#[track_caller]
fn is_near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, expected {expected}");
}

/// A commitment of Q that is paid used or not, and four times the price beyond it, is a newsvendor's
/// choice: Q + 4 E(D - Q)+ is least where P(D > Q) = 1/4. For an exponential need of mean m that is
/// m ln 4, at a cost of m (ln 4 + 1).
/// Source: Arrow, Harris and Marschak 1951, "Optimal inventory policy".
#[test]
fn a_commitment_is_that_of_the_newsvendor() {
    let terms = "[[spend_commitment]]\nid = \"year\"\nperiod = \"year\"\namounts = [\"700\"]\nshortfall = \"paid\"\noverage_factor = \"4\"\n";
    let (sizes, plan) = planned(&[1_000.0], &contract("deal", "m1", terms), Objective::Mean);
    is_near(sizes[0], 1_000.0 * 4_f64.ln(), 0.005);
    is_near(number(plan.objective), 1_000.0 * (4_f64.ln() + 1.0), 0.005);
    let found = &plan.sizes[0];
    let fit = found.curve[found.best].fit.unwrap();
    assert!((fit.overage - 0.25).abs() < 0.005 && (fit.shortfall - 0.75).abs() < 0.005, "{fit:?}");
    // Around it the cost is m (q + 4 exp(-q)): 1 % more at q = ln 4 - 0.2109 and ln 4 + 0.2268.
    is_near(number(found.near.low), 1_000.0 * (4_f64.ln() - 0.2109), 0.01);
    is_near(number(found.near.high), 1_000.0 * (4_f64.ln() + 0.2268), 0.01);
    // The contract as written: 700 + 4 x 1000 exp(-0.7). Without it usage is paid at its price.
    is_near(number(plan.stated.objective), 700.0 + 4_000.0 * (-0.7_f64).exp(), 0.005);
    is_near(number(plan.without.objective), 1_000.0, 0.005);
}

/// The mean of the worse half is Q + 4 (E(D | worse half) - Q) while Q is below all of it: it is least
/// where a quarter of that half is beyond Q, at m ln 8.
#[test]
fn a_tail_asks_for_more() {
    let terms = "[[spend_commitment]]\nid = \"year\"\nperiod = \"year\"\namounts = [\"700\"]\nshortfall = \"paid\"\noverage_factor = \"4\"\n";
    let deal = contract("deal", "m1", terms);
    let (sizes, _) = planned(&[1_000.0], &deal, Objective::Cvar(5_000));
    // Of 400 paths 50 are beyond it: two neighbours are a percent apart.
    is_near(sizes[0], 1_000.0 * 8_f64.ln(), 0.01);
    // A quantile is least where it is Q itself: at m ln 10 for nine tenths.
    let (sizes, _) = planned(&[1_000.0], &deal, Objective::Quantile(9_000));
    is_near(sizes[0], 1_000.0 * 10_f64.ln(), 0.015);
}

/// Credit at four fifths of its worth that lapses after the year: 0.8 Q + E(D - Q)+ is least where
/// P(D > Q) = 0.8.
#[test]
fn prepaid_credit_is_bought_for_what_is_needed_in_most_futures() {
    let terms = "[[credit]]\nid = \"lot\"\namount = \"500\"\nprice = \"400\"\nbought_on = \"2027-01-01\"\nexpires_on = \"2028-01-01\"\n";
    let (sizes, plan) = planned(&[1_000.0], &contract("deal", "m1", terms), Objective::Mean);
    // It lies between two paths that are more than a percent apart.
    is_near(sizes[0], -1_000.0 * 0.8_f64.ln(), 0.01);
    let found = &plan.sizes[0];
    assert!((found.curve[found.best].fit.unwrap().overage - 0.8).abs() < 0.005);
    assert!(plan.without.more.paired.mean > Amount::ZERO);
}

/// Seats at 24 that include 60 each: 24 n + 1000 exp(-0.06 n) is 766.57 at 15 and 766.89 at 16.
#[test]
fn seats_are_whole() {
    let terms = "[[seats]]\nid = \"team\"\ncount = 40\nprice = \"24\"\nperiod = \"year\"\nincluded_amount_per_seat = \"60\"\n";
    let (sizes, plan) = planned(&[1_000.0], &contract("deal", "m1", terms), Objective::Mean);
    assert_eq!(sizes, [15.0]);
    is_near(number(plan.objective), 766.57, 0.005);
    // 15 x 60 is too little where exp(-0.9).
    let found = &plan.sizes[0];
    let fit = found.curve[found.best].fit.unwrap();
    assert!(
        (fit.overage - 0.4066).abs() < 0.005 && (fit.shortfall - 0.5934).abs() < 0.005,
        "{fit:?}"
    );
}

/// Two commitments about different models do not meet: each is as if alone.
#[test]
fn sizes_are_chosen_together() {
    let terms = |factor: &str| {
        format!(
            "[[spend_commitment]]\nid = \"year\"\nperiod = \"year\"\namounts = [\"900\"]\nshortfall = \"paid\"\noverage_factor = \"{factor}\"\n"
        )
    };
    let mut both = contract("one", "m1", &terms("4"));
    both.extend(contract("two", "m2", &terms("2")));
    let (sizes, plan) = planned(&[1_000.0, 500.0], &both, Objective::Mean);
    is_near(sizes[0], 1_000.0 * 4_f64.ln(), 0.005);
    is_near(sizes[1], 500.0 * 2_f64.ln(), 0.005);
    assert_eq!(plan.starts.len(), 3);
    assert!(plan.starts.is_sorted_by_key(|start| start.objective));
}

/// What brings nothing is best left.
#[test]
fn a_commitment_without_a_benefit_is_nothing() {
    let terms = "[[spend_commitment]]\nid = \"year\"\nperiod = \"year\"\namounts = [\"700\"]\nshortfall = \"paid\"\n";
    let (sizes, plan) = planned(&[1_000.0], &contract("deal", "m1", terms), Objective::Mean);
    assert_eq!(sizes, [0.0]);
    assert_eq!(plan.without.more.paired.mean, Amount::ZERO);
    assert!(plan.sizes[0].near.from_start);
}
