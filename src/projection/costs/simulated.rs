//! Sample paths of daily costs.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::super::backtest::approximate;
use super::super::cancel::Cancelling;
use super::super::history::quantity;
use super::super::paths::CostPaths;
use super::super::simulation::whole;
use super::super::{ModelUse, ProjectionError};
use super::CostOptions;
use super::history::CostHistory;
use crate::costs::DailyCosts;
use crate::forecast::{Draws, FittedSeries, ForecastError, ForecastOptions, check};
use crate::money::{Amount, MoneyError};
use crate::period::next_day;

/// Values of a series stay below this many ticks, so that floating point holds each exactly, also
/// when a path reaches several times the largest day.
const MOST_TICKS: i128 = 1 << 50;

/// How to simulate from one origin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) origin: NaiveDate,
    /// An earlier day than that of the forecast proper: what its costs are is not known, nor that of
    /// series of which no day is known yet.
    pub(super) is_past: bool,
    pub(super) horizon_days: usize,
    pub(super) paths: usize,
    /// Keep the paths of each series.
    pub(super) by_series: bool,
}

/// All series together.
pub(super) struct Simulated {
    pub(super) total: CostPaths,
    pub(super) model: ModelUse,
}

/// The costs of one series by day.
type Days = BTreeMap<NaiveDate, Amount>;

/// A series as known at an origin: what it is forecast by, if anything, and its tick.
type Fitted = (Option<FittedSeries>, i128);

impl Simulated {
    /// Forecasts each series by itself and sums them path by path. If they are to be kept, `each`
    /// gets the paths of one series after the other, so that only one is in memory beside the sums.
    ///
    /// # Errors
    /// A series that cannot be forecast; sums that do not fit.
    pub(super) fn run(
        costs: &DailyCosts,
        history: &CostHistory,
        run: Run,
        asked: &CostOptions,
        mut each: impl FnMut(&str, &Days, CostPaths) -> Result<(), ProjectionError>,
    ) -> Result<Self, ProjectionError> {
        let options = ForecastOptions {
            horizon_days: run.horizon_days,
            paths: run.paths,
            seed: asked.seed,
            ..ForecastOptions::default()
        };
        let zeros = || CostPaths::zeros(run.paths, run.horizon_days);
        let mut all = Self { total: zeros(), model: ModelUse::default() };
        let (fitted, share) = all.fit(costs, history, run, &options, asked)?;
        let fits = fitted.iter().filter_map(|(fit, _)| fit.as_ref());
        let span = fits.map(FittedSeries::residual_span).max().unwrap_or(1);
        let draws = Draws::new(&options, span);
        let mut ticks = vec![0.0; run.paths * run.horizon_days];
        for ((id, days), (fit, tick)) in costs.series().zip(&fitted) {
            let mut own = run.by_series.then(zeros);
            if let Some(fit) = fit {
                fit.simulate(&draws, &mut ticks);
                fit.align(share, &mut ticks);
                let so_far = days.get(&run.origin).copied().filter(|_| !run.is_past);
                let so_far = so_far.unwrap_or_default();
                for (path, values) in ticks.chunks_exact(run.horizon_days).enumerate() {
                    for (day, value) in values.iter().enumerate() {
                        let cost = from_ticks(*value, *tick)?;
                        let cost = if day == 0 { cost.max(so_far) } else { cost };
                        all.total.add(path, day, cost)?;
                        if let Some(own) = &mut own {
                            own.add(path, day, cost)?;
                        }
                    }
                }
            }
            if let Some(own) = own {
                each(id, days, own)?;
            }
        }
        Ok(all)
    }

    /// Fits each series to the days before the origin. With them comes the share of their ups and
    /// downs that cancels out.
    fn fit(
        &mut self,
        costs: &DailyCosts,
        history: &CostHistory,
        run: Run,
        options: &ForecastOptions,
        asked: &CostOptions,
    ) -> Result<(Vec<Fitted>, f64), ProjectionError> {
        let mut cancelling = Cancelling::new();
        let mut fitted = Vec::with_capacity(costs.series().len());
        // What is known of the day that is not over counts.
        let until = if run.is_past { run.origin } else { next_day(run.origin) };
        for (at, (_, days)) in costs.series().enumerate() {
            let largest = days.range(..until).map(|(_, cost)| *cost).max();
            let tick = tick(largest.unwrap_or_default());
            if largest.is_none() && run.is_past {
                fitted.push((None, tick));
                continue;
            }
            let series = history.series(days, run.origin, tick);
            check([&series], options)?;
            let fit = FittedSeries::fit_with(&series, options, &asked.holidays);
            match &fit {
                Some(fit) => {
                    self.model.leaves += 1;
                    *self.model.methods.entry(fit.info.method.name()).or_default() += 1;
                    cancelling.add(&series.values, approximate(Amount::from_atto(tick)));
                }
                None if run.is_past => {}
                None => return Err(ForecastError::NoHistory { series: at }.into()),
            }
            fitted.push((fit, tick));
        }
        Ok((fitted, cancelling.share()))
    }
}

/// The unit in which a series is forecast: the smallest power of ten of 10^-18 of the currency unit
/// in which its largest day stays below [`MOST_TICKS`]. A day of at most 15 digits is a whole
/// number of them.
fn tick(largest: Amount) -> i128 {
    let mut tick = 1;
    while largest.atto() / tick >= MOST_TICKS {
        tick *= 10;
    }
    tick
}

pub(super) fn in_ticks(cost: Amount, tick: i128) -> f64 {
    quantity(u64::try_from((cost.atto() + tick / 2) / tick).unwrap_or(0))
}

/// The one place where a forecast cost becomes an amount: whole ticks of its series.
fn from_ticks(value: f64, tick: i128) -> Result<Amount, MoneyError> {
    i128::from(whole(value)).checked_mul(tick).map(Amount::from_atto).ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_fifteen_digits_survive_the_forecaster() {
        for text in ["0.00", "0.10", "10.00", "0.000000123", "123456789012.345", "98765.4321"] {
            let cost: Amount = text.parse().unwrap();
            let tick = tick(cost);
            assert_eq!(from_ticks(in_ticks(cost, tick), tick), Ok(cost), "{text}");
        }
    }
}
