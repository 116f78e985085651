//! The `forecast` report: spend to a horizon with its intervals, month ends and budgets.

mod fan;
pub(super) mod figures;
mod page;
pub(super) mod tables;
mod text;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use self::figures::{
    BudgetFigures, DayFigures, GroupFigures, History, Horizon, Model, PeriodFigures, PeriodName,
    RunRates, Spread, Unpriced, probabilities,
};
use super::backtest::LevelFigures;
use super::drivers::DriverFigures;
use super::track_record::RecordFigures;
use super::{InputFacts, PriceBookFacts, Source, shown_findings};
use crate::diagnostic::Diagnostic;
use crate::forecast::{MODEL_NAME, MODEL_VERSION};
use crate::money::{Amount, MoneyError};
use crate::projection::{BasisPoints, BudgetOutlook, Projection, Span, SpanKind};

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.forecast.v1";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct ForecastReport {
    schema: &'static str,
    source: Source,
    currency: String,
    origin: NaiveDate,
    horizon: Horizon,
    history: History,
    levels: Vec<f64>,
    total: Spread,
    months: Vec<PeriodFigures>,
    quarters: Vec<PeriodFigures>,
    years: Vec<PeriodFigures>,
    run_rate: RunRates,
    budgets: Vec<BudgetFigures>,
    days: Vec<DayFigures>,
    group_by: Vec<String>,
    groups: Vec<GroupFigures>,
    unpriced: Unpriced,
    /// How forecasts from earlier days of the same history did; `null` if it is too short.
    track_record: Option<RecordFigures>,
    /// Why the forecast differs from the last period; `null` if that cannot be told.
    drivers: Option<DriverFigures>,
    model: Model,
    inputs: InputFacts,
    diagnostics: Vec<Diagnostic>,
    price_book: Option<PriceBookFacts>,
    /// Cost of the days of the history, for lines and charts; `None` for an unknown one.
    #[serde(skip)]
    recent: Vec<(NaiveDate, Option<Amount>)>,
    #[serde(skip)]
    level_points: Vec<BasisPoints>,
    #[serde(skip)]
    probabilities: Vec<BasisPoints>,
}

/// What a report is made of, beside the projection.
#[derive(Debug)]
pub struct ForecastContext {
    /// What was read.
    pub inputs: InputFacts,
    /// Everything odd, with severities.
    pub diagnostics: Vec<Diagnostic>,
    /// The price books, where prices were needed.
    pub price_book: Option<PriceBookFacts>,
    /// What the forecast is made from.
    pub source: Source,
    /// Interval levels in ten-thousandths, such as 8000 for 80 %; sorted.
    pub levels: Vec<BasisPoints>,
    /// Seed of the paths.
    pub seed: u64,
    /// Names of the group dimensions.
    pub group_by: Vec<String>,
    /// Sample paths.
    pub paths: usize,
    /// What becomes of each budget, period by period.
    pub budgets: Vec<BudgetOutlook>,
}

impl ForecastReport {
    /// From a projection.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn new(projection: &Projection, context: ForecastContext) -> Result<Self, MoneyError> {
        let probabilities = probabilities(&context.levels);
        let figures = Figures { projection, probabilities: &probabilities };
        let budget = |found: &BudgetOutlook| {
            let spread = figures.of_span(&found.span)?;
            Ok(BudgetFigures::new(found, spread, &probabilities))
        };
        Ok(Self {
            schema: SCHEMA,
            source: context.source,
            currency: projection.currency.to_string(),
            origin: projection.origin,
            horizon: Horizon { start: projection.origin, end: projection.end },
            history: History {
                start: projection.history_start,
                end: projection.origin,
                actual: Amount::checked_sum(projection.actual.values().copied())?,
                unknown_days: projection.unknown_days.len(),
            },
            levels: context.levels.iter().map(|l| f64::from(*l) / 10_000.0).collect(),
            total: figures.of_days(0, projection.total.days())?,
            months: figures.periods(SpanKind::Month)?,
            quarters: figures.periods(SpanKind::Quarter)?,
            years: figures.periods(SpanKind::Year)?,
            run_rate: figures.run_rates()?,
            budgets: context.budgets.iter().map(budget).collect::<Result<_, MoneyError>>()?,
            days: figures.days()?,
            groups: figures.groups(&context.group_by)?,
            group_by: context.group_by,
            unpriced: Unpriced { units: projection.unpriced_units },
            track_record: projection.record.as_ref().map(RecordFigures::from),
            drivers: projection.drivers.as_ref().map(DriverFigures::from),
            model: Model {
                name: MODEL_NAME,
                version: MODEL_VERSION,
                seed: context.seed,
                paths: context.paths,
                level: projection.level.name(),
                levels: projection.levels.iter().map(LevelFigures::from).collect(),
                leaves: projection.model.leaves,
                methods: projection.model.methods.clone(),
            },
            inputs: context.inputs,
            diagnostics: shown_findings(context.diagnostics),
            price_book: context.price_book,
            recent: figures.recent(),
            level_points: context.levels,
            probabilities,
        })
    }
}

