//! What files are and why: the detection that reading uses, told in words.

use std::io::Read;

use super::archive::{self, Member};
use super::blocks::{Blocks, Spares};
use super::cost_columns::is_cost_table;
use super::cutter::HEAD;
use super::envelope::Envelope;
use super::format::{Format, Reads, WAYS};
use super::line::wrapped_array;
use super::outcome::shown;
use super::reader::{Container, Opened, Stream, container, open, peek, skip_mark};
use super::row::{Header, normalised};
use super::scan::{Object, Value, documents};
use super::{Input, Progress, SourceError, csv, database, parquet};

/// Objects or rows of a file that are looked at.
pub const LOOKED_AT: u64 = 400;
/// Bytes of a document of several lines that are looked at.
const DOCUMENT: u64 = 64 << 20;
/// Names of keys and columns that a reason lists.
const NAMED: usize = 6;

/// What one file, or one member of an archive, is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// The file.
    pub file: String,
    /// What it is once it is unpacked.
    pub container: &'static str,
    /// What it is packed in, from the outside.
    pub layers: Vec<&'static str>,
    /// The formats seen, in the order of their first object.
    pub formats: Vec<Sighting>,
    /// Objects or rows of no known format.
    pub unknown: u64,
    /// Lines that are no JSON.
    pub invalid: u64,
    /// What to do about what is not known.
    pub advice: Vec<String>,
    /// A rollup, which every command reads as it is.
    pub is_rollup: bool,
}

/// A format that was seen in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The format.
    pub format: Format,
    /// How many objects or rows of those looked at.
    pub count: u64,
    /// What told the first of them.
    pub why: String,
}

impl Detected {
    fn of(file: String, found: Container, layers: Vec<&'static str>) -> Self {
        Self {
            file,
            container: found.name(),
            layers,
            formats: Vec::new(),
            unknown: 0,
            invalid: 0,
            advice: Vec::new(),
            is_rollup: false,
        }
    }

    /// Of a rollup.
    #[must_use]
    pub fn rollup(file: String) -> Self {
        Self { is_rollup: true, ..Self::of(file, Container::Parquet, Vec::new()) }
    }

    fn saw(&mut self, format: Format, count: u64, why: impl FnOnce() -> String) {
        match self.formats.iter_mut().find(|seen| seen.format == format) {
            Some(seen) => seen.count += count,
            None => self.formats.push(Sighting { format, count, why: why() }),
        }
    }

    /// Objects and rows looked at.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.formats.iter().map(|seen| seen.count).sum::<u64>() + self.unknown
    }

    fn advise(&mut self, advice: impl Into<String>) {
        let advice = advice.into();
        if !self.advice.contains(&advice) {
            self.advice.push(advice);
        }
    }
}

/// Says what inputs are, by their first [`LOOKED_AT`] objects or rows each.
///
/// # Errors
/// [`SourceError`] if a file cannot be read.
pub fn detect(inputs: &[Input]) -> Result<Vec<Detected>, SourceError> {
    let progress = Progress::default();
    let mut all = Vec::new();
    for input in inputs {
        let opened = open(input, &progress)?;
        let lies_open = opened.layers.is_empty().then_some(input);
        if let Some(detected) = one(input.name(), opened, lies_open)? {
            all.push(detected);
            continue;
        }
        archive::each_member(input, &progress, |member| {
            match member {
                Member::File(name, opened) => all.extend(one(name, opened, None)?),
                Member::Unreadable(name, reason) | Member::Broken(name, reason) => {
                    let mut detected = Detected::of(name, Container::Zip, Vec::new());
                    detected.advise(format!("cannot be read: {reason}"));
                    all.push(detected);
                }
            }
            Ok(())
        })?;
    }
    Ok(all)
}

