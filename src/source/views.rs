//! Two views of one spend: a gateway's log and the provider's bodies behind it, both read.
//!
//! While reading, tokens are counted by format, provider, model and hour. Two formats that show
//! about the same tokens of one model in the same hours are likely to be one usage seen twice.
//! Where their records share request ids, de-duplication has counted them once already.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use indexmap::{Equivalent, IndexMap};

use super::format::{Format, Group};
use crate::diagnostic::{Diagnostics, code};
use crate::period::{HOUR_NANOS, Timestamp};
use crate::sku::Sku;
use crate::usage::UsageRecord;
use crate::usage::dedup::RequestId;

/// Hours kept in all; beyond, they are taken together two by two.
const MOST_SLOTS: usize = 1 << 16;
/// Formats and models kept; further ones are not compared.
const MOST_VIEWS: usize = 1 << 12;
/// Request ids kept of a view: the smallest, which are a fair sample.
const SAMPLE: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    format: Format,
    provider: CompactString,
    model: CompactString,
}

#[derive(Hash)]
struct KeyRef<'k> {
    format: Format,
    provider: &'k str,
    model: &'k str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.format == key.format && self.model == key.model && self.provider == key.provider
    }
}

/// What one format shows of one model.
#[derive(Debug, Clone, Default)]
struct View {
    /// Tokens by the number of the slot.
    tokens: BTreeMap<i64, u64>,
    /// The smallest ids.
    ids: Vec<RequestId>,
}

impl View {
    fn sample(&mut self, id: RequestId) {
        let full = self.ids.len() >= SAMPLE;
        if full && self.ids.last().is_some_and(|last| *last <= id) {
            return;
        }
        if let Err(at) = self.ids.binary_search(&id) {
            self.ids.insert(at, id);
            self.ids.truncate(SAMPLE);
        }
    }

    /// True if the two count the same requests by their ids.
    fn shares_ids(&self, other: &Self) -> bool {
        let mut all: Vec<_> = self.ids.iter().chain(&other.ids).collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(SAMPLE);
        let both = all.iter().filter(|id| self.ids.contains(id) && other.ids.contains(id)).count();
        both > 0 && both * 4 >= all.len()
    }

    /// The first and last slot that both have, if they show about the same there.
    fn looks_like(&self, other: &Self) -> Option<(i64, i64)> {
        let (mut common, mut mine, mut theirs) = (0_u128, 0_u128, 0_u128);
        let mut slots = Vec::new();
        for (slot, a) in &self.tokens {
            let Some(b) = other.tokens.get(slot) else { continue };
            slots.push(*slot);
            common += u128::from(*a.min(b));
            mine += u128::from(*a);
            theirs += u128::from(*b);
        }
        let fewer = self.tokens.len().min(other.tokens.len());
        let is_similar = common > 0 && common * 2 >= mine.max(theirs);
        if !is_similar || slots.len() * 2 < fewer {
            return None;
        }
        Some((*slots.first()?, *slots.last()?))
    }
}

/// What was seen, by format and model.
#[derive(Debug, Clone)]
pub(crate) struct Views {
    /// Hours of a slot.
    width: i64,
    /// The slot of the record before, from which instant to which: logs are mostly in order.
    before: (Range<i64>, i64),
    slots: usize,
    views: IndexMap<Key, View, FixedState>,
    /// Views by where a SKU that records share stands, which is held so that it stays there.
    known: HashMap<(Format, usize), (Arc<Sku>, usize), FixedState>,
}

impl Default for Views {
    fn default() -> Self {
        let (views, known) = (IndexMap::default(), HashMap::default());
        Self { width: 1, before: (0..0, 0), slots: 0, views, known }
    }
}

impl Views {
    /// Counts a record, or a sum of records of one hour; the place of its view.
    pub(crate) fn count(&mut self, format: Format, record: &UsageRecord) -> Option<usize> {
        let tokens = record.components.tokens();
        if tokens == 0 {
            return None;
        }
        let slot = self.slot(record.time.start());
        let at = self.place(format, &record.sku)?;
        let (_, view) = self.views.get_index_mut(at)?;
        if let Some(id) = record.request_id {
            view.sample(id);
        }
        let before = view.tokens.len();
        let sum = view.tokens.entry(slot).or_default();
        *sum = sum.saturating_add(tokens);
        self.slots += view.tokens.len() - before;
        self.keep_bounded();
        Some(at)
    }

