//! Figures of usage under contracts: what they sum, and the part that comes of it.

mod lines;
mod usage;

use std::collections::BTreeSet;

use self::usage::With;
use super::due::DueIn;
use super::entries::Entries;
use super::steps::{Phase, StepSums};
use super::{Column, ExplainError, Explained, Missing, Part};
use crate::contract::{Contract, TermKind};
use crate::money::{Amount, Currency, MoneyError};
use crate::period::{Calendar, Period};
use crate::rating::group::Dimension;
use crate::rating::lines::Lines;
use crate::rollup::Profile;
use crate::settlement::steps::{Steps, UNITS_PER, UsageWay};
use crate::settlement::{CostShare, Invoice, Settlement, TermRef};

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

    fn agreed(&self, term: Option<TermRef>) -> Option<&'g TermKind> {
        let at = term?;
        Some(&self.ground.contracts.get(at.contract)?.terms.get(at.term)?.kind)
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
