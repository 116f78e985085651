//! Values of a table of a scenario file by key: what is wrong is reported.

use std::str::FromStr;

use chrono::NaiveDate;
use toml::de::DeTable;

use super::keys::ChangeKey;
use crate::config::{Reporter, Value, decimal, text, unknown, wrong_kind};
use crate::money::{Currency, Factor};
use crate::projection::conditions;
use crate::projection::events::Scope;

/// A table, with the place of the whole.
pub(super) struct Raw<'t> {
    pub(super) table: &'t DeTable<'t>,
    pub(super) offset: usize,
    /// What it is, for messages.
    pub(super) kind: &'static str,
}

impl<'t> Raw<'t> {
    /// Reports keys that are not known, and needed ones that are not there.
    pub(super) fn check(&self, known: &[&'static ChangeKey], report: &mut Reporter) {
        for (name, _) in self.table {
            let written: &str = name.get_ref().as_ref();
            if !known.iter().any(|key| key.name == written) {
                unknown(written, name.span().start, known.iter().map(|key| key.name), report);
            }
        }
        for key in known.iter().filter(|key| key.required && !self.table.contains_key(key.name)) {
            report.problem(self.offset, format!("`{}` has no `{}`", self.kind, key.name));
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// True unless it is stated as false.
    pub(super) fn flag(&self, key: &str, report: &mut Reporter) -> bool {
        let Some(value) = self.table.get(key) else { return true };
        value.get_ref().as_bool().unwrap_or_else(|| {
            wrong_kind(key, "true or false", value, report);
            true
        })
    }

    pub(super) fn text(&self, key: &str, report: &mut Reporter) -> Option<&'t str> {
        text(key, self.table.get(key)?, report).map(|at| at.value)
    }

    /// A value as it is written, right or wrong.
    pub(super) fn written(&self, key: &str) -> Option<&'t str> {
        self.table.get(key).and_then(|value| value.get_ref().as_str())
    }

    /// A value that is written as text, such as an event.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
        report: &mut Reporter,
    ) -> Option<T> {
        let at = text(key, self.table.get(key)?, report)?;
        at.value
            .parse()
            .map_err(|error| report.problem(at.offset, format!("`{key}`: {error}")))
            .ok()
    }

    pub(super) fn day(&self, key: &str, report: &mut Reporter) -> Option<NaiveDate> {
        self.parsed(key, report)
    }

    pub(super) fn currency(&self, key: &str, report: &mut Reporter) -> Option<Currency> {
        self.parsed(key, report)
    }

    pub(super) fn share(&self, report: &mut Reporter) -> Option<f64> {
        if self.has("share") { self.ratio("share", 1.0, report) } else { Some(1.0) }
    }

    /// A number from 0 to a limit, as a decimal string.
    pub(super) fn ratio(&self, key: &str, most: f64, report: &mut Reporter) -> Option<f64> {
        let at = decimal(key, self.table.get(key)?, report)?;
        let plain = at.value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let found = at.value.parse::<f64>().ok().filter(|n| plain && (0.0..=most).contains(n));
        if found.is_none() {
            let message = format!("`{key}` is `{}`, expected from 0 to {most}", at.value);
            report.problem(at.offset, message);
        }
        found
    }

    /// A factor from 0, or above it.
    pub(super) fn factor(&self, key: &str, above: bool, report: &mut Reporter) -> Option<Factor> {
        let at = decimal(key, self.table.get(key)?, report)?;
        let least = i128::from(above);
        match at.value.parse::<Factor>() {
            Ok(factor) if factor.as_ratio().0 >= least => Some(factor),
            Ok(_) => {
                let expected = if above { "above 0" } else { "from 0" };
                let message = format!("`{key}` is `{}`, expected {expected}", at.value);
                report.problem(at.offset, message);
                None
            }
            Err(error) => {
                report.problem(at.offset, format!("`{key}`: {error}"));
                None
            }
        }
    }

    pub(super) fn scope(&self, report: &mut Reporter) -> Scope {
        let Some(value) = self.table.get("scope") else { return Scope::default() };
        let read = |name: &str, value: &Value<'_>, report: &mut Reporter| {
            text(name, value, report).map(|word| word.value.to_owned())
        };
        Scope(conditions("a change", value, report, read))
    }
}

/// `MODEL` or `PROVIDER/MODEL`. Ids of models can hold a slash: only the first one counts.
pub(super) fn named(text: &str) -> (Option<String>, String) {
    match text.split_once('/') {
        Some((provider, model)) => (Some(provider.to_owned()), model.to_owned()),
        None => (None, text.to_owned()),
    }
}
