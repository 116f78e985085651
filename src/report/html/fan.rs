//! A fan: what is known day by day, then the median and the intervals of what is to come.

use chrono::NaiveDate;

use super::axis::{across, ends, ticks};
use super::chart::{Chart, Key, Sign};
use super::dates;
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Rect, WIDTH};
use super::table::Table;
use crate::money::Amount;
use crate::report::{Grid, format};

const TOP: i64 = 260;
const BOTTOM: i64 = 2_650;
const HEIGHT: i64 = 2_950;
/// Room for the names of lines at the right.
const NAMES: i64 = 620;
/// Known days up to which each has a dot.
const DOTS: usize = 62;

/// Days above which lines are thin, because weeks are narrow.
const DENSE: usize = 150;

/// A forecast by day.
#[derive(Debug, Clone)]
pub(in crate::report) struct Fan {
    pub(in crate::report) title: String,
    pub(in crate::report) currency: String,
    /// Consecutive days before the forecast; `None` for an unknown cost.
    pub(in crate::report) known: Vec<(NaiveDate, Option<Amount>)>,
    /// The days after them.
    pub(in crate::report) ahead: Vec<FanDay>,
    /// Names of the intervals, the narrowest first.
    pub(in crate::report) bands: Vec<String>,
    /// The same figures as a table.
    pub(in crate::report) grid: Grid,
}

/// A day of a forecast.
#[derive(Debug, Clone)]
pub(in crate::report) struct FanDay {
    pub(in crate::report) day: NaiveDate,
    pub(in crate::report) median: Amount,
    /// Both ends of each interval.
    pub(in crate::report) bands: Vec<(Amount, Amount)>,
}

impl Fan {
    /// The chart.
    pub(in crate::report) fn chart(self) -> Chart {
        let all = self.known.iter().filter_map(|(_, cost)| *cost);
        let ahead = self.ahead.iter().flat_map(|day| {
            let ends = day.bands.iter().flat_map(|(low, high)| [*low, *high]);
            ends.chain([day.median])
        });
        let scale = Scale::new(all.chain(ahead), (BOTTOM, TOP));
        let (ticks, widest) = ticks(&scale, format::amount);
        let mut drawing = Drawing::new(HEIGHT);
        let plot = Plot {
            left: widest + 160,
            right: WIDTH - NAMES,
            days: i64::try_from(self.known.len() + self.ahead.len()).unwrap_or(1).max(1),
            scale,
        };
        across(&mut drawing, &scale, &ticks, (plot.left, plot.right));
        self.days_axis(&plot, &mut drawing);
        self.bands(&plot, &mut drawing);
        self.known_line(&plot, &mut drawing);
        self.names(&plot, &mut drawing);
        self.hints(&plot, &mut drawing);
        Chart {
            description: self.description(),
            drawing,
            keys: self.keys(),
            table: Table { caption: format!("{}, {}", self.title, self.currency), grid: self.grid },
            title: self.title,
        }
    }

    fn days_axis(&self, plot: &Plot, drawing: &mut Drawing) {
        let days: Vec<NaiveDate> = self.known.iter().map(|(day, _)| *day).collect();
        let days: Vec<NaiveDate> =
            days.into_iter().chain(self.ahead.iter().map(|d| d.day)).collect();
        for (at, name) in dates::labels(&days) {
            let x = plot.middle(at);
            drawing.line("grid", (x, BOTTOM), (x, BOTTOM + 50));
            drawing.text("tick", Anchor::Middle, (x, BOTTOM + 190), &name);
        }
        if let (Some(first), false) = (self.ahead.first(), self.known.is_empty()) {
            let x = plot.edge(self.known.len());
            drawing.line("origin", (x, TOP - 60), (x, BOTTOM));
            let name = format!("forecast from {}", first.day);
            drawing.text("tick", Anchor::Middle, (x, TOP - 90), &name);
        }
    }

    /// The class of a line.
    fn dense(&self, class: &str) -> String {
        let is_dense = self.known.len() + self.ahead.len() > DENSE;
        format!("{class}{}", if is_dense { " dense" } else { "" })
    }

    /// Every interval, the widest below the others, and the median above them.
    fn bands(&self, plot: &Plot, drawing: &mut Drawing) {
        for band in (0..self.bands.len()).rev() {
            let end = |pick: fn(&(Amount, Amount)) -> Amount| {
                plot.along(
                    self.known.len(),
                    self.ahead.iter().filter_map(|d| d.bands.get(band)).map(pick),
                )
            };
            let (low, high) = (end(|b| b.0), end(|b| b.1));
            let around: Vec<(i64, i64)> = high.iter().chain(low.iter().rev()).copied().collect();
            drawing.path(&self.dense(&band_class(band)), &around, true);
        }
        let median = plot.along(self.known.len(), self.ahead.iter().map(|day| day.median));
        drawing.path(&self.dense("median"), &median, false);
    }