    /// Takes note of the id of a record that was counted, with others, in the view at a place.
    pub(crate) fn sample(&mut self, at: usize, id: RequestId) {
        if let Some((_, view)) = self.views.get_index_mut(at) {
            view.sample(id);
        }
    }

    fn slot(&mut self, time: Timestamp) -> i64 {
        let nanos = time.nanos();
        if !self.before.0.contains(&nanos) {
            let width = HOUR_NANOS.saturating_mul(self.width);
            let slot = nanos.div_euclid(width);
            let start = nanos.saturating_sub(nanos.rem_euclid(width));
            self.before = (start..start.saturating_add(width), slot);
        }
        self.before.1
    }

    /// The place of a format's view of a model; `None` if there are too many.
    fn place(&mut self, format: Format, sku: &Arc<Sku>) -> Option<usize> {
        let stands = (format, Arc::as_ptr(sku).addr());
        if let Some((_, at)) = self.known.get(&stands) {
            return Some(*at);
        }
        let key = KeyRef { format, provider: &sku.provider, model: &sku.model };
        let at = match self.views.get_index_of(&key) {
            Some(at) => at,
            None if self.views.len() >= MOST_VIEWS => return None,
            None => {
                let (provider, model) = (sku.provider.clone(), sku.model.clone());
                self.views.insert_full(Key { format, provider, model }, View::default()).0
            }
        };
        if Arc::strong_count(sku) > 1 && self.known.len() < MOST_VIEWS {
            self.known.insert(stands, (Arc::clone(sku), at));
        }
        Some(at)
    }

    /// Adds what another part of the input showed.
    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width {
            self.widen();
        }
        while other.width < self.width {
            other.widen();
        }
        for (key, theirs) in other.views {
            if self.views.len() >= MOST_VIEWS && !self.views.contains_key(&key) {
                continue;
            }
            let view = self.views.entry(key).or_default();
            theirs.ids.into_iter().for_each(|id| view.sample(id));
            let before = view.tokens.len();
            for (slot, tokens) in theirs.tokens {
                let sum = view.tokens.entry(slot).or_default();
                *sum = sum.saturating_add(tokens);
            }
            self.slots += view.tokens.len() - before;
        }
        self.keep_bounded();
    }

    fn keep_bounded(&mut self) {
        // All slots in one leave one a view, which is within the bound.
        while self.slots > MOST_SLOTS {
            self.widen();
        }
    }

    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        self.before = (0..0, 0);
        self.slots = 0;
        for view in self.views.values_mut() {
            let mut wider: BTreeMap<i64, u64> = BTreeMap::new();
            for (slot, tokens) in &view.tokens {
                let sum = wider.entry(slot.div_euclid(2)).or_default();
                *sum = sum.saturating_add(*tokens);
            }
            self.slots += wider.len();
            view.tokens = wider;
        }
    }

    /// Notes pairs of formats that look like two views of one spend.
    pub(crate) fn note(&self, found: &mut Diagnostics) {
        let mut by_model: BTreeMap<(&str, &str), Vec<(Format, &View)>> = BTreeMap::new();
        for (key, view) in &self.views {
            by_model.entry((&key.provider, &key.model)).or_default().push((key.format, view));
        }
        let mut pairs: BTreeMap<(Format, Format, &str), Pair<'_>> = BTreeMap::new();
        for ((provider, model), mut views) in by_model {
            views.sort_by_key(|(format, _)| *format);
            for (at, (a, one)) in views.iter().enumerate() {
                for (b, other) in &views[at + 1..] {
                    if !are_views(*a, *b) || one.shares_ids(other) {
                        continue;
                    }
                    let Some((first, last)) = one.looks_like(other) else { continue };
                    pairs
                        .entry((*a, *b, provider))
                        .or_insert(Pair { model, models: 0, first, last })
                        .add(first, last);
                }
            }
        }
        for ((a, b, provider), pair) in pairs {
            let at = |slot: i64| {
                let nanos = slot.saturating_mul(HOUR_NANOS.saturating_mul(self.width));
                Timestamp::from_nanos(nanos)
            };
            let models = match pair.models {
                1 => format!("`{}`", pair.model),
                n => format!("{n} models such as `{}`", pair.model),
            };
            let message = format!(
                "`{}` and `{}` show about the same usage of {models} of `{provider}` ({} to {}): if it is the same, read one of them",
                a.name(),
                b.name(),
                at(pair.first),
                at(pair.last.saturating_add(1)),
            );
            found.add(code::TWO_VIEWS, message, None);
        }
    }
}

