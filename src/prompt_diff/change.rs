//! What a change comes to: tokens and cost of a request and of a month, with the band of what is estimated.
//!
//! Text that both sides have has the same tokens on both, whatever they are. So the band of a difference is that of the text
//! that only one side has.

use crate::counting::{Band, Figures, Priced};
use crate::money::{Amount, MoneyError, mul_div};

/// A cost with its band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostBand {
    /// Lower end.
    pub low: Amount,
    /// The cost.
    pub cost: Amount,
    /// Upper end.
    pub high: Amount,
}

impl CostBand {
    fn each(
        self,
        other: Self,
        sum: impl Fn(Amount, Amount) -> Result<Amount, MoneyError>,
    ) -> Result<Self, MoneyError> {
        Ok(Self {
            low: sum(self.low, other.low)?,
            cost: sum(self.cost, other.cost)?,
            high: sum(self.high, other.high)?,
        })
    }

    fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.each(other, Amount::checked_add)
    }

    /// Times a share, rounded half-even at the 18th place.
    fn times(self, numerator: u64, denominator: u64) -> Result<Self, MoneyError> {
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator.max(1)));
        self.each(self, |own, _| own.checked_ratio(numerator, denominator))
    }
}

/// A difference of tokens with its band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenChange {
    /// Lower end.
    pub low: i64,
    /// The difference.
    pub tokens: i64,
    /// Upper end.
    pub high: i64,
}

impl TokenChange {
    fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            tokens: self.tokens.saturating_add(other.tokens),
            high: self.high.saturating_add(other.high),
        }
    }
}

/// What something costs before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CostChange {
    /// As it was.
    pub before: CostBand,
    /// As it is.
    pub after: CostBand,
    /// After less before.
    pub change: CostBand,
}

impl CostChange {
    fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            before: self.before.plus(other.before)?,
            after: self.after.plus(other.after)?,
            change: self.change.plus(other.change)?,
        })
    }
}

/// A file on one side, for one model. Of a file with several prompts a request is their mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Prompts in the file.
    pub prompts: u64,
    /// Tokens of a request.
    pub input: Band,
    /// What a request costs; `None`: something has no price.
    pub cost: Option<CostBand>,
    /// Half of the band of what the other side has not, in tokens of a request.
    own: u64,
}

impl Side {
    /// A file that is not there: no tokens, no cost.
    #[must_use]
    pub fn absent() -> Self {
        Self { cost: Some(CostBand::default()), ..Self::default() }
    }

    /// From the figures of a file, what they cost, and the figures of what the other side has not.
    ///
    /// # Errors
    /// [`MoneyError`] if a cost does not fit.
    pub fn new(figures: &Figures, priced: &Priced, own: &Figures) -> Result<Self, MoneyError> {
        let prompts = figures.prompts;
        let half = figures.input.high.saturating_sub(figures.input.tokens);
        let own = own.input.high.saturating_sub(own.input.tokens).min(half);
        let whole = priced.cost.map(|[low, cost, high]| CostBand { low, cost, high });
        Ok(Self {
            prompts,
            input: Band {
                low: mean(figures.input.low, prompts),
                tokens: mean(figures.input.tokens, prompts),
                high: mean(figures.input.high, prompts),
            },
            cost: whole.map(|cost| cost.times(1, prompts)).transpose()?,
            own: own.div_ceil(prompts.max(1)),
        })
    }

    /// Half of the band of what only this side has, as cost of a request.
    fn own_cost(&self, cost: CostBand) -> Result<Amount, MoneyError> {
        let half = self.input.high.saturating_sub(self.input.tokens);
        if half == 0 {
            return Ok(Amount::ZERO);
        }
        let whole = cost.high.checked_sub(cost.cost)?;
        whole.checked_ratio(i128::from(self.own.min(half)), i128::from(half))
    }
}

