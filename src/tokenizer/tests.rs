use super::*;

#[test]
fn quick() {
    for encoding in Encoding::ALL {
        let mut counter = Counter::new(encoding);
        let reference = Reference::new(encoding);
        for text in [
            "",
            "a",
            "hello world",
            "Hello World's  \n\n  foo\u{301}Bar 日本語ABC 12345 !!\n//",
            "<|endoftext|>",
        ] {
            assert_eq!(counter.count(text), reference.count(text).unwrap(), "{encoding} {text:?}");
            assert_eq!(counter.count_classes(text).total(), counter.count(text));
        }
    }
}
