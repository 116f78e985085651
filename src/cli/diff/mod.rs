//! `tokencast diff`.

mod counts;
mod git;
mod sides;
mod traffic;

use std::path::Path;

use anyhow::{anyhow, bail};
use clap::Args;

use self::counts::{Counting, Counts};
use self::sides::Sides;
use self::traffic::{Traffic, TrafficArgs};
use super::args::{FindingArgs, OutputArgs, OutputFormat, PriceArgs};
use super::count;
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::Prices;
use super::prices::instant;
use super::settings::Environment;
use super::ui::Ui;
use crate::budget::Gate;
use crate::corpus;
use crate::counting::{ClassRatios, CountedModel, OutputRule, Pricing, RequestRules};
use crate::diagnostic::Diagnostics;
use crate::prompt_diff::{self, Limit, Line, Pair, Per, Side, Total, placeholders};
use crate::report::prompt_diff::{DiffContext, DiffReport, FileDiff, GateFacts, ModelDiff};
use crate::sku::STANDARD;
use crate::tokens::Component;

/// Show what a change of prompts adds to tokens and cost, of a request and of a month of real traffic.
///
/// Compares two folders or files, or two git revisions. Templates are counted as they are written,
/// placeholders included.
///
/// Exit codes: 0 done and within every --max-increase, 1 one of them is exceeded or at risk, 2 error,
/// 3 undecided: no prompt, or what a limit is for is not known.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Two folders, or two files: as they were and as they are. With --git the files and folders
    /// to compare, by default the current folder.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Compare a git revision with the files on disk, two revisions (A..B), or a revision with where
    /// it left another (A...B, as of a pull request). Runs the program `git`.
    #[arg(long, value_name = "REV[..REV]")]
    git: Option<String>,
    /// Models to count for, separated by commas: MODEL or PROVIDER/MODEL. Not needed where the map
    /// names them.
    #[arg(long, short, value_delimiter = ',', value_name = "MODELS")]
    model: Vec<String>,
    /// The tokenizer of a model, as the `tokenizer.json` of its maker; may be given several times.
    #[arg(long, value_name = "MODEL=FILE")]
    tokenizer: Vec<String>,
    /// Ratios fitted to your own logs by `tokencast calibrate`, for models whose tokenizer is not
    /// public. By default the file that the variable TOKENCAST_CALIBRATION names, if any.
    #[arg(long, value_name = "FILE")]
    calibration: Option<String>,
    /// Tokens of output of every request, the same before and after. By default costs are those of
    /// input alone.
    #[arg(long, value_name = "N")]
    output_tokens: Option<u64>,
    /// Price input as read from the cache of the provider.
    #[arg(long)]
    cached: bool,
    /// The service tier of the prices, such as batch or flex.
    #[arg(long, default_value = STANDARD, value_name = "TIER")]
    service_tier: String,
    /// The date or instant of the prices. By default the day on which the books were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    traffic: TrafficArgs,
    /// The most that the change may add for each model: 5%, 50USD/month, 0.001USD/request. A share
    /// is one of the cost of a month where traffic is given, else of a request of each file
    /// (5%/request); an amount is one of a month. May be given several times.
    #[arg(long, value_name = "LIMIT", help_heading = "Limits")]
    max_increase: Vec<String>,
    /// Show the verdicts, but return 0 whatever they are.
    #[arg(long, help_heading = "Limits")]
    warn_only: bool,
    /// What tells this comment from others, in the hidden first line of Markdown:
    /// <!-- tokencast-diff:TEXT -->.
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    marker: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

pub(crate) fn run(
    args: &DiffArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.output.output)?;
    let policy = finish::policy(&args.findings)?;
    let marker = finish::marker("diff", args.marker.as_deref())?;
    let map = args.traffic.map()?;
    let sides = args.sides()?;
    let prices = Prices::load(&args.prices, environment)?;
    let mut traffic = args.traffic.load(map, &prices, ui)?;
    let limits = args.limits(traffic.is_given)?;
    let at = instant(args.at.as_ref(), &prices)?;
    let mut models = args.models(&traffic, &prices)?;
    let mut found = Diagnostics::default();
    let calibration = args.calibration.as_ref().or(environment.calibration.as_ref());
    count::calibrate(&mut models, calibration, (&prices, at), &mut found)?;
    let counting = Counting {
        models: &models,
        rule: OutputRule::Tokens(args.output_tokens.unwrap_or(0)),
        edges: prices.book.context_edges(),
        ui,
    };
    let counts = counting.run(&sides.pairs)?;
    traffic.note_unmapped(sides.pairs.iter().map(|pair| pair.path()));
    found.merge(counts.findings(&prices));
    found.merge(traffic.found.clone());
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let input = if args.cached { Component::InputCacheRead } else { Component::InputUncached };
    let pricing = Pricing { book: &prices.book, at, known_at: prices.known_at, input };
    let judged = Judging {
        args,
        sides: &sides,
        traffic: &traffic,
        counts: &counts,
        pricing,
        limits: &limits,
    };
    let diffs =
        models.iter().enumerate().filter_map(|(at, model)| judged.model(at, model).transpose());
    let diffs = diffs.collect::<Result<Vec<_>, Failure>>()?;
    let gate = prompt_diff::gate(diffs.iter().flat_map(|diff| &diff.judged));
    let has_prompts = counts.prompts() > 0;
    let gate = if has_prompts { gate } else { Gate::Undecided };
    let status = finish::gate_status(gate, denied, args.warn_only);
    let context = DiffContext {
        before: sides.before,
        after: sides.after,
        at,
        service_tier: args.service_tier.clone(),
        is_cached: args.cached,
        output_tokens: args.output_tokens,
        placeholders: sides.pairs.iter().map(of_template).collect(),
        traffic: traffic.facts.clone(),
        has_traffic: traffic.is_given,
        gate: GateFacts::new(gate, !limits.is_empty(), status.code(), args.warn_only),
        findings,
        price_book: prices.facts(),
        marker,
    };
    let report = DiffReport::new(&sides.pairs, diffs, context);
    print(args, &report, denied, ui)?;
    if !has_prompts && !denied {
        ui.error("undecided: no prompt was found", Some("check the paths and the findings above"));
    } else if gate != Gate::Passed {
        say(&report, args.warn_only, ui);
    }
    Ok(status)
}

