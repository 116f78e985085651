//! Tables of more than a block, in every dialect, and as Parquet: nothing is lost or read twice at
//! the edges of blocks, findings name their lines, and threads change nothing.

use std::fs::File;

use polars::prelude::{DataFrame, DataType, NamedFrom, ParquetWriter, Series, TimeUnit};

use super::common::{Run, TestEnv};

const MAP: &str = "time=time,model=model,input=in,output=out,request_id=id";

/// The rows of a table, each with its line ends inside of quotes, as one text a row.
struct Made {
    delimiter: char,
    newline: &'static str,
    rows: Vec<String>,
}

impl Made {
    /// Row `n` has `n % 10` input tokens and one output token; every third has a note over lines.
    fn of(delimiter: char, newline: &'static str, rows: usize) -> Self {
        let row = |n: usize| {
            let note = match n % 3 {
                0 => format!("\"a{newline}\"\"{}\"\"{delimiter}\"", "b".repeat(n % 97)),
                1 => "5\" wide".to_owned(),
                _ => String::new(),
            };
            let cells = [format!("id-{n}"), "2026-07-01T10:00:00Z".into(), "gpt-5.5".into(), note];
            let cells = [cells.as_slice(), &[(n % 10).to_string(), "1".into()]].concat();
            cells.join(&delimiter.to_string())
        };
        Self { delimiter, newline, rows: (0..rows).map(row).collect() }
    }

    fn text(&self) -> String {
        let header = "id,time,model,note,in,out".replace(',', &self.delimiter.to_string());
        let lines: Vec<&str> =
            [header.as_str()].into_iter().chain(self.rows.iter().map(String::as_str)).collect();
        lines.join(self.newline) + self.newline
    }

    /// The line on which a row begins, after the header and the rows before it.
    fn line(&self, row: usize) -> usize {
        let before = self.rows[..row].iter().map(|r| r.matches('\n').count() + 1).sum::<usize>();
        before + 2
    }
}

fn cost(env: &TestEnv, file: &str, more: &[&str]) -> Run {
    env.run(&[&["cost", file, "-o", "json", "--map", MAP][..], more].concat())
}

fn tokens(run: &Run) -> (u64, u64) {
    let totals = &run.json()["totals"]["tokens"];
    let of = |name: &str| totals[name].as_u64().unwrap_or(0);
    (of("input.uncached"), of("output"))
}

/// Findings of lost rows: code, count and line of the first.
fn lost(run: &Run) -> Vec<(String, u64, u64)> {
    let json = run.json();
    let found = json["diagnostics"].as_array().unwrap().iter();
    found
        .filter(|d| d["code"].as_str().unwrap().starts_with("invalid"))
        .map(|d| {
            let line = d["location"]["line"].as_u64().unwrap();
            (d["code"].as_str().unwrap().to_owned(), d["count"].as_u64().unwrap(), line)
        })
        .collect()
}

#[test]
fn rows_are_whole_at_the_edges_of_blocks_and_findings_name_their_lines() {
    let env = TestEnv::new();
    for (at, (delimiter, newline, mark)) in
        [(',', "\n", ""), (';', "\r\n", "\u{feff}"), ('\t', "\n", ""), ('|', "\r\n", "")]
            .into_iter()
            .enumerate()
    {
        let mut made = Made::of(delimiter, newline, 12_000);
        let (short, bad) = (7_001, 9_005);
        made.rows[short] = "id-short".to_owned();
        made.rows[11_000] = "id-short".to_owned();
        made.rows[bad] = made.rows[bad]
            .replace(&format!("{delimiter}5{delimiter}"), &format!("{delimiter}x{delimiter}"));
        let name = format!("table{at}.csv");
        env.file(&name, mark.to_owned() + &made.text());
        let run = cost(&env, &name, &["--threads", "1"]);
        // The digits of 1,200 tens, without those of the three rows.
        let lost_digits: u64 = [7_001, 11_000, 9_005].map(|row| row % 10).iter().sum();
        let expected = 1_200 * 45 - lost_digits;
        assert_eq!(tokens(&run), (expected, 12_000 - 3), "{delimiter:?} {}", run.stderr);
        let line = |row| u64::try_from(made.line(row)).unwrap();
        let findings = [("invalid-field", 1, line(bad)), ("invalid-line", 2, line(short))];
        assert_eq!(lost(&run), findings.map(|(code, n, at)| (code.to_owned(), n, at)));
        assert_eq!(run.stdout, cost(&env, &name, &["--threads", "4"]).stdout);
        assert_eq!(cost(&env, &name, &["--strict"]).status, 2);
    }
}

