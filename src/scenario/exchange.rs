//! Invoices in other currencies than that of the comparison.

use chrono::NaiveDate;

use super::ScenarioError;
use super::case::Case;
use crate::contract::FxRate;
use crate::money::{Amount, Currency};
use crate::settlement::{CostShare, Settlement};

/// An amount of an invoice in the currency of the comparison, at the rate of its day.
pub(super) fn converted(
    case: &Case<'_>,
    (amount, from): (Amount, Currency),
    on: NaiveDate,
) -> Result<Amount, ScenarioError> {
    let to = case.usage().currency;
    if from == to {
        return Ok(amount);
    }
    let found = case.fx().rate(from, to, on);
    let found =
        found.ok_or_else(|| ScenarioError::NoRate { scenario: case.name.clone(), from, to, on })?;
    Ok(amount.checked_mul_rounded(found.rate)?)
}

/// The day of an invoice: the last of its billing period.
pub(super) fn day_of(days: (NaiveDate, NaiveDate)) -> NaiveDate {
    days.1.pred_opt().unwrap_or(days.1)
}

/// The day of the invoice that usage is on.
pub(super) fn day_of_share(
    case: &Case<'_>,
    settlement: &Settlement,
    share: &CostShare,
) -> NaiveDate {
    let own = case.contracts.iter().find(|contract| contract.currency == share.currency);
    let calendar = own.map_or(crate::period::Calendar::UTC, |contract| contract.calendar);
    let day = calendar.date_of(share.period.start);
    let invoices = settlement.invoices.iter().filter(|i| i.currency == share.currency);
    let mut days = invoices.map(|invoice| invoice.days);
    days.find(|days| days.0 <= day && day < days.1).map_or(day, day_of)
}

/// The rates that a scenario needs in its horizon, the last of each pair held to its end: from the prices
/// into the currency of a contract, and back.
pub(super) fn rates_used(case: &Case<'_>) -> Vec<FxRate> {
    let usage = case.usage();
    let mut others: Vec<Currency> = case.contracts.iter().map(|c| c.currency).collect();
    others.retain(|currency| *currency != usage.currency);
    others.sort_unstable();
    others.dedup();
    let pairs =
        others.iter().flat_map(|other| [(usage.currency, *other), (*other, usage.currency)]);
    let rates = pairs.flat_map(|pair| case.fx().during(pair, (usage.origin, usage.end)));
    rates.cloned().collect()
}
