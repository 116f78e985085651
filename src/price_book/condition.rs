//! The `when` of a price: which usage it applies to, and how specific it is.

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;
use smallvec::{SmallVec, smallvec};

use super::calendar::PriceCalendar;
use crate::period::Timestamp;
use crate::sku::{ContextBand, STANDARD, Sku};

/// Prompt sizes that a price is for: `from..until` tokens of the whole prompt of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContextRange {
    /// Smallest prompt.
    pub from: u64,
    /// First size above the range; `None`: open.
    pub until: Option<u64>,
}

impl ContextRange {
    /// True if every prompt is in it.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.from == 0 && self.until.is_none()
    }

    fn meets(self, other: Self) -> bool {
        self.until.is_none_or(|until| other.from < until)
            && other.until.is_none_or(|until| self.from < until)
    }

    /// How a band of requests lies to this range; `None`: entirely outside.
    pub(super) fn fit(self, band: ContextBand) -> Option<Fit> {
        let (from, until) = match band {
            ContextBand::Known { from, until } => (from, until),
            ContextBand::Unknown if self.from > 0 => return Some(Fit::HigherBand),
            ContextBand::Unknown => {
                return Some(Fit::Whole { assumed: self.until.is_some() });
            }
        };
        let band = Self { from, until };
        if !self.meets(band) {
            None
        } else if self.from > from {
            Some(Fit::Part { edge: self.from })
        } else {
            match self.until {
                Some(edge) if until.is_none_or(|until| edge < until) => Some(Fit::Part { edge }),
                _ => Some(Fit::Whole { assumed: false }),
            }
        }
    }
}

/// How the requests of a band lie to the range of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// All of them are in it; `assumed` if that had to be assumed.
    Whole { assumed: bool },
    /// Some of them: the range starts or ends at `edge`, inside the band.
    Part { edge: u64 },
    /// The band is not known and the range is not the lowest: assumed to be outside.
    HigherBand,
}

/// The values of one property that a price accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepts {
    /// Any value, also none.
    Any,
    /// One of these.
    OneOf(SmallVec<[CompactString; 1]>),
}

impl Accepts {
    /// Only `standard`: what a price that does not state tier or speed accepts.
    #[must_use]
    pub fn standard() -> Self {
        Self::OneOf(smallvec![CompactString::const_new(STANDARD)])
    }

    /// True if the value is accepted.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(values) => values.iter().any(|v| v == value),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OneOf(a), Self::OneOf(b)) => a.iter().any(|v| b.contains(v)),
            _ => true,
        }
    }
}

/// What usage has to be like for a price to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Tiers; a price that does not state any accepts only `standard`.
    pub service_tier: Accepts,
    /// Speeds; a price that does not state any accepts only `standard`.
    pub speed: Accepts,
    /// Endpoints or geographies.
    pub endpoint: Accepts,
    /// Cloud regions.
    pub region: Accepts,
    /// Deployment types.
    pub deployment: Accepts,
    /// Only at times in this calendar.
    pub calendar: Option<Arc<PriceCalendar>>,
    /// Only at times outside this calendar.
    pub outside_calendar: Option<Arc<PriceCalendar>>,
    /// Only requests with prompts in this range.
    pub context: ContextRange,
    /// How many `when` keys limit it: the more, the more specific. `"*"` limits nothing and does
    /// not count.
    pub specificity: u8,
}

impl Condition {
    /// The condition of a price without `when`: standard tier and speed.
    #[must_use]
    pub fn standard() -> Self {
        Self { service_tier: Accepts::standard(), speed: Accepts::standard(), ..Self::any() }
    }

    /// The condition of a multiplier without `when`: everything.
    #[must_use]
    pub fn any() -> Self {
        Self {
            service_tier: Accepts::Any,
            speed: Accepts::Any,
            endpoint: Accepts::Any,
            region: Accepts::Any,
            deployment: Accepts::Any,
            calendar: None,
            outside_calendar: None,
            context: ContextRange::default(),
            specificity: 0,
        }
    }

    /// True if the words of the SKU are accepted; time and context are not looked at. A tier or
    /// speed that is not stated means `standard`; any other property that is not stated is only
    /// accepted where the price does not ask for it.
    #[must_use]
    pub fn accepts(&self, sku: &Sku) -> bool {
        let or_standard = |word: &CompactString| {
            if word.is_empty() { CompactString::const_new(STANDARD) } else { word.clone() }
        };
        self.service_tier.accepts(&or_standard(&sku.service_tier))
            && self.speed.accepts(&or_standard(&sku.speed))
            && self.endpoint.accepts(&sku.endpoint)
            && self.region.accepts(&sku.region)
            && self.deployment.accepts(&sku.deployment)
    }

    /// True if it applies only at some times of the day or week.
    #[must_use]
    pub fn has_calendar(&self) -> bool {
        self.calendar.is_some() || self.outside_calendar.is_some()
    }

