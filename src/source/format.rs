//! Formats: what each is called, how it is told, and what reads it.
//!
//! A format's own file states this as data; opening, splitting, detection and counting are shared.

use std::fmt;
use std::sync::LazyLock;

use hashbrown::HashMap;

use super::envelope::Envelope;
use super::key_filter::KeyFilter;
use super::outcome::Outcome;
use super::row::Row;
use super::scan::Object;
use super::usual::Usual;
use super::usual_rows::UsualRows;
use super::{ReadOptions, agents, canonical, clouds, consoles, gateways, providers};
use crate::usage::RecordGrain;

/// Where formats come from. Formats of two groups that cover the same requests are two views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Our own records and what the user maps.
    Own,
    /// Response bodies of providers, one a request.
    Provider,
    /// Usage and cost exports of providers' consoles and admin APIs.
    Console,
    /// Logs and bills of clouds.
    Cloud,
    /// Gateways and observability.
    Gateway,
    /// Logs of coding agents.
    Agent,
}

impl Group {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Own => "tokencast",
            Self::Provider => "provider bodies",
            Self::Console => "consoles and admin APIs",
            Self::Cloud => "clouds",
            Self::Gateway => "gateways and observability",
            Self::Agent => "agents",
        }
    }
}

/// One format.
#[derive(Debug)]
pub struct FormatInfo {
    /// The name used by flags and reports.
    pub name: &'static str,
    /// What it is, in words.
    pub title: &'static str,
    /// Where it comes from.
    pub group: Group,
    /// What its records stand for.
    pub grain: RecordGrain,
    /// How it is told and read; a format may come in several containers.
    pub(crate) reads: &'static [Reads],
}

/// Reads a response body.
pub(crate) type ReadBody = fn(&Envelope<'_>, &ReadOptions) -> Outcome;

impl FormatInfo {
    /// The containers that it comes in.
    #[must_use]
    pub fn containers(&self) -> Vec<&'static str> {
        // What the user maps is read from any of them.
        if self.reads.is_empty() {
            return vec!["JSON", "CSV", "Parquet"];
        }
        let mut found = Vec::new();
        for reads in self.reads {
            let of: &[&str] = match reads {
                Reads::Table { .. } => &["CSV", "Parquet"],
                Reads::Database { .. } => &["SQLite"],
                _ => &["JSON"],
            };
            for name in of {
                if !found.contains(name) {
                    found.push(*name);
                }
            }
        }
        found
    }
}

