//! Prompt files of git revisions and of the work tree, through the `git` program.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};

use super::sides::{Side, Sides};
use crate::cli::error::Failure;
use crate::corpus;
use crate::prompt_diff::{PromptFile, pair};
use crate::report::prompt_diff::Origin;
use crate::source::SourceError;

/// What is compared: two revisions, or one and the work tree.
#[derive(Debug, PartialEq, Eq)]
enum Range<'t> {
    /// A revision and the files on disk.
    WorkTree(&'t str),
    /// `A..B`.
    Two(&'t str, &'t str),
    /// `A...B`: where B left A, and B.
    SinceFork(&'t str, &'t str),
}

impl<'t> Range<'t> {
    fn parse(text: &'t str) -> Self {
        let or_head = |name: &'t str| if name.is_empty() { "HEAD" } else { name };
        if let Some((one, two)) = text.split_once("...") {
            Self::SinceFork(or_head(one), or_head(two))
        } else if let Some((one, two)) = text.split_once("..") {
            Self::Two(or_head(one), or_head(two))
        } else {
            Self::WorkTree(text)
        }
    }
}

/// The prompt files of both sides below some paths; none means the current folder.
pub(super) fn read(range: &str, paths: &[String]) -> Result<Sides, Failure> {
    let here = git(&["rev-parse", "--show-toplevel"]);
    here.map_err(|error| {
        Failure::with_hint(error, "run it in a git work tree, or name two folders")
    })?;
    let paths = Paths::new(paths);
    let (before, after) = match Range::parse(range) {
        Range::WorkTree(name) => {
            let commit = commit(name)?;
            (revision(name.to_owned(), commit, &paths)?, work_tree(&paths)?)
        }
        Range::Two(one, two) => {
            let (old, new) = (commit(one)?, commit(two)?);
            (revision(one.to_owned(), old, &paths)?, revision(two.to_owned(), new, &paths)?)
        }
        Range::SinceFork(one, two) => {
            let (old, new) = (commit(one)?, commit(two)?);
            let fork = git(&["merge-base", &old, &new])
                .with_context(|| format!("`{one}` and `{two}` have no common ancestor here"))
                .map_err(|error| Failure::with_hint(error, SHALLOW))?;
            let name = format!("merge base of {one} and {two}");
            (revision(name, text(&fork), &paths)?, revision(two.to_owned(), new, &paths)?)
        }
    };
    paths.check(&before.files, &after.files)?;
    Ok(Sides { before: before.origin, after: after.origin, pairs: pair(before.files, after.files) })
}

const SHALLOW: &str = "a shallow clone lacks older revisions: `git fetch --unshallow`, or `fetch-depth: 0` where a pipeline checks out";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    // Nothing is locked, nothing comes over the network, paths are no patterns.
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1").env("LC_ALL", "C");
    command.arg("--literal-pathspecs").args(arguments).stdin(Stdio::null());
    command
}

/// What git prints.
fn git(arguments: &[&str]) -> Result<Vec<u8>> {
    let output = command(arguments).output().map_err(not_started)?;
    if !output.status.success() {
        let said = text(&output.stderr);
        let said = if said.is_empty() { output.status.to_string() } else { said };
        bail!("git {}: {said}", arguments.first().copied().unwrap_or_default());
    }
    Ok(output.stdout)
}

fn not_started(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::NotFound {
        return anyhow!("the program `git` was not found");
    }
    anyhow!(error).context("failed to start `git`")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// The id of the commit that a revision names.
fn commit(name: &str) -> Result<String, Failure> {
    let unknown = || {
        let error = anyhow!("git knows no revision `{name}`");
        Failure::with_hint(error, SHALLOW)
    };
    // What looks like an option must not become one.
    if name.starts_with('-') {
        return Err(unknown());
    }
    let found = git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]);
    found.map(|id| text(&id)).map_err(|_| unknown())
}

/// Paths that the user named.
struct Paths(Vec<String>);

impl Paths {
    fn new(given: &[String]) -> Self {
        let plain = |path: &String| {
            let path = path.trim_end_matches('/');
            let path = path.strip_prefix("./").unwrap_or(path);
            if path.is_empty() { ".".to_owned() } else { path.to_owned() }
        };
        let paths: Vec<String> = given.iter().map(plain).collect();
        Self(if paths.is_empty() { vec![".".to_owned()] } else { paths })
    }

