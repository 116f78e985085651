//! The figures of a comparison in their JSON form.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::assumed::{BandFigures, LeavingFigures, RateFigures, RatioFigures};
use crate::forecast::{MODEL_NAME, MODEL_VERSION};
use crate::money::Amount;
use crate::report::forecast::figures::Spread;
use crate::scenario::{Assumed, QUANTILES, ScenarioOutcome};

/// First day and the day after the last one.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Horizon {
    pub(in crate::report) start: NaiveDate,
    pub(in crate::report) end: NaiveDate,
}

#[derive(Debug, Serialize)]
pub(in crate::report) struct Model {
    pub(in crate::report) name: &'static str,
    pub(in crate::report) version: &'static str,
    pub(in crate::report) level: String,
    pub(in crate::report) seed: u64,
    pub(in crate::report) paths: usize,
}

impl Model {
    pub(in crate::report) fn new(level: String, seed: u64, paths: usize) -> Self {
        Self { name: MODEL_NAME, version: MODEL_VERSION, level, seed, paths }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ScenarioFigures {
    pub(super) name: String,
    pub(super) contracts: Vec<String>,
    pub(super) billed: Spread,
    pub(super) effective: Spread,
    pub(super) p95_less_p50: Amount,
    /// Share of the paths as a number from 0 to 1.
    pub(super) cheapest: f64,
    pub(super) regret: Option<Amount>,
    /// Usage without a price that not all scenarios have.
    pub(super) unpriced: Vec<String>,
    pub(super) difference: Option<DifferenceFigures>,
    pub(super) break_even: Option<BreakEvenFigures>,
    pub(super) cash: BTreeMap<String, Amount>,
    pub(super) present_value: Option<Amount>,
    pub(super) providers: BTreeMap<String, Amount>,
    pub(super) beside_usage: Amount,
    pub(super) drivers: Vec<DriverFigures>,
    /// What leaving each of its providers would add.
    pub(super) leaving: Vec<LeavingFigures>,
    pub(super) token_ratios: Vec<RatioFigures>,
    pub(super) token_ratio_band: Option<BandFigures>,
    pub(super) exchange_rates: Vec<RateFigures>,
    /// What became of terms of its contracts.
    pub(super) changed_terms: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct DriverFigures {
    pub(super) kind: &'static str,
    pub(super) change: String,
    pub(super) amount: Amount,
}

#[derive(Debug, Serialize)]
pub(super) struct DifferenceFigures {
    #[serde(flatten)]
    pub(super) paired: Spread,
    /// Share of the paths as a number from 0 to 1.
    pub(super) cheaper: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct BreakEvenFigures {
    pub(super) volume_factor: f64,
    /// Where the scenario is the cheaper one.
    pub(super) cheaper: &'static str,
    /// Paths whose mean it is; 0: it is that of mean usage.
    pub(super) paths: usize,
}

impl ScenarioFigures {
    pub(super) fn new(outcome: &ScenarioOutcome, assumed: Assumed) -> Self {
        Self {
            name: outcome.name.clone(),
            contracts: outcome.contracts.clone(),
            billed: Spread::new(outcome.billed.clone(), &QUANTILES),
            effective: Spread::new(outcome.effective.clone(), &QUANTILES),
            p95_less_p50: outcome.spread,
            cheapest: places(outcome.cheapest, 1e6),
            regret: outcome.regret,
            unpriced: outcome.unpriced.clone(),
            difference: outcome.difference.as_ref().map(|d| DifferenceFigures {
                paired: Spread::new(d.paired.clone(), &QUANTILES[..3]),
                cheaper: places(d.cheaper, 1e6),
            }),
            break_even: outcome.break_even.map(|found| BreakEvenFigures {
                volume_factor: places(found.factor, 1e5),
                cheaper: if found.cheaper_above { "above" } else { "below" },
                paths: found.paths,
            }),
            cash: outcome.cash.clone(),
            present_value: outcome.present_value,
            providers: outcome.providers.clone(),
            beside_usage: outcome.beside_usage,
            drivers: outcome
                .drivers
                .iter()
                .map(|d| DriverFigures {
                    kind: d.kind.name(),
                    change: d.label.clone(),
                    amount: d.amount,
                })
                .collect(),
            leaving: outcome.leaving.iter().map(LeavingFigures::new).collect(),
            token_ratios: assumed.ratios.into_iter().map(RatioFigures::new).collect(),
            token_ratio_band: assumed.band.map(|(low, high)| BandFigures { low, high }),
            exchange_rates: assumed.rates.into_iter().map(RateFigures::new).collect(),
            changed_terms: assumed.terms,
        }
    }
}

/// A number without digits that mean nothing.
pub(in crate::report) fn places(number: f64, whole: f64) -> f64 {
    (number * whole).round() / whole
}
