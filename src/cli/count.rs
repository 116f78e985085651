//! `tokencast count`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;

use super::args::{FindingArgs, OutputArgs, PriceArgs};
use super::error::Failure;
use super::exit::ExitStatus;
use super::finish::{self, Printed};
use super::ingest::Prices;
use super::output_from::{OutputRatios, calibration};
use super::prices::{instant, no_model};
use super::settings::Environment;
use super::token_ratios::Measuring;
use super::ui::Ui;
use crate::corpus::{self, CorpusReport, Sink};
use crate::counting::{
    ClassRatios, CountBasis, CountedModel, Figures, Method, OutputRule, Pricing, RequestRules,
    Sheet, method_of,
};
use crate::diagnostic::{Diagnostics, code};
use crate::money::Factor;
use crate::period::Timestamp;
use crate::report::count::{CorpusFacts, Costed, CountReport, ModelCount};
use crate::sku::{STANDARD, Sku};
use crate::source::{Input, Progress, provider};
use crate::tokenizer::Tokenizer;
use crate::tokens::Component;

/// Providers that sell their own models: a name that several sell means theirs.
const MAKERS: [&str; 7] =
    ["openai", "anthropic", "gcp.gemini", "mistral_ai", "deepseek", "x_ai", "cohere"];

/// Count the tokens of a prompt corpus and show what it would cost, model by model.
///
/// Exit codes: 0 done, 2 error, 3 no prompt.
#[derive(Debug, Args)]
pub(crate) struct CountArgs {
    /// Files, folders, patterns such as 'prompts/*.jsonl', or - for standard input: batch inputs,
    /// fine-tuning files, datasets, texts.
    #[arg(required = true, value_name = "CORPUS")]
    corpus: Vec<String>,
    /// Models to count for, separated by commas: MODEL or PROVIDER/MODEL.
    #[arg(long, short, required = true, value_delimiter = ',', value_name = "MODELS")]
    model: Vec<String>,
    /// The tokenizer of a model, as the `tokenizer.json` of its maker; may be given several times.
    #[arg(long, value_name = "MODEL=FILE")]
    tokenizer: Vec<String>,
    /// Expected tokens of output of every prompt. By default the answers of the corpus, else the
    /// most that a request allows.
    #[arg(long, value_name = "N", conflicts_with = "output_ratio")]
    output_tokens: Option<u64>,
    /// Expected tokens of output for one of input, such as 0.25.
    #[arg(long, value_name = "RATIO", conflicts_with = "output_from")]
    output_ratio: Option<String>,
    /// Expect as much output for the input as usage has, model by model: logs, exports, a rollup,
    /// or a calibration; may be given several times.
    #[arg(long, value_name = "USAGE", conflicts_with = "output_tokens")]
    output_from: Vec<String>,
    /// Ratios fitted to your own logs by `tokencast calibrate`, for models whose tokenizer is not
    /// public. By default the file that the variable TOKENCAST_CALIBRATION names, if any.
    #[arg(long, value_name = "FILE")]
    calibration: Option<String>,
    /// The date or instant of the prices. By default the day on which the books were last checked.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Threads that count; 0 for one a processor.
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
    /// Also write how many tokens the text of the corpus has for each of the models, as ratios for
    /// `compare` and `commit --token-ratios`: of all of it, and by kind of text.
    #[arg(long, value_name = "FILE")]
    token_ratios_out: Option<PathBuf>,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    findings: FindingArgs,
}

