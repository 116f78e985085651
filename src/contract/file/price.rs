//! Builders of terms that change prices.

use super::build::{Builder, every};
use super::cliff;
use super::read::Fields;
use crate::contract::terms::{
    BestCustomer, Discount, DiscountSchedule, FixedRate, Measure, PriceProtection, Tier, TierMode,
};
use crate::price_book::PRICE_KEYS;

pub(super) fn discount(fields: &Fields<'_>) -> Option<Discount> {
    Some(Discount { rate: fields.factor("rate")? })
}

pub(super) fn fixed_rate(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<FixedRate> {
    if !PRICE_KEYS.iter().any(|key| fields.has(key.name)) {
        build.report.problem(fields.offset, "`fixed_rate` has no price");
    }
    let mut prices: Vec<_> =
        PRICE_KEYS.iter().filter_map(|k| Some((k.component, fields.price(k.name)?))).collect();
    prices.sort_unstable_by_key(|(component, _)| *component);
    let lesser_of_list = fields.flag("lesser_of_list", false);
    (!prices.is_empty()).then_some(FixedRate { prices, lesser_of_list })
}

pub(super) fn protection(fields: &Fields<'_>) -> Option<PriceProtection> {
    Some(PriceProtection {
        base_date: fields.day("base_date")?,
        annual_cap: fields.factor("annual_cap")?,
        lesser_of_list: fields.flag("lesser_of_list", false),
    })
}

pub(super) fn best_customer(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<BestCustomer> {
    let rows = fields.tables("steps");
    filled(fields, "steps", build);
    build.rising(rows, "from", |row| row.day("from"));
    for row in rows.iter().filter(|row| row.day("from").is_some_and(|day| day >= build.days.1)) {
        build.report.problem(row.at("from"), "`from` is not before the end of the term");
    }
    let steps = rows.iter().map(|row| row.day("from").zip(row.factor("discount")));
    Some(BestCustomer { steps: steps.collect::<Option<_>>()? })
}

/// Reports a list of tables that is there and has none.
pub(super) fn filled(fields: &Fields<'_>, key: &str, build: &mut Builder<'_>) {
    if fields.has(key) && fields.tables(key).is_empty() {
        build.report.problem(fields.at(key), format!("`{key}` is an empty list"));
    }
}

pub(super) fn measure(fields: &Fields<'_>) -> Measure {
    match fields.text("measured_on") {
        Some("list") => Measure::List,
        _ => Measure::Contracted,
    }
}

pub(super) fn schedule(
    fields: &Fields<'_>,
    id: &str,
    build: &mut Builder<'_>,
) -> Option<DiscountSchedule> {
    let rows = fields.tables("tiers");
    filled(fields, "tiers", build);
    build.rising(rows, "above", |row| row.amount("above"));
    if let Some(first) = rows.first()
        && first.amount("above").is_some_and(|above| !above.is_zero())
    {
        let message = "the first tier is not above \"0\": what holds for the first spend?";
        build.report.problem(first.at("above"), message);
    }
    let mode = match fields.text("mode")? {
        "volume" => TierMode::Volume,
        _ => TierMode::Graduated,
    };
    let opening = build.opening(fields);
    let tier = |row: &Fields<'_>| {
        Some(Tier { above: row.amount("above")?, discount: row.factor("discount")? })
    };
    let tiers: Vec<Tier> = rows.iter().map(tier).collect::<Option<_>>()?;
    if mode == TierMode::Volume {
        cliff::report(id, &tiers, rows, build);
    }
    let resets = every(fields, "resets")?;
    Some(DiscountSchedule { mode, resets, measured_on: measure(fields), tiers, opening })
}
