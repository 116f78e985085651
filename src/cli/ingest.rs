//! What every command on usage does first: price books, inputs, rollup.

use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::{InputArgs, PriceArgs};
use super::error::Failure;
use super::settings::{self, Environment, InputSettings};
use super::ui::Ui;
use crate::diagnostic::{Diagnostics, code};
use crate::period::{Calendar, Grain, Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::group::Dimension;
use crate::report::{self, InputFacts, PriceBookFacts};
use crate::rollup::bounded::{BoundedBuilder, IDS_IN_MEMORY};
use crate::rollup::{Edges, Rollup, RollupBuilder, RollupRow, grains, overlap, parquet};
use crate::source::{self, Input, Progress, inputs};
use crate::usage::UsagePart;

/// Price changes are looked for from here ...
const FIRST_YEAR: &str = "2022-01-01";
/// ... to here, to cut hours at those that are not on the hour.
const LAST_YEAR: &str = "2032-01-01";

/// Prices, loaded.
#[derive(Debug)]
pub(crate) struct Prices {
    pub(crate) book: PriceBook,
    pub(crate) known_at: Option<Timestamp>,
    pub(crate) found: Diagnostics,
}

impl Prices {
    pub(crate) fn load(args: &PriceArgs, environment: &Environment) -> Result<Self, Failure> {
        let sources = settings::price_sources(args, environment)?;
        let (book, found) = PriceBook::load(&sources).map_err(|errors| {
            let text = anyhow!("{errors}").context("price books have errors");
            Failure::with_hint(
                text,
                "correct the lines named above; `docs/reference/price-file.md` describes every key",
            )
        })?;
        let book = match &args.promotions_end {
            Some(text) => {
                let end = settings::instant(text, &Calendar::UTC).context("--promotions-end")?;
                book.with_promotions_ending(end)
            }
            None => book,
        };
        let known_at = args
            .known_at
            .as_ref()
            .map(|t| settings::instant(t, &Calendar::UTC).context("--known-at"));
        Ok(Self { book, known_at: known_at.transpose()?, found })
    }

    pub(crate) fn facts(&self) -> PriceBookFacts {
        let version = self.book.version();
        PriceBookFacts {
            version: version.digest.clone(),
            checked_on: version.checked_on.map(|d| d.to_string()),
            known_at: self.known_at.map(|t| t.to_string()),
        }
    }
}

/// Usage, read and rolled up.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) rollup: Rollup,
    pub(crate) facts: InputFacts,
    pub(crate) found: Diagnostics,
    pub(crate) calendar: Calendar,
    /// `--since`.
    pub(crate) since: Option<Timestamp>,
    /// `--until`.
    pub(crate) until: Option<Timestamp>,
}

/// Usage from one place.
#[derive(Debug)]
struct Part {
    name: String,
    rollup: Rollup,
}

/// What a command asks of its usage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Dimensions of its report.
    pub(crate) dimensions: &'a [Dimension],
    /// Length of charge periods.
    pub(crate) grain: GrainAsked,
    /// Where its result goes.
    pub(crate) out: Option<&'a Path>,
}

/// Length of charge periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrainAsked {
    /// As the time zone needs.
    Usual,
    /// This one; a rollup with another is refused.
    Stated(Grain),
    /// This one, or a finer one that the time zone needs; a rollup keeps its own.
    AtMost(Grain),
}

impl GrainAsked {
    fn of_logs(self, calendar: &Calendar) -> Grain {
        match self {
            Self::Usual => grain_of(calendar),
            Self::Stated(grain) => grain,
            Self::AtMost(grain) => grain.min(grain_of(calendar)),
        }
    }
}

/// The dimensions of a report, each once.
pub(crate) fn dimensions(asked: &[Dimension]) -> Vec<Dimension> {
    let mut kept: Vec<Dimension> = Vec::new();
    for dimension in asked.iter().filter(|d| !d.to_string().is_empty()) {
        if !kept.contains(dimension) {
            kept.push(dimension.clone());
        }
    }
    kept
}

