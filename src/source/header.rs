//! The columns of a table, and what readers asked of them: they ask the same in every row.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use compact_str::CompactString;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::marks::Marked;
use super::memo::Memo;
use crate::sku::Sku;
use crate::usage::Labels;

/// A column's name as it is compared: lower case, letters and digits alone.
pub(crate) fn normalised(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The columns of a table.
#[derive(Debug)]
pub(crate) struct Header {
    pub(super) names: Vec<String>,
    places: Places,
    /// The same by the names as they are printed, which mostly are the keys that readers ask by.
    printed: Places,
    /// Of each column the first with its name.
    pub(super) firsts: Vec<usize>,
    /// The columns in the order of their normalised names.
    sorted: Vec<usize>,
}

/// What was asked of a header: readers ask the same in every row.
#[derive(Debug)]
pub(crate) struct Asked {
    places: RefCell<Vec<Question>>,
    /// By the addresses of rules, the columns that none of them holds for, by their names.
    kept: RefCell<Vec<(Rules, Rc<[usize]>)>>,
    /// What rows name alike, by the columns that were asked for first: a reader asks for the same.
    pub(super) names: RefCell<Option<KnownNames>>,
    pub(super) marked: RefCell<Marked>,
}

/// What rows name alike.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) sku: Arc<Sku>,
    pub(crate) labels: Arc<Labels>,
}

/// Names by the cells of the columns that they are worked out from.
#[derive(Debug)]
pub(super) struct KnownNames {
    pub(super) columns: Vec<&'static str>,
    pub(super) known: Memo<Names>,
}

/// A name that was asked for with where it stood, and the place of its column.
#[derive(Debug, Clone, Default)]
struct Question {
    name: Box<str>,
    stands: usize,
    place: Option<usize>,
}

/// Addresses of rules; those that share one do the same.
type Rules = SmallVec<[usize; 2]>;

/// A rule about normalised names of columns.
pub(crate) type ColumnRule = fn(&str) -> bool;

impl Default for Asked {
    fn default() -> Self {
        let places = RefCell::new(vec![Question::default(); Self::SLOTS]);
        Self {
            places,
            kept: RefCell::default(),
            names: RefCell::default(),
            marked: RefCell::default(),
        }
    }
}

impl Asked {
    const SLOTS: usize = 256;

    /// The place of a name. One that `stays` is always the same where it stands, and need not be
    /// compared.
    pub(super) fn place(
        &self,
        key: &str,
        stays: bool,
        find: impl FnOnce() -> Option<usize>,
    ) -> Option<usize> {
        let stands = key.as_ptr().addr();
        let mixed = stands.wrapping_add(key.len()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.places.borrow_mut()[(mixed >> 56) % Self::SLOTS];
        let is_known = slot.stands == stands && slot.name.len() == key.len();
        if !is_known || !stays && *slot.name != *key {
            *slot = Question { name: key.into(), stands, place: find() };
        }
        slot.place
    }

    /// The columns that none of the rules holds for, in the order of their names.
    pub(super) fn kept(&self, rules: &[ColumnRule], header: &Header) -> Rc<[usize]> {
        let addresses: Rules = rules.iter().map(|rule| *rule as usize).collect();
        let mut known = self.kept.borrow_mut();
        if let Some((_, columns)) = known.iter().find(|(of, _)| *of == addresses) {
            return Rc::clone(columns);
        }
        let columns: Rc<[usize]> = header.but(rules).collect();
        known.push((addresses, Rc::clone(&columns)));
        columns
    }

    /// Another part of the table comes.
    pub(crate) fn next_part(&self) {
        self.marked.borrow_mut().next_part();
    }
}

type Places = HashMap<String, usize, foldhash::fast::FixedState>;

impl Header {
    /// Of columns as they are printed; of several with one normalised name the first counts.
    pub(crate) fn new<'n>(columns: impl IntoIterator<Item = &'n str>) -> Self {
        let (mut names, mut firsts) = (Vec::new(), Vec::new());
        let (mut places, mut printed) = (Places::default(), Places::default());
        for (at, column) in columns.into_iter().enumerate() {
            let name = normalised(column);
            let first = *places.entry(name.clone()).or_insert(at);
            printed.insert(column.to_owned(), first);
            names.push(name);
            firsts.push(first);
        }
        let mut sorted: Vec<usize> = (0..names.len()).collect();
        sorted.sort_by(|a, b| names[*a].cmp(&names[*b]));
        Self { names, places, printed, firsts, sorted }
    }

    /// The place of the column that a key of JSON names.
    pub(crate) fn place_of(&self, key: &str) -> Option<usize> {
        let found = self.printed.get(key).or_else(|| self.places.get(&*column_of(key)));
        found.copied()
    }

    /// The columns that none of the rules holds for, in the order of their names.
    pub(super) fn but(&self, rules: &[ColumnRule]) -> impl Iterator<Item = usize> {
        let is_kept = |at: &usize| !rules.iter().any(|rule| rule(&self.names[*at]));
        self.sorted.iter().copied().filter(is_kept)
    }

    /// Normalised names in order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

/// The column that a key of JSON names, as [`normalised`].
fn column_of(key: &str) -> CompactString {
    let mut bare = [0_u8; 32];
    let mut length = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric) {
        let Some(slot) = bare.get_mut(length) else { return normalised(key).into() };
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    CompactString::from_utf8(&bare[..length]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_any_spelling() {
        let header = Header::new(["Start Time", "start_time", "Model", "ä-team"]);
        for key in ["start_time", "Start Time", "startTime", "START-TIME"] {
            assert_eq!(header.place_of(key), Some(0), "{key}");
        }
        assert_eq!(header.place_of("model"), Some(2));
        assert_eq!((header.place_of("team"), header.place_of("teams")), (Some(3), None));
        let long = "a_very_long_name_of_a_column_that_does_not_fit_in_place";
        assert_eq!(Header::new([long]).place_of(&long.to_uppercase()), Some(0));
    }
}
