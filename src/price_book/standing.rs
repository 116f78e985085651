//! Where a price or a factor stands at an instant, in a view of what was known.

use super::entry::{Dates, Multiplier, PriceEntry};
use super::view::{NEVER, View};
use crate::period::Timestamp;

/// What an entry is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Known, but its time has not come.
    Announced,
    /// It applies.
    InForce,
    /// Its time is over, or another entry has taken its place.
    Ended,
    /// Its announcement was taken back.
    Withdrawn,
}

impl Status {
    /// The name used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::InForce => "in force",
            Self::Ended => "ended",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Where an entry stands, with its dates as far as they were known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What it is at the instant asked for.
    pub status: Status,
    /// First instant no more in force; `None`: open, or not known to end.
    pub effective_until: Option<Timestamp>,
    /// When its announcement was taken back; `None`: it was not, or that was not known.
    pub withdrawn_on: Option<Timestamp>,
}

impl PriceEntry {
    /// Where the entry stands at an instant, as known at another; `None` if it was not known.
    /// `all` are the entries of its model or provider.
    #[must_use]
    pub fn standing(
        &self,
        all: &[Self],
        at: Timestamp,
        known_at: Option<Timestamp>,
    ) -> Option<Standing> {
        let same_usage = all.iter().filter(|other| {
            other.origin.layer == self.origin.layer
                && other.condition == self.condition
                && self.prices.iter().all(|(component, _)| other.price(*component).is_some())
        });
        let rivals: Vec<&Dates> = same_usage.map(|e| &e.dates).collect();
        standing(&self.dates, &rivals, at, View { known_at })
    }
}

impl Multiplier {
    /// Where the factor stands at an instant, as known at another; `None` if it was not known.
    /// `all` are the multipliers of its provider.
    #[must_use]
    pub fn standing(
        &self,
        all: &[Self],
        at: Timestamp,
        known_at: Option<Timestamp>,
    ) -> Option<Standing> {
        let same_usage = all.iter().filter(|other| {
            other.origin.layer == self.origin.layer
                && other.condition == self.condition
                && other.components == self.components
                && other.models == self.models
        });
        let rivals: Vec<&Dates> = same_usage.map(|m| &m.dates).collect();
        standing(&self.dates, &rivals, at, View { known_at })
    }
}

/// As the choice of prices sees it: `rivals` apply to the same usage, itself among them.
fn standing(dates: &Dates, rivals: &[&Dates], at: Timestamp, view: View) -> Option<Standing> {
    let withdrawn_on = dates.withdrawn_on.filter(|w| view.known_at.is_none_or(|now| *w <= now));
    if withdrawn_on.is_some() {
        let effective_until = dates.effective_until;
        return Some(Standing { status: Status::Withdrawn, effective_until, withdrawn_on });
    }
    let (from, until) = view.in_force(dates, rivals.iter().copied())?;
    // Of those that count, the one that starts last wins.
    let next = rivals
        .iter()
        .filter(|rival| view.counts(rival))
        .filter_map(|rival| rival.effective_from)
        .filter(|start| *start > from)
        .min();
    let until = until.min(next.unwrap_or(NEVER));
    let status = if at < from {
        Status::Announced
    } else if until <= at {
        Status::Ended
    } else {
        Status::InForce
    };
    let effective_until = (until != NEVER).then_some(until);
    Some(Standing { status, effective_until, withdrawn_on })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn dates(from: &str, until: &str, announced: &str, withdrawn: &str) -> Dates {
        let date = |text: &str| (!text.is_empty()).then(|| at(text));
        Dates {
            effective_from: date(from),
            effective_until: date(until),
            announced_on: date(announced),
            withdrawn_on: date(withdrawn),
        }
    }

    #[test]
    fn a_rise_that_was_called_off() {
        let old = dates("2026-06-30", "", "", "");
        let rise = dates("2026-09-01", "", "2026-06-30", "2026-08-10");
        let both = [&old, &rise];
        let seen = |of: &Dates, day: &str, known: Option<&str>| {
            standing(of, &both, at(day), View { known_at: known.map(at) }).map(|s| s.status)
        };
        // In June it was not known; in July it was announced, and would have applied in October.
        assert_eq!(seen(&rise, "2026-10-01", Some("2026-06-29")), None);
        assert_eq!(seen(&rise, "2026-07-15", Some("2026-07-15")), Some(Status::Announced));
        assert_eq!(seen(&rise, "2026-10-01", Some("2026-07-15")), Some(Status::InForce));
        assert_eq!(seen(&old, "2026-10-01", Some("2026-07-15")), Some(Status::Ended));
        // From the day it was taken back on it is withdrawn, whatever day is asked for.
        for known in [Some("2026-08-10"), Some("2026-11-20"), None] {
            assert_eq!(seen(&rise, "2026-07-15", known), Some(Status::Withdrawn), "{known:?}");
            assert_eq!(seen(&old, "2026-10-01", known), Some(Status::InForce), "{known:?}");
        }
    }

    #[test]
    fn an_end_that_was_not_known_is_not_shown() {
        let old = dates("2026-01-01", "2026-06-01", "", "");
        let new = dates("2026-06-01", "", "2026-05-01", "");
        let until = |known: Option<&str>| {
            let view = View { known_at: known.map(at) };
            standing(&old, &[&old, &new], at("2026-07-01"), view).unwrap()
        };
        assert_eq!(until(Some("2026-04-30")).status, Status::InForce);
        assert_eq!(until(Some("2026-04-30")).effective_until, None);
        assert_eq!(until(Some("2026-05-01")).effective_until, Some(at("2026-06-01")));
        assert_eq!(until(None).status, Status::Ended);
    }
}
