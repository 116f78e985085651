//! GitHub's Copilot usage metrics, one day of a person or of an organisation a line. Only their
//! sums of tokens are read; there is no model, and what was cached is not told apart.

use super::bucket::{Cells, Line, UNSPECIFIED, sku, utc_day};
use super::copilot_billing::PROVIDER;
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped, count_field};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// Lines of the reports, or a report of several days.
pub(super) const FORMAT: FormatInfo = FormatInfo {
    name: "copilot-metrics",
    title: "GitHub Copilot usage metrics, sums of tokens",
    group: Group::Console,
    grain: RecordGrain::Bucket,
    reads: &[Reads::Page {
        markers: &[
            "totals_by_cli",
            "totals_by_copilot_app",
            "totals_by_ide",
            "totals_by_feature",
            "day_totals",
        ],
        is: |line| line.has("day") || line.has("day_totals"),
        read,
    }],
};

/// Where tokens are summed, and the product that used them.
const SUMS: [(&str, &str); 2] =
    [("totals_by_cli", "copilot_cli"), ("totals_by_copilot_app", "copilot_app")];

fn read(line: &Object<'_>, options: &ReadOptions) -> Vec<Outcome> {
    let mut found = Vec::new();
    let days = line.array("day_totals").unwrap_or_default();
    for day in days.iter().filter_map(|value| value.object()) {
        sums(&day, options, &mut found);
    }
    sums(line, options, &mut found);
    if found.is_empty() {
        found.push(Err(Skipped::new(code::NOT_USAGE, "lines of Copilot metrics without tokens")));
    }
    found
}

fn sums(day: &Object<'_>, options: &ReadOptions, found: &mut Vec<Outcome>) {
    for (key, product) in SUMS {
        if let Some(totals) = day.object(key)
            && let Some(tokens) = totals.object("token_usage")
        {
            found.push(sum(day, product, &totals, &tokens, options));
        }
    }
}

fn sum(
    day: &Object<'_>,
    product: &str,
    totals: &Object<'_>,
    tokens: &Object<'_>,
    options: &ReadOptions,
) -> Outcome {
    let period = utc_day("day", &day.text("day").unwrap_or_default())?;
    let mut split = Splitter::default();
    split.put(Component::InputUncached, count_field!(tokens, "prompt_tokens_sum"));
    split.put(Component::Output, count_field!(tokens, "output_tokens_sum"));
    let cells = Cells::Json(day);
    let mut labels = cells.labels(
        options,
        &[
            ("organization", &["organization_id", "enterprise_id"]),
            ("user", &["user_login", "user_id"]),
        ],
    );
    if options.labels.keeps("product") {
        labels.set("product", product);
    }
    // Whose day it is; everything else in the line is a figure.
    let mut identity = format!("{}\u{1e}{product}", period.start.nanos());
    for part in ["enterprise_id", "organization_id", "user_id", "user_login"] {
        identity.extend(["\u{1e}", &*cells.text(part)]);
    }
    let line = Line {
        period,
        sku: sku(PROVIDER, UNSPECIFIED, options).into(),
        id: RequestId::new(FORMAT.name, &identity, 0),
        labels: labels.into(),
    };
    line.usage(count_field!(totals, "request_count"), None, split, None)
}
