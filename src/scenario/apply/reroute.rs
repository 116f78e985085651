//! Usage that another model, provider, tier or place serves.

use super::{Changed, scaled};
use crate::diagnostic::{Diagnostics, code};
use crate::projection::Measure;
use crate::scenario::ScenarioError;
use crate::scenario::case::Column;
use crate::scenario::change::{Reroute, Stated};
use crate::scenario::ratios::{RatioBasis, TextRatio, UsedRatio};
use crate::tokens::{Component, Side, Unit};

impl Changed<'_> {
    pub(in crate::scenario) fn reroute(
        &mut self,
        reroute: &Reroute,
        stated: &Stated,
        found: &mut Diagnostics,
    ) -> Result<bool, ScenarioError> {
        let names = (self.calendar, self.ground.book, self.usage.window.start);
        let covered: Vec<bool> = self.profiles.iter().map(|p| reroute.covers(p, names)).collect();
        let mut columns = Vec::with_capacity(self.columns.len() * 2);
        let mut used: Vec<Option<UsedRatio>> = vec![None; covered.len()];
        for column in std::mem::take(&mut self.columns) {
            let profile = column.profile as usize;
            if !covered[profile] || !self.is_in(&column, reroute.from) || reroute.share <= 0.0 {
                columns.push(column);
                continue;
            }
            let target = reroute.target(&self.profiles[profile]);
            let ratio = used[profile].get_or_insert_with(|| {
                let skus = (&self.profiles[profile].sku, &target.sku);
                UsedRatio::of(reroute, &stated.label, skus, self.table, names)
            });
            let ratio = (ratio.input.at(self.band), ratio.output.at(self.band));
            if reroute.share < 1.0 {
                columns.push(scaled(&column, 1.0 - reroute.share));
            }
            let number = self.number(target);
            let Measure::Component(component) = column.measure else {
                columns.push(Column { profile: number, ..scaled(&column, reroute.share) });
                continue;
            };
            let tokens = component.unit() == Unit::Token;
            if !tokens && !reroute.keep_tools {
                continue;
            }
            let moved = scaled(&column, reroute.share * times(reroute, component, ratio));
            let kept = reroute.keep_cache || !is_cached(component);
            let wanted = if kept { component } else { Component::InputUncached };
            let mut priced = self.priced(&moved, (number, wanted))?;
            if is_cached(component) && priced.iter().all(|c| c.prices.is_none()) {
                // Who has no price for a cache bills its tokens as any others.
                priced = self.priced(&moved, (number, Component::InputUncached))?;
            }
            self.note_unpriced(&priced, found);
            columns.extend(priced);
        }
        self.columns = columns;
        let touched = used.iter().any(Option::is_some);
        self.keep_ratios(used.into_iter().flatten().collect(), stated, found);
        Ok(touched)
    }

    /// Remembers the ratios of moves to another model, and says where they are not stated.
    fn keep_ratios(&mut self, used: Vec<UsedRatio>, stated: &Stated, found: &mut Diagnostics) {
        let place = || stated.place.as_ref().map(|p| p.location());
        let (owner, label) = (&self.owner, &stated.label);
        for ratio in used.into_iter().filter(|ratio| ratio.from.1 != ratio.to.1) {
            if self.ratios.contains(&ratio) {
                continue;
            }
            if ratio.any(|basis| *basis == RatioBasis::Assumed) {
                let message = format!(
                    "{owner}: {label}: how many tokens the same text has for the other model is not stated, and taken as the same"
                );
                found.add(code::TOKEN_RATIO_ASSUMED, message, place());
            }
            let sides = [&ratio.input, &ratio.output];
            if let Some(words) = sides.into_iter().find_map(estimated) {
                found.add(
                    code::TOKEN_RATIO_ESTIMATED,
                    format!("{owner}: {label}: {words}"),
                    place(),
                );
            }
            self.ratios.push(ratio);
        }
    }

    fn note_unpriced(&self, columns: &[Column], found: &mut Diagnostics) {
        for column in columns.iter().filter(|column| column.prices.is_none()) {
            let Measure::Component(component) = column.measure else { continue };
            let sku = &self.profiles[column.profile as usize].sku;
            let message = format!(
                "{}: no price for `{component}` of `{}` of `{}`: it is in no cost",
                self.owner, sku.model, sku.provider
            );
            found.add(code::UNPRICED_USAGE, message, None);
        }
    }
}

/// A ratio that is not sure, in words.
fn estimated(ratio: &TextRatio) -> Option<String> {
    let (names, place, sources) = match &ratio.basis {
        RatioBasis::Table { names, sources } => {
            (names, "the shipped table, for English text, code and data".to_owned(), sources)
        }
        RatioBasis::Measured(measured) if !measured.is_exact => {
            (&measured.names, format!("`{}`", measured.file), &measured.sources)
        }
        _ => return None,
    };
    Some(format!(
        "a token of `{}` becomes {:.3} of `{}` ({:.3} to {:.3}) in {place} ({})",
        names.0,
        ratio.value,
        names.1,
        ratio.low,
        ratio.high,
        sources.join("; ")
    ))
}

/// Units that one of a component becomes: tokenizers are about text, the length of answers about all
/// that is written.
fn times(reroute: &Reroute, component: Component, (input, output): (f64, f64)) -> f64 {
    let text = is_text(component);
    match component.side() {
        _ if component.unit() != Unit::Token => 1.0,
        Side::Input if text => input,
        Side::Output if text => output * reroute.length,
        Side::Output => reroute.length,
        _ => 1.0,
    }
}

/// True for tokens that stand for text. Those of sound, pictures and video come from other rules.
fn is_text(component: Component) -> bool {
    let mut parts = component.name().split('.');
    !parts.any(|part| matches!(part, "audio" | "image" | "video"))
}

/// True for tokens that are read from a cache, or written to one.
fn is_cached(component: Component) -> bool {
    component.name().starts_with("input.cache_")
}
