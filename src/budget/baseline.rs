//! An earlier run of the gate to compare with.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use thiserror::Error;

use crate::money::{Amount, Currency, MoneyError, Rounding};

/// The name of the JSON form that `check` writes and reads.
pub const SCHEMA: &str = "tokencast.check.v1";

/// Why a file cannot be compared with.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// No JSON, or not of the form.
    #[error("not a result of `check --output json`")]
    Form(#[source] serde_json::Error),
    /// JSON of another form.
    #[error("schema is `{0}`, expected `{SCHEMA}`")]
    Schema(String),
    /// Amounts of another currency.
    #[error("amounts are in {0}, the forecast is in {1}")]
    Currency(Currency, Currency),
}

#[derive(Debug, Deserialize)]
struct Named {
    schema: String,
}

/// An earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Baseline {
    /// Its currency.
    pub currency: Currency,
    /// First day it forecast; `None` if it had no usage.
    pub origin: Option<NaiveDate>,
    forecast: Option<PastForecast>,
    budgets: Vec<PastBudget>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct PastForecast {
    start: NaiveDate,
    end: NaiveDate,
    quantiles: BTreeMap<String, Amount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct PastBudget {
    id: String,
    period: Option<String>,
    verdict: String,
    amount: Amount,
    quantiles: Option<BTreeMap<String, Amount>>,
}

/// What an earlier run says of the same figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// No such budget was there.
    New,
    /// It was there for other periods only, or without a forecast.
    NotComparable,
    /// It was forecast.
    Since(Past),
}

/// A figure of an earlier run beside that of this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The median then.
    pub median: Amount,
    /// The median now less that.
    pub difference: Amount,
    /// The same in percent of it, to four decimal places; `None` of nothing.
    pub percent: Option<Amount>,
    /// The budget then; `None` for a forecast.
    pub amount: Option<Amount>,
    /// The verdict then; `None` for a forecast.
    pub verdict: Option<String>,
}

impl Baseline {
    /// Reads the JSON of an earlier run.
    ///
    /// # Errors
    /// [`BaselineError`].
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let named: Named = serde_json::from_str(text).map_err(BaselineError::Form)?;
        if named.schema != SCHEMA {
            return Err(BaselineError::Schema(named.schema));
        }
        serde_json::from_str(text).map_err(BaselineError::Form)
    }

    /// Checks that its amounts can be compared.
    ///
    /// # Errors
    /// [`BaselineError::Currency`].
    pub fn check_currency(&self, currency: Currency) -> Result<(), BaselineError> {
        let same = self.currency == currency;
        if same { Ok(()) } else { Err(BaselineError::Currency(self.currency, currency)) }
    }

    /// The forecast of the same days.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a difference does not fit.
    pub fn forecast(
        &self,
        (start, end): (NaiveDate, NaiveDate),
        median: Amount,
    ) -> Result<Change, MoneyError> {
        let same = self.forecast.as_ref().filter(|f| f.start == start && f.end == end);
        match same.and_then(|f| f.quantiles.get("0.5")) {
            Some(then) => Ok(Change::Since(Past::new(*then, median)?)),
            None => Ok(Change::NotComparable),
        }
    }

    /// A budget of the same name in the same period.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if a difference does not fit.
    pub fn budget(
        &self,
        id: &str,
        period: Option<&str>,
        median: Option<Amount>,
    ) -> Result<Change, MoneyError> {
        let mut named = self.budgets.iter().filter(|budget| budget.id == id).peekable();
        if named.peek().is_none() {
            return Ok(Change::New);
        }
        let same = named.find(|budget| budget.period.as_deref() == period);
        let figures = same.and_then(|budget| {
            let then = budget.quantiles.as_ref()?.get("0.5")?;
            Some((budget, *then, median?))
        });
        let Some((budget, then, now)) = figures else { return Ok(Change::NotComparable) };
        let past = Past::new(then, now)?;
        let (amount, verdict) = (Some(budget.amount), Some(budget.verdict.clone()));
        Ok(Change::Since(Past { amount, verdict, ..past }))
    }
}

impl Past {
    fn new(then: Amount, now: Amount) -> Result<Self, MoneyError> {
        let difference = now.checked_sub(then)?;
        let hundred = Amount::from_units(100);
        let percent = match then.is_zero() {
            true => None,
            false => Some(hundred.checked_ratio(difference.atto(), then.atto())?),
        };
        let percent = percent.map(|p| p.round(4, Rounding::HalfEven));
        Ok(Self { median: then, difference, percent, amount: None, verdict: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    const EARLIER: &str = r#"{"schema":"tokencast.check.v1","currency":"USD","origin":"2026-11-10",
        "forecast":{"start":"2026-11-01","end":"2026-12-01","quantiles":{"0.5":"800.00"}},
        "budgets":[{"id":"all","period":"2026-11","verdict":"within","amount":"900.00","quantiles":{"0.5":"0.00"}},
                   {"id":"search","period":"2026-11","verdict":"undecided","amount":"5.00","quantiles":null}]}"#;

    #[test]
    fn medians_of_the_same_budget_and_period_are_compared() {
        let baseline = Baseline::parse(EARLIER).unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let days = (day("2026-11-01"), day("2026-12-01"));
        // 898.40 / 800 = 1.123.
        let Change::Since(past) = baseline.forecast(days, amount("898.40")).unwrap() else {
            panic!("not compared")
        };
        assert_eq!((past.difference, past.percent), (amount("98.40"), Some(amount("12.3"))));
        let other = (days.0, day("2027-01-01"));
        assert_eq!(baseline.forecast(other, amount("1")).unwrap(), Change::NotComparable);
        let of = |id: &str, period: &str| {
            baseline.budget(id, Some(period), Some(amount("3.00"))).unwrap()
        };
        assert!(matches!(of("all", "2026-11"), Change::Since(Past { percent: None, .. })));
        assert_eq!(of("all", "2026-12"), Change::NotComparable);
        assert_eq!(of("search", "2026-11"), Change::NotComparable);
        assert_eq!(of("ads", "2026-11"), Change::New);
    }

    #[test]
    fn other_files_are_refused() {
        let said = |text: &str| Baseline::parse(text).unwrap_err().to_string();
        assert_eq!(said("no"), "not a result of `check --output json`");
        let other = EARLIER.replace("check.v1", "forecast.v1");
        assert_eq!(
            said(&other),
            "schema is `tokencast.forecast.v1`, expected `tokencast.check.v1`"
        );
        assert!(Baseline::parse(EARLIER).unwrap().check_currency("EUR".parse().unwrap()).is_err());
    }
}
