//! Flags of `check` that say which budgets there are and how they are judged.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::budget::baseline::Baseline;
use crate::budget::file::{self, BudgetSource};
use crate::budget::{Action, BudgetScope, Rule, parse_share};
use crate::cli::budgets;
use crate::cli::error::Failure;
use crate::projection::BasisPoints;
use crate::projection::events::Scope;

/// Budgets and how they are judged.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Budgets")]
pub(in crate::cli) struct BudgetArgs {
    /// A budget that fails the gate, as [SCOPE@]AMOUNT[ CUR][/PERIOD]: 900, '2500 EUR/quarter',
    /// team=search@400/month, 700/total (the days of --horizon). May be given several times.
    #[arg(long, value_name = "BUDGET")]
    budget: Vec<String>,
    /// A file of budgets (see --print-template). May be given several times.
    #[arg(long, value_name = "FILE")]
    budgets: Vec<PathBuf>,
    /// The probability of going over that a budget allows, unless its file states one; 0: on no
    /// path.
    #[arg(long, value_name = "SHARE", default_value = "0.2")]
    probability: String,
    /// The share of tokens, and that of other units, that may be without a price. A budget with
    /// more of it is undecided.
    #[arg(long, value_name = "SHARE", default_value = "0", conflicts_with = "series")]
    max_unpriced: String,
    /// Nothing was spent before the first day of the input. Otherwise a budget whose period began
    /// earlier is undecided.
    #[arg(long)]
    pub(super) complete_history: bool,
    /// Return 0 where the gate would return 1 or 3.
    #[arg(long)]
    pub(super) warn_only: bool,
    /// The result of an earlier run with --output json, to compare with.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Print a budget file with every key, and do nothing else.
    #[arg(long)]
    pub(super) print_template: bool,
}

impl BudgetArgs {
    /// Every budget: those of files, then those of flags.
    pub(super) fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let allowed = share("--probability", &self.probability)?;
        let source = |path: &PathBuf| {
            let name = path.display().to_string();
            read("budget file", path).map(|text| BudgetSource { name, text })
        };
        let sources: Vec<BudgetSource> = self.budgets.iter().map(source).collect::<Result<_>>()?;
        let mut rules = file::load(&sources, allowed).map_err(|errors| {
            Failure::with_hint(
                anyhow!("{errors}").context("budget files have errors"),
                "correct the lines named above; `tokencast check --print-template` shows every key",
            )
        })?;
        for text in &self.budget {
            let rule = rule(text, allowed, &rules)?;
            rules.push(rule);
        }
        if rules.is_empty() {
            return Err(Failure::with_hint(
                anyhow!("no budget to judge"),
                "name one with --budget 900/month, or a file of them with --budgets FILE",
            ));
        }
        Ok(rules)
    }

    /// The share of units that may be without a price.
    pub(super) fn max_unpriced(&self) -> Result<BasisPoints> {
        share("--max-unpriced", &self.max_unpriced)
    }

    /// The earlier run, with the name of its file.
    pub(super) fn baseline(&self) -> Result<Option<(String, Baseline)>, Failure> {
        let Some(path) = &self.baseline else { return Ok(None) };
        let name = path.display().to_string();
        let found = Baseline::parse(&read("baseline", path)?);
        let found = found.map_err(|error| {
            Failure::with_hint(
                anyhow!(error).context(format!("failed to read baseline `{name}`")),
                "`tokencast check ... --output json --out FILE` writes one",
            )
        })?;
        Ok(Some((name, found)))
    }
}

fn read(what: &str, path: &Path) -> Result<String> {
    let failed = || format!("failed to read {what} `{}`", path.display());
    std::fs::read_to_string(path).with_context(failed)
}

fn share(flag: &str, text: &str) -> Result<BasisPoints> {
    parse_share(text).map_err(|error| anyhow!("{flag}: {error}"))
}

/// A `--budget`. Its name is its scope and period, so that it stays the same when the amount
/// changes.
fn rule(text: &str, allowed: BasisPoints, others: &[Rule]) -> Result<Rule> {
    let (scope, rest) = match text.rsplit_once('@') {
        Some((scope, rest)) => {
            let scope: Scope = scope.parse().with_context(|| format!("--budget: `{text}`"))?;
            (BudgetScope::from(scope), rest)
        }
        None => (BudgetScope::default(), text),
    };
    let typed = budgets::parse(rest)?;
    let what = if scope.is_all() { "all".to_owned() } else { scope.to_string() };
    let name = format!("{what}/{}", typed.budget.per.name());
    let mut id = name.clone();
    let mut number = 1;
    while others.iter().any(|other| other.id == id) {
        number += 1;
        id = format!("{name}-{number}");
    }
    Ok(Rule {
        id,
        scope,
        per: typed.budget.per,
        amount: typed.budget.amount,
        currency: typed.currency,
        allowed,
        action: Action::Fail,
        owner: None,
        notes: None,
        place: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_become_budgets_with_names_that_last() {
        let mut rules = Vec::new();
        for text in ["900", "1200", "team=search,model=a@400 EUR/quarter"] {
            rules.push(rule(text, 2_000, &rules).unwrap());
        }
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["all/month", "all/month-2", "model=a,team=search/quarter"]);
        assert_eq!(rules[2].currency.map(|c| c.to_string()).as_deref(), Some("EUR"));
        for text in ["search@900", "day=2026-11-01@900", "team=search@", "team=search"] {
            assert!(rule(text, 2_000, &[]).is_err(), "{text}");
        }
    }
}
