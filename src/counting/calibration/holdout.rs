//! How far off estimates are: by parts that a fit has not seen.

use std::collections::BTreeMap;

use super::fit::{Prior, fit, predicted};
use super::sample::{DIM, Row};
use crate::tokenizer::TextClass;

/// Parts of which each is held out once.
const PARTS: usize = 10;
/// Estimates are within their band so often, of ten.
const NINE_OF_TEN: (usize, usize) = (9, 10);
/// The quantile of the normal distribution that leaves out a tenth, a twentieth at each end.
const NORMAL: f64 = 1.644_853_626_951_472_2;

/// How far off estimates of some records are. Shares are of the estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Errors {
    /// The mean of a request, whatever the sign.
    pub mean: f64,
    /// Nine of ten requests are within this.
    pub prompt: f64,
    /// Nine of ten sums of many requests are.
    pub bill: f64,
    /// What all of them together are billed above the estimate; below zero: less.
    pub total: f64,
}

/// Estimates of each record by fits to the records of other conversations.
pub(super) fn held_out(rows: &[&Row], prior: &Prior) -> Vec<f64> {
    let part_of = parts(rows);
    let mut estimates = vec![0.0; rows.len()];
    for part in 0..PARTS {
        let others: Vec<&Row> =
            rows.iter().zip(&part_of).filter(|(_, of)| **of != part).map(|(row, _)| *row).collect();
        let found = fit(&others, prior);
        for (at, row) in rows.iter().enumerate().filter(|(at, _)| part_of[*at] == part) {
            estimates[at] = predicted(row, &found.beta);
        }
    }
    estimates
}

/// Estimates of each record by the same ratios.
pub(super) fn with(rows: &[&Row], beta: &[f64; DIM]) -> Vec<f64> {
    rows.iter().map(|row| predicted(row, beta)).collect()
}

/// The largest share of a class in the text of a record: the errors are of text with that much of it.
pub(super) fn largest_share(rows: &[&Row], beta: &[f64; DIM], class: TextClass) -> f64 {
    let of = |row: &&Row| {
        let all: f64 = row.x.iter().zip(beta).take(TextClass::ALL.len()).map(|(x, b)| x * b).sum();
        row.x[class as usize] * beta[class as usize] / all.max(1.0)
    };
    rows.iter().map(of).fold(0.0, f64::max)
}

/// The part of each record; a conversation is whole in one.
fn parts(rows: &[&Row]) -> Vec<usize> {
    let mut known: BTreeMap<u64, usize> = rows.iter().map(|row| (row.conversation, 0)).collect();
    for (at, part) in known.values_mut().enumerate() {
        *part = at % PARTS;
    }
    rows.iter().map(|row| known[&row.conversation]).collect()
}

/// How many conversations there are.
pub(super) fn conversations(rows: &[&Row]) -> usize {
    let mut all: Vec<u64> = rows.iter().map(|row| row.conversation).collect();
    all.sort_unstable();
    all.dedup();
    all.len()
}

/// How far off estimates are; `None`: there are too few for a band.
pub(super) fn errors(rows: &[&Row], estimates: &[f64]) -> Option<Errors> {
    let estimates: Vec<f64> = estimates.iter().map(|estimate| estimate.max(1.0)).collect();
    let mut off: Vec<f64> =
        rows.iter().zip(&estimates).map(|(row, e)| (row.y - e).abs() / e).collect();
    let count = number(off.len());
    let mean = off.iter().sum::<f64>() / count;
    off.sort_unstable_by(f64::total_cmp);
    // Of n + 1 requests, of which the next one is one, so many are within the k-th of n.
    let rank = ((off.len() + 1) * NINE_OF_TEN.0).div_ceil(NINE_OF_TEN.1);
    let prompt = *off.get(rank.checked_sub(1)?)?;
    let all: f64 = estimates.iter().sum();
    let total = rows.iter().zip(&estimates).map(|(row, e)| row.y - e).sum::<f64>() / all;
    let bill = many(rows, &estimates, total)?.max(total.abs()).min(prompt);
    Some(Errors { mean, prompt, bill, total })
}

