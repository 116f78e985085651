//! Minutes that are paid for by the hour: their shares are known when the hour is over.

use std::collections::VecDeque;

use super::batch::{Batch, Take};

/// The rows of one hour, in order.
#[derive(Debug, Default)]
pub(super) struct HeldHour {
    /// Counted from 1970.
    pub(super) hour: Option<i64>,
    pub(super) batches: VecDeque<Batch>,
    /// What is served of each, once the hour is over.
    pub(super) take: Option<Take>,
}
