//! The fit: ridge regression towards the ratios of the program, weighted by size, with far-off records held down.
//!
//! A request has `x . beta` tokens, where `x` are its tokens of the base by class, then one for the request, its
//! messages, and one if it has tools. The spread of what is billed around that is a share of it. The estimate is the mode
//! of `beta` where its prior is normal around the shipped values: with few records it stays near them.

use super::sample::{DIM, Row};

/// What is taken for true before anything is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Prior {
    /// The shipped values.
    pub(super) mean: [f64; DIM],
    /// How far they may be off.
    pub(super) spread: [f64; DIM],
    /// Spread of one request around an estimate, as a share.
    pub(super) noise: f64,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fitted {
    /// Ratios and constants.
    pub(super) beta: [f64; DIM],
    /// How far they may still be off, as a share of how far they might have been.
    pub(super) left: [f64; DIM],
}

/// The noise of the prior counts as so many records.
const PRIOR_RECORDS: f64 = 10.0;
/// A record further off than so many spreads pulls no harder.
const HUBER: f64 = 1.5;
/// The mean of the squares of a standard normal number that is cut at that.
const HUBER_SQUARES: f64 = 0.778;
/// Counts are whole, so no record is closer than this.
const ROUNDING: f64 = 1.0;
/// The smallest noise: nothing is fitted closer than counts of short texts are.
const LEAST_NOISE: f64 = 0.002;
/// Rounds in which noise and weights settle.
const ROUNDS: usize = 12;
/// No class has fewer tokens for one of the base.
const LEAST_RATIO: f64 = 0.05;

/// Tokens of a request under some ratios.
pub(super) fn predicted(row: &Row, beta: &[f64; DIM]) -> f64 {
    row.x.iter().zip(beta).map(|(x, b)| x * b).sum()
}

/// Fits ratios and constants to records.
pub(super) fn fit(rows: &[&Row], prior: &Prior) -> Fitted {
    let mut beta = prior.mean;
    let mut noise = prior.noise;
    let mut left = [1.0; DIM];
    for _ in 0..ROUNDS {
        let mut system = System::of(prior);
        let (mut squares, mut records) = (PRIOR_RECORDS * prior.noise * prior.noise, PRIOR_RECORDS);
        for row in rows {
            let expected = predicted(row, &beta).max(1.0);
            let spread = noise * expected + ROUNDING;
            let off = row.y - predicted(row, &beta);
            let weight = (HUBER * spread / off.abs().max(f64::MIN_POSITIVE)).min(1.0);
            let share = ((off.abs() - ROUNDING).max(0.0) / expected).min(HUBER * noise);
            squares += share * share / HUBER_SQUARES;
            records += 1.0;
            system.add(row, weight / (spread * spread), &prior.mean);
        }
        noise = (squares / records).sqrt().max(LEAST_NOISE);
        let (shift, spread) = system.solve(prior);
        for at in 0..DIM {
            beta[at] = prior.mean[at] + shift[at];
            left[at] = spread[at] / prior.spread[at];
        }
    }
    Fitted { beta, left }
}

/// The smallest value of a parameter: ratios are above zero, constants not below it.
fn least(at: usize) -> f64 {
    if at < DIM - 3 { LEAST_RATIO } else { 0.0 }
}

/// The equations of the shift from the prior's mean.
struct System {
    matrix: [[f64; DIM]; DIM],
    right: [f64; DIM],
}

impl System {
    fn of(prior: &Prior) -> Self {
        let mut matrix = [[0.0; DIM]; DIM];
        for (at, line) in matrix.iter_mut().enumerate() {
            line[at] = 1.0 / (prior.spread[at] * prior.spread[at]);
        }
        Self { matrix, right: [0.0; DIM] }
    }

    fn add(&mut self, row: &Row, weight: f64, mean: &[f64; DIM]) {
        let off = row.y - predicted(row, mean);
        for one in 0..DIM {
            self.right[one] += weight * row.x[one] * off;
            for other in 0..DIM {
                self.matrix[one][other] += weight * row.x[one] * row.x[other];
            }
        }
    }

    /// The shifts, and how far each may be off. What would fall below its least is held there and the rest solved
    /// again.
    fn solve(&self, prior: &Prior) -> ([f64; DIM], [f64; DIM]) {
        let mut held: [Option<f64>; DIM] = [None; DIM];
        loop {
            let (shift, spread) = self.solve_with(&held);
            let lowest = |at: usize| least(at) - prior.mean[at];
            let below = (0..DIM).find(|at| held[*at].is_none() && shift[*at] < lowest(*at) - 1e-12);
            match below {
                Some(at) => held[at] = Some(lowest(at)),
                None => return (shift, spread),
            }
        }
    }

