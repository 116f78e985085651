//! pydantic/genai-prices: `prices/data.json` and its later forms, and `prices/providers/*.yml`;
//! prices for a million tokens or a thousand calls, with start dates and times of day.

use chrono::NaiveDate;

use super::draft::{Collector, Dates, Head, Price, When, date, reason};
use super::names;
use super::node::Node;
use crate::tokens::Component as C;

/// Fields that price a component, and for ten to which power units.
const FIELDS: &[(&str, C, u32)] = &[
    ("input_mtok", C::InputUncached, 6),
    ("input_audio_mtok", C::InputUncachedAudio, 6),
    ("input_image_mtok", C::InputUncachedImage, 6),
    ("input_video_mtok", C::InputUncachedVideo, 6),
    ("input_tool_mtok", C::InputTool, 6),
    ("cache_read_mtok", C::InputCacheRead, 6),
    ("cache_audio_read_mtok", C::InputCacheReadAudio, 6),
    ("cache_image_read_mtok", C::InputCacheReadImage, 6),
    ("cache_video_read_mtok", C::InputCacheReadVideo, 6),
    ("cache_write_5m_mtok", C::InputCacheWrite5m, 6),
    ("cache_write_1h_mtok", C::InputCacheWrite1h, 6),
    ("cache_write_mtok", C::InputCacheWrite5m, 6),
    ("cache_audio_write_mtok", C::InputCacheWriteAudio, 6),
    ("output_mtok", C::Output, 6),
    ("output_reasoning_mtok", C::OutputReasoning, 6),
    ("output_audio_mtok", C::OutputAudio, 6),
    ("output_image_mtok", C::OutputImage, 6),
    ("output_video_mtok", C::OutputVideo, 6),
    ("output_citation_mtok", C::OutputCitation, 6),
    ("input_mchars", C::MediaInputCharacters, 6),
    ("input_document_kpages", C::MediaPages, 3),
    ("input_annotated_document_kpages", C::MediaAnnotatedPages, 3),
    ("rerank_searches_kcount", C::UnitSearch, 3),
    ("web_searches_kcount", C::ToolWebSearch, 3),
    ("storage_searches_kcount", C::ToolFileSearch, 3),
    ("code_executions_kcount", C::ToolCodeExecution, 3),
];

/// Keys of `tool_use_kcount`.
const TOOLS: &[(&str, C)] = &[("web_search", C::ToolWebSearch), ("file_search", C::ToolFileSearch)];

/// True if a file looks like it.
pub(super) fn looks_like(node: &Node) -> bool {
    let is_provider =
        |n: &Node| n.get("id").is_some() && n.get("models").is_some_and(Node::is_list);
    providers(node).first().is_some_and(|first| is_provider(first))
}

fn providers(node: &Node) -> Vec<&Node> {
    let list = node.get("providers").unwrap_or(node);
    if list.is_map() { vec![list] } else { list.list().iter().collect() }
}

/// Reads every provider.
pub(super) fn collect(node: &Node, into: &mut Collector<'_>) {
    for provider in providers(node) {
        let theirs = provider.text_of("id").unwrap_or("unknown");
        let main = names::provider(theirs);
        for model in provider.get("models").map(Node::list).unwrap_or_default() {
            // Google's table has what partners sell on Vertex AI beside the Gemini API.
            let id = model.text_of("id").unwrap_or_default();
            let ours = if main == "gcp.gemini" && id.starts_with("claude") {
                "gcp.vertex_ai"
            } else {
                main
            };
            if into.wants(ours, theirs) {
                read_model(ours, id, model, into);
            }
        }
        if let Some(tools) = provider.get("tool_use_kcount").filter(|_| into.wants(main, theirs)) {
            let head = Head { when: When::default().any_tier(), ..Head::default() };
            add_tools(into, main, None, &head, theirs, tools);
        }
    }
}

fn read_model(provider: &str, id: &str, model: &Node, into: &mut Collector<'_>) {
    if id.is_empty() {
        return into.lose(provider, reason::NO_ID, "models[]".to_owned());
    }
    let (bare, endpoint) = if provider == "aws.bedrock" { names::bedrock(id) } else { (id, None) };
    let when = When { endpoint: endpoint.map(str::to_owned), ..When::default() };
    let target = into.model(provider, bare);
    target.context_window =
        target.context_window.or(model.get("context_window").and_then(Node::tokens));
    if let Some(rule) = model.get("match") {
        read_match(provider, id, bare, rule, into);
    }
    let checked = model.text_of("prices_checked").and_then(date);
    let draft = into.draft(provider);
    draft.checked_on = draft.checked_on.max(checked);
    let notes = checked.map(|day| format!("checked on {day}"));
    let reader = Reader { provider, id, bare, when, notes };
    match model.get("prices") {
        Some(prices) if prices.is_map() => {
            reader.read_prices(into, When::default(), Dates::default(), prices);
        }
        Some(prices) => reader.read_conditional(into, prices.list()),
        None => into.lose(provider, reason::NO_PRICE, id.to_owned()),
    }
}

