//! Estimates for tokenizers that are not public: ratios by the class of text, from a bundled table.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::config::{ConfigErrors, Reporter, decimal, parsed, tables, text, unknown};
use crate::money::{Factor, mul_div};
use crate::tokenizer::{ClassCounts, TextClass};

const SCHEMA: &str = "tokencast.token-classes.v1";
const KEYS: [&str; 4] = ["schema", "base", "checked_on", "tokenizer"];
/// The row for tokenizers without one.
const OTHER: &str = "other";
/// Fewer prompts than this have the band of one: their errors do not average out.
pub const FEW_PROMPTS: u64 = 30;

/// How the tokens of a tokenizer are estimated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Tokens for one token of the base, by class.
    ratios: [Factor; 8],
    /// Half of the band of one prompt, as a share.
    prompt: Factor,
    /// Half of the band of many.
    bill: Factor,
    /// Where the ratios are from.
    pub source: String,
}

impl Estimate {
    /// The tokens of a text of which the tokens of the base are known.
    #[must_use]
    pub fn tokens(&self, base: &ClassCounts) -> u64 {
        let product = |(class, tokens): (TextClass, u64)| {
            let (numerator, denominator) = self.ratios[class as usize].as_ratio();
            // Ratios have two places; hundredths of tokens are whole.
            mul_div(i128::from(tokens) * 100, numerator, denominator).unwrap_or(i128::MAX)
        };
        let hundredths = base.iter().map(product).fold(0, i128::saturating_add);
        let whole = mul_div(hundredths, 1, 100).unwrap_or(i128::MAX);
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    /// What is to be taken off and added to an estimate of so many prompts, rounded up.
    #[must_use]
    pub fn half_band(&self, tokens: u64, prompts: u64) -> u64 {
        let share = if prompts < FEW_PROMPTS { self.prompt } else { self.bill };
        let (numerator, denominator) = share.as_ratio();
        let product = i128::from(tokens) * numerator;
        let rounded = (product + denominator - 1) / denominator;
        u64::try_from(rounded).unwrap_or(u64::MAX)
    }

    /// The band of so many prompts, as a share to either side.
    #[must_use]
    pub fn share(&self, prompts: u64) -> Factor {
        if prompts < FEW_PROMPTS { self.prompt } else { self.bill }
    }
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRatios {
    rows: BTreeMap<String, Estimate>,
    other: Estimate,
}

impl ClassRatios {
    /// The table that is compiled in.
    ///
    /// # Errors
    /// Every problem of it; a released program has none, which a test proves.
    pub fn bundled() -> Result<Self, ConfigErrors> {
        let file = include_str!("../../pricing/tokenizers/classes.toml");
        Self::read("pricing/tokenizers/classes.toml", file)
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

    /// How the tokens of a tokenizer are estimated, by the name that price books give it.
    #[must_use]
    pub fn of(&self, tokenizer: &str) -> &Estimate {
        self.rows.get(tokenizer).unwrap_or(&self.other)
    }
}

fn read_file(raw: &DeTable<'_>, report: &mut Reporter) -> Option<ClassRatios> {
    for key in KEYS.into_iter().filter(|key| !raw.contains_key(*key)) {
        report.problem(0, format!("file has no `{key}`"));
    }
    let mut rows = BTreeMap::new();
    for (key, value) in raw {
        match key.get_ref().as_ref() {
            "schema" => {
                let stated = text("schema", value, report).filter(|found| found.value != SCHEMA);
                if let Some(stated) = stated {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", stated.value);
                    report.problem(stated.offset, message);
                }
            }
            "base" | "checked_on" => {
                text("text", value, report);
            }
            "tokenizer" => {
                for (offset, name, row) in
                    tables("tokenizer", value, report, read_row).into_iter().flatten()
                {
                    if rows.insert(name, row).is_some() {
                        report.problem(offset, "this tokenizer is there twice");
                    }
                }
            }
            other => unknown(other, key.span().start, KEYS.into_iter(), report),
        }
    }
    let Some(other) = rows.get(OTHER).cloned() else {
        report.problem(0, format!("file has no tokenizer `{OTHER}`"));
        return None;
    };
    Some(ClassRatios { rows, other })
}

fn read_row(
    raw: &DeTable<'_>,
    offset: usize,
    report: &mut Reporter,
) -> Option<(usize, String, Estimate)> {
    let known = || {
        ["name", "prompt", "bill", "source"].into_iter().chain(TextClass::ALL.map(TextClass::name))
    };
    for (key, _) in raw {
        let written: &str = key.get_ref().as_ref();
        if !known().any(|name| name == written) {
            unknown(written, key.span().start, known(), report);
        }
    }
    for key in known().filter(|key| !raw.contains_key(*key)) {
        report.problem(offset, format!("row has no `{key}`"));
    }
    let mut number = |key: &str| {
        let at = decimal(key, raw.get(key)?, report)?;
        let found = at.value.parse::<Factor>().ok().filter(|found| *found > Factor::ZERO);
        if found.is_none() {
            report.problem(at.offset, format!("`{key}` is not above zero: `{}`", at.value));
        }
        found
    };
    let ratios = TextClass::ALL.map(|class| number(class.name()));
    let (prompt, bill) = (number("prompt"), number("bill"));
    let mut word = |key: &str| text(key, raw.get(key)?, report).map(|found| found.value.to_owned());
    let (name, source) = (word("name")?, word("source")?);
    let mut all = [Factor::ONE; 8];
    for (kept, found) in all.iter_mut().zip(ratios) {
        *kept = found?;
    }
    Some((offset, name, Estimate { ratios: all, prompt: prompt?, bill: bill?, source }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_the_sum_of_its_classes() {
        let table = ClassRatios::bundled().unwrap();
        let mut base = ClassCounts::default();
        base.add(TextClass::AsciiWord, 100);
        base.add(TextClass::Cjk, 10);
        base.add(TextClass::Digits, 3);
        // 100 * 1.23 + 10 * 1.72 + 3 * 0.93 = 123 + 17.2 + 2.79 = 142.99.
        assert_eq!(table.of("claude-2024").tokens(&base), 143);
        // 178 + 17.2 + 2.79 = 197.99.
        assert_eq!(table.of("claude-2026").tokens(&base), 198);
        // 143 * 0.23 = 32.89; 143 * 0.11 = 15.73: rounded up.
        let old = table.of("claude-2024");
        assert_eq!([1, 29, 30].map(|prompts| old.half_band(143, prompts)), [33, 33, 16]);
        assert_eq!(table.of("nobody knows it"), table.of("other"));
    }

    #[test]
    fn a_table_with_slips_is_refused() {
        let file = include_str!("../../pricing/tokenizers/classes.toml");
        for (from, to) in [
            ("bill = \"0.11\"\n", ""),
            ("name = \"other\"", "name = \"nova\""),
            ("cjk = \"1.72\"", "cjk = \"-1\""),
            ("token-classes.v1", "token-classes.v2"),
        ] {
            assert!(ClassRatios::read("t", &file.replacen(from, to, 1)).is_err(), "{from}");
        }
    }
}
