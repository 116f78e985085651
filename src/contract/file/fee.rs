//! Builders of fees: seats, flat fees, minimums and other spend.

use super::build::{Builder, anchor, every, factor_or_one};
use super::read::Fields;
use super::written;
use crate::contract::Anchor;
use crate::contract::terms::{
    Allowance, Beyond, FlatFee, Minimum, OtherSpend, Pool, Quantity, SeatRemoval, Seats,
};
use crate::money::Factor;

const INCLUDED: [&str; 4] = [
    "included_amount_per_seat",
    "included_tokens_per_seat",
    "included_requests_per_seat",
    "included_units_per_seat",
];
const FAIR_USE: [&str; 3] = ["fair_use_amount", "fair_use_tokens", "fair_use_requests"];

pub(super) fn minimum(fields: &Fields<'_>) -> Option<Minimum> {
    Some(Minimum {
        amount: fields.amount("amount")?,
        every: every(fields, "period")?,
        anchor: anchor(fields, "anchor", Anchor::Calendar),
        prorate: fields.flag("prorate", true),
    })
}

pub(super) fn seats(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<Seats> {
    build.only_one(fields, &INCLUDED, false);
    let includes = !written(fields, &INCLUDED).is_empty();
    for key in ["pooled", "seat_label", "beyond", "overage_factor"] {
        build.only_if(fields, key, includes, "usage that is included");
    }
    let included = allowance(fields, build);
    let counts = build.steps(fields.integer("count")?, fields, "changes", "count");
    Some(Seats {
        counts,
        price: fields.amount("price")?,
        every: every(fields, "period")?,
        anchor: anchor(fields, "anchor", Anchor::Calendar),
        prorate: fields.flag("prorate", true),
        removal: match fields.text("removal") {
            Some("next-period") => SeatRemoval::NextPeriod,
            Some("immediate") => SeatRemoval::Immediate,
            _ => SeatRemoval::Renewal,
        },
        minimum: fields.integer("minimum").unwrap_or(0),
        included,
        beyond: beyond(fields, build),
    })
}

fn allowance(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<Allowance> {
    let by_units = fields.has("included_units_per_seat");
    build.only_if(fields, "unit_price", by_units, "`included_units_per_seat`");
    if by_units {
        build.needs(fields, "unit_price", "`included_units_per_seat`");
    }
    let pooled = fields.flag("pooled", true);
    build.only_if(fields, "seat_label", !pooled, "`pooled = false`");
    if !pooled {
        build.needs(fields, "seat_label", "`pooled = false`");
    }
    let quantity = || {
        let units = || {
            let count: Factor =
                fields.integer("included_units_per_seat")?.to_string().parse().ok()?;
            Some(Quantity::Amount(fields.amount("unit_price")?.checked_mul(count).ok()?))
        };
        fields
            .amount(INCLUDED[0])
            .map(Quantity::Amount)
            .or_else(|| fields.integer(INCLUDED[1]).map(Quantity::Tokens))
            .or_else(|| fields.integer(INCLUDED[2]).map(Quantity::Requests))
            .or_else(units)
    };
    let pool = match fields.text("seat_label") {
        Some(label) if !pooled => Pool::BySeat(label.into()),
        _ => Pool::Shared,
    };
    Some(Allowance { quantity: quantity()?, pool, unit_price: fields.amount("unit_price") })
}

fn beyond(fields: &Fields<'_>, build: &mut Builder<'_>) -> Beyond {
    let stopped = fields.text("beyond") == Some("stopped");
    build.only_if(fields, "overage_factor", !stopped, "`beyond = \"invoiced\"`");
    if stopped {
        Beyond::Stopped
    } else {
        Beyond::Invoiced(factor_or_one(fields, "overage_factor"))
    }
}

pub(super) fn flat_fee(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<FlatFee> {
    build.only_one(fields, &FAIR_USE, false);
    let bounded = !written(fields, &FAIR_USE).is_empty();
    for key in ["beyond", "overage_factor"] {
        build.only_if(fields, key, bounded, "a fair use");
    }
    Some(FlatFee {
        amount: fields.amount("amount")?,
        every: every(fields, "period")?,
        anchor: anchor(fields, "anchor", Anchor::Calendar),
        prorate: fields.flag("prorate", true),
        fair_use: fields
            .amount(FAIR_USE[0])
            .map(Quantity::Amount)
            .or_else(|| fields.integer(FAIR_USE[1]).map(Quantity::Tokens))
            .or_else(|| fields.integer(FAIR_USE[2]).map(Quantity::Requests)),
        beyond: beyond(fields, build),
    })
}

pub(super) fn other_spend(fields: &Fields<'_>) -> Option<OtherSpend> {
    Some(OtherSpend {
        category: fields.text("category")?.into(),
        amount: fields.amount("amount")?,
        every: every(fields, "period"),
        anchor: anchor(fields, "anchor", Anchor::Calendar),
        discounted: fields.flag("discounted", false),
    })
}
