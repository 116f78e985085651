//! Budgets as they are typed: `900`, `2500 USD/quarter`.

use anyhow::{Context, Result, anyhow, bail};

use super::error::Failure;
use crate::money::{Amount, Currency};
use crate::projection::{Budget, BudgetOutlook, Projection, SpanKind};

/// A budget with the currency that was typed, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) budget: Budget,
    pub(crate) currency: Option<Currency>,
}

/// Reads one `--budget`.
pub(crate) fn parse(text: &str) -> Result<Typed> {
    let (amount, per) = text.split_once('/').unwrap_or((text, "month"));
    let per = per.trim();
    let Some(per) = SpanKind::from_name(per) else {
        bail!(
            "--budget: `{per}` is no period (expected month, quarter, year or total, as in 900/month)"
        );
    };
    let letters = |c: char| c.is_ascii_alphabetic();
    let number = amount.trim().trim_matches(letters).trim();
    let code = amount.trim().strip_prefix(number).or_else(|| amount.trim().strip_suffix(number));
    let currency = match code.map(str::trim) {
        None | Some("") => None,
        Some(code) => {
            Some(code.parse::<Currency>().with_context(|| format!("--budget: `{text}`"))?)
        }
    };
    let amount: Amount = number.parse().with_context(|| format!("--budget: `{text}`"))?;
    if amount <= Amount::ZERO {
        return Err(anyhow!("--budget: `{text}` is no budget (expected an amount above 0)"));
    }
    Ok(Typed { budget: Budget { amount, per }, currency })
}

/// What becomes of every budget.
pub(crate) fn outlooks(
    typed: &[Typed],
    projection: &Projection,
) -> Result<Vec<BudgetOutlook>, Failure> {
    let mut outlooks = Vec::new();
    for Typed { budget, currency } in typed {
        if let Some(currency) = currency.filter(|c| *c != projection.currency) {
            let error = anyhow!(
                "--budget: {} {currency} cannot be compared with a forecast in {}",
                budget.amount,
                projection.currency
            );
            return Err(Failure::with_hint(
                error,
                "state the budget in the currency of the forecast",
            ));
        }
        outlooks.extend(projection.outlook(*budget)?);
    }
    Ok(outlooks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_as_typed() {
        let shown = |text: &str| {
            let typed = parse(text).unwrap();
            let currency = typed.currency.map(|c| c.to_string()).unwrap_or_default();
            format!("{} {currency} {:?}", typed.budget.amount, typed.budget.per)
        };
        assert_eq!(shown("900"), "900.00  Month");
        assert_eq!(shown("900.5/quarter"), "900.50  Quarter");
        for text in ["2500 eur/year", "EUR 2500/year", "2500EUR / year"] {
            assert_eq!(shown(text), "2500.00 EUR Year");
        }
        for text in ["", "0", "-5", "$900", "1,000", "900/week", "900 EURO", "USD", "9 USD EUR"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
