//! What changes between two instants, or between two sets of books.
//!
//! Prices come from [`PriceBook::rates`], asked for usage that is exactly what an entry in force at
//! one of the instants is for. Multipliers are compared by themselves, so a price that changes is
//! not listed again for every endpoint on which a factor stands.

use std::collections::BTreeSet;

use compact_str::CompactString;

use super::PriceBook;
use super::condition::{Accepts, Condition};
use super::entry::{Dates, Multiplier, PriceEntry, ProviderBook};
use super::rates::Rate;
use super::usages::{clock, lowest, sku_of, usages};
use super::view::View;
use crate::money::{Amount, UnitPrice};
use crate::period::Timestamp;
use crate::tokens::Component;

/// Books, and the instant to look at.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The books.
    pub book: &'a PriceBook,
    /// When.
    pub at: Timestamp,
    /// As known at.
    pub known_at: Option<Timestamp>,
}

/// A price that differs; without an old or a new one it appears or ends.
#[derive(Debug, Clone)]
pub struct PriceChange<'a> {
    /// Who bills.
    pub provider: CompactString,
    /// The id; `None`: for every model.
    pub model: Option<CompactString>,
    /// What is priced.
    pub component: Component,
    /// What usage the price is for.
    pub usage: Condition,
    /// Before.
    pub old: Option<Rate<'a>>,
    /// After.
    pub new: Option<Rate<'a>>,
}

/// A factor that differs.
#[derive(Debug, Clone)]
pub struct FactorChange<'a> {
    /// Who bills.
    pub provider: CompactString,
    /// Before.
    pub old: Option<&'a Multiplier>,
    /// After.
    pub new: Option<&'a Multiplier>,
}

/// Everything that differs.
#[derive(Debug, Clone, Default)]
pub struct Changes<'a> {
    /// Prices, by provider, then in the order of the books.
    pub prices: Vec<PriceChange<'a>>,
    /// Factors.
    pub factors: Vec<FactorChange<'a>>,
    /// Models, with their provider, that have a price only after.
    pub appearing: Vec<(CompactString, CompactString)>,
    /// Models that have a price only before.
    pub ending: Vec<(CompactString, CompactString)>,
}

/// By how many percent a price changes, to six decimals, towards zero; `None` from a price of zero
/// or where it does not fit.
#[must_use]
pub fn percent(old: UnitPrice, new: UnitPrice) -> Option<Amount> {
    const MILLIONTHS: i128 = 100_000_000;
    let (old, new) = (old.per(0).ok()?.atto(), new.per(0).ok()?.atto());
    let scaled = new.checked_sub(old)?.checked_mul(MILLIONTHS)?;
    scaled.checked_div(old)?.checked_mul(1_000_000_000_000).map(Amount::from_atto)
}

/// What differs from `old` to `new` for the providers and models that are wanted.
#[must_use]
pub fn compare<'a>(
    old: Side<'a>,
    new: Side<'a>,
    wanted: impl Fn(&str, Option<&str>) -> bool,
) -> Changes<'a> {
    let mut changes = Changes::default();
    let names: BTreeSet<&CompactString> =
        old.book.providers.keys().chain(new.book.providers.keys()).collect();
    for name in names {
        let books = [old, new].map(|side| side.book.providers.get(name));
        let mut ids: Vec<&CompactString> = Vec::new();
        let mut known = BTreeSet::new();
        for model in books.iter().flatten().flat_map(|book| &book.models) {
            if wanted(name, Some(&model.id)) && known.insert(&model.id) {
                ids.push(&model.id);
            }
        }
        for id in ids {
            compare_model([old, new], books, name, id, &mut changes);
        }
        if wanted(name, None) {
            compare_factors([old, new], books, name, &mut changes);
        }
    }
    changes
}

/// An entry or multiplier that may be in force then.
fn may_be_in_force(dates: &Dates, side: Side<'_>) -> bool {
    let view = View { known_at: side.known_at };
    view.counts(dates)
        && dates.effective_from.is_none_or(|from| from <= side.at)
        && (side.known_at.is_some() || dates.effective_until.is_none_or(|until| side.at < until))
}

