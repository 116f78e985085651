//! From what the user typed to what the library takes: environment, processors and texts are
//! resolved here, once.

use std::collections::BTreeSet;
use std::num::NonZero;

use anyhow::{Context, Result, anyhow, bail};
use chrono::{NaiveDate, NaiveDateTime};

use super::args::{FindingArgs, IncludesCache, InputArgs, PriceArgs};
use crate::diagnostic::{Code, Severity, SeverityPolicy};
use crate::period::{Calendar, PeriodError, Timestamp};
use crate::price_book::{BookSource, Layer, bundled};
use crate::rating::group::Dimension;
use crate::source::{
    Format, HashLabels, InputIncludesCache, LabelPolicy, Mapping, ReadOptions, provider,
};

/// Variables of the environment, read at the start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// Colour is unwanted (`NO_COLOR`).
    pub(crate) no_color: bool,
    /// Price books of the organisation (`TOKENCAST_PRICES`).
    pub(crate) price_books: Vec<std::path::PathBuf>,
    /// The calibration of counts (`TOKENCAST_CALIBRATION`).
    pub(crate) calibration: Option<String>,
}

impl Environment {
    /// Reads the environment of the process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub(crate) fn read() -> Self {
        let books = std::env::var_os("TOKENCAST_PRICES").unwrap_or_default();
        Self {
            no_color: std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()),
            price_books: std::env::split_paths(&books)
                .filter(|p| !p.as_os_str().is_empty())
                .collect(),
            calibration: std::env::var_os("TOKENCAST_CALIBRATION")
                .map(|file| file.to_string_lossy().into_owned())
                .filter(|file| !file.is_empty()),
        }
    }
}

/// The secret for the hashes of labels.
#[expect(clippy::disallowed_methods, reason = "the environment is read in this file alone")]
fn hash_key() -> Vec<u8> {
    std::env::var_os("TOKENCAST_HASH_KEY").unwrap_or_default().into_encoded_bytes()
}

/// Which labels are hashed, with the secret of a file or of the environment.
fn hash_labels(args: &InputArgs) -> Result<Option<HashLabels>> {
    let Some(names) = &args.hash_labels else { return Ok(None) };
    let names = match names.as_str() {
        "all" => None,
        "personal" => Some(HashLabels::personal()),
        names => {
            let named = names.split(',').map(str::trim).filter(|n| !n.is_empty());
            Some(named.map(str::to_owned).collect())
        }
    };
    let key = match &args.hash_key_file {
        Some(path) => {
            let bytes = std::fs::read(path)
                .with_context(|| format!("--hash-key-file: failed to read `{}`", path.display()))?;
            // Editors end a file with a newline, which is no part of the secret.
            let bytes = bytes.trim_ascii().to_vec();
            if bytes.is_empty() {
                bail!("--hash-key-file: `{}` is empty", path.display());
            }
            bytes
        }
        None => hash_key(),
    };
    Ok(Some(HashLabels::new(names, &key)))
}

/// A date or a time in the reporting time zone; a time with an offset is an instant as it stands.
pub(crate) fn instant(text: &str, calendar: &Calendar) -> Result<Timestamp> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(calendar.day_start(date));
    }
    let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    match wall {
        Some(wall) => Ok(calendar.instant_of(wall)),
        None => Ok(Timestamp::parse(text)?),
    }
}

/// Input flags, resolved.
#[derive(Debug)]
pub(crate) struct InputSettings {
    pub(crate) options: ReadOptions,
    pub(crate) calendar: Calendar,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

pub(crate) fn input_settings(args: &InputArgs, dimensions: &[Dimension]) -> Result<InputSettings> {
    let calendar = match &args.timezone {
        Some(name) => Calendar::named(name)?,
        None => Calendar::UTC,
    };
    let at = |text: &Option<String>, flag: &str| -> Result<Option<Timestamp>> {
        text.as_ref()
            .map(|t| instant(t, &calendar).with_context(|| format!("--{flag}")))
            .transpose()
    };
    let (since, until) = (at(&args.since, "since")?, at(&args.until, "until")?);
    if let (Some(start), Some(end)) = (since, until)
        && start >= end
    {
        return Err(PeriodError::Empty { start, end }).context("--since and --until");
    }
    let includes_cache = match args.input_includes_cache {
        IncludesCache::Yes => InputIncludesCache::Yes,
        IncludesCache::No => InputIncludesCache::No,
        IncludesCache::Auto => InputIncludesCache::Auto,
    };
    let mapping = if args.map.is_empty() {
        None
    } else {
        Some(Mapping::parse(&args.map, includes_cache).context("--map")?)
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let options = ReadOptions {
        provider: args.provider.as_deref().map(provider::canonical),
        labels: label_policy(args.labels.as_deref(), dimensions),
        hash_labels: hash_labels(args)?,
        format: args.format_in.as_deref().map(format).transpose()?,
        mapping,
        time: None,
        threads: if args.threads == 0 { processors } else { args.threads },
    };
    Ok(InputSettings { options, calendar, since, until })
}

fn format(name: &str) -> Result<Format> {
    Format::from_name(name).filter(|f| f.is_detected()).ok_or_else(|| {
        let names: Vec<&str> =
            Format::all().filter(|f| f.is_detected()).map(Format::name).collect();
        anyhow!("--format-in: no format is named `{name}` (formats: {})", names.join(", "))
    })
}

/// Labels that a report groups by are kept whatever else is.
fn label_policy(text: Option<&str>, dimensions: &[Dimension]) -> LabelPolicy {
    let grouped = dimensions.iter().filter_map(|d| match d {
        Dimension::Label(name) => Some(name.clone()),
        _ => None,
    });
    match text {
        Some("all") => LabelPolicy::All,
        Some("none") => LabelPolicy::Only(grouped.collect()),
        Some(names) => {
            let named = names.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
            LabelPolicy::Only(named.chain(grouped).collect())
        }
        None => {
            let extra: BTreeSet<String> =
                grouped.filter(|g| !LabelPolicy::Default.keeps(g)).collect();
            if extra.is_empty() {
                return LabelPolicy::Default;
            }
            let usual = crate::source::DEFAULT_LABELS.iter().map(|l| (*l).to_owned());
            LabelPolicy::Only(usual.chain(extra).collect())
        }
    }
}

/// Severities from the flags; a later kind of flag wins over an earlier: allow, warn, deny.
pub(crate) fn severity_policy(args: &FindingArgs) -> Result<SeverityPolicy> {
    let mut policy = SeverityPolicy::default().strict(args.strict);
    for (names, severity) in
        [(&args.allow, Severity::Allow), (&args.warn, Severity::Warn), (&args.deny, Severity::Deny)]
    {
        for name in names.iter().flat_map(|n| n.split(',')).map(str::trim) {
            let Some(code) = Code::from_name(name) else {
                bail!("no finding has the code `{name}` (see docs/reference/diagnostics.md)");
            };
            policy.set(code, severity);
        }
    }
    Ok(policy)
}

/// The texts of all price books, lowest layer first.
pub(crate) fn price_sources(
    args: &PriceArgs,
    environment: &Environment,
) -> Result<Vec<BookSource>> {
    let mut sources = bundled::sources();
    let files = environment.price_books.iter().map(|p| (p, Layer::Organisation));
    for (path, layer) in files.chain(args.prices.iter().map(|p| (p, Layer::Flag))) {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("failed to read price book `{}`", path.display()))?;
        sources.push(BookSource { name: path.display().to_string(), text, layer });
    }
    Ok(sources)
}
