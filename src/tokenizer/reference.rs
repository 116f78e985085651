//! `tiktoken-rs` as the reference that the own core is compared with.

use tiktoken_rs::CoreBPE;

use super::encoding::Encoding;

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
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        let bpe = match encoding {
            Encoding::O200kBase => tiktoken_rs::o200k_base_singleton(),
            Encoding::O200kHarmony => tiktoken_rs::o200k_harmony_singleton(),
            Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
            Encoding::P50kBase => tiktoken_rs::p50k_base_singleton(),
            Encoding::R50kBase => tiktoken_rs::r50k_base_singleton(),
        };
        Self { encoding, bpe }
    }

    /// Ranks and bytes of all ordinary tokens.
    #[cfg(test)]
    pub(super) fn vocabulary(&self) -> Vec<(u32, Vec<u8>)> {
        let special = self.bpe.special_tokens();
        let token = |id: u32| Some((id, self.bpe.decode_bytes(&[id]).ok()?));
        let ordinary = |(_, bytes): &(u32, Vec<u8>)| {
            !special.iter().any(|special| special.as_bytes() == bytes)
        };
        (0..200_000).filter_map(token).filter(ordinary).collect()
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
