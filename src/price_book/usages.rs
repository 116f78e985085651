//! Usage that a condition is for, to ask prices for it.

use compact_str::CompactString;
use smallvec::smallvec;

use super::condition::{Accepts, Condition};
use crate::period::{HOUR_NANOS, Period, Timestamp};
use crate::sku::{ContextBand, STANDARD, Sku};

/// The condition for one value of each of its lists, all combinations.
pub(super) fn usages(condition: &Condition) -> Vec<Condition> {
    let mut found = vec![condition.clone()];
    let lists: [fn(&mut Condition) -> &mut Accepts; 5] = [
        |c| &mut c.service_tier,
        |c| &mut c.speed,
        |c| &mut c.endpoint,
        |c| &mut c.region,
        |c| &mut c.deployment,
    ];
    for list in lists {
        let mut next = Vec::with_capacity(found.len());
        for mut one in found {
            let Accepts::OneOf(values) = list(&mut one).clone() else {
                next.push(one);
                continue;
            };
            for value in values {
                *list(&mut one) = Accepts::OneOf(smallvec![value]);
                next.push(one.clone());
            }
        }
        found = next;
    }
    found
}

/// Usage that a condition of single values is for, and as little else as possible.
pub(super) fn sku_of(usage: &Condition, provider: &str, model: &str) -> Sku {
    let word = |accepts: &Accepts, default: &'static str| match accepts {
        Accepts::OneOf(values) => values.first().cloned().unwrap_or_default(),
        Accepts::Any => CompactString::const_new(default),
    };
    Sku {
        service_tier: word(&usage.service_tier, STANDARD),
        speed: word(&usage.speed, STANDARD),
        endpoint: word(&usage.endpoint, ""),
        region: word(&usage.region, ""),
        deployment: word(&usage.deployment, ""),
        ..Sku::new(provider, model)
    }
}

/// The smallest prompt of a condition.
pub(super) fn lowest(usage: &Condition) -> ContextBand {
    let from = usage.context.from;
    ContextBand::Known { from, until: from.checked_add(1) }
}

/// A time of the week at which a condition's calendars let usage through, and as few calendars of
/// other conditions as possible; the instant itself where it has none.
pub(super) fn clock(condition: &Condition, others: &[&Condition], at: Timestamp) -> Timestamp {
    const WEEK_HOURS: i64 = 14 * 24;
    if !others.iter().any(|other| other.has_calendar()) {
        return at;
    }
    let until = Timestamp::from_nanos(at.nanos().saturating_add(WEEK_HOURS * HOUR_NANOS));
    let week = Period { start: at, end: until };
    let calendars = others.iter().flat_map(|c| c.calendars());
    let mut times: Vec<Timestamp> = calendars.flat_map(|c| c.edges(week)).collect();
    times.push(at);
    times.sort_unstable();
    let rivals = |time: &Timestamp| {
        others.iter().filter(|c| c.has_calendar() && **c != condition && c.holds_at(*time)).count()
    };
    let fitting = times.into_iter().filter(|time| condition.holds_at(*time));
    fitting.min_by_key(rivals).unwrap_or(at)
}
