//! What tokens of a model take of a unit, as exact fractions.

use super::build::small;
use super::read::Fields;
use super::scope::patterns;
use crate::config::Reporter;
use crate::contract::terms::{CapacityRate, Share};
use crate::money::Amount;
use crate::tokens::{Component as C, Side};

/// Which weight counts for each component; where it is not written, the next one, else 1.
const WEIGHTS: &[(C, &[&str])] = &[
    (C::InputUncached, &["input_weight"]),
    (C::InputUncachedAudio, &["input_audio_weight", "input_weight"]),
    (C::InputUncachedImage, &["input_image_weight", "input_weight"]),
    (C::InputUncachedVideo, &["input_video_weight", "input_weight"]),
    (C::InputUncachedDocument, &["input_weight"]),
    (C::InputTool, &["input_weight"]),
    (C::InputCacheRead, &["cache_read_weight"]),
    (C::InputCacheReadAudio, &["cache_read_weight"]),
    (C::InputCacheReadImage, &["cache_read_weight"]),
    (C::InputCacheReadVideo, &["cache_read_weight"]),
    (C::InputCacheReadDocument, &["cache_read_weight"]),
    (C::InputCacheWrite5m, &["cache_write_5m_weight"]),
    (C::InputCacheWrite30m, &["cache_write_5m_weight"]),
    (C::InputCacheWrite1h, &["cache_write_1h_weight"]),
    (C::InputCacheWrite12h, &["cache_write_1h_weight"]),
    (C::InputCacheWriteAudio, &["cache_write_5m_weight"]),
    (C::Output, &["output_weight"]),
    (C::OutputReasoning, &["output_weight"]),
    (C::OutputAudio, &["output_audio_weight", "output_weight"]),
    (C::OutputImage, &["output_image_weight", "output_weight"]),
    (C::OutputVideo, &["output_weight"]),
    (C::OutputCitation, &["output_weight"]),
];

const BOTH: [&str; 2] = ["tokens_per_minute", "tokens_per_second"];
const INPUT: [&str; 2] = ["input_tokens_per_minute", "input_tokens_per_second"];
const OUTPUT: [&str; 2] = ["output_tokens_per_minute", "output_tokens_per_second"];

/// One row of rates; `source` where it names none.
pub(in crate::contract) fn rate(
    fields: &Fields<'_>,
    source: Option<&str>,
    report: &mut Reporter,
) -> Option<CapacityRate> {
    families(fields, report)?;
    let mut shares = Vec::new();
    for (component, weights) in WEIGHTS {
        let apart = if component.side() == Side::Output { OUTPUT } else { INPUT };
        let speed = BOTH.iter().chain(&apart).find(|key| fields.has(key))?;
        let minutes: u128 = if speed.ends_with("second") { 60 } else { 1 };
        let weight = weights.iter().find_map(|key| fields.digits(key)).unwrap_or("1");
        match share(weight, fields.digits(speed)?, minutes) {
            Some(share) if share.numerator == 0 => {}
            Some(share) => shares.push((*component, share)),
            None => {
                let message = format!("`{speed}` with a weight of `{weight}` is no exact fraction");
                report.problem(fields.at(speed), message);
                return None;
            }
        }
    }
    shares.sort_unstable_by_key(|(component, _)| *component);
    Some(CapacityRate {
        models: patterns(fields.words("models"), report),
        // Prompts above the bound have at least one token more.
        context_from: small(fields, "context_over").map_or(0, |over| u64::from(over) + 1),
        shares,
        source: fields.text("source").or(source).map(str::to_owned),
    })
}

/// One speed for all tokens, or one for each side.
fn families(fields: &Fields<'_>, report: &mut Reporter) -> Option<()> {
    let written = |keys: &[&'static str]| -> Vec<&str> {
        keys.iter().copied().filter(|key| fields.has(key)).collect()
    };
    let (both, input, output) = (written(&BOTH), written(&INPUT), written(&OUTPUT));
    match (both.len(), input.len(), output.len()) {
        (1, 0, 0) | (0, 1, 1) => Some(()),
        (0, 0, 0) => {
            let message = "`rate` has none of `tokens_per_minute`, `tokens_per_second`, `input_tokens_per_minute`";
            report.problem(fields.offset, message);
            None
        }
        (0, 1, 0) | (0, 0, 1) => {
            let message = "`rate` has a speed for one side only";
            report.problem(fields.at([input, output].concat()[0]), message);
            None
        }
        _ => {
            let found = [both, input, output].concat();
            let message = format!("`{}` exclude each other", found.join("`, `"));
            report.problem(fields.at(found[1]), message);
            None
        }
    }
}

/// `weight / (speed * minutes)` in lowest terms.
fn share(weight: &str, speed: &str, minutes: u128) -> Option<Share> {
    let atto = |text: &str| text.parse::<Amount>().ok().map(|a| a.atto().unsigned_abs());
    let (weight, speed) = (atto(weight)?, atto(speed)?.checked_mul(minutes)?);
    let divisor = gcd(weight, speed).max(1);
    Some(Share {
        numerator: u64::try_from(weight / divisor).ok()?,
        denominator: u64::try_from(speed / divisor).ok().filter(|d| *d > 0)?,
    })
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_exact_and_in_lowest_terms() {
        let of = |weight, speed, minutes| {
            share(weight, speed, minutes).map(|s| (s.numerator, s.denominator))
        };
        assert_eq!(of("8", "3400", 1), Some((1, 425)));
        assert_eq!(of("5", "675", 60), Some((1, 8100)));
        // 0.1 of 675 tokens a second: 1 of 405,000 a minute.
        assert_eq!(of("0.1", "675", 60), Some((1, 405_000)));
        assert_eq!(of("1.25", "2.5", 1), Some((1, 2)));
        assert_eq!(of("0", "675", 60), Some((0, 1)));
    }
}
