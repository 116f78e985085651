//! De-duplication: one request logged several times counts once.
//!
//! Logs repeat requests by design: streams log growing counts, agents log an answer once a content
//! block, resumed sessions copy lines into other files. Copies share the provider's id. Of all
//! copies the largest count of each component is kept, the earliest time, and the greatest profile
//! by its natural order, so the result does not depend on the order of reading.

use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Read};

use hashbrown::HashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_128;

use super::UsageTime;
use crate::money::{Amount, Currency};
use crate::period::{Period, Timestamp};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::{CostKind, ReportedCost};

/// The identity of a request: 128 bits of who answered it and the id that they gave it, so that ids
/// of different providers never meet and long ids need no memory. Two different requests of a run
/// of 10^9 meet with a chance below 10^-20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u64; 2]);

impl RequestId {
    /// Of a provider and its id; `turn` tells the separately billed turns of one answer apart.
    #[must_use]
    pub fn new(provider: &str, id: &str, turn: usize) -> Self {
        Self::of(provider, id.as_bytes(), turn)
    }

    /// The same of an id whose bytes are known to be text.
    #[must_use]
    pub fn of(provider: &str, id: &[u8], turn: usize) -> Self {
        let mut named: SmallVec<[u8; 256]> = SmallVec::new();
        named.extend_from_slice(provider.as_bytes());
        named.push(0);
        named.extend_from_slice(id);
        if turn > 0 {
            named.extend_from_slice(&turn.to_le_bytes());
        }
        Self::of_bytes(&named)
    }

    /// Of bytes that only copies share.
    #[must_use]
    pub fn of_bytes(named: &[u8]) -> Self {
        let bytes = xxh3_128(named).to_le_bytes();
        let half = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Self([half(0), half(8)])
    }
}

/// What one request added to a rollup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// When.
    pub time: UsageTime,
    /// Number of the profile it was counted under.
    pub profile: u32,
    /// Number of requests.
    pub requests: u64,
    /// Counts.
    pub components: ComponentCounts,
    /// The cost that the log carries.
    pub reported_cost: Option<ReportedCost>,
}

/// The verdict on a record.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen before: count it.
    New,
    /// Seen before and nothing new in it.
    Duplicate,
    /// Seen before with other values: the first must be taken back and the second counted instead.
    Replace(Box<(Contribution, Contribution)>),
}

/// Parts that ids fall into, by the top bits of their hash: tables grow one by one, and ids beyond
/// what memory holds can be worked through a part at a time.
pub const PARTS: usize = 256;

/// Remembers what each request id added: 50 to 110 bytes an id, as full as the tables are.
#[derive(Debug)]
pub struct Dedup {
    parts: Vec<Part>,
    len: usize,
}

impl Default for Dedup {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Part::default()).collect(), len: 0 }
    }
}

impl Dedup {
    /// The part that an id falls into.
    #[must_use]
    pub fn part_of(id: RequestId) -> usize {
        usize::from(id.0[0].to_be_bytes()[0])
    }

    /// Number of different ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if an id was offered before.
    #[must_use]
    pub fn has(&self, id: RequestId) -> bool {
        self.parts[Self::part_of(id)].offsets.contains_key(&id.0)
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Decides on a record; `better` tells whether the second profile outranks the first.
    pub fn offer(
        &mut self,
        id: RequestId,
        new: &Contribution,
        better: impl FnOnce(u32, u32) -> bool,
    ) -> Verdict {
        let verdict = self.parts[Self::part_of(id)].offer(id, new, better);
        self.len += usize::from(verdict == Verdict::New);
        verdict
    }

    /// Forgets the ids of a part.
    pub fn forget(&mut self, part: usize) {
        if let Some(part) = self.parts.get_mut(part) {
            self.len -= part.offsets.len();
            *part = Part::default();
        }
    }
}

/// Ids that share the top bits of their hash.
#[derive(Debug, Default)]
struct Part {
    offsets: HashMap<[u64; 2], u64, BuildHasherDefault<TakeLast>>,
    arena: Arena,
}

/// Bytes of a chunk of an arena.
const CHUNK: usize = 16 << 10;

/// Bytes in chunks that stay where they are: growing neither copies nor holds twice the room.
#[derive(Debug, Default)]
struct Arena(Vec<Vec<u8>>);

impl Arena {
    /// Keeps what is written together, at most so many bytes; its place.
    fn append(&mut self, most: usize, write: impl FnOnce(&mut Vec<u8>)) -> u64 {
        if self.0.last().is_none_or(|last| last.capacity() - last.len() < most) {
            self.0.push(Vec::with_capacity(CHUNK.max(most)));
        }
        let number = self.0.len() - 1;
        let chunk = &mut self.0[number];
        let place = number * CHUNK + chunk.len();
        write(chunk);
        u64::try_from(place).unwrap_or(u64::MAX)
    }

