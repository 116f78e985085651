//! Free allowances: units that cost nothing before a price applies.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use crate::period::{Calendar, Period, Timestamp};

/// How often an allowance starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllowancePeriod {
    /// Every day.
    Day,
    /// Every calendar month.
    Month,
}

impl AllowancePeriod {
    /// Every period with its name in files.
    pub const ALL: [(&'static str, Self); 2] = [("day", Self::Day), ("month", Self::Month)];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, p)| *p == self).map_or("", |(name, _)| name)
    }

    /// The numbers of the first and the last of these periods, of UTC, that usage touches.
    #[must_use]
    pub fn touched(self, usage: Period) -> (i64, i64) {
        let last =
            Timestamp::from_nanos(usage.end.nanos().saturating_sub(1).max(usage.start.nanos()));
        let number = |instant| self.number(Calendar::UTC.date_of(instant));
        (number(usage.start), number(last))
    }

    fn number(self, date: NaiveDate) -> i64 {
        match self {
            Self::Day => i64::from(date.num_days_from_ce()),
            Self::Month => i64::from(date.year()) * 12 + i64::from(date.month0()),
        }
    }
}

/// Units that an account has free in every period before the price of an entry applies.
///
/// It belongs to an account and a period, of which usage records know neither for sure. So rating
/// charges every unit at the price and says how many may have been free.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FreeAllowance {
    /// Free units of the component that the entry prices.
    pub quantity: u64,
    /// How often they come again.
    pub period: AllowancePeriod,
    /// What shares them; `None`: each model, or each entry for every model, has its own.
    pub pool: Option<Box<str>>,
}

impl fmt::Display for FreeAllowance {
    /// As in `1500 a day`, `5000 a month shared as gemini-3-grounding`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} a {}", self.quantity, self.period.name())?;
        self.pool.as_ref().map_or(Ok(()), |pool| write!(f, " shared as {pool}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_that_usage_touches() {
        let at = |text| Timestamp::parse(text).unwrap();
        let days = |start, end| {
            let (first, last) =
                AllowancePeriod::Day.touched(Period { start: at(start), end: at(end) });
            last - first + 1
        };
        assert_eq!(days("2026-11-18T23:00:00Z", "2026-11-19T00:00:00Z"), 1);
        assert_eq!(days("2026-11-18T23:00:00Z", "2026-11-19T00:00:01Z"), 2);
        assert_eq!(days("2026-11-18", "2026-11-25"), 7);
        let year = Period { start: at("2026-01-01"), end: at("2027-01-01") };
        let (first, last) = AllowancePeriod::Month.touched(year);
        assert_eq!(last - first + 1, 12);
    }

    #[test]
    fn as_text() {
        let mut allowance =
            FreeAllowance { quantity: 1500, period: AllowancePeriod::Day, pool: None };
        assert_eq!(allowance.to_string(), "1500 a day");
        allowance.pool = Some("search".into());
        assert_eq!(allowance.to_string(), "1500 a day shared as search");
    }
}
