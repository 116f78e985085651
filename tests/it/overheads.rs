//! What `tokencast count` adds to text: vectors of providers, and worked by hand.

use serde_json::{Value, json};

use super::common::TestEnv;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all =
            three.iter().chain([&0; 2]).take(3).fold(0_usize, |n, b| n << 8 | usize::from(*b));
        for at in 0..4 {
            let digit = char::from(DIGITS[all >> (18 - 6 * at) & 63]);
            text.push(if at <= three.len() { digit } else { '=' });
        }
    }
    text
}

fn count(env: &TestEnv, request: &Value, models: &str) -> Value {
    env.file("a.jsonl", format!("{request}\n"));
    let run = env.run(&["count", "a.jsonl", "--model", models, "--output", "json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn input(found: &Value, model: usize) -> &Value {
    &found["models"][model]["total"]["input"]
}

fn tokens(found: &Value, model: usize) -> u64 {
    input(found, model)["tokens"].as_u64().unwrap()
}

/// The example of OpenAI's Cookbook, how to count tokens with tiktoken.
fn cookbook() -> Value {
    json!({
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
            {"role": "user", "content": "What's the weather like in San Francisco?"}
        ],
        "tools": [{"type": "function", "function": {
            "name": "get_current_weather",
            "description": "Get the current weather in a given location",
            "parameters": {
                "type": "object",
                "properties": {
                    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                    "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]}
                },
                "required": ["location"]
            }
        }}]
    })
}

#[test]
fn functions_are_counted_as_the_api_of_open_ai_counts_them() {
    let env = TestEnv::new();
    let found = count(&env, &cookbook(), "gpt-4o,gpt-4o-mini,gpt-4-0613,gpt-3.5-turbo-0125");
    for (model, expected) in [(0, 101), (1, 101), (2, 105), (3, 105)] {
        let all = json!({"low": expected, "tokens": expected, "high": expected});
        assert_eq!(*input(&found, model), all);
        assert_eq!(found["models"][model]["total"]["exact_share"], "1.00");
    }
    // The same formula for a model that it is not published for: neither exact nor without a band.
    let found = count(&env, &cookbook(), "gpt-5-mini");
    assert_eq!(tokens(&found, 0), 101);
    assert!(found["models"][0]["total"]["exact_input"].as_u64().unwrap() < 101);
    assert_ne!(input(&found, 0)["high"], 101);
}

#[test]
fn what_the_formula_was_not_published_for_is_not_exact() {
    let env = TestEnv::new();
    let mut request = cookbook();
    for choice in [json!("none"), json!({"type": "function", "function": {"name": "hi"}})] {
        request["tool_choice"] = choice;
        let found = count(&env, &request, "gpt-4o");
        // One more where nothing may be called; seven and the one token of the name where one must be.
        let more = if request["tool_choice"] == "none" { 1 } else { 8 };
        assert_eq!(tokens(&found, 0), 101 + more);
        assert_ne!(found["models"][0]["total"]["exact_share"], "1.00");
    }
    request["tool_choice"] = json!("auto");
    request["tools"][0]["function"]["parameters"]["properties"]["more"] =
        json!({"type": "array", "description": "x", "items": {"type": "string"}});
    let found = count(&env, &request, "gpt-4o");
    assert_ne!(found["models"][0]["total"]["exact_share"], "1.00");
    assert!(env.run(&["count", "a.jsonl", "--model", "gpt-4o", "--strict"]).status == 2);
}

#[test]
fn the_prompt_that_comes_with_tools_of_claude_is_added() {
    let env = TestEnv::new();
    let mut request = json!({
        "system": "s", "max_tokens": 1, "messages": [{"role": "user", "content": "u"}],
        "tools": [{"name": "t", "description": "d", "input_schema": {"type": "object"}}]
    });
    let models = "claude-opus-5,claude-haiku-4-5,claude-sonnet-5,claude-opus-5-5";
    let auto = count(&env, &request, models);
    request["tool_choice"] = json!({"type": "any"});
    let any = count(&env, &request, models);
    request["tool_choice"] = json!({"type": "none"});
    let none = count(&env, &request, models);
    request["tool_choice"] = json!({"type": "tool", "name": "t"});
    let tool = count(&env, &request, models);
    // 406 - 286, 588 - 496, 474 - 354; not published for the last one.
    for (model, forced) in [(0, 120), (1, 92), (2, 120), (3, 0)] {
        assert_eq!(tokens(&any, model), tokens(&auto, model) + forced);
        assert_eq!(tokens(&tool, model), tokens(&any, model));
        assert_eq!(tokens(&none, model), tokens(&auto, model));
    }
    assert_eq!(tokens(&auto, 0) - tokens(&auto, 3), 286);
    let missed = json!({"prompts that come with tools, by models without a published size": 1});
    assert_eq!(auto["inputs"]["not_counted"], missed);
}

/// A PDF of so many empty pages, with its objects in plain text.
fn pdf(pages: usize) -> Vec<u8> {
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", page + 3)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[{}]/Count {pages}>>", kids.join(" ")),
    ];
    objects.extend(kids.iter().map(|_| "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>".into()));
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (at, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let end = file.len();
    file += &table;
    file +=
        &format!("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{end}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}

fn claude_document(data: &str) -> Value {
    let source = json!({"type": "base64", "media_type": "application/pdf", "data": data});
    json!({"system": "", "max_tokens": 1, "messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]})
}

fn gemini(kind: &str, bytes: &[u8], settings: &Value) -> Value {
    let part = json!({"inlineData": {"mimeType": kind, "data": base64(bytes)}});
    json!({"contents": [{"role": "user", "parts": [part]}], "generationConfig": settings})
}

#[test]
fn pages_of_a_pdf_are_counted() {
    let env = TestEnv::new();
    let one = count(&env, &claude_document(&base64(&pdf(1))), "claude-haiku-4-5,gpt-5-mini");
    // An image of 1590, none to 3000 tokens of text; seven around the message, two more or less.
    assert_eq!(*input(&one, 0), json!({"low": 1590 + 5, "tokens": 3090 + 7, "high": 4590 + 9}));
    // Published measurements of one page: scanned, with text, with a table.
    for measured in [1592, 2115, 2278] {
        let (low, high) = (&input(&one, 0)["low"], &input(&one, 0)["high"]);
        assert!((low.as_u64().unwrap()..=high.as_u64().unwrap()).contains(&(measured + 7)));
    }
    assert_eq!(one["inputs"]["not_counted"], json!({"documents, by models without a formula": 1}));
    let models = "gemini-2.5-flash,gemini-3.8-flash";
    let found = count(&env, &gemini("application/pdf", &pdf(3), &json!({})), models);
    assert_eq!([0, 1].map(|model| tokens(&found, model)), [3 * 258, 3 * 560]);
    let high = json!({"mediaResolution": "MEDIA_RESOLUTION_HIGH"});
    let found = count(&env, &gemini("application/pdf", &pdf(3), &high), "gemini-3.8-flash");
    assert_eq!(tokens(&found, 0), 3 * 1120);
}

#[test]
fn a_pdf_that_hides_its_pages_in_a_stream_is_read_and_a_broken_one_is_unknown() {
    let env = TestEnv::new();
    // Seven pages, all objects in one compressed stream; made with Python's zlib.
    let packed = include_str!("../data/seven_pages.pdf.b64").trim();
    let found = count(&env, &claude_document(packed), "claude-haiku-4-5");
    assert_eq!(tokens(&found, 0), 7 * 3090 + 7);
    let whole = pdf(2);
    for broken in [&whole[..60], b"%PDF-1.7\nnothing", b"no pdf at all"] {
        let found = count(&env, &claude_document(&base64(broken)), "claude-haiku-4-5");
        assert_eq!(tokens(&found, 0), 7, "{}", String::from_utf8_lossy(broken));
        assert_eq!(found["inputs"]["not_counted"], json!({"documents of unknown length": 1}));
    }
}

/// Mono, eight bits, 8000 samples a second.
fn wav(samples: u32) -> Vec<u8> {
    let mut file = b"RIFF".to_vec();
    file.extend((36 + samples).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(8000_u32.to_le_bytes());
    file.extend(8000_u32.to_le_bytes());
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(samples.to_le_bytes());
    file.extend(std::iter::repeat_n(128, samples as usize));
    file
}

#[test]
fn seconds_of_sound_are_counted_and_have_their_own_price() {
    let env = TestEnv::new();
    let half = gemini("audio/wav", &wav(12_000), &json!({}));
    // A second and a half: 32 tokens for each.
    assert_eq!(tokens(&count(&env, &half, "gemini-2.5-flash"), 0), 48);
    // 100 frames of 1152 samples at 44.1 kHz and 128 kbit/s, 417 bytes each: 2.61 seconds, 83.6 tokens.
    let frame = [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 413]].concat();
    let mp3 = gemini("audio/mp3", &frame.repeat(100), &json!({}));
    assert_eq!(tokens(&count(&env, &mp3, "gemini-2.5-flash"), 0), 84);
    let said = |role: &str| {
        let audio = json!({"type": "input_audio", "input_audio": {"data": base64(&wav(12_000)), "format": "wav"}});
        json!({"messages": [{"role": role, "content": [audio]}, {"role": "user", "content": ""}], "max_tokens": 1})
    };
    // Ten for a second of the user, twenty of the assistant: 15 more.
    let of = |role: &str| tokens(&count(&env, &said(role), "gpt-realtime"), 0);
    assert_eq!(of("assistant"), of("user") + 15);
    let other = count(&env, &said("user"), "gpt-5-mini");
    assert_eq!(other["inputs"]["not_counted"], json!({"audio, by models without a formula": 1}));
    // 48 tokens at 10 for a million, and none of text.
    env.file("book.toml", "schema = \"tokencast.prices.v1\"\nprovider = \"mine\"\nname = \"Mine\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n\n[[model]]\nid = \"gemini-2.5-mine\"\nmaker = \"google\"\ntokenizer = \"o200k_base\"\n\n[[model.price]]\ninput_per_mtok = \"2\"\ninput_audio_per_mtok = \"10\"\noutput_per_mtok = \"10\"\n");
    env.file("a.jsonl", format!("{half}\n"));
    let own = ["count", "a.jsonl", "--model", "mine/gemini-2.5-mine", "--prices", "book.toml"];
    let run = env.run(&[&own[..], &["--output-tokens", "0", "--output", "json"]].concat());
    assert_eq!(run.json()["models"][0]["total"]["standard"]["cost"], "0.00048", "{}", run.stderr);
}

fn mp4_box(name: &str, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size, name.as_bytes(), content].concat()
}

/// Ten seconds, with tracks of these kinds.
fn mp4(tracks: &[&str]) -> Vec<u8> {
    let number = |n: u32| n.to_be_bytes();
    let head = [number(0), number(0), number(0), number(600), number(6000)].concat();
    let mut movie = mp4_box("mvhd", &head);
    for track in tracks {
        let handler = [&[0; 8], track.as_bytes(), &[0; 12]].concat();
        movie.extend(mp4_box("trak", &mp4_box("mdia", &mp4_box("hdlr", &handler))));
    }
    [mp4_box("ftyp", b"isom"), mp4_box("mdat", &[0; 100]), mp4_box("moov", &movie)].concat()
}

#[test]
fn seconds_of_video_are_counted_with_and_without_sound() {
    let env = TestEnv::new();
    let models = "gemini-2.5-flash,gemini-3.8-flash";
    let both = gemini("video/mp4", &mp4(&["vide", "soun"]), &json!({}));
    let found = count(&env, &both, models);
    // Ten frames of 258 or 70, ten seconds of 32.
    assert_eq!([0, 1].map(|model| tokens(&found, model)), [2580 + 320, 700 + 320]);
    let silent = gemini("video/mp4", &mp4(&["vide"]), &json!({}));
    let found = count(&env, &silent, models);
    assert_eq!([0, 1].map(|model| tokens(&found, model)), [2580, 700]);
    let low = json!({"mediaResolution": "MEDIA_RESOLUTION_LOW"});
    let found = count(&env, &gemini("video/mp4", &mp4(&["vide"]), &low), models);
    assert_eq!([0, 1].map(|model| tokens(&found, model)), [660, 700]);
    let mut cut = both;
    cut["contents"][0]["parts"][0]["videoMetadata"] = json!({"startOffset": "3s"});
    let found = count(&env, &cut, "gemini-2.5-flash");
    assert_eq!(tokens(&found, 0), 0);
    assert_eq!(found["inputs"]["not_counted"], json!({"video of unknown length": 1}));
}

#[test]
fn a_schema_of_the_answer_is_counted_and_not_exact() {
    let env = TestEnv::new();
    let plain = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "u"}]});
    let mut with = plain.clone();
    let schema = json!({"type": "object"});
    with["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let [without, with] = [&plain, &with].map(|request| count(&env, request, "gpt-4o"));
    let bpe = tiktoken_rs::o200k_base().unwrap();
    let of_schema = bpe.encode_ordinary(&schema.to_string()).len() as u64;
    assert_eq!(tokens(&with, 0), tokens(&without, 0) + of_schema);
    assert_eq!(with["models"][0]["total"]["exact_input"], tokens(&without, 0));
}
