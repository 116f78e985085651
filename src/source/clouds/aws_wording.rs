//! What AWS's usage types say of Bedrock. They come in four grammars:
//!
//! - `USE1-Claude4.6Sonnet-cache-read-input-token-count-cross-region-global-batch`, by the thousand;
//! - `USE1-MP:USE1_CacheWrite1hInputTokenCount_Global_Batch_LCtx-Units`, of the marketplace, by the
//!   million, where the model stands only in the name of the product;
//! - `USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units`, the same in lower case;
//! - `USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-standard`, by the thousand.

use compact_str::CompactString;

use super::bill::{MILLION, SHORT_PROMPT, THOUSAND, Wording};
use super::models;
use crate::sku::service_tier;
use crate::tokens::Component;

/// A prompt that AWS bills as long context.
const LONG_PROMPT: u64 = 200_001;

/// Codes of regions at the head of usage types.
const REGIONS: &[(&str, &str)] = &[
    ("AFS1", "af-south-1"),
    ("APE1", "ap-east-1"),
    ("APN1", "ap-northeast-1"),
    ("APN2", "ap-northeast-2"),
    ("APN3", "ap-northeast-3"),
    ("APS1", "ap-southeast-1"),
    ("APS2", "ap-southeast-2"),
    ("APS3", "ap-south-1"),
    ("APS4", "ap-southeast-3"),
    ("APS5", "ap-south-2"),
    ("CAN1", "ca-central-1"),
    ("CAN2", "ca-west-1"),
    ("EU", "eu-west-1"),
    ("EUC1", "eu-central-1"),
    ("EUC2", "eu-central-2"),
    ("EUN1", "eu-north-1"),
    ("EUS1", "eu-south-1"),
    ("EUS2", "eu-south-2"),
    ("EUW1", "eu-west-1"),
    ("EUW2", "eu-west-2"),
    ("EUW3", "eu-west-3"),
    ("ILC1", "il-central-1"),
    ("MEC1", "me-central-1"),
    ("MES1", "me-south-1"),
    ("SAE1", "sa-east-1"),
    ("UGE1", "us-gov-east-1"),
    ("UGW1", "us-gov-west-1"),
    ("USE1", "us-east-1"),
    ("USE2", "us-east-2"),
    ("USW1", "us-west-1"),
    ("USW2", "us-west-2"),
];

/// What the marketplace adds to the name of a model.
const EDITION: &str = "(Amazon Bedrock Edition)";

/// True for a product of the marketplace that Bedrock serves.
pub(super) fn is_edition(product: &str) -> bool {
    product.contains("Bedrock Edition")
}

/// The model of a marketplace product: its id, or its name.
pub(super) fn product_model(product: &str) -> CompactString {
    let name = product.trim().trim_end_matches(EDITION).trim();
    CompactString::new(models::bedrock(name).unwrap_or(name))
}

/// Reads a usage type that counts tokens; the name of the product says what the marketplace's types
/// leave out.
pub(super) fn parse(usage_type: &str, product: &str) -> Option<Wording> {
    let (region, rest) = split_region(usage_type, '-');
    if let Some(at) = usage_type.find("MP:") {
        let inner = &usage_type[at + 3..];
        let inner = inner.strip_suffix("-Units").unwrap_or(inner);
        let (own_region, kind) = split_region(inner, '_');
        let model = if product.is_empty() {
            CompactString::new(usage_type)
        } else {
            product_model(product)
        };
        let mut wording = with_suffix(model, kind)?;
        wording.region = if own_region.is_empty() { region } else { own_region };
        wording.usual_unit = Some(MILLION);
        // What is not marked as long context is billed as short.
        wording.prompt = wording.prompt.or(Some(SHORT_PROMPT));
        return Some(wording);
    }
    let (model, suffix) = if let Some((id, suffix)) = rest.split_once("-mantle-") {
        (CompactString::new(id), suffix)
    } else {
        let at = token_part(rest)?;
        let name = rest[..at].trim_end_matches('-');
        (CompactString::new(models::bedrock(name).unwrap_or(name)), &rest[at..])
    };
    if model.is_empty() {
        return None;
    }
    let mut wording = with_suffix(model, suffix)?;
    wording.region = region;
    wording.usual_unit = Some(THOUSAND);
    Some(wording)
}

/// The region of a code before the first `separator`, and the rest; the whole where there is none.
fn split_region(text: &str, separator: char) -> (&'static str, &str) {
    let Some((code, rest)) = text.split_once(separator) else { return ("", text) };
    let found = REGIONS.iter().find(|(c, _)| *c == code);
    let looks_like_one = (2..=4).contains(&code.len())
        && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    match found {
        Some((_, region)) => (region, rest),
        None if looks_like_one => ("", rest),
        None => ("", text),
    }
}

/// Where the kind of token begins.
fn token_part(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    ["-input-token", "-output-token", "-cache-read-", "-cache-write-"]
        .iter()
        .filter_map(|part| lower.find(part))
        .min()
}

