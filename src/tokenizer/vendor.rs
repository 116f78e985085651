//! Vocabularies of other makers, as the crate `splintr` carries them.

use splintr::{AnyTokenizer, Backend, PretrainedVocab, SpecialMode, TokenizerError};

/// A vocabulary that is public. Which ones are in the program is decided when it is built, by the features of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// DeepSeek V3 and R1.
    DeepseekV3,
    /// Qwen 2 and 3.
    Qwen3,
    /// Mistral 7B v0.1 and v0.2, Mixtral 8x7B.
    MistralV1,
    /// Mistral 7B v0.3, Mixtral 8x22B, Codestral.
    MistralV2,
    /// Tekken: Mistral NeMo and later.
    MistralV3,
    /// GLM 4.
    Glm4,
    /// Gemma 4.
    Gemma4,
    /// Llama 3.
    Llama3,
    /// Gemma 3, which Google's own local tokenizer uses for Gemini 2.0 to 3.
    Gemma3,
    /// Kimi K2.
    KimiK2,
}

/// What is known of a vocabulary: name, feature of the package, licence of the data.
struct Facts {
    name: &'static str,
    feature: &'static str,
    licence: &'static str,
    vocabulary: PretrainedVocab,
    /// Whether the data is in this program.
    compiled: bool,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::DeepseekV3,
        Self::Qwen3,
        Self::MistralV1,
        Self::MistralV2,
        Self::MistralV3,
        Self::Glm4,
        Self::Gemma4,
        Self::Llama3,
        Self::Gemma3,
        Self::KimiK2,
    ];

    const fn facts(self) -> Facts {
        use PretrainedVocab as V;
        let (name, feature, licence, vocabulary, compiled) = match self {
            Self::DeepseekV3 => (
                "deepseek_v3",
                "vocab-deepseek",
                "MIT",
                V::DeepseekV3,
                cfg!(feature = "vocab-deepseek"),
            ),
            Self::Qwen3 => {
                ("qwen3", "vocab-qwen", "Apache-2.0", V::Qwen3, cfg!(feature = "vocab-qwen"))
            }
            Self::MistralV1 => (
                "mistral_v1",
                "vocab-mistral",
                "Apache-2.0",
                V::MistralV1,
                cfg!(feature = "vocab-mistral"),
            ),
            Self::MistralV2 => (
                "mistral_v2",
                "vocab-mistral",
                "Apache-2.0",
                V::MistralV2,
                cfg!(feature = "vocab-mistral"),
            ),
            Self::MistralV3 => (
                "mistral_v3",
                "vocab-mistral",
                "Apache-2.0",
                V::MistralV3,
                cfg!(feature = "vocab-mistral"),
            ),
            Self::Glm4 => ("glm4", "vocab-glm", "MIT", V::Glm4, cfg!(feature = "vocab-glm")),
            Self::Gemma4 => {
                ("gemma4", "vocab-gemma4", "Apache-2.0", V::Gemma4, cfg!(feature = "vocab-gemma4"))
            }
            Self::Llama3 => (
                "llama3",
                "vocab-llama3",
                "Llama 3.1 Community License",
                V::Llama3,
                cfg!(feature = "vocab-llama3"),
            ),
            Self::Gemma3 => (
                "gemma3",
                "vocab-gemma3",
                "Gemma Terms of Use",
                V::Gemma3,
                cfg!(feature = "vocab-gemma3"),
            ),
            Self::KimiK2 => {
                ("kimi_k2", "vocab-kimi", "Modified MIT", V::KimiK2, cfg!(feature = "vocab-kimi"))
            }
        };
        Facts { name, feature, licence, vocabulary, compiled }
    }

    /// By its name; nothing is matched by a part of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// The feature of the package that compiles it in.
    #[must_use]
    pub const fn feature(self) -> &'static str {
        self.facts().feature
    }

    /// The licence of the data.
    #[must_use]
    pub const fn licence(self) -> &'static str {
        self.facts().licence
    }

    /// Whether it is in this program.
    #[must_use]
    pub const fn is_compiled(self) -> bool {
        self.facts().compiled
    }

    pub(super) fn load(self) -> Result<AnyTokenizer, TokenizerError> {
        splintr::from_vocab(self.facts().vocabulary)
    }
}

/// Tokens of the text alone, without what stands at the beginning and end of a request.
pub(super) fn count(tokenizer: &AnyTokenizer, text: &str) -> u64 {
    let tokens = match tokenizer.backend() {
        // What looks like a special token is text.
        Backend::Bpe(bpe) => bpe
            .encode_with(text, &SpecialMode::Ordinary)
            .unwrap_or_else(|_| tokenizer.encode_raw(text)),
        // Their symbols for HTML and line ends are tokens of text, and only matched as added ones.
        _ => tokenizer.encode_raw(text),
    };
    u64::try_from(tokens.len()).unwrap_or(u64::MAX)
}
