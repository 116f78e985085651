//! Price keys: which component a key prices and for how many units.

use crate::tokens::Component;

/// A key such as `input_per_mtok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceKey {
    /// The key as written in a price book.
    pub name: &'static str,
    /// What it prices.
    pub component: Component,
    /// The stated price is for `10^per_power` units.
    pub per_power: u32,
}

const fn key(name: &'static str, component: Component, per_power: u32) -> PriceKey {
    PriceKey { name, component, per_power }
}

use Component as C;

/// Every price key, in the order of [`Component::ALL`].
pub const PRICE_KEYS: &[PriceKey] = &[
    key("input_per_mtok", C::InputUncached, 6),
    key("input_audio_per_mtok", C::InputUncachedAudio, 6),
    key("input_image_per_mtok", C::InputUncachedImage, 6),
    key("input_video_per_mtok", C::InputUncachedVideo, 6),
    key("input_document_per_mtok", C::InputUncachedDocument, 6),
    key("input_tool_per_mtok", C::InputTool, 6),
    key("cache_read_per_mtok", C::InputCacheRead, 6),
    key("cache_read_audio_per_mtok", C::InputCacheReadAudio, 6),
    key("cache_read_image_per_mtok", C::InputCacheReadImage, 6),
    key("cache_read_video_per_mtok", C::InputCacheReadVideo, 6),
    key("cache_read_document_per_mtok", C::InputCacheReadDocument, 6),
    key("cache_write_5m_per_mtok", C::InputCacheWrite5m, 6),
    key("cache_write_30m_per_mtok", C::InputCacheWrite30m, 6),
    key("cache_write_1h_per_mtok", C::InputCacheWrite1h, 6),
    key("cache_write_12h_per_mtok", C::InputCacheWrite12h, 6),
    key("cache_write_audio_per_mtok", C::InputCacheWriteAudio, 6),
    key("output_per_mtok", C::Output, 6),
    key("output_reasoning_per_mtok", C::OutputReasoning, 6),
    key("output_audio_per_mtok", C::OutputAudio, 6),
    key("output_image_per_mtok", C::OutputImage, 6),
    key("output_video_per_mtok", C::OutputVideo, 6),
    key("output_citation_per_mtok", C::OutputCitation, 6),
    key("web_search_per_1000", C::ToolWebSearch, 3),
    key("web_search_low_per_1000", C::ToolWebSearchLow, 3),
    key("web_search_medium_per_1000", C::ToolWebSearchMedium, 3),
    key("web_search_high_per_1000", C::ToolWebSearchHigh, 3),
    key("web_fetch_per_1000", C::ToolWebFetch, 3),
    key("code_execution_per_session", C::ToolCodeExecution, 0),
    key("code_execution_per_hour", C::ToolCodeExecutionMillihours, 3),
    key("file_search_per_1000", C::ToolFileSearch, 3),
    key("grounding_per_1000", C::ToolGrounding, 3),
    key("maps_per_1000", C::ToolMaps, 3),
    key("input_image_each", C::MediaInputImages, 0),
    key("output_image_each", C::MediaOutputImages, 0),
    key("input_per_second", C::MediaInputSeconds, 0),
    key("output_per_second", C::MediaOutputSeconds, 0),
    key("input_per_mchar", C::MediaInputCharacters, 6),
    key("output_per_mchar", C::MediaOutputCharacters, 6),
    key("page_per_1000", C::MediaPages, 3),
    key("annotated_page_per_1000", C::MediaAnnotatedPages, 3),
    key("search_unit_per_1000", C::UnitSearch, 3),
    key("cache_storage_per_mtok_hour", C::CacheStorage, 6),
];

impl PriceKey {
    /// The key of a name, or `None`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<&'static Self> {
        PRICE_KEYS.iter().find(|k| k.name == name)
    }

    /// The key that prices a component.
    #[must_use]
    pub fn of(component: Component) -> &'static Self {
        // The test below proves that the table has every component at its place.
        &PRICE_KEYS[component as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_component_has_its_key_at_its_place() {
        assert_eq!(PRICE_KEYS.len(), Component::ALL.len());
        for component in Component::ALL {
            assert_eq!(PriceKey::of(*component).component, *component);
        }
        for key in PRICE_KEYS {
            assert_eq!(PriceKey::from_name(key.name), Some(key));
            assert_eq!(key.name.contains("_per_m"), key.per_power == 6, "{}", key.name);
        }
    }
}
