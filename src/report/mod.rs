//! Reports: view models that any format can print. Nothing here computes a figure.

pub mod backtest;
pub mod calibrate;
pub mod check;
pub mod commit;
pub mod compare;
pub mod contract;
pub mod cost;
pub mod count;
mod drivers;
pub mod explain;
pub mod forecast;
pub mod format;
pub mod formats;
pub mod grid;
pub mod html;
pub mod inputs;
pub mod prices;
pub mod prices_diff;
pub mod prices_explain;
pub mod prices_show;
pub mod prices_validate;
pub mod prompt_diff;
pub mod settlement;

mod axis;
mod track_record;

use serde::Serialize;

pub use self::grid::{Align, Grid, Style};
pub use self::inputs::{InputFacts, Source};
use self::inputs::{Model, shown_findings};

/// The price books behind a report.
#[derive(Debug, Clone, Serialize)]
pub struct PriceBookFacts {
    /// Digest of the content of all books.
    pub version: String,
    /// Newest day on which a table of the books was checked.
    pub checked_on: Option<String>,
    /// Prices are as known at this instant; `null`: as the books hold them.
    pub known_at: Option<String>,
}