/// Reads what follows the model: the kind of token and what modifies its price.
fn with_suffix(model: CompactString, suffix: &str) -> Option<Wording> {
    let mut wording = Wording::new(model);
    wording.endpoint = CompactString::const_new("regional");
    let lower = suffix.to_ascii_lowercase();
    let mut kind = String::new();
    let mut unknown: Vec<&str> = Vec::new();
    for word in lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()) {
        match word {
            "global" => wording.endpoint = CompactString::const_new("global"),
            "us" | "eu" | "apac" | "jp" | "au" | "ca" => wording.endpoint = word.into(),
            "batch" | "flex" | "priority" => wording.tier = service_tier(word),
            "lctx" => wording.prompt = Some(LONG_PROMPT),
            "cross" | "region" | "regional" | "standard" | "on" | "demand" | "ondemand" => {}
            "input" | "output" | "cache" | "read" | "write" | "token" | "tokens" | "count"
            | "1h" | "5m" => kind += word,
            word if word.contains("tokencount") => kind += word,
            word => unknown.push(word),
        }
    }
    if !kind.contains("token") {
        return None;
    }
    // Which comes first matters: every kind of cache token is an input token too.
    wording.component = if kind.contains("cachewrite") && kind.contains("1h") {
        Some(Component::InputCacheWrite1h)
    } else if kind.contains("cachewrite") {
        Some(Component::InputCacheWrite5m)
    } else if kind.contains("cacheread") {
        Some(Component::InputCacheRead)
    } else if kind.contains("output") {
        Some(Component::Output)
    } else if kind.contains("input") {
        Some(Component::InputUncached)
    } else {
        None
    };
    // A word that is not known may change the price: as a tier of its own, no price matches it.
    if !unknown.is_empty() {
        wording.tier = service_tier(&unknown.join("-"));
    }
    wording.component.is_some().then_some(wording)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Model, component, tier, endpoint, region, prompt.
    fn read(
        usage_type: &str,
        product: &str,
    ) -> (String, String, String, String, String, Option<u64>) {
        let w = parse(usage_type, product).unwrap();
        let component = w.component.map_or("", Component::name).to_owned();
        let (tier, endpoint) = (w.tier.to_string(), w.endpoint.to_string());
        (w.model.to_string(), component, tier, endpoint, w.region.to_owned(), w.prompt)
    }

    fn row(
        model: &str,
        component: &str,
        tier: &str,
        endpoint: &str,
        region: &str,
        prompt: Option<u64>,
    ) -> (String, String, String, String, String, Option<u64>) {
        let own = str::to_owned;
        (own(model), own(component), own(tier), own(endpoint), own(region), prompt)
    }

    #[test]
    fn the_grammar_of_bedrock() {
        let sonnet = "anthropic.claude-sonnet-4-6";
        assert_eq!(
            read("USE1-Claude4.6Sonnet-input-tokens", ""),
            row(sonnet, "input.uncached", "standard", "regional", "us-east-1", None)
        );
        assert_eq!(
            read("EUC1-Claude4.6Sonnet-cache-read-input-token-count-cross-region-global", ""),
            row(sonnet, "input.cache_read", "standard", "global", "eu-central-1", None)
        );
        assert_eq!(
            read("APS3-Claude4.6Sonnet-cache-write-input-token-count-apac-flex", ""),
            row(sonnet, "input.cache_write.5m", "flex", "apac", "ap-south-1", None)
        );
        assert_eq!(
            read("EUW1-NovaPro-output-tokens-cross-region-eu-priority", ""),
            row("amazon.nova-pro-v1:0", "output", "priority", "eu", "eu-west-1", None)
        );
        assert_eq!(
            read("USW2-NovaPro-output-tokens-latency-optimized", "").2,
            "latency-optimized",
            "a word that is not known is a tier that no price matches"
        );
        assert_eq!(read("USE1-SomethingNew-output-tokens", "").0, "SomethingNew");
    }

    #[test]
    fn the_grammars_of_the_marketplace() {
        let product = "Claude Sonnet 4.5 (Amazon Bedrock Edition)";
        let sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        let short = Some(1);
        assert_eq!(
            read("USE1-MP:USE1_CacheWrite1hInputTokenCount_Global_Batch_LCtx-Units", product),
            row(sonnet, "input.cache_write.1h", "batch", "global", "us-east-1", Some(200_001))
        );
        assert_eq!(
            read("MP:USW2_OutputTokenCount-Units", product),
            row(sonnet, "output", "standard", "regional", "us-west-2", short)
        );
        assert_eq!(
            read("USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units", product),
            row(sonnet, "input.cache_write.1h", "standard", "global", "us-east-1", short)
        );
        assert_eq!(
            read("USE1-MP:USE1_input_tokens_standard-Units", "Jurassic (Amazon Bedrock Edition)").0,
            "Jurassic"
        );
    }

    #[test]
    fn the_grammar_of_mantle() {
        assert_eq!(
            read("USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-standard", ""),
            row(
                "anthropic.claude-opus-4-8",
                "input.cache_write.5m",
                "standard",
                "regional",
                "us-west-2",
                None
            )
        );
    }

    #[test]
    fn what_counts_no_tokens() {
        for text in [
            "USE1-NovaCanvas-T2I-1024-Standard",
            "BoxUsage:m5.large",
            "USE1-Guardrail-ContentPolicyUnitsConsumed",
            "USE1-input-tokens",
            "",
            "USE1-MP:USE1_ProvisionedThroughput-Units",
        ] {
            assert_eq!(parse(text, ""), None, "{text}");
        }
    }
}
