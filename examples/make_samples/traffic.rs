//! The ninety days: which requests are sent when.

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde_json::Value;

use crate::random::Random;

/// Midnight UTC of the first day, Saturday 2026-08-22, in milliseconds since 1970.
pub(crate) const FIRST_MIDNIGHT: i64 = 1_787_356_800_000;
pub(crate) const DAY_MS: u64 = 86_400_000;
pub(crate) const HOUR_MS: u64 = 3_600_000;
const DAYS: u64 = 90;
/// Support has three times its usual work on this day.
const SPIKE_DAY: u64 = day_of(10, 14);

/// Index, from 0, of a date of 2026 within the ninety days.
pub(crate) const fn day_of(month: u64, day: u64) -> u64 {
    match month {
        8 => day - 22,
        9 => day + 9,
        10 => day + 39,
        _ => day + 70,
    }
}

pub(crate) fn iso(at: i64) -> String {
    let time = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(at);
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Lines of a file, each with the instant that puts it in order.
pub(crate) type Lines = Vec<(i64, Value)>;

/// One kind of requests of a team: how many a day, and when.
pub(crate) struct Traffic {
    /// Requests on a weekday of the first week.
    pub(crate) weekday: u64,
    /// Requests on a weekend day in percent of those on a weekday.
    pub(crate) weekend: u64,
    /// Growth from the first day to the last, in percent.
    pub(crate) growth: u64,
    /// How many times the usual number on the day of the spike.
    pub(crate) spike: u64,
    /// Sent by a job at night instead of by people during the day.
    pub(crate) nightly: bool,
}

pub(crate) const SUPPORT: Traffic =
    Traffic { weekday: 10, weekend: 60, growth: 0, spike: 3, nightly: false };
pub(crate) const SEARCH: Traffic =
    Traffic { weekday: 5, weekend: 25, growth: 25, spike: 1, nightly: false };
pub(crate) const MEDIA: Traffic = Traffic { weekday: 3, ..SEARCH };
pub(crate) const OPERATIONS: Traffic = Traffic { weekday: 3, growth: 0, ..SEARCH };

impl Traffic {
    /// The lines of all days, made by `line` from a day's index and a request's instant. On the last
    /// day the last request comes just before midnight, so that the day can be seen to be complete.
    pub(crate) fn lines(
        &self,
        random: &mut Random,
        line: impl Fn(&mut Random, u64, i64) -> Value,
    ) -> Lines {
        let mut lines = Lines::new();
        for day in 0..DAYS {
            let weekly = if day % 7 < 2 { self.weekend } else { 100 };
            let growing = 100 * (DAYS - 1) + self.growth * day;
            let spike = if day == SPIKE_DAY { self.spike } else { 1 };
            let hundredths = self.weekday * spike * weekly * growing / (100 * (DAYS - 1));
            let count = (random.share(hundredths, 88, 112) + random.between(0, 99)) / 100;
            for left in (0..count).rev() {
                let last = left == 0 && day == DAYS - 1;
                let offset = if last && !self.nightly {
                    DAY_MS - random.between(1, HOUR_MS / 6)
                } else {
                    self.time_of_day(random)
                };
                let at = FIRST_MIDNIGHT + (day * DAY_MS + offset).cast_signed();
                lines.push((at, line(random, day, at)));
            }
        }
        lines
    }

    fn time_of_day(&self, random: &mut Random) -> u64 {
        if self.nightly {
            random.between(HOUR_MS, 3 * HOUR_MS)
        } else if random.chance(80) {
            // The sum of two even draws is most often in the middle: here at 13:00.
            7 * HOUR_MS + random.between(0, 6 * HOUR_MS) + random.between(0, 6 * HOUR_MS)
        } else {
            random.between(0, DAY_MS - 1)
        }
    }
}
