//! Recurring windows of time at which other prices apply: "peak", "off-peak".

use chrono::{Datelike, NaiveDate, Timelike};
use compact_str::CompactString;
use smallvec::SmallVec;

use crate::period::{Calendar, HOUR_NANOS, NANOS, Period, Timestamp, next_day};

/// Minutes in a day of 24 hours.
const DAY_MINUTES: u16 = 24 * 60;
const MINUTE_NANOS: i64 = 60 * NANOS;

/// A window of the day in minutes after midnight, half-open; it crosses midnight if it ends at or
/// before its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: u16,
    end: u16,
}

impl Window {
    /// Reads `16:30-00:30`; the end may be `24:00`. `None` if it is no window or an empty one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (start, end) = text.split_once('-')?;
        let window = Self { start: minute_of(start)?, end: minute_of(end)? };
        (window.start != window.end && window.start < DAY_MINUTES).then_some(window)
    }

    fn contains(self, minute: u16) -> bool {
        if self.start < self.end {
            (self.start..self.end).contains(&minute)
        } else {
            minute >= self.start || minute < self.end
        }
    }

    fn meets(self, other: Self) -> bool {
        self.contains(other.start) || other.contains(self.start)
    }
}

/// `HH:MM` as minutes after midnight, `00:00` to `24:00`.
fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
    (minute < 60 && hour * 60 + minute <= DAY_MINUTES).then_some(hour * 60 + minute)
}

/// Names of the days of the week, from Monday, as price books spell them.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// One dated version of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The zone whose clock and days count.
    pub zone: Calendar,
    /// Windows of the day.
    pub windows: SmallVec<[Window; 2]>,
    /// One bit a day of the week, Monday the lowest.
    pub weekdays: u8,
    /// Days of the zone on which it never matches, sorted.
    pub holidays: Vec<NaiveDate>,
    /// First instant at which this version holds; `None`: since ever.
    pub effective_from: Option<Timestamp>,
    /// First instant at which it holds no more; `None`: open.
    pub effective_until: Option<Timestamp>,
    /// Where it was published.
    pub source: Option<Box<str>>,
}

impl Recurrence {
    /// Every day of the week.
    pub const ALL_WEEK: u8 = 0x7f;

    fn contains(&self, instant: Timestamp) -> bool {
        if self.effective_from.is_some_and(|from| instant < from)
            || self.effective_until.is_some_and(|until| until <= instant)
        {
            return false;
        }
        let local = self.zone.local(instant);
        let day = local.date();
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(0);
        self.weekdays & (1 << day.weekday().num_days_from_monday()) != 0
            && self.windows.iter().any(|w| w.contains(minute))
            && self.holidays.binary_search(&day).is_err()
    }

    /// Offset of the zone from UTC in nanoseconds.
    fn offset_at(&self, instant: Timestamp) -> i64 {
        let local = self.zone.local(instant).and_utc().timestamp_nanos_opt();
        local.unwrap_or(instant.nanos()) - instant.nanos()
    }

    /// Every instant of one local day at which a match may begin or end: its midnight, the ends
    /// of its windows and a change of the clock.
    fn push_candidates(&self, day: NaiveDate, into: &mut Vec<Timestamp>) {
        let midnight = Timestamp::from_utc_date(day).nanos();
        // No zone is more than 14 hours from UTC, so the local day lies within these instants.
        let mut low = midnight - 15 * HOUR_NANOS;
        let mut high = midnight + 39 * HOUR_NANOS;
        let before = self.offset_at(Timestamp::from_nanos(low));
        let after = self.offset_at(Timestamp::from_nanos(high));
        let ends = self.windows.iter().flat_map(|w| [w.start, w.end]);
        for minute in ends.chain([0]) {
            let wall = midnight + i64::from(minute) * MINUTE_NANOS;
            into.push(Timestamp::from_nanos(wall - before));
            if before != after {
                into.push(Timestamp::from_nanos(wall - after));
            }
        }
        if before != after {
            while high - low > NANOS {
                let middle = low + (high - low) / 2 / NANOS * NANOS;
                let same = self.offset_at(Timestamp::from_nanos(middle)) == before;
                *(if same { &mut low } else { &mut high }) = middle;
            }
            into.push(Timestamp::from_nanos(high));
        }
    }

