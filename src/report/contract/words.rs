//! Terms of contracts in plain words.

mod capacity;

use crate::contract::terms::{
    Allowance, Beyond, Credit, DiscountSchedule, FixedRate, FlatFee, LoadProfile, Measure, Payment,
    Pool, Quantity, ReservedSpend, SeatRemoval, Seats, Shortfall, SpendCommitment, TermKind,
    TierMode, WhenEmpty,
};
use crate::contract::{Anchor, Every, Scope, Term};
use crate::money::{Amount, Currency, Factor};
use crate::price_book::PriceKey;
use crate::report::format::{grouped, money, price};

/// What a term does, in one or more sentences without the last point.
pub(super) fn term(term: &Term, currency: Currency) -> String {
    let say = Say { currency };
    match &term.kind {
        TermKind::FixedRate(rate) => fixed_rate(rate),
        TermKind::PriceProtection(p) => format!(
            "Prices are at most the list prices of {} plus {} a year; {}",
            p.base_date,
            percent(p.annual_cap),
            if p.lesser_of_list {
                "lower list prices are paid"
            } else {
                "lower list prices are not passed on"
            }
        ),
        TermKind::Capacity(c) => {
            format!("{}{}", say.capacity(c), capacity::rates(&c.rates, &term.scope))
        }
        TermKind::ReservedSpend(reserved) => say.reserved_spend(*reserved),
        TermKind::Discount(discount) => format!("{} off", percent(discount.rate)),
        TermKind::DiscountSchedule(schedule) => say.schedule(schedule),
        TermKind::BestCustomer(best) => {
            let steps: Vec<String> =
                best.steps.iter().map(|(day, d)| format!("{} from {day}", percent(*d))).collect();
            format!(
                "At least as much off list prices as the best customer has: {}",
                steps.join(", ")
            )
        }
        TermKind::Seats(seats) => say.seats(seats),
        TermKind::FlatFee(fee) => say.flat_fee(fee),
        TermKind::OtherSpend(other) => {
            let often = other.every.map_or("once".to_owned(), |e| each(e, other.anchor));
            let off = if other.discounted { "discounts apply" } else { "without discounts" };
            format!("{} for {}, {often}; {off}", say.money(other.amount), other.category)
        }
        TermKind::SpendCommitment(commitment) => say.commitment(commitment),
        TermKind::Minimum(minimum) => format!(
            "At least {} is paid {}{}",
            say.money(minimum.amount),
            each(minimum.every, minimum.anchor),
            cut(minimum.prorate)
        ),
        TermKind::Credit(credit) => say.credit(credit),
    }
}

/// A scope in words; nothing if it is everything.
pub(super) fn scope(scope: &Scope) -> String {
    let parts = [
        ("providers", &scope.providers),
        ("models", &scope.models),
        ("not models", &scope.exclude_models),
        ("makers", &scope.makers),
        ("service tiers", &scope.service_tiers),
        ("regions", &scope.regions),
        ("endpoints", &scope.endpoints),
        ("deployments", &scope.deployments),
    ];
    let named = parts.iter().filter(|(_, patterns)| !patterns.is_empty());
    let mut text: Vec<String> = named
        .map(|(name, patterns)| {
            format!("{name} {}", patterns.iter().collect::<Vec<_>>().join(", "))
        })
        .collect();
    text.extend(scope.labels.iter().map(|(name, accepted)| {
        format!("label {name} {}", accepted.iter().collect::<Vec<_>>().join(", "))
    }));
    if text.is_empty() { "all".to_owned() } else { text.join("; ") }
}

/// How often, with the day on which it begins.
pub(super) fn each(every: Every, anchor: Anchor) -> String {
    match (every, anchor) {
        (Every::Term, _) => "for the whole term".to_owned(),
        (Every::Day, _) => "each day".to_owned(),
        (every, Anchor::Calendar) => format!("each calendar {}", every.name()),
        (every, Anchor::Start) => format!("each {} from the first day on", every.name()),
    }
}

fn cut(prorate: bool) -> &'static str {
    if prorate { "" } else { ", in full also where the term cuts a period short" }
}

/// A share in hundredths, without zeros at the end.
fn percent(share: Factor) -> String {
    match Amount::from_units(100).checked_mul(share) {
        Ok(hundredths) => {
            let text = hundredths.to_fixed(18);
            format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
        }
        Err(_) => format!("a factor of {share}"),
    }
}

