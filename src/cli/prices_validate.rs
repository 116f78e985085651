//! `tokencast prices validate`.

use std::path::PathBuf;

use anyhow::Context;
use chrono::NaiveDate;
use clap::Args;

use super::args::{OutputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::settings::{self, Environment};
use super::ui::Ui;
use crate::diagnostic::SeverityPolicy;
use crate::period::Calendar;
use crate::price_book::PriceBook;
use crate::price_book::review::{self, Freshness};
use crate::report::prices_validate::{Checked, PriceReview};

/// Look for gaps, slips and oddities in price files.
///
/// Exit codes: 0 clean or warnings only, 2 an error, with --strict also a warning.
#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Price files to check on top of the books in use; without any, those books alone.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Days after which a table that was not checked again is stale.
    #[arg(long, value_name = "N", default_value_t = 90)]
    stale_days: u32,
    /// The date from which the age of tables counts. By default the newest day on which one was
    /// checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(
    args: &ValidateArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let books = PriceArgs { prices: args.files.clone(), known_at: None, promotions_end: None };
    let sources = settings::price_sources(&books, environment)?;
    let files = sources.len();
    let at = args.at.as_deref().map(|at| settings::instant(at, &Calendar::UTC).context("--at"));
    let at = at.transpose()?.map(|at| Calendar::UTC.date_of(at));
    let report = match PriceBook::load(&sources) {
        Err(errors) => {
            let checked = Checked { files, ..Checked::default() };
            PriceReview::new(&review::of_errors(&errors), checked, args.strict)
        }
        Ok((book, found)) => {
            let on = at.or(book.version().checked_on).unwrap_or(NaiveDate::MIN);
            let freshness = Freshness { on, most_days: args.stale_days };
            let odd = found.resolve(&SeverityPolicy::default());
            let findings = review::review(&book, &odd, freshness);
            let checked = Checked {
                files,
                models: book.models().count(),
                entries: book.providers().map(|p| p.all_entries().count()).sum(),
                on: Some(on.to_string()),
            };
            PriceReview::new(&findings, checked, args.strict)
        }
    };
    let head = report.head();
    let grid = report.grid();
    let grids = if grid.rows.is_empty() { Vec::new() } else { vec![grid.clone()] };
    let printed = Printed { head: &head, grids, notes: &[], csv: grid };
    finish::print(&report, printed, &args.output, false, ui)?;
    Ok(if report.has_errors() { ExitStatus::Error } else { ExitStatus::Ok })
}
