//! `tokencast diff`.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::common::{Run, TestEnv, record, root};

/// A price book with one model: 2 for a million tokens in, 10 for a million out.
fn book(tokenizer: &str) -> String {
    format!(
        "schema = \"tokencast.prices.v1\"\nprovider = \"mine\"\nname = \"Mine\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n\n[[model]]\nid = \"gpt-4o\"\ntokenizer = \"{tokenizer}\"\n\n[[model.price]]\ninput_per_mtok = \"2\"\ncache_read_per_mtok = \"0.5\"\noutput_per_mtok = \"10\"\n"
    )
}

const FOUR: &str = "one two three four";
const EIGHT: &str = "one two three four five six seven eight";
const MINE: [&str; 4] = ["--model", "mine/gpt-4o", "--prices", "book.toml"];

/// Two folders: `p.md` grows from four tokens to eight, `q.md` has four and stays.
fn folders() -> TestEnv {
    let env = TestEnv::new();
    env.file("book.toml", book("o200k_base"));
    env.file("a/p.md", FOUR);
    env.file("b/p.md", EIGHT);
    env.file("a/q.md", FOUR);
    env.file("b/q.md", FOUR);
    env
}

fn diff(env: &TestEnv, arguments: &[&str]) -> Run {
    env.run(&[&["diff", "a", "b"], &MINE[..], arguments].concat())
}

