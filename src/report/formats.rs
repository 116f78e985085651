//! The `formats` reports: which formats are read, and what some files are.

use serde::Serialize;

use super::{Align, Grid, format};
use crate::source::Format;
use crate::source::detect::{Detected, LOOKED_AT};

/// The name of the JSON form of `formats`.
pub const LIST_SCHEMA: &str = "tokencast.formats.v1";
/// The name of the JSON form of `formats detect`.
pub const DETECT_SCHEMA: &str = "tokencast.formats-detect.v1";

/// Every format.
#[derive(Debug, Serialize)]
pub struct FormatList {
    schema: &'static str,
    formats: Vec<ListedFormat>,
}

#[derive(Debug, Serialize)]
struct ListedFormat {
    name: &'static str,
    title: &'static str,
    group: &'static str,
    grain: &'static str,
    containers: Vec<&'static str>,
    /// Told by content, without being named.
    detected: bool,
}

impl Default for FormatList {
    fn default() -> Self {
        Self::new()
    }
}

impl FormatList {
    /// In the order of their groups and names; what the user maps comes last.
    #[must_use]
    pub fn new() -> Self {
        let mut all: Vec<Format> = Format::all().collect();
        all.sort_by_key(|f| (!f.is_detected(), f.info().group, f.name()));
        let formats = all.into_iter().map(|f| ListedFormat {
            name: f.name(),
            title: f.info().title,
            group: f.info().group.name(),
            grain: f.info().grain.name(),
            containers: f.info().containers(),
            detected: f.is_detected(),
        });
        Self { schema: LIST_SCHEMA, formats: formats.collect() }
    }

    /// The table.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let columns = ["format", "what it is", "from", "a record is", "comes in"];
        let mut grid = Grid::new(&columns.map(|name| (name, Align::Left)));
        for f in &self.formats {
            grid.rows.push(vec![
                f.name.to_owned(),
                f.title.to_owned(),
                f.group.to_owned(),
                f.grain.to_owned(),
                f.containers.join(", "),
            ]);
        }
        grid
    }

    /// The line above the table.
    #[must_use]
    pub fn head(&self) -> String {
        let count = u64::try_from(self.formats.len()).unwrap_or(u64::MAX);
        format!("{} formats, told by content", format::grouped(count))
    }
}

/// What some files are.
#[derive(Debug, Serialize)]
pub struct DetectReport {
    schema: &'static str,
    looked_at: u64,
    files: Vec<DetectedFile>,
}

#[derive(Debug, Serialize)]
struct DetectedFile {
    file: String,
    container: &'static str,
    packed_in: Vec<&'static str>,
    formats: Vec<SeenFormat>,
    unknown: u64,
    invalid: u64,
    advice: Vec<String>,
    is_rollup: bool,
}

#[derive(Debug, Serialize)]
struct SeenFormat {
    name: &'static str,
    count: u64,
    grain: &'static str,
    why: String,
}

impl DetectReport {
    /// Of what was detected.
    #[must_use]
    pub fn new(found: Vec<Detected>) -> Self {
        let files = found.into_iter().map(|d| DetectedFile {
            file: d.file,
            container: d.container,
            packed_in: d.layers,
            unknown: d.unknown,
            invalid: d.invalid,
            advice: d.advice,
            is_rollup: d.is_rollup,
            formats: d
                .formats
                .into_iter()
                .map(|seen| SeenFormat {
                    name: seen.format.name(),
                    count: seen.count,
                    grain: seen.format.info().grain.name(),
                    why: seen.why,
                })
                .collect(),
        });
        Self { schema: DETECT_SCHEMA, looked_at: LOOKED_AT, files: files.collect() }
    }

    /// True if nothing in any file is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.files.iter().all(|file| file.formats.is_empty() && !file.is_rollup)
    }

    /// The table: a row for each format of a file, and one for what is of none.
    #[must_use]
    pub fn grid(&self) -> Grid {
        let mut grid = Grid::new(&[
            ("file", Align::Left),
            ("container", Align::Left),
            ("format", Align::Left),
            ("seen", Align::Right),
            ("a record is", Align::Left),
            ("because of", Align::Left),
        ]);
        for file in &self.files {
            let layers: Vec<&str> = std::iter::once(file.container)
                .chain(file.packed_in.iter().rev().copied())
                .collect();
            let container = layers.join(" in ");
            let mut row = |format: &str, seen: u64, grain: &str, why: &str| {
                grid.rows.push(vec![
                    file.file.clone(),
                    container.clone(),
                    format.to_owned(),
                    format::grouped(seen),
                    grain.to_owned(),
                    why.to_owned(),
                ]);
            };
            for seen in &file.formats {
                row(seen.name, seen.count, seen.grain, &seen.why);
            }
            if file.unknown > 0 {
                row("unknown", file.unknown, "", "");
            }
            if file.invalid > 0 {
                row("no JSON", file.invalid, "", "");
            }
            if file.is_rollup {
                row("rollup", 0, "", "its metadata; every command reads it as it is");
            } else if file.formats.is_empty() && file.unknown + file.invalid == 0 {
                row("unknown", 0, "", "");
            }
        }
        grid
    }

    /// Lines above and below the table.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let head = format!("Formats seen in the first {LOOKED_AT} objects or rows of each file");
        let notes = self
            .files
            .iter()
            .flat_map(|file| file.advice.iter().map(|advice| format!("{}: {advice}.", file.file)));
        (head, notes.collect())
    }
}
