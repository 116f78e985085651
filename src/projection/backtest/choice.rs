//! Which level of the hierarchy to forecast.

use super::super::level::Level;
use super::super::prepared::Prepared;
use super::windows::rolling;
use super::{Past, PastUsage, ProjectionError, SpentByDay, forecast_again};

/// Windows that a level is judged on, and days of each.
const JUDGED_WINDOWS: usize = 6;
const JUDGED_DAYS: u32 = 14;
/// Windows without which no level is chosen.
const LEAST_WINDOWS: usize = 3;
/// Paths of a judged forecast: fewer than of a printed one.
const JUDGED_PATHS: usize = 200;
/// Leaves times windows that a level may have to be judged.
const MOST_FITS: usize = 6_000;
/// Loss that another level must stay below, as a share of that of the usual one: a few windows tell
/// little, and families were measured to be the safest level when models are replaced.
const CLEARLY_BETTER: f64 = 0.9;

/// A level and how it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelScore {
    /// The level.
    pub level: Level,
    /// Mean pinball loss of days and totals, as a share of spend; `None` if it was not judged,
    /// because it has too many series.
    pub loss: Option<f64>,
}

/// The level that was asked for, or the one that forecast the total of the last weeks best, with
/// the scores of all. Without enough history it is the family. Groups are no candidate: what is
/// asked for in the report must not change the total.
pub(in super::super) fn choose_level(
    prepared: &Prepared<'_>,
    spent: &SpentByDay,
) -> Result<(Level, Vec<LevelScore>), ProjectionError> {
    if let Some(level) = prepared.options.level {
        return Ok((level, Vec::new()));
    }
    let usual = Level::Family;
    let past = |level: Level| PastUsage { prepared, level, spent };
    let spans = rolling(&past(usual), JUDGED_DAYS, JUDGED_DAYS, JUDGED_WINDOWS);
    let mut candidates = prepared.names.levels_beside(usual);
    candidates.retain(|level| *level != Level::Group);
    if spans.len() < LEAST_WINDOWS || candidates.len() < 2 {
        return Ok((usual, Vec::new()));
    }
    let mut scores = Vec::new();
    for level in candidates {
        let past = past(level);
        let loss = if past.leaves() * spans.len() > MOST_FITS {
            None
        } else {
            let again = forecast_again(&past, &spans, JUDGED_PATHS)?;
            let losses: Vec<f64> =
                again.iter().filter_map(|one| one.total.relative_loss()).collect();
            let n = u32::try_from(losses.len()).unwrap_or(1);
            (!losses.is_empty()).then(|| losses.iter().sum::<f64>() / f64::from(n))
        };
        scores.push(LevelScore { level, loss });
    }
    let found = |level: Level| scores.iter().find(|s| s.level == level).and_then(|s| s.loss);
    let mut best = (usual, found(usual).map_or(f64::INFINITY, |loss| loss * CLEARLY_BETTER));
    for score in &scores {
        if let Some(loss) = score.loss.filter(|loss| *loss < best.1) {
            best = (score.level, loss);
        }
    }
    Ok((best.0, scores))
}
