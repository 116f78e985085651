//! Why a forecast differs from the last period.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Align, Grid, format};
use crate::money::Amount;
use crate::projection::{Driver, Drivers};

/// Places of the hierarchy that are printed.
const MOST_PLACES: usize = 5;

/// Drivers of a forecast.
#[derive(Debug, Serialize)]
pub(super) struct DriverFigures {
    /// The last period: its first day and the day after its last.
    start: NaiveDate,
    end: NaiveDate,
    previous: Amount,
    next: Amount,
    /// True if the logs do not count requests, and volume is in tokens instead.
    volume_in_units: bool,
    steps: Vec<Step>,
    by_place: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Step {
    driver: &'static str,
    change: Amount,
}

#[derive(Debug, Serialize)]
struct Place {
    name: String,
    change: Amount,
}

impl From<&Drivers> for DriverFigures {
    fn from(drivers: &Drivers) -> Self {
        Self {
            start: drivers.from,
            end: drivers.until,
            previous: drivers.previous,
            next: drivers.next,
            volume_in_units: drivers.volume_in_units,
            steps: drivers
                .steps
                .iter()
                .map(|(driver, change)| Step { driver: driver.name(), change: *change })
                .collect(),
            by_place: drivers
                .by_stem
                .iter()
                .map(|(name, change)| Place { name: name.clone(), change: *change })
                .collect(),
        }
    }
}

/// An amount with its sign.
fn signed(amount: Amount) -> String {
    let text = format::amount(amount);
    if amount.is_negative() || amount.is_zero() { text } else { format!("+{text}") }
}

impl DriverFigures {
    /// From the last period to the forecast, a row each.
    pub(super) fn grid(&self, currency: &str) -> Grid {
        let mut grid = Grid::new(&[("why it changes", Align::Left)]);
        grid.columns.push((currency.to_owned(), Align::Right));
        let last = self.end.pred_opt().unwrap_or(self.end);
        let row = |name: String, amount: String| vec![name, amount];
        grid.rows.push(row(format!("{} to {last}", self.start), format::amount(self.previous)));
        for step in self.steps.iter().filter(|s| format::amount(s.change) != "0.00") {
            grid.rows.push(row(self.words(step.driver).to_owned(), signed(step.change)));
        }
        grid.rows.push(row("forecast (median)".to_owned(), format::amount(self.next)));
        grid.totals = 1;
        grid
    }

    fn words(&self, driver: &str) -> &'static str {
        let is = |d: Driver| d.name() == driver;
        if is(Driver::Calendar) {
            "  days and weekdays"
        } else if is(Driver::Volume) && self.volume_in_units {
            "  volume in tokens"
        } else if is(Driver::Volume) {
            "  requests"
        } else if is(Driver::Mix) {
            "  where requests go"
        } else if is(Driver::UnitsPerRequest) {
            "  tokens per request"
        } else if is(Driver::ModelMix) {
            "  models and tiers"
        } else if is(Driver::Price) {
            "  prices"
        } else if is(Driver::Events) {
            "  known events"
        } else {
            "  other"
        }
    }

    /// The places that change most.
    pub(super) fn sentence(&self, currency: &str) -> Option<String> {
        let named: Vec<String> = self
            .by_place
            .iter()
            .filter(|place| !place.change.is_zero())
            .take(MOST_PLACES)
            .map(|place| format!("{} {}", place.name, signed(place.change)))
            .collect();
        (named.len() > 1)
            .then(|| format!("Changes beyond the calendar, {currency}: {}.", named.join(", ")))
    }
}
