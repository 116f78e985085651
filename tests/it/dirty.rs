//! Input as it comes: cut, damaged, odd, hostile. Each fault is counted by its reason with the first
//! place, is fatal with `--strict` where data is lost, and what is whole is still counted.

use std::io::Write;

use super::common::{Run, TestEnv, record};

/// A line of a gateway around an OpenAI body, its counts as they are written.
fn body(id: &str, input: &str, output: &str) -> String {
    format!(
        r#"{{"timestamp":"2026-07-01T10:00:00Z","response":{{"id":"{id}","model":"gpt-5.5","usage":{{"prompt_tokens":{input},"completion_tokens":{output}}}}}}}"#
    )
}

/// A finding: its code, how often, and where first.
type Counted = (String, u64, String);

/// Input and output tokens counted, and the findings as codes with counts and places.
fn counted(run: &Run) -> ((u64, u64), Vec<Counted>) {
    let json = run.json();
    let tokens = |name: &str| json["totals"]["tokens"][name].as_u64().unwrap_or(0);
    let findings = json["diagnostics"].as_array().unwrap().iter().map(|d| {
        let place = &d["location"];
        let shown = |key: &str| place[key].to_string().trim_matches('"').to_owned();
        let place = format!("{}:{}", shown("file"), shown("line"));
        (d["code"].as_str().unwrap().to_owned(), d["count"].as_u64().unwrap(), place)
    });
    ((tokens("input.uncached"), tokens("output")), findings.collect())
}

/// What `cost` makes of a file, and that `--strict` fails where something was lost.
fn check(name: &str, content: &[u8], tokens: (u64, u64), findings: &[(&str, u64, u64)]) {
    let env = TestEnv::new();
    env.file(name, content);
    let run = env.run(&["cost", name, "-o", "json"]);
    let expected: Vec<(String, u64, String)> = findings
        .iter()
        .map(|(code, count, line)| ((*code).to_owned(), *count, format!("{name}:{line}")))
        .collect();
    assert_eq!(counted(&run), (tokens, expected), "{name}: {}", run.stderr);
    let strict = env.run(&["cost", name, "--strict", "-q"]).status;
    assert_eq!(strict, if findings.is_empty() { 0 } else { 2 }, "{name}");
}

fn lines(items: &[String]) -> Vec<u8> {
    items.iter().flat_map(|l| [l.as_bytes(), b"\n"].concat()).collect()
}

#[test]
fn numbers_as_logs_print_them() {
    let words = ["NaN", "\"None\"", "\"1,200\"", "\"-\"", "null"];
    let items: Vec<String> =
        words.iter().enumerate().map(|(n, w)| body(&n.to_string(), w, "5")).collect();
    check("words.jsonl", &lines(&items), (1_200, 25), &[]);
    let floats = ["1200.0", "1.2e3", "\"7.00\"", "1200.5"];
    let items: Vec<String> =
        floats.iter().enumerate().map(|(n, f)| body(&n.to_string(), f, "5")).collect();
    check("floats.jsonl", &lines(&items), (2_407, 15), &[("invalid-field", 1, 4)]);
    let large = [body("a", "18446744073709551616", "5"), body("b", "7", "1")];
    check("large.jsonl", &lines(&large), (7, 1), &[("invalid-field", 1, 1)]);
    let twice = body("a", "1,\"prompt_tokens\":7", "2");
    check("twice.jsonl", &lines(&[twice]), (7, 2), &[]);
}

#[test]
fn the_largest_count_is_no_panic() {
    let env = TestEnv::new();
    env.file("most.jsonl", body("a", "18446744073709551615", "5"));
    let run = env.run(&["cost", "most.jsonl", "-o", "json"]);
    assert_eq!((run.status, counted(&run).0), (0, (u64::MAX, 5)), "{}", run.stderr);
    assert_eq!(env.run(&["cost", "most.jsonl"]).status, 0);
}

#[test]
fn text_that_is_cut_or_marked() {
    let whole = body("a", "10", "5");
    let mut cut = lines(&[whole.clone(), "{\"b\":".to_owned(), body("c", "3", "1")]);
    cut.extend(&whole.as_bytes()[..60]);
    let findings = [("invalid-line", 1, 2), ("partial-line", 1, 4)];
    check("cut.jsonl", &cut, (13, 6), &findings);
    let marked = [b"\xef\xbb\xbf", whole.as_bytes()].concat();
    check("marked.jsonl", &marked, (10, 5), &[]);
    let bytes = [&lines(std::slice::from_ref(&whole))[..], b"\xff\xfe{\n"].concat();
    check("bytes.jsonl", &bytes, (10, 5), &[("invalid-line", 1, 2)]);
}

