//! The leaves of a forecast at an origin: a daily series each, and what it is made of.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use compact_str::CompactString;

use super::days::{DayRow, UsageDays};
use super::events::EventFactors;
use super::level::{Measure, Stems};
use super::mix::{ByAge, MIX_DAYS, Mix, USUAL_DECAY};
use crate::series::DailySeries;
use crate::tokens::Component;

/// Factors of events below this are not divided by: the day tells nothing about one without the
/// event.
const LEAST_FACTOR: f64 = 0.01;

/// What a leaf is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafKey {
    /// Its place in the hierarchy, such as provider and family.
    pub stem: Vec<CompactString>,
    /// What is counted.
    pub measure: Measure,
}

impl fmt::Display for LeafKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.stem {
            write!(f, "{name} / ")?;
        }
        match self.measure {
            Measure::Requests => f.write_str("requests"),
            Measure::Component(component) => f.write_str(component.name()),
        }
    }
}

/// One series with its recent mix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    /// What it is.
    pub(super) key: LeafKey,
    /// Number of its stem.
    pub(super) stem: u32,
    /// Every profile it ever had, sorted.
    pub(super) profiles: Vec<u32>,
    /// Units a day, from its first day of use to the last complete day, without known events.
    pub(super) series: DailySeries,
    /// Units on the partial last day.
    pub(super) partial: f64,
    /// Shares of its profiles and their hours.
    pub(super) mix: Mix,
}

impl Leaf {
    /// The component, if the leaf is one that is paid for.
    pub(super) fn component(&self) -> Option<Component> {
        match self.key.measure {
            Measure::Requests => None,
            Measure::Component(component) => Some(component),
        }
    }
}

/// Where a history ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// Days after the first.
    pub(super) offset: u32,
    /// What is known of the day of the origin itself bounds it from below.
    pub(super) has_partial_day: bool,
}

/// The leaves of a level as known at an origin, sorted by key. Requests come in as leaves of their
/// own if asked for.
pub(super) fn leaves(
    days: &UsageDays,
    stems: &Stems,
    events: &EventFactors<'_>,
    origin: Origin,
    with_requests: bool,
) -> Vec<Leaf> {
    let mut gathered = BTreeMap::new();
    let until = origin.offset + u32::from(origin.has_partial_day);
    let gathering = Gathering { days, stems, events, origin };
    for row in days.rows(0, until) {
        let key = (stems.of[row.profile as usize], Measure::Component(row.component));
        gathering.add(gathered.entry(key).or_default(), row);
    }
    if with_requests {
        for row in days.requests(0, until) {
            let key = (stems.of[row.profile as usize], Measure::Requests);
            let (day, profile, count) = (row.day, row.profile, row.count);
            let row = DayRow { day, profile, hour: 0, component: Component::Output, count };
            gathering.add(gathered.entry(key).or_default(), &row);
        }
    }
    gathered
        .into_iter()
        .filter_map(|((stem, measure), found)| gathering.leaf(stem, measure, found))
        .collect()
}

#[derive(Default)]
struct Gathered {
    first: Option<u32>,
    /// Sorted.
    profiles: Vec<u32>,
    /// By day.
    daily: Vec<(u32, f64)>,
    recent: BTreeMap<u32, Box<ByAge>>,
    hours: BTreeMap<(u32, u8), f64>,
    /// Older usage by profile and hour, row by row: for a leaf without any lately.
    old: Vec<((u32, u8), f64)>,
}

struct Gathering<'a> {
    days: &'a UsageDays,
    stems: &'a Stems,
    events: &'a EventFactors<'a>,
    origin: Origin,
}

impl Gathering<'_> {
    fn add(&self, leaf: &mut Gathered, row: &DayRow) {
        if leaf.first.is_none() {
            leaf.first = Some(row.day);
        }
        if let Err(at) = leaf.profiles.binary_search(&row.profile) {
            leaf.profiles.insert(at, row.profile);
        }
        let units = self.units(row);
        // Rows come by day.
        match leaf.daily.last_mut() {
            Some((day, sum)) if *day == row.day => *sum += units,
            _ => leaf.daily.push((row.day, units)),
        }
        if self.days.is_unknown(row.day) {
            return;
        }
        // A partial day counts as the last one: a model may have begun on it.
        let age = self.origin.offset.saturating_sub(row.day + 1);
        let at = (row.profile, row.hour);
        match usize::try_from(age) {
            Ok(age) if age < MIX_DAYS => {
                let by_age =
                    leaf.recent.entry(row.profile).or_insert_with(|| Box::new([0.0; MIX_DAYS]));
                by_age[age] += units;
                *leaf.hours.entry(at).or_default() += units * decay(age);
            }
            _ => leaf.old.push((at, units)),
        }
    }

    /// Units of a row without known events.
    fn units(&self, row: &DayRow) -> f64 {
        let factor = if self.events.is_empty() {
            1.0
        } else {
            self.events.at(row.profile, self.days.date(row.day))
        };
        if factor < LEAST_FACTOR { quantity(row.count) } else { quantity(row.count) / factor }
    }

    fn leaf(&self, stem: u32, measure: Measure, found: Gathered) -> Option<Leaf> {
        let origin = self.origin.offset;
        // A leaf that began on the partial day has one known day: what was seen of it.
        let start = found.first?.min(origin.checked_sub(1)?);
        let on = |day: u32| {
            let at = found.daily.binary_search_by_key(&day, |(day, _)| *day);
            at.map_or(0.0, |at| found.daily[at].1)
        };
        let values = (start..origin).map(|day| (!self.days.is_unknown(day)).then_some(on(day)));
        let partial = on(origin);
        let mut values: Vec<Option<f64>> = values.collect();
        if values.iter().all(Option::is_none) {
            // Seen on days that teach nothing alone, and today at most.
            if partial <= 0.0 {
                return None;
            }
            values.fill(Some(0.0));
        }
        let series = DailySeries { start: self.days.date(start), values };
        let mix = if found.recent.is_empty() {
            let (mut weights, mut hours) = (BTreeMap::new(), BTreeMap::new());
            for (at, units) in found.old {
                *hours.entry(at).or_default() += units;
            }
            for ((profile, _), units) in &hours {
                *weights.entry(*profile).or_default() += units;
            }
            Mix::of_weights(&weights, &hours)
        } else {
            Mix::of(&found.recent, &found.hours)
        };
        let key = LeafKey { stem: self.stems.names[stem as usize].clone(), measure };
        Some(Leaf { key, stem, profiles: found.profiles, series, partial, mix })
    }
}

/// Weight of a day of this age. Only products are taken, so that every platform gives the same
/// bits.
fn decay(age: usize) -> f64 {
    (0..age).fold(1.0, |weight, _| weight * USUAL_DECAY)
}

/// A count as the forecaster takes it.
#[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 53 bits")]
pub(super) fn quantity(count: u64) -> f64 {
    count as f64
}

/// The days of a horizon.
pub(super) fn horizon_dates(origin: NaiveDate, days: usize) -> Vec<NaiveDate> {
    origin.iter_days().take(days).collect()
}
