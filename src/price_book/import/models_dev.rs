//! models.dev: `api.json` with every provider, or the TOML file of one model; prices for a million
//! tokens, no dates of prices.

use std::path::Path;

use super::draft::{Collector, Head, Price, When, reason};
use super::names;
use super::node::Node;
use crate::tokens::Component as C;

/// Fields of `cost` for a million tokens.
const FIELDS: &[(&str, C)] = &[
    ("input", C::InputUncached),
    ("input_audio", C::InputUncachedAudio),
    ("cache_read", C::InputCacheRead),
    ("cache_write", C::InputCacheWrite5m),
    ("output", C::Output),
    ("output_audio", C::OutputAudio),
    ("reasoning", C::OutputReasoning),
];

/// True if a file looks like it.
pub(super) fn looks_like(node: &Node) -> bool {
    let has_models = |n: &Node| n.get("models").is_some_and(Node::is_map);
    is_model(node) || has_models(node) || node.fields().any(|(_, n)| has_models(n))
}

/// The TOML file of one model: it names neither itself nor its provider.
fn is_model(node: &Node) -> bool {
    let map = |key| node.get(key).is_some_and(Node::is_map);
    map("limit") && (map("cost") || map("modalities"))
}

/// Provider and id by the path of a model file, as in `providers/google/models/gemini-2.5-pro.toml`.
fn by_path(path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = Path::new(path).iter().filter_map(|p| p.to_str()).collect();
    let at = parts.iter().rposition(|part| *part == "models").filter(|at| *at > 0)?;
    let id = parts.get(at + 1..)?.join("/");
    Some((parts[at - 1].to_owned(), id.strip_suffix(".toml")?.to_owned()))
}

/// Reads every model. Without a path that tells, the only provider asked for is that of a model file.
pub(super) fn collect(path: &str, node: &Node, into: &mut Collector<'_>) {
    if is_model(node) {
        let stem = Path::new(path).file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let asked = into.options.providers.first().map(|p| (p.clone(), stem.to_owned()));
        match by_path(path).or(asked) {
            Some((theirs, id)) => read_model(&theirs, &id, node, into),
            None => into.lose("unknown", reason::NO_ID, stem.to_owned()),
        }
        return;
    }
    let single = node.get("models").is_some_and(Node::is_map);
    let providers: Vec<(&str, &Node)> = if single {
        vec![(node.text_of("id").unwrap_or("unknown"), node)]
    } else {
        node.fields().collect()
    };
    for (theirs, provider) in providers {
        for (id, model) in provider.get("models").into_iter().flat_map(Node::fields) {
            read_model(theirs, id, model, into);
        }
    }
}

fn read_model(theirs: &str, id: &str, model: &Node, into: &mut Collector<'_>) {
    let provider = names::provider(theirs);
    if !into.wants(provider, theirs) {
        return;
    }
    let (bare, endpoint) = if provider == "aws.bedrock" { names::bedrock(id) } else { (id, None) };
    let target = into.model(provider, bare);
    let window = model.get("limit").and_then(|l| l.get("context")).and_then(Node::tokens);
    target.context_window = target.context_window.or(window);
    target.family = target.family.take().or(model.text_of("family").map(str::to_owned));
    let Some(cost) = model.get("cost") else {
        return into.lose(provider, reason::NO_PRICE, id.to_owned());
    };
    let when = When { endpoint: endpoint.map(str::to_owned), ..When::default() };
    let reader = Reader { provider, id, bare };
    reader.read_cost(into, &when, cost);
    let modes = model.get("experimental").and_then(|e| e.get("modes"));
    for (mode, settings) in modes.into_iter().flat_map(Node::fields) {
        match settings.get("cost") {
            // Elsewhere a mode of this name is a service tier.
            Some(cost) if mode == "fast" && provider == "anthropic" => {
                reader.read_cost(into, &When { speed: Some("fast"), ..when.clone() }, cost);
            }
            Some(_) => into.lose(provider, reason::SPEED, format!("{id} {mode}")),
            None => {}
        }
    }
}

struct Reader<'n> {
    provider: &'n str,
    id: &'n str,
    bare: &'n str,
}

impl Reader<'_> {
    fn read_cost(&self, into: &mut Collector<'_>, when: &When, cost: &Node) {
        let tiers = cost.get("tiers").map(Node::list).unwrap_or_default();
        let size = |tier: &Node| {
            let limit = tier.get("tier")?;
            let is_context = limit.text_of("type").is_none_or(|kind| kind == "context");
            limit.get("size").filter(|_| is_context)?.tokens()
        };
        let mut sizes: Vec<u64> = tiers.iter().filter_map(size).collect();
        if tiers.is_empty() && cost.get("context_over_200k").is_some() {
            sizes.push(200_000);
        }
        sizes.sort_unstable();
        // A rate that a tier does not repeat is known up to there only.
        let base = When { context_up_to: sizes.first().copied(), ..when.clone() };
        self.read_rates(into, &base, cost, "cost");
        let band = |over: u64| When {
            context_over: Some(over),
            context_up_to: sizes.iter().copied().find(|next| *next > over),
            ..when.clone()
        };
        for tier in tiers {
            match size(tier) {
                Some(over) => {
                    self.read_rates(into, &band(over), tier, &format!("cost.tiers over {over}"));
                }
                None => {
                    let example = format!("{} cost.tiers", self.id);
                    into.lose(self.provider, reason::NO_KEY, example);
                }
            }
        }
        let Some(long) = cost.get("context_over_200k") else { return };
        if tiers.is_empty() {
            self.read_rates(into, &band(200_000), long, "cost.context_over_200k");
        } else if !sizes.contains(&200_000) {
            let example = format!("{} cost.context_over_200k", self.id);
            into.lose(self.provider, reason::SAME_TIER, example);
        }
    }

    fn read_rates(&self, into: &mut Collector<'_>, when: &When, rates: &Node, place: &str) {
        let other = ["tiers", "tier", "context_over_200k"];
        for (name, value) in rates.fields().filter(|(name, _)| !other.contains(name)) {
            let place = format!("{} {place}.{name}", self.id);
            let Some((_, component)) = FIELDS.iter().find(|(field, _)| *field == name) else {
                into.lose(self.provider, reason::NO_KEY, format!("{place} = {value}"));
                continue;
            };
            let component = match component {
                C::InputCacheWrite5m => names::cache_write(self.provider, self.bare),
                other => *other,
            };
            let head = Head { when: when.clone(), ..Head::default() };
            let price = Price { component, value, per_power: 6, place };
            into.add(self.provider, Some(self.bare), &head, &price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::by_path;

    #[test]
    fn a_model_file_is_named_by_its_path() {
        let named = |path| by_path(path).map(|(provider, id)| format!("{provider} {id}"));
        let path = "x/providers/openrouter/models/openai/gpt-5.toml";
        assert_eq!(named(path).as_deref(), Some("openrouter openai/gpt-5"));
        assert_eq!(named("gpt-5.toml"), None);
    }
}
