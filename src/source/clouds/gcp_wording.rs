//! What Google's SKUs say of models: `Gemini 2.5 Flash GA Text Input - Predictions`, `Gemini 2.5 Pro
//! GA Thinking Text Output (Long)`, `Claude Sonnet 4.5 Input Tokens - Global`.

use compact_str::CompactString;

use super::bill::{SHORT_PROMPT, Wording};
use super::models;
use crate::sku::service_tier;
use crate::tokens::Component;

/// A prompt that Google bills as long context.
const LONG_PROMPT: u64 = 200_001;

/// Who bills models on Vertex AI, and those of the Gemini API.
pub(super) const VERTEX: &str = "gcp.vertex_ai";
const GEMINI: &str = "gcp.gemini";

/// Who bills a service's models; `None` for services without models.
pub(super) fn provider(service: &str) -> Option<&'static str> {
    let lower = service.to_ascii_lowercase();
    if lower.contains("gemini api") || lower.contains("generative language") {
        Some(GEMINI)
    } else if lower.contains("vertex") || lower.contains("agent platform") {
        Some(VERTEX)
    } else {
        None
    }
}

/// What the words after a model's name say.
#[derive(Debug, Default)]
struct Words {
    input: bool,
    output: bool,
    cached: bool,
    written: bool,
    thinking: bool,
    other_unit: bool,
    hour: bool,
    global: bool,
    long: bool,
    tier: &'static str,
    /// Text, sound, pictures, video, documents.
    modality: Option<usize>,
    unknown: bool,
}

impl Words {
    fn of<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut found = Self::default();
        for word in words {
            found.word(word);
        }
        found
    }

    fn word(&mut self, word: &str) {
        match word {
            "text" => self.modality = Some(0),
            "audio" => self.modality = Some(1),
            "image" => self.modality = Some(2),
            "video" => self.modality = Some(3),
            "document" => self.modality = Some(4),
            "input" => self.input = true,
            "output" => self.output = true,
            "thinking" | "reasoning" => self.thinking = true,
            // `(Thinking On)` says how the model was set, not what the tokens are.
            "on" | "off" => self.thinking = false,
            "cached" | "caching" | "cache" | "read" | "hit" => self.cached = true,
            "write" | "creation" => self.written = true,
            "1h" => self.hour = true,
            // Counted in something else than tokens.
            "storage" | "character" | "characters" | "second" | "seconds" | "minutes" | "hours"
            | "images" | "grounding" | "search" => self.other_unit = true,
            "global" => self.global = true,
            "long" => self.long = true,
            "batch" => self.tier = "batch",
            "priority" => self.tier = "priority",
            "flex" => self.tier = "flex",
            "ga" | "predictions" | "prediction" | "token" | "tokens" | "5m" | "regional" => {}
            _ => self.unknown = true,
        }
    }

    fn component(&self) -> Option<Component> {
        const UNCACHED: [Component; 5] = [
            Component::InputUncached,
            Component::InputUncachedAudio,
            Component::InputUncachedImage,
            Component::InputUncachedVideo,
            Component::InputUncachedDocument,
        ];
        const CACHED: [Component; 5] = [
            Component::InputCacheRead,
            Component::InputCacheReadAudio,
            Component::InputCacheReadImage,
            Component::InputCacheReadVideo,
            Component::InputCacheReadDocument,
        ];
        const OUTPUT: [Component; 5] = [
            Component::Output,
            Component::OutputAudio,
            Component::OutputImage,
            Component::OutputVideo,
            Component::Output,
        ];
        let modality = self.modality.unwrap_or(0);
        if self.other_unit {
            return None;
        }
        match (self.output, self.written, self.cached) {
            (true, ..) if self.input => None,
            (true, ..) if self.thinking => Some(Component::OutputReasoning),
            (true, ..) => Some(OUTPUT[modality]),
            (false, true, _) if self.hour => Some(Component::InputCacheWrite1h),
            (false, true, _) => Some(Component::InputCacheWrite5m),
            (false, false, true) => Some(CACHED[modality]),
            (false, false, false) => self.input.then_some(UNCACHED[modality]),
        }
    }
}

/// Reads a SKU of a model: who bills it and what it says. The quantity of what is counted in tokens
/// is tokens, whatever unit the line prints.
pub(super) fn parse(sku: &str, service: &str) -> Option<(&'static str, Wording)> {
    let own = provider(service);
    let lower = sku.trim().to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split([' ', '-', '(', ')', ',', '–']).filter(|w| !w.is_empty()).collect();
    match words.first().copied()? {
        "gemini" => {
            let provider = own.unwrap_or(VERTEX);
            Some((provider, gemini(sku.trim(), &words[1..], provider == VERTEX)))
        }
        "claude" => {
            let at = words
                .iter()
                .position(|w| matches!(*w, "input" | "output" | "cache" | "batch" | "cached"))?;
            let model = models::claude_id(&words[..at].join(" "));
            let found = Words::of(words[at..].iter().copied());
            let mut wording = wording(model, sku.trim(), &found);
            wording.endpoint = endpoint(found.global);
            Some((VERTEX, wording))
        }
        // Other models and fees of the same services.
        _ => own.map(|provider| (provider, Wording::new(sku.trim()))),
    }
}

