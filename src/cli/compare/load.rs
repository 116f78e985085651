//! Scenarios from flags and files.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::BASE;
use crate::cli::error::Failure;
use crate::cli::{contract, ingest};
use crate::contract::{Contract, FxTable};
use crate::diagnostic::{Diagnostics, code};
use crate::rating::group::Dimension;
use crate::scenario::change::{Change, Scenario, Stated};
use crate::scenario::file::{self, ScenarioFile};
use crate::scenario::{BillingError, Fallback, rebill, stated_twice};
use crate::source::Input;

/// Which scenarios.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scenarios")]
pub(super) struct ScenarioArgs {
    /// A file of scenarios, tokencast.scenario.v1; may be given several times.
    #[arg(long, value_name = "FILE")]
    scenario: Vec<PathBuf>,
    /// A scenario: contract files, folders or patterns, separated by commas, that the usage is settled
    /// by together. Without a name it has those of its contracts. May be given several times.
    #[arg(long, value_name = "[NAME=]FILE,...")]
    contract: Vec<String>,
    /// A scenario: a share of a model's usage goes to another model, as FROM=TO:SHARE%[@DATE]:
    /// claude-opus-5=claude-sonnet-5:60%, gpt-5=aws.bedrock/amazon.nova-pro-v1:0:40%@2027-01-01. May be
    /// given several times.
    #[arg(long, value_name = "SWAP")]
    swap: Vec<String>,
    /// Where the usage of a provider goes if it has to be left, as PROVIDER=PROVIDER/MODEL or
    /// PROVIDER/MODEL=PROVIDER/MODEL: the comparison then says what leaving it on the first day would
    /// add, with the contracts still owed. :no-cache at the end bills cached prompts as uncached ones,
    /// :no-tools ends calls of built-in tools. May be given several times.
    #[arg(long, value_name = "FALLBACK")]
    fallback: Vec<String>,
    /// Ratios of tokens between models that `count --token-ratios-out` measured on a corpus. Swaps
    /// and fallbacks that state none take them before those of the shipped table.
    #[arg(long, value_name = "FILE")]
    pub(super) token_ratios: Option<PathBuf>,
    /// Exchange rates by day: CSV `date,from,to,rate[,source]`, or TOML; may be given several
    /// times.
    #[arg(long, value_name = "FILE")]
    pub(super) fx: Vec<PathBuf>,
    /// The scenario that the others are compared with.
    #[arg(long, default_value = BASE, value_name = "NAME")]
    pub(super) base: String,
}

/// A scenario with its contracts read.
pub(in crate::cli) struct Loaded {
    pub(in crate::cli) name: String,
    pub(in crate::cli) changes: Vec<Stated>,
    /// As its files state them.
    pub(in crate::cli) contracts: Vec<Contract>,
    /// After each change of billing, with its number among the changes.
    pub(super) billed: Vec<(usize, Vec<Contract>)>,
    /// What changes of billing did, in words.
    pub(super) terms: Vec<String>,
    /// Exchange rates after each change of them, with its number among the changes.
    pub(super) rates: Vec<(usize, FxTable)>,
}

/// Everything that is compared.
pub(super) struct Scenarios {
    pub(super) all: Vec<Loaded>,
    pub(super) fallbacks: Vec<Fallback>,
    pub(super) found: Diagnostics,
}

