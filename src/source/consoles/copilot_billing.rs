//! GitHub's usage report with GitHub Copilot's lines: premium requests until May 2026, AI credits
//! since. What is billed is `net_amount`, after what a plan includes. Newer reports carry tokens.

use super::bucket::{Cells, Line, UNSPECIFIED, reported, sku, utc_day};
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped};
use crate::source::resolve::{Counted, Includes, Stated, input_includes_cache};
use crate::source::row::{Row, amount};
use crate::tokens::Component;
use crate::usage::{CostKind, RecordGrain};

/// The report.
pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "copilot-billing-csv",
    title: "GitHub usage reports, lines of Copilot",
    group: Group::Console,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Table {
        columns: &[&["sku", "unittype", "appliedcostperquantity", "grossamount"]],
        read,
        usual: None,
    }],
};

/// The one who bills, as it is named here and by the readers of its logs.
pub(super) const PROVIDER: &str = "github_copilot";

const LABELS: [(&str, &[&str]); 7] = [
    ("organization", &["organization"]),
    ("cost_center", &["cost_center_name"]),
    ("product", &["product"]),
    ("sku", &["sku"]),
    ("unit_type", &["unit_type"]),
    ("repository", &["repository"]),
    ("user", &["username"]),
];

fn read(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let (product, item) = (row.text("product"), row.text("sku"));
    let is_copilot = product.eq_ignore_ascii_case("copilot")
        || ["copilot", "premium_request", "ai_credit"].iter().any(|part| item.contains(part));
    if !is_copilot {
        return Err(Skipped::new(code::NOT_USAGE, "lines of GitHub's other products"));
    }
    let period = utc_day("date", &row.text("date"))?;
    let cost = reported("net_amount", &row.text("netamount"), amount, "USD", CostKind::Billed)?;
    let Some(cost) = cost else {
        return Err(Skipped::bad_field("net_amount", "", "the amount that is billed"));
    };
    let cells = Cells::Table(row);
    let model = row.text("model");
    let line = Line {
        period,
        sku: sku(PROVIDER, if model.is_empty() { UNSPECIFIED } else { &model }, options).into(),
        id: cells.identity(FORMAT.name, period, is_figure),
        labels: cells.labels(options, &LABELS).into(),
    };
    let tokens = tokens(row)?;
    let mut outcome = line.cost(cost)?;
    for (record, notes) in &mut outcome {
        record.components.clone_from(&tokens.components);
        *notes = tokens.notes;
    }
    Ok(outcome)
}

/// True for a column that is no dimension. The price is one: a day may have a line for each.
fn is_figure(column: &str) -> bool {
    const FIGURES: [&str; 11] = [
        "quantity",
        "grossamount",
        "discountamount",
        "netamount",
        "totalmonthlyquota",
        "aicquantity",
        "aicgrossamount",
        "input",
        "output",
        "cacheread",
        "cachewrite",
    ];
    FIGURES.contains(&column)
}

/// Tokens of the line, where the report has them.
fn tokens(row: &Row<'_>) -> Result<Splitter, Skipped> {
    let counted = Counted {
        input: row.count_or_zero("input")?,
        output: row.count_or_zero("output")?,
        read: row.count_or_zero("cacheread")?,
        written: row.count_or_zero("cachewrite")?,
        total: None,
    };
    let mut split = Splitter::default();
    // A line's input is often less than what caches read, so it stands beside it.
    let inclusive = input_includes_cache(&counted, Stated::Unknown, Includes::No, &mut split.notes);
    let cached = if inclusive { counted.read.saturating_add(counted.written) } else { 0 };
    split.put(Component::InputUncached, counted.input.saturating_sub(cached));
    split.put(Component::InputCacheRead, counted.read);
    split.put(Component::InputCacheWrite5m, counted.written);
    split.notes.set_if(Note::TtlAssumed, counted.written > 0);
    split.put(Component::Output, counted.output);
    Ok(split)
}
