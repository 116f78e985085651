//! How usage came to cost what it costs: unit prices, and what each term did to it. Kept only where it
//! is asked for; settlement itself does not read it.

use chrono::NaiveDate;
use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::cells::CellKey;
use super::invoice::{FxUsed, LineCategory, TermRef};
use super::item::Item;
use super::usage::TokenPrices;
use crate::money::{Amount, Currency, MoneyError, UnitPrice};
use crate::period::Period;
use crate::rating::Costs;
use crate::tokens::Component;

/// Units of a charge are counted in millionths, because capacity can serve a part of a token.
pub const UNITS_PER: i128 = super::load::MILLION;

/// A unit price from the books to the contract.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PriceTrail {
    /// Those of the books.
    pub books: (UnitPrice, UnitPrice),
    /// The price after each term that is about it, in their order; before the first it is that of
    /// the books in use.
    pub terms: Vec<(TermRef, UnitPrice)>,
}

impl PriceTrail {
    pub(super) fn new(prices: TokenPrices, terms: Vec<(TermRef, UnitPrice)>) -> Self {
        Self { books: (prices.list, prices.own), terms }
    }

    /// At list.
    #[must_use]
    pub fn list(&self) -> UnitPrice {
        self.books.0
    }

    /// Of the books in use.
    #[must_use]
    pub fn own(&self) -> UnitPrice {
        self.books.1
    }
}

/// Usage of one profile in one stretch of time, and whether a capacity served it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey {
    /// Number of the stretch.
    pub segment: u32,
    /// The profile.
    pub profile: u32,
    /// The capacity that served it.
    pub served_by: Option<TermRef>,
}

impl From<CellKey> for UsageKey {
    fn from(key: CellKey) -> Self {
        Self { segment: key.segment, profile: key.profile, served_by: key.served_by }
    }
}

/// Units of one component at one price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageCharge {
    /// Whose.
    pub key: UsageKey,
    /// What is counted.
    pub component: Component,
    /// The price; `None`: several, or none.
    pub price: Option<PriceTrail>,
    /// Units, in parts of [`UNITS_PER`].
    pub units: i128,
    /// Value at list, in the currency of the books.
    pub list: Amount,
    /// Value at the unit prices of contracts, in the currency of the books.
    pub contracted: Amount,
    /// How often its value was rounded, because a minute was divided.
    pub roundings: u64,
}

/// What one term did to usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageStep {
    /// The term; `None`: what no line says.
    pub term: Option<TermRef>,
    /// The category of the line that it made.
    pub category: LineCategory,
    /// The description of that line.
    pub text: String,
    /// What the usage costs after it.
    pub after: Costs,
}

/// The way of the usage of one profile in one stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageWay {
    /// Whose.
    pub key: UsageKey,
    /// The stretch.
    pub period: Period,
    /// Issuer, currency and days of the invoice it is on.
    pub invoice: (String, Currency, (NaiveDate, NaiveDate)),
    /// The rate that converted it.
    pub fx: Option<FxUsed>,
    /// What it costs at the unit prices of contracts; billed is what is invoiced by token.
    pub before: Costs,
    /// What each term made of that, in the order of settlement.
    pub steps: Vec<UsageStep>,
    /// What the line of usage asks for: less than before where something was not served.
    pub base: Amount,
}

impl UsageWay {
    /// What it costs in the end.
    #[must_use]
    pub fn after(&self) -> Costs {
        self.steps.last().map_or(self.before, |step| step.after)
    }
}

/// Everything that was noted.
#[derive(Debug, Clone, Default)]
pub struct Steps {
    /// By stretch, profile and capacity.
    pub ways: Vec<UsageWay>,
    /// In no order.
    pub charges: Vec<UsageCharge>,
}

/// Notes in the making.
#[derive(Debug, Default)]
pub(super) struct Notes {
    ways: Vec<UsageWay>,
    /// Where the items of the current stretch begin among the ways.
    current: usize,
    charges: IndexMap<(UsageKey, Component, Option<PriceTrail>), Sums, FixedState>,
    /// Prices that rows of profiles with capacity had.
    seen: IndexMap<(u32, u32, Component), Vec<PriceTrail>, FixedState>,
}

#[derive(Debug, Default)]
struct Sums {
    units: i128,
    list: Amount,
    contracted: Amount,
    roundings: u64,
}

/// The costs of usage as they stand.
fn standing(item: &Item) -> Result<Costs, MoneyError> {
    Ok(Costs {
        list_cost: item.list,
        contracted_cost: item.price.checked_add(item.overage)?,
        effective_cost: item.effective()?,
        billed_cost: item.payable,
    })
}

