//! `tiktoken-rs` as the reference that the own core is compared with.
//!
//! It is given the vocabularies that the program has already: its own copies would make the program seven megabytes larger.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use tiktoken_rs::CoreBPE;

use super::encoding::Encoding;
use super::scan::{Cl100k, O200k, R50k, Rules};
use super::tables::Tables;

/// The reference gives up on white space of about a million characters; longer runs than this are not given to it.
const LONGEST_SPACE: usize = 200_000;

/// The reference of one encoding; takes a tenth of a second and tens of megabytes.
pub struct Reference {
    encoding: Encoding,
    bpe: &'static CoreBPE,
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reference").field("encoding", &self.encoding).finish_non_exhaustive()
    }
}

/// A text that the reference cannot count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a run of {length} white-space characters, and the reference counts at most {LONGEST_SPACE}"
)]
pub struct LongSpace {
    /// Characters of the run.
    pub length: usize,
}

impl Reference {
    /// Loads the vocabulary, once in a process.
    ///
    /// # Panics
    /// If the regular expression of an encoding is none, which a test excludes.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        static LOADED: [OnceLock<CoreBPE>; 4] = [const { OnceLock::new() }; 4];
        let (at, rules) = match encoding {
            Encoding::O200kBase | Encoding::O200kHarmony => (0, O200k::REGEX),
            Encoding::Cl100kBase => (1, Cl100k::REGEX),
            Encoding::P50kBase => (2, R50k::REGEX),
            Encoding::R50kBase => (3, R50k::REGEX),
        };
        let load = || {
            let tokens: FxHashMap<Vec<u8>, u32> =
                Tables::of(encoding).tokens().into_iter().zip(0..).collect();
            CoreBPE::new(tokens, FxHashMap::default(), rules)
                .expect("the rules are regular expressions")
        };
        Self { encoding, bpe: LOADED[at].get_or_init(load) }
    }

    /// The number of tokens of ordinary text.
    ///
    /// # Errors
    /// If white space is so long that the reference would give up.
    pub fn count(&self, text: &str) -> Result<u64, LongSpace> {
        let mut run = 0;
        let mut longest = 0;
        for character in text.chars() {
            run = if character.is_whitespace() { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        if longest > LONGEST_SPACE {
            return Err(LongSpace { length: longest });
        }
        Ok(u64::try_from(self.bpe.encode_ordinary(text).len()).unwrap_or(u64::MAX))
    }
}
