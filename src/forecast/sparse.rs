//! Series that are mostly zero, and series that stopped.

use super::math::{count, exp, index, ln};
use super::rng::{Stream, below, unit};
use super::simulate::Draws;

/// Days of a block.
const WEEK: usize = 7;
/// Days on which "mostly zero" is judged, and their share of zeros.
const JUDGED_DAYS: usize = 56;
const ZERO_SHARE: f64 = 0.7;
/// A series whose last two weeks are dense is not intermittent any more.
const RECENT_DAYS: usize = 14;
const RECENT_ZERO_SHARE: f64 = 0.5;
/// Zero days at the end that make a series "stopped".
const STOPPED_DAYS: usize = 7;
/// Shape of the prior on the length of a stop (Jeffreys' for an exponential duration).
const PRIOR_RETURNS: f64 = 0.5;

/// True for a series of which at least 70 % of the known days are zero.
pub(super) fn is_intermittent(values: &[f64]) -> bool {
    zero_share(values, JUDGED_DAYS) >= ZERO_SHARE
        && zero_share(values, RECENT_DAYS) >= RECENT_ZERO_SHARE
}

fn zero_share(values: &[f64], days: usize) -> f64 {
    let known = values.iter().rev().take(days).filter(|v| !v.is_nan());
    let (zeros, n) = known.fold((0, 0), |(z, n), v| (z + usize::from(*v <= 0.0), n + 1));
    count(zeros) / count(n.max(1))
}

/// Whole weeks to draw from, newest first; each begins with the weekday of the first future day.
#[derive(Debug, Clone)]
pub(super) struct Weeks(Vec<[f64; WEEK]>);

impl Weeks {
    /// The complete weeks of a history whose last day is `gap` days before the forecast. An unknown
    /// day takes the mean of the known days of its week.
    pub(super) fn of(values: &[f64], gap: usize) -> Self {
        let offset = gap % WEEK;
        let weeks = values
            .rchunks_exact(WEEK)
            .filter_map(|week| {
                let mean = super::math::mean(week)?;
                let day = |i: usize| week[(i + WEEK - offset) % WEEK];
                Some(std::array::from_fn(|i| {
                    if day(i).is_nan() { mean } else { day(i) }
                }))
            })
            .collect();
        Self(weeks)
    }

    /// Days the draws should reach back.
    pub(super) fn span(&self) -> usize {
        self.0.len() * WEEK
    }

    /// True without a complete week.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fills `out` (paths x horizon); a path is zero until its day of return.
    ///
    /// Each path first draws its own history, as many weeks as there are, and then its future from
    /// that: a few weeks do not tell how frequent usage is (the double bootstrap comes close to the Bayesian
    /// bootstrap of Rubin 1981).
    pub(super) fn paths(
        &self,
        stop: Option<&Stop>,
        draws: &Draws,
        out: &mut [f64],
        horizon: usize,
    ) {
        let weeks = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        for ((_, bits, steps), path) in draws.each().zip(out.chunks_exact_mut(horizon)) {
            let first = stop.map_or(0, |s| s.return_day(bits));
            let own = Stream::new(bits, 0);
            for (block, days) in path.chunks_mut(WEEK).enumerate() {
                let age = steps[block * WEEK].age / 7;
                let week = &self.0[below(own.bits(u64::from(age % weeks)), weeks) as usize];
                for (i, (value, drawn)) in days.iter_mut().zip(week).enumerate() {
                    *value = if block * WEEK + i < first {
                        0.0
                    } else {
                        *drawn
                    };
                }
            }
        }
    }
}

/// A run of zeros at the end, longer than any before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Known zero days at the end.
    pub(super) days: usize,
    /// Days spent in stops of a week and more, this one included.
    exposure: usize,
    /// How many of those stops ended.
    returns: usize,
}

impl Stop {
    /// A stop at the end of the values: a week or more without usage, and more than twice the
    /// longest run of zeros before.
    pub(super) fn at_end(values: &[f64]) -> Option<Self> {
        let mut runs = vec![0_usize];
        for value in values.iter().filter(|v| !v.is_nan()) {
            if *value > 0.0 {
                runs.push(0);
            } else if let Some(run) = runs.last_mut() {
                *run += 1;
            }
        }
        let days = runs.pop()?;
        let longest = runs.iter().copied().max().unwrap_or(0);
        if days < STOPPED_DAYS || days <= 2 * longest {
            return None;
        }
        let ended: Vec<usize> = runs.into_iter().filter(|r| *r >= STOPPED_DAYS).collect();
        Some(Self {
            days,
            exposure: days + ended.iter().sum::<usize>(),
            returns: ended.len(),
        })
    }

    /// The first day with usage of a path. With an exponential duration and a gamma prior, the
    /// chance of still being stopped after h more days is (E / (E + h))^(returns + 1/2).
    fn return_day(&self, bits: u64) -> usize {
        let u = unit(bits);
        let shape = count(self.returns) + PRIOR_RETURNS;
        index((count(self.exposure) * (exp(-ln(u) / shape) - 1.0)).ceil())
    }
}
