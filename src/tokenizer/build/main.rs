//! The build script: writes the tables of the tokenizer, from vocabularies as `tiktoken-rs` carries
//! them and classes of characters as the regex engine it uses has them. Nothing is downloaded.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "how Cargo talks with build scripts"
)]

mod characters;
#[path = "../layout.rs"]
mod layout;
mod pairs;
mod trie;

use std::path::PathBuf;
use std::{env, fs};

/// Tokens by rank: of two merges the one that makes the lower rank comes first.
type Vocabulary = Vec<Vec<u8>>;

fn main() {
    println!("cargo:rerun-if-changed=src/tokenizer/build");
    println!("cargo:rerun-if-changed=src/tokenizer/layout.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets OUT_DIR"));
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("the folder of the build can be written");
    };
    let (index, blocks) = characters::table();
    write("characters.index", &index);
    write("characters.blocks", &blocks);
    // r50k is p50k without its last tokens, which are runs of spaces: one set of tables serves both.
    let p50k =
        vocabulary(&tiktoken_rs::p50k_base().expect("bundled"), (0..50_256).chain(50_257..50_281));
    let r50k = vocabulary(&tiktoken_rs::r50k_base().expect("bundled"), 0..50_256);
    assert!(p50k.starts_with(&r50k), "r50k_base is not the beginning of p50k_base");
    let cl100k = vocabulary(&tiktoken_rs::cl100k_base().expect("bundled"), 0..100_256);
    let o200k = vocabulary(&tiktoken_rs::o200k_base().expect("bundled"), 0..199_998);
    for (name, tokens) in [("p50k", &p50k), ("cl100k", &cl100k), ("o200k", &o200k)] {
        let trie = trie::Trie::new(tokens);
        let splits = pairs::splits(tokens, &trie);
        write(&format!("{name}.trie"), &little_endian(trie.units()));
        write(&format!("{name}.pairs"), &little_endian(&pairs::table(&splits)));
        let packed = pairs::packed(&splits);
        let bytes: Vec<u8> = packed.iter().flat_map(|split| split.to_le_bytes()).collect();
        write(&format!("{name}.splits"), &bytes);
    }
}

/// Ordinary tokens in the order of their ids, which is that of merges. Special tokens are not among them.
fn vocabulary(encoder: &tiktoken_rs::CoreBPE, ids: impl Iterator<Item = u32>) -> Vocabulary {
    let tokens: Vocabulary = ids
        .map(|id| encoder.decode_bytes(&[id]).unwrap_or_else(|_| panic!("there is no token {id}")))
        .collect();
    let bytes = layout::single_bytes().map(|byte| vec![byte]);
    assert!(
        bytes.eq(tokens[..layout::BYTES as usize].iter().cloned()),
        "bytes are in another order"
    );
    tokens
}

fn little_endian(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