/// The band of a sum of thirty requests: what is left of their spread after it averages out, and how far the mean itself
/// may be off, both by conversation.
fn many(rows: &[&Row], estimates: &[f64], total: f64) -> Option<f64> {
    let size = estimates.iter().sum::<f64>() / number(estimates.len());
    let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
    for (row, estimate) in rows.iter().zip(estimates) {
        *sums.entry(row.conversation).or_default() += (row.y - estimate - total * estimate) / size;
    }
    let groups = sums.len();
    if groups < 2 {
        return None;
    }
    let squares: f64 = sums.values().map(|sum| sum * sum).sum();
    let count = number(rows.len());
    let of_mean = squares * number(groups) / number(groups - 1) / (count * count);
    let of_thirty = of_mean * count / number(30);
    Some(student(groups - 1) * (of_mean + of_thirty).sqrt())
}

/// The quantile of Student's distribution that leaves out a tenth: the normal one with Fisher's first two corrections.
fn student(freedom: usize) -> f64 {
    let (z, n) = (NORMAL, number(freedom));
    let cube = z * z * z;
    let fifth = cube * z * z;
    z + (cube + z) / (4.0 * n) + (5.0 * fifth + 16.0 * cube + 3.0 * z) / (96.0 * n * n)
}

#[expect(clippy::cast_precision_loss, reason = "numbers of records are far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(y: f64, conversation: u64) -> Row {
        let mut x = [0.0; DIM];
        x[4] = 100.0;
        Row { x, y, conversation }
    }

    #[test]
    fn bands_by_hand() {
        // Nineteen estimates of 100; what was billed is 1, 2, ... 19 above, by turns below.
        let rows: Vec<Row> = (1..=19_u32)
            .map(|n| row(100.0 + f64::from(n) * if n % 2 == 0 { -1.0 } else { 1.0 }, n.into()))
            .collect();
        let rows: Vec<&Row> = rows.iter().collect();
        let found = errors(&rows, &[100.0; 19]).unwrap();
        // The mean of 1 to 19; the 18th of 20; 1 - 2 + 3 - ... + 19 = 10 of 1900.
        assert!((found.mean - 0.10).abs() < 1e-12, "{found:?}");
        assert!((found.prompt - 0.18).abs() < 1e-12, "{found:?}");
        assert!((found.total - 10.0 / 1900.0).abs() < 1e-12, "{found:?}");
        // Squares of 1 to 19 are 2470; less 19 times the square of the mean of 10 / 19: 2464.74, over 18 is the variance
        // 136.93 of hundredths. Of 49 records' worth: 136.93 * (1/19 + 1/30) = 11.771; its root 3.431 times 1.734.
        assert!((found.bill - 0.0595).abs() < 2e-4, "{found:?}");
        assert_eq!(errors(&rows[..8], &[100.0; 8]), None);
    }

    #[test]
    fn the_largest_share_is_of_one_record() {
        // 100 words, and 10, 20, ... 100 digits: at most 100 of 200.
        let rows: Vec<Row> = (1..=10_u32)
            .map(|n| {
                let mut row = row(100.0, n.into());
                row.x[TextClass::Digits as usize] = f64::from(n) * 10.0;
                row
            })
            .collect();
        let share = largest_share(&rows.iter().collect::<Vec<_>>(), &[1.0; DIM], TextClass::Digits);
        assert!((share - 0.5).abs() < 1e-12, "{share}");
    }

    #[test]
    fn quantiles_of_student() {
        for (freedom, expected, near) in
            [(4, 2.132, 0.02), (18, 1.734, 0.001), (1000, 1.646, 0.001)]
        {
            assert!((student(freedom) - expected).abs() < near, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn a_conversation_is_held_out_whole() {
        let rows: Vec<Row> = (0..40_u32).map(|n| row(100.0, (n / 4).into())).collect();
        let rows: Vec<&Row> = rows.iter().collect();
        let parts = parts(&rows);
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(parts[at], usize::try_from(row.conversation).unwrap());
        }
        assert_eq!(conversations(&rows), 10);
    }
}
