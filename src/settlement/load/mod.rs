//! Load: terms that pay for usage minute by minute, and only in the minute they are for.
//!
//! Rows come sorted by time. Each term in the order of precedence serves what it has room for; what
//! it has no room for goes on to the next one that is about it, and in the end is invoiced by
//! token. One minute of rows is kept at a time: an hour where spend is reserved by the hour, and
//! what waits in a queue.
//!
//! Capacity is counted in whole numbers of a common unit, so that a load of exactly the capacity is
//! served. Shares of usage are rounded half-even: quantities at the millionth of a token, money at
//! its 18th place, each so that the parts add up to the whole.

mod batch;
mod gauge;
mod grains;
mod spread;
mod stage;
mod steps;
mod tally;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use self::batch::{LoadPart, MILLION};
pub(crate) use self::gauge::{BySide, place};
pub(crate) use self::tally::LoadUse;

use self::batch::{Batch, Flow, tokens};
use self::stage::{Stage, emit};
use self::steps::{MINUTE_NANOS, minute_of};
use super::{TermRef, UsageProfile};
use crate::contract::Contract;
use crate::contract::terms::{Term, TermKind};
use crate::diagnostic::Diagnostics;
use crate::money::{Amount, MoneyError};
use crate::period::{Period, Timestamp};
use crate::tokens::Component;

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum LoadError {
    /// A count of load needs more than 128 bits.
    #[error("load of `{term}` of contract `{contract}` is too large to count exactly")]
    TooLarge {
        /// The contract.
        contract: String,
        /// The term.
        term: String,
    },
    /// A sum of costs does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl LoadError {
    fn too_large(contract: &Contract, term: &Term) -> Self {
        Self::TooLarge { contract: contract.id.to_string(), term: term.id.to_string() }
    }
}

/// The usage of one charge period and profile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadRow {
    /// When.
    pub(crate) period: Period,
    /// Number of the profile.
    pub(crate) profile: u32,
    /// Requests; 0 where the logs do not say.
    pub(crate) requests: u64,
}

/// One component of a row with its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PricedPart {
    /// What was used.
    pub(crate) component: Component,
    /// How many units.
    pub(crate) quantity: u64,
    /// At list; `None`: no price.
    pub(crate) list: Option<Amount>,
    /// After unit-price terms; `None`: no price.
    pub(crate) contracted: Option<Amount>,
}

/// What happened to usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A term served it: it is not invoiced by token.
    Served(TermRef),
    /// It is invoiced by token. Its parts say which term had no room for them.
    Invoiced,
    /// Nobody served it, as a term wants: it is not invoiced.
    Stopped(TermRef),
}

/// Some usage of one profile with what happened to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portion<'a> {
    /// What happened.
    pub(crate) fate: Fate,
    /// The profile.
    pub(crate) profile: u32,
    /// The stretch of time in which it arrived, from the edge of this number to the next.
    pub(crate) segment: usize,
    /// Millionths of requests.
    pub(crate) requests: i128,
    /// Millionths of tokens.
    pub(crate) tokens: i128,
    /// Value at list of the parts that have a price.
    pub(crate) list: Amount,
    /// Value after unit-price terms of the parts that have a price.
    pub(crate) contracted: Amount,
    /// Its parts; those without a price are unpriced usage where it is invoiced.
    pub(crate) parts: &'a [LoadPart],
}

impl<'a> Portion<'a> {
    #[inline]
    fn of(
        fate: Fate,
        flow: &Flow,
        requests: i128,
        parts: &'a [LoadPart],
    ) -> Result<Self, MoneyError> {
        let (mut list, mut contracted) = (Amount::ZERO, Amount::ZERO);
        for part in parts {
            list = list.checked_add(part.list.unwrap_or_default())?;
            contracted = contracted.checked_add(part.contracted.unwrap_or_default())?;
        }
        let (profile, segment, tokens) = (flow.profile, flow.segment, tokens(parts));
        Ok(Self { fate, profile, segment, requests, tokens, list, contracted, parts })
    }
}

/// Takes portions; those of one minute come together, but stretches of time can come out of order.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Portion<'_>) -> Result<(), MoneyError>;

/// Statistics and findings.
#[derive(Debug, Default)]
pub(crate) struct LoadResult {
    /// By term, then stretch of time.
    pub(crate) uses: Vec<LoadUse>,
    /// What was odd.
    pub(crate) findings: Diagnostics,
}

/// All terms of a set of contracts that serve usage minute by minute.
#[derive(Debug)]
pub(crate) struct LoadStage<'c> {
    /// In the order of precedence.
    stages: Vec<Stage<'c>>,
    /// Profiles that any of them can serve.
    concerned: Vec<bool>,
    edges: Vec<Timestamp>,
    segment: usize,
    /// Rows of the period that is not complete yet.
    batch: Option<Batch>,
    /// A batch of before, for its memory.
    spare: Option<Batch>,
}

