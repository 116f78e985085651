//! Settlement from rows to invoices.

use super::bill::Bill;
use super::capacity::Capacities;
use super::cells::{CellKey, Cells};
use super::error::SettleError;
use super::invoice::Settlement;
use super::item::Item;
use super::load::{Fate, LoadRow, LoadStage, Portion, PricedPart};
use super::remarks::Remarks;
use super::steps::{Notes, PriceTrail};
use super::terms::Terms;
use super::unit_prices::UnitPrices;
use super::usage::{ListPrices, PricedUsage, TokenPrices, UsageProfile, UsageRow};
use crate::contract::{Contract, FxTable};
use crate::money::{Currency, MoneyError};
use crate::period::Period;

/// What is settled by what.
#[derive(Clone, Copy)]
pub struct Setup<'c> {
    /// By precedence, the one that is applied first at the front.
    pub contracts: &'c [Contract],
    /// By number.
    pub profiles: &'c [UsageProfile],
    /// List prices of other days.
    pub prices: &'c dyn ListPrices,
    /// Exchange rates.
    pub fx: &'c FxTable,
    /// Currency of the prices of usage.
    pub currency: Currency,
    /// Usage and fees inside it are settled; what ends in it is closed.
    pub window: Period,
}

impl std::fmt::Debug for Setup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("window", &self.window).finish_non_exhaustive()
    }
}

/// Settles usage row by row.
#[derive(Debug)]
pub struct Settler<'c> {
    terms: Terms<'c>,
    cells: Cells,
    unit_prices: UnitPrices,
    load: LoadStage<'c>,
    // The stretch of the last row.
    hint: usize,
    remarks: Remarks,
    /// How usage comes to cost what it costs, where that is asked for.
    notes: Option<Notes>,
}

impl<'c> Settler<'c> {
    /// Ready for the first row.
    ///
    /// # Errors
    /// [`SettleError`] if terms do not suit the currencies.
    pub fn new(setup: Setup<'c>) -> Result<Self, SettleError> {
        let terms = Terms::new(setup)?;
        let unit_prices = UnitPrices::new(&terms.deals, setup.profiles.len());
        Ok(Self {
            load: LoadStage::new(setup.contracts, setup.profiles, terms.timeline.edges())?,
            terms,
            cells: Cells::default(),
            unit_prices,
            hint: 0,
            remarks: Remarks::default(),
            notes: None,
        })
    }

    /// Also keeps how usage comes to cost what it costs, in [`Settlement::steps`].
    #[must_use]
    pub fn with_steps(mut self) -> Self {
        self.notes = Some(Notes::default());
        self
    }

    /// Adds a row. Rows come sorted by period, then by profile; those that do not begin in the
    /// window are left out.
    ///
    /// # Errors
    /// [`SettleError`] if a sum does not fit.
    pub fn add(&mut self, row: UsageRow<'_>) -> Result<(), SettleError> {
        let Some(segment) = self.terms.timeline.at(row.period.start, self.hint) else {
            return Ok(());
        };
        self.hint = segment;
        let stretch = self.terms.timeline.segment(segment);
        if row.period.end > stretch.end {
            self.remarks.straddling += 1;
        }
        if self.load.concerns(row.profile) {
            return self.add_load(row, (segment, stretch));
        }
        let number = u32::try_from(segment).map_err(|_| SettleError::CountOverflow)?;
        let key = CellKey { segment: number, profile: row.profile, served_by: None };
        let cell = self.cells.of(key);
        cell.requests =
            cell.requests.checked_add(row.requests).ok_or(SettleError::CountOverflow)?;
        for part in row.usage {
            let Some(prices) = part.prices else {
                cell.count_unpriced(part.component, part.quantity)?;
                continue;
            };
            let what = (row.profile, part.component);
            let (deals, all) = (&self.terms.deals, self.terms.setup.prices);
            let price = self.unit_prices.price(what, prices, stretch, deals, all)?;
            let list = prices.list.checked_cost(part.quantity)?;
            let contracted = price.checked_cost(part.quantity)?;
            cell.add_cost(list, contracted)?;
            cell.count(part.component, part.quantity)?;
            if let Some(notes) = &mut self.notes {
                let trail = PriceTrail::new(prices, self.unit_prices.trail(what, prices.own));
                let values = (list, contracted);
                notes.charge(key, part.component, trail, part.quantity, values)?;
            }
        }
        Ok(())
    }

