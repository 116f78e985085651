//! How much more prompts may cost, and whether they do.

use thiserror::Error;

use super::change::{CostBand, Total};
use crate::budget::{Gate, Verdict};
use crate::money::{Amount, Currency, MoneyError};

/// What a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// One request of each file.
    Request,
    /// The requests of a month.
    Month,
}

impl Per {
    /// The word in limits and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Month => "month",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Of the cost before, in hundredths.
    Percent(Amount),
    /// Money, in a currency where one is stated.
    Money(Amount, Option<Currency>),
}

/// The most that a change may add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// As the user wrote it.
    pub text: String,
    /// What it is for.
    pub per: Per,
    size: Size,
}

/// Why a limit cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LimitError {
    /// It cannot be read.
    #[error("`{0}` is no limit (expected such as `5%`, `50USD/month` or `0.001USD/request`)")]
    NotALimit(String),
    /// It is in another currency than the prices.
    #[error("`{text}` is in {stated}, the prices of the model are in {own}")]
    OtherCurrency {
        /// The limit.
        text: String,
        /// Its currency.
        stated: Currency,
        /// That of the prices.
        own: Currency,
    },
    /// It does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// A limit, judged for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The limit as the user wrote it.
    pub limit: String,
    /// What it is for.
    pub per: Per,
    /// The most that is allowed, in money; `None`: what it is a share of is not known.
    pub allowed: Option<Amount>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is undecided.
    pub doubt: Option<String>,
}

impl Limit {
    /// From text: a share as `5%` or an amount as `50USD`, with `/month` or `/request` behind it. Without, a share is of what
    /// `usual` says and an amount of a month.
    ///
    /// # Errors
    /// [`LimitError::NotALimit`].
    pub fn parse(text: &str, usual: Per) -> Result<Self, LimitError> {
        let wrong = || LimitError::NotALimit(text.to_owned());
        let (size, per) = match text.split_once('/') {
            None => (text, None),
            Some((size, "month")) => (size, Some(Per::Month)),
            Some((size, "request")) => (size, Some(Per::Request)),
            Some(_) => return Err(wrong()),
        };
        let size = size.trim();
        let (size, per) = match size.strip_suffix('%') {
            Some(number) => {
                (Size::Percent(positive(number).ok_or_else(wrong)?), per.unwrap_or(usual))
            }
            None => {
                let letters = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let code = &size[letters.len()..];
                let currency = match code {
                    "" => None,
                    code => Some(code.parse().map_err(|_| wrong())?),
                };
                let money = positive(letters).ok_or_else(wrong)?;
                (Size::Money(money, currency), per.unwrap_or(Per::Month))
            }
        };
        Ok(Self { text: text.to_owned(), per, size })
    }

    /// Judges the files of a model, whose prices are in `own` currency.
    ///
    /// # Errors
    /// [`LimitError`] if the currencies differ or an amount does not fit.
    pub fn judge(&self, total: &Total, own: Currency) -> Result<Judged, LimitError> {
        let (before, change) = match self.per {
            Per::Request => (total.request.map(|of| of.before), total.request.map(|of| of.change)),
            Per::Month => (total.month_before, total.month_change),
        };
        let allowed = match self.size {
            Size::Money(amount, stated) => {
                if let Some(stated) = stated.filter(|stated| *stated != own) {
                    let text = self.text.clone();
                    return Err(LimitError::OtherCurrency { text, stated, own });
                }
                Some(amount)
            }
            Size::Percent(percent) => {
                let whole = Amount::from_units(100).atto();
                before.map(|was| was.cost.checked_ratio(percent.atto(), whole)).transpose()?
            }
        };
        let (verdict, doubt) = match (allowed, change) {
            (Some(allowed), Some(change)) => (verdict(change, allowed), None),
            (_, change) => (Verdict::Undecided, Some(self.doubt(total, change.is_some()))),
        };
        Ok(Judged { limit: self.text.clone(), per: self.per, allowed, verdict, doubt })
    }

