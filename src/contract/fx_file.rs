//! Files of exchange rates: CSV `date,from,to,rate[,source]`, or TOML with `[[rate]]` tables of the
//! same keys.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::file::key::{Key, Kind, Table};
use super::file::read::read;
use super::{FxRate, FxTable};
use crate::config::{ConfigErrors, EntryRef, Problem, Reporter, did_you_mean, parsed};
use crate::money::{Amount, Currency, Factor};

/// The text of one file of rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FxSource {
    /// The path as shown in messages and references; `.csv` and `.toml` tell the form, other names
    /// leave it to the content.
    pub name: String,
    /// CSV or TOML.
    pub text: String,
}

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key::new(name, kind, example, doc)
}

/// Columns of CSV, keys of TOML.
static RATE: Table = Table {
    name: "rate",
    doc: "The rate of a day.",
    parts: &[&[
        key(
            "date",
            Kind::Day,
            r#""2026-01-31""#,
            "The day it is of; it holds until the next one of the pair.",
        )
        .required(),
        key("from", Kind::Currency, r#""USD""#, "Currency converted from.").required(),
        key("to", Kind::Currency, r#""EUR""#, "Currency converted to.").required(),
        key("rate", Kind::Positive, r#""0.92""#, "Units of `to` for one of `from`.").required(),
        key("source", Kind::Text, r#""ECB""#, "Who says so."),
    ]],
};

static FILE: Table = Table {
    name: "",
    doc: "Exchange rates.",
    parts: &[&[key("rate", Kind::Tables(&RATE), "", "The rate of a day.").required()]],
};

/// Reads rates of any files.
///
/// # Errors
/// Every problem of every file; also two rates of one pair and day.
pub fn read_fx(sources: &[FxSource]) -> Result<FxTable, ConfigErrors> {
    let mut problems = Vec::new();
    let mut rates: Vec<FxRate> = Vec::new();
    for source in sources {
        let mut report = Reporter::new(&source.name, &source.text);
        if is_toml(source) {
            rates.extend(from_toml(&source.text, &mut report));
        } else {
            rates.extend(from_csv(&source.text, &mut report));
        }
        report.problems.sort_by_key(|problem| problem.location.line);
        problems.append(&mut report.problems);
    }
    let mut seen: BTreeMap<(NaiveDate, Currency, Currency), &EntryRef> = BTreeMap::new();
    for rate in &rates {
        if let Some(first) = seen.insert((rate.date, rate.from, rate.to), &rate.place) {
            problems.push(Problem {
                location: rate.place.location(),
                message: format!(
                    "the rate from {} to {} of {} is also at {first}",
                    rate.from, rate.to, rate.date
                ),
                hint: None,
            });
        }
    }
    if problems.is_empty() { Ok(FxTable::new(rates)) } else { Err(ConfigErrors { problems }) }
}

fn is_toml(source: &FxSource) -> bool {
    let name = source.name.to_ascii_lowercase();
    let content = || {
        let mut lines = source.text.lines().map(str::trim);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
        first.is_some_and(|line| line.starts_with('[') || line.contains('='))
    };
    name.ends_with(".toml") || (!name.ends_with(".csv") && content())
}

/// The texts of one rate.
struct Row<'t> {
    date: Option<NaiveDate>,
    from: Option<&'t str>,
    to: Option<&'t str>,
    rate: Option<Factor>,
    source: Option<&'t str>,
    offset: usize,
}

impl Row<'_> {
    fn checked(self, report: &mut Reporter) -> Option<FxRate> {
        let mut currency = |text: Option<&str>| {
            let found = text?.parse::<Currency>();
            found.map_err(|error| report.problem(self.offset, error.to_string())).ok()
        };
        let (from, to) = (currency(self.from), currency(self.to));
        if from.is_some() && from == to {
            report.problem(self.offset, "`from` and `to` are the same currency");
        }
        Some(FxRate {
            date: self.date?,
            from: from?,
            to: to?,
            rate: self.rate?,
            source: self.source.map(str::to_owned),
            place: report.place(self.offset),
        })
    }
}

fn from_toml(text: &str, report: &mut Reporter) -> Vec<FxRate> {
    let Some(raw) = parsed(text, report) else { return Vec::new() };
    let fields = read(&FILE, &raw, 0, report);
    let row = |f: &super::file::read::Fields<'_>| {
        let row = Row {
            date: f.day("date"),
            from: f.text("from"),
            to: f.text("to"),
            rate: f.factor("rate"),
            source: f.text("source"),
            offset: f.offset,
        };
        row.checked(report)
    };
    fields.tables("rate").iter().filter_map(row).collect()
}

fn from_csv(text: &str, report: &mut Reporter) -> Vec<FxRate> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
        Err(error) => {
            report.problem(0, format!("invalid CSV: {error}"));
            return Vec::new();
        }
    };
    if !header_is_known(&columns, report) {
        return Vec::new();
    }
    let mut rates = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                report.problem(text.len(), format!("invalid CSV: {error}"));
                break;
            }
        };
        let offset = start_of(&record, text);
        if record.len() != columns.len() {
            let message = format!("row has {} cells under {} columns", record.len(), columns.len());
            report.problem(offset, message);
            continue;
        }
        rates.extend(csv_row(&columns, &record, offset, report).checked(report));
    }
    rates
}

/// Where a row begins: after the line break that the reader may place before it.
fn start_of(record: &csv::StringRecord, text: &str) -> usize {
    let position = record.position().map_or(0, csv::Position::byte);
    let at = usize::try_from(position).unwrap_or(0).min(text.len());
    let breaks = text.as_bytes()[at..].iter().take_while(|b| matches!(b, b'\r' | b'\n'));
    at + breaks.count()
}

