//! Who bills: the provider of a body that does not say.

use compact_str::CompactString;

use crate::sku::Sku;

/// Spellings of providers in the wild, in lower case letters and digits alone, and the name of
/// each: that of OpenTelemetry GenAI where it has one.
const SPELLINGS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("openairesponses", "openai"),
    ("textcompletionopenai", "openai"),
    ("anthropic", "anthropic"),
    ("anthropictext", "anthropic"),
    ("claude", "anthropic"),
    ("awsbedrock", "aws.bedrock"),
    ("bedrock", "aws.bedrock"),
    ("bedrockconverse", "aws.bedrock"),
    ("amazonbedrock", "aws.bedrock"),
    ("aws", "aws.bedrock"),
    ("amazon", "aws.bedrock"),
    ("awssagemaker", "aws.sagemaker"),
    ("sagemaker", "aws.sagemaker"),
    ("sagemakerchat", "aws.sagemaker"),
    ("azureaiopenai", "azure.ai.openai"),
    ("azureopenai", "azure.ai.openai"),
    ("azureopenaichat", "azure.ai.openai"),
    ("azure", "azure.ai.openai"),
    ("azuretext", "azure.ai.openai"),
    ("azureaiinference", "azure.ai.inference"),
    ("azureai", "azure.ai.inference"),
    ("azureaifoundry", "azure.ai.inference"),
    ("azurefoundry", "azure.ai.inference"),
    ("gcpgemini", "gcp.gemini"),
    ("gemini", "gcp.gemini"),
    ("geminiapi", "gcp.gemini"),
    ("google", "gcp.gemini"),
    ("googleai", "gcp.gemini"),
    ("googleaistudio", "gcp.gemini"),
    ("googlegenai", "gcp.gemini"),
    ("googlegenerativeai", "gcp.gemini"),
    ("gcpvertexai", "gcp.vertex_ai"),
    ("vertex", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("vertexaibeta", "gcp.vertex_ai"),
    ("vertexaianthropicmodels", "gcp.vertex_ai"),
    ("googlevertex", "gcp.vertex_ai"),
    ("googlevertexai", "gcp.vertex_ai"),
    ("gcpgenai", "gcp.gen_ai"),
    ("xai", "x_ai"),
    ("grok", "x_ai"),
    ("mistral", "mistral_ai"),
    ("mistralai", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("deepseek", "deepseek"),
    ("groq", "groq"),
    ("cohere", "cohere"),
    ("coherechat", "cohere"),
    ("perplexity", "perplexity"),
    ("perplexityai", "perplexity"),
    ("moonshot", "moonshot_ai"),
    ("moonshotai", "moonshot_ai"),
    ("ibmwatsonxai", "ibm.watsonx.ai"),
    ("watsonx", "ibm.watsonx.ai"),
    ("watsonxai", "ibm.watsonx.ai"),
    ("together", "together"),
    ("togetherai", "together"),
    ("fireworks", "fireworks"),
    ("fireworksai", "fireworks"),
    ("cerebras", "cerebras"),
    ("zai", "zai"),
    ("zhipu", "zai"),
    ("zhipuai", "zai"),
    ("huggingface", "huggingface"),
    ("hfinference", "huggingface"),
    ("openrouter", "openrouter"),
    ("deepinfra", "deepinfra"),
    ("sambanova", "sambanova"),
    ("nvidianim", "nvidia"),
    ("nvidia", "nvidia"),
    ("dashscope", "alibaba"),
    ("alibaba", "alibaba"),
    ("alibabacloud", "alibaba"),
    ("minimax", "minimax"),
    ("githubcopilot", "github.copilot"),
    ("copilot", "github.copilot"),
    ("ollama", "ollama"),
    ("ollamachat", "ollama"),
    ("vllm", "vllm"),
    ("hostedvllm", "vllm"),
];

/// The provider of a body whose model no known maker's names fit.
pub(crate) const UNKNOWN: &str = "unknown";

/// The name of a provider in any known spelling, or `None`.
fn known(spelling: &str) -> Option<&'static str> {
    // No spelling is longer, and nothing is allocated for a name.
    let mut bare = [0_u8; 24];
    let mut length = 0;
    for byte in spelling.bytes().filter(u8::is_ascii_alphanumeric) {
        *bare.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    let bare = &bare[..length];
    SPELLINGS.iter().find(|(s, _)| s.as_bytes() == bare).map(|(_, name)| *name)
}

/// The OpenTelemetry GenAI name of a provider, in whatever case and with whatever signs between the
/// words it is spelled; other names are kept in lower case.
#[must_use]
pub fn canonical(spelling: &str) -> CompactString {
    match known(spelling) {
        Some(name) => CompactString::const_new(name),
        None => CompactString::new(spelling.trim().to_ascii_lowercase()),
    }
}

/// Beginnings of the names that makers give their models, and who serves them under these names.
/// Names under which many hosts serve an open model say nothing and are not here.
const PREFIXES: &[(&str, &str)] = &[
    ("gpt-oss", UNKNOWN),
    ("gpt", "openai"),
    ("chatgpt", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-3", "openai"),
    ("text-embedding-ada", "openai"),
    ("text-moderation", "openai"),
    ("omni-moderation", "openai"),
    ("codex", "openai"),
    ("davinci", "openai"),
    ("babbage", "openai"),
    ("computer-use", "openai"),
    ("whisper-1", "openai"),
    ("tts-1", "openai"),
    ("dall-e", "openai"),
    ("ft:", "openai"),
    ("claude", "anthropic"),
    ("gemini", "gcp.gemini"),
    ("text-embedding-00", "gcp.gemini"),
    ("embedding-001", "gcp.gemini"),
    ("grok", "x_ai"),
    ("deepseek", "deepseek"),
    ("mistral", "mistral_ai"),
    ("ministral", "mistral_ai"),
    ("magistral", "mistral_ai"),
    ("codestral", "mistral_ai"),
    ("devstral", "mistral_ai"),
    ("pixtral", "mistral_ai"),
    ("voxtral", "mistral_ai"),
    ("open-mi", "mistral_ai"),
    ("command", "cohere"),
    ("embed-v4", "cohere"),
    ("embed-english", "cohere"),
    ("embed-multilingual", "cohere"),
    ("rerank-", "cohere"),
    ("c4ai-", "cohere"),
    ("sonar", "perplexity"),
    ("kimi-", "moonshot_ai"),
    ("moonshot-", "moonshot_ai"),
    ("glm-", "zai"),
    ("accounts/fireworks/", "fireworks"),
];

/// Provider of a body whose shape many providers share, told by its maker's model names. A name
/// of no known maker gives `unknown`, which no price book serves: its usage stays unpriced.
pub(crate) fn of_model(model: &str) -> CompactString {
    let found = PREFIXES.iter().find(|(prefix, _)| model.starts_with(prefix));
    CompactString::const_new(found.map_or(UNKNOWN, |(_, provider)| provider))
}

/// Takes a gateway's spelling such as `anthropic/claude-opus-5-5` or `bedrock/us.amazon.nova-lite-v1:0`
/// apart, where nothing else says who bills. Only names of providers count as prefixes. A bare
/// Bedrock id says so by itself.
pub(crate) fn take_prefix(sku: &mut Sku) {
    if sku.provider != UNKNOWN {
        return;
    }
    if is_bedrock_id(&sku.model) {
        sku.provider = CompactString::const_new("aws.bedrock");
        return take_geography(sku);
    }
    let Some((prefix, rest)) = sku.model.split_once('/') else { return };
    let Some(provider) = known(prefix) else { return };
    sku.model = CompactString::new(rest);
    sku.provider = CompactString::const_new(provider);
    if provider == "aws.bedrock" {
        take_geography(sku);
    }
}

fn take_geography(sku: &mut Sku) {
    let id = sku.model.clone();
    let found = bedrock_model(&id);
    sku.endpoint = found.endpoint.into();
    sku.model = found.model.into();
}

/// True for `us.anthropic.claude-...` and the like: a maker before the first dot.
fn is_bedrock_id(id: &str) -> bool {
    const MAKERS: [&str; 12] = [
        "ai21",
        "amazon",
        "anthropic",
        "cohere",
        "deepseek",
        "meta",
        "minimax",
        "mistral",
        "moonshot",
        "openai",
        "qwen",
        "writer",
    ];
    let maker = bedrock_model(id).model.split_once('.').map(|(maker, _)| maker);
    maker.is_some_and(|maker| MAKERS.contains(&maker))
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

/// Vertex AI's kind of endpoint at a location.
pub(crate) fn vertex_endpoint(location: &str) -> CompactString {
    CompactString::const_new(if location == "global" { "global" } else { "regional" })
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
    fn spellings_are_bare_and_unique() {
        for (at, (spelling, _)) in SPELLINGS.iter().enumerate() {
            let bare = spelling.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            assert!(bare && spelling.len() <= 24, "{spelling}");
            assert!(SPELLINGS[..at].iter().all(|(other, _)| other != spelling), "{spelling} twice");
        }
        for (at, (prefix, _)) in PREFIXES.iter().enumerate() {
            let hidden = PREFIXES[..at].iter().any(|(other, _)| prefix.starts_with(other));
            assert!(!hidden, "{prefix} is never reached");
        }
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
        assert_eq!(
            taken("eu.anthropic.claude-sonnet-5-v1:0"),
            of("aws.bedrock", "anthropic.claude-sonnet-5-v1:0", "eu")
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
        assert_eq!(
            canonical("a name that is longer than any spelling"),
            "a name that is longer than any spelling"
        );
        for (spelling, name) in [
            ("azure_ai", "azure.ai.inference"),
            ("azure.ai.openai", "azure.ai.openai"),
            ("Amazon Bedrock", "aws.bedrock"),
            ("together_ai", "together"),
            ("fireworks_ai", "fireworks"),
            ("Moonshot AI", "moonshot_ai"),
            ("Z.AI", "zai"),
            ("hf-inference", "huggingface"),
            ("Cerebras", "cerebras"),
            ("perplexity", "perplexity"),
            ("x-ai", "x_ai"),
        ] {
            assert_eq!(canonical(spelling), name);
        }
        assert_eq!(of_model("o3-2025-04-16"), "openai");
        for model in
            ["llama-3.3-70b-versatile", "gpt-oss-120b", "text-embedding-v4", "whisper-large-v3"]
        {
            assert_eq!(of_model(model), "unknown", "{model} says nothing of its host");
        }
        assert_eq!(of_model("text-embedding-3-small"), "openai");
        assert_eq!(of_model("text-embedding-005"), "gcp.gemini");
        assert_eq!(of_model("sonar-deep-research"), "perplexity");
        assert_eq!(of_model("kimi-k2-0905-preview"), "moonshot_ai");
        assert_eq!(of_model("accounts/fireworks/models/glm-5"), "fireworks");
    }
}
