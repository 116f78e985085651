//! Which tokenizer a model has, from the name that price books give and the model's own.

use super::encoding::Encoding;
use super::vendor::Vendor;

/// A tokenizer that counts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// An encoding of OpenAI.
    OpenAi(Encoding),
    /// A vocabulary of another maker.
    Vendor(Vendor),
}

/// How sure it is that a model has this tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The maker, or the vocabulary published with the model, says so.
    Exact,
    /// It is that of an earlier model, or was not published for this one.
    Assumed,
}

/// The tokenizer of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assigned {
    /// Which one.
    pub choice: Choice,
    /// How sure that is.
    pub basis: Basis,
    /// Why.
    pub why: &'static str,
}

impl Choice {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi(encoding) => encoding.name(),
            Self::Vendor(vendor) => vendor.name(),
        }
    }

    /// By its name; nothing is matched by a part of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let vendor = || Vendor::from_name(name).map(Self::Vendor);
        Encoding::from_name(name).map(Self::OpenAi).or_else(vendor)
    }
}

/// A rule: the name in price books, how the name of the model begins, and what that means. The first that fits holds.
type Rule = (&'static str, &'static str, Choice, Basis, &'static str);

const O200K: Choice = Choice::OpenAi(Encoding::O200kBase);
const HARMONY: Choice = Choice::OpenAi(Encoding::O200kHarmony);
const CL100K: Choice = Choice::OpenAi(Encoding::Cl100kBase);
const P50K: Choice = Choice::OpenAi(Encoding::P50kBase);
const R50K: Choice = Choice::OpenAi(Encoding::R50kBase);
const DEEPSEEK: Choice = Choice::Vendor(Vendor::DeepseekV3);
const TEKKEN: Choice = Choice::Vendor(Vendor::MistralV3);
const LLAMA3: Choice = Choice::Vendor(Vendor::Llama3);
const GEMMA3: Choice = Choice::Vendor(Vendor::Gemma3);
const GEMMA4: Choice = Choice::Vendor(Vendor::Gemma4);
const QWEN3: Choice = Choice::Vendor(Vendor::Qwen3);
const GLM4: Choice = Choice::Vendor(Vendor::Glm4);
const KIMI: Choice = Choice::Vendor(Vendor::KimiK2);

const TIKTOKEN: &str = "OpenAI's tiktoken 0.14 maps the model to it";
const NOT_MAPPED: &str = "OpenAI's tiktoken 0.14 does not know the model; that of models before it";
const PUBLISHED: &str = "published with the weights of the model";
const LATER: &str = "a later model, whose vocabulary was not compared";
const LOCAL: &str = "Google's local tokenizer maps the model to it";
const NOT_LOCAL: &str = "Google's local tokenizer does not know the model; that of Gemini 2.0 to 3";

const RULES: &[Rule] = &[
    ("o200k_base", "gpt-oss-", HARMONY, Basis::Exact, TIKTOKEN),
    ("o200k_base", "oss-", HARMONY, Basis::Exact, TIKTOKEN),
    ("o200k_base", "gpt-5", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "gpt-4o", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "chatgpt-4o-", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "gpt-4.1", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "gpt-4.5-", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "o1", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "o3", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "o4-mini", O200K, Basis::Exact, TIKTOKEN),
    ("o200k_base", "", O200K, Basis::Assumed, NOT_MAPPED),
    ("o200k_harmony", "", HARMONY, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "gpt-4", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "gpt-3.5-turbo", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "gpt-35-turbo", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "text-embedding-", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "davinci-002", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "babbage-002", CL100K, Basis::Exact, TIKTOKEN),
    ("cl100k_base", "", CL100K, Basis::Assumed, NOT_MAPPED),
    ("p50k_base", "", P50K, Basis::Exact, TIKTOKEN),
    ("r50k_base", "", R50K, Basis::Exact, TIKTOKEN),
    ("deepseek", "deepseek-v3", DEEPSEEK, Basis::Exact, PUBLISHED),
    ("deepseek", "deepseek.v3", DEEPSEEK, Basis::Exact, PUBLISHED),
    ("deepseek", "deepseek-r1", DEEPSEEK, Basis::Exact, PUBLISHED),
    ("deepseek", "deepseek.r1", DEEPSEEK, Basis::Exact, PUBLISHED),
    ("deepseek", "", DEEPSEEK, Basis::Assumed, LATER),
    ("mistral", "mistral-nemo", TEKKEN, Basis::Exact, PUBLISHED),
    ("mistral", "open-mistral-nemo", TEKKEN, Basis::Exact, PUBLISHED),
    ("mistral", "pixtral-12b", TEKKEN, Basis::Exact, PUBLISHED),
    ("mistral", "", TEKKEN, Basis::Assumed, LATER),
    ("llama3", "", LLAMA3, Basis::Exact, PUBLISHED),
    ("gemini", "gemini-2.0-flash", GEMMA3, Basis::Exact, LOCAL),
    ("gemini", "gemini-2.5-flash", GEMMA3, Basis::Exact, LOCAL),
    ("gemini", "gemini-2.5-pro", GEMMA3, Basis::Exact, LOCAL),
    ("gemini", "gemini-3-pro-preview", GEMMA3, Basis::Exact, LOCAL),
    ("gemini", "", GEMMA3, Basis::Assumed, NOT_LOCAL),
    ("gemma3", "", GEMMA3, Basis::Exact, PUBLISHED),
    ("gemma4", "", GEMMA4, Basis::Exact, PUBLISHED),
    ("qwen", "", QWEN3, Basis::Exact, PUBLISHED),
    ("glm", "", GLM4, Basis::Assumed, LATER),
    ("kimi", "", KIMI, Basis::Exact, PUBLISHED),
];

/// Tokenizers of price books that are not public: what a text has can only be estimated.
pub const NOT_PUBLIC: [&str; 4] = ["claude-2024", "claude-2026", "grok", "nova"];

/// What stands before the name of a model where others serve it.
const SERVED: [&str; 4] = ["openai.", "openai/", "ft:", "fw-"];

const STAND_IN: &str =
    "instead of Gemma 3, whose vocabulary is not in this program: nearly the same";

/// The tokenizer of a model whose price book names `tokenizer`. `None`: there is no public one, and what a text has can
/// only be estimated.
#[must_use]
pub fn assigned(tokenizer: &str, model: &str) -> Option<Assigned> {
    let own = SERVED.into_iter().find_map(|prefix| model.strip_prefix(prefix)).unwrap_or(model);
    let rule =
        RULES.iter().find(|(name, prefix, ..)| *name == tokenizer && own.starts_with(prefix));
    let (_, _, choice, basis, why) = *rule?;
    let gemma3 = choice == GEMMA3 && !Vendor::Gemma3.is_compiled();
    if gemma3 && Vendor::Gemma4.is_compiled() {
        return Some(Assigned { choice: GEMMA4, basis: Basis::Assumed, why: STAND_IN });
    }
    Some(Assigned { choice, basis, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_says_so() {
        let of = |tokenizer: &str, model: &str| {
            assigned(tokenizer, model).map(|found| (found.choice.name(), found.basis))
        };
        for (tokenizer, model, expected) in [
            ("o200k_base", "gpt-5.6-luna", Some(("o200k_base", Basis::Exact))),
            ("o200k_base", "openai.gpt-5.4", Some(("o200k_base", Basis::Exact))),
            ("o200k_base", "ft:gpt-4o-mini-2024-07-18", Some(("o200k_base", Basis::Exact))),
            ("o200k_base", "gpt-6-astra", Some(("o200k_base", Basis::Assumed))),
            ("o200k_base", "openai.gpt-oss-120b-1:0", Some(("o200k_harmony", Basis::Exact))),
            ("cl100k_base", "gpt-4-0613", Some(("cl100k_base", Basis::Exact))),
            ("p50k_base", "text-davinci-003", Some(("p50k_base", Basis::Exact))),
            ("deepseek", "deepseek-v3.1", Some(("deepseek_v3", Basis::Exact))),
            ("deepseek", "deepseek-v4-pro", Some(("deepseek_v3", Basis::Assumed))),
            ("mistral", "open-mistral-nemo-2407", Some(("mistral_v3", Basis::Exact))),
            ("mistral", "ministral-3b", Some(("mistral_v3", Basis::Assumed))),
            ("claude-2026", "claude-opus-5", None),
            ("o200k", "gpt-5", None),
        ] {
            assert_eq!(of(tokenizer, model), expected, "{tokenizer} {model}");
        }
    }

    #[test]
    fn gemini_has_the_vocabulary_of_gemma_3_or_what_is_nearest() {
        let exact = assigned("gemini", "gemini-2.5-flash").unwrap();
        let later = assigned("gemini", "gemini-4-argon").unwrap();
        assert_eq!(later.basis, Basis::Assumed);
        if Vendor::Gemma3.is_compiled() {
            assert_eq!((exact.choice, exact.basis), (GEMMA3, Basis::Exact));
        } else if Vendor::Gemma4.is_compiled() {
            assert_eq!((exact.choice, exact.basis), (GEMMA4, Basis::Assumed));
        }
    }

    #[test]
    fn every_name_in_the_price_books_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing");
        let mut names = std::collections::BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let stated = text.lines().filter_map(|line| line.strip_prefix("tokenizer = \""));
            names.extend(stated.map(|name| name.trim_end_matches('"').to_owned()));
        }
        assert!(names.len() >= 10);
        for name in names {
            let public = assigned(&name, "").is_some();
            assert_ne!(public, NOT_PUBLIC.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn names_lead_back() {
        for rule in RULES {
            assert_eq!(Choice::from_name(rule.2.name()), Some(rule.2));
            assert!(!NOT_PUBLIC.contains(&rule.0));
        }
    }
}
