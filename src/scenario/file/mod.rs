//! Scenario files, `tokencast.scenario.v1`: strict TOML, every problem with its line.

mod keys;

use std::str::FromStr;

use chrono::NaiveDate;
use toml::de::DeTable;

pub use self::keys::{ChangeKey, KEYS, KINDS};
use super::change::{CacheHit, Change, PriceShock, Reroute, Scenario, Stated, Target};
use crate::config::{
    ConfigErrors, Reporter, Value, decimal, one_of, parsed, tables, text, unknown, words,
    wrong_kind,
};
use crate::money::Factor;
use crate::projection::conditions;
use crate::projection::events::Scope;

/// The schema that this version of the program reads.
pub const SCHEMA: &str = "tokencast.scenario.v1";

const SCENARIO_KEYS: [&str; 3] = ["name", "contracts", "change"];

/// Reads the scenarios of a file.
///
/// # Errors
/// Every problem of the file; of a file with a syntax error only that.
pub fn read(name: &str, source: &str) -> Result<Vec<Scenario>, ConfigErrors> {
    let mut report = Reporter::new(name, source);
    let found = read_file(source, &mut report);
    report.problems.sort_by_key(|problem| problem.location.line);
    let problems = report.problems;
    if problems.is_empty() { Ok(found) } else { Err(ConfigErrors { problems }) }
}

fn read_file(source: &str, report: &mut Reporter) -> Vec<Scenario> {
    let Some(table) = parsed(source, report) else { return Vec::new() };
    let (mut found, mut has_schema) = (Vec::new(), false);
    for (name, value) in &table {
        match name.get_ref().as_ref() {
            "schema" => {
                has_schema = true;
                let stated = text("schema", value, report).filter(|s| s.value != SCHEMA);
                if let Some(stated) = stated {
                    let message = format!("schema is `{}`, expected `{SCHEMA}`", stated.value);
                    report.problem(stated.offset, message);
                }
            }
            "scenario" => {
                let read = tables("scenario", value, report, read_scenario);
                found.extend(read.into_iter().flatten());
            }
            other => unknown(other, name.span().start, ["schema", "scenario"].into_iter(), report),
        }
    }
    if !has_schema {
        report.problem(0, format!("file has no `schema` (expected `schema = \"{SCHEMA}\"`)"));
    }
    if !table.contains_key("scenario") {
        report.problem(0, "file has no `[[scenario]]`");
    }
    found
}

fn read_scenario<'t>(
    raw: &'t DeTable<'t>,
    offset: usize,
    report: &mut Reporter,
) -> Option<Scenario> {
    let (mut name, mut changes, mut contracts) = (None, Vec::new(), Vec::new());
    for (key, value) in raw {
        match key.get_ref().as_ref() {
            "name" => name = text("name", value, report).map(|at| at.value.to_owned()),
            "contracts" => {
                let files = words("contracts", value, report).unwrap_or_default();
                contracts = files.iter().map(|file| file.value.to_owned()).collect();
            }
            "change" => {
                let read = tables("change", value, report, read_change);
                changes = read.into_iter().flatten().collect();
            }
            other => unknown(other, key.span().start, SCENARIO_KEYS.into_iter(), report),
        }
    }
    if !raw.contains_key("name") {
        report.problem(offset, "`scenario` has no `name`");
    }
    Some(Scenario { name: name?, changes, contracts, place: Some(report.place(offset)) })
}

/// A table of one change, with the place of the whole.
struct Raw<'t> {
    table: &'t DeTable<'t>,
    offset: usize,
    kind: &'static str,
}

fn read_change<'t>(table: &'t DeTable<'t>, offset: usize, report: &mut Reporter) -> Option<Stated> {
    let Some(value) = table.get("kind") else {
        report.problem(offset, "`change` has no `kind`");
        return None;
    };
    let kind = one_of("kind", value, &KINDS, report)?;
    let known = || KEYS.iter().filter(|key| key.kinds.contains(&kind)).map(|key| key.name);
    for (name, _) in table {
        let written: &str = name.get_ref().as_ref();
        if !known().any(|key| key == written) {
            unknown(written, name.span().start, known(), report);
        }
    }
    let raw = Raw { table, offset, kind };
    let change = match kind {
        "swap" => Change::Reroute(raw.swap(report)?),
        "move" => Change::Reroute(raw.moved(report)?),
        "cache_hit" => Change::CacheHit(CacheHit {
            scope: raw.scope(report),
            target: raw.ratio("target", 1.0, report)?,
            from: raw.parsed("from_date", report),
        }),
        "price_shock" => Change::Price(PriceShock {
            scope: raw.scope(report),
            factor: raw.factor(report)?,
            from: raw.parsed("from_date", report),
        }),
        "event" => Change::Event(raw.required("event", report)?),
        "growth" => Change::Growth(raw.required("growth", report)?),
        _ => Change::Launch(raw.required("launch", report)?),
    };
    let place = Some(report.place(offset));
    Some(Stated { label: label(&change, &raw), change, place })
}