/// Reads figures off a projection.
struct Figures<'a> {
    projection: &'a Projection,
    probabilities: &'a [BasisPoints],
}

impl Figures<'_> {
    fn of_days(&self, from: usize, until: usize) -> Result<Spread, MoneyError> {
        let total = &self.projection.total;
        let found = total.distribution(from, until, Amount::ZERO, self.probabilities)?;
        Ok(Spread::new(found, self.probabilities))
    }

    /// Known spend plus forecast.
    fn of_span(&self, span: &Span) -> Result<Spread, MoneyError> {
        let total = &self.projection.total;
        let found = total.distribution(span.from, span.until, span.actual, self.probabilities)?;
        Ok(Spread::new(found, self.probabilities))
    }

    fn periods(&self, kind: SpanKind) -> Result<Vec<PeriodFigures>, MoneyError> {
        let spans = self.projection.spans(kind)?;
        let named = spans.iter().filter_map(|span| Some((PeriodName::of(span)?, span)));
        named
            .map(|(name, span)| {
                Ok(PeriodFigures {
                    name,
                    complete: span.complete,
                    actual: span.actual,
                    spread: self.of_span(span)?,
                    reached: span.end <= self.projection.end,
                })
            })
            .collect()
    }

    fn run_rates(&self) -> Result<RunRates, MoneyError> {
        let spans = self.projection.spans(SpanKind::Month)?;
        let until = spans.first().map_or(self.projection.end, |m| m.end.min(self.projection.end));
        let (recent, own) = match spans.first() {
            Some(month) => {
                (self.projection.recent_run_rate(month)?, self.projection.own_run_rate(month)?)
            }
            None => (None, None),
        };
        Ok(RunRates { until, recent: recent.map(Into::into), month_to_date: own.map(Into::into) })
    }

    fn days(&self) -> Result<Vec<DayFigures>, MoneyError> {
        let day = |day: usize| {
            let offset = Days::new(u64::try_from(day).unwrap_or(0));
            let date = self.projection.origin.checked_add_days(offset).unwrap_or(NaiveDate::MAX);
            Ok(DayFigures { day: date, spread: self.of_days(day, day + 1)? })
        };
        (0..self.projection.total.days()).map(day).collect()
    }

    fn recent(&self) -> Vec<(NaiveDate, Option<Amount>)> {
        let known = |day: NaiveDate| {
            let cost = self.projection.actual.get(&day).copied().unwrap_or_default();
            (day, (!self.projection.unknown_days.contains(&day)).then_some(cost))
        };
        let first = self.projection.history_start;
        first.iter_days().take_while(|day| *day < self.projection.origin).map(known).collect()
    }

    fn groups(&self, group_by: &[String]) -> Result<Vec<GroupFigures>, MoneyError> {
        let all = self.projection.total.days();
        let group = |group: &crate::projection::ProjectedGroup| {
            let found = group.paths.distribution(0, all, Amount::ZERO, self.probabilities)?;
            Ok(GroupFigures {
                key: group_by.iter().cloned().zip(group.key.iter().cloned()).collect(),
                spread: Spread::new(found, self.probabilities),
                cells: group.key.clone(),
            })
        };
        self.projection.groups.iter().map(group).collect()
    }
}
