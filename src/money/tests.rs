//! Exactness, overflow and rounding of money; expectations worked by hand.

use super::*;

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

#[test]
fn text_round_trips() {
    for text in ["0.00", "1.00", "-3.50", "0.000000000000000001", "123456789.25"] {
        assert_eq!(amount(text).to_string(), text);
    }
    assert_eq!(amount("1.5e-3").to_string(), "0.0015");
    assert_eq!(amount("0.0300000000000000000000000").to_string(), "0.03");
    assert_eq!(amount("-0.0").to_string(), "0.00");
}

#[test]
fn rejects_what_is_not_a_decimal() {
    for text in ["", "-", ".", "1,000", "NaN", "0x10", "1.2.3", "1e", "--1"] {
        assert!(matches!(text.parse::<Amount>(), Err(MoneyError::NotADecimal(_))), "{text}");
    }
    assert_eq!("0.0000000000000000001".parse::<Amount>(), Err(MoneyError::Inexact));
    assert_eq!("1e30".parse::<Amount>(), Err(MoneyError::Overflow));
}

#[test]
fn reported_costs_may_carry_float_noise() {
    assert_eq!(Amount::parse_rounded("0.0340000000000000000000000001").unwrap(), amount("0.034"));
    assert_eq!(
        Amount::parse_rounded("1.2345678901234567890e-5").unwrap().to_string(),
        "0.000012345678901234"
    );
    assert_eq!(Amount::parse_rounded("1e-30").unwrap(), Amount::ZERO);
    assert!(Amount::parse_rounded("free").is_err());
}

#[test]
fn overflow_is_an_error() {
    let most = Amount::from_atto(i128::MAX);
    assert_eq!(most.checked_add(Amount::from_atto(1)), Err(MoneyError::Overflow));
    let price = UnitPrice::parse_per("1e15", 0).unwrap();
    assert_eq!(price.checked_cost(u64::MAX), Err(MoneyError::Overflow));
}

#[test]
fn price_per_million_is_exact() {
    // 0.0025 USD per million tokens x 3 tokens = 0.0000000075 USD, worked by hand.
    let price = UnitPrice::parse_per("0.0025", 6).unwrap();
    assert_eq!(price.checked_cost(3).unwrap().to_string(), "0.0000000075");
    let regional = price.checked_mul("1.1".parse().unwrap()).unwrap();
    assert_eq!(regional.per(6).unwrap().to_string(), "0.00275");
}

#[test]
fn a_factor_that_would_round_is_refused() {
    let tiny = UnitPrice::parse_per("0.000000000001", 6).unwrap();
    assert_eq!(tiny.checked_mul("0.5".parse().unwrap()), Err(MoneyError::Inexact));
}

#[test]
fn rounding_modes() {
    let cases = [
        ("0.125", Rounding::HalfEven, "0.12"),
        ("0.135", Rounding::HalfEven, "0.14"),
        ("0.125", Rounding::HalfUp, "0.13"),
        ("-0.125", Rounding::HalfUp, "-0.13"),
        ("0.121", Rounding::Up, "0.13"),
        ("-0.129", Rounding::Down, "-0.12"),
    ];
    for (text, rounding, expected) in cases {
        assert_eq!(amount(text).round(2, rounding).to_string(), expected, "{text} {rounding:?}");
    }
    assert_eq!(amount("2.5").to_fixed(0), "2");
    assert_eq!(amount("-0.004").to_fixed(2), "0.00");
}

#[test]
fn a_blend_is_the_weighted_price() {
    // Three quarters at 4 and one quarter at 8 USD a million: 5 USD a million, by hand.
    let price = |text| UnitPrice::parse_per(text, 6).unwrap();
    let blend = BlendedPrice::default().checked_add(price("4"), BLEND_WHOLE / 4 * 3).unwrap();
    let blend = blend.checked_add(price("8"), BLEND_WHOLE / 4).unwrap();
    assert_eq!(blend.checked_cost(1_000_000).unwrap(), amount("5"));
}

#[test]
fn lerp_and_mean() {
    assert_eq!(amount("1").lerp(amount("2"), 1, 4).unwrap(), amount("1.25"));
    assert_eq!(amount("2").lerp(amount("1"), 1, 4).unwrap(), amount("1.75"));
    assert_eq!(amount("10").mean_of(4), amount("2.5"));
}

#[test]
fn factors_are_compared_and_taken_from_one() {
    let factor = |text: &str| text.parse::<Factor>().unwrap();
    assert_eq!(factor("0.28").complement().unwrap(), factor("0.72"));
    assert_eq!(factor("1.0").complement().unwrap(), factor("0"));
    assert_eq!(factor("0.75").as_ratio(), (75, 100));
    assert!(factor("0.3") > factor("0.28") && factor("1.1") > Factor::ONE);
    assert!(factor("-1") < factor("0") && factor("100000000000") > factor("0.000000001"));
}

#[test]
fn shares_of_amounts_are_rounded_once() {
    // 2.75 x 2.00 / 2.75 = 2; a third of 1 is 0.333..., of 2 is 0.666...7, worked by hand.
    let ratio = |text, of, by| amount(text).checked_ratio(of, by).unwrap().to_string();
    assert_eq!(ratio("2.75", 200, 275), "2.00");
    assert_eq!(ratio("1", 1, 3), "0.333333333333333333");
    assert_eq!(ratio("2", 1, 3), "0.666666666666666667");
    let half = amount("0.000000000000000005").checked_mul_rounded("0.5".parse().unwrap());
    assert_eq!(half.unwrap().to_string(), "0.000000000000000002");
}

#[test]
fn currency_codes() {
    assert_eq!("usd".parse::<Currency>().unwrap(), Currency::USD);
    assert!("US".parse::<Currency>().is_err());
    assert!("U1D".parse::<Currency>().is_err());
}
