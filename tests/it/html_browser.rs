//! Pages in a browser: nothing is asked of a network or said on the console, every chart has its
//! data, and nothing is cut off or wider than a phone.
//!
//! Without a Chromium these tests say that they looked at nothing. `.ci/run` gets one where it can.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::common::{TestEnv, root};

/// What Chromium is called, where `CHROME` does not say.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// For one start of the browser.
const LIMIT: Duration = Duration::from_secs(120);

/// A name, and the arguments that make the page.
const PAGES: [(&str, &[&str]); 7] = [
    (
        "forecast",
        &["forecast", "OPENAI", "--horizon", "eom", "--budget", "100", "--group-by", "model"],
    ),
    ("cost", &["cost", "LOGS", "--group-by", "week,model"]),
    (
        "commit",
        &[
            "commit",
            "LOGS",
            "--contract",
            "OFFER",
            "--horizon",
            "2027-11-30",
            "--paths",
            "100",
            "--size",
            "annual=0..12000:1000",
        ],
    ),
    ("settlement", &["cost", "USAGE", "--contract", "CONTRACT"]),
    ("backtest", &["backtest", "--series", "COSTS", "--horizon", "14d", "--windows", "3"]),
    ("check", &["check", "--series", "COSTS", "--budget", "2600", "--budget", "9800/quarter"]),
    ("compare", &["compare", "ANTHROPIC", "--scenario", "SCENARIOS", "--horizon", "eom"]),
];

/// A page with all that is forbidden.
const BROKEN: &str = r##"<!DOCTYPE html><html><body style="margin:0"><img src="http://192.0.2.1/x.png">
<script>console.log("said");</script><div style="width:2000px">wide</div>
<figure><figcaption>short</figcaption><svg class="chart" viewBox="0 0 520 100">
<rect data-day="1"/><text x="510" y="50">cut off</text></svg>
<table><tbody><tr><td>1</td></tr><tr><td>2</td></tr></tbody></table></figure></body></html>"##;

/// Looks into each frame and writes down what it finds.
const MEASURE: &str = r#"<script>
window.onload = () => {
  const lines = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, top = page.documentElement;
    if (top.scrollWidth > top.clientWidth) lines.push(`wide|${frame.name}|${top.scrollWidth}`);
    for (const figure of page.querySelectorAll("figure")) {
      const svg = figure.querySelector("svg.chart"), view = svg.viewBox.baseVal;
      const title = figure.querySelector("figcaption").textContent;
      const all = name => [...svg.querySelectorAll(`[${name}]`)].map(e => e.getAttribute(name));
      const marks = all("data-day").length || all("data-line-0").length || all("data-name").length
        || new Set(all("data-column")).size;
      lines.push(`figure|${frame.name}|${title}|${marks}|${figure.querySelectorAll("tbody tr").length}`);
      for (const text of svg.querySelectorAll("text")) {
        const box = text.getBBox(), right = box.x + box.width, bottom = box.y + box.height;
        if (box.x < -1 || box.y < -1 || right > view.width + 1 || bottom > view.height + 1)
          lines.push(`cut|${frame.name}|${title}|${text.textContent}`);
      }
    }
  }
  document.getElementById("found").textContent = lines.join("\n");
};
</script>"#;

#[expect(clippy::disallowed_methods, reason = "the test, not the library, looks for a browser")]
/// The browser, if there is one.
fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROME") {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    let found = NAMES.iter().flat_map(|name| folders.iter().map(move |f| f.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        #[expect(clippy::disallowed_macros, reason = "a test that looks at nothing says so")]
        {
            eprintln!("not run: none of {NAMES:?} is installed, and CHROME names none");
        }
    }
    found
}

/// What a start of the browser leaves: its result, what it said, and its log of the network.
struct Seen {
    stdout: String,
    console: Vec<String>,
    /// Addresses that the page, not the browser itself, asked for.
    requests: Vec<String>,
}

fn open(env: &TestEnv, browser: &Path, page: &Path, also: &[&str]) -> Seen {
    let folder = tempfile::tempdir_in(env.path("")).unwrap();
    let [log, out, err] = ["net.json", "out", "err"].map(|name| folder.path().join(name));
    let mut child = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--log-net-log={}", log.display()))
        .args(also)
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("the browser did not end: {}", page.display());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let log: Value = serde_json::from_str(&read(&log)).unwrap();
    let asked = log["events"].as_array().unwrap().iter().map(|event| &event["params"]);
    // The browser's own requests have no origin.
    let of_page = asked.filter(|asked| {
        asked["initiator"].as_str().is_some_and(|initiator| initiator != "not an origin")
    });
    let err = read(&err);
    let said = err.lines().filter(|line| line.contains(":CONSOLE"));
    Seen {
        stdout: read(&out),
        console: said.map(str::to_owned).collect(),
        requests: of_page.map(|asked| asked["url"].to_string()).collect(),
    }
}

