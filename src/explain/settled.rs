//! Figures of usage under contracts.

use std::collections::{BTreeMap, BTreeSet};

use super::due::DueIn;
use super::entries::Entries;
use super::steps::{Phase, StepSums, phase};
use super::{Column, ExplainError, Explained, Missing, Part};
use crate::contract::{Contract, TermKind};
use crate::money::{Amount, Currency, MoneyError, UnitPrice};
use crate::period::{Calendar, Period};
use crate::rating::group::Dimension;
use crate::rating::lines::Lines;
use crate::rollup::Profile;
use crate::settlement::steps::{Steps, UNITS_PER, UsageCharge, UsageKey, UsageWay};
use crate::settlement::{CostShare, Invoice, Line, LineCategory, Settlement, TermRef};

/// A settlement with its steps, and what it was made from.
#[derive(Debug, Clone, Copy)]
pub struct SettledGround<'g, 'a> {
    /// The settlement.
    pub settlement: &'g Settlement,
    /// What its numbers refer to.
    pub from: SettledFrom<'g, 'a>,
}

/// What settlements are made from.
#[derive(Debug, Clone, Copy)]
pub struct SettledFrom<'g, 'a> {
    /// The contracts that its numbers refer to.
    pub contracts: &'g [Contract],
    /// The profiles that its numbers refer to.
    pub profiles: &'g [Profile],
    /// The entries behind its prices.
    pub entries: &'g Entries<'a>,
}

/// A figure of a settlement.
#[derive(Debug, Clone)]
pub enum SettledFigure<'k> {
    /// Usage by dimensions.
    Group {
        /// The dimensions.
        dimensions: &'k [Dimension],
        /// Their values.
        key: &'k [String],
        /// The currency of its invoices.
        currency: Currency,
        /// Months of the report.
        calendar: &'k Calendar,
    },
    /// The usage of one provider.
    Provider(&'k str),
    /// An invoice, by number.
    Invoice(usize),
    /// All invoices in a currency.
    Total(Currency),
    /// All invoices in a currency that are to be paid in a period.
    Cash(DueIn, Currency),
    /// What no usage bears, of all invoices.
    BesideUsage,
    /// A line of an invoice.
    Line(usize, usize),
}

impl SettledFigure<'_> {
    /// The invoices that it sums; `None`: it is no sum of invoices.
    fn invoices<'i>(&self, all: &'i [Invoice]) -> Option<Vec<&'i Invoice>> {
        let wanted = |number: usize, invoice: &Invoice| match self {
            Self::Invoice(at) => number == *at,
            Self::Total(currency) => invoice.currency == *currency,
            Self::Cash(period, currency) => {
                invoice.currency == *currency && period.holds(invoice.due)
            }
            _ => false,
        };
        let is_sum = matches!(self, Self::Invoice(_) | Self::Total(_) | Self::Cash(..));
        let found = || all.iter().enumerate().filter(|(at, invoice)| wanted(*at, invoice));
        is_sum.then(|| found().map(|(_, invoice)| invoice).collect())
    }
}

/// Takes a figure of a settlement apart.
///
/// # Errors
/// [`ExplainError`] if a sum does not fit.
pub fn settled<'a>(
    ground: &SettledGround<'_, 'a>,
    figure: &SettledFigure<'_>,
    column: Column,
    (what, currency): (String, Currency),
) -> Result<Explained<'a>, ExplainError> {
    let mut making = Making::new(ground.from, column);
    making.add(ground.settlement, figure)?;
    let part = making.finish()?;
    Ok(Explained { figure: part.amount, currency, what, parts: vec![part] })
}

/// True if usage is on an invoice.
fn is_on(way: &UsageWay, invoice: &Invoice) -> bool {
    let (issuer, currency, days) = &way.invoice;
    *issuer == invoice.issuer && *currency == invoice.currency && *days == invoice.days
}

/// A part in the making.
pub(super) struct Making<'g, 'a> {
    ground: SettledFrom<'g, 'a>,
    column: Column,
    lines: Lines<'a>,
    steps: StepSums<'g>,
    amount: Amount,
    /// What lines of usage ask for before they are rounded.
    base: Amount,
    roundings: u64,
    missing: Missing,
    name: String,
}

