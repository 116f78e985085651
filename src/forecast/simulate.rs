//! Sample paths: future days are driven by residuals of past days.
//!
//! Bootstrap prediction of innovations models, Hyndman et al. 2008, section 6.1, with one addition:
//! for path p and step h *all* series draw the residual of the same past day, so that a total over
//! series has the spread that the series had together.

use super::ForecastOptions;
use super::members::Member;
use super::rng::{Stream, bell, below};
use super::theta::DRIFT_DECAY;

/// Lowest alpha of a simulated path: a level that never moved in a short history still can.
const ALPHA_FLOOR: f64 = 0.2;
/// Standard deviation of the smoothing noise, in units of a residual.
const SMOOTHING: f64 = 0.15;

/// What is drawn for one step of one path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    /// Age of the day whose residual is used.
    pub(super) age: u32,
    /// Age of the day whose residual, times `weight`, smooths it. The same for all series as well:
    /// so the smoothing noise has the correlation of the residuals.
    smoothing_age: u32,
    weight: f64,
}

/// The random choices of a run, shared by all of its series.
#[derive(Debug, Clone)]
pub struct Draws {
    horizon: usize,
    steps: Vec<Draw>,
    paths: Vec<u64>,
}

impl Draws {
    /// Choices among the residuals of the last `span` days.
    #[must_use]
    pub fn new(options: &ForecastOptions, span: usize) -> Self {
        let span = u32::try_from(span.max(1)).unwrap_or(u32::MAX);
        let (ages, noise) = (Stream::new(options.seed, 1), Stream::new(options.seed, 2));
        let paths = Stream::new(options.seed, 3);
        let steps = (0u64..)
            .take(options.paths * options.horizon_days)
            .map(|i| {
                let bits = ages.bits(i);
                Draw {
                    age: below(bits, span),
                    smoothing_age: below(bits << 32, span),
                    weight: SMOOTHING * bell(noise.bits(i)),
                }
            })
            .collect();
        let paths = (0u64..)
            .take(options.paths)
            .map(|p| paths.bits(p))
            .collect();
        Self {
            horizon: options.horizon_days,
            steps,
            paths,
        }
    }

    /// For each path its index, 64 random bits of its own and its steps.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, u64, &[Draw])> {
        let steps = self.steps.chunks_exact(self.horizon);
        self.paths
            .iter()
            .zip(steps)
            .enumerate()
            .map(|(p, (bits, steps))| (p, *bits, steps))
    }

    /// Largest age that can be drawn, plus 1.
    fn span(&self) -> usize {
        self.steps
            .iter()
            .map(|s| s.age.max(s.smoothing_age))
            .max()
            .map_or(1, |a| a as usize + 1)
    }
}

/// Residuals by drawn age.
#[derive(Debug, Clone)]
pub(super) struct Residuals(Vec<f64>);

impl Residuals {
    /// A table over all ages that can be drawn: the residual of that day if the series has one, else
    /// that of the same age modulo the number it has.
    pub(super) fn for_draws(residuals: &[f64], draws: &Draws) -> Self {
        let known: Vec<f64> = residuals.iter().copied().filter(|e| !e.is_nan()).collect();
        let table = (0..draws.span())
            .map(|age| match residuals.get(age) {
                Some(e) if !e.is_nan() => *e,
                _ if known.is_empty() => 0.0,
                _ => known[age % known.len()],
            })
            .collect();
        Self(table)
    }

    /// The innovation of a step.
    #[inline]
    pub(super) fn innovation(&self, draw: &Draw) -> f64 {
        self.0[draw.age as usize] + draw.weight * self.0[draw.smoothing_age as usize]
    }

    /// The same with a random sign: for residuals too few to tell their skewness and median. The
    /// sign is the same for all series too.
    #[inline]
    pub(super) fn symmetric_innovation(&self, draw: &Draw) -> f64 {
        if draw.weight < 0.0 {
            -self.innovation(draw)
        } else {
            self.innovation(draw)
        }
    }
}

/// How a simulated value becomes a quantity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Factor of the models' unit.
    pub(super) unit: f64,
    /// Largest quantity a path may reach on one day.
    pub(super) cap: f64,
}

impl Bounds {
    #[inline]
    pub(super) fn apply(&self, value: f64) -> f64 {
        (value * self.unit).clamp(0.0, self.cap)
    }
}

/// Fills `out` (paths x horizon) from a pool: path p follows member p modulo their number, for every
/// series of the run.
pub(super) fn pool_paths(members: &[Member], bounds: &Bounds, draws: &Draws, out: &mut [f64]) {
    let tables: Vec<Residuals> = members
        .iter()
        .map(|m| Residuals::for_draws(&m.residuals, draws))
        .collect();
    let Some(first) = members.first() else { return };
    let mut state = first.state.clone();
    for ((p, _, steps), path) in draws.each().zip(out.chunks_exact_mut(draws.horizon)) {
        let (member, table) = (&members[p % members.len()], &tables[p % members.len()]);
        let mut smoothing = member.smoothing;
        smoothing.alpha = smoothing.alpha.max(ALPHA_FLOOR);
        state.copy_from(&member.state);
        for (draw, value) in steps.iter().zip(path) {
            let e = table.innovation(draw);
            *value = bounds.apply(member.scale.back(state.next(&smoothing) + e));
            state.advance(&smoothing, e);
            state.drift *= DRIFT_DECAY;
        }
    }
}
