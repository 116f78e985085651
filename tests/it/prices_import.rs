//! `tokencast prices import`: the samples in `tests/data/import` as books. Expectations are worked by
//! hand from the numbers in the samples.

use tokencast::period::{Period, Timestamp};
use tokencast::price_book::{BookSource, Layer, PriceBook};
use tokencast::sku::{ContextBand, Sku};
use tokencast::tokens::Component as C;

use super::common::{Run, TestEnv, root};

pub(super) fn sample(name: &str) -> String {
    root().join("tests/data/import").join(name).to_str().unwrap().to_owned()
}

/// Imports every provider of a sample into the folder `books`.
fn import_all(env: &TestEnv, name: &str, more: &[&str]) -> Run {
    std::fs::create_dir_all(env.path("books")).unwrap();
    let file = sample(name);
    let fixed =
        ["prices", "import", &file, "--checked-on", "2026-11-20", "--out", "books", "-o", "json"];
    let run = env.run(&[&fixed[..], more].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run
}

/// The books of a folder, loaded without a problem and without a finding.
fn load(env: &TestEnv) -> PriceBook {
    let files = super::common::files_below(&env.path("books"));
    let sources: Vec<BookSource> = files
        .iter()
        .map(|path| BookSource {
            name: path.display().to_string(),
            text: std::fs::read_to_string(path).unwrap(),
            layer: Layer::Bundled,
        })
        .collect();
    let (book, _) = PriceBook::load(&sources).unwrap_or_else(|e| panic!("{e}"));
    book
}

fn imported(name: &str) -> (TestEnv, PriceBook) {
    let env = TestEnv::new();
    import_all(&env, name, &[]);
    let book = load(&env);
    (env, book)
}

/// What is asked for; `tokens` is the size of the prompt.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) sku: &'a str,
    pub(super) tokens: u64,
    pub(super) at: &'a str,
}

pub(super) const SHORT: u64 = 1000;
pub(super) const NOV: &str = "2026-11-20T12:00:00Z";

/// The price of a component in the unit of its key, or `-`. A SKU is `provider model`, then
/// `property=value`.
pub(super) fn price(book: &PriceBook, ask: Ask<'_>, component: C, power: u32) -> String {
    let mut words = ask.sku.split_whitespace();
    let mut sku = Sku::new(words.next().unwrap(), words.next().unwrap());
    for word in words {
        let (name, value) = word.split_once('=').unwrap();
        match name {
            "tier" => sku.service_tier = value.into(),
            "speed" => sku.speed = value.into(),
            "endpoint" => sku.endpoint = value.into(),
            "region" => sku.region = value.into(),
            "deployment" => sku.deployment = value.into(),
            other => panic!("{other}"),
        }
    }
    let band = ContextBand::Known { from: ask.tokens, until: Some(ask.tokens + 1) };
    let start = Timestamp::parse(ask.at).unwrap();
    let period = Period::new(start, Timestamp::from_nanos(start.nanos() + 1)).unwrap();
    let found = book.rates(&sku, band, None).at(component, period);
    found.map_or("-".to_owned(), |rate| plain(&rate.unit_price.per(power).unwrap().to_string()))
}

/// Without zeros at the end.
fn plain(text: &str) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    }
}

/// Input, cache read, output a million tokens.
fn tokens(book: &PriceBook, ask: Ask<'_>) -> String {
    let of = |component| price(book, ask, component, 6);
    [of(C::InputUncached), of(C::InputCacheRead), of(C::Output)].join(" ")
}

fn assert_tokens(book: &PriceBook, rows: &[(&str, u64, &str, &str)]) {
    for (sku, size, at, expected) in rows {
        assert_eq!(
            tokens(book, Ask { sku, tokens: *size, at }),
            *expected,
            "{sku}, {size} tokens, {at}"
        );
    }
}

fn lost(run: &Run) -> Vec<(String, String, u64)> {
    let json = run.json();
    let all = json["not_carried"].as_array().unwrap().iter();
    all.map(|n| {
        let text = |key: &str| n[key].as_str().unwrap().to_owned();
        (text("provider"), text("reason"), n["count"].as_u64().unwrap())
    })
    .collect()
}

fn lost_count(run: &Run, provider: &str, part: &str) -> u64 {
    let found: Vec<_> = lost(run)
        .into_iter()
        .filter(|(p, reason, _)| p == provider && reason.contains(part))
        .collect();
    assert!(found.len() <= 1, "{found:?}");
    found.first().map_or(0, |(_, _, count)| *count)
}

