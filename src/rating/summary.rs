//! Totals of a rated rollup, in all and by group.

use foldhash::fast::FixedState;
use indexmap::IndexMap;

use super::allowance::Allowances;
use super::doubt::Doubts;
use super::group::Dimension;
use super::stale::{STALE_DAYS, Staleness};
use super::{Costs, Rated, Rater, RatingError};
use crate::diagnostic::Diagnostics;
use crate::money::{Amount, Currency};
use crate::period::{Calendar, Period, Timestamp};
use crate::price_book::PriceBook;
use crate::rollup::{ReportedCosts, Rollup, RollupRow};
use crate::tokens::ComponentCounts;

/// Usage without a price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnpricedTotals {
    /// Records with at least one component without a price.
    pub records: u64,
    /// Its counts.
    pub components: ComponentCounts,
}

/// Sums over any set of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Usage records.
    pub records: u64,
    /// Requests.
    pub requests: u64,
    /// Counts by component, priced or not.
    pub components: ComponentCounts,
    /// Costs of what is priced.
    pub costs: Costs,
    /// What is not.
    pub unpriced: UnpricedTotals,
    /// Costs that the logs report.
    pub reported: ReportedCosts,
}

/// One group of a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The values of the dimensions, in their order.
    pub key: Vec<String>,
    /// Its sums.
    pub totals: Totals,
}

/// A rated rollup, summed.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Currency of every cost.
    pub currency: Currency,
    /// What the groups stand for.
    pub dimensions: Vec<Dimension>,
    /// Everything.
    pub totals: Totals,
    /// By the dimensions, sorted by key.
    pub groups: Vec<Group>,
    /// What was odd about prices.
    pub diagnostics: Diagnostics,
}

/// Rates a rollup and sums it, with the usual limit of age of price books.
///
/// # Errors
/// [`RatingError`] if a sum does not fit or the rollup does not suit the price books.
pub fn summarise(
    rollup: &Rollup,
    book: &PriceBook,
    known_at: Option<Timestamp>,
    dimensions: &[Dimension],
    calendar: &Calendar,
) -> Result<Summary, RatingError> {
    summarise_checked(rollup, book, known_at, dimensions, calendar, STALE_DAYS)
}

/// As [`summarise`], but prices are doubted for usage more than `stale_days` after the last check
/// of their book.
///
/// # Errors
/// As [`summarise`].
pub fn summarise_checked(
    rollup: &Rollup,
    book: &PriceBook,
    known_at: Option<Timestamp>,
    dimensions: &[Dimension],
    calendar: &Calendar,
    stale_days: u32,
) -> Result<Summary, RatingError> {
    let rater = Rater::new(book, rollup.profiles(), known_at)?;
    let mut totals = Totals::default();
    let mut groups = Groups::new(rollup, dimensions, calendar);
    let mut diagnostics = Diagnostics::default();
    let mut doubts = Doubts::default();
    let mut staleness = Staleness::new(book, stale_days);
    let mut allowances = Allowances::default();
    for row in rollup.rows() {
        let rated = rater.rate_row(rollup, row)?;
        let profile = rollup.profile(row);
        doubts.add(row, &rated);
        staleness.add(&profile.sku.provider, row, &rated);
        allowances.add(rollup, row, &rated);
        let costs = rated.costs()?;
        totals.add(row, &rated, costs)?;
        groups.add(row, &rated, costs)?;
    }
    doubts.report(book, rollup, &mut diagnostics);
    staleness.report(&mut diagnostics);
    allowances.report(&mut diagnostics);
    Ok(Summary {
        currency: rater.currency(),
        dimensions: dimensions.to_vec(),
        totals,
        groups: groups.sorted(),
        diagnostics,
    })
}

/// Sums by group. Keys are texts; each is made once for a profile and period, not for every row.
struct Groups<'a> {
    dimensions: &'a [Dimension],
    calendar: &'a Calendar,
    rollup: &'a Rollup,
    has_times: bool,
    by_component: bool,
    // Rows come sorted by period: what a profile's key is in the current one.
    period: Option<Period>,
    numbers: Vec<Option<usize>>,
    found: IndexMap<Vec<String>, Totals, FixedState>,
}

