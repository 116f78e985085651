//! Cursor's usage: the CSV of its dashboard and the events of its admin API.
//!
//! The four counts are disjoint: "w/ Cache Write" are the tokens that were written to a cache. What
//! the plan includes has a price that nobody bills.

use std::sync::Arc;

use super::shared;
use crate::diagnostic::code;
use crate::money::Currency;
use crate::sku::Sku;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::row::{Row, amount};
use crate::source::scan::{Object, Value};
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain, ReportedCost};

/// The format of the CSV.
pub(crate) const CSV: FormatInfo = FormatInfo {
    name: "cursor",
    title: "usage CSV of the Cursor dashboard",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Table {
        columns: &[&[
            "date",
            "model",
            "inputwcachewrite",
            "inputwocachewrite",
            "cacheread",
            "outputtokens",
        ]],
        read: read_row,
        usual: None,
    }],
};

/// The format of the events.
pub(crate) const API: FormatInfo = FormatInfo {
    name: "cursor-api",
    title: "usage events of the Cursor admin API",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Page {
            markers: &["usageEventsDisplay", "usageEvents"],
            is: |_| true,
            read: read_page,
        },
        Reads::Object {
            markers: &["chargedCents", "isTokenBasedCall"],
            is: is_event,
            read: read_event,
        },
    ],
};

/// Who pays for a request, as its kind tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paid {
    /// Cursor bills it.
    Billed,
    /// The plan includes it.
    Included,
    /// The maker of the model bills it, by the user's own key.
    OwnKey,
    /// Nobody: it failed or was aborted.
    Nobody,
    /// Old exports do not say.
    Unknown,
}

impl Paid {
    /// Of `Included`, `On-Demand`, `USAGE_EVENT_KIND_USAGE_BASED`, `Errored, No Charge`, ...
    fn of(kind: &str) -> Self {
        let kind = kind.to_ascii_lowercase().replace(['_', '-', ',', ' '], "");
        if ["nocharge", "notcharged"].iter().any(|word| kind.contains(word)) {
            Self::Nobody
        } else if kind.contains("userapikey") {
            Self::OwnKey
        } else if ["included", "free"].iter().any(|word| kind.contains(word)) {
            Self::Included
        } else if kind.is_empty() {
            Self::Unknown
        } else {
            Self::Billed
        }
    }

    const fn cost_kind(self) -> CostKind {
        match self {
            Self::Billed | Self::Nobody => CostKind::Billed,
            Self::Included => CostKind::Notional,
            Self::OwnKey => CostKind::Estimate,
            Self::Unknown => CostKind::List,
        }
    }
}

fn uncharged() -> Skipped {
    Skipped::new(code::FAILED_REQUEST, "requests of Cursor that failed or were aborted, uncharged")
}

/// Cursor bills its requests at its own prices; a request by the user's key is the maker's.
fn sku(paid: Paid, model: &str, what: &str, options: &ReadOptions) -> Result<Sku, Skipped> {
    shared::sku(if paid == Paid::OwnKey { "" } else { "cursor" }, model, what, options)
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let kind = row.text("kind");
    let paid = Paid::of(&kind);
    if paid == Paid::Nobody {
        return Err(uncharged());
    }
    let time = row.instant("date")?;
    let mut split = Splitter::default();
    split.put(Component::InputUncached, row.count_or_zero("inputwocachewrite")?);
    split.put(Component::InputCacheWrite5m, row.count_or_zero("inputwcachewrite")?);
    split.put(Component::InputCacheRead, row.count_or_zero("cacheread")?);
    split.put(Component::Output, row.count_or_zero("outputtokens")?);
    split.check_total(row.count("totaltokens")?);
    let model = row.text("model");
    let mut record = shared::request(time, sku(paid, &model, "row of a Cursor export", options)?);
    record.reported_cost = row_cost(row, paid)?;
    split.notes.set_if(Note::Subscription, paid == Paid::Included);
    if options.labels.keeps("user") {
        Arc::make_mut(&mut record.labels).set("user", &row.text("user"));
    }
    // Rows have no id: the same row of two exports is one request.
    let cells =
        ["date", "user", "kind", "model", "maxmode", "cost", "requests"].map(|c| row.text(c));
    let counts: Vec<String> = split.components.iter().map(|(_, n)| n.to_string()).collect();
    let identity = format!("{} {}", cells.join(" "), counts.join(" "));
    record.request_id = Some(RequestId::new("cursor", &identity, 0));
    shared::counted(record, split)
}