#[test]
fn utf16_of_both_orders() {
    let text = format!("{}\n{}\n", body("a", "10", "5"), body("\u{1f600}", "3", "1"));
    let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    check("little.jsonl", &little, (13, 6), &[]);
    check("big.jsonl", &big, (13, 6), &[]);
    // A pair cut in two.
    check("cut.jsonl", &little[..little.len() - 40], (10, 5), &[("partial-line", 1, 2)]);
}

#[test]
fn deep_long_and_lone() {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(300_000), close.repeat(300_000));
    let prompt = format!("1,\"messages\":{}", deep("[", "]"));
    let items =
        [deep("[", "]"), deep("{\"a\":", "}").replace(":}", ":1}"), body("a", "10", &prompt)];
    check(
        "deep.jsonl",
        &lines(&items),
        (10, 1),
        &[("unknown-record", 1, 2), ("unknown-record", 1, 1)],
    );
    // Usage after nine megabytes of content, as a picture in an agent's log.
    let long = body("a", "10", "5")
        .replace("\"usage\"", &format!("\"content\":\"{}\",\"usage\"", "x".repeat(9 << 20)));
    check("long.jsonl", &lines(&[long]), (10, 5), &[]);
    let lone = body("a\\ud800", "10", "5")
        .replace("\"timestamp\"", "\"metadata\":{\"team\":\"\\udc00\"},\"timestamp\"");
    check("lone.jsonl", &lines(&[lone]), (10, 5), &[]);
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn packed_once_twice_and_in_members() {
    let (a, b) = (lines(&[body("a", "10", "5")]), lines(&[body("b", "3", "1")]));
    check("members.jsonl.gz", &[gz(&a), gz(&b)].concat(), (13, 6), &[]);
    check("one.jsonl.zst", &zstd::encode_all(&a[..], 1).unwrap(), (10, 5), &[]);
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [
        ("day/a.jsonl", a.clone()),
        ("day/b.jsonl.gz", gz(&b)),
        ("__MACOSX/day/._a.jsonl", b"litter".to_vec()),
        ("table.csv", b"\xff\xfe".to_vec()),
    ] {
        archive.start_file(name, options).unwrap();
        archive.write_all(&content).unwrap();
    }
    let archive = archive.finish().unwrap().into_inner();
    let env = TestEnv::new();
    env.file("logs/export.zip", &archive);
    let run = env.run(&["cost", "logs", "-o", "json"]);
    let found = counted(&run);
    let empty = ("empty-file".to_owned(), 1, "logs/export.zip:table.csv:0".to_owned());
    assert_eq!(found, ((13, 6), vec![empty]), "{}", run.stderr);
    let refused = env.run_with(&["cost", "-"], Some(&archive), &[]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("zip archive (read it from a file)"), "{}", refused.stderr);
    // An archive in an archive, and one in gzip.
    check_refused(&gz(&archive), "zip archive inside of another");
}

