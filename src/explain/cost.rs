//! Figures of usage that is rated without contracts.

use super::{Column, ExplainError, Explained, Missing, Part, Step};
use crate::money::{Amount, Currency};
use crate::period::{Calendar, Timestamp};
use crate::price_book::PriceBook;
use crate::rating::Rater;
use crate::rating::group::Dimension;
use crate::rating::lines::Lines;
use crate::rollup::{Rollup, RollupRow};
use crate::tokens::Component;
use crate::usage::CostKind;

/// Usage and its prices.
#[derive(Debug, Clone, Copy)]
pub struct CostGround<'a> {
    /// The usage.
    pub rollup: &'a Rollup,
    /// Its prices.
    pub book: &'a PriceBook,
    /// Prices as known at this instant; `None`: as the books hold them.
    pub known_at: Option<Timestamp>,
    /// Days and months of groups.
    pub calendar: &'a Calendar,
    /// The dimensions of the groups.
    pub dimensions: &'a [Dimension],
}

/// A figure of a cost report.
#[derive(Debug, Clone, Copy)]
pub struct CostFigure<'k> {
    /// Values of the dimensions of its group; `None`: everything.
    pub key: Option<&'k [String]>,
    /// Which amount of it.
    pub of: CostAmount,
}

/// An amount of a group.
#[derive(Debug, Clone, Copy)]
pub enum CostAmount {
    /// One of the cost columns.
    Column(Column),
    /// What logs report themselves.
    Reported(CostKind, Currency),
}

/// Takes a figure of a cost report apart.
///
/// # Errors
/// [`ExplainError`] if a sum does not fit.
pub fn cost<'a>(
    ground: &CostGround<'a>,
    figure: CostFigure<'_>,
    what: String,
) -> Result<Explained<'a>, ExplainError> {
    let rater = Rater::new(ground.book, ground.rollup.profiles(), ground.known_at)?;
    let wanted = Wanted::new(ground, figure.key);
    let (part, currency) = match figure.of {
        CostAmount::Column(column) => {
            let rows = ground.rollup.rows().iter().filter(|row| wanted.has(ground, row));
            (rated(ground.rollup, &rater, rows, wanted.component, column)?, rater.currency())
        }
        CostAmount::Reported(kind, currency) => {
            (reported(ground, &wanted, kind, currency)?, currency)
        }
    };
    Ok(Explained { figure: part.amount, currency, what, parts: vec![part] })
}

/// Rows of a group.
struct Wanted<'k> {
    key: Option<&'k [String]>,
    /// Where components are a dimension, the one of the group.
    component: Option<Component>,
}

impl<'k> Wanted<'k> {
    fn new(ground: &CostGround<'_>, key: Option<&'k [String]>) -> Self {
        let at = ground.dimensions.iter().position(|d| *d == Dimension::Component);
        let name = key.zip(at).and_then(|(key, at)| key.get(at));
        Self { key, component: name.and_then(|name| Component::from_name(name)) }
    }

    fn has(&self, ground: &CostGround<'_>, row: &RollupRow) -> bool {
        let Some(key) = self.key else { return true };
        let profile = ground.rollup.profile(row);
        ground.dimensions.iter().zip(key).all(|(dimension, value)| {
            *dimension == Dimension::Component
                || dimension.value(row.period, profile, ground.calendar) == *value
        })
    }
}

/// Charge lines of some rows; `component` is the only one that counts, if any.
pub(super) fn rated<'a, 'r>(
    rollup: &Rollup,
    rater: &Rater<'a>,
    rows: impl Iterator<Item = &'r RollupRow>,
    component: Option<Component>,
    column: Column,
) -> Result<Part<'a>, ExplainError> {
    let (mut lines, mut amount) = (Lines::new(1), Amount::ZERO);
    let mut missing = Missing::default();
    for row in rows {
        let profile = rollup.profile(row);
        let rated = rater.rate_row(rollup, row)?;
        let counts = |found: Component| component.is_none_or(|only| only == found);
        for charge in rated.charges.iter().filter(|charge| counts(charge.component)) {
            let listed = || rater.list_rates(row.profile).at(charge.component, row.period).ok();
            // What no list has keeps its own price in that column too.
            let list = if column == Column::List { listed() } else { None };
            let rate = list.as_ref().unwrap_or(&charge.rate);
            lines.add(profile, charge.component, rate, i128::from(charge.quantity))?;
            amount = amount.checked_add(column.of(&charge.costs))?;
        }
        for usage in rated.unpriced.iter().filter(|usage| counts(usage.component)) {
            missing.add(&profile.sku, usage.component, usage.quantity);
        }
    }
    Ok(Part {
        name: "usage at its prices".to_owned(),
        weight: (1, 1),
        amount,
        charges: lines.finish()?,
        steps: Vec::new(),
        roundings: 0,
        unpriced: missing.lines(),
    })
}

/// What logs say that usage cost, by provider and model: nothing of ours is in it.
fn reported<'a>(
    ground: &CostGround<'a>,
    wanted: &Wanted<'_>,
    kind: CostKind,
    currency: Currency,
) -> Result<Part<'a>, ExplainError> {
    let mut found: std::collections::BTreeMap<(String, String), (Amount, u64)> =
        std::collections::BTreeMap::new();
    let mut amount = Amount::ZERO;
    for row in ground.rollup.rows().iter().filter(|row| wanted.has(ground, row)) {
        let Some(cost) = row.reported.get(&(kind, currency)) else { continue };
        let sku = &ground.rollup.profile(row).sku;
        let key = (sku.provider.to_string(), sku.model.to_string());
        let (sum, records) = found.entry(key).or_default();
        *sum = sum.checked_add(*cost)?;
        *records += row.records;
        amount = amount.checked_add(*cost)?;
    }
    let step = |((provider, model), (change, records)): ((String, String), (Amount, u64))| Step {
        kind: "reported",
        term: None,
        description: format!("{provider}/{model}, {records} records"),
        change,
    };
    Ok(Part {
        name: format!("what the logs report themselves ({})", kind.name()),
        weight: (1, 1),
        amount,
        charges: Vec::new(),
        steps: found.into_iter().map(step).collect(),
        roundings: 0,
        unpriced: Vec::new(),
    })
}
