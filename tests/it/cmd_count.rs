//! `tokencast count`.

use serde_json::{Value, json};
use tiktoken_rs::{CoreBPE, cl100k_base, o200k_base};

use super::common::{TestEnv, root};

fn count(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = env.run(&[&["count", "--output", "json"], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn tokens(bpe: &CoreBPE, texts: &[&str]) -> u64 {
    texts.iter().map(|text| bpe.encode_ordinary(text).len() as u64).sum()
}

/// A price book with one model: 2 for a million tokens in, 10 for a million out.
fn book(tokenizer: &str) -> String {
    format!(
        "schema = \"tokencast.prices.v1\"\nprovider = \"mine\"\nname = \"Mine\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n\n[[model]]\nid = \"m\"\ntokenizer = \"{tokenizer}\"\n\n[[model.price]]\ninput_per_mtok = \"2\"\noutput_per_mtok = \"10\"\n"
    )
}

const CHAT: &str = r#"{"url":"/v1/chat/completions","body":{"max_tokens":100,"messages":[{"role":"system","content":"Be short."},{"role":"user","content":"Wie viele Räder hat ein Dreirad?"}]}}"#;

#[test]
fn public_tokenizers_are_counted_as_tiktoken_counts() {
    let env = TestEnv::new();
    env.file("a.jsonl", format!("{CHAT}\n{{\"text\":\"naïve 東京 <|endoftext|>\"}}\n"));
    let found = count(&env, &["a.jsonl", "--model", "gpt-4o,gpt-4"]);
    let texts = ["Be short.", "Wie viele Räder hat ein Dreirad?", "naïve 東京 <|endoftext|>"];
    for (at, bpe) in [o200k_base().unwrap(), cl100k_base().unwrap()].iter().enumerate() {
        // Around a chat OpenAI counts 3 tokens, around each message 3 and one for its role.
        let (model, expected) = (&found["models"][at], tokens(bpe, &texts) + 3 + 2 * (3 + 1));
        assert_eq!(model["basis"], "exact");
        assert_eq!(
            model["total"]["input"],
            json!({"low": expected, "tokens": expected, "high": expected})
        );
        assert_eq!(model["total"]["exact_share"], "1.00");
    }
    assert_eq!(found["inputs"]["shapes"], json!({"openai-batch": 1, "text": 1}));
    assert_eq!(found["inputs"]["outputs"], json!({"limit": 1, "unknown": 1}));
}

#[test]
fn an_estimate_has_a_band_that_the_cost_has_too() {
    let env = TestEnv::new();
    // Eight words of the letters a to z, each one token of o200k_base: 8 * 1.78 = 14.24.
    env.file("a.txt", "one two three four five six seven eight");
    let found = count(&env, &["a.txt", "--model", "claude-opus-5", "--output-tokens", "0"]);
    let model = &found["models"][0];
    assert_eq!((&model["basis"], &model["band"]), (&json!("estimated"), &json!("0.25")));
    // A quarter of 14 is 3.5, rounded up.
    assert_eq!(model["total"]["input"], json!({"low": 10, "tokens": 14, "high": 18}));
    assert_eq!(model["total"]["exact_share"], "0.00");
    // 10, 14 and 18 tokens at 2 for a million.
    env.file("book.toml", book("claude-2026"));
    let own = ["a.txt", "--model", "mine/m", "--prices", "book.toml"];
    let cost = &count(&env, &own)["models"][0]["total"]["standard"];
    let expected =
        json!({"low": "0.00002", "cost": "0.000028", "high": "0.000036", "unpriced": []});
    assert_eq!(*cost, expected);
    let strict = env.run(&["count", "a.txt", "--model", "claude-opus-5", "--strict"]);
    assert_eq!(strict.status, 2, "{}", strict.stderr);
    let strict = env.run(&["count", "a.txt", "--model", "gpt-4o", "--strict"]);
    assert_eq!(strict.status, 0, "{}", strict.stderr);
}

#[test]
fn what_is_assumed_has_no_band_and_is_not_exact() {
    let env = TestEnv::new();
    env.file("a.txt", "one two three");
    let found = count(&env, &["a.txt", "--model", "gpt-6-sol"]);
    let total = &found["models"][0]["total"];
    assert_eq!(found["models"][0]["basis"], "assumed");
    assert_eq!(total["input"], json!({"low": null, "tokens": 3, "high": null}));
    assert_eq!((&total["exact_input"], &total["exact_share"]), (&json!(0), &json!("0.00")));
}

#[test]
fn costs_are_counts_times_prices() {
    let env = TestEnv::new();
    env.file("a.jsonl", format!("{CHAT}\n"));
    env.file("b/c.txt", "one two three four");
    env.file("book.toml", book("o200k_base"));
    let run = env.run(&[
        "count",
        "a.jsonl",
        "b",
        "--model",
        "mine/m",
        "--prices",
        "book.toml",
        "--output",
        "json",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found = run.json();
    let model = &found["models"][0];
    let files = model["files"].as_array().unwrap();
    // Four words, nothing known of the output: 4 * 2 / 1,000,000.
    assert_eq!(files[1]["standard"]["cost"], "0.000008");
    let bpe = o200k_base().unwrap();
    let input = tokens(&bpe, &["Be short.", "Wie viele Räder hat ein Dreirad?"]);
    // At most 100 tokens of output: 100 * 10 / 1,000,000.
    let micro = input * 2 + 1000;
    assert_eq!(files[0]["standard"]["cost"], format!("0.{micro:06}").trim_end_matches('0'));
    assert_eq!(files[0]["output"]["tokens"], 100);
    // The book has no batch price: that is unknown, not zero.
    assert_eq!(model["total"]["batch"]["cost"], Value::Null);
    assert_ne!(model["total"]["batch"]["unpriced"], json!([]));
    let ratio = ["--output-ratio", "0.5", "--prices", "book.toml"];
    let found = count(&env, &[&["b", "--model", "mine/m"], &ratio[..]].concat());
    assert_eq!(found["models"][0]["total"]["output"]["tokens"], 2);
}

#[test]
fn images_are_no_text_and_strict_says_so() {
    let env = TestEnv::new();
    let data = "A".repeat(4000);
    env.file("a.jsonl", format!(r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"hi"}},{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}"}}}}]}}]}}"#));
    let found = count(&env, &["a.jsonl", "--model", "gpt-4o"]);
    // `hi`, and 3 + 3 + 1 around it.
    assert_eq!(found["models"][0]["total"]["input"]["tokens"], 8);
    assert_eq!(found["inputs"]["not_counted"], json!({"images of unknown size": 1}));
    assert_eq!(env.run(&["count", "a.jsonl", "--model", "gpt-4o", "--strict"]).status, 2);
    // The head of a PNG of 1024 by 1024 pixels: 85 + 4 * 170 tokens, or 37 * 37 areas.
    let png = "iVBORw0KGgoAAAANSUhEUgAABAAAAAQA";
    env.file("b.jsonl", format!(r#"{{"messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{png}"}}}}]}}]}}"#));
    let found = count(&env, &["b.jsonl", "--model", "gpt-4o,claude-haiku-4-5,grok-4.3"]);
    let total = |at: usize| &found["models"][at]["total"];
    assert_eq!(total(0)["input"]["tokens"], 7 + 765);
    // Only what stands around the message is exact.
    assert_eq!(total(0)["exact_input"], 7);
    // Seven around the message, with a band of 23 %: two tokens.
    let expected = json!({"low": 1369 + 5, "tokens": 1369 + 7, "high": 1369 + 9});
    assert_eq!(total(1)["input"], expected);
    assert_eq!(total(2)["input"]["tokens"], 0);
    assert_eq!(found["inputs"]["not_counted"], json!({"images, by models without a formula": 1}));
}

#[test]
fn folders_hold_texts_and_nothing_hidden_or_binary() {
    let env = TestEnv::new();
    env.file("p/a.md", "[one](two)");
    env.file("p/.hidden.txt", "no");
    env.file("p/b.txt", [0_u8, 1, 2, 3]);
    env.file("p/c.png", "no");
    let found = count(&env, &["p", "--model", "gpt-4o"]);
    let inputs = &found["inputs"];
    assert_eq!((&inputs["prompts"], &inputs["skipped"]), (&json!(1), &json!(1)));
    env.file("none.jsonl", "{\"hello\":1}\n");
    let run = env.run(&["count", "none.jsonl", "--model", "gpt-4o"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
}

#[test]
fn every_form_is_printed() {
    let env = TestEnv::new();
    let samples = root().join("samples/prompts").display().to_string();
    for (form, part) in [
        ("table", "a mixture of"),
        ("markdown", "| openai/gpt-5-mini"),
        ("csv", "provider,model,file,tokenizer,basis,prompts,input_low,input,input_high"),
    ] {
        let run = env.run(&["count", &samples, "--model", "gpt-5-mini,claude-opus-5", "-o", form]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains(part), "{}", run.stdout);
    }
}

#[test]
fn a_tokenizer_of_the_user_is_said_to_be_that() {
    let env = TestEnv::new();
    env.file("a.txt", "aba");
    env.file("odd.json", "{}");
    let odd = ["count", "a.txt", "--model", "gpt-4o", "--tokenizer", "gpt-4o=odd.json"];
    assert_eq!(env.run(&odd).status, 2);
    let other = ["count", "a.txt", "--model", "gpt-4o", "--tokenizer", "gpt-4=odd.json"];
    assert_eq!(env.run(&other).status, 2);
    // Letters by themselves, and `ab` together: two tokens.
    env.file("t.json", r#"{"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},"post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}"#);
    let found = count(&env, &["a.txt", "--model", "gpt-4o", "--tokenizer", "gpt-4o=t.json"]);
    assert_eq!(found["models"][0]["basis"], "supplied");
    assert_eq!(found["models"][0]["total"]["input"]["tokens"], 2);
}
