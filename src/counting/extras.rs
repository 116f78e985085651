//! Tokens of documents, sound and video, by what providers publish.

use super::band::Band;
use crate::corpus::{Extent, Resolution};

/// Tokens of a picture by how finely it is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByResolution {
    /// Where the request says nothing, and of models that know no such setting.
    pub usual: u64,
    /// At low resolution.
    pub low: Option<u64>,
    /// At medium resolution.
    pub medium: Option<u64>,
    /// At high resolution.
    pub high: Option<u64>,
    /// At ultra high resolution.
    pub ultra: Option<u64>,
}

impl ByResolution {
    /// The tokens at a resolution; `None`: the model has several, and none is published for this one.
    #[must_use]
    pub fn of(self, wanted: Option<Resolution>) -> Option<u64> {
        let published = [self.low, self.medium, self.high, self.ultra];
        match wanted {
            Some(wanted) if published.iter().any(Option::is_some) => published[wanted as usize],
            _ => Some(self.usual),
        }
    }
}

/// How the pages of a document are counted: each as an image, and its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentRule {
    /// The image of a page.
    pub page: ByResolution,
    /// The text of a page.
    pub text: Band,
}

impl DocumentRule {
    /// The tokens of a document; `None`: its pages or their tokens are not known.
    #[must_use]
    pub fn tokens(self, extent: Option<Extent>, wanted: Option<Resolution>) -> Option<Band> {
        let Some(Extent::Pages(pages)) = extent else { return None };
        Some(self.text.plus(Band::of(self.page.of(wanted)?)).times(pages))
    }
}

/// How sound is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundRule {
    /// Tokens for a second of what the user says.
    pub each: u64,
    /// Tokens for a second of what the model said before.
    pub said: u64,
}

impl SoundRule {
    /// The tokens of sound, begun ones whole; `None`: its length is not known.
    #[must_use]
    pub fn tokens(self, extent: Option<Extent>, is_models: bool) -> Option<u64> {
        let Some(Extent::Time { millis, .. }) = extent else { return None };
        Some(per_second(millis, if is_models { self.said } else { self.each }))
    }
}

/// How video is counted: frames, one for each second, and sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoRule {
    /// A frame.
    pub frame: ByResolution,
    /// A second of sound.
    pub sound: u64,
    /// The most for what is written of the time of a second.
    pub times: u64,
}

/// Tokens of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoTokens {
    /// What is seen.
    pub frames: Band,
    /// What is heard.
    pub sound: u64,
}

impl VideoRule {
    /// The tokens of a video; `None`: its length or the tokens of its frames are not known.
    #[must_use]
    pub fn tokens(self, extent: Option<Extent>, wanted: Option<Resolution>) -> Option<VideoTokens> {
        let Some(Extent::Time { millis, sound }) = extent else { return None };
        let frames = per_second(millis, self.frame.of(wanted)?);
        let high = frames.saturating_add(per_second(millis, self.times));
        let heard = if sound { per_second(millis, self.sound) } else { 0 };
        Some(VideoTokens { frames: Band { high, ..Band::of(frames) }, sound: heard })
    }
}

fn per_second(millis: u64, tokens: u64) -> u64 {
    millis.saturating_mul(tokens).div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolution_that_is_not_published_is_unknown() {
        let one = ByResolution { usual: 258, ..ByResolution::default() };
        assert_eq!(one.of(Some(Resolution::Low)), Some(258));
        let several = ByResolution { usual: 70, high: Some(280), ..ByResolution::default() };
        let found = [None, Some(Resolution::High), Some(Resolution::Ultra)].map(|r| several.of(r));
        assert_eq!(found, [Some(70), Some(280), None]);
    }

    #[test]
    fn the_wrong_extent_has_no_tokens() {
        let rule = SoundRule { each: 32, said: 32 };
        assert_eq!(rule.tokens(Some(Extent::Pages(3)), false), None);
        assert_eq!(rule.tokens(None, false), None);
        // 1.001 seconds: 32.032 tokens.
        assert_eq!(rule.tokens(Some(Extent::Time { millis: 1001, sound: true }), false), Some(33));
    }
}
