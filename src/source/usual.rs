//! Usual bodies: nearly every body of a format states the same few counts, and they add up.
//!
//! Where these stand is worked out once for a layout. A line of it whose counts add up is read from
//! there alone; every other line is read in full. Both give the same record: a format says of its
//! usual bodies what its reader says of them.

use std::sync::Arc;

use memchr::memmem::Finder;
use smallvec::SmallVec;

use super::envelope::{Envelope, instant};
use super::facts::Facts;
use super::scan::{Object, Place};
use crate::sku::Sku;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{RecordGrain, UsageRecord, UsageTime};

/// Counts of a body that are looked at.
const MOST_COUNTS: usize = 16;

/// What usual bodies of a format state. Counts are named by their place in the usage, such as
/// `output_tokens` or `output_tokens_details.reasoning_tokens`; one that is absent is zero.
#[derive(Debug)]
pub(crate) struct Usual {
    /// The components, in their order: a count, and what inside it counts elsewhere.
    pub(crate) components: &'static [(Component, &'static str, &'static [&'static str])],
    /// Counts that are the sum of others.
    pub(crate) sums: &'static [Sum],
    /// Counts that are zero.
    pub(crate) zeros: &'static [&'static str],
    /// Values of the usage that pass a test.
    pub(crate) tested: &'static [(&'static str, Test)],
    /// Fields of the usage that say nothing of counts.
    pub(crate) aside: &'static [&'static str],
    /// Values of the body that do not mention something.
    pub(crate) silent: &'static [(&'static str, &'static str)],
    /// Keys of the id, in the body or around it, the likelier first.
    pub(crate) ids: &'static [&'static str],
    /// How ids of other makers begin.
    pub(crate) other_ids: &'static [&'static str],
    /// The key of the time in a body.
    pub(crate) time: fn(&Object<'_>) -> &'static str,
    /// True for what is priced by the usual rules.
    pub(crate) fits: fn(&Sku) -> bool,
}

/// A count that is the sum of others.
#[derive(Debug)]
pub(crate) struct Sum {
    /// The name of the sum.
    pub(crate) whole: &'static str,
    /// The names of what it sums.
    pub(crate) parts: &'static [&'static str],
    /// True if bodies without it are no usual ones.
    pub(crate) is_needed: bool,
}

/// A test of a raw value.
pub(crate) type Test = fn(&[u8]) -> bool;

/// Counts by their number, a bit each.
type Bits = u16;

/// Where a usual body has its counts, id and time, by numbers of values of its layout.
#[derive(Debug)]
pub(super) struct Places {
    /// The values that are counts.
    counts: SmallVec<[u32; MOST_COUNTS]>,
    /// Components by the number of their count, and what of it counts elsewhere.
    components: SmallVec<[(Component, usize, Bits); 8]>,
    sums: SmallVec<[(usize, Bits); 2]>,
    zeros: Bits,
    tested: SmallVec<[(u32, Test); 2]>,
    silent: SmallVec<[(u32, Finder<'static>); 1]>,
    other_ids: &'static [&'static str],
    id: u32,
    time: u32,
}

impl Usual {
    /// Where the counts of a body are in lines of its layout; `None` if it is no usual one.
    pub(super) fn places(&self, envelope: &Envelope<'_>) -> Option<Places> {
        let body = envelope.body();
        if !envelope.facts().sku().is_some_and(|sku| (self.fits)(sku)) {
            return None;
        }
        let id = only(body.tracked(|| envelope.text(self.ids)))?;
        let time = only(body.tracked(|| envelope.time((self.time)(body))))?;
        let mut places = Places {
            counts: SmallVec::new(),
            components: SmallVec::new(),
            sums: SmallVec::new(),
            zeros: 0,
            tested: SmallVec::new(),
            silent: SmallVec::new(),
            other_ids: self.other_ids,
            id,
            time,
        };
        let names = self.find_fields(envelope.usage()?, &mut places)?;
        let number = |name: &str| names.iter().position(|known| *known == name);
        let bits = |names: &[&str]| {
            let found = names.iter().filter_map(|name| number(name));
            found.fold(0, |bits, at| bits | Bits::from(true) << at)
        };
        for (component, name, others) in self.components {
            if let Some(whole) = number(name) {
                places.components.push((*component, whole, bits(others)));
            } else if bits(others) != 0 {
                return None;
            }
        }
        for sum in self.sums {
            match number(sum.whole) {
                Some(whole) => places.sums.push((whole, bits(sum.parts))),
                None if sum.is_needed => return None,
                None => {}
            }
        }
        places.zeros = bits(self.zeros);
        for (key, mention) in self.silent {
            match body.place(key) {
                Some(Place::Value(number)) => {
                    places.silent.push((number, Finder::new(*mention)));
                }
                Some(Place::Object(_)) => return None,
                None => {}
            }
        }
        Some(places)
    }

