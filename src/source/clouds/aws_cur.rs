//! AWS Cost and Usage Reports, 1 and 2: the lines of Bedrock.
//!
//! What one unit of usage is stands in `pricing_unit`, or is told by what it costs; it is never
//! taken for granted, because reports count tokens by one, by the thousand and by the million.

use std::borrow::Cow;

use super::aws_wording;
use super::bill::{
    Line, Quantity, Wording, currency, period, set_label, set_tag_columns, set_tags, token_unit,
};
use crate::diagnostic::code;
use crate::money::Amount;
use crate::source::ReadOptions;
use crate::source::format::{FormatInfo, Group, Reads};
use crate::source::outcome::{Outcome, Skipped};
use crate::source::row::Row;
use crate::source::scan::Object;
use crate::usage::{Labels, RecordGrain};

/// The format.
pub(crate) const FORMAT: FormatInfo = FormatInfo {
    name: "aws-cur",
    title: "AWS Cost and Usage Reports 1 and 2, lines of Bedrock",
    group: Group::Cloud,
    grain: RecordGrain::BillingLine,
    reads: &[Reads::Table {
        columns: &[&["lineitemusagetype", "lineitemunblendedcost"]],
        read,
        usual: None,
    }],
};

/// Kinds of lines that stand for usage; all others carry a cost alone.
const USAGE: [&str; 3] = ["Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"];

fn read(row: &Row<'_>, options: &ReadOptions) -> Outcome {
    let usage_type = row.text("lineitemusagetype");
    let product = product(row);
    let wording = aws_wording::parse(&usage_type, &product);
    if !is_bedrock(row, &product, &usage_type, wording.is_some()) {
        let message = "lines of Cost and Usage Reports for other services than Bedrock";
        return Err(Skipped::new(code::NOT_USAGE, message));
    }
    let start = row.instant("lineitemusagestartdate")?;
    let end = match row.text("lineitemusageenddate") {
        text if text.is_empty() => None,
        _ => Some(row.instant("lineitemusageenddate")?),
    };
    let region = row.first_text(&["productregioncode", "productregion"]);
    let counted = wording.unwrap_or_else(|| Wording::new(named(row, &product, &usage_type)));
    let sku = counted.sku("aws.bedrock", &region);
    let mut line = Line::new(period(start, end), sku, currency(&row.text("lineitemcurrencycode"))?);
    line.billed = match row.amount("lineitemnetunblendedcost")? {
        Some(net) => Some(net),
        None => row.amount("lineitemunblendedcost")?,
    };
    line.list = row.amount("pricingpublicondemandcost")?;
    let kind = row.text("lineitemlineitemtype");
    // Old extracts leave the kind out; then every line that counts tokens is usage.
    if kind.is_empty() || USAGE.contains(&&*kind) {
        let quantity = Quantity {
            amount: row.amount("lineitemusageamount")?.unwrap_or_default(),
            stated_unit: token_unit(&row.text("pricingunit")),
            cost: line.list.filter(|cost| *cost > Amount::ZERO).or(line.billed),
        };
        line.count(&counted, quantity);
    }
    line.labels = labels(row, &kind, options);
    line.id = ("aws-cur", identity(row));
    line.records(options)
}

/// The name of the product: its own columns, or keys of the map that CUR 2 has.
fn product<'r>(row: &Row<'r>) -> Cow<'r, str> {
    let own = row.first_text(&["productservicename", "productproductname"]);
    if !own.is_empty() {
        return own;
    }
    let map = row.text("product");
    let map = Object::parse(map.as_bytes()).unwrap_or_default();
    let name = map.first_text(&["servicename", "service_name", "product_name", "productname"]);
    Cow::Owned(name.map(Cow::into_owned).unwrap_or_default())
}

fn is_bedrock(row: &Row<'_>, product: &str, usage_type: &str, counts_tokens: bool) -> bool {
    let code = row.text("lineitemproductcode");
    matches!(&*code, "AmazonBedrock" | "AmazonBedrockService")
        || aws_wording::is_edition(product)
        // A report without names of products has only the grammar to go by.
        || (product.is_empty() && counts_tokens && usage_type.contains("MP:"))
}

/// The name of what is not counted in tokens.
fn named(row: &Row<'_>, product: &str, usage_type: &str) -> String {
    if aws_wording::is_edition(product) {
        return aws_wording::product_model(product).to_string();
    }
    let described = row.first_text(&["lineitemlineitemdescription", "lineitemproductcode"]);
    if usage_type.is_empty() { described.into_owned() } else { usage_type.to_owned() }
}

fn labels(row: &Row<'_>, kind: &str, options: &ReadOptions) -> Labels {
    let mut labels = Labels::default();
    let policy = &options.labels;
    if policy.keeps_nothing() {
        return labels;
    }
    set_label(&mut labels, "account", &row.text("lineitemusageaccountid"), policy);
    set_label(&mut labels, "charge_type", kind, policy);
    set_label(&mut labels, "resource", &row.text("lineitemresourceid"), policy);
    set_label(&mut labels, "user", &row.text("lineitemiamprincipal"), policy);
    for column in ["resourcetags", "tags"] {
        let prefixes = ["resourceTags/", "iamPrincipal/", "user:", "user_"];
        set_tags(&mut labels, &row.text(column), &prefixes, policy);
    }
    set_tag_columns(&mut labels, row, "resourcetagsuser", policy);
    labels
}

/// What tells a line from all others: its own id says so only within one part of a report.
fn identity(row: &Row<'_>) -> String {
    let id = row.text("identitylineitemid");
    if id.is_empty() {
        return String::new();
    }
    let mut all = id.into_owned();
    for column in [
        "billbillingperiodstartdate",
        "lineitemusagestartdate",
        "lineitemusageenddate",
        "lineitemlineitemtype",
        "lineitemproductcode",
        "lineitemusagetype",
        "lineitemoperation",
        "lineitemusageaccountid",
        "lineitemresourceid",
        "lineitemiamprincipal",
        "lineitemlineitemdescription",
    ] {
        all.push('\0');
        all += &row.text(column);
    }
    all
}