/// Which steps of usage count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum With {
    /// None: up to what is invoiced at unit prices.
    UnitPrices,
    /// All but surcharges, which have lines of their own.
    NoSurcharge,
    /// All.
    Terms,
}

impl<'g, 'a> Making<'g, 'a> {
    pub(super) fn new(ground: SettledFrom<'g, 'a>, column: Column) -> Self {
        Self {
            ground,
            column,
            lines: Lines::new(UNITS_PER),
            steps: StepSums::new(ground.contracts),
            amount: Amount::ZERO,
            base: Amount::ZERO,
            roundings: 0,
            missing: Missing::default(),
            name: "usage at its prices, and what contracts make of it".to_owned(),
        }
    }

    /// Adds the lines of a figure of a settlement.
    pub(super) fn add(
        &mut self,
        settlement: &Settlement,
        figure: &SettledFigure<'_>,
    ) -> Result<(), ExplainError> {
        let none = Steps::default();
        let steps = settlement.steps.as_ref().unwrap_or(&none);
        if let Some(invoices) = figure.invoices(&settlement.invoices) {
            return self.sum_of(settlement, steps, &invoices);
        }
        let profiles = self.ground.profiles;
        match figure {
            SettledFigure::Group { dimensions, key, currency, calendar } => {
                let is_in = |profile: u32, period: Period, of: Currency| {
                    let profile = &profiles[profile as usize];
                    let same =
                        |(d, v): (&Dimension, &String)| d.value(period, profile, calendar) == *v;
                    of == *currency && dimensions.iter().zip(*key).all(same)
                };
                let wanted = |way: &UsageWay| is_in(way.key.profile, way.period, way.invoice.1);
                self.usage(steps, &wanted, With::Terms)?;
                self.unpriced(settlement, &|s| is_in(s.profile, s.period, s.currency));
            }
            SettledFigure::Provider(name) => {
                let of = |profile: u32| profiles[profile as usize].sku.provider == *name;
                self.usage(steps, &|way| of(way.key.profile), With::Terms)?;
                self.unpriced(settlement, &|share| of(share.profile));
            }
            SettledFigure::BesideUsage => {
                for invoice in &settlement.invoices {
                    self.beside(invoice)?;
                }
            }
            SettledFigure::Line(number, line) => {
                let invoice = &settlement.invoices[*number];
                self.line(steps, invoice, &invoice.lines[*line])?;
            }
            SettledFigure::Invoice(_) | SettledFigure::Total(_) | SettledFigure::Cash(..) => {}
        }
        Ok(())
    }

    /// Whole invoices.
    fn sum_of(
        &mut self,
        settlement: &Settlement,
        steps: &Steps,
        invoices: &[&Invoice],
    ) -> Result<(), ExplainError> {
        let is_billed = self.column == Column::Billed;
        let wanted = |way: &UsageWay| invoices.iter().any(|invoice| is_on(way, invoice));
        let before = self.base;
        self.usage(steps, &wanted, if is_billed { With::UnitPrices } else { With::Terms })?;
        for invoice in invoices {
            self.beside(invoice)?;
        }
        if is_billed {
            self.rounding(invoices, self.base.checked_sub(before)?)?;
        }
        let of: BTreeSet<(u32, Period)> = steps
            .ways
            .iter()
            .filter(|way| wanted(way))
            .map(|w| (w.key.profile, w.period))
            .collect();
        self.unpriced(settlement, &|share| of.contains(&(share.profile, share.period)));
        Ok(())
    }

    /// Usage from its prices in the books to the column.
    fn usage(
        &mut self,
        steps: &Steps,
        wanted: &dyn Fn(&UsageWay) -> bool,
        with: With,
    ) -> Result<(), ExplainError> {
        let ways: BTreeMap<UsageKey, &UsageWay> =
            steps.ways.iter().filter(|way| wanted(way)).map(|way| (way.key, way)).collect();
        let mut priced: BTreeMap<UsageKey, Amount> = BTreeMap::new();
        for charge in &steps.charges {
            let Some(way) = ways.get(&charge.key) else { continue };
            let sum = priced.entry(charge.key).or_default();
            *sum = sum.checked_add(self.charge(charge, way)?)?;
        }
        for (key, way) in &ways {
            self.way(way, priced.get(key).copied().unwrap_or_default())?;
            self.base = self.base.checked_add(way.base)?;
            if with != With::UnitPrices {
                self.terms(way, with)?;
            } else {
                let lost = way.base.checked_sub(way.before.billed_cost)?;
                self.step(Phase::Stopped, (None, "not served"), "not served".to_owned(), lost)?;
            }
        }
        Ok(())
    }

