//! Estimates for tokenizers that are not public: ratios by the class of text, from a bundled table or fitted to logs.

use std::collections::BTreeMap;

use toml::de::DeTable;

use crate::config::{ConfigErrors, Reporter, decimal, parsed, tables, text, unknown};
use crate::corpus::Prompt;
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
    pub(super) ratios: [Factor; 8],
    /// Half of the band of one prompt, as a share.
    pub(super) prompt: Factor,
    /// Half of the band of many.
    pub(super) bill: Factor,
    /// Where the ratios are from.
    pub source: String,
    /// What a fit to logs adds; `None`: the ratios are those of the table.
    pub(super) fitted: Option<Fitted>,
}

/// What is known of a tokenizer from logs, besides ratios and bands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fitted {
    /// Tokens for a request, for each message, and for a request with tools.
    pub(super) around: [Factor; 3],
    /// Classes of which the logs had too little to say anything of, with the largest share that they had of a prompt:
    /// the bands of the fit hold up to there.
    pub(super) as_shipped: Vec<(TextClass, Factor)>,
    /// Bands of the table, which these classes keep: of one prompt, of many.
    pub(super) shipped: [Factor; 2],
}

impl Estimate {
    /// The tokens of a text of which the tokens of the base are known.
    #[must_use]
    pub fn tokens(&self, base: &ClassCounts) -> u64 {
        summed(base.iter().map(|(class, tokens)| (tokens, self.ratios[class as usize])))
    }

    /// Those of them that the logs say nothing of.
    #[must_use]
    pub fn as_shipped(&self, base: &ClassCounts) -> u64 {
        let Some(fitted) = &self.fitted else { return 0 };
        let all = self.tokens(base);
        let beyond = fitted.as_shipped.iter().map(|(class, usual)| {
            let own = summed(std::iter::once((base.of(*class), self.ratios[*class as usize])));
            own.saturating_sub(part_of(all, *usual))
        });
        beyond.fold(0, u64::saturating_add)
    }

    /// Whether it is a fit to logs.
    #[must_use]
    pub const fn is_fitted(&self) -> bool {
        self.fitted.is_some()
    }

    /// The tokens around the text of a prompt, where logs told them.
    #[must_use]
    pub fn around(&self, prompt: &Prompt<'_>) -> Option<u64> {
        let [request, message, tools] = self.fitted.as_ref()?.around;
        let chat = u64::from(prompt.is_chat());
        let messages = chat * u64::try_from(prompt.messages.len()).unwrap_or(u64::MAX);
        let has_tools = u64::from(!prompt.tools.is_empty());
        Some(summed([(chat, request), (messages, message), (has_tools, tools)].into_iter()))
    }

    /// What is to be taken off and added to an estimate of so many prompts, rounded up; `as_shipped` of its tokens have
    /// the band of the table.
    #[must_use]
    pub fn half_band(&self, tokens: u64, as_shipped: u64, prompts: u64) -> u64 {
        let of_table = self.fitted.as_ref().map(|fitted| fitted.shipped);
        let [prompt, bill] = of_table.unwrap_or([self.prompt, self.bill]);
        let table = if prompts < FEW_PROMPTS { prompt } else { bill };
        let own = part_of(tokens.saturating_sub(as_shipped), self.share(prompts));
        own.saturating_add(part_of(as_shipped, table.max(self.share(prompts))))
    }

    /// The band of so many prompts, as a share to either side.
    #[must_use]
    pub fn share(&self, prompts: u64) -> Factor {
        if prompts < FEW_PROMPTS { self.prompt } else { self.bill }
    }
}

/// The sum of counts times factors, rounded once; thousandths of tokens are whole.
fn summed(products: impl Iterator<Item = (u64, Factor)>) -> u64 {
    let product = |(count, factor): (u64, Factor)| {
        let (numerator, denominator) = factor.as_ratio();
        mul_div(i128::from(count) * 1000, numerator, denominator).unwrap_or(i128::MAX)
    };
    let thousandths = products.map(product).fold(0, i128::saturating_add);
    let whole = mul_div(thousandths, 1, 1000).unwrap_or(i128::MAX);
    u64::try_from(whole).unwrap_or(u64::MAX)
}

/// A share of a count, rounded up.
fn part_of(count: u64, share: Factor) -> u64 {
    let (numerator, denominator) = share.as_ratio();
    let product = i128::from(count) * numerator;
    u64::try_from((product + denominator - 1) / denominator).unwrap_or(u64::MAX)
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
    let (prompt, bill) = (prompt?, bill?);
    Some((offset, name, Estimate { ratios: all, prompt, bill, source, fitted: None }))
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
        assert_eq!([1, 29, 30].map(|prompts| old.half_band(143, 0, prompts)), [33, 33, 16]);
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
