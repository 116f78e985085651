//! Counts a corpus for several models and says what it would cost.
//!
//! Every count carries how it came about: exact, by an assumed tokenizer, by the user's own, or estimated with a band,
//! by ratios of the program or of the user's logs.
//! See `docs/guides/count.md`.

mod band;
mod calibration;
mod classes;
mod cost;
mod extras;
mod image;
mod media;
mod method;
mod output;
mod prompts;
mod ratios;
mod request;
mod sheet;
mod sums;
mod tool_tokens;
mod tools;

pub use band::Band;
pub use calibration::{
    Calibrated, Calibration, Errors, Fit, FitReport, LEAST_CONVERSATIONS, LEAST_REQUESTS,
    OutputRatio, Samples, TooFew, calibrate, name_of, ratio_of,
};
pub use classes::{ClassRatios, Estimate, FEW_PROMPTS};
pub use cost::{Priced, Pricing};
pub use extras::{ByResolution, DocumentRule, SoundRule, VideoRule, VideoTokens};
pub use image::ImageRule;
pub use method::{CountBasis, CountedModel, ExpectedOutput, Method, method_of};
pub(crate) use output::share_of;
pub use output::{OutputBasis, OutputRule};
pub use prompts::PromptCounter;
pub use ratios::{RatioCounter, RatioMeter};
pub use request::{Framing, Overhead, RequestRules, RequestRulesError};
pub use sheet::Sheet;
pub use sums::{Figures, SheetSums};
pub use tools::{FunctionRule, ToolPrompt, ToolRule};
