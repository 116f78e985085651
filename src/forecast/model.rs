//! The choice of a model for a series, and its paths.

use super::ForecastOptions;
use super::calendar::Holidays;
use super::info::{Method, Outlier, SeriesInfo};
use super::month::MonthEdges;
use super::pool::{Pool, history_of};
use super::rng::bell;
use super::short::{Short, UNKNOWN_SPREAD};
use super::simulate::{Additions, Bounds, Draws, pool_paths};
use super::sparse::{Stop, Weeks, is_intermittent, recent_zeros};
use super::window::Window;
use super::{outliers, part, shift};
use crate::series::DailySeries;

/// Known days from which the pool is used.
const POOL_DAYS: usize = 14;
/// Known days from which anything is estimated.
const SHORT_DAYS: usize = 3;
/// Longest season of which less than two make a short history; with a longer one the pool without a
/// season is used.
const SHORT_SEASON: usize = 24;
/// The season of weeks, which calendars, stops and level shifts are about.
const WEEK: usize = 7;
/// A path stays below this multiple of the largest day of the history.
const CAP: f64 = 5.0;

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
    Pool(Pool, Additions),
    Short(Short),
    Weeks(Weeks, Option<Stop>),
    /// In the quantity itself, with the standard deviation of its logarithm.
    Flat(f64, f64),
}

/// The names of the members of the pool.
pub(super) fn member_names(season_length: usize) -> &'static [&'static str] {
    if season_length > 1 {
        &[
            "ets(a,n,a)",
            "ets(a,n,a) log",
            "ets(a,ad,a) log",
            "theta",
            "ets(a,a,a)",
            "ets(a,a,a) log",
            "recent mean",
            "recent mean log",
        ]
    } else {
        &["ets(a,ad,n)", "ets(a,ad,n) log", "theta", "ets(a,a,n)", "ets(a,a,n) log", "ets(a,n,n)"]
    }
}

impl FittedSeries {
    /// Chooses and fits a model. `None` if no day of the history is known.
    #[must_use]
    pub fn fit(series: &DailySeries, options: &ForecastOptions) -> Option<Self> {
        Self::fit_with(series, options, &Holidays::default())
    }

    /// [`Self::fit`] with a list of holidays, of the past and of the future.
    #[must_use]
    pub fn fit_with(
        series: &DailySeries,
        options: &ForecastOptions,
        holidays: &Holidays,
    ) -> Option<Self> {
        let window = Window::of(series, history_days(options))?;
        let unit = window.unit();
        let bounds = Bounds { unit, cap: CAP * window.largest };
        let mut info = SeriesInfo {
            method: Method::Pool,
            reason: format!("{} known days", window.observed),
            history_days: window.values.len(),
            observed_days: window.observed,
            low_confidence: window.observed < WEEK,
            outliers: Vec::new(),
            level_shift: None,
            month_edges: None,
        };
        let model = match simple(&window, unit, options.season_length) {
            Some((method, reason, model)) => {
                (info.method, info.reason) = (method, reason);
                model
            }
            None => pool(series, &window, options, holidays, &mut info),
        };
        Some(Self { info, horizon: options.horizon_days, bounds, model })
    }

    /// Days back that the draws should reach for this series.
    #[must_use]
    pub fn residual_span(&self) -> usize {
        match &self.model {
            Model::Pool(pool, _) => pool.span(),
            Model::Short(short) => short.residuals.len(),
            Model::Weeks(weeks, _) => weeks.span(),
            Model::Flat(..) => 1,
        }
    }

