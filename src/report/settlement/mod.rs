//! The report of `cost --contract`: invoices, balances, cash, and what usage cost in the end.

mod balances;
mod figures;
mod lines;
mod page;
mod tables;
#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;

use self::balances::{BurnDown, CapacityFigures, CreditLot};
use self::figures::{
    Cash, ContractFacts, GroupFigures, InvoiceFigures, Names, Total, Unpriced, Window,
};
use super::{InputFacts, PriceBookFacts, shown_findings};
use crate::contract::Contract;
use crate::diagnostic::Diagnostic;
use crate::money::MoneyError;
use crate::period::Calendar;
use crate::rating::group::Dimension;
use crate::rollup::Profile;
use crate::settlement::Settlement;
use crate::tokens::ComponentCounts;

/// The name of the JSON form.
pub const SCHEMA: &str = "tokencast.settlement.v1";

/// What was settled, and what it was settled from.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'a> {
    /// The result.
    pub settlement: &'a Settlement,
    /// The contracts, in the order that its numbers refer to.
    pub contracts: &'a [Contract],
    /// The profiles that its numbers refer to.
    pub profiles: &'a [Profile],
    /// What to group costs by.
    pub dimensions: &'a [Dimension],
    /// Days and months of the report.
    pub calendar: &'a Calendar,
    /// True if the window begins with the month of the first usage because nothing else was asked.
    pub window_assumed: bool,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct SettlementReport {
    schema: &'static str,
    window: Option<Window>,
    inputs: InputFacts,
    contracts: Vec<ContractFacts>,
    totals: Vec<Total>,
    unpriced: Unpriced,
    invoices: Vec<InvoiceFigures>,
    burn_down: Vec<BurnDown>,
    credits: Vec<CreditLot>,
    capacities: Vec<CapacityFigures>,
    cash: Vec<Cash>,
    group_by: Vec<String>,
    groups: Vec<GroupFigures>,
    diagnostics: Vec<Diagnostic>,
    price_book: PriceBookFacts,
    #[serde(skip)]
    window_assumed: bool,
}

impl SettlementReport {
    /// From a settlement and what was read.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn new(
        settled: Settled<'_>,
        inputs: InputFacts,
        diagnostics: Vec<Diagnostic>,
        price_book: PriceBookFacts,
    ) -> Result<Self, MoneyError> {
        let settlement = settled.settlement;
        let names = Names(settled.contracts);
        let groups = settlement.by(settled.dimensions, settled.profiles, settled.calendar)?;
        let mut unpriced = ComponentCounts::default();
        for share in &settlement.shares {
            if !unpriced.checked_add_all(&share.unpriced) {
                return Err(MoneyError::Overflow);
            }
        }
        let group_by: Vec<String> = settled.dimensions.iter().map(ToString::to_string).collect();
        Ok(Self {
            schema: SCHEMA,
            window: settlement.window.map(|window| Window::new(window, settled.calendar)),
            inputs,
            contracts: settled.contracts.iter().map(ContractFacts::of).collect(),
            totals: settlement.totals()?.into_iter().map(Total::of).collect(),
            unpriced: Unpriced::of(&unpriced),
            invoices: settlement.invoices.iter().map(|i| InvoiceFigures::of(i, names)).collect(),
            burn_down: BurnDown::all(&settlement.commitments, names),
            credits: CreditLot::all(&settlement.credits, names),
            capacities: settlement
                .capacities
                .iter()
                .map(|capacity| CapacityFigures::of(capacity, names))
                .collect(),
            cash: settlement.cash()?.into_iter().map(Cash::of).collect(),
            groups: groups
                .iter()
                .map(|(key, sums)| GroupFigures::of(&group_by, key, sums))
                .collect(),
            group_by,
            diagnostics: shown_findings(diagnostics),
            price_book,
            window_assumed: settled.window_assumed,
        })
    }

    /// True if there is usage, and neither a price nor a fee for any of it.
    #[must_use]
    pub fn is_without_prices(&self) -> bool {
        let all =
            |f: fn(&GroupFigures) -> u64| self.groups.iter().map(f).fold(0, u64::saturating_add);
        let units = all(GroupFigures::units);
        units > 0
            && units == self.unpriced.units()
            && self.invoices.iter().all(InvoiceFigures::is_empty)
    }
}