/// Usage to forecast from: costs that no quantity stands for are no usage, neither zero nor any.
pub(crate) fn read_history(
    args: &InputArgs,
    prices: &Prices,
    asked: Asked<'_>,
    ui: &Ui,
) -> Result<Usage, Failure> {
    let mut usage = read_usage(args, prices, asked, ui)?;
    if grains::costs_alone(&usage.rollup).records > 0 {
        usage.rollup = usage.rollup.filtered(|row| !grains::is_cost_alone(row));
    }
    Ok(usage)
}

/// Reads all inputs into one rollup, cut for the books and the time zone.
pub(crate) fn read_usage(
    args: &InputArgs,
    prices: &Prices,
    asked: Asked<'_>,
    ui: &Ui,
) -> Result<Usage, Failure> {
    let settings = settings::input_settings(args, asked.dimensions)?;
    let found = inputs::expand(&args.inputs)?;
    refuse_output_among_inputs(&found, asked.out)?;
    let is_rollup = |i: &Input| {
        let mapped = settings.options.mapping.is_some();
        matches!(i, Input::File(path) if !mapped && parquet::is_rollup(path))
    };
    let (rollups, logs): (Vec<Input>, Vec<Input>) = found.into_iter().partition(is_rollup);
    let mut facts =
        InputFacts { files: u64::try_from(rollups.len()).unwrap_or(0), ..InputFacts::default() };
    let mut parts = read_rollups(&rollups, &settings, &mut facts)?;
    let edges = match parts.first() {
        Some(part) => {
            refuse_what_rollups_fix(args, asked, part)?;
            part.rollup.edges().clone()
        }
        None => edges(&prices.book, asked.grain.of_logs(&settings.calendar))?,
    };
    let mut reading = Reading {
        builder: BoundedBuilder::new(edges.clone(), IDS_IN_MEMORY, std::env::temp_dir()),
        settings: &settings,
        outside: 0,
        failed: None,
    };
    // What is summed lies in one charge period of the rollup and on one side of `--since` and `--until`.
    let within = edges.also_at([settings.since, settings.until].into_iter().flatten());
    let report = read_logs(&logs, &within, &mut reading, ui)?;
    facts.files += report.files;
    facts.skipped += report.skipped;
    facts.outside += reading.outside;
    let (rollup, duplicates) = reading.builder.finish()?;
    facts.duplicates += duplicates;
    parts.push(Part { name: "the logs".to_owned(), rollup });
    let mut diagnostics = report.diagnostics;
    note_overlaps(&parts, &mut diagnostics);
    let rollup = merged(parts, edges)?;
    facts.records = rollup.rows().iter().map(|r| r.records).sum();
    note_grains(&rollup, &mut diagnostics);
    note_counts(&facts, &rollup, asked.dimensions, &mut diagnostics);
    check_zone(&rollup, &settings.calendar)?;
    let InputSettings { calendar, since, until, .. } = settings;
    Ok(Usage { rollup, facts, found: diagnostics, calendar, since, until })
}

/// All parts together. One part alone, the common case, is taken as it is.
fn merged(mut parts: Vec<Part>, edges: Edges) -> Result<Rollup, Failure> {
    parts.retain(|part| !part.rollup.rows().is_empty());
    if parts.len() < 2 {
        let only = parts.pop().map(|part| part.rollup);
        return Ok(only.unwrap_or_else(|| RollupBuilder::new(edges).finish()));
    }
    let mut builder = RollupBuilder::new(edges);
    for part in &parts {
        let failed = || format!("failed to add {}", part.name);
        builder.add_rollup(&part.rollup).with_context(failed)?;
    }
    Ok(builder.finish())
}

