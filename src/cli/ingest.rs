//! What every command on usage does first: price books, inputs, rollup.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow};

use super::args::{FindingArgs, InputArgs, OutputArgs, OutputFormat, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::settings::{self, Environment, InputSettings};
use super::ui::Ui;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, SeverityPolicy, code};
use crate::period::{Calendar, Grain, Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::group::Dimension;
use crate::rating::summary::Totals;
use crate::report::{Grid, InputFacts, PriceBookFacts, Style};
use crate::rollup::{Edges, Rollup, RollupBuilder, parquet};
use crate::source::{self, Input, Progress, inputs};
use crate::usage::UsageRecord;

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
}

/// Reads all inputs into one rollup, cut for the books and the time zone.
pub(crate) fn read_usage(
    args: &InputArgs,
    prices: &Prices,
    dimensions: &[Dimension],
    grain: Option<Grain>,
    ui: &Ui,
) -> Result<Usage, Failure> {
    let settings = settings::input_settings(args, dimensions)?;
    let found = inputs::expand(&args.inputs)?;
    let is_rollup = |i: &Input| matches!(i, Input::File(path) if settings.options.mapping.is_none() && parquet::is_rollup(path));
    let (rollups, logs): (Vec<Input>, Vec<Input>) = found.into_iter().partition(is_rollup);
    let rollups = read_rollups(&rollups)?;
    let edges = match rollups.first() {
        Some((_, first)) => first.edges().clone(),
        None => edges(&prices.book, grain.unwrap_or(grain_of(&settings.calendar)))?,
    };
    let mut reading = Reading {
        builder: RollupBuilder::new(edges),
        settings: &settings,
        outside: 0,
        failed: None,
    };
    let mut facts =
        InputFacts { files: u64::try_from(rollups.len()).unwrap_or(0), ..InputFacts::default() };
    for (name, rollup) in &rollups {
        let kept = within(rollup, &settings)?;
        facts.outside += rollup.rows().iter().map(|r| r.records).sum::<u64>()
            - kept.rows().iter().map(|r| r.records).sum::<u64>();
        reading
            .builder
            .add_rollup(&kept)
            .with_context(|| format!("failed to add rollup `{name}`"))?;
    }
    let report = read_logs(&logs, &mut reading, ui)?;
    facts.files += report.files;
    facts.skipped = report.skipped;
    facts.duplicates = reading.builder.duplicates();
    facts.outside += reading.outside;
    let rollup = reading.builder.finish();
    facts.records = rollup.rows().iter().map(|r| r.records).sum();
    let mut diagnostics = report.diagnostics;
    if facts.duplicates > 0 {
        let message = "records seen before, by the id of their request";
        diagnostics.add_many(code::DUPLICATE_RECORD, message, None, facts.duplicates);
    }
    if facts.records == 0 {
        diagnostics.add(code::NO_RECORDS, "no usage was found in any input", None);
    }
    check_zone(&rollup, &settings.calendar)?;
    Ok(Usage { rollup, facts, found: diagnostics, calendar: settings.calendar })
}

fn read_rollups(inputs: &[Input]) -> Result<Vec<(String, Rollup)>, Failure> {
    let mut rollups = Vec::new();
    for input in inputs {
        if let Input::File(path) = input {
            let rollup = parquet::read(path)
                .with_context(|| format!("failed to read rollup `{}`", path.display()))?;
            rollups.push((input.name(), rollup));
        }
    }
    Ok(rollups)
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
    let keep = |p: Period| {
        settings.since.is_none_or(|s| s <= p.start) && settings.until.is_none_or(|u| p.start < u)
    };
    builder.add_rollup(&rollup.filtered(keep))?;
    Ok(builder.finish())
}

/// Days of a zone that is not whole hours from UTC need quarters of an hour.
fn grain_of(calendar: &Calendar) -> Grain {
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
    builder: RollupBuilder,
    settings: &'a InputSettings,
    outside: u64,
    failed: Option<anyhow::Error>,
}

impl Reading<'_> {
    fn add(&mut self, record: UsageRecord) {
        let start = record.time.start();
        let inside = self.settings.since.is_none_or(|s| s <= start)
            && self.settings.until.is_none_or(|u| start < u);
        if !inside {
            self.outside += 1;
        } else if self.failed.is_none()
            && let Err(error) = self.builder.add(record)
        {
            self.failed = Some(error.into());
        }
    }
}