    /// Gauss and Jordan on the parameters that are free; the matrix is positive definite, so that no pivot is zero.
    fn solve_with(&self, held: &[Option<f64>; DIM]) -> ([f64; DIM], [f64; DIM]) {
        let mut matrix = self.matrix;
        let mut right = self.right;
        let mut inverse = [[0.0; DIM]; DIM];
        for (at, line) in inverse.iter_mut().enumerate() {
            line[at] = 1.0;
        }
        for (at, value) in held.iter().enumerate() {
            let Some(value) = value else { continue };
            for other in 0..DIM {
                right[other] -= matrix[other][at] * value;
                matrix[other][at] = 0.0;
                matrix[at][other] = 0.0;
            }
            matrix[at][at] = 1.0;
            right[at] = *value;
        }
        for at in 0..DIM {
            let pivot = matrix[at][at];
            for other in 0..DIM {
                matrix[at][other] /= pivot;
                inverse[at][other] /= pivot;
            }
            right[at] /= pivot;
            let (line, inverse_line, value) = (matrix[at], inverse[at], right[at]);
            for other in (0..DIM).filter(|other| *other != at) {
                let times = matrix[other][at];
                for column in 0..DIM {
                    matrix[other][column] -= times * line[column];
                    inverse[other][column] -= times * inverse_line[column];
                }
                right[other] -= times * value;
            }
        }
        let mut spread = [0.0; DIM];
        for (at, value) in spread.iter_mut().enumerate() {
            *value = inverse[at][at].max(0.0).sqrt();
        }
        (right, spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prior() -> Prior {
        let mut prior = Prior { mean: [1.0; DIM], spread: [0.2; DIM], noise: 0.1 };
        for at in DIM - 3..DIM {
            prior.mean[at] = 0.0;
            prior.spread[at] = 5.0;
        }
        prior
    }

    /// Words, digits, and a constant for the request.
    fn row(words: f64, digits: f64, y: f64) -> Row {
        let mut x = [0.0; DIM];
        (x[4], x[3], x[8]) = (words, digits, 1.0);
        Row { x, y, conversation: 0 }
    }

    #[test]
    fn one_record_is_shrunk_as_the_formula_says() {
        // One parameter: precision 1 / 0.2^2 = 25 before; the record adds 100^2 / (0.1 * 100 + 1)^2 = 82.64, and is
        // 20 tokens off: (82.64 * 0.2) / (25 + 82.64) = 0.1536. The noise and its weight settle in later rounds.
        let prior = prior();
        let mut x = [0.0; DIM];
        x[4] = 100.0;
        let mut system = System::of(&prior);
        system.add(&Row { x, y: 120.0, conversation: 0 }, 1.0 / 121.0, &prior.mean);
        let (shift, spread) = system.solve(&prior);
        assert!((shift[4] - 0.1536).abs() < 1e-4, "{shift:?}");
        assert!((spread[4] - (1.0_f64 / 107.64).sqrt()).abs() < 1e-4, "{spread:?}");
        assert!(shift[3].abs() < 1e-12 && (spread[3] - 0.2).abs() < 1e-12);
    }

    #[test]
    fn many_records_find_the_truth() {
        let rows: Vec<Row> = (1..=60)
            .map(|n| {
                let (words, digits) = (f64::from(n) * 10.0, f64::from(n * 7 % 13) * 20.0);
                row(words, digits, words * 1.3 + digits * 0.8 + 6.0)
            })
            .collect();
        let found = fit(&rows.iter().collect::<Vec<_>>(), &prior());
        assert!((found.beta[4] - 1.3).abs() < 0.005, "{found:?}");
        assert!((found.beta[3] - 0.8).abs() < 0.015, "{found:?}");
        assert!((found.beta[8] - 6.0).abs() < 1.5, "{found:?}");
        // Nothing was seen of Chinese.
        assert!((found.beta[7] - 1.0).abs() < 1e-12 && (found.left[7] - 1.0).abs() < 1e-12);
        assert!(found.left[4] < 0.1, "{found:?}");
    }

    #[test]
    fn a_record_with_hidden_text_hardly_counts_and_nothing_falls_below_zero() {
        let mut rows: Vec<Row> =
            (1..=40).map(|n| row(f64::from(n) * 10.0, 0.0, f64::from(n) * 9.0)).collect();
        rows.push(row(100.0, 0.0, 5000.0));
        let found = fit(&rows.iter().collect::<Vec<_>>(), &prior());
        assert!((found.beta[4] - 0.9).abs() < 0.02, "{found:?}");
        assert!(found.beta[8] >= 0.0, "{found:?}");
    }
}
