//! What requests add, kept as few bytes.

use super::UsageTime;
use super::dedup::Contribution;
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{CostKind, ReportedCost};

/// Bytes of a chunk of an arena.
const CHUNK: usize = 16 << 10;

/// Contributions in chunks that stay where they are: growing neither copies nor holds twice the room.
#[derive(Debug, Default)]
pub(super) struct Arena(Vec<Vec<u8>>);

impl Arena {
    /// Keeps a contribution; its place.
    pub(super) fn keep(&mut self, contribution: &Contribution) -> u64 {
        let most = MOST_BUT_COUNTS + MOST_OF_COUNT * contribution.components.len();
        if self.0.last().is_none_or(|last| CHUNK.saturating_sub(last.len()) < most) {
            self.0.push(Vec::with_capacity(CHUNK.max(most)));
        }
        let number = self.0.len() - 1;
        let chunk = &mut self.0[number];
        let place = number * CHUNK + chunk.len();
        encode(contribution.into(), chunk);
        u64::try_from(place).unwrap_or(u64::MAX)
    }

    /// Lets go what was kept last, at this place.
    pub(super) fn take_back(&mut self, place: u64) {
        if let Some(chunk) = self.0.last_mut() {
            chunk.truncate(offset_of(place));
        }
    }

    /// Keeps a contribution instead of the one at a place, there if it fits; its place.
    pub(super) fn change(&mut self, place: u64, contribution: &Contribution) -> u64 {
        let (_, room) = decode(self.bytes(place));
        let mut bytes = Vec::with_capacity(room);
        encode(contribution.into(), &mut bytes);
        match self.0.get_mut(chunk_of(place)) {
            Some(chunk) if bytes.len() <= room => {
                let start = offset_of(place);
                chunk[start..start + bytes.len()].copy_from_slice(&bytes);
                place
            }
            _ => self.keep(contribution),
        }
    }

    /// The contribution at a place.
    pub(super) fn get(&self, place: u64) -> Contribution {
        decode(self.bytes(place)).0
    }

    #[cfg(test)]
    pub(super) fn chunks(&self) -> usize {
        self.0.len()
    }

    fn bytes(&self, place: u64) -> &[u8] {
        let chunk = self.0.get(chunk_of(place)).map_or(&[][..], |chunk| chunk);
        chunk.get(offset_of(place)..).unwrap_or_default()
    }
}

fn chunk_of(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX) / CHUNK
}

fn offset_of(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX) % CHUNK
}

/// Bytes of an encoded contribution but for its counts: flags, times, varints, a cost; and of a count.
const MOST_BUT_COUNTS: usize = 1 + 2 * 8 + 3 * 10 + 1 + 3 + 16;
const MOST_OF_COUNT: usize = 1 + 10;

const HAS_END: u8 = 1;
const HAS_COST: u8 = 2;

/// What a request adds, as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Added<'a> {
    pub(super) time: UsageTime,
    pub(super) profile: u32,
    pub(super) requests: u64,
    pub(super) components: &'a ComponentCounts,
    pub(super) reported_cost: Option<ReportedCost>,
}

impl<'a> From<&'a Contribution> for Added<'a> {
    fn from(c: &'a Contribution) -> Self {
        let Contribution { time, profile, requests, components, reported_cost } = c;
        Self {
            time: *time,
            profile: *profile,
            requests: *requests,
            components,
            reported_cost: *reported_cost,
        }
    }
}

pub(super) fn encode(c: Added<'_>, out: &mut Vec<u8>) {
    let (start, end) = match c.time {
        UsageTime::At(instant) => (instant, None),
        UsageTime::Bucket(period) => (period.start, Some(period.end)),
    };
    out.push(u8::from(end.is_some()) * HAS_END + u8::from(c.reported_cost.is_some()) * HAS_COST);
    out.extend_from_slice(&start.nanos().to_le_bytes());
    if let Some(end) = end {
        out.extend_from_slice(&end.nanos().to_le_bytes());
    }
    put_varint(u64::from(c.profile), out);
    put_varint(c.requests, out);
    put_varint(u64::try_from(c.components.len()).unwrap_or(0), out);
    for (component, count) in c.components.iter() {
        out.push(component as u8);
        put_varint(count, out);
    }
    if let Some(cost) = c.reported_cost {
        out.push(cost.kind as u8);
        out.extend_from_slice(cost.currency.as_str().as_bytes());
        out.extend_from_slice(&cost.amount.atto().to_le_bytes());
    }
}

