//! What a leaf is made of: the shares of its profiles, and how far these shares move in a week.
//!
//! Shares are forecast by exponential smoothing with the half-life that would have foretold the
//! following week best: a migration that ended last week is followed within days, a mix that goes
//! up and down is averaged. The errors of those forecasts are drawn again in the future, in the
//! same week for every leaf, so the mix is as uncertain as it was.

use std::collections::BTreeMap;

/// Days of history that the mix looks at.
pub(super) const MIX_DAYS: usize = 56;
/// Days that a forecast of shares is compared with.
const WEEK: usize = 7;
/// Ages of the origins whose errors are drawn: the last three weeks that have a week behind them.
const ORIGINS: std::ops::Range<usize> = 7..28;
/// Number of variants of a mix: one an origin.
pub(super) const VARIANTS: usize = 21;
/// Origins that must have an error before another half-life than the usual one is chosen.
const LEAST_ORIGINS: usize = 7;
/// What a day weighs less than the next: half-lives of 2, 4, 7 and 14 days, `2^(-1/n)`. The usual
/// one is 7 days.
const DECAYS: [f64; 4] =
    [0.707_106_781_186_547_5, 0.840_896_415_253_714_5, USUAL_DECAY, 0.951_695_153_039_866];
pub(super) const USUAL_DECAY: f64 = 0.905_723_664_263_906_7;
/// Another half-life must lower the error to this share.
const CLEARLY_BETTER: f64 = 0.9;

/// Daily units of a profile by age: element 0 is the last day.
pub(super) type ByAge = [f64; MIX_DAYS];

/// The shares of the profiles of a leaf.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Mix {
    /// The profiles, sorted.
    pub(super) profiles: Vec<u32>,
    /// Expected shares, which sum to 1.
    central: Vec<f64>,
    /// Shares with the error of each origin of [`ORIGINS`]; `None` where there is none.
    variants: Vec<Option<Vec<f64>>>,
    /// Share of each hour of the day, by profile.
    pub(super) hours: Vec<Vec<(u8, f64)>>,
}

impl Mix {
    /// From recent days. `hours` has the weight of each hour by profile.
    pub(super) fn of(days: &BTreeMap<u32, Box<ByAge>>, hours: &BTreeMap<(u32, u8), f64>) -> Self {
        let profiles: Vec<u32> = days.keys().copied().collect();
        let counts: Vec<&ByAge> = days.values().map(AsRef::as_ref).collect();
        let hours = profiles.iter().map(|profile| {
            let own = hours.range((*profile, 0)..=(*profile, u8::MAX));
            normalised(own.map(|((_, hour), weight)| (*hour, *weight)).collect())
        });
        let hours = hours.collect();
        let (central, errors) = forecast_shares(&counts);
        let variant = |error: Option<Vec<f64>>| error.map(|e| shifted(&central, &e));
        let variants = errors.into_iter().map(variant).collect();
        Self { profiles, central, variants, hours }
    }

    /// A mix that is only known as weights, from long ago.
    pub(super) fn of_weights(
        weights: &BTreeMap<u32, f64>,
        hours: &BTreeMap<(u32, u8), f64>,
    ) -> Self {
        let days: BTreeMap<u32, Box<ByAge>> = weights
            .iter()
            .map(|(profile, weight)| {
                let mut by_age = Box::new([0.0; MIX_DAYS]);
                by_age[0] = *weight;
                (*profile, by_age)
            })
            .collect();
        Self::of(&days, hours)
    }

    /// True if some variant differs from the expected shares.
    pub(super) fn varies(&self) -> bool {
        self.variants.iter().flatten().any(|v| *v != self.central)
    }

    /// The expected shares, in the order of the profiles.
    pub(super) fn expected_shares(&self) -> &[f64] {
        &self.central
    }

    /// The shares of a variant, or the expected ones where it has none.
    pub(super) fn shares(&self, variant: usize) -> &[f64] {
        self.variants.get(variant).and_then(Option::as_ref).unwrap_or(&self.central)
    }
}

fn normalised(mut weights: Vec<(u8, f64)>) -> Vec<(u8, f64)> {
    let total: f64 = weights.iter().map(|(_, w)| w).sum();
    if total > 0.0 {
        weights.iter_mut().for_each(|(_, w)| *w /= total);
    }
    weights
}

/// Shares of sums; `None` without anything.
fn shares_of(sums: &[f64]) -> Option<Vec<f64>> {
    let total: f64 = sums.iter().sum();
    (total > 0.0).then(|| sums.iter().map(|s| s / total).collect())
}

