//! Where usage goes if a provider is left.

use toml::de::DeTable;

use super::change::rerouted;
use super::keys::{ChangeKey, FALLBACK_KEYS};
use super::raw::{Raw, named};
use crate::config::{EntryRef, Reporter};
use crate::projection::events::Scope;
use crate::rating::group::Dimension;
use crate::scenario::change::{Change, Reroute, Stated, Target};
use crate::scenario::leaving::Fallback;

pub(super) fn read<'t>(
    table: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> Option<Fallback> {
    let raw = Raw { table, offset, kind: "fallback" };
    raw.check(&FALLBACK_KEYS.iter().collect::<Vec<&'static ChangeKey>>(), report);
    let (from, to) = (raw.text("from", report), raw.text("to", report));
    let reroute = rerouted(&raw, report);
    let place = report.place(offset);
    fallback(from?, to?, reroute, Some(place))
        .map_err(|message| report.problem(offset, message))
        .ok()
}

/// A fallback `PROVIDER[/MODEL]` to `PROVIDER[/MODEL]`.
pub(super) fn fallback(
    from: &str,
    to: &str,
    reroute: Reroute,
    place: Option<EntryRef>,
) -> Result<Fallback, String> {
    let halves = |text: &str| match named(text) {
        (Some(provider), model) => (provider, Some(model)),
        (None, provider) => (provider, None),
    };
    let ((provider, model), (target, other)) = (halves(from), halves(to));
    if provider == target {
        return Err(format!(
            "a fallback of `{provider}` goes to another provider, and `{to}` is the same one"
        ));
    }
    let scope = match model {
        Some(_) => Scope::default(),
        None => Scope(vec![(Dimension::Provider, provider.clone())]),
    };
    let leaves = model.as_ref().map(|model| (Some(provider.clone()), model.clone()));
    let to_be = Target { provider: Some(target), model: other, ..Target::default() };
    let change = Change::Reroute(Reroute { scope, leaves, to: to_be, ..reroute });
    let stated = Stated { change, label: format!("fallback {from}={to}"), place };
    Ok(Fallback { provider, model, to: to.to_owned(), stated })
}
