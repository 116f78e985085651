//! How much to commit: what a deal costs on every sample path, by the size of one of its terms.
//!
//! A size is changed in the contract, and the contract is settled again on the very paths that all
//! sizes share. So two sizes differ by the size and not by luck. Nothing is assumed about the shape
//! of the cost: it is looked at along a grid, and closer around the best size found.

mod axis;
mod deal;
mod fit;
mod knob;
mod objective;
mod plan;
mod portfolio;
mod range;
mod search;

pub use self::axis::Axis;
pub use self::deal::{Deal, OnPath, Sizer};
pub use self::fit::Fit;
pub use self::knob::{Knob, Offer, SizeUnit};
pub use self::objective::Objective;
pub use self::plan::{Choice, Other, Plan, SizePlan, plan};
pub use self::portfolio::Start;
pub use self::range::axis;
pub use self::search::{Point, PointFit, Range};

#[cfg(test)]
mod tests;
