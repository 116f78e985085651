//! Classes of characters, as the regex engine of the reference has them.

use super::layout::BLOCK;

static INDEX: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/characters.index"));
static BLOCKS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/characters.blocks"));

/// What a character is to the split rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Punctuation, symbols, controls, unassigned.
    Other = 0,
    /// Upper and title case: `\p{Lu}\p{Lt}`.
    Upper = 1,
    /// Lower case: `\p{Ll}`.
    Lower = 2,
    /// Letters without case: `\p{Lm}\p{Lo}`.
    Caseless = 3,
    /// `\p{M}`.
    Mark = 4,
    /// `\p{N}`.
    Number = 5,
    /// `\s` without line ends.
    Space = 6,
    /// `\r` and `\n`.
    LineEnd = 7,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Other,
        Self::Upper,
        Self::Lower,
        Self::Caseless,
        Self::Mark,
        Self::Number,
        Self::Space,
        Self::LineEnd,
    ];

    /// `\p{L}`.
    #[inline]
    pub(super) const fn is_letter(self) -> bool {
        matches!(self, Self::Upper | Self::Lower | Self::Caseless)
    }

    /// `\s`.
    #[inline]
    pub(super) const fn is_space(self) -> bool {
        matches!(self, Self::Space | Self::LineEnd)
    }

    /// `[^\s\p{L}\p{N}]`.
    #[inline]
    pub(super) const fn is_other(self) -> bool {
        matches!(self, Self::Other | Self::Mark)
    }
}

/// A character of a text: its kind, its text class and its length in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Character {
    packed: u8,
    pub(super) len: usize,
}

impl Character {
    #[inline]
    pub(super) const fn kind(self) -> Kind {
        Kind::ALL[(self.packed & 7) as usize]
    }

    /// The number of a `TextClass`.
    #[inline]
    pub(super) const fn text_class(self) -> u8 {
        self.packed >> 3
    }
}

const ASCII: [u8; 128] = ascii();

const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut at = 0;
    while at < 128 {
        // All of ASCII is in the first block, to which the first index points.
        table[at] = BLOCKS[at];
        at += 1;
    }
    table
}

/// The character that begins at `at`; `None` at the end. `text` is UTF-8 and `at` a boundary of it.
#[inline]
pub(super) fn character(text: &[u8], at: usize) -> Option<Character> {
    let first = *text.get(at)?;
    if first < 0x80 {
        return Some(Character { packed: ASCII[usize::from(first)], len: 1 });
    }
    Some(beyond_ascii(text, at, first))
}

fn beyond_ascii(text: &[u8], at: usize, first: u8) -> Character {
    let next = |n: usize| u32::from(text.get(at + n).map_or(0, |byte| byte & 0x3F));
    let first = u32::from(first);
    let (point, len) = match first {
        ..0xE0 => ((first & 0x1F) << 6 | next(1), 2),
        0xE0..0xF0 => ((first & 0xF) << 12 | next(1) << 6 | next(2), 3),
        _ => ((first & 7) << 18 | next(1) << 12 | next(2) << 6 | next(3), 4),
    };
    Character { packed: packed(point), len }
}

fn packed(point: u32) -> u8 {
    let block = INDEX.as_chunks::<2>().0.get((point / BLOCK) as usize);
    let block = usize::from(block.map_or(0, |bytes| u16::from_le_bytes(*bytes)));
    BLOCKS.get(block * BLOCK as usize + (point % BLOCK) as usize).copied().unwrap_or_default()
}
