use proptest::prelude::*;

use super::count::{last_digits, plain_digits};
use super::*;

#[test]
fn fields_of_an_object() {
    let text = br#" {"a": 1, "b":"x\"y", "c":{"d":[1,{"e":"}"}]}, "n":null, "a":2, "t":true} "#;
    let object = Object::parse(text).unwrap();
    assert_eq!(object.get("a").unwrap().count(), Ok(Some(2)), "the last of equal keys counts");
    assert_eq!(object.text("b").unwrap(), "x\"y");
    assert_eq!(object.object("c").unwrap().get("d").unwrap().array().unwrap().len(), 2);
    assert!(object.get("n").is_none() && object.has("n"));
    assert!(object.get("t").unwrap().is_true());
}

#[test]
fn broken_text() {
    let whole = br#"{"a":{"b":[1,2,"x"]},"c":"d"}"#;
    for cut in 0..whole.len() {
        assert_eq!(Object::parse(&whole[..cut]).err(), Some(ScanError::Incomplete), "cut at {cut}");
    }
    for text in ["[1]", "nonsense", r#"{"a" 1}"#, r#"{"a":1}x"#, r#"{a:1}"#, r#"{"a":1,}"#] {
        assert!(matches!(Object::parse(text.as_bytes()), Err(ScanError::Invalid(_))), "{text}");
    }
}

#[test]
fn the_head_of_an_object_that_is_cut() {
    let whole = br#" {"a": 1, "b":"x\"y", "c":[{"d":2}]} "#;
    let keys = |text| {
        let head = Object::head(text);
        head.raw_keys().map(|k| String::from_utf8_lossy(k).into_owned()).collect::<String>()
    };
    assert_eq!(keys(whole), "abc");
    assert_eq!(Object::head(whole).get("a").unwrap().count(), Ok(Some(1)));
    for (cut, expected) in [(0, ""), (2, ""), (9, "a"), (17, "ab"), (30, "abc")] {
        assert_eq!(keys(&whole[..cut]), expected, "cut at {cut}");
    }
    assert_eq!(keys(b"[1,2]"), "");
}

