//! The head of a contract: who, when, in which currency, and how it is invoiced.

use chrono::{Months, NaiveDate};

use super::build::{anchor, every, small};
use super::read::Fields;
use super::scope;
use crate::config::Reporter;
use crate::contract::{Anchor, Contract, Every, Fixing, LineRounding};
use crate::money::{Currency, Rounding};
use crate::period::{Calendar, Period};

/// The contract without its terms; `None` if something it cannot do without is wrong.
pub(super) fn contract(fields: &Fields<'_>, report: &mut Reporter) -> Option<Contract> {
    let currency = currency(fields, report);
    let calendar = calendar(fields, report);
    let days = days(fields, report);
    let scope = fields.table("scope").map(|f| scope::scope(f, report)).unwrap_or_default();
    let (id, issuer) = (fields.text("id")?, fields.text("issuer")?);
    let (currency, calendar, (start, end)) = (currency?, calendar?, days?);
    Some(Contract {
        id: id.into(),
        name: fields.text("name").unwrap_or(id).to_owned(),
        issuer: issuer.into(),
        place: report.place(fields.at("id")),
        currency,
        calendar,
        term: Period { start: calendar.day_start(start), end: calendar.day_start(end) },
        billing: every(fields, "billing_period").unwrap_or(Every::Month),
        billing_anchor: anchor(fields, "billing_anchor", Anchor::Calendar),
        payment_days: small(fields, "payment_days").unwrap_or(30),
        precedence: fields.integer("precedence").and_then(|n| i64::try_from(n).ok()).unwrap_or(100),
        line_rounding: LineRounding {
            places: small(fields, "decimal_places").unwrap_or(minor_units(currency)),
            rounding: match fields.text("rounding") {
                Some("half-even") => Rounding::HalfEven,
                Some("up") => Rounding::Up,
                Some("down") => Rounding::Down,
                _ => Rounding::HalfUp,
            },
        },
        fixing: match fields.text("fx_fixing") {
            Some("period-start") => Fixing::PeriodStart,
            Some("contract-start") => Fixing::ContractStart,
            _ => Fixing::PeriodEnd,
        },
        bills_usage: fields.flag("bills_usage", true),
        scope,
        terms: Vec::new(),
    })
}

fn currency(fields: &Fields<'_>, report: &mut Reporter) -> Option<Currency> {
    let text = fields.text("currency")?;
    let found = text.parse::<Currency>();
    found.map_err(|error| report.problem(fields.at("currency"), error.to_string())).ok()
}

fn calendar(fields: &Fields<'_>, report: &mut Reporter) -> Option<Calendar> {
    let found = Calendar::named(fields.text("timezone").unwrap_or("UTC"));
    found.map_err(|error| report.problem(fields.at("timezone"), error.to_string())).ok()
}

/// First day, and first day after the contract.
fn days(fields: &Fields<'_>, report: &mut Reporter) -> Option<(NaiveDate, NaiveDate)> {
    match (fields.has("end"), fields.has("term_months")) {
        (true, true) => {
            let message = "`end` and `term_months` exclude each other";
            report.problem(fields.at("term_months"), message);
        }
        (false, false) => report.problem(fields.offset, "file has neither `end` nor `term_months`"),
        _ => {}
    }
    let start = fields.day("start")?;
    let months = small(fields, "term_months").map(Months::new);
    let end = fields.day("end").or_else(|| start.checked_add_months(months?))?;
    if end <= start {
        report.problem(fields.at("end"), format!("`end` {end} is not after `start` {start}"));
        return None;
    }
    // Instants are kept as nanoseconds of 64 bits.
    let bounds = (NaiveDate::from_ymd_opt(1700, 1, 1)?, NaiveDate::from_ymd_opt(2261, 1, 1)?);
    if start < bounds.0 || end > bounds.1 {
        let message = format!("the contract is outside the days {} to {}", bounds.0, bounds.1);
        report.problem(fields.at("start"), message);
        return None;
    }
    Some((start, end))
}

/// Decimal places of a currency after ISO 4217.
fn minor_units(currency: Currency) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "UYI" | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}
