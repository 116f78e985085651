//! What GitHub Copilot's program for the terminal keeps: the events of its sessions and a database
//! of requests.
//!
//! Input includes what caches read and wrote, output includes reasoning. A session prints its sums
//! when it ends; when it is resumed and ends again, the sums go on from there.

use std::collections::BTreeMap;

use compact_str::CompactString;

use super::shared;
use crate::diagnostic::code;
use crate::money::{Amount, Currency};
use crate::period::Timestamp;
use crate::source::ReadOptions;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::outcome::{Note, Outcome, Skipped, count_field};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, RecordGrain, ReportedCost, UsageRecord};

/// The format of sessions.
pub(crate) const SESSIONS: FormatInfo = FormatInfo {
    name: "copilot-session",
    title: "events of GitHub Copilot CLI sessions",
    group: Group::Agent,
    grain: RecordGrain::Session,
    reads: &[Reads::Session { markers: &["data"], is: is_event, start: || Box::<Legs>::default() }],
};

/// The format of the database.
pub(crate) const STORE: FormatInfo = FormatInfo {
    name: "copilot-store",
    title: "the session store of GitHub Copilot CLI, an SQLite database",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Database {
        table: (
            "assistant_usage_events",
            &["id", "session_id", "model", "input_tokens", "output_tokens", "created_at"],
        ),
        query: "SELECT * FROM assistant_usage_events ORDER BY id",
        read: read_row,
    }],
};

/// Who bills Copilot.
const PROVIDER: &str = "github_copilot";

/// Credits are printed in billionths; a credit is a cent.
const NANO_CREDITS_PER_DOLLAR: i128 = 100_000_000_000;

/// Models of one session that are told apart; no session has nearly as many.
const MOST_MODELS: usize = 1_000;

fn is_event(object: &Object<'_>) -> bool {
    const KINDS: [&str; 8] =
        ["session.", "user.", "assistant.", "tool.", "hook.", "system.", "subagent.", "skill."];
    let has_kind = || {
        object.text("type").is_some_and(|kind| KINDS.iter().any(|start| kind.starts_with(start)))
    };
    object.has("timestamp") && has_kind() && object.object("data").is_some()
}

/// A session over its legs: the sums at the end of the leg before, for each model.
#[derive(Debug, Default)]
struct Legs {
    id: CompactString,
    directory: CompactString,
    started: Option<Timestamp>,
    sums: BTreeMap<CompactString, Sum>,
}

/// What a session has used of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum([u64; 7]);

impl Sum {
    fn of(metrics: &Object<'_>) -> Result<Self, Skipped> {
        let usage = metrics.object("usage").unwrap_or_default();
        let requests = metrics.object("requests").unwrap_or_default();
        Ok(Self([
            count_field!(usage, "inputTokens"),
            count_field!(usage, "cacheReadTokens"),
            count_field!(usage, "cacheWriteTokens"),
            count_field!(usage, "outputTokens"),
            count_field!(usage, "reasoningTokens"),
            count_field!(requests, "count"),
            count_field!(metrics, "totalNanoAiu"),
        ]))
    }

    /// The growth since `earlier`; all of it where any count has gone down.
    fn since(self, earlier: Self) -> Self {
        let grown = self.0.iter().zip(earlier.0).all(|(now, before)| *now >= before);
        if !grown {
            return self;
        }
        let mut growth = self;
        growth.0.iter_mut().zip(earlier.0).for_each(|(now, before)| *now -= before);
        growth
    }
}

impl Session for Legs {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let time = object.get("timestamp").and_then(|v| instant(&v));
        let data = object.object("data").unwrap_or_default();
        match object.text("type").as_deref() {
            Some("session.start") => *self = Self::begun(&data, time),
            Some("session.resume") => self.started = time.or(self.started),
            Some("session.shutdown") => return self.shutdown(line, &data, time, options, emit),
            _ => {}
        }
        emit(line, shared::not_usage("events of Copilot sessions that hold no sums"));
    }
}

