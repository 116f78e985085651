//! What a key of a contract file may hold. Reader, JSON Schema, template and reference page are all
//! derived from these.

/// The values that a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text that is not blank.
    Text,
    /// A name of lowercase letters, digits and hyphens.
    Id,
    /// Three letters.
    Currency,
    /// A day as text.
    Day,
    /// Yes or no.
    Bool,
    /// A whole number, from the first to the second.
    Integer(u64, u64),
    /// Money as a decimal string, not negative.
    Amount,
    /// A decimal string, not negative.
    Factor,
    /// A decimal string above zero.
    Positive,
    /// A decimal string from zero to one.
    Share,
    /// A price of `10^n` units as a decimal string, not negative.
    Price(u32),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A string or a list of strings.
    Words,
    /// A list of amounts.
    Amounts,
    /// Twenty-four whole numbers, not all zero.
    Hours,
    /// A table of names with a string or a list of strings each.
    Labels,
    /// A table.
    Table(&'static Table),
    /// A list of tables.
    Tables(&'static Table),
    /// The word, or a table.
    WordOr(&'static str, &'static Table),
}

/// One key of a table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The table is wrong without it.
    pub required: bool,
    /// It stands in the template without a comment sign, though it is not required alone.
    pub shown: bool,
    /// What holds without it.
    pub default: Option<&'static str>,
    /// What it means.
    pub doc: &'static str,
    /// A value as TOML.
    pub example: &'static str,
}

impl Key {
    pub(in crate::contract) const fn new(
        name: &'static str,
        kind: Kind,
        example: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { name, kind, required: false, shown: false, default: None, doc, example }
    }

    pub(in crate::contract) const fn required(mut self) -> Self {
        self.required = true;
        self.shown = true;
        self
    }

    pub(in crate::contract) const fn shown(mut self) -> Self {
        self.shown = true;
        self
    }

    pub(in crate::contract) const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }
}

/// One kind of table.
#[derive(Debug)]
pub struct Table {
    /// The key it is written under; empty for the file.
    pub name: &'static str,
    /// What it says.
    pub doc: &'static str,
    /// Its keys, in parts that several kinds share.
    pub parts: &'static [&'static [Key]],
}

impl Table {
    /// Its keys, in the order of the reference page.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    /// The key of a name.
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys().find(|key| key.name == name)
    }
}