impl Loaded {
    fn new(name: String, changes: Vec<Stated>, contracts: Vec<Contract>) -> Self {
        let (billed, terms, rates) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, changes, contracts, billed, terms, rates }
    }

    /// The contracts after all of its changes.
    pub(in crate::cli) fn own_contracts(&self) -> &[Contract] {
        self.billed.last().map_or(&self.contracts, |(_, contracts)| contracts)
    }

    /// Its contracts as stated, and after each change of billing.
    pub(in crate::cli) fn all_contracts(&self) -> impl Iterator<Item = &Contract> {
        self.contracts.iter().chain(self.billed.iter().flat_map(|(_, contracts)| contracts))
    }

    /// The exchange rates after all of its changes.
    pub(super) fn own_rates<'t>(&'t self, table: &'t FxTable) -> &'t FxTable {
        self.rates.last().map_or(table, |(_, rates)| rates)
    }

    /// Applies its changes of billing and of exchange rates.
    fn change_deal(&mut self, table: &FxTable, found: &mut Diagnostics) -> Result<(), Failure> {
        for (number, stated) in self.changes.iter().enumerate() {
            match &stated.change {
                Change::Billing(billing) => {
                    let mut contracts = self.own_contracts().to_vec();
                    let words = rebill(&mut contracts, billing)
                        .map_err(|error| self.not_billed(&stated.label, error))?;
                    if words.is_empty() {
                        let message = format!(
                            "scenario `{}`: {} touches no term of its contracts",
                            self.name, stated.label
                        );
                        let place = stated.place.as_ref().map(|place| place.location());
                        found.add(code::IDLE_CHANGE, message, place);
                    }
                    self.terms.extend(words);
                    self.billed.push((number, contracts));
                }
                Change::Fx(fx) => {
                    let Some(place) = &stated.place else { continue };
                    let rates = self.own_rates(table);
                    let rates = rates.with((fx.from, fx.to), fx.on, fx.to_be, place)?;
                    self.rates.push((number, rates));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn not_billed(&self, label: &str, error: BillingError) -> Failure {
        let hint = match error {
            BillingError::NoSuchContract { .. } => {
                "name one of its `contracts` by the `id` in its file"
            }
            BillingError::WhichContract(0) => {
                "name a file in `contracts` of the scenario: who invoices, from when, for which usage; it needs no terms"
            }
            BillingError::WhichContract(_) => "name one of them with `contract = \"ID\"`",
        };
        Failure::with_hint(anyhow!("scenario `{}`: {label}: {error}", self.name), hint)
    }

    /// The dimensions that its changes look at.
    pub(in crate::cli) fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        let scopes = self.changes.iter().filter_map(|stated| stated.change.scope());
        scopes.flat_map(|scope| scope.0.iter().map(|(dimension, _)| dimension.clone()))
    }
}

impl ScenarioArgs {
    /// The base, then the scenarios of files and flags.
    pub(super) fn load(&self, out: Option<&Path>, fx: &FxTable) -> Result<Scenarios, Failure> {
        let base = Loaded::new(BASE.to_owned(), Vec::new(), Vec::new());
        let (mut scenarios, mut found) = (vec![base], Diagnostics::default());
        let mut read: Vec<PathBuf> = self.fx.iter().chain(&self.token_ratios).cloned().collect();
        let mut fallbacks = Vec::new();
        for path in &self.scenario {
            read.push(path.clone());
            let file = read_file(path)?;
            fallbacks.extend(file.fallbacks);
            for scenario in file.scenarios {
                scenarios.push(with_contracts(scenario, path, &mut read, &mut found)?);
            }
        }
        for text in &self.contract {
            let (name, files) = match text.split_once('=') {
                Some((name, files)) => (Some(name.trim().to_owned()), files),
                None => (None, text.as_str()),
            };
            let files: Vec<String> = files.split(',').map(|file| file.trim().to_owned()).collect();
            let contracts = contracts(&files, &mut read, &mut found)?;
            let ids = contracts.iter().map(|c| c.id.to_string()).collect::<Vec<_>>().join("+");
            let name = name.unwrap_or(ids);
            scenarios.push(Loaded::new(name, Vec::new(), contracts));
        }
        for typed in &self.swap {
            let swap = file::parse_swap(typed).map_err(|error| anyhow!("--swap: {error}"))?;
            let label = format!("swap {typed}");
            let change =
                Stated { change: Change::Reroute(swap), label: label.clone(), place: None };
            scenarios.push(Loaded::new(label, vec![change], Vec::new()));
        }
        let read: Vec<Input> = read.into_iter().map(Input::File).collect();
        ingest::refuse_output_among_inputs(&read, out)?;
        for typed in &self.fallback {
            let stated = file::parse_fallback(typed).map_err(|e| anyhow!("--fallback: {e}"))?;
            fallbacks.push(stated);
        }
        check_names(&scenarios, !fallbacks.is_empty())?;
        check_fallbacks(&fallbacks)?;
        for scenario in &mut scenarios {
            scenario.change_deal(fx, &mut found)?;
        }
        Ok(Scenarios { all: scenarios, fallbacks, found })
    }
}

/// One scenario: that of a file, by its name where the file has several, or none, with the contracts of
/// further files.
pub(in crate::cli) fn alone(
    scenario: Option<(&Path, Option<&str>)>,
    files: &[String],
    fx: &FxTable,
    read: &mut Vec<PathBuf>,
) -> Result<(Loaded, Diagnostics), Failure> {
    let mut found = Diagnostics::default();
    let (name, changes, mut all) = match scenario {
        None => (BASE.to_owned(), Vec::new(), Vec::new()),
        Some((path, name)) => {
            read.push(path.to_owned());
            let scenario = named(read_file(path)?.scenarios, path, name)?;
            let files = near(&scenario, path);
            (scenario.name, scenario.changes, files)
        }
    };
    all.extend(files.iter().cloned());
    let contracts = match all.is_empty() {
        true => Vec::new(),
        false => contracts(&all, read, &mut found)?,
    };
    let mut loaded = Loaded::new(name, changes, contracts);
    loaded.change_deal(fx, &mut found)?;
    Ok((loaded, found))
}

fn named(scenarios: Vec<Scenario>, path: &Path, name: Option<&str>) -> anyhow::Result<Scenario> {
    let names = scenarios.iter().map(|s| s.name.clone()).collect::<Vec<_>>().join(", ");
    let count = scenarios.len();
    let wanted = |s: &Scenario| name.map_or(count == 1, |name| s.name == name);
    let file = path.display();
    scenarios.into_iter().find(wanted).ok_or_else(|| match name {
        Some(name) => {
            anyhow!("--of: no scenario of `{file}` has the name `{name}` (there are: {names})")
        }
        None => anyhow!("`{file}` has several scenarios ({names}): name one with --of"),
    })
}

fn check_names(scenarios: &[Loaded], has_fallbacks: bool) -> Result<(), Failure> {
    for (at, scenario) in scenarios.iter().enumerate() {
        if scenarios[..at].iter().any(|other| other.name == scenario.name) {
            return Err(Failure::with_hint(
                anyhow!("two scenarios have the name `{}`", scenario.name),
                "give each a name of its own: --contract NAME=FILE, or `name` in a scenario file",
            ));
        }
    }
    if scenarios.len() == 1 && !has_fallbacks {
        return Err(Failure::with_hint(
            anyhow!("nothing to compare with `{BASE}`"),
            "name a deal with --contract FILE, a move with --swap, or scenarios with --scenario FILE",
        ));
    }
    Ok(())
}

fn check_fallbacks(fallbacks: &[Fallback]) -> Result<(), Failure> {
    let Some(twice) = stated_twice(fallbacks) else { return Ok(()) };
    let label = &twice.stated.label;
    let of = twice.model.as_ref().map_or(String::new(), |model| format!("/{model}"));
    Err(Failure::with_hint(
        anyhow!("{label}: `{}{of}` has another fallback already", twice.provider),
        "a provider, and each of its models, has one fallback in a run",
    ))
}

fn read_file(path: &Path) -> Result<ScenarioFile, Failure> {
    let name = path.display().to_string();
    let failed = || format!("failed to read scenarios `{name}`");
    let text = std::fs::read_to_string(path).with_context(failed)?;
    file::read(&name, &text).map_err(|errors| {
        Failure::with_hint(
            anyhow!("{errors}").context("scenarios have errors"),
            "correct the lines named above; `docs/reference/scenario-file.md` describes every key",
        )
    })
}

/// Files of contracts are named from the folder of the scenario file.
fn with_contracts(
    scenario: Scenario,
    path: &Path,
    read: &mut Vec<PathBuf>,
    found: &mut Diagnostics,
) -> Result<Loaded, Failure> {
    let contracts = contracts(&near(&scenario, path), read, found)?;
    Ok(Loaded::new(scenario.name, scenario.changes, contracts))
}

fn near(scenario: &Scenario, path: &Path) -> Vec<String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    scenario.contracts.iter().map(|file| folder.join(file).display().to_string()).collect()
}

fn contracts(
    files: &[String],
    read: &mut Vec<PathBuf>,
    found: &mut Diagnostics,
) -> Result<Vec<Contract>, Failure> {
    let paths = contract::paths(files)?;
    read.extend(paths.iter().cloned());
    let (contracts, odd) = contract::load(&paths)?;
    found.merge(odd);
    Ok(contracts)
}

/// The number of a scenario.
pub(super) fn number_of(scenarios: &[Loaded], name: &str) -> anyhow::Result<usize> {
    let Some(number) = scenarios.iter().position(|scenario| scenario.name == name) else {
        let names: Vec<&str> = scenarios.iter().map(|s| s.name.as_str()).collect();
        bail!("--base: no scenario has the name `{name}` (there are: {})", names.join(", "));
    };
    Ok(number)
}
