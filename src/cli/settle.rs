//! `tokencast cost --contract`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use super::args::{InputArgs, SettleArgs};
use super::cost::CostArgs;
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::ingest::{self, Asked, GrainAsked, Prices, Usage};
use super::settings::Environment;
use super::ui::Ui;
use crate::contract::terms::{Pool, TermKind};
use crate::contract::{Contract, FxSource, FxTable, Scope, read_fx};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::period::{Grain, Month, Period, Timestamp, next_day};
use crate::rating::group::Dimension;
use crate::rating::summary;
use crate::report::settlement::{Settled, SettlementReport};
use crate::rollup::Rollup;
use crate::settlement::{RatedRollup, Settlement};
use crate::source::Input;

/// Contracts, loaded.
#[derive(Debug)]
struct Agreed {
    contracts: Vec<Contract>,
    fx: FxTable,
    found: Diagnostics,
}

/// Settles usage by contracts and prints the result.
pub(super) fn run(
    args: &CostArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let ground = Ground::read(args, environment, ui)?;
    let made = ground.make(args, false, ui)?;
    let (report, denied) = (&made.report, made.denied);
    let (head, notes) = report.sentences();
    let grids = report.grids(args.contracts.lines);
    let printed = Printed { head: &head, grids, notes: &notes, csv: report.csv_grid() };
    let page = || Ok(report.page()?);
    finish::print_with_page(report, printed, page, &args.output, denied, ui)?;
    Ok(finish::status(denied, made.undecided, ui))
}

/// What is settled, read.
pub(super) struct Ground {
    pub(super) usage: Usage,
    pub(super) prices: Prices,
    pub(super) contracts: Vec<Contract>,
    pub(super) dimensions: Vec<Dimension>,
    fx: FxTable,
    found: Diagnostics,
}

/// A report of costs under contracts, and what it was made from.
pub(super) struct Made<'g> {
    pub(super) report: SettlementReport,
    pub(super) rated: RatedRollup<'g>,
    pub(super) settlement: Settlement,
    pub(super) findings: Vec<Diagnostic>,
    /// A finding makes the command fail.
    pub(super) denied: bool,
    pub(super) undecided: Option<Undecided>,
}

impl Ground {
    /// Reads prices, contracts and usage.
    pub(super) fn read(
        args: &CostArgs,
        environment: &Environment,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let dimensions = ingest::dimensions(&args.group_by);
        refuse_fine_dimensions(&dimensions)?;
        let prices = Prices::load(&args.prices, environment)?;
        let agreed = load(&args.contracts, args.output.out.as_deref())?;
        let kept = with_labels_of(&agreed.contracts, &dimensions);
        let grain = GrainAsked::AtMost(grain_of(&agreed.contracts));
        let asked = Asked { dimensions: &kept, grain, out: args.output.out.as_deref() };
        let usage =
            ingest::read_usage(&in_zone_of(&args.input, &agreed.contracts), &prices, asked, ui)?;
        let Agreed { contracts, fx, found } = agreed;
        Ok(Self { usage, prices, contracts, dimensions, fx, found })
    }

    /// Settles it and says what was odd.
    pub(super) fn make(
        &self,
        args: &CostArgs,
        in_steps: bool,
        ui: &Ui,
    ) -> Result<Made<'_>, Failure> {
        let policy = finish::policy(&args.findings)?;
        let Self { usage, prices, contracts, .. } = self;
        let rated = RatedRollup::new(&usage.rollup, &prices.book, prices.known_at, contracts)?;
        let settlement = match window(usage, contracts) {
            Some(window) if in_steps => rated.settle_in_steps(&self.fx, window)?,
            Some(window) => rated.settle(&self.fx, window)?,
            None => Settlement::default(),
        };
        let mut found = usage.found.clone();
        found.merge(prices.found.clone());
        found.merge(self.found.clone());
        found.merge(price_findings(&rated, usage, prices, args.stale.stale_days)?);
        found.merge(settlement.diagnostics.clone());
        let (findings, denied) = finish::resolve(&found, &policy);
        ui.findings(&findings);
        let settled = Settled {
            settlement: &settlement,
            contracts,
            profiles: usage.rollup.profiles(),
            dimensions: &self.dimensions,
            calendar: &usage.calendar,
            window_assumed: usage.since.is_none(),
        };
        let (facts, odd) = (usage.facts.clone(), findings.clone());
        let report = SettlementReport::new(settled, facts, odd, prices.facts())?;
        let undecided = if usage.facts.records == 0 {
            Some(Undecided::NoUsage)
        } else {
            report.is_without_prices().then_some(Undecided::NothingPriced)
        };
        Ok(Made { report, rated, settlement, findings, denied, undecided })
    }
}

