//! What the lines of every cloud's bill share: from a wording and a quantity to records.

use compact_str::CompactString;
use hashbrown::HashMap;

use crate::money::{Amount, Currency, Rounding};
use crate::period::{HOUR_NANOS, Period, Timestamp};
use crate::sku::{STANDARD, Sku};
use crate::source::format::{Emit, RowReader};
use crate::source::outcome::{Note, Notes, Outcome, Records, Skipped};
use crate::source::row::{Row, normalised};
use crate::source::scan::Object;
use crate::source::{DEFAULT_LABELS, LabelPolicy, ReadOptions};
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{CostKind, Labels, RecordGrain, ReportedCost, UsageRecord, UsageTime};

/// A prompt that lies in the lowest context band of every price book.
pub(super) const SHORT_PROMPT: u64 = 1;
/// Tokens of a unit.
pub(super) const THOUSAND: u64 = 1_000;
/// Tokens of a unit.
pub(super) const MILLION: u64 = 1_000_000;

/// What the wording of a line says: a usage type of AWS, a meter of Azure, a SKU of Google.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wording {
    /// The id of the model, or its wording where no id is certain.
    pub(super) model: CompactString,
    /// What its tokens are; `None` for what is not counted in tokens.
    pub(super) component: Option<Component>,
    pub(super) tier: CompactString,
    pub(super) endpoint: CompactString,
    pub(super) deployment: &'static str,
    pub(super) region: &'static str,
    /// A prompt of the context band that the wording names.
    pub(super) prompt: Option<u64>,
    /// Tokens of a unit, as such wordings usually have it.
    pub(super) usual_unit: Option<u64>,
}

impl Wording {
    /// A model at standard tier, with nothing else said.
    pub(super) fn new(model: impl Into<CompactString>) -> Self {
        Self {
            model: model.into(),
            component: None,
            tier: CompactString::const_new(STANDARD),
            endpoint: CompactString::const_new(""),
            deployment: "",
            region: "",
            prompt: None,
            usual_unit: None,
        }
    }

    /// What is priced.
    pub(super) fn sku(&self, provider: &str, region: &str) -> Sku {
        let mut sku = Sku::new(provider, &self.model);
        sku.service_tier = self.tier.clone();
        sku.endpoint = self.endpoint.clone();
        sku.deployment = CompactString::const_new(self.deployment);
        sku.region = CompactString::new(if region.is_empty() { self.region } else { region });
        sku
    }
}

/// How much of something a line bills.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity {
    pub(super) amount: Amount,
    /// Tokens of a unit, where the line states it.
    pub(super) stated_unit: Option<u64>,
    /// What it costs at list price, or as it is billed.
    pub(super) cost: Option<Amount>,
}

impl Quantity {
    /// Whole tokens; `None` where nothing tells what one unit is, or where it is below zero.
    pub(super) fn tokens(&self, component: Component, usual_unit: Option<u64>) -> Option<u64> {
        if self.amount.is_zero() {
            return Some(0);
        }
        let unit = self.stated_unit.or_else(|| self.plausible_unit(component, usual_unit))?;
        let tokens = self.amount.checked_ratio(i128::from(unit), 1).ok()?;
        // Vendors print floats: what is off a whole token is their rounding.
        let whole = tokens.round(0, Rounding::HalfEven).atto() / Amount::from_units(1).atto();
        u64::try_from(whole).ok()
    }

    /// The unit at which the price is one that tokens of this kind may have. Prices span about the
    /// thousandfold that lies between units, so seldom two fit; then the usual one counts.
    fn plausible_unit(&self, component: Component, usual: Option<u64>) -> Option<u64> {
        let cost = self.cost.filter(|cost| !cost.is_negative() && !cost.is_zero())?;
        let (low, high) = plausible_millis_per_mtok(component);
        let cost = cost.atto().checked_mul(1_000_000_000)?;
        let is_whole = self.amount.round(0, Rounding::Down) == self.amount;
        let fits = |unit: &u64| {
            let tokens = self.amount.atto().checked_mul(i128::from(*unit)).unwrap_or(i128::MAX);
            let at = |millis: i128| tokens.checked_mul(millis).unwrap_or(i128::MAX);
            (*unit > 1 || is_whole) && at(low) <= cost && cost <= at(high)
        };
        let fitting: Vec<u64> = [1, THOUSAND, MILLION].into_iter().filter(fits).collect();
        match fitting.as_slice() {
            [unit] => Some(*unit),
            several => usual.filter(|usual| several.contains(usual)),
        }
    }
}

/// The lowest and highest price that tokens may have, in thousandths of a currency unit per million.
fn plausible_millis_per_mtok(component: Component) -> (i128, i128) {
    match component {
        Component::InputCacheRead => (2, 4_000),
        Component::Output | Component::OutputReasoning => (30, 200_000),
        _ => (10, 40_000),
    }
}