    /// What is missing for a verdict.
    fn doubt(&self, total: &Total, has_change: bool) -> String {
        let files = |count: u64| if count == 1 { "file" } else { "files" };
        if total.request.is_none() {
            "something has no price".to_owned()
        } else if has_change {
            let count = total.without_traffic;
            format!(
                "the traffic of {count} {} is not known, of all of which it is a share",
                files(count)
            )
        } else {
            let count = total.changed_without_traffic;
            format!("the traffic of {count} {} that changed is not known", files(count))
        }
    }
}

/// What follows from verdicts.
#[must_use]
pub fn gate<'j>(judged: impl IntoIterator<Item = &'j Judged>) -> Gate {
    let mut gate = Gate::Passed;
    for one in judged {
        match one.verdict {
            verdict if verdict.is_broken() => return Gate::Violated,
            Verdict::Undecided => gate = Gate::Undecided,
            _ => {}
        }
    }
    gate
}

fn positive(text: &str) -> Option<Amount> {
    text.trim().parse().ok().filter(|amount| *amount >= Amount::ZERO)
}

fn verdict(change: CostBand, allowed: Amount) -> Verdict {
    if change.cost > allowed {
        Verdict::Exceeded
    } else if change.high > allowed {
        Verdict::AtRisk
    } else {
        Verdict::Within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt_diff::{CostChange, Line};

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    fn total(before: &str, change: [&str; 3]) -> Total {
        let [low, cost, high] = change.map(amount);
        let before = amount(before);
        let before = CostBand { low: before, cost: before, high: before };
        let change = CostBand { low, cost, high };
        let request = Some(CostChange { before, after: before, change });
        let total = Total::of(std::iter::empty::<&Line>()).unwrap();
        Total { request, month_before: Some(before), month_change: Some(change), ..total }
    }

    fn told(limit: &str, total: &Total) -> Verdict {
        let limit = Limit::parse(limit, Per::Month).unwrap();
        limit.judge(total, Currency::USD).unwrap().verdict
    }

    #[test]
    fn limits_are_kept_to_the_last_place() {
        let total = total("200", ["9", "10", "11"]);
        assert_eq!(told("5%", &total), Verdict::AtRisk);
        assert_eq!(told("5.5%/request", &total), Verdict::Within);
        assert_eq!(told("4.999999%", &total), Verdict::Exceeded);
        assert_eq!(told("11USD/month", &total), Verdict::Within);
        assert_eq!(told("9.99", &total), Verdict::Exceeded);
        // Less is within any limit.
        let less = super::tests::total("200", ["-3", "-2", "-1"]);
        assert_eq!(told("0", &less), Verdict::Within);
        // Where nothing was, any share of it is nothing.
        let new = super::tests::total("0", ["1", "1", "1"]);
        assert_eq!(told("1000%", &new), Verdict::Exceeded);
    }

    #[test]
    fn what_is_unknown_is_undecided() {
        let mut total = total("200", ["9", "10", "11"]);
        (total.month_before, total.without_traffic) = (None, 1);
        assert_eq!(told("5%", &total), Verdict::Undecided);
        assert_eq!(told("50USD", &total), Verdict::Within);
        (total.month_change, total.changed_without_traffic) = (None, 1);
        assert_eq!(told("50USD", &total), Verdict::Undecided);
        assert_eq!(told("50USD/request", &total), Verdict::Within);
    }

    #[test]
    fn texts_that_are_no_limits() {
        for text in ["", "%", "-1%", "5%/week", "5 dollars", "USD", "1USDX", "5%%", "/month"] {
            assert!(Limit::parse(text, Per::Month).is_err(), "{text}");
        }
        let euro = Limit::parse("5EUR", Per::Month).unwrap();
        assert!(euro.judge(&total("1", ["0"; 3]), Currency::USD).is_err());
        assert_eq!(Limit::parse("5%", Per::Request).unwrap().per, Per::Request);
        assert_eq!(Limit::parse("5USD", Per::Request).unwrap().per, Per::Month);
    }
}
