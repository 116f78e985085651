//! Storage of sample paths.

use super::quantile::quantiles;

/// Sample paths of several series: series x paths x days in one vector.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplePaths {
    series: usize,
    paths: usize,
    horizon_days: usize,
    values: Vec<f64>,
}

impl SamplePaths {
    pub(super) fn zeros(series: usize, paths: usize, horizon_days: usize) -> Self {
        Self { series, paths, horizon_days, values: vec![0.0; series * paths * horizon_days] }
    }

    /// One block of paths x days for each series.
    pub(super) fn blocks_mut(&mut self) -> impl Iterator<Item = &mut [f64]> {
        self.values.chunks_exact_mut(self.paths * self.horizon_days)
    }

    /// Number of series.
    #[must_use]
    pub fn series(&self) -> usize {
        self.series
    }

    /// Number of paths of each series.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.paths
    }

    /// Number of days of each path.
    #[must_use]
    pub fn horizon_days(&self) -> usize {
        self.horizon_days
    }

    /// One path of one series, a value a day.
    ///
    /// # Panics
    /// If `series` or `path` is out of range.
    #[must_use]
    pub fn path(&self, series: usize, path: usize) -> &[f64] {
        assert!(path < self.paths, "path {path} of {}", self.paths);
        let start = (series * self.paths + path) * self.horizon_days;
        &self.values[start..start + self.horizon_days]
    }

    /// The values of one day (0 is the first) on all paths of a series.
    #[must_use]
    pub fn day(&self, series: usize, day: usize) -> Vec<f64> {
        (0..self.paths).map(|p| self.path(series, p)[day]).collect()
    }

    /// The sum over the first `days` days, for each path of a series.
    #[must_use]
    pub fn totals(&self, series: usize, days: usize) -> Vec<f64> {
        (0..self.paths).map(|p| self.path(series, p)[..days].iter().sum()).collect()
    }

    /// Quantiles of each day of a series.
    #[must_use]
    pub fn daily_quantiles(&self, series: usize, probabilities: &[f64]) -> Vec<Vec<f64>> {
        (0..self.horizon_days).map(|d| quantiles(&mut self.day(series, d), probabilities)).collect()
    }
}
