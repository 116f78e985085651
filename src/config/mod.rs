//! Strict configuration files: what price books and contracts have in common when they are read.
//!
//! A file is read whole; every problem is reported with its line, unknown keys with the nearest
//! known one.

mod problem;
mod value;

pub use problem::{ConfigErrors, EntryRef, Problem};
pub(crate) use problem::{Reporter, did_you_mean};
pub(crate) use value::{
    At, Text, Value, decimal, number, one_of, parsed, tables, text, texts, unknown, words,
    wrong_kind,
};
