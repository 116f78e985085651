//! Rollout files of Codex CLI, and of programs made from it such as TRAE.
//!
//! A rollout prints, now and then, what the session has used so far. The usage of one request is
//! the growth since the last print. The same totals are printed again at will, go down when a
//! session is reset, and a forked session begins with the whole history of its parent.

use std::collections::VecDeque;

use compact_str::CompactString;

use super::shared;
use crate::diagnostic::code;
use crate::period::Timestamp;
use crate::sku::service_tier;
use crate::source::ReadOptions;
use crate::source::agents::codex_replay::Replay;
use crate::source::draft::Splitter;
use crate::source::envelope::instant;
use crate::source::format::{Emit, FormatInfo, Group, Reads, Session};
use crate::source::outcome::{Note, Outcome, Skipped, count_field, optional_count};
use crate::source::scan::Object;
use crate::tokens::Component;
use crate::usage::RecordGrain;
use crate::usage::dedup::RequestId;

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "codex",
    title: "rollout files of Codex CLI, and of its forks such as TRAE",
    group: Group::Agent,
    grain: RecordGrain::Request,
    reads: &[Reads::Session {
        markers: &["payload"],
        is: is_line,
        start: || Box::<Rollout>::default(),
    }],
};

fn is_line(object: &Object<'_>) -> bool {
    const TYPES: [&str; 6] = [
        "session_meta",
        "turn_context",
        "event_msg",
        "response_item",
        "compacted",
        "token_usage_record",
    ];
    object.text("type").is_some_and(|t| TYPES.contains(&&*t)) && object.has("timestamp")
}

/// Totals that are remembered, so that one printed again after a later one is known.
const REMEMBERED: usize = 64;

/// A rollout as far as it is read. It keeps the last totals and never grows.
#[derive(Debug, Default)]
struct Rollout {
    id: CompactString,
    provider: CompactString,
    model: CompactString,
    directory: CompactString,
    tier: CompactString,
    /// The history of a parent that a fork repeats, while it lasts.
    replay: Option<Replay>,
    is_fork: bool,
    /// Set by the first request of its own.
    has_own: bool,
    totals: Option<Totals>,
    printed: VecDeque<Totals>,
    /// How often the totals went down.
    resets: usize,
}

/// Counts as a rollout prints them. Input includes what caches read and wrote, output includes
/// reasoning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Totals {
    input: u64,
    read: u64,
    written: u64,
    output: u64,
    reasoning: u64,
    total: Option<u64>,
}

impl Totals {
    fn of(usage: Option<Object<'_>>) -> Result<Option<Self>, Skipped> {
        let Some(usage) = usage else { return Ok(None) };
        Ok(Some(Self {
            input: count_field!(usage, "input_tokens"),
            read: count_field!(usage, "cached_input_tokens"),
            written: count_field!(usage, "cache_write_input_tokens"),
            output: count_field!(usage, "output_tokens"),
            reasoning: count_field!(usage, "reasoning_output_tokens"),
            total: optional_count!(usage, "total_tokens"),
        }))
    }

    fn parts(&self) -> [u64; 5] {
        [self.input, self.read, self.written, self.output, self.reasoning]
    }

    fn is_within(&self, other: &Self) -> bool {
        self.parts().iter().zip(other.parts()).all(|(own, other)| *own <= other)
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            read: self.read.saturating_add(other.read),
            written: self.written.saturating_add(other.written),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            total: self.total.zip(other.total).map(|(a, b)| a.saturating_add(b)),
        }
    }

    /// The growth since `earlier`, which is within it.
    fn since(&self, earlier: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(earlier.input),
            read: self.read.saturating_sub(earlier.read),
            written: self.written.saturating_sub(earlier.written),
            output: self.output.saturating_sub(earlier.output),
            reasoning: self.reasoning.saturating_sub(earlier.reasoning),
            total: self.total.zip(earlier.total).and_then(|(a, b)| a.checked_sub(b)),
        }
    }
}

impl Session for Rollout {
    fn object(
        &mut self,
        line: u64,
        object: &Object<'_>,
        options: &ReadOptions,
        emit: &mut Emit<'_>,
    ) {
        emit(line, self.read(object, options));
    }
}

impl Rollout {
    fn read(&mut self, line: &Object<'_>, options: &ReadOptions) -> Outcome {
        let kind = line.text("type").unwrap_or_default();
        let payload = line.object("payload").unwrap_or_default();
        let time = line.get("timestamp").and_then(|v| instant(&v));
        let event = payload.text("type").unwrap_or_default();
        if kind == "session_meta" {
            self.begin(&payload, time);
        } else if self.replay.as_mut().is_some_and(|r| r.ends(&kind, &event, &payload, time)) {
            self.replay = None;
        }
        match (&*kind, &*event) {
            ("turn_context", _) => self.turn(&payload),
            ("event_msg", "thread_settings_applied") => self.settings(&payload),
            ("event_msg", "token_count") => return self.token_count(&payload, time, options),
            _ => {}
        }
        shared::not_usage("lines of Codex sessions that are not token counts")
    }

