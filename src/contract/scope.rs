//! Which usage a contract or a term is about.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::sku::Sku;
use crate::usage::Labels;

/// Names that are accepted: exact, or with a `*` at the end for every name that begins so. Empty:
/// every name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Patterns(Vec<CompactString>);

impl Patterns {
    /// From texts, each exact or with one `*` at its end.
    pub fn new<T: Into<CompactString>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// True if every name passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(CompactString::as_str)
    }

    /// True if a name passes.
    #[must_use]
    pub fn accepts(&self, name: &str) -> bool {
        self.0.is_empty() || self.names(name)
    }

    /// True if a pattern stands for a name.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        })
    }

    /// True if some name may pass both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let both = |a: &str, b: &str| match (a.strip_suffix('*'), b.strip_suffix('*')) {
            (Some(a), Some(b)) => a.starts_with(b) || b.starts_with(a),
            (Some(start), None) => b.starts_with(start),
            (None, Some(start)) => a.starts_with(start),
            (None, None) => a == b,
        };
        self.is_empty() || other.is_empty() || self.iter().any(|a| other.iter().any(|b| both(a, b)))
    }
}

/// What usage is, as far as scopes ask.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What was used, and how.
    pub sku: &'a Sku,
    /// The id of the model in the price books, where the usage gives an alias.
    pub model_id: Option<&'a str>,
    /// Who made the model, where a price book says.
    pub maker: Option<&'a str>,
    /// Free-form dimensions.
    pub labels: &'a Labels,
}

/// A part of all usage: every condition must hold, an empty one always does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Who bills by token: `aws.bedrock`, `anthropic`, ...
    pub providers: Patterns,
    /// Model ids, or names as the usage spells them.
    pub models: Patterns,
    /// Model ids or names that are not meant.
    pub exclude_models: Patterns,
    /// Who made the models, as price books name them.
    pub makers: Patterns,
    /// Service tiers.
    pub service_tiers: Patterns,
    /// Cloud regions.
    pub regions: Patterns,
    /// Where processing may happen.
    pub endpoints: Patterns,
    /// Deployment types.
    pub deployments: Patterns,
    /// Values of labels by name; usage without the label is not meant.
    pub labels: BTreeMap<CompactString, Patterns>,
}

impl Scope {
    /// True if the usage is meant.
    #[must_use]
    pub fn accepts(&self, facts: Facts<'_>) -> bool {
        let model = |patterns: &Patterns| {
            patterns.names(&facts.sku.model) || facts.model_id.is_some_and(|id| patterns.names(id))
        };
        self.providers.accepts(&facts.sku.provider)
            && (self.models.is_empty() || model(&self.models))
            && !model(&self.exclude_models)
            && (self.makers.is_empty() || facts.maker.is_some_and(|m| self.makers.names(m)))
            && self.service_tiers.accepts(&facts.sku.service_tier)
            && self.regions.accepts(&facts.sku.region)
            && self.endpoints.accepts(&facts.sku.endpoint)
            && self.deployments.accepts(&facts.sku.deployment)
            && self.labels.iter().all(|(name, accepted)| {
                facts.labels.get(name).is_some_and(|value| accepted.accepts(value))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_exact_or_beginnings() {
        let models = Patterns::new(["claude-*", "nova-pro"]);
        assert!(models.accepts("claude-opus-5-5") && models.accepts("nova-pro"));
        assert!(!models.accepts("nova-pro-2") && !models.accepts("my-claude-"));
        assert!(Patterns::default().accepts("anything"));
    }

    #[test]
    fn patterns_that_share_a_name() {
        let of = |names: &[&str]| Patterns::new(names.iter().copied());
        assert!(of(&["gpt-5*"]).overlaps(&of(&["gpt-5.2"])));
        assert!(of(&["gpt-5.2", "gpt-5.2-20*"]).overlaps(&of(&["gpt-5.2-2025-12-11"])));
        assert!(of(&["a*"]).overlaps(&of(&["ab*"])) && of(&[]).overlaps(&of(&["x"])));
        assert!(!of(&["gpt-5"]).overlaps(&of(&["gpt-5-mini"])));
    }

    #[test]
    fn a_model_is_known_by_its_alias_and_its_id() {
        let sku = Sku::new("anthropic", "claude-sonnet-4-5-20250929");
        let labels = Labels::default();
        let facts =
            Facts { sku: &sku, model_id: Some("claude-sonnet-4-5"), maker: None, labels: &labels };
        let scope = |models: &[&str]| Scope {
            models: Patterns::new(models.iter().copied()),
            ..Scope::default()
        };
        assert!(scope(&["claude-sonnet-4-5"]).accepts(facts));
        assert!(scope(&["claude-sonnet-4-5-20250929"]).accepts(facts));
        assert!(!scope(&["claude-opus-5"]).accepts(facts));
        let without = Scope { exclude_models: Patterns::new(["claude-sonnet-*"]), ..scope(&[]) };
        assert!(!without.accepts(facts));
        let by_team = Scope {
            labels: [("team".into(), Patterns::new(["search"]))].into(),
            ..Scope::default()
        };
        assert!(!by_team.accepts(facts));
    }
}
