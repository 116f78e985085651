//! Counting tokens of ordinary text.

use std::io::{self, Read};

use super::cache::{Cache, Front, Hash, Key, Known};
use super::character::character;
use super::class::{ClassCounts, TextClass};
use super::encoding::Encoding;
use super::merge::Merger;
use super::scan::{Cl100k, O200k, R50k, Rules};
use super::stream::{Parts, parts};
use super::tables::Tables;

/// 4 MiB: most of what text in one language repeats.
const SHORT_SETS: usize = 1 << 16;
/// 2 MiB of pieces of 15 to 30 bytes.
const LONG_SETS: usize = 1 << 15;

/// Counts tokens as an encoding of OpenAI makes them of ordinary text, exactly: what looks like a special token is text,
/// as it is for the providers. Each thread has its own counter; all share the vocabulary.
#[derive(Debug)]
pub struct Counter {
    encoding: Encoding,
    tables: &'static Tables,
    front: Front,
    short: Cache<1>,
    long: Cache<2>,
    merger: Merger,
}

impl Counter {
    /// A counter that has seen nothing.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            tables: Tables::of(encoding),
            front: Front::new(),
            short: Cache::new(SHORT_SETS),
            long: Cache::new(LONG_SETS),
            merger: Merger::default(),
        }
    }

    /// Whose tokens are counted.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The number of tokens.
    pub fn count(&mut self, text: &str) -> u64 {
        self.sum::<Total>(text).0
    }

    /// The number of tokens by the class of the piece they are of.
    pub fn count_classes(&mut self, text: &str) -> ClassCounts {
        self.sum::<ClassCounts>(text)
    }

    /// The number of tokens of a text that is read in parts, in bounded memory; invalid UTF-8 as in [`lossy`].
    ///
    /// # Errors
    /// Those of reading.
    ///
    /// [`lossy`]: super::lossy
    pub fn count_reader(&mut self, reader: impl Read) -> io::Result<(u64, Parts)> {
        let mut tokens = 0;
        let read = parts(reader, |part| tokens += self.count(part))?;
        Ok((tokens, read))
    }

    /// As [`Self::count_reader`], by class.
    ///
    /// # Errors
    /// Those of reading.
    pub fn count_classes_reader(&mut self, reader: impl Read) -> io::Result<(ClassCounts, Parts)> {
        let mut tokens = ClassCounts::default();
        let read = parts(reader, |part| tokens.merge(&self.count_classes(part)))?;
        Ok((tokens, read))
    }

    fn sum<S: Sum>(&mut self, text: &str) -> S {
        match self.encoding {
            Encoding::O200kBase | Encoding::O200kHarmony => {
                self.pieces::<O200k, S>(text.as_bytes())
            }
            Encoding::Cl100kBase => self.pieces::<Cl100k, S>(text.as_bytes()),
            Encoding::P50kBase | Encoding::R50kBase => self.pieces::<R50k, S>(text.as_bytes()),
        }
    }

    fn pieces<R: Rules, S: Sum>(&mut self, text: &[u8]) -> S {
        let mut sum = S::default();
        let mut at = 0;
        while at < text.len() {
            let end = R::end(text, at);
            let len = end - at;
            if len <= Key::<1>::LONGEST {
                let key = Key::new(text, at, len);
                let hash = key.hash();
                let known = self.front.get(key, hash).unwrap_or_else(|| {
                    let known = self.short.get(key, hash);
                    let known = known.unwrap_or_else(|| self.new_piece(&text[at..end], key, hash));
                    self.front.keep(known, hash);
                    known
                });
                sum.add(known.tokens(), || known.class());
            } else {
                self.long_piece(text, at, end, &mut sum);
            }
            at = end;
        }
        sum
    }

    #[inline(never)]
    fn new_piece(&mut self, piece: &[u8], key: Key<1>, hash: Hash) -> Known {
        let tokens = self.merger.count(self.tables, piece);
        self.short.keep(key, hash, tokens, class_of(piece))
    }

    #[inline(never)]
    fn long_piece<S: Sum>(&mut self, text: &[u8], at: usize, end: usize, sum: &mut S) {
        let piece = &text[at..end];
        if piece.len() > Key::<2>::LONGEST {
            let tokens = self.merger.count(self.tables, piece);
            return sum.add(tokens, || class_of(piece));
        }
        let key = Key::new(text, at, piece.len());
        let hash = key.hash();
        let known = self.long.get(key, hash).unwrap_or_else(|| {
            let tokens = self.merger.count(self.tables, piece);
            self.long.keep(key, hash, tokens, class_of(piece))
        });
        sum.add(known.tokens(), || known.class());
    }
}

/// The number of the text class of a piece.
fn class_of(piece: &[u8]) -> u8 {
    let (mut at, mut class) = (0, 0);
    while let Some(next) = character(piece, at) {
        class = class.max(next.text_class());
        at += next.len;
    }
    class
}

/// What is summed over pieces.
trait Sum: Default {
    fn add(&mut self, tokens: u64, class: impl FnOnce() -> u8);
}

#[derive(Default)]
struct Total(u64);

impl Sum for Total {
    #[inline]
    fn add(&mut self, tokens: u64, _class: impl FnOnce() -> u8) {
        self.0 += tokens;
    }
}

impl Sum for ClassCounts {
    #[inline]
    fn add(&mut self, tokens: u64, class: impl FnOnce() -> u8) {
        Self::add(self, TextClass::ALL[usize::from(class() & 7)], tokens);
    }
}
