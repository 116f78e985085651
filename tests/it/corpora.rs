//! `tokencast count` on tables and large files, and with several threads.

use std::fmt::Write;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tiktoken_rs::{CoreBPE, o200k_base};

use super::common::{TestEnv, root};

fn count(env: &TestEnv, arguments: &[&str]) -> Value {
    let all = [&["count", "--model", "gpt-4o", "--output", "json"], arguments].concat();
    let run = env.run(&all);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn tokens(texts: &[&str]) -> u64 {
    static BPE: LazyLock<CoreBPE> = LazyLock::new(|| o200k_base().unwrap());
    texts.iter().map(|text| BPE.encode_ordinary(text).len() as u64).sum()
}

fn data(name: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/data/corpora").join(name)).unwrap()
}

/// The tables were written by pyarrow, see `tests/data/corpora/make.py`.
#[test]
fn rows_of_parquet_are_prompts() {
    let env = TestEnv::new();
    env.file("p/chats.parquet", data("chats.parquet"));
    let found = count(&env, &["p"]);
    assert_eq!(found["inputs"]["shapes"], json!({"conversation": 7}));
    // Seven rows: a question with its number, and an answer. 3 for a request, 3 and a role for its message.
    let questions: Vec<String> = (0..7).map(|n| format!("question {n} of the table")).collect();
    let asked: u64 = questions.iter().map(|text| tokens(&[text]) + 3 + 3 + 1).sum();
    let total = &found["models"][0]["total"];
    assert_eq!(total["input"]["tokens"], asked);
    assert_eq!(total["output"]["tokens"], 7 * tokens(&["a \"quoted\" answer\nwith a line"]));
    let as_text = |name: &str, shape: &str| {
        env.file(name, data(name));
        let found = count(&env, &[name]);
        assert_eq!(found["inputs"]["shapes"], json!({shape: 2}), "{name}");
        found["models"][0]["total"]["input"]["tokens"].as_u64().unwrap()
    };
    // Lists of turns kept as text of JSON; questions with an empty cell; texts.
    assert_eq!(as_text("turns.parquet", "sharegpt"), 2 * (tokens(&["ask"]) + 7));
    assert_eq!(as_text("questions.parquet", "question"), tokens(&["one", "two", "more"]) + 2 * 7);
    assert_eq!(as_text("texts.parquet", "text"), tokens(&["first text", "second text"]));
}

#[test]
fn a_table_without_prompts_is_said_with_its_columns() {
    let env = TestEnv::new();
    env.file("numbers.parquet", data("numbers.parquet"));
    let run = env.run(&["count", "numbers.parquet", "--model", "gpt-4o"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("(they have: id, score)"), "{}", run.stderr);
    let piped =
        env.run_with(&["count", "-", "--model", "gpt-4o"], Some(&data("texts.parquet")), &[]);
    assert_eq!(piped.status, 3);
    assert!(piped.stderr.contains("not from standard input"), "{}", piped.stderr);
    env.file("cut.parquet", &data("texts.parquet")[..300]);
    let cut = env.run(&["count", "cut.parquet", "--model", "gpt-4o"]);
    assert_eq!(cut.status, 2, "{}", cut.stderr);
}

/// Several blocks of lines, a list in one document, texts, and what is no prompt.
fn mixture(env: &TestEnv) -> u64 {
    let (mut lines, mut items, mut sum) = (String::new(), Vec::new(), 0);
    for n in 0..4000 {
        let text = format!("prompt number {n} says {}", "naïve 東京 words ".repeat(n % 30));
        writeln!(lines, "{}", json!({"text": text})).unwrap();
        items.push(json!({"prompt": text}));
        if n % 100 == 0 {
            lines.push_str("{\"hello\":1}\nnot json\n");
            env.file(&format!("p/{n}.txt"), &text);
            sum += tokens(&[&text]);
        }
        // Once as a text, once as the one message of a chat.
        sum += 2 * tokens(&[&text]) + 7;
    }
    env.file("p/a.jsonl", lines);
    env.file("p/b.json", serde_json::to_string_pretty(&items).unwrap());
    sum
}

#[test]
fn any_number_of_threads_counts_the_same() {
    let env = TestEnv::new();
    let expected = mixture(&env);
    let of = |threads: &str| {
        let models = "gpt-4o,claude-opus-5,gpt-4-0613";
        let output = ["--output-ratio", "0.1", "--output", "json", "--threads", threads];
        let run = env.run(&[&["count", "p", "--model", models], &output[..]].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
        (run.stdout, run.stderr)
    };
    let one = of("1");
    assert_eq!(one, of("4"));
    assert_eq!(one, of("0"));
    let found: Value = serde_json::from_str(&one.0).unwrap();
    assert_eq!(found["models"][0]["total"]["input"]["tokens"], expected);
    let inputs = &found["inputs"];
    assert_eq!((&inputs["prompts"], &inputs["skipped"]), (&json!(8040), &json!(80)));
}

#[test]
fn a_text_too_long_to_hold_is_counted_in_parts() {
    let env = TestEnv::new();
    // Three tokens a line, 17 MB.
    let line = "hello world\n";
    assert_eq!(tokens(&[&line.repeat(10)]), 30);
    let lines = 1_450_000;
    env.file("long.txt", line.repeat(lines));
    let found = count(&env, &["long.txt"]);
    let total = &found["models"][0]["total"];
    assert_eq!(total["input"]["tokens"], 3 * lines);
    assert_eq!(total["exact_share"], "1.00");
    assert_eq!(found["inputs"]["prompts"], 1);
}