    /// A line through what is known; it breaks where a day is unknown.
    fn known_line(&self, plot: &Plot, drawing: &mut Drawing) {
        let at = |(n, (_, cost)): (usize, &(NaiveDate, Option<Amount>))| {
            cost.map(|cost| (plot.middle(n), plot.scale.at(cost)))
        };
        let points: Vec<Option<(i64, i64)>> = self.known.iter().enumerate().map(at).collect();
        for run in points.split(Option::is_none) {
            let run: Vec<(i64, i64)> = run.iter().copied().flatten().collect();
            if run.len() > 1 {
                drawing.path(&self.dense("known"), &run, false);
            }
            for point in run.iter().filter(|_| self.known.len() <= DOTS || run.len() == 1) {
                drawing.circle("known-dot", *point, 20);
            }
        }
    }

    /// The names of lines and bands at their right ends.
    fn names(&self, plot: &Plot, drawing: &mut Drawing) {
        let Some(last) = self.ahead.last() else { return };
        let highs = last.bands.iter().map(|(_, high)| *high).zip(self.bands.iter().cloned());
        let names: Vec<(i64, String)> = highs
            .chain([(last.median, "median".to_owned())])
            .map(|(value, name)| (plot.scale.at(value), name))
            .collect();
        ends(drawing, plot.right, BOTTOM, names);
    }

    /// Boxes over whole days that tell figures when pointed at.
    fn hints(&self, plot: &Plot, drawing: &mut Drawing) {
        let hint = |drawing: &mut Drawing, at: usize, title: &str, data: &[(String, String)]| {
            let data: Vec<(&str, &str)> =
                data.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let x = (plot.edge(at), plot.edge(at + 1));
            drawing.rect(&Rect { class: "hint", x, y: (TOP, BOTTOM), title, data: &data });
        };
        for (at, (day, cost)) in self.known.iter().enumerate() {
            let mut data = vec![("data-day".to_owned(), day.to_string())];
            data.extend(cost.map(|cost| ("data-known".to_owned(), cost.to_string())));
            let shown = cost.map_or_else(|| "not known".to_owned(), format::amount);
            hint(drawing, at, &format!("{day}: {shown}"), &data);
        }
        for (at, day) in self.ahead.iter().enumerate() {
            let mut title = format!("{}: median {}", day.day, format::amount(day.median));
            let mut data = vec![
                ("data-day".to_owned(), day.day.to_string()),
                ("data-median".to_owned(), day.median.to_string()),
            ];
            for (band, (low, high)) in day.bands.iter().enumerate() {
                let name = self.bands.get(band).map_or("", String::as_str);
                title.push_str(&format!(
                    ", {name} {} to {}",
                    format::amount(*low),
                    format::amount(*high)
                ));
                data.push((format!("data-low-{band}"), low.to_string()));
                data.push((format!("data-high-{band}"), high.to_string()));
            }
            hint(drawing, self.known.len() + at, &title, &data);
        }
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        if !self.known.is_empty() {
            keys.push(Key::new(Sign::Line, &self.dense("known"), "known"));
        }
        keys.push(Key::new(Sign::Line, &self.dense("median"), "median of the forecast"));
        for (band, name) in self.bands.iter().enumerate() {
            keys.push(Key::new(
                Sign::Area,
                &self.dense(&band_class(band)),
                &format!("{name} interval"),
            ));
        }
        keys
    }

    fn description(&self) -> String {
        let mut text = format!("Cost by day in {}.", self.currency);
        if let (Some((first, _)), Some((last, _))) = (self.known.first(), self.known.last()) {
            text.push_str(&format!(" Known from {first} to {last}."));
        }
        if let (Some(first), Some(last)) = (self.ahead.first(), self.ahead.last()) {
            text.push_str(&format!(
                " Forecast from {} (median {}) to {} (median {}",
                first.day,
                format::amount(first.median),
                last.day,
                format::amount(last.median)
            ));
            for ((low, high), name) in last.bands.iter().zip(&self.bands) {
                text.push_str(&format!(
                    ", {name} {} to {}",
                    format::amount(*low),
                    format::amount(*high)
                ));
            }
            text.push_str(").");
        }
        text
    }
}

fn band_class(band: usize) -> String {
    format!("band band-{}", band.min(3))
}

/// Where days and values are.
#[derive(Debug, Clone, Copy)]
struct Plot {
    left: i64,
    right: i64,
    days: i64,
    scale: Scale,
}

impl Plot {
    /// Where a day begins.
    fn edge(&self, day: usize) -> i64 {
        self.half(i64::try_from(day).unwrap_or(0) * 2)
    }

    fn middle(&self, day: usize) -> i64 {
        self.half(i64::try_from(day).unwrap_or(0) * 2 + 1)
    }

    fn half(&self, halves: i64) -> i64 {
        self.left + halves * (self.right - self.left) / (2 * self.days)
    }

    /// Points of consecutive days from one on, from the start of the first to the end of the last.
    fn along(&self, first: usize, values: impl Iterator<Item = Amount>) -> Vec<(i64, i64)> {
        let heights: Vec<i64> = values.map(|value| self.scale.at(value)).collect();
        let middles = heights.iter().enumerate().map(|(at, y)| (self.middle(first + at), *y));
        let start = heights.first().map(|y| (self.edge(first), *y));
        let end = heights.last().map(|y| (self.edge(first + heights.len()), *y));
        start.into_iter().chain(middles).chain(end).collect()
    }
}
