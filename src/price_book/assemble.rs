//! Puts the files of all layers together and checks what one file cannot tell: names, overlaps,
//! references between files.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::entry::{Dates, ModelEntry, Multiplier, PriceEntry, ProviderBook, Table, Target};
use super::keys::PriceKey;
use super::validate::ValidFile;
use crate::config::{EntryRef, Problem, did_you_mean};
use crate::diagnostic::{Diagnostics, code};
use crate::money::{Currency, UnitPrice};
use crate::period::Timestamp;
use crate::tokens::{Component, Side};

pub(super) type Providers = BTreeMap<CompactString, ProviderBook>;

/// Merges files, which come sorted by layer.
pub(super) fn assemble(
    files: Vec<ValidFile>,
    problems: &mut Vec<Problem>,
    found: &mut Diagnostics,
) -> Providers {
    let mut providers = Providers::new();
    let mut model_refs = Vec::new();
    for mut file in files {
        let refs = std::mem::take(&mut file.model_refs);
        model_refs
            .extend(refs.into_iter().map(|(model, place)| (file.provider.clone(), model, place)));
        merge(&mut providers, file, problems);
    }
    for book in providers.values_mut() {
        index_names(book, problems, found);
        check_overlaps(None, &book.entries, problems);
        for model in &book.models {
            check_overlaps(Some(&model.id), &model.entries, problems);
        }
        book.all_entries().for_each(|entry| check_plausible(entry, book.currency, found));
        check_repeated_multipliers(&book.multipliers, found);
    }
    for (provider, model, place) in model_refs {
        let Some(book) = providers.get(&provider) else {
            continue;
        };
        let ids = || book.models.iter().map(|m| m.id.as_str());
        if !ids().any(|id| id == model) {
            let hint = did_you_mean(&model, ids());
            report(
                problems,
                &place,
                format!("multiplier names model `{model}`, which no book of `{provider}` has"),
                hint,
            );
        }
    }
    providers
}

fn report(problems: &mut Vec<Problem>, place: &EntryRef, message: String, hint: Option<String>) {
    problems.push(Problem { location: place.location(), message, hint });
}

fn merge(providers: &mut Providers, file: ValidFile, problems: &mut Vec<Problem>) {
    let book = providers.entry(file.provider.clone()).or_insert_with(|| ProviderBook {
        provider: file.provider,
        name: file.name,
        currency: file.currency,
        checked_on: file.checked_on,
        tables: Vec::new(),
        models: Vec::new(),
        entries: Vec::new(),
        multipliers: Vec::new(),
        names: BTreeMap::new(),
    });
    if book.currency != file.currency {
        let message = format!(
            "currency {} differs from {}, which the other book of `{}` uses",
            file.currency, book.currency, book.provider
        );
        report(problems, &file.place, message, None);
    }
    book.checked_on = book.checked_on.max(file.checked_on);
    book.tables.push(Table {
        location: file.place.clone(),
        layer: file.layer,
        checked_on: file.checked_on,
    });
    book.entries.extend(file.entries);
    book.multipliers.extend(file.multipliers);
    // While files are merged, `names` holds the ids alone.
    for model in file.models {
        let target = Target {
            model: book.models.len(),
            layer: file.layer,
            effective_from: None,
            effective_until: None,
        };
        let targets = book.names.entry(model.id.clone()).or_default();
        match targets.last_mut() {
            Some(known) => {
                let existing = &mut book.models[known.model];
                if known.layer == file.layer {
                    let message = format!(
                        "model `{}` is defined twice, first at {}",
                        model.id, existing.location
                    );
                    report(problems, &model.location, message, None);
                }
                known.layer = file.layer;
                extend(existing, model);
            }
            None => {
                targets.push(target);
                book.models.push(model);
            }
        }
    }
}

/// Adds what a higher layer says of a model.
fn extend(model: &mut ModelEntry, higher: ModelEntry) {
    model.aliases.extend(higher.aliases);
    model.entries.extend(higher.entries);
    model.maker = higher.maker.or(model.maker.take());
    model.family = higher.family.or(model.family.take());
    model.tokenizer = higher.tokenizer.or(model.tokenizer.take());
    model.context_window = higher.context_window.or(model.context_window);
}

/// Adds the aliases to the index of names; within a layer a name means one model at a time.
fn index_names(book: &mut ProviderBook, problems: &mut Vec<Problem>, found: &mut Diagnostics) {
    for (index, model) in book.models.iter().enumerate() {
        for alias in &model.aliases {
            let target = Target {
                model: index,
                layer: alias.layer,
                effective_from: alias.effective_from,
                effective_until: alias.effective_until,
            };
            let targets = book.names.entry(alias.name.clone()).or_default();
            let clash = targets
                .iter()
                .find(|t| t.layer == target.layer && overlap(range(t), range(&target)).is_some());
            if let Some(clash) = clash {
                let other = &book.models[clash.model];
                let role = if other.id == alias.name { "the id" } else { "an alias" };
                let message = format!(
                    "alias `{}` of `{}` is at the same time {role} of `{}` at {}",
                    alias.name, model.id, other.id, other.location
                );
                let hint = "give both aliases dates that do not overlap".to_owned();
                report(
                    problems,
                    &alias.location,
                    message,
                    (other.id != alias.name).then_some(hint),
                );
            }
            if let Some(hiding) = targets
                .iter()
                .find(|t| t.layer > target.layer && book.models[t.model].id == alias.name)
            {
                let message = format!(
                    "model `{}` hides the alias of `{}` at {}: write prices under that id to add to it",
                    alias.name, model.id, alias.location
                );
                let place = book.models[hiding.model].location.location();
                found.add(code::PRICE_BOOK_SUSPECT, message, Some(place));
            }
            targets.push(target);
        }
    }
}

