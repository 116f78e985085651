//! `tokencast prices explain`.

use anyhow::anyhow;
use clap::Args;
use compact_str::CompactString;

use super::args::{OutputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::Prices;
use super::prices::{instant, no_model};
use super::settings::Environment;
use super::ui::Ui;
use crate::period::Timestamp;
use crate::price_book::ModelEntry;
use crate::price_book::explain::Asked;
use crate::report::prices_explain::PriceExplanation;
use crate::sku::{self, ContextBand, STANDARD, Sku};
use crate::source::provider;
use crate::tokens::Component;

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Name of the model as a log has it: id, alias, or a Bedrock id with its geography.
    model: String,
    /// Only this provider; by default the one that has the model.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The date or instant of the usage. By default the day on which the books were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Service tier, such as standard, batch, flex or priority.
    #[arg(long, value_name = "TIER", default_value = STANDARD)]
    tier: String,
    /// Speed, such as standard or fast.
    #[arg(long, value_name = "SPEED", default_value = STANDARD)]
    speed: String,
    /// Endpoint or geography, such as global, regional or us.
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,
    /// Cloud region, such as eu-west-1.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// Deployment type, such as `global_standard` or `data_zone`.
    #[arg(long, value_name = "TYPE")]
    deployment: Option<String>,
    /// Tokens of the whole prompt, cached ones too.
    #[arg(long, value_name = "N")]
    context: Option<u64>,
    /// Only this component, such as input.uncached or output; may be given several times.
    #[arg(long, value_name = "NAME")]
    component: Vec<String>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(
    args: &ExplainArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    let components = components(&args.component)?;
    let prices = Prices::load(&args.prices, environment)?;
    let at = instant(args.at.as_ref(), &prices)?;
    let (model, sku) = found(args, &prices, at)?;
    let context = args.context.map_or(ContextBand::Unknown, |tokens| ContextBand::Known {
        from: tokens,
        until: tokens.checked_add(1),
    });
    let asked = Asked { sku, context, at, known_at: prices.known_at };
    let asked_for = (args.model.as_str(), components.as_slice());
    let report = PriceExplanation::new(&prices.book, model, &asked, asked_for, prices.facts());
    let (head, notes) = (report.head(), report.notes());
    let printed =
        Printed { head: &head, grids: vec![report.grid()], notes: &notes, csv: report.csv_grid() };
    finish::print(&report, printed, &args.output, false, ui)?;
    Ok(ExitStatus::Ok)
}

fn components(names: &[String]) -> Result<Vec<Component>, Failure> {
    let one = |name: &str| {
        Component::from_name(name).ok_or_else(|| {
            let all: Vec<&str> = Component::ALL.iter().map(|c| c.name()).collect();
            let error = anyhow!("--component: no component is named `{name}`");
            Failure::with_hint(error, format!("components: {}", all.join(", ")))
        })
    };
    names.iter().flat_map(|n| n.split(',')).map(|n| one(n.trim())).collect()
}

/// The model that a name means, and the usage asked for; modifiers in the name of a Bedrock model
/// count as in usage, unless a flag says otherwise.
fn found<'p>(
    args: &ExplainArgs,
    prices: &'p Prices,
    at: Timestamp,
) -> Result<(&'p ModelEntry, Sku), Failure> {
    let wanted = args.provider.as_deref().map(provider::canonical);
    let providers = || {
        let all = prices.book.providers().map(|p| p.provider.as_str());
        all.filter(|p| wanted.as_ref().is_none_or(|w| w == p))
    };
    let sku = |provider: &str| asked_sku(args, provider);
    let mut found: Vec<(&ModelEntry, Sku)> = providers()
        .map(sku)
        .filter_map(|sku| Some((prices.book.find_model(&sku.provider, &sku.model, at)?, sku)))
        .collect();
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|(m, _)| m.provider.as_str()).collect();
        let error = anyhow!("model `{}` is sold by several providers", args.model);
        return Err(Failure::with_hint(
            error,
            format!("name one with --provider: {}", names.join(", ")),
        ));
    }
    found.pop().ok_or_else(|| no_model(prices, &args.model, providers().collect()))
}

fn asked_sku(args: &ExplainArgs, provider: &str) -> Sku {
    let word =
        |flag: &Option<String>, found: &str| CompactString::new(flag.as_deref().unwrap_or(found));
    let mut sku = Sku {
        service_tier: sku::service_tier(&args.tier),
        speed: args.speed.as_str().into(),
        endpoint: word(&args.endpoint, ""),
        region: word(&args.region, ""),
        deployment: word(&args.deployment, ""),
        ..Sku::new(provider, &args.model)
    };
    if provider == "aws.bedrock" {
        let found = provider::bedrock_model(&args.model);
        sku.model = found.model.into();
        sku.endpoint = word(&args.endpoint, found.endpoint);
        sku.region = word(&args.region, found.region);
        if found.provisioned {
            sku.service_tier = CompactString::const_new("provisioned");
        }
    }
    sku
}
