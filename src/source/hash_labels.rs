//! Hashing the values of labels that name people or keys, before anything keeps them.

use std::collections::BTreeSet;

use crate::usage::Labels;

/// Labels that name people, accounts or keys.
pub const PERSONAL_LABELS: [&str; 24] = [
    "account",
    "account_email",
    "account_id",
    "actor",
    "actor_email",
    "actor_id",
    "api_key",
    "api_key_id",
    "api_key_name",
    "customer",
    "customer_id",
    "email",
    "end_user",
    "end_user_id",
    "key",
    "key_alias",
    "key_id",
    "key_name",
    "owner",
    "user",
    "user_email",
    "user_id",
    "user_name",
    "username",
];

/// Hex digits of a hash that are kept: 64 bits.
const DIGITS: usize = 16;

/// Which labels are hashed, and with what key.
#[derive(Clone, PartialEq, Eq)]
pub struct HashLabels {
    /// `None` for every label.
    names: Option<BTreeSet<String>>,
    key: [u8; 32],
}

/// The key is never shown.
impl std::fmt::Debug for HashLabels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HashLabels").field("names", &self.names).finish_non_exhaustive()
    }
}

impl HashLabels {
    /// Hashes these labels, or every label, under a secret of any length.
    #[must_use]
    pub fn new(names: Option<BTreeSet<String>>, secret: &[u8]) -> Self {
        Self { names, key: blake3::derive_key("tokencast 2026 labels v1", secret) }
    }

    /// The labels of [`PERSONAL_LABELS`].
    #[must_use]
    pub fn personal() -> BTreeSet<String> {
        PERSONAL_LABELS.iter().map(|name| (*name).to_owned()).collect()
    }

    pub(crate) fn apply(&self, labels: &mut Labels) {
        if labels.is_empty() {
            return;
        }
        let wanted = |name: &str| self.names.as_ref().is_none_or(|names| names.contains(name));
        let hashed: Vec<(String, String)> = labels
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, value)| (name.to_owned(), self.hash(value)))
            .collect();
        for (name, value) in hashed {
            labels.set(&name, &value);
        }
    }

    fn hash(&self, value: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, value.as_bytes()).to_hex();
        format!("h-{}", &hash.as_str()[..DIGITS])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_labels_are_hashed_and_others_kept() {
        let make = || -> Labels {
            [("team", "search"), ("user", "ann@example.com")].into_iter().collect()
        };
        let hashed = |names, secret: &[u8]| {
            let mut labels = make();
            HashLabels::new(names, secret).apply(&mut labels);
            labels
        };
        let one = hashed(Some(HashLabels::personal()), b"one");
        assert_eq!(one.get("team"), Some("search"));
        let user = one.get("user").unwrap();
        assert!(user.starts_with("h-") && user.len() == 18, "{user}");
        assert_eq!(hashed(Some(HashLabels::personal()), b"one"), one);
        assert_ne!(hashed(Some(HashLabels::personal()), b"two"), one);
        assert!(hashed(None, b"one").get("team").unwrap().starts_with("h-"));
    }
}
