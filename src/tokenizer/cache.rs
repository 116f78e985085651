//! Counts of short pieces that were seen before: a table of fixed size that forgets.

/// Pieces up to this length are kept, in a number of 128 bits with all that is known of them.
pub(super) const LONGEST: usize = 14;

const LEN_SHIFT: u32 = 112;
const COUNT_SHIFT: u32 = 116;
const CLASS_SHIFT: u32 = 120;
/// The bytes and the length.
const KEY: u128 = (1 << COUNT_SHIFT) - 1;

/// Four entries that one step of memory brings in.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Set([u128; 4]);

/// 4 MiB: most of what text in one language repeats.
const SETS: usize = 1 << 16;

/// The cache of one counter.
#[derive(Debug)]
pub(super) struct Cache {
    sets: Vec<Set>,
}

/// What is known of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known(u128);

impl Known {
    pub(super) const fn tokens(self) -> u64 {
        (self.0 >> COUNT_SHIFT) as u64 & 0xF
    }

    pub(super) const fn class(self) -> u8 {
        (self.0 >> CLASS_SHIFT) as u8
    }
}

/// A piece of at most `LONGEST` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u128);

impl Key {
    /// The piece of `len` bytes at `at`.
    #[inline]
    pub(super) fn new(text: &[u8], at: usize, len: usize) -> Self {
        let bytes = match text[at..].first_chunk::<16>() {
            Some(bytes) => u128::from_le_bytes(*bytes) & ((1 << (8 * len)) - 1),
            None => {
                let mut bytes = [0; 16];
                bytes[..len].copy_from_slice(&text[at..at + len]);
                u128::from_le_bytes(bytes)
            }
        };
        Self(bytes | (len as u128) << LEN_SHIFT)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves, and bits of a hash")]
    const fn set(self) -> usize {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        let mixed = (low ^ high.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 32) ^ high).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        (mixed >> 48) as usize % SETS
    }
}

impl Cache {
    pub(super) fn new() -> Self {
        Self { sets: vec![Set::default(); SETS] }
    }

    #[inline]
    pub(super) fn get(&self, key: Key) -> Option<Known> {
        let Set(set) = self.sets[key.set()];
        set.into_iter().find(|entry| entry & KEY == key.0).map(Known)
    }

    /// Keeps a count below 16 and a class below 8; the oldest entry of the set is forgotten.
    pub(super) fn keep(&mut self, key: Key, tokens: u64, class: u8) -> Known {
        let entry =
            key.0 | u128::from(tokens & 0xF) << COUNT_SHIFT | u128::from(class) << CLASS_SHIFT;
        let Set(set) = &mut self.sets[key.set()];
        set.rotate_right(1);
        set[0] = entry;
        Known(entry)
    }
}
