//! Disjoint, billable components of usage and their counts.
//!
//! Providers disagree on what "input tokens" include. Here every token is counted in exactly one
//! component, so sums are sums and a price applies to one component at a time.

use std::fmt;

use smallvec::SmallVec;

/// What one unit of a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// A token of the model's own tokenizer.
    Token,
    /// A tool call, a search or a grounded prompt.
    Call,
    /// A picture.
    Image,
    /// A second of sound or video.
    Second,
    /// A character of text.
    Character,
    /// A page of a document.
    Page,
    /// A token kept in a cache for an hour.
    TokenHour,
    /// A session of a tool.
    Session,
    /// A thousandth of an hour, 3.6 seconds, of a running tool.
    Millihour,
}

/// Which side of a request a component belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Part of the prompt.
    Input,
    /// Part of the response.
    Output,
    /// Neither: fees and storage.
    Other,
}

macro_rules! components {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:ident, $side:ident, $rated_as:expr;)*) => {
        /// A billable component. Components never overlap.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Component { $($(#[$doc])* $variant),* }

        impl Component {
            /// Every component, in the order of reports.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name used in files and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What one unit of it is.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit),* }
            }

            /// Which side of the request it belongs to.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$variant => Side::$side),* }
            }

            /// The component whose price applies where a price book gives this one none of its own:
            /// providers bill it as part of that one. `None`: without an own price it is unpriced.
            #[must_use]
            pub const fn rated_as(self) -> Option<Self> {
                match self { $(Self::$variant => $rated_as),* }
            }
        }
    };
}

components! {
    /// Prompt tokens of text that no cache served.
    InputUncached = "input.uncached", Token, Input, None;
    /// Prompt tokens of sound that no cache served.
    InputUncachedAudio = "input.uncached.audio", Token, Input, None;
    /// Prompt tokens of pictures that no cache served; billed as text unless a price says otherwise.
    InputUncachedImage = "input.uncached.image", Token, Input, Some(Self::InputUncached);
    /// Prompt tokens of video that no cache served; billed as text unless a price says otherwise.
    InputUncachedVideo = "input.uncached.video", Token, Input, Some(Self::InputUncached);
    /// Prompt tokens of documents that no cache served; billed as text unless a price says otherwise.
    InputUncachedDocument = "input.uncached.document", Token, Input, Some(Self::InputUncached);
    /// Results of built-in tools fed back as prompt; billed as text.
    InputTool = "input.tool", Token, Input, Some(Self::InputUncached);
    /// Prompt tokens read from a cache.
    InputCacheRead = "input.cache_read", Token, Input, None;
    /// Prompt tokens of sound read from a cache.
    InputCacheReadAudio = "input.cache_read.audio", Token, Input, None;
    /// Prompt tokens of pictures read from a cache.
    InputCacheReadImage = "input.cache_read.image", Token, Input, Some(Self::InputCacheRead);
    /// Prompt tokens of video read from a cache.
    InputCacheReadVideo = "input.cache_read.video", Token, Input, Some(Self::InputCacheRead);
    /// Prompt tokens of documents read from a cache.
    InputCacheReadDocument = "input.cache_read.document", Token, Input, Some(Self::InputCacheRead);
    /// Prompt tokens written to a cache kept five minutes.
    InputCacheWrite5m = "input.cache_write.5m", Token, Input, None;
    /// Prompt tokens written to a cache kept thirty minutes.
    InputCacheWrite30m = "input.cache_write.30m", Token, Input, None;
    /// Prompt tokens written to a cache kept one hour.
    InputCacheWrite1h = "input.cache_write.1h", Token, Input, None;
    /// Prompt tokens written to a cache kept twelve hours.
    InputCacheWrite12h = "input.cache_write.12h", Token, Input, None;
    /// Prompt tokens of sound written to a cache.
    InputCacheWriteAudio = "input.cache_write.audio", Token, Input, None;
    /// Response tokens of text.
    Output = "output", Token, Output, None;
    /// Response tokens of hidden reasoning; billed as output unless a price says otherwise.
    OutputReasoning = "output.reasoning", Token, Output, Some(Self::Output);
    /// Response tokens of sound.
    OutputAudio = "output.audio", Token, Output, None;
    /// Response tokens of pictures.
    OutputImage = "output.image", Token, Output, None;
    /// Response tokens of video.
    OutputVideo = "output.video", Token, Output, None;
    /// Tokens of cited passages, as Perplexity counts them.
    OutputCitation = "output.citation", Token, Output, None;
    /// Web searches run by the provider.
    ToolWebSearch = "tool.web_search", Call, Other, None;
    /// Web searches with little context; billed as any web search unless a price says otherwise.
    ToolWebSearchLow = "tool.web_search.low", Call, Other, Some(Self::ToolWebSearch);
    /// Web searches with medium context; billed as any web search unless a price says otherwise.
    ToolWebSearchMedium = "tool.web_search.medium", Call, Other, Some(Self::ToolWebSearch);
    /// Web searches with much context; billed as any web search unless a price says otherwise.
    ToolWebSearchHigh = "tool.web_search.high", Call, Other, Some(Self::ToolWebSearch);
    /// Pages fetched by the provider.
    ToolWebFetch = "tool.web_fetch", Call, Other, None;
    /// Sessions of code run by the provider.
    ToolCodeExecution = "tool.code_execution", Session, Other, None;
    /// Time that containers for code run, where billed by the hour.
    ToolCodeExecutionMillihours = "tool.code_execution.millihours", Millihour, Other, None;
    /// Searches in files kept by the provider.
    ToolFileSearch = "tool.file_search", Call, Other, None;
    /// Prompts or queries grounded in a search engine.
    ToolGrounding = "tool.grounding", Call, Other, None;
    /// Prompts grounded in maps.
    ToolMaps = "tool.maps", Call, Other, None;
    /// Pictures sent, where billed each.
    MediaInputImages = "media.input_images", Image, Input, None;
    /// Pictures made, where billed each.
    MediaOutputImages = "media.output_images", Image, Output, None;
    /// Seconds of sound or video sent.
    MediaInputSeconds = "media.input_seconds", Second, Input, None;
    /// Seconds of sound or video made.
    MediaOutputSeconds = "media.output_seconds", Second, Output, None;
    /// Characters sent, where billed by character.
    MediaInputCharacters = "media.input_characters", Character, Input, None;
    /// Characters made, where billed by character.
    MediaOutputCharacters = "media.output_characters", Character, Output, None;
    /// Pages read.
    MediaPages = "media.pages", Page, Input, None;
    /// Pages annotated.
    MediaAnnotatedPages = "media.annotated_pages", Page, Input, None;
    /// Search units, as Cohere bills reranking.
    UnitSearch = "unit.search", Call, Other, None;
    /// Cached tokens kept, times hours.
    CacheStorage = "cache.storage", TokenHour, Other, None;
}

