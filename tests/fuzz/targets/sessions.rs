//! Several lines that belong together, as agents write them: the input is cut into pieces and some
//! of them come twice, so that copies, forks and cumulative counts meet each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::source::{LabelPolicy, ReadOptions, read_bytes};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else { return };
    let lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    let mut again = Vec::with_capacity(text.len() * 2);
    for (at, line) in lines.iter().enumerate() {
        let times = if at % 7 == usize::from(choice % 7) { 2 } else { 1 };
        for _ in 0..times {
            again.extend_from_slice(line);
            again.push(b'\n');
        }
    }
    let options = ReadOptions { labels: LabelPolicy::All, ..ReadOptions::default() };
    let one = read_bytes("session.jsonl", &again, &options);
    // What is read does not depend on the number of threads.
    let two = read_bytes("session.jsonl", &again, &ReadOptions { threads: 2, ..options });
    match (one, two) {
        (Ok((a, _)), Ok((b, _))) => assert_eq!(a, b),
        (a, b) => assert_eq!(a.is_err(), b.is_err()),
    }
});
