//! `tokencast check`.

mod asked;
mod outputs;

use anyhow::{Context, anyhow};
use clap::Args;

use self::asked::BudgetArgs;
use self::outputs::OutputArgs;
use super::args::{FindingArgs, InputArgs, PriceArgs, StaleArgs};
use super::cost_series::{self, CostSeriesArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish;
use super::forecast::{self, Asked};
use super::ingest::{self, Prices};
use super::model_args::ModelArgs;
use super::settings::Environment;
use super::ui::Ui;
use crate::budget::{
    self, CostGround, Gate, GateError, Outcome, Rule, Settings, UsageGround, file,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::rating::summary;
use crate::report::check::{CheckContext, CheckReport};
use crate::report::{InputFacts, Source};
use crate::source::inputs;

/// Judge budgets by a forecast: a gate for CI.
///
/// Each budget is within, at-risk, exceeded or undecided. What cannot be told is undecided, never
/// within.
///
/// Exit codes: 0 every budget is within, 1 one is at-risk or exceeded, 2 error, 3 one is undecided
/// and none is worse. Budgets with the action warn change nothing about them; --warn-only turns 1
/// and 3 into 0.
#[derive(Debug, Args)]
#[command(mut_arg("inputs", |inputs| inputs
    .required(false)
    .required_unless_present_any(["series", "print_template"])))]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    pub(super) budgets: BudgetArgs,
    /// How far: days such as 30d, months such as 3m (the current one is the first), eom, eoq, eoy,
    /// or the last day as a date. The current period of a budget is judged to its end in any case.
    #[arg(help_heading = "Forecast", long, default_value = "eom", value_name = "HORIZON")]
    horizon: String,
    #[command(flatten)]
    pub(super) model: ModelArgs,
    #[command(flatten)]
    costs: CostSeriesArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    stale: StaleArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

/// Verdicts, with what was read for them.
struct Made {
    outcome: Outcome,
    facts: InputFacts,
    found: Diagnostics,
    ground: Option<forecast::UsageGround>,
    source: Source,
}

pub(crate) fn run(
    args: &CheckArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    if args.budgets.print_template {
        ui.data(&file::template(), args.output.out.as_deref())?;
        return Ok(ExitStatus::Ok);
    }
    let outputs = args.output.resolve()?;
    let files = if args.costs.is_given() { &args.costs.series } else { &args.input.inputs };
    let files = inputs::expand(files)?;
    for target in outputs.files() {
        ingest::refuse_output_among_inputs(&files, Some(target))?;
    }
    let made = make(args, &outputs.marker, environment, ui)?;
    outputs.write(&made.report, made.denied, ui)?;
    if made.gate != Gate::Passed {
        say(&made.report, args.budgets.warn_only, ui);
    }
    Ok(made.status)
}

/// A report of verdicts, and what it was made from.
pub(super) struct Reported {
    pub(super) report: CheckReport,
    pub(super) rules: Vec<Rule>,
    pub(super) outcome: Outcome,
    pub(super) settings: Settings,
    /// `None` for a forecast of daily costs.
    pub(super) ground: Option<forecast::UsageGround>,
    pub(super) facts: InputFacts,
    pub(super) findings: Vec<Diagnostic>,
    /// A finding makes the command fail.
    pub(super) denied: bool,
    gate: Gate,
    status: ExitStatus,
}

