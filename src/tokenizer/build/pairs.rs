//! The merges that make tokens.

use crate::layout::{AFTER_SHIFT, BEFORE_SHIFT, BYTES, EMPTY_PAIR, TOKEN_BITS, pair_slot, partner};
use crate::trie::Trie;

/// The last merge of every token; bytes have themselves. Merging a token's bytes by rank must give the token: counting
/// relies on it, so a vocabulary where it is not so is refused.
pub(crate) fn splits(tokens: &[Vec<u8>], trie: &Trie) -> Vec<(u32, u32)> {
    let mut splits = Vec::with_capacity(tokens.len());
    for (id, token) in (0_u32..).zip(tokens) {
        splits.push(if id < BYTES { (id, id) } else { last_merge(id, token, trie) });
    }
    splits
}

fn last_merge(id: u32, token: &[u8], trie: &Trie) -> (u32, u32) {
    let mut ends: Vec<usize> = (0..=token.len()).collect();
    let rank = |ends: &[usize], at: usize| {
        ends.get(at + 2).and_then(|end| trie.token(&token[ends[at]..*end])).unwrap_or(u32::MAX)
    };
    // Of the pair that begins at each part.
    let mut ranks: Vec<u32> = (0..token.len()).map(|at| rank(&ends, at)).collect();
    while ends.len() > 3 {
        let at = (0..ranks.len()).min_by_key(|at| ranks[*at]).expect("there are parts");
        assert!(ranks[at] < id, "token {id} is not made by merges of lower rank");
        ends.remove(at + 1);
        ranks.remove(at + 1);
        ranks[at] = rank(&ends, at);
        if at > 0 {
            ranks[at - 1] = rank(&ends, at - 1);
        }
    }
    let part = |from: usize, to: usize| trie.token(&token[from..to]).expect("parts are tokens");
    let (left, right) = (part(0, ends[1]), part(ends[1], token.len()));
    assert!(left < id && right < id, "token {id} is made of one of higher rank");
    (left, right)
}

/// The two tokens of each split in one number, and which tokens it is merged with.
pub(crate) fn packed(splits: &[(u32, u32)]) -> Vec<u64> {
    let both = |(left, right): &(u32, u32)| u64::from(*left) | u64::from(*right) << TOKEN_BITS;
    let mut packed: Vec<u64> = splits.iter().map(both).collect();
    for (left, right) in splits.iter().skip(BYTES as usize) {
        packed[*left as usize] |= 1 << (AFTER_SHIFT + partner(*right));
        packed[*right as usize] |= 1 << (BEFORE_SHIFT + partner(*left));
    }
    packed
}

/// Tokens by the pair that makes them, with linear probing.
pub(crate) fn table(splits: &[(u32, u32)]) -> Vec<u32> {
    let slots = splits.len() + splits.len() / 8 * 3;
    let count = u32::try_from(slots).expect("few");
    let mut table = vec![EMPTY_PAIR; slots];
    for (id, (left, right)) in (0_u32..).zip(splits).skip(BYTES as usize) {
        assert!(id < (1 << TOKEN_BITS) - 1);
        let (slot, part) = pair_slot(*left, *right, count);
        let mut slot = slot as usize;
        while table[slot] != EMPTY_PAIR {
            slot = (slot + 1) % slots;
        }
        table[slot] = part | id;
    }
    table
}
