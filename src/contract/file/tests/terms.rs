//! Rules of each kind of term.

use super::*;
use crate::contract::terms::{
    Overflow, Payment, Pool, PricePer, Quantity, Shortfall, TermKind, WhenEmpty,
};
use crate::diagnostic::SeverityPolicy;
use crate::money::Amount;

fn term(text: &str) -> TermKind {
    contract(text).terms.remove(0).kind
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[test]
fn prices_and_discounts() {
    let TermKind::FixedRate(rate) = term(
        "[[fixed_rate]]\noutput_per_mtok = \"20\"\ninput_per_mtok = \"4\"\nlesser_of_list = true\n",
    ) else {
        panic!()
    };
    assert!(rate.lesser_of_list);
    let prices: Vec<_> = rate.prices.iter().map(|(c, p)| (c.name(), p.per(6).unwrap())).collect();
    assert_eq!(prices, [("input.uncached", amount("4")), ("output", amount("20"))]);
    assert_eq!(said("[[fixed_rate]]\n"), ["`fixed_rate` has no price"]);
    assert_eq!(
        said("[[fixed_rate]]\ninput_per_mtok = \"-1\"\n"),
        ["`input_per_mtok` is negative: `-1`"]
    );
    assert_eq!(
        said("[[discount]]\nrate = \"10\"\n"),
        ["`rate` is above 1: `10` (a share is from 0 to 1: a tenth is `0.10`)"]
    );
    assert_eq!(said("[[discount]]\n"), ["`discount` has no `rate`"]);
    assert_eq!(
        said("[[price_protection]]\nbase_date = \"2026-01-01\"\nannual_cap = \"-0.1\"\n"),
        ["`annual_cap` is negative: `-0.1`"]
    );
    let steps = |rows: &str| said(&format!("[[best_customer]]\nsteps = {rows}\n"));
    assert_eq!(steps("[]"), ["`steps` is an empty list"]);
    assert_eq!(
        steps(
            r#"[{ from = "2026-05-01", discount = "0.1" }, { from = "2026-05-01", discount = "0.2" }]"#
        ),
        ["`from` 2026-05-01 is not above the one before, 2026-05-01"]
    );
    assert_eq!(
        steps(r#"[{ from = "2028-01-01", discount = "0.1" }]"#),
        ["`from` is not before the end of the term"]
    );
}

fn schedule(mode: &str, tiers: &str) -> String {
    format!("[[discount_schedule]]\nmode = \"{mode}\"\nresets = \"year\"\ntiers = {tiers}\n")
}

#[test]
fn tiers_rise_from_zero() {
    assert_eq!(
        said(&schedule("graduated", r#"[{ above = "5", discount = "0.1" }]"#)),
        ["the first tier is not above \"0\": what holds for the first spend?"]
    );
    let twice = r#"[{ above = "0", discount = "0.1" }, { above = "0.0", discount = "0.2" }]"#;
    assert_eq!(
        said(&schedule("graduated", twice)),
        ["`above` 0.00 is not above the one before, 0.00"]
    );
    let opening = r#"opening = { on = "2028-01-01", amount = "5" }"#;
    let one = r#"[{ above = "0", discount = "0.1" }]"#;
    assert_eq!(
        said(&format!("{}{opening}\n", schedule("volume", one))),
        ["`on` 2028-01-01 is outside the term, 2026-01-01 to before 2028-01-01"]
    );
}

#[test]
fn a_volume_schedule_has_cliffs() {
    let tiers = r#"[{ above = "0", discount = "0" }, { above = "1000000", discount = "0.05" },
        { above = "5000000", discount = "0.08" }, { above = "9000000", discount = "0.06" }]"#;
    let found = |mode: &str| {
        let text = format!("{HEAD}{}", schedule(mode, tiers));
        let (_, found) = load(&[source("c.toml", &text)]).unwrap();
        found.resolve(&SeverityPolicy::default())
    };
    assert!(found("graduated").is_empty());
    let volume = found("volume");
    assert_eq!(volume.len(), 2);
    // 5 % of a million; then 3 % more of five. The last tier has a lower discount: no fall.
    assert!(volume[1].message.contains("falls by 50000.00 when spend passes 1000000.00"));
    assert!(volume[0].message.contains("falls by 150000.00 when spend passes 5000000.00"));
    assert_eq!(volume[1].location.as_ref().unwrap().line, 10);
}

fn committed(more: &str) -> String {
    format!("[[spend_commitment]]\n{more}\n")
}

#[test]
fn commitments() {
    let TermKind::SpendCommitment(c) = term(&committed(
        "period = \"year\"\namounts = [\"5\", \"6\"]\npayment = \"instalments\"\ninstalments = \"month\"\nshortfall = \"credited\"\ncredit_expires_after_months = 12\nrollover_cap = \"1\"\ntrue_up = \"quarter\"",
    )) else {
        panic!()
    };
    assert_eq!((c.every, c.anchor, c.prorate), (Every::Year, Anchor::Start, true));
    assert_eq!(c.amounts, [amount("5"), amount("6")]);
    assert_eq!(c.payment, Payment::Instalments(Every::Month));
    assert_eq!(c.shortfall, Shortfall::Credited { expires_after_months: Some(12) });
    assert_eq!((c.rollover.unwrap().cap, c.true_up), (Some(amount("1")), Some(Every::Quarter)));

    let TermKind::SpendCommitment(c) = term(&committed(
        "milestones = [{ by = \"2027-01-01\", cumulative = \"3\" }, { by = \"2028-01-01\", cumulative = \"7\" }]\neligible = [{ category = \"marketplace\", cap_share = \"0.25\" }, { scope = { models = \"x\" }, share = \"0\" }]",
    )) else {
        panic!()
    };
    assert_eq!((c.every, c.milestones.len(), c.eligible.len()), (Every::Term, 2, 2));
    assert_eq!(c.milestones[1].by, day("2028-01-01"));
}

#[test]
fn broken_commitments() {
    let with = |more: &str| said(&committed(more));
    assert_eq!(
        with("period = \"year\""),
        ["`spend_commitment` has none of `amount`, `amounts`, `milestones`"]
    );
    assert_eq!(
        with("amount = \"1\""),
        ["`spend_commitment` has no `period`, which a commitment without `milestones` needs"]
    );
    assert_eq!(
        with("period = \"year\"\namount = \"1\"\namounts = [\"1\"]"),
        ["`amount`, `amounts` exclude each other"]
    );
    assert_eq!(with("period = \"year\"\namounts = []"), ["`amounts` is an empty list"]);
    assert_eq!(
        with("period = \"year\"\namounts = [\"1\", \"2\", \"3\"]"),
        ["`amounts` has 3 amounts for 2 periods"]
    );
    assert_eq!(with("period = \"year\"\namounts = [\"-1\"]"), ["`amounts` is negative: `-1`"]);
    assert_eq!(
        with("period = \"year\"\namount = \"1\"\ninstalments = \"month\""),
        ["`instalments` does nothing without `payment = \"instalments\"`"]
    );
    assert_eq!(
        with("period = \"year\"\namount = \"1\"\npayment = \"instalments\""),
        ["`spend_commitment` has no `instalments`, which `payment = \"instalments\"` needs"]
    );
    assert_eq!(
        with("period = \"month\"\namount = \"1\"\ntrue_up = \"month\""),
        ["`true_up` is month, expected less than the period month"]
    );
    assert_eq!(
        with("period = \"year\"\namount = \"1\"\ntrue_up = \"month\"\nshortfall = \"carried\""),
        ["`true_up` does nothing without a shortfall that is paid or credited"]
    );
    assert_eq!(
        with("period = \"year\"\namount = \"1\"\ncredit_expires_after_months = 3"),
        ["`credit_expires_after_months` does nothing without `shortfall = \"credited\"`"]
    );
    assert_eq!(
        with(
            "milestones = [{ by = \"2027-01-01\", cumulative = \"3\" }, { by = \"2027-01-01\", cumulative = \"3\" }]\nperiod = \"year\""
        ),
        [
            "`by` 2027-01-01 is not above the one before, 2027-01-01",
            "`cumulative` 3.00 is not above the one before, 3.00",
            "`milestones`, `period` exclude each other",
        ]
    );
    assert_eq!(
        with("milestones = [{ by = \"2028-01-02\", cumulative = \"3\" }]"),
        ["`by` 2028-01-02 is outside the term, 2026-01-01 to before 2028-01-01"]
    );
    assert_eq!(
        with(
            "period = \"year\"\namount = \"1\"\neligible = [{ category = \"a\" }, { category = \"a\", scope = {} }]"
        ),
        ["`category`, `scope` exclude each other", "category `a` has two rules"]
    );
}

#[test]
fn credits_and_grants() {
    let TermKind::Credit(c) = term("[[credit]]\namount = \"100\"\nbonus = \"10\"\n") else {
        panic!()
    };
    assert_eq!((c.amount, c.price, c.order), (amount("110"), amount("100"), 1));
    assert_eq!((c.bought_on, c.when_empty), (day("2026-01-01"), WhenEmpty::Invoiced));
    let TermKind::Credit(c) =
        term("[[grant]]\namount = \"5\"\nrepeats = \"month\"\nwhen_empty = \"stopped\"\n")
    else {
        panic!()
    };
    assert_eq!((c.price, c.order, c.repeats), (Amount::ZERO, 0, Some(Every::Month)));
    assert_eq!(c.when_empty, WhenEmpty::Stopped);

    let with = |more: &str| said(&format!("[[credit]]\n{more}\n"));
    assert_eq!(with("amount = \"0\""), ["`amount` is zero"]);
    assert_eq!(
        with("amount = \"1\"\nexpires_on = \"2026-01-01\""),
        ["`expires_on` 2026-01-01 is not after the first day 2026-01-01"]
    );
    assert_eq!(
        with("amount = \"1\"\nexpires_on = \"2027-01-01\"\nexpires_after_months = 3"),
        ["`expires_on`, `expires_after_months` exclude each other"]
    );
    assert_eq!(
        with("amount = \"1\"\nexpires_on = \"2027-01-01\"\nrepeats = \"month\""),
        ["`repeats` and `expires_on` exclude each other"]
    );
    assert_eq!(
        with("amount = \"1\"\nrecharge = { below = \"1\", amount = \"0\" }"),
        ["`amount` of a recharge is zero"]
    );
    assert_eq!(said("[[grant]]\namount = \"1\"\nprice = \"1\"\n"), ["unknown key `price`"]);
}

#[test]
fn seats_and_fees() {
    let TermKind::Seats(s) = term(
        "[[seats]]\ncount = 100\nchanges = [{ on = \"2026-05-01\", count = 120 }]\nprice = \"19\"\nperiod = \"month\"\nincluded_units_per_seat = 1900\nunit_price = \"0.01\"\n",
    ) else {
        panic!()
    };
    assert_eq!(s.counts, [(day("2026-01-01"), 100), (day("2026-05-01"), 120)]);
    let included = s.included.unwrap();
    assert_eq!(included.quantity, Quantity::Amount(amount("19")));
    assert_eq!((included.pool, included.unit_price), (Pool::Shared, Some(amount("0.01"))));

    let with = |more: &str| {
        said(&format!("[[seats]]\ncount = 5\nprice = \"1\"\nperiod = \"month\"\n{more}\n"))
    };
    assert_eq!(
        with("included_tokens_per_seat = 5\nincluded_amount_per_seat = \"1\""),
        ["`included_amount_per_seat`, `included_tokens_per_seat` exclude each other"]
    );
    assert_eq!(
        with("beyond = \"stopped\""),
        ["`beyond` does nothing without usage that is included"]
    );
    assert_eq!(
        with("included_tokens_per_seat = 5\npooled = false"),
        ["`seats` has no `seat_label`, which `pooled = false` needs"]
    );
    assert_eq!(
        with("included_units_per_seat = 5"),
        ["`seats` has no `unit_price`, which `included_units_per_seat` needs"]
    );
    assert_eq!(
        with("included_tokens_per_seat = 5\nbeyond = \"stopped\"\noverage_factor = \"2\""),
        ["`overage_factor` does nothing without `beyond = \"invoiced\"`"]
    );
    assert_eq!(
        with("changes = [{ on = \"2026-01-01\", count = 6 }]"),
        ["`on` is the first day of the term, where the first number holds"]
    );
    assert_eq!(
        said("[[flat_fee]]\namount = \"5\"\nperiod = \"month\"\noverage_factor = \"2\"\n"),
        ["`overage_factor` does nothing without a fair use"]
    );
    assert_eq!(said("[[other_spend]]\namount = \"5\"\n"), ["`other_spend` has no `category`"]);
}

#[test]
fn capacity() {
    let TermKind::Capacity(c) = term(
        "[[capacity]]\nunit = \"PTU\"\ntable = \"azure-ptu\"\nunits = 110\nprice = \"1.00\"\nper = \"hour\"\nreserved_units = 100\nreserved_price = \"260\"\nreserved_per = \"month\"\nrate = [{ models = \"gpt-5.2\", tokens_per_minute = \"3500\", source = \"test\" }]\nload_profile = \"flat\"\n",
    ) else {
        panic!()
    };
    let meter = &c.meters[0];
    assert_eq!(meter.units.0, [(day("2026-01-01"), 110)]);
    assert_eq!(meter.price.unwrap().per, PricePer::Hour);
    assert_eq!(meter.reserved.as_ref().unwrap().1.per, PricePer::Every(Every::Month));
    assert_eq!(c.overflow, Overflow::Spill(None));
    assert_eq!(c.load_profile.unwrap().hours, [1; 24]);
    // Own rates go before those of the table, which keep their source.
    assert_eq!(c.rates[0].source.as_deref(), Some("test"));
    assert!(c.rates[1].source.as_deref().unwrap().contains("azure-ai-docs"));
}

#[test]
fn broken_capacity() {
    let with = |more: &str| said(&format!("[[capacity]]\nunit = \"PTU\"\n{more}\n"));
    let azure = "table = \"azure-ptu\"\n";
    assert_eq!(with("units = 5"), ["`capacity` has none of `rate`, `table`"]);
    assert_eq!(
        with(&format!("{azure}units = 17")),
        ["17 units cannot be deployed: expected at least 15 in steps of 5"]
    );
    assert_eq!(
        with(&format!(
            "{azure}units = 100\nunit_changes = [{{ on = \"2026-02-01\", units = 101 }}]"
        )),
        ["101 units cannot be deployed: expected at least 15 in steps of 5"]
    );
    // Regional deployments of small models start at 25 units, those of gpt-5.2 at 50.
    let regional = format!("{azure}deployment = \"regional\"\nunits = 25\n");
    assert!(with(&regional).is_empty());
    assert_eq!(
        with(&format!("{regional}scope = {{ models = \"gpt-5.2\" }}")),
        ["25 units cannot be deployed: expected at least 50 in steps of 50"]
    );
    assert!(
        with(&format!("{regional}scope = {{ models = \"gpt-5.2\" }}\nminimum_units = 1"))
            .is_empty()
    );
    assert_eq!(
        with("table = \"vertex-gsu\"\ndeployment = \"global\"\nunits = 1"),
        ["`deployment` does nothing without `table = \"azure-ptu\"`"]
    );
    assert_eq!(with(azure), ["`capacity` has no `units`"]);
    assert_eq!(
        with(&format!("{azure}units = 15\nprice = \"1\"")),
        ["`capacity` has no `per`, which `price` needs"]
    );
    assert_eq!(
        with(&format!("{azure}units = 15\nreserved_units = 5")),
        ["`capacity` has no `reserved_price`, which `reserved_units` needs"]
    );
    assert_eq!(
        with(&format!("{azure}meter = [{{ counts = \"input\", units = 15 }}, {{ units = 15 }}]")),
        ["two meters count the same tokens"]
    );
    assert_eq!(
        with(&format!("{azure}units = 15\nmeter = [{{ units = 15 }}]")),
        ["`units` and `meter` exclude each other"]
    );
    assert_eq!(
        with(&format!("{azure}units = 15\noverflow = \"queue\"")),
        ["`capacity` has no `queue_minutes`, which `overflow = \"queue\"` needs"]
    );
    assert_eq!(
        with(&format!("{azure}units = 15\nqueue_minutes = 5")),
        ["`queue_minutes` does nothing without `overflow = \"queue\"`"]
    );
    assert_eq!(with(&format!("{azure}units = 15\nceiling = \"0\"")), ["`ceiling` is zero"]);
}

#[test]
fn broken_rates_and_profiles() {
    let with = |more: &str| said(&format!("[[capacity]]\nunit = \"PTU\"\n{more}\n"));
    let rate = |more: &str| with(&format!("units = 5\nrate = [{{ models = \"x\", {more} }}]"));
    assert_eq!(rate("tokens_per_minute = \"0\""), ["`tokens_per_minute` is not above zero"]);
    assert_eq!(rate("input_tokens_per_minute = \"5\""), ["`rate` has a speed for one side only"]);
    assert_eq!(
        rate("tokens_per_second = \"5\", tokens_per_minute = \"300\""),
        ["`tokens_per_minute`, `tokens_per_second` exclude each other"]
    );
    assert_eq!(
        rate("output_weight = \"5\""),
        ["`rate` has none of `tokens_per_minute`, `tokens_per_second`, `input_tokens_per_minute`"]
    );
    assert_eq!(
        with("units = 5\nload_profile = { hours = [1, 2] }\ntable = \"vertex-gsu\""),
        ["`hours` has 2 items, expected a list of 24 whole numbers"]
    );
    assert_eq!(
        with("units = 5\nload_profile = \"even\"\ntable = \"vertex-gsu\""),
        ["unknown `load_profile` `even`, expected flat"]
    );
}

#[test]
fn reserved_spend() {
    let TermKind::ReservedSpend(r) =
        term("[[reserved_spend]]\namount = \"2.00\"\nper = \"minute\"\n")
    else {
        panic!()
    };
    assert_eq!((r.amount, r.price, r.minutes), (amount("2"), amount("2"), 1));
    assert_eq!(
        said("[[reserved_spend]]\namount = \"2\"\nper = \"day\"\n"),
        ["unknown `per` `day`, expected minute, hour"]
    );
}
