//! Builder of credits and grants.

use super::build::{Builder, every, small};
use super::read::Fields;
use crate::contract::terms::{Credit, Recharge, WhenEmpty};
use crate::money::Amount;

/// `[[credit]]`, or `[[grant]]` whose price is nothing.
pub(super) fn credit(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<Credit> {
    build.only_one(fields, &["expires_on", "expires_after_months"], false);
    if fields.has("repeats") && fields.has("expires_on") {
        let message = "`repeats` and `expires_on` exclude each other";
        let hint = Some("`until` ends the repetition, `expires_after_months` each lot".to_owned());
        build.report.problem_with(fields.at("expires_on"), message, hint);
    }
    let bought_on = match fields.has("bought_on") {
        true => build.inside(fields, "bought_on", false),
        false => Some(build.days.0),
    };
    let expires_on = fields.day("expires_on");
    if let (Some(from), Some(until)) = (bought_on, expires_on)
        && until <= from
    {
        let message = format!("`expires_on` {until} is not after the first day {from}");
        build.report.problem(fields.at("expires_on"), message);
    }
    let recharge = recharge(fields, build);
    let paid = fields.amount("amount")?;
    let bonus = fields.amount("bonus").unwrap_or_default();
    let price = match fields.table.name {
        "grant" => Amount::ZERO,
        _ => fields.amount("price").unwrap_or(paid),
    };
    let amount = match paid.checked_add(bonus) {
        Ok(amount) => amount,
        Err(error) => {
            build.report.problem(fields.at("bonus"), error.to_string());
            return None;
        }
    };
    if amount.is_zero() {
        build.report.problem(fields.at("amount"), "`amount` is zero");
    }
    let order = fields.integer("order").and_then(|n| i64::try_from(n).ok());
    Some(Credit {
        amount,
        price,
        bought_on: bought_on?,
        expires_on,
        order: order.unwrap_or(i64::from(!price.is_zero())),
        repeats: every(fields, "repeats"),
        expires_after_months: small(fields, "expires_after_months"),
        recharge,
        when_empty: match fields.text("when_empty") {
            Some("stopped") => WhenEmpty::Stopped,
            _ => WhenEmpty::Invoiced,
        },
    })
}

fn recharge(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<Recharge> {
    let row = fields.table("recharge")?;
    let (below, amount) = (row.amount("below")?, row.amount("amount")?);
    if amount.is_zero() {
        // It would be bought without end.
        build.report.problem(row.at("amount"), "`amount` of a recharge is zero");
    }
    Some(Recharge { below, amount })
}