pub(crate) fn run(
    args: &CountArgs,
    environment: &Environment,
    ui: &Ui,
) -> Result<ExitStatus, Failure> {
    finish::refuse_page(args.output.output)?;
    let policy = finish::policy(&args.findings)?;
    let rule = rule(args)?;
    let prices = Prices::load(&args.prices, environment)?;
    let at = instant(args.at.as_ref(), &prices)?;
    let tables = (ClassRatios::bundled()?, RequestRules::bundled()?);
    let models = args.model.iter().map(|name| model(name.trim(), &prices, at, &tables));
    let mut models = models.collect::<Result<Vec<_>, Failure>>()?;
    // A tokenizer of the user needs no calibration, and none is missed for it.
    supply(&args.tokenizer, &mut models)?;
    let mut found = Diagnostics::default();
    let calibration = args.calibration.as_ref().or(environment.calibration.as_ref());
    calibrate(&mut models, calibration, (&prices, at), &mut found)?;
    if !args.output_from.is_empty() {
        let ratios = OutputRatios::read(&args.output_from, &prices, at, &mut found, ui)?;
        models.iter_mut().for_each(|model| ratios.give(model, &prices, at, &mut found));
    }
    let inputs = corpus::expand(&args.corpus)?;
    let measuring = args.token_ratios_out.as_deref();
    let measuring = measuring.map(|out| Measuring::new(out, &models, &inputs, (&prices, at), ui));
    let measuring = measuring.transpose()?;
    let mut sheet = Sheet::new(models, inputs.len(), rule, prices.book.context_edges());
    let read = read(&inputs, &mut sheet, args.threads, ui)?;
    if let Some(failed) = sheet.failed() {
        return Err(anyhow!("{failed}").into());
    }
    found.merge(findings(&sheet, &read, &prices));
    let (findings, denied) = finish::resolve(&found, &policy);
    ui.findings(&findings);
    let pricing = Pricing {
        book: &prices.book,
        at,
        known_at: prices.known_at,
        input: Component::InputUncached,
    };
    let counts = counts(&sheet, &inputs, pricing)?;
    let report = CountReport::new(facts(&sheet, &read), at, counts, findings, prices.facts());
    let (head, notes) = (report.head(), report.notes());
    let printed =
        Printed { head: &head, grids: report.grids(), notes: &notes, csv: report.csv_grid() };
    finish::print(&report, printed, &args.output, denied, ui)?;
    match measuring {
        Some(measuring) if !denied && read.prompts > 0 => {
            measuring.write(&inputs, args.threads, ui)?;
        }
        Some(_) => ui.note("no ratios of tokens were written"),
        None => {}
    }
    if read.prompts == 0 && !denied {
        ui.error("undecided: no prompt was found", Some("check the paths and the findings above"));
        return Ok(ExitStatus::Undecided);
    }
    Ok(finish::status(denied, None, ui))
}

/// Gives models the tokenizers that the user has for them.
pub(super) fn supply(given: &[String], models: &mut [CountedModel]) -> Result<(), Failure> {
    for pair in given {
        let split = pair.split_once('=');
        let known = split.and_then(|(name, file)| {
            Some((models.iter_mut().find(|model| model.name == name.trim())?, file))
        });
        let Some((model, file)) = known else {
            let error = anyhow!("--tokenizer: `{pair}` is not MODEL=FILE of a model in --model");
            return Err(error.into());
        };
        let failed = || format!("failed to read tokenizer `{file}`");
        let json = std::fs::read(file).with_context(failed)?;
        model.method = Method::supplied(Tokenizer::from_json(file, &json).with_context(failed)?);
    }
    Ok(())
}

/// Counts models whose tokenizer is not known by the ratios of a calibration.
pub(super) fn calibrate(
    models: &mut [CountedModel],
    file: Option<&String>,
    (prices, at): (&Prices, Timestamp),
    found: &mut Diagnostics,
) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    let (calibration, table) = (calibration(file)?, ClassRatios::bundled()?);
    for model in models {
        let entry = prices.book.find_model(&model.sku.provider, &model.sku.model, at);
        match entry.and_then(|entry| calibration.method(entry, &model.method, &table)) {
            Some(method) => model.method = method,
            None if model.method.basis == CountBasis::Estimated => {
                let message =
                    format!("`{file}` says nothing of {}: it is estimated as shipped", model.name);
                found.add(code::IDLE_CALIBRATION, message, None);
            }
            None => {}
        }
    }
    Ok(())
}

fn rule(args: &CountArgs) -> Result<OutputRule, Failure> {
    match (args.output_tokens, &args.output_ratio) {
        (Some(tokens), _) => Ok(OutputRule::Tokens(tokens)),
        (None, None) if !args.output_from.is_empty() => Ok(OutputRule::Logs),
        (None, None) => Ok(OutputRule::Corpus),
        (None, Some(text)) => {
            let ratio = text.parse::<Factor>().context("--output-ratio")?;
            if ratio < Factor::ZERO {
                return Err(anyhow!("--output-ratio: `{text}` is below zero").into());
            }
            Ok(OutputRule::Ratio(ratio))
        }
    }
}

