//! LiteLLM's `model_prices_and_context_window.json`: one flat map of keys to fields, prices for one
//! unit, no dates.

use std::collections::BTreeMap;

use super::draft::{Collector, Head, Price, When, reason};
use super::names;
use super::node::{MOST_TOKENS, Node};
use crate::money::{Factor, UnitPrice};
use crate::tokens::Component as C;

/// Fields that price a component, and for ten to which power units.
const FIELDS: &[(&str, C, u32)] = &[
    ("input_cost_per_token", C::InputUncached, 0),
    ("input_cost_per_audio_token", C::InputUncachedAudio, 0),
    ("input_cost_per_image_token", C::InputUncachedImage, 0),
    ("input_cost_per_video_token", C::InputUncachedVideo, 0),
    ("cache_read_input_token_cost", C::InputCacheRead, 0),
    ("input_cost_per_token_cache_hit", C::InputCacheRead, 0),
    ("cache_read_input_audio_token_cost", C::InputCacheReadAudio, 0),
    ("cache_read_input_image_token_cost", C::InputCacheReadImage, 0),
    ("cache_creation_input_token_cost", C::InputCacheWrite5m, 0),
    ("cache_creation_input_audio_token_cost", C::InputCacheWriteAudio, 0),
    ("output_cost_per_token", C::Output, 0),
    ("output_cost_per_reasoning_token", C::OutputReasoning, 0),
    ("output_cost_per_audio_token", C::OutputAudio, 0),
    ("output_cost_per_image_token", C::OutputImage, 0),
    ("output_cost_per_video_token", C::OutputVideo, 0),
    ("citation_cost_per_token", C::OutputCitation, 0),
    ("input_cost_per_second", C::MediaInputSeconds, 0),
    ("input_cost_per_audio_per_second", C::MediaInputSeconds, 0),
    ("output_cost_per_second", C::MediaOutputSeconds, 0),
    ("output_cost_per_video_per_second", C::MediaOutputSeconds, 0),
    ("input_cost_per_image", C::MediaInputImages, 0),
    ("output_cost_per_image", C::MediaOutputImages, 0),
    ("input_cost_per_character", C::MediaInputCharacters, 0),
    ("output_cost_per_character", C::MediaOutputCharacters, 0),
    ("ocr_cost_per_page", C::MediaPages, 0),
    ("annotation_cost_per_page", C::MediaAnnotatedPages, 0),
    ("code_interpreter_cost_per_session", C::ToolCodeExecution, 0),
    ("file_search_cost_per_1k_calls", C::ToolFileSearch, 3),
    ("google_maps_grounding_cost_per_query", C::ToolMaps, 0),
];

/// Multipliers and the endpoint that they are for.
const UPLIFTS: &[(&str, &str)] = &[
    ("regional_processing_uplift_multiplier_eu", "eu"),
    ("regional_processing_uplift_multiplier_us", "us"),
    ("regional_endpoint_uplift_multiplier", "regional"),
];

/// True if a file looks like it.
pub(super) fn looks_like(node: &Node) -> bool {
    node.fields().any(|(_, entry)| {
        entry.get("litellm_provider").is_some() || entry.get("input_cost_per_token").is_some()
    })
}

/// Reads every model.
pub(super) fn collect(node: &Node, into: &mut Collector<'_>) {
    let entries = node.fields();
    for (key, entry) in
        entries.filter(|(k, _)| !matches!(*k, "sample_spec" | "fallback_generalizations"))
    {
        let theirs = entry.text_of("litellm_provider").unwrap_or("unknown");
        let provider = names::litellm_provider(theirs);
        if !into.wants(provider, theirs) {
            continue;
        }
        match locate(key, provider, theirs) {
            Ok((id, when)) => Reader { key, provider, id: &id, when, entry }.read(into),
            Err(reason) => into.lose(provider, reason, key.to_owned()),
        }
    }
}

/// Takes the routing prefixes off a key: the id that the provider uses, and what they say of where.
fn locate(key: &str, provider: &str, theirs: &str) -> Result<(String, When), &'static str> {
    let mut parts: Vec<&str> = key.split('/').collect();
    if parts.iter().any(|p| p.contains("-x-") || p.ends_with("-steps")) {
        return Err(reason::IMAGE_SIZE);
    }
    let ours = ["openai", "anthropic", "gemini", "vertex_ai", "bedrock", "azure", "azure_ai"];
    let rest = ["xai", "mistral", "deepseek", "cohere", "groq", theirs];
    if parts.len() > 1 && (ours.contains(&parts[0]) || rest.contains(&parts[0])) {
        parts.remove(0);
    }
    let mut when = When::default();
    while parts.len() > 1 {
        match (provider, parts[0]) {
            ("aws.bedrock", "invoke" | "converse") => {}
            ("aws.bedrock", region) if names::is_region(region) => {
                when.region = Some(region.to_owned());
            }
            ("aws.bedrock", word) if word.ends_with("-commitment") => {
                return Err(reason::COMMITMENT);
            }
            ("azure.ai.openai", "global" | "global-standard") => {
                when.deployment = Some("global_standard");
            }
            ("azure.ai.openai", geography @ ("eu" | "us")) => {
                when.deployment = Some("data_zone");
                when.endpoint = Some(geography.to_owned());
            }
            _ => break,
        }
        parts.remove(0);
    }
    let id = parts.join("/");
    if provider != "aws.bedrock" {
        return Ok((id, when));
    }
    let (bare, endpoint) = names::bedrock(&id);
    when.endpoint = endpoint.map(str::to_owned);
    Ok((bare.to_owned(), when))
}