    /// Finds the fields of a usage: the names of its counts, in the order of their places. `None` if
    /// it has any that usual bodies do not have, or one twice.
    fn find_fields(&self, usage: &Object<'_>, places: &mut Places) -> Option<Vec<&'static str>> {
        let mut names = Vec::new();
        for (key, place) in usage.places() {
            match place {
                Place::Value(number) => self.find(key, None, number, places, &mut names)?,
                Place::Object(_) if usage.raw_keys().filter(|other| *other == key).count() > 1 => {
                    return None;
                }
                Place::Object(inner) => {
                    for (inner_key, place) in inner.places() {
                        let Place::Value(number) = place else { return None };
                        self.find(key, Some(inner_key), number, places, &mut names)?;
                    }
                }
            }
        }
        Some(names)
    }

    fn find(
        &self,
        key: &[u8],
        inner: Option<&[u8]>,
        number: u32,
        places: &mut Places,
        names: &mut Vec<&'static str>,
    ) -> Option<()> {
        let is_it = |name: &&str| match (name.split_once('.'), inner) {
            (Some((outer, rest)), Some(inner)) => {
                key == outer.as_bytes() && inner == rest.as_bytes()
            }
            (None, None) => key == name.as_bytes(),
            _ => false,
        };
        if self.aside.iter().any(is_it) {
            return Some(());
        }
        if let Some((_, test)) = self.tested.iter().find(|(name, _)| is_it(name)) {
            places.tested.push((number, *test));
            return Some(());
        }
        let of_components = self
            .components
            .iter()
            .flat_map(|(_, whole, others)| std::iter::once(whole).chain(*others));
        let of_sums = self.sums.iter().flat_map(|sum| std::iter::once(&sum.whole).chain(sum.parts));
        let name = *of_components.chain(of_sums).chain(self.zeros).find(|name| is_it(name))?;
        if names.contains(&name) || names.len() == MOST_COUNTS {
            return None;
        }
        names.push(name);
        places.counts.push(number);
        Some(())
    }
}

/// The number of the one value that was looked at for an answer.
fn only<T>((answer, looked_at): (Option<T>, super::memo::Fields)) -> Option<u32> {
    (answer.is_some() && looked_at.count_ones() == 1).then(|| looked_at.trailing_zeros())
}

impl Places {
    /// The record of a line, if its body is a usual one and the facts are known; else the line must
    /// be read in full.
    pub(super) fn read(&self, line: &Object<'_>, facts: &Facts) -> Option<UsageRecord> {
        let (sku, labels) = facts.of_usual()?;
        let components = self.components(line)?;
        let is_silent =
            |(number, finder): &(u32, Finder<'_>)| !line.value_at(*number).mentions(finder);
        let passes = |(number, test): &(u32, Test)| test(line.value_at(*number).raw());
        if !self.silent.iter().all(is_silent) || !self.tested.iter().all(passes) {
            return None;
        }
        let id = line.value_at(self.id).plain_text().filter(|id| !id.is_empty())?;
        if self.other_ids.iter().any(|start| id.starts_with(start.as_bytes())) {
            return None;
        }
        let time = instant(&line.value_at(self.time))?;
        Some(UsageRecord {
            time: UsageTime::At(time),
            grain: RecordGrain::Request,
            context_tokens: None,
            requests: 1,
            request_id: Some(RequestId::of(&sku.provider, id, 0)),
            sku: Arc::clone(sku),
            labels: Arc::clone(labels),
            components,
            reported_cost: None,
        })
    }

    /// The counts, if they are all plain numbers that add up.
    fn components(&self, line: &Object<'_>) -> Option<ComponentCounts> {
        let mut counts = [0; MOST_COUNTS];
        for (count, number) in counts.iter_mut().zip(&self.counts) {
            *count = line.digits_at(*number)?;
        }
        let sum = |mut bits: Bits| {
            let mut sum = 0_u64;
            while bits != 0 {
                sum = sum.checked_add(counts[bits.trailing_zeros() as usize % MOST_COUNTS])?;
                bits &= bits - 1;
            }
            Some(sum)
        };
        if sum(self.zeros)? != 0 {
            return None;
        }
        for (whole, parts) in &self.sums {
            if counts[*whole % MOST_COUNTS] != sum(*parts)? {
                return None;
            }
        }
        let mut components = ComponentCounts::default();
        for (component, whole, elsewhere) in &self.components {
            components.add(*component, counts[*whole % MOST_COUNTS].checked_sub(sum(*elsewhere)?)?);
        }
        Some(components)
    }
}
