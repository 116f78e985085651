//! What the cases in `tests/formats` do not show: labels, other readers of the same files, and bad
//! input.

use std::io::Write;

use proptest::prelude::*;

use super::anthropic::context_tokens;
use super::bucket::Cells;
use crate::money::Currency;
use crate::period::{Calendar, Period, Timestamp};
use crate::source::cost_columns::CostColumns;
use crate::source::cost_table::{CostTableOptions, read_costs};
use crate::source::line::readings;
use crate::source::row::{self, Asked, Cell, Header, Row};
use crate::source::scan::{Object, documents};
use crate::source::{Input, LabelPolicy, Progress, ReadOptions, read_all};
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord};

macro_rules! case {
    ($path:literal) => {
        include_str!(concat!("../../../tests/formats/", $path))
    };
}

const JSON: [&str; 9] = [
    case!("openai-usage/page/input.a.json"),
    case!("openai-usage/kinds/input.json"),
    case!("openai-costs/page/input.json"),
    case!("openai-usage-legacy/answer/input.json"),
    case!("anthropic-usage/page/input.json"),
    case!("anthropic-costs/page/input.json"),
    case!("claude-code-analytics/page/input.json"),
    case!("copilot-metrics/users/input.jsonl"),
    case!("copilot-metrics/organization/input.json"),
];

const TABLES: [&str; 7] = [
    case!("openai-usage-csv/completions/input.csv"),
    case!("openai-costs-csv/export/input.csv"),
    case!("anthropic-usage-csv/2026/input.csv"),
    case!("anthropic-costs-csv/2026/input.csv"),
    case!("deepseek-usage-csv/beijing-days/input.csv"),
    case!("deepseek-costs-csv/wallets/input.csv"),
    case!("copilot-billing-csv/ai-credits/input.csv"),
];

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn table(text: &str, labels: LabelPolicy) -> Vec<UsageRecord> {
    let file = file(text);
    let options = ReadOptions { labels, threads: 1, ..ReadOptions::default() };
    let mut found = Vec::new();
    let inputs = [Input::File(file.path().to_owned())];
    read_all(&inputs, &options, &Progress::default(), |record| found.push(record)).unwrap();
    found
}

/// Records of JSON documents after each other.
fn json(text: &str, options: &ReadOptions) -> Vec<UsageRecord> {
    let values = documents(text.as_bytes()).filter_map(|(_, value)| value.ok());
    let found = values.flat_map(|value| {
        let text = std::str::from_utf8(value.raw()).unwrap();
        readings(text, options).unwrap_or_default()
    });
    found.filter_map(|(_, outcome)| outcome.ok()).flatten().map(|(record, _)| record).collect()
}

fn names(labels: &Labels) -> Vec<(&str, &str)> {
    labels.iter().collect()
}

#[test]
fn persons_and_keys_are_labels_only_where_asked_for() {
    let usage = case!("openai-usage/page/input.a.json");
    let first = json(usage, &ReadOptions::default()).remove(0);
    assert_eq!(names(&first.labels), [("project", "proj_a")]);
    let all = ReadOptions { labels: LabelPolicy::All, ..ReadOptions::default() };
    let first = json(usage, &all).remove(0);
    let wanted = [("api_key", "key_1"), ("project", "proj_a"), ("user", "user_1")];
    assert_eq!(names(&first.labels), wanted);

    let analytics = case!("claude-code-analytics/page/input.json");
    let first = json(analytics, &ReadOptions::default()).remove(0);
    assert_eq!(names(&first.labels), [("organization", "org_1")]);
    let first = json(analytics, &all).remove(0);
    assert_eq!(first.labels.get("user"), Some("dev@example.com"));

    let bill = case!("copilot-billing-csv/ai-credits/input.csv");
    let first = table(bill, LabelPolicy::Default).remove(0);
    let wanted = [("cost_center", "CC-A"), ("organization", "org-a"), ("product", "copilot")];
    assert_eq!(names(&first.labels), wanted);
    let keys = LabelPolicy::Only(["api_key".to_owned(), "workspace".to_owned()].into());
    let first = table(case!("anthropic-usage-csv/2026/input.csv"), keys).remove(0);
    assert_eq!(names(&first.labels), [("api_key", "search"), ("workspace", "Default")]);
}

#[test]
fn line_items_are_labels_where_asked_for() {
    let only = LabelPolicy::Only(["line_item".to_owned(), "token_type".to_owned()].into());
    let records = table(case!("openai-costs-csv/export/input.csv"), only.clone());
    assert!(records.iter().all(|record| record.grain == RecordGrain::BillingLine));
    assert_eq!(names(&records[1].labels), [("line_item", "gpt-5-nano, input_tokens")]);
    let records = table(case!("anthropic-costs-csv/2026/input.csv"), only);
    assert_eq!(names(&records[0].labels), [("token_type", "input_no_cache")]);
}

