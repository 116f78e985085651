//! Builders of capacity and of reserved spend.

use super::build::{Builder, every, factor_or_one, small};
use super::price::filled;
use super::rates;
use super::read::Fields;
use super::written;
use crate::contract::Scope;
use crate::contract::tables;
use crate::contract::terms::{
    Capacity, CapacityKind, CapacityMeter, CapacityRate, Deployable, LoadProfile, Overflow,
    PricePer, Purchase, ReservedSpend, Side, SpillTo, UnitSteps,
};
use crate::money::{Amount, Factor};

const OF_A_METER: [&str; 8] = [
    "units",
    "unit_changes",
    "price",
    "per",
    "reserved_units",
    "reserved_changes",
    "reserved_price",
    "reserved_per",
];

pub(super) fn capacity(
    fields: &Fields<'_>,
    scope: &Scope,
    build: &mut Builder<'_>,
) -> Option<Capacity> {
    let meters = meters(fields, build);
    let (rates, limits) = rates_and_limits(fields, scope, build);
    check_units(fields, &meters, &limits, build);
    let ceiling = factor_or_one(fields, "ceiling");
    if Amount::from_units(1).checked_mul(ceiling).is_ok_and(Amount::is_zero) {
        build.report.problem(fields.at("ceiling"), "`ceiling` is zero");
    }
    let overflow = overflow(fields, build);
    Some(Capacity {
        kind: match fields.text("kind") {
            Some("rented") => CapacityKind::Rented,
            _ => CapacityKind::Provisioned,
        },
        unit: fields.text("unit")?.into(),
        meters,
        deployable: limits,
        rates,
        ceiling,
        overflow: overflow?,
        load_profile: load_profile(fields),
    })
}

fn meters(fields: &Fields<'_>, build: &mut Builder<'_>) -> Vec<CapacityMeter> {
    if !fields.has("meter") {
        return meter(fields, Side::All, build).into_iter().collect();
    }
    filled(fields, "meter", build);
    if let Some(key) = written(fields, &OF_A_METER).first() {
        let message = format!("`{key}` and `meter` exclude each other");
        build.report.problem(fields.at(key), message);
    }
    let rows = fields.tables("meter");
    let mut found: Vec<CapacityMeter> = Vec::new();
    for row in rows {
        let side = match row.text("counts") {
            Some("input") => Side::Input,
            Some("output") => Side::Output,
            _ => Side::All,
        };
        let taken = |m: &CapacityMeter| m.side == side || m.side == Side::All || side == Side::All;
        if found.iter().any(taken) {
            let message = "two meters count the same tokens";
            build.report.problem(row.at("counts"), message);
        }
        found.extend(meter(row, side, build));
    }
    found
}

fn meter(fields: &Fields<'_>, side: Side, build: &mut Builder<'_>) -> Option<CapacityMeter> {
    if !fields.has("units") {
        build.report.problem(fields.offset, format!("{} has no `units`", fields.name()));
    }
    pair(fields, "price", "per", build);
    let reserves = fields.has("reserved_units");
    for key in ["reserved_changes", "reserved_price"] {
        build.only_if(fields, key, reserves, "`reserved_units`");
    }
    if reserves {
        build.needs(fields, "reserved_price", "`reserved_units`");
    }
    pair(fields, "reserved_price", "reserved_per", build);
    let price = purchase(fields, "price", "per");
    let reserved = fields.integer("reserved_units").and_then(|first| {
        let steps = build.steps(first, fields, "reserved_changes", "units");
        Some((UnitSteps(steps), purchase(fields, "reserved_price", "reserved_per")?))
    });
    let units = UnitSteps(build.steps(fields.integer("units")?, fields, "unit_changes", "units"));
    if let (None, Some((reserved, _))) = (&price, &reserved) {
        let days = units.0.iter().chain(&reserved.0).map(|(day, _)| *day);
        if let Some(day) = days.into_iter().find(|day| units.on(*day) > reserved.on(*day)) {
            let message = format!(
                "{} units are deployed on {day} and {} reserved, but others have no `price`",
                units.on(day),
                reserved.on(day)
            );
            build.report.problem(fields.at("units"), message);
        }
    }
    Some(CapacityMeter { side, units, price, reserved })
}

/// A price needs what it is for, and the other way round.
fn pair(fields: &Fields<'_>, price: &str, per: &str, build: &mut Builder<'_>) {
    build.only_if(fields, per, fields.has(price), &format!("`{price}`"));
    if fields.has(price) {
        build.needs(fields, per, &format!("`{price}`"));
    }
}