fn read_logs(
    logs: &[Input],
    reading: &mut Reading<'_>,
    ui: &Ui,
) -> Result<source::ReadReport, Failure> {
    let progress = Progress::default();
    let sizes: Option<u64> = logs.iter().map(Input::size).sum();
    let bar = ui.bytes_bar(sizes);
    let finished = AtomicBool::new(false);
    let options = reading.settings.options.clone();
    let result = std::thread::scope(|scope| {
        if !bar.is_hidden() {
            scope.spawn(|| {
                while !finished.load(Ordering::Relaxed) {
                    bar.set_position(progress.bytes());
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
        }
        let result = source::read_all(logs, &options, &progress, |record| reading.add(record));
        finished.store(true, Ordering::Relaxed);
        result
    });
    bar.finish_and_clear();
    if let Some(error) = reading.failed.take() {
        return Err(error.into());
    }
    Ok(result?)
}

/// Findings with their severities, and whether one of them makes the command fail.
pub(crate) fn resolve(found: &Diagnostics, policy: &SeverityPolicy) -> (Vec<Diagnostic>, bool) {
    let resolved = found.resolve(policy);
    let denied = resolved.iter().any(|d| d.severity == Severity::Deny);
    (resolved, denied)
}

pub(crate) fn policy(args: &FindingArgs) -> Result<SeverityPolicy, Failure> {
    Ok(settings::severity_policy(args)?)
}

/// Why there is nothing to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// No record.
    NoUsage,
    /// Records, and no price for any of them.
    NothingPriced,
}

/// What a command ends with: denied findings fail, nothing to judge by is undecided and said so.
pub(crate) fn status(denied: bool, undecided: Option<Undecided>, ui: &Ui) -> ExitStatus {
    let (text, hint) = match undecided {
        _ if denied => return ExitStatus::Error,
        None => return ExitStatus::Ok,
        Some(Undecided::NoUsage) => (
            "undecided: no usage was found",
            "check the paths and --since/--until; --map reads tables and logs of unknown formats",
        ),
        Some(Undecided::NothingPriced) => (
            "undecided: usage was found, but no price for any of it",
            "`tokencast prices list TEXT` finds models; --prices adds a book of your own",
        ),
    };
    ui.error(text, Some(hint));
    ExitStatus::Undecided
}

/// Whether there is something to judge by.
pub(crate) fn undecided(records: u64, totals: &Totals) -> Option<Undecided> {
    let all = &totals.components;
    if records == 0 {
        Some(Undecided::NoUsage)
    } else if !all.is_empty() && totals.unpriced.components == *all {
        Some(Undecided::NothingPriced)
    } else {
        None
    }
}

/// The pieces of a report in the form asked for.
pub(crate) struct Printed<'a> {
    pub(crate) head: &'a str,
    pub(crate) grids: Vec<Grid>,
    pub(crate) notes: &'a [String],
    pub(crate) csv: Grid,
}

/// Prints a report: JSON as it is, CSV exact, tables with their lines around them.
pub(crate) fn print<T: serde::Serialize>(
    report: &T,
    printed: Printed<'_>,
    output: &OutputArgs,
    ui: &Ui,
) -> Result<(), Failure> {
    let text = match output.output {
        OutputFormat::Json => {
            let mut text = serde_json::to_string_pretty(report)?;
            text.push('\n');
            text
        }
        OutputFormat::Csv => printed.csv.render(Style::Csv)?,
        OutputFormat::Table => framed(&printed, Style::Terminal { width: ui.width() }, "")?,
        OutputFormat::Markdown => framed(&printed, Style::Markdown, "- ")?,
    };
    Ok(ui.data(&text, output.out.as_deref())?)
}

fn framed(printed: &Printed<'_>, style: Style, bullet: &str) -> Result<String, Failure> {
    let mut text = format!("{}\n\n", printed.head);
    for grid in &printed.grids {
        text.push_str(&grid.render(style)?);
        text.push('\n');
    }
    for note in printed.notes {
        text.push_str(&format!("{bullet}{note}\n"));
    }
    Ok(text)
}