/// A field name taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Field<'f> {
    base: &'f str,
    tier: Option<&'static str>,
    over: Option<u64>,
    hour: bool,
}

fn parse_field(name: &str) -> Field<'_> {
    let mut field = Field { base: name, tier: None, over: None, hour: false };
    let tiers = [("_priority", "priority"), ("_flex", "flex"), ("_batches", "batch")];
    for (suffix, tier) in tiers {
        if let Some(base) = field.base.strip_suffix(suffix) {
            (field.base, field.tier) = (base, Some(tier));
        }
    }
    if let Some((base, limit)) =
        field.base.strip_suffix("k_tokens").and_then(|f| f.rsplit_once("_above_"))
        && let Ok(thousands) = limit.parse::<u64>()
        && (1..=MOST_TOKENS / 1000).contains(&thousands)
    {
        (field.base, field.over) = (base, Some(thousands * 1000));
    }
    if let Some(base) = field.base.strip_suffix("_above_1hr") {
        (field.base, field.hour) = (base, true);
    }
    field
}

/// One entry of the map.
struct Reader<'n> {
    key: &'n str,
    provider: &'n str,
    id: &'n str,
    when: When,
    entry: &'n Node,
}

/// A price with the component and tier that it is for.
type Found<'n> = BTreeMap<(Option<&'static str>, C), Vec<(Option<u64>, &'n str, &'n Node, u32)>>;

impl<'n> Reader<'n> {
    fn read(&self, into: &mut Collector<'_>) {
        into.model(self.provider, self.id);
        let mut found: Found<'n> = BTreeMap::new();
        let mut any = false;
        for (name, value) in self.entry.fields() {
            let field = parse_field(name);
            let known = FIELDS.iter().find(|(f, _, _)| *f == field.base);
            let priced = name.contains("cost") || name.contains("multiplier");
            any |= priced || name == "tiered_pricing";
            if let Some((_, component, per_power)) = known {
                if self.is_per_character(name, value) {
                    self.lose(into, reason::PER_CHARACTER, name, value);
                    continue;
                }
                let component = self.component(*component, field.hour);
                let same = found.entry((field.tier, component)).or_default();
                same.push((field.over, name, value, *per_power));
            } else if name == "tiered_pricing" {
                self.lose(into, reason::GRADUATED, name, value);
            } else if priced && !self.read_other(into, name, value) {
                self.lose(into, reason::NO_KEY, name, value);
            }
        }
        if !any {
            into.lose(self.provider, reason::NO_PRICE, self.key.to_owned());
        }
        self.add_all(into, found);
        let window = self.entry.get("max_input_tokens").and_then(Node::tokens);
        let model = into.model(self.provider, self.id);
        model.context_window = model.context_window.or(window);
    }

    fn lose(&self, into: &mut Collector<'_>, reason: &'static str, name: &str, value: &Node) {
        into.lose(self.provider, reason, format!("{} {name} = {value}", self.key));
    }

    fn component(&self, component: C, hour: bool) -> C {
        match component {
            C::InputCacheWrite5m if hour => C::InputCacheWrite1h,
            C::InputCacheWrite5m => names::cache_write(self.provider, self.id),
            other => other,
        }
    }

    /// A token is about four characters; prices of characters are known to stand in fields of
    /// tokens.
    fn is_per_character(&self, name: &str, value: &Node) -> bool {
        let twin = name.replacen("_cost_per_token", "_cost_per_character", 1);
        let price = |node: &Node| {
            let text = node.decimal()?.times_ten_to(6);
            UnitPrice::parse_per(&text, 6).ok()
        };
        twin != name
            && matches!((price(value), self.entry.get(&twin).and_then(price)),
                (Some(token), Some(character)) if token <= character)
    }

