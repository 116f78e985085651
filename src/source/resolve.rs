//! Whether a record's input count includes what caches read and wrote.
//!
//! "Input tokens" mean the whole prompt to some providers and only its fresh part to others, and
//! gateways pass both on under one name. So it is decided record by record: by what the record says
//! of itself, then by its numbers, and only then by what its format usually means.

use super::outcome::{Note, Notes};

/// The counts of one record, as they stand in the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) input: u64,
    pub(crate) output: u64,
    /// Tokens read from a cache.
    pub(crate) read: u64,
    /// Tokens written to a cache.
    pub(crate) written: u64,
    /// The total that the log states, if it does.
    pub(crate) total: Option<u64>,
}

/// What a format's input count holds where nothing in the record decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Includes {
    /// The whole prompt, as OpenAI and Gemini count.
    Yes,
    /// Only what no cache read or wrote, as Anthropic and Bedrock count.
    No,
}

/// What the record, or the user, says outright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stated {
    /// The input includes cached tokens.
    Yes,
    /// It does not.
    No,
    /// Nothing is said.
    Unknown,
}

/// True if the input count includes the cached tokens.
///
/// The order of proofs: what is stated; a part that is larger than the whole, which cannot be
/// inside it; the total, which is the sum of disjoint counts; what the format usually means. Only
/// the last may be wrong, and where it takes cached tokens as part of the input that is noted.
///
/// Sizes come before the total: gateways that copy an exclusive input still print a total that is
/// only `input + output`, and believing it would cut cached tokens away.
pub(crate) fn input_includes_cache(
    counted: &Counted,
    stated: Stated,
    usual: Includes,
    notes: &mut Notes,
) -> bool {
    let usually = usual == Includes::Yes;
    match stated {
        Stated::Yes => return true,
        Stated::No => return false,
        Stated::Unknown => {}
    }
    let cached = counted.read.saturating_add(counted.written);
    if cached == 0 {
        return usually;
    }
    if counted.input < cached {
        return false;
    }
    let both = counted.input.saturating_add(counted.output);
    match counted.total {
        Some(total) if total == both => true,
        Some(total) if total == both.saturating_add(cached) => false,
        _ => {
            notes.set_if(Note::InclusiveAssumed, usually);
            usually
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(counts: [u64; 4], total: u64, stated: Stated, usual: Includes) -> (bool, bool) {
        let [input, output, read, written] = counts;
        let total = (total > 0).then_some(total);
        let counted = Counted { input, output, read, written, total };
        let mut notes = Notes::default();
        let includes = input_includes_cache(&counted, stated, usual, &mut notes);
        (includes, notes.has(Note::InclusiveAssumed))
    }

    #[test]
    fn what_is_stated_comes_first() {
        let counts = [100, 10, 60, 20];
        assert_eq!(resolved(counts, 110, Stated::No, Includes::Yes), (false, false));
        assert_eq!(resolved(counts, 190, Stated::Yes, Includes::No), (true, false));
    }

    #[test]
    fn the_total_decides() {
        let counts = [100, 10, 60, 20];
        for usual in [Includes::Yes, Includes::No] {
            assert_eq!(resolved(counts, 110, Stated::Unknown, usual), (true, false));
            assert_eq!(resolved(counts, 190, Stated::Unknown, usual), (false, false));
        }
    }

    #[test]
    fn a_whole_is_not_smaller_than_its_parts() {
        for total in [0, 15, 10_015] {
            let found = resolved([10, 5, 9_000, 1_000], total, Stated::Unknown, Includes::Yes);
            assert_eq!(found, (false, false), "total {total}");
        }
        let equal = resolved([80, 5, 60, 20], 85, Stated::Unknown, Includes::No);
        assert_eq!(equal, (true, false), "a prompt may be cached as a whole");
    }

    #[test]
    fn else_the_format_decides_and_only_a_doubt_is_noted() {
        let counts = [100, 10, 60, 20];
        for total in [0, 111] {
            assert_eq!(resolved(counts, total, Stated::Unknown, Includes::Yes), (true, true));
            assert_eq!(resolved(counts, total, Stated::Unknown, Includes::No), (false, false));
        }
        let nothing_cached = resolved([100, 10, 0, 0], 0, Stated::Unknown, Includes::Yes);
        assert_eq!(nothing_cached, (true, false));
    }

    #[test]
    fn counts_at_the_edge_do_not_overflow() {
        let huge = [u64::MAX; 4];
        assert_eq!(resolved(huge, u64::MAX, Stated::Unknown, Includes::No), (true, false));
    }
}
