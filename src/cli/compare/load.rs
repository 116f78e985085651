//! Scenarios from flags and files.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use super::BASE;
use crate::cli::error::Failure;
use crate::cli::{contract, ingest};
use crate::contract::Contract;
use crate::diagnostic::Diagnostics;
use crate::rating::group::Dimension;
use crate::scenario::change::{Change, Scenario, Stated};
use crate::scenario::file;
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
    pub(in crate::cli) contracts: Vec<Contract>,
}

impl Loaded {
    /// The dimensions that its changes look at.
    pub(super) fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        let scopes = self.changes.iter().filter_map(|stated| stated.change.scope());
        scopes.flat_map(|scope| scope.0.iter().map(|(dimension, _)| dimension.clone()))
    }
}

impl ScenarioArgs {
    /// The base, then the scenarios of files and flags.
    pub(super) fn load(&self, out: Option<&Path>) -> Result<(Vec<Loaded>, Diagnostics), Failure> {
        let base = Loaded { name: BASE.to_owned(), changes: Vec::new(), contracts: Vec::new() };
        let (mut scenarios, mut found) = (vec![base], Diagnostics::default());
        let mut read: Vec<PathBuf> = self.fx.clone();
        for path in &self.scenario {
            read.push(path.clone());
            for scenario in read_file(path)? {
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
            scenarios.push(Loaded { name, changes: Vec::new(), contracts });
        }
        for typed in &self.swap {
            let swap = file::parse_swap(typed).map_err(|error| anyhow!("--swap: {error}"))?;
            let label = format!("swap {typed}");
            let change =
                Stated { change: Change::Reroute(swap), label: label.clone(), place: None };
            scenarios.push(Loaded { name: label, changes: vec![change], contracts: Vec::new() });
        }
        let read: Vec<Input> = read.into_iter().map(Input::File).collect();
        ingest::refuse_output_among_inputs(&read, out)?;
        check_names(&scenarios)?;
        Ok((scenarios, found))
    }
}

fn check_names(scenarios: &[Loaded]) -> Result<(), Failure> {
    for (at, scenario) in scenarios.iter().enumerate() {
        if scenarios[..at].iter().any(|other| other.name == scenario.name) {
            return Err(Failure::with_hint(
                anyhow!("two scenarios have the name `{}`", scenario.name),
                "give each a name of its own: --contract NAME=FILE, or `name` in a scenario file",
            ));
        }
    }
    if scenarios.len() == 1 {
        return Err(Failure::with_hint(
            anyhow!("nothing to compare with `{BASE}`"),
            "name a deal with --contract FILE, a move with --swap, or scenarios with --scenario FILE",
        ));
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<Scenario>, Failure> {
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
    let folder = path.parent().unwrap_or(Path::new(""));
    let near = |file: &String| folder.join(file).display().to_string();
    let files: Vec<String> = scenario.contracts.iter().map(near).collect();
    let contracts = contracts(&files, read, found)?;
    Ok(Loaded { name: scenario.name, changes: scenario.changes, contracts })
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