    /// Passes a row through the capacity that can serve it.
    fn add_load(
        &mut self,
        row: UsageRow<'_>,
        (segment, stretch): (usize, Period),
    ) -> Result<(), SettleError> {
        let what = LoadRow { period: row.period, profile: row.profile, requests: row.requests };
        let (deals, list) = (&self.terms.deals, self.terms.setup.prices);
        let prices = &mut self.unit_prices;
        if let Some(notes) = &mut self.notes {
            for part in row.usage {
                let Some(unit) = part.prices else { continue };
                let what = (row.profile, part.component);
                prices.price(what, unit, stretch, deals, list)?;
                let trail = PriceTrail::new(unit, prices.trail(what, unit.own));
                notes.price_seen(segment, what, trail);
            }
        }
        let mut failed = None;
        let priced = |part: &PricedUsage| {
            let mut priced = PricedPart {
                component: part.component,
                quantity: part.quantity,
                list: None,
                contracted: None,
            };
            let mut cost = |unit: TokenPrices| -> Result<(), MoneyError> {
                let what = (row.profile, part.component);
                let price = prices.price(what, unit, stretch, deals, list)?;
                priced.list = Some(unit.list.checked_cost(part.quantity)?);
                priced.contracted = if price == unit.list {
                    priced.list
                } else {
                    Some(price.checked_cost(part.quantity)?)
                };
                Ok(())
            };
            if let Some(Err(error)) = part.prices.map(&mut cost) {
                failed = Some(SettleError::Money(error));
            }
            priced
        };
        let (cells, remarks, notes) = (&mut self.cells, &mut self.remarks, &mut self.notes);
        let mut not_kept = None;
        let added = self.load.add(what, row.usage.iter().map(priced), &mut |portion| {
            keep((cells, notes), remarks, portion)
                .map_err(|error| money_error(error, &mut not_kept))
        });
        failed.or(not_kept).map_or(Ok(()), Err)?;
        Ok(added?)
    }

    /// Settles everything.
    ///
    /// # Errors
    /// [`SettleError`] if an amount does not fit, or a rate is missing.
    pub fn finish(mut self) -> Result<Settlement, SettleError> {
        let (cells, remarks, notes) = (&mut self.cells, &mut self.remarks, &mut self.notes);
        let mut failed = None;
        let load = self.load.finish(&mut |portion| {
            keep((cells, notes), remarks, portion).map_err(|error| money_error(error, &mut failed))
        });
        failed.map_or(Ok(()), Err)?;
        let load = load?;
        self.remarks.diagnostics.merge(load.findings);
        let mut capacities = Capacities::new(load.uses);
        for (term, profile) in std::mem::take(&mut self.unit_prices.without_base) {
            let model = self.terms.setup.profiles[profile as usize].sku.model.to_string();
            self.remarks.without_base.insert((term, model));
        }
        let terms = self.terms;
        let mut run = terms.run(self.remarks);
        run.bill = Bill::new(terms.setup.profiles.len(), self.notes);
        let cells = self.cells.sorted()?;
        let mut next = 0;
        for number in 0..terms.timeline.len() {
            let segment = terms.timeline.segment(number);
            let mine = cells[next..].iter().take_while(|(key, _)| key.segment as usize == number);
            let mine = mine.count();
            let mut items = Vec::with_capacity(mine);
            for (key, cell) in &cells[next..next + mine] {
                let priced = cell.priced(key);
                let mut item = Item::new(terms.setup.currency);
                terms.fill(&run, segment, (&priced, key.served_by), &mut item)?;
                item.counts = Some(Box::new((cell.quantities.clone(), cell.unpriced.clone())));
                items.push(item);
            }
            next += mine;
            run.remarks.met.note(run.deals, run.profiles, segment, &items);
            let mut charges = terms.charges(number);
            capacities.share_fees(number, &mut items, &mut charges)?;
            capacities.note(run.deals, number, segment, &charges)?;
            let stretch = (u32::try_from(number).unwrap_or(u32::MAX), segment);
            run.settle(stretch, &mut items, &mut charges)?;
        }
        run.note_included()?;
        let steps = run.bill.notes.take().map(Notes::finish);
        let mut settlement = Settlement {
            window: Some(run.window),
            invoices: run.bill.invoices(run.window, run.profiles)?,
            commitments: std::mem::take(&mut run.remarks.commitments),
            credits: std::mem::take(&mut run.remarks.credits),
            shares: std::mem::take(&mut run.remarks.shares),
            included: std::mem::take(&mut run.remarks.included),
            capacities: capacities.finish()?,
            steps,
            ..Settlement::default()
        };
        settlement.diagnostics = run.remarks.findings(run.deals, run.window);
        settlement.commitments.sort_by_key(|b| (b.term, b.on, b.days));
        settlement.included.sort_by_key(|used| used.term);
        settlement.credits.sort_by_key(|b| (b.term, b.lot, b.on));
        Ok(settlement)
    }
}

/// Adds what capacity did with usage to its cell.
fn keep(
    (cells, notes): (&mut Cells, &mut Option<Notes>),
    remarks: &mut Remarks,
    portion: Portion<'_>,
) -> Result<(), SettleError> {
    let served_by = match portion.fate {
        Fate::Served(term) => Some(term),
        Fate::Invoiced => None,
        Fate::Stopped(term) => {
            let worth = portion.contracted;
            return Ok(remarks.stopped_tokens(term, worth, portion.tokens)?);
        }
    };
    let segment = u32::try_from(portion.segment).map_err(|_| SettleError::CountOverflow)?;
    let key = CellKey { segment, profile: portion.profile, served_by };
    let cell = cells.of(key);
    cell.add_cost(portion.list, portion.contracted)?;
    cell.count_part_requests(portion.requests)?;
    for part in portion.parts {
        // What capacity serves needs no price of its own.
        let is_priced = part.list.is_some() || served_by.is_some();
        cell.count_part(part.component, part.quantity, is_priced)?;
        if let Some(notes) = notes {
            notes.portion(key, part.component, part.quantity, (part.list, part.contracted))?;
        }
    }
    Ok(())
}

/// Sinks of load only know errors of money; any other is kept beside.
fn money_error(error: SettleError, failed: &mut Option<SettleError>) -> MoneyError {
    *failed = Some(error);
    MoneyError::Overflow
}