    /// What begins at a place.
    fn from(&self, place: u64) -> &[u8] {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let chunk = self.0.get(place / CHUNK).map_or(&[][..], |chunk| chunk);
        chunk.get(place % CHUNK..).unwrap_or_default()
    }
}

impl Part {
    fn offer(
        &mut self,
        id: RequestId,
        new: &Contribution,
        better: impl FnOnce(u32, u32) -> bool,
    ) -> Verdict {
        let key = id.0;
        let Some(offset) = self.offsets.get(&key) else {
            let offset = self.append(new);
            self.offsets.insert(key, offset);
            return Verdict::New;
        };
        let old = decode(self.arena.from(*offset));
        let merged = merge(&old, new, better);
        if merged == old {
            return Verdict::Duplicate;
        }
        let offset = self.append(&merged);
        self.offsets.insert(key, offset);
        Verdict::Replace(Box::new((old, merged)))
    }

    fn append(&mut self, contribution: &Contribution) -> u64 {
        let most = MOST_BUT_COUNTS + MOST_OF_COUNT * contribution.components.len();
        self.arena.append(most, |out| encode(contribution, out))
    }
}

/// Writes an id and what it adds, for [`read_from`].
pub fn write_to(id: RequestId, contribution: &Contribution, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&id.0[0].to_le_bytes());
    out.extend_from_slice(&id.0[1].to_le_bytes());
    encode(contribution, out);
    // A contribution has less than a hundred components.
    let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&length.to_le_bytes());
}

/// Reads what [`write_to`] wrote; `None` at the end.
///
/// # Errors
/// Those of the reader, and an end in the middle.
pub fn read_from(mut from: impl Read) -> io::Result<Option<(RequestId, Contribution)>> {
    let mut length = [0; 2];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut bytes = vec![0; usize::from(u16::from_le_bytes(length))];
    from.read_exact(&mut bytes)?;
    let half = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
    if bytes.len() < 16 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((RequestId([half(0), half(8)]), decode(&bytes[16..]))))
}

fn merge(
    old: &Contribution,
    new: &Contribution,
    better: impl FnOnce(u32, u32) -> bool,
) -> Contribution {
    let outranks = old.profile != new.profile && better(old.profile, new.profile);
    Contribution {
        time: old.time.min(new.time),
        profile: if outranks { new.profile } else { old.profile },
        requests: old.requests.max(new.requests),
        components: old.components.max(&new.components),
        reported_cost: match (old.reported_cost, new.reported_cost) {
            (Some(a), Some(b))
                if (b.kind, b.currency, b.amount) > (a.kind, a.currency, a.amount) =>
            {
                Some(b)
            }
            (a, b) => a.or(b),
        },
    }
}

/// The keys are hashes already; their first half tells the part, so the second is taken.
#[derive(Debug, Default)]
struct TakeLast(u64);

impl Hasher for TakeLast {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let last: [u8; 8] = std::array::from_fn(|i| bytes.get(i + 8).copied().unwrap_or(0));
        self.0 = u64::from_le_bytes(last);
    }

    /// The length of the key, always the same.
    fn write_usize(&mut self, _: usize) {}
}

/// Bytes of an encoded contribution but for its counts: flags, times, varints, a cost; and of a count.
const MOST_BUT_COUNTS: usize = 1 + 2 * 8 + 3 * 10 + 1 + 3 + 16;
const MOST_OF_COUNT: usize = 1 + 10;

const HAS_END: u8 = 1;
const HAS_COST: u8 = 2;

fn encode(c: &Contribution, out: &mut Vec<u8>) {
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

fn decode(bytes: &[u8]) -> Contribution {
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
    Contribution { time, profile, requests, components, reported_cost }
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
mod tests {
    use super::*;

    fn contribution(output: u64, nanos: i64) -> Contribution {
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
        arena.append(&[9, 9]);
        let mut bucket = contribution(u64::MAX, i64::MIN);
        bucket.time = UsageTime::Bucket(Period {
            start: Timestamp::from_nanos(1),
            end: Timestamp::from_nanos(i64::MAX),
        });
        // More than a chunk holds.
        for item in [contribution(0, 5), bucket].iter().cycle().take(1_000) {
            let mut bytes = Vec::new();
            encode(item, &mut bytes);
            let offset = arena.append(&bytes);
            assert_eq!(decode(arena.from(offset)), *item);
        }
        assert!(arena.0.len() > 2);
        assert_eq!(decode(arena.from(2)), contribution(0, 5), "what was kept first");
    }

    #[test]
    fn growing_copies_keep_the_largest_counts_and_the_first_time() {
        let mut dedup = Dedup::default();
        let better = |_: u32, _: u32| false;
        let id = |provider| RequestId::new(provider, "m", 0);
        assert_eq!(dedup.offer(id("anthropic"), &contribution(9, 50), better), Verdict::New);
        assert_eq!(dedup.offer(id("anthropic"), &contribution(9, 60), better), Verdict::Duplicate);
        let Verdict::Replace(change) = dedup.offer(id("anthropic"), &contribution(159, 40), better)
        else {
            panic!()
        };
        assert_eq!((change.0, change.1), (contribution(9, 50), contribution(159, 40)));
        assert_eq!(dedup.offer(id("anthropic"), &contribution(3, 70), better), Verdict::Duplicate);
        assert_eq!(dedup.offer(id("openai"), &contribution(9, 50), better), Verdict::New);
    }
}
