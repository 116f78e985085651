//! Tokens by the kind of text they are of.

/// The kind of text of a piece: of all its characters, the last of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TextClass {
    /// White space alone.
    Space = 0,
    /// Punctuation of any script, and the symbols of ASCII.
    Punctuation = 1,
    /// Symbols, emoji, controls and what is not assigned.
    Symbol = 2,
    /// Numbers.
    Digits = 3,
    /// Words of the letters a to z.
    AsciiWord = 4,
    /// Words with other Latin letters or accents.
    LatinExtended = 5,
    /// Words of other alphabets and syllabaries.
    OtherScript = 6,
    /// Chinese, Japanese and Korean.
    Cjk = 7,
}

impl TextClass {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Space,
        Self::Punctuation,
        Self::Symbol,
        Self::Digits,
        Self::AsciiWord,
        Self::LatinExtended,
        Self::OtherScript,
        Self::Cjk,
    ];

    /// Its name in files and output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Space => "space",
            Self::Punctuation => "punctuation",
            Self::Symbol => "symbol",
            Self::Digits => "digits",
            Self::AsciiWord => "ascii_word",
            Self::LatinExtended => "latin_extended",
            Self::OtherScript => "other_script",
            Self::Cjk => "cjk",
        }
    }

    /// By its name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// Tokens of each class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCounts([u64; 8]);

impl ClassCounts {
    /// Tokens of a class.
    #[must_use]
    pub const fn of(&self, class: TextClass) -> u64 {
        self.0[class as usize]
    }

    /// Tokens of all classes.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds tokens to a class.
    pub fn add(&mut self, class: TextClass, tokens: u64) {
        self.0[class as usize] += tokens;
    }

    /// Adds all of others.
    pub fn merge(&mut self, others: &Self) {
        for (own, other) in self.0.iter_mut().zip(others.0) {
            *own += other;
        }
    }

    /// Each class with its tokens.
    pub fn iter(&self) -> impl Iterator<Item = (TextClass, u64)> + '_ {
        TextClass::ALL.into_iter().zip(self.0)
    }
}
