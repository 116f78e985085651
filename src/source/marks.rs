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