fn fixed_rate(rate: &FixedRate) -> String {
    let shown = rate.prices.iter().filter_map(|(component, unit)| {
        let key = PriceKey::of(*component);
        Some(format!("{} {}", key.name, price(unit.per(key.per_power).ok()?)))
    });
    let prices: Vec<String> = shown.collect();
    let lesser = if rate.lesser_of_list { "; lower list prices are paid instead" } else { "" };
    format!("Contracted prices: {}{lesser}", prices.join(", "))
}

fn measured(measure: Measure) -> &'static str {
    match measure {
        Measure::List => "list prices",
        Measure::Contracted => "contracted prices",
    }
}

fn steps<T: ToString>(steps: &[(chrono::NaiveDate, T)]) -> String {
    let mut text = steps.first().map(|(_, n)| n.to_string()).unwrap_or_default();
    for (day, number) in steps.iter().skip(1) {
        text.push_str(&format!(" ({} from {day})", number.to_string()));
    }
    text
}

struct Say {
    currency: Currency,
}

impl Say {
    fn money(&self, amount: Amount) -> String {
        money(amount, self.currency)
    }

    fn schedule(&self, s: &DiscountSchedule) -> String {
        let tiers: Vec<String> = s
            .tiers
            .iter()
            .map(|tier| format!("{} above {}", percent(tier.discount), self.money(tier.above)))
            .collect();
        let mode = match s.mode {
            TierMode::Graduated => "for the spend inside each tier",
            TierMode::Volume => "for all spend, by the tier that is reached",
        };
        format!(
            "Discount by spend at {}, counted {}: {}; {mode}",
            measured(s.measured_on),
            each(s.resets, Anchor::Start),
            tiers.join(", ")
        )
    }

    fn commitment(&self, c: &SpendCommitment) -> String {
        let mut parts = vec![if c.milestones.is_empty() {
            let amounts: Vec<String> = c.amounts.iter().map(|a| self.money(*a)).collect();
            let last = if amounts.len() > 1 { " (the last one repeats)" } else { "" };
            format!(
                "{} is committed {}{last}{}",
                amounts.join(", then "),
                each(c.every, c.anchor),
                cut(c.prorate)
            )
        } else {
            let all: Vec<String> = c
                .milestones
                .iter()
                .map(|m| format!("{} before {}", self.money(m.cumulative), m.by))
                .collect();
            format!("Committed from the first day on: {}", all.join(", "))
        }];
        parts.push(format!("usage counts at {}", measured(c.measured_on)));
        parts.extend(c.eligible.iter().map(eligible));
        parts.push(match c.payment {
            Payment::Arrears => "usage is invoiced as it occurs".to_owned(),
            Payment::Upfront => {
                "paid on the first day of each period, usage draws it down".to_owned()
            }
            Payment::Instalments(every) => {
                format!("paid in instalments by {}, usage draws it down", every.name())
            }
        });
        parts.push(match c.shortfall {
            Shortfall::Paid => "what is not spent is paid and buys nothing".to_owned(),
            Shortfall::Credited { expires_after_months: Some(months) } => {
                format!("what is not spent is paid and comes back as credit for {months} months")
            }
            Shortfall::Credited { expires_after_months: None } => {
                "what is not spent is paid and comes back as credit until the end".to_owned()
            }
            Shortfall::Carried => "what is not spent is owed in the next period".to_owned(),
            Shortfall::Waived => "what is not spent is forgotten".to_owned(),
        });
        if let Some(carry) = c.rollover {
            let cap = carry.cap.map(|cap| format!(", at most {}", self.money(cap)));
            let cap = cap.unwrap_or_default();
            parts.push(format!(
                "{} of an excess counts in the next period{cap}",
                percent(carry.share)
            ));
        }
        parts.extend(c.overage_factor.map(|f| format!("usage above it costs {f} times its price")));
        parts.extend(c.true_up.map(|e| format!("shortfalls are also invoiced each {}", e.name())));
        parts
            .extend(c.opening.map(|o| format!("{} had counted by {}", self.money(o.amount), o.on)));
        parts.join("; ")
    }

