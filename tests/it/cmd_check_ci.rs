//! What pages and `action.yml` tell pipelines to run, run.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tokencast::budget::file::KEYS;

use super::cmd_check::constant;
use super::common::{TestEnv, root};

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Runs a script of a shell in the folder of a test, with the program on its path.
fn shell(env: &TestEnv, shell: &str, script: &str, variables: &[(&str, &str)]) -> Output {
    let folder = Path::new(env!("CARGO_BIN_EXE_tokencast")).parent().unwrap();
    Command::new(shell)
        .args(["-c", script])
        .current_dir(env.path(""))
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The first block of a language after a text.
fn block(page: &str, after: &str, language: &str) -> String {
    let rest = page.split_once(after).unwrap().1;
    let block = rest.split_once(&format!("```{language}\n")).unwrap().1;
    block.split_once("```").unwrap().0.to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_snippet_of_the_readme_runs() {
    let env = TestEnv::new();
    std::os::unix::fs::symlink(root().join("samples"), env.path("samples")).unwrap();
    let ran = shell(&env, "sh", &block(&page("README.md"), "\n## In CI\n", "sh"), &[]);
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran.stderr));
    let annotations = text(&ran.stdout);
    let levels: Vec<&str> =
        annotations.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(levels, ["::notice", "::warning", "::error", "::notice"], "{annotations}");
    assert!(text(&ran.stderr).contains("caused by: support 2026-11: at-risk"));
    let read = |name: &str| fs::read_to_string(env.path(name)).unwrap();
    assert!(read("comment.md").starts_with("<!-- tokencast-check -->\n### ❌ "));
    assert!(read("check.xml").contains("failures=\"1\" errors=\"0\""));
    assert!(read("check.sarif").contains("\"uri\": \"samples/budget.toml\""));
}

/// A folder `logs` whose November comes to 12.00 USD, and a budget of it.
fn pipeline(amount: &str) -> TestEnv {
    let env = constant();
    fs::create_dir(env.path("logs")).unwrap();
    fs::rename(env.path("u.jsonl"), env.path("logs/u.jsonl")).unwrap();
    let budget = format!("[[budget]]\nid = \"a\"\namount = \"{amount}\"\ncurrency = \"USD\"\n");
    env.file("budget.toml", format!("schema = \"tokencast.budget.v1\"\n{budget}"));
    env
}

#[test]
fn the_commands_of_the_guide_run() {
    let guide = page("docs/guides/ci-gate.md");
    let env = pipeline("12.00");
    let script = block(&guide, "Without the action", "sh");
    let ran = shell(&env, "sh", &script, &[("GITHUB_STEP_SUMMARY", "summary.md")]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).starts_with("::notice file=budget.toml,line=2,"));
    let read = |name: &str| fs::read_to_string(env.path(name)).unwrap();
    assert_eq!(read("summary.md"), read("check.md") + "\n");
    let gitlab = guide.lines().find_map(|l| l.trim().strip_prefix("- .tokencast/bin/")).unwrap();
    let hook = guide.lines().find_map(|l| l.trim().strip_prefix("entry: ")).unwrap();
    for script in [gitlab, hook] {
        let ran = shell(&env, "sh", script, &[]);
        assert_eq!(ran.status.code(), Some(0), "{script}: {}", text(&ran.stderr));
    }
    assert!(env.path("check.xml").exists());
}

/// The script of a step of `action.yml`.
fn step(name: &str) -> String {
    let action = page("action.yml");
    let step = action.split_once(&format!("- name: {name}\n")).unwrap().1.to_owned();
    let lines = step.split_once("      run: |\n").unwrap().1.lines();
    let script = lines.take_while(|l| l.is_empty() || l.starts_with("        "));
    script.map(|l| l.trim_start_matches("        ").to_owned() + "\n").collect()
}

#[test]
fn the_step_of_the_action_passes_everything_on() {
    let script = step("Check");
    let run = |env: &TestEnv, more: &[(&str, &str)]| {
        let usual = [
            ("INPUTS", "logs"),
            ("BUDGETS", "budget.toml"),
            ("ARGS", "--paths 200"),
            ("BASELINE", "baseline/check.json"),
            ("FOLDER", "tokencast-check"),
            ("ROOT", "none"),
            ("GITHUB_STEP_SUMMARY", "summary.md"),
            ("GITHUB_OUTPUT", "output"),
        ];
        shell(env, "bash", &format!("set -eo pipefail\n{script}"), &[&usual, more].concat())
    };
    let env = pipeline("12.00");
    let ran = run(&env, &[]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    for name in ["check.md", "check.json", "check.xml", "check.sarif"] {
        assert!(env.path("tokencast-check").join(name).exists(), "{name}");
    }
    assert!(env.path("summary.md").exists());
    fs::rename(env.path("tokencast-check"), env.path("baseline")).unwrap();
    let ran = run(&env, &[("ARGS", "--paths 200 --budget 1"), ("INPUTS", "logs/*.jsonl")]);
    assert_eq!(ran.status.code(), Some(1), "{}", text(&ran.stderr));
    assert!(text(&ran.stdout).contains("+0.0 %25 since the baseline of 2026-11-20."));
    let output = fs::read_to_string(env.path("output")).unwrap();
    assert_eq!(output, "exit-code=0\nexit-code=1\n");
}

#[test]
fn an_installed_program_is_not_built() {
    let env = TestEnv::new();
    let script = format!("set -eo pipefail\n{}", step("Find or name the build"));
    let needed = |variables: &[(&str, &str)]| {
        let action = root();
        let usual = [("GITHUB_OUTPUT", "output"), ("ACTION_PATH", action.to_str().unwrap())];
        let ran = shell(&env, "bash", &script, &[&usual, variables].concat());
        assert!(ran.status.success(), "{}", text(&ran.stderr));
        let output = fs::read_to_string(env.path("output")).unwrap();
        fs::remove_file(env.path("output")).unwrap();
        output
    };
    assert_eq!(needed(&[("VERSION", "")]), "needed=false\n");
    assert_eq!(needed(&[("VERSION", "v0.1.0")]), "needed=true\nkey=v0.1.0\n");
    let bare = needed(&[("VERSION", ""), ("PATH", "/usr/bin:/bin")]);
    let key = bare.strip_prefix("needed=true\nkey=").unwrap().trim();
    assert!(key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit()), "{bare}");
}

#[test]
fn the_reference_names_every_key() {
    let page = page("docs/reference/budget-file.md");
    for key in KEYS {
        assert!(page.contains(&format!("`{}`", key.name)), "budget-file.md lacks {}", key.name);
    }
    // The example of the page is a budget file.
    let env = constant();
    env.file("b.toml", block(&page, "# Budget file", "toml"));
    let run = env.run(&["check", "u.jsonl", "--budgets", "b.toml", "--paths", "200", "-q"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}
