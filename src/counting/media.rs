//! Adds the parts of a prompt that are not text.

use super::method::{CountBasis, CountedModel};
use super::sums::{DOCUMENT, IMAGE, Input, SOUND, SheetSums, Tokens, VIDEO};
use crate::corpus::{Image, Media, MediaKind, Message, Part, Prompt, Resolution};

/// Parts that cannot be counted are noted.
pub(super) fn add_media(
    model: &CountedModel,
    prompt: &Prompt<'_>,
    input: &mut Input,
    sums: &mut SheetSums,
) {
    for said in &prompt.messages {
        for part in &said.parts {
            let added = match part {
                Part::Image(image) => add_image(model, *image, prompt.resolution, input),
                Part::Media(media) => {
                    let wanted = media.resolution.or(prompt.resolution);
                    add_other(model, *media, said, wanted, input)
                }
                Part::Text(_) | Part::Tokens(_) => continue,
            };
            match added {
                Ok(by_formula) => {
                    sums.by_formula.insert(by_formula);
                }
                Err(why) => *sums.media.entry(why).or_default() += 1,
            }
        }
    }
}

fn add_image(
    model: &CountedModel,
    mut image: Image,
    usual: Option<Resolution>,
    input: &mut Input,
) -> Result<&'static str, &'static str> {
    image.resolution = image.resolution.or(usual);
    let rule = model.overhead.image.ok_or("images, by models without a formula")?;
    let tokens = rule.tokens(image).ok_or("images of unknown size")?;
    input[IMAGE].add(Tokens::of(tokens, CountBasis::Assumed));
    Ok("images are counted by published formulas")
}

fn add_other(
    model: &CountedModel,
    media: Media,
    said: &Message<'_>,
    wanted: Option<Resolution>,
    input: &mut Input,
) -> Result<&'static str, &'static str> {
    let overhead = &model.overhead;
    match media.kind {
        MediaKind::Document => {
            let rule = overhead.document.ok_or("documents, by models without a formula")?;
            let band = rule.tokens(media.extent, wanted).ok_or("documents of unknown length")?;
            input[DOCUMENT].add(Tokens::within(band));
            Ok("documents are counted by published figures for a page")
        }
        MediaKind::Audio => {
            let rule = overhead.audio.ok_or("audio, by models without a formula")?;
            let is_models = matches!(&*said.role, "assistant" | "model");
            let tokens = rule.tokens(media.extent, is_models).ok_or("audio of unknown length")?;
            input[SOUND].add(Tokens::of(tokens, CountBasis::Assumed));
            Ok("audio is counted by published figures for a second")
        }
        MediaKind::Video => {
            let rule = overhead.video.ok_or("video, by models without a formula")?;
            let tokens = rule.tokens(media.extent, wanted).ok_or("video of unknown length")?;
            input[VIDEO].add(Tokens::within(tokens.frames));
            input[SOUND].add(Tokens::of(tokens.sound, CountBasis::Assumed));
            Ok("video is counted by published figures for a second")
        }
        MediaKind::Other => Err(media.kind.name()),
    }
}