#[test]
fn litellm_tiers_thresholds_and_caches() {
    let (_env, book) = imported("litellm.json");
    assert_tokens(
        &book,
        &[
            ("openai gpt-5.6-terra", SHORT, NOV, "2 0.2 12"),
            ("openai gpt-5.6-terra", 272_000, NOV, "2 0.2 12"),
            ("openai gpt-5.6-terra", 272_001, NOV, "4 0.4 18"),
            ("openai gpt-5.6-terra endpoint=eu", SHORT, NOV, "2.2 0.22 13.2"),
            ("openai gpt-5.6-terra tier=batch", SHORT, NOV, "1 - 6"),
            ("openai gpt-5.6-terra tier=flex", SHORT, NOV, "1 0.1 6"),
            // The file says nothing of long prompts at these tiers, so nor does the book.
            ("openai gpt-5.6-terra tier=flex", 272_001, NOV, "- - -"),
            ("openai gpt-5.6-terra tier=priority", SHORT, NOV, "4 - 24"),
            ("openai gpt-5.6-terra tier=priority", 300_000, NOV, "8 - -"),
            ("anthropic claude-sonnet-4-5", 200_000, NOV, "3 0.3 15"),
            ("anthropic claude-sonnet-4-5", 200_001, NOV, "6 0.6 22.5"),
            ("gcp.gemini gemini-2.5-pro", 200_001, NOV, "2.5 0.25 15"),
        ],
    );
    let writes = |tokens| {
        let ask = Ask { sku: "anthropic claude-sonnet-4-5", tokens, at: NOV };
        [C::InputCacheWrite5m, C::InputCacheWrite1h].map(|c| price(&book, ask, c, 6))
    };
    assert_eq!(writes(SHORT), ["3.75", "6"]);
    assert_eq!(writes(200_001), ["7.5", "12"]);
    let ask = |sku| Ask { sku, tokens: SHORT, at: NOV };
    assert_eq!(price(&book, ask("openai gpt-5.6-terra"), C::InputCacheWrite30m, 6), "2.5");
    let audio = |tokens| {
        let ask = Ask { tokens, ..ask("gcp.gemini gemini-2.5-pro") };
        price(&book, ask, C::InputUncachedAudio, 6)
    };
    assert_eq!((audio(SHORT), audio(200_001)), ("1.25".to_owned(), "-".to_owned()));
}

#[test]
fn litellm_places_and_other_units() {
    let (_env, book) = imported("litellm.json");
    let haiku = "anthropic.claude-haiku-4-5-20251001-v1:0";
    let bedrock = |more: &str| {
        tokens(&book, Ask { sku: &format!("aws.bedrock {haiku} {more}"), tokens: SHORT, at: NOV })
    };
    assert_eq!(bedrock("endpoint=regional"), "1.1 0.11 5.5");
    assert_eq!(bedrock("endpoint=global"), "1 0.1 5");
    assert_eq!(bedrock("endpoint=us"), "1.1 - 5.5");
    assert_eq!(bedrock("endpoint=regional region=us-gov-west-1"), "1.2 0.11 6");
    // Nothing is said of other geographies.
    assert_eq!(bedrock("endpoint=eu"), "- - -");
    let gpt = "azure.ai.openai gpt-4o-2024-08-06";
    let rows = [
        (gpt.to_owned(), "2.5 1.25 10"),
        (format!("{gpt} deployment=data_zone endpoint=eu"), "2.75 1.375 11"),
    ];
    for (sku, expected) in rows {
        assert_eq!(tokens(&book, Ask { sku: &sku, tokens: SHORT, at: NOV }), expected, "{sku}");
    }
    let rows = [
        ("openai gpt-5.6-terra", C::ToolWebSearch, 3, "10"),
        ("openai gpt-5.6-terra tier=batch", C::ToolWebSearch, 3, "10"),
        ("openai gpt-4o-search-preview", C::ToolWebSearch, 3, "-"),
        ("openai gpt-4o-search-preview", C::ToolWebSearchLow, 3, "30"),
        ("openai gpt-4o-search-preview", C::ToolWebSearchMedium, 3, "35"),
        ("openai gpt-4o-search-preview", C::ToolWebSearchHigh, 3, "50"),
        ("gcp.gemini gemini-2.5-pro", C::ToolGrounding, 3, "35"),
        ("openai whisper-1", C::MediaInputSeconds, 0, "0.0001"),
        ("openai tts-1", C::MediaInputCharacters, 6, "15"),
        ("cohere rerank-v3.5", C::UnitSearch, 3, "2"),
        ("mistral_ai mistral-ocr-2505", C::MediaPages, 3, "1"),
        ("mistral_ai mistral-ocr-2505", C::MediaAnnotatedPages, 3, "3"),
    ];
    for (sku, component, power, expected) in rows {
        let found = price(&book, Ask { sku, tokens: SHORT, at: NOV }, component, power);
        assert_eq!(found, expected, "{sku} {component}");
    }
}

