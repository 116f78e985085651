//! Seats: how many are paid on a day, and what falls due.

use chrono::NaiveDate;

use super::deal::prorated;
use crate::contract::terms::{Quantity, SeatRemoval, Seats};
use crate::contract::{Anchor, Every, Spans};
use crate::money::{Amount, MoneyError};
use crate::period::Calendar;

/// Seats of one term, with its periods.
#[derive(Debug, Clone)]
pub(super) struct SeatCount<'c> {
    agreed: &'c Seats,
    /// Fee periods.
    pub(super) periods: Spans,
    /// Contract years, at whose starts removals count under [`SeatRemoval::Renewal`].
    years: Spans,
}

/// Seats that fall due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SeatsDue {
    /// More seats than were paid before, or fewer.
    pub(super) seats: i64,
    pub(super) amount: Amount,
}

impl<'c> SeatCount<'c> {
    pub(super) fn new(
        agreed: &'c Seats,
        contract_start: NaiveDate,
        term: (NaiveDate, NaiveDate),
        calendar: &Calendar,
    ) -> Self {
        let years = (contract_start.min(term.0), term.1);
        Self {
            agreed,
            periods: Spans::new(agreed.every, agreed.anchor, term, calendar),
            years: Spans::new(Every::Year, Anchor::Start, years, calendar),
        }
    }

    fn count_on(&self, day: NaiveDate) -> u64 {
        let after = self.agreed.counts.partition_point(|(from, _)| *from <= day);
        after.checked_sub(1).map_or(0, |at| self.agreed.counts[at].1)
    }

    /// Seats paid on a day: the most since removals counted last.
    fn paid_on(&self, day: NaiveDate) -> u64 {
        let start_in = |spans: &Spans| {
            spans.all().iter().rev().map(|s| s.days.0).find(|start| *start <= day).unwrap_or(day)
        };
        let since = match self.agreed.removal {
            SeatRemoval::Immediate => day,
            SeatRemoval::NextPeriod => start_in(&self.periods),
            SeatRemoval::Renewal => start_in(&self.years),
        };
        let changes = self.agreed.counts.iter().filter(|(from, _)| since < *from && *from <= day);
        let most = changes.map(|(_, count)| *count).chain([self.count_on(since)]).max();
        most.unwrap_or(0).max(self.agreed.minimum)
    }

    /// What falls due at the start of a day: the fee of a period on its first day, of further seats
    /// on theirs.
    pub(super) fn due_on(&self, day: NaiveDate) -> Result<Option<SeatsDue>, MoneyError> {
        let found = self.periods.all().iter().find(|s| s.days.0 <= day && day < s.days.1);
        let Some(span) = found else { return Ok(None) };
        let now = self.paid_on(day);
        let before = match day.pred_opt() {
            Some(yesterday) if span.days.0 < day => self.paid_on(yesterday),
            _ => 0,
        };
        let signed = |n: u64| i64::try_from(n).map_err(|_| MoneyError::Overflow);
        let seats = signed(now)? - signed(before)?;
        if seats == 0 {
            return Ok(None);
        }
        let left = u32::try_from((span.days.1 - day).num_days()).unwrap_or(0);
        let full = self.agreed.price.checked_ratio(i128::from(seats), 1)?;
        let amount = if self.agreed.prorate { prorated(full, (left, span.share.1))? } else { full };
        // Without prorating nothing is given back inside a period.
        let kept = !self.agreed.prorate && seats < 0;
        Ok((!kept).then_some(SeatsDue { seats, amount }))
    }

    /// Seats whose allowance can be used on a day: the most that were paid in the period so far.
    pub(super) fn allowed_on(&self, day: NaiveDate) -> u64 {
        let found = self.periods.all().iter().find(|s| s.days.0 <= day && day < s.days.1);
        let start = found.map_or(day, |span| span.days.0);
        let changes = self.agreed.counts.iter().map(|(from, _)| *from);
        let days = changes.filter(|from| start < *from && *from <= day).chain([start]);
        days.map(|d| self.paid_on(d)).max().unwrap_or(0)
    }
}

/// An allowance of so many seats.
pub(super) fn times(quantity: Quantity, seats: u64) -> Result<Quantity, MoneyError> {
    Ok(match quantity {
        Quantity::Amount(amount) => Quantity::Amount(amount.checked_ratio(i128::from(seats), 1)?),
        Quantity::Tokens(count) => Quantity::Tokens(count.saturating_mul(seats)),
        Quantity::Requests(count) => Quantity::Requests(count.saturating_mul(seats)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::terms::Beyond;
    use crate::money::Factor;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn seats(removal: SeatRemoval, every: Every) -> Seats {
        Seats {
            // 100, from 11 June 130, from 21 June 90.
            counts: vec![
                (day("2026-06-01"), 100),
                (day("2026-06-11"), 130),
                (day("2026-06-21"), 90),
            ],
            price: Amount::from_units(30),
            every,
            anchor: Anchor::Calendar,
            prorate: true,
            removal,
            minimum: 0,
            included: None,
            beyond: Beyond::Invoiced(Factor::ONE),
        }
    }

    fn due(agreed: &Seats, days: &[&str]) -> Vec<Option<(i64, String)>> {
        let term = (day("2026-06-01"), day("2027-06-01"));
        let count = SeatCount::new(agreed, term.0, term, &Calendar::UTC);
        let of =
            |text: &&str| count.due_on(day(text)).unwrap().map(|d| (d.seats, d.amount.to_string()));
        days.iter().map(of).collect()
    }

    const DAYS: [&str; 4] = ["2026-06-01", "2026-06-11", "2026-06-21", "2026-07-01"];

    #[test]
    fn removed_at_once() {
        // 20 of 30 days for 30 more seats, 10 of 30 days back for 40.
        assert_eq!(
            due(&seats(SeatRemoval::Immediate, Every::Month), &DAYS),
            [
                Some((100, "3000.00".into())),
                Some((30, "600.00".into())),
                Some((-40, "-400.00".into())),
                Some((90, "2700.00".into())),
            ]
        );
    }

    #[test]
    fn removed_with_the_next_period() {
        assert_eq!(
            due(&seats(SeatRemoval::NextPeriod, Every::Month), &DAYS),
            [
                Some((100, "3000.00".into())),
                Some((30, "600.00".into())),
                None,
                Some((90, "2700.00".into()))
            ]
        );
    }

    #[test]
    fn removed_at_renewal() {
        assert_eq!(
            due(&seats(SeatRemoval::Renewal, Every::Month), &DAYS),
            [
                Some((100, "3000.00".into())),
                Some((30, "600.00".into())),
                None,
                Some((130, "3900.00".into()))
            ]
        );
    }

    #[test]
    fn allowances_grow_at_once_and_shrink_with_the_next_period() {
        let agreed = seats(SeatRemoval::Immediate, Every::Month);
        let term = (day("2026-06-01"), day("2027-06-01"));
        let count = SeatCount::new(&agreed, term.0, term, &Calendar::UTC);
        let allowed: Vec<u64> = DAYS.iter().map(|d| count.allowed_on(day(d))).collect();
        assert_eq!(allowed, [100, 130, 130, 90]);
    }
}
