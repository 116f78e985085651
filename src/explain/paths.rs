//! Figures of forecasts: what is known, and the paths that a figure is read off.

use std::ops::Range;

use chrono::{Days, NaiveDate};

use super::cost::rated;
use super::{Column, Count, ExplainError, Explained, Missing, Part, PathAt, Step};
use crate::money::{Amount, MoneyError};
use crate::price_book::PriceBook;
use crate::projection::{
    BasisPoints, CostPaths, PathChoice, PathLines, Projection, ProjectionOptions, neighbours,
    path_lines,
};
use crate::rating::Rater;
use crate::rollup::Rollup;

/// Usage that a forecast is made from.
#[derive(Debug, Clone, Copy)]
pub struct ForecastUsage<'a> {
    /// The usage.
    pub rollup: &'a Rollup,
    /// Its prices.
    pub book: &'a PriceBook,
    /// How it was forecast.
    pub options: &'a ProjectionOptions,
}

/// A forecast, and what it was made from.
#[derive(Debug, Clone, Copy)]
pub struct PathGround<'a> {
    /// The forecast.
    pub projection: &'a Projection,
    /// The usage; `None`: daily costs, which have no charge lines.
    pub usage: Option<ForecastUsage<'a>>,
    /// Seed of the paths.
    pub seed: u64,
}

/// What is read off paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Nothing: only what is known.
    Known,
    /// The mean.
    Mean,
    /// A quantile.
    Quantile(BasisPoints),
    /// No path: so many days before the origin go on as they were.
    RunRate(usize),
}

/// A figure of a forecast.
#[derive(Debug, Clone)]
pub struct PathFigure<'k> {
    /// What is read.
    pub read: Read,
    /// The days of the horizon, by offset.
    pub days: Range<usize>,
    /// Known spend from this day to the origin is added.
    pub known_from: Option<NaiveDate>,
    /// Number and key of a report group; `None`: everything.
    pub group: Option<(usize, &'k [String])>,
}