/// Tokens of a unit such as `1K`, `1M Tokens`, `1000000 Tokens` or `Tokens`; `None` for anything
/// that does not tell.
pub(super) fn token_unit(text: &str) -> Option<u64> {
    let plain: String =
        text.to_ascii_lowercase().chars().filter(|c| !" ,_-".contains(*c)).collect();
    let bare = plain.trim_end_matches("tokens").trim_end_matches("token");
    let named = bare.len() < plain.len();
    match bare {
        "" | "1" => named.then_some(1),
        "1k" | "1000" | "k" | "thousand" | "1thousand" => Some(THOUSAND),
        "1m" | "1000000" | "m" | "million" | "1million" => Some(MILLION),
        _ => None,
    }
}

/// One line of a bill, before it becomes records.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) time: Period,
    pub(super) sku: Sku,
    pub(super) prompt: Option<u64>,
    pub(super) components: ComponentCounts,
    pub(super) notes: Notes,
    pub(super) labels: Labels,
    /// The format, and what tells the line from all others of it; empty where nothing does.
    pub(super) id: (&'static str, String),
    pub(super) billed: Option<Amount>,
    pub(super) list: Option<Amount>,
    pub(super) currency: Currency,
}

impl Line {
    /// A line that costs something and counts nothing yet.
    pub(super) fn new(time: Period, sku: Sku, currency: Currency) -> Self {
        Self {
            time,
            sku,
            prompt: None,
            components: ComponentCounts::default(),
            notes: Notes::default(),
            labels: Labels::default(),
            id: ("", String::new()),
            billed: None,
            list: None,
            currency,
        }
    }

    /// Counts what a wording and a quantity say.
    pub(super) fn count(&mut self, wording: &Wording, quantity: Quantity) {
        self.prompt = wording.prompt;
        let Some(component) = wording.component else { return };
        match quantity.tokens(component, wording.usual_unit) {
            Some(tokens) => self.components.add(component, tokens),
            None => self.notes.set(Note::UnitUnknown),
        }
    }

    /// The record of the line, and a second one that carries nothing but its cost at list price:
    /// kinds of costs stay apart.
    pub(super) fn records(mut self, options: &ReadOptions) -> Outcome {
        if let Some(provider) = &options.provider {
            self.sku.provider = provider.clone();
        }
        let cost = |amount: Option<Amount>, kind| {
            amount.map(|amount| ReportedCost { amount, currency: self.currency, kind })
        };
        let id =
            |turn| (!self.id.1.is_empty()).then(|| RequestId::new(self.id.0, &self.id.1, turn));
        let record = UsageRecord {
            time: UsageTime::Bucket(self.time),
            grain: RecordGrain::BillingLine,
            sku: self.sku.clone().into(),
            context_tokens: self.prompt,
            requests: 0,
            request_id: id(0),
            labels: self.labels.clone().into(),
            components: self.components.clone(),
            reported_cost: cost(self.billed, CostKind::Billed),
        };
        let at_list = cost(self.list, CostKind::List).map(|cost| UsageRecord {
            request_id: id(1),
            components: ComponentCounts::default(),
            reported_cost: Some(cost),
            ..record.clone()
        });
        let mut records = Records::new();
        records.push((record, self.notes));
        records.extend(at_list.map(|record| (record, Notes::default())));
        Ok(records)
    }
}

