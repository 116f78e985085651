use crate::diagnostic::SeverityPolicy;
use crate::price_book::{BookSource, Layer, PriceBook};

/// Five lines; what is tested starts on line 6.
const HEAD: &str = r#"schema = "tokencast.prices.v1"
provider = "p"
name = "P"
currency = "USD"
checked_on = "2026-11-20"
"#;

const MODEL: &str = "[[model]]\nid = \"m\"\n[[model.price]]\n";

fn source(layer: Layer, name: &str, text: String) -> BookSource {
    BookSource { name: name.to_owned(), text, layer }
}

/// The problems of one file.
fn problems(text: &str) -> Vec<String> {
    match PriceBook::load(&[source(Layer::Flag, "p.toml", text.to_owned())]) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.to_string().lines().map(str::to_owned).collect(),
    }
}

/// Checks the only problem of a body that follows [`HEAD`].
#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(problems(&format!("{HEAD}{body}")), [expected]);
}

/// Checks the only problem of price keys that follow [`MODEL`] from line 9 on.
#[track_caller]
fn check_price(keys: &str, expected: &str) {
    check(&format!("{MODEL}{keys}"), expected);
}

#[test]
fn syntax_errors() {
    check("[[model\nid = 1\n", "p.toml:6: invalid TOML: unclosed array table, expected `]]`");
}

#[test]
fn a_file_without_head() {
    let expected = [
        "p.toml:1: file has no valid `provider`",
        "p.toml:1: file has no valid `schema`",
        "p.toml:1: file has no valid `name`",
        "p.toml:1: file has no valid `currency`",
        "p.toml:1: file has no valid `checked_on`",
    ];
    assert_eq!(problems(""), expected);
}

#[test]
fn a_wrong_head() {
    let text = HEAD
        .replace("prices.v1", "prices.v2")
        .replace("USD", "dollars")
        .replace("2026-11-20", "20.11.2026");
    let expected = [
        "p.toml:1: unknown schema `tokencast.prices.v2`, expected `tokencast.prices.v1`",
        "p.toml:4: `dollars` is not a currency code (expected three letters such as `USD`)",
        "p.toml:5: `20.11.2026` is not a date for `checked_on` (expected `2026-11-20`)",
    ];
    assert_eq!(problems(&text), expected);
    let empty = HEAD.replace("\"P\"", "\" \"");
    assert_eq!(
        problems(&empty),
        ["p.toml:1: file has no valid `name`", "p.toml:3: `name` is empty"]
    );
}

#[test]
fn unknown_keys_with_suggestions() {
    check("vendor = \"x\"\n", "p.toml:6: unknown key `vendor`");
    check("[[models]]\n", "p.toml:6: unknown key `models` (hint: did you mean `model`?)");
    check(
        "[[model]]\nid = \"m\"\nfamilly = \"f\"\n",
        "p.toml:8: unknown key `familly` (hint: did you mean `family`?)",
    );
    check(
        "[[model]]\nid = \"m\"\naliases = [{ name = \"x\", effective_form = \"2026-01-01\" }]\n",
        "p.toml:8: unknown key `effective_form` (hint: did you mean `effective_from`?)",
    );
    check(
        "[[multiplier]]\nfactor = \"2\"\nmodel = [\"m\"]\n",
        "p.toml:8: unknown key `model` (hint: did you mean `models`?)",
    );
    check_price(
        "input_per_mtok = \"1\"\noutputs_per_mtok = \"1\"\n",
        "p.toml:10: unknown key `outputs_per_mtok` (hint: did you mean `output_per_mtok`?)",
    );
    check_price(
        "input_per_mtok = \"1\"\nwhen = { servicetier = \"batch\" }\n",
        "p.toml:10: unknown key `servicetier` (hint: did you mean `service_tier`?)",
    );
    let calendar = "[[calendar]]\nname = \"c\"\ntimezone = \"UTC\"\nhours = [\"01:00-02:00\"]\n";
    check(
        &format!("{calendar}holiday = []\n"),
        "p.toml:10: unknown key `holiday` (hint: did you mean `holidays`?)",
    );
}

