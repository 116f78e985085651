//! Aliases and families that look wrong.

use super::{Findings, Kind, by_word};
use crate::price_book::PriceBook;
use crate::price_book::entry::ModelEntry;

/// Digits that a date has at least, as in `0613`.
const DATE_DIGITS: usize = 4;

/// The digits of versions in a name, without zeros, and its dates: `gpt-35` and `gpt-3.5` are the
/// same, and so are `claude-4-0` and `claude-4`.
fn numbers(name: &str) -> (String, Vec<&str>) {
    let parts = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (dates, versions): (Vec<&str>, Vec<&str>) = parts.partition(|p| p.len() >= DATE_DIGITS);
    (versions.concat().replace('0', ""), dates)
}

/// True if the numbers of two names contradict each other. One may leave out what the other has.
fn differ(a: &str, b: &str) -> bool {
    let ((versions, dates), (other_versions, other_dates)) = (numbers(a), numbers(b));
    let versions_differ =
        !versions.starts_with(&other_versions) && !other_versions.starts_with(&versions);
    let dates_differ = !dates.is_empty() && !other_dates.is_empty() && dates != other_dates;
    versions_differ || dates_differ
}

/// An alias leaves out a date or a version of the id, or adds one; it has no other.
pub(super) fn aliases(model: &ModelEntry, findings: &mut Findings) {
    let ends = model.entries.iter().map(|e| e.dates.effective_until);
    let end = ends.collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
    for alias in &model.aliases {
        if differ(&alias.name, &model.id) {
            let message =
                format!("alias `{}` has other numbers than its model `{}`", alias.name, model.id);
            findings.at(&alias.location, Kind::OddAlias, message);
        }
        if let (Some(from), Some(end)) = (alias.effective_from, end)
            && end <= from
        {
            let message = format!(
                "alias `{}` starts {from}, after the last price of `{}` ended",
                alias.name, model.id
            );
            findings.at(&alias.location, Kind::OddAlias, message);
        }
    }
}

/// One family of a provider has one maker, and one id the same family wherever it is sold.
pub(super) fn families(book: &PriceBook, findings: &mut Findings) {
    let families = book.providers().flat_map(|p| by_word(p.models.iter(), |m| m.family.clone()));
    for (family, models) in families {
        let first = models.iter().find_map(|m| m.maker.as_ref());
        for model in &models {
            if let (Some(maker), Some(first)) = (&model.maker, first)
                && maker != first
            {
                let message = format!(
                    "`{}` of family `{family}` is made by `{maker}`, others by `{first}`",
                    model.id
                );
                findings.at(&model.location, Kind::OddFamily, message);
            }
        }
    }
    for (id, models) in by_word(book.models(), |m| Some(m.id.clone())) {
        let first = models.iter().find(|m| m.family.is_some());
        for model in &models {
            if let (Some(family), Some(first)) = (&model.family, first)
                && Some(family) != first.family.as_ref()
            {
                let other = first.family.as_deref().unwrap_or_default();
                let message = format!(
                    "`{id}` is of family `{family}` here and of `{other}` at {}",
                    first.location
                );
                findings.at(&model.location, Kind::OddFamily, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_contradict() {
        for (alias, id) in [
            ("gpt-4o", "gpt-4o-2024-05-13"),
            ("gpt-35-turbo-0125", "gpt-3.5-turbo-0125"),
            ("claude-opus-4-0", "claude-opus-4-20250514"),
            ("mistral-large-3", "mistral-large-2512"),
            ("deepseek-chat", "deepseek-v3"),
        ] {
            assert!(!differ(alias, id), "{alias} {id}");
        }
        for (alias, id) in [("gpt-4-0314", "gpt-4-0613"), ("gpt-5.1", "gpt-5.2"), ("o3", "o4-mini")]
        {
            assert!(differ(alias, id), "{alias} {id}");
        }
    }
}