/// Views of one spend that must not be summed, and costs that no quantity stands for.
fn note_grains(rollup: &Rollup, found: &mut Diagnostics) {
    for mixed in grains::mixed(rollup) {
        let message = format!(
            "`{}` has {} and {} records over the same time ({} to {}), which may show one spend twice: read one of them, or set `--warn {}` where they are different spend",
            mixed.provider,
            mixed.grains.0.name(),
            mixed.grains.1.name(),
            mixed.span.start,
            mixed.span.end,
            code::MIXED_GRAINS,
        );
        found.add(code::MIXED_GRAINS, message, None);
    }
    let costs = grains::costs_alone(rollup);
    if costs.records > 0 {
        let amounts: Vec<String> = costs
            .reported
            .iter()
            .map(|((kind, currency), amount)| {
                format!("{} {}", report::format::money(*amount, *currency), kind.name())
            })
            .collect();
        let message = format!(
            "records hold costs but no quantities ({}): the computed cost does not include them; `forecast --series` reads exports of costs",
            amounts.join(", ")
        );
        found.add_many(code::COST_WITHOUT_QUANTITIES, message, None, costs.records);
    }
}

fn note_counts(
    facts: &InputFacts,
    rollup: &Rollup,
    dimensions: &[Dimension],
    found: &mut Diagnostics,
) {
    if facts.duplicates > 0 {
        let message = "records seen before, by the id of their request";
        found.add_many(code::DUPLICATE_RECORD, message, None, facts.duplicates);
    }
    if facts.records == 0 {
        found.add(code::NO_RECORDS, "no usage was found in any input", None);
        return;
    }
    for dimension in dimensions {
        if let Dimension::Label(name) = dimension
            && rollup.profiles().iter().all(|p| p.labels.get(name).is_none())
        {
            let known: Vec<&str> = Dimension::names().collect();
            let message =
                format!("no record has the label `{name}` (dimensions: {})", known.join(", "));
            found.add(code::UNKNOWN_LABEL, message, None);
        }
    }
}

/// The same usage in a log and in its rollup, or in two rollups, would count twice.
fn note_overlaps(parts: &[Part], found: &mut Diagnostics) {
    for (at, a) in parts.iter().enumerate() {
        for b in parts[at + 1..].iter().filter(|b| overlap::looks_doubled(&a.rollup, &b.rollup)) {
            let message = format!(
                "`{}` and {} seem to hold the same usage, which is counted twice",
                a.name, b.name
            );
            found.add(code::OVERLAPPING_INPUTS, message, None);
        }
    }
}

/// A result that replaces one of its inputs, or that the next run would read, destroys or doubles
/// usage.
pub(crate) fn refuse_output_among_inputs(
    found: &[Input],
    out: Option<&Path>,
) -> Result<(), Failure> {
    let Some(out) = out else { return Ok(()) };
    let target = out.canonicalize().ok();
    if target.is_some() && found.iter().any(|input| input.identity() == target) {
        let error = anyhow!("output `{}` is one of the inputs", out.display());
        return Err(Failure::with_hint(error, "write it to another place"));
    }
    Ok(())
}

/// Rollups were made with a grain, providers and labels that can no longer be changed.
fn refuse_what_rollups_fix(args: &InputArgs, asked: Asked<'_>, part: &Part) -> Result<(), Failure> {
    let flags = [
        ("--provider", args.provider.is_some()),
        ("--labels", args.labels.is_some()),
        ("--hash-labels", args.hash_labels.is_some()),
        ("--format-in", args.format_in.is_some()),
        ("--grain", matches!(asked.grain, GrainAsked::Stated(g) if g != part.rollup.edges().grain)),
    ];
    match flags.iter().find(|(_, given)| *given) {
        Some((flag, _)) => {
            let error = anyhow!("{flag} cannot be applied to {}", part.name);
            Err(Failure::with_hint(error, "roll the logs up again with that flag"))
        }
        None => Ok(()),
    }
}

