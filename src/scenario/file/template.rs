//! A scenario file to begin with: every key, with what it means.

use super::SCHEMA;
use super::keys::{ABOUT, ChangeKey, FALLBACK_KEYS, KINDS, keys_of};
use crate::contract::comment;

/// The kind of change that stands in the template without a comment sign.
const SHOWN: &str = "growth";

/// Every key of a scenario file; all but one scenario with one change is behind comment signs.
#[must_use]
pub fn template() -> String {
    let mut text = comment(
        "",
        "Every key of a scenario file. Take the sign away from the table and the lines that you use; keys without `Needed` can stay out. All figures are invented: replace them.",
    );
    text.push_str(&format!("schema = \"{SCHEMA}\"\n\n[[scenario]]\n"));
    text.push_str("# Its name in reports and for --base.\nname = \"example\"\n");
    text.push_str(&comment(
        "",
        "Contract files, folders or patterns, from the folder of this file.",
    ));
    text.push_str("# contracts = [\"contracts/enterprise.toml\"]\n");
    let shown = KINDS.iter().zip(ABOUT).filter(|(kind, _)| **kind == SHOWN);
    let others = KINDS.iter().zip(ABOUT).filter(|(kind, _)| **kind != SHOWN);
    for (kind, about) in shown.chain(others) {
        let sign = if *kind == SHOWN { "" } else { "# " };
        text.push_str(&format!("\n{}{sign}[[scenario.change]]\n", comment("", about)));
        text.push_str(&format!("{sign}kind = \"{kind}\"\n"));
        for key in keys_of(kind).filter(|key| key.name != "kind") {
            option(&mut text, key, sign);
        }
    }
    let about = "Where usage goes if its provider is left, in every scenario of the run: the comparison then says what leaving it would add.";
    text.push_str(&format!("\n{}# [[fallback]]\n", comment("", about)));
    for key in FALLBACK_KEYS {
        option(&mut text, key, "# ");
    }
    text
}

fn option(text: &mut String, key: &ChangeKey, sign: &str) {
    let needed = if key.required { " Needed." } else { "" };
    text.push_str(&comment("  ", &format!("{}{needed}", key.doc)));
    text.push_str(&format!("{sign}{} = {}\n", key.name, key.example));
}
