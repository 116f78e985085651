//! `tokencast cost` as its users run it.

use std::io::Write;

use super::common::{TestEnv, record};

const DAY: &str = "2026-11-18T12:00:00Z";

fn opus(input: u64) -> String {
    record(DAY, "anthropic", "claude-opus-5-5", input, 0)
}

#[test]
fn table_markdown_and_csv() {
    let env = TestEnv::new();
    let lines = [opus(1_000_000), record(DAY, "openai", "gpt-6.1-sol", 0, 100_000)].join("\n");
    env.file("usage.jsonl", lines);
    let table = env.run(&["cost", "usage.jsonl"]);
    assert_eq!((table.status, table.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(table.stdout.lines().take(6).collect::<Vec<_>>().join("\n"), @r"
    Cost of 2026-11-18 to 2026-11-18 (2 records from 1 file)

     provider    model             requests       input   cache read   cache write    output   unpriced tokens   cost USD
    ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     anthropic   claude-opus-5-5          1   1,000,000            0             0         0                 0       4.00
     openai      gpt-6.1-sol              1           0            0             0   100,000                 0       1.00
    ");
    let markdown =
        env.run(&["cost", "usage.jsonl", "--output", "markdown", "--group-by", "provider"]).stdout;
    assert!(
        markdown.contains("| anthropic | 1 | 1,000,000 | 0 | 0 | 0 | 0 | 4.00 |"),
        "{markdown}"
    );
    let csv = env.run(&["cost", "usage.jsonl", "--output", "csv", "--group-by", "model"]).stdout;
    insta::assert_snapshot!(csv, @r"
    model,requests,input.uncached,output,list_cost,contracted_cost,effective_cost,billed_cost,unpriced_records,unpriced_tokens,currency
    claude-opus-5-5,1,1000000,0,4.00,4.00,4.00,4.00,0,0,USD
    gpt-6.1-sol,1,0,100000,1.00,1.00,1.00,1.00,0,0,USD
    ");
}

#[test]
fn compressed_files_standard_input_and_patterns_read_the_same() {
    let env = TestEnv::new();
    let text = format!("{}\n{}\n", opus(1_000_000), opus(500_000));
    env.file("a.jsonl", &text);
    // Two gzip members after each other, as cloud logs are written.
    let mut gz = Vec::new();
    for line in text.split_inclusive('\n') {
        let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        member.write_all(line.as_bytes()).unwrap();
        gz.extend(member.finish().unwrap());
    }
    env.file("b.jsonl.gz", gz);
    env.file("c.zst", zstd::encode_all(text.as_bytes(), 3).unwrap());
    env.file("bom.jsonl", format!("\u{feff}{}", text.replace('\n', "\r\n")));
    env.file("list.json", format!("[\n{},\n{}\n]\n", opus(1_000_000), opus(500_000)));
    for input in ["a.jsonl", "b.jsonl.gz", "c.zst", "bom.jsonl", "list.json", "[a].jsonl"] {
        let report = env.run(&["cost", input, "--output", "json"]).json();
        assert_eq!(report["totals"]["billed_cost"], "6.00", "{input}");
        assert_eq!(report["inputs"]["records"], 2, "{input}");
    }
    let stdin = env.run_with(&["cost", "-", "--output", "json"], Some(text.as_bytes()), &[]);
    assert_eq!(stdin.json()["totals"]["billed_cost"], "6.00");
    let folder = env.run(&["cost", ".", "--output", "json"]).json();
    assert_eq!(
        (&folder["inputs"]["files"], &folder["totals"]["billed_cost"]),
        (&5.into(), &"30.00".into())
    );
}

#[test]
fn copies_count_once_whatever_their_order_and_file() {
    let env = TestEnv::new();
    let line = |id: &str, output: u64| {
        format!(
            r#"{{"type":"assistant","sessionId":"s","uuid":"u{output}","timestamp":"{DAY}","requestId":"r","message":{{"id":"{id}","model":"claude-opus-5-5","usage":{{"input_tokens":10,"output_tokens":{output}}}}}}}"#
        )
    };
    env.file("1/a.jsonl", format!("{}\n{}\n", line("m1", 9), line("m1", 159)));
    env.file("1/b.jsonl", format!("{}\n{}\n", line("m1", 9), line("m2", 5)));
    env.file("2/a.jsonl", format!("{}\n{}\n", line("m2", 5), line("m1", 159)));
    env.file("2/b.jsonl", format!("{}\n{}\n", line("m1", 9), line("m1", 9)));
    for folder in ["1", "2"] {
        let report = env.run(&["cost", folder, "--output", "json"]).json();
        assert_eq!(report["totals"]["tokens"]["output"], 164, "{folder}");
        assert_eq!(
            (&report["totals"]["requests"], &report["inputs"]["duplicates"]),
            (&2.into(), &2.into())
        );
    }
}

#[test]
fn days_follow_the_time_zone() {
    let env = TestEnv::new();
    // 23:30 UTC is the next day in Kolkata (05:00) and the same day in New York (18:30).
    env.file("u.jsonl", record("2026-11-18T23:30:00Z", "openai", "gpt-6.1-sol", 1, 0));
    for (zone, day) in
        [("UTC", "2026-11-18"), ("Asia/Kolkata", "2026-11-19"), ("America/New_York", "2026-11-18")]
    {
        let report = env
            .run(&["cost", "u.jsonl", "--group-by", "day", "--timezone", zone, "--output", "json"])
            .json();
        assert_eq!(report["groups"][0]["key"]["day"], day, "{zone}");
    }
}

#[test]
fn since_is_inclusive_and_until_exclusive() {
    let env = TestEnv::new();
    let at = |time: &str| record(time, "openai", "gpt-6.1-sol", 1_000_000, 0);
    env.file(
        "u.jsonl",
        [at("2026-11-17T23:59:59Z"), at("2026-11-18T00:00:00Z"), at("2026-11-19T00:00:00Z")]
            .join("\n"),
    );
    let report = env
        .run(&[
            "cost",
            "u.jsonl",
            "--since",
            "2026-11-18",
            "--until",
            "2026-11-19",
            "--output",
            "json",
        ])
        .json();
    assert_eq!(report["inputs"]["records"], 1);
    assert_eq!(report["inputs"]["outside"], 2);
}

#[test]
fn labels_are_kept_when_asked_for() {
    let env = TestEnv::new();
    let line = opus(1_000_000)
        .replace("\"components\"", r#""labels":{"team":"a","trace":"t1"},"components""#);
    env.file("u.jsonl", line);
    for (group, expected) in
        [("team", "a"), ("trace", "t1"), ("label:trace", "t1"), ("nothing", "")]
    {
        let report = env.run(&["cost", "u.jsonl", "--group-by", group, "--output", "json"]).json();
        let name = group.strip_prefix("label:").unwrap_or(group);
        assert_eq!(report["groups"][0]["key"][name], expected, "{group}");
    }
}

#[test]
fn a_table_of_another_tool_through_a_mapping() {
    let env = TestEnv::new();
    env.file("export.csv", "When;Model;In;Cached;Out\n2026-11-18 12:00:00;gpt-6.1-sol;1,000,000;400,000;0\n2026-11-18 13:00:00;gpt-6.1-sol;0;0;\"100,000\"\n");
    let map = "time=When,model=Model,input=In,cache_read=Cached,output=Out,provider=@openai";
    let run = env.run(&[
        "cost",
        "export.csv",
        "--map",
        map,
        "--input-includes-cache",
        "yes",
        "--output",
        "json",
    ]);
    // 600000 * 2 + 400000 * 0.1 + 100000 * 10 = 1.2 + 0.04 + 1 USD, by hand; the first prompt is
    // above 272,000 tokens, so it is 600000 * 4 + 400000 * 0.2 = 2.48, and 1 for the second.
    assert_eq!(run.json()["totals"]["billed_cost"], "3.48", "{}", run.stderr);
}

#[test]
fn costs_that_logs_report_stay_apart() {
    let env = TestEnv::new();
    let cost = |kind: &str| {
        format!(
            r#""reported_cost":{{"amount":"1.5","currency":"USD","kind":"{kind}"}},"components""#
        )
    };
    let lines = [
        opus(1).replace("\"components\"", &cost("billed")),
        opus(1).replace("\"components\"", &cost("estimate")),
    ];
    env.file("u.jsonl", lines.join("\n"));
    let report = env.run(&["cost", "u.jsonl", "--output", "json"]).json();
    let reported = report["totals"]["reported"].as_array().unwrap();
    assert_eq!(reported.len(), 2);
    assert!(reported.iter().all(|r| r["amount"] == "1.50"));
    assert_eq!(report["totals"]["billed_cost"], "0.000008");
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let env = TestEnv::new();
    let samples = super::common::root().join("samples/logs");
    let run = |threads: &str| {
        env.run(&[
            "cost",
            samples.to_str().unwrap(),
            "--threads",
            threads,
            "--output",
            "json",
            "--group-by",
            "day,model,team",
        ])
    };
    assert_eq!(run("1").stdout, run("7").stdout);
}

#[test]
fn a_mapped_path_that_no_record_has_is_an_error_not_a_zero() {
    let env = TestEnv::new();
    env.file(
        "u.jsonl",
        r#"{"t":"2026-11-18T12:00:00Z","m":"gpt-6.1-sol","u":{"in":5,"out":7,"cached":null}}"#,
    );
    let map =
        |input: &str| format!("time=t,model=m,input={input},output=u.out,cache_read=u.cached");
    let good = env.run(&["cost", "u.jsonl", "--map", &map("u.in"), "--output", "json"]);
    assert_eq!(good.json()["totals"]["tokens"]["input.uncached"], 5);
    let wrong = env.run(&["cost", "u.jsonl", "--map", &map("u.inn")]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("u.inn"), "{}", wrong.stderr);
}

#[test]
fn an_output_never_replaces_an_input() {
    let env = TestEnv::new();
    let path = env.file("logs/u.jsonl", opus(1));
    let run = env.run(&["cost", "logs", "--out", "logs/u.jsonl"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(path).unwrap(), opus(1));
}

#[cfg(unix)]
#[test]
fn a_file_under_two_names_is_read_once() {
    let env = TestEnv::new();
    let path = env.file("logs/u.jsonl", opus(1_000_000));
    std::os::unix::fs::symlink(&path, env.path("logs/v.jsonl")).unwrap();
    std::os::unix::fs::symlink(env.path("logs"), env.path("logs/loop")).unwrap();
    let report = env.run(&["cost", "logs", "--output", "json"]).json();
    assert_eq!(
        (&report["inputs"]["files"], &report["totals"]["billed_cost"]),
        (&1.into(), &"4.00".into())
    );
}

#[test]
fn times_without_an_offset_are_local() {
    let env = TestEnv::new();
    // 14:00 UTC is 09:00 in New York in November.
    env.file("u.jsonl", record("2026-11-18T14:00:00Z", "openai", "gpt-6.1-sol", 1, 0));
    let records = |since: &str| {
        let run = env.run(&[
            "cost",
            "u.jsonl",
            "--timezone",
            "America/New_York",
            "--since",
            since,
            "--output",
            "json",
        ]);
        run.json()["inputs"]["records"].clone()
    };
    assert_eq!((records("2026-11-18T09:00"), records("2026-11-18T09:01")), (1.into(), 0.into()));
    assert_eq!(records("2026-11-18T14:00:00Z"), 1);
}

#[test]
fn strict_runs_leave_no_file_behind() {
    let env = TestEnv::new();
    env.file("u.jsonl", format!("{}\nnot json\n", opus(1)));
    let run = env.run(&["cost", "u.jsonl", "--strict", "--out", "report.json", "--output", "json"]);
    assert_eq!(run.status, 2);
    assert!(!env.path("report.json").exists());
}

/// A rollup is a Parquet table too: through a mapping it is read like any other.
#[test]
fn parquet_through_a_mapping() {
    let env = TestEnv::new();
    let samples = super::common::root().join("samples/logs/gemini.jsonl");
    let samples = samples.to_str().unwrap();
    assert_eq!(env.run(&["rollup", samples, "--out", "table.parquet"]).status, 0);
    let map = "start=period_start,end=period_end,model=model,provider=provider,requests=requests,\
               output=output,output.reasoning=output.reasoning,input.uncached=input.uncached";
    let mapped = env.run(&["cost", "table.parquet", "--map", map, "--output", "json"]).json();
    let direct = env.run(&["cost", samples, "--output", "json"]).json();
    assert_eq!(mapped["totals"]["requests"], 561);
    for name in ["input.uncached", "output", "output.reasoning"] {
        assert_eq!(mapped["totals"]["tokens"][name], direct["totals"]["tokens"][name], "{name}");
    }
}

/// GPT-5.6 Sol at 4/20 since 2026-08-21 is a promotion without a stated end; before it was 5/30.
#[test]
fn a_promotion_without_an_end_can_be_assumed_to_end() {
    let env = TestEnv::new();
    let day = |time: &str| record(time, "openai", "gpt-5.6-sol", 100_000, 10_000);
    env.file(
        "u.jsonl",
        [day("2026-08-20T12:00:00Z"), day("2026-11-30T12:00:00Z"), day("2026-12-01T12:00:00Z")]
            .join("\n"),
    );
    let costs = |flags: &[&str]| -> Vec<String> {
        let arguments =
            [&["cost", "u.jsonl", "--group-by", "day", "--output", "json"][..], flags].concat();
        let report = env.run(&arguments).json();
        let groups = report["groups"].as_array().unwrap();
        groups.iter().map(|g| g["billed_cost"].as_str().unwrap().to_owned()).collect()
    };
    // 0.1 * 5 + 0.01 * 30 = 0.8 before and after, 0.1 * 4 + 0.01 * 20 = 0.6 under the promotion.
    assert_eq!(costs(&[]), ["0.80", "0.60", "0.60"]);
    assert_eq!(costs(&["--promotions-end", "2026-12-01"]), ["0.80", "0.60", "0.80"]);
}

/// A negotiated 3 USD against the list's 4: the saving must be visible.
#[test]
fn list_cost_stays_the_list_price_under_a_book_of_ones_own() {
    let env = TestEnv::new();
    env.file("u.jsonl", opus(1_000_000));
    env.file(
        "own.toml",
        "schema = \"tokencast.prices.v1\"\nprovider = \"anthropic\"\nname = \"Ours\"\ncurrency = \"USD\"\nchecked_on = \"2026-11-20\"\n[[model]]\nid = \"claude-opus-5-5\"\n[[model.price]]\ninput_per_mtok = \"3\"\n",
    );
    let totals =
        env.run(&["cost", "u.jsonl", "--prices", "own.toml", "--output", "json"]).json()["totals"]
            .clone();
    assert_eq!(totals["list_cost"], "4.00");
    for column in ["contracted_cost", "effective_cost", "billed_cost"] {
        assert_eq!(totals[column], "3.00", "{column}");
    }
}