    /// The head of a rollout. A fork repeats the heads of its ancestors after its own; in files put
    /// one after the other a new head begins a new session.
    fn begin(&mut self, payload: &Object<'_>, time: Option<Timestamp>) {
        let id = payload.text("id").unwrap_or_default();
        if self.replay.is_some() || (!self.id.is_empty() && self.id == *id) {
            return;
        }
        *self = Self::default();
        self.id = CompactString::new(&id);
        self.provider = CompactString::new(payload.text("model_provider").unwrap_or_default());
        self.directory = CompactString::new(payload.text("cwd").unwrap_or_default());
        let spawned = payload
            .object("source")
            .and_then(|source| source.object("subagent")?.object("thread_spawn"))
            .is_some_and(|spawn| spawn.first_text(&["parent_thread_id"]).is_some());
        self.is_fork = spawned || payload.first_text(&["forked_from_id"]).is_some();
        self.replay = self.is_fork.then(|| Replay::new(&id, time));
    }

    fn turn(&mut self, payload: &Object<'_>) {
        if let Some(model) = payload.first_text(&["model"]) {
            self.model = CompactString::new(&model);
        }
        if let Some(directory) = payload.first_text(&["cwd"]) {
            self.directory = CompactString::new(&directory);
        }
    }

    /// The tier holds until the next settings; those without one are of the standard tier.
    fn settings(&mut self, payload: &Object<'_>) {
        if let Some(settings) = payload.object("thread_settings") {
            let tier = settings.text("service_tier").unwrap_or_default();
            self.tier = CompactString::new(if tier == "fast" { "priority" } else { &tier });
        }
    }

    fn token_count(
        &mut self,
        payload: &Object<'_>,
        time: Option<Timestamp>,
        options: &ReadOptions,
    ) -> Outcome {
        let Some(info) = payload.object("info") else {
            return shared::not_usage("token counts of Codex sessions that hold only rate limits");
        };
        let last = Totals::of(info.object("last_token_usage"))?;
        let stated = Totals::of(info.object("total_token_usage"))?;
        let Some(totals) =
            stated.or_else(|| last.map(|l| l.plus(&self.totals.unwrap_or_default())))
        else {
            return Err(Skipped::new(
                code::NO_USAGE,
                "token counts of Codex sessions without counts",
            ));
        };
        if self.replay.is_some() {
            self.remember(totals);
            return shared::not_usage("history of the parent that a forked Codex session repeats");
        }
        if self.printed.contains(&totals) || self.is_inherited(&totals, last) {
            return shared::not_usage("totals of Codex sessions that are printed again");
        }
        let (used, unexplained) = self.growth(totals, last);
        self.remember(totals);
        self.has_own = true;
        if used.parts() == [0; 5] {
            return shared::not_usage("totals of Codex sessions that are printed again");
        }
        self.request(&used, unexplained, payload, time, options)
    }

    /// More than one print of the parent's totals may follow before the fork has used anything.
    fn is_inherited(&self, totals: &Totals, last: Option<Totals>) -> bool {
        let base = self.totals.filter(|_| self.is_fork && !self.has_own);
        base.is_some_and(|base| totals.is_within(&base)) && last != Some(*totals)
    }

    /// What was used since the last print, and whether totals hold more than this file explains.
    fn growth(&mut self, totals: Totals, last: Option<Totals>) -> (Totals, bool) {
        match self.totals {
            Some(earlier) if earlier.is_within(&totals) => (totals.since(&earlier), false),
            Some(_) => {
                self.resets += 1;
                (last.unwrap_or(totals), false)
            }
            // Totals that begin higher count requests of another file.
            None => (last.unwrap_or(totals), !self.is_fork && last.is_some_and(|l| l != totals)),
        }
    }

    fn remember(&mut self, totals: Totals) {
        self.totals = Some(totals);
        if self.printed.len() == REMEMBERED {
            self.printed.pop_front();
        }
        self.printed.push_back(totals);
    }

    fn request(
        &self,
        used: &Totals,
        unexplained: bool,
        payload: &Object<'_>,
        time: Option<Timestamp>,
        options: &ReadOptions,
    ) -> Outcome {
        let what = "token count of a Codex session";
        let time = time.ok_or_else(|| shared::missing_time(what))?;
        let mut sku = shared::sku(&self.provider, &self.model, what, options)?;
        sku.service_tier = service_tier(&self.tier);
        let mut split = Splitter::default();
        let cached =
            [(Component::InputCacheRead, used.read), (shared::cache_write(&sku), used.written)];
        split.split(used.input, Component::InputUncached, &cached);
        split.split(
            used.output,
            Component::Output,
            &[(Component::OutputReasoning, used.reasoning)],
        );
        split.check_total(used.total);
        split.notes.set_if(Note::TotalMismatch, unexplained);
        // Only a ChatGPT plan has such limits.
        split.notes.set_if(Note::Subscription, payload.get("rate_limits").is_some());
        let mut record = shared::request(time, sku);
        record.labels = shared::project(Some(&self.directory), options).into();
        record.request_id = self.identity();
        shared::counted(record, split)
    }

    /// Copies of a file print the same totals in the same order.
    fn identity(&self) -> Option<RequestId> {
        let totals = self.totals.filter(|_| !self.id.is_empty())?;
        let parts = totals.parts().map(|count| count.to_string()).join(" ");
        Some(RequestId::new("codex", &format!("{} {} {parts}", self.id, self.resets), 0))
    }
}
