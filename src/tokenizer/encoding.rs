//! The encodings of OpenAI.

use std::fmt;

/// A vocabulary of OpenAI with its split rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// GPT-4o to GPT-5, o1 and later.
    O200kBase,
    /// gpt-oss. Has more special tokens than `O200kBase`; ordinary text counts the same.
    O200kHarmony,
    /// GPT-3.5 and GPT-4, embeddings.
    Cl100kBase,
    /// Codex, text-davinci-002 and -003.
    P50kBase,
    /// GPT-3 and GPT-2.
    R50kBase,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::O200kBase, Self::O200kHarmony, Self::Cl100kBase, Self::P50kBase, Self::R50kBase];

    /// By the name OpenAI gives it; nothing is matched by a part of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The name OpenAI gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::O200kBase => "o200k_base",
            Self::O200kHarmony => "o200k_harmony",
            Self::Cl100kBase => "cl100k_base",
            Self::P50kBase => "p50k_base",
            Self::R50kBase => "r50k_base",
        }
    }

    /// SHA-256 of the vocabulary as OpenAI publishes it, one token in Base64 and its rank a line.
    #[must_use]
    pub const fn sha256(self) -> &'static str {
        match self {
            Self::O200kBase | Self::O200kHarmony => {
                "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
            }
            Self::Cl100kBase => "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
            Self::P50kBase => "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
            Self::R50kBase => "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
