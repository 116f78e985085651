//! The only place that writes to the terminal: data to standard output, talk to standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::When;
use super::error::Failure;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Progress;

/// Width of tables where standard output is no terminal.
const PLAIN_WIDTH: u16 = 0;

/// What the user wants to see, resolved once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    quiet: bool,
    color: bool,
    width: u16,
    progress: bool,
}

impl Ui {
    /// From the flags and the state of the terminal.
    pub(crate) fn new(quiet: bool, color: When, no_color: bool) -> Self {
        let on_terminal = io::stderr().is_terminal();
        let color = match color {
            When::Always => true,
            When::Never => false,
            When::Auto => on_terminal && !no_color,
        };
        let width = if io::stdout().is_terminal() { terminal_width() } else { PLAIN_WIDTH };
        Self { quiet, color, width, progress: on_terminal && !quiet }
    }

    /// Columns of the terminal; 0 for no limit.
    pub(crate) fn width(&self) -> u16 {
        self.width
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn talk(text: &str) {
        // Nobody is left to tell if standard error is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Data to standard output, or whole into a file.
    pub(crate) fn data(&self, text: &str, out: Option<&Path>) -> Result<()> {
        match out {
            None => print_data(text),
            Some(path) => write_whole(path, |file| Ok(file.write_all(text.as_bytes())?)),
        }
    }

    /// A remark.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            Self::talk(&format!("{} {text}", self.paint("36", "note:")));
        }
    }

    /// All findings that are to be shown.
    pub(crate) fn findings(&self, findings: &[Diagnostic]) {
        for finding in findings {
            let (color, word) = match finding.severity {
                Severity::Allow => continue,
                Severity::Warn if self.quiet => continue,
                Severity::Warn => ("33", "warning"),
                Severity::Deny => ("31", "error"),
            };
            let head = self.paint(color, &format!("{word}[{}]:", finding.code));
            let place = match (&finding.location, finding.count) {
                (None, 0 | 1) => String::new(),
                (None, n) => format!(" ({} times)", crate::report::format::grouped(n)),
                (Some(place), 0 | 1) => format!(" (at {place})"),
                (Some(place), n) => {
                    format!(" ({} times, first at {place})", crate::report::format::grouped(n))
                }
            };
            let message: String =
                finding.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            Self::talk(&format!("{head} {message}{place}"));
        }
    }

    /// An error without a cause.
    pub(crate) fn error(&self, text: &str, hint: Option<&str>) {
        Self::talk(&format!("{} {text}", self.paint("31", "error:")));
        self.hint(hint);
    }

    fn hint(&self, hint: Option<&str>) {
        if let Some(hint) = hint {
            Self::talk(&format!("\n{} {hint}", self.paint("36", "hint:")));
        }
    }

    /// An error with its causes and hints.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut chain = failure.error.chain();
        let first = chain.next().map(ToString::to_string).unwrap_or_default();
        Self::talk(&format!("{} {first}", self.paint("31", "error:")));
        for line in chain.flat_map(|c| c.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
        {
            Self::talk(&format!("  caused by: {line}"));
        }
        self.hint(failure.hint.as_deref());
    }

    /// A bar over bytes, drawn only on a terminal.
    fn bytes_bar(&self, total: Option<u64>) -> ProgressBar {
        if !self.progress {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let template =
            "{spinner} reading {bytes} of {total_bytes} at {bytes_per_sec} {wide_bar} {eta}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }

    /// Does what reads bytes, with a bar of them on a terminal.
    pub(crate) fn while_reading<R>(
        &self,
        total: Option<u64>,
        progress: &Progress,
        work: impl FnOnce() -> R,
    ) -> R {
        let bar = self.bytes_bar(total);
        let finished = AtomicBool::new(false);
        let result = std::thread::scope(|scope| {
            if !bar.is_hidden() {
                scope.spawn(|| {
                    while !finished.load(Ordering::Relaxed) {
                        bar.set_position(progress.bytes());
                        std::thread::sleep(Duration::from_millis(100));
                    }
                });
            }
            let result = work();
            finished.store(true, Ordering::Relaxed);
            result
        });
        bar.finish_and_clear();
        result
    }

    /// A count of sizes settled, drawn only on a terminal.
    pub(crate) fn sizes_bar(&self) -> ProgressBar {
        if !self.progress {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {pos} sizes settled in {elapsed}")
        {
            bar.set_style(style);
        }
        bar
    }
}

fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(120)
}

fn print_data(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("failed to write to standard output"),
    }
}

/// Adds text to the end of a file, which is made if it does not exist.
pub(crate) fn append(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("failed to append to `{}`", path.display());
    let open = std::fs::OpenOptions::new().append(true).create(true).open(path);
    open.and_then(|mut file| file.write_all(text.as_bytes())).with_context(failed)
}

/// Writes a file whole or not at all: into a temporary file beside it that is renamed at the end.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> Result<()>,
) -> Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = || format!("failed to write `{}`", path.display());
    let mut file = tempfile::Builder::new()
        .prefix(".tokencast-")
        .tempfile_in(folder)
        // The name of the temporary file would only confuse.
        .map_err(|error| io::Error::from(error.kind()))
        .with_context(failed)?;
    write(file.as_file_mut()).with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    make_readable(file.as_file()).with_context(failed)?;
    file.persist(path).map_err(|e| e.error).with_context(failed)?;
    Ok(())
}

/// Temporary files are private; a report is a file like any other.
#[cfg(unix)]
fn make_readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &std::fs::File) -> io::Result<()> {
    Ok(())
}
