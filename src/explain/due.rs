//! Periods in which something is to be paid.

use chrono::{Datelike, NaiveDate};

use crate::period::Month;

/// When something is to be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueIn {
    /// In a month.
    Month(Month),
    /// In a year.
    Year(i32),
}

impl DueIn {
    /// By its name: `2026-10` or `2026`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if !name.contains('-') {
            return Some(Self::Year(name.parse().ok()?));
        }
        Some(Self::Month(Month::of(format!("{name}-01").parse().ok()?)))
    }

    /// True if a day is in it.
    #[must_use]
    pub fn holds(self, day: NaiveDate) -> bool {
        match self {
            Self::Month(month) => Month::of(day) == month,
            Self::Year(year) => day.year() == year,
        }
    }
}
