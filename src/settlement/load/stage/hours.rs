//! Spend that is reserved by the hour: what is served of its minutes is known when it is over.

use std::collections::VecDeque;

use super::Stage;
use crate::period::Timestamp;
use crate::settlement::load::batch::{Batch, Take};
use crate::settlement::load::steps::MINUTE_NANOS;
use crate::settlement::load::{LoadError, Sink};

/// The rows of one hour, in order.
#[derive(Debug, Default)]
pub(super) struct HeldHour {
    /// Counted from 1970.
    pub(super) hour: Option<i64>,
    pub(super) batches: VecDeque<Batch>,
    /// What is served of each, once the hour is over.
    take: Option<Take>,
}

impl Stage<'_> {
    /// Gives back the rows of an hour that is over, one after the other.
    pub(super) fn due_hour(
        &mut self,
        until: Timestamp,
        sink: Sink<'_>,
    ) -> Result<Option<Batch>, LoadError> {
        let hour = until.nanos().div_euclid(self.minutes * MINUTE_NANOS);
        if self.held.hour.is_none_or(|held| held == hour) {
            return Ok(None);
        }
        let Some(mut batch) = self.held.batches.pop_front() else {
            self.held = HeldHour::default();
            return Ok(None);
        };
        let take = match self.held.take {
            Some(take) => take,
            None => {
                let mut loads = self.loads(&batch)?;
                for later in &self.held.batches {
                    let load = self.loads(later)?[0];
                    loads[0] = loads[0].checked_add(load).ok_or_else(|| self.too_large())?;
                }
                self.record(&batch, &loads);
                Take::of(loads[0], self.steps.at(batch.start())[0])
            }
        };
        self.held.take = Some(take);
        self.divide(&mut batch, &[take; 3], self.excess, sink)?;
        Ok(Some(batch))
    }
}