/// Exact names are aliases; every other rule would have to guess.
fn read_match(provider: &str, id: &str, bare: &str, rule: &Node, into: &mut Collector<'_>) {
    for (kind, value) in rule.fields() {
        match (kind, value.text()) {
            ("equals", Some(name)) => {
                let name = if provider == "aws.bedrock" { names::bedrock(name).0 } else { name };
                if name != bare && !name.trim().is_empty() {
                    into.model(provider, bare).aliases.insert(name.to_owned());
                }
            }
            ("or", None) => {
                for one in value.list() {
                    read_match(provider, id, bare, one, into);
                }
            }
            _ => into.lose(provider, reason::PATTERN, format!("{id}: {kind} {value}")),
        }
    }
}

struct Reader<'n> {
    provider: &'n str,
    id: &'n str,
    bare: &'n str,
    when: When,
    notes: Option<String>,
}

/// A price with a time of day, as minutes of UTC.
struct Hours<'n> {
    start: u32,
    end: u32,
    prices: &'n Node,
}

impl Reader<'_> {
    /// The last price of the list whose constraint holds is the one; so from each start date to the
    /// next, the last dated price that has started, and times of day listed after it.
    fn read_conditional(&self, into: &mut Collector<'_>, list: &[Node]) {
        let started = |item: &Node| match item.get("constraint") {
            None => Some(None),
            Some(constraint) => constraint.text_of("start_date").and_then(date).map(Some),
        };
        let mut starts: Vec<Option<NaiveDate>> = list.iter().filter_map(started).collect();
        starts.push(None);
        starts.sort_unstable();
        starts.dedup();
        let mut lost = Vec::new();
        for (at, from) in starts.iter().enumerate() {
            let dates = Dates { from: *from, until: starts.get(at + 1).copied().flatten() };
            let mut hours = Vec::new();
            let mut base = None;
            for (index, item) in list.iter().enumerate().rev() {
                let constraint = item.get("constraint");
                if started(item).is_some_and(|start| start <= *from) {
                    base = item.get("prices");
                    break;
                }
                match constraint.map(|c| times_of_day(c, item)) {
                    Some(Some(window)) => hours.push(window),
                    Some(None) if started(item).is_none() => lost.push(index),
                    _ => {}
                }
            }
            self.read_segment(into, dates, base, hours);
        }
        lost.sort_unstable();
        lost.dedup();
        for index in lost {
            let constraint = list[index].get("constraint").map(ToString::to_string);
            let example = format!("{} prices[{index}] {}", self.id, constraint.unwrap_or_default());
            into.lose(self.provider, reason::HOURS, example);
        }
    }

    fn read_segment(
        &self,
        into: &mut Collector<'_>,
        dates: Dates,
        base: Option<&Node>,
        hours: Vec<Hours<'_>>,
    ) {
        let name = |h: &Hours<'_>| {
            let (a, b) = (h.start, h.end);
            format!("{:02}:{:02}-{:02}:{:02}", a / 60, a % 60, b / 60, b % 60)
        };
        let mut outside = When::default();
        let mut hours = hours.into_iter();
        if let Some(first) = hours.next() {
            let window = name(&first);
            let calendar = format!("hours-{}", window.replace(':', ""));
            into.draft(self.provider).calendars.insert(calendar.clone(), window);
            let inside = When { calendar: Some(calendar.clone()), ..When::default() };
            self.read_prices(into, inside, dates, first.prices);
            outside.outside_calendar = Some(calendar);
        }
        // Two windows may share hours, and the order of the list decides: no book can say so.
        for other in hours {
            into.lose(self.provider, reason::HOURS, format!("{} {}", self.id, name(&other)));
        }
        if let Some(base) = base {
            self.read_prices(into, outside, dates, base);
        }
    }

    fn read_prices(&self, into: &mut Collector<'_>, when: When, dates: Dates, prices: &Node) {
        let when = When { endpoint: self.when.endpoint.clone(), ..when };
        for (name, value) in prices.fields() {
            let head = Head { when: when.clone(), dates, notes: self.notes.clone() };
            if name == "tool_use_kcount" {
                let head = Head { when: when.any_tier(), ..head };
                add_tools(into, self.provider, Some(self.bare), &head, self.id, value);
                continue;
            }
            let Some((_, component, per_power)) = FIELDS.iter().find(|(f, _, _)| *f == name) else {
                into.lose(self.provider, reason::NO_KEY, format!("{} {name} = {value}", self.id));
                continue;
            };
            if name == "cache_write_mtok" && prices.get("cache_write_5m_mtok").is_some() {
                continue;
            }
            let component = match name {
                "cache_write_mtok" => names::cache_write(self.provider, self.bare),
                _ => tool_of(self.provider, *component),
            };
            let place = format!("{} {name}", self.id);
            let price =
                |value| Price { component, value, per_power: *per_power, place: place.clone() };
            let is_call = *per_power == 3;
            if !value.is_map() {
                let when = if is_call { when.any_tier() } else { when.clone() };
                let head = Head { when, ..head };
                into.add(self.provider, Some(self.bare), &head, &price(value));
                continue;
            }
            self.read_tiers(into, &head, value, &price);
        }
    }

    /// The tier of the whole request is the last one whose `start` its input is above.
    fn read_tiers<'n>(
        &self,
        into: &mut Collector<'_>,
        head: &Head,
        value: &'n Node,
        price: &impl Fn(&'n Node) -> Price<'n>,
    ) {
        let tiers = value.get("tiers").map(Node::list).unwrap_or_default();
        let start = |tier: &Node| tier.get("start").and_then(Node::tokens);
        let starts: Vec<Option<u64>> = tiers.iter().map(start).collect();
        if let Some(base) = value.get("base") {
            into.add(self.provider, Some(self.bare), head, &price(base));
        }
        for (at, tier) in tiers.iter().enumerate() {
            let (Some(over), Some(stated)) = (starts[at], tier.get("price")) else {
                let example = format!("{} tiers[{at}]", price(tier).place);
                into.lose(self.provider, reason::NOT_A_NUMBER, example);
                continue;
            };
            let when = When {
                context_over: Some(over),
                context_up_to: starts.get(at + 1).copied().flatten(),
                ..head.when.clone()
            };
            into.add(
                self.provider,
                Some(self.bare),
                &Head { when, ..head.clone() },
                &price(stated),
            );
        }
    }
}

