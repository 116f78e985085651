//! Several lines that belong together, as agents write them: the input is cut into pieces and some
//! of them come twice, so that copies, forks and cumulative counts meet each other. Summed where they
//! are read, they make the rollup that they make one by one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tokencast::period::Grain;
use tokencast::rollup::{Edges, Rollup, RollupBuilder, RollupError};
use tokencast::source::{Input, LabelPolicy, Progress, ReadOptions, read_bytes, read_sums};
use tokencast::usage::UsageRecord;

fn one_by_one(records: Vec<UsageRecord>, edges: Edges) -> Result<Rollup, RollupError> {
    let mut builder = RollupBuilder::new(edges);
    records.into_iter().try_for_each(|record| builder.add(record))?;
    Ok(builder.finish())
}

fn by_sums(bytes: &[u8], options: &ReadOptions, edges: Edges) -> Result<Rollup, RollupError> {
    let input = Input::Bytes { name: "session.jsonl".to_owned(), bytes: bytes.into() };
    let (mut builder, mut result) = (RollupBuilder::new(edges.clone()), Ok(()));
    let _ = read_sums(&[input], options, &edges, &Progress::default(), |part| {
        if result.is_ok() {
            result = builder.add_part(part);
        }
    });
    result.map(|()| builder.finish())
}

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
    let options = ReadOptions { threads: 2, ..options };
    let two = read_bytes("session.jsonl", &again, &options);
    match (one, two) {
        (Ok((a, _)), Ok((b, _))) => {
            assert_eq!(a, b);
            let edges = Edges { grain: Grain::Hour, context: vec![200_000], times: vec![] };
            assert_eq!(by_sums(&again, &options, edges.clone()), one_by_one(a, edges));
        }
        (a, b) => assert_eq!(a.is_err(), b.is_err()),
    }
});
