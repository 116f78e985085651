//! The figures of a plan in their JSON form.

use serde::Serialize;

use crate::money::Amount;
use crate::report::compare::places;
use crate::report::forecast::figures::Spread;
use crate::scenario::QUANTILES;
use crate::scenario::sizing::{Knob, Other, Plan, Point, SizePlan, SizeUnit, Start};

/// The best sizes together.
#[derive(Debug, Serialize)]
pub(super) struct Best {
    /// By size.
    pub(super) sizes: Vec<Amount>,
    pub(super) objective: Amount,
    pub(super) cost: Spread,
}

impl Best {
    pub(super) fn new(plan: &Plan) -> Self {
        let size = |plan: &SizePlan| plan.curve[plan.best].size;
        Self {
            sizes: plan.sizes.iter().map(size).collect(),
            objective: plan.objective,
            cost: Spread::new(plan.cost.clone(), &QUANTILES),
        }
    }
}

/// One size that was chosen.
#[derive(Debug, Serialize)]
pub(super) struct SizeFigures {
    pub(super) term: String,
    /// What the size is.
    pub(super) what: String,
    /// A currency, or what is counted.
    pub(super) unit: String,
    pub(super) is_money: bool,
    pub(super) stated: Amount,
    pub(super) best: Amount,
    pub(super) near: NearFigures,
    pub(super) step: Amount,
    pub(super) curve: Vec<PointFigures>,
}

/// Sizes that are nearly as good.
#[derive(Debug, Serialize)]
pub(super) struct NearFigures {
    pub(super) low: Amount,
    pub(super) high: Amount,
    /// True if the smallest size looked at is one of them.
    pub(super) from_start: bool,
    /// True if the largest is.
    pub(super) to_end: bool,
}

/// One size that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct PointFigures {
    pub(super) size: Amount,
    pub(super) objective: Amount,
    pub(super) cost: Spread,
    pub(super) cvar95: Amount,
    pub(super) fit: Option<FitFigures>,
}

/// Shares from 0 to 1.
#[derive(Debug, Serialize)]
pub(super) struct FitFigures {
    pub(super) shortfall: f64,
    pub(super) overage: f64,
    pub(super) unused: f64,
    pub(super) beyond: f64,
}

impl SizeFigures {
    pub(super) fn new(knob: &Knob, plan: &SizePlan) -> Self {
        let (unit, is_money) = match &knob.unit {
            SizeUnit::Money(currency) => (currency.to_string(), true),
            SizeUnit::Count(unit) => (unit.clone(), false),
        };
        Self {
            term: knob.name.clone(),
            what: knob.what.clone(),
            unit,
            is_money,
            stated: knob.stated,
            best: plan.curve[plan.best].size,
            near: NearFigures {
                low: plan.near.low,
                high: plan.near.high,
                from_start: plan.near.from_start,
                to_end: plan.near.to_end,
            },
            step: plan.axis.step,
            curve: plan.curve.iter().map(PointFigures::new).collect(),
        }
    }

    /// The point of the best size.
    pub(super) fn best_point(&self) -> Option<&PointFigures> {
        self.curve.iter().find(|point| point.size == self.best)
    }
}

impl PointFigures {
    fn new(point: &Point) -> Self {
        Self {
            size: point.size,
            objective: point.objective,
            cost: Spread::new(point.cost.clone(), &QUANTILES),
            cvar95: point.cvar95,
            fit: point.fit.map(|fit| FitFigures {
                shortfall: places(fit.shortfall, 1e6),
                overage: places(fit.overage, 1e6),
                unused: places(fit.unused, 1e6),
                beyond: places(fit.beyond, 1e6),
            }),
        }
    }
}

/// Another way of choosing.
#[derive(Debug, Serialize)]
pub(super) struct AlternativeFigures {
    pub(super) name: &'static str,
    /// By size; empty: without the contracts that have them.
    pub(super) sizes: Vec<Amount>,
    pub(super) objective: Amount,
    pub(super) cost: Spread,
    /// It less the best, path by path.
    pub(super) more: Spread,
    /// Share of the paths on which it costs less than the best.
    pub(super) cheaper: f64,
}

impl AlternativeFigures {
    pub(super) fn all(plan: &Plan) -> Vec<Self> {
        let of = |name, other: &Other| Self {
            name,
            sizes: other.sizes.clone(),
            objective: other.objective,
            cost: Spread::new(other.cost.clone(), &QUANTILES),
            more: Spread::new(other.more.paired.clone(), &QUANTILES[..3]),
            cheaper: places(other.more.cheaper, 1e6),
        };
        vec![
            of("look-back", &plan.look_back),
            of("as written", &plan.stated),
            of("without", &plan.without),
        ]
    }
}

/// Where a search began and ended.
#[derive(Debug, Serialize)]
pub(super) struct StartFigures {
    pub(super) from: Vec<Amount>,
    pub(super) to: Vec<Amount>,
    pub(super) objective: Amount,
    pub(super) rounds: u32,
}

impl StartFigures {
    pub(super) fn new(start: &Start) -> Self {
        let (from, to) = (start.from.clone(), start.to.clone());
        Self { from, to, objective: start.objective, rounds: start.rounds }
    }
}
