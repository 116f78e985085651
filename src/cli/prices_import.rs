//! `tokencast prices import`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::args::{OutputArgs, OutputFormat};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ui::{Ui, write_whole};
use crate::diagnostic::SeverityPolicy;
use crate::price_book::import::{
    self, Format, ImportError, Imported, ImportedBook, NotCarried, Options,
};
use crate::report::format::grouped;
use crate::report::{Align, Grid};

/// The name of the JSON form.
const SCHEMA: &str = "tokencast.prices-import.v1";

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The price table: JSON, YAML or TOML.
    file: PathBuf,
    /// The tool that the table is of. By default told by content.
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<From>,
    /// Only this provider, by our name (gcp.gemini) or by that of the file (google); may be given
    /// several times.
    #[arg(long, value_name = "NAME")]
    provider: Vec<String>,
    /// The day on which the table was checked, such as 2026-11-20. Needed where the file does not
    /// say.
    #[arg(long, value_name = "DATE")]
    checked_on: Option<String>,
    /// Where the prices come from. By default the format and the name of the file.
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    /// How sure the prices are.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    confidence: Sure,
    /// Carry prices of zero over as free. Tables print zero also for what they do not know.
    #[arg(long)]
    keep_zero: bool,
    /// The book to write; with several providers a folder that gets one book each.
    #[arg(long, value_name = "BOOK")]
    out: PathBuf,
    /// Form of the summary.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    output: OutputFormat,
}

/// Tools whose tables are read.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    /// LiteLLM: model_prices_and_context_window.json.
    Litellm,
    /// pydantic/genai-prices: prices/data.json or prices/providers/*.yml.
    GenaiPrices,
    /// models.dev: api.json, or the TOML file of one model.
    ModelsDev,
    /// simonw/llm-prices: current-v1.json, historical-v1.json or data/*.json.
    LlmPrices,
}

impl From {
    fn format(self) -> Format {
        match self {
            Self::Litellm => Format::LiteLlm,
            Self::GenaiPrices => Format::GenaiPrices,
            Self::ModelsDev => Format::ModelsDev,
            Self::LlmPrices => Format::LlmPrices,
        }
    }
}

/// Confidence as books spell it.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Sure {
    /// Published by the provider.
    High,
    /// From a secondary source.
    #[default]
    Medium,
    /// From one weak source.
    Low,
    /// Sources disagree.
    Conflict,
}

impl Sure {
    fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Conflict => "conflict",
        }
    }
}

pub(crate) fn run(args: &ImportArgs, ui: &Ui) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.output)?;
    let options = Options {
        format: args.from.map(From::format),
        providers: args.provider.clone(),
        checked_on: args.checked_on.as_deref().map(day).transpose()?,
        source: args.source.clone().filter(|text| !text.trim().is_empty()),
        confidence: args.confidence.name(),
        keep_zero: args.keep_zero,
    };
    let name = args.file.display().to_string();
    let text =
        fs::read_to_string(&args.file).with_context(|| format!("failed to read `{name}`"))?;
    let imported = import::import(&name, &text, &options).map_err(failure)?;
    if imported.books.is_empty() {
        tell_not_carried(&imported.not_carried, ui);
        let error = anyhow!("nothing of `{name}` could be carried over");
        return Err(Failure::with_hint(error, "no book was written; the reasons are above"));
    }
    let targets = targets(&imported.books, &args.out)?;
    not_over_the_input(&args.file, &targets)?;
    write(&imported.books, &targets)?;
    tell_not_carried(&imported.not_carried, ui);
    let (findings, _) = finish::resolve(&imported.findings, &SeverityPolicy::default());
    ui.findings(&findings);
    print(&imported, &targets, &name, args.output, ui)?;
    Ok(ExitStatus::Ok)
}

fn day(text: &str) -> Result<NaiveDate, Failure> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| {
        let error = anyhow!("`{text}` is not a date for `--checked-on`");
        Failure::with_hint(error, "write it as 2026-11-20")
    })
}

fn failure(error: ImportError) -> Failure {
    let names = Format::ALL.map(Format::name).join(", ");
    let hint = match &error {
        ImportError::Unrecognised(_) => Some(format!("known formats: {names}")),
        ImportError::WrongFormat { found: Some(found), .. } => {
            Some(format!("`--from {found}`, or leave it out: the format is told by content"))
        }
        ImportError::WrongFormat { found: None, .. } => Some(format!("known formats: {names}")),
        ImportError::NoCheckedOn { .. } => {
            Some("add `--checked-on DATE`: the day on which the file was got or checked".to_owned())
        }
        ImportError::NoSuchProvider { has, .. } => Some(format!("it has {}", has.join(", "))),
        ImportError::Empty(_) => Some("get the file again".to_owned()),
        ImportError::Refused(..) => {
            Some("no book was written; `--provider` leaves providers out".to_owned())
        }
        ImportError::Syntax { .. } => None,
    };
    match hint {
        Some(hint) => Failure::with_hint(error, hint),
        None => error.into(),
    }
}

