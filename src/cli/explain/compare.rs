//! `tokencast explain compare`.

use super::figure::{Figures, Meant, number};
use super::forecast::spread;
use super::{Answer, Asked, ExplainCompare};
use crate::cli::compare::{Ground, Reported};
use crate::cli::error::Failure;
use crate::cli::exit::ExitStatus;
use crate::cli::finish;
use crate::cli::settings::Environment;
use crate::cli::ui::Ui;
use crate::explain::{
    CaseAmount, CaseEntries, CaseFigure, CaseGround, CaseRead, Column, DueIn, Read,
};
use crate::scenario::{Basis, Case, Outcome};

pub(super) fn run(
    args: &ExplainCompare,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.compare.output.output)?;
    let ground = Ground::read(&args.compare, environment, ui)?;
    ground.comparison().run(|compared| {
        let made: Reported<'_, '_> = ground.report(&args.compare, compared, ui)?;
        let report = serde_json::to_value(&made.report)?;
        let outcome = &made.compared.outcome;
        let own = made.compared.usage.currency;
        let converted = |case: &Case<'_>| case.contracts.iter().any(|c| c.currency != own);
        let converted: Vec<bool> = made.compared.cases.iter().map(converted).collect();
        let resolve = |path: &[&str]| {
            resolve(outcome, path).filter(|meant| !is_of(&meant.figure, &converted))
        };
        let refuse: fn(&[&str]) -> &'static str =
            if converted.contains(&true) { refuse_converted } else { refuse };
        let figures = Figures { report: &report, resolve: &resolve, refuse };
        let asked = Asked {
            command: "compare",
            figure: &args.figure,
            output: &args.compare.output,
            inputs: ground.usage.facts.clone(),
            findings: made.findings.clone(),
            denied: made.denied,
            undecided: ground.undecided,
            prices: Some(&ground.prices),
        };
        let calendar = &ground.usage.calendar;
        let looked_up = made.compared.cases.iter().map(|case| CaseEntries::of(case, calendar));
        let looked_up: Vec<CaseEntries<'_>> = looked_up.collect::<Result<_, _>>()?;
        let from = CaseGround {
            cases: made.compared.cases,
            outcome,
            seed: args.compare.model.seed,
            looked_up: &looked_up,
        };
        let lines = |figure: CaseFigure, what| Ok(Answer::Lines(from.explain(&figure, what)?));
        let basis = match outcome.basis {
            Basis::Effective => "effective",
            Basis::Billed => "billed",
        };
        let last = outcome.scenarios.len().saturating_sub(1);
        asked.answer(&figures, &format!("/scenarios/{last}/{basis}/quantiles/0.5"), lines, ui)
    })
}

/// True if some scenario of a figure is one of these.
fn is_of(figure: &CaseFigure, scenarios: &[bool]) -> bool {
    let cases = std::iter::once(figure.case).chain(figure.less);
    cases.into_iter().any(|case| scenarios.get(case) == Some(&true))
}

fn resolve(outcome: &Outcome, path: &[&str]) -> Option<Meant<CaseFigure>> {
    let ["scenarios", at, rest @ ..] = path else { return None };
    let case = number(at)?;
    let scenario = outcome.scenarios.get(case)?;
    let column = match outcome.basis {
        Basis::Effective => Column::Effective,
        Basis::Billed => Column::Billed,
    };
    let total = CaseAmount::Total(column);
    let of = |amount, less, read| CaseFigure { case, amount, less, read };
    let basis = outcome.basis.name();
    let (figure, what) = match rest {
        [name @ ("billed" | "effective"), rest @ ..] => {
            let column = if *name == "billed" { Column::Billed } else { Column::Effective };
            let (read, words) = read(rest)?;
            (of(CaseAmount::Total(column), None, read), format!("{words} of the {name} cost"))
        }
        ["difference", rest @ ..] => {
            let (read, words) = read(rest)?;
            let base = &outcome.scenarios[outcome.base].name;
            let what = format!("{words} of the {basis} cost less that of `{base}`, path by path,");
            (of(total, Some(outcome.base), read), what)
        }
        ["p95_less_p50"] => (
            of(total, None, CaseRead::Spread),
            format!("95 % quantile less the median of the {basis} cost"),
        ),
        ["cash", month] => {
            let month = scenario.cash.keys().find(|known| known == month)?;
            let what = format!("median of what is to be paid in {month}");
            (of(CaseAmount::Cash(DueIn::named(month)?), None, CaseRead::Quantile(5_000)), what)
        }
        ["providers", name] => {
            let amount = CaseAmount::Provider((*name).to_owned());
            let what = format!("mean effective cost of the usage of {name}");
            (of(amount, None, CaseRead::Mean), what)
        }
        ["beside_usage"] => {
            let what = "mean effective cost that belongs to no usage".to_owned();
            (of(CaseAmount::BesideUsage, None, CaseRead::Mean), what)
        }
        _ => return None,
    };
    Meant::money(figure, format!("{what} in scenario `{}`", scenario.name))
}

fn read(rest: &[&str]) -> Option<(CaseRead, String)> {
    match spread(rest)? {
        (Read::Mean, words) => Some((CaseRead::Mean, words)),
        (Read::Quantile(points), words) => Some((CaseRead::Quantile(points), words)),
        _ => None,
    }
}

/// As [`refuse`], where a scenario has invoices in another currency.
fn refuse_converted(path: &[&str]) -> &'static str {
    match path {
        [
            "scenarios",
            _,
            "billed" | "effective" | "difference" | "cash" | "providers" | "beside_usage",
            ..,
        ] => {
            "it holds invoices in another currency, which are converted as a whole and not line by line; explain the scenario with its contract in the currency of the prices"
        }
        other => refuse(other),
    }
}

fn refuse(path: &[&str]) -> &'static str {
    match path {
        ["scenarios", _, "leaving", ..] => {
            "its usage goes to a fallback in all paths; compare the same move with --swap, and explain that scenario"
        }
        ["scenarios", _, "token_ratio_band", ..] => {
            "it is the cost on mean usage at an end of a band; state the ratio in a scenario file, and explain that scenario"
        }
        ["scenarios", _, "regret"] => {
            "it is a mean over the cheapest scenario of each path; /difference explains two of them"
        }
        ["scenarios", _, "present_value"] => {
            "it is a sum of payments at factors of their days; /cash explains the payments"
        }
        ["scenarios", _, "drivers", ..] => {
            "it is worked out on mean usage, one change at a time; /difference explains the whole"
        }
        ["scenarios", _, "cheapest" | "break_even", ..]
        | ["scenarios", _, "difference", "cheaper"] => "it is a share or a factor, and no amount",
        _ => "it is no amount of this report",
    }
}
