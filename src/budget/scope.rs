//! Which usage a budget is for.

use std::fmt;

use crate::period::{Calendar, Period, Timestamp};
use crate::projection::events::Scope;
use crate::rating::group::Dimension;
use crate::rollup::Profile;

/// Values of dimensions: every dimension must have one of its values. Empty: all usage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BudgetScope(Vec<(Dimension, Vec<String>)>);

impl BudgetScope {
    /// From dimensions with their accepted values, in any order.
    #[must_use]
    pub fn new(mut conditions: Vec<(Dimension, Vec<String>)>) -> Self {
        // Sorted, so that the same usage is forecast once.
        conditions.iter_mut().for_each(|(_, values)| values.sort());
        conditions.sort();
        Self(conditions)
    }

    /// True if all usage is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Dimensions with their accepted values.
    pub fn conditions(&self) -> impl Iterator<Item = (&Dimension, &[String])> {
        self.0.iter().map(|(dimension, values)| (dimension, values.as_slice()))
    }

    /// True if a profile is inside.
    #[must_use]
    pub fn matches(&self, profile: &Profile, calendar: &Calendar) -> bool {
        // Dimensions of a scope are no times, so any period will do.
        let nowhen = Period { start: Timestamp::default(), end: Timestamp::default() };
        self.conditions()
            .all(|(dimension, values)| values.contains(&dimension.value(nowhen, profile, calendar)))
    }
}

impl From<Scope> for BudgetScope {
    fn from(scope: Scope) -> Self {
        Self::new(scope.0.into_iter().map(|(dimension, value)| (dimension, vec![value])).collect())
    }
}

impl fmt::Display for BudgetScope {
    /// `team=search,model=a|b`; `all usage` without a condition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("all usage");
        }
        for (at, (dimension, values)) in self.0.iter().enumerate() {
            write!(f, "{}{dimension}={}", if at > 0 { "," } else { "" }, values.join("|"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sku::{ContextBand, Sku};
    use crate::usage::Labels;

    #[test]
    fn every_dimension_must_have_one_of_its_values() {
        let profile = |provider: &str, model: &str| Profile {
            sku: Sku::new(provider, model),
            grain: crate::usage::RecordGrain::Request,
            context: ContextBand::Unknown,
            labels: Labels::default(),
        };
        let models = vec!["b".to_owned(), "a".to_owned()];
        let scope = BudgetScope::new(vec![
            (Dimension::Provider, vec!["openai".to_owned()]),
            (Dimension::Model, models),
        ]);
        let inside = |p: &Profile| scope.matches(p, &Calendar::UTC);
        assert!(inside(&profile("openai", "a")) && inside(&profile("openai", "b")));
        assert!(!inside(&profile("openai", "c")) && !inside(&profile("anthropic", "a")));
        assert_eq!(scope.to_string(), "provider=openai,model=a|b");
        assert!(BudgetScope::default().matches(&profile("x", "y"), &Calendar::UTC));
        assert_eq!(BudgetScope::default().to_string(), "all usage");
    }
}
