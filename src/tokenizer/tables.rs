//! The vocabularies that are compiled in, read where they lie: nothing is built at the start.

use super::encoding::Encoding;
use super::layout::{
    AFTER_SHIFT, BEFORE_SHIFT, BYTES, EMPTY_PAIR, INNER_TOKEN, LEAF, NO_LABEL, PAYLOAD_SHIFT,
    TOKEN_BITS, pair_slot, partner, single_bytes,
};

/// A token by its rank: of two merges, the one that makes the lower rank comes first.
pub(super) type Token = u32;

const TOKEN_MASK: u64 = (1 << TOKEN_BITS) - 1;

/// A token that bytes begin with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) token: Token,
    pub(super) len: usize,
}

type Word = [u8; 4];

/// The tables of one vocabulary, see `layout`.
#[derive(Debug)]
pub(super) struct Tables {
    trie: &'static [u8],
    pairs: &'static [u8],
    splits: &'static [u8],
    /// Tokens from here on are of another vocabulary that this one is the beginning of.
    size: Token,
}

macro_rules! tables {
    ($name:literal, $size:literal) => {
        Tables {
            trie: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".trie")),
            pairs: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".pairs")),
            splits: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".splits")),
            size: $size,
        }
    };
}

static O200K: Tables = tables!("o200k", 199_998);
static CL100K: Tables = tables!("cl100k", 100_256);
static P50K: Tables = tables!("p50k", 50_280);
static R50K: Tables = tables!("p50k", 50_256);

impl Tables {
    pub(super) fn of(encoding: Encoding) -> &'static Self {
        match encoding {
            Encoding::O200kBase | Encoding::O200kHarmony => &O200K,
            Encoding::Cl100kBase => &CL100K,
            Encoding::P50kBase => &P50K,
            Encoding::R50kBase => &R50K,
        }
    }

    /// The tokens that `bytes` begin with, the longest last; every byte of UTF-8 is a token.
    #[inline]
    pub(super) fn all(&self, bytes: &[u8], found: &mut Vec<Found>) {
        found.clear();
        let units = self.trie.as_chunks::<4>().0;
        let mut unit = word(units, 0);
        for (at, byte) in bytes.iter().enumerate() {
            unit = word(units, (unit >> PAYLOAD_SHIFT) ^ u32::from(*byte));
            if unit & 0xFF != u32::from(*byte) {
                break;
            }
            if unit & (LEAF | INNER_TOKEN) == 0 {
                continue;
            }
            let leaf = unit & LEAF != 0;
            let token = match leaf {
                true => unit,
                false => word(units, (unit >> PAYLOAD_SHIFT) ^ u32::from(NO_LABEL)),
            } >> PAYLOAD_SHIFT;
            if token < self.size {
                found.push(Found { token, len: at + 1 });
            }
            if leaf {
                break;
            }
        }
    }

    /// The bytes of all tokens in order: each is made of two before it.
    pub(super) fn tokens(&self) -> Vec<Vec<u8>> {
        let mut tokens: Vec<Vec<u8>> = single_bytes().map(|byte| vec![byte]).collect();
        for token in BYTES..self.size {
            let split = self.split(token);
            let bytes = |part: Token| tokens.get(part as usize).map_or(&[][..], Vec::as_slice);
            tokens.push([bytes(split.left()), bytes(split.right())].concat());
        }
        tokens
    }

    /// The token that merging two makes.
    fn merged(&self, left: Token, right: Token) -> Option<Token> {
        let slots = self.pairs.as_chunks::<4>().0;
        // There are fewer slots than 2^19.
        let (mut slot, part) =
            pair_slot(left, right, u32::try_from(slots.len()).unwrap_or_default());
        loop {
            let found = word(slots, slot);
            if found == EMPTY_PAIR {
                return None;
            }
            let token = found & ((1 << TOKEN_BITS) - 1);
            if found - token == part {
                let split = self.split(token);
                if (split.left(), split.right()) == (left, right) {
                    return (token < self.size).then_some(token);
                }
            }
            slot = if slot as usize + 1 == slots.len() { 0 } else { slot + 1 };
        }
    }

    #[inline]
    fn split(&self, token: Token) -> Split {
        let bytes = self.splits.as_chunks::<8>().0.get(token as usize);
        Split(bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes)))
    }

    /// Whether merging the bytes of two tokens by rank gives these two again.
    ///
    /// Merges are undone from the last to the first. While one was not undone yet, the tokens at the seam stood beside
    /// each other; had the token that they make a lower rank than the next merge, it would have come first.
    #[inline]
    pub(super) fn stay_apart(&self, mut left: Token, mut right: Token) -> bool {
        // What a merge across the seam must not be below. Of equal ranks the one further left comes first.
        let mut limit = Token::MAX;
        let (mut of_left, mut of_right) = (self.split(left), self.split(right));
        loop {
            if of_left.may_precede(right)
                && of_right.may_follow(left)
                && self.merged(left, right).is_some_and(|token| token < limit)
            {
                return false;
            }
            if left.max(right) < BYTES {
                return true;
            }
            if left > right {
                limit = left;
                left = of_left.right();
                of_left = self.split(left);
            } else {
                limit = right + 1;
                right = of_right.left();
                of_right = self.split(right);
            }
        }
    }
}

/// The two tokens from which merging makes a token, and sets of those it is merged with itself.
#[derive(Debug, Clone, Copy)]
struct Split(u64);

impl Split {
    #[inline]
    const fn left(self) -> Token {
        (self.0 & TOKEN_MASK) as Token
    }

    #[inline]
    const fn right(self) -> Token {
        (self.0 >> TOKEN_BITS & TOKEN_MASK) as Token
    }

    /// Whether there may be a merge of the token and this one after it; if not, there is none.
    #[inline]
    const fn may_precede(self, after: Token) -> bool {
        self.0 >> (AFTER_SHIFT + partner(after)) & 1 == 1
    }

    #[inline]
    const fn may_follow(self, before: Token) -> bool {
        self.0 >> (BEFORE_SHIFT + partner(before)) & 1 == 1
    }
}

#[inline]
fn word(words: &[Word], at: u32) -> u32 {
    words.get(at as usize).map_or(EMPTY_PAIR, |bytes| u32::from_le_bytes(*bytes))
}