type Range = (Option<Timestamp>, Option<Timestamp>);

fn range(target: &Target) -> Range {
    (target.effective_from, target.effective_until)
}

/// First instant that two half-open ranges share; `Some(None)`: they share all the past.
#[expect(clippy::option_option, reason = "an open start and no overlap are different answers")]
fn overlap(a: Range, b: Range) -> Option<Option<Timestamp>> {
    let from = a.0.max(b.0);
    let ends = [a.1, b.1].into_iter().flatten().min();
    match (from, ends) {
        (Some(from), Some(end)) if end <= from => None,
        _ => Some(from),
    }
}

/// The instant from which two entries contend in one view of the past; `None`: never.
///
/// Entries that were never taken back contend where their dates overlap. One that was taken back
/// may overlap others, since among those known the one that starts last wins; only one that was
/// known at the same time and starts at the same instant is ambiguous.
fn contend(a: &Dates, b: &Dates) -> Option<String> {
    let describe = |from: Option<Timestamp>| {
        from.map_or_else(|| "since ever".to_owned(), |from| format!("from {from}"))
    };
    if a.withdrawn_on.is_none() && b.withdrawn_on.is_none() {
        return overlap(
            (a.effective_from, a.effective_until),
            (b.effective_from, b.effective_until),
        )
        .map(describe);
    }
    let known = |d: &Dates| (d.announced_on.or(d.effective_from), d.withdrawn_on);
    (a.effective_from == b.effective_from && overlap(known(a), known(b)).is_some())
        .then(|| describe(a.effective_from))
}

fn check_overlaps(model: Option<&str>, entries: &[PriceEntry], problems: &mut Vec<Problem>) {
    for (index, later) in entries.iter().enumerate() {
        for earlier in &entries[..index] {
            if earlier.origin.layer != later.origin.layer
                || earlier.condition.specificity != later.condition.specificity
            {
                continue;
            }
            let shared =
                |(component, _): &&(Component, UnitPrice)| earlier.price(*component).is_some();
            let Some((component, _)) = later.prices.iter().find(shared) else {
                continue;
            };
            let Some(from) = contend(&earlier.dates, &later.dates) else {
                continue;
            };
            if !earlier.condition.meets(&later.condition) {
                continue;
            }
            let owner = model.map_or_else(
                || "entry for every model".to_owned(),
                |id| format!("entry of `{id}`"),
            );
            let message = format!(
                "{owner} overlaps the equally specific one at {}: both set `{}` {from} for {}",
                earlier.origin.location,
                PriceKey::of(*component).name,
                later.condition
            );
            let hint =
                "end the earlier one with `effective_until`, or tell them apart with a `when` key";
            report(problems, &later.origin.location, message, Some(hint.to_owned()));
        }
    }
}

/// Two equal multipliers at one time multiply twice: most likely a copy.
fn check_repeated_multipliers(multipliers: &[Multiplier], found: &mut Diagnostics) {
    for (index, later) in multipliers.iter().enumerate() {
        for earlier in &multipliers[..index] {
            let same = earlier.origin.layer == later.origin.layer
                && earlier.condition == later.condition
                && earlier.models == later.models
                && earlier.components == later.components;
            if same && contend(&earlier.dates, &later.dates).is_some() {
                let message = format!(
                    "multiplier applies on top of an equal one at {}",
                    earlier.origin.location
                );
                found.add(
                    code::PRICE_BOOK_SUSPECT,
                    message,
                    Some(later.origin.location.location()),
                );
            }
        }
    }
}

/// Above this many US dollars per million output tokens a price is taken for a slip of the point.
const SUSPECT_USD_PER_MTOK: i64 = 2_000;
/// Prices of one entry farther apart than this are taken for a mistake of units.
const SUSPECT_RATIO: i128 = 1_000;

fn check_plausible(entry: &PriceEntry, currency: Currency, found: &mut Diagnostics) {
    let tokens = entry.prices.iter().filter(|(component, _)| component.is_tokens());
    let mut prices: Vec<_> = tokens.filter_map(|(c, p)| Some((p.per(6).ok()?, *c))).collect();
    let mut suspect = |message: String| {
        found.add(code::PRICE_BOOK_SUSPECT, message, Some(entry.origin.location.location()));
    };
    let limit = crate::money::Amount::from_units(SUSPECT_USD_PER_MTOK);
    for (price, component) in &prices {
        if currency == Currency::USD && component.side() == Side::Output && *price > limit {
            let key = PriceKey::of(*component).name;
            suspect(format!("`{key}` is {price} USD, more than {SUSPECT_USD_PER_MTOK}"));
        }
    }
    prices.retain(|(price, _)| !price.is_zero());
    prices.sort_unstable();
    for pair in prices.windows(2) {
        let [(low, cheap), (high, dear)] = pair else {
            continue;
        };
        if low.atto().saturating_mul(SUSPECT_RATIO) <= high.atto() {
            let (cheap, dear) = (PriceKey::of(*cheap).name, PriceKey::of(*dear).name);
            suspect(format!("`{dear}` {high} is {SUSPECT_RATIO} times `{cheap}` {low} or more"));
        }
    }
}