fn header_is_known(columns: &[String], report: &mut Reporter) -> bool {
    let before = report.problems.len();
    if let [only] = columns
        && let Some(other) = only.chars().find(|c| matches!(c, ';' | '\t' | '|'))
    {
        report.problem(0, format!("cells are separated by {other:?}, expected commas"));
        return false;
    }
    for column in columns {
        if RATE.keys().all(|key| key.name != column) {
            let hint = did_you_mean(column, RATE.keys().map(|key| key.name));
            report.problem_with(0, format!("unknown column `{column}`"), hint);
        }
        if columns.iter().filter(|other| *other == column).count() > 1 {
            report.problem(0, format!("column `{column}` is there twice"));
        }
    }
    for key in RATE.keys().filter(|key| key.required) {
        if columns.iter().all(|column| column != key.name) {
            report.problem(0, format!("no column `{}`", key.name));
        }
    }
    report.problems.len() == before
}

fn csv_row<'t>(
    columns: &[String],
    record: &'t csv::StringRecord,
    offset: usize,
    report: &mut Reporter,
) -> Row<'t> {
    let cell = |name: &str| {
        let at = columns.iter().position(|column| column == name)?;
        record.get(at).filter(|cell| !cell.is_empty())
    };
    for key in RATE.keys().filter(|key| key.required && cell(key.name).is_none()) {
        report.problem(offset, format!("`{}` is empty", key.name));
    }
    let date = cell("date").and_then(|text| {
        let day = text.parse().ok();
        if day.is_none() {
            let message = format!("`{text}` is not a date for `date` (expected `2026-11-20`)");
            report.problem(offset, message);
        }
        day
    });
    let rate = cell("rate").and_then(|text| match (text.parse::<Amount>(), text.parse()) {
        (Ok(amount), Ok(factor)) if amount > Amount::ZERO => Some(factor),
        (Ok(_), _) => {
            report.problem(offset, format!("`rate` is not above zero: `{text}`"));
            None
        }
        (Err(error), _) => {
            report.problem(offset, format!("`rate`: {error}"));
            None
        }
    });
    let (from, to) = (cell("from"), cell("to"));
    Row { date, from, to, rate, source: cell("source"), offset }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(name: &str, text: &str) -> Result<FxTable, Vec<String>> {
        let source = FxSource { name: name.into(), text: text.into() };
        read_fx(&[source]).map_err(|e| e.problems.iter().map(ToString::to_string).collect())
    }

    fn usd_eur(table: &FxTable, on: &str) -> Option<(String, u64)> {
        let (usd, eur) = (Currency::USD, "EUR".parse().unwrap());
        let found = table.rate(usd, eur, on.parse().unwrap())?;
        Some((found.rate.to_string(), found.place.line))
    }

    #[test]
    fn csv_and_toml_say_the_same() {
        let csv = "Date,from,to,rate,source\r\n2026-01-31,USD,EUR,0.92,ECB\r\n\r\n2026-02-28,usd,EUR,0.93,\r\n";
        let toml = "[[rate]]\ndate = \"2026-01-31\"\nfrom = \"USD\"\nto = \"EUR\"\nrate = \"0.92\"\nsource = \"ECB\"\n";
        let table = read_one("fx.csv", csv).unwrap();
        assert_eq!(usd_eur(&table, "2026-02-01"), Some(("0.92".into(), 2)));
        assert_eq!(usd_eur(&table, "2026-03-01"), Some(("0.93".into(), 4)));
        assert_eq!(usd_eur(&table, "2026-01-30"), None);
        for name in ["fx.toml", "-"] {
            let table = read_one(name, toml).unwrap();
            assert_eq!(usd_eur(&table, "2026-03-01"), Some(("0.92".into(), 1)));
        }
        assert!(read_one("rates", csv).is_ok());
    }

    #[test]
    fn every_problem_with_its_line() {
        let csv = "date,from,to,rate\n2026-13-01,USD,EUR,x\n2026-01-01,USD,USD,0\n2026-01-01,USD\n2026-01-02,Euro,,1\n";
        assert_eq!(
            read_one("fx.csv", csv).unwrap_err(),
            [
                "fx.csv:2: `2026-13-01` is not a date for `date` (expected `2026-11-20`)",
                "fx.csv:2: `rate`: `x` is not a decimal number (expected digits such as `2.50`)",
                "fx.csv:3: `rate` is not above zero: `0`",
                "fx.csv:3: `from` and `to` are the same currency",
                "fx.csv:4: row has 2 cells under 4 columns",
                "fx.csv:5: `to` is empty",
                "fx.csv:5: `Euro` is not a currency code (expected three letters such as `USD`)",
            ]
        );
        assert_eq!(
            read_one("fx.csv", "date,from,too,rate\n").unwrap_err(),
            [
                "fx.csv:1: unknown column `too` (hint: did you mean `to`?)",
                "fx.csv:1: no column `to`"
            ]
        );
        assert_eq!(
            read_one("fx.toml", "[[rate]]\nrate = 0.9\n").unwrap_err()[1..],
            [
                "fx.toml:1: `rate` has no `from`",
                "fx.toml:1: `rate` has no `to`",
                "fx.toml:2: `rate` is a bare number, expected a decimal string (hint: write `rate = \"0.9\"`)"
            ]
        );
    }

    #[test]
    fn a_day_of_a_pair_has_one_rate() {
        let csv = "date,from,to,rate\n2026-01-01,USD,EUR,0.9\n2026-01-01,USD,EUR,0.9\n2026-01-01,EUR,USD,1.1\n";
        assert_eq!(
            read_one("fx.csv", csv).unwrap_err(),
            ["fx.csv:3: the rate from USD to EUR of 2026-01-01 is also at fx.csv:2"]
        );
    }
}
