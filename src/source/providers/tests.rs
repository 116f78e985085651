//! What holds for bodies of every provider, whatever their numbers.

use crate::source::ReadOptions;
use crate::source::line::{readings, records_of};

/// Inputs of the cases in `tests/formats`, a body a line.
const INPUTS: [&str; 20] = [
    include_str!("../../../tests/formats/anthropic/components/input.jsonl"),
    include_str!("../../../tests/formats/anthropic/hosts/input.jsonl"),
    include_str!("../../../tests/formats/anthropic/iterations/input.jsonl"),
    include_str!("../../../tests/formats/anthropic/streams/input.jsonl"),
    include_str!("../../../tests/formats/bedrock-batch/output/input.jsonl"),
    include_str!("../../../tests/formats/bedrock-batch-manifest/totals/input.jsonl"),
    include_str!("../../../tests/formats/bedrock-converse/components/input.jsonl"),
    include_str!("../../../tests/formats/bedrock-converse/shapes/input.jsonl"),
    include_str!("../../../tests/formats/bedrock-invoke/headers-and-metrics/input.jsonl"),
    include_str!("../../../tests/formats/cohere/bodies/input.jsonl"),
    include_str!("../../../tests/formats/gemini/components/input.jsonl"),
    include_str!("../../../tests/formats/gemini/shapes/input.jsonl"),
    include_str!("../../../tests/formats/gemini-interactions/totals/input.jsonl"),
    include_str!("../../../tests/formats/openai-chat/anthropic-names/input.jsonl"),
    include_str!("../../../tests/formats/openai-chat/compatible/input.jsonl"),
    include_str!("../../../tests/formats/openai-chat/details/input.jsonl"),
    include_str!("../../../tests/formats/openai-chat/openrouter/input.jsonl"),
    include_str!("../../../tests/formats/openai-chat/stated-costs/input.jsonl"),
    include_str!("../../../tests/formats/openai-realtime/response-done/input.jsonl"),
    include_str!("../../../tests/formats/openai-transcription/tokens-and-duration/input.jsonl"),
];

/// Where each run of digits of a text begins and ends, that is a JSON number of its own.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_digit() && at > 0 && matches!(bytes[at - 1], b':' | b',' | b'[') {
            let end = bytes[at..].iter().position(|b| !b.is_ascii_digit());
            let end = end.map_or(bytes.len(), |length| at + length);
            found.push((at, end));
            at = end;
        }
        at += 1;
    }
    found
}

#[test]
fn no_number_makes_a_reader_panic() {
    const VALUES: [&str; 8] =
        ["0", "-1", "1e30", "18446744073709551615", "null", "\"x\"", "{}", "[1]"];
    let options = ReadOptions::default();
    let mut read = 0;
    for line in INPUTS.iter().flat_map(|input| input.lines()) {
        for (start, end) in numbers(line) {
            for value in VALUES {
                let changed = format!("{}{value}{}", &line[..start], &line[end..]);
                let found = readings(&changed, &options).map_or(0, |found| found.len());
                read += found;
            }
        }
        for (cut, _) in line.char_indices() {
            assert!(readings(&line[..cut], &options).is_err(), "half a line is no record");
        }
    }
    assert!(read > 1_000, "{read}");
}

#[test]
fn huge_counts_stay_whole() {
    // Every part says all of it: the parts are cut so that together they are the whole.
    let most = u64::MAX;
    let body = format!(
        r#"{{"id":"x","created":1785542400,"model":"gpt-5","usage":{{"prompt_tokens":{most},"completion_tokens":0,"prompt_tokens_details":{{"cached_tokens":{most},"audio_tokens":{most},"image_tokens":{most},"cache_write_tokens":{most},"cached_tokens_details":{{"audio_tokens":{most},"image_tokens":{most}}}}}}}}}"#
    );
    let (record, _) = records_of(&body, &ReadOptions::default()).remove(0);
    assert_eq!(record.components.tokens(), most);
}

/// Every split of a small prompt into what details may say keeps the prompt whole.
#[test]
fn details_never_change_a_sum() {
    let options = ReadOptions::default();
    for case in 0..4_096_u32 {
        let digit = |place: u32| (case >> (2 * place)) & 3;
        let [cached, written, audio, image, in_cache, reasoning] =
            std::array::from_fn(|i| digit(u32::try_from(i).unwrap()) * [5, 4, 6, 3, 4, 2][i]);
        let body = format!(
            r#"{{"id":"x","created":1785542400,"model":"gpt-5","usage":{{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,
            "prompt_tokens_details":{{"cached_tokens":{cached},"cache_write_tokens":{written},"audio_tokens":{audio},"image_tokens":{image},
            "cached_tokens_details":{{"audio_tokens":{in_cache}}}}},"completion_tokens_details":{{"reasoning_tokens":{reasoning}}}}}}}"#
        );
        let (record, _) = records_of(&body, &options).remove(0);
        assert_eq!(record.components.tokens(), 25, "{body}");
        assert_eq!(record.components.prompt_tokens(), 20, "{body}");
    }
}