#[test]
fn cost_exports_are_series_of_daily_costs_too() {
    let sums = |text: &str, columns: &str| {
        let file = file(text);
        let options = CostTableOptions {
            columns: CostColumns::parse(&[columns.to_owned()]).unwrap(),
            currency: None,
            calendar: Calendar::UTC,
            since: None,
            until: None,
        };
        let inputs = [Input::File(file.path().to_owned())];
        let table = read_costs(&inputs, &options, &Progress::default()).unwrap();
        let days: Vec<(String, String)> = table
            .costs
            .series()
            .flat_map(|(_, days)| days)
            .map(|(day, cost)| (day.to_string(), cost.to_string()))
            .collect();
        (table.currency, days)
    };
    let of = |days: &[(&str, &str)]| -> Vec<(String, String)> {
        days.iter().map(|(day, cost)| ((*day).to_owned(), (*cost).to_owned())).collect()
    };
    // 0.5 + 0.25 - 0.1 on the second day; the blank row is no cost.
    let (currency, days) = sums(case!("openai-costs-csv/export/input.csv"), "id=");
    assert_eq!(currency, Currency::USD);
    assert_eq!(days, of(&[("2026-08-01", "0.0034"), ("2026-08-02", "0.65")]));
    // Here every row counts, also one that restates another: 0.19 + 0.03 + 0.04.
    let (_, days) = sums(case!("anthropic-costs-csv/2026/input.csv"), "id=");
    assert_eq!(days, of(&[("2026-08-15", "0.26"), ("2026-08-16", "0.00")]));
    let (_, days) = sums(case!("copilot-billing-csv/ai-credits/input.csv"), "value=net_amount,id=");
    assert_eq!(days, of(&[("2026-08-01", "20.60")]));
    let older = case!("deepseek-costs-csv/older/input.csv").replace("20260716", "2026-07-16");
    let (_, days) = sums(&older, "");
    assert_eq!(days, of(&[("2026-07-16", "0.10570052")]));
}

#[test]
fn bad_values_never_panic_and_never_add_usage() {
    const BAD: [&str; 9] =
        ["null", "-1", "1.5", "\"x\"", "\"\"", "{}", "[]", "1e400", "18446744073709551616"];
    let options = ReadOptions { labels: LabelPolicy::All, ..ReadOptions::default() };
    let tokens = |text: &str, options: &ReadOptions| -> u64 {
        json(text, options).iter().map(|record| record.components.tokens()).sum()
    };
    for text in JSON {
        let sound = tokens(text, &options);
        for (at, _) in text.match_indices(':') {
            let rest = &text[at + 1..];
            let value = rest.trim_start();
            let end = value.find([',', '}', ']']).unwrap_or(value.len());
            // Any text is a model's name.
            if value.starts_with(['"', '[', '{']) || text[..at].ends_with("\"model\"") {
                continue;
            }
            for bad in BAD {
                let changed = format!("{}:{bad}{}", &text[..at], &value[end..]);
                assert!(tokens(&changed, &options) <= sound, "{bad} in {changed}");
            }
        }
    }
    for text in TABLES {
        let (header, rows) = text.split_once('\n').unwrap();
        let mut changed = format!("{header}\n");
        for row in rows.lines() {
            for (at, _) in row.match_indices(',') {
                let end = row[at + 1..].find(',').map_or(row.len(), |end| at + 1 + end);
                for bad in BAD {
                    changed.extend([&row[..=at], bad, &row[end..], "\n"]);
                }
            }
        }
        // Some change a name alone; those that change the time are left out.
        let found = table(&changed, LabelPolicy::All).len();
        assert!(found > 0 && found < changed.lines().count() - 1);
    }
}

#[test]
fn names_tell_lines_apart_only_where_there_is_no_id() {
    let header = "start_time,end_time,amount_value,amount_currency,line_item,user_id,user_email";
    let ids = |rows: [&str; 2]| {
        let lines = rows.map(|row| format!("1785542400,1785628800,1,usd,\"m, input\",{row}\n"));
        let records = table(&format!("{header}\n{}", lines.concat()), LabelPolicy::Default);
        [records[0].request_id.unwrap(), records[1].request_id.unwrap()]
    };
    let [one, renamed] = ids(["u1,a@example.com", "u1,b@example.com"]);
    assert_eq!(one, renamed);
    let [one, other] = ids([",a@example.com", ",b@example.com"]);
    assert_ne!(one, other);
}

