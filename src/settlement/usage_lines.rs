//! Lines for usage that is paid by the token: one for each model on an invoice.
//!
//! They are most of all lines, and are added to for every path of a forecast, so they are found by
//! numbers and not by what they say.

use super::bill::{Added, LineKey, Text};
use super::invoice::{FxUsed, LineCategory};
use crate::money::MoneyError;
use crate::rating::Costs;

/// The lines of all invoices.
#[derive(Debug, Default)]
pub(super) struct UsageLines {
    lines: Vec<UsageLine>,
    /// By invoice and model: one more than the number of the line; 0 for none.
    places: Vec<u32>,
    models: usize,
}

/// One line.
#[derive(Debug)]
pub(super) struct UsageLine {
    /// The number of its invoice.
    pub(super) invoice: usize,
    model: u32,
    pub(super) costs: Costs,
    tokens: u64,
    fx: Option<Box<FxUsed>>,
}

impl UsageLines {
    /// No lines yet, for models with numbers below one.
    pub(super) fn new(models: usize) -> Self {
        Self { models, ..Self::default() }
    }

    /// Adds usage of a model to its line of an invoice.
    pub(super) fn add(
        &mut self,
        invoice: usize,
        model: u32,
        (costs, tokens): (Costs, u64),
        fx: Option<&FxUsed>,
    ) -> Result<(), MoneyError> {
        let at = invoice * self.models + model as usize;
        if self.places.len() <= at {
            self.places.resize((invoice + 1) * self.models, 0);
        }
        let fx = || fx.cloned().map(Box::new);
        let place = self.places[at];
        if let Some(line) = place.checked_sub(1).and_then(|at| self.lines.get_mut(at as usize)) {
            line.costs = line.costs.checked_add(costs)?;
            line.tokens = line.tokens.saturating_add(tokens);
            line.fx = fx().or(line.fx.take());
            return Ok(());
        }
        self.lines.push(UsageLine { invoice, model, costs, tokens, fx: fx() });
        self.places[at] = u32::try_from(self.lines.len()).map_err(|_| MoneyError::Overflow)?;
        Ok(())
    }

    /// The lines, in no order.
    pub(super) fn into_lines(self) -> Vec<UsageLine> {
        self.lines
    }
}

impl UsageLine {
    /// The same as a line of any kind.
    pub(super) fn into_line(self) -> (LineKey, Added) {
        let Self { model, costs, tokens, fx, .. } = self;
        let (category, text) = (LineCategory::Usage, Text::fixed("tokens"));
        let key = LineKey { category, term: None, profile: Some(model), text };
        (key, Added { costs, quantity: None, tokens, fx })
    }
}
