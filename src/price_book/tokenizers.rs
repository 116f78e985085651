//! How many tokens the same text has for different tokenizers: a bundled table of measured ratios.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use toml::de::DeTable;

use crate::config::{ConfigErrors, Reporter, Value, decimal, parsed, tables, text, unknown};
use crate::money::{Amount, Factor};

/// The schema of the table.
const SCHEMA: &str = "tokencast.tokenizers.v1";
const FILE_KEYS: [&str; 5] = ["schema", "base", "checked_on", "tokenizer", "pair"];

/// Tokens for one of something else, with the band in which it was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRatio {
    /// The middle.
    pub ratio: Factor,
    /// Lower end of the band.
    pub low: Factor,
    /// Upper end of the band.
    pub high: Factor,
    /// Who measured.
    pub source: String,
    /// How the tokens were counted, where they were counted on a corpus.
    pub basis: Option<String>,
}

impl TokenRatio {
    /// True for what the others are measured against.
    #[must_use]
    pub fn is_base(&self) -> bool {
        self.low == Factor::ONE && self.high == Factor::ONE
    }

    /// True if the tokens were counted by the tokenizer itself.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.basis.as_deref() == Some("exact")
    }
}

/// Where the ratio of two tokenizers is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioOrigin<'a> {
    /// The table that is compiled in.
    Shipped,
    /// A table measured on a corpus: its name, and the kind of text, or all of it.
    Measured {
        /// The file.
        file: &'a str,
        /// The kind of text.
        content: Option<&'a str>,
    },
}

/// Two tokenizers side by side: one token of `from` becomes `to / from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenizerPair<'a> {
    /// Of the tokenizer that is left; `None`: one.
    pub from: Option<&'a TokenRatio>,
    /// Of the tokenizer that takes over; `None`: one.
    pub to: Option<&'a TokenRatio>,
    /// Where it is from.
    pub origin: RatioOrigin<'a>,
}

/// Tokenizers, the one that is left first, or one alone; and the kind of text, empty for all of it.
type Key = (Vec<String>, String);

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRatios {
    /// The day on which it was checked.
    pub checked_on: NaiveDate,
    rows: BTreeMap<Key, TokenRatio>,
    /// What was measured on a corpus, with the name of its file: it goes before.
    measured: Option<Box<(String, TokenRatios)>>,
}

impl TokenRatios {
    /// The table that is compiled in.
    ///
    /// # Errors
    /// Every problem of it; a released program has none, which a test proves.
    pub fn bundled() -> Result<Self, ConfigErrors> {
        let file = include_str!("../../pricing/tokenizers/ratios.toml");
        Self::read("pricing/tokenizers/ratios.toml", file)
    }

    /// Reads a table, strictly.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn read(name: &str, source: &str) -> Result<Self, ConfigErrors> {
        let mut report = Reporter::new(name, source);
        let found = parsed(source, &mut report).and_then(|raw| read_file(&raw, &mut report));
        report.problems.sort_by_key(|problem| problem.location.line);
        match found {
            Some(found) if report.problems.is_empty() => Ok(found),
            _ => Err(ConfigErrors { problems: report.problems }),
        }
    }

    /// The same, where the ratios of a table measured on a corpus go before.
    #[must_use]
    pub fn with_measured(self, file: &str, measured: Self) -> Self {
        Self { measured: Some(Box::new((file.to_owned(), measured))), ..self }
    }

    /// Two tokenizers, by the names of price books; `None` if they were not measured. What was measured on a corpus goes first,
    /// that of the kind of text before that of all of it. A pair that was measured itself goes before the quotient of two ratios.
    #[must_use]
    pub fn between<'a>(
        &'a self,
        from: &str,
        to: &str,
        content: Option<&'a str>,
    ) -> Option<TokenizerPair<'a>> {
        if let Some((file, measured)) = self.measured.as_deref() {
            let kinds = content.map(Some).into_iter().chain([None]);
            let mut found = kinds.filter_map(|content| {
                let origin = RatioOrigin::Measured { file, content };
                measured.pair(from, to, content.unwrap_or_default(), origin)
            });
            if let Some(found) = found.next() {
                return Some(found);
            }
        }
        self.pair(from, to, "", RatioOrigin::Shipped)
    }

    fn pair<'a>(
        &'a self,
        from: &str,
        to: &str,
        content: &str,
        origin: RatioOrigin<'a>,
    ) -> Option<TokenizerPair<'a>> {
        let row = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            self.rows.get(&(names, content.to_owned()))
        };
        if let Some(found) = row(&[from, to]) {
            return Some(TokenizerPair { from: None, to: Some(found), origin });
        }
        if let Some(found) = row(&[to, from]) {
            return Some(TokenizerPair { from: Some(found), to: None, origin });
        }
        Some(TokenizerPair { from: Some(row(&[from])?), to: Some(row(&[to])?), origin })
    }
}

