//! JSON lines and documents: provider bodies, exports, gateways, agents' sessions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::source::{ReadOptions, read_bytes};

fuzz_target!(|bytes: &[u8]| {
    // What is read may be anything; it must never panic.
    let _ = read_bytes("input.jsonl", bytes, &ReadOptions::default());
});
