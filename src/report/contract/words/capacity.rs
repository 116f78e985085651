//! Capacity in plain words.

use super::{Say, percent, profile, steps};
use crate::contract::Scope;
use crate::contract::terms::{
    Capacity, CapacityKind, CapacityMeter, CapacityRate, Overflow, PricePer, Purchase, Side,
    SpillTo, UnitSteps,
};
use crate::report::format::grouped;
use crate::tokens::Component;

impl Say {
    pub(super) fn capacity(&self, c: &Capacity) -> String {
        let meters: Vec<String> = c.meters.iter().map(|m| self.meter(m, &c.unit)).collect();
        let kind = match c.kind {
            CapacityKind::Provisioned => "Capacity",
            CapacityKind::Rented => "Rented",
        };
        let ceiling = match percent(c.ceiling).as_str() {
            "100 %" => String::new(),
            share => format!("; at most {share} of it is used"),
        };
        let overflow = match &c.overflow {
            Overflow::Spill(to) => {
                format!("load above it is invoiced by token{}", spill(to.as_ref()))
            }
            Overflow::Throttle => "load above it is not served".to_owned(),
            Overflow::Queue { minutes, spill: None } => {
                format!("load above it waits up to {minutes} minutes, or is not served")
            }
            Overflow::Queue { minutes, spill: to } => format!(
                "load above it waits up to {minutes} minutes, then is invoiced by token{}",
                spill(to.as_ref())
            ),
        };
        format!("{kind}: {}{ceiling}; {overflow}{}", meters.join(", "), profile(c.load_profile))
    }

    fn meter(&self, m: &CapacityMeter, unit: &str) -> String {
        let side = match m.side {
            Side::All => "",
            Side::Input => " for input",
            Side::Output => " for output",
        };
        let units = |units: &UnitSteps| steps(&units.0);
        let mut text = format!("{} {unit}{side}", units(&m.units));
        if let Some((reserved, purchase)) = &m.reserved {
            text.push_str(&format!(
                ", {} reserved at {}",
                units(reserved),
                self.purchase(*purchase)
            ));
        }
        if let Some(purchase) = m.price {
            let others = if m.reserved.is_some() { ", the others at " } else { " at " };
            text.push_str(&format!("{others}{}", self.purchase(purchase)));
        }
        text
    }

    fn purchase(&self, p: Purchase) -> String {
        let per = match p.per {
            PricePer::Hour => "an hour".to_owned(),
            PricePer::Every(every) => format!("a {}", every.name()),
        };
        format!("{} {per}", self.money(p.price))
    }
}

/// Rates of the models in scope that are shown one by one.
const MOST_RATES: usize = 4;

/// What a token takes of a unit, for the models that a term is about.
pub(super) fn rates(rates: &[CapacityRate], scope: &Scope) -> String {
    let meant: Vec<&CapacityRate> =
        rates.iter().filter(|rate| rate.models.overlaps(&scope.models)).collect();
    let mut text = String::new();
    for rate in meant.iter().take(MOST_RATES) {
        let models: Vec<&str> = rate.models.iter().collect();
        text.push_str(&format!("; {}", models.join(", ")));
        if let Some(above) = rate.context_from.checked_sub(1) {
            text.push_str(&format!(" above {} tokens of prompt", grouped(above)));
        }
        for (name, component) in [
            ("an input token", Component::InputUncached),
            ("a cached one", Component::InputCacheRead),
            ("an output token", Component::Output),
        ] {
            let share = rate.shares.iter().find(|(c, _)| *c == component).map(|(_, share)| share);
            let takes = share.map_or("nothing".to_owned(), |s| {
                format!("{}/{}", grouped(s.numerator), grouped(s.denominator))
            });
            text.push_str(&format!(", {name} takes {takes}"));
        }
        text.push_str(" of a unit for a minute");
    }
    match meant.len().checked_sub(MOST_RATES) {
        Some(more) if more > 0 => format!("{text}; and {more} more rates"),
        _ => text,
    }
}

fn spill(to: Option<&SpillTo>) -> String {
    let Some(to) = to else { return String::new() };
    let names = [&to.provider, &to.model, &to.service_tier];
    let names: Vec<&str> =
        names.into_iter().flatten().map(compact_str::CompactString::as_str).collect();
    if names.is_empty() { String::new() } else { format!(" by {}", names.join(" ")) }
}
