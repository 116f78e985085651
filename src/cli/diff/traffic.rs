//! How often prompt files are sent, and for which models: a usage log, a map, or a number.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use chrono::NaiveDate;
use clap::Args;

use crate::budget::BudgetScope;
use crate::cli::args::{IncludesCache, InputArgs};
use crate::cli::error::Failure;
use crate::cli::ingest::{self, Asked, GrainAsked, Prices, Usage};
use crate::cli::ui::Ui;
use crate::counting::share_of;
use crate::diagnostic::{Diagnostics, code};
use crate::money::Factor;
use crate::period::Timestamp;
use crate::prompt_diff::{PromptMap, Row, monthly, seen};
use crate::report::prompt_diff::TrafficFacts;

/// Fewer days are little to make a month of.
const FEW_DAYS: u64 = 14;

/// How often prompts are sent.
#[derive(Debug, Args)]
#[command(next_help_heading = "Traffic")]
pub(super) struct TrafficArgs {
    /// A usage log or rollup whose requests are the traffic; a folder or pattern, too. May be given
    /// several times. Without --map each of its requests contains every prompt file.
    #[arg(long, value_name = "FILE")]
    traffic: Vec<String>,
    /// Which prompt file belongs to which usage and to which models: tokencast.prompts.v1
    /// (`tokencast init prompts` writes one).
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Requests a month of every prompt file for which the map states none.
    #[arg(long, value_name = "N", conflicts_with = "traffic")]
    requests: Option<u64>,
    /// Only traffic from this date or instant on.
    #[arg(long, value_name = "TIME", requires = "traffic")]
    since: Option<String>,
    /// Only traffic before this date or instant.
    #[arg(long, value_name = "TIME", requires = "traffic")]
    until: Option<String>,
    /// Time zone of the days of the traffic, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", requires = "traffic")]
    timezone: Option<String>,
}

/// What is known of the traffic.
#[derive(Debug)]
pub(super) struct Traffic {
    map: PromptMap,
    /// Requests a month of each row.
    rows: Vec<Option<u64>>,
    /// Of files that no row is for, or that a row states nothing of.
    others: Option<u64>,
    /// Something says how often prompts are sent.
    pub(super) is_given: bool,
    pub(super) facts: Option<TrafficFacts>,
    pub(super) found: Diagnostics,
}

/// What a model has of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// Requests a month, where known.
    pub(super) requests: Option<u64>,
}

impl TrafficArgs {
    /// The rows of the map.
    pub(super) fn map(&self) -> Result<PromptMap, Failure> {
        let Some(path) = &self.map else { return Ok(PromptMap::default()) };
        let failed = || format!("failed to read map `{}`", path.display());
        let text = std::fs::read_to_string(path).with_context(failed)?;
        PromptMap::read(&path.display().to_string(), &text).map_err(|errors| {
            let error = anyhow!("{errors}").context("the map of prompts has errors");
            Failure::with_hint(error, "`tokencast init prompts` shows every key")
        })
    }

    /// Reads the traffic of a map.
    pub(super) fn load(
        &self,
        map: PromptMap,
        prices: &Prices,
        ui: &Ui,
    ) -> Result<Traffic, Failure> {
        let is_stated =
            self.requests.is_some() || map.rows.iter().any(|row| row.requests.is_some());
        let mut traffic = Traffic {
            rows: map.rows.iter().map(stated).collect(),
            map,
            others: self.requests,
            is_given: is_stated || !self.traffic.is_empty(),
            facts: None,
            found: Diagnostics::default(),
        };
        if self.traffic.is_empty() {
            for (row, requests) in traffic.map.rows.iter().zip(&mut traffic.rows) {
                *requests = requests.or(self.requests.map(|all| share_of(all, row.share)));
            }
            return Ok(traffic);
        }
        let scopes = traffic.map.rows.iter().flat_map(|row| row.scope.conditions());
        let kept: Vec<_> = scopes.map(|(dimension, _)| dimension.clone()).collect();
        let kept = ingest::dimensions(&kept);
        let asked = Asked { dimensions: &kept, grain: GrainAsked::Usual, out: None };
        let usage = ingest::read_usage(&self.input(), prices, asked, ui)?;
        traffic.add(&usage, self.map.is_some());
        Ok(traffic)
    }

