//! Mappings as users write them, and JSON read through them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::source::{InputIncludesCache, Mapping, ReadOptions, read_bytes};

fuzz_target!(|bytes: &[u8]| {
    // The first line is the mapping, the rest the log.
    let end = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    let Ok(pairs) = std::str::from_utf8(&bytes[..end]) else { return };
    let Ok(mapping) = Mapping::parse(&[pairs.to_owned()], InputIncludesCache::Auto) else { return };
    let options = ReadOptions { mapping: Some(mapping), ..ReadOptions::default() };
    let _ = read_bytes("input", bytes.get(end + 1..).unwrap_or_default(), &options);
});
