//! Where results of `check` go: standard output or a file, further files, a step summary.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::cli::args::{OutputArgs as PlainOutputArgs, OutputFormat};
use crate::cli::error::Failure;
use crate::cli::finish::{self, Printed};
use crate::cli::ui::{self, Ui};
use crate::report::Style;
use crate::report::check::CheckReport;

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// A table for the terminal.
    #[default]
    Table,
    /// Markdown for a comment on a change, with a hidden first line to find it by.
    Markdown,
    /// JSON with a versioned schema and exact amounts.
    Json,
    /// Comma-separated values with exact amounts.
    Csv,
    /// A page with charts in one file.
    Html,
    /// Workflow commands of GitHub Actions, which become annotations.
    Github,
    /// JUnit XML: one test case a budget and period.
    Junit,
    /// SARIF 2.1.0: what is not within, for code scanning.
    Sarif,
}

/// Where results go.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct OutputArgs {
    /// Form of the result.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM")]
    output: Form,
    /// Write the result to a file, whole or not at all.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Also write the result in another form to a file, as FORM=FILE: sarif=check.sarif. May be
    /// given several times.
    #[arg(long, value_name = "FORM=FILE")]
    also: Vec<String>,
    /// Also append the Markdown to a file, such as the one that GITHUB_STEP_SUMMARY names.
    #[arg(long, value_name = "FILE")]
    step_summary: Option<PathBuf>,
    /// What tells this comment from others, in the hidden first line of Markdown:
    /// <!-- tokencast-check:TEXT -->.
    #[arg(long, value_name = "TEXT")]
    marker: Option<String>,
}

/// Every place a result goes to.
#[derive(Debug)]
pub(super) struct Outputs {
    form: Form,
    out: Option<PathBuf>,
    also: Vec<(Form, PathBuf)>,
    step_summary: Option<PathBuf>,
    /// The hidden first line of Markdown.
    pub(super) marker: String,
}

impl OutputArgs {
    /// The same for a report that is no verdict: one result in a form that all reports have.
    pub(in crate::cli) fn plain(&self) -> Result<PlainOutputArgs> {
        let output = match self.output {
            Form::Table => OutputFormat::Table,
            Form::Markdown => OutputFormat::Markdown,
            Form::Json => OutputFormat::Json,
            Form::Csv => OutputFormat::Csv,
            Form::Html => OutputFormat::Html,
            Form::Github | Form::Junit | Form::Sarif => {
                bail!("--output: this form is for verdicts (expected table, markdown, json or csv)")
            }
        };
        if !self.also.is_empty() || self.step_summary.is_some() || self.marker.is_some() {
            bail!("--also, --step-summary and --marker are for verdicts alone");
        }
        Ok(PlainOutputArgs { output, out: self.out.clone() })
    }

    /// Checks the flags.
    pub(super) fn resolve(&self) -> Result<Outputs> {
        let marker = finish::marker("check", self.marker.as_deref())?;
        let also: Vec<(Form, PathBuf)> =
            self.also.iter().map(|text| form_and_file(text)).collect::<Result<_>>()?;
        let outputs = Outputs {
            form: self.output,
            out: self.out.clone(),
            also,
            step_summary: self.step_summary.clone(),
            marker,
        };
        let files: Vec<&Path> = outputs.files().collect();
        for (at, file) in files.iter().enumerate() {
            if files[..at].contains(file) {
                bail!("two results go to `{}`", file.display());
            }
        }
        Ok(outputs)
    }
}

fn form_and_file(text: &str) -> Result<(Form, PathBuf)> {
    let forms = || {
        let names = Form::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        names.map(|name| name.get_name().to_owned()).collect::<Vec<_>>().join(", ")
    };
    let parts = text.split_once('=').filter(|(_, file)| !file.is_empty());
    let form = parts.and_then(|(form, _)| Form::from_str(form, false).ok());
    match (form, parts) {
        (Some(form), Some((_, file))) => Ok((form, PathBuf::from(file))),
        _ => bail!("--also: `{text}` is no FORM=FILE (forms: {})", forms()),
    }
}

impl Outputs {
    /// Every file that is written.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let also = self.also.iter().map(|(_, file)| file);
        self.out.iter().chain(also).chain(&self.step_summary).map(PathBuf::as_path)
    }

    /// Writes every result. All are made before the first is written; no file is written where a
    /// denied finding makes the command fail.
    pub(super) fn write(&self, report: &CheckReport, denied: bool, ui: &Ui) -> Result<(), Failure> {
        let text = render(report, self.form, if self.out.is_some() { 0 } else { ui.width() })?;
        if denied {
            for file in self.files() {
                ui.note(&format!("`{}` was not written", file.display()));
            }
            if self.out.is_none() {
                ui.data(&text, None)?;
            }
            return Ok(());
        }
        let mut further = Vec::new();
        for (form, file) in &self.also {
            further.push((render(report, *form, 0)?, file));
        }
        ui.data(&text, self.out.as_deref())?;
        for (text, file) in further {
            ui.data(&text, Some(file))?;
        }
        if let Some(file) = &self.step_summary {
            ui::append(file, &(report.markdown()? + "\n"))?;
        }
        Ok(())
    }
}

fn render(report: &CheckReport, form: Form, width: u16) -> Result<String, Failure> {
    Ok(match form {
        Form::Table => {
            let (head, notes) = report.sentences();
            let csv = report.csv_grid();
            let printed = Printed { head: &head, grids: vec![report.grid()], notes: &notes, csv };
            finish::framed(&printed, Style::Terminal { width }, "")?
        }
        Form::Markdown => report.markdown()?,
        Form::Json => serde_json::to_string_pretty(report)? + "\n",
        Form::Csv => report.csv_grid().render(Style::Csv)?,
        Form::Html => report.page().render(),
        Form::Github => report.github(),
        Form::Junit => report.junit()?,
        Form::Sarif => report.sarif()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_files() {
        assert_eq!(form_and_file("sarif=a=b.sarif").ok(), Some((Form::Sarif, "a=b.sarif".into())));
        for text in ["sarif", "sarif=", "pdf=a", "=a"] {
            assert!(form_and_file(text).is_err(), "{text}");
        }
    }
}
