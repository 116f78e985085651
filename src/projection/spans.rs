//! Calendar months, quarters and years that a horizon touches: what is known of them, and what is
//! forecast.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::Projection;
use crate::money::{Amount, MoneyError};
use crate::period::Month;

/// Days that the recent run rate looks back on.
const RECENT_DAYS: usize = 28;

/// A kind of period that spend is summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpanKind {
    /// Calendar months.
    Month,
    /// Calendar quarters.
    Quarter,
    /// Calendar years.
    Year,
    /// The days forecast, and nothing before them.
    Horizon,
}

/// One period that the horizon touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its kind.
    pub kind: SpanKind,
    /// First day.
    pub start: NaiveDate,
    /// The day after the last.
    pub end: NaiveDate,
    /// Its days in the horizon, as offsets from the origin.
    pub from: usize,
    /// First offset after it.
    pub until: usize,
    /// Known spend of its days before the origin.
    pub actual: Amount,
    /// True if history and horizon together cover it whole, and every day of it is known or
    /// forecast.
    pub complete: bool,
}

/// What a period comes to if spend goes straight on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRate {
    /// Days whose mean is carried on.
    pub days: usize,
    /// Known spend plus that mean for every day to come.
    pub projected: Amount,
}

impl SpanKind {
    /// Every kind, the shortest first.
    pub const ALL: [Self; 4] = [Self::Month, Self::Quarter, Self::Year, Self::Horizon];

    /// The word for it, as in `900/month`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Horizon => "total",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// First day of the calendar period around a day, and the day after its last; `None` for the
    /// horizon, which is none.
    #[must_use]
    pub fn around(self, day: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.of(day);
        (self != Self::Horizon).then(|| (first.first_day(), first.plus(self.months()).first_day()))
    }

    /// The name of a period by its first day and the day after its last: `2026-11`, `2026-Q4`,
    /// `2026`, or the first and last day.
    #[must_use]
    pub fn period_name(self, start: NaiveDate, end: NaiveDate) -> String {
        match self {
            Self::Month => start.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", start.year(), start.month0() / 3 + 1),
            Self::Year => start.year().to_string(),
            Self::Horizon => format!("{start} to {}", end.pred_opt().unwrap_or(end)),
        }
    }

    fn of(self, day: NaiveDate) -> Month {
        let month = Month::of(day);
        let months_before = match self {
            Self::Month | Self::Horizon => 0,
            Self::Quarter => day.month0() % 3,
            Self::Year => day.month0(),
        };
        month.minus(months_before)
    }

    fn months(self) -> u32 {
        match self {
            Self::Month | Self::Horizon => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind.period_name(self.start, self.end))
    }
}

impl Projection {
    /// The periods of a kind from the origin to the end of the horizon.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn spans(&self, kind: SpanKind) -> Result<Vec<Span>, MoneyError> {
        if kind == SpanKind::Horizon {
            return Ok(vec![self.span(kind, self.origin, self.end)?]);
        }
        let mut spans = Vec::new();
        let mut first = kind.of(self.origin);
        while first.first_day() < self.end {
            let next = first.plus(kind.months());
            spans.push(self.span(kind, first.first_day(), next.first_day())?);
            first = next;
        }
        Ok(spans)
    }

    fn span(&self, kind: SpanKind, start: NaiveDate, end: NaiveDate) -> Result<Span, MoneyError> {
        let known_from = start.min(self.origin);
        Ok(Span {
            kind,
            start,
            end,
            from: self.offset(start.max(self.origin)),
            until: self.offset(end.min(self.end)),
            actual: self.spent(known_from, self.origin)?,
            complete: start >= self.history_start
                && end <= self.end
                && self.unknown_days.range(known_from..self.origin).next().is_none(),
        })
    }

    /// What the end of a span costs at the mean of the last 28 days, or of as many as are known.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn recent_run_rate(&self, span: &Span) -> Result<Option<RunRate>, MoneyError> {
        let days = self.history_start.iter_days().take_while(|day| *day < self.origin);
        let known: Vec<NaiveDate> = days.filter(|day| !self.unknown_days.contains(day)).collect();
        let recent = &known[known.len().saturating_sub(RECENT_DAYS)..];
        self.run_rate(span, recent)
    }

    /// What the end of a span costs at the mean of its known days.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn own_run_rate(&self, span: &Span) -> Result<Option<RunRate>, MoneyError> {
        let first = span.start.max(self.history_start);
        let days = first.iter_days().take_while(|day| *day < self.origin);
        let known: Vec<NaiveDate> = days.filter(|day| !self.unknown_days.contains(day)).collect();
        self.run_rate(span, &known)
    }

    fn run_rate(&self, span: &Span, days: &[NaiveDate]) -> Result<Option<RunRate>, MoneyError> {
        let amounts = days.iter().filter_map(|day| self.actual.get(day)).copied();
        let sum = Amount::checked_sum(amounts)?;
        let count = |n: usize| u32::try_from(n).map_err(|_| MoneyError::Overflow);
        let (ahead, known) = (count(span.until - span.from)?, count(days.len())?);
        if known == 0 {
            return Ok(None);
        }
        let rest = Amount::ZERO.lerp(sum, ahead, known)?;
        Ok(Some(RunRate { days: days.len(), projected: span.actual.checked_add(rest)? }))
    }

    /// Known spend of the days `from..until`.
    pub(super) fn spent(&self, from: NaiveDate, until: NaiveDate) -> Result<Amount, MoneyError> {
        Amount::checked_sum(self.actual.range(from..until).map(|(_, amount)| *amount))
    }

    fn offset(&self, day: NaiveDate) -> usize {
        usize::try_from(day.signed_duration_since(self.origin).num_days()).unwrap_or(0)
    }
}
