//! Commitments to spend: what counts, what is drawn, and what lacks in the end.

use std::sync::Arc;

use chrono::NaiveDate;

use super::deal::{Bound, Deal, prorated};
use super::item::{Charge, Item, share_out};
use super::usage::UsageProfile;
use crate::contract::terms::{Measure, Opening, Payment, Shortfall, SpendCommitment};
use crate::contract::{Anchor, LineRounding, Spans};
use crate::money::{Amount, Factor, MoneyError};
use crate::period::{Period, Timestamp};

/// One period of a commitment.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    pub(super) days: (NaiveDate, NaiveDate),
    pub(super) period: Period,
    /// What it asks for by itself.
    amount: Amount,
    /// Ends of the parts after which an interim shortfall is invoiced.
    true_ups: Vec<(NaiveDate, Timestamp)>,
    /// Starts of the parts at which an instalment is paid.
    instalments: Vec<Timestamp>,
}

/// What the end of a part of a period brings.
#[derive(Debug, Default, Clone)]
pub(super) struct Closing {
    /// To be paid, now.
    pub(super) shortfall: Amount,
    /// Of it, what comes back as credit.
    pub(super) credited: Amount,
    /// Interim shortfalls that are given back.
    pub(super) given_back: Amount,
    /// Bought in advance, and lost.
    pub(super) lost: Amount,
}

/// The state of a commitment.
#[derive(Debug, Clone)]
pub(super) struct Commitment<'c> {
    pub(super) term: usize,
    pub(super) agreed: &'c SpendCommitment,
    pub(super) stages: Arc<[Stage]>,
    pub(super) at: Option<usize>,
    pub(super) committed: Amount,
    pub(super) retired: Amount,
    /// Interim shortfalls of the period.
    pub(super) paid: Amount,
    /// Bought in advance in this period, and what was carried into it.
    pub(super) prepaid: Amount,
    pub(super) drawn: Amount,
    /// Shortfall and excess of the last period.
    carried: Amount,
    rolled_over: Amount,
    /// By rule: how much of a capped one counted in this period.
    capped: Vec<Amount>,
    /// By profile: the rule that is about it.
    rules: Arc<[Option<usize>]>,
}

impl<'c> Commitment<'c> {
    pub(super) fn new(
        term: usize,
        agreed: &'c SpendCommitment,
        deal: &Deal<'_>,
        profiles: &[UsageProfile],
    ) -> Result<Self, MoneyError> {
        let rule = |profile: &UsageProfile| {
            let about = |r: &crate::contract::terms::Eligible| {
                r.category.is_none() && r.scope.accepts(profile.facts())
            };
            agreed.eligible.iter().position(about)
        };
        Ok(Self {
            term,
            agreed,
            stages: stages(agreed, deal, term)?.into(),
            at: None,
            committed: Amount::ZERO,
            retired: Amount::ZERO,
            paid: Amount::ZERO,
            prepaid: Amount::ZERO,
            drawn: Amount::ZERO,
            carried: Amount::ZERO,
            rolled_over: Amount::ZERO,
            capped: vec![Amount::ZERO; agreed.eligible.len()],
            rules: profiles.iter().map(rule).collect(),
        })
    }

    /// The period that it is in.
    pub(super) fn stage(&self) -> Option<&Stage> {
        self.at.map(|at| &self.stages[at])
    }

    /// Begins the period that a stretch is in, if it is another one, and gives what is to be paid in
    /// advance at its start. The second value tells that the period began before the first stretch
    /// and nothing says what was spent by then.
    pub(super) fn begin(
        &mut self,
        start: Timestamp,
        opening: impl Fn(Opening) -> Timestamp,
        rounding: LineRounding,
    ) -> Result<(Amount, bool), MoneyError> {
        let Some(at) = self.stages.iter().position(|stage| stage.period.contains(start)) else {
            self.at = None;
            return Ok((Amount::ZERO, false));
        };
        let mut unknown = false;
        if self.at != Some(at) {
            self.at = Some(at);
            self.begin_stage(at)?;
            unknown = self.stages[at].period.start < start;
            self.prepaid = self.prepaid.checked_add(self.instalments(rounding, |t| t < start)?)?;
        }
        let stage = &self.stages[at];
        if let Some(opening_at) = self.agreed.opening
            && stage.period.contains(opening(opening_at))
            && opening(opening_at) <= start
        {
            if unknown || opening(opening_at) == start {
                self.retired = opening_at.amount;
                self.drawn = if self.agreed.payment.is_in_advance() {
                    opening_at.amount.min(self.committed)
                } else {
                    Amount::ZERO
                };
            }
            // What was spent between the opening and the first instant is not known either.
            unknown &= opening(opening_at) < start;
        }
        let due = self.instalments(rounding, |t| t == start)?;
        self.prepaid = self.prepaid.checked_add(due)?;
        Ok((due, unknown))
    }