#[test]
fn wrong_kinds() {
    check_price(
        "input_per_mtok = 2.50\n",
        "p.toml:9: `input_per_mtok` is a bare number, expected a decimal string (hint: write `input_per_mtok = \"2.50\"`)",
    );
    check_price(
        "input_per_mtok = true\n",
        "p.toml:9: `input_per_mtok` is a boolean, expected a string",
    );
    let price = "input_per_mtok = \"1\"\n";
    check_price(
        &format!("{price}promotion = \"yes\"\n"),
        "p.toml:10: `promotion` is a string, expected true or false",
    );
    check_price(
        &format!("{price}free_allowance = 1500\n"),
        "p.toml:10: `free_allowance` is an integer, expected a table such as { quantity = 1500, period = \"day\" }",
    );
    check_price(
        &format!("{price}free_allowance = {{ quantity = 5 }}\n"),
        "p.toml:10: `free_allowance` needs a `quantity` and a `period`",
    );
    check_price(
        &format!("{price}free_allowance = {{ quantity = 5, period = \"week\" }}\n"),
        "p.toml:10: unknown period `week`, expected day or month",
    );
    check_price(
        &format!(
            "{price}output_per_mtok = \"1\"\nfree_allowance = {{ quantity = 5, period = \"day\" }}\n"
        ),
        "p.toml:11: `free_allowance` is of one component, but the entry has 2 prices (hint: give the price with the allowance an entry of its own)",
    );
    check_price(
        &format!("{price}when = \"batch\"\n"),
        "p.toml:10: `when` is a string, expected a table such as { service_tier = \"batch\" }",
    );
    check_price(
        &format!("{price}when = {{ context_over = -1 }}\n"),
        "p.toml:10: `context_over` is -1, expected a whole number from 0",
    );
    check_price(
        &format!("{price}when = {{ endpoint = [] }}\n"),
        "p.toml:10: `endpoint` is an empty list",
    );
    check(
        "model = \"m\"\n",
        "p.toml:6: `model` is a string, expected a list of tables, written [[model]]",
    );
    check("model = [1]\n", "p.toml:6: `model` is an integer, expected a table");
    check(
        "[[model]]\nid = \"m\"\naliases = \"x\"\n",
        "p.toml:8: `aliases` is a string, expected a list of names",
    );
    check(
        "[[multiplier]]\nfactor = \"2\"\nmodels = \"m\"\n",
        "p.toml:8: `models` is a string, expected a list of strings",
    );
}

#[test]
fn missing_keys() {
    check("[[model]]\nmaker = \"x\"\n", "p.toml:6: model has no valid `id`");
    check("[[model]]\nid = \"m\"\naliases = [{}]\n", "p.toml:8: alias has no `name`");
    check("[[multiplier]]\n", "p.toml:6: multiplier has no valid `factor`");
    check_price("source = \"s\"\n", "p.toml:8: entry has no price");
    let expected = [
        "p.toml:6: calendar has no valid `name`",
        "p.toml:6: calendar has no valid `timezone`",
        "p.toml:6: calendar has no valid `hours`",
    ];
    assert_eq!(problems(&format!("{HEAD}[[calendar]]\n")), expected);
}

#[test]
fn bad_dates() {
    let price = "input_per_mtok = \"1\"\n";
    check_price(
        &format!("{price}effective_from = \"2026-02-30\"\n"),
        "p.toml:10: `2026-02-30` is not a date or time (expected `2026-11-20` or `2026-11-20T12:00:00Z`)",
    );
    check_price(
        &format!("{price}effective_from = \"2026-02-02\"\neffective_until = \"2026-02-02\"\n"),
        "p.toml:11: `effective_until` 2026-02-02T00:00:00Z is not after `effective_from` 2026-02-02T00:00:00Z",
    );
    check_price(
        &format!("{price}announced_on = \"2026-02-02\"\nwithdrawn_on = \"2026-02-01\"\n"),
        "p.toml:11: `withdrawn_on` 2026-02-01T00:00:00Z is not after `announced_on` 2026-02-02T00:00:00Z",
    );
}

#[test]
fn bad_prices_and_factors() {
    check_price(
        "input_per_mtok = \"1,50\"\n",
        "p.toml:9: `input_per_mtok`: `1,50` is not a decimal number (expected digits such as `2.50`)",
    );
    check_price("input_per_mtok = \"-1\"\n", "p.toml:9: `input_per_mtok` is negative: `-1`");
    check_price(
        "input_per_mtok = \"0.0000000000001\"\n",
        "p.toml:9: `input_per_mtok`: result needs more than 18 decimal places and would have to be rounded",
    );
    check("[[multiplier]]\nfactor = \"0\"\n", "p.toml:7: factor `0` is not above zero");
    check("[[multiplier]]\nfactor = \"-2\"\n", "p.toml:7: factor `-2` is not above zero");
    check(
        "[[multiplier]]\nfactor = \"10%\"\n",
        "p.toml:7: `10%` is not a decimal number (expected digits such as `2.50`)",
    );
}