impl<'a> Groups<'a> {
    fn new(rollup: &'a Rollup, dimensions: &'a [Dimension], calendar: &'a Calendar) -> Self {
        Self {
            dimensions,
            calendar,
            rollup,
            has_times: dimensions.iter().any(Dimension::is_time),
            by_component: dimensions.contains(&Dimension::Component),
            period: None,
            numbers: vec![None; rollup.profiles().len()],
            found: IndexMap::default(),
        }
    }

    fn key(&self, row: &RollupRow) -> Vec<String> {
        let profile = self.rollup.profile(row);
        self.dimensions.iter().map(|d| d.value(row.period, profile, self.calendar)).collect()
    }

    fn add(&mut self, row: &RollupRow, rated: &Rated<'_>, costs: Costs) -> Result<(), RatingError> {
        if self.dimensions.is_empty() {
            return Ok(());
        }
        if self.by_component {
            return self.add_components(row, rated);
        }
        if self.has_times && self.period != Some(row.period) {
            self.period = Some(row.period);
            self.numbers.fill(None);
        }
        let number = match self.numbers[row.profile as usize] {
            Some(number) => number,
            None => {
                let key = self.key(row);
                let entry = self.found.entry(key);
                let number = entry.index();
                entry.or_default();
                self.numbers[row.profile as usize] = Some(number);
                number
            }
        };
        self.found[number].add(row, rated, costs)
    }

    fn add_components(&mut self, row: &RollupRow, rated: &Rated<'_>) -> Result<(), RatingError> {
        let base = self.key(row);
        for (name, part) in split_by_component(row, rated) {
            let fill = |(d, v): (&Dimension, &String)| {
                if *d == Dimension::Component { name.clone() } else { v.clone() }
            };
            let key: Vec<String> = self.dimensions.iter().zip(&base).map(fill).collect();
            self.found.entry(key).or_default().add(&row_of(row, &part), &part, part.costs()?)?;
        }
        Ok(())
    }

    fn sorted(mut self) -> Vec<Group> {
        self.found.sort_unstable_keys();
        self.found.into_iter().map(|(key, totals)| Group { key, totals }).collect()
    }
}

/// The parts of a rated row, one a component.
fn split_by_component<'a>(row: &RollupRow, rated: &Rated<'a>) -> Vec<(String, Rated<'a>)> {
    let mut parts = Vec::new();
    for (component, _) in row.components.iter() {
        let charges = rated.charges.iter().filter(|c| c.component == component).cloned().collect();
        let unpriced =
            rated.unpriced.iter().filter(|u| u.component == component).cloned().collect();
        parts.push((component.name().to_owned(), Rated { charges, unpriced }));
    }
    parts
}

/// The row with only the components of a part; costs that the log reports belong to no component.
fn row_of(row: &RollupRow, part: &Rated<'_>) -> RollupRow {
    let charged = part.charges.iter().map(|c| (c.component, c.quantity));
    let unpriced = part.unpriced.iter().map(|u| (u.component, u.quantity));
    let components = charged.chain(unpriced).collect();
    RollupRow { components, reported: ReportedCosts::new(), ..row.clone() }
}

impl Totals {
    fn add(&mut self, row: &RollupRow, rated: &Rated<'_>, costs: Costs) -> Result<(), RatingError> {
        let overflow = || RatingError::Total(crate::money::MoneyError::Overflow);
        self.records = self.records.checked_add(row.records).ok_or_else(overflow)?;
        self.requests = self.requests.checked_add(row.requests).ok_or_else(overflow)?;
        if !self.components.checked_add_all(&row.components) {
            return Err(overflow());
        }
        self.costs = self.costs.checked_add(costs)?;
        if !rated.unpriced.is_empty() {
            self.unpriced.records += row.records;
            for usage in &rated.unpriced {
                self.unpriced.components.add(usage.component, usage.quantity);
            }
        }
        for (key, amount) in &row.reported {
            let sum: &mut Amount = self.reported.entry(*key).or_default();
            *sum = sum.checked_add(*amount)?;
        }
        Ok(())
    }
}