impl<'a> PathGround<'a> {
    /// Takes a figure apart.
    ///
    /// # Errors
    /// [`ExplainError`] if a sum does not fit.
    pub fn explain(
        &self,
        figure: &PathFigure<'_>,
        what: String,
    ) -> Result<Explained<'a>, ExplainError> {
        let mut parts = Vec::new();
        let to = self.projection.origin;
        let is_all = figure.read == Read::Known;
        if let Some(from) = figure.known_from.filter(|from| *from < to || is_all) {
            parts.push(self.known(from, to, format!("known: {}", days_of(from, to)))?);
        }
        match figure.read {
            Read::Known => {}
            Read::Mean => parts.push(self.mean(figure)?),
            Read::Quantile(probability) => parts.extend(self.quantile(figure, probability)?),
            Read::RunRate(days) => parts.push(self.run_rate(figure, days)?),
        }
        let mut sum = Amount::ZERO;
        for part in &parts {
            let (numerator, denominator) = part.weight;
            sum = sum.checked_add(part.amount.checked_ratio(numerator, denominator)?)?;
        }
        Ok(Explained { figure: sum, currency: self.projection.currency, what, parts })
    }

    /// How many paths are above an amount.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a sum does not fit.
    pub fn count_over(
        &self,
        (days, actual): (Range<usize>, Amount),
        threshold: Amount,
        what: String,
    ) -> Result<Count, MoneyError> {
        let sums = self.projection.total.sums(days.start, days.end)?;
        let mut all = Vec::with_capacity(sums.len());
        for (path, sum) in sums.into_iter().enumerate() {
            all.push(PathAt { path, total: actual.checked_add(sum)? });
        }
        all.sort_by_key(|path| path.total);
        let within = all.partition_point(|path| path.total <= threshold);
        let around = within.saturating_sub(SHOWN)..(within + SHOWN).min(all.len());
        Ok(Count {
            what,
            counted: all.len() - within,
            of: all.len(),
            threshold,
            currency: self.projection.currency,
            around: all[around].to_vec(),
        })
    }

    /// Usage of known days at its prices.
    fn known(
        &self,
        from: NaiveDate,
        until: NaiveDate,
        name: String,
    ) -> Result<Part<'a>, ExplainError> {
        let amounts = || self.projection.actual.range(from.min(until)..until);
        let amount = Amount::checked_sum(amounts().map(|(_, amount)| *amount))?;
        let Some(usage) = self.usage else {
            let steps = amounts().map(|(day, amount)| day_step(*day, *amount)).collect();
            return Ok(Part { name, amount, steps, ..Part::default() });
        };
        let rater = Rater::new(usage.book, usage.rollup.profiles(), usage.options.known_at)?;
        let rows = usage.rollup.rows().iter().filter(|row| {
            let day = usage.options.calendar.date_of(row.period.start);
            from <= day && day < until
        });
        let part = rated(usage.rollup, &rater, rows, None, Column::Billed)?;
        Ok(Part { name, amount, ..part })
    }

    fn paths_of(&self, figure: &PathFigure<'_>) -> &'a CostPaths {
        let groups = &self.projection.groups;
        let group = figure.group.and_then(|(number, _)| groups.get(number));
        group.map_or(&self.projection.total, |group| &group.paths)
    }

    fn mean(&self, figure: &PathFigure<'_>) -> Result<Part<'a>, ExplainError> {
        let sums = self.paths_of(figure).sums(figure.days.start, figure.days.end)?;
        let count = i128::try_from(sums.len()).map_err(|_| MoneyError::Overflow)?;
        let part = self.lines(figure, &[PathChoice::All])?.remove(0);
        Ok(Part {
            name: format!("all {count} paths together, {}", self.days(figure)),
            weight: (1, count),
            amount: Amount::checked_sum(sums)?,
            ..part
        })
    }

    fn quantile(
        &self,
        figure: &PathFigure<'_>,
        probability: BasisPoints,
    ) -> Result<Vec<Part<'a>>, ExplainError> {
        let sums = self.paths_of(figure).sums(figure.days.start, figure.days.end)?;
        let found = neighbours(&sums, probability)?;
        let chosen: Vec<PathChoice> = found.iter().map(|n| PathChoice::One(n.path)).collect();
        let lines = self.lines(figure, &chosen)?;
        let part = |(near, part): (&crate::projection::Neighbour, Part<'a>)| Part {
            name: format!(
                "path {} (seed {}), number {} of {} by cost, {}",
                near.path,
                self.seed,
                near.rank,
                sums.len(),
                self.days(figure)
            ),
            weight: weight(near.weight),
            amount: near.amount,
            ..part
        };
        Ok(found.iter().zip(lines).map(part).collect())
    }

    /// Mean of known days, times the days to come.
    fn run_rate(&self, figure: &PathFigure<'_>, days: usize) -> Result<Part<'a>, ExplainError> {
        let to = self.projection.origin;
        let back = Days::new(u64::try_from(days).unwrap_or(0));
        let from = to.checked_sub_days(back).unwrap_or(to);
        let ahead = i128::try_from(figure.days.len()).map_err(|_| MoneyError::Overflow)?;
        let known = i128::try_from(days.max(1)).map_err(|_| MoneyError::Overflow)?;
        let name = format!("{} known days, {}, for {ahead} days to come", days, days_of(from, to));
        Ok(Part { weight: (ahead, known), ..self.known(from, to, name)? })
    }

    fn days(&self, figure: &PathFigure<'_>) -> String {
        let day = |offset: usize| {
            let offset = Days::new(u64::try_from(offset).unwrap_or(0));
            self.projection.origin.checked_add_days(offset).unwrap_or(NaiveDate::MAX)
        };
        days_of(day(figure.days.start), day(figure.days.end))
    }

    /// The lines of paths; names, weights and amounts are still to be set.
    fn lines(
        &self,
        figure: &PathFigure<'_>,
        paths: &[PathChoice],
    ) -> Result<Vec<Part<'a>>, ExplainError> {
        let Some(usage) = self.usage else {
            return paths.iter().map(|path| self.day_steps(figure, *path)).collect();
        };
        let wanted = (figure.days.clone(), figure.group.map(|(_, key)| key));
        let ground = (usage.rollup, usage.book, usage.options);
        let found = path_lines(ground, self.projection.level, paths, wanted)?;
        Ok(found.into_iter().map(part).collect())
    }

    /// Where there is nothing but costs: those of each day.
    fn day_steps(
        &self,
        figure: &PathFigure<'_>,
        path: PathChoice,
    ) -> Result<Part<'a>, ExplainError> {
        let mut steps = Vec::new();
        for day in figure.days.clone() {
            let costs = self.paths_of(figure).sums(day, day + 1)?;
            let cost = match path {
                PathChoice::One(path) => costs.get(path).copied().unwrap_or_default(),
                PathChoice::All => Amount::checked_sum(costs)?,
            };
            let offset = Days::new(u64::try_from(day).unwrap_or(0));
            let date = self.projection.origin.checked_add_days(offset);
            steps.push(day_step(date.unwrap_or(NaiveDate::MAX), cost));
        }
        Ok(Part { steps, ..Part::default() })
    }
}

/// Paths shown on each side of a threshold.
const SHOWN: usize = 5;

/// A share of ten-thousandths in lowest terms.
pub(super) fn weight(points: BasisPoints) -> (i128, i128) {
    let (mut a, mut b) = (i128::from(points), 10_000);
    let whole = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (whole.0 / a.max(1), whole.1 / a.max(1))
}

fn part(lines: PathLines<'_>) -> Part<'_> {
    let mut missing = Missing::default();
    for (profile, component, units) in &lines.unpriced {
        missing.add(&profile.sku, *component, *units);
    }
    let PathLines { charges, roundings, .. } = lines;
    Part { charges, roundings, unpriced: missing.lines(), ..Part::default() }
}

fn day_step(day: NaiveDate, change: Amount) -> Step {
    Step { kind: "day", term: None, description: day.to_string(), change }
}

fn days_of(from: NaiveDate, until: NaiveDate) -> String {
    match until.pred_opt() {
        Some(last) if from < last => format!("{from} to {last}"),
        Some(last) if from == last => from.to_string(),
        _ => "no day".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_in_lowest_terms() {
        assert_eq!([10_000, 5_000, 9_900, 1].map(weight), [(1, 1), (1, 2), (99, 100), (1, 10_000)]);
    }
}
