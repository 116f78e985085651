//! From the wording of bills to the ids that price books know, where the two mean the same for
//! certain. Any other wording is kept, and stays unpriced.

/// A version of Claude: family and version as bills print them, the id on Bedrock, and the id on
/// Vertex AI and Foundry.
type Claude = (&'static str, &'static str, &'static str, &'static str);

const CLAUDE: &[Claude] = &[
    ("fable", "5", "anthropic.claude-fable-5", "claude-fable-5"),
    ("fable", "5.1", "anthropic.claude-fable-5-1", "claude-fable-5-1"),
    ("fable", "5.2", "anthropic.claude-fable-5-2", "claude-fable-5-2"),
    ("haiku", "3", "anthropic.claude-3-haiku-20240307-v1:0", "claude-3-haiku"),
    ("haiku", "3.5", "anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku"),
    ("haiku", "4.5", "anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
    ("haiku", "5.5", "anthropic.claude-haiku-5-5", "claude-haiku-5-5"),
    ("opus", "3", "anthropic.claude-3-opus-20240229-v1:0", "claude-3-opus"),
    ("opus", "4", "anthropic.claude-opus-4-20250514-v1:0", "claude-opus-4"),
    ("opus", "4.1", "anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1"),
    ("opus", "4.5", "anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5"),
    ("opus", "4.6", "anthropic.claude-opus-4-6-v1", "claude-opus-4-6"),
    ("opus", "4.7", "anthropic.claude-opus-4-7", "claude-opus-4-7"),
    ("opus", "4.8", "anthropic.claude-opus-4-8", "claude-opus-4-8"),
    ("opus", "5", "anthropic.claude-opus-5", "claude-opus-5"),
    ("opus", "5.5", "anthropic.claude-opus-5-5", "claude-opus-5-5"),
    ("sonnet", "3", "anthropic.claude-3-sonnet-20240229-v1:0", "claude-3-sonnet"),
    ("sonnet", "3.5", "anthropic.claude-3-5-sonnet-20240620-v1:0", "claude-3-5-sonnet"),
    ("sonnet", "3.5 v2", "anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-v2"),
    ("sonnet", "3.7", "anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet"),
    ("sonnet", "4", "anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4"),
    ("sonnet", "4.5", "anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
    ("sonnet", "4.6", "anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
    ("sonnet", "5", "anthropic.claude-sonnet-5", "claude-sonnet-5"),
    ("sonnet", "5.5", "anthropic.claude-sonnet-5-5", "claude-sonnet-5-5"),
];

/// Other models of Bedrock, by the letters and digits of their wording.
const BEDROCK: &[(&str, &str)] = &[
    ("novalite", "amazon.nova-lite-v1:0"),
    ("novamicro", "amazon.nova-micro-v1:0"),
    ("novapro", "amazon.nova-pro-v1:0"),
    ("novapremier", "amazon.nova-premier-v1:0"),
    ("nova2lite", "amazon.nova-2-lite-v1:0"),
    ("nova20lite", "amazon.nova-2-lite-v1:0"),
    ("titanembeddingsv2text", "amazon.titan-embed-text-v2:0"),
    ("titanembedv2text", "amazon.titan-embed-text-v2:0"),
    ("titantextembeddingsv2", "amazon.titan-embed-text-v2:0"),
    ("deepseekr1", "deepseek.r1-v1:0"),
    ("llama318b", "meta.llama3-1-8b-instruct-v1:0"),
    ("llama3170b", "meta.llama3-1-70b-instruct-v1:0"),
    ("llama31405b", "meta.llama3-1-405b-instruct-v1:0"),
    ("llama321b", "meta.llama3-2-1b-instruct-v1:0"),
    ("llama323b", "meta.llama3-2-3b-instruct-v1:0"),
    ("llama3211b", "meta.llama3-2-11b-instruct-v1:0"),
    ("llama3290b", "meta.llama3-2-90b-instruct-v1:0"),
    ("llama3370b", "meta.llama3-3-70b-instruct-v1:0"),
    ("llama4maverick17b", "meta.llama4-maverick-17b-instruct-v1:0"),
    ("llama4scout17b", "meta.llama4-scout-17b-instruct-v1:0"),
    ("mistrallarge2402", "mistral.mistral-large-2402-v1:0"),
    ("mistrallarge2407", "mistral.mistral-large-2407-v1:0"),
    ("mistralsmall2402", "mistral.mistral-small-2402-v1:0"),
    ("pixtrallarge2502", "mistral.pixtral-large-2502-v1:0"),
    ("gptoss120b", "openai.gpt-oss-120b-1:0"),
    ("gptoss20b", "openai.gpt-oss-20b-1:0"),
    ("palmyrax4", "writer.palmyra-x4-v1:0"),
    ("palmyrax5", "writer.palmyra-x5-v1:0"),
];

/// Azure OpenAI's models: words of a meter, joined by hyphens, that are an id by themselves.
const AZURE_OPENAI: &[&str] = &[
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4.5-preview",
    "gpt-5",
    "gpt-5-chat",
    "gpt-5-codex",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5-pro",
    "gpt-5.1",
    "gpt-5.1-chat",
    "gpt-5.1-codex",
    "gpt-5.1-codex-max",
    "gpt-5.1-codex-mini",
    "gpt-5.2",
    "gpt-5.2-chat",
    "gpt-5.2-codex",
    "gpt-5.2-pro",
    "gpt-5.3-chat",
    "gpt-5.3-codex",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.4-pro",
    "gpt-5.5",
    "gpt-5.5-pro",
    "gpt-5.6-luna",
    "gpt-5.6-sol",
    "gpt-5.6-terra",
    "gpt-6-astra",
    "gpt-6-luna",
    "gpt-6-sol",
    "gpt-6.1-sol",
    "gpt-6.2-astra",
    "gpt-6.2-sol",
    "gpt-oss-120b",
    "o1",
    "o1-mini",
    "o1-preview",
    "o1-pro",
    "o3",
    "o3-mini",
    "o3-pro",
    "o3-deep-research",
    "o4-mini",
    "text-embedding-3-large",
    "text-embedding-3-small",
    "text-embedding-ada-002",
];

/// Azure OpenAI's models whose meters carry the month and day of a version.
const AZURE_DATED: &[(&str, &str, &str)] = &[
    ("gpt-4o", "0513", "gpt-4o-2024-05-13"),
    ("gpt-4o", "0806", "gpt-4o-2024-08-06"),
    ("gpt-4o", "1120", "gpt-4o-2024-11-20"),
    ("gpt-4o-mini", "0718", "gpt-4o-mini-2024-07-18"),
    ("gpt-4.1", "0414", "gpt-4.1-2025-04-14"),
    ("gpt-4.1-mini", "0414", "gpt-4.1-mini-2025-04-14"),
    ("gpt-4.1-nano", "0414", "gpt-4.1-nano-2025-04-14"),
    ("gpt-5", "0807", "gpt-5-2025-08-07"),
    ("gpt-5-mini", "0807", "gpt-5-mini-2025-08-07"),
    ("gpt-5-nano", "0807", "gpt-5-nano-2025-08-07"),
    ("o1", "1217", "o1-2024-12-17"),
    ("o3", "0416", "o3-2025-04-16"),
    ("o3-mini", "0131", "o3-mini-2025-01-31"),
    ("o4-mini", "0416", "o4-mini-2025-04-16"),
];

/// Models of other makers that Azure sells as its own meters.
const FOUNDRY: &[&str] = &[
    "deepseek-r1",
    "deepseek-v3",
    "deepseek-v3.1",
    "deepseek-v3.2",
    "grok-3",
    "grok-3-mini",
    "grok-4",
    "grok-4-fast",
    "grok-4.1",
    "grok-4.2",
    "grok-4.3",
    "grok-code-fast-1",
    "llama-3.3-70b-instruct",
];

/// Gemini models on Vertex AI.
const VERTEX: &[&str] = &[
    "gemini-2.0-flash",
    "gemini-2.0-flash-lite",
    "gemini-2.5-flash",
    "gemini-2.5-flash-image",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
    "gemini-3-pro-image",
    "gemini-3-pro-preview",
    "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-4-argon",
    "gemini-4-carbon",
    "gemini-embedding-001",
];

/// Gemini models of the Gemini API.
const GEMINI: &[&str] = &[
    "gemini-2.0-flash",
    "gemini-2.0-flash-lite",
    "gemini-2.5-flash",
    "gemini-2.5-flash-lite",
    "gemini-2.5-pro",
    "gemini-3-flash-preview",
    "gemini-3-pro-image",
    "gemini-3-pro-preview",
    "gemini-3.1-flash-image",
    "gemini-3.1-flash-lite",
    "gemini-3.1-pro-preview",
    "gemini-3.5-flash",
    "gemini-3.5-flash-lite",
    "gemini-3.6-flash",
    "gemini-3.7-flash",
    "gemini-3.8-flash",
    "gemini-4-argon",
    "gemini-4-carbon",
    "gemini-embedding-001",
];

/// The Claude of a wording such as `Claude4.6Sonnet` or `Claude Sonnet 4.5`: its row.
fn claude(wording: &str) -> Option<&'static Claude> {
    let lower = wording.to_ascii_lowercase();
    let rest = lower.trim().strip_prefix("anthropic").unwrap_or(&lower).trim();
    let rest = rest.strip_prefix("claude")?;
    let mut family = "";
    let mut numbers: Vec<&str> = Vec::new();
    let mut second = false;
    for word in words(rest) {
        match word {
            "fable" | "haiku" | "opus" | "sonnet" if family.is_empty() => family = word,
            "v" => second = true,
            "sonnetv" if family.is_empty() => (family, second) = ("sonnet", true),
            number if number.starts_with(|c: char| c.is_ascii_digit()) => numbers.push(number),
            _ => return None,
        }
    }
    let version = match (numbers.as_slice(), second) {
        ([version], false) => (*version).to_owned(),
        // `3-5` for 3.5, as ids spell it.
        ([major, minor], false) if !major.contains('.') => format!("{major}.{minor}"),
        ([version, "2"], true) => format!("{version} v2"),
        _ => return None,
    };
    CLAUDE.iter().find(|(f, v, ..)| *f == family && *v == version)
}

/// Runs of letters, and of digits with points inside.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let class = |c: char| match c {
        '0'..='9' | '.' => 1,
        c if c.is_alphabetic() => 2,
        _ => 0,
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c| class(c) == 0);
        let kind = class(rest.chars().next()?);
        let end = rest.find(|c| class(c) != kind).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word.trim_matches('.'))
    })
}

