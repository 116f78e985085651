//! Daily costs as a history that can be forecast again.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chrono::{Days, NaiveDate};

use super::super::backtest::{Again, Backtest, Past, Span, Tested, Window, Windows, spans};
use super::super::{LEAST_HISTORY_DAYS, Level, ProjectionError};
use super::history::CostHistory;
use super::simulated::{Run, Simulated};
use super::{CostOptions, enough_days};
use crate::costs::DailyCosts;
use crate::forecast::ForecastOptions;
use crate::money::{Amount, Currency};

/// Days of all windows that the groups together may have: 1 GiB of them.
const MOST_GROUP_DAYS: usize = 1 << 23;

/// Forecasts daily costs from earlier days of them. `most` windows at most, the latest ones; the
/// horizon is that of the windows.
///
/// # Errors
/// [`ProjectionError::TooShortToTest`] if no window has enough days before it; the other errors are
/// those of a forecast.
pub fn backtest_costs(
    costs: &DailyCosts,
    currency: Currency,
    options: &CostOptions,
    windows: Windows,
    most: usize,
) -> Result<Backtest, ProjectionError> {
    let history = CostHistory::of(costs, options).ok_or(ProjectionError::NoUsage)?;
    enough_days(&history)?;
    let actual = history.actual(costs)?;
    let past = PastCosts::new(costs, &history, options, &actual, options.by_series);
    let spans = spans(&past, windows, most)?;
    let ids = costs.series().map(|(id, _)| vec![id.to_owned()]);
    let keys: Vec<Vec<String>> = if options.by_series { ids.collect() } else { Vec::new() };
    let days: usize = spans.iter().map(|span| span.days as usize).sum();
    if keys.len().saturating_mul(days) > MOST_GROUP_DAYS {
        return Err(ProjectionError::TooManyGroups { groups: keys.len() });
    }
    let tested = Tested::of(&past, &spans, options.paths, keys)?;
    Ok(Backtest {
        currency,
        history_start: history.first,
        history_end: history.origin,
        level: Level::Group,
        levels: Vec::new(),
        windows: tested.windows,
        total: tested.total,
        groups: tested.groups,
        diagnostics: history.diagnostics,
    })
}

/// Daily costs.
pub(super) struct PastCosts<'a> {
    costs: &'a DailyCosts,
    history: &'a CostHistory,
    options: &'a CostOptions,
    /// What all series together cost, by day.
    total: Vec<Option<Amount>>,
    by_series: bool,
}

impl<'a> PastCosts<'a> {
    /// `actual` is the cost of all series together; `by_series`: score each of them too.
    pub(super) fn new(
        costs: &'a DailyCosts,
        history: &'a CostHistory,
        options: &'a CostOptions,
        actual: &BTreeMap<NaiveDate, Amount>,
        by_series: bool,
    ) -> Self {
        Self { costs, history, options, total: history.by_day(actual), by_series }
    }

    fn date(&self, offset: u32) -> NaiveDate {
        let days = Days::new(u64::from(offset));
        self.first().checked_add_days(days).unwrap_or(NaiveDate::MAX)
    }
}

impl Past for PastCosts<'_> {
    fn first(&self) -> NaiveDate {
        self.history.start()
    }

    fn days(&self) -> u32 {
        u32::try_from(self.total.len()).unwrap_or(u32::MAX)
    }

    fn leaves(&self) -> usize {
        self.costs.series().len()
    }

    fn threads(&self) -> usize {
        self.options.threads.map_or(1, NonZeroUsize::get)
    }

    fn can_test(&self, span: Span) -> bool {
        let (at, until) = (span.origin as usize, (span.origin + span.days) as usize);
        let window = ForecastOptions::default().history_days;
        self.total[at..until].iter().any(Option::is_some)
            && self.history.known_days(self.date(span.origin), window) >= LEAST_HISTORY_DAYS
    }

    fn again(&self, span: Span, paths: usize) -> Result<Again, ProjectionError> {
        let (at, origin) = (span.origin as usize, self.date(span.origin));
        let run = Run {
            origin,
            is_past: true,
            horizon_days: span.days as usize,
            paths,
            by_series: self.by_series,
        };
        let mut groups = Vec::new();
        let simulated =
            Simulated::run(self.costs, self.history, run, self.options, |_, days, paths| {
                groups.push(Window::of(&self.history.by_day(days), at, origin, &paths)?);
                Ok(())
            })?;
        Ok(Again { total: Window::of(&self.total, at, origin, &simulated.total)?, groups })
    }
}
