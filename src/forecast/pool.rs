//! The pool of members: their weights, and how far their levels wander.

use super::math::{count, exp, ln, mean};
use super::members::{Kind, Member, Scale, Spec};
use super::origins::{Origins, Track};

/// Of a season of hours of the day there is a longer one, that of the hours of the week. It is used
/// from three weeks on.
const HOURS_OF_DAY: usize = 24;
const HOURS_OF_WEEK: usize = 168;
const LONG_SEASONS: usize = 3;

/// How strongly weights follow errors: with n origins a weight is (error / least error) to the
/// power -5 n / (n + 6), so a short history keeps the prior weights. Measured between powers 0 and
/// 10: OWA within 1 % on the development tasks, but steady growth and decline need at least 4.
const POWER: f64 = 5.0;
const POWER_SHRINKAGE: f64 = 6.0;
/// Errors below this part of the recent mean are equal.
const LEAST_ERROR: f64 = 1e-3;

/// Prior of the level's gain in simulation, its weight in independent forecasts, and its bounds.
const WANDER: f64 = 0.28;
const WANDER_SHRINKAGE: f64 = 6.0;
const LEAST_WANDER: f64 = 0.03;
const MOST_WANDER: f64 = 0.5;

/// Horizon at which trends have the weight of [`specs`], and the most it is raised for shorter
/// ones: a trend is a better guess for the next week than for the next month.
const TREND_DAYS: f64 = 12.0;
const MOST_TREND: f64 = 3.0;

/// Fitted members with their weights.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    pub(super) members: Vec<Member>,
    /// Cumulative weights; the last is 1.
    cumulative: Vec<f64>,
    /// Gain of the level that past forecasts of totals ask for: see [`wander`].
    pub(super) wander: f64,
}

/// The members and their prior weights. Measured on the development tasks, one at a time (OWA at 7
/// and 30 days): level .756 and .775, level on the log scale .747 and .717, damped trend .780 and
/// .840, Theta .774 and .850, lasting trends .826 and 1.042, on the log scale .785 and .935, recent
/// mean .799 and .738, on the log scale .782 and .719. Trends get little, but are what is right for
/// a series that grows steadily: there the rolling origins bring them up.
fn specs(season: usize, horizon: usize, history: usize) -> Vec<Spec> {
    let trend = (TREND_DAYS / count(horizon)).min(MOST_TREND);
    let spec = |season| move |(kind, scale, prior)| Spec { kind, scale, season, prior };
    if season == 1 {
        let members = [
            (Kind::Damped, Scale::Raw, 1.0),
            (Kind::Damped, Scale::Log, 1.0),
            (Kind::Theta, Scale::Raw, 1.0),
            (Kind::Trend, Scale::Raw, 0.5),
            (Kind::Trend, Scale::Log, 0.2),
            (Kind::Level, Scale::Raw, 0.5),
        ];
        return members.map(spec(season)).to_vec();
    }
    let members = [
        (Kind::Level, Scale::Raw, 1.0),
        (Kind::Level, Scale::Log, 1.5),
        (Kind::Damped, Scale::Log, 0.5),
        (Kind::Theta, Scale::Raw, 0.5),
        (Kind::Trend, Scale::Raw, 0.04 * trend),
        (Kind::Trend, Scale::Log, 0.2 * trend),
        (Kind::Recent, Scale::Raw, 0.5),
        (Kind::Recent, Scale::Log, 0.2),
    ];
    let mut specs = members.map(spec(season)).to_vec();
    if season == HOURS_OF_DAY && history >= LONG_SEASONS * HOURS_OF_WEEK {
        let members = [
            (Kind::Level, Scale::Raw, 1.0),
            (Kind::Level, Scale::Log, 1.0),
            (Kind::Recent, Scale::Raw, 1.0),
        ];
        specs.extend(members.map(spec(HOURS_OF_WEEK)));
    }
    specs
}

/// Steps of history a season other than a week needs, at least: as many seasons as the 91 days of a
/// weekly one; of hours, five weeks; without a season, 156 (M4 Weekly: OWA .909, with 91 .917).
pub(super) fn history_of(season: usize) -> usize {
    match season {
        1 => 156,
        HOURS_OF_DAY => 5 * HOURS_OF_WEEK,
        _ => 13 * season,
    }
}

impl Pool {
    /// Fits the members to values divided by their recent mean. NaN is a missing day. `holidays`
    /// has an element for each of them and for each future day.
    pub(super) fn fit(values: &[f64], holidays: &[bool], season: usize) -> Self {
        let horizon = holidays.len() - values.len();
        let members: Vec<Member> = specs(season, horizon, values.len())
            .into_iter()
            .map(|spec| Member::fit(spec, values, holidays))
            .collect();
        let longest = members.iter().map(|m| m.spec.season).max().unwrap_or(1);
        let origins = Origins::of(values.len(), longest, horizon);
        let tracks: Vec<Track> = members.iter().map(|m| Track::of(m, values, &origins)).collect();
        let weights = weights(&members, &tracks, &origins);
        let wander = wander(&members[0], &tracks, &weights, &origins);
        let mut total = 0.0;
        let cumulative = weights
            .into_iter()
            .map(|weight| {
                total += weight;
                total
            })
            .collect();
        Self { members, cumulative, wander }
    }