/// What is written at the beginning of bytes, and how many it takes.
pub(super) fn decode(bytes: &[u8]) -> (Contribution, usize) {
    let mut at = 0;
    let mut take = |count: usize| {
        let slice = &bytes[at..at + count];
        at += count;
        slice
    };
    let flags = take(1)[0];
    let start = Timestamp::from_nanos(i64::from_le_bytes(fixed(take(8))));
    let time = if flags & HAS_END == 0 {
        UsageTime::At(start)
    } else {
        let end = Timestamp::from_nanos(i64::from_le_bytes(fixed(take(8))));
        UsageTime::Bucket(Period { start, end })
    };
    let profile = u32::try_from(take_varint(&mut take)).unwrap_or(u32::MAX);
    let requests = take_varint(&mut take);
    let count = take_varint(&mut take);
    let components = (0..count)
        .map(|_| {
            let component = Component::ALL[usize::from(take(1)[0])];
            (component, take_varint(&mut take))
        })
        .collect();
    let reported_cost = (flags & HAS_COST != 0).then(|| {
        let kind = CostKind::ALL[usize::from(take(1)[0])];
        let currency =
            std::str::from_utf8(take(3)).ok().and_then(|c| c.parse().ok()).unwrap_or(Currency::USD);
        let amount = Amount::from_atto(i128::from_le_bytes(fixed(take(16))));
        ReportedCost { amount, currency, kind }
    });
    (Contribution { time, profile, requests, components, reported_cost }, at)
}

fn fixed<const N: usize>(slice: &[u8]) -> [u8; N] {
    std::array::from_fn(|i| slice[i])
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn take_varint<'a>(take: &mut impl FnMut(usize) -> &'a [u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a request adds at an instant.
    pub(in crate::usage) fn contribution(output: u64, nanos: i64) -> Contribution {
        Contribution {
            time: UsageTime::At(Timestamp::from_nanos(nanos)),
            profile: 300,
            requests: 1,
            components: [(Component::InputUncached, 7), (Component::Output, output)]
                .into_iter()
                .collect(),
            reported_cost: Some(ReportedCost {
                amount: Amount::from_cents(-5),
                currency: Currency::USD,
                kind: CostKind::Estimate,
            }),
        }
    }

    #[test]
    fn contributions_round_trip() {
        let mut arena = Arena::default();
        let first = arena.keep(&contribution(0, 5));
        let mut bucket = contribution(u64::MAX, i64::MIN);
        bucket.time = UsageTime::Bucket(Period {
            start: Timestamp::from_nanos(1),
            end: Timestamp::from_nanos(i64::MAX),
        });
        // As many bytes as there can be.
        let mut largest = Contribution { profile: u32::MAX, requests: u64::MAX, ..bucket.clone() };
        largest.components =
            Component::ALL.iter().map(|component| (*component, u64::MAX)).collect();
        // More than a chunk holds.
        for item in [contribution(0, 5), bucket, largest].iter().cycle().take(1_000) {
            let place = arena.keep(item);
            arena.take_back(place);
            assert_eq!(arena.keep(item), place);
            assert_eq!(arena.get(place), *item);
        }
        assert!(arena.0.len() > 2 && arena.0.iter().all(|chunk| chunk.capacity() == CHUNK));
        assert_eq!(arena.get(first), contribution(0, 5), "what was kept first");
        let (place, beside) = (arena.keep(&contribution(300, 5)), arena.keep(&contribution(1, 6)));
        assert_eq!(arena.change(place, &contribution(16_383, 4)), place, "as long");
        assert_eq!(arena.get(place), contribution(16_383, 4));
        let longer = arena.change(place, &contribution(16_384, 4));
        assert_ne!(longer, place);
        assert_eq!(arena.get(longer), contribution(16_384, 4));
        assert_eq!(arena.get(beside), contribution(1, 6));
    }
}