/// A row of a table that was measured on a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredRow {
    /// The tokenizer, as price books name it.
    pub tokenizer: String,
    /// The kind of text; `None`: all of it.
    pub content: Option<&'static str>,
    /// Lower end of the band.
    pub low: Amount,
    /// Tokens for one of the base.
    pub ratio: Amount,
    /// Upper end of the band.
    pub high: Amount,
    /// How the tokens were counted.
    pub basis: &'static str,
    /// What was counted.
    pub source: String,
}

/// The text of a table that was measured on a corpus; rows whose ratio is below what its places can say are left out.
#[must_use]
pub fn measured_table(base: &str, checked_on: &str, rows: &[MeasuredRow]) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut text = format!(
        "# Tokens of the text of a corpus for one token of `base`, of all of it and by the kind of text (`content`). For `compare` and\n# `commit --token-ratios FILE`.\nschema = {}\nbase = {}\nchecked_on = {}\n",
        quoted(SCHEMA),
        quoted(base),
        quoted(checked_on)
    );
    for row in rows.iter().filter(|row| row.low > Amount::ZERO) {
        text.push_str(&format!("\n[[tokenizer]]\nname = {}\n", quoted(&row.tokenizer)));
        if let Some(content) = row.content {
            text.push_str(&format!("content = {}\n", quoted(content)));
        }
        text.push_str(&format!(
            "ratio = \"{}\"\nlow = \"{}\"\nhigh = \"{}\"\nbasis = {}\nsource = {}\n",
            row.ratio,
            row.low,
            row.high,
            quoted(row.basis),
            quoted(&row.source)
        ));
    }
    text
}

fn read_file(raw: &DeTable<'_>, report: &mut Reporter) -> Option<TokenRatios> {
    let mut kept = BTreeMap::new();
    let (mut checked_on, mut base) = (None, None);
    for key in FILE_KEYS.into_iter().filter(|key| *key != "pair" && !raw.contains_key(*key)) {
        report.problem(0, format!("file has no `{key}`"));
    }
    for (key, value) in raw {
        match key.get_ref().as_ref() {
            "schema" => {
                let stated = text("schema", value, report).filter(|found| found.value != SCHEMA);
                if let Some(stated) = stated {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", stated.value);
                    report.problem(stated.offset, message);
                }
            }
            "base" => base = text("base", value, report).map(|found| found.value.to_owned()),
            "checked_on" => checked_on = day(value, report),
            "tokenizer" => keep(value, ("tokenizer", &["name"]), &mut kept, report),
            "pair" => keep(value, ("pair", &["from", "to"]), &mut kept, report),
            other => unknown(other, key.span().start, FILE_KEYS.into_iter(), report),
        }
    }
    let base = base?;
    let own = kept.get(&(vec![base.clone()], String::new()));
    if own.is_none_or(|own: &TokenRatio| own.ratio != Factor::ONE) {
        report.problem(0, format!("`base` is `{base}`, which has no `ratio` of 1"));
    }
    Some(TokenRatios { checked_on: checked_on?, rows: kept, measured: None })
}

fn keep(
    value: &Value<'_>,
    (key, names): (&'static str, &[&'static str]),
    known: &mut BTreeMap<Key, TokenRatio>,
    report: &mut Reporter,
) {
    let rows = tables(key, value, report, |raw, at, report| row(raw, at, names, report));
    for (offset, key, ratio) in rows.into_iter().flatten() {
        if key.0.len() == names.len() && known.insert(key, ratio).is_some() {
            report.problem(offset, "these names are there twice");
        }
    }
}

fn day(value: &Value<'_>, report: &mut Reporter) -> Option<NaiveDate> {
    let at = text("checked_on", value, report)?;
    let found = at.value.parse().ok();
    if found.is_none() {
        let message = format!("`{}` is not a date for `checked_on`", at.value);
        report.problem(at.offset, message);
    }
    found
}

type Row = (usize, Key, TokenRatio);

/// Keys that a row may lack.
const MORE_KEYS: [&str; 2] = ["content", "basis"];

