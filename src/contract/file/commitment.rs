//! Builder of spend commitments.

use super::build::{Builder, anchor, every, factor_or_one, small};
use super::price::{filled, measure};
use super::read::Fields;
use super::scope;
use crate::contract::terms::{Carry, Eligible, Milestone, Payment, Shortfall, SpendCommitment};
use crate::contract::{Anchor, Every, Spans};
use crate::money::{Amount, Factor};

pub(super) fn commitment(fields: &Fields<'_>, build: &mut Builder<'_>) -> Option<SpendCommitment> {
    build.only_one(fields, &["amount", "amounts", "milestones"], true);
    let cumulative = fields.has("milestones");
    if cumulative {
        for key in ["period", "anchor", "prorate", "true_up", "rollover_share", "rollover_cap"] {
            build.only_one(fields, &["milestones", key], false);
        }
    } else {
        build.needs(fields, "period", "a commitment without `milestones`");
    }
    let milestones = milestones(fields, build);
    let every = if cumulative { Every::Term } else { every(fields, "period")? };
    let payment = payment(fields, every, build);
    let shortfall = shortfall(fields, build);
    let anchor = anchor(fields, "anchor", Anchor::Start);
    let amounts = amounts(fields, every, anchor, build);
    let eligible = eligible(fields, build);
    let invoiced = matches!(shortfall, Shortfall::Paid | Shortfall::Credited { .. });
    build.only_if(fields, "true_up", invoiced, "a shortfall that is paid or credited");
    let true_up = shorter(fields, "true_up", every, build);
    let rollover = (fields.has("rollover_share") || fields.has("rollover_cap")).then(|| Carry {
        share: factor_or_one(fields, "rollover_share"),
        cap: fields.amount("rollover_cap"),
    });
    Some(SpendCommitment {
        every,
        anchor,
        amounts,
        milestones,
        prorate: fields.flag("prorate", true),
        measured_on: measure(fields),
        eligible,
        payment: payment?,
        shortfall,
        rollover,
        overage_factor: fields.factor("overage_factor"),
        true_up,
        opening: build.opening(fields),
    })
}

/// The committed amount of each period. More of them than periods is a mistake: the last ones would
/// never be owed.
fn amounts(
    fields: &Fields<'_>,
    every: Every,
    anchor: Anchor,
    build: &mut Builder<'_>,
) -> Vec<Amount> {
    if let Some(amount) = fields.amount("amount") {
        return vec![amount];
    }
    let amounts = fields.amounts("amounts");
    if build.days.1 < chrono::NaiveDate::MAX {
        let periods = Spans::new(every, anchor, build.days, &build.calendar).all().len();
        if amounts.len() > periods {
            let message = format!("`amounts` has {} amounts for {periods} periods", amounts.len());
            build.report.problem(fields.at("amounts"), message);
        }
    }
    amounts.to_vec()
}

fn milestones(fields: &Fields<'_>, build: &mut Builder<'_>) -> Vec<Milestone> {
    let rows = fields.tables("milestones");
    filled(fields, "milestones", build);
    build.rising(rows, "by", |row| row.day("by"));
    build.rising(rows, "cumulative", |row| row.amount("cumulative"));
    let mut found = Vec::new();
    for row in rows {
        let by = build.inside(row, "by", true);
        if by == Some(build.days.0) {
            build.report.problem(row.at("by"), "`by` is the first day of the term");
        }
        found.extend(
            by.zip(row.amount("cumulative")).map(|(by, cumulative)| Milestone { by, cumulative }),
        );
    }
    found
}

/// A part of a period, which must be shorter than it.
fn shorter(
    fields: &Fields<'_>,
    key: &str,
    period: Every,
    build: &mut Builder<'_>,
) -> Option<Every> {
    let part = every(fields, key)?;
    if part >= period {
        let message =
            format!("`{key}` is {}, expected less than the period {}", part.name(), period.name());
        build.report.problem(fields.at(key), message);
        return None;
    }
    Some(part)
}

fn payment(fields: &Fields<'_>, every: Every, build: &mut Builder<'_>) -> Option<Payment> {
    let word = fields.text("payment").unwrap_or("arrears");
    build.only_if(fields, "instalments", word == "instalments", "`payment = \"instalments\"`");
    match word {
        "upfront" => Some(Payment::Upfront),
        "instalments" => {
            build.needs(fields, "instalments", "`payment = \"instalments\"`");
            shorter(fields, "instalments", every, build).map(Payment::Instalments)
        }
        _ => Some(Payment::Arrears),
    }
}

fn shortfall(fields: &Fields<'_>, build: &mut Builder<'_>) -> Shortfall {
    let word = fields.text("shortfall").unwrap_or("paid");
    let key = "credit_expires_after_months";
    build.only_if(fields, key, word == "credited", "`shortfall = \"credited\"`");
    match word {
        "credited" => Shortfall::Credited { expires_after_months: small(fields, key) },
        "carried" => Shortfall::Carried,
        "waived" => Shortfall::Waived,
        _ => Shortfall::Paid,
    }
}

fn eligible(fields: &Fields<'_>, build: &mut Builder<'_>) -> Vec<Eligible> {
    let mut rules = Vec::new();
    for row in fields.tables("eligible") {
        build.only_one(row, &["category", "scope"], false);
        rules.push(Eligible {
            category: row.text("category").map(Into::into),
            scope: row.table("scope").map(|f| scope::scope(f, build.report)).unwrap_or_default(),
            share: row.factor("share").unwrap_or(Factor::ONE),
            cap: row.factor("cap_share"),
        });
    }
    for (at, row) in fields.tables("eligible").iter().enumerate() {
        let earlier = &rules[..at];
        if let Some(category) = row.text("category")
            && earlier.iter().any(|rule| rule.category.as_deref() == Some(category))
        {
            let message = format!("category `{category}` has two rules");
            build.report.problem(row.at("category"), message);
        }
    }
    rules
}