/// Reads a table of a bill that gives its lines no ids. A line is told from others by all of its
/// cells, and from equal ones by how many of them came before it in its table, so that exports
/// which overlap count each line once. What is kept is one number a different line, less than
/// de-duplication itself keeps.
pub(super) struct Unnumbered {
    format: &'static str,
    read: fn(&Row<'_>, &ReadOptions) -> Result<Line, Skipped>,
    seen: HashMap<RequestId, u64>,
}

impl Unnumbered {
    pub(super) fn boxed(
        format: &'static str,
        read: fn(&Row<'_>, &ReadOptions) -> Result<Line, Skipped>,
    ) -> Box<dyn RowReader> {
        Box::new(Self { format, read, seen: HashMap::new() })
    }
}

impl RowReader for Unnumbered {
    fn row(&mut self, at: u64, row: &Row<'_>, options: &ReadOptions, emit: &mut Emit<'_>) {
        let outcome = (self.read)(row, options).and_then(|mut line| {
            let mut cells = String::new();
            for (_, text) in row.texts() {
                cells += &text;
                cells.push('\0');
            }
            let equal = self.seen.entry(RequestId::new(self.format, &cells, 0)).or_default();
            cells += &equal.to_string();
            *equal += 1;
            line.id = (self.format, cells);
            line.records(options)
        });
        emit(at, outcome);
    }
}

/// The time of a line; an hour where its end is missing or not after its start.
pub(super) fn period(start: Timestamp, end: Option<Timestamp>) -> Period {
    let hour = Timestamp::from_nanos(start.nanos().saturating_add(HOUR_NANOS));
    Period { start, end: end.filter(|end| *end > start).unwrap_or(hour) }
}

/// The currency of a line; US dollars where it states none.
pub(super) fn currency(text: &str) -> Result<Currency, Skipped> {
    if text.is_empty() {
        return Ok(Currency::USD);
    }
    text.parse().map_err(|_| Skipped::bad_field("currency", text, "a code such as `USD`"))
}

/// Sets labels from tags that are kept as a JSON object; the prefixes are taken off their names.
pub(super) fn set_tags(labels: &mut Labels, json: &str, prefixes: &[&str], policy: &LabelPolicy) {
    let Ok(tags) = Object::parse(json.as_bytes()) else { return };
    for (key, value) in tags.iter() {
        let name = prefixes.iter().fold(&*key, |name, p| name.strip_prefix(p).unwrap_or(name));
        if policy.keeps(name)
            && let Some(value) = value.scalar()
        {
            labels.set(name, &value);
        }
    }
}

/// Sets labels from columns that hold one tag each: `resource_tags_user_team`.
pub(super) fn set_tag_columns(
    labels: &mut Labels,
    row: &Row<'_>,
    prefix: &str,
    policy: &LabelPolicy,
) {
    for (column, text) in row.texts() {
        let Some(name) = column.strip_prefix(prefix).filter(|name| !name.is_empty()) else {
            continue;
        };
        if let Some(label) = spelling(policy, name) {
            labels.set(label, &text);
        }
    }
}

/// The label that a policy keeps under a normalised name, as it spells it.
fn spelling<'n>(policy: &'n LabelPolicy, name: &'n str) -> Option<&'n str> {
    match policy {
        LabelPolicy::Default => DEFAULT_LABELS.into_iter().find(|label| normalised(label) == name),
        LabelPolicy::All => Some(name),
        LabelPolicy::Only(names) => {
            names.iter().map(String::as_str).find(|label| normalised(label) == name)
        }
    }
}

/// Sets a label if the policy keeps it.
pub(super) fn set_label(labels: &mut Labels, name: &str, value: &str, policy: &LabelPolicy) {
    if policy.keeps(name) {
        labels.set(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(
        amount: &str,
        unit: &str,
        cost: &str,
        component: Component,
        usual: Option<u64>,
    ) -> Option<u64> {
        let quantity = Quantity {
            amount: amount.parse().unwrap(),
            stated_unit: token_unit(unit),
            cost: (!cost.is_empty()).then(|| cost.parse().unwrap()),
        };
        quantity.tokens(component, usual)
    }

    #[test]
    fn units_as_bills_print_them() {
        for (text, unit) in [
            ("1K", 1_000),
            ("1K tokens", 1_000),
            ("1000 Tokens", 1_000),
            ("1,000 tokens", 1_000),
            ("Thousand Tokens", 1_000),
            ("1M", 1_000_000),
            ("1M Tokens", 1_000_000),
            ("1000000 Tokens", 1_000_000),
            ("Million tokens", 1_000_000),
            ("Tokens", 1),
            ("1 token", 1),
        ] {
            assert_eq!(token_unit(text), Some(unit), "{text}");
        }
        for text in ["", "1", "Units", "Requests", "1 Hour", "10K", "N/A", "Token-Hours", "count"] {
            assert_eq!(token_unit(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_tells_the_unit() {
        use Component::{InputCacheRead, InputUncached, Output};
        // A stated unit counts, whatever the price.
        assert_eq!(tokens("17.33", "1K tokens", "", InputUncached, None), Some(17_330));
        assert_eq!(tokens("17.33", "", "0.0572", InputUncached, None), Some(17_330));
        assert_eq!(tokens("17.33", "Units", "57.2", InputUncached, None), Some(17_330_000));
        assert_eq!(tokens("4800000", "", "72.0", Output, None), Some(4_800_000));
        assert_eq!(tokens("5372.659", "", "1.77297747", InputCacheRead, None), Some(5_372_659));
        // Floats a hair off.
        assert_eq!(tokens("17.330000000000002", "1K", "", InputUncached, None), Some(17_330));
        // Nothing costs so much or so little.
        assert_eq!(tokens("1", "", "5000", InputUncached, Some(1_000)), None);
        assert_eq!(tokens("1000", "Units", "", InputUncached, Some(1_000_000)), None);
        assert_eq!(tokens("1000", "", "0", Output, Some(1_000)), None);
        assert_eq!(tokens("-5", "1K", "", Output, None), None);
        assert_eq!(tokens("0", "", "", Output, None), Some(0));
        assert_eq!(tokens("1e18", "1M", "", Output, None), None, "more than 64 bits hold");
    }

    #[test]
    fn where_two_units_fit_the_usual_one_counts() {
        // 0.1 a million tokens by the million, 100 by the thousand: output may cost either.
        let two = |usual| tokens("10", "", "1", Component::Output, usual);
        assert_eq!(two(Some(MILLION)), Some(10_000_000));
        assert_eq!(two(Some(THOUSAND)), Some(10_000));
        assert_eq!(two(None), None);
    }
}