/// The file of each book.
fn targets(books: &[ImportedBook], out: &Path) -> Result<Vec<PathBuf>, Failure> {
    if books.len() == 1 && !out.is_dir() {
        return Ok(vec![out.to_owned()]);
    }
    let is_file = out.is_file() || out.extension().is_some_and(|e| e == "toml");
    if is_file && !out.is_dir() {
        let providers: Vec<&str> = books.iter().map(|b| b.provider.as_str()).collect();
        let shown = if providers.len() > 12 { &providers[..12] } else { &providers };
        let more = if shown.len() < providers.len() { ", ..." } else { "" };
        let error = anyhow!(
            "{} providers do not fit into one book, and `{}` is no folder",
            providers.len(),
            out.display()
        );
        let hint = format!(
            "name a folder with --out, or one provider with --provider: {}{more}",
            shown.join(", ")
        );
        return Err(Failure::with_hint(error, hint));
    }
    Ok(books.iter().map(|book| out.join(&book.file_name)).collect())
}

fn not_over_the_input(file: &Path, targets: &[PathBuf]) -> Result<(), Failure> {
    let input = file.canonicalize().ok();
    match targets.iter().find(|t| input.is_some() && t.canonicalize().ok() == input) {
        Some(target) => Err(Failure::with_hint(
            anyhow!("`{}` would be written over the file it is made of", target.display()),
            "name another file with --out",
        )),
        None => Ok(()),
    }
}

fn write(books: &[ImportedBook], targets: &[PathBuf]) -> Result<(), Failure> {
    if books.len() > 1
        && let Some(folder) = targets.first().and_then(|t| t.parent())
    {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    }
    for (book, target) in books.iter().zip(targets) {
        write_whole(target, |file| Ok(std::io::Write::write_all(file, book.text.as_bytes())?))?;
    }
    Ok(())
}

/// One line a reason, of all providers together.
fn tell_not_carried(all: &[NotCarried], ui: &Ui) {
    let mut reasons: Vec<(&str, u64, Vec<&str>)> = Vec::new();
    for one in all {
        let examples = one.examples.iter().map(String::as_str);
        match reasons.iter_mut().find(|(reason, ..)| *reason == one.reason) {
            Some((_, count, shown)) => {
                *count += one.count;
                shown.extend(examples);
            }
            None => reasons.push((one.reason, one.count, examples.collect())),
        }
    }
    reasons.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    for (reason, count, examples) in reasons {
        let clean = |text: &str| -> String {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        let shown: Vec<String> = examples.iter().take(3).map(|e| clean(e)).collect();
        ui.note(&format!(
            "{} not carried over, {reason}; such as {}",
            grouped(count),
            shown.join("; ")
        ));
    }
}

/// The summary in its JSON form.
#[derive(Debug, Serialize)]
struct Summary<'i> {
    schema: &'static str,
    file: &'i str,
    format: &'static str,
    books: Vec<Row<'i>>,
    not_carried: Vec<Lost<'i>>,
}

#[derive(Debug, Serialize)]
struct Row<'i> {
    provider: &'i str,
    book: Option<String>,
    models: usize,
    entries: usize,
    carried: u64,
    not_carried: u64,
}

#[derive(Debug, Serialize)]
struct Lost<'i> {
    provider: &'i str,
    reason: &'static str,
    count: u64,
    examples: &'i [String],
}

fn rows<'i>(imported: &'i Imported, targets: &[PathBuf]) -> Vec<Row<'i>> {
    let lost = |provider: &str| -> u64 {
        imported.not_carried.iter().filter(|n| n.provider == provider).map(|n| n.count).sum()
    };
    let written = imported.books.iter().zip(targets).map(|(book, target)| Row {
        provider: &book.provider,
        book: Some(target.display().to_string()),
        models: book.models,
        entries: book.entries,
        carried: book.carried,
        not_carried: lost(&book.provider),
    });
    let mut rows: Vec<Row<'i>> = written.collect();
    for one in &imported.not_carried {
        if !rows.iter().any(|row| row.provider == one.provider) {
            let provider = one.provider.as_str();
            let not_carried = lost(provider);
            rows.push(Row { provider, book: None, models: 0, entries: 0, carried: 0, not_carried });
        }
    }
    rows
}

fn print(
    imported: &Imported,
    targets: &[PathBuf],
    file: &str,
    output: OutputFormat,
    ui: &Ui,
) -> Result<(), Failure> {
    let books = rows(imported, targets);
    let mut grid = Grid::new(&[
        ("provider", Align::Left),
        ("models", Align::Right),
        ("entries", Align::Right),
        ("carried", Align::Right),
        ("not carried", Align::Right),
        ("book", Align::Left),
    ]);
    for row in &books {
        grid.rows.push(vec![
            row.provider.to_owned(),
            row.models.to_string(),
            row.entries.to_string(),
            row.carried.to_string(),
            row.not_carried.to_string(),
            row.book.clone().unwrap_or_default(),
        ]);
    }
    let lost = imported.not_carried.iter().map(|n| Lost {
        provider: &n.provider,
        reason: n.reason,
        count: n.count,
        examples: &n.examples,
    });
    let summary = Summary {
        schema: SCHEMA,
        file,
        format: imported.format.name(),
        books,
        not_carried: lost.collect(),
    };
    let head = format!("Imported `{file}` ({}).", imported.format);
    let printed = Printed { head: &head, grids: vec![grid.clone()], notes: &[], csv: grid };
    finish::print(&summary, printed, &OutputArgs { output, out: None }, false, ui)
}
