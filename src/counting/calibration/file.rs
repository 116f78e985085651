//! The file of a calibration: written whole, read strictly.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::de::DeTable;

use super::super::classes::{ClassRatios, Estimate, Fitted};
use super::super::method::{CountBasis, Method};
use super::{Calibrated, Fit, OutputRatio, name_of};
use crate::config::{
    ConfigErrors, Reporter, Value, decimal, number, parsed, tables, text, texts, unknown,
    wrong_kind,
};
use crate::money::Factor;
use crate::price_book::ModelEntry;
use crate::tokenizer::TextClass;

const SCHEMA: &str = "tokencast.calibration.v1";
const BASE: &str = "o200k_base";
const KEYS: [&str; 5] = ["schema", "base", "logs", "fit", "output"];
const AROUND: [&str; 3] = ["request", "message", "tools"];
const ERRORS: [&str; 4] = ["mean_error", "prompt", "bill", "shipped_mean_error"];

/// Ratios and constants of the user's own logs, and how much comes out of models.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The file.
    name: String,
    fits: BTreeMap<String, Fit>,
    outputs: Vec<OutputRatio>,
}

impl Calibration {
    /// The text of a file. `logs` are the names of what it was fitted to.
    #[must_use]
    pub fn written(calibrated: &Calibrated, logs: &[String]) -> String {
        let mut file = String::from(
            "# Made by `tokencast calibrate` from logs with prompts and what was billed for them; it holds no text.\n\
             # `tokencast count --calibration FILE` uses it; docs/guides/calibrate.md says what the figures mean.\n",
        );
        let names: Vec<String> = logs.iter().map(|name| quoted(name)).collect();
        let _ = write!(
            file,
            "schema = \"{SCHEMA}\"\nbase = \"{BASE}\"\nlogs = [{}]\n",
            names.join(", ")
        );
        for report in &calibrated.fits {
            write_fit(&mut file, &report.fit);
        }
        for output in &calibrated.outputs {
            let _ = write!(
                file,
                "\n[[output]]\nmodel = {}\ntokenizer = {}\nrequests = {}\nratio = \"{}\"\n",
                quoted(&output.model),
                quoted(if output.tokenizer.is_empty() { "none" } else { &output.tokenizer }),
                output.requests,
                output.ratio
            );
        }
        file
    }

    /// Reads a file, strictly.
    ///
    /// # Errors
    /// Every problem of the text.
    pub fn read(name: &str, source: &str) -> Result<Self, ConfigErrors> {
        let mut report = Reporter::new(name, source);
        let found = parsed(source, &mut report).map(|raw| read_file(name, &raw, &mut report));
        report.problems.sort_by_key(|problem| problem.location.line);
        match found {
            Some(found) if report.problems.is_empty() => Ok(found),
            _ => Err(ConfigErrors { problems: report.problems }),
        }
    }

    /// How the text of a model is counted, if the file says so: by its own fit, else by that of its tokenizer. What is
    /// counted by a tokenizer that is known stays as it is.
    #[must_use]
    pub fn method(
        &self,
        entry: &ModelEntry,
        known: &Method,
        table: &ClassRatios,
    ) -> Option<Method> {
        if matches!(known.basis, CountBasis::Exact | CountBasis::Supplied) {
            return None;
        }
        let tokenizer = entry.tokenizer.as_deref().unwrap_or_default();
        let fit = self.fits.get(&name_of(entry)).or_else(|| self.fits.get(tokenizer))?;
        let shipped = table.of(tokenizer);
        let estimate = Estimate {
            ratios: fit.ratios,
            prompt: fit.prompt,
            bill: fit.bill,
            source: self.name.clone(),
            fitted: Some(Fitted {
                around: fit.around,
                as_shipped: fit.as_shipped.clone(),
                shipped: [shipped.prompt, shipped.bill],
            }),
        };
        let why = format!("fitted to {} requests of {} in {}", fit.requests, fit.of, self.name);
        let tokenizer = if tokenizer.is_empty() { &known.tokenizer } else { tokenizer };
        Some(Method::calibrated(tokenizer, why, estimate))
    }

