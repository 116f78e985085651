//! Who bills: the provider of a body that does not say.

use compact_str::CompactString;

use crate::sku::Sku;

/// Spellings of providers in the wild and the OpenTelemetry GenAI name of each.
const SPELLINGS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("claude", "anthropic"),
    ("bedrock", "aws.bedrock"),
    ("aws", "aws.bedrock"),
    ("amazon", "aws.bedrock"),
    ("amazon-bedrock", "aws.bedrock"),
    ("amazon bedrock", "aws.bedrock"),
    ("bedrock_converse", "aws.bedrock"),
    ("aws_bedrock", "aws.bedrock"),
    ("aws-bedrock", "aws.bedrock"),
    ("aws.bedrock", "aws.bedrock"),
    ("azure", "azure.ai.openai"),
    ("azure-openai", "azure.ai.openai"),
    ("azure_openai", "azure.ai.openai"),
    ("azure.ai.openai", "azure.ai.openai"),
    ("azure-foundry", "azure.ai.inference"),
    ("azure_ai", "azure.ai.inference"),
    ("azure.ai.inference", "azure.ai.inference"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gemini"),
    ("gemini-api", "gcp.gemini"),
    ("google ai studio", "gcp.gemini"),
    ("google-ai-studio", "gcp.gemini"),
    ("google.generative-ai", "gcp.gemini"),
    ("google_genai", "gcp.gemini"),
    ("gcp.gemini", "gcp.gemini"),
    ("vertex", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("vertex-ai", "gcp.vertex_ai"),
    ("google vertex", "gcp.vertex_ai"),
    ("google-vertex", "gcp.vertex_ai"),
    ("google-vertex-ai", "gcp.vertex_ai"),
    ("google.vertex", "gcp.vertex_ai"),
    ("google_vertexai", "gcp.vertex_ai"),
    ("vertex_ai-anthropic_models", "gcp.vertex_ai"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("gcp.vertex_ai", "gcp.vertex_ai"),
    ("xai", "x_ai"),
    ("x-ai", "x_ai"),
    ("grok", "x_ai"),
    ("x_ai", "x_ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("mistral_ai", "mistral_ai"),
    ("deepseek", "deepseek"),
    ("groq", "groq"),
    ("cohere", "cohere"),
    ("cohere_chat", "cohere"),
];

/// The provider of a body whose model no known maker's names fit.
pub(crate) const UNKNOWN: &str = "unknown";

/// The OpenTelemetry GenAI name of a provider; other names are kept in lower case.
#[must_use]
pub fn canonical(spelling: &str) -> CompactString {
    let lower = CompactString::new(spelling.trim().to_ascii_lowercase());
    SPELLINGS
        .iter()
        .find(|(s, _)| *s == lower)
        .map_or(lower, |(_, name)| CompactString::const_new(name))
}

/// Provider of a body whose shape many providers share, told by its maker's model names. A name
/// of no known maker gives `unknown`, which no price book serves: its usage stays unpriced.
pub(crate) fn of_model(model: &str) -> CompactString {
    const PREFIXES: &[(&str, &str)] = &[
        ("gpt", "openai"),
        ("chatgpt", "openai"),
        ("o1", "openai"),
        ("o3", "openai"),
        ("o4", "openai"),
        ("text-embedding", "openai"),
        ("codex", "openai"),
        ("davinci", "openai"),
        ("babbage", "openai"),
        ("computer-use", "openai"),
        ("ft:", "openai"),
        ("claude", "anthropic"),
        ("gemini", "gcp.gemini"),
        ("grok", "x_ai"),
        ("deepseek", "deepseek"),
        ("mistral", "mistral_ai"),
        ("mistralai", "mistral_ai"),
        ("ministral", "mistral_ai"),
        ("magistral", "mistral_ai"),
        ("codestral", "mistral_ai"),
        ("devstral", "mistral_ai"),
        ("pixtral", "mistral_ai"),
        ("open-mi", "mistral_ai"),
        ("command", "cohere"),
    ];
    let found = PREFIXES.iter().find(|(prefix, _)| model.starts_with(prefix));
    CompactString::const_new(found.map_or(UNKNOWN, |(_, provider)| provider))
}

/// Takes a gateway's spelling such as `anthropic/claude-opus-5-5` or `bedrock/us.amazon.nova-lite-v1:0`
/// apart, where nothing else says who bills. Only names of providers count as prefixes.
pub(crate) fn take_prefix(sku: &mut Sku) {
    if sku.provider != UNKNOWN {
        return;
    }
    let Some((prefix, rest)) = sku.model.split_once('/') else { return };
    let lower = prefix.to_ascii_lowercase();
    let Some((_, provider)) = SPELLINGS.iter().find(|(s, _)| *s == lower) else { return };
    let rest = CompactString::new(rest);
    sku.provider = CompactString::const_new(provider);
    if *provider == "aws.bedrock" {
        let found = bedrock_model(&rest);
        sku.endpoint = found.endpoint.into();
        sku.model = found.model.into();
    } else {
        sku.model = rest;
    }
}

/// A Bedrock model id taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BedrockModel<'a> {
    /// The foundation model, without geography.
    pub(crate) model: &'a str,
    /// Where processing may happen.
    pub(crate) endpoint: &'a str,
    /// The region of an ARN, or empty.
    pub(crate) region: &'a str,
    /// True for a provisioned model's ARN.
    pub(crate) provisioned: bool,
}

/// A Bedrock model id without geography or ARN, as price books name it.
#[must_use]
pub fn bedrock_id(id: &str) -> &str {
    bedrock_model(id).model
}

/// Takes `us.anthropic.claude-...`, a bare id or an ARN apart.
pub(crate) fn bedrock_model(id: &str) -> BedrockModel<'_> {
    let region = if id.starts_with("arn:") { id.split(':').nth(3).unwrap_or("") } else { "" };
    let name =
        if id.starts_with("arn:") { id.rsplit_once('/').map_or(id, |(_, last)| last) } else { id };
    let provisioned = id.contains(":provisioned-model/");
    for geography in ["global", "us-gov", "us", "eu", "apac", "jp", "au", "ca"] {
        let rest = name.strip_prefix(geography).and_then(|rest| rest.strip_prefix('.'));
        if let Some(model) = rest {
            return BedrockModel { model, endpoint: geography, region, provisioned };
        }
    }
    BedrockModel { model: name, endpoint: "regional", region, provisioned }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bedrock_ids() {
        let geo = bedrock_model("us.anthropic.claude-sonnet-5-v1:0");
        assert_eq!((geo.model, geo.endpoint), ("anthropic.claude-sonnet-5-v1:0", "us"));
        let bare = bedrock_model("amazon.nova-pro-v1:0");
        assert_eq!((bare.model, bare.endpoint), ("amazon.nova-pro-v1:0", "regional"));
        let arn = bedrock_model(
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
        );
        assert_eq!(
            (arn.model, arn.endpoint, arn.region),
            ("amazon.nova-lite-v1:0", "eu", "eu-west-1")
        );
        assert!(bedrock_model("arn:aws:bedrock:us-east-1:1:provisioned-model/abc").provisioned);
    }

    #[test]
    fn gateway_spellings() {
        let taken = |model: &str| {
            let mut sku = Sku::new("unknown", model);
            take_prefix(&mut sku);
            (sku.provider.to_string(), sku.model.to_string(), sku.endpoint.to_string())
        };
        let of = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(taken("anthropic/claude-opus-5-5"), of("anthropic", "claude-opus-5-5", ""));
        assert_eq!(
            taken("bedrock/us.amazon.nova-lite-v1:0"),
            of("aws.bedrock", "amazon.nova-lite-v1:0", "us")
        );
        assert_eq!(taken("meta-llama/llama-4"), of("unknown", "meta-llama/llama-4", ""));
        let mut groq = Sku::new("groq", "openai/gpt-oss-120b");
        take_prefix(&mut groq);
        assert_eq!(groq.model, "openai/gpt-oss-120b", "a name that the provider itself uses");
    }

    #[test]
    fn provider_names() {
        assert_eq!(canonical("OpenAI"), "openai");
        assert_eq!(canonical("Vertex_AI"), "gcp.vertex_ai");
        assert_eq!(canonical("my-gateway"), "my-gateway");
        assert_eq!(of_model("o3-2025-04-16"), "openai");
        assert_eq!(of_model("llama-3.3-70b-versatile"), "unknown");
    }
}
