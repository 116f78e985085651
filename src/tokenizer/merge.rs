//! How many tokens the merges of a vocabulary leave of a piece, exactly and in time that grows with its length.
//!
//! Instead of merging, tokens are laid from left to right, the longest first, such that each two neighbours stay apart
//! when their bytes are merged by themselves. There is one such sequence, and it is what merging gives. Where no token
//! fits, the last one is taken back, and the place is remembered so that it is tried once only.

use super::tables::{Tables, Token};

/// A token that is laid.
#[derive(Debug, Clone, Copy)]
struct Laid {
    token: Token,
    len: u32,
}

/// Counts tokens of pieces; keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Merger {
    laid: Vec<Laid>,
    /// A bit for every place from which there is no way on; empty as long as there is none.
    dead: Vec<u64>,
}

/// Memory for pieces of this many tokens is kept.
const KEPT: usize = 1 << 16;

impl Merger {
    /// The number of tokens.
    pub(super) fn count(&mut self, tables: &Tables, piece: &[u8]) -> u64 {
        let mut next = tables.longest(piece);
        if next.1 == piece.len() {
            return u64::from(next.1 > 0);
        }
        self.laid.clear();
        self.dead.clear();
        let mut at = 0;
        while at < piece.len() {
            let (token, len) = next;
            let fits = len > 0 && !self.is_dead(at + len) && {
                self.laid.last().is_none_or(|last| tables.stay_apart(last.token, token))
            };
            if fits {
                // No token has more than 128 bytes.
                self.laid.push(Laid { token, len: u32::try_from(len).unwrap_or_default() });
                at += len;
                next = tables.longest(&piece[at..]);
            } else if len > 1 {
                next = tables.longest(&piece[at..at + len - 1]);
            } else {
                let Some(last) = self.laid.pop() else { break };
                self.die(at, piece.len());
                let len = last.len as usize;
                at -= len;
                next = tables.longest(&piece[at..at + len - 1]);
            }
        }
        let count = self.laid.len();
        self.laid.shrink_to(KEPT);
        self.dead.shrink_to(KEPT);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    fn is_dead(&self, at: usize) -> bool {
        self.dead.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    fn die(&mut self, at: usize, len: usize) {
        if self.dead.is_empty() {
            self.dead.resize(len / 64 + 1, 0);
        }
        self.dead[at / 64] |= 1 << (at % 64);
    }
}