fn found(env: &TestEnv, arguments: &[&str]) -> Value {
    let run = diff(env, &[arguments, &["--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    run.json()
}

#[test]
fn figures_by_hand() {
    let env = folders();
    let report = found(&env, &["--requests", "1000000"]);
    let model = &report["models"][0];
    assert_eq!(model["basis"], "exact");
    // Eight words are eight tokens of o200k_base. Eight tokens at 2 for a million; a million requests of each file.
    let total = &model["total"];
    assert_eq!(total["tokens"]["before"], json!({"low": 8, "tokens": 8, "high": 8}));
    assert_eq!(total["tokens"]["change"], json!({"low": 4, "tokens": 4, "high": 4}));
    assert_eq!(total["tokens"]["percent"], "50.00");
    assert_eq!(total["request"]["before"]["cost"], "0.000016");
    assert_eq!(total["request"]["change"]["cost"], "0.000008");
    assert_eq!(total["month"]["before"]["cost"], "16.00");
    assert_eq!(total["month"]["after"]["cost"], "24.00");
    assert_eq!(total["month"]["change"]["high"], "8.00");
    assert_eq!(total["month"]["percent"], "50.00");
    let files = model["files"].as_array().unwrap();
    let told: Vec<_> = files.iter().map(|f| (&f["file"], &f["status"])).collect();
    assert_eq!(told, [(&json!("p.md"), &json!("changed")), (&json!("q.md"), &json!("unchanged"))]);
    assert_eq!(files[0]["month"]["change"]["cost"], "8.00");
    assert_eq!(files[0]["tokens"]["percent"], "100.00");
}

#[test]
fn output_cache_and_tier_change_the_price() {
    let env = folders();
    let cost = |more: &[&str]| {
        let report = found(&env, more);
        report["models"][0]["total"]["request"]["before"]["cost"].clone()
    };
    // Two files of four tokens, each with 100 tokens at 10 for a million.
    assert_eq!(cost(&["--output-tokens", "100"]), "0.002016");
    assert_eq!(cost(&["--cached"]), "0.000004");
    let report = found(&env, &["--service-tier", "batch"]);
    assert_eq!(report["models"][0]["total"]["request"]["before"], Value::Null);
    assert_ne!(report["models"][0]["files"][0]["unpriced"], json!([]));
}

#[test]
fn added_removed_and_renamed_files() {
    let env = folders();
    env.file("a/gone.md", EIGHT);
    env.file("a/old.txt", "alpha\nbeta\ngamma\n");
    env.file("b/deep/new.txt", "alpha\nbeta\ngamma\ndelta\n");
    env.file("b/came.md", FOUR);
    env.file("b/.hidden.md", EIGHT);
    env.file("b/picture.png", "no");
    let report = found(&env, &[]);
    let expected = json!({"added": 1, "removed": 1, "changed": 1, "renamed": 1, "unchanged": 1});
    assert_eq!(report["files"], expected);
    let files = report["models"][0]["files"].as_array().unwrap();
    let of = |name: &str| files.iter().find(|file| file["file"] == name).unwrap();
    assert_eq!(of("deep/new.txt")["from"], "old.txt");
    assert_eq!(of("gone.md")["tokens"]["change"]["tokens"], -8);
    assert_eq!(of("gone.md")["request"]["change"]["cost"], "-0.000016");
    assert_eq!(of("came.md")["tokens"]["percent"], Value::Null);
    // An empty folder is all of it removed.
    std::fs::create_dir(env.path("none")).unwrap();
    let run = env.run(&[&["diff", "a", "none"], &MINE[..], &["--output", "json"]].concat());
    assert_eq!(run.json()["files"]["removed"], 4);
}

#[test]
fn a_band_is_that_of_the_text_that_differs() {
    let env = TestEnv::new();
    env.file("book.toml", book("claude-2026"));
    env.file("a/p.md", format!("{EIGHT}\n"));
    env.file("b/p.md", format!("{EIGHT}\nten ten ten ten ten ten ten ten\n"));
    let total = found(&env, &["--requests", "1000000"])["models"][0]["total"].clone();
    // A line is eight words and a newline: 8 * 1.78 + 1.2 = 15.44, two are 30.88. A quarter of 31 is 7.75, of 15 3.75.
    assert_eq!(total["tokens"]["after"], json!({"low": 23, "tokens": 31, "high": 39}));
    assert_eq!(total["tokens"]["change"], json!({"low": 12, "tokens": 16, "high": 20}));
    // 16 tokens at 2 for a million; the band of the cost is half of that of the whole file, as 4 is of 8.
    let change = json!({"low": "24.00", "cost": "32.00", "high": "40.00"});
    assert_eq!(total["month"]["change"], change);
    let judged = |limit: &str| {
        let more = ["--requests", "1000000", "--max-increase", limit, "--output", "json"];
        let run = diff(&env, &more);
        (run.status, run.json()["models"][0]["limits"][0]["verdict"].clone())
    };
    assert_eq!(judged("40USD/month"), (0, json!("within")));
    assert_eq!(judged("39.99USD/month"), (1, json!("at-risk")));
    assert_eq!(judged("31.99USD/month"), (1, json!("exceeded")));
}

#[test]
fn limits_decide_the_exit_code() {
    let env = folders();
    let status = |arguments: &[&str]| diff(&env, arguments).status;
    let of = |limit| status(&["--requests", "1000000", "--max-increase", limit]);
    // 8 more a month, 0.000008 more a request, half of before.
    assert_eq!([of("8USD/month"), of("8"), of("50%"), of("0.000008USD/request")], [0; 4]);
    assert_eq!([of("7.99USD"), of("49.9%"), of("0.0000079USD/request")], [1; 3]);
    // Without traffic a share is one of a request, and an amount of a month is undecided.
    assert_eq!(status(&["--max-increase", "50%"]), 0);
    assert_eq!(status(&["--max-increase", "49%"]), 1);
    let run = diff(&env, &["--max-increase", "50USD"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(
        run.stderr.contains("the traffic of 1 file that changed is not known"),
        "{}",
        run.stderr
    );
    let run = diff(&env, &["--max-increase", "49%", "--warn-only"]);
    assert_eq!(run.status, 0);
    assert!(run.stderr.contains("violated"), "{}", run.stderr);
    // Broken goes before undecided.
    assert_eq!(status(&["--max-increase", "50USD", "--max-increase", "1%"]), 1);
    let euro = diff(&env, &["--max-increase", "5EUR"]);
    assert_eq!(euro.status, 2, "{}", euro.stderr);
}

/// Sixteen days with two requests of team `x` and one of team `y` on each.
fn log() -> String {
    let mut text = String::new();
    for day in 1..=16 {
        for (hour, team) in [(8, "x"), (9, "x"), (10, "y")] {
            let time = format!("2026-11-{day:02}T{hour:02}:00:00Z");
            let line = record(&time, "mine", "m", 10, 1);
            text.push_str(&line.replace(
                "\"components\"",
                &format!("\"labels\":{{\"team\":\"{team}\"}},\"components\""),
            ));
            text.push('\n');
        }
    }
    text
}

fn map(rows: &str) -> String {
    format!("schema = \"tokencast.prompts.v1\"\n{rows}")
}

#[test]
fn traffic_is_that_of_a_log_by_scope() {
    let env = folders();
    env.file("log.jsonl", log());
    env.file("map.toml", map("[[prompt]]\nfiles = \"p.md\"\nscope = { team = \"x\" }\n[[prompt]]\nfiles = \"**\"\nscope = { team = \"x\" }\nshare = \"0.5\"\n"));
    let report = found(&env, &["--traffic", "log.jsonl", "--map", "map.toml"]);
    let files = &report["models"][0]["files"];
    // 32 requests in 16 days: 32 / 16 * 30.4375 = 60.875, and half of it 30.4375.
    assert_eq!(files[0]["requests_per_month"], 61);
    assert_eq!(files[1]["requests_per_month"], 30);
    // Four tokens more in 61 requests: 244 * 2 / 1,000,000.
    assert_eq!(report["models"][0]["total"]["month"]["change"]["cost"], "0.000488");
    assert_eq!(report["traffic"]["days"], 16);
    // Without a map every request contains every file: 48 / 16 * 30.4375 = 91.3125.
    let report = found(&env, &["--traffic", "log.jsonl"]);
    assert_eq!(report["models"][0]["files"][1]["requests_per_month"], 91);
    // The same by a rollup, and of half of the days: 2026-11-09 to 2026-11-16.
    let rollup = env.run(&["rollup", "log.jsonl", "--out", "r.parquet", "--prices", "book.toml"]);
    assert_eq!(rollup.status, 0, "{}", rollup.stderr);
    let more = ["--traffic", "r.parquet", "--map", "map.toml", "--since", "2026-11-09"];
    let report = found(&env, &more);
    assert_eq!(report["traffic"]["days"], 8);
    assert_eq!(report["models"][0]["files"][0]["requests_per_month"], 61);
    assert_eq!(report["diagnostics"][0]["code"], "short-history");
}

#[test]
fn a_map_names_models_and_states_requests() {
    let env = folders();
    let second = "\n[[model]]\nid = \"n\"\ntokenizer = \"o200k_base\"\n\n[[model.price]]\ninput_per_mtok = \"4\"\noutput_per_mtok = \"10\"\n";
    env.file("book.toml", book("o200k_base") + second);
    env.file("map.toml", map("[[prompt]]\nfiles = \"p.md\"\nmodels = [\"mine/n\"]\nrequests_per_month = 1000\n[[prompt]]\nfiles = [\"q.*\", \"r.*\"]\nmodels = [\"mine/gpt-4o\", \"mine/n\"]\nrequests_per_month = 500\nshare = \"0.1\"\n"));
    let run = env.run(&[
        "diff",
        "a",
        "b",
        "--prices",
        "book.toml",
        "--map",
        "map.toml",
        "--output",
        "json",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = run.json();
    let told = |at: usize| {
        let model = &report["models"][at];
        let files = model["files"].as_array().unwrap().iter();
        let files: Vec<_> =
            files.map(|f| (f["file"].clone(), f["requests_per_month"].clone())).collect();
        (model["asked"].clone(), files)
    };
    let (p, q) = ((json!("p.md"), json!(1000)), (json!("q.md"), json!(50)));
    assert_eq!(told(0), (json!("mine/n"), vec![p, q.clone()]));
    assert_eq!(told(1), (json!("mine/gpt-4o"), vec![q]));
    // Four tokens more at 4 for a million, a thousand times.
    assert_eq!(report["models"][0]["total"]["month"]["change"]["cost"], "0.016");
    // `--model` counts files for others only where no row names models.
    let run = env
        .run(&[&["diff", "a", "b", "--map", "map.toml", "--output", "json"], &MINE[..]].concat());
    assert_eq!(run.json()["models"][0]["files"].as_array().unwrap().len(), 1);
}

#[test]
fn traffic_that_is_not_known_is_said_and_leaves_a_month_undecided() {
    let env = folders();
    env.file("log.jsonl", log());
    env.file("map.toml", map("[[prompt]]\nfiles = \"q.md\"\nscope = { team = \"x\" }\n"));
    let limit = ["--max-increase", "50USD"];
    let with_map = ["--traffic", "log.jsonl", "--map", "map.toml"];
    let run = diff(&env, &[&with_map[..], &limit].concat());
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no row of the map is for `p.md`"), "{}", run.stderr);
    // A file that stays as it is adds nothing, whatever its traffic: only a share needs it.
    env.file("map.toml", map("[[prompt]]\nfiles = \"p.md\"\nscope = { team = \"x\" }\n"));
    assert_eq!(diff(&env, &[&with_map[..], &limit].concat()).status, 0);
    assert_eq!(diff(&env, &[&with_map[..], &["--max-increase", "500%"]].concat()).status, 3);
    env.file("map.toml", map("[[prompt]]\nfiles = \"*\"\nscope = { team = \"nobody\" }\n"));
    let run = diff(&env, &[&with_map[..], &limit].concat());
    assert_eq!(run.status, 3);
    assert!(run.stderr.contains("no usage has team=nobody (at map.toml:2)"), "{}", run.stderr);
    // Buckets that do not say how many requests they are.
    env.file("buckets.jsonl", r#"{"start":"2026-11-01T00:00:00Z","end":"2026-11-02T00:00:00Z","requests":0,"provider":"mine","model":"m","components":{"input.uncached":5}}"#);
    let run = diff(&env, &[&["--traffic", "buckets.jsonl"], &limit[..]].concat());
    assert_eq!(run.status, 3);
    assert!(
        run.stderr.contains("1 records of usage do not say how many requests"),
        "{}",
        run.stderr
    );
}

#[test]
fn comments_have_a_mark_and_tables_say_what_is_in_them() {
    let env = folders();
    env.file("b/t.md", "Dear {{ name }}, {greeting}");
    let comment =
        diff(&env, &["--output", "markdown", "--marker", "prompts", "--max-increase", "1%"]);
    assert_eq!(comment.status, 1);
    let lines: Vec<&str> = comment.stdout.lines().collect();
    assert_eq!(lines[0], "<!-- tokencast-diff:prompts -->");
    assert_eq!(lines[1], "### ❌ tokencast diff: violated, 1 added, 1 changed, 1 unchanged");
    assert!(
        comment.stdout.contains("| p.md | changed | gpt-4o | 4 | 8 | +4 | +0.0000080 | USD |"),
        "{}",
        comment.stdout
    );
    assert!(comment.stdout.contains("(2 in 1 file)"), "{}", comment.stdout);
    let table = diff(&env, &[]);
    assert_eq!(table.status, 0);
    assert!(table.stdout.starts_with("Prompts of a and b: 1 added, 1 changed, 1 unchanged\n"));
    let csv = diff(&env, &["--output", "csv", "--requests", "10"]);
    let row = csv.stdout.lines().find(|line| line.contains(",q.md,")).unwrap();
    let expected = "mine,gpt-4o,q.md,,unchanged,o200k_base,exact,4,4,0,0,0,0.000008,0.000008,0.00,0.00,0.00,10,0.00008,0.00008,0.00,0.00,0.00,USD";
    assert_eq!(row, expected);
}

#[test]
fn two_files_are_compared_whatever_their_names() {
    let env = folders();
    let run = env.run(&[&["diff", "a/p.md", "b/q.md"], &MINE[..], &["--output", "json"]].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.json()["files"]["unchanged"], 1);
    // A corpus of several prompts: the mean of 4 and 8 tokens is 6.
    env.file("two.jsonl", format!("{{\"text\":\"{FOUR}\"}}\n{{\"text\":\"{EIGHT}\"}}\n"));
    let run =
        env.run(&[&["diff", "a/p.md", "two.jsonl"], &MINE[..], &["--output", "json"]].concat());
    let file = &run.json()["models"][0]["files"][0];
    assert_eq!(
        (&file["prompts_after"], &file["tokens"]["after"]["tokens"]),
        (&json!(2), &json!(6))
    );
    assert_eq!(file["request"]["change"]["cost"], "0.000004");
}

#[test]
fn wrong_arguments_say_what_to_do() {
    let env = folders();
    env.file("map.toml", map("[[prompt]]\nfile = \"p.md\"\n"));
    for (arguments, status, expected) in [
        (&["a", "b/p.md", "--model", "gpt-4o"][..], 2, "`a` is a folder and `b/p.md` is a file"),
        (&["a", "missing", "--model", "gpt-4o"], 2, "missing"),
        (&["a", "--model", "gpt-4o"], 2, "two folders or files are compared, 1 are named"),
        (&["a", "b"], 2, "no model is named"),
        (&["a", "b", "--model", "gpt-nobody"], 2, "gpt-nobody"),
        (&["a", "b", "--model", "gpt-4o", "--max-increase", "lots"], 2, "`lots` is no limit"),
        (&["a", "b", "--model", "gpt-4o", "--map", "map.toml"], 2, "unknown key `file`"),
        (&["a", "b", "--model", "gpt-4o", "--output", "html"], 2, "no page"),
        (&["a", "b", "--model", "gpt-4o", "--marker", "a--b"], 2, "no marker"),
    ] {
        let run = env.run(&[&["diff"], arguments].concat());
        assert_eq!(run.status, status, "{arguments:?} {}", run.stderr);
        assert!(run.stderr.contains(expected), "{arguments:?} {}", run.stderr);
    }
    std::fs::create_dir(env.path("none")).unwrap();
    let run = env.run(&["diff", "none", "none", "--model", "gpt-4o"]);
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert!(run.stderr.contains("no prompt was found"), "{}", run.stderr);
}

fn git(folder: &Path, arguments: &[&str]) {
    let identity =
        ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git")
        .args(identity)
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
}

/// A repository: `main` has four tokens, then `topic` has eight and `main` goes on with another file.
fn repository() -> TestEnv {
    let env = TestEnv::new();
    env.file("book.toml", book("o200k_base"));
    env.file(".gitignore", "ignored.md\n");
    env.file("prompts/p.md", FOUR);
    let folder = env.path("");
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "one"]);
    git(&folder, &["checkout", "-q", "-b", "topic"]);
    env.file("prompts/p.md", EIGHT);
    git(&folder, &["commit", "-q", "-a", "-m", "two"]);
    git(&folder, &["checkout", "-q", "main"]);
    env.file("prompts/main.md", FOUR);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "three"]);
    git(&folder, &["checkout", "-q", "topic"]);
    env
}

#[test]
fn git_revisions_and_the_work_tree() {
    let env = repository();
    let told = |range: &str, path: &str| {
        let arguments = ["diff", "--git", range, path, "--output", "json"];
        let run = env.run(&[&arguments[..], &MINE].concat());
        assert_eq!(run.status, 0, "{}", run.stderr);
        let report = run.json();
        let files = report["models"][0]["files"].as_array().unwrap().iter();
        let one = |f: &Value| {
            let text = |key: &str| f[key].as_str().unwrap().to_owned();
            format!("{} {} {}", text("file"), text("status"), f["tokens"]["change"]["tokens"])
        };
        (report["before"].clone(), files.map(one).collect::<Vec<_>>())
    };
    let grown = "prompts/p.md changed 4";
    assert_eq!(told("main...topic", "prompts").1, [grown]);
    assert_eq!(told("main..topic", "prompts").1, ["prompts/main.md removed -4", grown]);
    assert_eq!(told("topic", "prompts").1, ["prompts/p.md unchanged 0"]);
    assert_eq!(told("topic~1", "prompts/p.md").1, [grown]);
    // The work tree: a file that is not added counts, an ignored one does not.
    env.file("prompts/p.md", "one two");
    env.file("prompts/new.md", FOUR);
    env.file("prompts/ignored.md", FOUR);
    let (before, files) = told("HEAD", "./prompts/");
    assert_eq!(files, ["prompts/new.md added 4", "prompts/p.md changed -6"]);
    assert_eq!(before["commit"].as_str().unwrap().len(), 40);
    assert_eq!(before["name"], "HEAD");
}

#[test]
fn git_that_cannot_help_says_why() {
    let env = repository();
    let run = |range: &str, paths: &[&str], vars: &[(&str, &str)]| {
        let arguments = ["diff", "--git", range, "--model", "gpt-4o"];
        env.run_with(&[&arguments[..], paths].concat(), None, vars)
    };
    for (range, paths, expected) in [
        ("nope", &[][..], "git knows no revision `nope`"),
        ("--output=x", &[], "git knows no revision `--output=x`"),
        ("main..nope", &[], "git knows no revision `nope`"),
        ("main", &["no/such"], "no/such"),
    ] {
        let range = format!("--git={range}");
        let all = [&["diff", &range, "--model", "gpt-4o"][..], paths].concat();
        let run = env.run(&all);
        assert_eq!(run.status, 2, "{range} {}", run.stderr);
        assert!(run.stderr.contains(expected), "{range} {}", run.stderr);
    }
    let empty = env.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let without = run("main", &[], &[("PATH", empty.to_str().unwrap())]);
    assert_eq!(without.status, 2);
    assert!(without.stderr.contains("the program `git` was not found"), "{}", without.stderr);
    let outside = TestEnv::new();
    let run = outside.run(&["diff", "--git", "main", "--model", "gpt-4o"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("not a git repository"), "{}", run.stderr);
}

#[test]
fn the_map_of_init_is_read() {
    let env = folders();
    let run = env.run(&["init", "prompts", "--out", "map.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let run = diff(&env, &["--map", "map.toml"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(env.run(&["init", "prompts", "--out", "map.toml"]).status, 2);
}

#[test]
fn the_samples_are_priced_with_the_traffic_of_the_logs() {
    let path = |name: &str| root().join("samples").join(name).display().to_string();
    let env = TestEnv::new();
    let (before, after) = (path("prompt-change/before"), path("prompt-change/after"));
    let (map, logs) = (path("prompt-change/traffic.toml"), path("logs"));
    let more = ["--map", &map, "--traffic", &logs, "--model", "claude-opus-5-5", "-o", "json"];
    let run = env.run(&[&["diff", before.as_str(), after.as_str()][..], &more].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = run.json();
    let expected = json!({"added": 1, "removed": 0, "changed": 2, "renamed": 1, "unchanged": 1});
    assert_eq!(report["files"], expected);
    assert_eq!(report["traffic"]["inputs"]["records"], 3055);
}
