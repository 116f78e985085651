//! Contracts made ready: what is the same however much is used.

use super::bill::{Bill, InvoiceTotal};
use super::credit::Credits;
use super::deal::Deal;
use super::error::SettleError;
use super::fees;
use super::invoice::{CommitmentBalance, CreditBalance, IncludedUse, TermRef};
use super::item::{Charge, Effect, Item};
use super::money_in::{Exchange, converted};
use super::order::{LineName, Run};
use super::remarks::Remarks;
use super::settler::Setup;
use super::state::DealState;
use super::timeline::Timeline;
use super::unit_prices::UnitPrices;
use super::usage::{TokenPrices, UsageProfile};
use crate::contract::TermKind;
use crate::money::{Amount, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::tokens::Component;

/// Contracts bound to profiles and to the stretches of a window. Usage of any amount can be settled
/// with it, any number of times.
#[derive(Debug)]
pub struct Terms<'c> {
    pub(super) setup: Setup<'c>,
    pub(super) timeline: Timeline,
    pub(super) deals: Vec<Deal<'c>>,
    /// By deal, before the first stretch.
    states: Vec<DealState<'c>>,
    credits: Credits,
    /// Fees by stretch: they do not depend on usage.
    charges: Vec<Vec<Charge>>,
    names: Vec<LineName>,
}

/// What one profile used in one stretch, priced: the sum of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PricedCell {
    /// The stretch, as [`Terms::stretch_of`] counts them.
    pub stretch: usize,
    /// The profile.
    pub profile: u32,
    /// At list prices.
    pub list: Amount,
    /// At the unit prices of contracts.
    pub contracted: Amount,
    /// Tokens that have a price.
    pub tokens: u64,
    /// Requests.
    pub requests: u64,
}

/// What usage comes to, without lines and balances.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    /// The invoices, in no order.
    pub invoices: Vec<InvoiceTotal>,
    /// By profile: the effective cost of its usage; `None` without any.
    pub effective: Vec<Option<Amount>>,
    /// Balances, in no order; empty where they are not asked for.
    pub balances: Balances,
}

/// How far what was agreed was used.
#[derive(Debug, Clone, Default)]
pub struct Balances {
    /// Commitments at the ends of billing periods.
    pub commitments: Vec<CommitmentBalance>,
    /// Lots of credit at the ends of billing periods.
    pub credits: Vec<CreditBalance>,
    /// Usage that seats and flat fees include.
    pub included: Vec<IncludedUse>,
}

impl<'c> Terms<'c> {
    /// Makes contracts ready.
    ///
    /// # Errors
    /// [`SettleError`] if terms do not suit the currencies, or a fee does not fit.
    pub fn new(setup: Setup<'c>) -> Result<Self, SettleError> {
        let number = setup.contracts.iter().enumerate();
        let deals: Vec<Deal<'c>> =
            number.map(|(at, contract)| Deal::new(at, contract, setup.profiles)).collect();
        refuse_foreign_prices(&deals, setup)?;
        let timeline = Timeline::new(setup.contracts, setup.window);
        let states = deals.iter().map(|deal| DealState::new(deal, setup.profiles));
        let states = states.collect::<Result<Vec<_>, _>>()?;
        let mut charges = Vec::with_capacity(timeline.len());
        for number in 0..timeline.len() {
            let mut due = Vec::new();
            for (deal, state) in deals.iter().zip(&states) {
                due.extend(fees::charges(deal, &state.seats, timeline.segment(number))?);
            }
            charges.push(due);
        }
        let credits = Credits::new(&deals, setup.window);
        let names = names(setup.profiles);
        Ok(Self { setup, timeline, deals, states, credits, charges, names })
    }

    /// True if some term serves usage minute by minute: such usage cannot be summed before.
    #[must_use]
    pub fn has_capacity(&self) -> bool {
        let by_minute =
            |kind: &TermKind| matches!(kind, TermKind::Capacity(_) | TermKind::ReservedSpend(_));
        self.deals.iter().flat_map(|deal| &deal.terms).any(|bound| by_minute(&bound.term.kind))
    }

    /// The number of the stretch that an instant is in; `None` outside the window.
    #[must_use]
    pub fn stretch_of(&self, at: Timestamp) -> Option<usize> {
        self.timeline.at(at, 0)
    }

    /// Prices of one unit by contract, before percentages: of a profile and component at an instant.
    ///
    /// # Errors
    /// [`SettleError`] if a price does not fit.
    pub fn unit_prices(
        &self,
        of: impl Iterator<Item = (u32, Component, Timestamp, TokenPrices)>,
    ) -> Result<Vec<UnitPrice>, SettleError> {
        let mut known = UnitPrices::new(&self.deals, self.setup.profiles.len());
        let price = |(profile, component, at, prices): (_, _, _, TokenPrices)| {
            let Some(stretch) = self.stretch_of(at) else { return Ok(prices.own) };
            let stretch = self.timeline.segment(stretch);
            let list = self.setup.prices;
            Ok(known.price((profile, component), prices, stretch, &self.deals, list)?)
        };
        of.map(price).collect()
    }

