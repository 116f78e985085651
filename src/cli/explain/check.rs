//! `tokencast explain check`.

use chrono::Datelike;

use super::figure::{Figures, Meant, number};
use super::forecast::{self, Wanted, spread};
use super::{Answer, Asked, ExplainCheck};
use crate::budget::{UsageGround, own_horizon};
use crate::cli::check::{self, Reported};
use crate::cli::error::Failure;
use crate::cli::exit::ExitStatus;
use crate::cli::finish;
use crate::cli::settings::Environment;
use crate::cli::ui::Ui;
use crate::explain::{ForecastUsage, PathFigure, PathGround};
use crate::money::Amount;
use crate::projection::{Projection, ProjectionOptions, Span, project};
use crate::rollup::Rollup;

/// The forecast that a budget is judged by, where it is one of its own.
struct Own {
    rollup: Rollup,
    options: ProjectionOptions,
    projection: Projection,
}

/// A figure, and whose forecast it is of: all usage, or the budget of a number.
struct Judged<'k> {
    wanted: Wanted<'k>,
    rule: Option<usize>,
    /// The figure is this amount less what is read.
    less_than: Option<Amount>,
}

pub(super) fn run(
    args: &ExplainCheck,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let output = args.check.output.plain()?;
    finish::refuse_page(output.output)?;
    let made = check::make(&args.check, "", environment, ui)?;
    let own = own_forecasts(args, &made)?;
    let report = serde_json::to_value(&made.report)?;
    let resolve = |path: &[&str]| resolve(&made, &own, path);
    let figures = Figures { report: &report, resolve: &resolve, refuse };
    let asked = Asked {
        command: "check",
        figure: &args.figure,
        output: &output,
        inputs: made.facts.clone(),
        findings: made.findings.clone(),
        denied: made.denied,
        undecided: None,
        prices: made.ground.as_ref().map(|ground| &ground.prices),
    };
    let seed = args.check.model.seed;
    let lines = |figure: Judged<'_>, what| {
        let ground = ground(&made, &own, figure.rule, seed)?;
        let answer = forecast::answer(&ground, figure.wanted, what)?;
        Ok(match (answer, figure.less_than) {
            (Answer::Lines(explained), Some(amount)) => {
                Answer::Lines(explained.taken_from(amount, "the budget")?)
            }
            (answer, _) => answer,
        })
    };
    asked.answer(&figures, "/budgets/0/quantiles/0.5", lines, ui)
}

/// Forecasts of the scopes of budgets again, where the figure is of one of them.
fn own_forecasts(args: &ExplainCheck, made: &Reported) -> Result<Vec<Option<Own>>, Failure> {
    let pointer = args.figure.figure.as_deref();
    let Some(ground) = &made.ground else { return Ok(Vec::new()) };
    if pointer.is_some_and(|pointer| !pointer.starts_with("/budgets")) {
        return Ok(Vec::new());
    }
    let usage = UsageGround {
        rollup: &ground.usage.rollup,
        book: &ground.prices.book,
        options: &ground.options,
        max_unpriced: 0,
    };
    let mut found = Vec::with_capacity(made.rules.len());
    for (number, rule) in made.rules.iter().enumerate() {
        let is_forecast = made.outcome.judged.iter().any(|j| j.rule == number && j.total.is_some());
        let horizon = own_horizon(rule, &made.outcome.overall, made.settings);
        found.push(match horizon.filter(|_| is_forecast) {
            Some(horizon) => {
                let (rollup, options) = usage.part(&rule.scope, horizon);
                let projection = project(&rollup, &ground.prices.book, &options)?;
                Some(Own { rollup, options, projection })
            }
            None => None,
        });
    }
    Ok(found)
}

/// The forecast of a budget, or that of all usage.
fn projection<'m>(
    made: &'m Reported,
    own: &'m [Option<Own>],
    rule: Option<usize>,
) -> Option<&'m Projection> {
    let mine = rule.and_then(|rule| own.get(rule)?.as_ref());
    match mine {
        Some(own) => Some(&own.projection),
        // Daily costs of a scope are forecast by themselves, which is not done again.
        None if rule.is_some_and(|rule| {
            made.ground.is_none()
                && own_horizon(&made.rules[rule], &made.outcome.overall, made.settings).is_some()
        }) =>
        {
            None
        }
        None => made.outcome.overall.projection.as_ref().ok(),
    }
}

fn ground<'m>(
    made: &'m Reported,
    own: &'m [Option<Own>],
    rule: Option<usize>,
    seed: u64,
) -> Result<PathGround<'m>, Failure> {
    let mine = rule.and_then(|rule| own.get(rule)?.as_ref());
    let usage = made.ground.as_ref().map(|ground| ForecastUsage {
        rollup: mine.map_or(&ground.usage.rollup, |own| &own.rollup),
        book: &ground.prices.book,
        options: mine.map_or(&ground.options, |own| &own.options),
    });
    let projection = projection(made, own, rule);
    let projection = projection.ok_or_else(|| anyhow::anyhow!("there is no forecast of it"))?;
    Ok(PathGround { projection, usage, seed })
}

fn resolve<'m>(
    made: &'m Reported,
    own: &'m [Option<Own>],
    path: &[&str],
) -> Option<Meant<Judged<'m>>> {
    match path {
        ["forecast", rest @ ..] => {
            let projection = projection(made, own, None)?;
            let (read, words) = spread(rest)?;
            let origin = projection.origin;
            let start = origin.with_day0(0).unwrap_or(origin);
            let days = 0..projection.total.days();
            let figure = PathFigure { read, days, known_from: Some(start), group: None };
            let what = format!("{words} of all spend from {start} to the end of the horizon");
            let wanted = Wanted::Paths(figure);
            Meant::money(Judged { wanted, rule: None, less_than: None }, what)
        }
        ["budgets", at, rest @ ..] => {
            let judged = made.outcome.judged.get(number(at)?)?;
            let rule = &made.rules[judged.rule];
            let span = span(projection(made, own, Some(judged.rule))?, judged, made)?;
            let (meant, less_than) = match rest {
                ["over", "probability"] => (forecast::over(span, rule.amount)?, None),
                ["headroom"] => {
                    let mut meant = forecast::of_span(&span, &["quantiles", "0.5"])?;
                    meant.what = format!("budget `{}` less the median of spend in {span}", rule.id);
                    (meant, Some(rule.amount))
                }
                rest => (forecast::of_span(&span, rest)?, None),
            };
            let what = match rule.scope.is_all() {
                true => meant.what,
                false => format!("{}, of {}", meant.what, rule.scope),
            };
            let figure = Judged { wanted: meant.figure, rule: Some(judged.rule), less_than };
            Some(Meant { figure, is_count: meant.is_count, what })
        }
        _ => None,
    }
}

/// The period of a verdict in its forecast.
fn span(projection: &Projection, judged: &crate::budget::Judged, made: &Reported) -> Option<Span> {
    let start = judged.period.as_ref()?.start;
    let spans = projection.spans(made.rules[judged.rule].per).ok()?;
    spans.into_iter().find(|span| span.start == start)
}

fn refuse(path: &[&str]) -> &'static str {
    match path {
        ["budgets", _, "amount"] => "it was given: it is the budget itself",
        ["budgets", _, "change", ..] | ["forecast", "change", ..] | ["baseline", ..] => {
            "it is of an earlier run"
        }
        ["budgets", _, "actual" | "mean" | "quantiles" | "headroom", ..] => {
            "there is no forecast of usage behind it"
        }
        _ => "it is no amount of this report",
    }
}
