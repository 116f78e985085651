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
/// Chance of as long a run of zeros, were usage as frequent as before, that counts as a stop.
const STOP_CHANCE: f64 = 0.02;
/// Mixed weeks a history is given beside those that were seen.
const MIXED_WEEKS: u32 = 2;
/// Shape of the prior on the length of a stop: below Jeffreys' 1/2 for an exponential duration,
/// because most series that stop are of a model or a service that is gone. After a stop of E days
/// that is the first, the chance of a return within h more days is 1 - (E / (E + h))^0.2: 17 % in
/// 30 days after 20.
const PRIOR_RETURNS: f64 = 0.2;

/// Share of the days on which a series is judged that are zero.
pub(super) fn recent_zeros(values: &[f64]) -> f64 {
    zero_share(values, JUDGED_DAYS)
}

/// True for a series of which at least 70 % of the known days are zero.
pub(super) fn is_intermittent(values: &[f64]) -> bool {
    zero_share(values, JUDGED_DAYS) >= ZERO_SHARE
        && zero_share(values, RECENT_DAYS) >= RECENT_ZERO_SHARE
}

/// Share of zeros among the last known days.
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
                let day = |i: usize| week[(i + offset) % WEEK];
                Some(std::array::from_fn(|i| if day(i).is_nan() { mean } else { day(i) }))
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
    /// that: a few weeks do not tell how frequent usage is (the double bootstrap comes close to the
    /// Bayesian bootstrap of Rubin 1981). Some weeks of that history are mixed.
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
            for (block, days) in path.chunks_mut(WEEK).enumerate() {
                let week = self.own_week(bits, (steps[block * WEEK].age / 7) % weeks);
                for (i, (value, drawn)) in days.iter_mut().zip(week).enumerate() {
                    *value = if block * WEEK + i < first { 0.0 } else { drawn };
                }
            }
        }
    }

    /// Week `number` of the history of a path: one that was seen, or a mixed one, in which each
    /// weekday comes from a week of its own.
    fn own_week(&self, path: u64, number: u32) -> [f64; WEEK] {
        let seen = u32::try_from(self.0.len()).unwrap_or(u32::MAX - MIXED_WEEKS);
        let own = Stream::new(path, u64::from(number));
        let drawn = below(own.bits(0), seen + MIXED_WEEKS);
        match self.0.get(drawn as usize) {
            Some(week) => *week,
            None => std::array::from_fn(|i| {
                self.0[below(own.bits(1 + super::math::wide(i)), seen) as usize][i]
            }),
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
    /// A stop at the end of the values: a week or more without usage, more than twice the longest
    /// run of zeros before, and no accident at the former frequency of usage. With it the weeks of
    /// usage before the stop; if that was less than one, its other days are zero.
    pub(super) fn at_end(values: &[f64]) -> Option<(Self, Weeks)> {
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
        let used = values.iter().rposition(|v| *v > 0.0)? + 1;
        let frequency = (1.0 - zero_share(&values[..used], used)) * count(used) / count(used + 1);
        if ln(1.0 - frequency) * count(days) > ln(STOP_CHANCE) {
            return None;
        }
        let mut before = vec![0.0; WEEK.saturating_sub(used)];
        before.extend_from_slice(&values[..used]);
        let weeks = Weeks::of(&before, values.len() - used);
        let exposure = days + ended.iter().sum::<usize>();
        Some((Self { days, exposure, returns: ended.len() }, weeks))
    }

    /// The first day with usage of a path. With an exponential duration and a gamma prior, the
    /// chance of still being stopped after h more days is (E / (E + h))^(returns + 1/5).
    fn return_day(&self, bits: u64) -> usize {
        let u = unit(bits);
        let shape = count(self.returns) + PRIOR_RETURNS;
        index((count(self.exposure) * (exp(-ln(u) / shape) - 1.0)).ceil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_with_the_weekday_of_the_forecast() {
        let values: Vec<f64> = (0..16).map(f64::from).collect();
        let weeks = Weeks::of(&values, 0);
        assert_eq!(weeks.0.len(), 2);
        assert_eq!(weeks.0[0].to_vec(), [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        // Two days later the first future day is two weekdays on.
        let later = Weeks::of(&values, 2);
        assert_eq!(later.0[0].to_vec(), [11.0, 12.0, 13.0, 14.0, 15.0, 9.0, 10.0]);
    }

    #[test]
    fn stops_and_their_length() {
        let series = |runs: &[(f64, usize)]| -> Vec<f64> {
            runs.iter().flat_map(|(value, n)| std::iter::repeat_n(*value, *n)).collect()
        };
        let (stop, weeks) =
            Stop::at_end(&series(&[(5.0, 30), (0.0, 2), (5.0, 4), (0.0, 9)])).unwrap();
        assert_eq!((stop.days, stop.exposure, stop.returns), (9, 9, 0));
        assert_eq!(weeks.0.len(), 5);
        assert!(Stop::at_end(&series(&[(5.0, 30), (0.0, 6)])).is_none());
        assert!(Stop::at_end(&series(&[(5.0, 30), (0.0, 8), (5.0, 9), (0.0, 12)])).is_none());
        // Of the paths, (1 / 16)^(1/5) = 57 % are still stopped after 15 times the exposure.
        let still =
            (0..4000_u64).filter(|i| stop.return_day(Stream::new(3, 0).bits(*i)) > 135).count();
        assert!((2240..2360).contains(&still), "{still}");
    }

    #[test]
    fn mostly_zero() {
        let weekly: Vec<f64> = (0..56).map(|t| f64::from(u8::from(t % 7 == 0))).collect();
        assert!(is_intermittent(&weekly));
        let woken: Vec<f64> = (0..56).map(|t| f64::from(u8::from(t >= 44))).collect();
        assert!(!is_intermittent(&woken));
    }
}
