//! Invoices in the making: lines of one kind are summed, then rounded once.

use chrono::{Days, NaiveDate};
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::deal::Deal;
use super::invoice::{FxUsed, Invoice, Line, LineCategory, LineQuantity, TermRef};
use super::steps::Notes;
use crate::contract::LineRounding;
use crate::money::{Amount, Currency, MoneyError, Rounding};
use crate::period::{Calendar, Month, Period, Timestamp};
use crate::rating::Costs;

/// Which invoice a line goes on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct InvoiceKey {
    days: (NaiveDate, NaiveDate),
    issuer: String,
    currency: Currency,
    due: NaiveDate,
    /// The end of the billing period.
    end: Timestamp,
    rounding: LineRounding,
}

impl InvoiceKey {
    /// Issuer, currency and days.
    pub(super) fn name(&self) -> (String, Currency, (NaiveDate, NaiveDate)) {
        (self.issuer.clone(), self.currency, self.days)
    }
}

/// Which lines are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct LineKey {
    pub(super) category: LineCategory,
    pub(super) term: Option<TermRef>,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) description: String,
}

/// What a line adds.
#[derive(Debug, Clone, Default)]
pub(super) struct Added {
    pub(super) costs: Costs,
    /// A number and its unit; numbers of one line add up.
    pub(super) quantity: Option<(Amount, String)>,
    /// Tokens, where the quantity is their sum.
    pub(super) tokens: u64,
    pub(super) fx: Option<FxUsed>,
}

/// All invoices.
#[derive(Debug, Default)]
pub(super) struct Bill {
    invoices: IndexMap<InvoiceKey, IndexMap<LineKey, Added, FixedState>, FixedState>,
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
        issuer: contract.issuer.to_string(),
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
        issuer: provider.to_owned(),
        currency,
        due: days.1 + Days::new(USUAL_PAYMENT_DAYS),
        end: Calendar::UTC.day_start(days.1),
        rounding: LineRounding { places: USUAL_PLACES, rounding: Rounding::HalfUp },
    }
}

impl Bill {
    /// No invoices yet.
    pub(super) fn with_notes(notes: Option<Notes>) -> Self {
        Self { notes, ..Self::default() }
    }

    /// Adds to a line.
    pub(super) fn add(
        &mut self,
        invoice: &InvoiceKey,
        line: LineKey,
        added: Added,
    ) -> Result<(), MoneyError> {
        let lines = match self.invoices.get_mut(invoice) {
            Some(lines) => lines,
            None => self.invoices.entry(invoice.clone()).or_default(),
        };
        let sum = lines.entry(line).or_default();
        sum.costs = sum.costs.checked_add(added.costs)?;
        sum.tokens = sum.tokens.saturating_add(added.tokens);
        sum.quantity = match (sum.quantity.take(), added.quantity) {
            (Some((a, unit)), Some((b, _))) => Some((a.checked_add(b)?, unit)),
            (a, b) => a.or(b),
        };
        sum.fx = added.fx.or(sum.fx.take());
        Ok(())
    }

    /// The invoices in the order of their last day, each line rounded once.
    pub(super) fn invoices(self, window: Period) -> Result<Vec<Invoice>, MoneyError> {
        let mut found: Vec<_> = self.invoices.into_iter().collect();
        found.sort_by(|(a, _), (b, _)| (a.days.1, a).cmp(&(b.days.1, b)));
        let mut invoices = Vec::with_capacity(found.len());
        for (key, lines) in found {
            let mut lines: Vec<(LineKey, Added)> = lines.into_iter().collect();
            lines.sort_by(|(a, _), (b, _)| a.cmp(b));
            let lines: Vec<Line> = lines
                .into_iter()
                .map(|(line, added)| finished(line, added, key.rounding))
                .filter(|line| line.costs != Costs::default() || line.quantity.is_some())
                .collect();
            let costs =
                lines.iter().try_fold(Costs::default(), |sum, l| sum.checked_add(l.costs))?;
            invoices.push(Invoice {
                issuer: key.issuer,
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

fn finished(line: LineKey, added: Added, rounding: LineRounding) -> Line {
    let tokens = || LineQuantity { number: added.tokens.to_string(), unit: "tokens".to_owned() };
    let counted = |(number, unit): (Amount, String)| {
        let text = number.to_string();
        let number = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        LineQuantity { number, unit }
    };
    let quantity = added.quantity.map(counted).or_else(|| (added.tokens > 0).then(tokens));
    let mut costs = added.costs;
    costs.billed_cost = costs.billed_cost.round(rounding.places, rounding.rounding);
    Line {
        category: line.category,
        term: line.term,
        provider: line.provider,
        model: line.model,
        description: line.description,
        quantity,
        costs,
        fx: added.fx,
    }
}