/// Searches of Google's models are grounding.
fn tool_of(provider: &str, component: C) -> C {
    match component {
        C::ToolWebSearch if matches!(provider, "gcp.gemini" | "gcp.vertex_ai") => C::ToolGrounding,
        other => other,
    }
}

fn add_tools(
    into: &mut Collector<'_>,
    provider: &str,
    model: Option<&str>,
    head: &Head,
    place: &str,
    tools: &Node,
) {
    for (name, value) in tools.fields() {
        let place = format!("{place} tool_use_kcount.{name}");
        match TOOLS.iter().find(|(tool, _)| *tool == name) {
            Some((_, component)) => {
                let component = tool_of(provider, *component);
                into.add(provider, model, head, &Price { component, value, per_power: 3, place });
            }
            None => into.lose(provider, reason::NO_KEY, format!("{place} = {value}")),
        }
    }
}

/// The hours of a constraint; `None` if it has none or they are no whole minutes.
fn times_of_day<'n>(constraint: &Node, item: &'n Node) -> Option<Hours<'n>> {
    let start = minute_of_utc(constraint.text_of("start_time")?)?;
    let end = minute_of_utc(constraint.text_of("end_time")?)?;
    (start != end).then_some(Hours { start, end, prices: item.get("prices")? })
}

/// `00:30:00Z` or `08:30:00+08:00` as minutes after midnight in UTC.
fn minute_of_utc(text: &str) -> Option<u32> {
    let minutes = |time: &str| {
        let mut parts = time.split(':').map(|part| part.parse::<u32>().ok());
        let (hour, minute) = (parts.next()??, parts.next()??);
        let whole = parts.next().unwrap_or(Some(0))? == 0;
        (hour < 24 && minute < 60 && whole && parts.next().is_none()).then_some(hour * 60 + minute)
    };
    if let Some(utc) = text.strip_suffix('Z') {
        return minutes(utc.trim_end_matches(".000000"));
    }
    let at = text.rfind(['+', '-'])?;
    let (local, offset) = (minutes(&text[..at])?, minutes(&text[at + 1..])?);
    let day = 24 * 60;
    let shift = if text.as_bytes()[at] == b'+' { day - offset } else { offset };
    Some((local + shift) % day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_utc() {
        assert_eq!(minute_of_utc("00:30:00Z"), Some(30));
        assert_eq!(minute_of_utc("08:30:00+08:00"), Some(30));
        assert_eq!(minute_of_utc("23:00-02:00"), Some(60));
        for odd in ["00:30:00", "00:30:15Z", "24:00:00Z", "noonZ", "Z"] {
            assert_eq!(minute_of_utc(odd), None, "{odd}");
        }
    }
}
