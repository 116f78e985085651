//! The usage of one charge period on its way through the terms.

use crate::money::{Amount, MoneyError, mul_div};
use crate::period::{Period, Timestamp};
use crate::settlement::TermRef;
use crate::tokens::Component;

/// Quantities are counted in millionths: a share of a token is no whole number.
pub(crate) const MILLION: i128 = 1_000_000;

/// A quantity of one component with its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoadPart {
    /// What was used.
    pub(crate) component: Component,
    /// Millionths of its units.
    pub(crate) quantity: i128,
    /// At list; `None`: no price.
    pub(crate) list: Option<Amount>,
    /// After unit-price terms; `None`: no price.
    pub(crate) contracted: Option<Amount>,
    /// The last term that had no room for it.
    pub(crate) spilled_by: Option<TermRef>,
}

/// How much of what is on a meter is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    All,
    Nothing,
    /// Numerator and denominator, between 0 and 1.
    Ratio(i128, i128),
}

impl Take {
    /// What room serves of a load in it: at exactly the room everything.
    pub(super) fn of(load: i128, room: i128) -> Self {
        if room <= 0 {
            Self::Nothing
        } else if load <= room {
            Self::All
        } else {
            Self::ratio(room, load)
        }
    }

    /// The one that serves less.
    pub(super) fn least(self, other: Self) -> Result<Self, MoneyError> {
        Ok(match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::All, less) | (less, Self::All) => less,
            (Self::Ratio(a, b), Self::Ratio(c, d)) => {
                let left = a.checked_mul(d).ok_or(MoneyError::Overflow)?;
                let right = c.checked_mul(b).ok_or(MoneyError::Overflow)?;
                if left <= right { self } else { other }
            }
        })
    }

    /// Reduced, so that products stay short.
    pub(super) fn ratio(numerator: i128, denominator: i128) -> Self {
        let common = gcd(numerator, denominator).max(1);
        Self::Ratio(numerator / common, denominator / common)
    }

    fn apply(self, value: i128) -> Result<i128, MoneyError> {
        match self {
            Self::All => Ok(value),
            Self::Nothing => Ok(0),
            Self::Ratio(numerator, denominator) => mul_div(value, numerator, denominator),
        }
    }

    /// What is served of a number, and the rest: together the number.
    pub(super) fn cut(self, value: i128) -> Result<(i128, i128), MoneyError> {
        let served = self.apply(value)?;
        Ok((served, value - served))
    }

    fn cut_amount(self, value: Option<Amount>) -> Result<[Option<Amount>; 2], MoneyError> {
        let Some(value) = value else { return Ok([None, None]) };
        let (served, rest) = self.cut(value.atto())?;
        Ok([Some(Amount::from_atto(served)), Some(Amount::from_atto(rest))])
    }
}

/// Greatest common divisor of two numbers that are not negative.
pub(super) fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        if let (Ok(mut x), Ok(mut y)) = (u64::try_from(a), u64::try_from(b)) {
            while y != 0 {
                (x, y) = (y, x % y);
            }
            return i128::from(x);
        }
        (a, b) = (b, a % b);
    }
    a
}

impl LoadPart {
    /// What is served and what is left, each `None` if nothing.
    pub(super) fn cut(&self, take: Take) -> Result<[Option<Self>; 2], MoneyError> {
        match take {
            Take::All => Ok([Some(*self), None]),
            Take::Nothing => Ok([None, Some(*self)]),
            Take::Ratio(..) => {
                let (quantity, quantity_left) = take.cut(self.quantity)?;
                let [list, list_left] = take.cut_amount(self.list)?;
                let [contracted, contracted_left] = if self.contracted == self.list {
                    [list, list_left]
                } else {
                    take.cut_amount(self.contracted)?
                };
                let served = Self { quantity, list, contracted, ..*self };
                let left = Self {
                    quantity: quantity_left,
                    list: list_left,
                    contracted: contracted_left,
                    ..*self
                };
                Ok([Some(served), Some(left)])
            }
        }
    }
}

/// Millionths of tokens in parts.
#[inline]
pub(super) fn tokens(parts: &[LoadPart]) -> i128 {
    parts.iter().filter(|p| p.component.is_tokens()).map(|p| p.quantity).sum()
}

/// What is left of one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flow {
    pub(super) profile: u32,
    /// The stretch of time in which it arrived.
    pub(super) segment: usize,
    /// Millionths of requests.
    pub(super) requests: i128,
    /// Its parts in the batch: the first, and the one after the last.
    parts: (usize, usize),
}

/// The rows of one charge period.
#[derive(Debug)]
pub(super) struct Batch {
    /// When it is served; rows that waited have arrived earlier.
    pub(super) period: Period,
    pub(super) flows: Vec<Flow>,
    parts: Vec<LoadPart>,
}

impl Batch {
    pub(super) fn new(period: Period) -> Self {
        Self { period, flows: Vec::new(), parts: Vec::new() }
    }

    /// Nothing, in the same memory.
    pub(super) fn clear(&mut self, period: Period) {
        self.period = period;
        self.flows.clear();
        self.parts.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }

    pub(super) fn start(&self) -> Timestamp {
        self.period.start
    }

    pub(super) fn parts(&self, flow: &Flow) -> &[LoadPart] {
        &self.parts[flow.parts.0..flow.parts.1]
    }

    /// Adds a row with the parts that are pushed; one without any is left out.
    #[inline]
    pub(super) fn push(
        &mut self,
        (profile, segment): (u32, usize),
        requests: i128,
        parts: impl IntoIterator<Item = LoadPart>,
    ) {
        let from = self.parts.len();
        self.parts.extend(parts);
        let until = self.parts.len();
        if from < until || requests > 0 {
            self.flows.push(Flow { profile, segment, requests, parts: (from, until) });
        }
    }

    /// Adds the rows of another.
    pub(super) fn append(&mut self, other: &Self) {
        for flow in &other.flows {
            let parts = other.parts(flow).iter().copied();
            self.push((flow.profile, flow.segment), flow.requests, parts);
        }
    }
}