    /// What usage comes to, with balances if they are asked for. Cells come sorted by stretch, then profile, one for each; there are none
    /// where terms have capacity.
    ///
    /// # Errors
    /// [`SettleError`] if an amount does not fit, or a rate is missing.
    pub fn totals(&self, usage: &[PricedCell], with_balances: bool) -> Result<Totals, SettleError> {
        let mut run = self.run(Remarks::default());
        run.keeps_balances = with_balances;
        run.sums = Some(vec![None; self.setup.profiles.len()]);
        let mut rest = usage;
        let mut items: Vec<Item> = Vec::with_capacity(self.setup.profiles.len());
        for (number, charges) in self.charges.iter().enumerate() {
            let segment = self.timeline.segment(number);
            let mine = rest.iter().take_while(|cell| cell.stretch == number).count();
            // Those of the last stretch are written over: there are very many.
            if items.len() < mine {
                items.resize_with(mine, || Item::new(self.setup.currency));
            }
            for (cell, item) in rest[..mine].iter().zip(&mut items) {
                self.fill(&run, segment, (cell, None), item)?;
            }
            rest = &rest[mine..];
            let stretch = (u32::try_from(number).unwrap_or(u32::MAX), segment);
            run.settle(stretch, &mut items[..mine], &mut charges.clone())?;
        }
        let mut balances = Balances::default();
        if with_balances {
            run.note_included()?;
            balances = Balances {
                commitments: std::mem::take(&mut run.remarks.commitments),
                credits: std::mem::take(&mut run.remarks.credits),
                included: std::mem::take(&mut run.remarks.included),
            };
        }
        let effective = run.sums.unwrap_or_default();
        Ok(Totals { invoices: run.bill.totals()?, effective, balances })
    }

    /// The fees of a stretch.
    pub(super) fn charges(&self, stretch: usize) -> Vec<Charge> {
        self.charges[stretch].clone()
    }

    /// The state before the first stretch.
    pub(super) fn run(&self, remarks: Remarks) -> Run<'_> {
        let mut run = Run {
            window: self.setup.window,
            profiles: self.setup.profiles,
            states: self.states.clone(),
            credits: self.credits.clone(),
            deals: &self.deals,
            exchange: Exchange { table: self.setup.fx },
            bill: Bill::new(self.setup.profiles.len(), None),
            remarks,
            names: &self.names,
            sums: None,
            keeps_balances: true,
        };
        note_missing_history(&mut run);
        run
    }

    /// Writes usage of a cell into an item without counts, in the currency of whoever invoices it.
    pub(super) fn fill(
        &self,
        run: &Run<'_>,
        segment: Period,
        (cell, served_by): (&PricedCell, Option<TermRef>),
        item: &mut Item,
    ) -> Result<(), SettleError> {
        let currency = self.setup.currency;
        let biller = run.deals.iter().position(|deal| deal.bills(cell.profile, segment));
        let fx = match biller {
            Some(biller) => run.exchange.rate(currency, &run.deals[biller], segment)?,
            None => None,
        };
        let contracted = converted(cell.contracted, fx.as_ref())?;
        // What capacity serves is not invoiced by token.
        let invoiced = if served_by.is_some() { Amount::ZERO } else { contracted };
        item.profile = cell.profile;
        item.biller = biller;
        item.currency = biller.map_or(currency, |b| run.deals[b].contract.currency);
        item.served_by = served_by;
        item.tokens = cell.tokens;
        item.requests = cell.requests;
        item.list = converted(cell.list, fx.as_ref())?;
        item.base = invoiced;
        item.price = contracted;
        item.overage = Amount::ZERO;
        item.payable = invoiced;
        item.prepaid_cost = Amount::ZERO;
        item.effect = Effect::default();
        item.fx = fx.map(Box::new);
        Ok(())
    }
}

/// By profile: the first of the same provider, and of the same provider and model.
fn names(profiles: &[UsageProfile]) -> Vec<LineName> {
    let mut firsts = std::collections::BTreeMap::new();
    let name = |(number, profile): (u32, &UsageProfile)| {
        let (provider, model) = (profile.sku.provider.clone(), profile.sku.model.clone());
        LineName {
            provider: *firsts.entry((provider.clone(), None)).or_insert(number),
            model: *firsts.entry((provider, Some(model))).or_insert(number),
        }
    };
    (0_u32..).zip(profiles).map(name).collect()
}

/// Prices a unit cannot be in another currency than those they replace.
fn refuse_foreign_prices(deals: &[Deal<'_>], setup: Setup<'_>) -> Result<(), SettleError> {
    let currency = setup.currency;
    for deal in deals.iter().filter(|deal| deal.contract.currency != currency) {
        for bound in &deal.terms {
            if let TermKind::FixedRate(_) | TermKind::ReservedSpend(_) = bound.term.kind {
                return Err(SettleError::OtherCurrency {
                    place: bound.term.place.clone(),
                    kind: bound.term.kind.name(),
                    currency: deal.contract.currency,
                    other: currency,
                });
            }
        }
    }
    Ok(())
}

/// What began before the window without saying how it stood then.
fn note_missing_history(run: &mut Run<'_>) {
    let start = run.window.start;
    for (deal, state) in run.deals.iter().zip(&run.states) {
        for (number, schedule, resets) in &state.schedules {
            let began_before = resets.at(start).is_some_and(|span| span.period.start < start);
            let stated = |on| deal.contract.calendar.day_start(on) >= start;
            if began_before && !schedule.agreed.opening.is_some_and(|o| stated(o.on)) {
                run.remarks.without_history(deal.terms[*number].at);
            }
        }
        for term in run.credits.begun_before(deal, start) {
            run.remarks.without_history(term);
        }
    }
}
