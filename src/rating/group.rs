//! Dimensions that reports group by.

use std::fmt;
use std::str::FromStr;

use chrono::Datelike;

use crate::period::{Calendar, Month, Period};
use crate::rollup::Profile;
use crate::sku::ContextBand;

/// One dimension of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Hour of the reporting time zone.
    Hour,
    /// Day of the reporting time zone.
    Day,
    /// ISO week of the reporting time zone.
    Week,
    /// Month of the reporting time zone.
    Month,
    /// Who bills.
    Provider,
    /// The model that answered.
    Model,
    /// The tier that served.
    ServiceTier,
    /// Standard or fast.
    Speed,
    /// Cloud region.
    Region,
    /// Where processing may happen.
    Endpoint,
    /// Azure deployment type.
    Deployment,
    /// Prompt size band.
    Context,
    /// Token component.
    Component,
    /// A label.
    Label(String),
}

const NAMES: [(&str, Dimension); 13] = [
    ("hour", Dimension::Hour),
    ("day", Dimension::Day),
    ("week", Dimension::Week),
    ("month", Dimension::Month),
    ("provider", Dimension::Provider),
    ("model", Dimension::Model),
    ("service_tier", Dimension::ServiceTier),
    ("speed", Dimension::Speed),
    ("region", Dimension::Region),
    ("endpoint", Dimension::Endpoint),
    ("deployment", Dimension::Deployment),
    ("context", Dimension::Context),
    ("component", Dimension::Component),
];

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, d)| d == self) {
            Some((name, _)) => f.write_str(name),
            None => match self {
                Self::Label(name) => f.write_str(name),
                _ => Ok(()),
            },
        }
    }
}

impl FromStr for Dimension {
    type Err = std::convert::Infallible;

    /// A name that is no dimension of ours is a label; `label:NAME` is one in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = NAMES.iter().find(|(name, _)| *name == text).map(|(_, d)| d.clone());
        Ok(known
            .unwrap_or_else(|| Self::Label(text.strip_prefix("label:").unwrap_or(text).to_owned())))
    }
}

impl Dimension {
    /// Names of the dimensions that are not labels.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// True if its values are times.
    #[must_use]
    pub fn is_time(&self) -> bool {
        matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month)
    }

    /// The value for a period and profile; `Component` has none here, because it splits rows.
    #[must_use]
    pub fn value(&self, period: Period, profile: &Profile, calendar: &Calendar) -> String {
        let sku = &profile.sku;
        match self {
            Self::Hour => calendar.local(period.start).format("%Y-%m-%dT%H:00").to_string(),
            Self::Day => calendar.date_of(period.start).to_string(),
            Self::Week => {
                let week = calendar.date_of(period.start).iso_week();
                format!("{}-W{:02}", week.year(), week.week())
            }
            Self::Month => Month::of(calendar.date_of(period.start)).to_string(),
            Self::Provider => sku.provider.to_string(),
            Self::Model => sku.model.to_string(),
            Self::ServiceTier => sku.service_tier.to_string(),
            Self::Speed => sku.speed.to_string(),
            Self::Region => sku.region.to_string(),
            Self::Endpoint => sku.endpoint.to_string(),
            Self::Deployment => sku.deployment.to_string(),
            Self::Context => match profile.context {
                ContextBand::Known { from, until: None } => format!("{from}+"),
                ContextBand::Known { from, until: Some(until) } => format!("{from}-{}", until - 1),
                ContextBand::Unknown => "unknown".to_owned(),
            },
            Self::Component => String::new(),
            Self::Label(name) => profile.labels.get(name).unwrap_or_default().to_owned(),
        }
    }
}
