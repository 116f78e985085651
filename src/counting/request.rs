//! What providers count besides text, from a bundled table.

use serde::Deserialize;

use super::band::Band;
use super::extras::{ByResolution, DocumentRule, SoundRule, VideoRule};
use super::image::ImageRule;
use super::tools::{FunctionRule, ToolPrompt, ToolRule};

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
    /// For functions that may be called.
    pub tools: ToolRule,
    /// For images; `None`: not known.
    pub image: Option<ImageRule>,
    /// For documents; `None`: not known.
    pub document: Option<DocumentRule>,
    /// For sound; `None`: not known.
    pub audio: Option<SoundRule>,
    /// For video; `None`: not known.
    pub video: Option<VideoRule>,
}

/// A row with its maker and the beginnings of the names that it is for.
trait Row {
    type Rule: Copy;
    fn names(&self) -> (&str, &[String]);
    /// `None`: a number is missing.
    fn rule(&self) -> Option<Self::Rule>;
}

macro_rules! rows {
    ($($name:ident -> $rule:ty { $($field:ident: $kind:ty),* })*) => { $(
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            maker: String,
            models: Vec<String>,
            #[expect(dead_code, reason = "every row must say where it is from")]
            source: String,
            $($field: $kind),*
        }

        impl Row for $name {
            type Rule = $rule;

            fn names(&self) -> (&str, &[String]) {
                (&self.maker, &self.models)
            }

            fn rule(&self) -> Option<$rule> {
                Self::own_rule(self)
            }
        }
    )* };
}

rows! {
    FramingRow -> Framing { request: u64, message: u64, name: u64 }
    ImageRow -> ImageRule {
        rule: String, base: Option<u64>, each: Option<u64>, percent: Option<u64>,
        edge: Option<u64>, most: Option<u64>,
        low: Option<u64>, medium: Option<u64>, high: Option<u64>, ultra: Option<u64>
    }
    ToolRow -> ToolRule {
        rule: String, function: Option<u64>, object: Option<u64>, property: Option<u64>,
        list: Option<i64>, value: Option<u64>, end: Option<u64>, none: Option<u64>,
        named: Option<u64>, published: Option<bool>, auto: Option<u64>, forced: Option<u64>
    }
    DocumentRow -> DocumentRule {
        page: u64, text_low: u64, text: u64, text_high: u64,
        low: Option<u64>, medium: Option<u64>, high: Option<u64>, ultra: Option<u64>
    }
    AudioRow -> SoundRule { each: u64, said: u64 }
    VideoRow -> VideoRule {
        frame: u64, sound: u64, times: u64,
        low: Option<u64>, medium: Option<u64>, high: Option<u64>, ultra: Option<u64>
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[expect(dead_code, reason = "the table must say when it was checked")]
    checked_on: String,
    framing: Vec<FramingRow>,
    image: Vec<ImageRow>,
    tools: Vec<ToolRow>,
    document: Vec<DocumentRow>,
    audio: Vec<AudioRow>,
    video: Vec<VideoRow>,
}

/// The rules of one kind, in the order of the table.
#[derive(Debug, Clone)]
struct Rules<R> {
    rows: Vec<(String, Vec<String>, R)>,
}

impl<R: Copy> Rules<R> {
    fn read(kind: &str, rows: &[impl Row<Rule = R>]) -> Result<Self, RequestRulesError> {
        let one = |row: &dyn Row<Rule = R>| {
            let (maker, models) = row.names();
            let problem = || RequestRulesError(format!("{kind} of `{maker}` lacks a number"));
            Ok((maker.to_owned(), models.to_vec(), row.rule().ok_or_else(problem)?))
        };
        Ok(Self { rows: rows.iter().map(|row| one(row)).collect::<Result<_, _>>()? })
    }

    fn of(&self, maker: &str, model: &str) -> Option<R> {
        let fits = |models: &[String]| models.iter().any(|start| model.starts_with(start.as_str()));
        let mut rows = self.rows.iter();
        rows.find(|(own, models, _)| own == maker && fits(models)).map(|(_, _, rule)| *rule)
    }
}

/// The table.
#[derive(Debug, Clone)]
pub struct RequestRules {
    framing: Rules<Framing>,
    image: Rules<ImageRule>,
    tools: Rules<ToolRule>,
    document: Rules<DocumentRule>,
    audio: Rules<SoundRule>,
    video: Rules<VideoRule>,
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
        Ok(Self {
            framing: Rules::read("framing", &file.framing)?,
            image: Rules::read("images", &file.image)?,
            tools: Rules::read("tools", &file.tools)?,
            document: Rules::read("documents", &file.document)?,
            audio: Rules::read("audio", &file.audio)?,
            video: Rules::read("video", &file.video)?,
        })
    }

    /// What is added to the text of a model.
    #[must_use]
    pub fn of(&self, maker: &str, model: &str) -> Overhead {
        // Bedrock writes the maker before the name.
        let own = model.strip_prefix(maker).and_then(|rest| rest.strip_prefix('.'));
        let own = own.unwrap_or(model);
        Overhead {
            framing: self.framing.of(maker, own),
            tools: self.tools.of(maker, own).unwrap_or_default(),
            image: self.image.of(maker, own),
            document: self.document.of(maker, own),
            audio: self.audio.of(maker, own),
            video: self.video.of(maker, own),
        }
    }
}

