//! simonw/llm-prices: `current-v1.json`, `historical-v1.json` and the files of single vendors;
//! prices for a million tokens, from and to dates.

use super::draft::{Collector, Dates, Head, Price, When, date, reason};
use super::names;
use super::node::{MOST_TOKENS, Node};
use crate::tokens::Component as C;

const FIELDS: &[(&str, C)] =
    &[("input", C::InputUncached), ("input_cached", C::InputCacheRead), ("output", C::Output)];

/// True if a file looks like it.
pub(super) fn looks_like(node: &Node) -> bool {
    let list = |key| node.get(key).is_some_and(Node::is_list);
    list("prices") || (node.get("vendor").is_some() && list("models"))
}

/// One price of a model.
struct Row<'n> {
    vendor: &'n str,
    id: &'n str,
    name: &'n str,
    prices: &'n Node,
}

fn rows(node: &Node) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for row in node.get("prices").map(Node::list).unwrap_or_default() {
        let field = |key| row.text_of(key).unwrap_or_default();
        let (vendor, id, name) = (field("vendor"), field("id"), field("name"));
        rows.push(Row { vendor, id, name, prices: row });
    }
    let vendor = node.text_of("vendor").unwrap_or_default();
    for model in node.get("models").map(Node::list).unwrap_or_default() {
        let field = |key| model.text_of(key).unwrap_or_default();
        let (id, name) = (field("id"), field("name"));
        for prices in model.get("price_history").map(Node::list).unwrap_or_default() {
            rows.push(Row { vendor, id, name, prices });
        }
    }
    rows
}

/// Reads every price.
pub(super) fn collect(node: &Node, into: &mut Collector<'_>) {
    let rows = rows(node);
    let updated = node.text_of("updated_at").and_then(|t| date(t.get(..10)?));
    for row in &rows {
        let provider = names::provider(row.vendor);
        if !into.wants(provider, row.vendor) {
            continue;
        }
        if row.id.is_empty() || provider.is_empty() {
            into.lose(provider, reason::NO_ID, row.name.to_owned());
            continue;
        }
        let draft = into.draft(provider);
        draft.checked_on = draft.checked_on.max(updated);
        let (id, when) = place(row, provider, &rows);
        let dated = |key: &str| row.prices.text_of(key).map(date);
        let (from, until) = (dated("from_date"), dated("to_date"));
        if from == Some(None) || until == Some(None) {
            into.lose(provider, reason::BAD_DATE, row.id.to_owned());
            continue;
        }
        let dates = Dates { from: from.flatten(), until: until.flatten() };
        let head = Head { when, dates, notes: None };
        for (name, component) in FIELDS {
            if let Some(value) = row.prices.get(name) {
                let place = format!("{} {name}", row.id);
                let price = Price { component: *component, value, per_power: 6, place };
                into.add(provider, Some(id), &head, &price);
            }
        }
    }
}

/// The limit in a name such as `Gemini 2.5 Pro >200k`, if the id ends with it.
fn long_prompts<'n>(row: &Row<'n>) -> Option<(&'n str, u64)> {
    let limit = row.name.rsplit_once('>')?.1.trim().strip_suffix('k')?;
    let base = row.id.strip_suffix(&format!("-{limit}k"))?;
    let thousands = limit.parse::<u64>().ok().filter(|n| (1..=MOST_TOKENS / 1000).contains(n))?;
    Some((base, thousands * 1000))
}

/// The table has long prompts as a model of its own: `gemini-2.5-pro-200k`, named `... >200k`.
fn place<'n>(row: &Row<'n>, provider: &str, rows: &[Row<'n>]) -> (&'n str, When) {
    if let Some((base, over)) = long_prompts(row)
        && rows.iter().any(|other| other.vendor == row.vendor && other.id == base)
    {
        return (base, When { context_over: Some(over), ..When::default() });
    }
    let longer = rows.iter().filter(|other| other.vendor == row.vendor).filter_map(long_prompts);
    let up_to = longer.filter(|(base, _)| *base == row.id).map(|(_, over)| over).min();
    let (bare, endpoint) =
        if provider == "aws.bedrock" { names::bedrock(row.id) } else { (row.id, None) };
    let endpoint = endpoint.map(str::to_owned);
    (bare, When { endpoint, context_up_to: up_to, ..When::default() })
}
