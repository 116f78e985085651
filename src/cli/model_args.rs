//! Flags of the commands that forecast usage.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};

use crate::forecast::Holidays;
use crate::period::{Calendar, Timestamp};
use crate::projection::events::Event;
use crate::projection::{Growth, Horizon, LastDay, Launch, Level, ProjectionOptions};
use crate::rating::group::Dimension;

/// Whether the last day is over.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum LastDayArg {
    /// Not over if its usage ends two hours or more before midnight; daily costs are taken as over.
    #[default]
    Auto,
    /// Over.
    Complete,
    /// Not over.
    Partial,
}

/// What is forecast as one series.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum LevelArg {
    /// The one that would have forecast the last weeks best.
    #[default]
    Auto,
    /// All usage together, divided by its recent mix.
    Total,
    /// Each provider.
    Provider,
    /// Each family of models that follow each other.
    Family,
    /// Each model.
    Model,
    /// Each family in each group of --group-by.
    Group,
}

/// How usage is forecast.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Forecast")]
pub(crate) struct ModelArgs {
    /// Sample paths. With 2000 a probability of 50 % is known to 1.1 points.
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub(crate) paths: u32,
    /// Seed of the sample paths; the same input and seed give the same bytes.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Whether the last day of the history is over.
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    last_day: LastDayArg,
    /// What is forecast as one series.
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    level: LevelArg,
    /// Days whose usage says nothing about the future, such as outages and load tests: dates and
    /// ranges such as 2026-10-03..2026-10-05, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "DATES")]
    ignore: Vec<String>,
    /// Holidays of the past and the future, which are taken for the quietest day of the week: dates
    /// and ranges separated by commas, or @FILE with one a line.
    #[arg(long, value_delimiter = ',', value_name = "DATES")]
    holidays: Vec<String>,
    /// A known change of usage, as [SCOPE@]DATE[..DATE]:CHANGE[:RAMP]: 2027-01-15:+30%,
    /// team=search@2027-01-01..2027-01-14:x0.5, model=gpt-5@2027-02-01:stop,
    /// 2027-03-01:+100%:30d. May be given several times.
    #[arg(long, value_name = "EVENT")]
    event: Vec<Event>,
    /// Planned growth instead of the trend of the history, as [SCOPE@]RATE/PERIOD: 8%/month,
    /// team=search@-2%/week. May be given several times; the last that fits counts.
    #[arg(long, value_name = "GROWTH")]
    grow: Vec<Growth>,
    /// Usage that will begin, as DATE[..DATE]:PROVIDER/MODEL:COMPONENT=UNITS_A_DAY,...[:RAMP]
    /// [:xLOW..xHIGH], the last a range that holds it with 80 %:
    /// 2027-01-15:anthropic/claude-sonnet-5:input.uncached=2000000,output=300000:14d:x0.5..x2.
    #[arg(long, value_name = "LAUNCH")]
    launch: Vec<Launch>,
}

impl ModelArgs {
    /// The dimensions that scopes need.
    pub(crate) fn scope_dimensions(&self) -> Vec<Dimension> {
        let scopes = self.event.iter().map(|e| &e.scope).chain(self.grow.iter().map(|g| &g.scope));
        scopes.flat_map(|scope| scope.0.iter().map(|(dimension, _)| dimension.clone())).collect()
    }

    /// What the library needs to know.
    pub(crate) fn options(
        &self,
        horizon: Horizon,
        known_at: Option<Timestamp>,
        calendar: Calendar,
        dimensions: Vec<Dimension>,
        threads: usize,
    ) -> anyhow::Result<ProjectionOptions> {
        Ok(ProjectionOptions {
            horizon,
            paths: usize::try_from(self.paths)?,
            seed: self.seed,
            known_at,
            calendar,
            last_day: self.last_day(),
            ignored: days("--ignore", &self.ignore)?,
            holidays: Holidays::new(days("--holidays", &listed("--holidays", &self.holidays)?)?),
            events: self.event.clone(),
            growth: self.grow.clone(),
            launches: self.launch.clone(),
            level: match self.level {
                LevelArg::Auto => None,
                LevelArg::Total => Some(Level::Total),
                LevelArg::Provider => Some(Level::Provider),
                LevelArg::Family => Some(Level::Family),
                LevelArg::Model => Some(Level::Model),
                LevelArg::Group => Some(Level::Group),
            },
            threads: NonZeroUsize::new(threads)
                .or_else(|| std::thread::available_parallelism().ok()),
            dimensions,
        })
    }

    /// How to treat the last day.
    pub(crate) fn last_day(&self) -> LastDay {
        match self.last_day {
            LastDayArg::Auto => LastDay::Auto,
            LastDayArg::Complete => LastDay::Complete,
            LastDayArg::Partial => LastDay::Partial,
        }
    }
}

/// The entries of a list of which some may be files, each with an entry a line; text after `#` is
/// a comment.
fn listed(flag: &str, texts: &[String]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for text in texts {
        let Some(path) = text.strip_prefix('@') else {
            found.push(text.clone());
            continue;
        };
        let content = std::fs::read_to_string(path)
            .with_context(|| format!("{flag}: failed to read `{path}`"))?;
        let lines = content.lines().map(|l| l.split('#').next().unwrap_or_default().trim());
        found.extend(lines.filter(|l| !l.is_empty()).map(str::to_owned));
    }
    Ok(found)
}

/// Longest range of days that is read.
const MOST_DAYS: usize = 3_660;

/// Dates and ranges of dates as a set of days.
fn days(flag: &str, texts: &[String]) -> anyhow::Result<BTreeSet<NaiveDate>> {
    let day = |text: &str| {
        text.trim().parse::<NaiveDate>().with_context(|| {
            format!("{flag}: `{text}` is no date (expected such as 2026-10-03 or 2026-10-03..2026-10-05)")
        })
    };
    let mut found = BTreeSet::new();
    for text in texts {
        let (from, until) = match text.split_once("..") {
            Some((from, until)) => (day(from)?, day(until)?),
            None => (day(text)?, day(text)?),
        };
        if until < from {
            bail!("{flag}: `{text}` ends before it begins");
        }
        found.extend(from.iter_days().take_while(|d| *d <= until).take(MOST_DAYS));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_ranges() {
        let texts = ["2026-10-03..2026-10-05".to_owned(), "2026-10-05".to_owned()];
        assert_eq!(days("--ignore", &texts).unwrap().len(), 3);
        for text in
            ["", "2026-10-05..2026-10-03", "tomorrow", "2026-10-03..", "2026-10-03-2026-10-05"]
        {
            assert!(days("--ignore", &[text.to_owned()]).is_err(), "{text}");
        }
    }
}