fn endpoint(is_global: bool) -> CompactString {
    CompactString::const_new(if is_global { "global" } else { "regional" })
}

fn wording(model: Option<&str>, sku: &str, found: &Words) -> Wording {
    // What the words leave open may change the price: then the wording stands for the model.
    let mut wording = Wording::new(model.filter(|_| !found.unknown).unwrap_or(sku));
    wording.component = found.component();
    wording.tier = service_tier(found.tier);
    if wording.component.is_some() {
        wording.prompt = Some(if found.long { LONG_PROMPT } else { SHORT_PROMPT });
    }
    wording
}

fn gemini(sku: &str, words: &[&str], is_vertex: bool) -> Wording {
    let version = words.first().copied().unwrap_or_default();
    let mut name = format!("gemini-{}", version.strip_suffix(".0").unwrap_or(version));
    let full = format!("gemini-{version}");
    let mut rest = String::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let is_name = match *word {
            "flash" | "lite" | "pro" | "argon" | "carbon" | "preview" => true,
            // A picture model, unless it is pictures that are put in or come out.
            "image" => !matches!(words.get(at + 1), Some(&"input" | &"output")),
            _ => false,
        };
        if !is_name {
            break;
        }
        rest.push('-');
        rest += word;
        at += 1;
    }
    let id = models::google(&format!("{full}{rest}"), is_vertex);
    name += &rest;
    let id = id.or_else(|| models::google(&name, is_vertex));
    let found = Words::of(words.get(at..).unwrap_or_default().iter().copied());
    let mut wording = wording(id, sku, &found);
    if is_vertex {
        wording.endpoint = endpoint(found.global);
    }
    // The first Gemini models were billed by the character.
    if version.starts_with("1.") {
        wording.component = None;
        wording.prompt = None;
    }
    wording
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Provider, model, component, tier, endpoint, prompt.
    fn read(sku: &str, service: &str) -> String {
        let (provider, w) = parse(sku, service).unwrap();
        let component = w.component.map_or("", Component::name);
        let prompt = w.prompt.map_or_else(String::new, |n| n.to_string());
        let (model, tier, endpoint) = (w.model.as_str(), w.tier.as_str(), w.endpoint.as_str());
        [provider, model, component, tier, endpoint, prompt.as_str()].join("|")
    }

    #[test]
    fn skus() {
        const SKUS: &str = "\
Gemini 2.5 Flash GA Text Input - Predictions = gemini-2.5-flash|input.uncached|standard|regional|1
Gemini 2.5 Flash GA Thinking Text Output - Predictions = gemini-2.5-flash|output.reasoning|standard|regional|1
Gemini 2.5 Flash GA Text Output (Thinking On) = gemini-2.5-flash|output|standard|regional|1
Gemini 2.5 Pro Text Input (Long) = gemini-2.5-pro|input.uncached|standard|regional|200001
Gemini 2.5 Pro Priority Text Output (Long) = gemini-2.5-pro|output|priority|regional|200001
Gemini 2.5 Flash Lite GA Batch Audio Input = gemini-2.5-flash-lite|input.uncached.audio|batch|regional|1
Gemini 2.5 Flash Global Text Input = gemini-2.5-flash|input.uncached|standard|global|1
 Gemini 2.5 Flash GA Text Input Caching = gemini-2.5-flash|input.cache_read|standard|regional|1
Gemini 3.0 Pro Preview Image Input = gemini-3-pro-preview|input.uncached.image|standard|regional|1
Gemini 2.5 Flash Image GA Image Output = gemini-2.5-flash-image|output.image|standard|regional|1
Gemini 9 Pro Text Input = Gemini 9 Pro Text Input|input.uncached|standard|regional|1
Gemini 2.5 Flash Live Text Input = Gemini 2.5 Flash Live Text Input|input.uncached|standard|regional|1
Gemini 2.5 Flash GA Caching Storage = gemini-2.5-flash||standard|regional|
Gemini 1.5 Pro Text Input - Predictions = Gemini 1.5 Pro Text Input - Predictions||standard|regional|
Imagen 4 Image Generation = Imagen 4 Image Generation||standard||
Claude Sonnet 4.5 Input Tokens - Global = claude-sonnet-4-5|input.uncached|standard|global|1
Claude Opus 4.5 Cache Write 1h Tokens - Regional = claude-opus-4-5|input.cache_write.1h|standard|regional|1
Claude Haiku 4.5 Batch Output Tokens = claude-haiku-4-5|output|batch|regional|1";
        for line in SKUS.lines() {
            let (sku, expected) = line.split_once(" = ").unwrap();
            assert_eq!(read(sku, "Vertex AI"), format!("gcp.vertex_ai|{expected}"), "{sku}");
        }
        assert_eq!(
            read("Gemini 3.8 Flash GA Text Output", "Gemini API"),
            "gcp.gemini|gemini-3.8-flash|output|standard||1"
        );
        assert_eq!(parse("N1 Core running in Americas", "Compute Engine"), None);
    }
}