/// Shares moved by an error, cut at zero.
fn shifted(shares: &[f64], error: &[f64]) -> Vec<f64> {
    let moved: Vec<f64> = shares.iter().zip(error).map(|(s, e)| (s + e).max(0.0)).collect();
    shares_of(&moved).unwrap_or_else(|| shares.to_vec())
}

struct Smoothed {
    now: Option<Vec<f64>>,
    /// By origin: what happened in the next week less what was expected.
    errors: Vec<Option<Vec<f64>>>,
}

impl Smoothed {
    fn with(decay: f64, counts: &[&ByAge]) -> Self {
        let mut state = vec![0.0; counts.len()];
        let mut errors = vec![None; ORIGINS.len()];
        for age in (0..MIX_DAYS).rev() {
            for (sum, by_age) in state.iter_mut().zip(counts) {
                *sum = *sum * decay + by_age[age];
            }
            if ORIGINS.contains(&age) {
                let week: Vec<f64> =
                    counts.iter().map(|c| c[age - WEEK..age].iter().sum()).collect();
                errors[age - ORIGINS.start] =
                    shares_of(&week).zip(shares_of(&state)).map(|(happened, expected)| {
                        happened.iter().zip(expected).map(|(h, e)| h - e).collect()
                    });
            }
        }
        Self { now: shares_of(&state), errors }
    }

    /// Mean squared error over the origins; `None` with too few.
    fn error(&self) -> Option<f64> {
        let known: Vec<f64> =
            self.errors.iter().flatten().map(|e| e.iter().map(|x| x * x).sum()).collect();
        let n = u32::try_from(known.len()).ok()?;
        (known.len() >= LEAST_ORIGINS).then(|| known.iter().sum::<f64>() / f64::from(n))
    }
}

fn forecast_shares(counts: &[&ByAge]) -> (Vec<f64>, Vec<Option<Vec<f64>>>) {
    let usual = Smoothed::with(USUAL_DECAY, counts);
    let mut best = usual;
    if counts.len() > 1
        && let Some(error) = best.error()
    {
        let mut least = error * CLEARLY_BETTER;
        for decay in DECAYS.into_iter().filter(|d| d.to_bits() != USUAL_DECAY.to_bits()) {
            let other = Smoothed::with(decay, counts);
            if let Some(found) = other.error().filter(|found| *found < least) {
                (best, least) = (other, found);
            }
        }
    }
    let even = || vec![1.0; counts.len()];
    let central = best.now.or_else(|| shares_of(&even())).unwrap_or_default();
    (central, best.errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(first: impl Fn(usize) -> f64, second: impl Fn(usize) -> f64) -> Mix {
        let by_age = |f: &dyn Fn(usize) -> f64| {
            let mut days = Box::new([0.0; MIX_DAYS]);
            days.iter_mut().enumerate().for_each(|(age, d)| *d = f(age));
            days
        };
        let days = BTreeMap::from([(3, by_age(&first)), (5, by_age(&second))]);
        Mix::of(&days, &BTreeMap::from([((3, 7), 1.0), ((3, 9), 3.0), ((5, 1), 2.0)]))
    }

    #[test]
    fn a_steady_mix_has_no_spread() {
        let mix = mix(|_| 30.0, |_| 10.0);
        assert!((mix.shares(0)[0] - 0.75).abs() < 1e-12);
        for variant in 0..VARIANTS {
            assert!((mix.shares(variant)[1] - 0.25).abs() < 1e-9);
        }
        assert_eq!(mix.hours, [vec![(7, 0.25), (9, 0.75)], vec![(1, 1.0)]]);
    }

    #[test]
    fn a_migration_that_ended_is_followed() {
        // Everything moved from the first to the second ten days ago.
        let mix =
            mix(|age| if age < 10 { 0.0 } else { 50.0 }, |age| if age < 10 { 50.0 } else { 0.0 });
        assert!(mix.shares(VARIANTS)[1] > 0.95, "{:?}", mix.shares(VARIANTS));
    }

    #[test]
    fn a_mix_that_goes_up_and_down_is_averaged_and_uncertain() {
        let swing = |age: usize| if (age / 5).is_multiple_of(2) { 40.0 } else { 10.0 };
        let mix = mix(swing, |age| 50.0 - swing(age));
        assert!((0.35..0.65).contains(&mix.shares(VARIANTS)[0]), "{:?}", mix.shares(VARIANTS));
        assert!(mix.varies());
    }
}
