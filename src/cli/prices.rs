//! `tokencast prices`.

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::args::{OutputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::Prices;
use super::prices_diff::{self, DiffArgs};
use super::prices_explain::{self, ExplainArgs};
use super::prices_import;
use super::prices_validate::{self, ValidateArgs};
use super::settings::{self, Environment};
use super::ui::Ui;
use crate::period::{Calendar, Timestamp};
use crate::report::prices::{ListFilter, PriceList};
use crate::report::prices_show::ShownModel;
use crate::source::provider;

/// Look prices up.
#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// List models with their standard prices at one date.
    List(ListArgs),
    /// Show every price of one model with its dates, conditions and sources.
    Show(ShowArgs),
    /// Make a price book of the price table of LiteLLM, genai-prices, models.dev or llm-prices.
    Import(prices_import::ImportArgs),
    /// Say how each price of one model comes about, and what almost applied.
    Explain(ExplainArgs),
    /// Show which prices differ between two dates, or would with another price file.
    Diff(DiffArgs),
    /// Look for gaps, slips and oddities in price files.
    Validate(ValidateArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only models whose name contains this text.
    text: Option<String>,
    /// Only this provider, such as anthropic or aws.bedrock.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The date or instant of the prices. By default the day on which the books were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Also models without a price in force.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// Id or alias of the model, exactly.
    model: String,
    /// Only this provider; by default the one that has the model.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The instant at which entries are in force or ended, and aliases mean what they mean.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(
    args: &PricesArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    match &args.command {
        PricesCommand::List(list) => run_list(list, environment, ui),
        PricesCommand::Show(show) => run_show(show, environment, ui),
        PricesCommand::Import(import) => prices_import::run(import, ui),
        PricesCommand::Explain(explain) => prices_explain::run(explain, environment, ui),
        PricesCommand::Diff(diff) => prices_diff::run(diff, environment, ui),
        PricesCommand::Validate(validate) => prices_validate::run(validate, environment, ui),
    }
}

/// The clock is never read, so "now" is the day on which the books were last checked.
pub(super) fn instant(text: Option<&String>, prices: &Prices) -> Result<Timestamp, Failure> {
    match text {
        Some(text) => Ok(settings::instant(text, &Calendar::UTC)?),
        None => {
            Ok(prices.book.version().checked_on.map(Timestamp::from_utc_date).unwrap_or_default())
        }
    }
}

fn run_list(args: &ListArgs, environment: &Environment, ui: &Ui) -> Result<ExitStatus, Failure> {
    let prices = Prices::load(&args.prices, environment)?;
    let filter = ListFilter {
        provider: args.provider.as_deref().map(|p| provider::canonical(p).to_string()),
        text: args.text.clone(),
        at: instant(args.at.as_ref(), &prices)?,
        known_at: prices.known_at,
        all: args.all,
    };
    let list = PriceList::new(&prices.book, &filter, prices.facts());
    if list.is_empty() {
        return Err(nothing_listed(&prices, filter));
    }
    let (head, note) = list.sentences();
    let printed =
        Printed { head: &head, grids: vec![list.grid()], notes: &[note], csv: list.grid() };
    finish::print(&list, printed, &args.output, false, ui)?;
    Ok(ExitStatus::Ok)
}

/// Why a list is empty, and what would fill it.
fn nothing_listed(prices: &Prices, filter: ListFilter) -> Failure {
    let all =
        PriceList::new(&prices.book, &ListFilter { all: true, ..filter.clone() }, prices.facts());
    if !all.is_empty() {
        let error = anyhow!("no model of those that match has a standard price at {}", filter.at);
        let hint =
            format!("`--all` lists the {} that match, `--at` asks for another time", all.len());
        return Failure::with_hint(error, hint);
    }
    let providers: Vec<&str> = prices.book.providers().map(|p| p.provider.as_str()).collect();
    let hint = format!("providers: {}", providers.join(", "));
    match filter.provider.filter(|p| !providers.contains(&p.as_str())) {
        Some(provider) => {
            Failure::with_hint(anyhow!("no price book is of provider `{provider}`"), hint)
        }
        None => Failure::with_hint(anyhow!("no model matches"), hint),
    }
}

fn run_show(args: &ShowArgs, environment: &Environment, ui: &Ui) -> Result<ExitStatus, Failure> {
    let prices = Prices::load(&args.prices, environment)?;
    let at = instant(args.at.as_ref(), &prices)?;
    let wanted = args.provider.as_deref().map(provider::canonical);
    let providers = || {
        prices
            .book
            .providers()
            .map(|p| p.provider.as_str())
            .filter(|p| wanted.as_ref().is_none_or(|w| w == p))
    };
    let found: Vec<_> =
        providers().filter_map(|p| prices.book.find_model(p, &args.model, at)).collect();
    match found.as_slice() {
        [] => Err(no_model(&prices, &args.model, providers().collect())),
        [model] => {
            let shown = ShownModel::new(&prices.book, model, at, prices.known_at, prices.facts());
            let head = shown.head();
            let printed =
                Printed { head: &head, grids: vec![shown.grid()], notes: &[], csv: shown.grid() };
            finish::print(&shown, printed, &args.output, false, ui)?;
            Ok(ExitStatus::Ok)
        }
        several => {
            let names: Vec<&str> = several.iter().map(|m| m.provider.as_str()).collect();
            let error = anyhow!("model `{}` is sold by several providers", args.model);
            Err(Failure::with_hint(
                error,
                format!("name one with --provider: {}", names.join(", ")),
            ))
        }
    }
}

/// Why a name means nothing, and what would.
pub(super) fn no_model(prices: &Prices, name: &str, providers: Vec<&str>) -> Failure {
    let models = || prices.book.models().filter(|m| providers.contains(&m.provider.as_str()));
    let once = models().find_map(|m| {
        let alias = m.aliases.iter().find(|a| a.name == name)?;
        let from = alias.effective_from.map(|t| format!(" from {t}")).unwrap_or_default();
        let until = alias.effective_until.map(|t| format!(" until {t}")).unwrap_or_default();
        Some(format!(
            "`{name}` was a name of `{}` of `{}`{from}{until}; see it with --at",
            m.id, m.provider
        ))
    });
    let bare = provider::bedrock_id(name);
    let on_bedrock = models().find(|m| bare != name && m.id == bare);
    let mut near: Vec<String> =
        providers.iter().flat_map(|p| prices.book.similar_models(p, name)).collect();
    near.sort();
    near.dedup();
    let hint = match (once, on_bedrock) {
        (Some(once), _) => once,
        (None, Some(model)) => {
            format!("without its geography it is `{}` of `{}`", model.id, model.provider)
        }
        (None, None) if near.is_empty() => {
            "`tokencast prices list TEXT` finds models by a part of their name".to_owned()
        }
        (None, None) => format!("nearest names: {}", near.join(", ")),
    };
    Failure::with_hint(anyhow!("no price book knows model `{name}`"), hint)
}
