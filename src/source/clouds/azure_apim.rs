//! The log of the AI gateway in Azure API Management, `ApiManagementGatewayLlmLog`.
//!
//! A request has several entries: tokens stand in that with sequence number 0, the others are chunks
//! of the prompt and of the answer. Prompt tokens include what caches served, and nothing says how
//! much that was.

use compact_str::CompactString;

use super::azure_wording::OPENAI;
use super::bill::set_label;
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::Sku;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Note, Outcome, Skipped, one, optional_count};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{Labels, RecordGrain, UsageRecord, UsageTime};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "azure-apim",
    title: "Azure API Management's ApiManagementGatewayLlmLog",
    group: Group::Cloud,
    grain: RecordGrain::Request,
    reads: &[
        Reads::Object {
            markers: &["CorrelationId"],
            is: |entry| entry.has("CorrelationId") && entry.has("SequenceNumber"),
            read: read_object,
        },
        Reads::Table {
            columns: &[&["correlationid", "sequencenumber", "prompttokens"]],
            read: read_row,
            usual: None,
        },
    ],
};

/// What an entry says.
struct Entry {
    sequence: Option<u64>,
    time: Option<Timestamp>,
    id: String,
    model: String,
    deployment: String,
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
}

fn read_object(entry: &Object<'_>, options: &ReadOptions) -> Outcome {
    let text = |key| entry.text(key).unwrap_or_default().into_owned();
    let read = Entry {
        sequence: optional_count!(entry, "SequenceNumber"),
        time: entry.get("TimeGenerated").and_then(|v| instant(&v)),
        id: text("CorrelationId"),
        model: text("ModelName"),
        deployment: text("DeploymentName"),
        prompt: optional_count!(entry, "PromptTokens"),
        completion: optional_count!(entry, "CompletionTokens"),
        total: optional_count!(entry, "TotalTokens"),
    };
    read.record(options)
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let text = |column| row.text(column).into_owned();
    // The portal's CSV writes the zone into the name of the column.
    let time = row.first_text(&["timegenerated", "timegeneratedutc"]);
    let read = Entry {
        sequence: row.count("sequencenumber")?,
        time: crate::source::row::instant(&time),
        id: text("correlationid"),
        model: text("modelname"),
        deployment: text("deploymentname"),
        prompt: row.count("prompttokens")?,
        completion: row.count("completiontokens")?,
        total: row.count("totaltokens")?,
    };
    read.record(options)
}

impl Entry {
    fn record(self, options: &ReadOptions) -> Outcome {
        if self.sequence != Some(0) {
            let message = "chunks of prompts and answers in API Management's log";
            return Err(Skipped::new(code::NOT_USAGE, message));
        }
        if self.prompt.is_none() && self.completion.is_none() {
            let message = "requests in API Management's log without token counts";
            return Err(Skipped::new(code::NO_USAGE, message));
        }
        let Some(time) = self.time else {
            let message = "requests in API Management's log without a time";
            return Err(Skipped::new(code::MISSING_TIME, message));
        };
        let model = if self.model.is_empty() { &self.deployment } else { &self.model };
        if model.is_empty() {
            let message = "requests in API Management's log without a model";
            return Err(Skipped::new(code::MISSING_MODEL, message));
        }
        let provider = options.provider.clone().unwrap_or(CompactString::const_new(OPENAI));
        let mut split = Splitter::default();
        split.put(Component::InputUncached, self.prompt.unwrap_or(0));
        split.put(Component::Output, self.completion.unwrap_or(0));
        split.check_total(self.total.filter(|total| *total > 0));
        split.notes.set_if(Note::CacheNotStated, self.prompt.unwrap_or(0) > 0);
        let mut labels = Labels::default();
        set_label(&mut labels, "deployment", &self.deployment, &options.labels);
        Ok(one(
            UsageRecord {
                time: UsageTime::At(time),
                grain: RecordGrain::Request,
                sku: Sku::new(&provider, model).into(),
                context_tokens: None,
                requests: 1,
                request_id: (!self.id.is_empty())
                    .then(|| RequestId::new("azure-apim", &self.id, 0)),
                labels: labels.into(),
                components: split.components,
                reported_cost: None,
            },
            split.notes,
        ))
    }
}