/// A change in a few words.
fn label(change: &Change, raw: &Raw<'_>) -> String {
    let written = |key: &str| raw.table.get(key).and_then(|v| v.get_ref().as_str());
    let words = match change {
        Change::Event(_) | Change::Growth(_) | Change::Launch(_) => {
            written(raw.kind).unwrap_or_default().to_owned()
        }
        Change::Reroute(reroute) => {
            let to = ["to", "provider", "service_tier", "region", "endpoint"];
            let to: Vec<&str> = to.into_iter().filter_map(written).collect();
            let from = written("from").map(|from| format!("{from} ")).unwrap_or_default();
            format!("{:.0}% {from}to {}", reroute.share * 100.0, to.join(" "))
        }
        Change::CacheHit(hit) => format!("{:.0}%", hit.target * 100.0),
        Change::Price(shock) => format!("x{}", shock.factor),
    };
    let scope = change.scope().map(ToString::to_string).filter(|scope| !scope.is_empty());
    let scope = scope.map(|scope| format!(" ({scope})")).unwrap_or_default();
    format!("{} {words}{scope}", raw.kind)
}

impl<'t> Raw<'t> {
    fn swap(&self, report: &mut Reporter) -> Option<Reroute> {
        let (from, to) = (self.text("from", report), self.text("to", report));
        for (key, found) in [("from", from), ("to", to)] {
            if found.is_none() && !self.table.contains_key(key) {
                report.problem(self.offset, format!("`swap` has no `{key}`"));
            }
        }
        let input_ratio = self.any_ratio("token_ratio_input", report);
        let tokens = self.any_ratio("token_ratio_output", report);
        let length = self.any_ratio("output_ratio", report);
        let keep_cache = self.flag("keep_cache", report);
        let keep_tools = self.flag("keep_tools", report);
        let (provider, model) = named(to?);
        Some(Reroute {
            scope: self.scope(report),
            leaves: Some(named(from?)),
            share: self.share(report)?,
            from: self.parsed("from_date", report),
            to: Target { provider, model: Some(model), ..Target::default() },
            input_ratio: input_ratio.unwrap_or(1.0),
            output_ratio: tokens.unwrap_or(1.0) * length.unwrap_or(1.0),
            has_ratios: input_ratio.is_some() && tokens.is_some(),
            keep_cache,
            keep_tools,
        })
    }

    fn moved(&self, report: &mut Reporter) -> Option<Reroute> {
        let mut part = |key: &str| self.text(key, report).map(str::to_owned);
        let to = Target {
            provider: part("provider"),
            model: None,
            service_tier: part("service_tier"),
            region: part("region"),
            endpoint: part("endpoint"),
        };
        if to == Target::default() {
            let message = "`move` has no `provider`, `service_tier`, `region` or `endpoint`";
            report.problem(self.offset, message);
            return None;
        }
        Some(Reroute {
            scope: self.scope(report),
            leaves: None,
            share: self.share(report)?,
            from: self.parsed("from_date", report),
            to,
            input_ratio: 1.0,
            output_ratio: 1.0,
            has_ratios: true,
            keep_cache: true,
            keep_tools: true,
        })
    }

    /// True unless it is stated as false.
    fn flag(&self, key: &str, report: &mut Reporter) -> bool {
        let Some(value) = self.table.get(key) else { return true };
        value.get_ref().as_bool().unwrap_or_else(|| {
            wrong_kind(key, "true or false", value, report);
            true
        })
    }