fn read_rollups(
    inputs: &[Input],
    settings: &InputSettings,
    facts: &mut InputFacts,
) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    for input in inputs {
        if let Input::File(path) = input {
            let (rollup, left_out) = parquet::read(path)
                .with_context(|| format!("failed to read rollup `{}`", path.display()))?;
            let kept = within(&rollup, settings)?;
            let records = |r: &Rollup| r.rows().iter().map(|row| row.records).sum::<u64>();
            facts.outside += records(&rollup) - records(&kept);
            facts.skipped += left_out.skipped;
            facts.duplicates += left_out.duplicates;
            parts.push(Part { name: format!("rollup `{}`", input.name()), rollup: kept });
        }
    }
    Ok(parts)
}

/// The part of a rollup inside `--since` and `--until`; a row across one of them is an error.
fn within(rollup: &Rollup, settings: &InputSettings) -> Result<Rollup, Failure> {
    let mut builder = RollupBuilder::new(rollup.edges().clone());
    for edge in [settings.since, settings.until].into_iter().flatten() {
        if let Some(row) = rollup.rows().iter().find(|r| r.period.is_split_by(edge)) {
            let error = anyhow!(
                "{edge} lies inside the charge period {} to {} of a rollup",
                row.period.start,
                row.period.end
            );
            return Err(Failure::with_hint(
                error,
                "choose a boundary of a charge period, or roll up with a finer --grain",
            ));
        }
    }
    let keep = |row: &RollupRow| {
        let start = row.period.start;
        settings.since.is_none_or(|s| s <= start) && settings.until.is_none_or(|u| start < u)
    };
    builder.add_rollup(&rollup.filtered(keep))?;
    Ok(builder.finish())
}

/// Days of a zone that is not whole hours from UTC need quarters of an hour.
pub(crate) fn grain_of(calendar: &Calendar) -> Grain {
    let (Ok(from), Ok(until)) = (Timestamp::parse(FIRST_YEAR), Timestamp::parse(LAST_YEAR)) else {
        return Grain::Hour;
    };
    if calendar.aligns_with(Grain::Hour, from, until) { Grain::Hour } else { Grain::QuarterHour }
}

pub(crate) fn edges(book: &PriceBook, grain: Grain) -> Result<Edges, Failure> {
    let span = Period::new(Timestamp::parse(FIRST_YEAR)?, Timestamp::parse(LAST_YEAR)?)?;
    Ok(Edges { grain, context: book.context_edges(), times: book.time_edges(span) })
}

/// A rollup by the hour cannot be cut into days of a zone that is off by half an hour.
fn check_zone(rollup: &Rollup, calendar: &Calendar) -> Result<(), Failure> {
    let Some(span) = rollup.span() else {
        return Ok(());
    };
    let grain = rollup.edges().grain;
    if calendar.aligns_with(grain, span.start, span.end) {
        return Ok(());
    }
    let error =
        anyhow!("days of {} do not begin on charge periods of {}", calendar.name(), grain.name());
    Err(Failure::with_hint(error, "roll the logs up again with `--grain 15m`"))
}

struct Reading<'a> {
    builder: BoundedBuilder,
    settings: &'a InputSettings,
    outside: u64,
    failed: Option<anyhow::Error>,
}

impl Reading<'_> {
    fn add(&mut self, mut part: UsagePart) {
        let InputSettings { since, until, .. } = self.settings;
        if since.is_some() || until.is_some() {
            self.outside += part.leave_out(|sum| {
                let start = sum.record.time.start();
                since.is_none_or(|s| s <= start) && until.is_none_or(|u| start < u)
            });
        }
        if self.failed.is_none()
            && let Err(error) = self.builder.add_part(part)
        {
            self.failed = Some(error.into());
        }
    }
}

fn read_logs(
    logs: &[Input],
    within: &Edges,
    reading: &mut Reading<'_>,
    ui: &Ui,
) -> Result<source::ReadReport, Failure> {
    let progress = Progress::default();
    let sizes: Option<u64> = logs.iter().map(Input::size).sum();
    let options = reading.settings.options.clone();
    let result = ui.while_reading(sizes, &progress, || {
        source::read_sums(logs, &options, within, &progress, |part| reading.add(part))
    });
    if let Some(error) = reading.failed.take() {
        return Err(error.into());
    }
    Ok(result?)
}
