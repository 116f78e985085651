//! The price of one unit of each component of one SKU over time.

use smallvec::SmallVec;

use super::condition::{Accepts, Condition, Fit};
use super::entry::{Multiplier, PriceEntry, ProviderBook};
use super::pool::{Matching, Pool};
use super::unpriced::Unpriced;
use super::view::{EVER, NEVER, View};
use crate::money::{Currency, UnitPrice};
use crate::period::{Period, Timestamp};
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;

/// The price of one unit and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate<'a> {
    /// Price of one unit after all multipliers, exact.
    pub unit_price: UnitPrice,
    /// The entry that sets the price before multipliers.
    pub entry: &'a PriceEntry,
    /// The multipliers applied, in this order.
    pub multipliers: SmallVec<[&'a Multiplier; 2]>,
    /// The component whose price it is: another one where providers bill this one as part of it.
    pub rated_as: Component,
    /// The price depends on the size of the prompt, which is not known: it is that of the lowest
    /// band.
    pub context_assumed: bool,
}

/// All prices of one SKU and context band, in one view of the price books.
#[derive(Debug, Clone)]
pub struct SkuRates<'a> {
    sku: Sku,
    band: ContextBand,
    view: View,
    book: Option<&'a ProviderBook>,
    pools: Vec<Pool<'a>>,
    // By component; what has no candidate at all has no segments.
    lines: [Box<[Segment<'a>]>; Component::ALL.len()],
}

/// From `from` to the start of the next segment.
#[derive(Debug, Clone)]
pub(super) struct Segment<'a> {
    pub(super) from: Timestamp,
    pub(super) outcome: Outcome<'a>,
}

#[derive(Debug, Clone)]
pub(super) enum Outcome<'a> {
    Fixed(Result<Rate<'a>, Unpriced>),
    /// Nothing is in force.
    Nothing,
    /// Depends on calendars: ask the pool of this index.
    Varying(usize),
}

impl<'a> SkuRates<'a> {
    pub(super) fn build(
        book: Option<&'a ProviderBook>,
        sku: &Sku,
        band: ContextBand,
        known_at: Option<Timestamp>,
    ) -> Self {
        let mut rates = Self {
            sku: sku.clone(),
            band,
            view: View { known_at },
            book,
            pools: Vec::new(),
            lines: std::array::from_fn(|_| Box::default()),
        };
        let Some(book) = book else { return rates };
        let mut lines: [Vec<Segment<'a>>; Component::ALL.len()] =
            std::array::from_fn(|_| Vec::new());
        for (from, until) in name_periods(book, &sku.model) {
            let Some(model) = book.resolve(&sku.model, from) else {
                continue;
            };
            let matching = Matching::new(book, model, sku, band, rates.view);
            for component in Component::ALL {
                let pool = matching.pool(*component, rates.view);
                if !pool.candidates.is_empty() {
                    pool.push_segments(
                        from,
                        until,
                        rates.pools.len(),
                        &mut lines[*component as usize],
                    );
                    rates.pools.push(pool);
                }
            }
        }
        rates.lines = lines.map(Vec::into_boxed_slice);
        rates
    }

    /// The currency of the prices; `None` if no book has the provider.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.book.map(|book| book.currency)
    }