fn mean(tokens: u64, prompts: u64) -> u64 {
    let found = mul_div(i128::from(tokens), 1, i128::from(prompts.max(1)));
    found.ok().and_then(|mean| u64::try_from(mean).ok()).unwrap_or(u64::MAX)
}

/// A file for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As it was.
    pub before: Side,
    /// As it is.
    pub after: Side,
    /// More tokens of a request.
    pub tokens: TokenChange,
    /// Of a request; `None`: something has no price.
    pub request: Option<CostChange>,
    /// Requests a month; `None`: not known.
    pub requests: Option<u64>,
    /// Of a month; `None`: price or traffic are not known.
    pub month: Option<CostChange>,
}

impl Line {
    /// From both sides.
    ///
    /// # Errors
    /// [`MoneyError`] if a cost does not fit.
    pub fn new(before: Side, after: Side, requests: Option<u64>) -> Result<Self, MoneyError> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let tokens = signed(after.input.tokens).saturating_sub(signed(before.input.tokens));
        let half = signed(before.own.saturating_add(after.own));
        let tokens = TokenChange {
            low: tokens.saturating_sub(half),
            tokens,
            high: tokens.saturating_add(half),
        };
        let request = match (before.cost, after.cost) {
            (Some(was), Some(is)) => {
                let half = before.own_cost(was)?.checked_add(after.own_cost(is)?)?;
                let cost = is.cost.checked_sub(was.cost)?;
                let (low, high) = (cost.checked_sub(half)?, cost.checked_add(half)?);
                Some(CostChange { before: was, after: is, change: CostBand { low, cost, high } })
            }
            _ => None,
        };
        let month = match (request, requests) {
            (Some(request), Some(requests)) => Some(CostChange {
                before: request.before.times(requests, 1)?,
                after: request.after.times(requests, 1)?,
                change: request.change.times(requests, 1)?,
            }),
            _ => None,
        };
        Ok(Self { before, after, tokens, request, requests, month })
    }

    /// True if a request costs the same as before, for sure.
    fn is_settled(&self) -> bool {
        self.request.is_some_and(|request| request.change == CostBand::default())
    }
}

/// All files of a model, each one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Tokens before.
    pub before: Band,
    /// Tokens after.
    pub after: Band,
    /// More tokens.
    pub tokens: TokenChange,
    /// Of one request of each file; `None`: something has no price.
    pub request: Option<CostChange>,
    /// Of a month, before; `None`: traffic or price of a file are not known.
    pub month_before: Option<CostBand>,
    /// Of a month, after; `None` as above.
    pub month_after: Option<CostBand>,
    /// More a month; `None`: traffic or price of a file that costs more or less are not known.
    pub month_change: Option<CostBand>,
    /// Files whose traffic is not known.
    pub without_traffic: u64,
    /// Of them those that cost more or less.
    pub changed_without_traffic: u64,
}

impl Total {
    /// The sum of files.
    ///
    /// # Errors
    /// [`MoneyError`] if a sum does not fit.
    pub fn of<'l>(lines: impl IntoIterator<Item = &'l Line>) -> Result<Self, MoneyError> {
        let none = Some(CostBand::default());
        let mut total = Self {
            before: Band::default(),
            after: Band::default(),
            tokens: TokenChange::default(),
            request: Some(CostChange::default()),
            month_before: none,
            month_after: none,
            month_change: none,
            without_traffic: 0,
            changed_without_traffic: 0,
        };
        for line in lines {
            total.add(line)?;
        }
        Ok(total)
    }

    fn add(&mut self, line: &Line) -> Result<(), MoneyError> {
        self.before = plus(self.before, line.before.input);
        self.after = plus(self.after, line.after.input);
        self.tokens = self.tokens.plus(line.tokens);
        self.request = match (self.request, line.request) {
            (Some(sum), Some(more)) => Some(sum.plus(more)?),
            _ => None,
        };
        self.month_before = sum(self.month_before, line.month.map(|month| month.before))?;
        self.month_after = sum(self.month_after, line.month.map(|month| month.after))?;
        if !line.is_settled() {
            self.month_change = sum(self.month_change, line.month.map(|month| month.change))?;
        }
        if line.requests.is_none() {
            self.without_traffic += 1;
            self.changed_without_traffic += u64::from(!line.is_settled());
        }
        Ok(())
    }
}