    fn text(&self, key: &str, report: &mut Reporter) -> Option<&'t str> {
        text(key, self.table.get(key)?, report).map(|at| at.value)
    }

    /// A value that is written as text, such as a date or an event.
    fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
        report: &mut Reporter,
    ) -> Option<T> {
        let at = text(key, self.table.get(key)?, report)?;
        at.value
            .parse()
            .map_err(|error| report.problem(at.offset, format!("`{key}`: {error}")))
            .ok()
    }

    fn required<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &str,
        report: &mut Reporter,
    ) -> Option<T> {
        if !self.table.contains_key(key) {
            report.problem(self.offset, format!("`{}` has no `{key}`", self.kind));
        }
        self.parsed(key, report)
    }

    fn share(&self, report: &mut Reporter) -> Option<f64> {
        if self.table.contains_key("share") { self.ratio("share", 1.0, report) } else { Some(1.0) }
    }

    fn any_ratio(&self, key: &str, report: &mut Reporter) -> Option<f64> {
        if self.table.contains_key(key) { self.ratio(key, 100.0, report) } else { None }
    }

    /// A number from 0 to a limit, as a decimal string.
    fn ratio(&self, key: &str, most: f64, report: &mut Reporter) -> Option<f64> {
        let Some(value) = self.table.get(key) else {
            report.problem(self.offset, format!("`{}` has no `{key}`", self.kind));
            return None;
        };
        let at = decimal(key, value, report)?;
        let plain = at.value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let found = at.value.parse::<f64>().ok().filter(|n| plain && (0.0..=most).contains(n));
        if found.is_none() {
            let message = format!("`{key}` is `{}`, expected from 0 to {most}", at.value);
            report.problem(at.offset, message);
        }
        found
    }

    fn factor(&self, report: &mut Reporter) -> Option<Factor> {
        let Some(value) = self.table.get("factor") else {
            report.problem(self.offset, "`price_shock` has no `factor`");
            return None;
        };
        let at = decimal("factor", value, report)?;
        match at.value.parse::<Factor>() {
            Ok(factor) if factor.as_ratio().0 >= 0 => Some(factor),
            Ok(_) => {
                report.problem(at.offset, format!("`factor` is `{}`, expected from 0", at.value));
                None
            }
            Err(error) => {
                report.problem(at.offset, format!("`factor`: {error}"));
                None
            }
        }
    }

    fn scope(&self, report: &mut Reporter) -> Scope {
        let Some(value) = self.table.get("scope") else { return Scope::default() };
        scope(value, report)
    }
}

/// `MODEL` or `PROVIDER/MODEL`. Ids of models can hold a slash: only the first one counts.
fn named(text: &str) -> (Option<String>, String) {
    match text.split_once('/') {
        Some((provider, model)) => (Some(provider.to_owned()), model.to_owned()),
        None => (None, text.to_owned()),
    }
}

fn scope(value: &Value<'_>, report: &mut Reporter) -> Scope {
    let read = |name: &str, value: &Value<'_>, report: &mut Reporter| {
        text(name, value, report).map(|word| word.value.to_owned())
    };
    Scope(conditions("a change", value, report, read))
}

/// A swap as typed: `FROM=TO:SHARE%[@DATE]`; without a share all of it.
///
/// # Errors
/// What is wrong with it.
pub fn parse_swap(typed: &str) -> Result<Reroute, String> {
    let wrong = || {
        format!(
            "`{typed}` is no swap (expected FROM=TO:SHARE%[@DATE], such as claude-opus-5=claude-sonnet-5:60%@2027-01-01)"
        )
    };
    let (rest, from) = match typed.rsplit_once('@') {
        Some((rest, date)) => (rest, Some(date.parse::<NaiveDate>().map_err(|_| wrong())?)),
        None => (typed, None),
    };
    let (leaves, to) = rest.split_once('=').ok_or_else(wrong)?;
    let (to, share) = match to.rsplit_once(':').filter(|(_, share)| share.ends_with('%')) {
        Some((to, share)) => {
            let digits = share.trim_end_matches('%');
            let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let percent = digits.parse::<f64>().ok().filter(|n| plain && (0.0..=100.0).contains(n));
            (to, percent.ok_or_else(wrong)? / 100.0)
        }
        None => (to, 1.0),
    };
    if leaves.is_empty() || to.is_empty() {
        return Err(wrong());
    }
    let (provider, model) = named(to);
    Ok(Reroute {
        scope: Scope::default(),
        leaves: Some(named(leaves)),
        share,
        from,
        to: Target { provider, model: Some(model), ..Target::default() },
        input_ratio: 1.0,
        output_ratio: 1.0,
        has_ratios: false,
        keep_cache: true,
        keep_tools: true,
    })
}

#[cfg(test)]
mod tests;
