//! What kind of text a prompt is, by the pieces of its tokens: how many tokens another tokenizer has for it depends on that.

use super::class::{ClassCounts, TextClass};

/// Kinds of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentClass {
    /// Words of an alphabet with Latin letters.
    Prose,
    /// Code and structured data: a quarter of the tokens or more are punctuation, symbols and space.
    Code,
    /// Two fifths or more are digits.
    Numbers,
    /// Three tenths or more are Chinese, Japanese or Korean.
    Cjk,
    /// Three tenths or more are words of other scripts.
    OtherScript,
}

impl ContentClass {
    /// Their names, in their order.
    pub const NAMES: [&'static str; 5] = ["prose", "code", "numbers", "cjk", "other_script"];

    /// Its name in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The kind of a text with these tokens of the base.
    #[must_use]
    pub fn of(tokens: &ClassCounts) -> Self {
        let all = tokens.total();
        let share = |classes: &[TextClass], percent: u64| {
            let sum: u64 = classes.iter().map(|class| tokens.of(*class)).sum();
            all > 0 && sum.saturating_mul(100) >= all.saturating_mul(percent)
        };
        if share(&[TextClass::Cjk], 30) {
            Self::Cjk
        } else if share(&[TextClass::OtherScript], 30) {
            Self::OtherScript
        } else if share(&[TextClass::Digits], 40) {
            Self::Numbers
        } else if share(&[TextClass::Punctuation, TextClass::Symbol, TextClass::Space], 25) {
            Self::Code
        } else {
            Self::Prose
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer::{Counter, Encoding};

    #[test]
    fn kinds_of_text() {
        let mut base = Counter::new(Encoding::O200kBase);
        let german = "Wie viele Räder hat ein Dreirad, und warum fällt es nicht um? Das fragte sich der kleine Junge.";
        for (text, expected) in [
            (
                "The quick brown fox jumps over the lazy dog, and it does so every single day.",
                "prose",
            ),
            (german, "prose"),
            (include_str!("content.rs"), "code"),
            (
                r#"{"id":1,"name":"bolt","sizes":["m6","m8"],"stock":{"berlin":12,"paris":0}}"#,
                "code",
            ),
            (
                "2026-11-20 12.5 13.25 1999 2048 4096 77 3.1415926 65536 1024 900 12 55 1200",
                "numbers",
            ),
            ("東京は日本の首都であり、世界最大の都市の一つです。", "cjk"),
            ("Привет, как дела? Сегодня очень хорошая погода.", "other_script"),
            ("", "prose"),
        ] {
            let counts = base.count_classes(text);
            assert_eq!(ContentClass::of(&counts).name(), expected, "{text}: {counts:?}");
        }
    }
}
