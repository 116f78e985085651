//! What it would cost if a provider had to be left.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use super::apply::Changed;
use super::case::Case;
use super::change::{Change, Stated};
use super::ratios::UsedRatio;
use super::settled::{PathCost, settle_all};
use super::{Basis, QUANTILES, ScenarioError};
use crate::diagnostic::{Diagnostics, code};
use crate::projection::Distribution;

/// Where usage of a provider goes if the provider is left.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// The provider that is left.
    pub provider: String,
    /// The model; `None`: any that no other fallback names.
    pub model: Option<String>,
    /// Where it goes, in words.
    pub to: String,
    /// The move.
    pub stated: Stated,
}

/// A scenario without one of its providers, ready to be settled.
#[derive(Debug)]
pub struct Exit<'a> {
    /// The provider.
    pub provider: String,
    /// Where its usage goes, in words; empty if nothing is stated.
    pub to: Vec<String>,
    /// Models for which no fallback is stated.
    pub lacks: Vec<String>,
    /// Tokens of text that the fallbacks took.
    pub ratios: Vec<UsedRatio>,
    /// `None` if it is not known where all of the usage goes.
    pub case: Option<Case<'a>>,
}

/// What leaving a provider adds to the cost of a scenario.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// The provider.
    pub provider: String,
    /// Where its usage goes, in words; empty if nothing is stated.
    pub to: Vec<String>,
    /// What is not known: models without a fallback, usage without a price.
    pub lacks: Vec<String>,
    /// Tokens of text that the fallbacks took.
    pub ratios: Vec<UsedRatio>,
    /// Cost after leaving less cost now, path by path: mean, and quantiles of 10, 50 and 90 %. `None`
    /// if something is not known.
    pub added: Option<Distribution>,
}

impl<'a> Changed<'a> {
    /// The providers of its usage.
    #[must_use]
    pub fn providers(&self) -> BTreeSet<String> {
        self.used().map(|sku| sku.provider.to_string()).collect()
    }

    /// The usage after all of a provider's went where the fallbacks say, with where that is and the models
    /// for which none is stated. Findings are about ratios of tokens.
    ///
    /// # Errors
    /// [`ScenarioError`] if prices cannot be looked up, or do not fit.
    pub fn without(
        &self,
        provider: &str,
        fallbacks: &[Fallback],
        found: &mut Diagnostics,
    ) -> Result<(Self, Vec<String>, Vec<String>), ScenarioError> {
        let mut left = self.fork_as(format!("leaving `{provider}`"));
        let mut own: Vec<&Fallback> = fallbacks.iter().filter(|f| f.provider == provider).collect();
        // Those that name a model come before the one for all others.
        own.sort_by_key(|fallback| fallback.model.is_none());
        let mut to = Vec::new();
        for fallback in own {
            let mut odd = Diagnostics::default();
            let Change::Reroute(reroute) = &fallback.stated.change else { continue };
            if left.reroute(reroute, &fallback.stated, &mut odd)? {
                to.push(fallback.to.clone());
            }
            found.merge(odd.only(&[code::TOKEN_RATIO_ASSUMED, code::TOKEN_RATIO_ESTIMATED]));
        }
        let used = left.used().filter(|sku| sku.provider == provider);
        let lacks: BTreeSet<String> = used.map(|sku| sku.model.to_string()).collect();
        Ok((left, to, lacks.into_iter().collect()))
    }
}

/// Settles the exits of a scenario and compares them with it as it is.
pub(super) fn leaving(
    (case, stays): (&Case<'_>, &[PathCost]),
    exits: &[Exit<'_>],
    basis: Basis,
    threads: Option<NonZeroUsize>,
) -> Result<Vec<Leaving>, ScenarioError> {
    let known = case.unpriced();
    let one = |exit: &Exit<'_>| -> Result<Leaving, ScenarioError> {
        let mut lacks: Vec<String> =
            exit.lacks.iter().map(|model| format!("a fallback for {model}")).collect();
        let mut added = None;
        if let Some(gone) = &exit.case {
            let unpriced = gone.unpriced();
            let words = |(provider, model, component): &(String, String, _)| {
                format!("a price for {component} of {provider}/{model}")
            };
            lacks.extend(unpriced.difference(&known).map(words));
            if lacks.is_empty() {
                let after = settle_all(std::slice::from_ref(gone), stays.len(), threads)?;
                let pairs = after.iter().flatten().zip(stays);
                let more = pairs.map(|(after, now)| after.of(basis).checked_sub(now.of(basis)));
                let more = more.collect::<Result<Vec<_>, _>>()?;
                added = Some(Distribution::of(&more, &QUANTILES[..3])?);
            }
        }
        let (provider, to) = (exit.provider.clone(), exit.to.clone());
        Ok(Leaving { provider, to, lacks, ratios: exit.ratios.clone(), added })
    };
    exits.iter().map(one).collect()
}

/// Two fallbacks for the same usage, if there are.
#[must_use]
pub fn stated_twice(fallbacks: &[Fallback]) -> Option<&Fallback> {
    let mut seen = BTreeMap::new();
    fallbacks.iter().find(|f| seen.insert((&f.provider, &f.model), ()).is_some())
}
