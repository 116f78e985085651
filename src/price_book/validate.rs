//! From the raw form of one file to its valid content. Every problem is reported, not only the
//! first; what depends on other files is left to `assemble`.

use std::sync::Arc;

use chrono::NaiveDate;
use compact_str::CompactString;
use smallvec::SmallVec;

use super::calendar::PriceCalendar;
use super::condition::Condition;
use super::entry::{
    Alias, Confidence, Dates, Layer, ModelEntry, Multiplier, PriceEntry, Provenance,
};
use super::file::{RawDated, RawFile, RawModel, RawMultiplier, RawPrice};
use super::review::Kind;
use crate::config::{At, Text};
use crate::config::{EntryRef, Reporter, did_you_mean};
use crate::money::{Currency, Factor, UnitPrice};
use crate::period::Timestamp;
use crate::tokens::Component;

mod allowance;
mod when;

/// The schema that this version of the program reads.
pub(super) const SCHEMA: &str = "tokencast.prices.v1";

/// A file without problems of its own.
#[derive(Debug)]
pub(super) struct ValidFile {
    pub(super) layer: Layer,
    pub(super) place: EntryRef,
    pub(super) provider: CompactString,
    pub(super) name: CompactString,
    pub(super) currency: Currency,
    pub(super) checked_on: NaiveDate,
    pub(super) models: Vec<ModelEntry>,
    pub(super) entries: Vec<PriceEntry>,
    pub(super) multipliers: Vec<Multiplier>,
    /// Models that multipliers name.
    pub(super) model_refs: Vec<(CompactString, EntryRef)>,
}

struct Validator<'r> {
    report: &'r mut Reporter,
    layer: Layer,
    provider: CompactString,
    calendars: Vec<Arc<PriceCalendar>>,
    model_refs: Vec<(CompactString, EntryRef)>,
}

/// Checks a file. `None` if its head is unusable; other problems leave out what they concern.
pub(super) fn validate(
    raw: &RawFile<'_>,
    layer: Layer,
    report: &mut Reporter,
) -> Option<ValidFile> {
    let provider = required("provider", raw.provider, 0, "file", report);
    let mut validator = Validator {
        layer,
        provider: provider.unwrap_or("").into(),
        calendars: Vec::new(),
        model_refs: Vec::new(),
        report,
    };
    let head = validator.head(raw);
    for calendar in &raw.calendars {
        validator.calendar(calendar);
    }
    let multipliers = raw.multipliers.iter().filter_map(|m| validator.multiplier(m)).collect();
    let entries = raw.prices.iter().filter_map(|p| validator.price(p)).collect();
    let models = raw.models.iter().filter_map(|m| validator.model(m)).collect();
    let model_refs = std::mem::take(&mut validator.model_refs);
    let (name, currency, checked_on) = head?;
    let place = report.place(raw.provider?.offset);
    Some(ValidFile {
        layer,
        place,
        provider: provider?.into(),
        name,
        currency,
        checked_on,
        models,
        entries,
        multipliers,
        model_refs,
    })
}

fn required<'t>(
    key: &str,
    value: Option<Text<'t>>,
    offset: usize,
    owner: &str,
    report: &mut Reporter,
) -> Option<&'t str> {
    if value.is_none() {
        report.problem(offset, format!("{owner} has no valid `{key}`"));
    }
    value.map(|v| v.value)
}

