//! A deal settled at any size.

use std::num::NonZeroUsize;

use super::fit::Fit;
use super::knob::{Knob, Offer};
use crate::contract::Contract;
use crate::money::Amount;
use crate::projection::UsagePaths;
use crate::rollup::Profile;
use crate::scenario::case::{Case, Column, Ground};
use crate::scenario::parallel::in_order;
use crate::scenario::settled::{PathCost, failed};
use crate::scenario::{Basis, ScenarioError};

/// Forecast usage, and contracts with sizes to choose.
#[derive(Clone)]
pub struct Deal<'a> {
    /// Prices and rates.
    pub ground: Ground<'a>,
    /// The forecast.
    pub usage: &'a UsagePaths,
    /// What the numbers of the columns stand for.
    pub profiles: &'a [Profile],
    /// The usage, after changes.
    pub columns: &'a [Column],
    /// As written.
    pub contracts: &'a [Contract],
    /// What of them is chosen.
    pub knobs: &'a [Knob],
    /// Discounts by the size of the knob with the same number.
    pub offers: &'a [Option<Offer>],
    /// The cost that decides.
    pub basis: Basis,
    /// Threads that may be used; the result does not depend on it.
    pub threads: Option<NonZeroUsize>,
    /// Called for each size that was settled on all paths asked for.
    pub settled: &'a (dyn Fn() + Sync),
}

impl std::fmt::Debug for Deal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deal").field("knobs", &self.knobs).finish_non_exhaustive()
    }
}

/// What a path costs at some sizes, and how they fit.
#[derive(Debug, Clone)]
pub struct OnPath {
    /// The cost that decides.
    pub cost: Amount,
    /// By knob.
    pub fits: Vec<Option<Fit>>,
}

impl Deal<'_> {
    /// The first paths settled at some sizes, one for each knob.
    ///
    /// # Errors
    /// [`ScenarioError`] if contracts cannot be settled at these sizes.
    pub fn settle(&self, sizes: &[Amount], paths: usize) -> Result<Vec<OnPath>, ScenarioError> {
        let mut contracts = self.contracts.to_vec();
        for ((knob, size), offer) in self.knobs.iter().zip(sizes).zip(self.offers) {
            knob.set(&mut contracts, *size)?;
            if let Some(offer) = offer {
                Knob::apply_offer(&mut contracts, offer, *size);
            }
        }
        let found = self.settle_by(&contracts, paths)?;
        (self.settled)();
        Ok(found)
    }

    /// The first paths settled by the contracts as they are written.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn settle_stated(&self, paths: usize) -> Result<Vec<OnPath>, ScenarioError> {
        self.settle_by(self.contracts, paths)
    }

    /// The first paths settled without the contracts that have knobs.
    ///
    /// # Errors
    /// [`ScenarioError`] if the others cannot be settled.
    pub fn settle_without(&self, paths: usize) -> Result<Vec<Amount>, ScenarioError> {
        let has_knob = |at: usize| self.knobs.iter().any(|knob| knob.term.contract == at);
        let kept = self.contracts.iter().enumerate().filter(|(at, _)| !has_knob(*at));
        let kept: Vec<Contract> = kept.map(|(_, contract)| contract.clone()).collect();
        let bare = Deal { knobs: &[], contracts: &kept, ..self.clone() };
        let found = bare.settle_by(&kept, paths)?;
        Ok(found.into_iter().map(|path| path.cost).collect())
    }

    fn settle_by(
        &self,
        contracts: &[Contract],
        paths: usize,
    ) -> Result<Vec<OnPath>, ScenarioError> {
        let usage = (self.profiles, self.columns.to_vec());
        let case = Case::new("deal", self.ground, self.usage, usage, contracts)?;
        let one = |path: usize| {
            let settlement = case.settle_path(path).map_err(|source| failed(&case, source))?;
            let fits = self.knobs.iter().map(|knob| Fit::read(knob, &settlement));
            let fits = fits.collect::<Result<_, _>>()?;
            Ok(OnPath { cost: PathCost::read(&case, &settlement)?.of(self.basis), fits })
        };
        in_order(paths.min(self.usage.paths), self.threads, &one)
    }

    /// Whether the usage lacks prices at some sizes: capacity that serves it needs none.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn unpriced(&self) -> Result<Vec<String>, ScenarioError> {
        let usage = (self.profiles, self.columns.to_vec());
        let case = Case::new("deal", self.ground, self.usage, usage, &[])?;
        let words = |(provider, model, component): (String, String, _)| {
            format!("{component} of {provider}/{model}")
        };
        Ok(case.unpriced().into_iter().map(words).collect())
    }
}
