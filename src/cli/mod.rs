//! The command line: what the user typed, resolved once and handed to the library.

mod args;
mod backtest;
mod budgets;
mod calibrate;
mod check;
mod commit;
mod compare;
mod contract;
mod cost;
mod cost_series;
mod count;
mod diff;
mod error;
mod exit;
mod explain;
mod finish;
mod forecast;
mod formats;
mod ingest;
mod init;
mod model_args;
mod output_from;
mod prices;
mod prices_diff;
mod prices_explain;
mod prices_import;
mod prices_validate;
mod rollup;
mod settings;
mod settle;
mod token_ratios;
mod ui;

use std::ffi::OsString;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use self::args::GeneralArgs;
use self::error::Failure;
pub use self::exit::ExitStatus;
use self::settings::Environment;
use self::ui::Ui;

/// Forecast what LLM usage will cost: real logs in, dated prices, exact decimals, prediction
/// intervals out. Works offline, on files.
#[derive(Debug, Parser)]
#[command(name = "tokencast", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    general: GeneralArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Cost(cost::CostArgs),
    Forecast(Box<forecast::ForecastArgs>),
    Backtest(Box<backtest::BacktestArgs>),
    Check(Box<check::CheckArgs>),
    Compare(Box<compare::CompareArgs>),
    Commit(Box<commit::CommitArgs>),
    Explain(explain::ExplainArgs),
    Rollup(rollup::RollupArgs),
    Formats(formats::FormatsArgs),
    Diff(Box<diff::DiffArgs>),
    Count(Box<count::CountArgs>),
    Calibrate(calibrate::CalibrateArgs),
    Prices(prices::PricesArgs),
    Contract(contract::ContractArgs),
    Init(init::InitArgs),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write man pages into a folder.
    Man {
        /// The folder; it is made if it does not exist.
        folder: std::path::PathBuf,
    },
}

/// Runs the program with its arguments and says how it ended.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no error.
            let status = if error.use_stderr() { ExitStatus::Error } else { ExitStatus::Ok };
            let _ = error.print();
            return status;
        }
    };
    let environment = Environment::read();
    let ui = Ui::new(cli.general.quiet, cli.general.color, environment.no_color);
    match dispatch(&cli.command, &environment, &ui) {
        Ok(status) => status,
        Err(failure) => {
            ui.failure(&failure);
            failure.status
        }
    }
}

fn dispatch(command: &Command, environment: &Environment, ui: &Ui) -> Result<ExitStatus, Failure> {
    match command {
        Command::Cost(args) => cost::run(args, environment, ui),
        Command::Forecast(args) => forecast::run(args, environment, ui),
        Command::Backtest(args) => backtest::run(args, environment, ui),
        Command::Check(args) => check::run(args, environment, ui),
        Command::Compare(args) => compare::run(args, environment, ui),
        Command::Commit(args) => commit::run(args, environment, ui),
        Command::Explain(args) => explain::run(args, environment, ui),
        Command::Rollup(args) => rollup::run(args, environment, ui),
        Command::Formats(args) => formats::run(args, ui),
        Command::Count(args) => count::run(args, environment, ui),
        Command::Diff(args) => diff::run(args, environment, ui),
        Command::Calibrate(args) => calibrate::run(args, environment, ui),
        Command::Prices(args) => prices::run(args, environment, ui),
        Command::Contract(args) => contract::run(args, ui),
        Command::Init(args) => init::run(args, ui),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tokencast", &mut text);
            ui.data(&String::from_utf8_lossy(&text), None)?;
            Ok(ExitStatus::Ok)
        }
        Command::Man { folder } => {
            let failed = || format!("failed to write man pages into `{}`", folder.display());
            std::fs::create_dir_all(folder).with_context(failed)?;
            clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
            Ok(ExitStatus::Ok)
        }
    }
}