    /// Writes paths x days, path by path, into a block of that size.
    pub fn simulate(&self, draws: &Draws, out: &mut [f64]) {
        match &self.model {
            Model::Pool(pool, more) => pool_paths((pool, more), &self.bounds, draws, out),
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

    /// Brings paths of [`Self::simulate`] to be summed with those of other series closer to the
    /// total that is expected, if they lie above it on average: with strength 0 not at all, with 1
    /// all the way.
    pub fn align(&self, strength: f64, paths: &mut [f64]) {
        if let Model::Pool(pool, more) = &self.model {
            let extra = super::math::mean(&more.extras).unwrap_or(0.0);
            let days = pool.expected();
            let factors = more.factors.iter().chain(std::iter::repeat(&1.0));
            let total: f64 = days.iter().zip(factors).map(|(day, f)| (day + extra) * f).sum();
            let total = self.bounds.unit * total;
            part::align(paths, self.horizon, total, strength);
        }
    }
}

/// Days of history to use: of steps other than days more than asked for.
fn history_days(options: &ForecastOptions) -> usize {
    if options.season_length == WEEK {
        options.history_days
    } else {
        options.history_days.max(history_of(options.season_length))
    }
}

/// The models for series that the pool is not for.
fn simple(window: &Window, unit: f64, season_length: usize) -> Option<(Method, String, Model)> {
    let (values, n) = (&window.values, window.observed);
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let same = known.iter().all(|v| v.to_bits() == known[0].to_bits());
    if same && (n >= SHORT_DAYS || window.largest <= 0.0) {
        let reason = format!("all {n} known days are equal");
        return Some((Method::Constant, reason, Model::Flat(known[0], 0.0)));
    }
    if n < SHORT_DAYS {
        let mean = super::math::mean(&known).unwrap_or(0.0);
        let reason = format!("{n} known days, the spread is assumed");
        let spread = UNKNOWN_SPREAD / super::math::count(n);
        return Some((Method::Mean, reason, Model::Flat(mean, spread)));
    }
    let least = if season_length <= SHORT_SEASON { 2 * season_length } else { 0 };
    if n < POOL_DAYS.max(least) {
        let scaled: Vec<f64> = values.iter().map(|v| v / unit).collect();
        let season = if n >= season_length { season_length } else { 1 };
        let method = if season > 1 { Method::SeasonalNaiveSes } else { Method::Ses };
        let reason = format!("{n} known days, the pool needs {}", POOL_DAYS.max(least));
        return Some((method, reason, Model::Short(Short::fit(&scaled, season))));
    }
    if season_length == WEEK { sparse(values) } else { None }
}

/// The models for stopped and for intermittent series, if it is one.
fn sparse(values: &[f64]) -> Option<(Method, String, Model)> {
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

/// Fits the pool, to values without their outliers, level shift and month edges.
fn pool(
    series: &DailySeries,
    window: &Window,
    options: &ForecastOptions,
    holidays: &Holidays,
    info: &mut SeriesInfo,
) -> Model {
    let (n, horizon) = (window.values.len(), options.horizon_days);
    let unit = window.unit();
    let first = series.len() - n;
    let season =
        if window.observed >= 2 * options.season_length { options.season_length } else { 1 };
    let mut values: Vec<f64> = window.values.iter().map(|v| v / unit).collect();
    let mut additions = Additions { zeros: recent_zeros(&window.values), ..Additions::default() };
    if season == WEEK {
        info.month_edges = MonthEdges::of(series);
    }
    if let Some(edges) = &info.month_edges {
        let factor = |t: usize| edges.factor(series.date(first + t));
        values.iter_mut().enumerate().for_each(|(t, v)| *v /= factor(t));
        additions.factors = (n..n + horizon).map(factor).collect();
    }
    let odd = outliers::find(&values, season);
    info.outliers = odd
        .iter()
        .map(|o| Outlier {
            day: series.date(first + o.at),
            value: window.values[o.at],
            expected: o.expected * unit,
        })
        .collect();
    additions.extras = outliers::damp(&mut values, &odd);
    if season <= WEEK
        && let Some(shift) = shift::find(&values, season)
    {
        info.level_shift = Some(series.date(first + shift.at));
        shift::bridge(&mut values, &shift);
    }
    let rest =
        if season == WEEK { holidays.mark(series, n, horizon) } else { vec![false; n + horizon] };
    Model::Pool(Pool::fit(&values, &rest, season), additions)
}