    fn begin_stage(&mut self, at: usize) -> Result<(), MoneyError> {
        let is_cumulative = !self.agreed.milestones.is_empty();
        self.committed = self.stages[at].amount.checked_add(self.carried)?;
        if !is_cumulative {
            self.retired = self.rolled_over;
            self.paid = Amount::ZERO;
        }
        // What was carried over was paid already where all is paid in advance.
        self.prepaid =
            if self.agreed.payment.is_in_advance() { self.carried } else { Amount::ZERO };
        self.drawn = Amount::ZERO;
        self.carried = Amount::ZERO;
        self.rolled_over = Amount::ZERO;
        self.capped.fill(Amount::ZERO);
        Ok(())
    }

    /// What is paid in advance at the starts that pass: differences of rounded cumulative amounts,
    /// so that the instalments add up to the commitment.
    fn instalments(
        &self,
        rounding: LineRounding,
        pass: impl Fn(Timestamp) -> bool,
    ) -> Result<Amount, MoneyError> {
        let Some(stage) = self.stage() else { return Ok(Amount::ZERO) };
        let count = stage.instalments.len();
        let until = |number: usize| -> Result<Amount, MoneyError> {
            let part = i128::try_from(number).map_err(|_| MoneyError::Overflow)?;
            let whole = i128::try_from(count).map_err(|_| MoneyError::Overflow)?;
            let sum = stage.amount.checked_ratio(part, whole)?;
            Ok(sum.round(rounding.places, rounding.rounding))
        };
        let mut sum = Amount::ZERO;
        for (number, start) in stage.instalments.iter().enumerate() {
            if pass(*start) {
                let exact = if number + 1 == count { stage.amount } else { until(number + 1)? };
                sum = sum.checked_add(exact.checked_sub(until(number)?)?)?;
            }
        }
        Ok(sum)
    }
}

fn stages(
    agreed: &SpendCommitment,
    deal: &Deal<'_>,
    term: usize,
) -> Result<Vec<Stage>, MoneyError> {
    let calendar = &deal.contract.calendar;
    let days = deal.terms[term].term.days;
    if !agreed.milestones.is_empty() {
        let starts = std::iter::once(days.0).chain(agreed.milestones.iter().map(|m| m.by));
        let stage = |(from, milestone): (NaiveDate, &crate::contract::terms::Milestone)| Stage {
            days: (from, milestone.by),
            period: Period {
                start: calendar.day_start(from),
                end: calendar.day_start(milestone.by),
            },
            amount: milestone.cumulative,
            true_ups: Vec::new(),
            instalments: Vec::new(),
        };
        return Ok(starts.zip(&agreed.milestones).map(stage).collect());
    }
    let spans = Spans::new(agreed.every, agreed.anchor, days, calendar);
    let amount_of = |index: usize| agreed.amounts.get(index).or(agreed.amounts.last());
    let parts = |every, days| Spans::new(every, Anchor::Start, days, calendar).all().to_vec();
    let mut stages = Vec::new();
    for span in spans.all() {
        let full = amount_of(span.index).copied().unwrap_or_default();
        let instalments = match agreed.payment {
            Payment::Arrears => Vec::new(),
            Payment::Upfront => vec![span.period.start],
            Payment::Instalments(every) => {
                parts(every, span.days).iter().map(|part| part.period.start).collect()
            }
        };
        let ends = agreed.true_up.map(|every| parts(every, span.days)).unwrap_or_default();
        stages.push(Stage {
            days: span.days,
            period: span.period,
            amount: if agreed.prorate { prorated(full, span.share)? } else { full },
            true_ups: ends.iter().map(|part| (part.days.1, part.period.end)).collect(),
            instalments,
        });
    }
    Ok(stages)
}