    /// The price of one unit of `component` that holds during all of `period`.
    ///
    /// # Errors
    /// Why there is no such price.
    pub fn at(&self, component: Component, period: Period) -> Result<Rate<'a>, Unpriced> {
        let line = &self.lines[component as usize];
        let index = line.partition_point(|s| s.from <= period.start);
        if let Some(Segment { outcome: Outcome::Fixed(rate), .. }) =
            index.checked_sub(1).and_then(|i| line.get(i))
            && line.get(index).is_none_or(|next| period.end <= next.from)
        {
            return rate.clone();
        }
        self.at_slowly(component, period, line, index)
    }

    /// Compares the prices on both sides of every change inside the period.
    fn at_slowly(
        &self,
        component: Component,
        period: Period,
        line: &[Segment<'a>],
        index: usize,
    ) -> Result<Rate<'a>, Unpriced> {
        let mut starts = vec![period.start];
        let first = index.saturating_sub(1);
        for segment in line[first..].iter().take_while(|s| s.from < period.end) {
            starts.push(segment.from);
            if let Outcome::Varying(pool) = segment.outcome {
                self.pools[pool].push_calendar_edges(period, &mut starts);
            }
        }
        starts.retain(|start| *start == period.start || period.is_split_by(*start));
        starts.sort_unstable();
        starts.dedup();
        let mut result = self.at_instant(component, line, period.start);
        for edge in starts.into_iter().skip(1) {
            match (&mut result, self.at_instant(component, line, edge)) {
                (Ok(all), Ok(next)) if all.unit_price == next.unit_price => {
                    all.context_assumed |= next.context_assumed;
                }
                (Err(_), Err(_)) => {}
                _ => return Err(Unpriced::PeriodStraddlesChange { component, edge }),
            }
        }
        result
    }

    fn at_instant(
        &self,
        component: Component,
        line: &[Segment<'a>],
        instant: Timestamp,
    ) -> Result<Rate<'a>, Unpriced> {
        self.by_clock(component, line, (instant, instant))
    }

    /// The price in force at an instant, with calendars asked for another time of the day or week.
    pub(super) fn at_clock(
        &self,
        component: Component,
        instant: Timestamp,
        clock: Timestamp,
    ) -> Result<Rate<'a>, Unpriced> {
        self.by_clock(component, &self.lines[component as usize], (instant, clock))
    }

    fn by_clock(
        &self,
        component: Component,
        line: &[Segment<'a>],
        (instant, clock): (Timestamp, Timestamp),
    ) -> Result<Rate<'a>, Unpriced> {
        let index = line.partition_point(|s| s.from <= instant).checked_sub(1);
        let found = match index.map(|i| &line[i].outcome) {
            Some(Outcome::Fixed(rate)) => Some(rate.clone()),
            Some(Outcome::Varying(pool)) => self.pools[*pool].choose_by_clock(instant, clock),
            Some(Outcome::Nothing) | None => None,
        };
        found.unwrap_or_else(|| Err(self.reason(component, instant)))
    }

    #[cold]
    fn reason(&self, component: Component, instant: Timestamp) -> Unpriced {
        let named = self.book.and_then(|book| Some((book, book.names.get(&self.sku.model)?)));
        let Some((book, targets)) = named else {
            return Unpriced::UnknownModel {
                provider: self.sku.provider.clone(),
                model: self.sku.model.clone(),
            };
        };
        let models = targets.iter().flat_map(|t| &book.models[t.model].entries);
        let prices = |e: &&PriceEntry| {
            e.price(component).is_some()
                || component.rated_as().is_some_and(|parent| e.price(parent).is_some())
        };
        let pricing: Vec<&PriceEntry> = models.chain(&book.entries).filter(prices).collect();
        let matches = |e: &&PriceEntry| {
            let fit = e.condition.context.fit(self.band);
            e.condition.accepts(&self.sku) && fit.is_some_and(|fit| fit != Fit::HigherBand)
        };
        if pricing.is_empty() {
            Unpriced::NoPriceForComponent { component }
        } else if !pricing.iter().any(matches) {
            let not_stated = self.not_stated(&pricing);
            Unpriced::under_conditions(component, &self.sku, self.band, &not_stated)
        } else {
            Unpriced::NoPriceAtThatTime { component, instant, known_at: self.view.known_at }
        }
    }
}

impl SkuRates<'_> {
    /// What the usage does not say although prices depend on it.
    fn not_stated(&self, pricing: &[&PriceEntry]) -> Vec<&'static str> {
        let sku = &self.sku;
        let asks = |accepts: fn(&Condition) -> &Accepts| {
            pricing.iter().any(|e| !matches!(accepts(&e.condition), Accepts::Any))
        };
        let mut names = Vec::new();
        if sku.endpoint.is_empty() && asks(|c| &c.endpoint) {
            names.push("endpoint");
        }
        if sku.region.is_empty() && asks(|c| &c.region) {
            names.push("region");
        }
        if sku.deployment.is_empty() && asks(|c| &c.deployment) {
            names.push("deployment");
        }
        names
    }
}

/// The half-open times between which a name may change its meaning.
fn name_periods(book: &ProviderBook, name: &str) -> Vec<(Timestamp, Timestamp)> {
    let Some(targets) = book.names.get(name) else {
        return Vec::new();
    };
    let mut edges = vec![EVER, NEVER];
    edges.extend(targets.iter().flat_map(|t| [t.effective_from, t.effective_until]).flatten());
    edges.sort_unstable();
    edges.dedup();
    edges.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests;
