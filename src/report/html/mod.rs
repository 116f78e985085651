//! The HTML form of a report: one file that needs neither network nor script.
//!
//! A report builds a [`Page`] from its own figures: text, tables that other forms print too, and
//! charts, each with its table beside it. Positions on charts are whole tenths of a pixel, so the
//! same figures give the same bytes everywhere.

mod axis;
mod chart;
mod columns;
mod curve;
mod dates;
mod fan;
mod markup;
mod page;
mod rows;
mod scale;
mod section;
mod svg;
mod table;

pub use self::page::Page;

pub(super) use self::columns::{Columns, Layout, Series};
pub(super) use self::curve::{Curve, CurveLine, CurveMark, CurveRange, CurveReference};
pub(super) use self::fan::{Fan, FanDay};
pub(super) use self::page::Figure;
pub(super) use self::rows::{Row, Rows};
pub(super) use self::section::Section;
