//! Calendar months that a horizon touches.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::days::UsageDays;
use crate::money::{Amount, MoneyError};
use crate::period::Month;

/// One month that the horizon touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectedMonth {
    /// The month.
    pub month: Month,
    /// Its days in the horizon, as offsets from the origin.
    pub from: usize,
    /// First offset after it.
    pub until: usize,
    /// Spend of its days before the origin.
    pub actual: Amount,
    /// True if history and horizon together cover it whole.
    pub complete: bool,
}

/// The months from the origin to the end of the horizon.
pub(super) fn months(
    days: &UsageDays,
    end: NaiveDate,
    actual: &BTreeMap<NaiveDate, Amount>,
) -> Result<Vec<ProjectedMonth>, MoneyError> {
    let offset = |day: NaiveDate| {
        usize::try_from(day.signed_duration_since(days.origin).num_days()).unwrap_or(0)
    };
    let mut months = Vec::new();
    let mut month = Month::of(days.origin);
    while month.first_day() < end {
        let known = actual.range(month.first_day()..month.end()).map(|(_, amount)| *amount);
        months.push(ProjectedMonth {
            month,
            from: offset(month.first_day().max(days.origin)),
            until: offset(month.end().min(end)),
            actual: Amount::checked_sum(known)?,
            complete: month.first_day() >= days.first && month.end() <= end,
        });
        month = month.plus(1);
    }
    Ok(months)
}
