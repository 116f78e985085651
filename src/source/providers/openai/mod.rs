//! OpenAI bodies, and those of the many providers that answer in their shape.
//!
//! Input counts include cached and cache-written tokens, output counts include reasoning. What a
//! body's details name is always part of the count beside them.

pub(crate) mod chat;
pub(crate) mod media;
pub(crate) mod responses;

use std::sync::Arc;

use compact_str::CompactString;

use crate::diagnostic::code;
use crate::sku::{Sku, service_tier};
use crate::source::draft::{Draft, Splitter};
use crate::source::envelope::Envelope;
use crate::source::outcome::{Note, Skipped, count_field};
use crate::source::provider;
use crate::source::scan::Object;
use crate::tokens::Component;

/// The parts of an input count.
#[derive(Debug, Default)]
pub(super) struct InputParts {
    pub(super) cached: u64,
    /// What of it is sound and pictures, where that is told.
    pub(super) in_cache: Option<[u64; 2]>,
    pub(super) written: u64,
    /// What of the written stays for an hour and for five minutes, where that is told.
    pub(super) by_ttl: [u64; 2],
    pub(super) audio: u64,
    pub(super) image: u64,
    pub(super) video: u64,
}

impl InputParts {
    /// Reads the parts from the details of an input count.
    pub(super) fn read(details: &Object<'_>) -> Result<Self, Skipped> {
        let in_cache = match details.object("cached_tokens_details") {
            Some(parts) => {
                Some([count_field!(parts, "audio_tokens"), count_field!(parts, "image_tokens")])
            }
            None => None,
        };
        Ok(Self {
            cached: count_field!(details, "cached_tokens"),
            in_cache,
            written: count_field!(details, "cache_write_tokens"),
            by_ttl: [0, 0],
            audio: count_field!(details, "audio_tokens"),
            image: count_field!(details, "image_tokens"),
            video: count_field!(details, "video_tokens"),
        })
    }

    /// Takes the parts out of the whole input.
    pub(super) fn split(&self, splitter: &mut Splitter, whole: u64, sku: &Sku) {
        let fresh = whole.saturating_sub(self.cached).saturating_sub(self.written);
        let [cached_audio, cached_image] = self.in_cache.map_or([0, 0], |[audio, image]| {
            let audio = audio.min(self.audio).min(self.cached);
            [audio, image.min(self.image).min(self.cached - audio)]
        });
        let (mut left, mut cached) = (fresh, self.cached - cached_audio - cached_image);
        let mut part = |count: u64, of_cache: u64| {
            let uncached = (count - of_cache).min(left);
            left -= uncached;
            // Where details do not say what was cached, what does not fit the fresh part was.
            let beyond = (count - of_cache - uncached).min(cached);
            cached -= beyond;
            splitter.notes.set_if(Note::Clamped, of_cache + uncached + beyond < count);
            (uncached, of_cache + beyond)
        };
        let audio = part(self.audio, cached_audio);
        let image = part(self.image, cached_image);
        let video = part(self.video, 0);
        let [one_hour, five_minutes] = self.by_ttl;
        let unsaid = self.written.saturating_sub(one_hour).saturating_sub(five_minutes);
        let of_openai = writes_stay_half_an_hour(sku);
        splitter.notes.set_if(Note::TtlAssumed, !of_openai && unsaid > 0);
        let usual =
            if of_openai { Component::InputCacheWrite30m } else { Component::InputCacheWrite5m };
        let parts = [
            (Component::InputCacheReadAudio, audio.1),
            (Component::InputCacheReadImage, image.1),
            (Component::InputCacheReadVideo, video.1),
            (Component::InputCacheRead, self.cached - audio.1 - image.1 - video.1),
            (Component::InputCacheWrite1h, one_hour),
            (Component::InputCacheWrite5m, five_minutes),
            (usual, unsaid),
            (Component::InputUncachedAudio, audio.0),
            (Component::InputUncachedImage, image.0),
            (Component::InputUncachedVideo, video.0),
        ];
        splitter.split(whole, Component::InputUncached, &parts);
    }
}

