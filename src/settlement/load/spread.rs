//! Usage that is only known by longer periods, spread over their minutes.

use chrono::Timelike;

use super::batch::Take;
use super::gauge::BySide;
use super::steps::Steps;
use crate::contract::terms::LoadProfile;
use crate::period::{Calendar, HOUR_NANOS, NANOS, Period, Timestamp};

/// Without a profile: inside an hour half of the minutes have half as much again as its mean,
const ASSUMED_PEAK_PERCENT: u32 = 150;
/// and an hour from 9 to 18 o'clock has this many times the usage of another.
const ASSUMED_OFFICE_WEIGHT: u32 = 4;

/// The profile that is assumed for rows of a length where the contract gives none.
pub(super) fn assumed(length: i64) -> LoadProfile {
    let mut hours = [1; 24];
    if length > HOUR_NANOS {
        hours[9..18].fill(ASSUMED_OFFICE_WEIGHT);
    }
    LoadProfile { hours, peak_percent: ASSUMED_PEAK_PERCENT }
}

/// Minutes with the same load and capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Class {
    /// How long they are together: half seconds, because an hour is cut in two halves.
    length: i128,
    weight: i128,
    room: BySide,
}

/// How a load is spread over a period.
#[derive(Debug)]
pub(super) struct Spread {
    classes: Vec<Class>,
    /// Length times weight of all.
    total: i128,
    /// Minutes in which capacity can be used: 1 or 60.
    minutes: i128,
}

/// What became of a load that was spread.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outcome {
    /// Seconds with any load, and with a load above the capacity.
    pub(super) seconds: (u64, u64),
    /// The class with the highest load for its capacity: load and capacity by meter.
    pub(super) peak: [(i128, i128); 3],
}

impl Spread {
    /// Cuts a period at the hours of a calendar and where capacity changes.
    pub(super) fn new(
        period: Period,
        calendar: &Calendar,
        profile: &LoadProfile,
        steps: &Steps,
        minutes: i64,
    ) -> Self {
        let mut spread = Self { classes: Vec::new(), total: 0, minutes: i128::from(minutes) };
        // An hour that is paid as a whole has no peaks inside.
        let peak = if minutes > 1 { 100 } else { profile.peak_percent.min(200) };
        let silent = |weight: &u32| *weight == 0;
        let chunks = cut(period, calendar, steps);
        let all_silent = chunks.iter().all(|(hour, _, _)| silent(&profile.hours[*hour]));
        for (hour, from, until) in chunks {
            let weight = if all_silent { 1 } else { i128::from(profile.hours[hour]) };
            let length = i128::from((until.nanos() - from.nanos()) / NANOS).max(1);
            for percent in [peak, 200 - peak] {
                let weight = weight * i128::from(percent);
                spread.add(Class { length, weight, room: steps.at(from) });
            }
        }
        spread
    }

    fn add(&mut self, class: Class) {
        self.total += class.length * class.weight;
        let same = |c: &&mut Class| c.weight == class.weight && c.room == class.room;
        match self.classes.iter_mut().find(same) {
            Some(found) => found.length += class.length,
            None => self.classes.push(class),
        }
    }

    /// How much of a load is served; `None` if a number does not fit.
    ///
    /// A period of `minutes` is 120 half seconds times its minutes, so a class has
    /// `load * weight * 120 * minutes / total` in each.
    pub(super) fn served(&self, side: usize, load: i128) -> Option<Take> {
        let mut served = 0_i128;
        let mut short = false;
        for class in &self.classes {
            let wanted = self.scaled(load, class)?;
            let room = class.room[side].checked_mul(self.total)?;
            // A load of nothing is served where there is any capacity.
            short |= wanted > room || (load == 0 && room == 0);
            served = served.checked_add(wanted.min(room).checked_mul(class.length)?)?;
        }
        let whole = self.total.checked_mul(120)?.checked_mul(self.minutes)?.checked_mul(load)?;
        Some(match (short, served) {
            (false, _) => Take::All,
            (true, 0) => Take::Nothing,
            (true, _) => Take::ratio(served, whole),
        })
    }

    /// The load of a period of a class, times `total`.
    fn scaled(&self, load: i128, class: &Class) -> Option<i128> {
        load.checked_mul(class.weight)?.checked_mul(120 * self.minutes)
    }

    /// When the load was above the capacity, and how far; `None` if a number does not fit.
    pub(super) fn outcome(&self, loads: &BySide) -> Option<Outcome> {
        let mut outcome = Outcome::default();
        for class in &self.classes {
            let mut over = false;
            for (side, load) in loads.iter().enumerate().filter(|(_, load)| **load > 0) {
                let load = self.scaled(*load, class)?;
                let room = class.room[side].checked_mul(self.total)?;
                over |= load > room;
                // Scaled alike, so the mean load of the class over its total is the minute's.
                let minute = (load / self.total, class.room[side]);
                if is_higher(minute, outcome.peak[side]) {
                    outcome.peak[side] = minute;
                }
            }
            // Halves of an hour have half as many seconds as the hour's half seconds.
            let seconds = u64::try_from(class.length).ok()?;
            if class.weight > 0 && loads.iter().any(|load| *load > 0) {
                outcome.seconds.0 += seconds;
            }
            outcome.seconds.1 += if over { seconds } else { 0 };
        }
        outcome.seconds = (outcome.seconds.0 / 2, outcome.seconds.1 / 2);
        Some(outcome)
    }
}

/// True if a load is higher than another, each for its capacity.
pub(super) fn is_higher(one: (i128, i128), other: (i128, i128)) -> bool {
    if one.1 == other.1 {
        return one.0 > other.0;
    }
    let product = |a: i128, b: i128| a.saturating_mul(b);
    one.1 > 0 && (other.1 == 0 || product(one.0, other.1) > product(other.0, one.1))
}

/// Pieces of a period, each in one hour of the calendar and with one capacity.
fn cut(period: Period, calendar: &Calendar, steps: &Steps) -> Vec<(usize, Timestamp, Timestamp)> {
    let mut pieces = Vec::new();
    let mut from = period.start;
    while from < period.end {
        let local = calendar.local(from);
        let into =
            i64::from(local.minute() * 60 + local.second()) * NANOS + i64::from(local.nanosecond());
        let hour_end = Timestamp::from_nanos(from.nanos().saturating_add(HOUR_NANOS - into));
        let change = steps.next_change(from).unwrap_or(period.end);
        let until = hour_end.min(change).min(period.end);
        pieces.push((usize::try_from(local.hour()).unwrap_or(0), from, until));
        from = until;
    }
    pieces
}