/// `None` for an archive whose members must be looked at.
fn one(
    file: String,
    opened: Opened<'_>,
    lies_open: Option<&Input>,
) -> Result<Option<Detected>, SourceError> {
    let failed = |source| SourceError::Io { file: file.clone(), source };
    let (head, stream) = peek(opened.stream, HEAD).map_err(failed)?;
    let found = container(&head);
    let mut detected = Detected::of(file.clone(), found, opened.layers);
    match (found, lies_open) {
        (Container::Empty, _) => detected.advise("nothing to read"),
        (Container::JsonLines, _) => lines(stream, &mut detected).map_err(failed)?,
        (Container::JsonDocument, _) => document(stream, &mut detected).map_err(failed)?,
        (Container::Delimited, _) => {
            table(&csv::column_names(&head), &mut detected);
            if let Some(seen) = detected.formats.first_mut() {
                seen.count = count_rows(stream, &head).map_err(failed)?;
            }
        }
        (Container::Parquet, Some(Input::File(path))) => {
            table(&parquet::column_names(path)?, &mut detected);
            if let Some(seen) = detected.formats.first_mut() {
                seen.count = parquet::row_count(path)?.min(LOOKED_AT);
            }
        }
        (Container::Sqlite, Some(Input::File(path))) => tables(path, &mut detected)?,
        (Container::Zip, Some(Input::File(_) | Input::Bytes { .. })) => return Ok(None),
        (Container::Parquet | Container::Sqlite | Container::Zip, _) => {
            detected.advise("unpack it, and read it from a file of its own");
        }
        (Container::Unsupported(_), _) => detected.advise("not read; export it as text or JSON"),
    }
    if let Some(reason) = opened.cut.reason() {
        let reason =
            format!("it ends early or is damaged ({reason}): only what comes before is read");
        detected.advise(reason);
    }
    Ok(Some(detected))
}

