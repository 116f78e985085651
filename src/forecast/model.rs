//! The choice of a model for a series, and its paths.

use super::ForecastOptions;
use super::members::{Kind, Member, NON_SEASONAL, SEASONAL, Scale};
use super::rng::bell;
use super::short::{Short, UNKNOWN_SPREAD};
use super::simulate::{Bounds, Draws, pool_paths};
use super::sparse::{Stop, Weeks, is_intermittent};
use super::window::Window;
use crate::series::DailySeries;

/// Known days from which the pool is used.
const POOL_DAYS: usize = 14;
/// Known days from which anything is estimated.
const SHORT_DAYS: usize = 3;
/// A path stays below this multiple of the largest day of the history.
const CAP: f64 = 5.0;

/// How a series was forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The pool of exponential smoothing and Theta members.
    Pool,
    /// Exponential smoothing plus the shrunk shape of the last week: 7 to 13 days.
    SeasonalNaiveSes,
    /// Exponential smoothing: 3 to 6 days.
    Ses,
    /// The mean of one or two days, with a spread that is assumed.
    Mean,
    /// Every known day has the same value, and so have the paths.
    Constant,
    /// Whole weeks drawn from a history that is mostly zero.
    WeekBootstrap,
    /// Usage stopped: zero, with a small chance of return.
    Stopped,
}

impl Method {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pool => "ets-theta pool",
            Self::SeasonalNaiveSes => "seasonal-naive+ses",
            Self::Ses => "ses",
            Self::Mean => "mean",
            Self::Constant => "constant",
            Self::WeekBootstrap => "week bootstrap",
            Self::Stopped => "stopped",
        }
    }
}

/// What was used for one series and why.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesInfo {
    /// The method.
    pub method: Method,
    /// Why this one, as a fragment of a sentence.
    pub reason: String,
    /// Days of the history that was used, known or not.
    pub history_days: usize,
    /// Known days in it.
    pub observed_days: usize,
    /// True if the history is so short that the spread is mostly assumption: under a week.
    pub low_confidence: bool,
}

/// A fitted series: everything about it that does not depend on the others.
#[derive(Debug, Clone)]
pub struct FittedSeries {
    /// What was used and why.
    pub info: SeriesInfo,
    horizon: usize,
    bounds: Bounds,
    model: Model,
}

#[derive(Debug, Clone)]
enum Model {
    Pool(Vec<Member>),
    Short(Short),
    Weeks(Weeks, Option<Stop>),
    /// In the quantity itself, with the standard deviation of its logarithm.
    Flat(f64, f64),
}

/// The names of the members of the pool.
pub(super) fn member_names(season_length: usize) -> &'static [&'static str] {
    if season_length > 1 {
        &["ets(a,n,a)", "ets(a,n,a) log", "ets(a,ad,a) log", "theta"]
    } else {
        &["ets(a,ad,n)", "ets(a,ad,n) log", "theta"]
    }
}

impl FittedSeries {
    /// Chooses and fits a model. `None` if no day of the history is known.
    #[must_use]
    pub fn fit(series: &DailySeries, options: &ForecastOptions) -> Option<Self> {
        let window = Window::of(series, options.history_days)?;
        let unit = window.unit();
        let (method, reason, model) = choose(&window, unit, options.season_length);
        let info = SeriesInfo {
            method,
            reason,
            history_days: window.values.len(),
            observed_days: window.observed,
            low_confidence: window.observed < 7,
        };
        let bounds = Bounds { unit, cap: CAP * window.largest };
        Some(Self { info, horizon: options.horizon_days, bounds, model })
    }

    /// Days back that the draws should reach for this series.
    #[must_use]
    pub fn residual_span(&self) -> usize {
        match &self.model {
            Model::Pool(members) => members.iter().map(|m| m.residuals.len()).max().unwrap_or(1),
            Model::Short(short) => short.residuals.len(),
            Model::Weeks(weeks, _) => weeks.span(),
            Model::Flat(..) => 1,
        }
    }

    /// Writes paths x days, path by path, into a block of that size.
    pub fn simulate(&self, draws: &Draws, out: &mut [f64]) {
        match &self.model {
            Model::Pool(members) => pool_paths(members, &self.bounds, draws, out),
            Model::Short(short) => short.paths(&self.bounds, draws, out, self.horizon),
            Model::Weeks(weeks, stop) => weeks.paths(stop.as_ref(), draws, out, self.horizon),
            Model::Flat(value, spread) => {
                for ((_, bits, _), path) in draws.each().zip(out.chunks_exact_mut(self.horizon)) {
                    let factor = super::math::exp(spread * bell(bits));
                    path.fill((value * factor).min(self.bounds.cap));
                }
            }
        }
    }
}

fn choose(window: &Window, unit: f64, season_length: usize) -> (Method, String, Model) {
    let (values, n) = (&window.values, window.observed);
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let same = known.iter().all(|v| v.to_bits() == known[0].to_bits());
    if same && (n >= SHORT_DAYS || window.largest <= 0.0) {
        let reason = format!("all {n} known days are equal");
        return (Method::Constant, reason, Model::Flat(known[0], 0.0));
    }
    if n < SHORT_DAYS {
        let mean = super::math::mean(&known).unwrap_or(0.0);
        let reason = format!("{n} known days, the spread is assumed");
        return (Method::Mean, reason, Model::Flat(mean, UNKNOWN_SPREAD / super::math::count(n)));
    }
    let scaled: Vec<f64> = values.iter().map(|v| v / unit).collect();
    if n < POOL_DAYS {
        let seasonal = n >= 7 && season_length == 7;
        let method = if seasonal { Method::SeasonalNaiveSes } else { Method::Ses };
        let reason = format!("{n} known days, the pool needs {POOL_DAYS}");
        return (method, reason, Model::Short(Short::fit(&scaled, seasonal)));
    }
    if let Some(model) = sparse(values, season_length) {
        return model;
    }
    let season_length = if n >= 2 * season_length { season_length } else { 1 };
    let reason = format!("{n} known days");
    (Method::Pool, reason, Model::Pool(pool(&scaled, season_length)))
}

/// The models for stopped and for intermittent series, if it is one.
fn sparse(values: &[f64], season_length: usize) -> Option<(Method, String, Model)> {
    if season_length != 7 {
        return None;
    }
    if let Some((stop, weeks)) = Stop::at_end(values) {
        let reason = format!("no usage for the last {} known days", stop.days);
        return Some((Method::Stopped, reason, Model::Weeks(weeks, Some(stop))));
    }
    if !is_intermittent(values) {
        return None;
    }
    let weeks = Weeks::of(values, 0);
    let reason = "at least 70 % of the recent days are zero".to_owned();
    (!weeks.is_empty()).then_some((Method::WeekBootstrap, reason, Model::Weeks(weeks, None)))
}

fn pool(scaled: &[f64], season_length: usize) -> Vec<Member> {
    let kinds: &[(Kind, Scale)] = if season_length > 1 { &SEASONAL } else { &NON_SEASONAL };
    kinds.iter().map(|(kind, scale)| Member::fit(*kind, *scale, scaled, season_length)).collect()
}
