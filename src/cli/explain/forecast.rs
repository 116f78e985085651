//! `tokencast explain forecast`.

use super::figure::{Figures, Meant, number};
use super::{Answer, Asked, ExplainForecast};
use crate::cli::error::Failure;
use crate::cli::exit::ExitStatus;
use crate::cli::finish;
use crate::cli::forecast::{self, Reported};
use crate::cli::settings::Environment;
use crate::cli::ui::Ui;
use crate::explain::{ForecastUsage, PathFigure, PathGround, Read};
use crate::money::Amount;
use crate::projection::{BasisPoints, BudgetOutlook, Projection, Span, SpanKind};

/// A figure of a forecast, or the share of the paths above a budget.
pub(super) enum Wanted<'k> {
    Paths(PathFigure<'k>),
    Over { span: Span, amount: Amount },
}

pub(super) fn run(
    args: &ExplainForecast,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.forecast.output.output)?;
    let made = forecast::make(&args.forecast, environment, ui)?;
    let report = serde_json::to_value(&made.report)?;
    let resolve = |path: &[&str]| resolve(&made, path);
    let figures = Figures { report: &report, resolve: &resolve, refuse };
    let asked = Asked {
        command: "forecast",
        figure: &args.figure,
        output: &args.forecast.output,
        inputs: made.facts.clone(),
        findings: made.findings.clone(),
        denied: made.denied,
        undecided: made.undecided,
        prices: made.ground.as_ref().map(|ground| &ground.prices),
    };
    let ground = PathGround {
        projection: &made.projection,
        usage: made.ground.as_ref().map(|ground| ForecastUsage {
            rollup: &ground.usage.rollup,
            book: &ground.prices.book,
            options: &ground.options,
        }),
        seed: args.forecast.model.seed,
    };
    asked.answer(&figures, "/total/quantiles/0.5", |figure, what| answer(&ground, figure, what), ui)
}

/// Takes a figure apart.
pub(super) fn answer<'a>(
    ground: &PathGround<'a>,
    figure: Wanted<'_>,
    what: String,
) -> Result<Answer<'a>, Failure> {
    Ok(match figure {
        Wanted::Paths(figure) => Answer::Lines(ground.explain(&figure, what)?),
        Wanted::Over { span, amount } => {
            let known = (span.from..span.until, span.actual);
            Answer::Count(ground.count_over(known, amount, what)?)
        }
    })
}

fn resolve<'m>(made: &'m Reported, path: &[&str]) -> Option<Meant<Wanted<'m>>> {
    let projection = &made.projection;
    let all = 0..projection.total.days();
    let horizon = |days| PathFigure { read: Read::Known, days, known_from: None, group: None };
    match path {
        ["history", "actual"] => {
            let start = projection.history_start;
            let known = PathFigure { known_from: Some(start), ..horizon(0..0) };
            Meant::money(Wanted::Paths(known), format!("known spend from {start} on"))
        }
        ["total", rest @ ..] => {
            let (read, words) = spread(rest).filter(|(read, _)| *read != Read::Known)?;
            let what = format!("{words} of spend in the days forecast");
            Meant::money(Wanted::Paths(PathFigure { read, ..horizon(all) }), what)
        }
        [kind @ ("months" | "quarters" | "years"), at, rest @ ..] => {
            let kind = SpanKind::from_name(kind.trim_end_matches('s'))?;
            of_span(&projection.spans(kind).ok()?.into_iter().nth(number(at)?)?, rest)
        }
        ["run_rate", which, "projected"] => run_rate(projection, which),
        ["budgets", at, rest @ ..] => of_budget(made.budgets.get(number(at)?)?, rest),
        ["days", at, rest @ ..] => {
            let at = number(at)?;
            let (read, words) = spread(rest).filter(|(read, _)| *read != Read::Known)?;
            let what = format!("{words} of spend on day {} of the forecast", at + 1);
            Meant::money(Wanted::Paths(PathFigure { read, ..horizon(at..at + 1) }), what)
        }
        ["groups", at, rest @ ..] => {
            let at = number(at)?;
            let key = &projection.groups.get(at)?.key;
            let (read, words) = spread(rest).filter(|(read, _)| *read != Read::Known)?;
            let group = Some((at, &key[..]));
            let what = format!("{words} of spend in the days forecast of {}", key.join(", "));
            Meant::money(Wanted::Paths(PathFigure { read, group, ..horizon(all) }), what)
        }
        _ => None,
    }
}

/// What of a distribution the end of a path names.
pub(super) fn spread(rest: &[&str]) -> Option<(Read, String)> {
    match rest {
        ["actual"] => Some((Read::Known, "known spend".to_owned())),
        ["mean"] => Some((Read::Mean, "mean".to_owned())),
        ["quantiles", name] => {
            let points = points(name)?;
            let words =
                if points == 5_000 { "median".to_owned() } else { format!("quantile {name}") };
            Some((Read::Quantile(points), words))
        }
        _ => None,
    }
}

/// A probability such as `0.025` in ten-thousandths.
fn points(name: &str) -> Option<BasisPoints> {
    let amount: Amount = name.parse().ok()?;
    u32::try_from(amount.atto() / 10_i128.pow(14)).ok()
}

/// Known and forecast spend of a period.
pub(super) fn of_span<'k>(span: &Span, rest: &[&str]) -> Option<Meant<Wanted<'k>>> {
    let (read, words) = spread(rest)?;
    let what = match read {
        Read::Known => format!("known spend of {span}"),
        _ => format!("{words} of spend in {span}, known and forecast"),
    };
    let figure =
        PathFigure { read, days: span.from..span.until, known_from: Some(span.start), group: None };
    Meant::money(Wanted::Paths(figure), what)
}

fn of_budget<'k>(budget: &BudgetOutlook, rest: &[&str]) -> Option<Meant<Wanted<'k>>> {
    let (span, amount) = (budget.span, budget.budget.amount);
    match rest {
        ["over", "probability"] => over(span, amount),
        rest => of_span(&span, rest),
    }
}

/// The share of the paths above a budget.
pub(super) fn over<'k>(span: Span, amount: Amount) -> Option<Meant<Wanted<'k>>> {
    let what = format!("share of the paths whose spend in {span} is above {amount}");
    Some(Meant { figure: Wanted::Over { span, amount }, is_count: true, what })
}

fn run_rate<'k>(projection: &Projection, which: &str) -> Option<Meant<Wanted<'k>>> {
    let span = projection.spans(SpanKind::Month).ok()?.into_iter().next()?;
    let rate = match which {
        "recent" => projection.recent_run_rate(&span),
        "month_to_date" => projection.own_run_rate(&span),
        _ => return None,
    };
    // Days that are not known lie between those that count.
    let days = rate.ok()??.days;
    if !projection.unknown_days.is_empty() {
        return None;
    }
    let figure = PathFigure {
        read: Read::RunRate(days),
        days: span.from..span.until,
        known_from: Some(span.start),
        group: None,
    };
    let what = format!("spend of {span} if the mean of the last {days} known days goes on");
    Meant::money(Wanted::Paths(figure), what)
}

pub(super) fn refuse(path: &[&str]) -> &'static str {
    match path {
        ["drivers", ..] => {
            "it compares two periods, by mean quantities; the forecast itself is in /total"
        }
        ["track_record" | "model", ..] => "it is a score of earlier forecasts, no spend to come",
        ["budgets", _, "amount"] => "it was given: it is the budget itself",
        ["run_rate", ..] => "some of its days are not known",
        _ => "it is no amount of this report",
    }
}
