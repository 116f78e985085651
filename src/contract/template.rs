//! Contract files to begin with.

use super::file::key::{Key, Kind, Table};
use super::file::registry;

/// The kind of template that lists every option.
const ALL_OPTIONS: &str = "all-options";

macro_rules! templates {
    ($($kind:literal: $about:literal),* $(,)?) => {
        const TEXTS: &[(&str, &str, &str)] = &[$((
            $kind,
            $about,
            include_str!(concat!("templates/", $kind, ".toml")),
        )),*];
    };
}

templates![
    "pay-as-you-go": "List prices, invoiced by month in arrears.",
    "edp": "Yearly commitment of a cloud with a discount; marketplace counts up to a share (AWS EDP, PPA).",
    "macc": "Cumulative commitment by milestones; a shortfall comes back as credit (Azure MACC).",
    "ptu": "Provisioned throughput units with reservation and spillover (Azure).",
    "gsu": "Scale units of provisioned throughput (Google Vertex AI).",
    "reserved": "An amount reserved for each minute (OpenAI Reserved Tier).",
    "scale": "Units of input and output tokens a minute (OpenAI Scale Tier).",
    "bedrock-reserved": "Reserved input and output tokens a minute (Amazon Bedrock).",
    "credits": "Prepaid credits with bonus, expiry and recharge, and a free grant.",
    "claude-enterprise": "Seats with a fee, and all tokens at list prices.",
    "copilot": "Seats whose included credits are pooled (GitHub Copilot).",
    "self-hosted": "Rented machines that serve models themselves, with a queue and an API behind.",
    "ten-year-ramp": "Ten years of a rising commitment with a discount schedule.",
];

/// Every kind of template with what it is for.
pub fn templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = (ALL_OPTIONS, "Every key with what it means; what is optional is commented out.");
    std::iter::once(all).chain(TEXTS.iter().map(|(kind, about, _)| (*kind, *about)))
}

/// The text of a template; `None` for an unknown kind.
#[must_use]
pub fn template(kind: &str) -> Option<String> {
    if kind == ALL_OPTIONS {
        return Some(all_options());
    }
    TEXTS.iter().find(|(known, _, _)| *known == kind).map(|(_, _, text)| (*text).to_owned())
}

/// Every key of the registry: those that a contract needs as they are, others behind a comment
/// sign.
fn all_options() -> String {
    let mut text = String::from(
        "# Every key of a contract file. Lines that begin with `# ` and hold a key are optional; take the\n\
         # sign away to use them. All figures are invented: replace them.\n\n",
    );
    let mut explained = Explained::default();
    for key in registry::FILE.keys().filter(|key| !matches!(key.kind, Kind::Tables(_))) {
        option(&mut text, key, &mut explained);
    }
    for table in registry::term_tables() {
        text.push_str(&format!("\n{}[[{}]]\n", comment("", table.doc), table.name));
        for key in table.keys() {
            option(&mut text, key, &mut explained);
        }
    }
    text
}

/// What was said already and is not repeated.
#[derive(Default)]
struct Explained {
    /// Of the key before.
    remark: &'static str,
    tables: Vec<&'static str>,
}

fn option(text: &mut String, key: &'static Key, explained: &mut Explained) {
    let default = key.default.map(|d| format!(" Default: {d}.")).unwrap_or_default();
    if explained.remark != key.doc {
        text.push_str(&comment("", &format!("{}{default}", key.doc)));
        explained.remark = key.doc;
    }
    if let Kind::Table(table) | Kind::Tables(table) | Kind::WordOr(_, table) = key.kind
        && !explained.tables.contains(&table.name)
    {
        inner(text, table);
        explained.tables.push(table.name);
    }
    let sign = if key.shown { "" } else { "# " };
    text.push_str(&format!("{sign}{} = {}\n", key.name, key.example));
}

/// The keys of a table inside another, as remarks.
fn inner(text: &mut String, table: &Table) {
    for key in table.keys() {
        let default = key.default.map(|d| format!(" Default: {d}.")).unwrap_or_default();
        text.push_str(&comment("  ", &format!("{}: {}{default}", key.name, key.doc)));
    }
}

/// A remark in lines of at most 100 characters.
pub(crate) fn comment(indent: &str, remark: &str) -> String {
    let mut text = String::new();
    let mut line = format!("#{indent}");
    for word in remark.split(' ') {
        if line.len() + word.len() > 100 {
            text.push_str(&line);
            text.push('\n');
            line = format!("#{indent}{indent}");
        }
        line.push(' ');
        line.push_str(word);
    }
    format!("{text}{line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ContractSource, load};

    #[test]
    fn every_template_is_a_valid_contract() {
        for (kind, _) in templates() {
            let text = template(kind).unwrap();
            let source = ContractSource { name: format!("{kind}.toml"), text };
            let (contracts, _) = load(&[source]).unwrap_or_else(|e| panic!("{kind}:\n{e}"));
            assert_eq!(contracts.len(), 1);
        }
    }

    #[test]
    fn the_list_of_options_has_every_kind_of_term() {
        let source =
            ContractSource { name: "all.toml".into(), text: template(ALL_OPTIONS).unwrap() };
        let (contracts, _) = load(&[source]).unwrap();
        let count = registry::term_tables().count();
        assert_eq!(contracts[0].terms.len(), count);
    }

    #[test]
    fn every_example_is_what_its_key_takes() {
        // Each key alone, besides those that its table needs: problems of kind are what counts.
        let mut tested = 0;
        let mut tables: Vec<&'static Table> = registry::term_tables().collect();
        tables.push(&registry::FILE);
        for table in tables {
            for key in table.keys().filter(|k| !k.example.is_empty()) {
                let line = format!("{} = {}\n", key.name, key.example);
                let text = if table.name.is_empty() {
                    line
                } else {
                    format!("[[{}]]\n{line}", table.name)
                };
                let source = ContractSource { name: "x".into(), text };
                let errors = load(&[source]).unwrap_err();
                let about = |p: &&crate::config::Problem| {
                    ["expected", "unknown key", "TOML"].iter().any(|w| p.message.contains(w))
                };
                let wrong: Vec<_> = errors.problems.iter().filter(about).collect();
                assert!(wrong.is_empty(), "{} {}: {wrong:?}", table.name, key.name);
                tested += 1;
            }
        }
        assert!(tested > 200, "{tested}");
    }
}