impl Component {
    /// The component of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|c| c.name() == name)
    }

    /// True if it counts tokens.
    #[must_use]
    pub const fn is_tokens(self) -> bool {
        matches!(self.unit(), Unit::Token)
    }

    /// True if it is part of the prompt that decides the context band.
    #[must_use]
    pub const fn is_prompt_tokens(self) -> bool {
        self.is_tokens() && matches!(self.side(), Side::Input)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Counts by component; absent means zero. Sums saturate at `u64::MAX`, far above any real count.
#[derive(Debug, PartialEq, Eq, Hash, Default)]
pub struct ComponentCounts {
    // Sorted by component, no zeros.
    items: SmallVec<[(Component, u64); 5]>,
}

impl Clone for ComponentCounts {
    /// A copy of all items at once, where `SmallVec` would clone one after the other.
    fn clone(&self) -> Self {
        Self { items: SmallVec::from_slice(&self.items) }
    }
}

impl ComponentCounts {
    /// Counts these instead, which are in the order of components.
    pub(crate) fn set(&mut self, counts: &[(Component, u64)]) {
        debug_assert!(counts.is_sorted_by(|(a, _), (b, _)| a < b));
        self.items.clear();
        if counts.iter().all(|(_, count)| *count > 0) {
            self.items.extend_from_slice(counts);
        } else {
            self.items.extend(counts.iter().copied().filter(|(_, count)| *count > 0));
        }
    }

    /// Adds to one component.
    pub fn add(&mut self, component: Component, count: u64) {
        if count == 0 {
            return;
        }
        // Counts mostly come in the order of components.
        if self.items.last().is_none_or(|(last, _)| *last < component) {
            self.items.push((component, count));
            return;
        }
        match self.items.binary_search_by_key(&component, |(c, _)| *c) {
            Ok(at) => self.items[at].1 = self.items[at].1.saturating_add(count),
            Err(at) => self.items.insert(at, (component, count)),
        }
    }

    /// Adds to one component; false if the sum does not fit.
    #[must_use]
    pub fn checked_add(&mut self, component: Component, count: u64) -> bool {
        match self.items.binary_search_by_key(&component, |(c, _)| *c) {
            Ok(at) => {
                let sum = self.items[at].1.checked_add(count);
                self.items[at].1 = sum.unwrap_or(u64::MAX);
                sum.is_some()
            }
            Err(at) => {
                if count > 0 {
                    self.items.insert(at, (component, count));
                }
                true
            }
        }
    }

    /// Adds all of another; false, and nothing is added, if a sum does not fit.
    #[must_use]
    pub fn checked_add_all(&mut self, other: &Self) -> bool {
        // Sums mostly have the components of what comes.
        let (mine, others) = (self.items.as_mut_slice(), other.items.as_slice());
        if mine.len() == others.len() && mine.iter().zip(others).all(|((a, _), (b, _))| a == b) {
            let mut fits = true;
            for ((_, sum), (_, count)) in mine.iter_mut().zip(others) {
                let (new, is_too_large) = sum.overflowing_add(*count);
                *sum = new;
                fits &= !is_too_large;
            }
            if !fits {
                let back = mine.iter_mut().zip(others);
                back.for_each(|((_, sum), (_, count))| *sum = sum.wrapping_sub(*count));
            }
            return fits;
        }
        // Both are in one order.
        let mut at = 0;
        for (component, count) in other.iter() {
            while self.items.get(at).is_some_and(|(mine, _)| *mine < component) {
                at += 1;
            }
            match self.items.get_mut(at) {
                Some((mine, sum)) if *mine == component => match sum.checked_add(count) {
                    Some(new) => *sum = new,
                    None => {
                        let added = other.iter().take_while(|(before, _)| *before < component);
                        self.remove_all(&added.collect());
                        return false;
                    }
                },
                _ => self.items.insert(at, (component, count)),
            }
        }
        true
    }

    /// Takes all of another away; the other must have been added before.
    pub fn remove_all(&mut self, other: &Self) {
        for (component, count) in other.iter() {
            if let Ok(at) = self.items.binary_search_by_key(&component, |(c, _)| *c) {
                self.items[at].1 = self.items[at].1.saturating_sub(count);
            }
        }
        self.items.retain(|(_, n)| *n > 0);
    }

    /// The larger count of each component: streams repeat a request with growing counts.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let mut result = self.clone();
        for (component, count) in other.iter() {
            let have = result.get(component);
            result.add(component, count.saturating_sub(have));
        }
        result
    }

    /// Count of one component.
    #[must_use]
    pub fn get(&self, component: Component) -> u64 {
        self.items.binary_search_by_key(&component, |(c, _)| *c).map_or(0, |at| self.items[at].1)
    }

    /// Components with a count above zero, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Component, u64)> + '_ {
        self.items.iter().copied()
    }

    /// How many components have a count above zero.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if every count is zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Sum over all components that count tokens.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.sum_where(Component::is_tokens)
    }

    /// Tokens of the whole prompt: what decides the context band.
    #[must_use]
    pub fn prompt_tokens(&self) -> u64 {
        self.sum_where(Component::is_prompt_tokens)
    }

    fn sum_where(&self, keep: impl Fn(Component) -> bool) -> u64 {
        self.iter().filter(|(c, _)| keep(*c)).fold(0, |sum, (_, n)| sum.saturating_add(n))
    }
}

