//! Arguments that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table for the terminal.
    #[default]
    Table,
    /// A Markdown table.
    Markdown,
    /// JSON with a versioned schema and exact amounts.
    Json,
    /// Comma-separated values with exact amounts.
    Csv,
    /// A page with charts in one file, of forecast, cost, compare, backtest and check.
    Html,
}

/// Whether input counts include cached tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum IncludesCache {
    /// They do (OpenAI, Gemini).
    Yes,
    /// They do not (Anthropic, Bedrock).
    No,
    /// Decided record by record.
    #[default]
    Auto,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct GeneralArgs {
    /// Say nothing but the result and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colour in messages.
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub(crate) color: When,
}

/// Where the result goes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of the result.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) output: OutputFormat,
    /// Write the result to a file, whole or not at all.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// What is read and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// Files, folders, patterns such as 'logs/*.jsonl', or - for standard input. Also .gz, .zst and
    /// .zip.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<String>,
    /// Read only this format; `tokencast formats` lists them. By default the format is told by
    /// content, line by line.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format_in: Option<String>,
    /// Columns or JSON paths of a log that no reader knows, as FIELD=COLUMN or FIELD=@CONSTANT,
    /// separated by commas: time=Timestamp,model=Model,input=In,output=Out,provider=@openai.
    #[arg(long, value_name = "PAIRS")]
    pub(crate) map: Vec<String>,
    /// Whether the mapped input count includes cached tokens.
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    pub(crate) input_includes_cache: IncludesCache,
    /// Take every record as billed by this provider, such as azure.ai.openai or aws.bedrock.
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// Labels to keep, separated by commas, or `all`, or `none`. By default well-known ones such
    /// as team and project, and those that --group-by names.
    #[arg(long, value_name = "NAMES")]
    pub(crate) labels: Option<String>,
    /// Replace the values of these labels, separated by commas, by a keyed hash: `all`, or without
    /// NAMES those that name people, accounts and keys, such as user, email and api_key.
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "personal")]
    pub(crate) hash_labels: Option<String>,
    /// A file with the secret under which labels are hashed. By default the variable
    /// TOKENCAST_HASH_KEY; without either, short values can be found by guessing.
    #[arg(long, value_name = "FILE", requires = "hash_labels")]
    pub(crate) hash_key_file: Option<PathBuf>,
    /// Only usage from this date or instant on.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only usage before this date or instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Time zone of days and months, such as Europe/Berlin. By default UTC; with --contract that of
    /// the contract that is applied first.
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// Threads that read, and forecast again in backtests; 0 for one a processor.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) threads: usize,
}

/// Which prices.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Prices")]
pub(crate) struct PriceArgs {
    /// A price book that overrides the bundled ones; may be given several times. Books named by
    /// the variable TOKENCAST_PRICES (separated as in PATH) come between.
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Vec<PathBuf>,
    /// Assume that promotions without a stated end end at this date or instant, and the prices
    /// before them return.
    #[arg(long, value_name = "TIME")]
    pub(crate) promotions_end: Option<String>,
    /// Use prices as they were known at this date or instant.
    #[arg(long, value_name = "TIME")]
    pub(crate) known_at: Option<String>,
}

/// Which contracts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Contracts")]
pub(crate) struct SettleArgs {
    /// A contract file, a folder of them, or a pattern; may be given several times. The usage is
    /// settled by all of them together, as invoices, balances and costs.
    #[arg(long, value_name = "FILE")]
    pub(crate) contract: Vec<String>,
    /// Exchange rates by day: CSV `date,from,to,rate[,source]`, or TOML; may be given several
    /// times.
    #[arg(long, value_name = "FILE", requires = "contract")]
    pub(crate) fx: Vec<PathBuf>,
    /// Also show every line of every invoice; JSON and CSV always have them.
    #[arg(long, requires = "contract")]
    pub(crate) lines: bool,
}

/// How old prices may be.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Prices")]
pub(crate) struct StaleArgs {
    /// Warn about usage more than N days after its price book was checked.
    #[arg(long, value_name = "N", default_value_t = crate::rating::stale::STALE_DAYS)]
    pub(crate) stale_days: u32,
}

/// What is an error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Findings")]
pub(crate) struct FindingArgs {
    /// Fail on any part of the input that could not be read, counted or priced.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Fail on a finding with this code.
    #[arg(long, value_name = "CODE")]
    pub(crate) deny: Vec<String>,
    /// Show a finding with this code, but do not fail.
    #[arg(long, value_name = "CODE")]
    pub(crate) warn: Vec<String>,
    /// Do not show a finding with this code.
    #[arg(long, value_name = "CODE")]
    pub(crate) allow: Vec<String>,
}
