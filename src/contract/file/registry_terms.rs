//! Keys of the terms that change prices, commit, pay in advance or cost a fee.

use super::key::{Key, Kind, Table};
use super::registry::{COMMON, OPENING, PERIOD, PERIODS, PRORATE, SCOPE, anchor};
use crate::price_book::PRICE_KEYS;

const MEASURES: &[&str] = &["contracted", "list"];
const BEYOND: &[&str] = &["invoiced", "stopped"];

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key::new(name, kind, example, doc)
}

const MEASURED_ON: Key = key(
    "measured_on",
    Kind::Choice(MEASURES),
    r#""contracted""#,
    "Spend is measured after discounts, or at list prices.",
)
.or("contracted");
const LESSER: Key =
    key("lesser_of_list", Kind::Bool, "true", "Where the list price is lower, that one is paid.")
        .or("false");
const BEYOND_KEY: Key = key(
    "beyond",
    Kind::Choice(BEYOND),
    r#""invoiced""#,
    "Usage beyond it is invoiced, or not served.",
)
.or("invoiced");
const OVERAGE: Key = key(
    "overage_factor",
    Kind::Factor,
    r#""1.2""#,
    "Price of usage beyond it, as a factor on its contracted cost.",
)
.or("1");
const WHEN_EMPTY: Key = key(
    "when_empty",
    Kind::Choice(BEYOND),
    r#""invoiced""#,
    "Usage that no credit pays for is invoiced, or not served.",
)
.or("invoiced");
const BOUGHT_ON: Key =
    key("bought_on", Kind::Day, r#""2026-02-01""#, "First day on which it pays.")
        .or("the first day of the term");
const EXPIRES_ON: Key =
    key("expires_on", Kind::Day, r#""2027-01-01""#, "First day on which it pays no more.")
        .or("never");
const EXPIRES_AFTER: Key = key(
    "expires_after_months",
    Kind::Integer(1, 1200),
    "12",
    "Months after which each lot lapses, instead of `expires_on`.",
);
const REPEATS: Key = key("repeats", Kind::Choice(PERIODS), r#""month""#, "A new lot in each of these periods; each lapses when the next comes, unless `expires_after_months` says otherwise.").or("one lot");

/// `[[discount]]`
pub(super) static DISCOUNT: Table = Table {
    name: "discount",
    doc: "A share off the price. Several discounts multiply.",
    parts: &[
        COMMON,
        &[key("rate", Kind::Share, r#""0.10""#, "What is taken off: a tenth.").required()],
    ],
};

const PRICES: [Key; PRICE_KEYS.len()] = {
    let mut keys = [key(
        "",
        Kind::Price(0),
        r#""4""#,
        "Contracted price; the name says what is priced and for how many units, as in price books.",
    ); PRICE_KEYS.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at].name = PRICE_KEYS[at].name;
        keys[at].kind = Kind::Price(PRICE_KEYS[at].per_power);
        keys[at].shown = at == 0;
        at += 1;
    }
    keys
};

/// `[[fixed_rate]]`
pub(super) static FIXED_RATE: Table = Table {
    name: "fixed_rate",
    doc: "Prices of the contract instead of those of the price books; what has none keeps its list price.",
    parts: &[COMMON, &[LESSER], &PRICES],
};

/// `[[price_protection]]`
pub(super) static PRICE_PROTECTION: Table = Table {
    name: "price_protection",
    doc: "A limit on price rises against the list prices of a day.",
    parts: &[
        COMMON,
        &[
            key("base_date", Kind::Day, r#""2026-01-01""#, "The day whose list prices are the base.").required(),
            key("annual_cap", Kind::Factor, r#""0.03""#, "Most that prices may rise a year, compounded at each anniversary of `base_date`.").required(),
            key("lesser_of_list", Kind::Bool, "true", "Where the list price falls below the base, the list price is paid; otherwise the base price is.").or("false"),
        ],
    ],
};

static STEP: Table = Table {
    name: "steps",
    doc: "A step of the schedule.",
    parts: &[&[
        key("from", Kind::Day, r#""2026-07-01""#, "First day.").required(),
        key(
            "discount",
            Kind::Share,
            r#""0.15""#,
            "Share off list prices that the best customer has.",
        )
        .required(),
    ]],
};

/// `[[best_customer]]`
pub(super) static BEST_CUSTOMER: Table = Table {
    name: "best_customer",
    doc: "A discount owed because of a better deal of somebody else, as a dated schedule: the price is the lower of the contract's own and list price less this.",
    parts: &[
        COMMON,
        &[key(
            "steps",
            Kind::Tables(&STEP),
            r#"[{ from = "2026-07-01", discount = "0.15" }]"#,
            "From each day on.",
        )
        .required()],
    ],
};

static TIER: Table = Table {
    name: "tiers",
    doc: "A tier of spend.",
    parts: &[&[
        key(
            "above",
            Kind::Amount,
            r#""1000000""#,
            "The tier is for spend above this; spend of exactly this is in the tier below.",
        )
        .required(),
        key("discount", Kind::Share, r#""0.05""#, "What is taken off in it.").required(),
    ]],
};

/// `[[discount_schedule]]`
pub(super) static DISCOUNT_SCHEDULE: Table = Table {
    name: "discount_schedule",
    doc: "A discount that grows with cumulative spend.",
    parts: &[
        COMMON,
        &[
            key("mode", Kind::Choice(&["graduated", "volume"]), r#""graduated""#, "`graduated`: each tier's discount is for the spend inside it. `volume`: that of the tier that is reached is for all spend since the reset, so that a bill can fall when usage rises.").required(),
            key("resets", Kind::Choice(PERIODS), r#""year""#, "When the count of spend begins anew, from the first day of the term on.").required(),
            MEASURED_ON,
            key("tiers", Kind::Tables(&TIER), r#"[{ above = "0", discount = "0" }, { above = "1000000", discount = "0.05" }]"#, "By rising amount, the first above zero.").required(),
            key("opening", Kind::Table(&OPENING), r#"{ on = "2026-07-01", amount = "250000" }"#, "Spend before the usage that is given."),
        ],
    ],
};

static MILESTONE: Table = Table {
    name: "milestones",
    doc: "A cumulative amount by a day.",
    parts: &[&[
        key(
            "by",
            Kind::Day,
            r#""2027-01-01""#,
            "First day after the time in which it is to be reached.",
        )
        .required(),
        key("cumulative", Kind::Amount, r#""3000000""#, "From the first day of the term.")
            .required(),
    ]],
};

static ELIGIBLE: Table = Table {
    name: "eligible",
    doc: "A rule of what counts. Usage that no rule names counts in full; other spend and fees only where a rule names their category.",
    parts: &[&[
        key(
            "category",
            Kind::Text,
            r#""marketplace""#,
            "Other spend of this category, or fees: `capacity`, `seats`, `flat-fee`.",
        ),
        key(
            "scope",
            Kind::Table(&SCOPE),
            r#"{ models = ["claude-*"] }"#,
            "Usage, instead of a category.",
        ),
        key("share", Kind::Share, r#""1""#, "How much of it counts.").or("1"),
        key(
            "cap_share",
            Kind::Share,
            r#""0.25""#,
            "At most this share of the commitment of the period.",
        )
        .or("no cap"),
    ]],
};

/// `[[spend_commitment]]`
pub(super) static SPEND_COMMITMENT: Table = Table {
    name: "spend_commitment",
    doc: "An amount that is spent in each period, or paid for.",
    parts: &[
        COMMON,
        &[
            key("period", Kind::Choice(PERIODS), r#""year""#, "Length of its periods. Required unless there are `milestones`.").shown(),
            key("amount", Kind::Amount, r#""5000000""#, "Committed in each period. This, `amounts` or `milestones`.").shown(),
            key("amounts", Kind::Amounts, r#"["5000000", "6000000"]"#, "Committed in the first, second, ... period; the last one repeats."),
            key("milestones", Kind::Tables(&MILESTONE), r#"[{ by = "2027-01-01", cumulative = "3000000" }]"#, "Cumulative amounts by day."),
            anchor("start"),
            PRORATE,
            MEASURED_ON,
            key("eligible", Kind::Tables(&ELIGIBLE), r#"[{ category = "marketplace", cap_share = "0.25" }]"#, "What counts.").or("all usage in scope"),
            key("payment", Kind::Choice(&["arrears", "upfront", "instalments"]), r#""arrears""#, "Usage is invoiced as it occurs; or the commitment is paid on the first day of each period, or in instalments, and usage draws it down.").or("arrears"),
            key("instalments", Kind::Choice(PERIODS), r#""month""#, "The parts of a period at whose start an instalment is due."),
            key("shortfall", Kind::Choice(&["paid", "credited", "carried", "waived"]), r#""paid""#, "What was not spent is paid and buys nothing; is paid and comes back as credit; is added to the next period; or is forgotten.").or("paid"),
            key("credit_expires_after_months", Kind::Integer(1, 1200), "12", "The credit of a shortfall lapses so many months later.").or("at the end of the contract"),
            key("rollover_share", Kind::Share, r#""1""#, "Share of an excess that counts in the next period.").or("none, or all where there is a cap"),
            key("rollover_cap", Kind::Amount, r#""500000""#, "At most this much of it.").or("no cap"),
            key("overage_factor", Kind::Factor, r#""1.2""#, "Price of usage above the commitment, as a factor on its contracted cost.").or("1"),
            key("true_up", Kind::Choice(PERIODS), r#""quarter""#, "Shortfalls are also invoiced at the end of each of these parts of a period, and settled at its end."),
            key("opening", Kind::Table(&OPENING), r#"{ on = "2026-07-01", amount = "250000" }"#, "What counted before the usage that is given."),
        ],
    ],
};

/// `[[minimum]]`
pub(super) static MINIMUM: Table = Table {
    name: "minimum",
    doc: "The least that is paid for usage in scope in a period, after discounts and before credits.",
    parts: &[
        COMMON,
        &[
            key("amount", Kind::Amount, r#""1000""#, "Of one period.").required(),
            PERIOD.required(),
            anchor("calendar"),
            PRORATE,
        ],
    ],
};

static RECHARGE: Table = Table {
    name: "recharge",
    doc: "Automatic purchase of further lots.",
    parts: &[&[
        key("below", Kind::Amount, r#""100""#, "As soon as less than this is left,").required(),
        key("amount", Kind::Amount, r#""500""#, "a lot of this amount is bought at this price.")
            .required(),
    ]],
};

/// `[[credit]]`
pub(super) static CREDIT: Table = Table {
    name: "credit",
    doc: "A lot of credit that pays for usage. Lots are drawn by `order`, then the one that lapses first, then the one bought first.",
    parts: &[
        COMMON,
        &[
            key("amount", Kind::Amount, r#""10000""#, "What it pays for, without the bonus.")
                .required(),
            key("bonus", Kind::Amount, r#""500""#, "What it pays for beside.").or("0"),
            key("price", Kind::Amount, r#""10000""#, "What is paid for it; zero for a grant.")
                .or("`amount`"),
            BOUGHT_ON,
            EXPIRES_ON,
            EXPIRES_AFTER,
            key(
                "order",
                Kind::Integer(0, 1_000_000),
                "1",
                "Lots of a lower order are drawn first.",
            )
            .or("1, for a price of zero 0"),
            REPEATS,
            key(
                "recharge",
                Kind::Table(&RECHARGE),
                r#"{ below = "100", amount = "500" }"#,
                "Further lots are bought when little is left.",
            ),
            WHEN_EMPTY,
        ],
    ],
};

/// `[[grant]]`
pub(super) static GRANT: Table = Table {
    name: "grant",
    doc: "A credit that costs nothing.",
    parts: &[
        COMMON,
        &[
            key("amount", Kind::Amount, r#""1000""#, "What it pays for.").required(),
            BOUGHT_ON,
            EXPIRES_ON,
            EXPIRES_AFTER,
            key(
                "order",
                Kind::Integer(0, 1_000_000),
                "0",
                "Lots of a lower order are drawn first.",
            )
            .or("0"),
            REPEATS,
            WHEN_EMPTY,
        ],
    ],
};

static SEAT_CHANGE: Table = Table {
    name: "changes",
    doc: "Another number of seats.",
    parts: &[&[
        key("on", Kind::Day, r#""2026-05-01""#, "From this day on.").required(),
        key("count", Kind::Integer(0, 1_000_000_000), "120", "Seats.").required(),
    ]],
};

/// `[[seats]]`
pub(crate) static SEATS: Table = Table {
    name: "seats",
    doc: "Seats with a fee, with or without usage that is included.",
    parts: &[
        COMMON,
        &[
            key("count", Kind::Integer(0, 1_000_000_000), "100", "Seats on the first day.").required(),
            key("changes", Kind::Tables(&SEAT_CHANGE), r#"[{ on = "2026-05-01", count = 120 }]"#, "Later numbers of seats."),
            key("price", Kind::Amount, r#""20""#, "Fee of one seat and period.").required(),
            PERIOD.required(),
            anchor("calendar"),
            key("prorate", Kind::Bool, "true", "Seats added inside a period pay for its remaining days only.").or("true"),
            key("removal", Kind::Choice(&["renewal", "next-period", "immediate"]), r#""renewal""#, "A removed seat is paid until the next contract year, until the next fee period, or no longer.").or("renewal"),
            key("minimum", Kind::Integer(0, 1_000_000_000), "10", "Fewest seats that are paid.").or("0"),
            key("included_amount_per_seat", Kind::Amount, r#""20""#, "Usage included in each period, at contracted prices. One of the `included_` keys."),
            key("included_tokens_per_seat", Kind::Integer(0, u64::MAX >> 1), "1000000", "Tokens included."),
            key("included_requests_per_seat", Kind::Integer(0, u64::MAX >> 1), "500", "Requests included."),
            key("included_units_per_seat", Kind::Integer(0, u64::MAX >> 1), "1900", "Units of the seller included, each worth `unit_price`."),
            key("unit_price", Kind::Amount, r#""0.01""#, "What a unit of the seller is worth at contracted prices."),
            key("pooled", Kind::Bool, "true", "All seats share what is included.").or("true"),
            key("seat_label", Kind::Text, r#""user""#, "The label that says whose usage it is, where seats do not share."),
            BEYOND_KEY,
            OVERAGE,
        ],
    ],
};

/// `[[flat_fee]]`
pub(super) static FLAT_FEE: Table = Table {
    name: "flat_fee",
    doc: "A fee for all usage in scope, up to a fair use.",
    parts: &[
        COMMON,
        &[
            key("amount", Kind::Amount, r#""500""#, "Fee of one period.").required(),
            PERIOD.required(),
            anchor("calendar"),
            PRORATE,
            key("fair_use_amount", Kind::Amount, r#""2000""#, "Most usage of a period that the fee covers, at contracted prices. One of the `fair_use_` keys.").or("all usage"),
            key("fair_use_tokens", Kind::Integer(0, u64::MAX >> 1), "100000000", "The same in tokens."),
            key("fair_use_requests", Kind::Integer(0, u64::MAX >> 1), "50000", "The same in requests."),
            BEYOND_KEY,
            OVERAGE,
        ],
    ],
};

/// `[[other_spend]]`
pub(super) static OTHER_SPEND: Table = Table {
    name: "other_spend",
    doc: "Spend that is in no usage log: other services of a cloud, its marketplace, support.",
    parts: &[
        COMMON,
        &[
            key(
                "category",
                Kind::Text,
                r#""marketplace""#,
                "What it is, as rules of commitments name it.",
            )
            .required(),
            key("amount", Kind::Amount, r#""100000""#, "At list prices, of each period or once.")
                .required(),
            key("period", Kind::Choice(PERIODS), r#""month""#, "How often.")
                .or("once, on the first day of the term"),
            anchor("calendar"),
            key("discounted", Kind::Bool, "false", "Discounts of the contract apply to it.")
                .or("false"),
        ],
    ],
};