impl Validator<'_> {
    fn head(&mut self, raw: &RawFile<'_>) -> Option<(CompactString, Currency, NaiveDate)> {
        let schema = required("schema", raw.schema, 0, "file", self.report);
        if let (Some(found), Some(at)) = (schema, raw.schema)
            && found != SCHEMA
        {
            let hint = found
                .starts_with("tokencast.contract.")
                .then(|| "contracts are given to `cost` with --contract".to_owned());
            let message = format!("unknown schema `{found}`, expected `{SCHEMA}`");
            self.report.problem_with(at.offset, message, hint);
        }
        let name = required("name", raw.name, 0, "file", self.report);
        let _ = required("currency", raw.currency, 0, "file", self.report);
        let currency = self.parsed(raw.currency, str::parse::<Currency>);
        let _ = required("checked_on", raw.checked_on, 0, "file", self.report);
        let checked_on = raw.checked_on.and_then(|at| self.day(at, "checked_on"));
        Some((name?.into(), currency?, checked_on?))
    }

    /// Reads an optional value; one that cannot be read is reported.
    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        text: Option<Text<'_>>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let at = text?;
        match read(at.value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.report.problem(at.offset, error.to_string());
                None
            }
        }
    }

    fn day(&mut self, at: Text<'_>, key: &str) -> Option<NaiveDate> {
        let day = at.value.parse().ok();
        if day.is_none() {
            self.report.problem(
                at.offset,
                format!("`{}` is not a date for `{key}` (expected `2026-11-20`)", at.value),
            );
        }
        day
    }

    fn dates(&mut self, raw: &RawDated<'_>) -> Dates {
        let mut read = |text| self.parsed(text, Timestamp::parse);
        let dates = Dates {
            effective_from: read(raw.effective_from),
            effective_until: read(raw.effective_until),
            announced_on: read(raw.announced_on),
            withdrawn_on: read(raw.withdrawn_on),
        };
        self.ordered(
            ("effective_from", dates.effective_from),
            ("effective_until", dates.effective_until),
            raw.effective_until,
        );
        self.ordered(
            ("announced_on", dates.announced_on),
            ("withdrawn_on", dates.withdrawn_on),
            raw.withdrawn_on,
        );
        dates
    }

    fn ordered(
        &mut self,
        first: (&str, Option<Timestamp>),
        last: (&str, Option<Timestamp>),
        at: Option<Text<'_>>,
    ) {
        if let (Some(start), Some(end), Some(at)) = (first.1, last.1, at)
            && end <= start
        {
            self.report.problem(
                at.offset,
                format!("`{}` {end} is not after `{}` {start}", last.0, first.0),
            );
        }
    }

    fn origin(&mut self, raw: &RawDated<'_>, offset: usize) -> Provenance {
        let confidence = self.parsed(raw.confidence, |text| {
            let found = Confidence::ALL.iter().find(|(name, _)| *name == text).map(|(_, c)| *c);
            found.ok_or_else(|| {
                format!("unknown confidence `{text}`, expected high, medium, low or conflict")
            })
        });
        let boxed = |text: Option<Text<'_>>| text.map(|t| t.value.into());
        Provenance {
            location: self.report.place(offset),
            layer: self.layer,
            source: boxed(raw.source),
            confidence: confidence.unwrap_or(Confidence::High),
            date_basis: boxed(raw.date_basis),
            notes: boxed(raw.notes),
        }
    }

    fn multiplier(&mut self, raw: &RawMultiplier<'_>) -> Option<Multiplier> {
        let _ = required("factor", raw.factor, raw.offset, "multiplier", self.report);
        let factor = self.parsed(raw.factor, str::parse::<Factor>);
        if let (Some(at), Ok(price)) = (raw.factor, UnitPrice::parse_per(raw.factor?.value, 0))
            && price <= UnitPrice::FREE
        {
            self.report.problem(at.offset, format!("factor `{}` is not above zero", at.value));
        }
        for at in raw.models.iter().flatten() {
            let place = self.report.place(at.offset);
            self.model_refs.push((at.value.into(), place));
        }
        let components = raw
            .components
            .as_ref()
            .map(|items| items.iter().filter_map(|at| self.component(*at)).collect());
        Some(Multiplier {
            origin: self.origin(&raw.dated, raw.offset),
            dates: self.dates(&raw.dated),
            condition: self.condition(&raw.when, Condition::any()),
            models: raw
                .models
                .as_ref()
                .map(|items| items.iter().map(|at| at.value.into()).collect()),
            components,
            factor: factor?,
        })
    }

    fn component(&mut self, at: Text<'_>) -> Option<Component> {
        let component = Component::from_name(at.value);
        if component.is_none() {
            let hint = did_you_mean(at.value, Component::ALL.iter().map(|c| c.name()));
            self.report.problem_with(at.offset, format!("unknown component `{}`", at.value), hint);
        }
        component
    }

    fn price(&mut self, raw: &RawPrice<'_>) -> Option<PriceEntry> {
        if raw.prices.is_empty() && !raw.broken {
            self.report.problem(raw.offset, "entry has no price");
        }
        let mut prices = SmallVec::new();
        for (key, at) in &raw.prices {
            match UnitPrice::parse_per(at.value, key.per_power) {
                Ok(price) if price < UnitPrice::FREE => {
                    self.report
                        .problem(at.offset, format!("`{}` is negative: `{}`", key.name, at.value));
                }
                Ok(price) => prices.push((key.component, price)),
                Err(error) => self.report.problem(at.offset, format!("`{}`: {error}", key.name)),
            }
        }
        prices.sort_unstable_by_key(|(component, _)| *component);
        let entry = PriceEntry {
            origin: self.origin(&raw.dated, raw.offset),
            dates: self.dates(&raw.dated),
            promotion: raw.promotion,
            free_allowance: self.allowance(raw),
            expected: self.expected(&raw.expected),
            condition: self.condition(&raw.when, Condition::standard()),
            prices,
        };
        (!entry.prices.is_empty()).then_some(entry)
    }

    fn expected(&mut self, raw: &[Text<'_>]) -> SmallVec<[Kind; 1]> {
        let mut found = SmallVec::new();
        for at in raw {
            match Kind::from_name(at.value) {
                Some(kind) => found.push(kind),
                None => {
                    let hint = did_you_mean(at.value, Kind::ALL.iter().map(|(_, name, _)| *name));
                    let message = format!("unknown finding `{}` in `expected`", at.value);
                    self.report.problem_with(at.offset, message, hint);
                }
            }
        }
        found
    }

    fn model(&mut self, raw: &RawModel<'_>) -> Option<ModelEntry> {
        let id = required("id", raw.id, raw.offset, "model", self.report);
        let entries = raw.prices.iter().filter_map(|p| self.price(p)).collect();
        let aliases = raw.aliases.iter().map(|alias| {
            let dated = RawDated {
                effective_from: alias.effective_from,
                effective_until: alias.effective_until,
                ..Default::default()
            };
            let dates = self.dates(&dated);
            Alias {
                name: alias.name.value.into(),
                effective_from: dates.effective_from,
                effective_until: dates.effective_until,
                layer: self.layer,
                location: self.report.place(alias.name.offset),
            }
        });
        let aliases = aliases.collect();
        let word = |text: Option<Text<'_>>| text.map(|t| CompactString::new(t.value));
        Some(ModelEntry {
            provider: self.provider.clone(),
            id: id?.into(),
            aliases,
            maker: word(raw.maker),
            family: word(raw.family),
            tokenizer: word(raw.tokenizer),
            context_window: raw.context_window.map(|At { value, .. }| value),
            entries,
            layer: self.layer,
            location: self.report.place(raw.id?.offset),
        })
    }
}

#[cfg(test)]
mod tests;