impl Notes {
    /// Usage at a price.
    pub(super) fn charge(
        &mut self,
        key: CellKey,
        component: Component,
        price: PriceTrail,
        quantity: u64,
        (list, contracted): (Amount, Amount),
    ) -> Result<(), MoneyError> {
        let units = i128::from(quantity).checked_mul(UNITS_PER).ok_or(MoneyError::Overflow)?;
        self.add((key.into(), component, Some(price)), units, (list, contracted), 0)
    }

    /// The price of a component in a row that capacity may serve.
    pub(super) fn price_seen(&mut self, segment: usize, what: (u32, Component), price: PriceTrail) {
        let segment = u32::try_from(segment).unwrap_or(u32::MAX);
        let seen = self.seen.entry((segment, what.0, what.1)).or_default();
        if !seen.contains(&price) {
            seen.push(price);
        }
    }

    /// A part of such a row. Its price is that of the rows of its stretch, if they have one price.
    pub(super) fn portion(
        &mut self,
        key: CellKey,
        component: Component,
        units: i128,
        values: (Option<Amount>, Option<Amount>),
    ) -> Result<(), MoneyError> {
        let seen = self.seen.get(&(key.segment, key.profile, component));
        let price = seen.filter(|seen| seen.len() == 1).and_then(|seen| seen.first().cloned());
        let (Some(list), Some(contracted)) = values else { return Ok(()) };
        self.add((key.into(), component, price), units, (list, contracted), 1)
    }

    fn add(
        &mut self,
        what: (UsageKey, Component, Option<PriceTrail>),
        units: i128,
        (list, contracted): (Amount, Amount),
        roundings: u64,
    ) -> Result<(), MoneyError> {
        let sums = self.charges.entry(what).or_default();
        sums.units = sums.units.checked_add(units).ok_or(MoneyError::Overflow)?;
        sums.list = sums.list.checked_add(list)?;
        sums.contracted = sums.contracted.checked_add(contracted)?;
        sums.roundings += roundings;
        Ok(())
    }

    /// A stretch begins.
    pub(super) fn begin(
        &mut self,
        segment: u32,
        period: Period,
        items: &[Item],
    ) -> Result<(), MoneyError> {
        self.current = self.ways.len();
        for item in items {
            let before = standing(item)?;
            self.ways.push(UsageWay {
                key: UsageKey { segment, profile: item.profile, served_by: item.served_by },
                period,
                invoice: (String::new(), item.currency, Default::default()),
                fx: item.fx.as_deref().cloned(),
                before,
                steps: Vec::new(),
                base: item.base,
            });
        }
        Ok(())
    }

    /// A term was applied: whatever changed since the last note is its doing.
    pub(super) fn applied(
        &mut self,
        term: Option<TermRef>,
        items: &[Item],
        (category, text): (LineCategory, &str),
        surcharge: &str,
    ) -> Result<(), MoneyError> {
        for (item, way) in items.iter().zip(&mut self.ways[self.current..]) {
            let after = standing(item)?;
            if after == way.after() {
                continue;
            }
            let more = item.effect.surcharge;
            let without = Costs {
                contracted_cost: after.contracted_cost.checked_sub(more)?,
                effective_cost: after.effective_cost.checked_sub(more)?,
                billed_cost: after.billed_cost.checked_sub(more)?,
                ..after
            };
            if without != way.after() {
                let text = text.to_owned();
                way.steps.push(UsageStep { term, category, text, after: without });
            }
            if !more.is_zero() {
                let (category, text) = (LineCategory::Overage, surcharge.to_owned());
                way.steps.push(UsageStep { term, category, text, after });
            }
        }
        Ok(())
    }

    /// Usage goes on an invoice.
    pub(super) fn invoiced(
        &mut self,
        number: usize,
        invoice: (String, Currency, (NaiveDate, NaiveDate)),
        base: Amount,
    ) {
        if let Some(way) = self.ways.get_mut(self.current + number) {
            way.invoice = invoice;
            way.base = base;
        }
    }

    pub(super) fn finish(self) -> Steps {
        let charge = |((key, component, price), sums): ((UsageKey, _, _), Sums)| UsageCharge {
            key,
            component,
            price,
            units: sums.units,
            list: sums.list,
            contracted: sums.contracted,
            roundings: sums.roundings,
        };
        Steps { ways: self.ways, charges: self.charges.into_iter().map(charge).collect() }
    }
}
