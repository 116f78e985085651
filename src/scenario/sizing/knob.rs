//! What of a contract has a size.

use crate::contract::Contract;
use crate::contract::terms::{Capacity, Side, TermKind, UnitSteps};
use crate::money::{Amount, Currency, Factor, MoneyError, Rounding};
use crate::settlement::TermRef;

/// The part of a term that a size is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Amounts of a spend commitment, all in proportion.
    Commitment,
    /// Units deployed of a meter of a capacity.
    Units(usize),
    /// Units reserved of it.
    Reserved(usize),
    /// Units deployed of it, all of them reserved: others have no price.
    Both(usize),
    /// Seats.
    Seats,
    /// Amount and price of credit, in proportion.
    Credit,
    /// Amount and price of reserved spend, in proportion.
    ReservedSpend,
}

/// What sizes are counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SizeUnit {
    /// Money of the contract.
    Money(Currency),
    /// Whole units with this name.
    Count(String),
}

/// One number of a contract that can be chosen.
#[derive(Debug, Clone)]
pub struct Knob {
    /// Contract and term, by number.
    pub term: TermRef,
    /// `CONTRACT/TERM`, with the part where the term has several: `edp/annual`, `azure/ptu.units`,
    /// `scale/tier.input.units`.
    pub name: String,
    /// What the size is, in words.
    pub what: String,
    /// What it is counted in.
    pub unit: SizeUnit,
    /// The size in the contract as it stands. Counts are whole units of money's type.
    pub stated: Amount,
    /// The smallest that there can be.
    pub least: Amount,
    /// The smallest step between two sizes.
    pub step: Amount,
    part: Part,
}

/// Discounts that are offered from sizes on.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The discount term that has the rate.
    pub term: TermRef,
    /// Sizes with the rate from there on, sorted; below the first there is no discount.
    pub steps: Vec<(Amount, Factor)>,
}

impl Offer {
    fn rate(&self, size: Amount) -> Factor {
        let reached = self.steps.partition_point(|(from, _)| *from <= size);
        reached.checked_sub(1).map_or(Factor::ZERO, |at| self.steps[at].1)
    }
}

impl Knob {
    /// Every number of some contracts that has a size, in their order.
    #[must_use]
    pub fn all(contracts: &[Contract]) -> Vec<Self> {
        let mut found = Vec::new();
        for (at, contract) in contracts.iter().enumerate() {
            for (number, term) in contract.terms.iter().enumerate() {
                let of = TermRef { contract: at, term: number };
                let name = format!("{}/{}", contract.id, term.id);
                found.extend(of_term(&term.kind, of, &name, contract.currency));
            }
        }
        found
    }

    /// A size that there can be, near another one.
    #[must_use]
    pub fn rounded(&self, size: Amount) -> Amount {
        let places = if matches!(self.unit, SizeUnit::Money(_)) { CENTS } else { 0 };
        size.round(places, Rounding::HalfUp)
    }

    /// True if a user means this one: its name, without the contract, or without the part.
    #[must_use]
    pub fn is_named(&self, typed: &str) -> bool {
        let term = self.name.split_once('/').map_or("", |(_, term)| term);
        let bare = |name: &str| {
            let parts = [".input", ".output", ".units", ".reserved"];
            let end = parts.iter().filter_map(|part| name.rfind(part)).min();
            end.map_or(name, |end| &name[..end]) == typed
        };
        self.name == typed || term == typed || bare(&self.name) || bare(term)
    }

