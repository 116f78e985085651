//! The layers of `docs/architecture.md`, checked on the `use` lines.

use super::common::{files_below, root};

/// Modules with their layer; a module uses only layers below its own, or those listed with it.
const LAYERS: &[(&str, u8, &[&str])] = &[
    ("money", 0, &[]),
    ("period", 0, &[]),
    ("tokens", 0, &[]),
    ("sku", 0, &[]),
    ("diagnostic", 0, &[]),
    ("config", 0, &[]),
    ("usage", 1, &[]),
    ("series", 1, &[]),
    ("costs", 1, &[]),
    ("price_book", 1, &[]),
    // Contracts state prices by the keys of price books, and scopes by labels.
    ("contract", 1, &["price_book", "usage"]),
    ("source", 2, &[]),
    ("rollup", 2, &[]),
    // Rating reads rollups, which are data of the same layer.
    ("rating", 2, &["rollup"]),
    ("settlement", 2, &["rating", "rollup"]),
    ("forecast", 2, &[]),
    ("tokenizer", 2, &[]),
    ("projection", 3, &[]),
    ("corpus", 3, &[]),
    ("counting", 4, &[]),
    ("budget", 4, &[]),
    ("scenario", 4, &[]),
    // Both sides are counted as a corpus is; scopes and verdicts are those of budgets.
    ("prompt_diff", 4, &["counting", "budget"]),
    // A figure of any result is taken apart into the same lines.
    ("explain", 4, &["budget", "scenario"]),
    ("report", 5, &[]),
    ("cli", 6, &[]),
];

/// Outside crates that only some places may use.
const CRATES: &[(&str, &[&str])] = &[
    ("polars", &["source/cells.rs", "source/parquet.rs", "rollup/parquet"]),
    ("polars_parquet", &["rollup/parquet/write.rs"]),
    ("clap", &["cli/"]),
    ("anyhow", &["cli/"]),
    ("indicatif", &["cli/ui.rs"]),
    ("comfy_table", &["report/grid.rs", "cli/ui.rs"]),
    ("splintr", &["tokenizer/kind.rs", "tokenizer/vendor.rs"]),
    ("tiktoken_rs", &["tokenizer/reference.rs", "tokenizer/tests.rs", "tokenizer/build/"]),
    ("lofty", &["corpus/extent.rs"]),
    ("lopdf", &["corpus/extent.rs"]),
    ("quick_xml", &["report/check/junit.rs"]),
    ("rusqlite", &["source/database.rs"]),
    ("zip", &["source/archive.rs"]),
    ("blake3", &["source/hash_labels.rs"]),
];

fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    files_below(&src)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

fn module_of(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap()
}

#[test]
fn modules_use_only_layers_below() {
    for (name, text) in sources().iter().filter(|(n, _)| n != "lib.rs" && n != "main.rs") {
        let own = module_of(name);
        let (_, layer, peers) = LAYERS
            .iter()
            .find(|(m, _, _)| *m == own)
            .unwrap_or_else(|| panic!("{name} has no layer"));
        for (at, _) in text.match_indices("crate::") {
            let used: String =
                text[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some((_, other, _)) = LAYERS.iter().find(|(m, _, _)| *m == used) else { continue };
            let allowed = used == own
                || other < layer
                || peers.contains(&used.as_str())
                || (*layer == 0 && *other == 0);
            assert!(allowed, "src/{name} uses crate::{used}");
        }
    }
}

#[test]
fn outside_crates_stay_in_their_places() {
    for (name, text) in sources() {
        for (krate, places) in CRATES {
            let used =
                text.contains(&format!("use {krate}::")) || text.contains(&format!(" {krate}::"));
            let allowed = places.iter().any(|p| name.starts_with(p));
            assert!(!used || allowed, "src/{name} uses {krate}");
        }
    }
}

#[test]
fn money_never_passes_through_a_float() {
    for (name, text) in sources() {
        let exact = ["money/", "price_book/", "rating/", "contract/", "settlement/"]
            .iter()
            .any(|p| name.starts_with(p));
        let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
        let found = code.filter(|l| l.contains("f64") || l.contains("f32")).count();
        assert!(!exact || found == 0, "src/{name} has a float");
    }
    for (name, text) in sources().iter().filter(|(n, _)| n.starts_with("forecast/")) {
        assert!(!text.contains("crate::money"), "src/{name} has money");
    }
}
