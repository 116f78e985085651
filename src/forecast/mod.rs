//! Forecasts of daily quantities as sample paths.
//!
//! A pool of small additive models, each fitted with a mild prior and weighted by its errors at
//! rolling origins, is simulated with bootstrapped residuals; the union of their paths is the
//! forecast. Headlines, intervals, totals
//! and probabilities are all read off the same paths: the median of a day, the quantiles of a sum,
//! the share of paths above a budget. Never add quantiles of days, and never use the mean of the
//! paths as headline: half of them come from a log scale and have a long upper tail.
//!
//! That a combination of simple models beats its members is the main finding of the M4 competition
//! (Makridakis, Spiliotis and Assimakopoulos 2020); this pool and the settings in it were measured
//! on daily usage series.

mod calendar;
mod compound;
mod error;
mod ets;
mod fit;
mod info;
mod math;
mod members;
mod model;
mod month;
mod origins;
mod outliers;
mod part;
mod paths;
mod pool;
mod quantile;
mod recent;
mod residuals;
mod rng;
mod season;
mod shift;
mod short;
mod simulate;
mod smoothing;
mod sparse;
mod spread;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_parts;
#[cfg(test)]
mod tests_shapes;
mod theta;
mod window;

pub use calendar::Holidays;
pub use compound::compound;
pub use error::{ForecastError, check};
pub use info::{Method, Outlier, SeriesInfo};
pub use model::FittedSeries;
pub use month::MonthEdges;
pub use paths::SamplePaths;
pub use quantile::{quantile, quantile_sorted, quantiles};
pub use simulate::Draws;
pub use spread::random_factors;

use crate::series::DailySeries;

/// Name of the forecasting model.
pub const MODEL_NAME: &str = "ets-theta-pool";
/// Version of the model: raised when the same input and seed give other paths.
pub const MODEL_VERSION: &str = "2";

/// What to forecast and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastOptions {
    /// Days to forecast, beginning after the last day of the series.
    pub horizon_days: usize,
    /// Number of sample paths. With 2,000 a probability of 50 % is known to 1.1 points.
    pub paths: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Days of the season; 1 for none.
    pub season_length: usize,
    /// Days of history that are used, counted back from the last one. With a season other than a
    /// week it is at least 13 seasons (24: 840, 1: 156).
    pub history_days: usize,
}

impl Default for ForecastOptions {
    fn default() -> Self {
        Self { horizon_days: 30, paths: 2000, seed: 0, season_length: 7, history_days: 91 }
    }
}

/// Sample paths and how they were made.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// The paths of all series; path p of one series belongs to path p of any other.
    pub paths: SamplePaths,
    /// The models.
    pub model: ModelInfo,
}

/// What was fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInfo {
    /// [`MODEL_NAME`].
    pub name: &'static str,
    /// [`MODEL_VERSION`].
    pub version: &'static str,
    /// The members of the pool.
    pub members: &'static [&'static str],
    /// One entry a series.
    pub series: Vec<SeriesInfo>,
}

/// Forecasts series that end on the same day.
///
/// The same series, options and seed give the same bits. The parts are public for callers that
/// spread series over threads: [`check`], [`FittedSeries::fit`] for each, then [`Draws::new`] over
/// the longest [`FittedSeries::residual_span`], then [`FittedSeries::simulate`] for each.
///
/// # Errors
/// No series, a series without a known day or with a value that is no quantity, series that end on
/// different days, options out of range.
pub fn forecast(
    series: &[DailySeries],
    options: &ForecastOptions,
) -> Result<Forecast, ForecastError> {
    forecast_with(series, options, &Holidays::default())
}

/// [`forecast`] with a list of holidays, of the past and of the future.
///
/// # Errors
/// Those of [`forecast`].
pub fn forecast_with(
    series: &[DailySeries],
    options: &ForecastOptions,
    holidays: &Holidays,
) -> Result<Forecast, ForecastError> {
    check(series, options)?;
    let fit = |(i, s)| {
        FittedSeries::fit_with(s, options, holidays).ok_or(ForecastError::NoHistory { series: i })
    };
    let fitted = series.iter().enumerate().map(fit).collect::<Result<Vec<_>, _>>()?;
    let span = fitted.iter().map(FittedSeries::residual_span).max().unwrap_or(1);
    let draws = Draws::new(options, span);
    let mut paths = SamplePaths::zeros(series.len(), options.paths, options.horizon_days);
    for (one, out) in fitted.iter().zip(paths.blocks_mut()) {
        one.simulate(&draws, out);
    }
    let model = ModelInfo {
        name: MODEL_NAME,
        version: MODEL_VERSION,
        members: model::member_names(options.season_length),
        series: fitted.into_iter().map(|f| f.info).collect(),
    };
    Ok(Forecast { paths, model })
}
