//! `tokencast calibrate`, and counts that use what it fits.

#![expect(clippy::cast_precision_loss, reason = "counts of a test are small")]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use tiktoken_rs::{CoreBPE, cl100k_base};

use super::common::{TestEnv, files_below, root};

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        // Xorshift, whose high half is good enough to draw from.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Texts of many kinds: prose, Rust, TOML and JSON of this repository, and some in other scripts.
fn pool() -> Vec<Vec<char>> {
    let mut kinds: BTreeMap<String, Vec<char>> = BTreeMap::new();
    for folder in ["docs", "src/tokenizer", "src/rating", "pricing", "tests/formats/anthropic"] {
        for path in files_below(&root().join(folder)) {
            let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if ["md", "rs", "toml", "json", "jsonl"].contains(&kind.as_str()) {
                let text = fs::read_to_string(&path).unwrap();
                let kept = kinds.entry(kind).or_default();
                kept.extend(text.chars().take(5_000));
            }
        }
    }
    let other = "Сколько колёс у велосипеда? 自転車の車輪はいくつありますか。 Wie viele Räder hat ein Fahrrad? 自行车有两个轮子。 ";
    kinds.insert("other".to_owned(), other.repeat(300).chars().collect());
    kinds.into_values().collect()
}

/// A part of a text, as long as prompts are.
fn part(text: &[char], random: &mut Random) -> String {
    let length = 150 + random.below(60) * random.below(60);
    let most = text.len().saturating_sub(length).max(1);
    text.iter().skip(random.below(most)).take(length).collect()
}

/// One request as a log has it: text, billed tokens and nothing else of interest.
fn logged(model: &str, texts: &[String], billed: u64, number: usize) -> String {
    let said = |(at, text): (usize, &String)| {
        let role = ["user", "assistant"][at % 2];
        json!({"role": role, "content": text})
    };
    let messages: Vec<Value> = texts.iter().enumerate().map(said).collect();
    let line = json!({
        "call_type": "acompletion", "response_cost": 0.1, "id": format!("r{number}"), "model": model,
        "custom_llm_provider": "xai", "startTime": 1_790_846_446, "messages": messages,
        "prompt_tokens": billed, "completion_tokens": billed / 4, "total_tokens": billed + billed / 4,
    });
    format!("{line}\n")
}

/// What a provider with cl100k_base as its secret tokenizer bills: 9 for a request, 4 for each message.
fn billed(bpe: &CoreBPE, texts: &[String]) -> u64 {
    let said: usize = texts.iter().map(|text| bpe.encode_ordinary(text).len() + 4).sum();
    9 + said as u64
}

fn texts(pool: &[Vec<char>], random: &mut Random) -> Vec<String> {
    let kind = random.below(pool.len());
    (0..=random.below(3)).map(|_| part(&pool[kind], random)).collect()
}