    fn credit(&self, c: &Credit) -> String {
        let paid = if c.price.is_zero() {
            "free".to_owned()
        } else {
            format!("for {}", self.money(c.price))
        };
        let mut text = format!("Credit of {} {paid} from {}", self.money(c.amount), c.bought_on);
        if let Some(every) = c.repeats {
            text.push_str(&format!(", again {}", each(every, Anchor::Start)));
        }
        match (c.expires_on, c.expires_after_months) {
            (Some(day), _) => text.push_str(&format!("; what is left on {day} lapses")),
            (None, Some(months)) => text.push_str(&format!("; it lapses after {months} months")),
            (None, None) if c.repeats.is_some() => text.push_str("; it lapses when the next comes"),
            (None, None) => {}
        }
        text.push_str(&format!("; drawn in order {}", c.order));
        if let Some(r) = c.recharge {
            text.push_str(&format!(
                "; {} is bought when less than {} is left",
                self.money(r.amount),
                self.money(r.below)
            ));
        }
        if c.when_empty == WhenEmpty::Stopped {
            text.push_str("; without credit usage stops");
        }
        text
    }

    fn quantity(&self, quantity: Quantity) -> String {
        match quantity {
            Quantity::Amount(amount) => format!("usage of {}", self.money(amount)),
            Quantity::Tokens(n) => format!("{} tokens", grouped(n)),
            Quantity::Requests(n) => format!("{} requests", grouped(n)),
        }
    }

    fn seats(&self, s: &Seats) -> String {
        let mut text = format!(
            "{} seats at {} {}",
            steps(&s.counts),
            self.money(s.price),
            each(s.every, s.anchor)
        );
        if s.minimum > 0 {
            text.push_str(&format!(", at least {} paid", s.minimum));
        }
        text.push_str(match s.removal {
            SeatRemoval::Renewal => "; a removed seat is paid until the contract year ends",
            SeatRemoval::NextPeriod => "; a removed seat is paid until its period ends",
            SeatRemoval::Immediate => "; a removed seat is paid no longer",
        });
        match &s.included {
            None => text.push_str("; all usage is invoiced by token"),
            Some(Allowance { quantity, pool, .. }) => {
                let pool = match pool {
                    Pool::Shared => "shared by all".to_owned(),
                    Pool::BySeat(label) => format!("for each {label} alone"),
                };
                let included = self.quantity(*quantity);
                let beyond = beyond(s.beyond);
                text.push_str(&format!("; each includes {included}, {pool}; {beyond}"));
            }
        }
        text
    }

    fn flat_fee(&self, f: &FlatFee) -> String {
        let fee = format!("{} {}{}", self.money(f.amount), each(f.every, f.anchor), cut(f.prorate));
        match f.fair_use {
            None => format!("{fee} for all usage"),
            Some(most) => {
                format!("{fee} for up to {}; {}", self.quantity(most), beyond(f.beyond))
            }
        }
    }

    fn reserved_spend(&self, r: ReservedSpend) -> String {
        let per = if r.minutes == 1 { "minute" } else { "hour" };
        let off = match r.discount.to_string().as_str() {
            "0" => String::new(),
            _ => format!(" at {} off", percent(r.discount)),
        };
        format!(
            "{} for each {per} pays for usage of {} in it{off}; what is left is lost{}",
            self.money(r.price),
            self.money(r.amount),
            profile(r.load_profile)
        )
    }
}

fn eligible(rule: &crate::contract::terms::Eligible) -> String {
    let what = match &rule.category {
        Some(category) => category.to_string(),
        None => format!("usage of {}", scope(&rule.scope)),
    };
    let share = match percent(rule.share).as_str() {
        "100 %" => "in full".to_owned(),
        "0 %" => "not at all".to_owned(),
        share => format!("by {share}"),
    };
    let cap = rule.cap.map(|cap| format!(", up to {} of the commitment", percent(cap)));
    format!("{what} counts {share}{}", cap.unwrap_or_default())
}

fn beyond(beyond: Beyond) -> String {
    match beyond {
        Beyond::Invoiced(Factor::ONE) => "usage beyond is invoiced".to_owned(),
        Beyond::Invoiced(factor) => format!("usage beyond costs {factor} times its price"),
        Beyond::Stopped => "usage beyond is not served".to_owned(),
    }
}

fn profile(profile: Option<LoadProfile>) -> String {
    match profile {
        None => String::new(),
        Some(LoadProfile { hours, peak_percent: 100 }) if hours.iter().all(|h| *h == hours[0]) => {
            "; coarse logs are spread evenly".to_owned()
        }
        Some(LoadProfile { peak_percent, .. }) => format!(
            "; coarse logs are spread by the hours of the day, half of the minutes at {peak_percent} % of their hour"
        ),
    }
}