/// What a commitment measures in one stretch.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    pub(super) items: &'a mut [Item],
    /// Fees and other spend of the same issuer.
    pub(super) charges: &'a mut [Charge],
    /// By item: its value in the currency of the contract.
    pub(super) values: Vec<Amount>,
    /// By charge, as above.
    pub(super) charge_values: Vec<Amount>,
}

impl Commitment<'_> {
    /// By item and charge: what counts, caps applied.
    fn counting(
        &mut self,
        bound: &Bound<'_>,
        measured: &Measured<'_>,
    ) -> Result<Vec<Amount>, MoneyError> {
        let rules = &self.agreed.eligible;
        let of_item = |item: &Item| {
            let about = item.served_by.is_none() && bound.is_about(item.profile);
            (about, self.rules[item.profile as usize])
        };
        let of_charge = |charge: &Charge| {
            let named = |rule: &crate::contract::terms::Eligible| {
                rule.category.as_deref() == Some(charge.spend.as_str())
            };
            let rule = rules.iter().position(named);
            (rule.is_some(), rule)
        };
        let found = measured.items.iter().map(of_item);
        let found: Vec<_> = found.chain(measured.charges.iter().map(of_charge)).collect();
        let values = measured.values.iter().chain(&measured.charge_values);
        let mut counting = Vec::with_capacity(found.len());
        for ((about, rule), value) in found.iter().zip(values) {
            counting.push(match (about, rule) {
                (false, _) => Amount::ZERO,
                (true, None) => *value,
                (true, Some(rule)) => value.checked_mul_rounded(rules[*rule].share)?,
            });
        }
        for (number, rule) in rules.iter().enumerate() {
            let Some(cap) = rule.cap else { continue };
            let mine = |at: &usize| found[*at] == (true, Some(number));
            let places: Vec<usize> = (0..found.len()).filter(mine).collect();
            let wanted: Vec<Amount> = places.iter().map(|at| counting[*at]).collect();
            let sum = Amount::checked_sum(wanted.iter().copied())?;
            let most = self.committed.checked_mul_rounded(cap)?.checked_sub(self.capped[number])?;
            let counted = sum.min(most.max(Amount::ZERO));
            self.capped[number] = self.capped[number].checked_add(counted)?;
            for (at, part) in places.into_iter().zip(share_out(counted, &wanted)?) {
                counting[at] = part;
            }
        }
        Ok(counting)
    }

    /// Counts the usage and charges of a stretch, surcharges what is above the commitment, and pays
    /// from what was bought in advance; gives what was paid of charges.
    pub(super) fn count(
        &mut self,
        bound: &Bound<'_>,
        mut measured: Measured<'_>,
    ) -> Result<Amount, MoneyError> {
        if self.at.is_none() {
            return Ok(Amount::ZERO);
        }
        let counting = self.counting(bound, &measured)?;
        let whole = Amount::checked_sum(counting.iter().copied())?;
        let room = self.committed.checked_sub(self.retired)?.max(Amount::ZERO);
        let inside = whole.min(room);
        let above = whole.checked_sub(inside)?;
        self.retired = self.retired.checked_add(whole)?;
        if let Some(factor) = self.agreed.overage_factor
            && !above.is_zero()
        {
            surcharge(factor, (above, whole), &counting, measured.items)?;
        }
        if self.agreed.payment.is_in_advance() && !inside.is_zero() {
            let burnt = share_out(inside, &counting)?;
            self.drawn = self.drawn.checked_add(inside)?;
            return draw((inside, whole), &counting, &burnt, &mut measured);
        }
        Ok(Amount::ZERO)
    }

    /// The end of a stretch: interim and final shortfalls.
    pub(super) fn close(&mut self, end: Timestamp) -> Result<Closing, MoneyError> {
        let Some(at) = self.at else { return Ok(Closing::default()) };
        if self.stages[at].period.end == end {
            return self.close_stage(at + 1 == self.stages.len());
        }
        let stage = &self.stages[at];
        let Some((day, _)) = stage.true_ups.iter().find(|(_, part_end)| *part_end == end) else {
            return Ok(Closing::default());
        };
        let days = |from: NaiveDate, until: NaiveDate| i128::from((until - from).num_days());
        let passed = days(stage.days.0, *day);
        let target = self.committed.checked_ratio(passed, days(stage.days.0, stage.days.1))?;
        let covered = self.retired.checked_add(self.paid)?;
        let shortfall = target.checked_sub(covered)?.max(Amount::ZERO);
        self.paid = self.paid.checked_add(shortfall)?;
        Ok(Closing { shortfall, ..Closing::default() })
    }

    fn close_stage(&mut self, is_last: bool) -> Result<Closing, MoneyError> {
        let mut closing = Closing::default();
        let short = self.committed.checked_sub(self.retired)?.max(Amount::ZERO);
        let excess = self.retired.checked_sub(self.committed)?.max(Amount::ZERO);
        if let Some(rollover) = self.agreed.rollover {
            let share = excess.checked_mul_rounded(rollover.share)?;
            self.rolled_over = rollover.cap.map_or(share, |cap| share.min(cap));
        }
        let in_advance = self.agreed.payment.is_in_advance();
        match self.agreed.shortfall {
            Shortfall::Carried if !is_last => self.carried = short,
            Shortfall::Waived if !in_advance => {}
            Shortfall::Credited { .. } if in_advance => closing.credited = short,
            _ if in_advance => closing.lost = short,
            rule => {
                let mut due = short.checked_sub(self.paid)?;
                if !self.agreed.milestones.is_empty() {
                    // A milestone that was missed is not made up for later.
                    due = due.max(Amount::ZERO);
                }
                closing.shortfall = due.max(Amount::ZERO);
                closing.given_back = Amount::ZERO.checked_sub(due.min(Amount::ZERO))?;
                if matches!(rule, Shortfall::Credited { .. }) {
                    closing.credited = closing.shortfall;
                }
                self.paid = self.paid.checked_add(due)?;
            }
        }
        Ok(closing)
    }
}