    fn step(
        &mut self,
        phase: Phase,
        by: (Option<TermRef>, &'static str),
        description: String,
        change: Amount,
    ) -> Result<(), MoneyError> {
        self.amount = self.amount.checked_add(change)?;
        self.steps.add(phase, by, description, change)
    }

    /// A charge line, and what unit prices of contracts make of it; gives its value at those.
    fn charge(&mut self, charge: &UsageCharge, way: &UsageWay) -> Result<Amount, ExplainError> {
        let profile = &self.ground.profiles[charge.key.profile as usize];
        let what = (charge.key.profile, charge.component);
        self.roundings += charge.roundings;
        let is_list = self.column == Column::List;
        let value = if is_list { charge.list } else { charge.contracted };
        let found = charge.price.as_ref().map(|trail| {
            let prices = (trail.list(), trail.own());
            (trail, self.ground.entries.find(what, way.period.end, prices))
        });
        let Some((trail, entries)) = found else {
            self.lines.add_cost(profile, charge.component, charge.units, value)?;
            self.amount = self.amount.checked_add(value)?;
            return Ok(value);
        };
        let cost = |price: UnitPrice| price.per(0)?.checked_ratio(charge.units, UNITS_PER);
        let price = if is_list { trail.list() } else { trail.own() };
        match entries {
            Some((list, own)) => {
                let rate = if is_list { list } else { own };
                self.lines.add(profile, charge.component, rate, charge.units)?;
            }
            None => self.lines.add_price(profile, charge.component, price, charge.units)?,
        }
        let mut at = cost(price)?;
        self.amount = self.amount.checked_add(at)?;
        for (term, price) in trail.terms.iter().filter(|_| !is_list) {
            let next = cost(*price)?;
            let text = "unit prices of the contract".to_owned();
            self.step(Phase::UnitPrice, (Some(*term), "unit price"), text, next.checked_sub(at)?)?;
            at = next;
        }
        // Where capacity divides a minute, cost is divided with it and rounded, or discounted.
        let divided = value.checked_sub(at)?;
        let (by, text) = (charge.key.served_by, "as capacity divides it, minute by minute");
        if divided.atto().abs() > i128::from(charge.roundings) {
            self.step(Phase::Capacity, (by, "capacity"), text.to_owned(), divided)?;
        } else {
            self.amount = self.amount.checked_add(divided)?;
        }
        Ok(value)
    }

    /// From its value in the currency of the books to what settlement of its stretch began with.
    fn way(&mut self, way: &UsageWay, priced: Amount) -> Result<(), ExplainError> {
        let begun = match self.column {
            Column::List => way.before.list_cost,
            _ => way.before.contracted_cost,
        };
        let exchanged = begun.checked_sub(priced)?;
        if let Some(fx) = &way.fx {
            let text = format!("{} to {} at {} of {}", fx.from, fx.to, fx.rate, fx.date);
            self.step(Phase::Exchange, (None, "exchange"), text, exchanged)?;
        } else {
            // Nothing but what had no price in the books.
            let text = "usage that capacity serves without a price of its own".to_owned();
            self.step(Phase::Exchange, (None, "other"), text, exchanged)?;
        }
        let served = self.column.of(&way.before).checked_sub(begun)?;
        let text = "served by capacity: a share of its fee in place of prices by token".to_owned();
        self.step(Phase::Capacity, (way.key.served_by, "capacity"), text, served)?;
        Ok(())
    }

    /// What terms did to it.
    fn terms(&mut self, way: &UsageWay, with: With) -> Result<(), ExplainError> {
        let mut before = self.column.of(&way.before);
        for step in &way.steps {
            let after = self.column.of(&step.after);
            let change = after.checked_sub(before)?;
            before = after;
            if step.category == LineCategory::Overage && with == With::NoSurcharge {
                continue;
            }
            let (phase, kind) = match step.term {
                Some(_) => (phase(step.category, self.agreed(step.term)), step.category.name()),
                None => (Phase::Stopped, "not served"),
            };
            self.step(phase, (step.term, kind), step.text.clone(), change)?;
        }
        Ok(())
    }

    fn agreed(&self, term: Option<TermRef>) -> Option<&'g TermKind> {
        let at = term?;
        Some(&self.ground.contracts.get(at.contract)?.terms.get(at.term)?.kind)
    }

