//! A quick look at a key: can it be one of a few that matter?

/// Keys told apart by their first byte and their length: false positives are possible, false
/// negatives are not. Nearly every key of a log is asked about, and nearly none matters.
#[derive(Debug, Clone)]
pub(crate) struct KeyFilter {
    /// Lengths by first byte, a bit each; the last bit stands for all that are longer.
    lengths: [u64; 256],
}

const LONGEST: usize = 63;

impl KeyFilter {
    pub(crate) const fn empty() -> Self {
        Self { lengths: [0; 256] }
    }

    pub(crate) const fn with(mut self, key: &[u8]) -> Self {
        if !key.is_empty() {
            let length = if key.len() < LONGEST { key.len() } else { LONGEST };
            self.lengths[key[0] as usize] |= 1 << length;
        }
        self
    }

    /// False only if `key` is none of the keys.
    pub(crate) fn may_have(&self, key: &[u8]) -> bool {
        let Some(first) = key.first() else { return false };
        self.lengths[usize::from(*first)] >> key.len().min(LONGEST) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_missed() {
        let long = [b'k'; 200];
        let filter = KeyFilter::empty().with(b"team").with(b"env").with(&long);
        assert!(filter.may_have(b"team") && filter.may_have(b"env") && filter.may_have(&long));
        assert!(!filter.may_have(b"teams") && !filter.may_have(b"id") && !filter.may_have(b""));
    }
}
