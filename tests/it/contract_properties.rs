//! The rules that hold settlement together, on random usage under random contracts.

use std::fmt::Write as _;

use proptest::prelude::*;
use tokencast::contract::{self, Contract, ContractSource, FxTable};
use tokencast::money::Amount;
use tokencast::period::{Grain, Period, Timestamp};
use tokencast::price_book::{BookSource, Layer, PriceBook};
use tokencast::rollup::{Edges, RollupBuilder};
use tokencast::settlement::{Invoice, LineCategory, RatedRollup, Settlement, TermRef};
use tokencast::sku::Sku;
use tokencast::tokens::Component;
use tokencast::usage::{Labels, UsageRecord, UsageTime};

const BOOK: &str = r#"
schema = "tokencast.prices.v1"
provider = "acme"
name = "Round prices"
currency = "USD"
checked_on = "2026-11-20"

[[model]]
id = "m1"

[[model.price]]
effective_from = "2025-01-01"
input_per_mtok = "1.00"

[[model]]
id = "m2"

[[model.price]]
effective_from = "2025-01-01"
input_per_mtok = "3.00"
"#;

const WINDOW: (&str, &str) = ("2026-01-01", "2026-06-01");

/// Prompt tokens of one request.
#[derive(Debug, Clone, Copy)]
struct Use {
    /// From the start of the window.
    minute: i64,
    model: &'static str,
    tokens: u64,
}

prop_compose! {
    fn usage()(
        minute in 0_i64..151 * 1_440,
        model in prop::sample::select(vec!["m1", "m2"]),
        tokens in prop_oneof![1_u64..1_000, 1_u64..2_000_000_000],
    ) -> Use {
        Use { minute, model, tokens }
    }
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    prop::collection::vec(usage(), 1..40)
}

/// Terms that are paid as usage occurs, or at the end of a period.
fn arrears() -> impl Strategy<Value = String> {
    let part = |text: Vec<&'static str>| prop::sample::select(text);
    (
        part(vec!["", "[[discount]]\nrate = \"0.07\"\n", "[[discount]]\nrate = \"0.1\"\nuntil = \"2026-03-17\"\n"]),
        part(vec![
            "",
            "[[discount_schedule]]\nmode = \"graduated\"\nresets = \"quarter\"\ntiers = [{ above = \"0\", discount = \"0\" }, { above = \"900\", discount = \"0.12\" }]\n",
        ]),
        part(vec!["", "[[minimum]]\nperiod = \"month\"\namount = \"700\"\n"]),
        part(vec![
            "",
            "[[seats]]\nperiod = \"month\"\ncount = 3\nchanges = [{ on = \"2026-02-11\", count = 7 }]\nprice = \"20\"\nincluded_amount_per_seat = \"50\"\noverage_factor = \"1.1\"\n",
            "[[flat_fee]]\nperiod = \"quarter\"\namount = \"400\"\nfair_use_tokens = 900000000\nscope = { models = \"m2\" }\n",
        ]),
        part(vec![
            "",
            "[[spend_commitment]]\nperiod = \"month\"\namount = \"1500\"\novereage\n",
            "[[spend_commitment]]\nperiod = \"quarter\"\namounts = [\"4000\", \"5000\"]\nshortfall = \"carried\"\n",
            "[[spend_commitment]]\nperiod = \"quarter\"\namount = \"5000\"\nshortfall = \"credited\"\n",
            "[[spend_commitment]]\nperiod = \"quarter\"\namount = \"5000\"\ntrue_up = \"month\"\nrollover_share = \"0.5\"\n",
        ]),
    )
        .prop_map(|(a, b, c, d, e)| {
            format!("{a}{b}{c}{d}{}", e.replace("overeage", "overage_factor = \"1.3\""))
        })
}

/// Terms that are paid before usage occurs.
fn in_advance() -> impl Strategy<Value = String> {
    let payment = prop_oneof![
        Just("payment = \"upfront\"".to_owned()),
        Just("payment = \"instalments\"\ninstalments = \"month\"".to_owned()),
    ];
    let commitment = (payment, 1_u32..9_000, prop::sample::select(vec!["quarter", "year"]))
        .prop_map(|(payment, amount, period)| {
            format!(
                "[[spend_commitment]]\nperiod = \"{period}\"\namount = \"{amount}\"\n{payment}\n"
            )
        });
    let credit = (1_u32..4_000, 0_u32..300, 1_u32..150, any::<bool>()).prop_map(
        |(amount, bonus, days, recharged)| {
            let last = Timestamp::from_utc_date("2026-01-01".parse().unwrap()).nanos()
                + i64::from(days) * 86_400_000_000_000;
            let last = Timestamp::from_nanos(last).to_utc().date_naive();
            let mut text = format!(
                "[[credit]]\namount = \"{amount}\"\nbonus = \"{bonus}\"\nexpires_on = \"{last}\"\n"
            );
            if recharged {
                text.push_str("recharge = { below = \"50\", amount = \"500\" }\n");
            }
            text
        },
    );
    let grant = Just("[[grant]]\namount = \"30\"\nrepeats = \"month\"\n".to_owned());
    prop::collection::vec(prop_oneof![2 => commitment, 3 => credit, 1 => grant], 1..3)
        .prop_map(|terms| terms.concat())
}