impl FramingRow {
    fn own_rule(&self) -> Option<Framing> {
        Some(Framing { request: self.request, message: self.message, name: self.name })
    }
}

impl ImageRow {
    fn own_rule(&self) -> Option<ImageRule> {
        let by_resolution = |usual| ByResolution {
            usual,
            low: self.low,
            medium: self.medium,
            high: self.high,
            ultra: self.ultra,
        };
        match self.rule.as_str() {
            "tiles" => Some(ImageRule::Tiles { base: self.base?, each: self.each? }),
            "patches" => Some(ImageRule::Patches { percent: self.percent?, most: self.most? }),
            "areas" => Some(ImageRule::Areas { edge: self.edge?, most: self.most? }),
            "crops" => Some(ImageRule::Crops { each: self.each?, low: self.low? }),
            "whole" => Some(ImageRule::Whole { each: by_resolution(self.each?) }),
            _ => None,
        }
    }
}

impl ToolRow {
    fn own_rule(&self) -> Option<ToolRule> {
        match self.rule.as_str() {
            "functions" => Some(ToolRule::Functions(FunctionRule {
                function: self.function?,
                object: self.object?,
                property: self.property?,
                list: self.list?,
                value: self.value?,
                end: self.end?,
                none: self.none?,
                named: self.named?,
                is_published: self.published?,
            })),
            "prompt" => Some(ToolRule::Prompt {
                prompt: match (self.auto, self.forced) {
                    (Some(auto), Some(forced)) => Some(ToolPrompt { auto, forced }),
                    (None, None) => None,
                    _ => return None,
                },
            }),
            "words" => Some(ToolRule::Words),
            _ => None,
        }
    }
}

impl DocumentRow {
    fn own_rule(&self) -> Option<DocumentRule> {
        let text = Band { low: self.text_low, tokens: self.text, high: self.text_high };
        let page = ByResolution {
            usual: self.page,
            low: self.low,
            medium: self.medium,
            high: self.high,
            ultra: self.ultra,
        };
        (text.low <= text.tokens && text.tokens <= text.high).then_some(DocumentRule { page, text })
    }
}

impl AudioRow {
    fn own_rule(&self) -> Option<SoundRule> {
        let rule = SoundRule { each: self.each, said: self.said };
        (rule.each > 0).then_some(rule)
    }
}

impl VideoRow {
    fn own_rule(&self) -> Option<VideoRule> {
        let frame = ByResolution {
            usual: self.frame,
            low: self.low,
            medium: self.medium,
            high: self.high,
            ultra: self.ultra,
        };
        let rule = VideoRule { frame, sound: self.sound, times: self.times };
        (frame.usual > 0).then_some(rule)
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

    #[test]
    fn a_newer_model_has_not_the_prompt_of_an_older_one() {
        let rules = RequestRules::bundled().unwrap();
        let prompt = |model: &str| match rules.of("anthropic", model).tools {
            ToolRule::Prompt { prompt } => prompt.map(|p| (p.auto, p.forced)),
            other => panic!("{other:?}"),
        };
        assert_eq!(prompt("claude-opus-5"), Some((286, 406)));
        assert_eq!(prompt("claude-opus-5-5"), None);
        assert_eq!(prompt("claude-opus-4-1-20250805"), Some((313, 315)));
        assert_eq!(prompt("claude-opus-4-7"), Some((675, 804)));
        assert_eq!(prompt("claude-3-haiku-20240307"), Some((264, 340)));
    }
}