#[test]
fn unknown_words() {
    let price = "input_per_mtok = \"1\"\n";
    check_price(
        &format!("{price}confidence = \"sure\"\n"),
        "p.toml:10: unknown confidence `sure`, expected high, medium, low or conflict",
    );
    check(
        "[[multiplier]]\nfactor = \"2\"\ncomponents = [\"outputs\"]\n",
        "p.toml:8: unknown component `outputs` (hint: did you mean `output`?)",
    );
    check(
        "[[multiplier]]\nfactor = \"2\"\nmodels = [\n\"gpt5\"]\n[[model]]\nid = \"gpt-5\"\n",
        "p.toml:9: multiplier names model `gpt5`, which no book of `p` has (hint: did you mean `gpt-5`?)",
    );
    check_price(
        &format!("{price}when = {{ calendar = \"peak\" }}\n"),
        "p.toml:10: no [[calendar]] is named `peak`",
    );
    check_price(
        &format!("{price}when = {{ context_over = 9, context_under = 10 }}\n"),
        "p.toml:10: no prompt can meet all `context_` keys of this `when`",
    );
}

#[test]
fn bad_calendars() {
    let calendar = |keys: &str| format!("[[calendar]]\nname = \"c\"\n{keys}");
    check(
        &calendar("timezone = \"Mars\"\nhours = [\"01:00-02:00\"]\n"),
        "p.toml:8: `Mars` is not a time zone (expected an IANA name such as `Europe/Berlin` or `UTC`)",
    );
    check(
        &calendar("timezone = \"UTC\"\nhours = [\"1-2\"]\n"),
        "p.toml:9: `1-2` is not a window of hours (expected `16:30-00:30`)",
    );
    let rest = "timezone = \"UTC\"\nhours = [\"01:00-02:00\"]\n";
    check(
        &calendar(&format!("{rest}weekdays = [\"monday\"]\n")),
        "p.toml:10: unknown weekday `monday`, expected mon tue wed thu fri sat sun",
    );
    check(
        &calendar(&format!("{rest}holidays = [\"2026-10-1x\"]\n")),
        "p.toml:10: `2026-10-1x` is not a date for `holidays` (expected `2026-11-20`)",
    );
}

#[test]
fn duplicate_names() {
    check(
        "[[model]]\nid = \"m\"\n[[model]]\nid = \"m\"\n",
        "p.toml:9: model `m` is defined twice, first at p.toml:7",
    );
    check(
        "[[model]]\nid = \"m\"\n[[model]]\nid = \"n\"\naliases = [\"m\"]\n",
        "p.toml:10: alias `m` of `n` is at the same time the id of `m` at p.toml:7",
    );
    let aliases = |until: &str| {
        format!(
            "[[model]]\nid = \"m\"\naliases = [{{ name = \"x\", effective_until = \"{until}\" }}]\n\
             [[model]]\nid = \"n\"\naliases = [{{ name = \"x\", effective_from = \"2026-01-01\" }}]\n"
        )
    };
    check(
        &aliases("2026-01-02"),
        "p.toml:11: alias `x` of `n` is at the same time an alias of `m` at p.toml:7 \
         (hint: give both aliases dates that do not overlap)",
    );
    assert_eq!(problems(&format!("{HEAD}{}", aliases("2026-01-01"))), [""; 0]);
}

#[test]
fn overlapping_entries() {
    let second = "[[model.price]]\neffective_from = \"2026-03-01\"\noutput_per_mtok = \"1\"\ninput_per_mtok = \"2\"\n";
    let entries =
        |until: &str| format!("effective_until = \"{until}\"\ninput_per_mtok = \"1\"\n{second}");
    check_price(
        &entries("2026-03-02"),
        "p.toml:11: entry of `m` overlaps the equally specific one at p.toml:8: both set `input_per_mtok` \
         from 2026-03-01T00:00:00Z for service_tier standard, speed standard \
         (hint: end the earlier one with `effective_until`, or tell them apart with a `when` key)",
    );
    let fine =
        |keys: &str| assert_eq!(problems(&format!("{HEAD}{MODEL}{keys}")), [""; 0], "{keys}");
    fine(&entries("2026-03-01"));
    // Other component, other tier, more specific, or other side of a threshold: no overlap.
    fine("output_per_mtok = \"1\"\n[[model.price]]\ninput_per_mtok = \"1\"\n");
    let price = "input_per_mtok = \"1\"\n";
    for when in ["service_tier = \"batch\"", "endpoint = \"us\"", "context_over = 10"] {
        fine(&format!("{price}[[model.price]]\nwhen = {{ {when} }}\n{price}"));
    }
    fine(&format!(
        "{price}when = {{ context_up_to = 10 }}\n[[model.price]]\nwhen = {{ context_over = 10 }}\n{price}"
    ));
    // Equally specific, and an endpoint `us` in region `r` matches both.
    check_price(
        &format!(
            "{price}when = {{ endpoint = \"us\" }}\n[[model.price]]\nwhen = {{ region = \"r\" }}\n{price}"
        ),
        "p.toml:11: entry of `m` overlaps the equally specific one at p.toml:8: both set `input_per_mtok` \
         since ever for service_tier standard, speed standard, region r \
         (hint: end the earlier one with `effective_until`, or tell them apart with a `when` key)",
    );
}

