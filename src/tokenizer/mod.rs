//! Counts tokens of text, offline.
//!
//! OpenAI's encodings are counted by an own core, equal to `tiktoken-rs`. See `docs/spec/counting.md`.

mod assigned;
mod cache;
mod character;
mod class;
mod content;
mod counter;
mod encoding;
mod kind;
mod layout;
mod lossy;
mod merge;
mod reference;
mod scan;
mod stream;
mod tables;
#[cfg(test)]
mod tests;
mod vendor;

pub use assigned::{Assigned, Basis, Choice, NOT_PUBLIC, assigned};
pub use class::{ClassCounts, TextClass};
pub use content::ContentClass;
pub use counter::Counter;
pub use encoding::Encoding;
pub use kind::{LoadError, TextCounter, Tokenizer};
pub use lossy::lossy;
pub use reference::{LongSpace, Reference};
pub use stream::{Parts, parts};
pub use vendor::Vendor;
