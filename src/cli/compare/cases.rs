//! From scenarios to cases that can be settled: forecasts, changes, contracts.

use super::load::Loaded;
use crate::cli::error::Failure;
use crate::cli::ingest::{Prices, Usage};
use crate::contract::{Contract, FxTable, TermKind};
use crate::diagnostic::{Diagnostics, SeverityPolicy};
use crate::period::{Period, Timestamp};
use crate::projection::{ProjectionOptions, UsagePaths, usage_paths};
use crate::scenario::change::{Change, Stated};
use crate::scenario::{
    self, Asked, Case, Changed, Ground, Outcome, ScenarioError, price_edges, reached,
};
use crate::settlement;

/// What a comparison is made of.
pub(in crate::cli) struct Comparison<'a> {
    pub(super) usage: &'a Usage,
    pub(super) prices: &'a Prices,
    pub(super) options: &'a ProjectionOptions,
    pub(super) scenarios: &'a [Loaded],
    pub(super) fx: &'a FxTable,
    pub(super) asked: Asked,
}

/// From the base to a scenario, one change at a time.
type Way<'c> = Vec<(String, Case<'c>)>;

/// The forecast as it is, and what scenarios came to.
pub(in crate::cli) struct Compared<'c, 'a> {
    pub(in crate::cli) usage: &'c UsagePaths,
    pub(in crate::cli) cases: &'c [Case<'a>],
    pub(in crate::cli) outcome: Outcome,
    pub(in crate::cli) found: Diagnostics,
}

