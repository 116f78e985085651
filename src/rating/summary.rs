//! Totals of a rated rollup, in all and by group.

use std::collections::BTreeMap;

use super::group::Dimension;
use super::stale::{STALE_DAYS, Staleness};
use super::{Costs, Rated, Rater, RatingError, report_doubts};
use crate::diagnostic::Diagnostics;
use crate::money::{Amount, Currency};
use crate::period::{Calendar, Timestamp};
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
    let by_component = dimensions.contains(&Dimension::Component);
    let mut totals = Totals::default();
    let mut groups: BTreeMap<Vec<String>, Totals> = BTreeMap::new();
    let mut diagnostics = Diagnostics::default();
    let mut staleness = Staleness::new(book, stale_days);
    for row in rollup.rows() {
        let profile = rollup.profile(row);
        let rated = rater.rate_row(rollup, row)?;
        report_doubts(book, profile, row, &rated, &mut diagnostics);
        staleness.add(&profile.sku.provider, row, &rated);
        totals.add(row, &rated)?;
        if dimensions.is_empty() {
            continue;
        }
        let key: Vec<String> =
            dimensions.iter().map(|d| d.value(row.period, profile, calendar)).collect();
        if by_component {
            for (name, part) in split_by_component(row, &rated) {
                let fill = |(d, v): (&Dimension, &String)| {
                    if *d == Dimension::Component { name.clone() } else { v.clone() }
                };
                let key = dimensions.iter().zip(&key).map(fill).collect();
                let group: &mut Totals = groups.entry(key).or_default();
                group.add(&row_of(row, &part), &part)?;
            }
        } else {
            groups.entry(key).or_default().add(row, &rated)?;
        }
    }
    staleness.report(&mut diagnostics);
    let groups = groups.into_iter().map(|(key, totals)| Group { key, totals }).collect();
    Ok(Summary {
        currency: rater.currency(),
        dimensions: dimensions.to_vec(),
        totals,
        groups,
        diagnostics,
    })
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
    fn add(&mut self, row: &RollupRow, rated: &Rated<'_>) -> Result<(), RatingError> {
        let overflow = || RatingError::Total(crate::money::MoneyError::Overflow);
        self.records = self.records.checked_add(row.records).ok_or_else(overflow)?;
        self.requests = self.requests.checked_add(row.requests).ok_or_else(overflow)?;
        if !self.components.checked_add_all(&row.components) {
            return Err(overflow());
        }
        self.costs = self.costs.checked_add(rated.costs()?)?;
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