/// Terms are settled by billing period, and by all components of a profile together.
fn refuse_fine_dimensions(dimensions: &[Dimension]) -> Result<(), Failure> {
    let fine = [Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Component];
    match dimensions.iter().find(|dimension| fine.contains(dimension)) {
        Some(dimension) => Err(Failure::with_hint(
            anyhow!(
                "--group-by {dimension} cannot be used with --contract: terms are settled by billing period, for whole requests"
            ),
            "group by month, provider, model or a label; without --contract every dimension can be used",
        )),
        None => Ok(()),
    }
}

fn load(args: &SettleArgs, out: Option<&Path>) -> Result<Agreed, Failure> {
    let paths = super::contract::paths(&args.contract)?;
    let files = paths.iter().chain(&args.fx).cloned().map(Input::File);
    ingest::refuse_output_among_inputs(&files.collect::<Vec<_>>(), out)?;
    let (contracts, found) = super::contract::load(&paths)?;
    Ok(Agreed { contracts, fx: rates(&args.fx)?, found })
}

pub(super) fn rates(paths: &[PathBuf]) -> Result<FxTable, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let failed = || format!("failed to read exchange rates `{name}`");
        let text = std::fs::read_to_string(path).with_context(failed)?;
        sources.push(FxSource { name, text });
    }
    read_fx(&sources).map_err(|errors| {
        Failure::with_hint(
            anyhow!("{errors}").context("exchange rates have errors"),
            "correct the lines named above; each rate has `date`, `from`, `to` and `rate`",
        )
    })
}

/// Days are those of the contract that is applied first, unless another time zone is stated: a window
/// that begins hours after its first day would leave out what falls due then.
pub(super) fn in_zone_of(args: &InputArgs, contracts: &[Contract]) -> InputArgs {
    let first = contracts.first().map(|contract| contract.calendar.name().to_owned());
    InputArgs { timezone: args.timezone.clone().or(first), ..args.clone() }
}

/// Labels that contracts ask for are kept, whatever else is.
pub(super) fn with_labels_of(contracts: &[Contract], dimensions: &[Dimension]) -> Vec<Dimension> {
    let mut names = Vec::new();
    for contract in contracts {
        let scoped =
            |scope: &Scope| scope.labels.keys().map(ToString::to_string).collect::<Vec<_>>();
        names.extend(scoped(&contract.scope));
        for term in &contract.terms {
            names.extend(scoped(&term.scope));
            match &term.kind {
                TermKind::Seats(seats) => {
                    if let Some(Pool::BySeat(label)) = seats.included.as_ref().map(|i| &i.pool) {
                        names.push(label.to_string());
                    }
                }
                TermKind::SpendCommitment(commitment) => {
                    names.extend(commitment.eligible.iter().flat_map(|rule| scoped(&rule.scope)));
                }
                _ => {}
            }
        }
    }
    let labels = names.into_iter().map(Dimension::Label);
    ingest::dimensions(&dimensions.iter().cloned().chain(labels).collect::<Vec<_>>())
}

/// Capacity helps only in its minute; other terms begin on days of their contract's time zone.
fn grain_of(contracts: &[Contract]) -> Grain {
    let needed = |contract: &Contract| {
        let by_minute =
            |kind: &TermKind| matches!(kind, TermKind::Capacity(_) | TermKind::ReservedSpend(_));
        if contract.terms.iter().any(|term| by_minute(&term.kind)) {
            Grain::Minute
        } else {
            ingest::grain_of(&contract.calendar)
        }
    };
    contracts.iter().map(needed).min().unwrap_or(Grain::Hour)
}

/// What is settled: as asked, otherwise from the first day of the month of the first usage to the
/// end of the last day with usage, as the contract that is applied first counts days.
fn window(usage: &Usage, contracts: &[Contract]) -> Option<Period> {
    let calendar = contracts.first().map_or(usage.calendar, |contract| contract.calendar);
    let span = usage.rollup.span();
    let month = |at| calendar.day_start(Month::of(calendar.date_of(at)).first_day());
    let evening = |end: Timestamp| {
        let last = Timestamp::from_nanos(end.nanos().saturating_sub(1));
        calendar.day_start(next_day(calendar.date_of(last)))
    };
    let start = usage.since.or_else(|| span.map(|span| month(span.start)))?;
    let end = usage.until.or_else(|| span.map(|span| evening(span.end)))?;
    Period::new(start, end).ok()
}

/// What is odd about the prices of usage that is invoiced by token.
fn price_findings(
    rated: &RatedRollup<'_>,
    usage: &Usage,
    prices: &Prices,
    stale_days: u32,
) -> Result<Diagnostics, Failure> {
    let served = rated.served_by_capacity();
    let summarised = |rollup: &Rollup| {
        let (book, known_at) = (&prices.book, prices.known_at);
        summary::summarise_checked(rollup, book, known_at, &[], &usage.calendar, stale_days)
    };
    let summary = if served.contains(&true) {
        summarised(&usage.rollup.filtered(|row| !served[row.profile as usize]))?
    } else {
        summarised(&usage.rollup)?
    };
    Ok(summary.diagnostics)
}