#[test]
fn windows_hold_no_step_of_a_price() {
    let book: toml::Table = include_str!("../../../pricing/anthropic.toml").parse().unwrap();
    let list = |table: &toml::Table, key: &str| -> Vec<toml::Value> {
        table.get(key).and_then(|v| v.as_array()).cloned().unwrap_or_default()
    };
    let mut steps = 0;
    for model in list(&book, "model") {
        let model = model.as_table().unwrap();
        let id = model["id"].as_str().unwrap();
        for price in list(model, "price") {
            let Some(when) = price.get("when").and_then(|w| w.as_table()) else { continue };
            for (key, size) in when.iter().filter(|(key, _)| key.starts_with("context")) {
                let step = u64::try_from(size.as_integer().unwrap()).unwrap();
                steps += 1;
                for window in ["0-100k", "0-200k"] {
                    let said = context_tokens(window, id);
                    assert!(said.is_none_or(|tokens| tokens <= step), "{id} {key} {step}");
                }
                // A lower end must not lie below a step that the window holds.
                assert!(step <= 200_000, "{id}: 200k-1M holds a step at {step}");
            }
        }
    }
    assert!(steps > 0);
}

#[test]
fn ends_of_days_and_windows_stay_in_range() {
    assert_eq!(context_tokens("> 18446744073709551615", "claude-opus-4-6"), None);
    for date in ["9999-12-31", "0001-01-01", "99991231", "2026-02-30", "20260230", "tomorrow", ""] {
        let row = format!(
            "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd\n{date},m,,,,output,1\n"
        );
        assert!(table(&row, LabelPolicy::Default).is_empty(), "{date}");
    }
}

/// A row of texts, some without a value.
struct Texts(Vec<Option<String>>);

impl row::Cells for Texts {
    fn cell(&self, place: usize) -> Option<Cell<'_>> {
        Some(Cell::Text(self.0.get(place)?.as_deref()?.into()))
    }
}

fn hour() -> Period {
    let at = |text| Timestamp::parse(text).unwrap();
    Period { start: at("2026-07-01T10:00:00Z"), end: at("2026-07-01T11:00:00Z") }
}

fn identity_of(cells: Cells<'_, '_>) -> RequestId {
    cells.identity("any", hour(), |column| column.starts_with("num"))
}

/// The identity of a row of a table with these columns.
fn table_identity(columns: &[(&str, Option<&str>)]) -> RequestId {
    let header = Header::new(columns.iter().map(|(name, _)| *name));
    let cells = Texts(columns.iter().map(|(_, text)| text.map(str::to_owned)).collect());
    let asked = Asked::default();
    let row = Row::new(&header, &asked, &cells);
    let first = identity_of(Cells::Table(&row));
    assert_eq!(first, identity_of(Cells::Table(&row)), "as it was asked for before");
    first
}

fn json_identity(columns: &[(&str, Option<&str>)]) -> RequestId {
    let fields = columns.iter().map(|(name, text)| format!("{name:?}:{}", serde_json::json!(text)));
    let text = format!("{{{}}}", fields.collect::<Vec<_>>().join(","));
    identity_of(Cells::Json(&Object::parse(text.as_bytes()).unwrap()))
}

const DIMENSIONS: [&str; 8] = [
    "model",
    "project_id",
    "project_name",
    "user_id",
    "user_email",
    "batch",
    "a new column",
    "service_tier",
];

proptest! {
    /// A bucket is the same in any container, whatever the order of columns, with or without those
    /// that are empty; and another one where anything but a figure or a name of an id is another.
    #[test]
    fn identities_are_those_of_what_is_filled_in(
        values in prop::collection::vec(prop::option::of("[a-c\u{e9}]{0,3}"), DIMENSIONS.len()),
        order in Just(DIMENSIONS.into_iter().enumerate().collect::<Vec<_>>()).prop_shuffle(),
        figure in any::<u32>(),
        changed in 0..DIMENSIONS.len(),
    ) {
        let text = |at: usize| values[at].as_deref();
        let all: Vec<_> = DIMENSIONS.iter().enumerate().map(|(at, name)| (*name, text(at))).collect();
        let expected = table_identity(&all);
        let figure = figure.to_string();
        let mut other: Vec<_> = order.iter().map(|(at, name)| (*name, text(*at))).collect();
        other.extend([("num_model_requests", Some(figure.as_str())), ("start_time", Some("1"))]);
        prop_assert_eq!(table_identity(&other), expected);
        prop_assert_eq!(json_identity(&other), expected);
        other.retain(|(_, text)| text.is_some_and(|text| !text.is_empty()));
        prop_assert_eq!(table_identity(&other), expected);
        prop_assert_eq!(json_identity(&other), expected);

        let mut one_other = all.clone();
        one_other[changed].1 = Some("other");
        let filled = |name: &str| {
            all.iter().any(|(of, text)| *of == name && text.is_some_and(|text| !text.is_empty()))
        };
        let is_renamed = match DIMENSIONS[changed] {
            "project_name" => filled("project_id"),
            "user_email" => filled("user_id"),
            _ => false,
        };
        prop_assert_eq!(table_identity(&one_other) == expected, is_renamed);
        prop_assert_eq!(json_identity(&one_other) == expected, is_renamed);
    }
}