/// One way in which a format comes.
#[derive(Debug)]
pub(crate) enum Reads {
    /// A response body, alone or inside other objects.
    Body {
        /// True for a body and its usage of this shape.
        is: fn(&Object<'_>, Option<&Object<'_>>) -> bool,
        /// Reads it.
        read: ReadBody,
        /// What nearly all of them state.
        usual: Option<&'static Usual>,
    },
    /// A JSON object: a line, an element of an array, or a document.
    Object {
        /// Keys of which an object of this format has at least one at its top level.
        markers: &'static [&'static str],
        /// True for an object of this format that has one of the markers.
        is: fn(&Object<'_>) -> bool,
        /// Reads it.
        read: fn(&Object<'_>, &ReadOptions) -> Outcome,
    },
    /// A JSON object that holds many records, each of which may be read or not.
    Page {
        /// As of [`Reads::Object`].
        markers: &'static [&'static str],
        /// As of [`Reads::Object`].
        is: fn(&Object<'_>) -> bool,
        /// Reads it.
        read: fn(&Object<'_>, &ReadOptions) -> Vec<Outcome>,
    },
    /// JSON objects that have a meaning only in the order of their file.
    Session {
        /// As of [`Reads::Object`].
        markers: &'static [&'static str],
        /// True for an object of this format; one in the head of a file is enough.
        is: fn(&Object<'_>) -> bool,
        /// Starts reading a file.
        start: fn() -> Box<dyn Session>,
    },
    /// A table of text, or a Parquet table.
    Table {
        /// Sets of columns, normalised as by [`super::row::normalised`]; a table that has all of
        /// one set is of this format.
        columns: &'static [&'static [&'static str]],
        /// Reads a row.
        read: fn(&Row<'_>, &ReadOptions) -> Outcome,
        /// What usual rows state.
        usual: Option<&'static UsualRows>,
    },
    /// A table whose rows have a meaning only beside each other.
    Rows {
        /// As of [`Reads::Table`].
        columns: &'static [&'static [&'static str]],
        /// Starts reading a table.
        start: fn() -> Box<dyn RowReader>,
    },
    /// A table of an SQLite database.
    Database {
        /// The table, and columns that it must have.
        table: (&'static str, &'static [&'static str]),
        /// The query whose rows are read.
        query: &'static str,
        /// Reads a row.
        read: fn(&Row<'_>, &ReadOptions) -> Outcome,
    },
}

/// Takes outcomes with the line they come from.
pub(crate) type Emit<'e> = dyn FnMut(u64, Outcome) + 'e;

/// Reads the objects of one file in their order. What it keeps must stay bounded.
pub(crate) trait Session: Send {
    /// Reads the object on a line.
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    );

    /// Hands on what was held back until the end of the file.
    fn finish(&mut self, _options: &ReadOptions, _emit: &mut Emit<'_>) {}
}

/// Reads the rows of one table in their order. What it keeps must stay bounded.
pub(crate) trait RowReader {
    /// Reads the row on a line.
    fn row(&mut self, line: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>);

    /// Hands on what was held back until the end of the table.
    fn finish(&mut self, _options: &ReadOptions, _emit: &mut Emit<'_>) {}
}

/// Rows that are read each by itself.
struct EachRow(fn(&Row<'_>, &ReadOptions) -> Outcome);

impl RowReader for EachRow {
    fn row(&mut self, line: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        emit(line, (self.0)(row, options));
    }
}

impl Reads {
    /// Reads a body; `None` for another way.
    pub(crate) fn read_body(&self, body: &Envelope<'_>, options: &ReadOptions) -> Option<Outcome> {
        let Self::Body { read, .. } = self else { return None };
        Some(read(body, options))
    }

    /// What reads a table of this way; `None` for other containers.
    pub(crate) fn row_reader(&self) -> Option<Box<dyn RowReader>> {
        match self {
            Self::Table { read, .. } => Some(Box::new(EachRow(*read))),
            Self::Rows { start, .. } => Some(start()),
            _ => None,
        }
    }

    /// What usual rows of a table state, if the format says so.
    pub(crate) fn usual_rows(&self) -> Option<&'static UsualRows> {
        match self {
            Self::Table { usual, .. } => *usual,
            _ => None,
        }
    }

    /// The sets of columns of a table; none for other containers.
    fn column_sets(&self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Table { columns, .. } | Self::Rows { columns, .. } => columns,
            _ => &[],
        }
    }
}

/// Columns or paths that the user maps.
const MAPPED: FormatInfo = FormatInfo {
    name: "map",
    title: "any CSV, JSON lines or Parquet whose columns --map names",
    group: Group::Own,
    grain: RecordGrain::Request,
    reads: &[],
};

/// Every format, in the order of detection: what wraps bodies comes before the bodies.
static ALL: LazyLock<Vec<&'static FormatInfo>> = LazyLock::new(|| {
    let own: [&[FormatInfo]; 1] = [canonical::FORMATS];
    let groups: [&[FormatInfo]; 5] = [
        consoles::FORMATS,
        clouds::FORMATS,
        gateways::FORMATS,
        agents::FORMATS,
        providers::FORMATS,
    ];
    own.into_iter().chain(groups).flatten().chain(std::iter::once(&MAPPED)).collect()
});

/// A format, by its place in the order of detection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Format(u8);

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

impl Format {
    /// Every format, in the order of detection.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ALL.len()).filter_map(|at| u8::try_from(at).ok()).map(Self)
    }

    /// What it is.
    #[must_use]
    pub fn info(self) -> &'static FormatInfo {
        ALL[usize::from(self.0)]
    }

    /// The name used by flags and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The format of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|f| f.name() == name)
    }

    /// The format of columns that the user maps.
    #[must_use]
    pub fn mapped() -> Self {
        Self(u8::try_from(ALL.len() - 1).unwrap_or(u8::MAX))
    }

    /// True if it is told by content: all but what the user maps.
    #[must_use]
    pub fn is_detected(self) -> bool {
        self != Self::mapped()
    }
}

/// A way in which a format comes, with the format.
pub(crate) type Way = (Format, &'static Reads);

/// Ways by the container they come in, each in the order of detection.
#[derive(Debug)]
pub(crate) struct Ways {
    /// Objects, pages and sessions.
    pub(crate) objects: Vec<Way>,
    pub(crate) bodies: Vec<Way>,
    pub(crate) tables: Vec<Way>,
    pub(crate) databases: Vec<Way>,
    /// Bits of `objects` by the marker.
    markers: HashMap<&'static [u8], u128, foldhash::fast::FixedState>,
    filter: KeyFilter,
}

/// Every way of every format.
pub(crate) static WAYS: LazyLock<Ways> = LazyLock::new(|| {
    let mut ways = Ways {
        objects: Vec::new(),
        bodies: Vec::new(),
        tables: Vec::new(),
        databases: Vec::new(),
        markers: HashMap::default(),
        filter: KeyFilter::empty(),
    };
    for format in Format::all() {
        for reads in format.info().reads {
            match reads {
                Reads::Body { .. } => ways.bodies.push((format, reads)),
                Reads::Table { .. } | Reads::Rows { .. } => ways.tables.push((format, reads)),
                Reads::Database { .. } => ways.databases.push((format, reads)),
                Reads::Object { markers, .. }
                | Reads::Page { markers, .. }
                | Reads::Session { markers, .. } => {
                    let bit = 1_u128 << ways.objects.len();
                    for marker in *markers {
                        ways.filter = ways.filter.with(marker.as_bytes());
                        *ways.markers.entry(marker.as_bytes()).or_default() |= bit;
                    }
                    ways.objects.push((format, reads));
                }
            }
        }
    }
    ways
});

impl Ways {
    /// The first way whose markers and shape fit an object.
    pub(crate) fn of_object(
        &self,
        object: &Object<'_>,
        wanted: impl Fn(Format) -> bool,
    ) -> Option<Way> {
        let mut candidates = 0_u128;
        for key in object.raw_keys() {
            if self.filter.may_have(key) {
                candidates |= self.markers.get(key).copied().unwrap_or(0);
            }
        }
        while candidates != 0 {
            let at = candidates.trailing_zeros();
            candidates &= candidates - 1;
            let way = self.objects[usize::try_from(at).unwrap_or(0)];
            let fits = match way.1 {
                Reads::Object { is, .. } | Reads::Page { is, .. } | Reads::Session { is, .. } => {
                    is(object)
                }
                _ => false,
            };
            if fits && wanted(way.0) {
                return Some(way);
            }
        }
        None
    }

    /// True if one of these keys may begin an object that is read in the order of its file.
    pub(crate) fn marks_session(&self, keys: impl Iterator<Item = impl AsRef<[u8]>>) -> bool {
        let candidates = keys
            .fold(0_u128, |bits, key| bits | self.markers.get(key.as_ref()).copied().unwrap_or(0));
        let mut ways = self.objects.iter().enumerate();
        ways.any(|(at, (_, reads))| {
            candidates & (1 << at) != 0 && matches!(reads, Reads::Session { .. })
        })
    }

    /// The way of a body and its usage.
    pub(crate) fn of_body(
        &self,
        body: &Object<'_>,
        usage: Option<&Object<'_>>,
        wanted: impl Fn(Format) -> bool,
    ) -> Option<Way> {
        let fits = |reads: &Reads| matches!(reads, Reads::Body { is, .. } if is(body, usage));
        self.bodies.iter().copied().find(|(format, reads)| fits(reads) && wanted(*format))
    }

    /// The way of a table with these normalised columns.
    pub(crate) fn of_columns(
        &self,
        columns: &[String],
        wanted: impl Fn(Format) -> bool,
    ) -> Option<Way> {
        let has = |set: &&[&str]| set.iter().all(|c| columns.iter().any(|have| have == c));
        let fits = |reads: &Reads| reads.column_sets().iter().any(has);
        self.tables.iter().copied().find(|(format, reads)| fits(reads) && wanted(*format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_fit_the_index() {
        let mut names: Vec<&str> = Format::all().map(Format::name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(WAYS.objects.len() <= 128, "one bit a way");
        assert_eq!(Format::mapped().name(), "map");
    }

    #[test]
    fn columns_of_tables_are_normalised() {
        for (format, reads) in &WAYS.tables {
            for column in reads.column_sets().iter().flat_map(|set| set.iter()) {
                assert_eq!(super::super::row::normalised(column), *column, "{format:?}");
            }
        }
    }
}
