//! Scopes.

use super::read::Fields;
use crate::config::{Reporter, Text};
use crate::contract::{Patterns, Scope};

pub(super) fn scope(fields: &Fields<'_>, report: &mut Reporter) -> Scope {
    let mut of = |key: &str| patterns(fields.words(key), report);
    Scope {
        providers: of("providers"),
        models: of("models"),
        exclude_models: of("exclude_models"),
        makers: of("makers"),
        service_tiers: of("service_tiers"),
        regions: of("regions"),
        endpoints: of("endpoints"),
        deployments: of("deployments"),
        labels: fields
            .labels("labels")
            .iter()
            .map(|(name, accepted)| (name.value.into(), patterns(accepted, report)))
            .collect(),
    }
}

/// Names with a `*` at most at the end, each once.
pub(super) fn patterns(words: &[Text<'_>], report: &mut Reporter) -> Patterns {
    for (at, word) in words.iter().enumerate() {
        let inner = word.value.strip_suffix('*').unwrap_or(word.value);
        if inner.contains('*') {
            let message = format!("`{}` has a `*` that is not at its end", word.value);
            report.problem(word.offset, message);
        }
        if words[..at].iter().any(|earlier| earlier.value == word.value) {
            report.problem(word.offset, format!("`{}` is listed twice", word.value));
        }
    }
    Patterns::new(words.iter().map(|word| word.value))
}