    /// Makes contracts have this size.
    ///
    /// # Errors
    /// [`MoneyError`] if an amount does not fit.
    pub fn set(&self, contracts: &mut [Contract], size: Amount) -> Result<(), MoneyError> {
        let stated = self.stated;
        let scaled = |amount: Amount| in_proportion(amount, size, stated);
        let count = || u64::try_from(size.atto() / Amount::from_units(1).atto()).unwrap_or(0);
        match &mut contracts[self.term.contract].terms[self.term.term].kind {
            TermKind::SpendCommitment(agreed) => {
                for amount in &mut agreed.amounts {
                    *amount = scaled(*amount)?;
                }
                for milestone in &mut agreed.milestones {
                    milestone.cumulative = scaled(milestone.cumulative)?;
                }
            }
            TermKind::Capacity(capacity) => match self.part {
                Part::Reserved(meter) => {
                    if let Some((units, _)) = &mut capacity.meters[meter].reserved {
                        rescale(units, count());
                    }
                }
                Part::Units(meter) => rescale(&mut capacity.meters[meter].units, count()),
                Part::Both(meter) => {
                    let meter = &mut capacity.meters[meter];
                    rescale(&mut meter.units, count());
                    if let Some((units, _)) = &mut meter.reserved {
                        *units = meter.units.clone();
                    }
                }
                _ => {}
            },
            TermKind::Seats(seats) => rescale_steps(&mut seats.counts, count()),
            TermKind::Credit(credit) => {
                credit.price = scaled(credit.price)?;
                credit.amount = scaled(credit.amount)?;
            }
            TermKind::ReservedSpend(reserved) => {
                reserved.price = scaled(reserved.price)?;
                reserved.amount = scaled(reserved.amount)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Makes contracts have the discount that is offered for a size.
    pub fn apply_offer(contracts: &mut [Contract], offer: &Offer, size: Amount) {
        let term = &mut contracts[offer.term.contract].terms[offer.term.term];
        if let TermKind::Discount(discount) = &mut term.kind {
            discount.rate = offer.rate(size);
        }
    }
}

/// Places to which amounts in proportion are kept.
const CENTS: u32 = 2;
/// The smallest step between two amounts.
const CENT: Amount = Amount::from_cents(1);

fn in_proportion(amount: Amount, size: Amount, stated: Amount) -> Result<Amount, MoneyError> {
    let scaled = amount.checked_ratio(size.atto(), stated.atto())?;
    Ok(scaled.round(CENTS, Rounding::HalfUp))
}

fn rescale(units: &mut UnitSteps, most: u64) {
    rescale_steps(&mut units.0, most);
}

/// Makes the most of some counts another number, the others in proportion, halves up.
fn rescale_steps(steps: &mut [(chrono::NaiveDate, u64)], most: u64) {
    let now = u128::from(most_of(steps).max(1));
    for (_, count) in steps {
        let scaled = (u128::from(*count) * u128::from(most) + now / 2) / now;
        *count = u64::try_from(scaled).unwrap_or(u64::MAX);
    }
}

fn most_of(steps: &[(chrono::NaiveDate, u64)]) -> u64 {
    steps.iter().map(|(_, count)| *count).max().unwrap_or(0)
}

fn whole(count: u64) -> Amount {
    Amount::from_units(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The numbers of a term; those that stand at nothing have no proportion and are left out.
fn of_term(kind: &TermKind, term: TermRef, name: &str, currency: Currency) -> Vec<Knob> {
    let knob = |part, name: String, what: String, unit: SizeUnit, stated: Amount| {
        let step = if matches!(unit, SizeUnit::Money(_)) { CENT } else { whole(1) };
        let least = Amount::ZERO;
        (!stated.is_zero()).then_some(Knob { term, name, what, unit, stated, least, step, part })
    };
    let money = |part, what: &str, stated| {
        let unit = SizeUnit::Money(currency);
        Vec::from_iter(knob(part, name.to_owned(), what.to_owned(), unit, stated))
    };
    match kind {
        TermKind::SpendCommitment(agreed) => {
            if let Some(last) = agreed.milestones.last() {
                return money(Part::Commitment, "commitment in all", last.cumulative);
            }
            match agreed.amounts[..] {
                [amount] => {
                    let what = format!("commitment a {}", agreed.every.name());
                    money(Part::Commitment, &what, amount)
                }
                ref ramp => {
                    let sum = Amount::checked_sum(ramp.iter().copied()).unwrap_or_default();
                    let count = ramp.len();
                    money(Part::Commitment, &format!("commitment of the {count} steps"), sum)
                }
            }
        }
        TermKind::Seats(seats) => {
            let unit = SizeUnit::Count("seats".to_owned());
            let stated = whole(most_of(&seats.counts));
            Vec::from_iter(knob(Part::Seats, name.to_owned(), "seats".to_owned(), unit, stated))
        }
        TermKind::Credit(credit) if !credit.price.is_zero() => {
            money(Part::Credit, "credit bought", credit.amount)
        }
        TermKind::ReservedSpend(reserved) => {
            let what = if reserved.minutes == 1 { "a minute" } else { "an hour" };
            money(Part::ReservedSpend, &format!("spend reserved {what}"), reserved.amount)
        }
        TermKind::Capacity(capacity) => {
            let parts = capacity_parts(capacity);
            let several = parts.len() > 1;
            let named = |(part, suffix, what, stated): (Part, String, String, u64)| {
                let name = if several { format!("{name}{suffix}") } else { name.to_owned() };
                let unit = SizeUnit::Count(capacity.unit.to_string());
                let mut found = knob(part, name, what, unit, whole(stated))?;
                // Of limits for several models the loosest.
                if let Some(limit) = capacity.deployable.iter().min() {
                    (found.least, found.step) =
                        (whole(limit.minimum), whole(limit.increment.max(1)));
                }
                Some(found)
            };
            parts.into_iter().filter_map(named).collect()
        }
        _ => Vec::new(),
    }
}

/// Part, end of its name, words and units.
fn capacity_parts(capacity: &Capacity) -> Vec<(Part, String, String, u64)> {
    let mut found = Vec::new();
    for (number, meter) in capacity.meters.iter().enumerate() {
        let (suffix, of) = match meter.side {
            Side::All => ("", String::new()),
            Side::Input => (".input", " for input".to_owned()),
            Side::Output => (".output", " for output".to_owned()),
        };
        let unit = &capacity.unit;
        let mut add = |part, end: &str, verb: &str, units: &UnitSteps| {
            let most = most_of(&units.0);
            if most > 0 {
                found.push((part, format!("{suffix}{end}"), format!("{unit} {verb}{of}"), most));
            }
        };
        match (&meter.price, &meter.reserved) {
            (None, Some(_)) => add(Part::Both(number), "", "reserved", &meter.units),
            // Without any price there is nothing to weigh.
            (None, None) => {}
            (Some(_), None) => add(Part::Units(number), ".units", "deployed", &meter.units),
            (Some(_), Some((units, _))) => {
                add(Part::Units(number), ".units", "deployed", &meter.units);
                add(Part::Reserved(number), ".reserved", "reserved", units);
            }
        }
    }
    found
}
