//! A rollup of any number of requests in bounded memory.
//!
//! Up to a number of different request ids, all are remembered. What comes after is written to 256
//! files in a temporary folder by the top bits of its id, and worked through file by file at the
//! end, each beside the ids of its part alone. As the result of de-duplication does not depend on
//! the order of records, it is the same as if all had stayed in memory.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::PathBuf;

use tempfile::tempfile_in;

use super::{Edges, Rollup, RollupBuilder, RollupError};
use crate::usage::dedup::{Contribution, Dedup, PARTS, RequestId, read_from, write_to};
use crate::usage::{UsagePart, UsageRecord};

/// Different request ids remembered in memory before files are used: about 190 MB, so that all of the program stays
/// below 300 MB.
pub const IDS_IN_MEMORY: usize = 3_000_000;
/// Bytes of a part that are held before they are written.
const BUFFER: usize = 16 << 10;

/// Builds a rollup record by record, in any order, in bounded memory.
#[derive(Debug)]
pub struct BoundedBuilder {
    inner: RollupBuilder,
    most_ids: usize,
    folder: PathBuf,
    waiting: Option<Waiting>,
}

impl BoundedBuilder {
    /// An empty rollup cut at `edges`. Beyond `most_ids` different ids, files without a name are
    /// used in `folder`.
    #[must_use]
    pub fn new(edges: Edges, most_ids: usize, folder: PathBuf) -> Self {
        Self { inner: RollupBuilder::new(edges), most_ids, folder, waiting: None }
    }

    /// Adds one record, unless it is a copy of one that was added.
    ///
    /// # Errors
    /// [`RollupError`] if a sum does not fit or a temporary file cannot be written.
    pub fn add(&mut self, record: UsageRecord) -> Result<(), RollupError> {
        let (id, new) = self.inner.contribution(&record);
        match id {
            Some(id) => self.offer(id, &new),
            None => self.inner.count(&new, 1),
        }
    }

    /// Adds what one part of a log holds, but for copies of what was added.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_part(&mut self, part: UsagePart) -> Result<(), RollupError> {
        if self.waiting.is_none() && self.inner.ids() + part.ids() < self.most_ids {
            return self.inner.add_part(part);
        }
        for (id, new) in self.inner.add_without_ids(part)? {
            self.offer(id, &new)?;
        }
        Ok(())
    }

    fn offer(&mut self, id: RequestId, new: &Contribution) -> Result<(), RollupError> {
        if let Some(waiting) = &mut self.waiting {
            return waiting.put(id, new);
        }
        self.inner.offer(id, new)?;
        if self.inner.ids() >= self.most_ids {
            self.waiting = Some(Waiting::new(&self.folder)?);
        }
        Ok(())
    }

    /// The rollup, and the number of records that were copies.
    ///
    /// # Errors
    /// [`RollupError`] if a sum does not fit or a temporary file cannot be read.
    pub fn finish(mut self) -> Result<(Rollup, u64), RollupError> {
        if let Some(mut waiting) = self.waiting.take() {
            for part in 0..PARTS {
                waiting.read(part, |id, new| self.inner.offer(id, &new))?;
                self.inner.forget(part);
            }
        }
        let duplicates = self.inner.duplicates();
        Ok((self.inner.finish(), duplicates))
    }
}

/// Records that wait on disk, by the part of their id.
#[derive(Debug)]
struct Waiting {
    parts: Vec<(File, Vec<u8>)>,
}

impl Waiting {
    fn new(folder: &std::path::Path) -> Result<Self, RollupError> {
        let parts = (0..PARTS)
            .map(|_| Ok((tempfile_in(folder)?, Vec::with_capacity(BUFFER))))
            .collect::<std::io::Result<_>>();
        Ok(Self { parts: parts.map_err(failed)? })
    }

    fn put(&mut self, id: RequestId, new: &Contribution) -> Result<(), RollupError> {
        let (file, buffer) = &mut self.parts[Dedup::part_of(id)];
        write_to(id, new, buffer);
        if buffer.len() >= BUFFER {
            file.write_all(buffer).map_err(failed)?;
            buffer.clear();
        }
        Ok(())
    }

    fn read(
        &mut self,
        part: usize,
        mut each: impl FnMut(RequestId, Contribution) -> Result<(), RollupError>,
    ) -> Result<(), RollupError> {
        let (file, buffer) = &mut self.parts[part];
        file.write_all(buffer).map_err(failed)?;
        buffer.clear();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let mut reader = BufReader::new(&*file);
        while let Some((id, new)) = read_from(&mut reader).map_err(failed)? {
            each(id, new)?;
        }
        Ok(())
    }
}

fn failed(error: std::io::Error) -> RollupError {
    RollupError::Temporary(error.to_string())
}