/// What is priced.
pub(super) fn sku(envelope: &Envelope<'_>) -> Arc<Sku> {
    envelope.sku(|| find_sku(envelope))
}

/// What is priced, as the body and the line around it say.
fn find_sku(envelope: &Envelope<'_>) -> Sku {
    let model = envelope.model(&["model"]).unwrap_or_default();
    let body = envelope.body();
    let usage = envelope.usage();
    let google = usage.and_then(|u| u.object("extra_properties")?.object("google"));
    let provider = provider_of(body, usage, &model);
    let traffic = google.and_then(|g| g.first_text(&["traffic_type"]));
    let mut sku = Sku::new(if traffic.is_some() { "gcp.vertex_ai" } else { &provider }, &model);
    if traffic.is_some() {
        sku.model = CompactString::new(model.rsplit('/').next().unwrap_or(&model));
    }
    sku.service_tier = match envelope.is_batch_line() {
        true => CompactString::const_new("batch"),
        false => service_tier(&body.first_text(&["service_tier"]).or(traffic).unwrap_or_default()),
    };
    sku.endpoint = envelope
        .wrapper_text(&["data_residency", "endpoint_region"])
        .map_or_else(Default::default, |t| CompactString::new(&t));
    sku
}

/// The provider by what only it writes, else by the model's name.
fn provider_of(body: &Object<'_>, usage: Option<&Object<'_>>, model: &str) -> CompactString {
    let by_model = provider::of_model(model);
    if ["prompt_filter_results", "content_filters"].iter().any(|key| body.has(key)) {
        // Azure bills OpenAI's models and those of other makers as two services.
        let other = !matches!(&*by_model, "openai" | provider::UNKNOWN);
        let name = if other { "azure.ai.inference" } else { "azure.ai.openai" };
        return CompactString::const_new(name);
    }
    let in_usage = |key: &str| usage.is_some_and(|usage| usage.has(key));
    let name = if body.has("x_groq") || in_usage("queue_time") {
        "groq"
    } else if body.has("time_info") {
        "cerebras"
    } else if in_usage("estimated_cost") {
        "deepinfra"
    } else {
        return by_model;
    };
    CompactString::const_new(name)
}

/// Keys of the id of a body.
const IDS: &[&str] = &["id", "request_id", "requestId", "event_id"];

/// True where what a prompt writes to a cache stays for half an hour: OpenAI keeps it that long.
/// Others behind a compatible gateway have times of their own, five minutes unless they say
/// otherwise.
fn writes_stay_half_an_hour(sku: &Sku) -> bool {
    !sku.model.contains("claude") && sku.provider != "anthropic"
}

pub(super) fn draft<'a>(
    envelope: &Envelope<'a>,
    sku: Arc<Sku>,
    splitter: Splitter,
    time_key: &str,
) -> Draft<'a> {
    Draft {
        sku,
        time: envelope.time(time_key),
        request_id: envelope.text(IDS),
        turn: 0,
        components: splitter.components,
        notes: splitter.notes,
    }
}

/// Why a body of a known shape holds no usage.
pub(crate) fn no_usage(body: &Object<'_>) -> Skipped {
    let failed = body.object("error").is_some()
        || body.text("status").is_some_and(|s| matches!(&*s, "failed" | "cancelled"));
    if failed {
        Skipped::new(code::FAILED_REQUEST, "failed requests without usage")
    } else {
        Skipped::new(
            code::NO_USAGE,
            "responses without usage, as streams leave behind that were not asked for it",
        )
    }
}

/// An event of a stream other than the one that states the usage.
pub(crate) fn only_event() -> Skipped {
    Skipped::new(code::NOT_USAGE, "events of streams, which carry no usage of their own")
}