#[test]
fn deep_nesting_needs_no_stack() {
    let deep = format!("{{\"a\":{}{},\"b\":7}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(Object::parse(deep.as_bytes()).unwrap().get("b").unwrap().count(), Ok(Some(7)));
}

#[test]
fn strings_at_every_distance() {
    for length in 0..40 {
        let text = format!("{{\"k\":\"{}\",\"n\":1}}", "x".repeat(length));
        let object = Object::parse(text.as_bytes()).unwrap();
        assert_eq!(object.text("k").unwrap().len(), length);
        let escaped = format!("{{\"k\":\"{}\\\\\",\"n\":1}}", "x".repeat(length));
        assert_eq!(Object::parse(escaped.as_bytes()).unwrap().text("k").unwrap().len(), length + 1);
    }
}

#[test]
fn counts_as_logs_print_them() {
    let good = [
        ("31422.0", 31_422),
        ("\"12\"", 12),
        ("1.63e3", 1_630),
        ("\"1,234,567\"", 1_234_567),
        ("18446744073709551615", u64::MAX),
    ];
    for (text, expected) in good {
        assert_eq!(Value::new(text.as_bytes()).count(), Ok(Some(expected)), "{text}");
    }
    for text in ["null", "NaN", "\"None\"", "\"\"", "\"-\""] {
        assert_eq!(Value::new(text.as_bytes()).count(), Ok(None), "{text}");
    }
    for text in
        ["-1", "1.5", "18446744073709551616", "\"12 apples\"", "\"1,23\"", "{}", "true", "1e400"]
    {
        assert!(Value::new(text.as_bytes()).count().is_err(), "{text}");
    }
}

/// All that an object says, with its nested objects.
fn said(object: &Object<'_>) -> String {
    let mut text = String::new();
    for key in object.raw_keys() {
        let key = String::from_utf8_lossy(key).into_owned();
        let inner = object.object(&key).map(|inner| said(&inner));
        text += &format!("{key}={:?} {inner:?};", object.get(&key));
    }
    text
}

/// JSON of objects, with keys that are read on the way and others, and some that is none.
fn json(levels: u32) -> impl Strategy<Value = String> {
    let scalar = prop::sample::select(vec![
        "1",
        "-2.5e3",
        "null",
        "true",
        "\"\"",
        "\"a\"",
        "\"x\\\"y\"",
        "\"\\\\\"",
        "\"{[\"",
        "[]",
        "[1,{\"b\":2}]",
        "{}",
        "nonsense",
        "\"",
        "",
    ]);
    let leaf = (0..14_usize, scalar).prop_map(|(at, scalar)| {
        // What is no JSON is rare.
        if at > 0 && matches!(scalar, "nonsense" | "\"" | "") { "7" } else { scalar }.to_owned()
    });
    leaf.prop_recursive(levels, 24, 4, |inner| {
        let keys = prop::sample::select(vec!["usage", "body", "a", "b", "metadata", "x\\\"y", ""]);
        let space = prop::sample::select(vec!["", " "]);
        prop::collection::vec((keys, space, inner), 0..4).prop_map(|fields| {
            let fields = fields.iter().map(|(key, s, value)| format!("{s}\"{key}\":{s}{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        })
    })
}

/// A text longer than what is looked at together.
const LONG: &str = "and so on, and so on, and so on, and so on, and so on, and so on, and on";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Objects of known layouts say what they say when they are taken apart.
    #[test]
    fn layouts_change_nothing(texts in prop::collection::vec(json(4), 1..8)) {
        let mut scratch = Scratch::default();
        // The second time, all that could be learnt is known.
        for text in texts.iter().chain(&texts) {
            let with = Object::parse_with(&mut scratch, text.as_bytes()).map(|o| said(&o));
            prop_assert_eq!(with, Object::parse(text.as_bytes()).map(|o| said(&o)), "{}", text);
        }
    }

    /// Nested values end where a walk byte by byte says.
    #[test]
    fn nested_values_end_at_their_bracket(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["[", "[", "{", "]", "]", "}", "\"", "\"", "\\", "a", ", ", LONG]),
            0..200,
        ),
    ) {
        let text = pieces.concat().into_bytes();
        let (mut depth, mut inside, mut at) = (1_usize, false, 0);
        while at < text.len() && depth > 0 {
            match text[at] {
                b'\\' if matches!(text.get(at + 1), Some(b'"' | b'\\')) => at += 1,
                b'"' => inside = !inside,
                b'{' | b'[' if !inside => depth += 1,
                b'}' | b']' if !inside => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        let expected = if depth == 0 { Ok(at + 1) } else { Err(ScanError::Incomplete) };
        prop_assert_eq!(skip_value(&[b"[", &text[..]].concat(), 0), expected);
    }
}

proptest! {
    /// Digits read together are what they are one by one.
    #[test]
    fn numbers_read_at_once(digits in "[0-9]{1,8}|[0-9/:a]{1,8}", before in "[ -~]{8}") {
        let all = format!("{before}{digits}");
        let last = *all.as_bytes().last_chunk().unwrap();
        prop_assert_eq!(last_digits(last, digits.len()), plain_digits(digits.as_bytes()));
    }

    /// Numbers and words end where what may stand behind them begins.
    #[test]
    fn scalars_end(
        word in "[0-9tfn][-0-9.eEa-z+]{0,30}",
        end in prop::sample::select(b",}] \n\r\t".to_vec()),
        after in "[ -~]{0,20}",
    ) {
        let text = format!("{word}{}{after}", char::from(end));
        prop_assert_eq!(skip_value(text.as_bytes(), 0), Ok(word.len()));
        prop_assert_eq!(skip_value(word.as_bytes(), 0), Ok(word.len()));
    }
}

#[test]
fn a_line_like_one_before_has_its_layout() {
    let mut scratch = Scratch::default();
    let mut layout =
        |text: &str| Object::parse_with(&mut scratch, text.as_bytes()).unwrap().layout();
    assert_eq!(layout(r#"{"id":"a","usage":{"n":1},"x":[1]}"#), None);
    assert_eq!(layout(r#"{"id":"bb","usage":{"n":22},"x":[{"y":"]"}]}"#), Some(0));
    assert_eq!(layout(r#"{"id":"bb","usage":null,"x":[]}"#), None);
    assert_eq!(layout(r#"{"id":"bb","usage":null,"x":[]}"#), Some(1));
    assert_eq!(layout(r#"{"id":"a","usage":{"n":null},"x":"y"}"#), Some(0));
}

#[test]
fn shapes_without_end_are_not_learnt_for_ever() {
    let mut scratch = Scratch::default();
    for number in 0..10_000 {
        let text = format!(r#"{{"key_{number}":1}}"#);
        assert_eq!(Object::parse_with(&mut scratch, text.as_bytes()).unwrap().layout(), None);
    }
}

#[test]
fn values_that_were_handed_out_are_told() {
    let mut scratch = Scratch::default();
    let text = br#"{"a":"x","usage":{"n":1,"m":2},"b":"y"}"#;
    Object::parse_with(&mut scratch, text).unwrap();
    let object = Object::parse_with(&mut scratch, text).unwrap();
    let read = |work: &dyn Fn()| {
        let ((), fields) = object.tracked(work);
        (0..8)
            .filter(|n| fields >> n & 1 == 1)
            .map(|n| object.value_at(n).raw())
            .collect::<Vec<_>>()
    };
    assert!(read(&|| assert!(object.has("a") && object.get("c").is_none())).is_empty());
    assert_eq!(read(&|| assert!(object.text("b").is_some())), [b"\"y\""]);
    let usage = object.object("usage").unwrap();
    assert_eq!(read(&|| assert!(usage.get("m").is_some())), [b"2"]);
    assert!(
        read(&|| assert!(object.object("usage").is_some())).is_empty(),
        "its fields are asked for by themselves"
    );
    assert_eq!(read(&|| assert!(object.get("usage").is_some())), [br#"{"n":1,"m":2}"#]);
    let ((), outer) =
        object.tracked(|| assert_eq!(object.tracked(|| assert!(usage.get("n").is_some())).1, 2));
    assert_eq!(outer, 2, "what is done inside counts outside");
}
