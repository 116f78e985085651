//! The content of messages: text, and what is not text.

use std::borrow::Cow;

use super::extent::{Extent, extent};
use super::media::{ImageSize, image_size};
use crate::source::scan::{Object, Value};

/// Content in content is read down to here.
const MOST_LEVELS: u8 = 8;

/// A piece of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// Text that the corpus holds as tokens: so many.
    Tokens(u64),
    /// An image.
    Image(Image),
    /// Something else that is not text.
    Media(Media),
}

/// An image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Image {
    /// Its size; `None`: it is not in the corpus, or of a format that is not read.
    pub size: Option<ImageSize>,
    /// Whether the request asks for few details.
    pub low_detail: bool,
    /// The resolution that the part asks for.
    pub resolution: Option<Resolution>,
}

/// How finely pictures are looked at, where requests can say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Ultra high.
    Ultra,
}

impl Resolution {
    /// By the last word of a name such as `MEDIA_RESOLUTION_LOW`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.rsplit('_').next()? {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" if name.ends_with("ultra_high") => Some(Self::Ultra),
            "high" => Some(Self::High),
            _ => None,
        }
    }

    /// What an object asks for, a part or the settings of a request.
    pub(super) fn asked(object: &Object<'_>) -> Option<Self> {
        let value =
            ["mediaResolution", "media_resolution"].into_iter().find_map(|k| object.get(k))?;
        let name = value.text().or_else(|| value.object()?.text("level"))?;
        Self::from_name(&name)
    }
}

/// Something that is not text and not an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// How long it is; `None`: it is not in the corpus, or of a format that is not read.
    pub extent: Option<Extent>,
    /// The resolution that the part asks for.
    pub resolution: Option<Resolution>,
}

/// What is not text and not an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Moving images.
    Video,
    /// A file such as a PDF.
    Document,
    /// A part of a kind that is not known.
    Other,
}

impl MediaKind {
    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "documents",
            Self::Other => "parts of an unknown kind",
        }
    }

    fn of_type(media_type: &str) -> Self {
        match media_type.split('/').next() {
            Some("audio") => Self::Audio,
            Some("video") => Self::Video,
            _ => Self::Document,
        }
    }
}

/// The parts of a content: a text, or a list of parts.
pub(super) fn texts_of(value: Value<'_>) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    read(value, MOST_LEVELS, &mut parts);
    parts
}

fn read<'a>(value: Value<'a>, levels: u8, parts: &mut Vec<Part<'a>>) {
    if let Some(text) = value.text() {
        parts.push(Part::Text(text));
    } else if let Some(items) = value.array() {
        for item in items {
            match (levels, item.text(), item.object()) {
                (_, Some(text), _) => parts.push(Part::Text(text)),
                (1.., None, Some(part)) => read_part(&part, levels - 1, parts),
                _ => parts.push(unknown()),
            }
        }
    } else if let (Some(part), 1..) = (value.object(), levels) {
        read_part(&part, levels - 1, parts);
    }
}

fn read_part<'a>(part: &Object<'a>, levels: u8, parts: &mut Vec<Part<'a>>) {
    let kind = part.text("type").unwrap_or_default();
    match &*kind {
        "image_url" | "input_image" => parts.push(Part::Image(open_ai_image(part))),
        "image" => parts.push(Part::Image(source_image(part))),
        "input_audio" | "audio" => parts.push(open_ai_media(part, MediaKind::Audio)),
        "video" | "input_video" => parts.push(open_ai_media(part, MediaKind::Video)),
        "file" | "input_file" => parts.push(open_ai_media(part, MediaKind::Document)),
        "document" => read_document(part, levels, parts),
        "tool_use" | "server_tool_use" | "function_call" => call(part, "input", parts),
        "tool_result" => nested(part, "content", levels, parts),
        "function_call_output" => nested(part, "output", levels, parts),
        "thinking" => parts.extend(part.text("thinking").map(Part::Text)),
        "refusal" => parts.extend(part.text("refusal").map(Part::Text)),
        _ => read_untyped(part, levels, parts),
    }
}

/// Keys of parts of Converse.
const KEYED: [(&str, MediaKind); 3] =
    [("document", MediaKind::Document), ("video", MediaKind::Video), ("audio", MediaKind::Audio)];

