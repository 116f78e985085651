//! Budget files, `tokencast.budget.v1`: strict TOML, every problem with its line.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::{Action, BudgetScope, Rule, parse_share};
use crate::config::{
    ConfigErrors, EntryRef, Problem, Reporter, Value, decimal, one_of, parsed, tables, text,
    unknown, words,
};
use crate::money::{Amount, Currency};
use crate::projection::{BasisPoints, SpanKind, conditions};

/// The schema that this version of the program reads.
pub const SCHEMA: &str = "tokencast.budget.v1";

/// The text of one budget file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSource {
    /// The path as shown in messages and references.
    pub name: String,
    /// TOML, schema `tokencast.budget.v1`.
    pub text: String,
}

/// One key of a `[[budget]]`.
#[derive(Debug, Clone, Copy)]
pub struct BudgetKey {
    /// As written.
    pub name: &'static str,
    /// The table is wrong without it.
    pub required: bool,
    /// A value as TOML.
    pub example: &'static str,
    /// What it means.
    pub doc: &'static str,
}

const fn key(
    name: &'static str,
    required: bool,
    example: &'static str,
    doc: &'static str,
) -> BudgetKey {
    BudgetKey { name, required, example, doc }
}

/// Every key of a `[[budget]]`, in the order of the template.
pub const KEYS: &[BudgetKey] = &[
    key(
        "id",
        true,
        r#""everything""#,
        "Its own name in reports, unique in a run: letters, digits, `-`, `_`, `.` and `/`.",
    ),
    key(
        "amount",
        true,
        r#""1000.00""#,
        "What may be spent in each period, as a decimal string above zero.",
    ),
    key("currency", true, r#""USD""#, "ISO 4217 code; it must be that of the prices."),
    key(
        "period",
        false,
        r#""month""#,
        "month, quarter, year, or total: the days of --horizon. Default: month.",
    ),
    key(
        "probability",
        false,
        r#""0.2""#,
        "The probability of going over that is allowed, as a decimal string from 0 to 1; 0: on no path. Default: that of --probability.",
    ),
    key(
        "action",
        false,
        r#""fail""#,
        "fail: the gate fails when it is not within; warn: it is only said. Default: fail.",
    ),
    key(
        "scope",
        false,
        r#"{ team = "search" }"#,
        "Which usage it is for: dimensions of --group-by with the value, or the list of values, that usage must have in all of them. Default: all usage.",
    ),
    key("owner", false, r#""platform team""#, "Who answers for it."),
    key("notes", false, r#""Agreed in May.""#, "Anything for people."),
];

/// A file with every key, those that may be left out as comments.
#[must_use]
pub fn template() -> String {
    let mut text = format!(
        "# Budgets for `tokencast check --budgets FILE`. Lines that begin with `# ` before a key may be left out.\nschema = \"{SCHEMA}\"\n\n[[budget]]\n"
    );
    for key in KEYS {
        let mark = if key.required { "" } else { "# " };
        text.push_str(&format!("# {}\n{mark}{} = {}\n", key.doc, key.name, key.example));
    }
    text
}

/// Reads budgets; those that state no probability get `allowed`.
///
/// # Errors
/// Every problem of every file; of a file with a syntax error only that.
pub fn load(sources: &[BudgetSource], allowed: BasisPoints) -> Result<Vec<Rule>, ConfigErrors> {
    let (mut problems, mut rules) = (Vec::new(), Vec::new());
    for source in sources {
        let mut report = Reporter::new(&source.name, &source.text);
        rules.extend(read_file(&source.text, allowed, &mut report));
        report.problems.sort_by_key(|problem| problem.location.line);
        problems.append(&mut report.problems);
    }
    problems.extend(same_ids(&rules));
    if problems.is_empty() { Ok(rules) } else { Err(ConfigErrors { problems }) }
}

fn read_file(source: &str, allowed: BasisPoints, report: &mut Reporter) -> Vec<Rule> {
    let Some(table) = parsed(source, report) else { return Vec::new() };
    let (mut rules, mut has_schema, mut has_budget) = (Vec::new(), false, false);
    for (name, value) in &table {
        match name.get_ref().as_ref() {
            "schema" => {
                has_schema = true;
                if let Some(found) =
                    text("schema", value, report).filter(|found| found.value != SCHEMA)
                {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", found.value);
                    report.problem(found.offset, message);
                }
            }
            "budget" => {
                has_budget = true;
                let read = tables("budget", value, report, |raw, offset, report| {
                    read_budget(raw, offset, allowed, report)
                });
                rules.extend(read.into_iter().flatten());
            }
            other => unknown(other, name.span().start, ["schema", "budget"].into_iter(), report),
        }
    }
    if !has_schema {
        report.problem(0, format!("file has no `schema` (expected `schema = \"{SCHEMA}\"`)"));
    }
    if !has_budget {
        report.problem(0, "file has no `[[budget]]`");
    }
    rules
}

/// What a `[[budget]]` says, as far as it can be read.
#[derive(Default)]
struct Draft<'t> {
    id: Option<&'t str>,
    amount: Option<Amount>,
    currency: Option<Currency>,
    per: Option<SpanKind>,
    allowed: Option<BasisPoints>,
    action: Option<Action>,
    scope: BudgetScope,
    owner: Option<&'t str>,
    notes: Option<&'t str>,
}

fn read_budget<'t>(
    raw: &'t DeTable<'t>,
    offset: usize,
    allowed: BasisPoints,
    report: &mut Reporter,
) -> Option<Rule> {
    let mut draft = Draft::default();
    for (name, value) in raw {
        let written: &str = name.get_ref().as_ref();
        match KEYS.iter().find(|key| key.name == written) {
            Some(key) => draft.set(key.name, value, report),
            None => unknown(written, name.span().start, KEYS.iter().map(|k| k.name), report),
        }
    }
    for key in KEYS.iter().filter(|key| key.required && !raw.contains_key(key.name)) {
        report.problem(offset, format!("`budget` has no `{}`", key.name));
    }
    Some(Rule {
        id: draft.id?.to_owned(),
        scope: draft.scope,
        per: draft.per.unwrap_or(SpanKind::Month),
        amount: draft.amount?,
        currency: Some(draft.currency?),
        allowed: draft.allowed.unwrap_or(allowed),
        action: draft.action.unwrap_or(Action::Fail),
        owner: draft.owner.map(str::to_owned),
        notes: draft.notes.map(str::to_owned),
        place: Some(report.place(offset)),
    })
}

impl<'t> Draft<'t> {
    fn set(&mut self, key: &str, value: &'t Value<'t>, report: &mut Reporter) {
        match key {
            "id" => self.id = id(value, report),
            "amount" => self.amount = amount(value, report),
            "currency" => self.currency = currency(value, report),
            "period" => {
                let known = SpanKind::ALL.map(|kind| (kind.name(), kind));
                self.per = choice(key, value, &known, report);
            }
            "action" => {
                let known = [Action::Fail, Action::Warn].map(|action| (action.name(), action));
                self.action = choice(key, value, &known, report);
            }
            "probability" => self.allowed = probability(value, report),
            "scope" => self.scope = scope(value, report),
            "owner" => self.owner = text(key, value, report).map(|t| t.value),
            _ => self.notes = text(key, value, report).map(|t| t.value),
        }
    }
}

fn id<'t>(value: &'t Value<'t>, report: &mut Reporter) -> Option<&'t str> {
    let at = text("id", value, report)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    if at.value.bytes().all(plain) {
        return Some(at.value);
    }
    let message =
        format!("`{}` is no `id`: expected letters, digits, `-`, `_`, `.` and `/`", at.value);
    report.problem(at.offset, message);
    None
}

fn amount(value: &Value<'_>, report: &mut Reporter) -> Option<Amount> {
    let at = decimal("amount", value, report)?;
    match at.value.parse::<Amount>() {
        Ok(amount) if amount > Amount::ZERO => Some(amount),
        Ok(_) => {
            report.problem(at.offset, format!("`amount` is `{}`, expected above 0", at.value));
            None
        }
        Err(error) => {
            report.problem(at.offset, format!("`amount`: {error}"));
            None
        }
    }
}

fn currency(value: &Value<'_>, report: &mut Reporter) -> Option<Currency> {
    let at = text("currency", value, report)?;
    at.value.parse().map_err(|error| report.problem(at.offset, format!("{error}"))).ok()
}

fn probability(value: &Value<'_>, report: &mut Reporter) -> Option<BasisPoints> {
    let at = decimal("probability", value, report)?;
    let found = parse_share(at.value);
    found.map_err(|error| report.problem(at.offset, format!("`probability`: {error}"))).ok()
}

fn choice<T: Copy>(
    key: &str,
    value: &Value<'_>,
    known: &[(&'static str, T)],
    report: &mut Reporter,
) -> Option<T> {
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    let stated = one_of(key, value, &words, report)?;
    known.iter().find(|(word, _)| *word == stated).map(|(_, meant)| *meant)
}

fn scope(value: &Value<'_>, report: &mut Reporter) -> BudgetScope {
    let read = |name: &str, value: &Value<'_>, report: &mut Reporter| {
        let accepted = words(name, value, report)?;
        Some(accepted.iter().map(|word| word.value.to_owned()).collect())
    };
    BudgetScope::new(conditions("a budget", value, report, read))
}

/// Budget ids that are used twice.
fn same_ids(rules: &[Rule]) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &EntryRef> = BTreeMap::new();
    let mut problems = Vec::new();
    for rule in rules {
        let Some(place) = &rule.place else { continue };
        if let Some(first) = seen.insert(&rule.id, place) {
            let message = format!("budget `{}` is also at {first}", rule.id);
            let hint = Some("give one of them an `id` of its own".to_owned());
            problems.push(Problem { location: place.location(), message, hint });
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Rule>, ConfigErrors> {
        load(&[BudgetSource { name: "b.toml".to_owned(), text: text.to_owned() }], 2_000)
    }

    #[test]
    fn the_template_reads_with_and_without_comments() {
        let rule = &read(&template()).unwrap()[0];
        assert_eq!(
            (rule.id.as_str(), rule.allowed, rule.per),
            ("everything", 2_000, SpanKind::Month)
        );
        assert!(rule.scope.is_all() && rule.owner.is_none());
        let mut whole = template();
        for key in KEYS {
            whole = whole.replace(&format!("\n# {} = ", key.name), &format!("\n{} = ", key.name));
        }
        let rule = &read(&whole).unwrap()[0];
        assert_eq!(rule.scope.to_string(), "team=search");
        assert_eq!(rule.owner.as_deref(), Some("platform team"));
        assert_eq!(rule.place.as_ref().map(|p| p.line), Some(4));
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = r#"schema = "tokencast.budget.v2"
[[budget]]
id = "a b"
amount = 900
currency = "EURO"
perod = "month"
[[budget]]
id = "c"
amount = "-1"
currency = "USD"
period = "weak"
probability = "2"
action = "warning"
scope = { day = "2026-11-01", team = 3 }
[[budget]]
id = "d"
[bugdet]
"#;
        let found = read(text).unwrap_err().to_string();
        for expected in [
            "b.toml:1: schema is `tokencast.budget.v2`, expected `tokencast.budget.v1`",
            "b.toml:3: `a b` is no `id`",
            "b.toml:4: `amount` is a bare number, expected a decimal string (hint: write `amount = \"900\"`)",
            "b.toml:5: ",
            "b.toml:6: unknown key `perod` (hint: did you mean `period`?)",
            "b.toml:9: `amount` is `-1`, expected above 0",
            "b.toml:11: unknown `period` `weak`, expected month, quarter, year, total",
            "b.toml:12: `probability`: `2` is no share",
            "b.toml:13: unknown `action` `warning`, expected fail, warn",
            "b.toml:14: a budget cannot be for a `day`",
            "b.toml:14: `team` is an integer, expected a string",
            "b.toml:15: `budget` has no `amount`",
            "b.toml:15: `budget` has no `currency`",
            "b.toml:17: unknown key `bugdet` (hint: did you mean `budget`?)",
        ] {
            assert!(found.contains(expected), "{expected}\n{found}");
        }
        assert_eq!(found.lines().count(), 14, "{found}");
    }

    #[test]
    fn ids_are_unique_and_files_are_not_empty() {
        let one = "[[budget]]\nid = \"a\"\namount = \"1\"\ncurrency = \"USD\"\n";
        let twice = format!("schema = \"{SCHEMA}\"\n{one}{one}");
        let found = read(&twice).unwrap_err().to_string();
        assert!(found.starts_with("b.toml:6: budget `a` is also at b.toml:2"), "{found}");
        let found = read("").unwrap_err().to_string();
        assert_eq!(found.lines().count(), 2, "{found}");
    }
}