#[test]
fn withdrawn_entries_overlap_only_when_ambiguous() {
    let withdrawn = |announced: &str, until: &str| {
        format!(
            "[[model.price]]\neffective_from = \"2026-09-01\"\nannounced_on = \"{announced}\"\n\
             withdrawn_on = \"{until}\"\ninput_per_mtok = \"3\"\n"
        )
    };
    let first = withdrawn("2026-06-30", "2026-08-20");
    let base = format!("{HEAD}{MODEL}input_per_mtok = \"2\"\n{first}");
    assert_eq!(problems(&format!("{base}{}", withdrawn("2026-08-20", "2026-08-30"))), [""; 0]);
    let clash = problems(&format!("{base}{}", withdrawn("2026-08-19", "2026-08-30")));
    assert!(
        clash[0]
            .starts_with("p.toml:15: entry of `m` overlaps the equally specific one at p.toml:10")
    );
}

#[test]
fn prices_for_every_model_overlap_too() {
    let fee = "[[price]]\nweb_search_per_1000 = \"10\"\n";
    check(
        &format!("{fee}{fee}"),
        "p.toml:8: entry for every model overlaps the equally specific one at p.toml:6: both set \
         `web_search_per_1000` since ever for service_tier standard, speed standard \
         (hint: end the earlier one with `effective_until`, or tell them apart with a `when` key)",
    );
}

#[test]
fn books_of_one_provider_share_a_currency() {
    let other = HEAD.replace("USD", "EUR");
    let sources =
        [source(Layer::Bundled, "p.toml", HEAD.to_owned()), source(Layer::Flag, "q.toml", other)];
    let errors = PriceBook::load(&sources).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "q.toml:2: currency EUR differs from USD, which the other book of `p` uses"
    );
}

#[test]
fn problems_of_all_files_come_together() {
    let bad = format!("{HEAD}{MODEL}input_per_mtok = \"-1\"\nnotes = 3\n");
    let sources =
        [source(Layer::Flag, "b.toml", bad.clone()), source(Layer::Bundled, "a.toml", bad)];
    let errors = PriceBook::load(&sources).unwrap_err();
    let places: Vec<_> = errors.problems.iter().map(|p| p.location.to_string()).collect();
    assert_eq!(places, ["a.toml:9", "a.toml:10", "b.toml:9", "b.toml:10"]);
}

#[test]
fn suspicious_prices_are_findings() {
    let findings = |body: &str| {
        let sources = [source(Layer::Flag, "p.toml", format!("{HEAD}{body}"))];
        let (_, found) = PriceBook::load(&sources).unwrap_or_else(|errors| panic!("{errors}"));
        let resolved = found.resolve(&SeverityPolicy::default());
        let text = |d: crate::diagnostic::Diagnostic| {
            let place = d.location.map(|l| l.to_string()).unwrap_or_default();
            format!("{place}: {}: {}", d.code, d.message)
        };
        resolved.into_iter().map(text).collect::<Vec<_>>()
    };
    let price = |input: &str, output: &str| {
        findings(&format!("{MODEL}input_per_mtok = \"{input}\"\noutput_per_mtok = \"{output}\"\n"))
    };
    assert_eq!(
        price("400", "2000.01"),
        ["p.toml:8: price-book-suspect: `output_per_mtok` is 2000.01 USD, more than 2000"]
    );
    assert_eq!(
        price("0.000002", "10"),
        [
            "p.toml:8: price-book-suspect: `output_per_mtok` 10.00 is 1000 times `input_per_mtok` 0.000002 or more"
        ]
    );
    assert_eq!(price("0.01001", "10"), [""; 0]);
    assert_eq!(price("0", "2000"), [""; 0]);
    let twice = "[[multiplier]]\nfactor = \"2\"\n";
    assert_eq!(
        findings(&format!("{twice}{twice}")),
        ["p.toml:8: price-book-suspect: multiplier applies on top of an equal one at p.toml:6"]
    );
}
