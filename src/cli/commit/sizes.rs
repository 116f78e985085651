//! Which sizes are chosen, and what is offered for them.

use anyhow::{anyhow, bail};
use clap::Args;

use crate::cli::error::Failure;
use crate::contract::Contract;
use crate::contract::terms::TermKind;
use crate::money::{Amount, Factor};
use crate::scenario::ScenarioError;
use crate::scenario::sizing::{Axis, Knob, Objective, Offer, SizeUnit, Sizer, axis};
use crate::settlement::TermRef;

/// What is chosen and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Sizes")]
pub(super) struct SizeArgs {
    /// A term whose size is chosen, by its id, as TERM or CONTRACT/TERM, and from which to which
    /// size: edp/annual, ptu=15..200:5, annual=1000000..5000000. By default the only term that has a
    /// size, from nothing to more than any path needs. May be given several times: then the sizes
    /// are chosen together.
    #[arg(long, value_name = "TERM[=FROM..TO[:STEP]]")]
    size: Vec<String>,
    /// Discounts that are offered from sizes on, instead of the one in the contract:
    /// 1000000=5%,3000000=9%. With several sizes as TERM@SIZE=PERCENT,...
    #[arg(long, value_name = "[TERM@]SIZE=PERCENT%,...")]
    discount_at: Vec<String>,
    /// The discount term that these are about, where the contract has several.
    #[arg(long, value_name = "TERM", requires = "discount_at")]
    discount_term: Option<String>,
    /// What is to be small: mean, a quantile such as p90 (the budget that holds with 90 %), or the
    /// mean of the costliest paths such as cvar95.
    #[arg(long, visible_alias = "minimize", default_value = "mean", value_name = "WHAT", value_parser = objective)]
    pub(super) minimise: Objective,
    /// Sizes that cost at most this much more than the best are shown as nearly as good.
    #[arg(long, default_value = "1%", value_name = "PERCENT%", value_parser = percent)]
    pub(super) near: Factor,
    /// Also choose by usage as it was on the last days, over and over, as cloud consoles do.
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=366))]
    pub(super) look_back: u32,
}

/// Sizes as asked for: with bounds, or to be found.
pub(super) struct Asked {
    pub(super) knobs: Vec<Knob>,
    pub(super) offers: Vec<Option<Offer>>,
    bounds: Vec<Option<Bounds>>,
}

#[derive(Clone, Copy)]
struct Bounds {
    from: Amount,
    to: Amount,
    step: Option<Amount>,
}

fn objective(typed: &str) -> Result<Objective, String> {
    typed.parse()
}

/// A share such as `5%` or `0.05`, from 0 to below 1.
fn percent(typed: &str) -> Result<Factor, String> {
    let wrong = || format!("`{typed}` is no share (expected from 0% to below 100%, such as 5%)");
    let (digits, per) = typed.strip_suffix('%').map_or((typed, 1), |digits| (digits, 100));
    let digits = digits.trim();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(wrong());
    }
    let share = Amount::parse_rounded(digits).and_then(|n| n.checked_ratio(1, per));
    let share = share.map_err(|_| wrong())?;
    if share >= Amount::from_units(1) {
        return Err(wrong());
    }
    share.to_string().parse().map_err(|_| wrong())
}

impl SizeArgs {
    pub(super) fn read(&self, contracts: &[Contract]) -> Result<Asked, Failure> {
        let all = Knob::all(contracts);
        let mut asked = Asked { knobs: Vec::new(), offers: Vec::new(), bounds: Vec::new() };
        for typed in &self.size {
            let (name, range) = match typed.split_once('=') {
                Some((name, range)) => (name.trim(), Some(range)),
                None => (typed.trim(), None),
            };
            let knob = named(name, &all)?;
            if asked.knobs.iter().any(|known| known.name == knob.name) {
                return Err(anyhow!("--size: `{}` is there twice", knob.name).into());
            }
            let bounds = range.map(|range| bounds(typed, range, &knob.unit)).transpose()?;
            asked.bounds.push(bounds);
            asked.knobs.push(knob.clone());
        }
        if self.size.is_empty() {
            let [only] = &all[..] else { return Err(which(&all)) };
            asked.knobs.push(only.clone());
            asked.bounds.push(None);
        }
        asked.offers = vec![None; asked.knobs.len()];
        for typed in &self.discount_at {
            self.offer(typed, contracts, &mut asked)?;
        }
        Ok(asked)
    }

