//! How many tokens the merges of a vocabulary leave of a piece, exactly and in time that grows with its length.
//!
//! Instead of merging, tokens are laid from left to right, the longest first, such that each two neighbours stay apart
//! when their bytes are merged by themselves. There is one such sequence, and it is what merging gives. Where no token
//! fits, the last one is taken back, and the place is remembered so that it is tried once only.

use super::tables::{Found, Tables};

/// Counts tokens of pieces; keeps its memory.
#[derive(Debug, Default)]
pub(super) struct Merger {
    /// Tokens that are laid.
    laid: Vec<Found>,
    /// Tokens that the rest of the piece begins with, the longest last.
    open: Vec<Found>,
    /// A bit for every place from which there is no way on; empty as long as there is none.
    dead: Vec<u64>,
}

/// Memory for pieces of this many tokens is kept.
const KEPT: usize = 1 << 16;

impl Merger {
    /// The number of tokens.
    pub(super) fn count(&mut self, tables: &Tables, piece: &[u8]) -> u64 {
        tables.all(piece, &mut self.open);
        if self.open.last().is_none_or(|whole| whole.len == piece.len()) {
            return u64::from(!piece.is_empty());
        }
        self.laid.clear();
        self.dead.clear();
        let mut at = 0;
        while at < piece.len() {
            if let Some(next) = self.open.pop() {
                let fits = !self.is_dead(at + next.len)
                    && self
                        .laid
                        .last()
                        .is_none_or(|last| tables.stay_apart(last.token, next.token));
                if fits {
                    self.laid.push(next);
                    at += next.len;
                    tables.all(&piece[at..], &mut self.open);
                }
            } else {
                let Some(last) = self.laid.pop() else { break };
                self.die(at, piece.len());
                at -= last.len;
                // Shorter ones than what was laid there.
                tables.all(&piece[at..at + last.len - 1], &mut self.open);
            }
        }
        let count = self.laid.len();
        self.laid.shrink_to(KEPT);
        self.dead.shrink_to(KEPT);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    #[inline]
    fn is_dead(&self, at: usize) -> bool {
        self.dead.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    #[cold]
    fn die(&mut self, at: usize, len: usize) {
        if self.dead.is_empty() {
            self.dead.resize(len / 64 + 1, 0);
        }
        self.dead[at / 64] |= 1 << (at % 64);
    }
}
