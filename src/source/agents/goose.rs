//! Goose's database of sessions.
//!
//! A session has sums over all its requests. What caches served is not told apart from other input.

use super::shared;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::{Row, instant};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "goose",
    title: "sessions of Goose, an SQLite database",
    group: Group::Agent,
    grain: RecordGrain::Session,
    reads: &[Reads::Database {
        table: (
            "sessions",
            &[
                "id",
                "created_at",
                "model_config_json",
                "accumulated_input_tokens",
                "accumulated_output_tokens",
            ],
        ),
        query: "SELECT * FROM sessions ORDER BY id",
        read,
    }],
};

fn read(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    // Where the sums are missing, the last request's counts are all that is known.
    let sums = [
        either(row, "accumulatedinputtokens", "inputtokens")?,
        either(row, "accumulatedoutputtokens", "outputtokens")?,
        either(row, "accumulatedtotaltokens", "totaltokens")?,
    ];
    let [input, output, total] = sums;
    if sums.iter().all(|count| count.unwrap_or(0) == 0) {
        return shared::not_usage("sessions of Goose without a request");
    }
    let mut split = Splitter::default();
    split.put(Component::InputUncached, input.unwrap_or(0));
    split.put(Component::Output, output.unwrap_or(0));
    split.check_total(total);
    let start = row.instant("createdat")?;
    let config = row.text("modelconfigjson");
    let model = Object::parse(config.as_bytes()).ok().and_then(|c| c.text("model_name"));
    let provider = row.text("providername");
    let sku = shared::sku(&provider, &model.unwrap_or_default(), "session of Goose", options)?;
    let mut record = shared::session(start, instant(&row.text("updatedat")), sku);
    record.labels = shared::project(Some(&row.text("workingdir")), options).into();
    let identity = format!("{} {start}", row.text("id"));
    record.request_id = Some(RequestId::new("goose", &identity, 0));
    shared::counted(record, split)
}

fn either(
    row: &Row<'_>,
    first: &'static str,
    second: &'static str,
) -> Result<Option<u64>, Skipped> {
    Ok(match row.count(first)? {
        None => row.count(second)?,
        known => known,
    })
}