impl FromIterator<(Component, u64)> for ComponentCounts {
    fn from_iter<I: IntoIterator<Item = (Component, u64)>>(items: I) -> Self {
        let mut counts = Self::default();
        for (component, count) in items {
            counts.add(component, count);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_are_unique() {
        for component in Component::ALL {
            assert_eq!(Component::from_name(component.name()), Some(*component));
        }
        assert_eq!(Component::from_name("input"), None);
    }

    #[test]
    fn rating_fallbacks_keep_the_unit_and_end() {
        for component in Component::ALL {
            if let Some(parent) = component.rated_as() {
                assert_eq!(parent.unit(), component.unit());
                assert_eq!(parent.rated_as(), None, "{component}");
            }
        }
    }

    #[test]
    fn counts() {
        let mut counts: ComponentCounts =
            [(Component::Output, 5), (Component::InputUncached, 7), (Component::ToolWebSearch, 2)]
                .into_iter()
                .collect();
        assert_eq!((counts.tokens(), counts.prompt_tokens()), (12, 7));
        let more: ComponentCounts = [(Component::Output, 9)].into_iter().collect();
        assert_eq!(counts.max(&more).get(Component::Output), 9);
        assert!(counts.checked_add_all(&more));
        for much in [
            [(Component::Output, u64::MAX)].as_slice(),
            &[
                (Component::InputUncached, 1),
                (Component::InputCacheRead, 1),
                (Component::Output, u64::MAX),
            ],
        ] {
            let (mut sum, much) = (counts.clone(), much.iter().copied().collect());
            assert!(!sum.checked_add_all(&much));
            assert_eq!(sum, counts, "all or nothing");
            let mut same: ComponentCounts = [(Component::Output, 1)].into_iter().collect();
            assert!(!same.checked_add_all(&much));
            assert_eq!(same.tokens(), 1);
        }
        counts.remove_all(&more);
        assert_eq!(counts.get(Component::Output), 5);
        assert_eq!(counts.iter().count(), 3);
    }
}
