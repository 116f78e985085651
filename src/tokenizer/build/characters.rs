//! Classes of characters, two levels deep.

use regex_syntax::hir::{Class, HirKind};

use crate::layout::BLOCK;

/// One past the last code point.
const END: usize = 0x11_0000;

/// What a character is to the split rules. Later rows go before earlier ones.
const SPLIT: [(&str, u8); 7] = [
    (r"[\p{Lu}\p{Lt}]", 1),
    (r"\p{Ll}", 2),
    (r"[\p{Lm}\p{Lo}]", 3),
    (r"\p{M}", 4),
    (r"\p{N}", 5),
    (r"\s", 6),
    (r"[\r\n]", 7),
];

/// What a character makes of its piece: of all its characters the highest counts. Later rows go before earlier ones.
const TEXT: [(&str, u8); 9] = [
    (r"\s", 0),
    (r"\p{P}", 1),
    (r"[\p{S}&&[:ascii:]]", 1),
    (r"[\p{L}\p{M}--[\p{Inherited}\p{Common}]]", 6),
    (r"[[\p{Latin}&&\p{L}]\u{300}-\u{36F}]", 5),
    (r"[a-zA-Z]", 4),
    (r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}&&[\p{L}\p{M}]]", 7),
    (r"[\u{FF66}-\u{FF9F}\u{30FC}]", 7),
    (r"\p{N}", 3),
];

/// Symbols, emoji and all the rest.
const SYMBOL: u8 = 2;

/// The number of the block of each 128 code points, as little-endian 16-bit numbers, and the blocks: split class in the
/// low three bits, text class above.
pub(crate) fn table() -> (Vec<u8>, Vec<u8>) {
    let mut flat = vec![SYMBOL << 3; END];
    for (pattern, class) in TEXT {
        each(pattern, |at| flat[at] = class << 3);
    }
    for (pattern, class) in SPLIT {
        each(pattern, |at| flat[at] = (flat[at] & !7) | class);
    }
    let (mut index, mut blocks): (Vec<u8>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    for block in flat.chunks(BLOCK as usize) {
        let known = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        index.extend(u16::try_from(known).expect("blocks are few").to_le_bytes());
    }
    (index, blocks.concat())
}

fn each(pattern: &str, mut set: impl FnMut(usize)) {
    let parsed = regex_syntax::parse(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    let HirKind::Class(Class::Unicode(class)) = parsed.kind() else {
        panic!("{pattern} is not a class")
    };
    for range in class.ranges() {
        (range.start() as usize..=range.end() as usize).for_each(&mut set);
    }
}
