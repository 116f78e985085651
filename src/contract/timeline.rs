//! What a contract commits to, period by period, before any usage is known.

use chrono::NaiveDate;

use super::span::Span;
use super::terms::{
    Capacity, CapacityMeter, Minimum, PricePer, Purchase, ReservedSpend, Side, SpendCommitment,
};
use super::{Anchor, Contract, Every, Spans, Term, TermKind};
use crate::money::{Amount, Factor, MoneyError};
use crate::period::Period;

/// One period of a commitment.
#[derive(Debug, Clone)]
pub struct CommitmentPeriod<'c> {
    /// The term that commits.
    pub term: &'c Term,
    /// Which meter of a capacity term.
    pub side: Option<Side>,
    /// First day and first day after it.
    pub days: (NaiveDate, NaiveDate),
    /// The instants of `days`.
    pub period: Period,
    /// What is committed, after ramp and prorating, rounded as an invoice line is.
    pub cost: Amount,
    /// Units of capacity; `None` for commitments to spend.
    pub units: Option<u64>,
}

/// Every period of every commitment of a contract: spend commitments, minimums, capacity and
/// reserved spend, in the order of the terms. A milestone is a period from the one before with the
/// amount that it adds.
///
/// # Errors
/// [`MoneyError`] if an amount does not fit.
pub fn timeline(contract: &Contract) -> Result<Vec<CommitmentPeriod<'_>>, MoneyError> {
    let mut all = Vec::new();
    for term in &contract.terms {
        let at = Of { contract, term };
        all.extend(match &term.kind {
            TermKind::SpendCommitment(c) if c.milestones.is_empty() => at.commitment(c)?,
            TermKind::SpendCommitment(c) => at.milestones(c)?,
            TermKind::Minimum(minimum) => at.minimum(minimum)?,
            TermKind::Capacity(capacity) => at.capacity(capacity)?,
            TermKind::ReservedSpend(reserved) => at.reserved(*reserved)?,
            _ => Vec::new(),
        });
    }
    Ok(all)
}

struct Of<'c> {
    contract: &'c Contract,
    term: &'c Term,
}

impl<'c> Of<'c> {
    fn period(&self, days: (NaiveDate, NaiveDate), cost: Amount) -> CommitmentPeriod<'c> {
        let (calendar, rounding) = (&self.contract.calendar, self.contract.line_rounding);
        CommitmentPeriod {
            term: self.term,
            side: None,
            days,
            period: Period { start: calendar.day_start(days.0), end: calendar.day_start(days.1) },
            cost: cost.round(rounding.places, rounding.rounding),
            units: None,
        }
    }

    fn spans(&self, every: Every, anchor: Anchor) -> Spans {
        Spans::new(every, anchor, self.term.days, &self.contract.calendar)
    }

    fn commitment(&self, c: &SpendCommitment) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let spans = self.spans(c.every, c.anchor);
        let one = |span: &Span| {
            let amount =
                c.amounts.get(span.index).or(c.amounts.last()).copied().unwrap_or_default();
            Ok(self.period(span.days, prorated(amount, span, c.prorate)?))
        };
        spans.all().iter().map(one).collect()
    }

    fn milestones(&self, c: &SpendCommitment) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let mut before = (self.term.days.0, Amount::ZERO);
        let mut all = Vec::new();
        for milestone in &c.milestones {
            let added = milestone.cumulative.checked_sub(before.1)?;
            all.push(self.period((before.0, milestone.by), added));
            before = (milestone.by, milestone.cumulative);
        }
        Ok(all)
    }

    fn minimum(&self, m: &Minimum) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let spans = self.spans(m.every, m.anchor);
        let one = |span: &Span| Ok(self.period(span.days, prorated(m.amount, span, m.prorate)?));
        spans.all().iter().map(one).collect()
    }

    fn reserved(&self, r: ReservedSpend) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let period = self.period(self.term.days, Amount::ZERO);
        let cost = times(r.price, minutes(period.period))?.mean_of(r.minutes);
        Ok(vec![self.period(self.term.days, cost)])
    }

    fn capacity(&self, capacity: &Capacity) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let mut all = Vec::new();
        for meter in &capacity.meters {
            if let Some((units, purchase)) = &meter.reserved {
                all.extend(self.units(*purchase, meter, |day| units.on(day))?);
            }
            if let Some(purchase) = meter.price {
                let reserved = |day| meter.reserved.as_ref().map_or(0, |(units, _)| units.on(day));
                let beyond = |day| meter.units.on(day).saturating_sub(reserved(day));
                all.extend(self.units(purchase, meter, beyond)?);
            }
        }
        Ok(all)
    }

    /// Units by period. Hours, days and weeks would be thousands of rows: those stand together as
    /// long as the number of units does.
    fn units(
        &self,
        purchase: Purchase,
        meter: &CapacityMeter,
        units: impl Fn(NaiveDate) -> u64,
    ) -> Result<Vec<CommitmentPeriod<'c>>, MoneyError> {
        let long = match purchase.per {
            PricePer::Every(every) if every >= Every::Month => Some(every),
            _ => None,
        };
        let mut all = Vec::new();
        if let Some(every) = long {
            for span in self.spans(every, Anchor::Start).all() {
                let count = units(span.days.0);
                let cost = prorated(times(purchase.price, count)?, span, true)?;
                all.push((span.days, cost, count));
            }
        } else {
            let mut edges: Vec<NaiveDate> = meter.units.0.iter().map(|(day, _)| *day).collect();
            edges
                .extend(meter.reserved.iter().flat_map(|(steps, _)| &steps.0).map(|(day, _)| *day));
            edges.extend([self.term.days.0, self.term.days.1]);
            edges.sort_unstable();
            edges.dedup();
            for pair in edges.windows(2) {
                let days = (pair[0], pair[1]);
                let count = units(days.0);
                let minutes = minutes(self.period(days, Amount::ZERO).period);
                let each = match purchase.per {
                    PricePer::Hour => times(purchase.price, minutes)?.mean_of(60),
                    PricePer::Every(Every::Week) => times(purchase.price, length(days))?.mean_of(7),
                    PricePer::Every(_) => times(purchase.price, length(days))?,
                };
                all.push((days, times(each, count)?, count));
            }
        }
        let paid = all.into_iter().filter(|(_, _, count)| *count > 0);
        Ok(paid
            .map(|(days, cost, count)| CommitmentPeriod {
                side: Some(meter.side),
                units: Some(count),
                ..self.period(days, cost)
            })
            .collect())
    }
}