fn row(
    raw: &DeTable<'_>,
    offset: usize,
    names: &[&'static str],
    report: &mut Reporter,
) -> Option<Row> {
    let known = || names.iter().copied().chain(["ratio", "low", "high", "source"]);
    for (key, _) in raw {
        let written: &str = key.get_ref().as_ref();
        if !known().chain(MORE_KEYS).any(|name| name == written) {
            unknown(written, key.span().start, known().chain(MORE_KEYS), report);
        }
    }
    for key in known().filter(|key| !raw.contains_key(*key)) {
        report.problem(offset, format!("row has no `{key}`"));
    }
    let word = |key: &str, report: &mut Reporter| {
        text(key, raw.get(key)?, report).map(|found| found.value.to_owned())
    };
    let number = |key: &str, report: &mut Reporter| {
        let at = decimal(key, raw.get(key)?, report)?;
        match (at.value.parse::<Amount>(), at.value.parse::<Factor>()) {
            (Ok(size), Ok(factor)) if size > Amount::ZERO => Some((size, factor)),
            _ => {
                report.problem(at.offset, format!("`{key}` is not above zero: `{}`", at.value));
                None
            }
        }
    };
    let of: Vec<String> = names.iter().filter_map(|key| word(key, report)).collect();
    let source = word("source", report);
    let (content, basis) = (word("content", report).unwrap_or_default(), word("basis", report));
    let [low, ratio, high] = ["low", "ratio", "high"].map(|key| number(key, report));
    let (low, ratio, high) = (low?, ratio?, high?);
    if low.0 > ratio.0 || ratio.0 > high.0 {
        report.problem(offset, "`ratio` is not from `low` to `high`");
    }
    let found = TokenRatio { ratio: ratio.1, low: low.1, high: high.1, source: source?, basis };
    Some((offset, (of, content), found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price_book::bundled::BUNDLED;

    #[test]
    fn the_bundled_table_names_tokenizers_of_the_books() {
        let table = TokenRatios::bundled().unwrap();
        assert!(table.rows.len() >= 5);
        let named = |name: &str| {
            let line = format!("tokenizer = \"{name}\"");
            BUNDLED.iter().any(|(_, text)| text.lines().any(|l| l == line))
        };
        for name in table.rows.keys().flat_map(|(names, _)| names) {
            assert!(named(name), "{name}");
        }
    }

    #[test]
    fn a_pair_goes_before_the_quotient_both_ways() {
        let table = TokenRatios::bundled().unwrap();
        let measured = |found: Option<&TokenRatio>| found.map(|r| r.ratio.to_string());
        let of = |from: &str, to: &str| {
            let found = table.between(from, to, None).unwrap();
            (measured(found.from), measured(found.to))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("claude-2024", "claude-2026"), (None, some("1.3")));
        assert_eq!(of("claude-2026", "claude-2024"), (some("1.3"), None));
        assert_eq!(of("o200k_base", "claude-2026"), (some("1"), some("1.47")));
        assert_eq!(table.between("claude-2026", "nova", None), None);
    }

    #[test]
    fn problems_have_lines() {
        let head =
            "schema = \"tokencast.tokenizers.v1\"\nbase = \"a\"\nchecked_on = \"2026-11-20\"\n";
        let row = |name: &str, low: &str, more: &str| {
            format!(
                "[[tokenizer]]\nname = \"{name}\"\nratio = \"1\"\nlow = \"{low}\"\nhigh = \"1\"\n{more}"
            )
        };
        let source = "source = \"s\"\n";
        for (rows, expected) in [
            (row("a", "1", ""), "t.toml:4: row has no `source`"),
            (row("b", "1", source), "t.toml:1: `base` is `a`, which has no `ratio` of 1"),
            (row("a", "2", source), "t.toml:4: `ratio` is not from `low` to `high`"),
            (row("a", "0", source), "t.toml:7: `low` is not above zero: `0`"),
            (row("a", "1", "sauce = \"s\"\n"), "t.toml:9: unknown key `sauce`"),
            (row("a", "1", source).repeat(2), "t.toml:10: these names are there twice"),
        ] {
            let errors = TokenRatios::read("t.toml", &format!("{head}{rows}")).unwrap_err();
            let found: Vec<String> = errors.problems.iter().map(ToString::to_string).collect();
            assert!(found.iter().any(|p| p.starts_with(expected)), "{rows}: {found:?}");
        }
        assert!(TokenRatios::read("t.toml", &format!("{head}{}", row("a", "1", source))).is_ok());
    }
}
