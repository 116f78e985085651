//! Invoices in the making: lines of one kind are summed, then rounded once.

use std::borrow::Cow;

use chrono::{Days, NaiveDate};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::deal::Deal;
use super::invoice::{FxUsed, Invoice, Line, LineCategory, LineQuantity, TermRef};
use super::percent::percent;
use super::steps::Notes;
use super::usage::UsageProfile;
use super::usage_lines::UsageLines;
use crate::contract::LineRounding;
use crate::money::{Amount, Currency, Factor, MoneyError, Rounding};
use crate::period::{Calendar, Month, Period, Timestamp};
use crate::rating::Costs;

/// Which invoice a line goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct InvoiceKey {
    days: (NaiveDate, NaiveDate),
    issuer: CompactString,
    currency: Currency,
    due: NaiveDate,
    /// The end of the billing period.
    end: Timestamp,
    rounding: LineRounding,
}

impl InvoiceKey {
    /// Issuer, currency and days.
    pub(super) fn name(&self) -> (String, Currency, (NaiveDate, NaiveDate)) {
        (self.issuer.to_string(), self.currency, self.days)
    }
}

/// Which lines are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct LineKey {
    pub(super) category: LineCategory,
    pub(super) term: Option<TermRef>,
    /// The first profile of its provider and model; `None` where a line is for several.
    pub(super) profile: Option<u32>,
    pub(super) text: Text,
}

/// What a line is for. It is put into words when the invoice is written: lines are added to far more
/// often than that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Text {
    /// As it is.
    Words(Cow<'static, str>),
    /// A discount.
    Off(Factor),
    /// What a lot of credit pays.
    Lot { from: NaiveDate, returned: bool, number: usize },
}

impl Text {
    /// Words that never change.
    pub(super) const fn fixed(words: &'static str) -> Self {
        Self::Words(Cow::Borrowed(words))
    }

    pub(super) fn into_words(self) -> String {
        match self {
            Self::Words(words) => words.into_owned(),
            Self::Off(rate) => format!("{} off", percent(rate)),
            Self::Lot { from, returned, number } => {
                let word = if returned { "returned for a shortfall" } else { "bought" };
                format!("credit of {from} ({word}), lot {number}")
            }
        }
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::Words(Cow::Owned(words))
    }
}

/// What a line adds.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub(super) costs: Costs,
    /// A number and its unit; numbers of one line add up.
    pub(super) quantity: Option<(Amount, String)>,
    /// Tokens, where the quantity is their sum.
    pub(super) tokens: u64,
    pub(super) fx: Option<Box<FxUsed>>,
}

impl Added {
    fn add(&mut self, more: Self) -> Result<(), MoneyError> {
        self.costs = self.costs.checked_add(more.costs)?;
        self.tokens = self.tokens.saturating_add(more.tokens);
        if let Some((number, unit)) = more.quantity {
            match &mut self.quantity {
                Some((sum, _)) => *sum = sum.checked_add(number)?,
                empty => *empty = Some((number, unit)),
            }
        }
        if more.fx.is_some() {
            self.fx = more.fx;
        }
        Ok(())
    }
}

/// One invoice without its lines.
#[derive(Debug, Clone, Copy)]
pub struct InvoiceTotal {
    /// Currency of the amounts.
    pub currency: Currency,
    /// The day on which it is to be paid.
    pub due: NaiveDate,
    /// Sums of its lines.
    pub costs: Costs,
}

/// All invoices.
#[derive(Debug)]
pub(super) struct Bill {
    invoices: IndexMap<InvoiceKey, IndexMap<LineKey, Added, FixedState>, FixedState>,
    /// Their lines for usage by the token; the other lines are with the invoice.
    pub(super) usage: UsageLines,
    /// How usage comes to cost what it costs, where that is asked for.
    pub(super) notes: Option<Notes>,
}

/// Days until an invoice without a contract is to be paid.
const USUAL_PAYMENT_DAYS: u64 = 30;
/// Decimal places of an invoice without a contract.
const USUAL_PLACES: u32 = 2;

/// The invoice of a contract's issuer for the billing period of a stretch.
pub(super) fn key_of(deal: &Deal<'_>, segment: Period) -> InvoiceKey {
    let contract = deal.contract;
    let (days, end) = deal
        .billing
        .at(segment.start)
        .map_or((deal.days, contract.term.end), |span| (span.days, span.period.end));
    InvoiceKey {
        days,
        issuer: contract.issuer.clone(),
        currency: contract.currency,
        due: days.1 + Days::new(u64::from(contract.payment_days)),
        end,
        rounding: contract.line_rounding,
    }
}

/// The invoice of a provider without a contract: by month of UTC.
pub(super) fn key_without_contract(
    provider: &str,
    currency: Currency,
    segment: Period,
) -> InvoiceKey {
    let month = Month::of(Calendar::UTC.date_of(segment.start));
    let days = (month.first_day(), month.end());
    InvoiceKey {
        days,
        issuer: provider.into(),
        currency,
        due: days.1 + Days::new(USUAL_PAYMENT_DAYS),
        end: Calendar::UTC.day_start(days.1),
        rounding: LineRounding { places: USUAL_PLACES, rounding: Rounding::HalfUp },
    }
}