#[test]
fn a_table_that_ends_in_the_middle_of_a_row_loses_that_row() {
    let env = TestEnv::new();
    let made = Made::of(',', "\n", 10_000);
    let whole = made.text();
    // Row 9,999 has a note over two lines: cut behind its first, in quotes.
    let in_quotes = whole.rfind("\"a\n").unwrap() + 3;
    for (name, cut) in [("cells.csv", whole.len() - 5), ("quotes.csv", in_quotes)] {
        env.file(name, &whole[..cut]);
        let run = cost(&env, name, &[]);
        assert_eq!(tokens(&run), (45_000 - 9, 9_999), "{name} {}", run.stderr);
        let line = u64::try_from(made.line(9_999)).unwrap();
        assert_eq!(lost(&run), [("invalid-line".to_owned(), 1, line)], "{name}");
        assert_eq!(cost(&env, name, &["--strict"]).status, 2);
    }
}

/// Copies of a request with other counts, in any order of rows and files.
#[test]
fn the_order_of_rows_changes_nothing() {
    let env = TestEnv::new();
    let mut made = Made::of(',', "\n", 6_000);
    let grown = made.rows.iter().step_by(7).map(|row| row.trim_end_matches('1').to_owned() + "9");
    let grown: Vec<String> = grown.collect();
    made.rows.extend(grown);
    env.file("forth.csv", made.text());
    made.rows.reverse();
    env.file("back.csv", made.text());
    let rest = made.rows.split_off(3_000);
    env.file("parts/a.csv", made.text());
    made.rows = rest;
    env.file("parts/b.csv", made.text());
    let mut rollups = ["forth.csv", "back.csv", "parts"].into_iter().map(|input| {
        let run = env.run(&["rollup", input, "--out", "r.parquet", "--map", MAP]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        std::fs::read(env.path("r.parquet")).unwrap()
    });
    let first = rollups.next().unwrap();
    assert!(rollups.all(|other| other == first));
    // 6,000 rows of one token, of which 858 grew to nine.
    assert_eq!(tokens(&cost(&env, "back.csv", &[])), (600 * 45, 6_000 + 858 * 8));
}

/// Writes a table in row groups of a thousand rows.
fn write(env: &TestEnv, name: &str, columns: Vec<Series>) {
    let height = columns[0].len();
    let columns = columns.into_iter().map(Into::into).collect();
    let mut frame = DataFrame::new(height, columns).unwrap();
    let file = File::create(env.path(name)).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(1_000)).finish(&mut frame).unwrap();
}