    /// The calendars that it refers to.
    pub fn calendars(&self) -> impl Iterator<Item = &PriceCalendar> {
        self.calendar.iter().chain(&self.outside_calendar).map(AsRef::as_ref)
    }

    /// True if its calendars let the instant through.
    #[must_use]
    pub fn holds_at(&self, instant: Timestamp) -> bool {
        self.calendar.as_ref().is_none_or(|c| c.contains(instant))
            && self.outside_calendar.as_ref().is_none_or(|c| !c.contains(instant))
    }

    /// True if the same usage can match both at the same time.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let apart = |inside: &Option<Arc<PriceCalendar>>, outside: &Option<Arc<PriceCalendar>>| {
            inside.is_some() && inside == outside
        };
        let both_inside = match (&self.calendar, &other.calendar) {
            (Some(a), Some(b)) => a.meets(b),
            _ => true,
        };
        self.context.meets(other.context)
            && self.service_tier.meets(&other.service_tier)
            && self.speed.meets(&other.speed)
            && self.endpoint.meets(&other.endpoint)
            && self.region.meets(&other.region)
            && self.deployment.meets(&other.deployment)
            && both_inside
            && !apart(&self.calendar, &other.outside_calendar)
            && !apart(&other.calendar, &self.outside_calendar)
    }
}

impl fmt::Display for Condition {
    /// What it asks for, comma-separated, as in `service_tier batch, prompt from 200001 tokens`;
    /// empty if nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let words = [
            ("service_tier", &self.service_tier),
            ("speed", &self.speed),
            ("endpoint", &self.endpoint),
            ("region", &self.region),
            ("deployment", &self.deployment),
        ];
        for (name, accepts) in words {
            if let Accepts::OneOf(values) = accepts {
                parts.push(format!("{name} {}", values.join(" or ")));
            }
        }
        parts.extend(self.calendar.iter().map(|c| format!("in calendar {}", c.name)));
        parts.extend(self.outside_calendar.iter().map(|c| format!("outside calendar {}", c.name)));
        match (self.context.from, self.context.until) {
            (0, None) => {}
            (from, None) => parts.push(format!("prompt from {from} tokens")),
            (0, Some(until)) => parts.push(format!("prompt under {until} tokens")),
            (from, Some(until)) => {
                parts.push(format!("prompt from {from} to under {until} tokens"));
            }
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, until: Option<u64>) -> ContextRange {
        ContextRange { from, until }
    }

    #[test]
    fn bands_and_ranges() {
        let band = |from, until| ContextBand::Known { from, until };
        let over = range(200_001, None);
        let whole = Some(Fit::Whole { assumed: false });
        assert_eq!(over.fit(band(0, Some(200_001))), None);
        assert_eq!(over.fit(band(200_001, None)), whole);
        assert_eq!(over.fit(band(200_000, None)), Some(Fit::Part { edge: 200_001 }));
        assert_eq!(range(0, Some(200_001)).fit(band(0, None)), Some(Fit::Part { edge: 200_001 }));
        assert_eq!(range(0, None).fit(band(0, None)), whole);
        assert_eq!(over.fit(ContextBand::Unknown), Some(Fit::HigherBand));
        assert_eq!(range(0, Some(9)).fit(ContextBand::Unknown), Some(Fit::Whole { assumed: true }));
    }

    #[test]
    fn tier_and_speed_default_to_standard() {
        let mut sku = Sku::new("anthropic", "m");
        assert!(Condition::standard().accepts(&sku));
        sku.service_tier = "".into();
        assert!(Condition::standard().accepts(&sku));
        for tier in ["batch", "flex", "priority", "Standard"] {
            sku.service_tier = tier.into();
            assert!(!Condition::standard().accepts(&sku), "{tier}");
            assert!(Condition::any().accepts(&sku), "{tier}");
        }
        sku = Sku { speed: "fast".into(), ..Sku::new("anthropic", "m") };
        assert!(!Condition::standard().accepts(&sku));
    }

    #[test]
    fn an_unstated_endpoint_matches_only_prices_without_endpoint() {
        let us =
            Condition { endpoint: Accepts::OneOf(smallvec!["us".into()]), ..Condition::standard() };
        let sku = Sku::new("anthropic", "m");
        assert!(!us.accepts(&sku));
        assert!(us.accepts(&Sku { endpoint: "us".into(), ..sku }));
    }

    #[test]
    fn conditions_that_meet() {
        let with = |from, until| Condition { context: range(from, until), ..Condition::standard() };
        assert!(!with(0, Some(10)).meets(&with(10, None)));
        assert!(with(0, Some(11)).meets(&with(10, None)));
        let batch = Condition {
            service_tier: Accepts::OneOf(smallvec!["batch".into()]),
            ..Condition::any()
        };
        assert!(!batch.meets(&Condition::standard()));
        assert!(batch.meets(&Condition::any()));
        assert_eq!(batch.to_string(), "service_tier batch");
    }
}
