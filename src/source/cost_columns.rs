//! Which columns of a table of daily costs hold what: told by their names, or by the user.

use std::collections::BTreeMap;

use super::cost_table::CostTableError;
use crate::money::Currency;

/// What a column of a cost table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CostColumn {
    /// The day, or an instant in it.
    Date,
    /// The cost.
    Value,
    /// What the cost is of: each value is a series.
    Id,
    /// The currency of the cost.
    Currency,
}

/// Each kind of column with its name in `--series-columns` and the headers it is told by, compared
/// without case, spaces, dots, hyphens and underscores.
pub const COST_COLUMNS: [(CostColumn, &str, &[&str]); 4] = [
    (
        CostColumn::Date,
        "date",
        &[
            "date",
            "day",
            "ds",
            "usage_date",
            "usage_date_utc",
            "utc_date",
            "usage_start_date",
            "usage_start_time",
            "line_item_usage_start_date",
            "charge_period_start",
            "start_time_iso",
            "start_time",
            "start_date",
            "timestamp",
            "time",
        ],
    ),
    (
        CostColumn::Value,
        "value",
        &[
            "value",
            "cost",
            "amount",
            "y",
            "spend",
            "total_cost",
            "cost_usd",
            "amount_usd",
            "amount_value",
            "billed_cost",
            "effective_cost",
            "unblended_cost",
            "line_item_unblended_cost",
            "pre_tax_cost",
            "cost_in_billing_currency",
        ],
    ),
    (
        CostColumn::Id,
        "id",
        &[
            "id",
            "unique_id",
            "series",
            "service",
            "service_name",
            "model",
            "product",
            "project",
            "team",
            "workspace",
            "line_item",
        ],
    ),
    (
        CostColumn::Currency,
        "currency",
        &["currency", "currency_code", "billing_currency", "amount_currency"],
    ),
];

/// The columns that the user names; the others are told by their headers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CostColumns {
    named: BTreeMap<CostColumn, String>,
}

/// Where the columns are in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) date: usize,
    pub(super) value: usize,
    pub(super) id: Option<usize>,
    pub(super) currency: Option<usize>,
    /// The currency that the name of the value column states.
    pub(super) stated: Option<Currency>,
}

impl CostColumns {
    /// From `date=COLUMN`, `value=COLUMN`, `id=COLUMN`, `currency=COLUMN`, several in one text
    /// separated by commas. An empty column says that there is none.
    ///
    /// # Errors
    /// [`CostTableError::BadPair`] and [`CostTableError::NamedTwice`].
    pub fn parse(texts: &[String]) -> Result<Self, CostTableError> {
        let mut named = BTreeMap::new();
        for pair in texts.iter().flat_map(|t| t.split(',')).map(str::trim).filter(|p| !p.is_empty())
        {
            let known = pair.split_once('=').and_then(|(name, column)| {
                let (found, _, _) = COST_COLUMNS.iter().find(|(_, n, _)| *n == name.trim())?;
                Some((*found, column.trim().to_owned()))
            });
            let (kind, column) = known.ok_or_else(|| CostTableError::BadPair(pair.to_owned()))?;
            if named.insert(kind, column).is_some() {
                return Err(CostTableError::NamedTwice(pair.to_owned()));
            }
        }
        Ok(Self { named })
    }

    /// Finds the columns among the headers of a table.
    pub(super) fn locate(&self, file: &str, headers: &[String]) -> Result<Places, CostTableError> {
        let find = |kind| self.find(kind, file, headers);
        let needed = |kind: CostColumn| {
            find(kind)?.ok_or_else(|| CostTableError::NoColumn {
                file: file.to_owned(),
                what: name_of(kind),
                columns: headers.join(", "),
            })
        };
        let value = needed(CostColumn::Value)?;
        Ok(Places {
            date: needed(CostColumn::Date)?,
            value,
            id: find(CostColumn::Id)?,
            currency: find(CostColumn::Currency)?,
            stated: plain(&headers[value]).ends_with("usd").then_some(Currency::USD),
        })
    }

    fn find(
        &self,
        kind: CostColumn,
        file: &str,
        headers: &[String],
    ) -> Result<Option<usize>, CostTableError> {
        if let Some(column) = self.named.get(&kind) {
            if column.is_empty() {
                return Ok(None);
            }
            let found = headers.iter().position(|header| header == column);
            return found.map(Some).ok_or_else(|| CostTableError::NoSuchColumn {
                file: file.to_owned(),
                column: column.clone(),
                columns: headers.join(", "),
            });
        }
        let candidates = candidates(kind, headers);
        match candidates.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            // Two dates of one row say the same day in two ways; two costs or ids do not.
            [first, ..] if kind == CostColumn::Date => Ok(Some(*first)),
            several => Err(CostTableError::SeveralColumns {
                file: file.to_owned(),
                what: name_of(kind),
                columns: several
                    .iter()
                    .map(|at| headers[*at].as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }
}

/// True if a table with these headers is one of daily costs.
pub(super) fn is_cost_table(headers: &[String]) -> bool {
    let has = |kind| !candidates(kind, headers).is_empty();
    has(CostColumn::Date) && has(CostColumn::Value)
}

/// Columns whose header is known for a kind, in the order of [`COST_COLUMNS`].
fn candidates(kind: CostColumn, headers: &[String]) -> Vec<usize> {
    let known = COST_COLUMNS.iter().filter(|(k, _, _)| *k == kind).flat_map(|(_, _, names)| *names);
    known
        .filter_map(|name| headers.iter().position(|header| plain(header) == plain(name)))
        .collect()
}

fn name_of(kind: CostColumn) -> &'static str {
    COST_COLUMNS.iter().find(|(k, _, _)| *k == kind).map_or("", |(_, name, _)| name)
}

/// A header as it is compared.
fn plain(header: &str) -> String {
    let kept = header.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.' | '/'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    fn located(names: &[&str], named: &str) -> Result<Places, CostTableError> {
        CostColumns::parse(&[named.to_owned()])?.locate("f", &headers(names))
    }

    #[test]
    fn headers_of_known_exports_are_found() {
        let plain = located(&["Date", "Service", "Cost"], "").unwrap();
        assert_eq!((plain.date, plain.value, plain.id), (0, 2, Some(1)));
        let export = located(
            &["start_time", "start_time_iso", "amount_value", "amount_currency", "line_item"],
            "",
        )
        .unwrap();
        assert_eq!((export.date, export.value, export.currency), (1, 2, Some(3)));
        let dollars = located(&["usage_date_utc", "model", "cost_usd"], "").unwrap();
        assert_eq!(dollars.stated, Some(Currency::USD));
    }

    #[test]
    fn what_is_not_clear_is_asked_for() {
        let names = ["ds", "BilledCost", "EffectiveCost", "team", "model"];
        assert!(matches!(located(&names, ""), Err(CostTableError::SeveralColumns { .. })));
        let found = located(&names, "value=BilledCost,id=").unwrap();
        assert_eq!((found.value, found.id), (1, None));
        assert!(matches!(located(&["when", "cost"], ""), Err(CostTableError::NoColumn { .. })));
        assert!(matches!(
            located(&["when", "cost"], "date=When"),
            Err(CostTableError::NoSuchColumn { .. })
        ));
        for wrong in ["date", "price=cost", "date=a,date=b"] {
            assert!(CostColumns::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
