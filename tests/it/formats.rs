//! Every format on small files in its exact schema.
//!
//! `tests/formats/FORMAT/CASE/` holds the input files (`input.*`, all read together), `expected.jsonl`
//! with the records that they must give as `tokencast.usage.v1`, worked by hand from the format's
//! rules, and, where there are findings, `findings.txt` with a line `CODE COUNT` each. `notes.txt`
//! may say how the expectation was worked out. Input and expectation are rolled up by the minute
//! and must be equal; the format that reading tells must be that of the folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokencast::diagnostic::{Severity, SeverityPolicy};
use tokencast::period::Grain;
use tokencast::rollup::{Edges, Rollup, RollupBuilder};
use tokencast::source::{self, Format, LabelPolicy, Progress, ReadOptions, ReadReport, inputs};

use super::common::root;

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn read(files: &[PathBuf]) -> (Rollup, ReadReport) {
    let arguments: Vec<String> = files.iter().map(|p| p.to_str().unwrap().to_owned()).collect();
    let options = ReadOptions { threads: 2, labels: LabelPolicy::All, ..ReadOptions::default() };
    let edges = Edges { grain: Grain::Minute, context: vec![200_001], times: vec![] };
    let found = inputs::expand(&arguments).unwrap();
    let (mut whole, mut summed) =
        (RollupBuilder::new(edges.clone()), RollupBuilder::new(edges.clone()));
    // The program takes records as sums.
    source::read_sums(&found, &options, &edges, &Progress::default(), |part| {
        summed.add_part(part).unwrap();
    })
    .unwrap();
    let mut builder = RollupBuilder::new(edges);
    let report = source::read_all(&found, &options, &Progress::default(), |mut record| {
        whole.add(record.clone()).unwrap();
        // Which labels a format offers is tested where the format is; here the numbers are.
        Arc::make_mut(&mut record.labels)
            .retain(|key| key.starts_with("x_") || key == "team" || key == "project");
        builder.add(record).unwrap();
    });
    assert_eq!(shown(&summed.finish()), shown(&whole.finish()), "{files:?}");
    (builder.finish(), report.unwrap())
}

/// What a rollup holds, a line a row, so that differences can be read.
fn shown(rollup: &Rollup) -> String {
    let mut text = String::new();
    for row in rollup.rows() {
        let p = rollup.profile(row);
        let counts: Vec<String> = row.components.iter().map(|(c, n)| format!("{c}={n}")).collect();
        let costs: Vec<String> =
            row.reported.iter().map(|((k, c), a)| format!("{}:{c}:{a}", k.name())).collect();
        text += &format!(
            "{} {} {:?} {:?} {:?} {:?} records={} requests={} {} {}\n",
            row.period.start,
            row.period.end,
            p.sku,
            p.grain,
            p.context,
            p.labels,
            row.records,
            row.requests,
            counts.join(" "),
            costs.join(" ")
        );
    }
    text
}

fn expected_findings(case: &Path) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(case.join("findings.txt")).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(code, count)| (code.to_owned(), count.trim().parse().unwrap()))
        .collect()
}

fn check(format: &str, case: &Path) -> Result<(), String> {
    let mut files: Vec<PathBuf> = fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| name(path).starts_with("input."))
        .collect();
    files.sort();
    let (found, report) = read(&files);
    let (wanted, expected_report) = read(&[case.join("expected.jsonl")]);
    let place = format!("{format}/{}", name(case));
    let mut wrong = String::new();
    if expected_report.skipped > 0 {
        wrong += &format!("expected.jsonl has faults: {:?}\n", expected_report.diagnostics);
    }
    if found != wanted {
        wrong += &format!("-- expected\n{}-- found\n{}", shown(&wanted), shown(&found));
    }
    let formats: Vec<&str> = report.formats.keys().copied().collect();
    if report.records > 0 && !formats.contains(&format) {
        wrong += &format!("told as {formats:?}\n");
    }
    let mut findings: BTreeMap<String, u64> = BTreeMap::new();
    let policy = SeverityPolicy::default();
    let all = report.diagnostics.resolve(&policy);
    for finding in all.into_iter().filter(|f| f.severity != Severity::Allow) {
        *findings.entry(finding.code.name().to_owned()).or_default() += finding.count;
    }
    if findings != expected_findings(case) {
        wrong += &format!("findings {findings:?}: {:?}\n", report.diagnostics);
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("== {place}\n{wrong}")) }
}

#[test]
fn every_case_gives_the_records_worked_by_hand() {
    let mut failed = Vec::new();
    let mut cases = 0;
    for folder in folders(&root().join("tests/formats")) {
        for case in folders(&folder) {
            cases += 1;
            failed.extend(check(&name(&folder), &case).err());
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(cases > 0);
}

#[test]
fn every_format_has_a_case() {
    let without: Vec<&str> = Format::all()
        .filter(|f| f.is_detected() && f.name() != "tokencast")
        .map(Format::name)
        .filter(|name| !root().join("tests/formats").join(name).is_dir())
        .collect();
    assert!(without.is_empty(), "no case in tests/formats: {without:?}");
}
