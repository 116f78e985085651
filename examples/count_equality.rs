//! Compares counts of the own core with `tiktoken-rs`, over files and over generated text.
//!
//! ```text
//! cargo run --release --example count_equality -- --megabytes 120 ~/.cargo/registry/src /usr/share
//! ```
//!
//! Takes files below the folders, each as text with U+FFFD for what is not UTF-8, until half of the megabytes are
//! reached, and generates the rest: words of ten scripts, code, numbers, white space, emoji, marks, controls and strings
//! that look like special tokens, mixed at random by a seed. Every text is counted with every encoding: whole, as
//! a stream and by class. Exits with 1 if a count differs.

#![expect(clippy::disallowed_macros, reason = "an example prints what it found")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use tokencast::tokenizer::{Counter, Encoding, Reference, lossy};

/// The longest text that is compared at once; the reference has memory for every token.
const LONGEST: usize = 1 << 20;

#[derive(Parser)]
#[command(about = "Compare counts with tiktoken-rs")]
struct Args {
    /// Folders to take files from.
    folders: Vec<PathBuf>,
    /// Megabytes of text in all.
    #[arg(long, default_value_t = 120)]
    megabytes: u64,
    /// Encodings to compare.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "o200k_base,cl100k_base,p50k_base,r50k_base"
    )]
    encodings: Vec<String>,
    /// Seed of the generated text.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One encoding with all that was compared.
struct Compared {
    own: Counter,
    reference: Reference,
    texts: u64,
    bytes: u64,
    tokens: u64,
    differences: u64,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let begun = Instant::now();
    let known =
        |name: &String| Encoding::from_name(name).with_context(|| format!("no encoding {name}"));
    let encodings: Vec<Encoding> = args.encodings.iter().map(known).collect::<Result<_>>()?;
    let mut all: Vec<Compared> = encodings.into_iter().map(Compared::new).collect();
    let half = args.megabytes * 500_000;
    let mut open: Vec<PathBuf> = args.folders.clone();
    // Of each folder a share, so that the first does not fill all.
    let mut generator = Generator(args.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    while all[0].bytes < half {
        let Some(path) = take(&mut open, &mut generator) else { break };
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()),
            );
        } else if path.is_file() && !path.is_symlink() {
            compare_file(&path, &mut all)?;
        }
    }
    println!("files: {} texts, {} bytes", all[0].texts, all[0].bytes);
    while all[0].bytes < 2 * half {
        let text = generator.text();
        for encoding in &mut all {
            encoding.compare("generated", &text)?;
        }
    }
    for found in &all {
        println!(
            "{}: {} texts, {} bytes, {} tokens, {} differences",
            found.own.encoding(),
            found.texts,
            found.bytes,
            found.tokens,
            found.differences
        );
    }
    println!("{} s", begun.elapsed().as_secs());
    let equal = all.iter().all(|found| found.differences == 0);
    Ok(if equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One of the paths that are open, at random.
fn take(open: &mut Vec<PathBuf>, generator: &mut Generator) -> Option<PathBuf> {
    let at = generator.below(open.len().max(1));
    (!open.is_empty()).then(|| open.swap_remove(at))
}

fn compare_file(path: &Path, all: &mut [Compared]) -> Result<()> {
    let Ok(bytes) = fs::read(path) else { return Ok(()) };
    let (text, replaced) = lossy(&bytes);
    // Pictures and programs are of no use.
    if replaced > 100 {
        return Ok(());
    }
    let mut rest: &str = &text[..text.floor_char_boundary(4 * LONGEST)];
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(LONGEST));
        for encoding in &mut *all {
            encoding.compare(&path.display().to_string(), part)?;
        }
        rest = after;
    }
    Ok(())
}

impl Compared {
    fn new(encoding: Encoding) -> Self {
        let (own, reference) = (Counter::new(encoding), Reference::new(encoding));
        Self { own, reference, texts: 0, bytes: 0, tokens: 0, differences: 0 }
    }

