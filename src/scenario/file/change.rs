//! Changes: tables of a scenario.

use toml::de::DeTable;

use super::keys::{KINDS, keys_of};
use super::raw::{Raw, named};
use crate::config::{Reporter, one_of, wrong_kind};
use crate::contract::{FxMove, Term, file};
use crate::scenario::change::{
    Billed, Billing, CacheHit, Change, FxChange, PriceShock, Reroute, Stated, Target,
};
use crate::tokenizer::ContentClass;

pub(super) fn read<'t>(
    table: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> Option<Stated> {
    let Some(value) = table.get("kind") else {
        report.problem(offset, "`change` has no `kind`");
        return None;
    };
    let kind = one_of("kind", value, &KINDS, report)?;
    let raw = Raw { table, offset, kind };
    raw.check(&keys_of(kind).collect::<Vec<_>>(), report);
    let change = match kind {
        "swap" => Change::Reroute(swap(&raw, report)?),
        "move" => Change::Reroute(moved(&raw, report)?),
        "cache_hit" => Change::CacheHit(CacheHit {
            scope: raw.scope(report),
            target: raw.ratio("target", 1.0, report)?,
            from: raw.day("from_date", report),
        }),
        "price_shock" => Change::Price(PriceShock {
            scope: raw.scope(report),
            factor: raw.factor("factor", false, report)?,
            from: raw.day("from_date", report),
        }),
        "event" => Change::Event(raw.parsed("event", report)?),
        "growth" => Change::Growth(raw.parsed("growth", report)?),
        "launch" => Change::Launch(raw.parsed("launch", report)?),
        "billing" => Change::Billing(billing(&raw, report)?),
        _ => Change::Fx(exchange(&raw, report)?),
    };
    let place = Some(report.place(offset));
    Some(Stated { label: label(&change, &raw), change, place })
}

/// A change in a few words.
fn label(change: &Change, raw: &Raw<'_>) -> String {
    let written = |key: &str| raw.written(key);
    let from = |key: &str| written(key).map(|day| format!(" from {day}")).unwrap_or_default();
    let words = match change {
        Change::Event(_) | Change::Growth(_) | Change::Launch(_) => {
            written(raw.kind).unwrap_or_default().to_owned()
        }
        Change::Reroute(reroute) => {
            let to = ["to", "provider", "service_tier", "region", "endpoint"];
            let to: Vec<&str> = to.into_iter().filter_map(written).collect();
            let from = written("from").map(|from| format!("{from} ")).unwrap_or_default();
            format!("{:.0}% {from}to {}", reroute.share * 100.0, to.join(" "))
        }
        Change::CacheHit(hit) => format!("{:.0}%", hit.target * 100.0),
        Change::Price(shock) => format!("x{}", shock.factor),
        Change::Billing(billing) => {
            let contract = billing.contract.as_ref().map(|id| format!(" of {id}"));
            let to = written("to").unwrap_or_default();
            format!("to {to}{} from {}", contract.unwrap_or_default(), billing.from)
        }
        Change::Fx(fx) => {
            let to_be = match fx.to_be {
                FxMove::Rate(rate) => rate.to_string(),
                FxMove::Times(factor) => format!("x{factor}"),
            };
            format!("{} to {} {to_be}{}", fx.from, fx.to, from("from_date"))
        }
    };
    let scope = change.scope().map(ToString::to_string).filter(|scope| !scope.is_empty());
    let scope = scope.map(|scope| format!(" ({scope})")).unwrap_or_default();
    format!("{} {words}{scope}", raw.kind)
}

fn swap(raw: &Raw<'_>, report: &mut Reporter) -> Option<Reroute> {
    let (from, to) = (raw.text("from", report), raw.text("to", report));
    let reroute = rerouted(raw, report);
    let (scope, share) = (raw.scope(report), raw.share(report));
    let day = raw.day("from_date", report);
    let (provider, model) = named(to?);
    Some(Reroute {
        scope,
        leaves: Some(named(from?)),
        share: share?,
        from: day,
        to: Target { provider, model: Some(model), ..Target::default() },
        ..reroute
    })
}

/// What a move to another model does with the text, besides where it goes.
pub(super) fn rerouted(raw: &Raw<'_>, report: &mut Reporter) -> Reroute {
    Reroute {
        input_ratio: raw.ratio("token_ratio_input", 100.0, report),
        output_ratio: raw.ratio("token_ratio_output", 100.0, report),
        content: raw
            .table
            .get("content")
            .and_then(|value| one_of("content", value, &ContentClass::NAMES, report)),
        length: raw.ratio("output_ratio", 100.0, report).unwrap_or(1.0),
        keep_cache: raw.flag("keep_cache", report),
        keep_tools: raw.flag("keep_tools", report),
        ..Reroute::default()
    }
}

fn moved(raw: &Raw<'_>, report: &mut Reporter) -> Option<Reroute> {
    let mut part = |key: &str| raw.text(key, report).map(str::to_owned);
    let to = Target {
        provider: part("provider"),
        model: None,
        service_tier: part("service_tier"),
        region: part("region"),
        endpoint: part("endpoint"),
    };
    if to == Target::default() {
        let message = "`move` has no `provider`, `service_tier`, `region` or `endpoint`";
        report.problem(raw.offset, message);
        return None;
    }
    Some(Reroute {
        scope: raw.scope(report),
        share: raw.share(report)?,
        from: raw.day("from_date", report),
        to,
        input_ratio: Some(1.0),
        output_ratio: Some(1.0),
        ..Reroute::default()
    })
}

fn billing(raw: &Raw<'_>, report: &mut Reporter) -> Option<Billing> {
    let to = raw.table.get("to").and_then(|to| one_of("to", to, &["tokens", "seats"], report));
    let contract = raw.text("contract", report).map(str::to_owned);
    let from = raw.day("from_date", report)?;
    let to = match (to?, raw.has("seats")) {
        ("tokens", false) => Billed::Tokens,
        ("tokens", true) => {
            report.problem(raw.offset, "`seats` does nothing without `to = \"seats\"`");
            return None;
        }
        (_, false) => {
            report.problem(raw.offset, "`billing` has no `seats`, which `to = \"seats\"` needs");
            return None;
        }
        _ => Billed::Seats(Box::new(seats(raw, from, report)?)),
    };
    Some(Billing { contract, from, to })
}

fn seats(raw: &Raw<'_>, from: chrono::NaiveDate, report: &mut Reporter) -> Option<Term> {
    let value = raw.table.get("seats")?;
    let Some(table) = value.get_ref().as_table() else {
        wrong_kind("seats", "a table", value, report);
        return None;
    };
    file::seats_term(table, value.span().start, from, report)
}

fn exchange(raw: &Raw<'_>, report: &mut Reporter) -> Option<FxChange> {
    let (from, to) = (raw.currency("from", report), raw.currency("to", report));
    if from.is_some() && from == to {
        report.problem(raw.offset, "`from` and `to` are the same currency");
        return None;
    }
    let on = raw.day("from_date", report);
    let rate = raw.factor("rate", true, report).map(FxMove::Rate);
    let times = raw.factor("factor", true, report).map(FxMove::Times);
    let to_be = match (raw.has("rate"), raw.has("factor")) {
        (true, false) => rate?,
        (false, true) => times?,
        (true, true) => {
            report.problem(raw.offset, "`rate` and `factor` exclude each other");
            return None;
        }
        (false, false) => {
            report.problem(raw.offset, "`fx` has neither `rate` nor `factor`");
            return None;
        }
    };
    Some(FxChange { from: from?, to: to?, on, to_be })
}