/// Parts of Gemini and of Bedrock's Converse have a key where others have a type.
fn read_untyped<'a>(part: &Object<'a>, levels: u8, parts: &mut Vec<Part<'a>>) {
    let object = |names: [&str; 2]| names.into_iter().find_map(|name| part.object(name));
    if let Some(text) = part.text("text") {
        parts.push(Part::Text(text));
    } else if let Some(data) = object(["inlineData", "inline_data"]) {
        parts.push(inline(part, &data));
    } else if let Some(file) = object(["fileData", "file_data"]) {
        let media_type = file.first_text(&["mimeType", "mime_type"]).unwrap_or_default();
        parts.push(match media_type.starts_with("image/") {
            true => Part::Image(Image { resolution: Resolution::asked(part), ..Image::default() }),
            false => media(part, MediaKind::of_type(&media_type), None),
        });
    } else if let Some(called) = object(["functionCall", "function_call"]) {
        call(&called, "args", parts);
    } else if let Some(answered) = object(["functionResponse", "function_response"]) {
        call(&answered, "response", parts);
    } else if let Some(called) = part.object("toolUse") {
        call(&called, "input", parts);
    } else if let Some(answered) = part.object("toolResult") {
        nested(&answered, "content", levels, parts);
    } else if let Some(image) = part.object("image") {
        parts.push(Part::Image(source_image_of(&image)));
    } else if let Some(json) = part.get("json") {
        parts.extend(written(json));
    } else if let Some((key, kind)) = KEYED.into_iter().find(|(key, _)| part.get(key).is_some()) {
        let source = part.object(key).and_then(|inner| inner.object("source"));
        let data = source.and_then(|source| source.first_text(&["bytes", "data"]));
        parts.push(media(part, kind, data.as_deref()));
    } else if !part.has("cachePoint") && !part.has("cache_control") {
        parts.push(unknown());
    }
}

/// The name and the arguments of a call.
pub(super) fn call<'a>(called: &Object<'a>, arguments: &str, parts: &mut Vec<Part<'a>>) {
    parts.extend(called.text("name").map(Part::Text));
    let value = called.get(arguments).or_else(|| called.get("arguments"));
    parts.extend(value.and_then(|v| v.text().map(Part::Text).or_else(|| written(v))));
}

/// A value as the text of its JSON.
fn written(value: Value<'_>) -> Option<Part<'_>> {
    std::str::from_utf8(value.raw()).ok().map(|text| Part::Text(Cow::Borrowed(text)))
}

fn nested<'a>(part: &Object<'a>, key: &str, levels: u8, parts: &mut Vec<Part<'a>>) {
    if let Some(inner) = part.get(key) {
        read(inner, levels, parts);
    }
}

fn read_document<'a>(part: &Object<'a>, levels: u8, parts: &mut Vec<Part<'a>>) {
    let source = part.object("source").unwrap_or_default();
    match source.text("type").as_deref() {
        Some("text") => parts.extend(source.text("data").map(Part::Text)),
        Some("content") => nested(&source, "content", levels, parts),
        _ => parts.push(media(part, MediaKind::Document, source.text("data").as_deref())),
    }
}

const fn unknown<'a>() -> Part<'a> {
    Part::Media(Media { kind: MediaKind::Other, extent: None, resolution: None })
}

/// A part with its Base64, by itself or in a data URL.
fn media<'a>(part: &Object<'_>, kind: MediaKind, data: Option<&str>) -> Part<'a> {
    // Only a stretch of it is looked at, or other frames than one each second.
    let is_cut = part.has("videoMetadata") || part.has("video_metadata");
    let data = data.filter(|_| !is_cut);
    let extent = data.and_then(|data| extent(data_of_url(data).unwrap_or(data)));
    Part::Media(Media { kind, extent, resolution: Resolution::asked(part) })
}

fn open_ai_media<'a>(part: &Object<'_>, kind: MediaKind) -> Part<'a> {
    let keys = ["input_audio", "audio", "file", "video"];
    let inner = keys.into_iter().find_map(|key| part.object(key));
    let data = inner.as_ref().unwrap_or(part).first_text(&["data", "file_data"]);
    media(part, kind, data.as_deref())
}

fn open_ai_image(part: &Object<'_>) -> Image {
    let inner = part.object("image_url");
    let detail = inner.as_ref().and_then(|i| i.text("detail")).or_else(|| part.text("detail"));
    let url = inner.as_ref().and_then(|i| i.text("url")).or_else(|| part.text("image_url"));
    let size = url.as_deref().and_then(data_of_url).and_then(image_size);
    Image { size, low_detail: detail.as_deref() == Some("low"), resolution: None }
}

fn source_image(part: &Object<'_>) -> Image {
    let whole = part.text("image").or_else(|| part.text("data"));
    match (part.object("source"), part.object("image")) {
        (Some(source), _) => of_source(&source),
        (None, Some(image)) => source_image_of(&image),
        (None, None) => {
            let size = whole.as_deref().and_then(data_of_url).and_then(image_size);
            Image { size, ..Image::default() }
        }
    }
}

fn source_image_of(image: &Object<'_>) -> Image {
    image.object("source").as_ref().map(of_source).unwrap_or_default()
}

fn of_source(source: &Object<'_>) -> Image {
    let data = source.first_text(&["data", "bytes"]);
    Image { size: data.as_deref().and_then(image_size), ..Image::default() }
}

fn inline<'a>(part: &Object<'_>, data: &Object<'_>) -> Part<'a> {
    let media_type = data.first_text(&["mimeType", "mime_type"]).unwrap_or_default();
    if !media_type.starts_with("image/") {
        return media(part, MediaKind::of_type(&media_type), data.text("data").as_deref());
    }
    let size = data.text("data").as_deref().and_then(image_size);
    Part::Image(Image { size, low_detail: false, resolution: Resolution::asked(part) })
}

/// The Base64 of a data URL.
fn data_of_url(url: &str) -> Option<&str> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    head.ends_with(";base64").then_some(data)
}
