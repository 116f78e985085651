//! From scenarios to their comparison: forecasts, changes, contracts.

use super::load::Loaded;
use super::way::Way;
use crate::cli::error::Failure;
use crate::cli::ingest::{Prices, Usage};
use crate::contract::{FxTable, TermKind};
use crate::diagnostic::{Diagnostics, SeverityPolicy};
use crate::period::{Period, Timestamp};
use crate::price_book::TokenRatios;
use crate::projection::{ProjectionOptions, UsagePaths, usage_paths, usage_paths_under};
use crate::scenario::change::{Change, Stated};
use crate::scenario::{
    self, Asked, Assumed, Band, Case, Changed, Exit, Fallback, Ground, Outcome, ScenarioError,
    Step, price_edges, reached,
};
use crate::settlement;

/// What a comparison is made of.
pub(in crate::cli) struct Comparison<'a> {
    pub(super) usage: &'a Usage,
    pub(super) prices: &'a Prices,
    pub(super) options: &'a ProjectionOptions,
    pub(super) scenarios: &'a [Loaded],
    pub(super) fallbacks: &'a [Fallback],
    pub(super) tokenizers: &'a TokenRatios,
    pub(super) fx: &'a FxTable,
    pub(super) asked: Asked,
}

/// The forecast as it is, and what scenarios came to.
pub(in crate::cli) struct Compared<'c, 'a> {
    pub(in crate::cli) usage: &'c UsagePaths,
    pub(in crate::cli) cases: &'c [Case<'a>],
    pub(in crate::cli) outcome: Outcome,
    /// By scenario.
    pub(in crate::cli) assumed: Vec<Assumed>,
    pub(in crate::cli) found: Diagnostics,
}

/// Every scenario made ready.
struct Ready<'c> {
    cases: Vec<Case<'c>>,
    /// From the base to each, one change at a time.
    steps: Vec<Vec<Step<'c>>>,
    /// Each without its providers.
    exits: Vec<Vec<Exit<'c>>>,
    assumed: Vec<Assumed>,
}

impl<'a> Comparison<'a> {
    /// One scenario that is compared with nothing.
    pub(in crate::cli) fn alone(
        (usage, prices): (&'a Usage, &'a Prices),
        options: &'a ProjectionOptions,
        scenario: &'a Loaded,
        tokenizers: &'a TokenRatios,
        fx: &'a FxTable,
    ) -> Self {
        let (scenarios, fallbacks) = (std::slice::from_ref(scenario), &[][..]);
        let asked = Asked::default();
        Self { usage, prices, options, scenarios, fallbacks, tokenizers, fx, asked }
    }