pub(super) fn model(
    name: &str,
    prices: &Prices,
    at: Timestamp,
    tables: &(ClassRatios, RequestRules),
) -> Result<CountedModel, Failure> {
    let known = |provider: &str| prices.book.currency(provider).is_some();
    let split = name.split_once('/').map(|(p, model)| (provider::canonical(p), model));
    let (wanted, model) = match split {
        Some((provider, model)) if known(&provider) => (Some(provider), model),
        _ => (None, name),
    };
    let providers = || {
        let all = prices.book.providers().map(|p| p.provider.as_str());
        all.filter(|p| wanted.as_ref().is_none_or(|w| w == p))
    };
    let sold = providers().filter_map(|provider| {
        let sku = sku_of(provider, model);
        Some((prices.book.find_model(provider, &sku.model, at)?, sku))
    });
    let mut sold: Vec<_> = sold.collect();
    if sold.len() > 1 && sold.iter().any(|(_, sku)| MAKERS.contains(&&*sku.provider)) {
        sold.retain(|(_, sku)| MAKERS.contains(&&*sku.provider));
    }
    if sold.len() > 1 {
        let names: Vec<String> =
            sold.iter().map(|(_, sku)| format!("{}/{model}", sku.provider)).collect();
        let error = anyhow!("model `{model}` is sold by several providers");
        return Err(Failure::with_hint(error, format!("name one: {}", names.join(", "))));
    }
    let Some((entry, sku)) = sold.pop() else {
        return Err(no_model(prices, model, providers().collect()));
    };
    let method = method_of(entry, &tables.0)?;
    let overhead = tables.1.of(entry.maker.as_deref().unwrap_or_default(), &entry.id);
    Ok(CountedModel { name: name.to_owned(), sku, method, overhead, output: None })
}

/// Names of Bedrock's models say where they are served.
fn sku_of(provider: &str, model: &str) -> Sku {
    let sku = Sku::new(provider, model);
    if provider != "aws.bedrock" {
        return sku;
    }
    let found = provider::bedrock_model(model);
    Sku {
        model: found.model.into(),
        endpoint: found.endpoint.into(),
        region: found.region.into(),
        ..sku
    }
}

/// Counts the files of a corpus, with so many threads; 0 for one a processor.
pub(super) fn read(
    inputs: &[Input],
    sheet: &mut Sheet,
    threads: usize,
    ui: &Ui,
) -> Result<CorpusReport, Failure> {
    let (report, counters) = read_with(inputs, || sheet.counter(), threads, ui)?;
    counters.into_iter().for_each(|counter| sheet.merge(counter.finish()));
    Ok(report)
}

/// Reads a corpus with some threads, 0 for one a processor, and gives back what takes the prompts.
pub(super) fn read_with<S: Sink>(
    inputs: &[Input],
    sink: impl Fn() -> S,
    threads: usize,
    ui: &Ui,
) -> Result<(CorpusReport, Vec<S>), Failure> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        stated => stated,
    };
    let sinks: Vec<S> = (0..threads).map(|_| sink()).collect();
    let progress = Progress::default();
    let sizes = inputs.iter().map(Input::size).sum();
    let result = ui.while_reading(sizes, &progress, || corpus::read_all(inputs, &progress, sinks));
    Ok(result?)
}

pub(super) fn findings(sheet: &Sheet, read: &CorpusReport, prices: &Prices) -> Diagnostics {
    let mut found = read.diagnostics.clone();
    found.merge(prices.found.clone());
    for (kind, count) in sheet.media() {
        let message = format!("parts of prompts that are in no count: {kind}");
        found.add_many(code::MEDIA_NOT_COUNTED, message, None, *count);
    }
    for sentence in sheet.by_formula() {
        found.add(code::INEXACT_COUNT, *sentence, None);
    }
    for model in sheet.models() {
        let basis = model.method.basis;
        if basis != CountBasis::Exact {
            let message =
                format!("tokens of {} are {}: {}", model.name, basis.name(), model.method.why);
            found.add(code::INEXACT_COUNT, message, None);
        }
    }
    found
}

fn facts(sheet: &Sheet, read: &CorpusReport) -> CorpusFacts {
    CorpusFacts {
        files: read.files,
        prompts: read.prompts,
        skipped: read.skipped,
        shapes: read.shapes.clone(),
        outputs: sheet.outputs().iter().map(|(basis, n)| (basis.name(), *n)).collect(),
        not_counted: sheet.media().clone(),
    }
}

fn counts(
    sheet: &Sheet,
    inputs: &[Input],
    pricing: Pricing<'_>,
) -> Result<Vec<ModelCount>, Failure> {
    let one = |(at, model): (usize, &CountedModel)| {
        let costed = |figures: Figures| -> Result<Costed, Failure> {
            Ok(Costed {
                standard: pricing.price(&model.sku, STANDARD, &figures)?,
                batch: pricing.price(&model.sku, "batch", &figures)?,
                figures,
            })
        };
        let files = inputs.iter().enumerate();
        let files = files.map(|(n, input)| Ok((input.name(), costed(sheet.of_file(n, at))?)));
        let files = files.collect::<Result<Vec<_>, Failure>>()?;
        let currency = pricing.book.currency(&model.sku.provider);
        let total = costed(sheet.total(at))?;
        Ok(ModelCount::new(model, currency, &total, files))
    };
    sheet.models().iter().enumerate().map(one).collect()
}