impl Comparison<'_> {
    /// Compares, and passes on what came of it.
    pub(in crate::cli) fn run<R>(
        &self,
        then: impl FnOnce(Result<Compared<'_, '_>, Failure>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let (plain, forecasts, mut found) = match self.forecasts() {
            Ok(made) => made,
            Err(failure) => return then(Err(failure)),
        };
        let usages: Vec<&UsagePaths> =
            forecasts.iter().map(|own| own.as_ref().unwrap_or(&plain)).collect();
        let (cases, steps) = match self.cases(&usages, &mut found) {
            Ok(made) => made,
            Err(failure) => return then(Err(failure)),
        };
        let compared = scenario::compare(&cases, &steps, self.asked).map_err(Failure::from);
        then(compared.map(|outcome| {
            found.merge(outcome.diagnostics.clone());
            Compared { usage: &plain, cases: &cases, outcome, found }
        }))
    }

    /// The forecast as it is, those of scenarios that change its volume, and what was odd.
    fn forecasts(&self) -> Result<(UsagePaths, Vec<Option<UsagePaths>>, Diagnostics), Failure> {
        let plain = self.forecast(self.options)?;
        let mut found = plain.diagnostics.clone();
        // The same level and seed: what differs is the change alone.
        let pinned = ProjectionOptions { level: Some(plain.level), ..self.options.clone() };
        let mut forecasts = Vec::with_capacity(self.scenarios.len());
        for scenario in self.scenarios {
            let planned = with_volume(&pinned, &scenario.changes);
            forecasts.push(planned.map(|options| self.forecast(&options)).transpose()?);
        }
        for forecast in forecasts.iter().flatten() {
            found.merge(only_new(&forecast.diagnostics, &plain.diagnostics));
        }
        Ok((plain, forecasts, found))
    }

    /// Every scenario, and the ways from the base to it.
    fn cases<'c>(
        &'c self,
        usages: &[&'c UsagePaths],
        found: &mut Diagnostics,
    ) -> Result<(Vec<Case<'c>>, Vec<Way<'c>>), Failure> {
        let (mut cases, mut steps) = (Vec::new(), Vec::new());
        for (scenario, usage) in self.scenarios.iter().zip(usages) {
            cases.push(self.case(usage, scenario, found)?);
            steps.push(self.steps(usage, scenario)?);
        }
        // There is no way to the base, and none from one that is changed itself.
        if self.scenarios[self.asked.base].changes.is_empty() {
            steps[self.asked.base].clear();
        } else {
            steps.clear();
        }
        Ok((cases, steps))
    }

    fn ground(&self) -> Ground<'_> {
        Ground { book: &self.prices.book, known_at: self.prices.known_at, fx: self.fx }
    }

    fn forecast(&self, options: &ProjectionOptions) -> Result<UsagePaths, Failure> {
        let (rollup, book) = (&self.usage.rollup, &self.prices.book);
        Ok(usage_paths(rollup, book, options, &|window| self.edges(window))?)
    }

    /// A scenario with all of its changes.
    fn case<'c>(
        &'c self,
        usage: &'c UsagePaths,
        scenario: &'c Loaded,
        found: &mut Diagnostics,
    ) -> Result<Case<'c>, ScenarioError> {
        let calendar = &self.usage.calendar;
        let mut changed = Changed::new(self.ground(), usage, calendar, &scenario.name);
        for stated in &scenario.changes {
            changed.apply(stated, found)?;
        }
        let usage_after = (&changed.profiles[..], changed.columns);
        let (name, contracts) = (&scenario.name, &scenario.contracts);
        Ok(Case::new(name, self.ground(), usage, usage_after, contracts)?)
    }

    /// From the base to a scenario, one change at a time: volume, the other changes in their order,
    /// contracts.
    fn steps<'c>(
        &'c self,
        usage: &'c UsagePaths,
        scenario: &'c Loaded,
    ) -> Result<Vec<(String, Case<'c>)>, ScenarioError> {
        let calendar = &self.usage.calendar;
        let base: &[Contract] = &self.scenarios[self.asked.base].contracts;
        let name = &scenario.name;
        let mut changed = Changed::new(self.ground(), usage, calendar, name);
        let mut steps = Vec::new();
        let step = |label: String, changed: &Changed<'c>, contracts| {
            let usage_then = (&changed.profiles[..], changed.columns.clone());
            Ok::<_, ScenarioError>((
                label,
                Case::new(name, self.ground(), usage, usage_then, contracts)?,
            ))
        };
        let volume = scenario.changes.iter().filter(|stated| stated.change.is_volume());
        let volume: Vec<&str> = volume.map(|stated| stated.label.as_str()).collect();
        if !volume.is_empty() {
            steps.push(step(format!("volume: {}", volume.join(", ")), &changed, base)?);
        }
        for stated in scenario.changes.iter().filter(|stated| !stated.change.is_volume()) {
            changed.apply(stated, &mut Diagnostics::default())?;
            steps.push(step(stated.label.clone(), &changed, base)?);
        }
        if !scenario.contracts.is_empty() || !base.is_empty() {
            let ids: Vec<&str> = scenario.contracts.iter().map(|c| c.id.as_str()).collect();
            let ids = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
            steps.push(step(format!("contracts: {ids}"), &changed, &scenario.contracts)?);
        }
        Ok(steps)
    }

    /// Where usage is cut: wherever a term of any scenario changes, where a change begins, where prices
    /// of where usage goes change, and every day where capacity serves usage as it comes.
    fn edges(&self, window: Period) -> Vec<Timestamp> {
        let calendar = &self.usage.calendar;
        let by_minute =
            |kind: &TermKind| matches!(kind, TermKind::Capacity(_) | TermKind::ReservedSpend(_));
        let names = (calendar, &self.prices.book, window.start);
        let known = self.usage.rollup.profiles();
        let mut found = Vec::new();
        for scenario in self.scenarios {
            found.extend(settlement::edges(&scenario.contracts, window));
            let days = scenario.changes.iter().filter_map(|stated| stated.change.from());
            found.extend(days.map(|day| calendar.day_start(day)));
            let targets = reached(known, &scenario.changes, names);
            found.extend(price_edges(&targets[known.len()..], self.ground(), window, calendar));
            if scenario.contracts.iter().flat_map(|c| &c.terms).any(|term| by_minute(&term.kind)) {
                let days = calendar.date_of(window.start).iter_days();
                let starts = days.map(|day| calendar.day_start(day));
                found.extend(starts.take_while(|start| *start < window.end));
            }
        }
        found.retain(|edge| window.start <= *edge && *edge <= window.end);
        found
    }
}

/// Options with the changes of volume of a scenario; `None` without any.
fn with_volume(options: &ProjectionOptions, changes: &[Stated]) -> Option<ProjectionOptions> {
    let mut planned = options.clone();
    for stated in changes {
        match &stated.change {
            Change::Event(event) => planned.events.push(event.clone()),
            Change::Growth(growth) => planned.growth.push(growth.clone()),
            Change::Launch(launch) => planned.launches.push(launch.clone()),
            _ => {}
        }
    }
    changes.iter().any(|stated| stated.change.is_volume()).then_some(planned)
}

/// Findings that another forecast did not have.
fn only_new(found: &Diagnostics, known: &Diagnostics) -> Diagnostics {
    let policy = SeverityPolicy::default();
    let known = known.resolve(&policy);
    let mut new = Diagnostics::default();
    for finding in found.resolve(&policy).into_iter().filter(|finding| !known.contains(finding)) {
        new.add_many(finding.code, finding.message, finding.location, finding.count);
    }
    new
}
