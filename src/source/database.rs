//! SQLite databases, as some agents keep their sessions in.

use std::borrow::Cow;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::format::{Format, Reads, WAYS, Way};
use super::outcome::Outcome;
use super::row::{Asked, Cell, Cells, Header, Row};
use super::{ReadOptions, SourceError};

/// An open database. It is never written to.
pub(super) struct Database {
    connection: Connection,
    file: String,
}

impl Database {
    /// Opens a file. Where its write-ahead log cannot be read, as in a folder without the right to
    /// write, the database is read without it.
    pub(super) fn open(path: &Path) -> Result<Self, SourceError> {
        let file = path.display().to_string();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let readable = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(())).is_ok()
        };
        let usual = Connection::open_with_flags(path, flags);
        let connection = match usual {
            Ok(connection) if readable(&connection) => Ok(connection),
            _ => {
                let escaped: String =
                    file.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
                let uri = format!("file:{escaped}?immutable=1");
                Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
            }
        };
        match connection {
            Ok(connection) => Ok(Self { connection, file }),
            Err(error) => Err(SourceError::Database { file, reason: error.to_string() }),
        }
    }

    fn failed(&self, error: &rusqlite::Error) -> SourceError {
        SourceError::Database { file: self.file.clone(), reason: error.to_string() }
    }

    /// The formats whose tables it has.
    pub(super) fn ways(&self, options: &ReadOptions) -> Result<Vec<Way>, SourceError> {
        let wanted = |format: Format| options.format.is_none_or(|f| f == format);
        let mut found = Vec::new();
        for (format, reads) in WAYS.databases.iter().filter(|(f, _)| wanted(*f)) {
            let Reads::Database { table: (table, columns), .. } = reads else { continue };
            let have = self.columns(table).map_err(|e| self.failed(&e))?;
            if !have.is_empty() && columns.iter().all(|c| have.iter().any(|h| h == c)) {
                found.push((*format, *reads));
            }
        }
        Ok(found)
    }

    /// Rows of a known format, counted up to `most`.
    pub(super) fn count(&self, reads: &Reads, most: u64) -> Result<u64, SourceError> {
        let Reads::Database { query, .. } = reads else { return Ok(0) };
        let text = format!("SELECT count(*) FROM ({query} LIMIT {most})");
        let found = self.connection.query_row(&text, [], |row| row.get::<_, i64>(0));
        Ok(u64::try_from(found.map_err(|e| self.failed(&e))?).unwrap_or(0))
    }

    /// Names of its tables.
    pub(super) fn tables(&self) -> Result<Vec<String>, SourceError> {
        let names = || -> rusqlite::Result<Vec<String>> {
            let text = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
            self.connection.prepare(text)?.query_map([], |row| row.get(0))?.collect()
        };
        names().map_err(|e| self.failed(&e))
    }

    fn columns(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        let mut statement = self.connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map([table], |row| row.get(0))?;
        names.collect()
    }

    /// Reads every row of a known format and hands it on with its number.
    pub(super) fn read(
        &self,
        reads: &Reads,
        options: &ReadOptions,
        mut each: impl FnMut(u64, Outcome),
    ) -> Result<(), SourceError> {
        let Reads::Database { query, read, .. } = reads else { return Ok(()) };
        let mut statement = self.connection.prepare(query).map_err(|e| self.failed(&e))?;
        let header = Header::new(statement.column_names());
        let asked = Asked::default();
        let mut rows = statement.query([]).map_err(|e| self.failed(&e))?;
        let mut number = 0;
        while let Some(row) = rows.next().map_err(|e| self.failed(&e))? {
            number += 1;
            each(number, read(&Row::new(&header, &asked, row), options));
        }
        Ok(())
    }
}

impl Cells for rusqlite::Row<'_> {
    fn cell(&self, place: usize) -> Option<Cell<'_>> {
        match self.get_ref(place).ok()? {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(Cell::Whole(number.into())),
            ValueRef::Real(number) => Some(Cell::Text(Cow::Owned(number.to_string()))),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                Some(Cell::Text(String::from_utf8_lossy(text)))
            }
        }
    }
}
