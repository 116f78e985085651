//! The axis of values and its lines.

use super::scale::Scale;
use super::svg::{Anchor, Drawing, width_of};
use crate::money::Amount;
use crate::report::axis::labels;

/// Room between a label and what it labels.
pub(super) const GAP: i64 = 80;

/// Between two names at the ends of lines, at least.
const LINE: i64 = 140;

/// The labels of the ticks, and the room that the widest needs.
pub(super) fn ticks(scale: &Scale, show: fn(Amount) -> String) -> (Vec<(Amount, String)>, i64) {
    let values = scale.ticks();
    let names = labels(&values, show);
    let widest = names.iter().map(|name| width_of(name)).max().unwrap_or(0);
    (values.into_iter().zip(names).collect(), widest)
}

/// Lines across, each with its label at the left end.
pub(super) fn across(
    drawing: &mut Drawing,
    scale: &Scale,
    ticks: &[(Amount, String)],
    (left, right): (i64, i64),
) {
    for (value, name) in ticks {
        let y = scale.at(*value);
        let class = if value.is_zero() { "zero" } else { "grid" };
        drawing.line(class, (left, y), (right, y));
        drawing.text("tick", Anchor::End, (left - GAP, y + 45), name);
    }
}

/// Lines down, labelled below; as many labels as there is room for.
pub(super) fn down(
    drawing: &mut Drawing,
    scale: &Scale,
    ticks: &[(Amount, String)],
    (top, bottom): (i64, i64),
) {
    let widest = ticks.iter().map(|(_, name)| width_of(name)).max().unwrap_or(0);
    let apart = match ticks {
        [(first, _), (second, _), ..] => (scale.at(*second) - scale.at(*first)).max(1),
        _ => 1,
    };
    let each = usize::try_from((widest + 2 * GAP) / apart + 1).unwrap_or(1);
    for (at, (value, name)) in ticks.iter().enumerate() {
        let x = scale.at(*value);
        let class = if value.is_zero() { "zero" } else { "grid" };
        drawing.line(class, (x, top), (x, bottom));
        if at.is_multiple_of(each) {
            drawing.text("tick", Anchor::Middle, (x, bottom + 170), name);
        }
    }
}

/// The names of lines at their right ends, each at the height of its end. From the bottom up, a name
/// moves up where it would touch the one below.
pub(super) fn ends(drawing: &mut Drawing, right: i64, bottom: i64, mut names: Vec<(i64, String)>) {
    names.sort();
    let mut below = bottom + 45 + LINE;
    for (y, name) in names.into_iter().rev() {
        below = (y + 45).min(below - LINE);
        drawing.text("name", Anchor::Start, (right + 60, below), &name);
    }
}