fn json_of(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = env.run(&[arguments, &["--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

fn share(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// How often held-out requests are inside of their band, and how far off estimates are.
#[derive(Debug, Default)]
struct Scores {
    prompts: [usize; 2],
    bills: [usize; 2],
    errors: [f64; 2],
}

fn score(seed: u64, pool: &[Vec<char>], bpe: &CoreBPE, scores: &mut Scores) {
    const PROMPTS: usize = 60;
    const BILLS: usize = 10;
    let env = TestEnv::new();
    let mut random = Random(seed);
    let log: String = (0..70)
        .map(|n| {
            let texts = texts(pool, &mut random);
            logged("grok-4.3", &texts, billed(bpe, &texts), n)
        })
        .collect();
    env.file("log.jsonl", log);
    let report = json_of(&env, &["calibrate", "log.jsonl", "--out", "fit.toml"]);
    assert_eq!(report["fits"][0]["kept"], "fitted", "{report}");
    // Requests that no fit has seen: each in a file of its own, and thirty in each of some more.
    let mut truth = BTreeMap::new();
    let mut prompt = |name: String, count: usize| {
        let mut text = String::new();
        let mut sum = 0;
        for _ in 0..count {
            let texts = texts(pool, &mut random);
            sum += billed(bpe, &texts);
            let messages: Vec<Value> =
                texts.iter().map(|t| json!({"role": "user", "content": t})).collect();
            text.push_str(&format!("{}\n", json!({"model": "m", "messages": messages})));
        }
        env.file(&name, text);
        truth.insert(name, sum);
    };
    (0..PROMPTS).for_each(|n| prompt(format!("p/{n:02}.jsonl"), 1));
    (0..BILLS).for_each(|n| prompt(format!("p/many-{n}.jsonl"), 30));
    let count = ["count", "p", "--model", "grok-4.3"];
    let fitted = json_of(&env, &[&count[..], &["--calibration", "fit.toml"]].concat());
    let shipped = json_of(&env, &count);
    assert_eq!(fitted["models"][0]["basis"], "calibrated");
    let of = |report: &Value| report["models"][0]["files"].as_array().unwrap().clone();
    for (one, other) in of(&fitted).iter().zip(of(&shipped)) {
        let truth = truth[one["file"].as_str().unwrap()];
        let input = &one["input"];
        let inside =
            input["low"].as_u64().unwrap() <= truth && truth <= input["high"].as_u64().unwrap();
        let many = one["prompts"] == 30;
        let kept = if many { &mut scores.bills } else { &mut scores.prompts };
        kept[0] += usize::from(inside);
        kept[1] += 1;
        for (error, found) in scores.errors.iter_mut().zip([input, &other["input"]]) {
            *error += (found["tokens"].as_f64().unwrap() / truth as f64 - 1.0).abs();
        }
    }
}

#[test]
fn bands_hold_on_requests_that_no_fit_has_seen() {
    let (pool, bpe) = (pool(), cl100k_base().unwrap());
    let mut scores = Scores::default();
    for seed in [3, 1415, 92_653, 589_793] {
        score(seed, &pool, &bpe, &mut scores);
    }
    // 240 single requests and 40 sums of thirty, nine of ten of which are to be inside. The bound is four standard
    // deviations of 240 draws below; too wide a band would hold nearly all.
    let share = |[inside, all]: [usize; 2]| inside as f64 / all as f64;
    assert!((0.82..0.99).contains(&share(scores.prompts)), "{scores:?}");
    assert!(share(scores.bills) >= 0.8, "{scores:?}");
    let [fitted, shipped] = scores.errors;
    assert!(fitted * 2.0 < shipped, "{scores:?}");
}

#[test]
fn the_sample_is_fitted_as_it_is_kept() {
    let env = TestEnv::new();
    let samples = root().join("samples/requests");
    fs::create_dir_all(env.path("samples/requests")).unwrap();
    fs::copy(samples.join("assistant.jsonl"), env.path("samples/requests/assistant.jsonl"))
        .unwrap();
    let log = "samples/requests/assistant.jsonl";
    let report = json_of(&env, &["calibrate", log, "--out", "fit.toml"]);
    let kept = fs::read_to_string(samples.join("calibration.toml")).unwrap();
    assert_eq!(fs::read_to_string(env.path("fit.toml")).unwrap(), kept);
    assert_eq!(report["saved"], "fit.toml");
    assert_eq!(report["inputs"], json!({"files": 1, "records": 64, "left_out": {}}));
    for fit in report["fits"].as_array().unwrap() {
        let (before, after) =
            (share(&fit["shipped"]["mean_error"]), share(&fit["calibrated"]["mean_error"]));
        assert!(after < before && after < 0.05, "{fit}");
    }
    // The made-up provider adds 340 for tools, and counts the punctuation of their JSON one by one.
    let tools = share(&report["fits"][0]["constants"]["tools"]["calibrated"]);
    assert!((300.0..450.0).contains(&tools), "{tools}");
}

/// Requests of one word, so many times, billed at `tokens` for each and one for the request.
fn words(model: &str, requests: usize, tokens: u64) -> String {
    let one = |n: usize| {
        let count = 100 + 10 * n;
        logged(model, &["word ".repeat(count)], count as u64 * tokens + 1, n)
    };
    (0..requests).map(one).collect()
}

/// A folder with `fit.toml`, of a log that bills two tokens a word.
fn fitted() -> TestEnv {
    let env = TestEnv::new();
    env.file("log.jsonl", words("grok-4.3", 40, 2));
    let run = env.run(&["calibrate", "log.jsonl", "--out", "fit.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    env
}

#[test]
fn a_fit_is_used_from_the_flag_or_the_environment_and_strict_refuses_it() {
    let env = fitted();
    // A message of 300 words is 600 tokens and one, which is 1.15 * 300 as shipped.
    env.file("p.jsonl", json!({"model": "m", "messages": [{"role": "user", "content": "word ".repeat(300).trim()}]}).to_string());
    let count = ["count", "p.jsonl", "--model", "grok-4.3", "--output", "json"];
    let shipped = env.run(&count).json();
    assert_eq!(shipped["models"][0]["basis"], "estimated");
    assert_eq!(shipped["models"][0]["total"]["input"]["tokens"], 345);
    let flag = env.run(&[&count[..], &["--calibration", "fit.toml"]].concat()).json();
    let variable = env.run_with(&count, None, &[("TOKENCAST_CALIBRATION", "fit.toml")]).json();
    assert_eq!(flag, variable);
    let model = &flag["models"][0];
    assert_eq!((&model["basis"], &model["tokenizer"]), (&json!("calibrated"), &json!("grok")));
    let tokens = model["total"]["input"]["tokens"].as_u64().unwrap();
    assert!((590..=606).contains(&tokens), "{model}");
    assert!(model["total"]["input"]["low"].as_u64().unwrap() < tokens);
    assert_eq!(model["total"]["exact_input"], 0);
    let strict = env.run(&[&count[..], &["--calibration", "fit.toml", "--strict"]].concat());
    assert_eq!(strict.status, 2, "{}", strict.stderr);
    // What is counted exactly stays so, and what the file does not have is said.
    let exact = [
        "count",
        "p.jsonl",
        "--model",
        "gpt-4o,amazon.nova-lite-v1:0",
        "--calibration",
        "fit.toml",
        "-o",
        "json",
    ];
    let run = env.run(&exact);
    let bases = |at: usize| run.json()["models"][at]["basis"].clone();
    assert_eq!([bases(0), bases(1)], [json!("exact"), json!("estimated")]);
    assert!(run.stderr.contains("idle-calibration"), "{}", run.stderr);
}

#[test]
fn a_difference_of_prompts_is_counted_with_the_fit() {
    let env = fitted();
    env.file("a/p.txt", "word ".repeat(100).trim());
    env.file("b/p.txt", "word ".repeat(300).trim());
    let diff = ["diff", "a", "b", "--model", "grok-4.3", "--output", "json"];
    // Two hundred words more: 1.15 tokens each as shipped, two as the log was billed.
    let shipped = env.run(&diff).json();
    assert_eq!(shipped["models"][0]["basis"], "estimated");
    assert_eq!(shipped["models"][0]["total"]["tokens"]["change"]["tokens"], 230);
    let fitted = env.run(&[&diff[..], &["--calibration", "fit.toml"]].concat()).json();
    let model = &fitted["models"][0];
    assert_eq!(model["basis"], "calibrated");
    let change = model["total"]["tokens"]["change"]["tokens"].as_u64().unwrap();
    assert!((390..=404).contains(&change), "{model}");
}

#[test]
fn kinds_of_text_that_the_log_lacks_keep_the_shipped_band() {
    let env = TestEnv::new();
    env.file("log.jsonl", words("grok-4.3", 40, 2));
    assert_eq!(env.run(&["calibrate", "log.jsonl", "--out", "fit.toml"]).status, 0);
    let count = |text: &str| {
        env.file("p.txt", text);
        let arguments = ["count", "p.txt", "--model", "grok-4.3", "--calibration", "fit.toml"];
        json_of(&env, &arguments)["models"][0]["total"]["input"].clone()
    };
    let half = |input: &Value| {
        let of = |key: &str| input[key].as_f64().unwrap();
        (of("high") - of("tokens")) / of("tokens")
    };
    assert!(half(&count(&"word ".repeat(300))) < 0.1);
    assert!(half(&count(&"自転車の車輪".repeat(300))) >= 0.4);
}

#[test]
fn what_cannot_be_used_is_counted_and_too_little_is_refused() {
    let env = TestEnv::new();
    let image = r#"{"request":{"model":"grok-4.3","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]},"response":{"model":"grok-4.3","object":"chat.completion","created":1790846446,"usage":{"prompt_tokens":900,"completion_tokens":1,"total_tokens":901}}}"#;
    let bare = r#"{"model":"grok-4.3","object":"chat.completion","created":1790846446,"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10}}"#;
    let log = words("grok-4.3", 19, 2);
    let again = log.lines().next().unwrap();
    env.file(
        "log.jsonl",
        format!(
            "{log}{again}\n{image}\n{bare}\n{}",
            logged("no-such-model", &["Hi".to_owned()], 9, 99)
        ),
    );
    let run = env.run(&["calibrate", "log.jsonl", "--out", "fit.toml", "--output", "json"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(!env.path("fit.toml").exists());
    let report = run.json();
    assert_eq!(report["too_few"], json!([{"of": "grok", "requests": 19, "conversations": 19}]));
    assert_eq!(
        report["inputs"]["left_out"],
        json!({
            "copies of requests": 1,
            "prompts with images, sound, video or documents": 1,
            "records without the text of a prompt": 1,
            "requests of `x_ai/no-such-model`, which no price book knows": 1,
        })
    );
    // The same opening again and again is one conversation.
    let same: String = words("grok-4.3", 40, 2)
        .replace("word", "a")
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["messages"]
                .as_array_mut()
                .unwrap()
                .insert(0, json!({"role": "user", "content": "Hi"}));
            format!("{line}\n")
        })
        .collect();
    env.file("same.jsonl", same);
    let run = env.run(&["calibrate", "same.jsonl", "--output", "json"]);
    assert_eq!(run.json()["too_few"][0]["conversations"], 1);
}

#[test]
fn output_is_expected_as_usage_has_it() {
    let env = TestEnv::new();
    env.file(
        "p.jsonl",
        json!({"model": "m", "messages": [{"role": "user", "content": "one two three four"}]})
            .to_string(),
    );
    let usage = |model: &str, input: u64, output: u64| {
        format!(
            "{}\n",
            super::common::record("2026-11-01T00:00:00Z", "openai", model, input, output)
        )
    };
    env.file(
        "u.jsonl",
        usage("gpt-4o", 100, 20) + &usage("gpt-4o", 100, 30) + &usage("gpt-4", 100, 100),
    );
    let count = |from: &str| {
        json_of(
            &env,
            &[
                "count",
                "p.jsonl",
                "--model",
                "gpt-4o,gpt-5-mini,claude-opus-5",
                "--output-from",
                from,
            ],
        )
    };
    let report = count("u.jsonl");
    let of = |report: &Value, at: usize| report["models"][at]["output_ratio"].clone();
    // 50 of 200 by itself and by its tokenizer; 150 of 300 of all.
    assert_eq!([0, 1, 2].map(|at| of(&report, at)), [json!("0.25"), json!("0.25"), json!("0.5")]);
    assert_eq!(report["inputs"]["outputs"], json!({"logs": 1}));
    // Four words and 3 + 3 + 1 around them: 11 * 0.25 = 2.75.
    assert_eq!(report["models"][0]["total"]["output"]["tokens"], 3);
    // The same from a rollup of it.
    assert_eq!(env.run(&["rollup", "u.jsonl", "--out", "u.parquet"]).status, 0);
    assert_eq!(of(&count("u.parquet"), 0), "0.25");
    // And a calibration has what its logs had: a quarter each.
    env.file("log.jsonl", words("grok-4.3", 40, 2));
    assert_eq!(env.run(&["calibrate", "log.jsonl", "--out", "fit.toml"]).status, 0);
    let ratio: f64 = share(&of(&count("fit.toml"), 0));
    assert!((0.24..0.25).contains(&ratio), "{ratio}");
    env.file("none.jsonl", "{}\n");
    assert_eq!(
        env.run(&["count", "p.jsonl", "--model", "gpt-4o", "--output-from", "none.jsonl"]).status,
        2
    );
}

#[test]
fn every_form_is_printed_and_packed_logs_are_read() {
    let env = TestEnv::new();
    let log = root().join("samples/requests/assistant.jsonl").display().to_string();
    for (form, part) in [
        ("table", "conversations"),
        ("markdown", "| claude-2026 |"),
        ("csv", "fit_of,kept,requests,conversations,shipped_mean_error"),
    ] {
        let run = env.run(&["calibrate", &log, "-o", form]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains(part), "{}", run.stdout);
    }
    let packed = env.path("a.jsonl.gz");
    let mut gz = flate2::write::GzEncoder::new(
        fs::File::create(&packed).unwrap(),
        flate2::Compression::fast(),
    );
    std::io::Write::write_all(&mut gz, &fs::read(&log).unwrap()).unwrap();
    gz.finish().unwrap();
    let one = json_of(&env, &["calibrate", &log]);
    let other = json_of(&env, &["calibrate", "a.jsonl.gz"]);
    assert_eq!(one, other);
}
