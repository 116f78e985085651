//! The error catalogue: the smallest input for each finding and error, with what the program says.
//!
//! `tests/errors/NAME/` holds the inputs, `args` and `expected.txt` with exit code and standard
//! error. What standard output shows is the business of other tests.

use std::fs;

use tokencast::diagnostic;

use super::common::{TestEnv, files_below, root};

#[test]
fn every_case_says_what_it_should() {
    let mut failed = Vec::new();
    let catalogue = root().join("tests/errors");
    for entry in fs::read_dir(&catalogue).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let found = said(&folder);
        let expected = fs::read_to_string(folder.join("expected.txt")).unwrap_or_default();
        if found != expected {
            failed.push(format!("== {name}\n-- expected\n{expected}-- found\n{found}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn said(folder: &std::path::Path) -> String {
    let env = TestEnv::new();
    for path in files_below(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        env.file(name, fs::read(&path).unwrap());
    }
    let arguments = fs::read_to_string(folder.join("args")).unwrap();
    let run = env.run(&arguments.split_whitespace().collect::<Vec<_>>());
    format!("exit {}\n{}", run.status, run.stderr)
}

/// Findings that need an input too large to keep.
const TOO_LARGE: [&str; 1] = ["line-too-long"];

#[test]
fn every_finding_has_a_case() {
    let cases: String = files_below(&root().join("tests/errors"))
        .iter()
        .filter(|p| p.ends_with("expected.txt"))
        .map(|p| fs::read_to_string(p).unwrap())
        .collect();
    for code in diagnostic::ALL {
        let shown = cases.contains(&format!("[{}]", code.name()));
        assert!(
            shown || TOO_LARGE.contains(&code.name()),
            "no case in tests/errors shows `{code}`"
        );
    }
}
