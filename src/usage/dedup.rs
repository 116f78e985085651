//! De-duplication: one request logged several times counts once.
//!
//! Logs repeat requests by design: streams log growing counts, agents log an answer once a content
//! block, resumed sessions copy lines into other files. Copies share the provider's id. Of all
//! copies the largest count of each component is kept, the earliest time, and the greatest profile
//! by its natural order, so the result does not depend on the order of reading.

#[cfg(test)]
mod tests;

use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Read};

use hashbrown::HashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_128;

use super::UsageTime;
use super::arena::{Arena, decode, encode};
use crate::tokens::ComponentCounts;
use crate::usage::{ReportedCost, Request};

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
    taken: Vec<Taken>,
}

impl Default for Dedup {
    fn default() -> Self {
        let parts = (0..PARTS).map(|_| Part::default()).collect();
        Self { parts, len: 0, taken: Vec::new() }
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
        self.parts[Self::part_of(id)].places.contains_key(&id.0)
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
        let verdict = self.parts[Self::part_of(id)].offer(id, new, &self.taken, better);
        self.len += usize::from(verdict == Verdict::New);
        verdict
    }

    /// Decides on the records with an id of one part of a log, whose bytes are taken over as they
    /// are, unless many are copies. `profiles` are the profiles of its sums. Those seen before come to
    /// `again`.
    pub(crate) fn take_over(
        &mut self,
        requests: &[Request],
        bytes: Vec<u8>,
        profiles: &[u32],
        better: impl Fn(u32, u32) -> bool,
        mut again: impl FnMut(&Request, &Contribution, Verdict),
    ) {
        if requests.is_empty() {
            return;
        }
        let room = bytes.len() + size_of_val(profiles);
        let number = u64::try_from(self.taken.len()).unwrap_or(u64::MAX);
        self.taken.push(Taken { bytes: bytes.into(), profiles: profiles.into() });
        let place_of = |request: &Request| TAKEN | number << 32 | u64::from(request.start);
        let mut copies = 0;
        for request in requests {
            let place = place_of(request);
            let part = &mut self.parts[Self::part_of(request.id)];
            let Some(known) = part.places.insert(request.id.0, place) else {
                self.len += 1;
                continue;
            };
            copies += 1;
            let new = part.kept(place, &self.taken);
            let verdict = part.again(request.id, known, &new, &self.taken, &better);
            again(request, &new, verdict);
        }
        let is_worth_it = room <= MOST_ROOM * (requests.len() - copies);
        if !is_worth_it || copies > requests.len() / MOST_COPIES {
            // What copies say, or requests that were left out, is not worth the room: the others are
            // kept by themselves.
            for request in requests {
                let part = &mut self.parts[Self::part_of(request.id)];
                if let Some(place) = part.places.get(&request.id.0).copied()
                    && place == place_of(request)
                {
                    let moved = part.arena.keep(&part.kept(place, &self.taken));
                    part.places.insert(request.id.0, moved);
                }
            }
            self.taken.pop();
        }
    }

    /// Forgets the ids of a part. What was taken over is shared with other parts, and stays.
    pub fn forget(&mut self, part: usize) {
        if let Some(part) = self.parts.get_mut(part) {
            self.len -= part.places.len();
            *part = Part::default();
        }
    }
}

/// Marks the place of bytes that were taken over: the number of what they were taken over with, and
/// where in it they begin. Any other place is one of the arena.
const TAKEN: u64 = 1 << 63;

/// One request in so many may be a copy where bytes are taken over.
const MOST_COPIES: usize = 8;
/// Bytes for each request that is no copy: two to three times what it mostly takes.
const MOST_ROOM: usize = 64;

/// What the requests of one part of a log add, as it was encoded where the log was read.
#[derive(Debug)]
struct Taken {
    bytes: Box<[u8]>,
    /// The profiles that the numbers in the bytes stand for.
    profiles: Box<[u32]>,
}

/// Ids that share the top bits of their hash.
#[derive(Debug, Default)]
struct Part {
    places: HashMap<[u64; 2], u64, BuildHasherDefault<TakeLast>>,
    arena: Arena,
}

impl Part {
    fn offer(
        &mut self,
        id: RequestId,
        new: &Contribution,
        taken: &[Taken],
        better: impl FnOnce(u32, u32) -> bool,
    ) -> Verdict {
        // Nearly all ids are new: it is kept first, and looked at then whether it was known.
        let place = self.arena.keep(new);
        let Some(known) = self.places.insert(id.0, place) else { return Verdict::New };
        self.arena.take_back(place);
        self.again(id, known, new, taken, better)
    }

    /// Decides on a record whose id stood for what is kept at the `known` place.
    fn again(
        &mut self,
        id: RequestId,
        known: u64,
        new: &Contribution,
        taken: &[Taken],
        better: impl FnOnce(u32, u32) -> bool,
    ) -> Verdict {
        let old = self.kept(known, taken);
        let merged = merge(&old, new, better);
        if merged == old {
            self.places.insert(id.0, known);
            return Verdict::Duplicate;
        }
        let place = match known & TAKEN {
            0 => self.arena.change(known, &merged),
            _ => self.arena.keep(&merged),
        };
        self.places.insert(id.0, place);
        Verdict::Replace(Box::new((old, merged)))
    }

    /// What is kept at a place.
    fn kept(&self, place: u64, taken: &[Taken]) -> Contribution {
        if place & TAKEN == 0 {
            return self.arena.get(place);
        }
        let half = |bits: u64| usize::try_from(bits & u64::from(u32::MAX)).unwrap_or(usize::MAX);
        let Taken { bytes, profiles } = &taken[half((place ^ TAKEN) >> 32)];
        let (mut kept, _) = decode(&bytes[half(place)..]);
        kept.profile = profiles[kept.profile as usize];
        kept
    }
}

/// Writes an id and what it adds, for [`read_from`].
pub fn write_to(id: RequestId, contribution: &Contribution, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&id.0[0].to_le_bytes());
    out.extend_from_slice(&id.0[1].to_le_bytes());
    encode(contribution.into(), out);
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
    Ok(Some((RequestId([half(0), half(8)]), decode(&bytes[16..]).0)))
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