impl Legs {
    fn begun(data: &Object<'_>, time: Option<Timestamp>) -> Self {
        let context = data.object("context").unwrap_or_default();
        Self {
            id: CompactString::new(data.text("sessionId").unwrap_or_default()),
            directory: CompactString::new(context.text("cwd").unwrap_or_default()),
            started: time,
            sums: BTreeMap::new(),
        }
    }

    fn shutdown(
        &mut self,
        line: u64,
        data: &Object<'_>,
        time: Option<Timestamp>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        let models = data.object("modelMetrics").unwrap_or_default();
        let mut found = false;
        for (model, metrics) in models.iter().filter_map(|(m, v)| Some((m, v.object()?))) {
            found = true;
            emit(line, self.model(&model, &metrics, time, options));
        }
        if !found {
            emit(line, shared::not_usage("events of Copilot sessions that hold no sums"));
        }
        self.started = time.or(self.started);
    }

    fn model(
        &mut self,
        model: &str,
        metrics: &Object<'_>,
        time: Option<Timestamp>,
        options: &ReadOptions,
    ) -> Outcome {
        const WHAT: &str = "end of a Copilot session";
        let sum = Sum::of(metrics)?;
        let key = CompactString::new(model);
        let used = sum.since(self.sums.get(&key).copied().unwrap_or_default());
        if self.sums.len() < MOST_MODELS || self.sums.contains_key(&key) {
            self.sums.insert(key, sum);
        }
        if used == Sum::default() {
            return shared::not_usage("sums of Copilot sessions that have not grown");
        }
        let end = time.ok_or_else(|| shared::missing_time(WHAT))?;
        let sku = shared::sku(PROVIDER, model, WHAT, options)?;
        let mut record = shared::session(self.started.unwrap_or(end), Some(end), sku);
        let [input, read, written, output, reasoning, requests, credits] = used.0;
        record.requests = requests;
        record.labels = shared::project(Some(&self.directory), options).into();
        let counts = sum.0.map(|count| count.to_string()).join(" ");
        let identity = format!("{} {model} {counts}", self.id);
        record.request_id =
            (!self.id.is_empty()).then(|| RequestId::new("copilot-session", &identity, 0));
        finish(record, [input, read, written, output, reasoning], credits)
    }
}

/// Copilot is a subscription: its credits have a price, of which an allowance is free.
fn finish(mut record: UsageRecord, counts: [u64; 5], nano_credits: u64) -> Outcome {
    let [input, read, written, output, reasoning] = counts;
    let mut split = Splitter::default();
    let cached = [(Component::InputCacheRead, read), (Component::InputCacheWrite5m, written)];
    split.split(input, Component::InputUncached, &cached);
    split.split(output, Component::Output, &[(Component::OutputReasoning, reasoning)]);
    split.notes.set(Note::Subscription);
    record.reported_cost = credits(nano_credits)?;
    shared::counted(record, split)
}

fn credits(nano: u64) -> Result<Option<ReportedCost>, Skipped> {
    if nano == 0 {
        return Ok(None);
    }
    let dollar = Amount::from_cents(100);
    let amount = dollar.checked_ratio(i128::from(nano), NANO_CREDITS_PER_DOLLAR).map_err(|e| {
        Skipped::new(code::INVALID_FIELD, format!("credits `{nano}` are no amount: {e}"))
    })?;
    Ok(Some(ReportedCost { amount, currency: Currency::USD, kind: CostKind::List }))
}

fn read_row(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let time = row.instant("createdat")?;
    let model = row.first_text(&["copilotusagemodel", "model"]);
    let sku = shared::sku(PROVIDER, &model, "row of the Copilot store", options)?;
    let mut record = shared::request(time, sku);
    let identity = format!("{} {}", row.text("sessionid"), row.text("id"));
    record.request_id = Some(RequestId::new("copilot-store", &identity, 0));
    let counts = [
        row.count_or_zero("inputtokens")?,
        row.count_or_zero("cachereadtokens")?,
        row.count_or_zero("cachewritetokens")?,
        row.count_or_zero("outputtokens")?,
        row.count_or_zero("reasoningtokens")?,
    ];
    finish(record, counts, row.count_or_zero("totalnanoaiu")?)
}