    /// The usage of the scenario that stands alone, and rates for it. Parts of past usage have no prices yet.
    pub(in crate::cli) fn changed(
        &'a self,
        usage: &'a UsagePaths,
        is_past: bool,
        found: &mut Diagnostics,
    ) -> Result<(Changed<'a>, Ground<'a>), ScenarioError> {
        let way = Way { comparison: self, usage, scenario: &self.scenarios[0] };
        let mut start = way.start();
        if is_past {
            start.reprice()?;
        }
        Ok((way.changed_from(start, found)?, self.ground(way.rates())))
    }

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
        let Ready { cases, steps, exits, assumed } = match self.ready(&usages, &mut found) {
            Ok(made) => made,
            Err(failure) => return then(Err(failure)),
        };
        let compared = scenario::compare(&cases, &steps, &exits, self.asked).map_err(Failure::from);
        then(compared.map(|outcome| {
            found.merge(outcome.diagnostics.clone());
            Compared { usage: &plain, cases: &cases, outcome, assumed, found }
        }))
    }

    /// The forecast as it is, those of scenarios that change its volume, and what was odd.
    fn forecasts(&self) -> Result<(UsagePaths, Vec<Option<UsagePaths>>, Diagnostics), Failure> {
        let planned: Vec<Option<ProjectionOptions>> =
            self.scenarios.iter().map(|s| with_volume(self.options, &s.changes)).collect();
        let plans: Vec<ProjectionOptions> = planned.iter().flatten().cloned().collect();
        // The same level and draws: what differs is the change alone.
        let (plain, under) = usage_paths_under(
            &self.usage.rollup,
            &self.prices.book,
            (self.options, &plans),
            &|window| self.edges(window),
        )?;
        let mut under = under.into_iter();
        let forecasts: Vec<Option<UsagePaths>> =
            planned.iter().map(|plan| plan.as_ref().and_then(|_| under.next())).collect();
        let mut found = plain.diagnostics.clone();
        for forecast in forecasts.iter().flatten() {
            found.merge(only_new(&forecast.diagnostics, &plain.diagnostics));
        }
        Ok((plain, forecasts, found))
    }

    fn ready<'c>(
        &'c self,
        usages: &[&'c UsagePaths],
        found: &mut Diagnostics,
    ) -> Result<Ready<'c>, Failure> {
        let mut ready =
            Ready { cases: Vec::new(), steps: Vec::new(), exits: Vec::new(), assumed: Vec::new() };
        for (scenario, usage) in self.scenarios.iter().zip(usages) {
            let way = Way { comparison: self, usage, scenario };
            way.note_idle_rates(found);
            let changed = way.changed(Band::Middle, found)?;
            ready.exits.push(way.exits(&changed, found)?);
            let case = way.case(&changed)?;
            ready.assumed.push(way.assumed(&changed, &case)?);
            ready.cases.push(case);
            ready.steps.push(way.steps()?);
        }
        // There is no way to the base, and none from one that is changed itself.
        if self.scenarios[self.asked.base].changes.is_empty() {
            ready.steps[self.asked.base].clear();
        } else {
            ready.steps.clear();
        }
        Ok(ready)
    }

    pub(super) fn ground(&self, fx: &'a FxTable) -> Ground<'a> {
        Ground { book: &self.prices.book, known_at: self.prices.known_at, fx }
    }

    pub(in crate::cli) fn forecast(
        &self,
        options: &ProjectionOptions,
    ) -> Result<UsagePaths, Failure> {
        let (rollup, book) = (&self.usage.rollup, &self.prices.book);
        Ok(usage_paths(rollup, book, options, &|window| self.edges(window))?)
    }

    /// Where usage is cut: wherever a term of any scenario changes, where a change begins, where prices
    /// of where usage goes change, and every day where capacity serves usage as it comes.
    fn edges(&self, window: Period) -> Vec<Timestamp> {
        let calendar = &self.usage.calendar;
        let by_minute =
            |kind: &TermKind| matches!(kind, TermKind::Capacity(_) | TermKind::ReservedSpend(_));
        let names = (calendar, &self.prices.book, window.start);
        let known = self.usage.rollup.profiles();
        let fallbacks: Vec<Stated> = self.fallbacks.iter().map(|f| f.stated.clone()).collect();
        let mut found = Vec::new();
        for scenario in self.scenarios {
            found.extend(settlement::edges(&scenario.contracts, window));
            for (_, contracts) in &scenario.billed {
                found.extend(settlement::edges(contracts, window));
            }
            let days = scenario.changes.iter().filter_map(|stated| stated.change.from());
            found.extend(days.map(|day| calendar.day_start(day)));
            let targets = reached(known, &scenario.changes, names);
            let targets = reached(&targets, &fallbacks, names);
            let ground = self.ground(self.fx);
            found.extend(price_edges(&targets[known.len()..], ground, window, calendar));
            if scenario.all_contracts().flat_map(|c| &c.terms).any(|term| by_minute(&term.kind)) {
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
pub(in crate::cli) fn with_volume(
    options: &ProjectionOptions,
    changes: &[Stated],
) -> Option<ProjectionOptions> {
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