#[test]
fn prices_are_carried_digit_by_digit() {
    let env = TestEnv::new();
    import_all(&env, "litellm.json", &[]);
    let openai = std::fs::read_to_string(env.path("books/openai.toml")).unwrap();
    for line in [
        // 0.0000025, 5e-08, 2.5e-9 and 4e-07 a token.
        "input_per_mtok = \"2.5\"\n",
        "input_per_mtok = \"0.05\"\n",
        "cache_read_per_mtok = \"0.0025\"\n",
        "output_per_mtok = \"0.4\"\n",
    ] {
        assert!(openai.contains(line), "{line}");
    }
    assert!(openai.contains("checked_on = \"2026-11-20\""));
    assert!(!openai.contains("effective_from"), "the file states no dates");
    assert!(openai.contains("confidence = \"medium\"\ndate_basis = \"import\"\n"));
    assert!(openai.contains("source = \"litellm, litellm.json\""));
}

#[test]
fn litellm_lists_what_it_leaves_out() {
    let env = TestEnv::new();
    let run = import_all(&env, "litellm.json", &[]);
    for (provider, part, count) in [
        ("openai", "is zero", 1),
        ("cohere", "is zero", 2),
        ("openai", "size or quality", 1),
        ("aws.bedrock", "commitment", 1),
        ("gcp.vertex_ai", "character", 1),
        ("dashscope", "above each limit", 1),
        ("x_ai", "decimal places", 1),
    ] {
        assert_eq!(lost_count(&run, provider, part), count, "{provider} {part}");
    }
    assert_eq!(lost(&run).iter().map(|(_, _, n)| n).sum::<u64>(), 8);
    assert!(run.stderr.contains("not carried over"), "{}", run.stderr);
    assert!(run.stderr.contains("rerank-v3.5 input_cost_per_token = 0.0"), "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["schema"], "tokencast.prices-import.v1");
    let row = json["books"].as_array().unwrap().iter().find(|b| b["provider"] == "openai").unwrap();
    assert_eq!((&row["models"], &row["not_carried"]), (&6.into(), &2.into()));
    let kept = import_all(&env, "litellm.json", &["--keep-zero"]);
    assert_eq!(lost_count(&kept, "openai", "is zero"), 0);
    let embedding = Ask { sku: "openai text-embedding-3-small", tokens: SHORT, at: NOV };
    assert_eq!(price(&load(&env), embedding, C::Output, 6), "0");
}

#[test]
fn genai_prices_dates_tiers_and_names() {
    let (env, book) = imported("genai-prices.json");
    let opus = "anthropic claude-opus-4-6";
    assert_tokens(
        &book,
        &[
            (opus, 200_000, "2026-03-12T23:59:59Z", "5 0.5 25"),
            (opus, 200_001, "2026-03-12T23:59:59Z", "10 1 37.5"),
            (opus, 200_001, "2026-03-13", "5 0.5 25"),
            ("anthropic claude-opus-4.6", SHORT, NOV, "5 0.5 25"),
            ("anthropic claude-4-6-opus-x", SHORT, NOV, "- - -"),
            ("gcp.gemini gemini-3.6-flash", SHORT, "2026-08-12", "1.5 - 7.5"),
            ("gcp.gemini gemini-3.6-flash", SHORT, "2026-08-13", "0.75 - 3.75"),
            ("gcp.gemini gemini-3.6-flash", SHORT, "2027-01-01", "1.5 - 7.5"),
            ("gcp.vertex_ai claude-opus-4-6", SHORT, NOV, "5 - 25"),
            ("aws.bedrock amazon.nova-2-lite-v1:0 endpoint=global", SHORT, NOV, "0.3 0.075 2.5"),
            ("aws.bedrock amazon.nova-2-lite-v1:0 endpoint=us", SHORT, NOV, "- - -"),
        ],
    );
    let ask = Ask { sku: "anthropic claude-opus-4-6 tier=batch", tokens: SHORT, at: NOV };
    assert_eq!(price(&book, ask, C::ToolWebSearch, 3), "10");
    let ask = Ask { sku: opus, tokens: SHORT, at: NOV };
    assert_eq!(price(&book, ask, C::InputCacheWrite1h, 6), "10");
    let run = import_all(&env, "genai-prices.json", &[]);
    assert_eq!(lost_count(&run, "anthropic", "match names exactly"), 1);
    assert_eq!(lost_count(&run, "anthropic", "no key"), 1);
    assert_eq!(lost_count(&run, "gcp.gemini", "no key"), 1);
}

#[test]
fn genai_prices_yaml_with_times_of_day() {
    let env = TestEnv::new();
    // The file says itself when it was checked.
    let run =
        env.run(&["prices", "import", &sample("genai-prices.yml"), "--out", "books/deepseek.toml"]);
    assert_eq!(run.status, 2, "a folder that is not there: {}", run.stderr);
    std::fs::create_dir_all(env.path("books")).unwrap();
    let run =
        env.run(&["prices", "import", &sample("genai-prices.yml"), "--out", "books/deepseek.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(env.path("books/deepseek.toml")).unwrap();
    assert!(text.contains("checked_on = \"2026-06-02\""), "{text}");
    let book = load(&env);
    let chat = "deepseek deepseek-chat-v3-0324";
    assert_tokens(
        &book,
        &[
            (chat, SHORT, "2026-11-20T00:29:59Z", "0.135 0.035 0.55"),
            (chat, SHORT, "2026-11-20T00:30:00Z", "0.27 0.07 1.1"),
            (chat, SHORT, "2026-11-20T16:29:59Z", "0.27 0.07 1.1"),
            (chat, SHORT, "2026-11-20T16:30:00Z", "0.135 0.035 0.55"),
            ("deepseek deepseek-v4-pro", SHORT, NOV, "0.435 0.003625 0.87"),
        ],
    );
}

#[test]
fn models_dev_json_and_toml() {
    let (env, book) = imported("models-dev.json");
    assert_tokens(
        &book,
        &[
            ("anthropic claude-opus-4-6", SHORT, NOV, "5 0.5 25"),
            ("anthropic claude-opus-4-6 speed=fast", SHORT, NOV, "30 3 150"),
            ("anthropic claude-sonnet-4-5", 200_000, NOV, "3 0.3 15"),
            ("anthropic claude-sonnet-4-5", 200_001, NOV, "6 0.6 22.5"),
            // `tiers` says 272,000; the old field beside it would say 200,000.
            ("openai gpt-5.5", 272_000, NOV, "5 0.5 30"),
            ("openai gpt-5.5", 272_001, NOV, "10 1 45"),
            ("gcp.vertex_ai claude-opus-4-6@default", SHORT, NOV, "5 0.5 25"),
        ],
    );
    let run = import_all(&env, "models-dev.json", &[]);
    for (part, count) in [("context_over_200k", 1), ("is zero", 2), ("no price", 1)] {
        assert_eq!(lost_count(&run, "openai", part), count, "{part}");
    }
    let text = std::fs::read_to_string(env.path("books/anthropic.toml")).unwrap();
    assert!(text.contains("family = \"claude-opus\"\ncontext_window = 1000000\n"), "{text}");
    let (_env, book) = imported("google/models/gemini-2.5-pro.toml");
    let pro = "gcp.gemini gemini-2.5-pro";
    assert_tokens(
        &book,
        &[(pro, 200_000, NOV, "1.25 0.125 10"), (pro, 200_001, NOV, "2.5 0.25 15")],
    );
}

#[test]
fn llm_prices_in_its_three_forms() {
    let (env, book) = imported("llm-prices-historical.json");
    assert_tokens(
        &book,
        &[
            ("openai o3", SHORT, "2025-06-02", "10 - 40"),
            ("openai o3", SHORT, "2025-06-09T23:59:59Z", "10 - 40"),
            ("openai o3", SHORT, "2025-06-10", "2 0.5 8"),
            ("gcp.gemini gemini-2.5-pro", 200_000, NOV, "1.25 0.125 10"),
            ("gcp.gemini gemini-2.5-pro", 200_001, NOV, "2.5 0.25 15"),
        ],
    );
    let run = import_all(&env, "llm-prices-historical.json", &[]);
    assert_eq!(lost_count(&run, "openai", "told apart"), 2);
    assert_eq!(lost_count(&run, "openai", "dates"), 1);
    let (_env, book) = imported("llm-prices-current.json");
    assert_tokens(
        &book,
        &[
            ("anthropic claude-opus-4-5", SHORT, NOV, "5 0.5 25"),
            ("aws.bedrock amazon-nova-micro", SHORT, NOV, "0.035 - 0.14"),
        ],
    );
    let (_env, book) = imported("llm-prices-vendor.json");
    let chat = "deepseek deepseek-chat";
    assert_tokens(
        &book,
        &[(chat, SHORT, "2025-02-07", "0.14 - 0.28"), (chat, SHORT, "2025-02-08", "0.27 - 1.1")],
    );
}

#[test]
fn providers_and_targets() {
    let env = TestEnv::new();
    let file = sample("llm-prices-current.json");
    let import = |more: &[&str]| env.run(&[&["prices", "import", &file][..], more].concat());
    let several = import(&["--out", "one.toml"]);
    assert_eq!(several.status, 2);
    assert!(several.stderr.contains("2 providers do not fit into one book"), "{}", several.stderr);
    assert!(several.stderr.contains("anthropic, aws.bedrock"), "{}", several.stderr);
    assert!(!env.path("one.toml").exists());
    // The file says when it was updated; theirs is a name of the provider too.
    let one = import(&["--out", "one.toml", "--provider", "amazon", "--confidence", "low"]);
    assert_eq!(one.status, 0, "{}", one.stderr);
    let text = std::fs::read_to_string(env.path("one.toml")).unwrap();
    assert!(text.contains("provider = \"aws.bedrock\"") && text.contains("\"2026-08-05\""));
    assert!(text.contains("confidence = \"low\""), "{text}");
    let folder = import(&["--out", "new-folder"]);
    assert_eq!(folder.status, 0, "{}", folder.stderr);
    assert!(env.path("new-folder/bedrock.toml").exists());
    assert!(folder.stdout.contains("aws.bedrock"), "{}", folder.stdout);
    let none = import(&["--out", "x.toml", "--provider", "openai"]);
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("has no provider openai"), "{}", none.stderr);
    assert!(none.stderr.contains("hint: it has anthropic, aws.bedrock"), "{}", none.stderr);
    let csv = import(&["--out", "new-folder", "--output", "csv"]);
    assert!(csv.stdout.starts_with("provider,models,entries,carried,not carried,book\n"));
    let model = std::fs::read_to_string(sample("google/models/gemini-2.5-pro.toml")).unwrap();
    env.file("google/models/m.toml", &model);
    let over = "google/models/m.toml";
    let run = env.run(&["prices", "import", over, "--checked-on=2026-11-20", "--out", over]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("written over the file it is made of"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(env.path(over)).unwrap(), model);
    // An imported book is a book like any other.
    let list = env.run(&["prices", "list", "nova-micro", "--prices", "one.toml", "--all"]);
    assert!(list.stdout.contains("amazon-nova-micro"), "{}", list.stderr);
}

#[test]
fn errors_say_what_to_do() {
    let env = TestEnv::new();
    env.file("empty.json", " \n");
    env.file("cut.json", "{\"a\": {\"litellm_provider\": ");
    env.file("other.json", "{\"hello\": [1, 2]}");
    env.file("zero.json", "{\"m\":{\"litellm_provider\":\"x\",\"input_cost_per_token\":0.0}}");
    let litellm = sample("litellm.json");
    let day = "--checked-on=2026-11-20";
    for (arguments, error, hint) in [
        (vec!["empty.json", day], "`empty.json` is empty", "again"),
        (vec!["cut.json", day], "failed to read `cut.json`: invalid JSON", ""),
        (vec!["other.json", day], "is no price table of a known format", "litellm, genai-prices"),
        (
            vec![&litellm, day, "--from", "genai-prices"],
            "is not of the format genai-prices, it looks like litellm",
            "--from litellm",
        ),
        (vec![&litellm], "does not say when the prices of", "--checked-on DATE"),
        (vec![&litellm, "--checked-on=May 1"], "`May 1` is not a date", "2026-11-20"),
        (vec!["no-such.json", day], "failed to read `no-such.json`", ""),
        (vec!["zero.json", day], "nothing of `zero.json` could be carried over", "reasons"),
    ] {
        let fixed = ["prices", "import", "--out", "out.toml"];
        let run = env.run(&[&fixed[..], &arguments].concat());
        assert_eq!(run.status, 2, "{arguments:?}");
        assert!(run.stderr.contains(error), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(hint), "{arguments:?}: {}", run.stderr);
        assert!(!env.path("out.toml").exists(), "{arguments:?}");
    }
}
