//! The counts of an observation: a map of names that Langfuse, its SDKs and users choose.
//!
//! Parts are meant to be disjoint, for Langfuse subtracts them from input and output where it knows
//! the provider's shape. Where it does not they overlap: then the total tells.

use crate::diagnostic::code;
use crate::sku::Sku;
use crate::source::draft::Splitter;
use crate::source::gateways::fields::Fields;
use crate::source::outcome::{Note, Skipped};
use crate::source::scan::Object;
use crate::tokens::Component;

/// What a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Total,
    Input,
    Output,
    Read,
    Written,
    Written5m,
    Written1h,
    Reasoning,
    InputAudio,
    OutputAudio,
    /// A part of the input that no component stands for: text.
    InputOther,
    OutputOther,
    Search,
}

/// How many kinds there are.
const KINDS: usize = Kind::Search as usize + 1;

fn kind_of(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase().replace(['.', '-'], "_");
    let has = |part: &str| name.contains(part);
    let is_output = ["output", "completion", "candidates", "response"].iter().any(|p| has(p));
    let is_input = ["input", "prompt"].iter().any(|p| has(p));
    Some(match name.as_str() {
        "total" | "total_tokens" | "totaltokens" | "total_token_count" => Kind::Total,
        "input" | "input_tokens" | "prompt_tokens" | "prompttokens" | "inputtokens"
        | "prompt_token_count" => Kind::Input,
        "output"
        | "output_tokens"
        | "completion_tokens"
        | "completiontokens"
        | "outputtokens"
        | "candidates_token_count" => Kind::Output,
        _ if has("cost") => return None,
        _ if has("search") => Kind::Search,
        _ if has("cache") && (has("creation") || has("write")) => match () {
            () if has("5m") => Kind::Written5m,
            () if has("1h") => Kind::Written1h,
            () => Kind::Written,
        },
        _ if has("cache") => Kind::Read,
        _ if has("reasoning") || has("thought") || has("thinking") => Kind::Reasoning,
        _ if has("audio") && is_output => Kind::OutputAudio,
        _ if has("audio") => Kind::InputAudio,
        _ if is_output => Kind::OutputOther,
        _ if is_input => Kind::InputOther,
        _ => return None,
    })
}

/// In which unit an observation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Tokens,
    Characters,
    Seconds,
    Images,
}

/// The counts of an observation.
#[derive(Debug)]
pub(super) struct Details {
    unit: Unit,
    counts: [Option<u64>; KINDS],
}

impl Details {
    /// Reads the details, else the usage object of old versions; `None` where there is neither.
    pub(super) fn read(fields: &impl Fields) -> Result<Option<Self>, Skipped> {
        let legacy = fields.nested("usage");
        let legacy = legacy.object();
        let stated = legacy.first(&["unit"]);
        let unit = match &*if stated.is_empty() { fields.first(&["unit"]) } else { stated } {
            "" | "TOKENS" => Unit::Tokens,
            "CHARACTERS" => Unit::Characters,
            "SECONDS" => Unit::Seconds,
            "IMAGES" => Unit::Images,
            other => {
                let message = format!(
                    "usage in a unit that nothing is priced by: `{}`",
                    crate::source::outcome::shown(other)
                );
                return Err(Skipped::new(code::INVALID_FIELD, message));
            }
        };
        for key in ["usageDetails", "usage_details"] {
            let details = fields.nested(key);
            if let Some(counts) = counts_of(&details.object())? {
                return Ok(Some(Self { unit, counts }));
            }
        }
        Ok(counts_of(&legacy)?.map(|counts| Self { unit, counts }))
    }

    fn get(&self, kind: Kind) -> u64 {
        self.counts[kind as usize].unwrap_or(0)
    }

    /// Splits the counts into disjoint components.
    pub(super) fn split(&self, sku: &Sku) -> Splitter {
        let mut splitter = Splitter::default();
        let (input, output) = (self.get(Kind::Input), self.get(Kind::Output));
        let other = match self.unit {
            Unit::Tokens => {
                self.split_tokens(sku, &mut splitter);
                return splitter;
            }
            Unit::Characters => [Component::MediaInputCharacters, Component::MediaOutputCharacters],
            Unit::Seconds => [Component::MediaInputSeconds, Component::MediaOutputSeconds],
            Unit::Images => [Component::MediaInputImages, Component::MediaOutputImages],
        };
        splitter.put(other[0], input);
        splitter.put(other[1], output);
        splitter
    }

    fn split_tokens(&self, sku: &Sku, splitter: &mut Splitter) {
        let by_ttl = self.get(Kind::Written5m).saturating_add(self.get(Kind::Written1h));
        let written = self.get(Kind::Written).max(by_ttl);
        let unsplit = written - by_ttl;
        let for_half_an_hour = sku.provider == "openai";
        splitter.notes.set_if(Note::TtlAssumed, unsplit > 0 && !for_half_an_hour);
        let rest = if for_half_an_hour {
            Component::InputCacheWrite30m
        } else {
            Component::InputCacheWrite5m
        };
        let input = Side {
            whole: self.get(Kind::Input),
            parts: &[
                (Component::InputCacheRead, self.get(Kind::Read)),
                (Component::InputCacheWrite5m, self.get(Kind::Written5m)),
                (Component::InputCacheWrite1h, self.get(Kind::Written1h)),
                (rest, unsplit),
                (Component::InputUncachedAudio, self.get(Kind::InputAudio)),
                (Component::InputUncached, self.get(Kind::InputOther)),
            ],
        };
        let output = Side {
            whole: self.get(Kind::Output),
            parts: &[
                (Component::OutputReasoning, self.get(Kind::Reasoning)),
                (Component::OutputAudio, self.get(Kind::OutputAudio)),
                (Component::Output, self.get(Kind::OutputOther)),
            ],
        };
        let total = self.counts[Kind::Total as usize];
        let [input_overlaps, output_overlaps] = overlaps(&input, &output, total);
        input.split(input_overlaps, Component::InputUncached, splitter);
        output.split(output_overlaps, Component::Output, splitter);
        splitter.check_total(total);
        splitter.put(Component::ToolWebSearch, self.get(Kind::Search));
    }
}

