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
