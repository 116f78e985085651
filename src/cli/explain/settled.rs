//! `tokencast explain cost --contract`.

use super::cost::words;
use super::figure::{Figures, Meant, number};
use super::{Answer, Asked, ExplainCost};
use crate::cli::error::Failure;
use crate::cli::exit::ExitStatus;
use crate::cli::settings::Environment;
use crate::cli::settle::{Ground, Made};
use crate::cli::ui::Ui;
use crate::explain::{self, Column, DueIn, Entries, SettledFigure, SettledFrom, SettledGround};
use crate::money::{Currency, MoneyError};
use crate::settlement::{GroupKey, Invoice};

/// A figure of a settlement in one of its columns.
struct Settled<'k> {
    figure: SettledFigure<'k>,
    column: Column,
    currency: Currency,
}

pub(super) fn run(
    args: &ExplainCost,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let ground = Ground::read(&args.cost, environment, ui)?;
    let made = ground.make(&args.cost, true, ui)?;
    let report = serde_json::to_value(&made.report)?;
    let keys = keys(&ground, &made)?;
    let resolve = |path: &[&str]| resolve(&ground, &made, &keys, path);
    let figures = Figures { report: &report, resolve: &resolve, refuse };
    let asked = Asked {
        command: "cost",
        figure: &args.figure,
        output: &args.cost.output,
        inputs: ground.usage.facts.clone(),
        findings: made.findings.clone(),
        denied: made.denied,
        undecided: made.undecided,
        prices: Some(&ground.prices),
    };
    let entries = Entries::of_rows(&made.rated, &ground.usage.rollup);
    let from = SettledGround {
        settlement: &made.settlement,
        from: SettledFrom {
            contracts: &ground.contracts,
            profiles: ground.usage.rollup.profiles(),
            entries: &entries,
        },
    };
    let lines = |found: Settled<'_>, what| {
        let named = (what, found.currency);
        Ok(Answer::Lines(explain::settled(&from, &found.figure, found.column, named)?))
    };
    asked.answer(&figures, "/totals/0/billed_cost", lines, ui)
}

/// The groups of the report, in their order.
fn keys(ground: &Ground, made: &Made<'_>) -> Result<Vec<GroupKey>, MoneyError> {
    let profiles = ground.usage.rollup.profiles();
    let groups = made.settlement.by(&ground.dimensions, profiles, &ground.usage.calendar)?;
    Ok(groups.into_keys().collect())
}

fn resolve<'g>(
    ground: &'g Ground,
    made: &'g Made<'_>,
    keys: &'g [GroupKey],
    path: &[&str],
) -> Option<Meant<Settled<'g>>> {
    let settlement = &made.settlement;
    let all = &settlement.invoices;
    let column = Column::from_name(path.last()?)?;
    let of = words(column);
    let (figure, currency, what) = match path {
        ["totals", at, _] => {
            let currency = *settlement.totals().ok()?.keys().nth(number(at)?)?;
            let what = format!("{of} of all invoices in {currency}");
            (SettledFigure::Total(currency), currency, what)
        }
        ["cash", at, _] => {
            let (month, currency) = *settlement.cash().ok()?.keys().nth(number(at)?)?;
            let what = format!("what is to be paid in {month} in {currency}");
            (SettledFigure::Cash(DueIn::Month(month), currency), currency, what)
        }
        ["invoices", at, _] => {
            let (at, invoice) = (number(at)?, all.get(number(at)?)?);
            let what = format!("{of} of {}", named(invoice));
            (SettledFigure::Invoice(at), invoice.currency, what)
        }
        ["invoices", at, "lines", line, _] => {
            let (at, number) = (number(at)?, number(line)?);
            let invoice = all.get(at)?;
            let line = invoice.lines.get(number)?;
            let whose = match line.model.as_str() {
                "" => String::new(),
                model => format!(" for {}/{model}", line.provider),
            };
            let (category, text) = (line.category.name(), &line.description);
            let what =
                format!("{of} of the line `{category}: {text}`{whose} of {}", named(invoice));
            (SettledFigure::Line(at, number), invoice.currency, what)
        }
        ["groups", at, _] => {
            let (key, currency) = keys.get(number(at)?)?;
            let pairs = ground.dimensions.iter().zip(key);
            let whose: Vec<String> =
                pairs.map(|(name, value)| format!("{name} `{value}`")).collect();
            let whose = if whose.is_empty() { "all usage".to_owned() } else { whose.join(", ") };
            let dimensions = &ground.dimensions[..];
            let calendar = &ground.usage.calendar;
            let group = SettledFigure::Group { dimensions, key, currency: *currency, calendar };
            (group, *currency, format!("{of} of {whose}, without fees that belong to no usage"))
        }
        _ => return None,
    };
    Meant::money(Settled { figure, column, currency }, what)
}

fn named(invoice: &Invoice) -> String {
    let last = invoice.days.1.pred_opt().unwrap_or(invoice.days.1);
    format!("the invoice of {} for {} to {last}", invoice.issuer, invoice.days.0)
}

fn refuse(path: &[&str]) -> &'static str {
    match path {
        ["burn_down" | "credits", ..] => {
            "it is a balance, no cost; the steps of its term are in the lines of the invoices"
        }
        ["capacities", ..] => "it is the use of a capacity; its fee is a line of the invoices",
        ["groups" | "invoices" | "unpriced", ..] => {
            "it is a count of usage, or a name, and no amount"
        }
        _ => "it is no amount of this report",
    }
}
