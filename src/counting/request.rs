//! What providers count besides text, from a bundled table.

use serde::Deserialize;

use super::image::ImageRule;

const SCHEMA: &str = "tokencast.requests.v1";

/// Tokens around the messages of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Framing {
    /// For the request.
    pub request: u64,
    /// For each message, besides its role and its content.
    pub message: u64,
    /// For a name, besides its text.
    pub name: u64,
}

/// What is added to the text of a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overhead {
    /// Around messages; `None`: not known, and nothing is added.
    pub framing: Option<Framing>,
    /// For images; `None`: not known.
    pub image: Option<ImageRule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FramingRow {
    maker: String,
    models: Vec<String>,
    request: u64,
    message: u64,
    name: u64,
    #[expect(dead_code, reason = "every row must say where it is from")]
    source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageRow {
    maker: String,
    models: Vec<String>,
    rule: String,
    base: Option<u64>,
    each: Option<u64>,
    percent: Option<u64>,
    edge: Option<u64>,
    most: Option<u64>,
    #[expect(dead_code, reason = "every row must say where it is from")]
    source: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[expect(dead_code, reason = "the table must say when it was checked")]
    checked_on: String,
    framing: Vec<FramingRow>,
    image: Vec<ImageRow>,
}

/// The table.
#[derive(Debug, Clone)]
pub struct RequestRules {
    framing: Vec<FramingRow>,
    images: Vec<(ImageRow, ImageRule)>,
}

/// Why the table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pricing/tokenizers/requests.toml: {0}")]
pub struct RequestRulesError(String);

impl RequestRules {
    /// The table that is compiled in.
    ///
    /// # Errors
    /// The first problem of it; a released program has none, which a test proves.
    pub fn bundled() -> Result<Self, RequestRulesError> {
        let text = include_str!("../../pricing/tokenizers/requests.toml");
        let file: File = toml::from_str(text).map_err(|e| RequestRulesError(e.to_string()))?;
        if file.schema != SCHEMA {
            return Err(RequestRulesError(format!("schema is `{}`", file.schema)));
        }
        let images = file.image.into_iter().map(|row| {
            let rule = row.rule();
            let problem = || RequestRulesError(format!("images of `{}`", row.maker));
            rule.ok_or_else(problem).map(|rule| (row, rule))
        });
        Ok(Self { framing: file.framing, images: images.collect::<Result<_, _>>()? })
    }

    /// What is added to the text of a model.
    #[must_use]
    pub fn of(&self, maker: &str, model: &str) -> Overhead {
        // Bedrock writes the maker before the name.
        let own = model.strip_prefix(maker).and_then(|rest| rest.strip_prefix('.'));
        let own = own.unwrap_or(model);
        let is = |row_maker: &str, models: &[String]| {
            row_maker == maker && models.iter().any(|start| own.starts_with(start.as_str()))
        };
        let framing = self.framing.iter().find(|row| is(&row.maker, &row.models));
        let image = self.images.iter().find(|(row, _)| is(&row.maker, &row.models));
        Overhead {
            framing: framing.map(|row| Framing {
                request: row.request,
                message: row.message,
                name: row.name,
            }),
            image: image.map(|(_, rule)| *rule),
        }
    }
}

impl ImageRow {
    fn rule(&self) -> Option<ImageRule> {
        match self.rule.as_str() {
            "tiles" => Some(ImageRule::Tiles { base: self.base?, each: self.each? }),
            "patches" => Some(ImageRule::Patches { percent: self.percent?, most: self.most? }),
            "areas" => Some(ImageRule::Areas { edge: self.edge?, most: self.most? }),
            "crops" => Some(ImageRule::Crops { each: self.each? }),
            "whole" => Some(ImageRule::Whole { each: self.each? }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_fits_holds() {
        let rules = RequestRules::bundled().unwrap();
        let mini = rules.of("openai", "gpt-4o-mini-2024-07-18").image;
        assert_eq!(mini, Some(ImageRule::Tiles { base: 2833, each: 5667 }));
        let new = rules.of("anthropic", "anthropic.claude-opus-4-8").image;
        assert_eq!(new, Some(ImageRule::Areas { edge: 2576, most: 4784 }));
        assert_eq!(rules.of("nobody", "gpt-4o"), Overhead::default());
    }
}