    /// The mean of each future day, over the members by their weights.
    pub(super) fn expected(&self) -> Vec<f64> {
        let mut before = 0.0;
        let mut days: Vec<f64> = Vec::new();
        for (member, until) in self.members.iter().zip(&self.cumulative) {
            let of_member = member.expected();
            days.resize(of_member.len(), 0.0);
            days.iter_mut().zip(of_member).for_each(|(day, mean)| *day += (until - before) * mean);
            before = *until;
        }
        days
    }

    /// Days back that have residuals.
    pub(super) fn span(&self) -> usize {
        self.members.iter().map(|m| m.residuals.len()).max().unwrap_or(1)
    }

    /// The member that path `p` follows: by the van der Corput sequence, so that any run of paths
    /// holds the members in proportion to their weights.
    pub(super) fn member_of(&self, p: usize) -> usize {
        let low = u32::try_from(p & 0xFFFF_FFFF).unwrap_or(0);
        let place = f64::from(low.reverse_bits()) / 4_294_967_296.0;
        self.cumulative.iter().position(|c| place < *c).unwrap_or(self.members.len() - 1)
    }
}

/// Weights with sum 1.
fn weights(members: &[Member], tracks: &[Track], origins: &Origins) -> Vec<f64> {
    let n = count(origins.at.len());
    let power = POWER * n / (n + POWER_SHRINKAGE);
    let least = tracks.iter().map(|t| t.error).fold(f64::INFINITY, f64::min);
    let weight = |(member, track): (&Member, &Track)| {
        let ratio = (track.error + LEAST_ERROR) / (least + LEAST_ERROR);
        member.spec.prior * if ratio.is_finite() { exp(-power * ln(ratio)) } else { 1.0 }
    };
    let raw: Vec<f64> = members.iter().zip(tracks).map(weight).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|w| w / sum).collect()
}

/// How fast a level with a random walk would have to move for the pool's past forecasts of totals
/// to have erred as they did.
///
/// With gain a and innovations of variance s, the total of h days has the variance
/// s (h + a h (h - 1) + a^2 (h - 1) h (2 h - 1) / 6) (Hyndman et al. 2008, section 6.3). Setting
/// this equal to the mean squared error of past totals, shrunk on the log scale to that of a gain
/// of 0.28, gives a. It widens totals where levels wander, and narrows them where days are
/// independent; a fixed floor of 0.2 held 80 % intervals of 30-day totals in 91 % of the
/// development tasks, and in all of a series of independent days.
fn wander(level: &Member, tracks: &[Track], weights: &[f64], origins: &Origins) -> f64 {
    let h = count(origins.days);
    let slope = h * (h - 1.0);
    let square = slope * (2.0 * h - 1.0) / 6.0;
    let squares: Vec<f64> = level.residuals.iter().map(|e| e * e).collect();
    let Some(variance) = mean(&squares).filter(|v| *v > 1e-12) else { return WANDER };
    let bias = |i: usize| -> f64 { tracks.iter().zip(weights).map(|(t, w)| w * t.biases[i]).sum() };
    let errors: Vec<f64> = (0..origins.at.len()).map(|i| bias(i) * bias(i) * h * h).collect();
    let (Some(seen), true) = (mean(&errors), origins.days > 1) else { return WANDER };
    let prior = h + WANDER * slope + WANDER * WANDER * square;
    let n = origins.independent();
    let ratio =
        (n * ln(seen / variance + 1e-9) + WANDER_SHRINKAGE * ln(prior)) / (n + WANDER_SHRINKAGE);
    let root = (slope * slope - 4.0 * square * (h - exp(ratio))).max(0.0).sqrt();
    ((root - slope) / (2.0 * square)).clamp(LEAST_WANDER, MOST_WANDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(values: &[f64], horizon: usize) -> Pool {
        Pool::fit(values, &vec![false; values.len() + horizon], 7)
    }

    fn share(pool: &Pool, kind: Kind) -> f64 {
        let paths = (0..2000).filter(|p| pool.members[pool.member_of(*p)].spec.kind == kind);
        count(paths.count()) / 2000.0
    }

    #[test]
    fn weights_follow_errors_when_there_is_history() {
        let line = |n: u32| -> Vec<f64> { (0..n).map(|t| 1.0 + 0.1 * f64::from(t)).collect() };
        assert!(share(&pool(&line(90), 7), Kind::Trend) > 0.95);
        let weeks: Vec<f64> = (0..15).map(|t| f64::from(1 + t % 7)).collect();
        assert!((0.1..0.2).contains(&share(&pool(&weeks, 7), Kind::Recent)));
    }

    #[test]
    fn levels_wander_as_far_as_they_did() {
        let noise = |t: u32| f64::from((t * 7919 + t * t * 31) % 101) / 101.0 - 0.5;
        let still: Vec<f64> = (0..90).map(|t| 1.0 + 0.2 * noise(t)).collect();
        let mut level = 3.0;
        let moving: Vec<f64> = (0..90)
            .map(|t| {
                level += 0.3 * noise(t);
                level
            })
            .collect();
        let (still, moving) = (pool(&still, 7).wander, pool(&moving, 7).wander);
        assert!(still < 0.15 && moving > 0.25, "{still} {moving}");
    }
}
