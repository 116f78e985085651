//! Remembering what some fields of a line or row say.
//!
//! Lines of one layout name the same models, tiers and teams over and over. What is worked out from
//! such fields is remembered under their values, as they are written: the same values give the same
//! answer, as long as every field that was looked at is among them.

use hashbrown::HashMap;

/// Answers that are remembered together.
const MOST_ANSWERS: usize = 4_096;
/// Bytes of one field: what is longer is no name.
const LONGEST: usize = 256;
/// Bytes of all fields of a line.
const LONGEST_KEY: usize = 1_024;
/// Lines without an answer after which remembering must have paid for itself.
const TRIES: u32 = 256;

/// Fields by their number, a bit each.
pub(crate) type Fields = u128;

/// Answers by the values of the fields they were worked out from.
#[derive(Debug)]
pub(crate) struct Memo<A> {
    /// The fields that any of the answers was worked out from.
    fields: Fields,
    answers: HashMap<Vec<u8>, A, foldhash::fast::FixedState>,
    key: Vec<u8>,
    hits: u32,
    misses: u32,
}

impl<A> Default for Memo<A> {
    fn default() -> Self {
        Self { fields: 0, answers: HashMap::default(), key: Vec::new(), hits: 0, misses: 0 }
    }
}

impl<A> Memo<A> {
    /// The answer for a line, of which `write` writes the values of fields.
    pub(crate) fn recall(&mut self, write: impl FnMut(u32, &mut Vec<u8>)) -> Option<&mut A> {
        if self.is_hopeless() {
            return None;
        }
        let answer = if write_key(&mut self.key, self.fields, write) {
            self.answers.get_mut(&self.key)
        } else {
            None
        };
        let counter = if answer.is_some() { &mut self.hits } else { &mut self.misses };
        *counter = counter.saturating_add(1);
        answer
    }

    /// Remembers the answer for a line, which was worked out from these fields; false where it is
    /// not kept.
    pub(crate) fn learn(
        &mut self,
        fields: Fields,
        write: impl FnMut(u32, &mut Vec<u8>),
        answer: A,
    ) -> bool {
        if self.is_hopeless() {
            self.forget();
            return false;
        }
        let is_new = fields & !self.fields != 0;
        if is_new || self.answers.len() >= MOST_ANSWERS {
            // Answers under fewer fields do not tell lines apart that differ in the others.
            self.answers.clear();
            self.fields |= fields;
        }
        let is_short = write_key(&mut self.key, self.fields, write);
        is_short && self.answers.insert(self.key.clone(), answer).is_none()
    }

    /// Lets all answers go.
    pub(crate) fn forget(&mut self) {
        self.answers = HashMap::default();
    }

    /// True where nearly every line needs an answer of its own.
    fn is_hopeless(&self) -> bool {
        self.misses > self.hits.saturating_add(TRIES)
    }
}

/// Writes the values of fields after each other, each behind its length; false if that is too long.
fn write_key(
    key: &mut Vec<u8>,
    mut fields: Fields,
    mut write: impl FnMut(u32, &mut Vec<u8>),
) -> bool {
    key.clear();
    while fields != 0 {
        let start = key.len();
        key.extend_from_slice(&[0; 2]);
        write(fields.trailing_zeros(), key);
        let length = key.len() - start - 2;
        let Ok(written) = u16::try_from(length) else { return false };
        if length > LONGEST || key.len() > LONGEST_KEY {
            return false;
        }
        key[start..start + 2].copy_from_slice(&written.to_le_bytes());
        fields &= fields - 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recall(memo: &mut Memo<u32>, line: [&str; 3]) -> Option<u32> {
        memo.recall(|at, key| key.extend_from_slice(line[at as usize].as_bytes())).copied()
    }

    fn learn(memo: &mut Memo<u32>, fields: Fields, line: [&str; 3], answer: u32) {
        memo.learn(fields, |at, key| key.extend_from_slice(line[at as usize].as_bytes()), answer);
    }

    #[test]
    fn answers_hold_for_equal_values_of_the_fields_read() {
        let mut memo = Memo::default();
        learn(&mut memo, 0b001, ["a", "x", "1"], 1);
        assert_eq!(recall(&mut memo, ["a", "y", "2"]), Some(1), "the others were not read");
        assert_eq!(recall(&mut memo, ["b", "x", "1"]), None);
        // Another line makes it depend on one field more: what was known before may not hold.
        learn(&mut memo, 0b011, ["b", "x", "1"], 2);
        assert_eq!(recall(&mut memo, ["a", "x", "1"]), None);
        assert_eq!(recall(&mut memo, ["b", "x", "9"]), Some(2));
        learn(&mut memo, 0b001, ["a", "x", "1"], 3);
        assert_eq!(recall(&mut memo, ["a", "x", "1"]), Some(3));
        assert_eq!(recall(&mut memo, ["a", "y", "1"]), None);
        assert_eq!(recall(&mut memo, ["ax", "", "1"]), None, "values do not run into each other");
    }

    #[test]
    fn what_never_repeats_is_given_up() {
        let mut memo = Memo::default();
        for number in 0..10_000 {
            let text = number.to_string();
            assert_eq!(recall(&mut memo, [&text, "", ""]), None);
            learn(&mut memo, 1, [&text, "", ""], number);
        }
        assert!(memo.answers.is_empty(), "and takes no room");
        let long = "x".repeat(LONGEST + 1);
        let mut memo = Memo::default();
        learn(&mut memo, 1, [&long, "", ""], 1);
        assert_eq!(recall(&mut memo, [&long, "", ""]), None);
    }
}