/// The Bedrock id of a wording.
pub(super) fn bedrock(wording: &str) -> Option<&'static str> {
    if let Some((_, _, id, _)) = claude(wording) {
        return Some(id);
    }
    let plain = crate::source::row::normalised(wording);
    let bare = plain.strip_suffix("instruct").unwrap_or(&plain);
    BEDROCK.iter().find(|(name, _)| *name == bare).map(|(_, id)| *id)
}

/// The id of a Claude that is not sold by Bedrock.
pub(super) fn claude_id(wording: &str) -> Option<&'static str> {
    claude(wording).map(|(_, _, _, id)| *id)
}

/// The Azure OpenAI id of a model's words, joined by hyphens, and of the month and day of its
/// version, if the meter has them.
pub(super) fn azure_openai(name: &str, version: Option<&str>) -> Option<&'static str> {
    match version {
        Some(date) => {
            AZURE_DATED.iter().find(|(n, d, _)| *n == name && *d == date).map(|(_, _, id)| *id)
        }
        None => AZURE_OPENAI.iter().find(|id| **id == name).copied(),
    }
}

/// The id of another maker's model on Azure.
pub(super) fn foundry(name: &str) -> Option<&'static str> {
    FOUNDRY.iter().find(|id| **id == name).copied()
}

/// The id of a Gemini model, on Vertex AI or of the Gemini API.
pub(super) fn google(name: &str, is_vertex: bool) -> Option<&'static str> {
    let ids = if is_vertex { VERTEX } else { GEMINI };
    ids.iter().find(|id| **id == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_one_that_a_price_book_knows() {
        let check = |book: &str, ids: &[&str]| {
            for id in ids {
                assert!(book.contains(&format!("\"{id}\"")), "{id}");
            }
        };
        let bedrock = include_str!("../../../pricing/bedrock.toml");
        let vertex = include_str!("../../../pricing/vertex.toml");
        let azure = include_str!("../../../pricing/azure-openai.toml");
        let of = |at: fn(&Claude) -> &'static str| CLAUDE.iter().map(at).collect::<Vec<_>>();
        check(bedrock, &of(|row| row.2));
        check(vertex, &of(|row| row.3));
        check(bedrock, &BEDROCK.iter().map(|(_, id)| *id).collect::<Vec<_>>());
        check(azure, AZURE_OPENAI);
        check(azure, &AZURE_DATED.iter().map(|(_, _, id)| *id).collect::<Vec<_>>());
        check(include_str!("../../../pricing/azure-foundry.toml"), FOUNDRY);
        check(vertex, VERTEX);
        check(include_str!("../../../pricing/gemini.toml"), GEMINI);
    }

    #[test]
    fn wordings_of_claude() {
        let sonnet = Some("anthropic.claude-sonnet-4-6");
        for text in
            ["Claude4.6Sonnet", "Claude Sonnet 4.6", "Claude-4-6-Sonnet", "claude sonnet 4.6"]
        {
            assert_eq!(bedrock(text), sonnet, "{text}");
        }
        assert_eq!(bedrock("Claude3.5SonnetV2"), Some("anthropic.claude-3-5-sonnet-20241022-v2:0"));
        assert_eq!(bedrock("Claude 3.5 Sonnet v2"), bedrock("Claude3.5SonnetV2"));
        assert_eq!(bedrock("Claude 3.5 Sonnet"), Some("anthropic.claude-3-5-sonnet-20240620-v1:0"));
        assert_eq!(bedrock("Claude3Haiku"), Some("anthropic.claude-3-haiku-20240307-v1:0"));
        assert_eq!(claude_id("Claude Opus 5"), Some("claude-opus-5"));
        for text in [
            "Claude",
            "Claude Sonnet",
            "Claude Sonnet 9.9",
            "Claude Sonnet 4.5 Turbo",
            "Sonnet 4.5",
        ] {
            assert_eq!(bedrock(text), None, "{text}");
        }
    }

    #[test]
    fn wordings_of_others() {
        assert_eq!(bedrock("NovaLite"), Some("amazon.nova-lite-v1:0"));
        assert_eq!(bedrock("Nova2.0Lite"), Some("amazon.nova-2-lite-v1:0"));
        assert_eq!(bedrock("Llama3-3-70B-Instruct"), Some("meta.llama3-3-70b-instruct-v1:0"));
        assert_eq!(bedrock("NovaLite2"), None);
        assert_eq!(azure_openai("gpt-4o", Some("1120")), Some("gpt-4o-2024-11-20"));
        assert_eq!(azure_openai("gpt-4o", Some("0101")), None);
        assert_eq!(google("gemini-3.8-flash", true), None);
        assert_eq!(google("gemini-3.8-flash", false), Some("gemini-3.8-flash"));
    }
}