/// Judges the budgets and says what was odd.
pub(super) fn make(
    args: &CheckArgs,
    marker: &str,
    environment: &Environment,
    ui: &Ui,
) -> Result<Reported, Failure> {
    let policy = finish::policy(&args.findings)?;
    let settings = Settings {
        horizon: forecast::horizon(&args.horizon)?,
        complete_history: args.budgets.complete_history,
    };
    let rules = args.budgets.rules()?;
    let baseline = args.budgets.baseline()?;
    let made = if args.costs.is_given() {
        from_costs(args, &rules, settings)?
    } else {
        from_usage(args, &rules, settings, environment, ui)?
    };
    let mut found = made.found;
    if let Ok(projection) = &made.outcome.overall.projection {
        found.merge(projection.diagnostics.clone());
    }
    found.merge(made.outcome.diagnostics.clone());
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    if let Some((file, baseline)) = &baseline {
        let currency = made.outcome.overall.currency;
        baseline.check_currency(currency).with_context(|| format!("baseline `{file}`"))?;
    }
    let gate = made.outcome.gate(&rules);
    let status = finish::gate_status(gate, denied, args.budgets.warn_only);
    let context = CheckContext {
        inputs: made.facts.clone(),
        diagnostics: findings.clone(),
        price_book: made.ground.as_ref().map(|ground| ground.prices.facts()),
        source: made.source,
        seed: args.model.seed,
        paths: usize::try_from(args.model.paths)?,
        warn_only: args.budgets.warn_only,
        exit_code: status.code(),
        baseline,
        marker: marker.to_owned(),
    };
    let Made { outcome, facts, ground, .. } = made;
    let report = CheckReport::new(&rules, &outcome, context)?;
    Ok(Reported { report, rules, outcome, settings, ground, facts, findings, denied, gate, status })
}

/// The verdict on standard error, after the result.
fn say(report: &CheckReport, warn_only: bool, ui: &Ui) {
    let text = format!("budget gate {}", report.verdict());
    if warn_only {
        ui.note(&format!("{text}; the exit code is 0 because of --warn-only"));
    } else {
        let error = anyhow!(report.failing().join("\n")).context(text);
        ui.failure(&Failure::from(error));
    }
}

fn from_usage(
    args: &CheckArgs,
    rules: &[Rule],
    settings: Settings,
    environment: &Environment,
    ui: &Ui,
) -> Result<Made, Failure> {
    let prices = Prices::load(&args.prices, environment)?;
    let scopes = rules.iter().flat_map(|rule| rule.scope.conditions());
    let mut kept: Vec<_> = scopes.map(|(dimension, _)| dimension.clone()).collect();
    kept.extend(args.model.scope_dimensions());
    let kept = ingest::dimensions(&kept);
    let wanted = ingest::Asked { dimensions: &kept, grain: ingest::GrainAsked::Usual, out: None };
    let usage = ingest::read_history(&args.input, &prices, wanted, ui)?;
    let (known_at, threads) = (prices.known_at, args.input.threads);
    let options =
        args.model.options(settings.horizon, known_at, usage.calendar, Vec::new(), threads)?;
    let history = summary::summarise_checked(
        &usage.rollup,
        &prices.book,
        known_at,
        &[],
        &usage.calendar,
        args.stale.stale_days,
    )?;
    let ground = UsageGround {
        rollup: &usage.rollup,
        book: &prices.book,
        options: &options,
        max_unpriced: args.budgets.max_unpriced()?,
    };
    let outcome = budget::judge(rules, &ground, settings).map_err(failure)?;
    let mut found = usage.found.clone();
    found.merge(prices.found.clone());
    found.merge(history.diagnostics);
    Ok(Made {
        outcome,
        facts: usage.facts.clone(),
        found,
        ground: Some(forecast::UsageGround { usage, prices, options }),
        source: Source::Usage,
    })
}

fn from_costs(args: &CheckArgs, rules: &[Rule], settings: Settings) -> Result<Made, Failure> {
    let asked = Asked { horizon: settings.horizon, model: &args.model, dimensions: &[], out: None };
    let read = cost_series::read(&args.costs, &args.input, &asked)?;
    let ground = CostGround {
        costs: &read.table.costs,
        currency: read.table.currency,
        options: &read.options,
    };
    let outcome = budget::judge(rules, &ground, settings).map_err(failure)?;
    Ok(Made {
        outcome,
        facts: read.facts,
        found: read.table.diagnostics,
        ground: None,
        source: Source::Costs,
    })
}

/// What failed, with what to do about it.
fn failure(error: GateError) -> Failure {
    match error {
        GateError::Projection(error) => Failure::from(error),
        GateError::Currency(_) => Failure::with_hint(
            anyhow!(error).context("budgets are not in the currency of the forecast"),
            "state budgets in the currency of the prices or costs",
        ),
        GateError::ScopeOfCosts(_) => Failure::with_hint(
            anyhow!(error),
            "judge budgets with a scope by usage logs, or export the costs of that scope alone",
        ),
        GateError::Rating(_) | GateError::Money(_) => Failure::from(error),
    }
}
