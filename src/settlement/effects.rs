//! What a term did to usage, as lines on the invoices of that usage: a discount of one contract can
//! come off what the issuer of another invoices.

use super::bill::{Added, Bill, InvoiceKey, Text, key_of, key_without_contract};
use super::credit::{billed_only, term_line};
use super::deal::Deal;
use super::error::SettleError;
use super::invoice::{LineCategory, TermRef};
use super::item::{Effect, Item};
use super::usage::UsageProfile;
use crate::money::Amount;
use crate::period::Period;
use crate::rating::Costs;

/// Where lines of usage go in one stretch.
#[derive(Debug)]
pub(super) struct Posting<'a, 'c> {
    pub(super) bill: &'a mut Bill,
    pub(super) deals: &'a [Deal<'c>],
    pub(super) profiles: &'a [UsageProfile],
    pub(super) segment: Period,
}

/// How the lines of a term are called.
#[derive(Debug, Clone)]
pub(super) struct Words {
    /// What is taken off.
    pub(super) off: (LineCategory, Text),
    /// A surcharge.
    pub(super) surcharge: &'static str,
}

impl Posting<'_, '_> {
    /// The invoice of usage.
    pub(super) fn invoice_of(&self, item: &Item) -> InvoiceKey {
        match item.biller {
            Some(biller) => key_of(&self.deals[biller], self.segment),
            None => {
                let provider = &self.profiles[item.profile as usize].sku.provider;
                key_without_contract(provider, item.currency, self.segment)
            }
        }
    }

    /// Makes lines of what a term just did to the items; gives how much of them was taken off or
    /// paid in all.
    pub(super) fn post(
        &mut self,
        term: TermRef,
        items: &mut [Item],
        words: &Words,
    ) -> Result<(), SettleError> {
        if let Some(notes) = &mut self.bill.notes {
            let (category, text) = words.off.clone();
            notes.applied(Some(term), items, (category, &text.into_words()), words.surcharge)?;
        }
        // Few issuers, most often one.
        let mut found: Vec<(InvoiceKey, Effect)> = Vec::new();
        let mut last: Option<(Option<usize>, u32, usize)> = None;
        for item in items {
            let effect = item.take_effect();
            if effect == Effect::default() {
                continue;
            }
            let same = |(biller, profile, _): &(Option<usize>, u32, usize)| {
                *biller == item.biller && (biller.is_some() || *profile == item.profile)
            };
            let at = match last.filter(same) {
                Some((_, _, at)) => at,
                None => {
                    let key = self.invoice_of(item);
                    found.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
                        found.push((key, Effect::default()));
                        found.len() - 1
                    })
                }
            };
            last = Some((item.biller, item.profile, at));
            let sum = &mut found[at].1;
            sum.off = sum.off.checked_add(effect.off)?;
            sum.surcharge = sum.surcharge.checked_add(effect.surcharge)?;
        }
        for (key, effect) in found {
            let (category, text) = &words.off;
            if !effect.off.is_zero() {
                let costs = billed_only(Amount::ZERO.checked_sub(effect.off)?);
                let line = term_line(term, *category, text.clone());
                self.bill.add(&key, line, Added { costs, ..Added::default() })?;
            }
            if !effect.surcharge.is_zero() {
                let costs = Costs { list_cost: Amount::ZERO, ..Costs::uniform(effect.surcharge) };
                let line = term_line(term, LineCategory::Overage, Text::fixed(words.surcharge));
                self.bill.add(&key, line, Added { costs, ..Added::default() })?;
            }
        }
        Ok(())
    }
}
