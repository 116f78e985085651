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
}

impl TokenRatio {
    /// True for what the others are measured against.
    #[must_use]
    pub fn is_base(&self) -> bool {
        self.low == Factor::ONE && self.high == Factor::ONE
    }
}

/// Two tokenizers side by side: one token of `from` becomes `to / from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenizerPair<'a> {
    /// Of the tokenizer that is left; `None`: one.
    pub from: Option<&'a TokenRatio>,
    /// Of the tokenizer that takes over; `None`: one.
    pub to: Option<&'a TokenRatio>,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRatios {
    /// The day on which it was checked.
    pub checked_on: NaiveDate,
    tokenizers: BTreeMap<String, TokenRatio>,
    pairs: BTreeMap<(String, String), TokenRatio>,
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

    /// Two tokenizers, by the names of price books; `None` if they were not measured. A pair that was
    /// measured itself goes before the quotient of two ratios.
    #[must_use]
    pub fn between(&self, from: &str, to: &str) -> Option<TokenizerPair<'_>> {
        let pair = |one: &str, other: &str| self.pairs.get(&(one.to_owned(), other.to_owned()));
        if let Some(found) = pair(from, to) {
            return Some(TokenizerPair { from: None, to: Some(found) });
        }
        if let Some(found) = pair(to, from) {
            return Some(TokenizerPair { from: Some(found), to: None });
        }
        let of = |name: &str| self.tokenizers.get(name);
        Some(TokenizerPair { from: Some(of(from)?), to: Some(of(to)?) })
    }
}

fn read_file(raw: &DeTable<'_>, report: &mut Reporter) -> Option<TokenRatios> {
    let (mut tokenizers, mut pairs) = (BTreeMap::new(), BTreeMap::new());
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
            "tokenizer" => {
                let rows = tables("tokenizer", value, report, |raw, at, report| {
                    row(raw, at, &["name"], report)
                });
                for (offset, names, ratio) in rows.into_iter().flatten() {
                    let [name] = &names[..] else { continue };
                    keep(&mut tokenizers, name.clone(), ratio, offset, report);
                }
            }
            "pair" => {
                let rows = tables("pair", value, report, |raw, at, report| {
                    row(raw, at, &["from", "to"], report)
                });
                for (offset, names, ratio) in rows.into_iter().flatten() {
                    let [from, to] = &names[..] else { continue };
                    keep(&mut pairs, (from.clone(), to.clone()), ratio, offset, report);
                }
            }
            other => unknown(other, key.span().start, FILE_KEYS.into_iter(), report),
        }
    }
    let base = base?;
    if tokenizers.get(&base).is_none_or(|own: &TokenRatio| own.ratio != Factor::ONE) {
        report.problem(0, format!("`base` is `{base}`, which has no `ratio` of 1"));
    }
    Some(TokenRatios { checked_on: checked_on?, tokenizers, pairs })
}

fn keep<K: Ord>(
    known: &mut BTreeMap<K, TokenRatio>,
    name: K,
    ratio: TokenRatio,
    offset: usize,
    report: &mut Reporter,
) {
    if known.insert(name, ratio).is_some() {
        report.problem(offset, "these names are there twice");
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

type Row = (usize, Vec<String>, TokenRatio);

fn row(
    raw: &DeTable<'_>,
    offset: usize,
    names: &[&'static str],
    report: &mut Reporter,
) -> Option<Row> {
    let known = || names.iter().copied().chain(["ratio", "low", "high", "source"]);
    for (key, _) in raw {
        let written: &str = key.get_ref().as_ref();
        if !known().any(|name| name == written) {
            unknown(written, key.span().start, known(), report);
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
    let [low, ratio, high] = ["low", "ratio", "high"].map(|key| number(key, report));
    let (low, ratio, high) = (low?, ratio?, high?);
    if low.0 > ratio.0 || ratio.0 > high.0 {
        report.problem(offset, "`ratio` is not from `low` to `high`");
    }
    Some((offset, of, TokenRatio { ratio: ratio.1, low: low.1, high: high.1, source: source? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price_book::bundled::BUNDLED;

    #[test]
    fn the_bundled_table_names_tokenizers_of_the_books() {
        let table = TokenRatios::bundled().unwrap();
        assert!(table.tokenizers.len() >= 5);
        let named = |name: &str| {
            let line = format!("tokenizer = \"{name}\"");
            BUNDLED.iter().any(|(_, text)| text.lines().any(|l| l == line))
        };
        let pairs = table.pairs.keys().flat_map(|(from, to)| [from, to]);
        for name in table.tokenizers.keys().chain(pairs) {
            assert!(named(name), "{name}");
        }
    }

    #[test]
    fn a_pair_goes_before_the_quotient_both_ways() {
        let table = TokenRatios::bundled().unwrap();
        let measured = |found: Option<&TokenRatio>| found.map(|r| r.ratio.to_string());
        let of = |from: &str, to: &str| {
            let found = table.between(from, to).unwrap();
            (measured(found.from), measured(found.to))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of("claude-2024", "claude-2026"), (None, some("1.3")));
        assert_eq!(of("claude-2026", "claude-2024"), (some("1.3"), None));
        assert_eq!(of("o200k_base", "claude-2026"), (some("1"), some("1.47")));
        assert_eq!(table.between("claude-2026", "nova"), None);
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
