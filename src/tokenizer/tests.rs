//! The own core beside `tiktoken-rs`, which carries its own copy of the split rules and merges by bytes.

use std::io::Read;
use std::sync::LazyLock;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tiktoken_rs::CoreBPE;

use super::*;

const DIFFERENT: [Encoding; 4] =
    [Encoding::O200kBase, Encoding::Cl100kBase, Encoding::P50kBase, Encoding::R50kBase];

/// Counters of all encodings, and `tiktoken-rs` with its own vocabularies and regular expressions.
fn both() -> Vec<(Counter, &'static CoreBPE)> {
    DIFFERENT.map(|encoding| (Counter::new(encoding), tiktoken(encoding))).into()
}

fn tiktoken(encoding: Encoding) -> &'static CoreBPE {
    match encoding {
        Encoding::O200kBase | Encoding::O200kHarmony => tiktoken_rs::o200k_base_singleton(),
        Encoding::Cl100kBase => tiktoken_rs::cl100k_base_singleton(),
        Encoding::P50kBase => tiktoken_rs::p50k_base_singleton(),
        Encoding::R50kBase => tiktoken_rs::r50k_base_singleton(),
    }
}

fn assert_equal(both: &mut [(Counter, &'static CoreBPE)], text: &str) {
    for (own, tiktoken) in both {
        let expected = tiktoken.encode_ordinary(text).len() as u64;
        assert_eq!(own.count(text), expected, "{} {text:?}", own.encoding());
        assert_eq!(own.count_classes(text).total(), expected, "{} {text:?}", own.encoding());
    }
}

const CURATED: [&str; 57] = [
    "",
    "The quick brown fox jumps over the lazy dog. It's the fox's 3rd jump; they'd seen 12,345 of them!",
    "Übergrößen ändern den Füllstand — „naïve“ façade, Ærøskøbing, İstanbul, ẞ ſ",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر",
    "דג סקרן שט בים מאוכזב ולפתע מצא לו חברה",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน",
    "我能吞下玻璃而不伤身体。这是一个用来测试的句子，没有别的意思。",
    "いろはにほへとちりぬるを　カタカナー、ﾊﾝｶｸ",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다.",
    "fn main() {\n    let x: Vec<u8> = vec![1, 2, 3];\n\tprintln!(\"{:?}\", x);\n}\n",
    "def f(x):\n        return x ** 2  # comment\r\n\r\n\r\nclass A: pass",
    "{\"key\": [1, 2.5e-10, null, true], \"text\": \"\\u00e9\\n\", \"nested\": {\"a\": {}}}",
    "<div class=\"a\"><p>Text &amp; more</p><!-- comment --></div>\n</body>",
    "https://example.com/a/b?c=d&e=%20#f user@example.com //comment ///\n/ \n/",
    "👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 ❤️ ☃ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    " ",
    "  ",
    "   a",
    "a   ",
    "a   b",
    "\n",
    "\n\n\n",
    " \n \n ",
    "\r\n\r\n",
    "\n \u{a0}\u{2028}x",
    "\t\t\tx\t\ty\t",
    "a\n\n  b\n\n",
    "\u{3000}\u{3000}全角",
    "\u{85}\u{1680}\u{200b}\u{feff}x",
    "\0\u{1}\u{2}\u{1f}\u{7f}\0\0\0",
    "<|endoftext|> <|im_start|>user<|im_end|> <|fim_prefix|><|endofprompt|>",
    "ſ 'ſ x'ſ X'ſX",
    "I'm I'M we're WE'RE they've THEY'VE he'll HE'LL she'd SHE'D it's IT'S can't CAN'T",
    "'s 'S 't 'RE 'rE 'v 'l 'lL ''s a''s '\u{301}s",
    "e\u{301} \u{301} \u{301}A \u{301}\u{301}ABC a\u{301}B !\u{301}! \u{301}'s",
    "ABCdef ABC DEF aBcDeF HTMLParser parseHTML XMLHttpRequest McDonald",
    "ǅungla ǅ ǄAB ʰABC ABCʰ日本ABC日x日本ABC",
    "1 12 123 1234 12345 123456 1234567 3.14159 1,000,000 0x1F 1e10",
    "٣٤٥٦ १२३४ ½¾ Ⅷ ²³ 1٣½",
    "a1b2c3 1a 2b3 x1 1x",
    "!!! ??? ... --- === *** ((())) [[[]]] {{{}}} <<<>>> $$$ %%% ^^^ ~~~ ``` |||",
    " !x !\n !\r\n! /\n //\n",
    "x!\n\ny ! z !!\r\n\r\n",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "================================================================================",
    "supercalifragilisticexpialidocious antidisestablishmentarianism Donaudampfschifffahrtsgesellschaft",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkrLw==",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "𝒜𝓑𝐂 ＡＢＣ ⅠⅡ ℌ ™ © ® € £ ¥",
    "\u{fffd}\u{fffd} \u{e000}\u{10ffff}\u{378}",
    "မြန်မာ ខ្មែរ ລາວ አማርኛ ᏣᎳᎩ ქართული հայերեն தமிழ் తెలుగు বাংলা",
    "word\u{200d}word word\u{ad}word word\u{2060}",
    "日本語のテキストとEnglish混在で、数字123や記号！？もある。",
    "- [x] **bold** _it_ `code` # Title\n\n> quote\n1. one\n2. two\n\n| a | b |\n|---|---|\n",
];

#[test]
fn a_curated_list_counts_as_the_reference_does() {
    let mut both = both();
    for text in CURATED {
        assert_equal(&mut both, text);
    }
    // Beside each other, and again from the cache.
    assert_equal(&mut both, &CURATED.concat());
    assert_equal(&mut both, &CURATED.concat());
    let harmony = Counter::new(Encoding::O200kHarmony).count(&CURATED.concat());
    assert_eq!(harmony, both[0].0.count(&CURATED.concat()));
}

#[test]
fn long_pieces_count_as_the_reference_does() {
    let mut both = both();
    for unit in
        ["a", "ab", " ", "\n", "=", "-", "日", "的是", "\u{301}", "👍", "x9", "1", " \n", "é"]
    {
        for length in [15, 30, 31, 100, 129, 1000, 4000] {
            assert_equal(&mut both, &unit.repeat(length));
        }
    }
}

/// Counts that OpenAI's cookbook prints ("How to count tokens with tiktoken").
#[test]
fn counts_of_the_cookbook() {
    for (text, o200k, cl100k, p50k, r50k) in [
        ("tiktoken is great!", 6, 6, 6, 6),
        ("antidisestablishmentarianism", 6, 6, 5, 5),
        ("2 + 2 = 4", 7, 7, 5, 5),
        ("お誕生日おめでとう", 8, 9, 14, 14),
    ] {
        let expected = [o200k, cl100k, p50k, r50k];
        for (encoding, expected) in DIFFERENT.into_iter().zip(expected) {
            assert_eq!(Counter::new(encoding).count(text), expected, "{encoding} {text}");
        }
    }
}

/// The vocabulary that tables are made of is the one that OpenAI publishes.
#[test]
fn the_vocabulary_is_the_published_one() {
    const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for encoding in DIFFERENT {
        let mut hash = Sha256::new();
        for (rank, token) in (0_u32..).zip(tables::Tables::of(encoding).tokens()) {
            // p50k_base has a special token before its runs of spaces.
            let gap = u32::from(encoding == Encoding::P50kBase && rank >= 50_256);
            let mut line = String::new();
            for three in token.chunks(3) {
                let bits = (0..3).fold(0_u32, |bits, at| {
                    bits << 8 | u32::from(three.get(at).copied().unwrap_or_default())
                });
                for at in 0..4 {
                    let letter = char::from(BASE64[(bits >> (18 - 6 * at) & 63) as usize]);
                    line.push(if at > three.len() { '=' } else { letter });
                }
            }
            hash.update(format!("{line} {}\n", rank + gap));
        }
        let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, encoding.sha256(), "{encoding}");
    }
}

/// Every token is one token where it is a whole piece.
#[test]
fn whole_tokens_are_one() {
    for encoding in DIFFERENT {
        let mut counter = Counter::new(encoding);
        for token in tables::Tables::of(encoding).tokens().iter().step_by(7) {
            let Ok(text) = std::str::from_utf8(token) else { continue };
            if text.chars().all(char::is_alphabetic) {
                assert_eq!(counter.count(text), 1, "{encoding} {text:?}");
            }
        }
    }
}

/// The reference has the program's vocabulary and rules; it counts as `tiktoken-rs` does with its own.
#[test]
fn the_reference_is_tiktoken() {
    for encoding in DIFFERENT {
        let text = CURATED.concat();
        let expected = tiktoken(encoding).encode_ordinary(&text).len() as u64;
        assert_eq!(Reference::new(encoding).count(&text), Ok(expected));
    }
}

/// Characters that rules or tables treat apart.
fn nasty() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        4 => prop::sample::select(vec![
            " ", "  ", "\n", "\r", "\t", "\u{a0}", "\u{3000}", "'", "'s", "'S", "'ſ", "'LL", "'re", "/", "!", "<|", "|>", "=", "-",
            "\u{301}", "\u{fe0f}", "\u{200d}", "ʰ", "ǅ", "ª", "日", "本", "の", "한", "ß", "É", "я", "Я", "ا", "ก", "ा", "1", "23",
            "4567", "٣", "½", "a", "B", "Cd", "eF", "word", "the", " of", "👍", "\0", "\u{85}", "K", "\u{fffd}",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[a-zA-Z]{1,20}",
        1 => "[ -~]{1,8}",
        1 => "\\PC{1,6}",
    ];
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

/// The regular expressions of o200k_base, cl100k_base and r50k_base; making them takes longer than using them.
static REGEXES: LazyLock<[fancy_regex::Regex; 3]> = LazyLock::new(|| {
    [
        <scan::O200k as scan::Rules>::REGEX,
        <scan::Cl100k as scan::Rules>::REGEX,
        <scan::R50k as scan::Rules>::REGEX,
    ]
    .map(|rules| fancy_regex::Regex::new(rules).unwrap())
});

fn pieces_of(rules: usize, text: &str) -> Vec<usize> {
    REGEXES[rules].find_iter(text).map(|found| found.unwrap().end()).collect()
}

fn own_pieces<R: scan::Rules>(text: &str) -> Vec<usize> {
    let (mut ends, mut at) = (Vec::new(), 0);
    while at < text.len() {
        at = R::end(text.as_bytes(), at);
        ends.push(at);
    }
    ends
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_end_where_the_regular_expressions_say(text in nasty()) {
        prop_assert_eq!(own_pieces::<scan::O200k>(&text), pieces_of(0, &text));
        prop_assert_eq!(own_pieces::<scan::Cl100k>(&text), pieces_of(1, &text));
        prop_assert_eq!(own_pieces::<scan::R50k>(&text), pieces_of(2, &text));
    }

    #[test]
    fn any_text_counts_as_the_reference_does(texts in prop::collection::vec(nasty(), 1..4)) {
        let mut both = both();
        for text in &texts {
            assert_equal(&mut both, text);
        }
    }

    #[test]
    fn a_cut_changes_no_count(text in nasty()) {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        for encoding in DIFFERENT {
            let mut counter = Counter::new(encoding);
            let whole = counter.count(&text);
            for pair in ends.windows(2) {
                if stream::may_cut(text.as_bytes(), pair[0], pair[1]) {
                    let (left, right) = text.split_at(pair[1]);
                    prop_assert_eq!(counter.count(left) + counter.count(right), whole, "{} {}", encoding, pair[1]);
                }
            }
        }
    }
}

/// Classes of characters agree with the regular expressions of the reference, for every character there is.
#[test]
fn classes_of_characters_are_those_of_the_reference() {
    use character::Kind;
    let all: String = (0..=0x0010_FFFF).filter_map(char::from_u32).collect();
    for (class, kinds) in [
        (r"[\p{Lu}\p{Lt}]+", &[Kind::Upper][..]),
        (r"\p{Ll}+", &[Kind::Lower]),
        (r"[\p{Lm}\p{Lo}]+", &[Kind::Caseless]),
        (r"\p{M}+", &[Kind::Mark]),
        (r"\p{N}+", &[Kind::Number]),
        (r"\s+", &[Kind::Space, Kind::LineEnd]),
        (r"[\r\n]+", &[Kind::LineEnd]),
    ] {
        let regex = fancy_regex::Regex::new(class).unwrap();
        let mut expected = vec![false; all.len()];
        for found in regex.find_iter(&all) {
            expected[found.unwrap().range()].fill(true);
        }
        for (at, character) in all.char_indices() {
            let kind = character::character(all.as_bytes(), at).unwrap().kind();
            assert_eq!(
                kinds.contains(&kind),
                expected[at],
                "{class} U+{:04X}",
                u32::from(character)
            );
        }
    }
}

#[test]
fn tokens_by_class() {
    let mut counter = Counter::new(Encoding::O200kBase);
    let mut of = |text: &str| {
        let counts = counter.count_classes(text);
        counts.iter().filter(|(_, tokens)| *tokens > 0).collect::<Vec<_>>()
    };
    // "Hello" "," " world" "!" " \n\n"
    let expected = [(TextClass::Space, 1), (TextClass::Punctuation, 2), (TextClass::AsciiWord, 2)];
    assert_eq!(of("Hello, world! \n\n"), expected);
    // " " before a number is a piece of its own.
    assert_eq!(of(" 123"), [(TextClass::Space, 1), (TextClass::Digits, 1)]);
    let mut only = |text: &str, class| of(text).iter().all(|(found, _)| *found == class);
    for (text, class) in [
        ("über", TextClass::LatinExtended),
        ("cafe\u{301}", TextClass::LatinExtended),
        (" слово", TextClass::OtherScript),
        ("नमस्ते", TextClass::OtherScript),
        ("日本語", TextClass::Cjk),
        ("カー", TextClass::Cjk),
        ("한국어", TextClass::Cjk),
        ("👍🏽❤\u{fe0f}", TextClass::Symbol),
        ("。」", TextClass::Punctuation),
        (" +=", TextClass::Punctuation),
        ("½", TextClass::Digits),
        ("\u{3000}", TextClass::Space),
    ] {
        assert!(only(text, class), "{text}");
    }
}

/// Hands out as many bytes as it is told, over and over.
struct Small<'a>(&'a [u8], usize);

impl Read for Small<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(into.len());
        self.0.read(&mut into[..most])
    }
}

