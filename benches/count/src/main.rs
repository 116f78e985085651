//! How fast tokens are counted, beside other exact tokenizers in the same run.
//!
//! ```text
//! cargo run --release --manifest-path benches/count/Cargo.toml -- [--rounds N] [--encoding NAME] [--only NAME] [FOLDER]
//! ```
//!
//! Of a folder, each `.txt` is a corpus of one text and each `.json`, an array of strings, one of many. Without a folder,
//! corpora are made of what Cargo has downloaded and of generated Chinese. Speed is in megabytes for a second of CPU time,
//! the best of all rounds; contenders take turns in each. Cold: a fresh counter reads the corpus once. Warm: it reads it
//! again. Two threads share a corpus, each with a counter of its own.

mod contenders;
mod corpora;
mod worst;

use std::path::PathBuf;
use std::time::Duration;

use contenders::{Contender, Make};
use corpora::Corpus;
use cpu_time::ThreadTime;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut rounds, mut encoding, mut folder, mut only) = (3, "o200k_base".to_owned(), None, None);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("an option has a value");
        match argument.as_str() {
            "--bench" => {}
            "--rounds" => rounds = value().parse().expect("--rounds is a number"),
            "--encoding" => encoding = value(),
            "--only" => only = Some(value()),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    let corpora = corpora::all(folder.as_deref());
    let mut contenders = contenders::all(&encoding);
    contenders.retain(|c| only.as_ref().is_none_or(|only| *only == c.name));
    println!("{encoding}, MB for a second of CPU, best of {rounds}\n");
    starts(&contenders);
    for threads in [1, 2] {
        println!("\n{threads} thread{}", if threads == 1 { "" } else { "s" });
        print!("{:16}{:>8}", "corpus", "MB");
        contenders.iter().for_each(|c| print!("{:>18}", c.name));
        println!("\n{:24}{}", "", format!("{:>9}{:>9}", "cold", "warm").repeat(contenders.len()));
        for corpus in &corpora {
            row(corpus, &contenders, rounds, threads);
        }
    }
    worst::table(&contenders);
}

/// CPU time until the first count, the first time in this process and again.
fn starts(contenders: &[Contender]) {
    println!("{:16}{:>12}{:>12}", "start", "first ms", "again ms");
    for contender in contenders {
        let start = || {
            let begun = ThreadTime::now();
            let tokens = (contender.make)()("Hello, world");
            assert_eq!(tokens, 3);
            begun.elapsed().as_secs_f64() * 1e3
        };
        println!("{:16}{:>12.2}{:>12.2}", contender.name, start(), start());
    }
}

fn row(corpus: &Corpus, contenders: &[Contender], rounds: usize, threads: usize) {
    let mut best = vec![[Duration::MAX; 2]; contenders.len()];
    let mut counts = vec![0; contenders.len()];
    for _ in 0..rounds {
        for (at, contender) in contenders.iter().enumerate() {
            let (tokens, times) = passes(corpus, contender.make, threads);
            counts[at] = tokens;
            for (best, time) in best[at].iter_mut().zip(times) {
                *best = time.min(*best);
            }
        }
    }
    assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "{}: {counts:?}", corpus.name);
    let megabytes = corpus.bytes() as f64 / 1e6;
    print!("{:16}{megabytes:>8.1}", corpus.name);
    for [cold, warm] in best {
        print!("{:>9.1}{:>9.1}", megabytes / cold.as_secs_f64(), megabytes / warm.as_secs_f64());
    }
    println!();
}

/// Tokens, and the CPU time of all threads for a cold and a warm pass.
fn passes(corpus: &Corpus, make: Make, threads: usize) -> (u64, [Duration; 2]) {
    let share = corpus.texts.len().div_ceil(threads);
    let results: Vec<(u64, [Duration; 2])> = std::thread::scope(|scope| {
        let work = |texts| scope.spawn(move || pass_twice(texts, make));
        let running: Vec<_> = corpus.texts.chunks(share).map(work).collect();
        running.into_iter().map(|thread| thread.join().expect("a pass ends")).collect()
    });
    let sum = |pass: usize| results.iter().map(|(_, times)| times[pass]).sum();
    (results.iter().map(|(tokens, _)| tokens).sum(), [sum(0), sum(1)])
}

fn pass_twice(texts: &[String], make: Make) -> (u64, [Duration; 2]) {
    let mut count = make();
    let mut pass = || {
        let begun = ThreadTime::now();
        let tokens: u64 = texts.iter().map(|text| count(text)).sum();
        (tokens, begun.elapsed())
    };
    let (tokens, cold) = pass();
    let (_, warm) = pass();
    (tokens, [cold, warm])
}