fn capacity() -> impl Strategy<Value = String> {
    (1_u32..40, prop::sample::select(vec!["spill", "throttle", "queue"])).prop_map(
        |(units, overflow)| {
            let queue = if overflow == "queue" { "queue_minutes = 3\n" } else { "" };
            format!(
                "[[capacity]]\nunit = \"unit\"\nunits = {units}\nprice = \"0.37\"\nper = \"hour\"\noverflow = \"{overflow}\"\n{queue}scope = {{ models = \"m1\" }}\nrate = [{{ models = \"m1\", tokens_per_minute = \"30000000\" }}]\n"
            )
        },
    )
}

fn text(id: &str, precedence: u32, terms: &str) -> String {
    format!(
        "schema = \"tokencast.contract.v1\"\nid = \"{id}\"\nissuer = \"{id}\"\ncurrency = \"USD\"\nstart = \"2026-01-01\"\nend = \"2027-01-01\"\nprecedence = {precedence}\n\n{terms}"
    )
}

fn load(texts: &[String]) -> Vec<Contract> {
    let source = |(at, text): (usize, &String)| ContractSource {
        name: format!("c{at}.toml"),
        text: text.clone(),
    };
    let sources: Vec<_> = texts.iter().enumerate().map(source).collect();
    contract::load(&sources).unwrap_or_else(|e| panic!("{e}\n{texts:?}")).0
}

thread_local! {
    static PRICES: PriceBook = {
        let source = BookSource { name: "b.toml".into(), text: BOOK.into(), layer: Layer::Flag };
        PriceBook::load(&[source]).unwrap().0
    };
}

fn settle(texts: &[String], uses: &[Use]) -> Settlement {
    let contracts = load(texts);
    let window = Period::new(at(WINDOW.0), at(WINDOW.1)).unwrap();
    PRICES.with(|book| {
        let edges = Edges {
            grain: Grain::Minute,
            context: book.context_edges(),
            times: book.time_edges(window),
        };
        let mut builder = RollupBuilder::new(edges);
        for used in uses {
            builder.add(record(*used)).unwrap();
        }
        let rollup = builder.finish();
        let rated = RatedRollup::new(&rollup, book, None, &contracts).unwrap();
        rated.settle(&FxTable::default(), window).unwrap_or_else(|e| panic!("{e}\n{texts:?}"))
    })
}

fn at(day: &str) -> Timestamp {
    Timestamp::parse(day).unwrap()
}

fn record(used: Use) -> UsageRecord {
    let time = at(WINDOW.0).nanos() + used.minute * 60_000_000_000;
    UsageRecord {
        time: UsageTime::At(Timestamp::from_nanos(time)),
        grain: tokencast::usage::RecordGrain::Request,
        sku: Sku::new("acme", used.model).into(),
        context_tokens: None,
        requests: 1,
        request_id: None,
        labels: Labels::default().into(),
        components: [(Component::InputUncached, used.tokens)].into_iter().collect(),
        reported_cost: None,
    }
}

fn plus(a: Amount, b: Amount) -> Amount {
    a.checked_add(b).unwrap()
}

fn sum(amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::ZERO, plus)
}

/// Of all lines, the billed cost of a category, or its effective cost.
fn of_lines(
    settlement: &Settlement,
    keep: impl Fn(LineCategory, Option<TermRef>) -> bool,
    column: impl Fn(&tokencast::rating::Costs) -> Amount,
) -> Amount {
    let lines = settlement.invoices.iter().flat_map(|invoice| &invoice.lines);
    sum(lines.filter(|line| keep(line.category, line.term)).map(|line| column(&line.costs)))
}

fn billed(settlement: &Settlement) -> Amount {
    of_lines(settlement, |_, _| true, |costs| costs.billed_cost)
}

