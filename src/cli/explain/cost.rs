//! `tokencast explain cost`.

use super::figure::{Figures, Meant, number};
use super::{Answer, Asked, ExplainCost, settled};
use crate::cli::cost;
use crate::cli::error::Failure;
use crate::cli::exit::ExitStatus;
use crate::cli::finish;
use crate::cli::settings::Environment;
use crate::cli::ui::Ui;
use crate::explain::{self, Column, CostAmount, CostFigure, CostGround};
use crate::rating::summary::Totals;

pub(super) fn run(
    args: &ExplainCost,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.cost.output.output)?;
    if !args.cost.contracts.contract.is_empty() {
        return settled::run(args, environment, ui);
    }
    let made = cost::make(&args.cost, environment, ui)?;
    let report = serde_json::to_value(&made.report)?;
    let resolve = |path: &[&str]| resolve(&made, path);
    let figures = Figures { report: &report, resolve: &resolve, refuse };
    let asked = Asked {
        command: "cost",
        figure: &args.figure,
        output: &args.cost.output,
        inputs: made.usage.facts.clone(),
        findings: made.findings.clone(),
        denied: made.denied,
        undecided: made.undecided,
        prices: Some(&made.prices),
    };
    let ground = CostGround {
        rollup: &made.usage.rollup,
        book: &made.prices.book,
        known_at: made.prices.known_at,
        calendar: &made.usage.calendar,
        dimensions: &made.summary.dimensions,
    };
    let lines = |figure, what| Ok(Answer::Lines(explain::cost(&ground, figure, what)?));
    asked.answer(&figures, "/totals/billed_cost", lines, ui)
}

fn resolve<'m>(made: &'m cost::Made, path: &[&str]) -> Option<Meant<CostFigure<'m>>> {
    let (group, rest) = match path {
        ["totals", rest @ ..] => (None, rest),
        ["groups", at, rest @ ..] => (Some(made.summary.groups.get(number(at)?)?), rest),
        _ => return None,
    };
    let totals: &Totals = group.map_or(&made.summary.totals, |group| &group.totals);
    let (of, words) = match rest {
        [name] => {
            let column = Column::from_name(name)?;
            (CostAmount::Column(column), words(column).to_owned())
        }
        ["reported", at, "amount"] => {
            let (kind, currency) = *totals.reported.keys().nth(number(at)?)?;
            (
                CostAmount::Reported(kind, currency),
                format!("{} cost that the logs report", kind.name()),
            )
        }
        _ => return None,
    };
    let period = made.period.as_ref().map(|period| format!(", {period}")).unwrap_or_default();
    let whose = match group {
        None => "all usage".to_owned(),
        Some(group) => {
            let pairs = made.summary.dimensions.iter().zip(&group.key);
            pairs.map(|(name, value)| format!("{name} `{value}`")).collect::<Vec<_>>().join(", ")
        }
    };
    Meant::money(
        CostFigure { key: group.map(|group| &group.key[..]), of },
        format!("{words} of {whose}{period}"),
    )
}

/// A column in words.
pub(super) fn words(column: Column) -> &'static str {
    match column {
        Column::List => "list cost",
        Column::Contracted => "contracted cost",
        Column::Effective => "effective cost",
        Column::Billed => "billed cost",
    }
}

fn refuse(path: &[&str]) -> &'static str {
    match path {
        ["totals" | "groups", ..] => "it is a count of usage, or a name, and no amount",
        _ => "it is no amount of this report",
    }
}
