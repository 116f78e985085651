//! Where rows of delimited text end: behind a newline that stands in no quotes.
//!
//! Only newlines and quotes are looked for, so a text is walked over about as fast as it is read.
//! What a quote means is as in the `csv` crate: it opens a field only at its start, two of them in
//! a quoted field are one, and behind the closing one a field goes on as if it were bare.

use memchr::{memchr, memchr2, memrchr};

const QUOTE: u8 = b'"';

/// The first and the last end of a row in a stretch of text, each the place behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) first: usize,
    pub(super) last: usize,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// In no quotes.
    Bare,
    /// At the start of a field, where a quote opens one.
    Start,
    /// In quotes.
    Quoted,
    /// Behind a quote in quotes: their end, or the first of two.
    Closing,
}

/// Walks over a text in stretches and remembers whether it is in quotes.
#[derive(Debug)]
pub(super) struct RowEnds {
    delimiter: u8,
    state: State,
}

impl RowEnds {
    /// At the start of a text.
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, state: State::Start }
    }

    /// Walks over the next stretch. Where rows end in a carriage return alone, so do they here;
    /// beside a newline it is no end, for the newline may follow in the next stretch.
    pub(super) fn walk(&mut self, text: &[u8]) -> Option<Found> {
        let mut first = None;
        let (mut newline, mut carriage_return) = (None, None);
        let mut at = 0;
        while at < text.len() {
            match self.state {
                State::Bare | State::Start => {
                    let quote = memchr(QUOTE, &text[at..]).map(|n| at + n);
                    let bare = &text[at..quote.unwrap_or(text.len())];
                    if first.is_none() {
                        first = memchr2(b'\n', b'\r', bare).map(|n| at + n + 1);
                    }
                    newline = memrchr(b'\n', bare).map(|n| at + n + 1).or(newline);
                    if newline.is_none() {
                        carriage_return =
                            memrchr(b'\r', bare).map(|n| at + n + 1).or(carriage_return);
                    }
                    if let Some(last) = bare.last() {
                        self.state =
                            if self.ends_field(*last) { State::Start } else { State::Bare };
                    }
                    at += bare.len();
                    if quote.is_some() {
                        let opens = matches!(self.state, State::Start);
                        self.state = if opens { State::Quoted } else { State::Bare };
                        at += 1;
                    }
                }
                State::Quoted => match memchr(QUOTE, &text[at..]) {
                    Some(n) => {
                        self.state = State::Closing;
                        at += n + 1;
                    }
                    None => break,
                },
                State::Closing if text[at] == QUOTE => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::Closing => self.state = State::Bare,
            }
        }
        let last = newline.or(carriage_return)?;
        Some(Found { first: first.unwrap_or(last), last })
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\n' | b'\r')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rows that the `csv` crate reads of a text.
    fn rows(text: &[u8]) -> Vec<csv::ByteRecord> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        reader.byte_records().map(Result::unwrap).collect()
    }

    #[test]
    fn quotes_hide_newlines_only_where_they_open_a_field() {
        let last = |text: &str| RowEnds::new(b',').walk(text.as_bytes()).map(|found| found.last);
        assert_eq!(last("a,b\n1,"), Some(4));
        assert_eq!(last("a,\"b\n1"), None);
        assert_eq!(last("a,5\" b\n1"), Some(7));
        assert_eq!(last("\"a\"\"\n\",b\nc"), Some(9));
        assert_eq!(last("\"a\" \"\nb"), Some(6));
        assert_eq!(last("a\r\nb\r"), Some(3));
        assert_eq!(last("a\rb\rc"), Some(4));
        assert_eq!(
            RowEnds::new(b';').walk(b"a,\"b\n;\"c\n\"\nd").unwrap(),
            Found { first: 5, last: 11 }
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Cut anywhere into stretches, the rows of the parts are the rows of the whole.
        #[test]
        fn parts_have_the_rows_of_the_whole(
            text in "[a,\"\n\r]{0,40}",
            cuts in prop::collection::vec(1_usize..9, 40),
        ) {
            let bytes = text.as_bytes();
            let mut ends = RowEnds::new(b',');
            let (mut found, mut walked, mut taken) = (Vec::new(), 0, 0);
            for cut in cuts {
                let until = bytes.len().min(walked + cut);
                if let Some(end) = ends.walk(&bytes[walked..until]) {
                    prop_assert!(end.first <= end.last);
                    found.extend(rows(&bytes[taken..walked + end.last]));
                    taken = walked + end.last;
                }
                walked = until;
            }
            found.extend(rows(&bytes[taken..]));
            prop_assert_eq!(found, rows(bytes));
        }
    }
}
