//! The price books shipped with the program.

use super::{BookSource, Layer};

macro_rules! bundled {
    ($($file:literal),* $(,)?) => {
        /// Names and texts of the bundled books.
        pub const BUNDLED: &[(&str, &str)] =
            &[$((concat!("pricing/", $file), include_str!(concat!("../../pricing/", $file)))),*];
    };
}

bundled![
    "anthropic.toml",
    "claude-platform-on-aws.toml",
    "openai.toml",
    "azure-openai.toml",
    "azure-foundry.toml",
    "gemini.toml",
    "vertex.toml",
    "bedrock.toml",
    "xai.toml",
    "mistral.toml",
    "deepseek.toml",
    "cohere.toml",
    "groq.toml",
];

/// The bundled books as sources of the lowest layer.
#[must_use]
pub fn sources() -> Vec<BookSource> {
    let source = |(name, text): &(&str, &str)| BookSource {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
        layer: Layer::Bundled,
    };
    BUNDLED.iter().map(source).collect()
}
