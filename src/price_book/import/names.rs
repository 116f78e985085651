//! Names of providers and models in other tables, and what we call them.

use crate::tokens::Component;

/// The provider that bills, for the name that models.dev, genai-prices or llm-prices use.
pub(super) fn provider(name: &str) -> &str {
    match name {
        "google" => "gcp.gemini",
        "google-vertex" | "google-vertex-anthropic" => "gcp.vertex_ai",
        "aws" | "amazon" | "amazon-bedrock" => "aws.bedrock",
        "azure" => "azure.ai.openai",
        "azure-cognitive-services" => "azure.ai.inference",
        "x-ai" | "xai" => "x_ai",
        "mistral" => "mistral_ai",
        other => other,
    }
}

/// The provider that bills, for a `litellm_provider`.
pub(super) fn litellm_provider(name: &str) -> &str {
    match name {
        "text-completion-openai" => "openai",
        "gemini" => "gcp.gemini",
        "azure" | "azure_text" => "azure.ai.openai",
        "azure_ai" => "azure.ai.inference",
        "cohere_chat" => "cohere",
        _ if name.starts_with("vertex_ai") => "gcp.vertex_ai",
        _ if name.starts_with("bedrock") => "aws.bedrock",
        other => provider(other),
    }
}

/// The name of a provider's file among the bundled books, or one made of its name.
pub(super) fn file_name(provider: &str) -> String {
    let known = match provider {
        "gcp.gemini" => "gemini",
        "gcp.vertex_ai" => "vertex",
        "aws.bedrock" => "bedrock",
        "azure.ai.openai" => "azure-openai",
        "azure.ai.inference" => "azure-foundry",
        "x_ai" => "xai",
        "mistral_ai" => "mistral",
        other => other,
    };
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let stem: String = known.chars().map(safe).collect();
    let stem = stem.trim_matches(['.', '-']);
    format!("{}.toml", if stem.is_empty() { "provider" } else { stem })
}

/// Takes the geography off a Bedrock id: `us.anthropic.x` gives `anthropic.x` and `us`. An id
/// without one is for the Region itself.
pub(super) fn bedrock(id: &str) -> (&str, Option<&str>) {
    for geography in ["global", "us-gov", "us", "eu", "apac", "jp", "au", "ca"] {
        if let Some(bare) = id.strip_prefix(geography).and_then(|rest| rest.strip_prefix('.')) {
            return (bare, Some(geography));
        }
    }
    let maker = id.split_once('.').map(|(maker, _)| maker);
    let is_bedrock =
        maker.is_some_and(|m| !m.is_empty() && m.bytes().all(|b| b.is_ascii_alphanumeric()));
    (id, is_bedrock.then_some("regional"))
}

/// True for the name of a cloud region such as `us-east-1`.
pub(super) fn is_region(word: &str) -> bool {
    word.split_once('-').is_some_and(|(area, rest)| area.len() == 2 && rest.contains('-'))
        && word
            .rsplit_once('-')
            .is_some_and(|(_, n)| n.len() == 1 && n.as_bytes()[0].is_ascii_digit())
}

/// How long a cache keeps what is written to it where a table does not say: half an hour at OpenAI
/// and for its models elsewhere, else five minutes.
pub(super) fn cache_write(provider: &str, id: &str) -> Component {
    let name = id.rsplit('/').next().unwrap_or(id);
    let name = name.strip_prefix("openai.").unwrap_or(name);
    if matches!(provider, "openai" | "azure.ai.openai") || name.starts_with("gpt-") {
        Component::InputCacheWrite30m
    } else {
        Component::InputCacheWrite5m
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bedrock_ids() {
        assert_eq!(bedrock("us-gov.anthropic.claude"), ("anthropic.claude", Some("us-gov")));
        assert_eq!(bedrock("amazon.nova-pro-v1:0"), ("amazon.nova-pro-v1:0", Some("regional")));
        assert_eq!(bedrock("claude-3.5-haiku"), ("claude-3.5-haiku", None));
        assert!(is_region("us-gov-west-1") && is_region("eu-central-1"));
        assert!(!is_region("claude-3-5") && !is_region("us-east"));
    }

    #[test]
    fn caches_of_openai_models_keep_longer() {
        assert_eq!(cache_write("anthropic", "claude-opus-5"), Component::InputCacheWrite5m);
        assert_eq!(cache_write("openai", "o5"), Component::InputCacheWrite30m);
        assert_eq!(cache_write("aws.bedrock", "openai.gpt-5.6"), Component::InputCacheWrite30m);
        assert_eq!(cache_write("openrouter", "openai/gpt-5.6"), Component::InputCacheWrite30m);
    }

    #[test]
    fn file_names_stay_in_their_folder() {
        assert_eq!(file_name("gcp.gemini"), "gemini.toml");
        assert_eq!(file_name("../../etc/x"), "etc-x.toml");
        assert_eq!(file_name("../"), "provider.toml");
    }
}