/// Charges a factor on the part of each item that is above the commitment.
fn surcharge(
    factor: Factor,
    (above, whole): (Amount, Amount),
    counting: &[Amount],
    items: &mut [Item],
) -> Result<(), MoneyError> {
    for (item, counted) in items.iter_mut().zip(counting) {
        if counted.is_zero() {
            continue;
        }
        let part = item.price.checked_ratio(above.atto(), whole.atto())?;
        let more = part.checked_mul_rounded(factor)?.checked_sub(part)?;
        item.surcharge(more)?;
    }
    Ok(())
}

/// Pays the part of each item and charge that is inside the commitment; gives the sum of charges.
fn draw(
    (inside, whole): (Amount, Amount),
    counting: &[Amount],
    burnt: &[Amount],
    measured: &mut Measured<'_>,
) -> Result<Amount, MoneyError> {
    let mut sum = Amount::ZERO;
    let part = |price: Amount, counted: Amount| -> Result<Amount, MoneyError> {
        if counted.is_zero() {
            return Ok(Amount::ZERO);
        }
        price.checked_ratio(inside.atto(), whole.atto())
    };
    let items = measured.items.len();
    for (at, item) in measured.items.iter_mut().enumerate() {
        let paid = part(item.price, counting[at])?.min(item.payable);
        item.pay(paid, burnt[at])?;
    }
    for (at, charge) in measured.charges.iter_mut().enumerate() {
        let paid = part(charge.price, counting[items + at])?.min(charge.payable);
        charge.payable = charge.payable.checked_sub(paid)?;
        sum = sum.checked_add(paid)?;
    }
    Ok(sum)
}

/// What an item counts for before a commitment's rules.
pub(super) fn value_of(measure: Measure, item: &Item) -> Amount {
    match measure {
        Measure::List => item.list,
        Measure::Contracted => item.price,
    }
}
