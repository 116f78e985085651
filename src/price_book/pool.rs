//! Everything that can set or change the price of one component of a SKU, ranked.

use std::cmp::Reverse;

use smallvec::SmallVec;

use super::condition::{Condition, Fit};
use super::entry::{ModelEntry, Multiplier, PriceEntry, ProviderBook};
use super::rates::{Outcome, Rate, Segment};
use super::unpriced::Unpriced;
use super::view::{NEVER, View};
use crate::money::{MoneyError, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;

/// An entry that may set the price of a component of the SKU.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    pub(super) entry: &'a PriceEntry,
    price: UnitPrice,
    pub(super) rated_as: Component,
    fit: Fit,
    pub(super) force: (Timestamp, Timestamp),
}

/// A multiplier that may apply to the SKU.
#[derive(Debug, Clone)]
pub(super) struct Boost<'a> {
    pub(super) multiplier: &'a Multiplier,
    fit: Fit,
    pub(super) force: (Timestamp, Timestamp),
}

/// Everything that can set or change the price of one component, best first.
#[derive(Debug, Clone)]
pub(super) struct Pool<'a> {
    component: Component,
    pub(super) candidates: SmallVec<[Candidate<'a>; 4]>,
    pub(super) boosts: SmallVec<[Boost<'a>; 2]>,
}

/// The entries and multipliers that match a SKU under one model.
pub(super) struct Matching<'a> {
    entries: Vec<(&'a PriceEntry, Fit, bool)>,
    boosts: SmallVec<[Boost<'a>; 2]>,
}

impl<'a> Matching<'a> {
    pub(super) fn new(
        book: &'a ProviderBook,
        model: &'a ModelEntry,
        sku: &Sku,
        band: ContextBand,
        view: View,
    ) -> Self {
        let fit = |condition: &Condition| {
            if condition.accepts(sku) { condition.context.fit(band) } else { None }
        };
        let own = model.entries.iter().map(|e| (e, true));
        let shared = book.entries.iter().map(|e| (e, false));
        let entries =
            own.chain(shared).filter_map(|(e, own)| Some((e, fit(&e.condition)?, own))).collect();
        let multipliers = || book.multipliers.iter().filter(|m| m.applies_to_model(&model.id));
        let boosts = multipliers().filter_map(|multiplier| {
            let fit = fit(&multiplier.condition)?;
            let takes_over = |next: &&Multiplier| {
                next.origin.layer == multiplier.origin.layer
                    && next.condition == multiplier.condition
                    && next.components == multiplier.components
            };
            let force = view
                .in_force(&multiplier.dates, multipliers().filter(takes_over).map(|m| &m.dates))?;
            Some(Boost { multiplier, fit, force })
        });
        Self { entries, boosts: boosts.collect() }
    }

    pub(super) fn pool(&self, component: Component, view: View) -> Pool<'a> {
        let mut candidates = self.candidates(component, view);
        if let Some(parent) = component.rated_as() {
            candidates.extend(self.candidates(parent, view));
        }
        let boosts = self.boosts.iter().filter(|b| {
            let applies = |rated_as| b.multiplier.applies_to(component, rated_as);
            applies(component) || component.rated_as().is_some_and(applies)
        });
        Pool { component, boosts: boosts.cloned().collect(), candidates }
    }

    /// The entries with a price of their own for the component, best first: higher layer, model
    /// before provider, more `when` keys; in a view of the past also later start, later
    /// announcement.
    fn candidates(&self, component: Component, view: View) -> SmallVec<[Candidate<'a>; 4]> {
        let pricing = || self.entries.iter().filter(|(entry, ..)| entry.price(component).is_some());
        let mut ranked: SmallVec<[_; 4]> = pricing()
            .filter_map(|(entry, fit, own)| {
                let layer = entry.origin.layer;
                let successors =
                    pricing().filter(|(e, ..)| e.origin.layer == layer).map(|(e, ..)| &e.dates);
                let force = view.in_force(&entry.dates, successors)?;
                let price = entry.price(component)?;
                let dates = &entry.dates;
                let rank = (
                    layer,
                    *own,
                    entry.condition.specificity,
                    dates.effective_from,
                    dates.announced_on,
                );
                Some((rank, Candidate { entry, price, rated_as: component, fit: *fit, force }))
            })
            .collect();
        ranked.sort_by_key(|(rank, _)| Reverse(*rank));
        ranked.into_iter().map(|(_, candidate)| candidate).collect()
    }
}

fn within(force: (Timestamp, Timestamp), instant: Timestamp) -> bool {
    force.0 <= instant && instant < force.1
}

impl<'a> Pool<'a> {
    pub(super) fn push_segments(
        &self,
        from: Timestamp,
        until: Timestamp,
        own_index: usize,
        into: &mut Vec<Segment<'a>>,
    ) {
        let forces =
            self.candidates.iter().map(|c| c.force).chain(self.boosts.iter().map(|b| b.force));
        let mut edges: SmallVec<[Timestamp; 16]> =
            forces.flat_map(|(start, end)| [start, end]).collect();
        edges.push(from);
        edges.retain(|edge| from <= *edge && *edge < until);
        edges.sort_unstable();
        edges.dedup();
        for edge in edges {
            let outcome = if self.varies_at(edge) {
                Outcome::Varying(own_index)
            } else {
                self.choose(edge).map_or(Outcome::Nothing, Outcome::Fixed)
            };
            into.push(Segment { from: edge, outcome });
        }
        if until != NEVER {
            into.push(Segment { from: until, outcome: Outcome::Nothing });
        }
    }

    /// The conditions of everything in force at an instant, calendars not regarded.
    fn in_force_at(&self, instant: Timestamp) -> impl Iterator<Item = &Condition> {
        let candidates = self
            .candidates
            .iter()
            .filter(move |c| within(c.force, instant))
            .map(|c| &c.entry.condition);
        let boosts = self
            .boosts
            .iter()
            .filter(move |b| within(b.force, instant))
            .map(|b| &b.multiplier.condition);
        candidates.chain(boosts)
    }

    fn varies_at(&self, instant: Timestamp) -> bool {
        self.in_force_at(instant).any(Condition::has_calendar)
    }

    pub(super) fn push_calendar_edges(&self, period: Period, into: &mut Vec<Timestamp>) {
        let candidates = self.candidates.iter().map(|c| (&c.entry.condition, c.force));
        let boosts = self.boosts.iter().map(|b| (&b.multiplier.condition, b.force));
        let overlaps =
            |force: (Timestamp, Timestamp)| force.0 < period.end && period.start < force.1;
        for (condition, _) in candidates.chain(boosts).filter(|(_, force)| overlaps(*force)) {
            condition.calendars().for_each(|calendar| into.extend(calendar.edges(period)));
        }
    }

    /// The price at an instant; `None` if nothing is in force.
    ///
    /// An entry that covers only a part of the context band does no harm as long as the rest of
    /// the band has the same price.
    pub(super) fn choose(&self, instant: Timestamp) -> Option<Result<Rate<'a>, Unpriced>> {
        self.choose_by_clock(instant, instant)
    }

    /// As [`Pool::choose`] for what is in force at `instant`, but with calendars asked for another
    /// time of the day or week.
    pub(super) fn choose_by_clock(
        &self,
        instant: Timestamp,
        clock: Timestamp,
    ) -> Option<Result<Rate<'a>, Unpriced>> {
        let active = |c: &&Candidate| within(c.force, instant) && c.entry.condition.holds_at(clock);
        let mut context_assumed = false;
        let mut part: Option<(UnitPrice, u64)> = None;
        for candidate in self.candidates.iter().filter(active) {
            match candidate.fit {
                Fit::HigherBand => context_assumed = true,
                Fit::Part { edge } => match part {
                    Some((price, edge)) if price != candidate.price => {
                        return Some(Err(self.straddles(edge)));
                    }
                    _ => part = part.or(Some((candidate.price, edge))),
                },
                Fit::Whole { assumed } => {
                    if let Some((price, edge)) = part
                        && price != candidate.price
                    {
                        return Some(Err(self.straddles(edge)));
                    }
                    return Some(self.boosted(
                        candidate,
                        context_assumed | assumed,
                        (instant, clock),
                    ));
                }
            }
        }
        part.map(|(_, edge)| Err(self.straddles(edge)))
    }

    fn straddles(&self, edge: u64) -> Unpriced {
        Unpriced::BandStraddlesThreshold { component: self.component, edge }
    }

    /// Applies every multiplier of the candidate's layer or a higher one: what an organisation
    /// states is not multiplied by what is bundled.
    fn boosted(
        &self,
        candidate: &Candidate<'a>,
        mut context_assumed: bool,
        (instant, clock): (Timestamp, Timestamp),
    ) -> Result<Rate<'a>, Unpriced> {
        let mut unit_price = candidate.price;
        let mut multipliers = SmallVec::new();
        let component = self.component;
        for boost in &self.boosts {
            let multiplier = boost.multiplier;
            if multiplier.origin.layer < candidate.entry.origin.layer
                || !within(boost.force, instant)
                || !multiplier.applies_to(component, candidate.rated_as)
                || !multiplier.condition.holds_at(clock)
            {
                continue;
            }
            match boost.fit {
                Fit::HigherBand => context_assumed = true,
                Fit::Part { edge } => return Err(self.straddles(edge)),
                Fit::Whole { assumed } => {
                    context_assumed |= assumed;
                    unit_price =
                        unit_price.checked_mul(multiplier.factor).map_err(|error| match error {
                            MoneyError::Inexact => Unpriced::Inexact { component },
                            _ => Unpriced::Overflow { component },
                        })?;
                    multipliers.push(multiplier);
                }
            }
        }
        Ok(Rate {
            unit_price,
            entry: candidate.entry,
            multipliers,
            rated_as: candidate.rated_as,
            context_assumed,
        })
    }
}