fn check_refused(content: &[u8], reason: &str) {
    let env = TestEnv::new();
    env.file("odd.gz", content);
    let run = env.run(&["cost", "odd.gz"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains(reason), "{}", run.stderr);
}

#[test]
fn half_of_a_packed_file_is_counted() {
    let many: Vec<String> = (0..4_000).map(|n| body(&format!("r{n}"), "10", "5")).collect();
    let many = lines(&many);
    for (name, packed) in
        [("half.jsonl.gz", gz(&many)), ("half.jsonl.zst", zstd::encode_all(&many[..], 1).unwrap())]
    {
        let env = TestEnv::new();
        env.file(name, &packed[..packed.len() - 4]);
        let run = env.run(&["cost", name, "-o", "json"]);
        let ((input, _), findings) = counted(&run);
        assert!(input > 0 && input <= 40_000, "{name}: {input}");
        assert!(findings.iter().any(|f| f.0 == "truncated-file"), "{name}: {findings:?}");
        assert_eq!(env.run(&["cost", name, "--strict"]).status, 2);
    }
}

#[test]
fn formulas_in_labels_are_harmless_in_csv() {
    let env = TestEnv::new();
    let names = ["=cmd()", "+1", "-2+3", "@x", "\\tx"];
    let items: Vec<String> = names
        .iter()
        .map(|n| {
            record("2026-07-01T10:00:00Z", "openai", "gpt-5.5", 1, 1).replacen(
                '{',
                &format!("{{\"labels\":{{\"team\":\"{n}\"}},"),
                1,
            )
        })
        .collect();
    env.file("usage.jsonl", lines(&items));
    let run = env.run(&["cost", "usage.jsonl", "--group-by", "team", "-o", "csv"]);
    let mut teams: Vec<&str> =
        run.stdout.lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
    teams.sort_unstable();
    assert_eq!(teams, ["'\tx", "'+1", "'-2+3", "'=cmd()", "'@x"], "{}", run.stdout);
}

const SECRET: &str = "the merger with Initech closes on Friday";

/// A prompt and an answer around usage, in the shapes of two kinds of log.
fn private_lines() -> Vec<u8> {
    let one = body("a", "10", "5")
        .replace("\"usage\"", &format!("\"messages\":[{{\"content\":\"{SECRET}\"}}],\"usage\""));
    let two = format!(
        r#"{{"type":"assistant","sessionId":"s","timestamp":"2026-07-01T10:00:00Z","prompt":"{SECRET}","metadata":{{"user":"ann@example.com","team":"legal"}},"message":{{"id":"m","model":"claude-opus-4-5","content":[{{"type":"text","text":"{SECRET}"}}],"usage":{{"input_tokens":3,"output_tokens":1}}}}}}"#
    );
    lines(&[one, two, format!("{{\"note\":\"{SECRET}\"}}"), format!("{{\"broken\":\"{SECRET}")])
}

#[test]
fn prompts_show_in_no_output_and_no_rollup() {
    let env = TestEnv::new();
    env.file("app.jsonl", private_lines());
    let holds = |bytes: &[u8]| memchr::memmem::find(bytes, b"Initech").is_some();
    for form in ["table", "markdown", "json", "csv", "html"] {
        let run = env.run(&["cost", "app.jsonl", "-o", form]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(!holds(run.stdout.as_bytes()) && !holds(run.stderr.as_bytes()), "{form}");
    }
    let detect = env.run(&["formats", "detect", "app.jsonl", "-o", "json"]);
    assert!(!holds(detect.stdout.as_bytes()) && !holds(detect.stderr.as_bytes()));
    assert_eq!(env.run(&["rollup", "app.jsonl", "--out", "r.parquet"]).status, 0);
    assert!(!holds(&std::fs::read(env.path("r.parquet")).unwrap()));
}

#[test]
fn hashed_labels_show_in_no_output_and_no_rollup() {
    let env = TestEnv::new();
    let user = |name: &str, at: &str| {
        record(at, "openai", "gpt-5.5", 1, 1).replacen(
            '{',
            &format!("{{\"labels\":{{\"team\":\"search\",\"user\":\"{name}\"}},"),
            1,
        )
    };
    let items = [
        user("ann@example.com", "2026-07-01T10:00:00Z"),
        user("ann@example.com", "2026-07-02T10:00:00Z"),
        user("bob@example.com", "2026-07-01T10:00:00Z"),
    ];
    env.file("usage.jsonl", lines(&items));
    env.file("key.txt", "a long secret\n");
    let by_user = ["cost", "usage.jsonl", "--group-by", "team,user", "-o", "csv"];
    let users = |more: &[&str], vars: &[(&str, &str)]| {
        let run = env.run_with(&[&by_user[..], more].concat(), None, vars);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert_eq!(more.is_empty(), run.stdout.contains('@'), "{}", run.stdout);
        let mut rows: Vec<(String, String)> = run
            .stdout
            .lines()
            .skip(1)
            .map(|l| l.split(',').take(3).map(str::to_owned).collect::<Vec<_>>())
            .map(|cells| (cells[1].clone(), format!("{} {}", cells[0], cells[2])))
            .collect();
        rows.sort_by(|a, b| a.1.cmp(&b.1));
        rows
    };
    let plain = users(&[], &[]);
    assert_eq!(plain[0].1, "search 1");
    let hashed = users(&["--hash-labels", "--hash-key-file", "key.txt"], &[]);
    let is_hash = |text: &str| {
        text.strip_prefix("h-")
            .is_some_and(|h| h.len() == 16 && h.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    // The team is no person; Ann is one person on two days.
    assert!(hashed.len() == 2 && hashed.iter().all(|(user, _)| is_hash(user)), "{hashed:?}");
    assert_eq!(
        hashed.iter().map(|(_, r)| r.as_str()).collect::<Vec<_>>(),
        ["search 1", "search 2"]
    );
    let by_variable = users(&["--hash-labels"], &[("TOKENCAST_HASH_KEY", "a long secret")]);
    assert_eq!(by_variable, hashed);
    assert_ne!(users(&["--hash-labels"], &[]), hashed);
    let every = users(&["--hash-labels=all"], &[]);
    assert!(every.iter().all(|(_, r)| r.starts_with("h-")), "{every:?}");
    let keep = ["rollup", "usage.jsonl", "--labels", "user", "--hash-labels", "--out", "r.parquet"];
    assert_eq!(env.run(&keep).status, 0);
    let parquet = std::fs::read(env.path("r.parquet")).unwrap();
    assert!(memchr::memmem::find(&parquet, b"example.com").is_none());
    let again = env.run(&["cost", "r.parquet", "--hash-labels"]);
    assert_eq!(again.status, 2);
}
