//! Which terms met usage: what is in force and finds none is worth a word.

use std::collections::{BTreeMap, BTreeSet};

use super::credit::can_pay;
use super::deal::Deal;
use super::invoice::TermRef;
use super::item::Item;
use super::usage::UsageProfile;
use crate::contract::terms::TermKind;
use crate::diagnostic::{Diagnostics, code};
use crate::period::Period;

/// Terms that met usage, and credit that met usage of other invoices.
#[derive(Debug, Default)]
pub(super) struct Met {
    terms: BTreeSet<TermRef>,
    /// There was usage at all.
    any: bool,
    /// Issuer and currency of the first usage that credit of a term cannot pay for.
    foreign: BTreeMap<TermRef, String>,
}

impl Met {
    /// Notes the usage of a stretch.
    pub(super) fn note(
        &mut self,
        deals: &[Deal<'_>],
        profiles: &[UsageProfile],
        segment: Period,
        items: &[Item],
    ) {
        self.any |= !items.is_empty();
        for deal in deals.iter().filter(|deal| deal.is_in_force(segment)) {
            for bound in deal.terms.iter().filter(|bound| bound.is_in_force(segment)) {
                let is_credit = matches!(bound.term.kind, TermKind::Credit(_));
                for item in items.iter().filter(|item| bound.is_about(item.profile)) {
                    // What capacity served asks for no money.
                    if !is_credit
                        || item.served_by.is_some()
                        || can_pay(deal, bound.at, deals, item)
                    {
                        self.terms.insert(bound.at);
                        break;
                    }
                    self.foreign.entry(bound.at).or_insert_with(|| {
                        let issuer = match item.biller {
                            Some(biller) => &deals[biller].contract.issuer,
                            None => &profiles[item.profile as usize].sku.provider,
                        };
                        format!("`{issuer}` in {}", item.currency)
                    });
                }
            }
        }
    }

    /// Notes that usage of a term was not served.
    pub(super) fn note_stopped(&mut self, term: TermRef) {
        self.terms.insert(term);
        self.any = true;
    }

    /// Says which contracts and terms met nothing in the window. Without any usage that goes without
    /// saying.
    pub(super) fn report(&self, deals: &[Deal<'_>], window: Period, found: &mut Diagnostics) {
        if !self.any {
            return;
        }
        for deal in deals {
            let contract = deal.contract;
            if !overlaps(contract.term, window) {
                let text = format!(
                    "`{}` is not in force in the time that is settled: it is from {} to before {}",
                    contract.id, deal.days.0, deal.days.1
                );
                found.add(code::IDLE_TERM, text, Some(contract.place.location()));
                continue;
            }
            for bound in &deal.terms {
                let is_about_usage = !matches!(
                    bound.term.kind,
                    TermKind::OtherSpend(_) | TermKind::Seats(_) | TermKind::FlatFee(_)
                );
                let is_due = is_about_usage && overlaps(bound.period, window);
                if !is_due || self.terms.contains(&bound.at) {
                    continue;
                }
                let name = format!("`{}` of `{}`", bound.term.id, contract.id);
                let text = if let Some(other) = self.foreign.get(&bound.at) {
                    format!(
                        "{name} pays for nothing: usage in its scope is invoiced by {other}, the credit is for invoices of `{}` in {}",
                        contract.issuer, contract.currency
                    )
                } else if bound.is_about_any() {
                    let (from, until) = bound.term.days;
                    format!(
                        "no usage in the scope of {name} is in its time, {from} to before {until}"
                    )
                } else {
                    format!("no usage that is given is in the scope of {name}")
                };
                found.add(code::IDLE_TERM, text, Some(bound.term.place.location()));
            }
        }
    }
}

fn overlaps(one: Period, other: Period) -> bool {
    one.start < other.end && other.start < one.end
}