    /// Lines of an invoice that are not in the steps of usage.
    fn beside(&mut self, invoice: &Invoice) -> Result<(), ExplainError> {
        for line in &invoice.lines {
            let is_usage = match line.category {
                LineCategory::Usage => true,
                LineCategory::Overage => self.column != Column::Billed,
                _ => false,
            };
            if !is_usage {
                let by = (line.term, line.category.name());
                let phase = phase(line.category, self.agreed(line.term));
                self.step(phase, by, line.description.clone(), self.column.of(&line.costs))?;
            }
        }
        Ok(())
    }

    /// Each line of usage is rounded once.
    fn rounding(&mut self, invoices: &[&Invoice], base: Amount) -> Result<(), ExplainError> {
        let mut rest = Amount::ZERO.checked_sub(base)?;
        for line in invoices.iter().flat_map(|invoice| &invoice.lines) {
            if line.category == LineCategory::Usage {
                rest = rest.checked_add(line.costs.billed_cost)?;
            }
        }
        let text = "lines of usage are rounded once each".to_owned();
        self.step(Phase::Rounding, (None, "rounding"), text, rest)?;
        Ok(())
    }

    /// One line.
    fn line(&mut self, steps: &Steps, invoice: &Invoice, line: &Line) -> Result<(), ExplainError> {
        let whole = self.column.of(&line.costs);
        if line.category == LineCategory::Usage {
            let profiles = self.ground.profiles;
            let wanted = |way: &UsageWay| {
                let sku = &profiles[way.key.profile as usize].sku;
                is_on(way, invoice)
                    && way.key.served_by == line.term
                    && (sku.provider.as_str(), sku.model.as_str())
                        == (line.provider.as_str(), line.model.as_str())
            };
            if self.column != Column::Billed {
                return self.usage(steps, &wanted, With::NoSurcharge);
            }
            self.usage(steps, &wanted, With::UnitPrices)?;
            let rest = whole.checked_sub(self.base)?;
            let text = "the line is rounded once".to_owned();
            return Ok(self.step(Phase::Rounding, (None, "rounding"), text, rest)?);
        }
        self.name = format!("what the line is for: {}", line.description);
        // In other columns what terms take off is in the lines of the usage.
        let is_here = self.column == Column::Billed || line.category == LineCategory::Overage;
        for way in steps.ways.iter().filter(|way| is_here && is_on(way, invoice)) {
            let mut before = way.before;
            for step in &way.steps {
                let change = self.column.of(&step.after).checked_sub(self.column.of(&before))?;
                before = step.after;
                let is_its = step.term == line.term
                    && step.category == line.category
                    && step.text == line.description;
                if is_its {
                    let sku = &self.ground.profiles[way.key.profile as usize].sku;
                    let text = format!("{}/{}", sku.provider, sku.model);
                    let by = (line.term, line.category.name());
                    self.step(Phase::Usage, by, text, change)?;
                }
            }
        }
        let rest = whole.checked_sub(self.amount)?;
        let small = rest.atto().abs() < Amount::from_cents(1).atto();
        let (by, text, phase) = if self.amount.is_zero() || !small {
            ((line.term, line.category.name()), line.description.clone(), Phase::Beside)
        } else {
            ((None, "rounding"), "the line is rounded once".to_owned(), Phase::Rounding)
        };
        self.step(phase, by, text, rest)?;
        Ok(())
    }

    fn unpriced(&mut self, settlement: &Settlement, wanted: &dyn Fn(&CostShare) -> bool) {
        for share in settlement.shares.iter().filter(|share| wanted(share)) {
            let sku = &self.ground.profiles[share.profile as usize].sku;
            for (component, units) in share.unpriced.iter() {
                self.missing.add(sku, component, units);
            }
        }
    }

    pub(super) fn finish(self) -> Result<Part<'a>, ExplainError> {
        Ok(Part {
            name: self.name,
            weight: (1, 1),
            amount: self.amount,
            charges: self.lines.finish()?,
            steps: self.steps.finish(),
            roundings: self.roundings,
            unpriced: self.missing.lines(),
        })
    }
}
