//! What exports of consoles share: cells of a row or of a JSON result, buckets of time, the identity
//! of a bucket, labels, and lines of cost.

use std::borrow::Cow;
use std::sync::Arc;

use super::identity::{self, NAMES, Named, is_no_id, is_no_name, is_time};
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::{DAY_NANOS, Period, Timestamp};
use crate::sku::Sku;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::outcome::{Notes, Outcome, Skipped, one};
use crate::source::row::{Cell, ColumnRule, Names, Row, instant, normalised};
use crate::source::scan::Object;
use crate::tokens::ComponentCounts;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// The model of a line that names none: exports leave it blank unless grouped by it.
pub(super) const UNSPECIFIED: &str = "unspecified";

/// One row of an export: of a table, or a result of an admin API. Columns are asked for by the names
/// that the API has.
#[derive(Clone, Copy)]
pub(super) enum Cells<'c, 'a> {
    Json(&'c Object<'a>),
    Table(&'c Row<'a>),
}

impl<'a> Cells<'_, 'a> {
    /// True if there is such a column, even an empty one.
    pub(super) fn has(&self, key: &'static str) -> bool {
        match self {
            Self::Json(object) => object.has(key),
            Self::Table(row) => row.has(key),
        }
    }

    /// The text of a cell; empty where the column or the value is missing.
    pub(super) fn text(&self, key: &'static str) -> Cow<'a, str> {
        match self {
            Self::Json(object) => object.get(key).and_then(|v| v.scalar()).unwrap_or_default(),
            Self::Table(row) => row.cell(key).map(Cell::text).unwrap_or_default(),
        }
    }

    /// The first of several cells with a text.
    pub(super) fn first_text(&self, keys: &[&'static str]) -> Cow<'a, str> {
        keys.iter().map(|key| self.text(key)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// A count; `None` where the column or the value is missing.
    pub(super) fn count(&self, key: &'static str) -> Result<Option<u64>, Skipped> {
        match self {
            Self::Json(object) => match object.get(key).map(|value| value.count()) {
                None => Ok(None),
                Some(Ok(count)) => Ok(count),
                Some(Err(bad)) => {
                    Err(Skipped::bad_field(key, &bad.0, "a whole number of at least 0"))
                }
            },
            Self::Table(row) => row.cell(key).map_or(Ok(None), |cell| cell.count(key)),
        }
    }

    /// A count, zero where there is none.
    pub(super) fn count_or_zero(&self, key: &'static str) -> Result<u64, Skipped> {
        Ok(self.count(key)?.unwrap_or(0))
    }

    /// Hands on every cell with a text of columns that none of the rules holds for, in the order of
    /// their normalised names.
    fn each_filled_but<const N: usize>(
        &self,
        rules: [ColumnRule; N],
        mut each: impl FnMut(&str, &str),
    ) {
        match self {
            Self::Json(object) => {
                let fields = object.iter().map(|(key, value)| (normalised(&key), value));
                let kept = fields.filter(|(key, _)| !rules.iter().any(|rule| rule(key)));
                let mut kept: Vec<(String, Cow<'_, str>)> =
                    kept.filter_map(|(key, value)| Some((key, value.scalar()?))).collect();
                kept.sort_unstable();
                let filled = kept.iter().filter(|(_, text)| !text.is_empty());
                filled.for_each(|(key, text)| each(key, text));
            }
            Self::Table(row) => {
                let filled = row.cells_but(rules).filter(|(_, text)| !text.is_empty());
                filled.for_each(|(key, text)| each(key, &text));
            }
        }
    }

    /// True if nothing but the time is filled in: consoles print such a row for a day without usage.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Json(_) => {
                let mut blank = true;
                self.each_filled_but([is_time], |_, _| blank = false);
                blank
            }
            Self::Table(row) => row.cells_but([is_time]).all(|(_, text)| text.is_empty()),
        }
    }

    /// The instant in a cell; `None` where the column or the value is missing.
    fn instant(&self, key: &'static str) -> Option<Result<Timestamp, Cow<'a, str>>> {
        let text = match self {
            Self::Json(object) => object.get(key)?.scalar()?,
            Self::Table(row) => match row.cell(key)? {
                Cell::Text(text) => Cell::Text(text).text(),
                held => return Some(held.instant()),
            },
        };
        if text.is_empty() { None } else { Some(instant(&text).ok_or(text)) }
    }

    /// The identity of the bucket or line: the format, its time, and every cell that is no figure,
    /// also of columns that are not known, so that rows which differ in anything stay apart. A later
    /// export of the same bucket has the same identity, whatever columns came and went empty.
    pub(super) fn identity(
        &self,
        format: &str,
        period: Period,
        is_figure: ColumnRule,
    ) -> RequestId {
        let (mut has_id, mut has_name) = ([false; NAMES.len()], false);
        self.each_filled_but([is_no_name], |_, _| has_name = true);
        if has_name {
            self.each_filled_but([is_no_id], |key, _| {
                for (has, (_, id)) in has_id.iter_mut().zip(NAMES) {
                    *has |= id == key;
                }
            });
        }
        let mut named = Named::with_capacity(256);
        identity::begin(&mut named, format, period);
        self.each_filled_but([is_figure, is_time], |key, value| {
            if has_name && NAMES.iter().zip(has_id).any(|((name, _), has)| has && *name == key) {
                return;
            }
            identity::add(&mut named, key, value);
        });
        RequestId::of_bytes(&named)
    }

    /// The SKU and the labels, remembered by the columns that both are told by.
    pub(super) fn names(
        &self,
        options: &ReadOptions,
        of_sku: &[&'static str],
        of_labels: &[(&str, &[&'static str])],
        sku: impl FnOnce() -> Sku,
    ) -> Names {
        let work_out =
            || Names { sku: sku().into(), labels: self.labels(options, of_labels).into() };
        match self {
            Self::Json(_) => work_out(),
            Self::Table(row) => {
                let kept = of_labels.iter().filter(|(label, _)| options.labels.keeps(label));
                let columns = || {
                    let of_labels = kept.flat_map(|(_, columns)| columns.iter());
                    of_sku.iter().chain(of_labels).copied().collect()
                };
                row.known_names(columns, work_out)
            }
        }
    }

    /// The labels that the policy keeps, each the first of its columns with a text.
    pub(super) fn labels(
        &self,
        options: &ReadOptions,
        wanted: &[(&str, &[&'static str])],
    ) -> Labels {
        let mut labels = Labels::default();
        for (label, columns) in wanted {
            if options.labels.keeps(label) {
                labels.set(label, &self.first_text(columns));
            }
        }
        labels
    }
}

/// What is not a token count but money: an amount, a currency, and what kind of cost it is.
pub(super) fn reported(
    field: &str,
    text: &str,
    read: fn(&str) -> Result<Option<Amount>, String>,
    currency: &str,
    kind: CostKind,
) -> Result<Option<ReportedCost>, Skipped> {
    let amount = read(text).map_err(|reason| Skipped::bad_field(field, text, &reason))?;
    let Some(amount) = amount else { return Ok(None) };
    let currency: Currency = currency
        .parse()
        .map_err(|_| Skipped::bad_field("currency", currency, "a code such as `USD`"))?;
    Ok(Some(ReportedCost { amount, currency, kind }))
}

/// A model of a provider, unless the user names another provider.
pub(super) fn sku(provider: &str, model: &str, options: &ReadOptions) -> Sku {
    Sku::new(options.provider.as_deref().unwrap_or(provider), model)
}

/// A bucket of usage, or a line of cost.
pub(super) struct Line {
    pub(super) period: Period,
    pub(super) sku: Arc<Sku>,
    pub(super) id: RequestId,
    pub(super) labels: Arc<Labels>,
}

impl Line {
    /// Usage of a bucket. `context_tokens` stands for the prompts of all its requests, where the
    /// export says in which band they were.
    pub(super) fn usage(
        self,
        requests: u64,
        context_tokens: Option<u64>,
        split: Splitter,
        reported_cost: Option<ReportedCost>,
    ) -> Outcome {
        let record = UsageRecord {
            context_tokens,
            requests,
            components: split.components,
            reported_cost,
            ..self.record(RecordGrain::Bucket)
        };
        Ok(one(record, split.notes))
    }

    /// A cost without usage.
    pub(super) fn cost(self, cost: ReportedCost) -> Outcome {
        let record =
            UsageRecord { reported_cost: Some(cost), ..self.record(RecordGrain::BillingLine) };
        Ok(one(record, Notes::default()))
    }

    fn record(self, grain: RecordGrain) -> UsageRecord {
        UsageRecord {
            time: UsageTime::Bucket(self.period),
            grain,
            sku: self.sku,
            context_tokens: None,
            requests: 0,
            request_id: Some(self.id),
            labels: self.labels,
            components: ComponentCounts::default(),
            reported_cost: None,
        }
    }
}

/// A bucket between two instants, read from two cells or fields.
pub(super) fn between(
    cells: Cells<'_, '_>,
    start: &[&'static str],
    end: &[&'static str],
) -> Result<Period, Skipped> {
    let read = |keys: &[&'static str]| match keys.iter().find_map(|key| cells.instant(key)) {
        Some(Ok(instant)) => Ok(instant),
        Some(Err(text)) => {
            Err(Skipped::bad_field(keys[0], &text, "a time such as `2026-11-20T12:00:00Z`"))
        }
        None => {
            let message = format!("bucket without `{}`", keys[0]);
            Err(Skipped::new(code::MISSING_TIME, message))
        }
    };
    let (start, until) = (read(start)?, read(end)?);
    Period::new(start, until)
        .map_err(|error| Skipped::bad_field(end[0], &until.to_string(), &error.to_string()))
}

/// The day in UTC of a date, as `2026-11-20` or `20261120`, or of an instant in it.
pub(super) fn utc_day(field: &str, text: &str) -> Result<Period, Skipped> {
    if text.is_empty() {
        return Err(Skipped::new(code::MISSING_TIME, format!("row without a value for `{field}`")));
    }
    let compact = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let found = if compact {
        Timestamp::parse(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])).ok()
    } else {
        Timestamp::parse(text).ok()
    };
    let bad = || Skipped::bad_field(field, text, "a date such as `2026-11-20`");
    let instant = found.ok_or_else(bad)?;
    let start = instant.nanos() - instant.nanos().rem_euclid(DAY_NANOS);
    let end = start.checked_add(DAY_NANOS).ok_or_else(bad)?;
    Ok(Period { start: Timestamp::from_nanos(start), end: Timestamp::from_nanos(end) })
}

/// Reads the results of one bucket of an admin API. A bucket without results is a time without
/// usage.
pub(super) fn results(
    bucket: &Object<'_>,
    [start, end]: [&'static str; 2],
    options: &ReadOptions,
    read: fn(&Object<'_>, Period, &ReadOptions) -> Outcome,
) -> Vec<Outcome> {
    let items = bucket.array("results").unwrap_or_default();
    if items.is_empty() {
        return vec![Err(Skipped::new(code::NOT_USAGE, "buckets without usage"))];
    }
    let period = match between(Cells::Json(bucket), &[start], &[end]) {
        Ok(period) => period,
        Err(skipped) => return vec![Err(skipped)],
    };
    items
        .iter()
        .map(|item| match item.object() {
            Some(result) => read(&result, period, options),
            None => {
                Err(Skipped::new(code::UNKNOWN_RECORD, "results of buckets that are no objects"))
            }
        })
        .collect()
}

/// True if an object is a bucket of an admin API, whose first result passes. Without results it is
/// told by its times alone.
pub(super) fn is_bucket(
    bucket: &Object<'_>,
    [start, end]: [&str; 2],
    first: fn(Option<&Object<'_>>) -> bool,
) -> bool {
    if !bucket.has(start) || !bucket.has(end) {
        return false;
    }
    let Some(items) = bucket.array("results") else { return false };
    match items.first() {
        Some(item) => item.object().is_some_and(|result| first(Some(&result))),
        None => first(None),
    }
}