impl DiffArgs {
    fn sides(&self) -> Result<Sides, Failure> {
        match (&self.git, &self.paths[..]) {
            (Some(range), paths) => git::read(range, paths),
            (None, [before, after]) => sides::read(before, after),
            (None, paths) => {
                let error = anyhow!("two folders or files are compared, {} are named", paths.len());
                Err(Failure::with_hint(
                    error,
                    "`tokencast diff BEFORE AFTER`, or `tokencast diff --git REV [PATH...]`",
                ))
            }
        }
    }

    fn limits(&self, has_traffic: bool) -> anyhow::Result<Vec<Limit>> {
        let usual = if has_traffic { Per::Month } else { Per::Request };
        let mut limits = Vec::new();
        for text in &self.max_increase {
            match Limit::parse(text.trim(), usual) {
                Ok(limit) => limits.push(limit),
                Err(error) => bail!("--max-increase: {error}"),
            }
        }
        Ok(limits)
    }

    /// Those of `--model`, then further ones of the map.
    fn models(&self, traffic: &Traffic, prices: &Prices) -> Result<Vec<CountedModel>, Failure> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.model.iter().chain(traffic.models()) {
            if !names.contains(&name.trim()) {
                names.push(name.trim());
            }
        }
        if names.is_empty() {
            let error = anyhow!("no model is named");
            return Err(Failure::with_hint(
                error,
                "name one: --model gpt-5-mini, or `models` in the rows of --map",
            ));
        }
        let at = instant(self.at.as_ref(), prices)?;
        let tables = (ClassRatios::bundled()?, RequestRules::bundled()?);
        let models = names.into_iter().map(|name| count::model(name, prices, at, &tables));
        let mut models = models.collect::<Result<Vec<_>, Failure>>()?;
        count::supply(&self.tokenizer, &mut models)?;
        Ok(models)
    }
}

/// What models are priced and judged by.
struct Judging<'a> {
    args: &'a DiffArgs,
    sides: &'a Sides,
    traffic: &'a Traffic,
    counts: &'a Counts,
    pricing: Pricing<'a>,
    limits: &'a [Limit],
}

impl Judging<'_> {
    /// A model with its files; `None`: no file is for it.
    fn model(&self, number: usize, model: &CountedModel) -> Result<Option<ModelDiff>, Failure> {
        let is_asked = self.args.model.iter().any(|name| name.trim() == model.name);
        let mut files = Vec::new();
        for (at, pair) in self.sides.pairs.iter().enumerate() {
            let Some(share) = self.traffic.of(pair.path(), &model.name, is_asked) else { continue };
            let found = self.counts.of((at, pair), number);
            let mut unpriced = Vec::new();
            let mut side = |figures, only: &_| -> Result<Side, Failure> {
                let Some(figures) = figures else { return Ok(Side::absent()) };
                let priced = self.pricing.price(&model.sku, &self.args.service_tier, &figures)?;
                let side = Side::new(&figures, &priced, only)?;
                unpriced.extend(priced.unpriced);
                Ok(side)
            };
            let before = side(found.before, &found.only_before)?;
            let after = side(found.after, &found.only_after)?;
            let line = Line::new(before, after, share.requests)?;
            unpriced.sort();
            unpriced.dedup();
            files.push(FileDiff { line, unpriced, pair: at });
        }
        if files.is_empty() {
            return Ok(None);
        }
        let total = Total::of(files.iter().map(|file| &file.line))?;
        let Some(currency) = self.pricing.book.currency(&model.sku.provider) else {
            return Err(anyhow!("no price book is that of `{}`", model.sku.provider).into());
        };
        let judged = self.limits.iter().map(|limit| limit.judge(&total, currency));
        let judged = judged.collect::<Result<Vec<_>, _>>()?;
        Ok(Some(ModelDiff { model: model.clone(), currency, files, total, judged }))
    }
}

/// Placeholders of a file as it is.
fn of_template(pair: &Pair) -> u64 {
    let text = pair.after.as_ref().filter(|file| corpus::is_by_lines(Path::new(&file.path)));
    text.map_or(0, |file| placeholders(&file.bytes))
}

fn print(args: &DiffArgs, report: &DiffReport, denied: bool, ui: &Ui) -> Result<(), Failure> {
    let is_kept_back = denied && args.output.out.is_some();
    if args.output.output == OutputFormat::Markdown && !is_kept_back {
        return Ok(ui.data(&report.markdown()?, args.output.out.as_deref())?);
    }
    let (head, notes) = (report.head(), report.notes());
    let csv = report.csv_grid();
    let printed = Printed { head: &head, grids: report.grids(), notes: &notes, csv };
    finish::print(report, printed, &args.output, denied, ui)
}

/// The verdict on standard error, after the result.
fn say(report: &DiffReport, warn_only: bool, ui: &Ui) {
    let text = format!("--max-increase: {}", report.outcome());
    if warn_only {
        ui.note(&format!("{text}; the exit code is 0 because of --warn-only"));
    } else {
        let error = anyhow!(report.failing().join("\n")).context(text);
        ui.failure(&Failure::from(error));
    }
}