/// Models of one provider that two formats show alike.
struct Pair<'m> {
    model: &'m str,
    models: u64,
    first: i64,
    last: i64,
}

impl Pair<'_> {
    fn add(&mut self, first: i64, last: i64) {
        self.models += 1;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }
}

/// True for formats that may show the same requests.
fn are_views(a: Format, b: Format) -> bool {
    let groups = [a.info().group, b.info().group];
    let passes_on = |group: &Group| {
        matches!(group, Group::Gateway | Group::Cloud | Group::Console | Group::Agent)
    };
    groups[0] != groups[1] && groups.iter().any(passes_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sku::Sku;
    use crate::tokens::Component;
    use crate::usage::{Labels, RecordGrain, UsageTime};

    fn record(hour: i64, tokens: u64, id: Option<&str>) -> UsageRecord {
        UsageRecord {
            time: UsageTime::At(Timestamp::from_nanos(hour * HOUR_NANOS + 7)),
            grain: RecordGrain::Request,
            sku: Sku::new("anthropic", "claude-x").into(),
            context_tokens: None,
            requests: 1,
            request_id: id.map(|id| RequestId::new("anthropic", id, 0)),
            labels: Labels::default().into(),
            components: [(Component::Output, tokens)].into_iter().collect(),
            reported_cost: None,
        }
    }

    fn views(rows: &[(&str, i64, u64, Option<&str>)]) -> u64 {
        let mut found = Diagnostics::default();
        let (mut views, mut rest) = (Views::default(), Views::default());
        for (at, (format, hour, tokens, id)) in rows.iter().enumerate() {
            let format = Format::from_name(format).unwrap();
            let part = if at % 2 == 0 { &mut views } else { &mut rest };
            part.count(format, &record(*hour, *tokens, *id));
        }
        views.merge(rest);
        views.note(&mut found);
        found.count(code::TWO_VIEWS)
    }

    #[test]
    fn the_same_tokens_in_the_same_hours() {
        let (a, b) = ("claude-code", "anthropic");
        assert_eq!(views(&[(a, 5, 100, None), (b, 5, 100, None), (b, 6, 3, None)]), 1);
        // Another hour, another size, a known copy, one group.
        assert_eq!(views(&[(a, 5, 100, None), (b, 6, 100, None)]), 0);
        assert_eq!(views(&[(a, 5, 100, None), (b, 5, 201, None)]), 0);
        assert_eq!(views(&[(a, 5, 100, Some("m")), (b, 5, 100, Some("m"))]), 0);
        assert_eq!(views(&[("openai-chat", 5, 100, None), (b, 5, 100, None)]), 0);
        // One hour of many.
        let many = [(a, 1, 9, None), (a, 2, 9, None), (a, 3, 9, None), (b, 3, 9, None)];
        assert_eq!(views(&many), 1);
        let apart = [(a, 1, 9, None), (a, 2, 9, None), (a, 3, 9, None)];
        let others = [(b, 3, 9, None), (b, 4, 9, None), (b, 5, 9, None)];
        assert_eq!(views(&[apart, others].concat()), 0);
    }

    #[test]
    fn slots_stay_bounded() {
        let mut views = Views::default();
        let format = Format::from_name("anthropic").unwrap();
        for hour in 0..200_000 {
            views.count(format, &record(hour, 1, None));
        }
        assert!(views.slots <= MOST_SLOTS && views.width == 4, "{} {}", views.slots, views.width);
        let total: u64 = views.views.values().flat_map(|v| v.tokens.values()).sum();
        assert_eq!(total, 200_000);
    }
}