impl Bill {
    /// No invoices yet, for models with numbers below one.
    pub(super) fn new(models: usize, notes: Option<Notes>) -> Self {
        Self { invoices: IndexMap::default(), usage: UsageLines::new(models), notes }
    }

    /// Adds to a line.
    pub(super) fn add(
        &mut self,
        invoice: &InvoiceKey,
        line: LineKey,
        added: Added,
    ) -> Result<(), MoneyError> {
        let number = self.number_of(invoice);
        self.add_to(number, line, added)
    }

    /// The number of an invoice, for several lines.
    pub(super) fn number_of(&mut self, invoice: &InvoiceKey) -> usize {
        let found = self.invoices.get_index_of(invoice);
        found.unwrap_or_else(|| self.invoices.insert_full(invoice.clone(), IndexMap::default()).0)
    }

    /// Notes on which invoice an item is, by its number, and with how much.
    pub(super) fn note_invoice(&mut self, item: usize, invoice: usize, base: Amount) {
        if let (Some(notes), Some((key, _))) = (&mut self.notes, self.invoices.get_index(invoice)) {
            notes.invoiced(item, key.name(), base);
        }
    }

    /// Adds to a line of an invoice by its number.
    pub(super) fn add_to(
        &mut self,
        invoice: usize,
        line: LineKey,
        added: Added,
    ) -> Result<(), MoneyError> {
        self.invoices[invoice].entry(line).or_default().add(added)
    }

    /// What each invoice asks for, each line rounded once.
    pub(super) fn totals(self) -> Result<Vec<InvoiceTotal>, MoneyError> {
        let mut totals = Vec::with_capacity(self.invoices.len());
        let mut roundings = Vec::with_capacity(self.invoices.len());
        for (key, lines) in self.invoices {
            let mut lines = lines.into_values().map(|added| rounded(added.costs, key.rounding));
            let costs =
                lines.try_fold(Costs::default(), |sum: Costs, costs| sum.checked_add(costs))?;
            totals.push(InvoiceTotal { currency: key.currency, due: key.due, costs });
            roundings.push(key.rounding);
        }
        for line in self.usage.into_lines() {
            let total = &mut totals[line.invoice].costs;
            *total = total.checked_add(rounded(line.costs, roundings[line.invoice]))?;
        }
        Ok(totals)
    }

    /// The invoices in the order of their last day, each line rounded once.
    pub(super) fn invoices(
        self,
        window: Period,
        profiles: &[UsageProfile],
    ) -> Result<Vec<Invoice>, MoneyError> {
        let mut found: Vec<_> = self.invoices.into_iter().collect();
        for line in self.usage.into_lines() {
            let lines = &mut found[line.invoice].1;
            let (key, added) = line.into_line();
            lines.insert(key, added);
        }
        found.sort_by(|(a, _), (b, _)| (a.days.1, a).cmp(&(b.days.1, b)));
        let mut invoices = Vec::with_capacity(found.len());
        for (key, lines) in found {
            let mut lines: Vec<Line> = lines
                .into_iter()
                .map(|(line, added)| finished(line, added, key.rounding, profiles))
                .filter(|line| line.costs != Costs::default() || line.quantity.is_some())
                .collect();
            lines.sort_by(|a, b| in_order(a).cmp(&in_order(b)));
            let costs =
                lines.iter().try_fold(Costs::default(), |sum, l| sum.checked_add(l.costs))?;
            invoices.push(Invoice {
                issuer: key.issuer.into_string(),
                currency: key.currency,
                days: key.days,
                due: key.due,
                complete: key.end <= window.end,
                lines,
                costs,
            });
        }
        Ok(invoices)
    }
}

/// The order of lines on an invoice.
fn in_order(line: &Line) -> (LineCategory, Option<TermRef>, &str, &str, &str) {
    (line.category, line.term, &line.provider, &line.model, &line.description)
}

fn rounded(costs: Costs, rounding: LineRounding) -> Costs {
    Costs { billed_cost: costs.billed_cost.round(rounding.places, rounding.rounding), ..costs }
}

fn finished(
    line: LineKey,
    added: Added,
    rounding: LineRounding,
    profiles: &[UsageProfile],
) -> Line {
    let sku = line.profile.map(|profile| &profiles[profile as usize].sku);
    let tokens = || LineQuantity { number: added.tokens.to_string(), unit: "tokens".to_owned() };
    let counted = |(number, unit): (Amount, String)| {
        let text = number.to_string();
        let number = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        LineQuantity { number, unit }
    };
    let quantity = added.quantity.map(counted).or_else(|| (added.tokens > 0).then(tokens));
    Line {
        category: line.category,
        term: line.term,
        provider: sku.map_or_else(String::new, |sku| sku.provider.to_string()),
        model: sku.map_or_else(String::new, |sku| sku.model.to_string()),
        description: line.text.into_words(),
        quantity,
        costs: rounded(added.costs, rounding),
        fx: added.fx.map(|fx| *fx),
    }
}
