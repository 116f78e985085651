//! Books as TOML that people can read and review, in the layout of the bundled ones.

use std::fmt::Write as _;

use chrono::NaiveDate;

use super::Options;
use super::draft::{Draft, Entry, When};
use crate::price_book::PriceKey;

/// The text of one book.
pub(super) fn write(
    provider: &str,
    draft: &Draft,
    checked_on: NaiveDate,
    source: &str,
    options: &Options,
) -> String {
    let origin = Origin { source, confidence: options.confidence };
    let mut out = String::new();
    line(&mut out, &format!("# Imported from {}. Prices in USD.", one_line(source)));
    line(&mut out, "# What could not be carried over is not in here: see what the import printed.");
    line(&mut out, "");
    key(&mut out, "schema", "tokencast.prices.v1");
    key(&mut out, "provider", provider);
    key(&mut out, "name", &format!("{provider} (imported)"));
    key(&mut out, "currency", "USD");
    key(&mut out, "checked_on", &checked_on.to_string());
    for (name, hours) in &draft.calendars {
        line(&mut out, "\n[[calendar]]");
        key(&mut out, "name", name);
        key(&mut out, "timezone", "UTC");
        line(&mut out, &format!("hours = [{}]", quoted(hours)));
        key(&mut out, "source", source);
    }
    for ((endpoint, factor), models) in &draft.multipliers {
        line(&mut out, "\n[[multiplier]]");
        key(&mut out, "factor", factor);
        line(&mut out, &format!("when = {{ endpoint = {} }}", quoted(endpoint)));
        list(&mut out, "models", models.iter().map(|id| quoted(id)));
        origin.write(&mut out, "import");
    }
    for entry in &draft.entries {
        line(&mut out, "\n[[price]]");
        write_entry(&mut out, entry, &origin);
    }
    for (id, model) in &draft.models {
        line(&mut out, "\n[[model]]");
        key(&mut out, "id", id);
        if let Some(family) = model.family.as_ref().filter(|f| !f.trim().is_empty()) {
            key(&mut out, "family", family);
        }
        if !model.aliases.is_empty() {
            list(&mut out, "aliases", model.aliases.iter().map(|name| quoted(name)));
        }
        if let Some(window) = model.context_window {
            line(&mut out, &format!("context_window = {window}"));
        }
        for entry in &model.entries {
            line(&mut out, "\n[[model.price]]");
            write_entry(&mut out, entry, &origin);
        }
    }
    out
}

struct Origin<'o> {
    source: &'o str,
    confidence: &'o str,
}

impl Origin<'_> {
    fn write(&self, out: &mut String, date_basis: &str) {
        key(out, "confidence", self.confidence);
        key(out, "date_basis", date_basis);
        key(out, "source", self.source);
    }
}

fn write_entry(out: &mut String, entry: &Entry, origin: &Origin<'_>) {
    let dates = entry.head.dates;
    for (name, date) in [("effective_from", dates.from), ("effective_until", dates.until)] {
        if let Some(date) = date {
            key(out, name, &date.to_string());
        }
    }
    let when = conditions(&entry.head.when);
    if !when.is_empty() {
        line(out, &format!("when = {{ {} }}", when.join(", ")));
    }
    for (component, price) in &entry.prices {
        key(out, PriceKey::of(*component).name, price);
    }
    let dated = dates.from.is_some() || dates.until.is_some();
    origin.write(out, if dated { "stated by the source" } else { "import" });
    if let Some(notes) = &entry.head.notes {
        key(out, "notes", notes);
    }
}

fn conditions(when: &When) -> Vec<String> {
    let words = [
        ("service_tier", when.service_tier),
        ("speed", when.speed),
        ("endpoint", when.endpoint.as_deref()),
        ("region", when.region.as_deref()),
        ("deployment", when.deployment),
        ("calendar", when.calendar.as_deref()),
        ("outside_calendar", when.outside_calendar.as_deref()),
    ];
    let limits = [("context_over", when.context_over), ("context_up_to", when.context_up_to)];
    let words = words.into_iter().filter_map(|(k, v)| Some(format!("{k} = {}", quoted(v?))));
    words.chain(limits.into_iter().filter_map(|(k, v)| Some(format!("{k} = {}", v?)))).collect()
}

/// On one line if it is short.
fn list(out: &mut String, name: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    let short = format!("{name} = [{}]", items.join(", "));
    if short.len() <= 110 {
        return line(out, &short);
    }
    line(out, &format!("{name} = ["));
    for item in items {
        line(out, &format!("    {item},"));
    }
    line(out, "]");
}

fn key(out: &mut String, name: &str, value: &str) {
    line(out, &format!("{name} = {}", quoted(value)));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_survive() {
        for text in ["a\"b\\c", "line\nbreak\t\u{7f}", "\u{2264}200k"] {
            let table: toml::Table = format!("x = {}", quoted(text)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}
