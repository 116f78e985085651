//! `tokencast explain`.

mod check;
mod compare;
mod cost;
mod figure;
mod forecast;
mod settled;

use clap::{Args, Subcommand};

use self::figure::Figures;
use super::args::OutputArgs;
use super::check::CheckArgs;
use super::compare::CompareArgs;
use super::cost::CostArgs;
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed, Undecided};
use super::forecast::ForecastArgs;
use super::ingest::Prices;
use super::settings::Environment;
use super::ui::Ui;
use crate::diagnostic::Diagnostic;
use crate::explain::{Count, Explained};
use crate::report::InputFacts;
use crate::report::explain::{CountReport, ExplainContext, ExplainReport, FigureList, ListedProof};

/// Take a figure of a report apart: charge lines, price entries and contract steps.
///
/// It takes the arguments of the command whose report is explained, and --figure: a JSON Pointer into
/// what that command prints with --output json. The lines add up to the figure, and the result says so.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(subcommand)]
    command: ExplainCommand,
}

#[derive(Debug, Subcommand)]
enum ExplainCommand {
    /// Explain a figure of `cost`, with --contract of its invoices and balances.
    ///
    /// Exit codes: 0 done, 2 error, 3 no usage or nothing that has a price.
    Cost(Box<ExplainCost>),
    /// Explain a figure of `forecast`: known usage, and the sample paths that it is read off.
    ///
    /// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
    Forecast(Box<ExplainForecast>),
    /// Explain a figure of `check`: the forecast that a verdict is read off.
    ///
    /// Exit codes: 0 done, whatever the verdict, 2 error.
    Check(Box<ExplainCheck>),
    /// Explain a figure of `compare`: the settlements of a scenario on the paths that it is read off.
    ///
    /// Exit codes: 0 done, 2 error, 3 no usage, too little history, or nothing that has a price.
    Compare(Box<ExplainCompare>),
}

impl ExplainCommand {
    fn figure(&self) -> &FigureArgs {
        match self {
            Self::Cost(args) => &args.figure,
            Self::Forecast(args) => &args.figure,
            Self::Check(args) => &args.figure,
            Self::Compare(args) => &args.figure,
        }
    }
}

#[derive(Debug, Args)]
struct ExplainCost {
    #[command(flatten)]
    cost: CostArgs,
    #[command(flatten)]
    figure: FigureArgs,
}

#[derive(Debug, Args)]
struct ExplainForecast {
    #[command(flatten)]
    forecast: ForecastArgs,
    #[command(flatten)]
    figure: FigureArgs,
}

#[derive(Debug, Args)]
struct ExplainCheck {
    #[command(flatten)]
    check: CheckArgs,
    #[command(flatten)]
    figure: FigureArgs,
}

#[derive(Debug, Args)]
struct ExplainCompare {
    #[command(flatten)]
    compare: CompareArgs,
    #[command(flatten)]
    figure: FigureArgs,
}

/// Which figure.
#[derive(Debug, Args)]
#[command(next_help_heading = "Figure")]
struct FigureArgs {
    /// The figure as a JSON Pointer (RFC 6901) into the report, such as /totals/billed_cost or
    /// /groups/2/list_cost. By default the headline.
    #[arg(long, value_name = "POINTER")]
    figure: Option<String>,
    /// List the figures that can be explained, and nothing else.
    #[arg(long, conflicts_with = "figure")]
    list: bool,
    /// With --list: take every figure apart and say what its lines leave over.
    #[arg(long, requires = "list")]
    prove: bool,
    /// Lines of charges to show in a table; JSON and CSV have all of them.
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

pub(crate) fn run(
    args: &ExplainArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    // What is wrong with a pointer is said before the long work.
    if let Some(pointer) = &args.command.figure().figure {
        figure::parse(pointer)?;
    }
    match &args.command {
        ExplainCommand::Check(args) => check::run(args, environment, ui),
        ExplainCommand::Compare(args) => compare::run(args, environment, ui),
        ExplainCommand::Cost(args) => cost::run(args, environment, ui),
        ExplainCommand::Forecast(args) => forecast::run(args, environment, ui),
    }
}

/// What was read for an explanation, and where it goes.
struct Asked<'a> {
    command: &'static str,
    figure: &'a FigureArgs,
    output: &'a OutputArgs,
    inputs: InputFacts,
    findings: Vec<Diagnostic>,
    denied: bool,
    undecided: Option<Undecided>,
    prices: Option<&'a Prices>,
}

/// A figure taken apart.
enum Answer<'a> {
    Lines(Explained<'a>),
    Count(Count),
}

impl Asked<'_> {
    /// Lists the figures, or takes one apart and prints it.
    fn answer<'e, F>(
        self,
        figures: &Figures<'_, F>,
        headline: &str,
        explain: impl Fn(F, String) -> Result<Answer<'e>, Failure>,
        ui: &Ui,
    ) -> Result<ExitStatus, Failure> {
        if self.figure.list {
            return self.list(figures, explain, ui);
        }
        let pointer = self.figure.figure.as_deref().unwrap_or(headline);
        let found = figures.find(pointer)?;
        let context = ExplainContext {
            command: self.command,
            pointer: pointer.to_owned(),
            value: found.value,
            book: self.prices.map(|prices| &prices.book),
            inputs: self.inputs.clone(),
            diagnostics: self.findings.clone(),
            price_book: self.prices.map(Prices::facts),
        };
        match explain(found.figure, found.what)? {
            Answer::Lines(explained) => {
                let report = ExplainReport::new(&explained, context)?;
                let (head, notes) = report.sentences();
                let (grids, csv) = (report.grids(self.figure.top), report.csv_grid());
                let printed = Printed { head: &head, grids, notes: &notes, csv };
                finish::print(&report, printed, self.output, self.denied, ui)?;
                if !report.is_proven() {
                    return Ok(unproven(ui));
                }
            }
            Answer::Count(count) => {
                let report = CountReport::new(&count, context);
                let (head, notes) = report.sentences();
                let (grids, csv) = (vec![report.grid()], report.csv_grid());
                let printed = Printed { head: &head, grids, notes: &notes, csv };
                finish::print(&report, printed, self.output, self.denied, ui)?;
            }
        }
        Ok(finish::status(self.denied, self.undecided, ui))
    }

    fn list<'e, F>(
        &self,
        figures: &Figures<'_, F>,
        explain: impl Fn(F, String) -> Result<Answer<'e>, Failure>,
        ui: &Ui,
    ) -> Result<ExitStatus, Failure> {
        let mut listed = figures.list();
        for one in listed.iter_mut().filter(|_| self.figure.prove) {
            let found = figures.find(&one.figure)?;
            if let Answer::Lines(explained) = explain(found.figure, found.what)? {
                one.proof = Some(ListedProof::of(&explained, found.value)?);
            }
        }
        let list = FigureList::new(self.command, listed);
        let head = list.head();
        let (grids, csv) = (vec![list.grid()], list.csv_grid());
        let printed = Printed { head: &head, grids, notes: &[], csv };
        finish::print(&list, printed, self.output, self.denied, ui)?;
        if list.unproven() > 0 {
            return Ok(unproven(ui));
        }
        Ok(finish::status(self.denied, self.undecided, ui))
    }
}

/// What must not happen.
fn unproven(ui: &Ui) -> ExitStatus {
    let hint = "this is a fault of tokencast; please report it";
    ui.error("lines do not add up to their figure", Some(hint));
    ExitStatus::Error
}
