//! From a rollup to daily series: which leaves there are, what each used a day, and what it is
//! made of lately.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Timelike};
use compact_str::CompactString;

use crate::diagnostic::{Diagnostics, code};
use crate::period::{Calendar, DAY_NANOS, HOUR_NANOS, Period, next_day};
use crate::price_book::PriceBook;
use crate::rollup::{Rollup, RollupRow};
use crate::series::DailySeries;
use crate::tokens::Component;

/// What a day counts less than the next one in the recent mix: half in seven days, `2^(-1/7)`.
const DAILY_DECAY: f64 = 0.905_723_664_263_906_7;
/// Days of history that the recent mix looks at.
const MIX_WINDOW_DAYS: i64 = 28;
/// A last day that ends this long before midnight is not over.
const QUIET_HOURS: i64 = 2;

/// What is forecast as one series: models come and go inside a family, so the family is the leaf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeafKey {
    /// Who bills.
    pub provider: CompactString,
    /// The line of models that follow each other; the model itself if no book knows it.
    pub family: CompactString,
    /// What is counted.
    pub component: Component,
}

/// One series with its recent mix.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// What it is.
    pub key: LeafKey,
    /// Units a day, from its first day of use to the last complete day.
    pub series: DailySeries,
    /// Units on the partial last day.
    pub partial: u64,
    /// Weight of each profile and hour of day lately.
    pub mix: BTreeMap<(u32, u32), f64>,
}

/// How to treat the last day of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastDay {
    /// Partial if it ends two hours or more before midnight.
    #[default]
    Auto,
    /// Over.
    Complete,
    /// Not over.
    Partial,
}

/// The history as the forecaster needs it.
#[derive(Debug)]
pub struct History {
    /// First day with usage.
    pub first: NaiveDate,
    /// First day to forecast: the partial day, or the day after the last.
    pub origin: NaiveDate,
    /// The last day is partial, and forecast from what is known of it.
    pub has_partial_day: bool,
    /// Every leaf, sorted.
    pub leaves: Vec<Leaf>,
    /// What was odd about it.
    pub diagnostics: Diagnostics,
}

impl History {
    /// Complete days from the first with usage.
    #[must_use]
    pub fn days(&self) -> i64 {
        self.origin.signed_duration_since(self.first).num_days()
    }

    /// Builds the series; `None` for an empty rollup.
    #[must_use]
    pub fn build(
        rollup: &Rollup,
        book: &PriceBook,
        calendar: &Calendar,
        last_day: LastDay,
    ) -> Option<Self> {
        let span = rollup.span()?;
        let first = calendar.date_of(span.start);
        let last_start = rollup.rows().iter().map(|r| r.period.start).max()?;
        let last = calendar.date_of(last_start);
        let is_partial = match last_day {
            LastDay::Complete => false,
            LastDay::Partial => true,
            LastDay::Auto => {
                let ends = calendar.day(last).end.nanos() - QUIET_HOURS * HOUR_NANOS;
                span.end.nanos() <= ends
            }
        };
        let origin = if is_partial { last } else { next_day(last) };
        let mut diagnostics = Diagnostics::default();
        if is_partial {
            let message = format!(
                "last day {last} ends at {}: its usage so far bounds the forecast of that day from below (set --last-day)",
                span.end
            );
            diagnostics.add(code::PARTIAL_LAST_DAY, message, None);
        }
        note_zero_days(rollup, calendar, first, origin, &mut diagnostics);
        let leaves = leaves(rollup, book, calendar, origin);
        Some(Self { first, origin, has_partial_day: is_partial, leaves, diagnostics })
    }
}

/// True if some usage is only known for longer than a day.
#[must_use]
pub fn longest_bucket(rollup: &Rollup) -> Option<Period> {
    // A day of 25 hours is still a day.
    rollup
        .rows()
        .iter()
        .map(|r| r.period)
        .filter(|p| p.nanos() > DAY_NANOS + HOUR_NANOS)
        .max_by_key(Period::nanos)
}

fn note_zero_days(
    rollup: &Rollup,
    calendar: &Calendar,
    first: NaiveDate,
    origin: NaiveDate,
    found: &mut Diagnostics,
) {
    let used: std::collections::BTreeSet<NaiveDate> =
        rollup.rows().iter().map(|r| calendar.date_of(r.period.start)).collect();
    let empty: Vec<NaiveDate> =
        first.iter_days().take_while(|d| *d < origin).filter(|d| !used.contains(d)).collect();
    if let Some(day) = empty.first() {
        let count = u64::try_from(empty.len()).unwrap_or(0);
        found.add_many(
            code::ZERO_DAYS,
            format!("days without any record, the first on {day}, counted as zero"),
            None,
            count,
        );
    }
}

#[derive(Default)]
struct Gathered {
    daily: BTreeMap<NaiveDate, u64>,
    mix: BTreeMap<(u32, u32), f64>,
    old_mix: BTreeMap<(u32, u32), f64>,
}

fn leaves(rollup: &Rollup, book: &PriceBook, calendar: &Calendar, origin: NaiveDate) -> Vec<Leaf> {
    let mut gathered: BTreeMap<LeafKey, Gathered> = BTreeMap::new();
    let families = Families { rollup, book };
    for row in rollup.rows() {
        let local = calendar.local(row.period.start);
        let family = families.of(row);
        for (component, count) in row.components.iter() {
            let key = LeafKey {
                provider: rollup.profile(row).sku.provider.clone(),
                family: family.clone(),
                component,
            };
            let leaf = gathered.entry(key).or_default();
            let day = leaf.daily.entry(local.date()).or_default();
            *day = day.saturating_add(count);
            let age = origin.signed_duration_since(local.date()).num_days();
            let mix = if age <= MIX_WINDOW_DAYS { &mut leaf.mix } else { &mut leaf.old_mix };
            *mix.entry((row.profile, local.hour())).or_default() += quantity(count) * decay(age);
        }
    }
    gathered.into_iter().filter_map(|(key, found)| leaf(key, found, origin)).collect()
}

fn leaf(key: LeafKey, found: Gathered, origin: NaiveDate) -> Option<Leaf> {
    let partial = found.daily.get(&origin).copied().unwrap_or(0);
    let mix = if found.mix.is_empty() { found.old_mix } else { found.mix };
    // A leaf that began on the partial day has one known day: what was seen of it.
    let first = *found.daily.keys().next()?;
    let start = first.min(origin.pred_opt()?);
    let values = start
        .iter_days()
        .take_while(|d| *d < origin)
        .map(|day| Some(quantity(found.daily.get(&day).copied().unwrap_or(0))));
    Some(Leaf { key, series: DailySeries { start, values: values.collect() }, partial, mix })
}

struct Families<'a> {
    rollup: &'a Rollup,
    book: &'a PriceBook,
}

impl Families<'_> {
    fn of(&self, row: &RollupRow) -> CompactString {
        let sku = &self.rollup.profile(row).sku;
        let model = self.book.find_model(&sku.provider, &sku.model, row.period.start);
        model.and_then(|m| m.family.clone()).unwrap_or_else(|| sku.model.clone())
    }
}

/// Weight of a day of this age. Only products are taken, so that every platform gives the same
/// bits.
fn decay(age_days: i64) -> f64 {
    (0..age_days.clamp(0, 366)).fold(1.0, |weight, _| weight * DAILY_DECAY)
}

/// A count as the forecaster takes it.
#[expect(clippy::cast_precision_loss, reason = "a forecast needs no more than 53 bits")]
pub(super) fn quantity(count: u64) -> f64 {
    count as f64
}
