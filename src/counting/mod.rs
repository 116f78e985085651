//! Counts a corpus for several models and says what it would cost.
//!
//! Every count carries how it came about: exact, by an assumed tokenizer, by the user's own, or estimated with a band.
//! See `docs/guides/count.md`.

mod classes;
mod cost;
mod image;
mod method;
mod output;
mod request;
mod sheet;

pub use classes::{ClassRatios, Estimate, FEW_PROMPTS};
pub use cost::{Priced, Pricing};
pub use image::ImageRule;
pub use method::{CountBasis, CountedModel, Method, method_of};
pub(crate) use output::share_of;
pub use output::{OutputBasis, OutputRule};
pub use request::{Framing, Overhead, RequestRules, RequestRulesError};
pub use sheet::{Band, Figures, Sheet};
