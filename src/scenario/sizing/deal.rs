//! A deal settled at any size: a size changes terms, and not what usage is worth before them.

use std::num::NonZeroUsize;

use super::fit::Fit;
use super::knob::{Knob, Offer};
use crate::contract::Contract;
use crate::money::Amount;
use crate::projection::UsagePaths;
use crate::rollup::Profile;
use crate::scenario::case::{Case, Column, Ground};
use crate::scenario::parallel::in_order;
use crate::scenario::priced::{BLOCK, Ready, RowSum};
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

impl<'a> Deal<'a> {
    fn case<'c>(&self, contracts: &'c [Contract]) -> Result<Case<'c>, ScenarioError>
    where
        'a: 'c,
    {
        let columns = (self.profiles, self.columns.to_vec());
        Ok(Case::new(NAME, self.ground, self.usage, columns, contracts)?)
    }
}

/// A deal whose usage is counted and priced once for all sizes.
#[derive(Debug)]
pub struct Sizer<'a> {
    pub(super) deal: &'a Deal<'a>,
    /// The usage of all paths, one after another; `None` where sizes have a say in what usage costs, or it
    /// would not fit into memory.
    rows: Option<Vec<RowSum>>,
}

/// Rows of usage that are kept.
const MOST_ROWS: usize = 1 << 22;

impl<'a> Sizer<'a> {
    /// Counts and prices the usage.
    ///
    /// # Errors
    /// [`ScenarioError`] if contracts cannot be settled.
    pub fn new(deal: &'a Deal<'a>) -> Result<Self, ScenarioError> {
        let case = deal.case(deal.contracts)?;
        let ready = Ready::new(&case)?;
        let (paths, length) = (deal.usage.paths, ready.usage.len());
        if ready.is_settled_whole() || length.saturating_mul(paths) > MOST_ROWS {
            return Ok(Self { deal, rows: None });
        }
        let block = |number: usize| {
            let mut rows = Vec::new();
            let first = number * BLOCK;
            ready.usage.of_paths(first..paths.min(first + BLOCK), &mut rows)?;
            Ok::<_, ScenarioError>(rows)
        };
        let blocks = in_order(paths.div_ceil(BLOCK), deal.threads, &block)?;
        let rows = Some(blocks.into_iter().flatten().collect());
        Ok(Self { deal, rows })
    }

    /// The first paths settled at some sizes, one for each knob.
    ///
    /// # Errors
    /// [`ScenarioError`] if contracts cannot be settled at these sizes.
    pub fn settle(&self, sizes: &[Amount], paths: usize) -> Result<Vec<OnPath>, ScenarioError> {
        let deal = self.deal;
        let mut contracts = deal.contracts.to_vec();
        for ((knob, size), offer) in deal.knobs.iter().zip(sizes).zip(deal.offers) {
            knob.set(&mut contracts, *size)?;
            if let Some(offer) = offer {
                Knob::apply_offer(&mut contracts, offer, *size);
            }
        }
        let found = self.settle_by(&contracts, paths)?;
        (deal.settled)();
        Ok(found)
    }

    /// The first paths settled by the contracts as they are written.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub fn settle_stated(&self, paths: usize) -> Result<Vec<OnPath>, ScenarioError> {
        self.settle_by(self.deal.contracts, paths)
    }

    /// The first paths settled without the contracts that have knobs.
    ///
    /// # Errors
    /// [`ScenarioError`] if the others cannot be settled.
    pub fn settle_without(&self, paths: usize) -> Result<Vec<Amount>, ScenarioError> {
        let deal = self.deal;
        let has_knob = |at: usize| deal.knobs.iter().any(|knob| knob.term.contract == at);
        let kept = deal.contracts.iter().enumerate().filter(|(at, _)| !has_knob(*at));
        let kept: Vec<Contract> = kept.map(|(_, contract)| contract.clone()).collect();
        let bare = Deal { knobs: &[], contracts: &kept, ..deal.clone() };
        let found = Sizer::new(&bare)?.settle_by(&kept, paths)?;
        Ok(found.into_iter().map(|path| path.cost).collect())
    }

    fn settle_by(
        &self,
        contracts: &[Contract],
        paths: usize,
    ) -> Result<Vec<OnPath>, ScenarioError> {
        let deal = self.deal;
        let case = deal.case(contracts)?;
        let ready = Ready::new(&case)?;
        let paths = paths.min(deal.usage.paths);
        let Some(rows) = &self.rows else {
            let one = |path: usize| {
                let settled = case.settle_path(path).map_err(|source| failed(&case, source))?;
                let fits = deal.knobs.iter().map(|knob| Fit::read(knob, &settled));
                let fits = fits.collect::<Result<_, _>>()?;
                Ok(OnPath { cost: PathCost::read(&case, &settled)?.of(deal.basis), fits })
            };
            return in_order(paths, deal.threads, &one);
        };
        let length = ready.usage.len();
        let one = |path: usize| {
            let mine = &rows[path * length..(path + 1) * length];
            let totals = ready.totals(mine, &mut Vec::new(), true)?;
            let fits = deal.knobs.iter().map(|knob| Fit::of(knob, &totals.balances));
            let fits = fits.collect::<Result<_, _>>()?;
            Ok(OnPath { cost: PathCost::of_totals(&case, &totals)?.of(deal.basis), fits })
        };
        in_order(paths, deal.threads, &one)
    }

    /// What usage has no price by token.
    ///
    /// # Errors
    /// [`ScenarioError`] if its currencies differ.
    pub fn unpriced(&self) -> Result<Vec<String>, ScenarioError> {
        let words = |(provider, model, component): (String, String, _)| {
            format!("{component} of {provider}/{model}")
        };
        let case = self.deal.case(&[])?;
        Ok(case.unpriced().into_iter().map(words).collect())
    }
}

/// The deal in errors.
const NAME: &str = "deal";
