//! Prices in the wrong unit: per token or per thousand instead of per million.

use std::collections::BTreeMap;

use super::{Findings, Kind, by_word};
use crate::money::{Amount, Currency, UnitPrice};
use crate::price_book::PriceKey;
use crate::price_book::entry::{ModelEntry, PriceEntry, ProviderBook};
use crate::tokens::Component;

/// A price this many times off its nearest sibling of the same model stands alone.
const OFF_SIBLINGS: i128 = 100;
/// A price this many times off the middle of its family is in another unit. Versions of one family
/// differ by less, a thousandfold slip of the dearest by more.
const OFF_FAMILY: i128 = 250;
/// Models that a family needs for its middle to mean something.
const FEWEST_MODELS: usize = 3;
/// No token was ever sold for less US dollars per million, other than for nothing.
const LEAST_USD_PER_MTOK: &str = "0.0005";

pub(super) fn find(provider: &ProviderBook, findings: &mut Findings) {
    for model in &provider.models {
        off_siblings(model, findings);
        if provider.currency == Currency::USD {
            below_any(model, findings);
        }
    }
    let families = by_word(provider.models.iter(), |m| m.family.clone());
    for (family, models) in families.iter().filter(|(_, m)| m.len() >= FEWEST_MODELS) {
        off_family(family, models, findings);
    }
}

type Priced<'a> = (UnitPrice, &'a PriceEntry);

/// Prices of tokens above zero, by component.
fn priced<'a>(
    models: impl Iterator<Item = &'a ModelEntry>,
) -> BTreeMap<Component, Vec<Priced<'a>>> {
    let mut found: BTreeMap<Component, Vec<Priced<'a>>> = BTreeMap::new();
    for entry in models.flat_map(|m| &m.entries) {
        for (component, price) in &entry.prices {
            if *price > UnitPrice::FREE {
                found.entry(*component).or_default().push((*price, entry));
            }
        }
    }
    found
}

/// True if one price is so many times the other or more.
fn is_off(a: UnitPrice, b: UnitPrice, times: i128) -> bool {
    let atto = |price: UnitPrice| price.per(0).map_or(0, Amount::atto);
    let (low, high) = (atto(a.min(b)), atto(a.max(b)));
    low.saturating_mul(times) <= high
}

fn text(component: Component, price: UnitPrice) -> String {
    let key = PriceKey::of(component);
    let amount = price.per(key.per_power).map(|a| a.to_string()).unwrap_or_default();
    format!("`{}` {amount}", key.name)
}

fn off_siblings(model: &ModelEntry, findings: &mut Findings) {
    for (component, prices) in priced(std::iter::once(model)) {
        for (index, (price, entry)) in prices.iter().enumerate() {
            let others = || prices.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, o)| o);
            let alone = others().all(|(other, _)| is_off(*price, *other, OFF_SIBLINGS));
            // Of two prices the one that is written later is named.
            let named = prices.len() > 2 || index == 1;
            if alone && named && prices.len() > 1 {
                let message = format!(
                    "{} of `{}` is {OFF_SIBLINGS} times off every other price of the model or more: is it per million?",
                    text(component, *price),
                    model.id
                );
                findings.on_entry(entry, Kind::UnitSlip, message);
            }
        }
    }
}

fn below_any(model: &ModelEntry, findings: &mut Findings) {
    let Ok(least) = UnitPrice::parse_per(LEAST_USD_PER_MTOK, 6) else { return };
    for (component, prices) in priced(std::iter::once(model)) {
        for (price, entry) in prices.iter().filter(|(p, _)| component.is_tokens() && *p < least) {
            let message = format!(
                "{} of `{}` is under {LEAST_USD_PER_MTOK} USD: is it per token?",
                text(component, *price),
                model.id
            );
            findings.on_entry(entry, Kind::UnitSlip, message);
        }
    }
}

fn off_family(family: &str, models: &[&ModelEntry], findings: &mut Findings) {
    for (component, prices) in priced(models.iter().copied()) {
        let mut sorted: Vec<UnitPrice> = prices.iter().map(|(price, _)| *price).collect();
        sorted.sort_unstable();
        let middle = sorted[sorted.len() / 2];
        for (price, entry) in prices.iter().filter(|(p, _)| is_off(*p, middle, OFF_FAMILY)) {
            let message = format!(
                "{} is {OFF_FAMILY} times off the middle of family `{family}` or more: is it per million?",
                text(component, *price)
            );
            findings.on_entry(entry, Kind::UnitSlip, message);
        }
    }
}
