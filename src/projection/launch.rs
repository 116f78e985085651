//! Planned launches: usage that the history knows nothing of.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::NaiveDate;
use thiserror::Error;

use super::history::{Leaf, LeafKey, horizon_dates, quantity};
use super::level::Measure;
use super::mix::Mix;
use crate::forecast::random_factors;
use crate::period::next_day;
use crate::rollup::Profile;
use crate::series::DailySeries;
use crate::sku::{ContextBand, Sku};
use crate::tokens::Component;
use crate::usage::Labels;

/// Usage that will begin on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    /// First day.
    pub from: NaiveDate,
    /// The day after the last one; `None`: for good.
    pub until: Option<NaiveDate>,
    /// Who bills.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Units a day once it is up.
    pub per_day: BTreeMap<Component, u64>,
    /// Days over which it builds up, in equal steps; 0 or 1: at once.
    pub ramp_days: u32,
    /// Factor that usage is below with a chance of 10 %, up to 1.
    pub low: f64,
    /// Factor that usage is above with a chance of 10 %, from 1.
    pub high: f64,
}

/// What is wrong with the text of a launch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LaunchError {
    /// The whole.
    #[error(
        "`{0}` is no launch (expected DATE[..DATE]:PROVIDER/MODEL:COMPONENT=UNITS,...[:RAMP][:xLOW..xHIGH], such as 2027-01-15:anthropic/claude-sonnet-5:input.uncached=2000000,output=300000:14d:x0.5..x2)"
    )]
    Form(String),
    /// A component.
    #[error("`{0}` is no component with units a day (expected such as input.uncached=2000000)")]
    Component(String),
    /// The spread.
    #[error("`{0}` is no spread (expected xLOW..xHIGH around 1, such as x0.5..x2)")]
    Spread(String),
}

impl FromStr for Launch {
    type Err = LaunchError;

    fn from_str(text: &str) -> Result<Self, LaunchError> {
        let form = || LaunchError::Form(text.to_owned());
        let (when, rest) = text.split_once(':').ok_or_else(form)?;
        let day = |text: &str| text.trim().parse::<NaiveDate>().map_err(|_| form());
        let (from, until) = match when.split_once("..") {
            Some((from, until)) => (day(from)?, Some(day(until)?)),
            None => (day(when)?, None),
        };
        if until.is_some_and(|until| until < from) {
            return Err(form());
        }
        // Names of models may hold colons themselves.
        let parts: Vec<&str> = rest.split(':').collect();
        let at = parts.iter().position(|part| part.contains('=')).ok_or_else(form)?;
        let name = parts[..at].join(":");
        let (provider, model) = name.split_once('/').ok_or_else(form)?;
        if provider.is_empty() || model.is_empty() {
            return Err(form());
        }
        let mut launch = Self {
            from,
            until: until.map(next_day),
            provider: provider.to_owned(),
            model: model.to_owned(),
            per_day: parts[at].split(',').map(component).collect::<Result<_, _>>()?,
            ramp_days: 0,
            low: 1.0,
            high: 1.0,
        };
        for part in &parts[at + 1..] {
            if part.starts_with('x') {
                (launch.low, launch.high) = spread(part)?;
            } else {
                let days = part.strip_suffix('d').and_then(|days| days.parse().ok());
                launch.ramp_days = days.filter(|d| (1..=3_660).contains(d)).ok_or_else(form)?;
            }
        }
        Ok(launch)
    }
}

fn component(pair: &str) -> Result<(Component, u64), LaunchError> {
    let wrong = || LaunchError::Component(pair.to_owned());
    let (name, units) = pair.split_once('=').ok_or_else(wrong)?;
    let component = Component::from_name(name.trim()).ok_or_else(wrong)?;
    let units: u64 = units.trim().replace('_', "").parse().map_err(|_| wrong())?;
    Ok((component, units))
}

