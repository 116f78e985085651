//! `tokencast prices diff`.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;

use super::args::{OutputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::Prices;
use super::prices::instant;
use super::settings::{self, Environment};
use super::ui::Ui;
use crate::period::Calendar;
use crate::price_book::compare::{self, Side};
use crate::report::prices_diff::{Compared, PriceDiff};
use crate::source::provider;

/// Show which prices differ between two dates, or would with another price file.
///
/// `prices diff 2026-12-31 2027-01-01` compares two dates; `prices diff FILE` compares the books
/// with and without a price file on top of them.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A date or instant, or a price file.
    #[arg(value_name = "DATE1|FILE")]
    first: String,
    /// The date or instant to compare with, where the first is one.
    #[arg(value_name = "DATE2")]
    second: Option<String>,
    /// Only models whose id or alias contains this text.
    text: Option<String>,
    /// Only this provider, such as anthropic or aws.bedrock.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The date or instant at which a price file is compared. By default the day on which the books
    /// were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(
    args: &DiffArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let prices = Prices::load(&args.prices, environment)?;
    let date = |text: &str| settings::instant(text, &Calendar::UTC);
    if let Ok(old_at) = date(&args.first) {
        if args.at.is_some() {
            let hint = "`prices diff DATE1 DATE2` names both dates";
            return Err(Failure::with_hint(anyhow!("--at is for `prices diff FILE`"), hint));
        }
        let Some(second) = &args.second else {
            let hint = "`tokencast prices diff 2026-12-31 2027-01-01` compares two dates";
            return Err(Failure::with_hint(anyhow!("a second date is missing"), hint));
        };
        let compared = Compared { old_at, new_at: date(second)?, file: None };
        return print(args, args.text.as_ref(), compared, [&prices, &prices], ui);
    }
    if !Path::new(&args.first).exists() {
        let error = anyhow!("`{}` is no date and no file", args.first);
        let hint = "dates are written 2026-11-20 or 2026-11-20T12:00:00Z";
        return Err(Failure::with_hint(error, hint));
    }
    if args.text.is_some() {
        let hint = "`prices diff FILE [TEXT]` takes one text";
        return Err(Failure::with_hint(anyhow!("too many arguments after a price file"), hint));
    }
    let mut with_file = args.prices.clone();
    with_file.prices.push(args.first.clone().into());
    let after = Prices::load(&with_file, environment).map_err(|mut failure| {
        failure.error = failure.error.context(format!("with `{}`", args.first));
        failure
    })?;
    // The clock is never read: the newest check of either set is the day to look at.
    let at = instant(args.at.as_ref(), &after)?;
    let compared = Compared { old_at: at, new_at: at, file: Some(args.first.clone()) };
    print(args, args.second.as_ref(), compared, [&prices, &after], ui)
}

fn print(
    args: &DiffArgs,
    text: Option<&String>,
    compared: Compared,
    [before, after]: [&Prices; 2],
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let wanted = args.provider.as_deref().map(provider::canonical);
    let old = Side { book: &before.book, at: compared.old_at, known_at: before.known_at };
    let new = Side { book: &after.book, at: compared.new_at, known_at: after.known_at };
    let changes = compare::compare(old, new, |name, model| {
        let is_named = |m: &crate::price_book::ModelEntry| {
            m.provider == name
                && model == Some(m.id.as_str())
                && text.is_some_and(|t| {
                    m.id.contains(t) || m.aliases.iter().any(|a| a.name.contains(t))
                })
        };
        wanted.as_ref().is_none_or(|w| w == name)
            && (text.is_none() || before.book.models().chain(after.book.models()).any(is_named))
    });
    let currency = |provider: &str| {
        let found = after.book.currency(provider).or_else(|| before.book.currency(provider));
        found.map(|c| c.to_string()).unwrap_or_default()
    };
    let report = PriceDiff::new(compared, &changes, currency, after.facts());
    let (head, notes) = report.sentences();
    let printed =
        Printed { head: &head, grids: vec![report.grid()], notes: &notes, csv: report.grid() };
    finish::print(&report, printed, &args.output, false, ui)?;
    Ok(ExitStatus::Ok)
}
