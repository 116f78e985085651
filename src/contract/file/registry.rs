//! Every key of a contract file: its head and the tables that several terms share.

use super::key::{Key, Kind, Table};
use super::registry_capacity::{CAPACITY, RESERVED_SPEND};
pub(crate) use super::registry_terms::SEATS;
use super::registry_terms::{
    BEST_CUSTOMER, CREDIT, DISCOUNT, DISCOUNT_SCHEDULE, FIXED_RATE, FLAT_FEE, GRANT, MINIMUM,
    OTHER_SPEND, PRICE_PROTECTION, SPEND_COMMITMENT,
};

/// The schema that this version of the program reads.
pub const SCHEMA: &str = "tokencast.contract.v1";

pub(super) const PERIODS: &[&str] = &["day", "week", "month", "quarter", "year", "term"];
pub(super) const ANCHORS: &[&str] = &["calendar", "start"];
const ROUNDINGS: &[&str] = &["half-up", "half-even", "up", "down"];
const FIXINGS: &[&str] = &["period-start", "period-end", "contract-start"];

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key::new(name, kind, example, doc)
}

/// Which usage is meant.
pub(super) static SCOPE: Table = Table {
    name: "scope",
    doc: "Which usage is meant: every condition must hold, one that is not written always does. Names are exact, or end with `*` for every name that begins so.",
    parts: &[&[
        key(
            "providers",
            Kind::Words,
            r#"["aws.bedrock", "anthropic"]"#,
            "Who bills by token, as usage records name them.",
        ),
        key(
            "models",
            Kind::Words,
            r#"["claude-*", "nova-pro"]"#,
            "Models: ids of the price books, or names as the usage spells them.",
        ),
        key("exclude_models", Kind::Words, r#"["claude-opus-*"]"#, "Models that are not meant."),
        key(
            "makers",
            Kind::Words,
            r#""anthropic""#,
            "Who made the models, as price books name them.",
        ),
        key("service_tiers", Kind::Words, r#"["standard", "batch"]"#, "Service tiers."),
        key("regions", Kind::Words, r#"["eu-*"]"#, "Cloud regions."),
        key("endpoints", Kind::Words, r#"["global"]"#, "Where processing may happen."),
        key("deployments", Kind::Words, r#"["data_zone"]"#, "Deployment types."),
        key(
            "labels",
            Kind::Labels,
            r#"{ team = ["search", "ads"] }"#,
            "Labels with their accepted values; usage without the label is not meant.",
        ),
    ]],
};

/// The whole file.
pub static FILE: Table =
    Table { name: "", doc: "What a buyer and a seller agreed.", parts: &[HEAD, TERMS] };

const HEAD: &[Key] = &[
    key("schema", Kind::Choice(&[SCHEMA]), r#""tokencast.contract.v1""#, "Name and version of this form.").required(),
    key("id", Kind::Id, r#""example""#, "Its own name in reports, unique among the contracts of a run.").required(),
    key("name", Kind::Text, r#""Example agreement""#, "Name for people.").or("the id"),
    key("issuer", Kind::Text, r#""aws""#, "Who sends the invoices.").required(),
    key("currency", Kind::Currency, r#""USD""#, "ISO 4217 code of its amounts and invoices.").required(),
    key("start", Kind::Day, r#""2026-01-01""#, "First day.").required(),
    key("end", Kind::Day, r#""2027-01-01""#, "First day after it. This or `term_months`.").shown(),
    key("term_months", Kind::Integer(1, 1200), "12", "Length in months instead of `end`."),
    key("timezone", Kind::Text, r#""UTC""#, "IANA time zone whose days count.").or("UTC"),
    key("billing_period", Kind::Choice(PERIODS), r#""month""#, "How often invoices are made.").or("month"),
    key("billing_anchor", Kind::Choice(ANCHORS), r#""calendar""#, "Billing periods begin with calendar periods, or on the day of `start`.").or("calendar"),
    key("payment_days", Kind::Integer(0, 3650), "30", "Days from the end of a billing period until its invoice is to be paid.").or("30"),
    key("precedence", Kind::Integer(0, 1_000_000), "100", "Contracts are applied in this order, the lowest first; with the same number in the order of the files.").or("100"),
    key("bills_usage", Kind::Bool, "true", "The issuer invoices the usage in scope. `false`: the contract only measures or discounts what others invoice.").or("true"),
    key("rounding", Kind::Choice(ROUNDINGS), r#""half-up""#, "How an invoice line is rounded.").or("half-up"),
    key("decimal_places", Kind::Integer(0, 18), "2", "Decimal places of an invoice line.").or("those of the currency"),
    key("fx_fixing", Kind::Choice(FIXINGS), r#""period-end""#, "The day whose exchange rate converts usage priced in another currency: of the billing period or of the contract.").or("period-end"),
    key("reference", Kind::Text, r#""Agreement 2026-17, annex B""#, "Where the terms are written down."),
    key("source", Kind::Text, r#""https://example.com/agreement""#, "The same, as an address."),
    key("notes", Kind::Text, r#""Negotiated in May.""#, "Anything for people."),
    key("scope", Kind::Table(&SCOPE), r#"{ providers = ["aws.bedrock"] }"#, "What usage the contract is about.").or("all usage"),
];

const TERMS: &[Key] = &[
    terms(&FIXED_RATE),
    terms(&PRICE_PROTECTION),
    terms(&CAPACITY),
    terms(&RESERVED_SPEND),
    terms(&DISCOUNT),
    terms(&DISCOUNT_SCHEDULE),
    terms(&BEST_CUSTOMER),
    terms(&SEATS),
    terms(&FLAT_FEE),
    terms(&OTHER_SPEND),
    terms(&SPEND_COMMITMENT),
    terms(&MINIMUM),
    terms(&CREDIT),
    terms(&GRANT),
];

const fn terms(table: &'static Table) -> Key {
    key(table.name, Kind::Tables(table), "", table.doc)
}

/// The kinds of terms, in the order in which they are applied to usage.
pub fn term_tables() -> impl Iterator<Item = &'static Table> {
    TERMS.iter().filter_map(|key| match key.kind {
        Kind::Tables(table) => Some(table),
        _ => None,
    })
}

/// What every term may say.
pub(super) const COMMON: &[Key] = &[
    key("id", Kind::Id, r#""my-term""#, "Its name in reports, unique in the contract.")
        .or("the kind and a number, such as `discount-1`"),
    key("from", Kind::Day, r#""2026-04-01""#, "First day, inside the contract.")
        .or("that of the contract"),
    key("until", Kind::Day, r#""2026-10-01""#, "First day after it, inside the contract.")
        .or("that of the contract"),
    key(
        "scope",
        Kind::Table(&SCOPE),
        r#"{ models = ["claude-*"] }"#,
        "Which part of the contract's scope it is about.",
    )
    .or("all of it"),
    key("notes", Kind::Text, r#""See annex C.""#, "Anything for people."),
];

pub(super) static OPENING: Table = Table {
    name: "opening",
    doc: "What had been counted before the usage that is given.",
    parts: &[&[
        key(
            "on",
            Kind::Day,
            r#""2026-07-01""#,
            "At the first instant of this day; usage before it is not counted again.",
        )
        .required(),
        key("amount", Kind::Amount, r#""250000""#, "Counted in the current period by then.")
            .required(),
    ]],
};

pub(super) static PROFILE: Table = Table {
    name: "load_profile",
    doc: "How usage that is only known by longer periods is spread over their minutes.",
    parts: &[&[
        key("hours", Kind::Hours, "[1, 1, 1, 1, 1, 1, 2, 4, 8, 9, 9, 9, 8, 9, 9, 9, 8, 6, 4, 3, 2, 2, 1, 1]", "Weight of each hour of the day in the time zone of the contract.").required(),
        key("peak_percent", Kind::Integer(100, 200), "150", "Inside an hour, half of the minutes have so many hundredths of its mean, the others the rest.").or("100"),
    ]],
};

/// The key of an anchor.
pub(super) const fn anchor(default: &'static str) -> Key {
    key(
        "anchor",
        Kind::Choice(ANCHORS),
        r#""calendar""#,
        "Periods begin with calendar periods, or on the first day of the term.",
    )
    .or(default)
}

/// The key of prorating.
pub(super) const PRORATE: Key = key(
    "prorate",
    Kind::Bool,
    "true",
    "A period that the term cuts short has its amount in proportion to its days.",
)
.or("true");

/// The key of a period.
pub(super) const PERIOD: Key =
    key("period", Kind::Choice(PERIODS), r#""month""#, "Length of its periods.");
