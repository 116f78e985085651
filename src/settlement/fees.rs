//! Fees that fall due in a stretch, used or not.

use super::deal::{Bound, Deal, prorated};
use super::invoice::LineCategory;
use super::item::Charge;
use super::load::place;
use super::percent::percent;
use super::seats::SeatCount;
use crate::contract::terms::{
    Capacity, CapacityMeter, FlatFee, OtherSpend, PricePer, Purchase, ReservedSpend, Side, TermKind,
};
use crate::contract::{Anchor, Spans};
use crate::money::{Amount, MoneyError};
use crate::period::{NANOS, Period};

/// Nanoseconds of a minute.
const MINUTE_NANOS: i64 = 60 * NANOS;

/// Whole minutes of a stretch.
pub(super) fn minutes(segment: Period) -> i64 {
    segment.nanos() / MINUTE_NANOS
}

/// The fees of a contract in a stretch.
pub(super) fn charges(
    deal: &Deal<'_>,
    seats: &[(usize, SeatCount<'_>)],
    segment: Period,
) -> Result<Vec<Charge>, MoneyError> {
    let mut found = Vec::new();
    if !deal.is_in_force(segment) {
        return Ok(found);
    }
    for (number, bound) in deal.terms.iter().enumerate() {
        if !bound.is_in_force(segment) {
            continue;
        }
        match &bound.term.kind {
            TermKind::Seats(_) => {
                let count = seats.iter().find(|(term, _)| *term == number);
                if let Some((_, count)) = count {
                    found.extend(seat_charge(deal, bound, count, segment)?);
                }
            }
            TermKind::FlatFee(fee) => found.extend(flat_fee(deal, bound, fee, segment)?),
            TermKind::OtherSpend(spend) => found.extend(other(deal, bound, spend, segment)?),
            TermKind::Capacity(capacity) => {
                for meter in &capacity.meters {
                    meter_charges(deal, bound, capacity, meter, segment, &mut found)?;
                }
            }
            TermKind::ReservedSpend(reserved) => {
                found.push(reserved_charge(bound, reserved, segment)?);
            }
            _ => {}
        }
    }
    Ok(found)
}

fn charge(bound: &Bound<'_>, category: LineCategory, spend: &str, price: Amount) -> Charge {
    Charge {
        term: bound.at,
        category,
        spend: spend.to_owned(),
        description: String::new(),
        quantity: None,
        list: price,
        price,
        payable: price,
        borne_by_usage: Amount::ZERO,
        meter: 0,
    }
}

fn seat_charge(
    deal: &Deal<'_>,
    bound: &Bound<'_>,
    count: &SeatCount<'_>,
    segment: Period,
) -> Result<Option<Charge>, MoneyError> {
    let day = deal.day(segment.start);
    let starts_here = deal.contract.calendar.day_start(day) == segment.start;
    let due = if starts_here { count.due_on(day)? } else { None };
    Ok(due.map(|due| Charge {
        description: if due.seats < 0 { "seats given back" } else { "seats" }.to_owned(),
        quantity: Some((Amount::from_units(due.seats), "seats".to_owned())),
        ..charge(bound, LineCategory::Seat, "seats", due.amount)
    }))
}

/// The fee of a period that begins with a stretch.
fn starting(
    spans: &Spans,
    segment: Period,
    amount: Amount,
    prorate: bool,
) -> Result<Option<Amount>, MoneyError> {
    match spans.at(segment.start).filter(|span| span.period.start == segment.start) {
        None => Ok(None),
        Some(span) if prorate => prorated(amount, span.share).map(Some),
        Some(_) => Ok(Some(amount)),
    }
}

fn flat_fee(
    deal: &Deal<'_>,
    bound: &Bound<'_>,
    fee: &FlatFee,
    segment: Period,
) -> Result<Option<Charge>, MoneyError> {
    let spans = Spans::new(fee.every, fee.anchor, bound.term.days, &deal.contract.calendar);
    let due = starting(&spans, segment, fee.amount, fee.prorate)?;
    Ok(due.map(|amount| Charge {
        description: format!("fee per {}", fee.every.name()),
        ..charge(bound, LineCategory::FlatFee, "flat-fee", amount)
    }))
}

/// Discounts of the contract that are about all its usage apply where the term says so.
fn other(
    deal: &Deal<'_>,
    bound: &Bound<'_>,
    spend: &OtherSpend,
    segment: Period,
) -> Result<Option<Charge>, MoneyError> {
    let due = match spend.every {
        None => (bound.period.start == segment.start).then_some(spend.amount),
        Some(every) => {
            let spans = Spans::new(every, spend.anchor, bound.term.days, &deal.contract.calendar);
            starting(&spans, segment, spend.amount, true)?
        }
    };
    let Some(list) = due else { return Ok(None) };
    let mut price = list;
    let mut description = spend.category.to_string();
    for other in deal.terms.iter().filter(|t| spend.discounted && t.is_in_force(segment)) {
        if let TermKind::Discount(discount) = &other.term.kind
            && other.term.scope == crate::contract::Scope::default()
        {
            price = price.checked_sub(price.checked_mul_rounded(discount.rate)?)?;
            description = format!("{description}, {} off", percent(discount.rate));
        }
    }
    Ok(Some(Charge {
        description,
        list,
        ..charge(bound, LineCategory::OtherSpend, &spend.category, price)
    }))
}

fn meter_charges(
    deal: &Deal<'_>,
    bound: &Bound<'_>,
    capacity: &Capacity,
    meter: &CapacityMeter,
    segment: Period,
    found: &mut Vec<Charge>,
) -> Result<(), MoneyError> {
    let day = deal.day(segment.start);
    let deployed = meter.units.on(day);
    let reserved = meter.reserved.as_ref().map_or(0, |(units, _)| units.on(day));
    let side = match meter.side {
        Side::All => "",
        Side::Input => " for input",
        Side::Output => " for output",
    };
    let mut push = |units: u64, price: &Purchase, word: &str| -> Result<(), MoneyError> {
        let (amount, used) = fee_of(deal, bound, units, price, segment)?;
        found.push(Charge {
            description: format!(
                "{} at {} per {}, {word}{side}",
                capacity.unit,
                price.price,
                per(price.per)
            ),
            quantity: Some((used, format!("{}-{}s", capacity.unit, per(price.per)))),
            meter: place(meter.side),
            ..charge(bound, LineCategory::Capacity, "capacity", amount)
        });
        Ok(())
    };
    if let Some((_, price)) = &meter.reserved {
        push(reserved, price, "reserved")?;
    }
    match &meter.price {
        // Units that are not deployed are lost where they are reserved.
        Some(price) if deployed > reserved => push(deployed - reserved, price, "deployed"),
        _ => Ok(()),
    }
}

fn per(per: PricePer) -> &'static str {
    match per {
        PricePer::Hour => "hour",
        PricePer::Every(every) => every.name(),
    }
}

/// The fee of units in a stretch, and how many unit-periods that is: hours by the minute, longer
/// periods by their days.
fn fee_of(
    deal: &Deal<'_>,
    bound: &Bound<'_>,
    units: u64,
    purchase: &Purchase,
    segment: Period,
) -> Result<(Amount, Amount), MoneyError> {
    let (part, whole) = match purchase.per {
        PricePer::Hour => (minutes(segment), 60),
        PricePer::Every(every) => {
            let calendar = &deal.contract.calendar;
            let spans = Spans::new(every, Anchor::Start, bound.term.days, calendar);
            let span = spans.at(segment.start).map_or(1, |span| i64::from(span.share.1));
            let days = (deal.day(segment.end) - deal.day(segment.start)).num_days();
            (days, span)
        }
    };
    let unit_periods =
        i128::from(units).checked_mul(i128::from(part)).ok_or(MoneyError::Overflow)?;
    let amount = purchase.price.checked_ratio(unit_periods, i128::from(whole))?;
    Ok((amount, Amount::from_units(1).checked_ratio(unit_periods, i128::from(whole))?))
}

fn reserved_charge(
    bound: &Bound<'_>,
    reserved: &ReservedSpend,
    segment: Period,
) -> Result<Charge, MoneyError> {
    let part = i128::from(minutes(segment));
    let amount = reserved.price.checked_ratio(part, i128::from(reserved.minutes))?;
    let word = if reserved.minutes == 1 { "minute" } else { "hour" };
    Ok(Charge {
        description: format!("reserved spend at {} per {word}", reserved.price),
        quantity: Some((
            Amount::from_units(1).checked_ratio(part, i128::from(reserved.minutes))?,
            format!("{word}s"),
        )),
        ..charge(bound, LineCategory::Capacity, "capacity", amount)
    })
}
