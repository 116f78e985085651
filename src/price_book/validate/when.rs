//! Calendars and the `when` of prices and multipliers.

use std::sync::Arc;

use compact_str::CompactString;
use smallvec::SmallVec;

use super::{Validator, required};
use crate::config::Text;
use crate::config::did_you_mean;
use crate::period::Calendar;
use crate::price_book::calendar::{PriceCalendar, Recurrence, WEEKDAYS, Window};
use crate::price_book::condition::{Accepts, Condition, ContextRange};
use crate::price_book::file::{RawCalendar, RawWhen};

impl Validator<'_> {
    pub(super) fn calendar(&mut self, raw: &RawCalendar<'_>) {
        let name = required("name", raw.name, raw.offset, "calendar", self.report);
        let _ = required("timezone", raw.timezone, raw.offset, "calendar", self.report);
        if raw.hours.is_none() {
            self.report.problem(raw.offset, "calendar has no valid `hours`");
        }
        let windows = raw.hours.iter().flatten().filter_map(|at| {
            let message =
                || format!("`{}` is not a window of hours (expected `16:30-00:30`)", at.value);
            self.parsed(Some(*at), |text| Window::parse(text).ok_or_else(message))
        });
        let windows: SmallVec<[Window; 2]> = windows.collect();
        let mut weekdays = 0;
        for at in raw.weekdays.iter().flatten() {
            match WEEKDAYS.iter().position(|day| *day == at.value) {
                Some(day) => weekdays |= 1 << day,
                None => self.report.problem(
                    at.offset,
                    format!("unknown weekday `{}`, expected {}", at.value, WEEKDAYS.join(" ")),
                ),
            }
        }
        let mut holidays: Vec<_> =
            raw.holidays.iter().filter_map(|at| self.day(*at, "holidays")).collect();
        holidays.sort_unstable();
        let dates = self.dates(&raw.dated);
        let zone = self.parsed(raw.timezone, Calendar::named).unwrap_or(Calendar::UTC);
        let version = Recurrence {
            zone,
            windows,
            weekdays: if raw.weekdays.is_some() { weekdays } else { Recurrence::ALL_WEEK },
            holidays,
            effective_from: dates.effective_from,
            effective_until: dates.effective_until,
            source: raw.dated.source.map(|t| t.value.into()),
        };
        let Some(name) = name else { return };
        match self.calendars.iter_mut().find(|c| c.name == name) {
            // Nothing refers to the calendar yet: prices are read after all calendars.
            Some(calendar) => Arc::make_mut(calendar).versions.push(version),
            None => self
                .calendars
                .push(Arc::new(PriceCalendar { name: name.into(), versions: vec![version] })),
        }
    }

    fn calendar_named(&mut self, at: Option<Text<'_>>) -> Option<Arc<PriceCalendar>> {
        let at = at?;
        let found = self.calendars.iter().find(|c| c.name == at.value).cloned();
        if found.is_none() {
            let hint = did_you_mean(at.value, self.calendars.iter().map(|c| c.name.as_str()));
            self.report.problem_with(
                at.offset,
                format!("no [[calendar]] is named `{}`", at.value),
                hint,
            );
        }
        found
    }

    pub(super) fn condition(&mut self, raw: &RawWhen<'_>, default: Condition) -> Condition {
        let mut specificity = 0;
        let mut words = |raw: &Option<Vec<Text<'_>>>, default: Accepts| match raw {
            None => default,
            Some(values) if values.iter().any(|v| v.value == "*") => Accepts::Any,
            Some(values) => {
                specificity += 1;
                Accepts::OneOf(values.iter().map(|v| CompactString::new(v.value)).collect())
            }
        };
        let mut condition = Condition {
            service_tier: words(&raw.service_tier, default.service_tier),
            speed: words(&raw.speed, default.speed),
            endpoint: words(&raw.endpoint, default.endpoint),
            region: words(&raw.region, default.region),
            deployment: words(&raw.deployment, default.deployment),
            calendar: self.calendar_named(raw.calendar),
            outside_calendar: self.calendar_named(raw.outside_calendar),
            context: ContextRange::default(),
            specificity: 0,
        };
        condition.context = self.context(raw);
        let contexts =
            [raw.context_over, raw.context_at_least, raw.context_up_to, raw.context_under];
        let others = contexts.iter().flatten().count() + condition.calendars().count();
        condition.specificity = specificity + u8::try_from(others).unwrap_or(u8::MAX);
        condition
    }

    fn context(&mut self, raw: &RawWhen<'_>) -> ContextRange {
        let from = raw.context_over.map(|n| n.value + 1).max(raw.context_at_least.map(|n| n.value));
        let upper = [raw.context_up_to.map(|n| n.value + 1), raw.context_under.map(|n| n.value)];
        let range =
            ContextRange { from: from.unwrap_or(0), until: upper.into_iter().flatten().min() };
        if range.until.is_some_and(|until| until <= range.from)
            && let Some(at) = raw.context_up_to.or(raw.context_under)
        {
            self.report.problem(at.offset, "no prompt can meet all `context_` keys of this `when`");
        }
        range
    }
}