    /// Output by model.
    #[must_use]
    pub fn outputs(&self) -> &[OutputRatio] {
        &self.outputs
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn write_fit(file: &mut String, fit: &Fit) {
    let _ = write!(
        file,
        "\n[[fit]]\nof = {}\nrequests = {}\nconversations = {}\n",
        quoted(&fit.of),
        fit.requests,
        fit.conversations
    );
    let ratios = TextClass::ALL.map(TextClass::name).into_iter().zip(fit.ratios);
    let errors = [fit.mean_error, fit.prompt, fit.bill, fit.shipped_mean_error];
    let all =
        ratios.chain(AROUND.into_iter().zip(fit.around)).chain(ERRORS.into_iter().zip(errors));
    for (key, value) in all {
        let _ = writeln!(file, "{key} = \"{value}\"");
    }
    if !fit.as_shipped.is_empty() {
        let of = |(class, share): &(TextClass, Factor)| format!("{} = \"{share}\"", class.name());
        let shares: Vec<String> = fit.as_shipped.iter().map(of).collect();
        let _ = writeln!(file, "as_shipped = {{ {} }}", shares.join(", "));
    }
}

fn read_file(name: &str, raw: &DeTable<'_>, report: &mut Reporter) -> Calibration {
    let mut found =
        Calibration { name: name.to_owned(), fits: BTreeMap::new(), outputs: Vec::new() };
    for key in ["schema", "base", "logs"].into_iter().filter(|key| !raw.contains_key(*key)) {
        report.problem(0, format!("file has no `{key}`"));
    }
    for (key, value) in raw {
        match key.get_ref().as_ref() {
            "schema" => expect("schema", SCHEMA, value, report),
            "base" => expect("base", BASE, value, report),
            "logs" => {
                texts("logs", value, report);
            }
            "fit" => {
                for (offset, fit) in tables("fit", value, report, read_fit).into_iter().flatten() {
                    if found.fits.insert(fit.of.clone(), fit).is_some() {
                        report.problem(offset, "this fit is there twice");
                    }
                }
            }
            "output" => {
                found.outputs =
                    tables("output", value, report, read_output).into_iter().flatten().collect();
            }
            other => unknown(other, key.span().start, KEYS.into_iter(), report),
        }
    }
    found
}

fn expect(key: &str, expected: &str, value: &Value<'_>, report: &mut Reporter) {
    if let Some(stated) = text(key, value, report).filter(|stated| stated.value != expected) {
        let message = format!("{key} is `{}`, expected `{expected}`", stated.value);
        report.problem(stated.offset, message);
    }
}

/// The values of a row by key: unknown keys and missing ones are reported.
struct Fields<'t, 'r> {
    raw: &'t DeTable<'t>,
    report: &'r mut Reporter,
}

impl<'t, 'r> Fields<'t, 'r> {
    fn new(
        raw: &'t DeTable<'t>,
        offset: usize,
        needed: &[&str],
        optional: &[&str],
        report: &'r mut Reporter,
    ) -> Self {
        let known = || needed.iter().chain(optional).copied();
        for (key, _) in raw {
            let written: &str = key.get_ref().as_ref();
            if !known().any(|name| name == written) {
                unknown(written, key.span().start, known(), report);
            }
        }
        for key in needed.iter().filter(|key| !raw.contains_key(**key)) {
            report.problem(offset, format!("row has no `{key}`"));
        }
        Self { raw, report }
    }

    fn factor(&mut self, key: &str, may_be_zero: bool) -> Option<Factor> {
        let at = decimal(key, self.raw.get(key)?, self.report)?;
        let least =
            |found: &Factor| *found > Factor::ZERO || (may_be_zero && *found == Factor::ZERO);
        let found = at.value.parse::<Factor>().ok().filter(least);
        if found.is_none() {
            let than = if may_be_zero { "of at least zero" } else { "above zero" };
            let message = format!("`{key}` is `{}`, expected a number {than}", at.value);
            self.report.problem(at.offset, message);
        }
        found
    }

    fn count(&mut self, key: &str) -> Option<u64> {
        number(key, self.raw.get(key)?, self.report).map(|at| at.value)
    }

    fn word(&mut self, key: &str) -> Option<String> {
        text(key, self.raw.get(key)?, self.report).map(|at| at.value.to_owned())
    }

    fn classes(&mut self, key: &str) -> Option<Vec<(TextClass, Factor)>> {
        let Some(value) = self.raw.get(key) else { return Some(Vec::new()) };
        let Some(table) = value.get_ref().as_table() else {
            wrong_kind(key, "a table of classes with shares", value, self.report);
            return None;
        };
        let classes = TextClass::ALL.map(TextClass::name);
        let mut inner = Fields::new(table, value.span().start, &[], &classes, self.report);
        let mut found = Vec::new();
        for class in TextClass::ALL.into_iter().filter(|class| table.contains_key(class.name())) {
            found.push((class, inner.factor(class.name(), true)?));
        }
        Some(found)
    }
}

fn read_fit(raw: &DeTable<'_>, offset: usize, report: &mut Reporter) -> Option<(usize, Fit)> {
    let classes = TextClass::ALL.map(TextClass::name);
    let needed: Vec<&str> = ["of", "requests", "conversations"]
        .into_iter()
        .chain(classes)
        .chain(AROUND)
        .chain(ERRORS)
        .collect();
    let mut fields = Fields::new(raw, offset, &needed, &["as_shipped"], report);
    let of = fields.word("of");
    let (requests, conversations) = (fields.count("requests"), fields.count("conversations"));
    let as_shipped = fields.classes("as_shipped");
    let found = classes.map(|class| fields.factor(class, false));
    let constants = AROUND.map(|key| fields.factor(key, true));
    let [mean_error, shipped_mean_error] =
        ["mean_error", "shipped_mean_error"].map(|key| fields.factor(key, true));
    let [prompt, bill] = ["prompt", "bill"].map(|key| fields.factor(key, false));
    let (mut ratios, mut around) = ([Factor::ONE; 8], [Factor::ZERO; 3]);
    for (kept, found) in ratios.iter_mut().zip(found).chain(around.iter_mut().zip(constants)) {
        *kept = found?;
    }
    let fit = Fit {
        of: of?,
        requests: requests?,
        conversations: conversations?,
        ratios,
        around,
        as_shipped: as_shipped?,
        mean_error: mean_error?,
        prompt: prompt?,
        bill: bill?,
        shipped_mean_error: shipped_mean_error?,
    };
    Some((offset, fit))
}

fn read_output(raw: &DeTable<'_>, offset: usize, report: &mut Reporter) -> Option<OutputRatio> {
    let needed = ["model", "tokenizer", "requests", "ratio"];
    let mut fields = Fields::new(raw, offset, &needed, &[], report);
    let (model, tokenizer) = (fields.word("model"), fields.word("tokenizer"));
    let (requests, ratio) = (fields.count("requests"), fields.factor("ratio", true));
    Some(OutputRatio {
        model: model?,
        tokenizer: tokenizer.filter(|name| name != "none").unwrap_or_default(),
        requests: requests?,
        ratio: ratio?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit() -> Fit {
        let number = |text: &str| text.parse().unwrap();
        let ratios = ["1.1", "1.2", "1.3", "0.9", "1.75", "1.5", "2", "1.7"].map(number);
        Fit {
            of: "claude-2026".to_owned(),
            requests: 40,
            conversations: 38,
            ratios,
            around: ["7.5", "0", "310.2"].map(number),
            as_shipped: vec![(TextClass::Digits, number("0.02")), (TextClass::Cjk, number("0"))],
            mean_error: number("0.031"),
            prompt: number("0.08"),
            bill: number("0.02"),
            shipped_mean_error: number("0.14"),
        }
    }

    fn file() -> String {
        let mut text = format!("schema = \"{SCHEMA}\"\nbase = \"{BASE}\"\nlogs = [\"a.jsonl\"]\n");
        write_fit(&mut text, &fit());
        text.push_str("\n[[output]]\nmodel = \"x_ai/grok\"\ntokenizer = \"none\"\nrequests = 3\nratio = \"0.25\"\n");
        text
    }

    #[test]
    fn what_is_written_is_read() {
        let read = Calibration::read("c.toml", &file()).unwrap();
        assert_eq!(read.fits.get("claude-2026"), Some(&fit()));
        assert_eq!((read.outputs[0].tokenizer.as_str(), read.outputs[0].requests), ("", 3));
    }

    #[test]
    fn slips_are_refused_with_their_line() {
        for (from, to, expected) in [
            ("space = \"1.1\"\n", "", "c.toml:5: row has no `space`"),
            (
                "bill = \"0.02\"",
                "bill = \"0\"",
                "c.toml:22: `bill` is `0`, expected a number above zero",
            ),
            (
                "tools = \"310.2\"",
                "tools = \"-1\"",
                "c.toml:19: `tools` is `-1`, expected a number of at least zero",
            ),
            (
                "cjk = \"0\" }",
                "cjc = \"0\" }",
                "c.toml:24: unknown key `cjc` (hint: did you mean `cjk`?)",
            ),
            ("calibration.v1", "calibration.v2", "c.toml:1: schema is"),
            ("o200k_base", "cl100k_base", "c.toml:2: base is"),
            (
                "ratio =",
                "ratios =",
                "c.toml:30: unknown key `ratios` (hint: did you mean `ratio`?)",
            ),
        ] {
            let errors = Calibration::read("c.toml", &file().replacen(from, to, 1)).unwrap_err();
            let found: Vec<String> = errors.problems.iter().map(ToString::to_string).collect();
            assert!(found.iter().any(|p| p.starts_with(expected)), "{from}: {found:?}");
        }
    }
}