/// Every page, by its name.
fn pages(env: &TestEnv) -> Vec<(&'static str, PathBuf)> {
    let sample = |name: &str| match name {
        "LOGS" => "samples/logs",
        "OPENAI" => "samples/logs/openai.jsonl",
        "ANTHROPIC" => "samples/logs/anthropic.jsonl",
        "USAGE" => "samples/usage/enterprise.jsonl",
        "CONTRACT" => "samples/contracts/enterprise-edp.toml",
        "OFFER" => "samples/contracts/claude-commitment.toml",
        "COSTS" => "samples/series/costs.csv",
        "SCENARIOS" => "samples/scenarios.toml",
        _ => "",
    };
    let make = |(name, arguments): &(&'static str, &[&str])| {
        let mut all: Vec<String> = arguments
            .iter()
            .map(|argument| match sample(argument) {
                "" => (*argument).to_owned(),
                file => root().join(file).display().to_string(),
            })
            .collect();
        let file = env.path(&format!("{name}.html"));
        all.extend(["--output", "html", "--out"].map(str::to_owned));
        all.push(file.display().to_string());
        if ["forecast", "compare"].contains(name) {
            all.extend(["--paths", "100"].map(str::to_owned));
        }
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let run = env.run(&all);
        assert!([0, 1].contains(&run.status), "{name}: {}", run.stderr);
        (*name, file)
    };
    PAGES.iter().map(make).collect()
}

/// All pages side by side in frames as wide as a phone and as a desk, measured.
fn measured(env: &TestEnv, browser: &Path, pages: &[(&str, String)]) -> Vec<Vec<String>> {
    let mut all =
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body><pre id=\"found\"></pre>"
            .to_owned();
    for (name, text) in pages {
        let text = text.replace('&', "&amp;").replace('"', "&quot;");
        for width in [360, 1000] {
            all.push_str(&format!(
                "<iframe name=\"{name} at {width}\" width=\"{width}\" height=\"800\" srcdoc=\"{text}\"></iframe>"
            ));
        }
    }
    all.push_str(MEASURE);
    let file = env.file("measure.html", all);
    let seen = open(env, browser, &file, &["--dump-dom"]);
    let found = seen.stdout.split("<pre id=\"found\">").nth(1).unwrap();
    let found = found.split("</pre>").next().unwrap();
    found.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

#[test]
fn pages_in_a_browser() {
    let Some(browser) = browser() else { return };
    let env = TestEnv::new();
    let pages = pages(&env);
    for (name, file) in &pages {
        let picture = env.path(&format!("{name}.png"));
        let shot = format!("--screenshot={}", picture.display());
        let seen = open(&env, &browser, file, &["--window-size=360,800", &shot]);
        assert_eq!(seen.console, [""; 0], "{name}");
        assert_eq!(seen.requests, [""; 0], "{name}");
        assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG"), "{name}");
    }
    let texts: Vec<(&str, String)> =
        pages.iter().map(|(name, file)| (*name, std::fs::read_to_string(file).unwrap())).collect();
    let found = measured(&env, &browser, &texts);
    let figures: Vec<&Vec<String>> = found.iter().filter(|line| line[0] == "figure").collect();
    let other: Vec<&Vec<String>> = found.iter().filter(|line| line[0] != "figure").collect();
    assert_eq!(other, Vec::<&Vec<String>>::new());
    for figure in &figures {
        let [marks, rows] = [3, 4].map(|at| figure[at].parse::<usize>().unwrap());
        // Of very many rows the largest are drawn.
        assert!(marks > 0 && (marks == rows || (marks == 30 && rows > 30)), "{figure:?}");
    }
    for (name, _) in &pages {
        let mine = figures.iter().filter(|figure| figure[1] == format!("{name} at 360"));
        assert!(mine.count() > 0, "{name} has no chart");
    }
}

/// That the test above can fail.
#[test]
fn a_broken_page_is_noticed() {
    let Some(browser) = browser() else { return };
    let env = TestEnv::new();
    let file = env.file("broken.html", BROKEN);
    let seen = open(&env, &browser, &file, &["--dump-dom"]);
    assert_eq!(seen.console.len(), 1, "{:?}", seen.console);
    assert!(seen.console[0].contains("said"));
    assert_eq!(seen.requests, ["\"http://192.0.2.1/x.png\""]);
    let found = measured(&env, &browser, &[("broken", BROKEN.to_owned())]);
    let lines: Vec<String> = found.iter().map(|line| line.join("|")).collect();
    assert_eq!(
        lines,
        [
            "wide|broken at 360|2000",
            "figure|broken at 360|short|1|2",
            "cut|broken at 360|short|cut off",
            "wide|broken at 1000|2000",
            "figure|broken at 1000|short|1|2",
            "cut|broken at 1000|short|cut off",
        ]
    );
}