fn plus(one: Band, other: Band) -> Band {
    Band {
        low: one.low.saturating_add(other.low),
        tokens: one.tokens.saturating_add(other.tokens),
        high: one.high.saturating_add(other.high),
    }
}

fn sum(all: Option<CostBand>, more: Option<CostBand>) -> Result<Option<CostBand>, MoneyError> {
    match (all, more) {
        (Some(all), Some(more)) => Ok(Some(all.plus(more)?)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn figures(low: u64, tokens: u64, high: u64) -> Figures {
        Figures { prompts: 1, input: Band { low, tokens, high }, ..Figures::default() }
    }

    fn side(of: &Figures, own: &Figures, costs: [&str; 3]) -> Side {
        let priced = Priced { cost: Some(costs.map(amount)), unpriced: Vec::new() };
        Side::new(of, &priced, own).unwrap()
    }

    #[test]
    fn only_what_one_side_has_is_uncertain() {
        // 100 tokens within 25, of which 8 within 2 are new; 96 within 24 before, 4 within 1 gone. One token costs 0.01.
        let after = side(&figures(75, 100, 125), &figures(6, 8, 10), ["0.75", "1", "1.25"]);
        let before = side(&figures(72, 96, 120), &figures(3, 4, 5), ["0.72", "0.96", "1.2"]);
        let line = Line::new(before, after, Some(1000)).unwrap();
        assert_eq!(line.tokens, TokenChange { low: 1, tokens: 4, high: 7 });
        let request = line.request.unwrap().change;
        let expected = ["0.01", "0.04", "0.07"].map(amount);
        assert_eq!([request.low, request.cost, request.high], expected);
        let month = line.month.unwrap();
        assert_eq!(month.change.cost, amount("40"));
        assert_eq!((month.before.high, month.after.low), (amount("1200"), amount("750")));
    }

    #[test]
    fn a_file_with_several_prompts_is_their_mean() {
        let mut several = figures(9, 9, 9);
        several.prompts = 3;
        let side = side(&several, &figures(0, 0, 0), ["0.3", "0.3", "0.3"]);
        assert_eq!((side.input.tokens, side.cost.unwrap().cost), (3, amount("0.1")));
        let line = Line::new(Side::absent(), side, None).unwrap();
        assert_eq!((line.tokens.tokens, line.month), (3, None));
    }

    #[test]
    fn a_month_needs_the_traffic_of_what_costs_more_or_less() {
        let same = side(&figures(5, 5, 5), &figures(0, 0, 0), ["0.5"; 3]);
        let more = side(&figures(7, 7, 7), &figures(2, 2, 2), ["0.7"; 3]);
        let known = Line::new(same.clone(), more.clone(), Some(10)).unwrap();
        let still = Line::new(same.clone(), same.clone(), None).unwrap();
        let total = Total::of([&known, &still]).unwrap();
        assert_eq!(total.month_change.unwrap().cost, amount("2"));
        assert_eq!((total.month_before, total.without_traffic), (None, 1));
        assert_eq!(total.changed_without_traffic, 0);
        let unknown = Line::new(same, more, None).unwrap();
        let total = Total::of([&known, &unknown]).unwrap();
        assert_eq!((total.month_change, total.changed_without_traffic), (None, 1));
        assert_eq!(total.request.unwrap().change.cost, amount("0.4"));
        let unpriced = Side { cost: None, ..Side::absent() };
        let line = Line::new(unpriced, Side::absent(), Some(1)).unwrap();
        assert_eq!(Total::of([&line]).unwrap().month_change, None);
    }
}