fn lines(stream: impl Read, detected: &mut Detected) -> std::io::Result<()> {
    let mut blocks = Blocks::new(stream, Spares::default());
    while let Some(block) = blocks.next_block()? {
        for line in block.text().split(|b| *b == b'\n') {
            let line = line.trim_ascii();
            let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
            if !line.is_empty() {
                value(&Value::new(line), detected);
            }
            if detected.looked_at() + detected.invalid >= LOOKED_AT {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn document(stream: impl Read, detected: &mut Detected) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    stream.take(DOCUMENT).read_to_end(&mut bytes)?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    for (_, item) in documents(text) {
        match item {
            Ok(item) => value(&item, detected),
            Err(_) => detected.invalid += 1,
        }
        if detected.looked_at() >= LOOKED_AT {
            break;
        }
    }
    if detected.invalid > 0 {
        detected.advise("a part is not whole JSON: it is skipped and counted");
    }
    Ok(())
}

/// Looks at a line or document: an array, or what wraps one, gives many objects.
fn value(value: &Value<'_>, detected: &mut Detected) {
    if value.raw().first() == Some(&b'[') {
        match value.array() {
            Some(items) => elements(&items, detected),
            None => detected.invalid += 1,
        }
        return;
    }
    let Ok(parsed) = Object::parse(value.raw()) else {
        detected.invalid += 1;
        return;
    };
    if let Some(outer) = object(parsed, detected) {
        match wrapped_array(&outer) {
            Some(items) => elements(&items, detected),
            None => unknown(&outer, detected),
        }
    }
}

fn elements(items: &[Value<'_>], detected: &mut Detected) {
    for item in items {
        if detected.looked_at() >= LOOKED_AT {
            return;
        }
        match item.object() {
            Some(parsed) => {
                if let Some(outer) = object(parsed, detected) {
                    unknown(&outer, detected);
                }
            }
            None => detected.unknown += 1,
        }
    }
}

/// Tells the format of an object, or gives it back.
fn object<'a>(object: Object<'a>, detected: &mut Detected) -> Option<Box<Object<'a>>> {
    if let Some((format, reads)) = WAYS.of_object(&object, |_| true) {
        detected.saw(format, 1, || because_of(&object, reads));
        return None;
    }
    let recognise =
        |body: &Object<'_>, usage: Option<&Object<'_>>| WAYS.of_body(body, usage, |_| true);
    match Envelope::find(object, recognise) {
        Ok((envelope, (format, _))) => {
            detected.saw(format, 1, || body_reason(&envelope));
            None
        }
        Err(outer) => Some(outer),
    }
}

fn because_of(object: &Object<'_>, reads: &Reads) -> String {
    let (Reads::Object { markers, .. }
    | Reads::Page { markers, .. }
    | Reads::Session { markers, .. }) = reads
    else {
        return String::new();
    };
    let found: Vec<&str> = markers.iter().copied().filter(|marker| object.has(marker)).collect();
    let plural = if found.len() == 1 { "key" } else { "keys" };
    format!("{plural} {}", listed(&found))
}

fn body_reason(envelope: &Envelope<'_>) -> String {
    let place = match envelope.wrappers().len() {
        0 => "response body",
        1 => "response body inside an object",
        _ => "response body inside objects",
    };
    let of = envelope.usage().unwrap_or(envelope.body());
    let keys: Vec<String> = of.iter().map(|(key, _)| shown(&key)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match envelope.usage() {
        Some(_) => format!("{place} with usage of {}", listed(&keys)),
        None => format!("{place} with {}", listed(&keys)),
    }
}

fn unknown(object: &Object<'_>, detected: &mut Detected) {
    if detected.unknown == 0 {
        let keys: Vec<String> = object.iter().map(|(key, _)| shown(&key)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        detected.advise(format!(
            "objects with {} are of no known format: name their paths with --map, such as `time=PATH,model=PATH,input=PATH,output=PATH`",
            listed(&keys)
        ));
    }
    detected.unknown += 1;
}

/// Names in backticks, the first few of them.
fn listed(names: &[&str]) -> String {
    let mut text: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    if names.len() > NAMED {
        text.push(format!("{} more", names.len() - NAMED));
    }
    if text.is_empty() { "no keys".to_owned() } else { text.join(", ") }
}

/// Tells the format of a table by its columns.
fn table(names: &[String], detected: &mut Detected) {
    let header = Header::new(names.iter().map(String::as_str));
    if let Some((format, Reads::Table { columns, .. })) = WAYS.of_columns(header.names(), |_| true)
    {
        let set = columns
            .iter()
            .find(|set| set.iter().all(|column| header.names().iter().any(|have| have == column)));
        // The columns as the file prints them.
        let printed = |column: &&str| names.iter().find(|n| normalised(n) == **column);
        let found: Vec<String> = set
            .into_iter()
            .flat_map(|set| set.iter())
            .filter_map(printed)
            .map(|n| shown(n))
            .collect();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        detected.saw(format, 0, || format!("columns {}", listed(&found)));
    } else if is_cost_table(names) {
        detected.advise("daily costs without usage: `forecast --series` reads them");
    } else if names.len() < 2 {
        detected.advise("neither JSON nor a table");
    } else {
        let found: Vec<String> = names.iter().map(|n| shown(n)).collect();
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        detected.advise(format!(
            "a table with columns {} is of no known format: name them with --map, such as `time=COLUMN,model=COLUMN,input=COLUMN,output=COLUMN`",
            listed(&found)
        ));
    }
}

fn count_rows(stream: Stream<'_>, head: &[u8]) -> std::io::Result<u64> {
    let dialect = csv::Dialect::of(head);
    let mut blocks =
        Blocks::of_rows(skip_mark(head, stream)?, Spares::default(), dialect.delimiter);
    let mut count = 0;
    while count < LOOKED_AT
        && let Some(block) = blocks.next_block()?
    {
        dialect.rows(&block, |_, _| count += 1);
    }
    Ok(count.min(LOOKED_AT))
}

fn tables(path: &std::path::Path, detected: &mut Detected) -> Result<(), SourceError> {
    let opened = database::Database::open(path)?;
    for (format, reads) in opened.ways(&super::ReadOptions::default())? {
        let Reads::Database { table: (table, columns), .. } = reads else { continue };
        let count = opened.count(reads, LOOKED_AT)?;
        detected.saw(format, count, || format!("table `{table}` with {}", listed(columns)));
    }
    if detected.formats.is_empty() {
        let names = opened.tables()?;
        let names: Vec<String> = names.iter().map(|n| shown(n)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        detected.advise(format!(
            "a database with tables {} is of no known format: export the usage as CSV and use --map",
            listed(&names)
        ));
    }
    Ok(())
}
