//! What the builders of all terms share: days, ids, scopes and rules about which keys go together.

use chrono::NaiveDate;
use compact_str::{CompactString, format_compact};

use super::read::Fields;
use super::{capacity, commitment, credit, fee, price, scope, written};
use crate::config::Reporter;
use crate::contract::terms::Opening;
use crate::contract::{Anchor, Every, Scope, Term, TermKind};
use crate::diagnostic::Diagnostics;
use crate::money::Factor;
use crate::period::Calendar;

/// Builds the terms of one contract.
pub(super) struct Builder<'r> {
    pub(super) report: &'r mut Reporter,
    pub(super) found: &'r mut Diagnostics,
    /// First day of the contract and first day after it.
    pub(super) contract_days: (NaiveDate, NaiveDate),
    /// The same of the term at hand.
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) calendar: Calendar,
    /// Of the contract.
    pub(super) scope: Scope,
}

impl Builder<'_> {
    /// One term; `number` counts those of its kind from 1.
    pub(super) fn term(&mut self, fields: &Fields<'_>, number: usize) -> Option<Term> {
        let days = self.term_days(fields);
        self.days = days;
        let scope = fields.table("scope").map(|f| scope::scope(f, self.report)).unwrap_or_default();
        let id: CompactString = match fields.text("id") {
            Some(id) => id.into(),
            None => format_compact!("{}-{number}", fields.table.name),
        };
        let place = self.report.place(fields.offset);
        let kind = self.kind(fields, &scope, &id)?;
        Some(Term { id, place, days, scope, kind })
    }

    fn kind(&mut self, fields: &Fields<'_>, scope: &Scope, id: &str) -> Option<TermKind> {
        Some(match fields.table.name {
            "discount" => TermKind::Discount(price::discount(fields)?),
            "fixed_rate" => TermKind::FixedRate(price::fixed_rate(fields, self)?),
            "price_protection" => TermKind::PriceProtection(price::protection(fields)?),
            "best_customer" => TermKind::BestCustomer(price::best_customer(fields, self)?),
            "discount_schedule" => TermKind::DiscountSchedule(price::schedule(fields, id, self)?),
            "spend_commitment" => TermKind::SpendCommitment(commitment::commitment(fields, self)?),
            "minimum" => TermKind::Minimum(fee::minimum(fields)?),
            "credit" | "grant" => TermKind::Credit(credit::credit(fields, self)?),
            "seats" => TermKind::Seats(fee::seats(fields, self)?),
            "flat_fee" => TermKind::FlatFee(fee::flat_fee(fields, self)?),
            "other_spend" => TermKind::OtherSpend(fee::other_spend(fields)?),
            "capacity" => TermKind::Capacity(capacity::capacity(fields, scope, self)?),
            _ => TermKind::ReservedSpend(capacity::reserved_spend(fields)?),
        })
    }

    fn term_days(&mut self, fields: &Fields<'_>) -> (NaiveDate, NaiveDate) {
        let (start, end) = self.contract_days;
        let from = fields.day("from").unwrap_or(start);
        let until = fields.day("until").unwrap_or(end);
        if from < start || from >= end {
            self.report.problem(
                fields.at("from"),
                format!("`from` {from} is outside the contract, {start} to before {end}"),
            );
            return self.contract_days;
        }
        if until <= from {
            let message = format!("`until` {until} is not after the first day {from}");
            self.report.problem(fields.at("until"), message);
            return self.contract_days;
        }
        if until > end {
            let message = format!("`until` {until} is after the end of the contract {end}");
            self.report.problem(fields.at("until"), message);
        }
        (from, until)
    }

    /// A day inside the term; `end` may be its end.
    pub(super) fn inside(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        end: bool,
    ) -> Option<NaiveDate> {
        let day = fields.day(key)?;
        let (first, last) = self.days;
        if day < first || day > last || (day == last && !end) {
            let message = format!("`{key}` {day} is outside the term, {first} to before {last}");
            self.report.problem(fields.at(key), message);
            return None;
        }
        Some(day)
    }

    /// At most one of some keys; reports more, and none where one is needed.
    pub(super) fn only_one(&mut self, fields: &Fields<'_>, keys: &[&str], needed: bool) {
        let found = written(fields, keys);
        let list = |keys: &[&str]| format!("`{}`", keys.join("`, `"));
        if let [_, second, ..] = found[..] {
            let message = format!("{} exclude each other", list(&found));
            self.report.problem(fields.at(second), message);
        } else if needed && found.is_empty() {
            let message = format!("{} has none of {}", fields.name(), list(keys));
            self.report.problem(fields.offset, message);
        }
    }

    /// A key that does something only under a condition.
    pub(super) fn only_if(&mut self, fields: &Fields<'_>, key: &str, holds: bool, condition: &str) {
        if fields.has(key) && !holds {
            self.report
                .problem(fields.at(key), format!("`{key}` does nothing without {condition}"));
        }
    }

    /// A key that another one asks for.
    pub(super) fn needs(&mut self, fields: &Fields<'_>, key: &str, because: &str) {
        if !fields.has(key) {
            let message = format!("{} has no `{key}`, which {because} needs", fields.name());
            self.report.problem(fields.offset, message);
        }
    }

    /// Days that rise strictly.
    pub(super) fn rising<T: PartialOrd + std::fmt::Display>(
        &mut self,
        rows: &[Fields<'_>],
        key: &str,
        value: impl Fn(&Fields<'_>) -> Option<T>,
    ) {
        let mut last: Option<T> = None;
        for row in rows {
            let Some(this) = value(row) else { continue };
            if let Some(before) = &last
                && this <= *before
            {
                let message = format!("`{key}` {this} is not above the one before, {before}");
                self.report.problem(row.at(key), message);
            }
            last = Some(this);
        }
    }

    /// `opening`
    pub(super) fn opening(&mut self, fields: &Fields<'_>) -> Option<Opening> {
        let opening = fields.table("opening")?;
        let on = self.inside(opening, "on", false)?;
        Some(Opening { on, amount: opening.amount("amount")? })
    }

    /// A number from each day on, the first on the first day of the term.
    pub(super) fn steps(
        &mut self,
        first: u64,
        fields: &Fields<'_>,
        key: &str,
        count: &str,
    ) -> Vec<(NaiveDate, u64)> {
        let rows = fields.tables(key);
        self.rising(rows, "on", |row| row.day("on"));
        let mut steps = vec![(self.days.0, first)];
        for row in rows {
            let step = self.inside(row, "on", false).zip(row.integer(count));
            steps.extend(step.filter(|(on, _)| *on > self.days.0));
            if row.day("on") == Some(self.days.0) {
                let message = "`on` is the first day of the term, where the first number holds";
                self.report.problem(row.at("on"), message);
            }
        }
        steps
    }
}

pub(super) fn every(fields: &Fields<'_>, key: &str) -> Option<Every> {
    fields.text(key).and_then(Every::from_name)
}

pub(super) fn anchor(fields: &Fields<'_>, key: &str, default: Anchor) -> Anchor {
    match fields.text(key) {
        Some("calendar") => Anchor::Calendar,
        Some("start") => Anchor::Start,
        _ => default,
    }
}

/// A factor, or one.
pub(super) fn factor_or_one(fields: &Fields<'_>, key: &str) -> Factor {
    fields.factor(key).unwrap_or(Factor::ONE)
}

/// A whole number that the key's bounds keep in 32 bits.
pub(super) fn small(fields: &Fields<'_>, key: &str) -> Option<u32> {
    fields.integer(key).and_then(|n| u32::try_from(n).ok())
}