    /// `COMMAND ... -- PATHS`.
    fn behind<'p>(&'p self, command: &[&'p str]) -> Vec<&'p str> {
        let paths = self.0.iter().map(String::as_str);
        command.iter().copied().chain(["--"]).chain(paths).collect()
    }

    /// True if a file is read: one that is named, or one of a folder as `count` reads folders.
    fn reads(&self, file: &str) -> bool {
        self.0.iter().any(|path| match below(file, path) {
            Some("") => true,
            Some(rest) => {
                let hidden = rest.split('/').any(|part| part.starts_with('.') && part != "..");
                !hidden && corpus::is_prompt_file(Path::new(file))
            }
            None => false,
        })
    }

    /// A path that neither side has is a slip.
    fn check(&self, before: &[PromptFile], after: &[PromptFile]) -> Result<(), Failure> {
        let known =
            |path: &str| before.iter().chain(after).any(|file| below(&file.path, path).is_some());
        match self.0.iter().find(|path| *path != "." && !known(path) && !Path::new(path).exists()) {
            Some(path) => Err(SourceError::NotFound(path.clone()).into()),
            None => Ok(()),
        }
    }
}

/// The rest of a file's path below another path, empty for the path itself.
fn below<'f>(file: &'f str, path: &str) -> Option<&'f str> {
    if path == "." {
        return Some(file);
    }
    let rest = file.strip_prefix(path)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn revision(name: String, commit: String, paths: &Paths) -> Result<Side> {
    let listed = git(&paths.behind(&["ls-tree", "-r", "-z", &commit]))?;
    let mut entries = Vec::new();
    for line in listed.split(|byte| *byte == 0) {
        // `MODE blob ID<tab>PATH`; links and other repositories are no files.
        let line = String::from_utf8_lossy(line);
        let Some((head, path)) = line.split_once('\t') else { continue };
        let fields: Vec<&str> = head.split(' ').collect();
        if let ["100644" | "100755", "blob", id] = fields[..]
            && paths.reads(path)
        {
            entries.push((path.to_owned(), id.to_owned()));
        }
    }
    let files = contents(&commit[..commit.len().min(12)], entries)?;
    Ok(Side { origin: Origin { name, commit: Some(commit) }, files })
}

/// The contents of files of a commit, by one process for all of them.
fn contents(commit: &str, entries: Vec<(String, String)>) -> Result<Vec<PromptFile>> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut child = command(&["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(not_started)?;
    let (Some(mut asked), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
        bail!("failed to talk to `git cat-file`");
    };
    let mut answers = BufReader::new(answers);
    let mut files = Vec::with_capacity(entries.len());
    for (path, id) in entries {
        let name = format!("{commit}:{path}");
        let failed = || format!("failed to read `{name}` by `git cat-file`");
        writeln!(asked, "{id}").and_then(|()| asked.flush()).with_context(failed)?;
        let bytes = answer(&mut answers).with_context(failed)?;
        files.push(PromptFile { path, name, bytes });
    }
    drop(asked);
    child.wait().context("failed to end `git cat-file`")?;
    Ok(files)
}

/// `ID blob SIZE`, the content, and a newline.
fn answer(answers: &mut BufReader<ChildStdout>) -> Result<Arc<[u8]>> {
    let mut head = String::new();
    answers.read_line(&mut head)?;
    let fields: Vec<&str> = head.split_whitespace().collect();
    let size = match fields[..] {
        [_, "blob", size] => size.parse::<usize>()?,
        _ => bail!("it answered `{}`", head.trim()),
    };
    let mut bytes = vec![0; size];
    answers.read_exact(&mut bytes)?;
    answers.read_exact(&mut [0])?;
    Ok(bytes.into())
}

/// The files on disk that git knows or would add.
fn work_tree(paths: &Paths) -> Result<Side> {
    let command = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = git(&paths.behind(&command))?;
    let named: BTreeSet<String> = listed
        .split(|byte| *byte == 0)
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .filter(|path| !path.is_empty() && paths.reads(path))
        .collect();
    let mut files = Vec::new();
    for path in named {
        // What git knows may be gone; a link is no file.
        if std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
            let read = std::fs::read(&path);
            let bytes = read.with_context(|| format!("failed to read `{path}`"))?.into();
            files.push(PromptFile { name: path.clone(), path, bytes });
        }
    }
    Ok(Side { origin: Origin { name: "the work tree".to_owned(), commit: None }, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(Range::parse("main"), Range::WorkTree("main"));
        assert_eq!(Range::parse("a..b"), Range::Two("a", "b"));
        assert_eq!(Range::parse("v1.."), Range::Two("v1", "HEAD"));
        assert_eq!(Range::parse("main...topic"), Range::SinceFork("main", "topic"));
        assert_eq!(Range::parse("main..."), Range::SinceFork("main", "HEAD"));
    }

    #[test]
    fn folders_are_read_as_count_reads_them_and_named_files_always() {
        let paths = Paths::new(&["./prompts/".to_owned(), "a.tmpl".to_owned()]);
        for file in ["prompts/a.md", "prompts/b/c.jsonl", "a.tmpl"] {
            assert!(paths.reads(file), "{file}");
        }
        for file in ["prompts/a.tmpl", "prompts/.b/c.md", "prompts2/a.md", "a.md"] {
            assert!(!paths.reads(file), "{file}");
        }
        assert!(Paths::new(&[]).reads("a.md") && !Paths::new(&[]).reads(".a/b.md"));
    }
}