impl<'c> LoadStage<'c> {
    /// Prepares the terms of contracts, which come in the order of precedence. `edges` are sorted
    /// instants at which something changes, the first and the last those of the window: statistics
    /// are kept for each stretch between two of them.
    ///
    /// # Errors
    /// [`LoadError::TooLarge`] if the rates of a term have no common unit in 128 bits.
    pub(crate) fn new(
        contracts: &'c [Contract],
        profiles: &[UsageProfile],
        edges: &[Timestamp],
    ) -> Result<Self, LoadError> {
        let given = (profiles, edges);
        let mut stages = Vec::new();
        for (number, contract) in contracts.iter().enumerate() {
            let terms = || (0..).zip(&contract.terms);
            let at = |term| TermRef { contract: number, term };
            for (term, clause) in terms() {
                if let TermKind::Capacity(capacity) = &clause.kind {
                    stages.push(Stage::of_capacity(at(term), contract, clause, capacity, given)?);
                }
            }
            for (term, clause) in terms() {
                if let TermKind::ReservedSpend(spend) = &clause.kind {
                    stages.push(Stage::of_spend(at(term), contract, clause, spend, given)?);
                }
            }
        }
        let mut concerned = vec![false; profiles.len()];
        for profile in stages.iter().flat_map(Stage::profiles) {
            concerned[*profile as usize] = true;
        }
        Ok(Self { stages, concerned, edges: edges.to_vec(), segment: 0, batch: None, spare: None })
    }

    /// False if no term can serve a profile: its rows need not pass here.
    pub(crate) fn concerns(&self, profile: u32) -> bool {
        self.concerned.get(profile as usize).copied().unwrap_or(false)
    }

    /// Takes one row with its components; rows come sorted by period, then profile.
    ///
    /// # Errors
    /// [`LoadError`] if a number does not fit.
    pub(crate) fn add(
        &mut self,
        row: LoadRow,
        parts: impl IntoIterator<Item = PricedPart>,
        sink: Sink<'_>,
    ) -> Result<(), LoadError> {
        let start = row.period.start;
        // Nothing is kept by less than a minute.
        let short = row.period.nanos() <= MINUTE_NANOS;
        let same = |batch: &Batch| {
            if short {
                batch.period.nanos() <= MINUTE_NANOS
                    && minute_of(batch.period.start) == minute_of(start)
            } else {
                batch.period == row.period
            }
        };
        if !self.batch.as_ref().is_some_and(same) {
            let next = self.spare.take().map_or_else(
                || Batch::new(row.period),
                |mut batch| {
                    batch.clear(row.period);
                    batch
                },
            );
            if let Some(complete) = self.batch.replace(next) {
                self.spare = run(&mut self.stages, complete, sink)?;
            }
            while self.edges.get(self.segment + 1).is_some_and(|edge| *edge <= start) {
                self.segment += 1;
            }
        }
        let segment = self.segment;
        if let Some(batch) = &mut self.batch {
            let parts = parts.into_iter().map(|part| LoadPart {
                component: part.component,
                quantity: i128::from(part.quantity) * MILLION,
                list: part.list,
                contracted: part.contracted,
                spilled_by: None,
            });
            batch.push((row.profile, segment), i128::from(row.requests) * MILLION, parts);
        }
        Ok(())
    }

    /// Ends the data: what is still kept goes to the sink.
    ///
    /// # Errors
    /// [`LoadError`] if a number does not fit.
    pub(crate) fn finish(mut self, sink: Sink<'_>) -> Result<LoadResult, LoadError> {
        if let Some(complete) = self.batch.take() {
            run(&mut self.stages, complete, sink)?;
        }
        let end = Timestamp::from_nanos(i64::MAX);
        let mut result = LoadResult::default();
        let mut stages = self.stages;
        while !stages.is_empty() {
            let mut stage = stages.remove(0);
            while let Some(due) = stage.due(end, sink)? {
                run(&mut stages, due, sink)?;
            }
            result.uses.extend(stage.close(&self.edges, &mut result.findings, sink)?);
        }
        Ok(result)
    }
}

/// Passes the rows of a period through the terms, the first first; gives the batch back to be used
/// again unless it is kept.
fn run(stages: &mut [Stage<'_>], batch: Batch, sink: Sink<'_>) -> Result<Option<Batch>, LoadError> {
    let Some((stage, later)) = stages.split_first_mut() else {
        invoice(&batch, sink)?;
        return Ok(Some(batch));
    };
    if batch.is_empty() {
        return Ok(Some(batch));
    }
    while let Some(due) = stage.due(batch.start(), sink)? {
        run(later, due, sink)?;
    }
    stage.take(batch, sink)?.map_or(Ok(None), |left| run(later, left, sink))
}

/// What no term served is invoiced: for each row those parts together that the same term let go.
fn invoice(batch: &Batch, sink: Sink<'_>) -> Result<(), LoadError> {
    for flow in &batch.flows {
        let parts = batch.parts(flow);
        let by = |part: &LoadPart| part.spilled_by;
        let same = parts.windows(2).all(|pair| by(&pair[0]) == by(&pair[1]));
        if same {
            emit(Fate::Invoiced, flow, flow.requests, parts, sink)?;
            continue;
        }
        let (mut requests, mut left) = (flow.requests, parts.to_vec());
        while let Some(first) = left.first().map(by) {
            let some: Vec<_> = left.extract_if(.., |part| by(part) == first).collect();
            emit(Fate::Invoiced, flow, std::mem::take(&mut requests), &some, sink)?;
        }
    }
    Ok(())
}