fn purchase(fields: &Fields<'_>, price: &str, per: &str) -> Option<Purchase> {
    let price = fields.amount(price)?;
    let per = match fields.text(per)? {
        "hour" => PricePer::Hour,
        _ => PricePer::Every(every(fields, per)?),
    };
    Some(Purchase { price, per })
}

/// The contract's own rates before those of its table, and how many units can be deployed: one of
/// the limits must hold.
fn rates_and_limits(
    fields: &Fields<'_>,
    scope: &Scope,
    build: &mut Builder<'_>,
) -> (Vec<CapacityRate>, Vec<Deployable>) {
    if !fields.has("rate") && !fields.has("table") {
        build.report.problem(fields.offset, "`capacity` has none of `rate`, `table`");
    }
    let by_deployment = fields.text("table") == Some(tables::WITH_DEPLOYMENTS);
    let condition = format!("`table = \"{}\"`", tables::WITH_DEPLOYMENTS);
    build.only_if(fields, "deployment", by_deployment, &condition);
    let own = fields.tables("rate").iter();
    let mut rates: Vec<_> = own.filter_map(|f| rates::rate(f, None, build.report)).collect();
    let mut limits = Vec::new();
    if let Some(name) = fields.text("table") {
        let regional = fields.text("deployment") == Some("regional");
        match tables::load(name) {
            Ok(rows) => {
                let meant = rows.iter().filter(|row| {
                    [&build.scope, scope].iter().all(|s| row.rate.models.overlaps(&s.models))
                });
                limits = meant.map(|row| if regional { row.regional } else { row.limit }).collect();
                rates.extend(rows.into_iter().map(|row| row.rate));
            }
            Err(errors) => build.report.problems.extend(errors.problems),
        }
    }
    let stated = ["minimum_units", "unit_increment"];
    if !written(fields, &stated).is_empty() {
        let increment = fields.integer(stated[1]).unwrap_or(1);
        limits =
            vec![Deployable { minimum: fields.integer(stated[0]).unwrap_or(increment), increment }];
    }
    (rates, limits)
}

fn check_units(
    fields: &Fields<'_>,
    meters: &[CapacityMeter],
    limits: &[Deployable],
    build: &mut Builder<'_>,
) {
    let Some(least) = limits.iter().min() else { return };
    for (_, units) in meters.iter().flat_map(|meter| &meter.units.0) {
        if *units > 0 && !limits.iter().any(|limit| limit.allows(*units)) {
            let message = format!(
                "{units} units cannot be deployed: expected at least {} in steps of {}",
                least.minimum, least.increment
            );
            build.report.problem(fields.at("units"), message);
        }
    }
}

fn overflow(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<Overflow> {
    let word = fields.text("overflow").unwrap_or("spill");
    build.only_if(fields, "queue_minutes", word == "queue", "`overflow = \"queue\"`");
    build.only_if(fields, "spill_to", word != "throttle", "load that spills");
    let name = |f: &Fields<'_>, key: &str| f.text(key).map(Into::into);
    let spill = fields.table("spill_to").map(|f| SpillTo {
        provider: name(f, "provider"),
        model: name(f, "model"),
        service_tier: name(f, "service_tier"),
    });
    match word {
        "throttle" => Some(Overflow::Throttle),
        "queue" => {
            build.needs(fields, "queue_minutes", "`overflow = \"queue\"`");
            Some(Overflow::Queue { minutes: small(fields, "queue_minutes")?, spill })
        }
        _ => Some(Overflow::Spill(spill)),
    }
}

/// `"flat"`, or hours with their peaks.
fn load_profile(fields: &Fields<'_>) -> Option<LoadProfile> {
    if fields.text("load_profile").is_some() {
        return Some(LoadProfile { hours: [1; 24], peak_percent: 100 });
    }
    let table = fields.table("load_profile")?;
    let peak_percent = small(table, "peak_percent").unwrap_or(100);
    Some(LoadProfile { hours: table.hours("hours")?, peak_percent })
}

pub(super) fn reserved_spend(fields: &Fields<'_>) -> Option<ReservedSpend> {
    let amount = fields.amount("amount")?;
    Some(ReservedSpend {
        amount,
        price: fields.amount("price").unwrap_or(amount),
        minutes: if fields.text("per")? == "hour" { 60 } else { 1 },
        discount: match fields.factor("discount") {
            Some(discount) => discount,
            None => "0".parse::<Factor>().ok()?,
        },
        load_profile: load_profile(fields),
    })
}