fn minutes(period: Period) -> u64 {
    u64::try_from(period.nanos() / (60 * crate::period::NANOS)).unwrap_or(0)
}

fn length((from, until): (NaiveDate, NaiveDate)) -> u64 {
    u64::try_from((until - from).num_days()).unwrap_or(0)
}

fn times(amount: Amount, count: u64) -> Result<Amount, MoneyError> {
    let factor: Factor = count.to_string().parse()?;
    amount.checked_mul(factor)
}

/// In proportion to the days of a period that the term cuts short.
fn prorated(amount: Amount, span: &Span, prorate: bool) -> Result<Amount, MoneyError> {
    if span.is_whole() || !prorate {
        return Ok(amount);
    }
    Ok(times(amount, u64::from(span.share.0))?.mean_of(span.share.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ContractSource, load};

    fn shown(start: &str, end: &str, terms: &str) -> Vec<String> {
        let text = format!(
            "schema = \"tokencast.contract.v1\"\nid = \"c\"\nissuer = \"aws\"\ncurrency = \"USD\"\nstart = \"{start}\"\nend = \"{end}\"\n{terms}"
        );
        let (contracts, _) = load(&[ContractSource { name: "c.toml".into(), text }]).unwrap();
        let row = |p: &CommitmentPeriod<'_>| {
            let units = p.units.map(|u| format!(" {u}")).unwrap_or_default();
            format!("{} {} {}{units}", p.days.0, p.days.1, p.cost)
        };
        timeline(&contracts[0]).unwrap().iter().map(row).collect()
    }

    #[test]
    fn ramps_repeat_their_last_amount_and_prorate_the_last_period() {
        let terms = "[[spend_commitment]]\nperiod = \"year\"\namounts = [\"100\", \"365\"]\n";
        // The third year has 59 of 366 days: 2028 is a leap year, and its 29 February is in it.
        assert_eq!(
            shown("2026-01-01", "2028-02-29", terms),
            [
                "2026-01-01 2027-01-01 100.00",
                "2027-01-01 2028-01-01 365.00",
                "2028-01-01 2028-02-29 58.84",
            ]
        );
        let whole = format!("{terms}prorate = false\n");
        assert_eq!(shown("2026-01-01", "2028-02-29", &whole)[2], "2028-01-01 2028-02-29 365.00");
    }

    #[test]
    fn milestones_add_up() {
        let terms = "[[spend_commitment]]\nmilestones = [{ by = \"2027-01-01\", cumulative = \"3\" }, { by = \"2028-01-01\", cumulative = \"7\" }]\n";
        assert_eq!(
            shown("2026-01-01", "2028-01-01", terms),
            ["2026-01-01 2027-01-01 3.00", "2027-01-01 2028-01-01 4.00"]
        );
    }

    #[test]
    fn units_by_the_hour_and_by_the_month() {
        let ptu = "[[capacity]]\nunit = \"PTU\"\ntable = \"azure-ptu\"\nunits = 110\nprice = \"1.00\"\nper = \"hour\"\n";
        // 110 x 720 hours.
        assert_eq!(shown("2026-04-01", "2026-05-01", ptu), ["2026-04-01 2026-05-01 79200.00 110"]);
        let reserved = format!(
            "{ptu}reserved_units = 100\nreserved_price = \"260\"\nreserved_per = \"month\"\n"
        );
        assert_eq!(
            shown("2026-04-01", "2026-05-16", &reserved),
            [
                "2026-04-01 2026-05-01 26000.00 100",
                // 15 of 31 days of 26,000.
                "2026-05-01 2026-05-16 12580.65 100",
                // Ten units above the reservation, 45 days.
                "2026-04-01 2026-05-16 10800.00 10",
            ]
        );
    }

    #[test]
    fn reserved_minutes() {
        let terms = "[[reserved_spend]]\namount = \"2.00\"\nper = \"minute\"\n";
        assert_eq!(shown("2026-04-01", "2026-05-01", terms), ["2026-04-01 2026-05-01 86400.00"]);
    }
}