fn compare_model<'a>(
    sides: [Side<'a>; 2],
    books: [Option<&'a ProviderBook>; 2],
    provider: &CompactString,
    id: &CompactString,
    changes: &mut Changes<'a>,
) {
    let mut conditions: Vec<&'a Condition> = Vec::new();
    for (side, book) in sides.iter().zip(books) {
        let Some(book) = book else { continue };
        let own = book.models.iter().filter(|m| m.id == *id).flat_map(|m| &m.entries);
        for entry in own.chain(&book.entries).filter(|e| may_be_in_force(&e.dates, *side)) {
            if !conditions.contains(&&entry.condition) {
                conditions.push(&entry.condition);
            }
        }
    }
    let mut priced = [false; 2];
    let first = changes.prices.len();
    for condition in &conditions {
        let clocks = sides.map(|side| clock(condition, &conditions, side.at));
        for usage in usages(condition) {
            let sku = sku_of(&usage, provider, id);
            let rates = sides.map(|side| side.book.rates(&sku, lowest(&usage), side.known_at));
            for component in Component::ALL {
                let price = |i: usize| {
                    let rate = rates[i].at_clock(*component, sides[i].at, clocks[i]).ok();
                    rate.filter(|r| r.rated_as == *component)
                };
                let found = [price(0), price(1)];
                for (i, rate) in found.iter().enumerate() {
                    let book = books[i];
                    let own = |r: &Rate<'_>| !book.is_some_and(|b| is_shared(b, r.entry));
                    priced[i] |= rate.as_ref().is_some_and(own);
                }
                let meant = found.iter().flatten().any(|r| r.entry.condition == **condition);
                let [old, new] = found;
                if !meant
                    || old.as_ref().map(|r| r.unit_price) == new.as_ref().map(|r| r.unit_price)
                {
                    continue;
                }
                let shared =
                    [(&old, books[0]), (&new, books[1])].into_iter().all(|(rate, book)| {
                        rate.as_ref().is_none_or(|r| book.is_some_and(|b| is_shared(b, r.entry)))
                    });
                let change = PriceChange {
                    provider: provider.clone(),
                    model: (!shared).then(|| id.clone()),
                    component: *component,
                    usage: usage.clone(),
                    old,
                    new,
                };
                let from = if shared { 0 } else { first };
                fold(&mut changes.prices, from, change);
            }
        }
    }
    match priced {
        [false, true] => changes.appearing.push((provider.clone(), id.clone())),
        [true, false] => changes.ending.push((provider.clone(), id.clone())),
        _ => {}
    }
}

fn is_shared(book: &ProviderBook, entry: &PriceEntry) -> bool {
    book.entries.iter().any(|shared| std::ptr::eq(shared, entry))
}

/// Adds a change, or to an equal one the usage that it is for too. A usage that is met only at some
/// times or sizes says more than one without limits that leads to the same entries.
fn fold<'a>(changes: &mut Vec<PriceChange<'a>>, from: usize, change: PriceChange<'a>) {
    fn agree<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
        a.is_none() || b.is_none() || a == b
    }
    let same_limits = |a: &Condition, b: &Condition| {
        agree(&a.calendar, &b.calendar)
            && agree(&a.outside_calendar, &b.outside_calendar)
            && (a.context == b.context || a.context.is_all() || b.context.is_all())
    };
    let equal = changes[from..].iter_mut().find(|c| {
        (&c.provider, &c.model, c.component, &c.old, &c.new)
            == (&change.provider, &change.model, change.component, &change.old, &change.new)
            && same_limits(&c.usage, &change.usage)
    });
    let Some(equal) = equal else {
        changes.push(change);
        return;
    };
    let add = |into: &mut Accepts, more: Accepts| match (&mut *into, more) {
        (Accepts::OneOf(into), Accepts::OneOf(more)) => more.into_iter().for_each(|word| {
            if !into.contains(&word) {
                into.push(word);
            }
        }),
        (Accepts::Any, more) => *into = more,
        (Accepts::OneOf(_), Accepts::Any) => {}
    };
    let (into, usage) = (&mut equal.usage, change.usage);
    add(&mut into.service_tier, usage.service_tier);
    add(&mut into.speed, usage.speed);
    add(&mut into.endpoint, usage.endpoint);
    add(&mut into.region, usage.region);
    add(&mut into.deployment, usage.deployment);
    into.calendar = into.calendar.take().or(usage.calendar);
    into.outside_calendar = into.outside_calendar.take().or(usage.outside_calendar);
    if into.context.is_all() {
        into.context = usage.context;
    }
}

