//! Keys of capacity and of reserved spend.

use super::key::{Key, Kind, Table};
use super::registry::{COMMON, PROFILE};
use crate::contract::tables;

const PER: &[&str] = &["hour", "day", "week", "month", "quarter", "year", "term"];

const fn key(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Key {
    Key::new(name, kind, example, doc)
}

static UNIT_CHANGE: Table = Table {
    name: "unit_changes",
    doc: "Another number of units.",
    parts: &[&[
        key("on", Kind::Day, r#""2026-05-01""#, "From this day on.").required(),
        key("units", Kind::Integer(0, 1_000_000_000), "150", "Units.").required(),
    ]],
};

const METER_KEYS: &[Key] = &[
    key("units", Kind::Integer(0, 1_000_000_000), "110", "Units deployed on the first day.")
        .shown(),
    key(
        "unit_changes",
        Kind::Tables(&UNIT_CHANGE),
        r#"[{ on = "2026-05-01", units = 150 }]"#,
        "Later numbers of units.",
    ),
    key(
        "price",
        Kind::Amount,
        r#""1.00""#,
        "Price of a deployed unit that no reservation pays for.",
    )
    .or("nothing"),
    key(
        "per",
        Kind::Choice(PER),
        r#""hour""#,
        "What `price` is for. An hour is charged by the minute, a longer period by its days.",
    ),
    key(
        "reserved_units",
        Kind::Integer(0, 1_000_000_000),
        "100",
        "Units reserved, paid whether deployed or not.",
    )
    .or("0"),
    key(
        "reserved_changes",
        Kind::Tables(&UNIT_CHANGE),
        r#"[{ on = "2026-05-01", units = 150 }]"#,
        "Later numbers of reserved units.",
    ),
    key("reserved_price", Kind::Amount, r#""260""#, "Price of a reserved unit."),
    key("reserved_per", Kind::Choice(PER), r#""month""#, "What `reserved_price` is for."),
];

static METER: Table = Table {
    name: "meter",
    doc: "Units of one side of usage.",
    parts: &[
        &[key(
            "counts",
            Kind::Choice(&["all", "input", "output"]),
            r#""input""#,
            "Which tokens it counts.",
        )
        .or("all")],
        METER_KEYS,
    ],
};

static SPILL_TO: Table = Table {
    name: "spill_to",
    doc: "Who serves load above the capacity.",
    parts: &[&[
        key("provider", Kind::Text, r#""azure.ai.openai""#, "Who bills.").or("the same"),
        key("model", Kind::Text, r#""gpt-5-mini""#, "The model.").or("the same"),
        key("service_tier", Kind::Text, r#""standard""#, "The tier.").or("standard"),
    ]],
};

const WEIGHT: &str = "How many tokens of the rate one such token takes.";

const fn weight(name: &'static str, default: &'static str) -> Key {
    key(name, Kind::Factor, r#""1""#, WEIGHT).or(default)
}

/// What tokens take of a unit.
pub(super) const RATE_KEYS: &[Key] = &[
    key("models", Kind::Words, r#"["gpt-5.2*"]"#, "Ids or names of models, exact or with `*` at the end.").required(),
    key("tokens_per_minute", Kind::Positive, r#""3400""#, "Weighted tokens that one unit serves in a minute. This or another `tokens_per_` key.").shown(),
    key("tokens_per_second", Kind::Positive, r#""675""#, "The same in a second."),
    key("input_tokens_per_minute", Kind::Positive, r#""25000""#, "Tokens of prompts, with `output_tokens_per_...`: apart on meters that count one side, sharing the time of a unit on one that counts all."),
    key("input_tokens_per_second", Kind::Positive, r#""3000""#, "The same in a second."),
    key("output_tokens_per_minute", Kind::Positive, r#""2500""#, "Tokens of responses."),
    key("output_tokens_per_second", Kind::Positive, r#""300""#, "The same in a second."),
    weight("input_weight", "1"),
    weight("input_audio_weight", "`input_weight`"),
    weight("input_image_weight", "`input_weight`"),
    weight("input_video_weight", "`input_weight`"),
    weight("cache_read_weight", "1"),
    weight("cache_write_5m_weight", "1"),
    weight("cache_write_1h_weight", "1"),
    weight("output_weight", "1"),
    weight("output_audio_weight", "`output_weight`"),
    weight("output_image_weight", "`output_weight`"),
    key("context_over", Kind::Integer(1, 1_000_000_000), "200000", "Only for requests with prompts above so many tokens; of several rates the one with the highest such bound counts.").or("every request"),
    key("source", Kind::Text, r#""test of 2026-05""#, "Where the figures are from."),
];

static RATE: Table = Table {
    name: "rate",
    doc: "What tokens of a model take of a unit. The first rate that matches counts; those of the contract go before those of a table.",
    parts: &[RATE_KEYS],
};

const OWN: &[Key] = &[
    key(
        "kind",
        Kind::Choice(&["provisioned", "rented"]),
        r#""provisioned""#,
        "Units that a provider reserves, or machines that are rented.",
    )
    .or("provisioned"),
    key("unit", Kind::Text, r#""PTU""#, "What a unit is called.").required(),
    key(
        "table",
        Kind::Choice(tables::NAMES),
        r#""azure-ptu""#,
        "A bundled table of rates, with the fewest units and their steps.",
    )
    .shown(),
    key(
        "deployment",
        Kind::Choice(tables::DEPLOYMENTS),
        r#""global""#,
        "Deployment type, where the fewest units of a table depend on it.",
    )
    .or("global"),
    key(
        "meter",
        Kind::Tables(&METER),
        r#"[{ counts = "input", units = 4, price = "110", per = "day" }]"#,
        "Units of input and output apart; or the keys of one meter directly in the term.",
    ),
    key(
        "minimum_units",
        Kind::Integer(0, 1_000_000_000),
        "15",
        "Fewest units that can be deployed.",
    )
    .or("that of the table"),
    key(
        "unit_increment",
        Kind::Integer(1, 1_000_000_000),
        "5",
        "Units are deployed in steps of so many.",
    )
    .or("that of the table, else 1"),
    key("ceiling", Kind::Share, r#""0.7""#, "Share of the capacity that may be used.").or("1"),
    key(
        "overflow",
        Kind::Choice(&["spill", "throttle", "queue"]),
        r#""spill""#,
        "Load above the capacity is served and invoiced by token, is not served, or waits.",
    )
    .or("spill"),
    key(
        "queue_minutes",
        Kind::Integer(1, 44_640),
        "60",
        "Longest wait. What waits longer spills to `spill_to`, or is not served.",
    ),
    key(
        "spill_to",
        Kind::Table(&SPILL_TO),
        r#"{ service_tier = "standard" }"#,
        "Who serves load above the capacity.",
    )
    .or("the same model at standard tier"),
    LOAD_PROFILE,
    key(
        "rate",
        Kind::Tables(&RATE),
        r#"[{ models = ["gpt-5.2*"], tokens_per_minute = "3400", output_weight = "8", cache_read_weight = "0" }]"#,
        "What tokens take of a unit.",
    ),
];

const LOAD_PROFILE: Key = key(
    "load_profile",
    Kind::WordOr("flat", &PROFILE),
    r#""flat""#,
    "How usage that is only known by longer periods is spread over their minutes.",
)
.or("assumed, and said so");

/// `[[capacity]]`
pub(super) static CAPACITY: Table = Table {
    name: "capacity",
    doc: "Capacity that is paid whether it is used or not, and only helps in the minute it is for.",
    parts: &[COMMON, OWN, METER_KEYS],
};

/// `[[reserved_spend]]`
pub(super) static RESERVED_SPEND: Table = Table {
    name: "reserved_spend",
    doc: "An amount that is paid for each minute or hour, and pays for usage in it.",
    parts: &[
        COMMON,
        &[
            key(
                "amount",
                Kind::Amount,
                r#""2.00""#,
                "Usage that it pays for in each of them, after `discount`.",
            )
            .required(),
            key("per", Kind::Choice(&["minute", "hour"]), r#""minute""#, "Length of its periods.")
                .required(),
            key("price", Kind::Amount, r#""2.00""#, "What it costs.").or("`amount`"),
            key(
                "discount",
                Kind::Share,
                r#""0""#,
                "Share off list prices of usage that it pays for.",
            )
            .or("0"),
            LOAD_PROFILE,
        ],
    ],
};

/// A bundled table of capacity.
pub(in crate::contract) static CAPACITY_FILE: Table = Table {
    name: "",
    doc: "A bundled table of capacity.",
    parts: &[&[
        key(
            "schema",
            Kind::Choice(&["tokencast.capacity.v1"]),
            "",
            "Name and version of this form.",
        )
        .required(),
        key("name", Kind::Id, "", "As contracts name it.").required(),
        key("unit", Kind::Text, "", "What a unit is called.").required(),
        key("source", Kind::Text, "", "Where the figures are from.").required(),
        key("checked_on", Kind::Day, "", "Newest day the table was checked.").required(),
        key("rate", Kind::Tables(&FILE_RATE), "", "Models.").required(),
    ]],
};

static FILE_RATE: Table = Table {
    name: "rate",
    doc: "A model.",
    parts: &[
        RATE_KEYS,
        &[
            key("minimum_units", Kind::Integer(1, 1_000_000), "", "Fewest units.").or("1"),
            key("unit_increment", Kind::Integer(1, 1_000_000), "", "Steps of units.").or("1"),
            key(
                "regional_minimum_units",
                Kind::Integer(1, 1_000_000),
                "",
                "Fewest units of regional deployments.",
            )
            .or("`minimum_units`"),
            key(
                "regional_unit_increment",
                Kind::Integer(1, 1_000_000),
                "",
                "Steps of units of regional deployments.",
            )
            .or("`unit_increment`"),
        ],
    ],
};