    fn compare(&mut self, name: &str, text: &str) -> Result<()> {
        let Ok(expected) = self.reference.count(text) else { return Ok(()) };
        let found = self.own.count(text);
        let (streamed, read) = self.own.count_reader(text.as_bytes())?;
        let classes = self.own.count_classes(text).total();
        self.texts += 1;
        self.bytes += u64::try_from(text.len()).context("length")?;
        self.tokens += expected;
        ensure!(read.forced_cuts == 0, "{name} was cut");
        if found != expected || streamed != expected || classes != expected {
            self.differences += 1;
            let encoding = self.own.encoding();
            println!(
                "{encoding} {name}: {expected}, found {found}, {streamed} as a stream, {classes} in classes"
            );
        }
        Ok(())
    }
}

/// Random text by a seed (xorshift64).
struct Generator(u64);

/// First and last letters of scripts.
const SCRIPTS: [(u32, u32); 16] = [
    (0x61, 0x7A),
    (0x41, 0x5A),
    (0xC0, 0x17F),
    (0x370, 0x3FF),
    (0x410, 0x44F),
    (0x5D0, 0x5EA),
    (0x620, 0x64A),
    (0x905, 0x94D),
    (0xE01, 0xE4E),
    (0x10D0, 0x10FA),
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x4E00, 0x62FF),
    (0xAC00, 0xB3FF),
    (0x1100, 0x11FF),
    (0x1D400, 0x1D4FF),
];

const SEPARATORS: [&str; 24] = [
    " ", " ", " ", " ", "  ", "\n", "\r\n", "\n\n", "\t", " \t ", "\u{a0}", "\u{3000}", ". ", ", ",
    "'s ", "'LL", "-", "_", "/", "://", "\n    ", "。", "\u{2028}", "\u{85}",
];

const BLOCKS: [&str; 20] = [
    "<|endoftext|>",
    "<|im_start|>user\n",
    "<|fim_prefix|>",
    "fn main() {\n    println!(\"{}\", x[0]);\n}\n",
    "{\"a\": [1, 2.50, null], \"b\": \"\\u00e9\"}",
    "<div class=\"a b\">&nbsp;<!-- x --></div>",
    "\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467}",
    "\u{1F44D}\u{1F3FD}",
    "\u{1F1E9}\u{1F1EA}",
    "❤\u{FE0F}",
    "e\u{301}\u{323}",
    "\u{301}A",
    "ſ'ſ",
    "I'm we'Ve you'RE he'D it'S 'tis",
    "ABCdefGHI",
    "日本ABC日",
    "1234567890",
    "٣٤٥६७",
    "½²Ⅷ",
    "\0\u{1}\u{7f}\u{FFFD}\u{FEFF}",
];

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap_or(1)).unwrap_or(0)
    }

    /// A text of up to some thousand parts, most of them of one script.
    fn text(&mut self) -> String {
        let mut text = String::new();
        let main = self.below(SCRIPTS.len());
        for _ in 0..1 << self.below(13) {
            match self.below(20) {
                0 => text.push_str(BLOCKS[self.below(BLOCKS.len())]),
                1 => (0..self.below(12)).for_each(|_| self.push(&mut text, (0x21, 0x7E))),
                2 => (0..self.below(6)).for_each(|_| self.push(&mut text, (0, 0x2FFF))),
                3 => (0..self.below(3)).for_each(|_| self.push(&mut text, (0x1F300, 0x1FAFF))),
                4 => text.push_str(&" \n\t \r".repeat(self.below(4))[..]),
                5 => text.push_str(
                    &["=", "-", "a", " ", "\n", "0", "語"][self.below(7)].repeat(self.below(300)),
                ),
                other => {
                    let script = if other < 8 { self.below(SCRIPTS.len()) } else { main };
                    (0..1 + self.below(9)).for_each(|_| self.push(&mut text, SCRIPTS[script]));
                }
            }
            text.push_str(SEPARATORS[self.below(SEPARATORS.len())]);
        }
        text
    }

    fn push(&mut self, text: &mut String, (first, last): (u32, u32)) {
        let spread = usize::try_from(last - first + 1).unwrap_or(1);
        let point = first + u32::try_from(self.below(spread)).unwrap_or(0);
        text.extend(char::from_u32(point));
    }
}
