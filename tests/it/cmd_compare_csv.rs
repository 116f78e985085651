//! `compare --output csv`: kinds of rows, each with values in its own columns.

use std::collections::BTreeMap;

use super::cmd_compare::{constant, run};

const OTHER: &str = r#"schema = "tokencast.prices.v1"
provider = "other"
name = "Other"
currency = "USD"
checked_on = "2026-06-01"
[[model]]
id = "m2"
[[model.price]]
input_per_mtok = "2"
output_per_mtok = "10"
"#;

const SCENARIO: &str = r#"schema = "tokencast.scenario.v1"
[[scenario]]
name = "smaller"
[[scenario.change]]
kind = "swap"
from = "m"
to = "small"
token_ratio_input = "1.25"
token_ratio_output = "1"
"#;

type Row = BTreeMap<String, String>;

fn rows(arguments: &[&str]) -> Vec<Row> {
    let env = constant(&[("s.toml", SCENARIO.to_owned()), ("other.toml", OTHER.to_owned())]);
    let fixed = ["--scenario", "s.toml", "--prices", "other.toml", "--output", "csv"];
    let run = run(&env, &[&fixed[..], arguments].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The rows of a kind and scenario, by some columns.
fn shown(rows: &[Row], kind: &str, scenario: &str, columns: &[&str]) -> Vec<String> {
    let mine = rows.iter().filter(|row| row["kind"] == kind && row["scenario"] == scenario);
    mine.map(|row| columns.iter().map(|c| row[*c].as_str()).collect::<Vec<_>>().join(" | "))
        .collect()
}

#[test]
fn csv_has_drivers_ratios_and_what_leaving_a_provider_adds() {
    let rows = rows(&["--fallback", "acme=other/m2"]);
    // 10 million tokens on each of 61 days at 1 a million; 12.5 million of the smaller model at 0.4.
    let costs = ["effective_mean", "billed_p50", "difference_mean", "currency"];
    assert_eq!(shown(&rows, "scenario", "base", &costs), ["610.00 | 610.00 |  | USD"]);
    assert_eq!(shown(&rows, "scenario", "smaller", &costs), ["305.00 | 305.00 | -305.00 | USD"]);
    // At the other price 4 a day and not 10; with a quarter more tokens 5.
    let drivers = shown(&rows, "driver", "smaller", &["detail", "difference_mean", "currency"]);
    assert_eq!(drivers[..2], ["price | -366.00 | USD", "tokens per text | 61.00 | USD"]);
    assert!(drivers[2..].iter().all(|row| row.ends_with("| 0.00 | USD")), "{drivers:?}");
    assert_eq!(shown(&rows, "driver", "base", &["detail"]), [""; 0]);
    let ratio = ["from", "to", "input_ratio", "input_basis", "output_ratio", "output_length"];
    assert_eq!(
        shown(&rows, "token_ratio", "smaller", &ratio),
        ["acme/m | acme/small | 1.25 | stated | 1 | 1"]
    );
    // Elsewhere a million is 2: 20 a day and not 10, 25 and not 5.
    let left = ["name", "to", "difference_mean", "difference_p10", "difference_p90"];
    let adds = |mean: &str| format!("acme | other/m2 | {mean} | {mean} | {mean}");
    assert_eq!(shown(&rows, "leaving", "base", &left), [adds("610.00")]);
    assert_eq!(shown(&rows, "leaving", "smaller", &left), [adds("1220.00")]);
    assert_eq!(
        shown(&rows, "leaving_token_ratio", "smaller", &["name", "from", "to", "input_basis"]),
        ["acme | acme/small | other/m2 | assumed"]
    );
}

#[test]
fn what_leaving_a_provider_adds_is_empty_where_it_is_not_known() {
    let lacks = rows(&["--fallback", "acme=other/m3"]);
    let left = ["name", "detail", "difference_mean"];
    assert_eq!(
        shown(&lacks, "leaving", "base", &left),
        ["acme | lacks a price for input.uncached of other/m3 | "]
    );
    // Without a fallback nothing is said of it.
    assert_eq!(rows(&[]).iter().filter(|row| row["kind"].starts_with("leaving")).count(), 0);
}
