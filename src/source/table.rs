//! Tables: what reads their rows is found once, by their columns; the rows come in parts.

use super::format::{Emit, Format, Reads, RowReader, WAYS};
use super::mapping::{Mapping, Names};
use super::memo::Memo;
use super::outcome::Skipped;
use super::parquet::Slice;
use super::pipeline::{Batch, Run};
use super::row::{Asked, Cells, Header, Row};
use super::tally::Tally;
use super::usual_rows::{Found, Plan, UsualReader};
use super::{ReadOptions, SourceError};
use crate::usage::RecordRef;

/// A table whose rows are usage.
#[derive(Debug)]
pub(super) struct Table {
    format: Format,
    header: Header,
    way: Way,
    /// Where usual rows have what they state.
    plan: Option<Plan>,
}

#[derive(Debug)]
enum Way {
    /// By the user's mapping, whose columns stand at these places.
    Mapped(Vec<usize>),
    /// By a format.
    Known(&'static Reads),
}

impl Table {
    /// The table with these columns; `None` if no format and no mapping reads it.
    ///
    /// # Errors
    /// [`SourceError::NoSuchColumn`] if a mapped column is missing.
    pub(super) fn of(
        names: &[String],
        file: &str,
        options: &ReadOptions,
    ) -> Result<Option<Self>, SourceError> {
        let header = Header::new(names.iter().map(String::as_str));
        if let Some(mapping) = &options.mapping {
            let place = |column: &String| {
                names.iter().position(|name| name == column).ok_or_else(|| {
                    SourceError::NoSuchColumn {
                        file: file.to_owned(),
                        column: column.clone(),
                        columns: names.join(", "),
                    }
                })
            };
            let places = mapping.columns().iter().map(place).collect::<Result<Vec<_>, _>>()?;
            let (format, plan) = (Format::mapped(), mapping.plan(&places));
            return Ok(Some(Self { format, header, way: Way::Mapped(places), plan }));
        }
        let wanted = |format: Format| options.format.is_none_or(|f| f == format);
        let found = WAYS.of_columns(header.names(), wanted);
        Ok(found.map(|(format, reads)| {
            let usual = reads.usual_rows();
            let plan = usual.and_then(|usual| Plan::of(usual, format, &header, options));
            Self { format, header, way: Way::Known(reads), plan }
        }))
    }

    /// True if its rows make sense only after each other.
    pub(super) fn needs_order(&self) -> bool {
        matches!(self.way, Way::Known(Reads::Rows { .. }))
    }

    /// The places of the columns that will be asked for, as far as they are known before.
    pub(super) fn wanted(&self) -> &[usize] {
        match &self.way {
            Way::Mapped(places) => places,
            Way::Known(_) => &[],
        }
    }

    /// Starts reading its rows.
    pub(super) fn reader<'t>(&'t self, file: &'t str, run: Run<'t>) -> TableReader<'t> {
        let rows: Box<dyn RowReader + 't> = match &self.way {
            Way::Mapped(places) => {
                let columns = run.options.mapping.as_ref().and_then(Mapping::named_columns);
                let named = columns.map(|columns| columns.map(|at| places[at]).collect());
                Box::new(Mapped { places, named, names: Memo::default() })
            }
            Way::Known(reads) => reads.row_reader().unwrap_or_else(|| Box::new(NoRows)),
        };
        TableReader { table: self, file, run, rows, asked: Asked::default() }
    }
}

/// Rows that nothing reads.
struct NoRows;

impl RowReader for NoRows {
    fn row(&mut self, _: u64, _: &Row<'_>, _: &ReadOptions, _: &mut Emit<'_>) {}
}

/// Rows that the user maps.
struct Mapped<'t> {
    places: &'t [usize],
    /// Of the columns that names are told by, if these are not too many.
    named: Option<Vec<usize>>,
    names: Memo<Names>,
}