fn compare_factors<'a>(
    sides: [Side<'a>; 2],
    books: [Option<&'a ProviderBook>; 2],
    provider: &CompactString,
    changes: &mut Changes<'a>,
) {
    let in_force = |i: usize| -> Vec<&'a Multiplier> {
        let all = books[i].into_iter().flat_map(|book| &book.multipliers);
        all.filter(|m| may_be_in_force(&m.dates, sides[i])).collect()
    };
    let (old, mut new) = (in_force(0), in_force(1));
    let same_use =
        |a: &Multiplier, b: &Multiplier| a.condition == b.condition && a.components == b.components;
    let equal = |a: &Multiplier, b: &Multiplier| {
        same_use(a, b) && a.factor == b.factor && a.models == b.models
    };
    for before in old {
        if let Some(at) = new.iter().position(|after| equal(before, after)) {
            new.remove(at);
            continue;
        }
        let after = new.iter().position(|after| same_use(before, after)).map(|at| new.remove(at));
        changes.factors.push(FactorChange {
            provider: provider.clone(),
            old: Some(before),
            new: after,
        });
    }
    let added = new.into_iter().map(|after| FactorChange {
        provider: provider.clone(),
        old: None,
        new: Some(after),
    });
    changes.factors.extend(added);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price_book::{BookSource, Layer};

    #[test]
    fn percents_are_exact_to_six_decimals() {
        let price = |text| UnitPrice::parse_per(text, 6).unwrap();
        let change = |old, new| percent(price(old), price(new)).map(|p| p.to_string());
        assert_eq!(change("0.75", "1.50").as_deref(), Some("100.00"));
        assert_eq!(change("3", "2").as_deref(), Some("-33.333333"));
        assert_eq!(change("2000", "0").as_deref(), Some("-100.00"));
        assert_eq!(change("0", "1"), None);
    }

    const BOOK: &str = r#"schema = "tokencast.prices.v1"
provider = "p"
name = "P"
currency = "USD"
checked_on = "2026-01-01"
[[calendar]]
name = "peak"
timezone = "UTC"
hours = ["01:00-04:00"]
weekdays = ["mon"]
[[price]]
effective_from = "2026-02-01"
when = { service_tier = "*", speed = "*" }
web_search_per_1000 = "10"
[[model]]
id = "a"
[[model.price]]
effective_until = "2026-02-01"
when = { endpoint = ["x", "y"] }
input_per_mtok = "1"
[[model.price]]
effective_from = "2026-02-01"
when = { endpoint = ["x", "y"], calendar = "peak" }
input_per_mtok = "4"
[[model.price]]
effective_from = "2026-02-01"
when = { endpoint = ["x", "y"], outside_calendar = "peak" }
input_per_mtok = "2"
[[model]]
id = "b"
[[model.price]]
output_per_mtok = "1"
"#;

    #[test]
    fn a_change_is_one_row_for_lists_calendars_and_fees_of_every_model() {
        let source = BookSource { name: "a".into(), text: BOOK.into(), layer: Layer::Bundled };
        let (book, _) = PriceBook::load(&[source]).unwrap();
        let side = |text| Side { book: &book, at: Timestamp::parse(text).unwrap(), known_at: None };
        // 2026-02-01 is a Sunday: the peak hours of Monday are looked for, not those of that day.
        let changes = compare(side("2026-01-31"), side("2026-02-01"), |_, _| true);
        let price = |rate: &Option<Rate<'_>>| {
            rate.as_ref().map(|r| r.unit_price.per(6).unwrap().to_string()).unwrap_or_default()
        };
        let rows: Vec<_> = changes
            .prices
            .iter()
            .map(|c| {
                (
                    c.model.as_deref().unwrap_or("*"),
                    c.usage.to_string(),
                    price(&c.old),
                    price(&c.new),
                )
            })
            .collect();
        let usage = |limit: &str| {
            format!("service_tier standard, speed standard, endpoint x or y, {limit}")
        };
        let row =
            |model, usage, old: &str, new: &str| (model, usage, old.to_owned(), new.to_owned());
        assert_eq!(
            rows,
            [
                row("a", usage("outside calendar peak"), "1.00", "2.00"),
                row("a", usage("in calendar peak"), "1.00", "4.00"),
                row("*", String::new(), "", "10000.00"),
            ]
        );
        assert!(changes.appearing.is_empty() && changes.ending.is_empty());
    }
}
