//! How the tables are laid out: shared by the build script that writes them and the code that reads them.
//!
//! A **trie** of all tokens is a double array of 32-bit units: the child of a unit for a byte is at
//! `payload ^ byte` and has that byte as its label. A **split** is the last merge that makes a token,
//! with two sets of what the token itself is merged with. The **pair** table finds a token by the two tokens it is merged from.

/// A label that no text has: bytes 0xFF are not UTF-8. It marks empty units and those that hold the
/// token of their parent.
pub(crate) const NO_LABEL: u8 = 0xFF;
/// Set where a unit has no children: its payload is a token.
pub(crate) const LEAF: u32 = 1 << 8;
/// Set where a unit has children and is a token, which its child `NO_LABEL` holds.
pub(crate) const INNER_TOKEN: u32 = 1 << 9;
/// Where the payload of a unit begins.
pub(crate) const PAYLOAD_SHIFT: u32 = 10;
/// Bits of a token in a slot of the pair table; the rest is a part of the hash.
pub(crate) const TOKEN_BITS: u32 = 18;
/// A slot of the pair table that holds nothing.
pub(crate) const EMPTY_PAIR: u32 = u32::MAX;
/// Tokens below are single bytes.
pub(crate) const BYTES: u32 = 256;
/// Code points of one block of the table of characters.
pub(crate) const BLOCK: u32 = 128;

/// Where the set of the tokens that come after a token in merges begins in its split: after two tokens of 18 bits.
pub(crate) const AFTER_SHIFT: u32 = 2 * TOKEN_BITS;
/// Where the set of the tokens that come before it begins.
pub(crate) const BEFORE_SHIFT: u32 = AFTER_SHIFT + PARTNERS;
/// Bits of a set of partners, each for many tokens.
const PARTNERS: u32 = 14;

/// The bit of a token in sets of partners.
#[inline]
pub(crate) const fn partner(token: u32) -> u32 {
    ((token.wrapping_mul(0x9E37_79B1) >> 16) * PARTNERS) >> 16
}

/// The tokens of single bytes in their order: first the characters that print.
pub(crate) fn single_bytes() -> impl Iterator<Item = u8> {
    let prints = |byte: &u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    (0..=u8::MAX).filter(prints).chain((0..=u8::MAX).filter(move |byte| !prints(byte)))
}

/// Where a pair belongs in a table of so many slots, and the part of its hash that the slot keeps.
#[inline]
pub(crate) fn pair_slot(left: u32, right: u32, slots: u32) -> (u32, u32) {
    let key = (u64::from(left) << 32) | u64::from(right);
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let high = (mixed >> 32) * u64::from(slots);
    (low_half(high >> 32), low_half(mixed & 0xFFFF_FFFF) << TOKEN_BITS)
}

#[expect(clippy::cast_possible_truncation, reason = "callers pass numbers below 2^32")]
const fn low_half(number: u64) -> u32 {
    number as u32
}