    /// Each limit holds up to the next one of the same component and tier. Where the model has a
    /// limit, what states none is known up to there only: other tools take the short price on, or
    /// charge thinking less than the answer.
    fn add_all(&self, into: &mut Collector<'_>, found: Found<'_>) {
        let lowest = found.values().flatten().filter_map(|(over, ..)| *over).min();
        for ((tier, component), mut prices) in found {
            prices.sort_by_key(|(over, ..)| *over);
            let limits: Vec<u64> = prices.iter().filter_map(|(over, ..)| *over).collect();
            for (over, name, value, per_power) in prices {
                let next = limits.iter().copied().find(|limit| over.is_none_or(|o| *limit > o));
                let next = next.or(lowest.filter(|_| over.is_none() && component.is_tokens()));
                let when = When {
                    service_tier: tier,
                    context_over: over,
                    context_up_to: next,
                    ..self.when.clone()
                };
                let when = if is_tool(component) { when.any_tier() } else { when };
                let head = Head { when, ..Head::default() };
                let place = format!("{} {name}", self.key);
                let price = Price { component, value, per_power, place };
                into.add(self.provider, Some(self.id), &head, &price);
            }
        }
    }

    /// Fields of another form; false if it is none that we know.
    fn read_other(&self, into: &mut Collector<'_>, name: &str, value: &Node) -> bool {
        let head = Head { when: self.when.any_tier(), ..Head::default() };
        let google = matches!(self.provider, "gcp.gemini" | "gcp.vertex_ai");
        let mut tool = |component, value: &Node| {
            let place = format!("{} {name}", self.key);
            let price = Price { component, value, per_power: 0, place };
            into.add(self.provider, Some(self.id), &head, &price);
        };
        if name == "search_context_cost_per_query" {
            let sizes: Vec<&Node> = value.fields().map(|(_, size)| size).collect();
            let component = if google { C::ToolGrounding } else { C::ToolWebSearch };
            match sizes.split_first() {
                Some((first, rest)) if rest.iter().all(|r| r.decimal() == first.decimal()) => {
                    tool(component, first);
                }
                _ if !google && value.fields().all(|(size, _)| search_size(size).is_some()) => {
                    for (size, price) in value.fields() {
                        search_size(size).into_iter().for_each(|component| tool(component, price));
                    }
                }
                _ => self.lose(into, reason::SEARCH_SIZE, name, value),
            }
            return true;
        }
        if name == "input_cost_per_query" && self.entry.text_of("mode") == Some("rerank") {
            tool(C::UnitSearch, value);
            return true;
        }
        let Some((_, endpoint)) = UPLIFTS.iter().find(|(field, _)| *field == name) else {
            return false;
        };
        let factor = value.decimal().filter(|factor| !factor.negative && !factor.is_zero());
        let factor = factor.map(|f| f.times_ten_to(0)).filter(|f| f.parse::<Factor>().is_ok());
        match factor {
            Some(factor) => {
                let key = ((*endpoint).to_owned(), factor);
                let draft = into.draft(self.provider);
                let models = draft.multipliers.entry(key).or_default();
                if !models.iter().any(|m| m == self.id) {
                    models.push(self.id.to_owned());
                }
                draft.carried += 1;
            }
            None => self.lose(into, reason::NOT_A_NUMBER, name, value),
        }
        true
    }
}

/// Searches with a context of the size that a field names.
fn search_size(field: &str) -> Option<C> {
    match field {
        "search_context_size_low" => Some(C::ToolWebSearchLow),
        "search_context_size_medium" => Some(C::ToolWebSearchMedium),
        "search_context_size_high" => Some(C::ToolWebSearchHigh),
        _ => None,
    }
}

fn is_tool(component: C) -> bool {
    matches!(component, C::ToolCodeExecution | C::ToolFileSearch | C::ToolMaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names() {
        let field = parse_field("cache_creation_input_token_cost_above_1hr_above_200k_tokens");
        let base = "cache_creation_input_token_cost";
        assert_eq!(field, Field { base, tier: None, over: Some(200_000), hour: true });
        let field = parse_field("input_cost_per_token_above_272k_tokens_priority");
        let base = "input_cost_per_token";
        assert_eq!(field, Field { base, tier: Some("priority"), over: Some(272_000), hour: false });
        assert_eq!(parse_field("input_cost_per_token_batches").tier, Some("batch"));
    }

    #[test]
    fn keys_lose_their_routing() {
        let id = |key, provider, theirs| locate(key, provider, theirs).unwrap();
        assert_eq!(id("groq/openai/gpt-oss-120b", "groq", "groq").0, "openai/gpt-oss-120b");
        assert_eq!(id("fireworks_ai/accounts/x", "fireworks_ai", "fireworks_ai").0, "accounts/x");
        let (model, when) = id("bedrock/us-east-1/anthropic.claude-v2", "aws.bedrock", "bedrock");
        assert_eq!(model, "anthropic.claude-v2");
        assert_eq!(when.region.as_deref(), Some("us-east-1"));
        assert_eq!(when.endpoint.as_deref(), Some("regional"));
        let (model, when) = id("azure/eu/gpt-5", "azure.ai.openai", "azure");
        assert_eq!((model.as_str(), when.deployment), ("gpt-5", Some("data_zone")));
    }
}