#[test]
fn a_stream_counts_as_the_whole_does() {
    let mut bytes = Vec::new();
    while bytes.len() < 700_000 {
        for text in CURATED {
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(b"not \xff\xfe UTF-8 \xe6\x97");
    }
    let mut counter = Counter::new(Encoding::O200kBase);
    let (text, replaced) = lossy(&bytes);
    // FF, FE and the two bytes of a character that is not whole.
    assert_eq!(replaced % 3, 0);
    let whole = counter.count(&text);
    for step in [usize::MAX, 65_537, 4099] {
        let (tokens, read) = counter.count_reader(Small(&bytes, step)).unwrap();
        assert_eq!((tokens, read.replaced, read.forced_cuts), (whole, replaced, 0));
        assert_eq!(read.bytes, bytes.len() as u64);
    }
    let (classes, _) = counter.count_classes_reader(&bytes[..]).unwrap();
    assert_eq!(classes, counter.count_classes(&text));
}

#[test]
fn a_text_without_a_place_to_cut_is_cut_and_says_so() {
    let digits = std::io::repeat(b'7').take(9_000_000);
    let (tokens, read) = Counter::new(Encoding::O200kBase).count_reader(digits).unwrap();
    assert_eq!((read.bytes, read.forced_cuts), (9_000_000, 1));
    // Threes, and a part of one at the cut.
    assert!((3_000_000..=3_000_001).contains(&tokens), "{tokens}");
}

#[test]
fn invalid_bytes_are_replaced_and_counted() {
    assert_eq!(lossy(b"plain"), ("plain".into(), 0));
    assert_eq!(
        lossy(b"a\xffb\xf0\x9f\x91c\xed\xa0\x80"),
        ("a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}\u{fffd}".into(), 5)
    );
}

#[test]
fn the_reference_refuses_what_it_cannot_count() {
    let reference = Reference::new(Encoding::Cl100kBase);
    let spaces = " ".repeat(1_100_000);
    assert_eq!(reference.count(&spaces), Err(LongSpace { length: 1_100_000 }));
    // No token is longer than 128 bytes.
    assert!(Counter::new(Encoding::Cl100kBase).count(&spaces) >= 1_100_000 / 128);
}

#[test]
fn a_file_of_the_user_is_a_tokenizer() {
    // Merges "l" and "o", then "lo" and "w"; the rest are bytes.
    let json = br#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true},
        "post_processor":null,"decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,
        "fuse_unk":false,"byte_fallback":false,"vocab":{"l":0,"o":1,"w":2,"e":3,"r":4,"lo":5,"low":6},
        "merges":["l o","lo w"]}}"#;
    let tokenizer = Tokenizer::from_json("mine.json", json).unwrap();
    let mut counter = tokenizer.counter();
    assert_eq!(counter.count("low"), Ok(1));
    assert_eq!(counter.count("lower"), Ok(3));
    assert_eq!(counter.count("wolo"), Ok(3));
    assert!(tokenizer.data().starts_with("xxh3:"));
    assert!(matches!(Tokenizer::from_json("x", b"{}"), Err(LoadError::Unreadable(_))));
}

#[test]
fn vocabularies_of_others_count_or_say_what_is_missing() {
    for vendor in Vendor::ALL {
        assert_eq!(Vendor::from_name(vendor.name()), Some(vendor));
        match Tokenizer::vendor(vendor) {
            Ok(tokenizer) => {
                let mut counter = tokenizer.counter();
                // Words that are a token with the space before them in every vocabulary.
                assert_eq!(counter.count("the world and the people"), Ok(5), "{}", vendor.name());
                assert_eq!(counter.count(""), Ok(0));
                assert!(counter.count("<|endoftext|>").unwrap() > 1, "{}", vendor.name());
            }
            Err(LoadError::NotCompiled { feature, .. }) => {
                assert!(!vendor.is_compiled());
                assert_eq!(feature, vendor.feature());
            }
            Err(other) => panic!("{}: {other}", vendor.name()),
        }
    }
}
