//! Figures by JSON Pointer: which there are, which can be explained, and what was meant.

use anyhow::anyhow;
use serde_json::Value;

use crate::cli::error::Failure;
use crate::config::did_you_mean;
use crate::money::Amount;
use crate::report::explain::ListedFigure;

/// What a pointer stands for.
pub(super) struct Meant<F> {
    /// What is to be taken apart.
    pub(super) figure: F,
    /// It is a share of paths, not an amount.
    pub(super) is_count: bool,
    /// What it is, in words.
    pub(super) what: String,
}

impl<F> Meant<F> {
    pub(super) fn money(figure: F, what: impl Into<String>) -> Option<Self> {
        Some(Self { figure, is_count: false, what: what.into() })
    }
}

/// A figure of a report.
pub(super) struct FoundFigure<F> {
    pub(super) figure: F,
    pub(super) what: String,
    pub(super) value: Amount,
}

/// The figures of a report.
pub(super) struct Figures<'v, F> {
    /// The report as JSON.
    pub(super) report: &'v Value,
    /// What a path stands for; `None`: nothing that can be explained.
    pub(super) resolve: &'v dyn Fn(&[&str]) -> Option<Meant<F>>,
    /// Why a path cannot be explained.
    pub(super) refuse: fn(&[&str]) -> &'static str,
}

/// Pointers named in a hint.
const SHOWN: usize = 6;

impl<F> Figures<'_, F> {
    /// All that can be explained, in the order of the report.
    pub(super) fn list(&self) -> Vec<ListedFigure> {
        let mut leaves = Vec::new();
        walk(self.report, &mut Vec::new(), &mut leaves);
        let listed = |(path, value): &(Vec<String>, &Value)| {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            let meant = (self.resolve)(&names)?;
            let kind = if meant.is_count { "count" } else { "money" };
            Some(ListedFigure {
                figure: pointer(path),
                kind,
                value: shown(value),
                what: meant.what,
                proof: None,
            })
        };
        leaves.iter().filter_map(listed).collect()
    }

    /// The figure of a pointer.
    pub(super) fn find(&self, text: &str) -> Result<FoundFigure<F>, Failure> {
        let path = parse(text)?;
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let value = self.lookup(text, &path)?;
        if value.is_object() || value.is_array() {
            return Err(self.several(text));
        }
        if value.is_null() {
            let error = anyhow!("--figure: `{text}` is null: the report has no such figure here");
            return Err(Failure::with_hint(
                error,
                "--list lists the figures that can be explained",
            ));
        }
        let meant = (self.resolve)(&names).ok_or_else(|| {
            let why = (self.refuse)(&names);
            let error = anyhow!("--figure: `{text}` cannot be explained: {why}");
            Failure::with_hint(error, "--list lists the figures that can be explained")
        })?;
        // A share of paths is a number; its lines are counted, not summed.
        let value = if meant.is_count { Amount::ZERO } else { shown(value).parse()? };
        Ok(FoundFigure { figure: meant.figure, what: meant.what, value })
    }

    fn several(&self, text: &str) -> Failure {
        let inside = format!("{}/", text.trim_end_matches('/'));
        let all = self.list();
        let below: Vec<&str> =
            all.iter().map(|f| f.figure.as_str()).filter(|f| f.starts_with(&inside)).collect();
        let hint = match below.len() {
            0 => "nothing in it can be explained; --list lists what can".to_owned(),
            n if n <= SHOWN => format!("figures in it: {}", below.join(", ")),
            n => format!("figures in it: {} and {} more", below[..SHOWN].join(", "), n - SHOWN),
        };
        Failure::with_hint(anyhow!("--figure: `{text}` is no single figure"), hint)
    }

    /// The value of a path, or which part of it is the last that exists.
    fn lookup(&self, text: &str, path: &[String]) -> Result<&Value, Failure> {
        let mut value = self.report;
        for (depth, name) in path.iter().enumerate() {
            let here = if depth == 0 {
                "the report".to_owned()
            } else {
                format!("`{}`", pointer(&path[..depth]))
            };
            let (found, why, near) = match value {
                Value::Object(map) => {
                    let known: Vec<&str> = map.keys().map(String::as_str).collect();
                    let near = did_you_mean(name, known.iter().copied())
                        .unwrap_or_else(|| format!("{here} has: {}", known.join(", ")));
                    (map.get(name), format!("{here} has no `{name}`"), near)
                }
                Value::Array(items) => {
                    let at = name.parse::<usize>().ok().filter(|at| at.to_string() == *name);
                    let range = match items.len() {
                        0 => format!("{here} is empty"),
                        1 => format!("{here} has one element, 0"),
                        n => format!("{here} has {n} elements, 0 to {}", n - 1),
                    };
                    (at.and_then(|at| items.get(at)), range, "--list lists all figures".to_owned())
                }
                _ => (
                    None,
                    format!("{here} is a figure and has no parts"),
                    "leave out the rest".to_owned(),
                ),
            };
            value = found.ok_or_else(|| {
                Failure::with_hint(anyhow!("--figure: `{text}` does not exist: {why}"), near)
            })?;
        }
        Ok(value)
    }
}

/// The names of a pointer.
pub(super) fn parse(text: &str) -> Result<Vec<String>, Failure> {
    let Some(rest) = text.strip_prefix('/') else {
        let error =
            anyhow!("--figure: `{text}` is no JSON Pointer (expected such as /totals/billed_cost)");
        return Err(Failure::with_hint(error, "--list lists the figures that can be explained"));
    };
    Ok(rest.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect())
}

fn pointer(path: &[String]) -> String {
    path.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn walk<'v>(value: &'v Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'v Value)>) {
    let mut deeper = |name: String, value: &'v Value| {
        path.push(name);
        walk(value, path, found);
        path.pop();
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| deeper(name.clone(), value)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| deeper(at.to_string(), value));
        }
        Value::Null => {}
        _ => found.push((path.clone(), value)),
    }
}

/// A place in a list.
pub(super) fn number(name: &str) -> Option<usize> {
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_there_and_back() {
        for text in ["/totals/billed_cost", "/a~1b/0/~0x", "/"] {
            assert_eq!(pointer(&parse(text).unwrap_or_default()), text);
        }
        assert_eq!(parse("/a~1b").unwrap_or_default(), ["a/b"]);
        assert!(parse("totals").is_err() && parse("").is_err());
    }
}