impl RowReader for Mapped<'_> {
    fn row(&mut self, line: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        if let Some(mapping) = &options.mapping {
            let cell = |column: usize| row.at(self.places[column]);
            let outcome = mapping.read_with(cell, |work_out| {
                let mut work_out = || work_out(options, &mut self.names);
                match &self.named {
                    Some(named) => row.marked_names(named.iter().copied(), work_out),
                    None => work_out(),
                }
            });
            emit(line, outcome);
        }
    }
}

/// A row with its line or number, or why it is none.
pub(super) type FoundRow<'f> = dyn FnMut(u64, Result<&dyn Cells, Skipped>) + 'f;

/// Reads the rows of a table, or of a part of it.
pub(super) struct TableReader<'t> {
    table: &'t Table,
    file: &'t str,
    run: Run<'t>,
    rows: Box<dyn RowReader + 't>,
    asked: Asked,
}

impl TableReader<'_> {
    /// What the rows of one part give, about `rows` of them; `each_row` hands them on.
    pub(super) fn part(&mut self, rows: usize, each_row: impl FnOnce(&mut FoundRow<'_>)) -> Batch {
        self.asked.next_part();
        let mut batch = self.batch(rows);
        let mut tally = Tally::new(self.file, self.run);
        each_row(&mut |line, row| match row {
            Ok(cells) => self.row(line, cells, None, &mut tally, &mut batch),
            Err(skipped) => {
                tally.outcome(line, Some(self.table.format), Err(skipped), &mut batch);
            }
        });
        tally.finish(&mut batch);
        batch
    }

    /// What the rows of a slice give.
    pub(super) fn slice(&mut self, slice: &Slice) -> Result<Batch, SourceError> {
        // Labels are hashed where rows are read in full.
        let can_sum = self.run.edges.is_some() && self.run.options.hash_labels.is_none();
        let plan = self.table.plan.as_ref().filter(|_| can_sum);
        let mut usual = plan.and_then(|plan| UsualReader::new(plan, slice));
        self.asked.next_part();
        let mut batch = self.batch(slice.places().len());
        let mut tally = Tally::new(self.file, self.run);
        for at in slice.places() {
            let (line, row) = slice.row(at);
            let mut take = |record: &RecordRef<'_>| {
                tally.usual(self.table.format, record, &mut batch);
            };
            let found = usual.as_mut().map_or(Found::Odd, |usual| usual.read(at, &mut take));
            if found == Found::Usual {
                continue;
            }
            let learns = usual.as_mut().filter(|_| found == Found::New);
            self.row(line, &row, learns.map(|usual| (usual, at)), &mut tally, &mut batch);
        }
        tally.finish(&mut batch);
        slice.failed().map(|()| batch)
    }

    /// Room for about so many rows; sums of them are mostly few.
    fn batch(&self, rows: usize) -> Batch {
        let rows = if self.run.edges.is_some() { 0 } else { rows };
        Batch { records: Vec::with_capacity(rows), ..Batch::default() }
    }

    /// Reads a row in full, of which another reader may learn.
    fn row(
        &mut self,
        line: u64,
        cells: &dyn Cells,
        mut learns: Option<(&mut UsualReader<'_>, usize)>,
        tally: &mut Tally<'_>,
        batch: &mut Batch,
    ) {
        let row = Row::new(&self.table.header, &self.asked, cells);
        self.rows.row(line, &row, self.run.options, &mut |line, outcome| {
            if let Some((usual, at)) = learns.take() {
                usual.learn(at, &outcome);
            }
            tally.outcome(line, Some(self.table.format), outcome, batch);
        });
    }

    /// What was held back until the end of the table.
    pub(super) fn rest(mut self) -> Batch {
        let mut batch = Batch::default();
        let mut tally = Tally::new(self.file, self.run);
        let format = Some(self.table.format);
        self.rows.finish(self.run.options, &mut |line, outcome| {
            tally.outcome(line, format, outcome, &mut batch);
        });
        tally.finish(&mut batch);
        batch
    }
}