/// The most that rounding can move the sum of all lines: half a cent each.
fn rounding(settlement: &Settlement) -> Amount {
    let lines: usize = settlement.invoices.iter().map(|invoice| invoice.lines.len()).sum();
    Amount::from_cents(i64::try_from(lines).unwrap()).mean_of(2)
}

fn shown(invoices: &[Invoice]) -> String {
    let mut text = String::new();
    for invoice in invoices {
        let _ =
            writeln!(text, "{} {} {}", invoice.issuer, invoice.days.0, invoice.costs.billed_cost);
        for line in &invoice.lines {
            let costs = &line.costs;
            let _ = writeln!(
                text,
                "  {} {:?} {} {} {} {} {}",
                line.category.name(),
                line.term,
                line.model,
                costs.list_cost,
                costs.contracted_cost,
                costs.effective_cost,
                costs.billed_cost
            );
        }
    }
    text
}

/// What was bought in advance and is neither used nor lost, and what was used before it was paid.
fn left(settlement: &Settlement) -> Amount {
    let mut last = std::collections::BTreeMap::new();
    for balance in &settlement.commitments {
        last.insert((balance.term, balance.days), balance);
    }
    let open = last.values().filter(|b| !b.closed);
    let commitments = sum(open.map(|b| b.prepaid.checked_sub(b.drawn).unwrap()));
    let mut last = std::collections::BTreeMap::new();
    for balance in &settlement.credits {
        last.insert((balance.term, balance.lot), balance);
    }
    // What is left of a lot costs its price in proportion, as what was drawn.
    let credits = last.values().filter(|b| b.amount > Amount::ZERO);
    let credits =
        credits.map(|b| b.remaining.checked_ratio(b.price.atto(), b.amount.atto()).unwrap());
    plus(commitments, sum(credits))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_add_up_to_their_invoice(
        uses in uses(), a in arrears(), b in in_advance(), c in capacity(),
    ) {
        let settlement = settle(&[text("first", 1, &format!("{a}{c}")), text("second", 2, &b)], &uses);
        prop_assert!(!settlement.invoices.is_empty());
        for invoice in &settlement.invoices {
            let column = |of: fn(&tokencast::rating::Costs) -> Amount| {
                (sum(invoice.lines.iter().map(|line| of(&line.costs))), of(&invoice.costs))
            };
            for (lines, whole) in [
                column(|c| c.list_cost),
                column(|c| c.contracted_cost),
                column(|c| c.effective_cost),
                column(|c| c.billed_cost),
            ] {
                prop_assert_eq!(lines, whole, "{}", shown(&settlement.invoices));
            }
        }
    }

    /// Of everything paid in advance: used + lost + left = bought.
    #[test]
    fn what_is_bought_is_used_lost_or_left(uses in uses(), terms in in_advance(), c in capacity()) {
        let settlement = settle(&[text("deal", 1, &format!("{terms}{c}"))], &uses);
        let effective = of_lines(&settlement, |_, _| true, |costs| costs.effective_cost);
        let billed = billed(&settlement);
        let off = plus(effective, left(&settlement)).checked_sub(billed).unwrap();
        prop_assert!(
            off.atto().abs() <= rounding(&settlement).atto(),
            "{off} off: effective {effective}, left {}, billed {billed}\n{}",
            left(&settlement),
            shown(&settlement.invoices)
        );
    }

    /// For each commitment paid in advance, by its own lines and balances.
    #[test]
    fn each_advance_payment_is_drawn_lost_or_left(uses in uses(), terms in in_advance()) {
        let settlement = settle(&[text("deal", 1, &terms)], &uses);
        let mut last = std::collections::BTreeMap::new();
        for balance in &settlement.commitments {
            prop_assert!(balance.drawn >= Amount::ZERO && balance.drawn <= balance.committed);
            last.insert((balance.term, balance.days), balance);
        }
        let terms: std::collections::BTreeSet<TermRef> = last.keys().map(|(term, _)| *term).collect();
        for term in terms {
            let lines = |category| {
                let of = move |c, t| c == category && t == Some(term);
                (
                    of_lines(&settlement, of, |costs| costs.billed_cost),
                    of_lines(&settlement, of, |costs| costs.effective_cost),
                )
            };
            let balances = || last.iter().filter(|((of, _), _)| *of == term).map(|(_, b)| b);
            let bought = lines(LineCategory::Purchase).0;
            prop_assert_eq!(sum(balances().map(|b| b.prepaid)), bought);
            let drawn = sum(balances().map(|b| b.drawn));
            let open = sum(balances().filter(|b| !b.closed).map(|b| b.prepaid.checked_sub(b.drawn).unwrap()));
            let lost = lines(LineCategory::Unused).1;
            prop_assert_eq!(plus(plus(drawn, lost), open), bought, "{}", shown(&settlement.invoices));
        }
    }

    #[test]
    fn credit_is_never_negative_and_never_used_after_its_end(uses in uses(), terms in in_advance()) {
        let settlement = settle(&[text("deal", 1, &terms)], &uses);
        let mut ended = std::collections::BTreeMap::new();
        for balance in &settlement.credits {
            let parts = [balance.drawn, balance.lapsed, balance.remaining];
            prop_assert!(parts.iter().all(|part| *part >= Amount::ZERO), "{balance:?}");
            prop_assert_eq!(sum(parts.into_iter()), balance.amount);
            if balance.days.1.is_some_and(|end| end <= balance.on) {
                prop_assert_eq!(balance.remaining, Amount::ZERO);
                let drawn = *ended.entry((balance.term, balance.lot)).or_insert(balance.drawn);
                prop_assert_eq!(drawn, balance.drawn);
            }
        }
        // The same usage after the end of every lot is paid in full; lots bought by recharge have
        // no end.
        let late: Vec<Use> = uses.iter().map(|u| Use { minute: 150 * 1_440 + u.minute % 1_440, ..*u }).collect();
        if ["[[spend_commitment]]", "[[grant]]", "recharge"].iter().all(|t| !terms.contains(t)) {
            let late = settle(&[text("deal", 1, &terms)], &late);
            let paid = of_lines(&late, |c, _| c == LineCategory::Credit, |costs| costs.billed_cost);
            prop_assert_eq!(paid, Amount::ZERO);
        }
    }

    #[test]
    fn dividing_usage_changes_no_invoice(
        uses in uses(), a in arrears(), b in in_advance(), c in capacity(), part in 1_u64..100,
    ) {
        let texts = [text("first", 1, &format!("{a}{c}")), text("second", 2, &b)];
        let divided: Vec<Use> = uses
            .iter()
            .flat_map(|u| {
                let first = u.tokens * part / 100;
                [Use { tokens: first, ..*u }, Use { tokens: u.tokens - first, ..*u }]
            })
            .collect();
        prop_assert_eq!(shown(&settle(&texts, &uses).invoices), shown(&settle(&texts, &divided).invoices));
    }

    /// Volume tiers may make a bill fall when usage rises, and so may usage that was paid in advance
    /// and meets another commitment or a minimum, too; neither is among the terms. What a shortfall
    /// gave back is paid in advance. Usage that costs nothing more, because seats include it or a
    /// commitment is paid anyway, counts towards a schedule and makes later usage cheaper. So does
    /// usage that another term pays for anyway and that rolls over: 542.41 more in a month with a
    /// minimum of 700 take half of 1,242.41 off a later commitment.
    #[test]
    fn more_usage_never_costs_less(
        uses in uses(), terms in prop_oneof![arrears(), in_advance()], c in capacity(),
        more in usage(),
    ) {
        let minimums = terms.matches("[[minimum]]").count();
        let commitments = terms.matches("[[spend_commitment]]").count();
        prop_assume!(!terms.contains("credited") || minimums + commitments < 2);
        let paid_anyway = terms.contains("included_") || minimums + commitments > 0;
        prop_assume!(!(terms.contains("[[discount_schedule]]") && paid_anyway));
        prop_assume!(!terms.contains("rollover_share") || minimums + commitments < 2);
        let texts = [text("deal", 1, &format!("{terms}{c}"))];
        let less = settle(&texts, &uses);
        let mut grown = uses.clone();
        grown.push(more);
        let grown = settle(&texts, &grown);
        let limit = plus(billed(&grown), rounding(&grown));
        prop_assert!(
            billed(&less) <= limit,
            "{} falls to {}\n{}\nwith more:\n{}",
            billed(&less), billed(&grown), shown(&less.invoices), shown(&grown.invoices)
        );
    }

    #[test]
    fn the_order_of_files_does_not_matter(uses in uses(), a in arrears(), b in in_advance(), c in capacity()) {
        let mut texts = vec![text("x", 2, &a), text("y", 1, &b), text("z", 3, &c)];
        let one = settle(&texts, &uses);
        texts.rotate_left(1);
        let other = settle(&texts, &uses);
        prop_assert_eq!(shown(&one.invoices), shown(&other.invoices));
        prop_assert_eq!(one.commitments, other.commitments);
        prop_assert_eq!(one.credits, other.credits);
    }
}
