//! Langfuse observations: from the API (camel case), exports (snake case), and tables of text and
//! Parquet with JSON in their cells.
//!
//! Generations may hold generations with the same tokens again, where two instrumentations trace
//! one call: a generation that is the sum of those below it is left out.

mod usage;

use super::call::{LabelSet, dollars, sku};
use super::fields::Fields;
use super::tree::{Above, Content, Held, Tree};
use crate::diagnostic::code;
use crate::source::ReadOptions;
use crate::source::format::{Emit, FormatInfo, Group, Reads, RowReader, Session};
use crate::source::outcome::Skipped;
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain, UsageRecord, UsageTime};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "langfuse",
    title: "Langfuse observations (API, exports, CSV, Parquet)",
    group: Group::Gateway,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Session {
            markers: &[
                "usageDetails",
                "usage_details",
                "parentObservationId",
                "parent_observation_id",
                "completionStartTime",
            ],
            is: is_observation,
            start: || Box::new(Reader::new()),
        },
        Reads::Rows { columns: &[&["usagedetails", "traceid"]], start: || Box::new(Reader::new()) },
    ],
};

fn is_observation(object: &Object<'_>) -> bool {
    (object.has("traceId") || object.has("trace_id")) && object.has("type")
}

struct Reader(Tree);

impl Reader {
    fn new() -> Self {
        Self(Tree::new(Above::RepeatsIfSum))
    }

    fn observation(
        &mut self,
        line: u64,
        fields: &impl Fields,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let content = match observation(fields, options) {
            Ok(held) => Content::Usage(Box::new(held)),
            Err(skipped) => {
                emit(line, Err(skipped));
                Content::Nothing
            }
        };
        let trace = fields.first(&["traceId", "trace_id"]);
        let parent = fields.first(&["parentObservationId", "parent_observation_id"]);
        self.0.add(line, [&trace, &fields.first(&["id"]), &parent], content, emit);
    }
}

impl Session for Reader {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        self.observation(line, object, options, emit);
    }

    fn finish(&mut self, _: &ReadOptions, emit: &mut Emit<'_>) {
        self.0.finish(emit);
    }
}

impl RowReader for Reader {
    fn row(&mut self, line: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        self.observation(line, row, options, emit);
    }

    fn finish(&mut self, _: &ReadOptions, emit: &mut Emit<'_>) {
        self.0.finish(emit);
    }
}

fn observation(fields: &impl Fields, options: &ReadOptions) -> Result<Held, Skipped> {
    let kind = fields.first(&["type"]);
    if !matches!(&*kind, "GENERATION" | "EMBEDDING") {
        let message = "Langfuse observations that are no generations";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let Some(details) = usage::Details::read(fields)? else {
        return Err(if fields.text("level") == "ERROR" {
            Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
        } else {
            Skipped::new(code::NO_USAGE, "Langfuse generations without usage")
        });
    };
    let time = fields.instant(&["startTime", "start_time"])?;
    let metadata = fields.nested("metadata");
    let metadata = metadata.object();
    let model =
        fields.first(&["model", "provided_model_name", "providedModelName", "internalModelId"]);
    let sku = sku(&metadata.first(&["ls_provider", "gen_ai.system"]), &model, options)?;
    let split = details.split(&sku);
    let id = fields.first(&["id"]);
    let project = fields.first(&["projectId", "project_id"]);
    let labels = LabelSet::new(options)
        .put_all(&metadata)
        .put("project", &project)
        .put("environment", &fields.first(&["environment"]))
        .put("user", &fields.first(&["userId", "user_id"]))
        .put("session", &fields.first(&["sessionId", "session_id"]))
        .put("name", &fields.first(&["name"]))
        .finish();
    let record = UsageRecord {
        time: UsageTime::At(time),
        grain: RecordGrain::Request,
        sku: sku.into(),
        context_tokens: None,
        requests: 1,
        request_id: (!id.is_empty())
            .then(|| RequestId::new(FORMAT.name, &format!("{project}/{id}"), 0)),
        labels: labels.into(),
        components: split.components,
        reported_cost: dollars(cost(fields)?, CostKind::Estimate),
    };
    let updated = fields.instant(&["updatedAt", "updated_at"]).map_or(0, |t| t.nanos());
    Ok(Held { records: vec![(record, split.notes)], version: updated })
}

/// A total of zero beside no details is what Langfuse prints for a model without a price.
fn cost(fields: &impl Fields) -> Result<Option<crate::money::Amount>, Skipped> {
    let details = fields.nested("costDetails");
    let details = details.object();
    let snake = fields.nested("cost_details");
    let snake = snake.object();
    let total = fields.amount(&["totalCost", "total_cost", "calculatedTotalCost"])?;
    let in_details = details.amount(&["total"])?.or(snake.amount(&["total"])?);
    Ok(match total {
        Some(total) if !total.is_zero() || in_details.is_some() => Some(total),
        _ => in_details,
    })
}
