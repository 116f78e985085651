//! Azure Cost Management exports of both kinds of agreement: meters of models.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::azure_wording::{self, FOUNDRY, OPENAI};
use super::bill::{
    Line, Quantity, Unnumbered, Wording, currency, period, set_label, set_tags, token_unit,
};
use crate::diagnostic::code;
use crate::money::Amount;
use crate::period::{DAY_NANOS, Timestamp};
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::Skipped;
use crate::source::row::{Row, amount};
use crate::usage::{Labels, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "azure-cost",
    title: "Azure Cost Management exports (EA and MCA), meters of models",
    group: Group::Cloud,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Rows {
        columns: &[&["metername", "metersubcategory", "costinbillingcurrency"]],
        start: || Unnumbered::boxed("azure-cost", read),
    }],
};

fn read(row: &Row<'_>, options: &ReadOptions) -> Result<Line, Skipped> {
    let meter = row.text("metername");
    let sub_category = row.text("metersubcategory");
    let wording = azure_wording::parse(&meter, &sub_category);
    if !is_of_models(row, &sub_category, wording.is_some()) {
        let message = "lines of Azure bills for other services than models";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let day = day(row)?;
    let end = Timestamp::from_nanos(day.nanos().saturating_add(DAY_NANOS));
    let (provider, counted) = wording.unwrap_or_else(|| {
        let provider = if sub_category.contains("OpenAI") { OPENAI } else { FOUNDRY };
        let name = if meter.is_empty() { &sub_category } else { &meter };
        (provider, Wording::new(&**name))
    });
    let region = row.text("resourcelocation").replace(' ', "").to_ascii_lowercase();
    let sku = counted.sku(provider, &region);
    let stated = currency(&row.first_text(&["billingcurrency", "billingcurrencycode"]))?;
    let mut line = Line::new(period(day, Some(end)), sku, stated);
    line.billed = money(row, "costinbillingcurrency")?;
    line.list = money(row, "paygcostinbillingcurrency")?;
    let kind = row.text("chargetype");
    if kind.is_empty() || kind.eq_ignore_ascii_case("usage") {
        let quantity = Quantity {
            amount: money(row, "quantity")?.unwrap_or_default(),
            stated_unit: token_unit(&row.text("unitofmeasure")).or(counted.usual_unit),
            cost: line.list.filter(|cost| *cost > Amount::ZERO).or(line.billed),
        };
        line.count(&counted, quantity);
    }
    line.labels = labels(row, &kind, options);
    Ok(line)
}

/// True for meters of Azure OpenAI, of other makers' models, and of Anthropic in the marketplace.
fn is_of_models(row: &Row<'_>, sub_category: &str, counts_tokens: bool) -> bool {
    let category = row.text("metercategory").to_ascii_lowercase();
    let lower = sub_category.to_ascii_lowercase();
    category.contains("openai")
        || lower.contains("openai")
        || (lower.starts_with("azure ") && lower.ends_with(" models"))
        || row.text("publishername").contains("Anthropic")
        || (counts_tokens
            && ["", "cognitive services", "azure ai services", "foundry models"]
                .contains(&&*category))
}

/// The day of a line: `MM/DD/YYYY`, `DD.MM.YYYY` of localised portals, or ISO.
fn day(row: &Row<'_>) -> Result<Timestamp, Skipped> {
    let text = row.first_text(&["date", "usagedatetime", "usagedate"]);
    if text.is_empty() {
        return Err(Skipped::new(code::MISSING_TIME, "lines of Azure bills without a date"));
    }
    let date = text.split(' ').next().unwrap_or_default();
    let found = ["%m/%d/%Y", "%d.%m.%Y"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(date, form).ok())
        .map(Timestamp::from_utc_date);
    found
        .or_else(|| crate::source::row::instant(&text))
        .ok_or_else(|| Skipped::bad_field("date", &text, "a date such as `08/31/2026`"))
}

/// An amount, perhaps of a localised portal: exports print no thousands separators, so a comma is
/// the decimal mark unless a point follows it.
fn money(row: &Row<'_>, column: &'static str) -> Result<Option<Amount>, Skipped> {
    let text = row.text(column);
    amount(&decimal(&text)).map_err(|reason| Skipped::bad_field(column, &text, &reason))
}

fn decimal(text: &str) -> Cow<'_, str> {
    match (text.rfind(','), text.rfind('.')) {
        (Some(comma), Some(point)) if comma > point => {
            Cow::Owned(text.replace('.', "").replace(',', "."))
        }
        (Some(_), None) if text.matches(',').count() == 1 => Cow::Owned(text.replace(',', ".")),
        _ => Cow::Borrowed(text),
    }
}

fn labels(row: &Row<'_>, kind: &str, options: &ReadOptions) -> Labels {
    let mut labels = Labels::default();
    let policy = &options.labels;
    if policy.keeps_nothing() {
        return labels;
    }
    set_label(&mut labels, "account", &row.first_text(&["subscriptionid"]), policy);
    set_label(&mut labels, "charge_type", kind, policy);
    set_label(&mut labels, "resource", &row.first_text(&["resourceid", "instanceid"]), policy);
    set_label(&mut labels, "resource_group", &row.text("resourcegroup"), policy);
    let tags = row.text("tags");
    // Exports leave the braces of the object out.
    let whole = if tags.starts_with('{') { tags } else { Cow::Owned(format!("{{{tags}}}")) };
    set_tags(&mut labels, &whole, &[], policy);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_marks() {
        for (text, expected) in [
            ("0,0123", "0.0123"),
            ("1.234,5", "1234.5"),
            ("1,234.5", "1,234.5"),
            ("1234.5", "1234.5"),
            ("-0,5", "-0.5"),
        ] {
            assert_eq!(decimal(text), expected);
        }
    }
}