/// What the user is charged where the export says so, else the cost; words are no amount.
fn row_cost(row: &Row<'_>, paid: Paid) -> Result<Option<ReportedCost>, Skipped> {
    let cell = |column: &'static str| {
        let text = row.text(column);
        let is_word = matches!(text.to_ascii_lowercase().as_str(), "included" | "free");
        if is_word { Ok(None) } else { row.amount(column) }
    };
    let charged = cell("costtoyou")?.filter(|amount| amount.atto() != 0);
    let cost = cell("cost")?.filter(|amount| amount.atto() != 0);
    Ok(match (charged, cost) {
        (Some(amount), _) => {
            Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::Billed })
        }
        (None, Some(amount)) => {
            Some(ReportedCost { amount, currency: Currency::USD, kind: paid.cost_kind() })
        }
        (None, None) => None,
    })
}

fn read_page(page: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let events = ["usageEventsDisplay", "usageEvents"].iter().find_map(|k| page.array(k));
    events
        .unwrap_or_default()
        .iter()
        .filter_map(Value::object)
        .map(|event| read_event(&event, options))
        .collect()
}

fn is_event(object: &Object<'_>) -> bool {
    object.text("kind").is_some_and(|kind| kind.starts_with("USAGE_EVENT_KIND_"))
}

fn read_event(event: &Object<'_>, options: &ReadOptions) -> Outcome {
    const WHAT: &str = "usage event of Cursor";
    let kind = event.text("kind").unwrap_or_default();
    let paid = Paid::of(&kind);
    if paid == Paid::Nobody {
        return Err(uncharged());
    }
    let time = event.get("timestamp").and_then(|v| instant(&v));
    let time = time.ok_or_else(|| shared::missing_time(WHAT))?;
    let model = event.text("model").unwrap_or_default();
    let mut record = shared::request(time, sku(paid, &model, WHAT, options)?);
    let mut split = Splitter::default();
    let usage = event.object("tokenUsage");
    let tokens = usage.clone().unwrap_or_default();
    split.put(Component::InputUncached, count_field!(tokens, "inputTokens"));
    split.put(Component::InputCacheWrite5m, count_field!(tokens, "cacheWriteTokens"));
    split.put(Component::InputCacheRead, count_field!(tokens, "cacheReadTokens"));
    split.put(Component::Output, count_field!(tokens, "outputTokens"));
    split.check_total(optional_count!(tokens, "totalTokens"));
    split.notes.set_if(Note::Subscription, paid == Paid::Included);
    record.reported_cost = match paid {
        Paid::Billed => cents(event, "chargedCents", CostKind::Billed)?,
        paid => cents(&tokens, "totalCents", paid.cost_kind())?,
    };
    if usage.is_none() && record.reported_cost.is_some() {
        record.grain = RecordGrain::BillingLine;
    }
    let user = event.text("userEmail").unwrap_or_default();
    if options.labels.keeps("user") {
        Arc::make_mut(&mut record.labels).set("user", &user);
    }
    let counts: Vec<String> = split.components.iter().map(|(_, n)| n.to_string()).collect();
    let identity = format!("{} {user} {kind} {model} {}", time.nanos(), counts.join(" "));
    record.request_id = Some(RequestId::new("cursor-api", &identity, 0));
    shared::counted(record, split)
}

/// An amount in cents, with fractions of them.
fn cents(object: &Object<'_>, name: &str, kind: CostKind) -> Result<Option<ReportedCost>, Skipped> {
    let text = object.get(name).and_then(|v| v.scalar()).unwrap_or_default();
    let bad = |reason: &str| Skipped::bad_field(name, &text, reason);
    let Some(cents) = amount(&text).map_err(|e| bad(&e))?.filter(|a| a.atto() != 0) else {
        return Ok(None);
    };
    let amount = cents.checked_ratio(1, 100).map_err(|e| bad(&e.to_string()))?;
    Ok(Some(ReportedCost { amount, currency: Currency::USD, kind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_pays() {
        for (kind, paid) in [
            ("Included", Paid::Included),
            ("Included in Pro", Paid::Included),
            ("Free", Paid::Included),
            ("On-Demand", Paid::Billed),
            ("usage-based", Paid::Billed),
            ("Errored, No Charge", Paid::Nobody),
            ("Aborted, Not Charged", Paid::Nobody),
            ("User API Key", Paid::OwnKey),
            ("", Paid::Unknown),
            ("USAGE_EVENT_KIND_USAGE_BASED", Paid::Billed),
            ("USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS", Paid::Included),
            ("USAGE_EVENT_KIND_ERRORED_NOT_CHARGED", Paid::Nobody),
            ("USAGE_EVENT_KIND_USER_API_KEY", Paid::OwnKey),
        ] {
            assert_eq!(Paid::of(kind), paid, "{kind}");
        }
    }
}
