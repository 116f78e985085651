//! What a forecast report says in words.

use chrono::{Datelike, NaiveDate};

use super::ForecastReport;
use super::figures::{DayFigures, PeriodFigures, Rate, ends, probability};
use super::tables::percent;
use crate::money::Amount;
use crate::projection::{BasisPoints, Level};
use crate::report::track_record::NO_RECORD;
use crate::report::{Source, format};

/// Days before the origin, and after it, that the line for terminals shows.
const TREND_DAYS: usize = 28;

/// Bars of the line for terminals, the lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl ForecastReport {
    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let mut head = format!(
            "Forecast from {} on, by {} of {} to {} ({})",
            self.origin,
            self.source.words(),
            self.history.start,
            before(self.history.end),
            self.inputs.sentence()
        );
        for line in self.headline().into_iter().chain(self.run_rate_line()) {
            head.push_str("\n\n");
            head.push_str(&line);
        }
        (head, self.notes())
    }

    /// The last day of the horizon.
    pub(super) fn last_day(&self) -> NaiveDate {
        before(self.horizon.end)
    }

    /// Where the first month ends.
    fn headline(&self) -> Option<String> {
        let month = self.months.first()?;
        let level = *self.level_points.first()?;
        let at = |p: BasisPoints| month.spread.quantiles.get(&probability(p)).copied();
        let [low, high] = ends(level).map(|p| at(p).map(format::amount).unwrap_or_default());
        Some(format!(
            "{}: {}, {} expected by {} ({} %: {low} to {high}){}.",
            month.name.text(),
            self.spent(month),
            self.money(at(5_000).unwrap_or_default()),
            before(self.run_rate.until),
            percent(level),
            if month.reached { "" } else { "; --horizon eom forecasts its end" },
        ))
    }

    /// The last days and the medians of the next ones as a line of bars, for terminals.
    #[must_use]
    pub fn trend(&self) -> Option<String> {
        let median = |day: &DayFigures| day.spread.quantiles.get("0.5").copied();
        let recent = &self.recent[self.recent.len().saturating_sub(TREND_DAYS)..];
        let recent: Vec<Option<Amount>> = recent.iter().map(|(_, cost)| *cost).collect();
        let ahead: Vec<Option<Amount>> = self.days.iter().take(recent.len()).map(median).collect();
        let highest = recent.iter().chain(&ahead).flatten().max().copied()?;
        if highest <= Amount::ZERO {
            return None;
        }
        let bar = |cost: &Option<Amount>| {
            let Some(cost) = cost else { return '·' };
            let eighth = cost.atto() / (highest.atto() / 8).max(1);
            BARS[usize::try_from(eighth).unwrap_or(0).min(BARS.len() - 1)]
        };
        let bars = |costs: &[Option<Amount>]| costs.iter().map(bar).collect::<String>();
        Some(format!(
            "{} │ {}  by day, known and median; the highest bar is {}",
            bars(&recent),
            bars(&ahead),
            self.money(highest)
        ))
    }

    fn spent(&self, month: &PeriodFigures) -> String {
        match &self.run_rate.month_to_date {
            None => "nothing known of it yet".to_owned(),
            Some(known) => {
                let days = if known.days == 1 { "day" } else { "days" };
                // Before the history began something may have been spent, too.
                let start = self.history.start;
                let inside = start.day0() > 0 && start.with_day0(0) == self.origin.with_day0(0);
                let since = if inside { format!(" since {start}") } else { String::new() };
                format!("{} spent on {} {days}{since}", self.money(month.actual), known.days)
            }
        }
    }

    /// What a ruler on a chart would say.
    fn run_rate_line(&self) -> Option<String> {
        let rate = |rate: &Rate, of: &str| {
            format!("{} at the mean of the {}{of}", self.money(rate.projected), days(rate.days))
        };
        let recent = self.run_rate.recent.as_ref()?;
        let mut line = format!("Straight on it would be {}", rate(recent, " before"));
        if let Some(own) = &self.run_rate.month_to_date {
            line.push_str(&format!(", {}", rate(own, " of the month so far")));
        }
        Some(line + ".")
    }

    pub(super) fn money(&self, amount: Amount) -> String {
        format!("{} {}", format::amount(amount), self.currency)
    }

    fn notes(&self) -> Vec<String> {
        let how = match self.source {
            Source::Usage => "quantities",
            Source::Costs => "costs",
        };
        let priced = match self.source {
            Source::Usage => ", each rated with the prices in force on its days",
            Source::Costs => "",
        };
        let mut notes = vec![
            format!(
                "Median of {} sample paths of daily {how} ({}){priced}; seed {}.",
                format::grouped(u64::try_from(self.model.paths).unwrap_or(0)),
                self.model.name,
                self.model.seed
            ),
            "Months count what is known plus what is forecast; an interval holds for the sum, not for its days.".to_owned(),
        ];
        notes.push(match &self.track_record {
            Some(record) => record.sentence(self.source),
            None => NO_RECORD.to_owned(),
        });
        notes.extend(self.drivers.as_ref().and_then(|d| d.sentence(&self.currency)));
        if self.source == Source::Costs {
            notes.push("Costs are carried on as they stand: changes of price to come are not known to them.".to_owned());
        }
        if !self.budgets.is_empty() {
            notes.push("Half of all paths have used a budget up by the day under `used up on`; a path that ends within it never does. The exit code does not depend on budgets.".to_owned());
        }
        if self.budgets.iter().any(|budget| !budget.complete) {
            notes.push("History and horizon do not cover a period marked (part) whole: its chance is that of the part.".to_owned());
        }
        if !self.groups.is_empty() {
            notes.push(match self.source {
                Source::Usage => self.group_note(),
                Source::Costs => {
                    "Each id is forecast by itself; the total is their sum on each path.".to_owned()
                }
            });
        }
        if self.unpriced.units > 0 {
            notes.push(format!(
                "Not in the forecast: about {} units without a price.",
                format::grouped(self.unpriced.units)
            ));
        }
        notes.extend(self.price_book.as_ref().map(|book| format!("Prices: {}", book.sentence())));
        notes
    }
}

impl ForecastReport {
    fn group_note(&self) -> String {
        if self.model.level == Level::Group.name() {
            "Each group is forecast by itself; the total is their sum on each path.".to_owned()
        } else {
            "Groups divide the forecast by their recent share, which is as uncertain as it was; `--level group` forecasts each by itself.".to_owned()
        }
    }
}

fn days(count: usize) -> String {
    if count == 1 { "day".to_owned() } else { format!("{count} days") }
}

fn before(day: NaiveDate) -> NaiveDate {
    day.pred_opt().unwrap_or(day)
}