    fn offer(&self, typed: &str, contracts: &[Contract], asked: &mut Asked) -> anyhow::Result<()> {
        let (name, steps) = match typed.split_once('@') {
            Some((name, steps)) => (Some(name.trim()), steps),
            None => (None, typed),
        };
        let at = match name {
            Some(name) => asked.knobs.iter().position(|knob| knob.is_named(name)),
            None if asked.knobs.len() == 1 => Some(0),
            None => {
                bail!("--discount-at: `{typed}` does not say of which size (expected TERM@{typed})")
            }
        };
        let Some(at) = at else {
            let names: Vec<&str> = asked.knobs.iter().map(|knob| knob.name.as_str()).collect();
            bail!("--discount-at: `{typed}` names no size that is chosen ({})", names.join(", "));
        };
        let wrong = |part: &str| {
            anyhow!(
                "--discount-at: `{part}` is no step (expected SIZE=PERCENT%, such as 1000000=5%)"
            )
        };
        let mut read = Vec::new();
        for part in steps.split(',') {
            let (size, rate) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let size = amount(size).ok_or_else(|| wrong(part))?;
            read.push((size, percent(rate.trim()).map_err(|_| wrong(part))?));
        }
        read.sort_by_key(|(size, _)| *size);
        if let Some(pair) = read.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            bail!("--discount-at: `{typed}` has two discounts from {} on", pair[0].0);
        }
        let term = self.discount(contracts, asked.knobs[at].term.contract)?;
        asked.offers[at] = Some(Offer { term, steps: read });
        Ok(())
    }

    /// The discount whose rate an offer changes.
    fn discount(&self, contracts: &[Contract], contract: usize) -> anyhow::Result<TermRef> {
        let terms = contracts[contract].terms.iter().enumerate();
        let discounts = terms.filter(|(_, term)| matches!(term.kind, TermKind::Discount(_)));
        let wanted = |id: &str| self.discount_term.as_ref().is_none_or(|name| name == id);
        let found: Vec<_> = discounts.filter(|(_, term)| wanted(&term.id)).collect();
        let [(term, _)] = found[..] else {
            let id = &contracts[contract].id;
            let names: Vec<&str> = found.iter().map(|(_, term)| term.id.as_str()).collect();
            let which = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            bail!(
                "--discount-at: contract `{id}` must have one such `discount` term, has {which}; name one with --discount-term"
            );
        };
        Ok(TermRef { contract, term })
    }
}

impl Asked {
    /// The sizes that are looked at.
    pub(super) fn axes(&self, sizer: &Sizer<'_>) -> Result<Vec<Axis>, ScenarioError> {
        let one = |(knob, bounds): (usize, &Option<Bounds>)| match bounds {
            Some(Bounds { from, to, step: Some(step) }) => Ok(Axis::new(*from, *to, *step)?),
            Some(Bounds { from, to, step: None }) => {
                let step = Axis::about(*from, *to, self.knobs[knob].step)?.step;
                Ok(Axis::new(*from, *to, step)?)
            }
            None => axis(sizer, knob),
        };
        self.bounds.iter().enumerate().map(one).collect()
    }
}

fn named<'k>(name: &str, all: &'k [Knob]) -> Result<&'k Knob, Failure> {
    let found: Vec<&Knob> = all.iter().filter(|knob| knob.is_named(name)).collect();
    match found[..] {
        [only] => Ok(only),
        [] => Err(Failure::with_hint(
            anyhow!("--size: no term with a size is named `{name}`"),
            format!("terms with a size: {}", listed(all)),
        )),
        _ => Err(Failure::with_hint(
            anyhow!("--size: `{name}` can be several"),
            format!(
                "name one of {}",
                found.iter().map(|k| k.name.as_str()).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

fn listed(all: &[Knob]) -> String {
    let names: Vec<&str> = all.iter().map(|knob| knob.name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn which(all: &[Knob]) -> Failure {
    if all.is_empty() {
        return Failure::with_hint(
            anyhow!("no term of these contracts has a size to choose"),
            "spend commitments, capacity, reserved spend, seats and credit that is bought have one",
        );
    }
    Failure::with_hint(
        anyhow!("several terms have a size: {}", listed(all)),
        "name those to choose with --size TERM; several are chosen together",
    )
}

/// `FROM..TO[:STEP]`.
fn bounds(typed: &str, range: &str, unit: &SizeUnit) -> anyhow::Result<Bounds> {
    let wrong = || {
        anyhow!(
            "--size: `{typed}` has no range (expected TERM=FROM..TO[:STEP], such as ptu=15..200:5)"
        )
    };
    let (from, rest) = range.split_once("..").ok_or_else(wrong)?;
    let (to, step) = match rest.split_once(':') {
        Some((to, step)) => (to, Some(amount(step).ok_or_else(wrong)?)),
        None => (rest, None),
    };
    let (from, to) = (amount(from).ok_or_else(wrong)?, amount(to).ok_or_else(wrong)?);
    if to <= from {
        bail!("--size: `{typed}`: {to} is not above {from}");
    }
    if step.is_some_and(|step| step.is_zero()) {
        bail!("--size: `{typed}` has a step of nothing");
    }
    let counted = [Some(from), Some(to), step];
    if let (SizeUnit::Count(unit), true) = (
        unit,
        counted
            .iter()
            .flatten()
            .any(|n| n.to_fixed(0).parse::<i64>().map(Amount::from_units) != Ok(*n)),
    ) {
        bail!("--size: `{typed}`: {unit} are whole numbers");
    }
    Ok(Bounds { from, to, step })
}

/// A number that is not negative; underscores may group its digits.
fn amount(typed: &str) -> Option<Amount> {
    let digits = typed.trim().replace('_', "");
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    plain.then(|| Amount::parse_rounded(&digits).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(percent("5%").unwrap(), "0.05".parse().unwrap());
        assert_eq!(percent("0.125").unwrap(), "0.125".parse().unwrap());
        for typed in ["", "%", "-5%", "100%", "1", "5 % off", "1e-1"] {
            assert!(percent(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn ranges() {
        let count = SizeUnit::Count("PTU".to_owned());
        let found = bounds("ptu=15..200:5", "15..200:5", &count).unwrap();
        let units = [found.from, found.to, found.step.unwrap()];
        assert_eq!(units, [15, 200, 5].map(Amount::from_units));
        for range in ["15", "15..", "..20", "20..15", "20..20", "1..2:0", "1..9.5", "-1..5"] {
            assert!(bounds(range, range, &count).is_err(), "{range}");
        }
    }
}