    fn input(&self) -> InputArgs {
        InputArgs {
            inputs: self.traffic.clone(),
            format_in: None,
            map: Vec::new(),
            input_includes_cache: IncludesCache::default(),
            provider: None,
            labels: None,
            hash_labels: None,
            hash_key_file: None,
            since: self.since.clone(),
            until: self.until.clone(),
            timezone: self.timezone.clone(),
            threads: 0,
        }
    }
}

/// The requests that a row states.
fn stated(row: &Row) -> Option<u64> {
    row.requests.map(|requests| share_of(requests, row.share))
}

impl Traffic {
    /// Takes the requests of usage.
    fn add(&mut self, usage: &Usage, has_map: bool) {
        self.found.merge(usage.found.clone());
        let Some((from, until, days)) = days_of(usage) else { return };
        if days < FEW_DAYS {
            let message =
                format!("the traffic is that of {days} days: a month of it says little of others");
            self.found.add(code::SHORT_HISTORY, message, None);
        }
        self.facts = Some(TrafficFacts { inputs: usage.facts.clone(), from, until, days });
        for (row, requests) in self.map.rows.iter().zip(&mut self.rows) {
            if requests.is_some() {
                continue;
            }
            let used = seen(&usage.rollup, &row.scope, &usage.calendar);
            let place = Some(row.place.location());
            if used.records == 0 {
                let message = format!("no usage has {}", row.scope);
                self.found.add(code::TRAFFIC_UNKNOWN, message, place);
            } else if used.uncounted > 0 {
                self.found.add(code::TRAFFIC_UNKNOWN, uncounted(used.uncounted), place);
            } else {
                *requests = Some(monthly(used.requests, days, row.share));
            }
        }
        if !has_map {
            let all = seen(&usage.rollup, &BudgetScope::default(), &usage.calendar);
            if all.uncounted > 0 {
                self.found.add(code::TRAFFIC_UNKNOWN, uncounted(all.uncounted), None);
            } else {
                self.others = Some(monthly(all.requests, days, Factor::ONE));
            }
        }
    }

    /// Models that rows name.
    pub(super) fn models(&self) -> impl Iterator<Item = &String> {
        self.map.rows.iter().flat_map(|row| &row.models)
    }

    /// What a model, which `--model` names or not, has of a file; `None`: the file is not for it.
    pub(super) fn of(&self, path: &str, model: &str, is_asked: bool) -> Option<Share> {
        let mut rows = self.map.rows.iter().zip(&self.rows).filter(|(row, _)| row.is_for(path));
        let fits = |row: &Row| match &row.models[..] {
            [] => is_asked,
            names => names.iter().any(|name| name == model),
        };
        let mut is_known = false;
        let own = rows.find(|(row, _)| {
            is_known = true;
            fits(row)
        });
        match own {
            Some((_, requests)) => Some(Share { requests: *requests }),
            None if is_known || !is_asked => None,
            None => Some(Share { requests: self.others }),
        }
    }

    /// Notes files that no row is for, though there are rows.
    pub(super) fn note_unmapped<'p>(&mut self, paths: impl Iterator<Item = &'p str>) {
        if !self.is_given || self.map.rows.is_empty() || self.others.is_some() {
            return;
        }
        for path in paths.filter(|path| self.map.of(path).next().is_none()) {
            let message = format!("no row of the map is for `{path}`");
            self.found.add(code::TRAFFIC_UNKNOWN, message, None);
        }
    }
}

fn uncounted(records: u64) -> String {
    format!("{records} records of usage do not say how many requests they are")
}

/// The whole days of usage: first, last, and how many.
fn days_of(usage: &Usage) -> Option<(NaiveDate, NaiveDate, u64)> {
    let span = usage.rollup.span()?;
    let start = usage.since.unwrap_or(span.start);
    let end = usage.until.unwrap_or(span.end);
    let before = Timestamp::from_nanos(end.nanos() - 1);
    let (first, last) = (usage.calendar.date_of(start), usage.calendar.date_of(before));
    let days = u64::try_from((last - first).num_days() + 1).ok()?;
    Some((first, last, days))
}