fn spread(text: &str) -> Result<(f64, f64), LaunchError> {
    let wrong = || LaunchError::Spread(text.to_owned());
    let factor = |text: &str| {
        let digits = text.strip_prefix('x').ok_or_else(wrong)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        digits.parse::<f64>().ok().filter(|_| plain).ok_or_else(wrong)
    };
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    let (low, high) = (factor(low)?, factor(high)?);
    if (0.001..=1.0).contains(&low) && (1.0..=1000.0).contains(&high) {
        Ok((low, high))
    } else {
        Err(wrong())
    }
}

impl Launch {
    /// The profile of its usage. How long its prompts are is not known.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile {
            sku: Sku::new(&self.provider, &self.model),
            grain: crate::usage::RecordGrain::Request,
            context: ContextBand::Unknown,
            labels: Labels::default(),
        }
    }

    /// A leaf for each component, without a history, of a profile with this number. Its usage is
    /// spread evenly over the hours of the day.
    pub(super) fn leaves(&self, profile: u32, origin: NaiveDate) -> Vec<(Leaf, u64)> {
        let hours = (0..24).map(|hour| ((profile, hour), 1.0)).collect();
        let mix = Mix::of_weights(&BTreeMap::from([(profile, 1.0)]), &hours);
        let leaf = |component: &Component| Leaf {
            key: LeafKey {
                stem: vec![self.provider.as_str().into(), self.model.as_str().into()],
                measure: Measure::Component(*component),
            },
            stem: u32::MAX,
            profiles: vec![profile],
            series: DailySeries { start: origin, values: Vec::new() },
            partial: 0.0,
            mix: mix.clone(),
        };
        self.per_day.iter().map(|(component, units)| (leaf(component), *units)).collect()
    }

    /// Units of a component on every day of every path. `number` tells launches apart.
    pub(super) fn quantities(
        &self,
        units: u64,
        origin: NaiveDate,
        horizon: usize,
        random: (u64, u64),
        out: &mut [f64],
    ) {
        let shape: Vec<f64> =
            horizon_dates(origin, horizon).into_iter().map(|day| self.share_on(day)).collect();
        let paths = out.len() / horizon.max(1);
        let factors = random_factors(random.0, random.1, paths, self.low, self.high);
        for (path, factor) in out.chunks_exact_mut(horizon).zip(factors) {
            path.iter_mut().zip(&shape).for_each(|(q, share)| {
                *q = quantity(units) * share * factor;
            });
        }
    }

    /// The part of the full usage that is there on a day.
    fn share_on(&self, day: NaiveDate) -> f64 {
        if day < self.from || self.until.is_some_and(|until| day >= until) {
            return 0.0;
        }
        let since = day.signed_duration_since(self.from).num_days() + 1;
        let (since, ramp) = (i32::try_from(since).unwrap_or(i32::MAX), i64::from(self.ramp_days));
        let ramp = i32::try_from(ramp.max(1)).unwrap_or(i32::MAX);
        (f64::from(since) / f64::from(ramp)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_are_read() {
        let text = "2027-01-15..2027-02-14:aws.bedrock/anthropic.claude-v1:0:input.uncached=2_000,output=300:4d:x0.5..x2";
        let launch: Launch = text.parse().unwrap();
        assert_eq!(
            (launch.provider.as_str(), launch.model.as_str()),
            ("aws.bedrock", "anthropic.claude-v1:0")
        );
        assert_eq!(launch.per_day[&Component::InputUncached], 2_000);
        assert_eq!((launch.ramp_days, launch.until), (4, "2027-02-15".parse().ok()));
        let share = |day: &str| launch.share_on(day.parse().unwrap());
        assert!((share("2027-01-14"), share("2027-02-15")) == (0.0, 0.0));
        assert!(
            (share("2027-01-16") - 0.5).abs() < 1e-12 && (share("2027-02-14") - 1.0).abs() < 1e-12
        );
        for text in [
            "",
            "2027-01-15",
            "2027-01-15:openai/gpt-5",
            "2027-01-15:gpt-5:output=1",
            "2027-01-15:a/b:output=x",
            "2027-01-15:a/b:outputs=1",
            "2027-01-15:a/b:output=1:x2..x3",
            "2027-01-15:a/b:output=1:7",
        ] {
            assert!(text.parse::<Launch>().is_err(), "{text}");
        }
    }
}
