//! What of a price book was known at an instant.

use super::entry::Dates;
use crate::period::Timestamp;

/// A view of the price books: as they are, or as they were known at an instant.
///
/// With `known_at`, something counts if it was announced (without a date of its own: took effect)
/// at or before that instant and was not yet taken back. Without, everything counts that was never
/// taken back.
///
/// The end of an entry is often only the start of the next one. So an `effective_until` is ignored
/// in a view in which other entries for the same usage start at that very instant and none of them
/// counts: the change was not known yet, or was called off, and the entry stays in force. An end at
/// which nothing starts is an end of its own (a model is retired, an offer is over) and stands in
/// every view. Where entries that count then overlap, the one with the latest `effective_from`
/// wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    pub(super) known_at: Option<Timestamp>,
}

impl View {
    /// True if something with these dates counts.
    pub(super) fn counts(self, dates: &Dates) -> bool {
        let Some(now) = self.known_at else {
            return dates.withdrawn_on.is_none();
        };
        let known_from = dates.announced_on.or(dates.effective_from);
        known_from.is_none_or(|from| from <= now)
            && dates.withdrawn_on.is_none_or(|until| now < until)
    }

    /// The half-open time in which an item is in force in this view, `None` if it does not count.
    /// `successors` are the dates of everything that applies to the same usage.
    pub(super) fn in_force<'d>(
        self,
        dates: &Dates,
        successors: impl Iterator<Item = &'d Dates>,
    ) -> Option<(Timestamp, Timestamp)> {
        if !self.counts(dates) {
            return None;
        }
        let mut until = dates.effective_until;
        if until.is_some() {
            let (mut starting, mut counting) = (0, 0);
            for next in successors.filter(|next| next.effective_from == until) {
                starting += 1;
                counting += u32::from(self.counts(next));
            }
            if starting > 0 && counting == 0 {
                until = None;
            }
        }
        Some((dates.effective_from.unwrap_or(EVER), until.unwrap_or(NEVER)))
    }
}

/// Before every usage.
pub(super) const EVER: Timestamp = Timestamp::from_nanos(i64::MIN);
/// After every usage.
pub(super) const NEVER: Timestamp = Timestamp::from_nanos(i64::MAX);

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
    fn known_from_announcement_until_withdrawal() {
        let rise = dates("2026-09-01", "", "2026-06-30", "2026-08-20");
        let counts = |known_at| View { known_at }.counts(&rise);
        let known = [
            "2026-06-29T23:59:59.999999999Z",
            "2026-06-30",
            "2026-08-19",
            "2026-08-20",
            "2027-01-01",
        ];
        assert_eq!(known.map(|t| counts(Some(at(t)))), [false, true, true, false, false]);
        assert!(!counts(None));
        let unannounced = dates("2026-09-01", "", "", "");
        assert!(!View { known_at: Some(at("2026-08-31")) }.counts(&unannounced));
        assert!(View { known_at: Some(at("2026-09-01")) }.counts(&unannounced));
    }

    #[test]
    fn an_end_made_by_an_unknown_change_is_ignored() {
        let old = dates("2026-01-01", "2026-06-01", "", "");
        let new = dates("2026-06-01", "", "2026-05-01", "");
        let end = |known_at: Option<&str>, others: &[Dates]| {
            View { known_at: known_at.map(at) }.in_force(&old, others.iter()).unwrap().1
        };
        assert_eq!(end(Some("2026-04-30"), &[old, new]), NEVER);
        assert_eq!(end(Some("2026-05-01"), &[old, new]), at("2026-06-01"));
        assert_eq!(end(None, &[old, new]), at("2026-06-01"));
        // Nothing starts at the end: it stands in every view.
        assert_eq!(end(Some("2026-04-30"), &[old]), at("2026-06-01"));
        // The change was called off later.
        let off = dates("2026-06-01", "", "2026-05-01", "2026-05-20");
        assert_eq!(end(Some("2026-05-10"), &[old, off]), at("2026-06-01"));
        assert_eq!(end(None, &[old, off]), NEVER);
    }
}