    fn meets(&self, other: &Self) -> bool {
        self.zone != other.zone
            || (self.weekdays & other.weekdays != 0
                && self.windows.iter().any(|a| other.windows.iter().any(|b| a.meets(*b))))
    }
}

/// A named calendar of a price book: all its dated versions. It matches when any version does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceCalendar {
    /// The name that `when` refers to.
    pub name: CompactString,
    /// At least one version; where dates overlap, each may match.
    pub versions: Vec<Recurrence>,
}

impl PriceCalendar {
    /// True if the instant lies in a window, on a day that counts. Day of the week and holidays
    /// are those of the instant itself, also in a window that began the day before.
    #[must_use]
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.versions.iter().any(|v| v.contains(instant))
    }

    /// The instants strictly inside a period at which [`contains`](Self::contains) changes, in
    /// order.
    #[must_use]
    pub fn edges(&self, within: Period) -> Vec<Timestamp> {
        let mut edges = Vec::new();
        for version in &self.versions {
            edges.extend(version.effective_from);
            edges.extend(version.effective_until);
            // Days on which this version does not hold yet, or no more, have no edges of it.
            let start = version.effective_from.map_or(within.start, |from| from.max(within.start));
            let end = version.effective_until.map_or(within.end, |until| until.min(within.end));
            let first = version.zone.date_of(start);
            let last = next_day(version.zone.date_of(end));
            let first = first.pred_opt().unwrap_or(first);
            for day in first.iter_days().take_while(|day| *day <= last) {
                version.push_candidates(day, &mut edges);
            }
        }
        edges.retain(|edge| within.is_split_by(*edge));
        edges.sort_unstable();
        edges.dedup();
        let before = |edge: &Timestamp| Timestamp::from_nanos(edge.nanos() - 1);
        edges.retain(|edge| self.contains(before(edge)) != self.contains(*edge));
        edges
    }

    /// False if no instant can lie in both: same zone and no common minute of a common weekday.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.versions.iter().any(|a| other.versions.iter().any(|b| a.meets(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn calendar(zone: &str, hours: &[&str], weekdays: u8, holidays: &[&str]) -> PriceCalendar {
        PriceCalendar {
            name: "peak".into(),
            versions: vec![Recurrence {
                zone: Calendar::named(zone).unwrap(),
                windows: hours.iter().map(|h| Window::parse(h).unwrap()).collect(),
                weekdays,
                holidays: holidays.iter().map(|h| h.parse().unwrap()).collect(),
                effective_from: None,
                effective_until: None,
                source: None,
            }],
        }
    }

    /// Days 0 to 4: Monday to Friday.
    const WORK_WEEK: u8 = 0b001_1111;

    #[test]
    fn windows_are_read_strictly() {
        for bad in
            ["", "01:00", "1:00-2:00", "01:00-01:00", "24:00-01:00", "01:60-02:00", "25:00-26:00"]
        {
            assert_eq!(Window::parse(bad), None, "{bad}");
        }
        assert_eq!(Window::parse("00:00-24:00"), Some(Window { start: 0, end: 1440 }));
    }

    /// DeepSeek's peak hours, 01-04 and 06-10 UTC on working days (research/pricing.md section 3);
    /// 2026-09-21 is a Monday, 2026-10-01 a Thursday and a holiday in China.
    #[test]
    fn weekday_weekend_and_holiday() {
        let peak = calendar("UTC", &["01:00-04:00", "06:00-10:00"], WORK_WEEK, &["2026-10-01"]);
        let inside =
            ["2026-09-21T01:00:00Z", "2026-09-21T03:59:59.999999999Z", "2026-09-25T09:00:00Z"];
        let outside = [
            "2026-09-21T00:59:59.999999999Z",
            "2026-09-21T04:00:00Z",
            "2026-09-21T10:00:00Z",
            "2026-09-19T02:00:00Z",
            "2026-09-20T07:00:00Z",
            "2026-10-01T02:00:00Z",
        ];
        assert!(inside.iter().all(|t| peak.contains(at(t))));
        assert!(outside.iter().all(|t| !peak.contains(at(t))));
        // Wednesday has four edges, the holiday none, Friday four.
        let days = Period::new(at("2026-09-30"), at("2026-10-03")).unwrap();
        assert_eq!(peak.edges(days).len(), 8);
        assert_eq!(peak.edges(days)[3], at("2026-09-30T10:00:00Z"));
        assert_eq!(peak.edges(days)[4], at("2026-10-02T01:00:00Z"));
    }

    /// DeepSeek's discount of 2025, 16:30 to 00:30 UTC: crosses midnight.
    #[test]
    fn window_across_midnight() {
        let night = calendar("UTC", &["16:30-00:30"], Recurrence::ALL_WEEK, &[]);
        assert!(night.contains(at("2025-03-01T16:30:00Z")));
        assert!(night.contains(at("2025-03-02T00:29:59Z")));
        assert!(!night.contains(at("2025-03-02T00:30:00Z")));
        let day = Period::new(at("2025-03-01"), at("2025-03-02")).unwrap();
        assert_eq!(night.edges(day), [at("2025-03-01T00:30:00Z"), at("2025-03-01T16:30:00Z")]);
        // On working days only, Saturday's half hour after midnight does not count.
        let working = calendar("UTC", &["16:30-00:30"], WORK_WEEK, &[]);
        assert!(working.contains(at("2025-02-28T23:59:59Z")));
        assert!(!working.contains(at("2025-03-01T00:00:00Z")));
        let weekend = Period::new(at("2025-02-28T20:00:00Z"), at("2025-03-03T12:00:00Z")).unwrap();
        let edges = [at("2025-03-01"), at("2025-03-03"), at("2025-03-03T00:30:00Z")];
        assert_eq!(working.edges(weekend), edges);
    }

    /// Berlin, 2026-10-25: 02:00-03:00 passes twice, at 00:00Z and at 01:00Z. On 2026-03-29 it is
    /// left out.
    #[test]
    fn clock_changes() {
        let hour = calendar("Europe/Berlin", &["02:00-03:00"], Recurrence::ALL_WEEK, &[]);
        let autumn = Period::new(at("2026-10-24T22:00:00Z"), at("2026-10-25T20:00:00Z")).unwrap();
        assert_eq!(hour.edges(autumn), [at("2026-10-25T00:00:00Z"), at("2026-10-25T02:00:00Z")]);
        let spring = Period::new(at("2026-03-28T23:00:00Z"), at("2026-03-29T20:00:00Z")).unwrap();
        assert_eq!(hour.edges(spring), []);
        // The first half of the repeated hour begins again when the clock goes back.
        let half = calendar("Europe/Berlin", &["02:00-02:30"], Recurrence::ALL_WEEK, &[]);
        let twice =
            ["00:00", "00:30", "01:00", "01:30"].map(|t| at(&format!("2026-10-25T{t}:00Z")));
        assert_eq!(half.edges(autumn), twice);
    }

    #[test]
    fn dated_versions() {
        let mut peak = calendar("UTC", &["06:00-10:00"], Recurrence::ALL_WEEK, &[]);
        let mut later = peak.versions[0].clone();
        peak.versions[0].effective_until = Some(at("2026-08-22T08:00:00Z"));
        later.effective_from = Some(at("2026-08-22T08:00:00Z"));
        later.weekdays = WORK_WEEK;
        peak.versions.push(later);
        // 2026-08-22 is a Saturday: it matched until 08:00.
        assert!(peak.contains(at("2026-08-22T07:59:59.999999999Z")));
        assert!(!peak.contains(at("2026-08-22T08:00:00Z")));
        let day = Period::new(at("2026-08-22"), at("2026-08-23")).unwrap();
        assert_eq!(peak.edges(day), [at("2026-08-22T06:00:00Z"), at("2026-08-22T08:00:00Z")]);
        // 21 days before it, the day itself, and 6 working days after it.
        let month = Period::new(at("2026-08-01"), at("2026-09-01")).unwrap();
        assert_eq!(peak.edges(month).len(), 21 * 2 + 2 + 6 * 2);
    }

    #[test]
    fn calendars_that_cannot_meet() {
        let day = calendar("UTC", &["08:00-20:00"], Recurrence::ALL_WEEK, &[]);
        let night = calendar("UTC", &["20:00-08:00"], Recurrence::ALL_WEEK, &[]);
        let late = calendar("UTC", &["19:00-21:00"], Recurrence::ALL_WEEK, &[]);
        assert!(!day.meets(&night));
        assert!(late.meets(&night) && late.meets(&day));
    }
}