#[test]
fn parquet_holds_what_its_text_does() {
    let env = TestEnv::new();
    let rows = 70_000_i64;
    let start = 1_782_900_000_000_i64;
    let times: Vec<i64> = (0..rows).map(|n| start + n * 1_000).collect();
    let input: Vec<Option<i64>> = (0..rows).map(|n| (n % 11 > 0).then_some(n % 11)).collect();
    let ids: Vec<String> = (0..rows).map(|n| format!("id-{}", n - n % 2)).collect();
    let teams: Vec<&str> =
        (0..rows).map(|n| ["ads", "search"][usize::try_from(n % 2).unwrap()]).collect();
    let time =
        Series::new("time".into(), &times).cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
    let floats: Vec<f64> = (0..rows).map(|n| f64::from(i32::try_from(n % 5).unwrap())).collect();
    write(
        &env,
        "table.parquet",
        vec![
            Series::new("unused".into(), vec!["x".repeat(50); times.len()]),
            Series::new("out".into(), &floats),
            time.unwrap(),
            Series::new("model".into(), vec!["gpt-5.5"; times.len()]),
            Series::new("in".into(), &input),
            Series::new("id".into(), &ids),
            Series::new("team".into(), &teams),
        ],
    );
    let mut text = "id,time,model,in,out,team\n".to_owned();
    for n in 0..times.len() {
        let input = input[n].map(|n| n.to_string()).unwrap_or_default();
        text += &format!("{},{},gpt-5.5,{input},{},{}\n", ids[n], times[n], floats[n], teams[n]);
    }
    env.file("table.csv", text);
    let map = format!("{MAP},label.team=team");
    let rollup = |input: &str, threads: &str| {
        let run =
            env.run(&["rollup", input, "--out", "r.parquet", "--map", &map, "--threads", threads]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        std::fs::read(env.path("r.parquet")).unwrap()
    };
    let expected = rollup("table.csv", "1");
    assert!(rollup("table.parquet", "1") == expected);
    assert!(rollup("table.parquet", "3") == expected);
}

/// A format that asks for its columns by name, some of them only where others are filled in.
#[test]
fn a_known_export_as_parquet_is_read_as_its_text() {
    let env = TestEnv::new();
    let rows = 3_000_i64;
    let start = |n: i64| 1_785_542_400 + n / 10 * 3_600;
    let starts: Vec<i64> = (0..rows).map(start).collect();
    let ends: Vec<i64> = (0..rows).map(|n| start(n) + 3_600).collect();
    let users: Vec<String> = (0..rows).map(|n| format!("user-{}", n % 10)).collect();
    let late = |n: i64| (n > 2_000).then_some(n % 7);
    let images: Vec<Option<i64>> = (0..rows).map(late).collect();
    let counts: Vec<i64> = (0..rows).map(|n| 100 + n % 13).collect();
    let requests = vec![2_i32; starts.len()];
    write(
        &env,
        "export.parquet",
        vec![
            Series::new("start_time".into(), &starts),
            Series::new("end_time".into(), &ends),
            Series::new("num_model_requests".into(), &requests),
            Series::new("model".into(), vec!["gpt-5.5"; starts.len()]),
            Series::new("user_id".into(), &users),
            Series::new("input_tokens".into(), &counts),
            Series::new("input_image_tokens".into(), &images),
        ],
    );
    let header =
        "start_time,end_time,num_model_requests,model,user_id,input_tokens,input_image_tokens";
    let mut text = format!("{header}\n");
    for n in 0..starts.len() {
        let image = images[n].map(|n| n.to_string()).unwrap_or_default();
        text +=
            &format!("{},{},2,gpt-5.5,{},{},{image}\n", starts[n], ends[n], users[n], counts[n]);
    }
    env.file("export.csv", text);
    let rollup = |input: &str| {
        let run = env.run(&["rollup", input, "--out", "r.parquet"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        std::fs::read(env.path("r.parquet")).unwrap()
    };
    assert!(rollup("export.parquet") == rollup("export.csv"));
    // Of a bucket in both files one counts.
    let both = env.run(&["cost", "export.parquet", "export.csv", "-o", "json"]).json();
    assert_eq!(both["inputs"]["duplicates"], 3_000);
    // The 999 late rows: 142 whole rounds of 0 to 6, and five more that begin at 6: 6, 0, 1, 2, 3.
    let run = env.run(&["cost", "export.parquet", "-o", "json"]);
    assert_eq!(run.json()["totals"]["tokens"]["input.uncached.image"], 142 * 21 + 12);
    assert_eq!(both["totals"]["tokens"], run.json()["totals"]["tokens"]);
}
