//! Names remembered by marks of cells.
//!
//! A Parquet column holds a text that repeats once, and for each row where it is. Of such columns a
//! row's names are told without looking at the texts: where all stand at the same places, they are
//! the same. A mark says nothing outside of the part of a table that it comes from.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::row::Names;

/// What only equal cells of one column share, in one part of a table.
pub(crate) type Mark = u128;

/// The mark of a cell without a value, which no other has.
pub(crate) const NO_VALUE: Mark = Mark::MAX;

/// Marks that a coder finds at once.
const RECENT: usize = 64;

/// Numbers of marks, in the order in which they are first seen.
#[derive(Debug)]
pub(super) struct Coder {
    recent: [(Mark, u32); RECENT],
    known: HashMap<Mark, u32, FixedState>,
}

impl Default for Coder {
    fn default() -> Self {
        let known = std::iter::once((NO_VALUE, 0)).collect();
        Self { recent: [(NO_VALUE, 0); RECENT], known }
    }
}

impl Coder {
    /// The number of a mark.
    pub(super) fn code(&mut self, mark: Mark) -> u32 {
        let mixed = low_half(mark ^ mark >> 64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slot = &mut self.recent[usize::from(mixed.to_be_bytes()[0]) % RECENT];
        if slot.0 != mark {
            let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            *slot = (mark, *self.known.entry(mark).or_insert(next));
        }
        slot.1
    }

    /// How many marks have a number.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

fn low_half(mark: Mark) -> u64 {
    let bytes = mark.to_le_bytes();
    u64::from_le_bytes(std::array::from_fn(|at| bytes[at]))
}

/// Names of the rows of one part, by the marks of the cells that they are told by.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    known: HashMap<SmallVec<[Mark; 8]>, Names, FixedState>,
}

impl Marked {
    /// The names under these marks; or else works them out, and remembers them if every cell has a
    /// mark.
    pub(crate) fn names<E>(
        &mut self,
        marks: impl Iterator<Item = Option<Mark>>,
        work_out: impl FnOnce() -> Result<Names, E>,
    ) -> Result<Names, E> {
        let Some(key) = marks.collect::<Option<SmallVec<_>>>() else { return work_out() };
        if let Some(names) = self.known.get(&key) {
            return Ok(names.clone());
        }
        let names = work_out()?;
        self.known.insert(key, names.clone());
        Ok(names)
    }

    /// Forgets the marks of the part before.
    pub(crate) fn next_part(&mut self) {
        self.known.clear();
    }
}
