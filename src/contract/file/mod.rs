//! Contract files, `tokencast.contract.v1`: strict TOML, every problem with its line.
//!
//! [`key`] and the registries say which keys there are, `read` checks a file against them, and the
//! builders turn its tables into the types of [`crate::contract`] and check what they mean.

mod build;
mod capacity;
mod cliff;
mod commitment;
mod credit;
mod fee;
mod head;
pub mod key;
mod price;
pub(super) mod rates;
pub(super) mod read;
pub mod reference;
pub mod registry;
pub(super) mod registry_capacity;
mod registry_terms;
mod scope;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use compact_str::CompactString;
use toml::de::DeTable;

use self::build::Builder;
use self::read::Fields;
use super::{Contract, Term};
use crate::config::{ConfigErrors, EntryRef, Problem, Reporter, parsed};
use crate::diagnostic::Diagnostics;

/// The text of one contract file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractSource {
    /// The path as shown in messages and references.
    pub name: String,
    /// TOML, schema `tokencast.contract.v1`.
    pub text: String,
}

/// Reads contracts. They come sorted by precedence, then in the order of the files. Findings are
/// terms that do what one may not expect.
///
/// # Errors
/// Every problem of every file; of a file with a syntax error only that.
pub fn load(sources: &[ContractSource]) -> Result<(Vec<Contract>, Diagnostics), ConfigErrors> {
    let mut problems = Vec::new();
    let mut contracts: Vec<Contract> = Vec::new();
    let mut found = Diagnostics::default();
    for source in sources {
        let mut report = Reporter::new(&source.name, &source.text);
        let contract = read_file(source, &mut report, &mut found);
        report.problems.sort_by_key(|problem| problem.location.line);
        problems.append(&mut report.problems);
        contracts.extend(contract);
    }
    problems.extend(same_ids(&contracts));
    if !problems.is_empty() {
        return Err(ConfigErrors { problems });
    }
    contracts.sort_by_key(|contract| contract.precedence);
    Ok((contracts, found))
}

fn read_file(
    source: &ContractSource,
    report: &mut Reporter,
    found: &mut Diagnostics,
) -> Option<Contract> {
    let raw = parsed(&source.text, report)?;
    if is_of_another_schema(&raw, report) {
        return None;
    }
    let fields = read::read(&registry::FILE, &raw, 0, report);
    let before = report.problems.len();
    let mut contract = head::contract(&fields, report);
    // Terms of a contract whose days are not known are still looked at, against endless days.
    let days = contract.as_ref().map_or((NaiveDate::MIN, NaiveDate::MAX), |c| {
        (c.calendar.date_of(c.term.start), c.calendar.date_of(c.term.end))
    });
    let calendar = contract.as_ref().map_or(crate::period::Calendar::UTC, |c| c.calendar);
    let scope = contract.as_ref().map(|c| c.scope.clone()).unwrap_or_default();
    let mut builder = Builder { report, found, contract_days: days, days, calendar, scope };
    let mut terms = Vec::new();
    for table in registry::term_tables() {
        for (at, fields) in fields.tables(table.name).iter().enumerate() {
            terms.extend(builder.term(fields, at + 1).map(|term| (fields.offset, term)));
        }
    }
    terms.sort_by_key(|(offset, _)| *offset);
    let terms: Vec<Term> = terms.into_iter().map(|(_, term)| term).collect();
    same_terms(&terms, report);
    if report.problems.len() == before
        && let Some(contract) = &mut contract
    {
        contract.terms = terms;
    }
    contract
}

/// Reads a table with the keys of `[[seats]]` that stands in another file. The end of its contract is not
/// known there, so the term has none but its own `until`.
pub(crate) fn seats_term(
    raw: &DeTable<'_>,
    offset: usize,
    first_day: NaiveDate,
    report: &mut Reporter,
) -> Option<Term> {
    let before = report.problems.len();
    let fields = read::read(&registry::SEATS, raw, offset, report);
    let days = (first_day, NaiveDate::MAX);
    let mut builder = Builder {
        report,
        found: &mut Diagnostics::default(),
        contract_days: days,
        days,
        calendar: crate::period::Calendar::UTC,
        scope: super::Scope::default(),
    };
    let term = builder.term(&fields, 1);
    term.filter(|_| report.problems.len() == before)
}

/// Files of another kind get one problem: their keys are right where they belong.
fn is_of_another_schema(raw: &DeTable<'_>, report: &mut Reporter) -> bool {
    let Some(value) = raw.get("schema") else { return false };
    let found = value.get_ref().as_str().unwrap_or_default();
    if found == registry::SCHEMA || !found.starts_with("tokencast.") {
        return false;
    }
    let hint =
        found.starts_with("tokencast.prices.").then_some("price books are given with --prices");
    let message = format!("`schema` is `{found}`, expected `{}`", registry::SCHEMA);
    report.problem_with(value.span().start, message, hint.map(str::to_owned));
    true
}

/// Term ids that are used twice.
fn same_terms(terms: &[Term], report: &mut Reporter) {
    let mut seen: BTreeMap<&CompactString, &EntryRef> = BTreeMap::new();
    for term in terms {
        if let Some(first) = seen.insert(&term.id, &term.place) {
            let message = format!("term `{}` is also at line {}", term.id, first.line);
            let hint = Some("give one of them an `id` of its own".to_owned());
            let location = term.place.location();
            report.problems.push(Problem { location, message, hint });
        }
    }
}

/// Contract ids that are used twice.
fn same_ids(contracts: &[Contract]) -> Vec<Problem> {
    let mut seen: BTreeMap<&CompactString, &EntryRef> = BTreeMap::new();
    let mut problems = Vec::new();
    for contract in contracts {
        if let Some(first) = seen.insert(&contract.id, &contract.place) {
            problems.push(Problem {
                location: contract.place.location(),
                message: format!("contract `{}` is also at {first}", contract.id),
                hint: None,
            });
        }
    }
    problems
}

/// A count of fields of the same family that are written.
fn written<'k>(fields: &Fields<'_>, keys: &[&'k str]) -> Vec<&'k str> {
    keys.iter().copied().filter(|key| fields.has(key)).collect()
}