/// Of several names for one thing the largest counts; `None` where nothing is counted.
fn counts_of(object: &Object<'_>) -> Result<Option<[Option<u64>; KINDS]>, Skipped> {
    let mut counts = [None; KINDS];
    for (name, value) in object.iter() {
        let Some(kind) = kind_of(&name) else { continue };
        // Other parts have no name of their own: they add up.
        let adds_up = matches!(kind, Kind::InputOther | Kind::OutputOther);
        let found = value
            .count()
            .map_err(|bad| Skipped::bad_field(&name, &bad.0, "a whole number of at least 0"))?;
        let Some(found) = found else { continue };
        let slot: &mut Option<u64> = &mut counts[kind as usize];
        *slot = Some(match *slot {
            Some(have) if adds_up => have.saturating_add(found),
            Some(have) => have.max(found),
            None => found,
        });
    }
    Ok(counts.iter().any(Option::is_some).then_some(counts))
}

/// Input or output with its parts.
struct Side<'p> {
    whole: u64,
    parts: &'p [(Component, u64)],
}

impl Side<'_> {
    fn parts_sum(&self) -> u64 {
        self.parts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    fn size(&self, overlaps: bool) -> u64 {
        if overlaps { self.whole } else { self.whole.saturating_add(self.parts_sum()) }
    }

    fn split(&self, overlaps: bool, rest: Component, splitter: &mut Splitter) {
        splitter.split(self.size(overlaps), rest, self.parts);
    }
}

/// Whether the parts of input and of output are inside their wholes.
///
/// Of the readings that are possible and reach the total, the one with most disjoint sides. If none
/// does: where the disjoint sum is over the total, parts are inside wherever they fit.
fn overlaps(input: &Side<'_>, output: &Side<'_>, total: Option<u64>) -> [bool; 2] {
    let fits = |side: &Side<'_>| side.parts_sum() <= side.whole;
    let disjoint = input.size(false).saturating_add(output.size(false));
    let Some(total) = total.filter(|total| *total > 0 && *total != disjoint) else {
        return [false, false];
    };
    let readings = [[false, true], [true, false], [true, true]];
    let reaches = |[of_input, of_output]: &[bool; 2]| {
        (!of_input || fits(input))
            && (!of_output || fits(output))
            && input.size(*of_input).saturating_add(output.size(*of_output)) == total
    };
    let inside = disjoint > total;
    readings.into_iter().find(reaches).unwrap_or([inside && fits(input), inside && fits(output)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(json: &str) -> (Vec<(Component, u64)>, bool) {
        let text = format!("{{\"usageDetails\":{json}}}");
        let object = Object::parse(text.as_bytes()).unwrap();
        let splitter = Details::read(&object).unwrap().unwrap().split(&Sku::new("openai", "gpt-5"));
        (splitter.components.iter().collect(), splitter.notes.has(Note::TotalMismatch))
    }

    #[test]
    fn disjoint_parts_as_they_are_meant() {
        let found = split(
            r#"{"input":400,"input_cached_tokens":600,"output":150,"output_reasoning_tokens":50,"total":1200}"#,
        );
        let expected = vec![
            (Component::InputUncached, 400),
            (Component::InputCacheRead, 600),
            (Component::Output, 150),
            (Component::OutputReasoning, 50),
        ];
        assert_eq!(found, (expected, false));
    }

    #[test]
    fn parts_that_overlap_are_told_by_the_total() {
        // A real shape: 6 + 2055 = 2061, so the 1104 are inside the output.
        let found =
            split(r#"{"input":6,"output":2055,"completion_details.reasoning":1104,"total":2061}"#);
        let expected = vec![
            (Component::InputUncached, 6),
            (Component::Output, 951),
            (Component::OutputReasoning, 1_104),
        ];
        assert_eq!(found, (expected, false));
        // 1000 + 150 + 50 = 1200: the cache is inside the input, reasoning beside the output.
        let found = split(
            r#"{"input":1000,"cache_read_input_tokens":600,"output":150,"reasoning_tokens":50,"total":1200}"#,
        );
        let expected = vec![
            (Component::InputUncached, 400),
            (Component::InputCacheRead, 600),
            (Component::Output, 150),
            (Component::OutputReasoning, 50),
        ];
        assert_eq!(found, (expected, false));
    }

    #[test]
    fn an_input_that_is_smaller_than_its_parts_does_not_hold_them() {
        let found = split(r#"{"input":10,"input_cache_read":600,"output":5,"total":15}"#);
        let expected = vec![
            (Component::InputUncached, 10),
            (Component::InputCacheRead, 600),
            (Component::Output, 5),
        ];
        assert_eq!(found, (expected, true));
    }

    #[test]
    fn names_of_one_thing_count_once() {
        let found = split(
            r#"{"input":0,"cache_read_input_tokens":600,"input_cached_tokens":600,"input_cache_creation_5m":1,"input_cache_creation_1h":2,"cache_creation_input_tokens":3,"output":0,"input_modality_9":4,"inputCost":9}"#,
        );
        let expected = vec![
            (Component::InputUncached, 4),
            (Component::InputCacheRead, 600),
            (Component::InputCacheWrite5m, 1),
            (Component::InputCacheWrite1h, 2),
        ];
        assert_eq!(found, (expected, false));
    }
}
