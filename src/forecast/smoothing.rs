//! Estimation of the smoothing parameters of a member.

use super::ets::{Smoothing, State};
use super::fit::minimise;
use super::math::{count, ln, logistic, logit};
use super::members::Kind;

/// Weight of the prior on the smoothing parameters.
const PRIOR_WEIGHT: f64 = 0.5;
/// Centre of the prior: share of alpha in (0, 1), of gamma in (0, 1 - alpha), of beta in
/// (0, alpha), of phi in (0.8, 0.98). A lasting trend should change slowly: its share is smaller.
const ALPHA: f64 = 0.25;
const GAMMA: f64 = 0.13;
const BETA: f64 = 0.17;
const LASTING_BETA: f64 = 0.05;
const PHI: f64 = 0.11 / 0.18;

/// What the parameters are fitted on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'a> {
    pub(super) y: &'a [f64],
    pub(super) phases: &'a [usize],
    /// Days at the beginning whose errors do not count.
    pub(super) skipped: usize,
}

/// Parameters that minimise n ln(SSE / n), a regularised likelihood: plus a pull, on the logit
/// scale, towards alpha 0.25, gamma 0.1, beta 0.04 (0.0125 for a lasting trend), phi 0.91.
pub(super) fn fit_smoothing(kind: Kind, start: &State, sample: Sample<'_>) -> Smoothing {
    let seasonal = start.season.len() > 1;
    let mut scratch = start.clone();
    let mut loss = |smoothing: &Smoothing, deviation: f64| {
        scratch.copy_from(start);
        let (mut sum, mut n) = (0.0, 0_usize);
        scratch.run(smoothing, sample.y, sample.phases, |t, e| {
            if t >= sample.skipped {
                sum += e * e;
                n += 1;
            }
        });
        let n = count(n.max(1));
        n * ln(sum / n + 1e-12) + PRIOR_WEIGHT * deviation
    };
    match (kind, seasonal) {
        (Kind::Recent, _) => Smoothing::FIXED,
        (Kind::Damped, true) => search([ALPHA, GAMMA, BETA, PHI], smoothing, &mut loss),
        (Kind::Damped, false) => {
            search([ALPHA, BETA, PHI], |[a, b, p]| plain(smoothing([a, 0.0, b, p])), &mut loss)
        }
        (Kind::Trend, true) => search(
            [ALPHA, GAMMA, LASTING_BETA],
            |[a, g, b]| lasting(smoothing([a, g, b, 0.0])),
            &mut loss,
        ),
        (Kind::Trend, false) => search(
            [ALPHA, LASTING_BETA],
            |[a, b]| lasting(plain(smoothing([a, 0.0, b, 0.0]))),
            &mut loss,
        ),
        (Kind::Level | Kind::Theta, true) => {
            search([ALPHA, GAMMA], |[a, g]| trendless(smoothing([a, g, 0.0, 0.0])), &mut loss)
        }
        (Kind::Level | Kind::Theta, false) => {
            let full = |[a]: [f64; 1]| plain(trendless(smoothing([a, 0.0, 0.0, 0.0])));
            search([ALPHA], full, &mut loss)
        }
    }
}

/// Searches from the centre of the prior, given as shares.
fn search<const N: usize>(
    shares: [f64; N],
    full: impl Fn([f64; N]) -> Smoothing,
    loss: &mut impl FnMut(&Smoothing, f64) -> f64,
) -> Smoothing {
    let centre = shares.map(logit);
    let best = minimise(centre, |x| {
        let squares = x.iter().zip(&centre).map(|(x, c)| (x - c) * (x - c)).sum();
        loss(&full(*x), squares)
    });
    full(best)
}

/// From the logit scale: `0 < alpha < 1`, `gamma < 1 - alpha`, `beta < alpha`, `0.8 < phi < 0.98`.
fn smoothing(x: [f64; 4]) -> Smoothing {
    let alpha = logistic(x[0]);
    Smoothing {
        alpha,
        gamma: (1.0 - alpha) * logistic(x[1]),
        beta: alpha * logistic(x[2]),
        phi: 0.8 + 0.18 * logistic(x[3]),
    }
}

fn trendless(smoothing: Smoothing) -> Smoothing {
    Smoothing { beta: 0.0, phi: 0.0, ..smoothing }
}

fn lasting(smoothing: Smoothing) -> Smoothing {
    Smoothing { phi: 1.0, ..smoothing }
}

fn plain(smoothing: Smoothing) -> Smoothing {
    Smoothing { gamma: 0.0, ..smoothing }
}
