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
use super::arena::{Arena, decode, encode};
use crate::tokens::ComponentCounts;
use crate::usage::ReportedCost;

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

impl Part {
    fn offer(
        &mut self,
        id: RequestId,
        new: &Contribution,
        better: impl FnOnce(u32, u32) -> bool,
    ) -> Verdict {
        let key = id.0;
        // Nearly all ids are new: it is kept first, and looked at then whether it was known.
        let offset = self.arena.keep(new);
        let Some(known) = self.offsets.insert(key, offset) else { return Verdict::New };
        self.arena.take_back(offset);
        let old = self.arena.get(known);
        let merged = merge(&old, new, better);
        if merged == old {
            self.offsets.insert(key, known);
            return Verdict::Duplicate;
        }
        let offset = self.arena.keep(&merged);
        self.offsets.insert(key, offset);
        Verdict::Replace(Box::new((old, merged)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::arena::tests::contribution;

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
