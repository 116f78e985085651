//! Spans of traces, in which a caller repeats the usage of what it called.
//!
//! A call counts where it was made; a span above it that carries the same tokens again does not. So
//! spans are held back until their trace can be judged as a whole, at the end of the file at the
//! latest. What is held is bounded by [`MOST_SPANS`]: beyond it the traces that were touched least
//! recently are judged as far as they are known, until half of the room is free. A span that comes
//! later than that is judged without those before it, so a caller may then count beside its calls;
//! traces of a file would have to overlap over 100,000 spans for that.

use hashbrown::HashMap;
use smallvec::SmallVec;
use xxhash_rust::xxh3::Xxh3;

use crate::diagnostic::code;
use crate::source::format::Emit;
use crate::source::outcome::{Notes, Skipped, one};
use crate::usage::UsageRecord;

/// Spans held at a time, about 60 MB where each of them carries usage.
const MOST_SPANS: usize = 100_000;
/// How far up a caller is looked for.
const MOST_LEVELS: usize = 256;

/// What a span above others with usage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Above {
    /// A repetition, whatever it says: the usage is that of the spans below.
    Repeats,
    /// A repetition if it is their sum, else a call of its own.
    RepeatsIfSum,
}

/// The usage of a span.
#[derive(Debug)]
pub(crate) struct Held {
    /// The records, the first of which stands for the request.
    pub(crate) records: Vec<(UsageRecord, Notes)>,
    /// Tells the later of two copies of a span.
    pub(crate) version: i64,
}

/// What a span holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// The usage of a call.
    Usage(Box<Held>),
    /// A call without usage: a finding, unless a span below it has some.
    Lacks(Skipped),
    /// Nothing of its own; it may still stand between two that have usage.
    Nothing,
}

impl Held {
    fn tokens(&self) -> Sum {
        self.records.iter().fold(Sum::default(), |sum, (record, _)| Sum {
            prompt: sum.prompt.saturating_add(record.components.prompt_tokens()),
            all: sum.all.saturating_add(record.components.tokens()),
        })
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    prompt: u64,
    all: u64,
}

#[derive(Debug)]
struct Span {
    parent: Option<u64>,
    line: u64,
    content: Content,
}

impl Span {
    fn held(&self) -> Option<&Held> {
        match &self.content {
            Content::Usage(held) => Some(held),
            Content::Lacks(_) | Content::Nothing => None,
        }
    }
}

#[derive(Debug, Default)]
struct Trace {
    spans: HashMap<u64, Span, foldhash::fast::FixedState>,
    touched: u64,
}

/// The spans of one file that are not judged yet.
#[derive(Debug)]
pub(crate) struct Tree {
    above: Above,
    most: usize,
    traces: HashMap<u64, Trace, foldhash::fast::FixedState>,
    held: usize,
    clock: u64,
}

fn key(text: &str) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(text.as_bytes());
    hash.digest()
}

impl Tree {
    pub(crate) fn new(above: Above) -> Self {
        Self { above, most: MOST_SPANS, traces: HashMap::default(), held: 0, clock: 0 }
    }

    /// Adds a span.
    pub(crate) fn add(
        &mut self,
        line: u64,
        [trace, span, parent]: [&str; 3],
        content: Content,
        emit: &mut Emit<'_>,
    ) {
        self.clock += 1;
        let of = self.traces.entry(key(trace)).or_default();
        of.touched = self.clock;
        let parent = (!parent.is_empty()).then(|| key(parent));
        let new = Span { parent, line, content };
        match of.spans.get_mut(&key(span)) {
            // Exporters repeat spans: the later copy counts, and one with usage over one without.
            Some(old) => {
                let rank = |span: &Span| span.held().map(|held| (held.version, held.tokens().all));
                if rank(&new) >= rank(old) {
                    *old = new;
                }
            }
            None => {
                of.spans.insert(key(span), new);
                self.held += 1;
            }
        }
        if self.held > self.most {
            self.make_room(emit);
        }
    }

    /// Judges everything that is held.
    pub(crate) fn finish(&mut self, emit: &mut Emit<'_>) {
        self.judge_until(0, emit);
    }

    fn make_room(&mut self, emit: &mut Emit<'_>) {
        self.judge_until(self.most / 2, emit);
    }

    /// Judges the traces that were touched least recently until few enough spans are held.
    fn judge_until(&mut self, few: usize, emit: &mut Emit<'_>) {
        let mut order: Vec<(u64, u64)> =
            self.traces.iter().map(|(key, trace)| (trace.touched, *key)).collect();
        order.sort_unstable();
        let mut verdicts = Vec::new();
        for (_, key) in order {
            if self.held <= few {
                break;
            }
            if let Some(trace) = self.traces.remove(&key) {
                self.held -= trace.spans.len();
                judge(trace, self.above, &mut verdicts);
            }
        }
        verdicts.sort_unstable_by_key(|(line, at, _)| (*line, *at));
        verdicts.into_iter().for_each(|(line, _, outcome)| emit(line, outcome));
    }
}

type Verdicts = Vec<(u64, u64, crate::source::outcome::Outcome)>;

fn judge(trace: Trace, above: Above, verdicts: &mut Verdicts) {
    let mut below: HashMap<u64, Sum, foldhash::fast::FixedState> = HashMap::default();
    for (own, span) in &trace.spans {
        let Some(held) = span.held() else { continue };
        let tokens = held.tokens();
        if tokens.all == 0 {
            continue;
        }
        // Every caller up to the nearest with usage; those further up are reached from there.
        for caller in callers(&trace, *own, span) {
            let sum = below.entry(caller).or_default();
            sum.prompt = sum.prompt.saturating_add(tokens.prompt);
            sum.all = sum.all.saturating_add(tokens.all);
        }
    }
    for (own, span) in trace.spans {
        let sum = below.get(&own);
        let held = match span.content {
            Content::Usage(held) => held,
            Content::Lacks(skipped) if sum.is_none() => {
                verdicts.push((span.line, own, Err(skipped)));
                continue;
            }
            Content::Lacks(_) | Content::Nothing => continue,
        };
        let tokens = held.tokens();
        let repeats = sum.filter(|sum| above == Above::Repeats || **sum == tokens);
        let Some(sum) = repeats else {
            for (record, notes) in held.records {
                verdicts.push((span.line, own, Ok(one(record, notes))));
            }
            continue;
        };
        let skipped = if tokens.all > sum.all {
            let message = "spans with more usage than the spans below them, whose usage is counted";
            Skipped::new(code::TOTAL_MISMATCH, message)
        } else {
            Skipped::new(code::NOT_USAGE, "spans that repeat the usage of the spans below them")
        };
        verdicts.push((span.line, own, Err(skipped)));
    }
}

/// The spans above, up to the nearest with usage.
fn callers(trace: &Trace, own: u64, span: &Span) -> SmallVec<[u64; 8]> {
    let mut callers = SmallVec::new();
    let mut next = span.parent;
    while let Some(caller) = next.filter(|n| *n != own && callers.len() < MOST_LEVELS) {
        let Some(found) = trace.spans.get(&caller) else { break };
        callers.push(caller);
        next = if found.held().is_some() { None } else { found.parent };
    }
    callers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::period::Timestamp;
    use crate::sku::Sku;
    use crate::source::outcome::Outcome;
    use crate::tokens::Component;
    use crate::usage::{Labels, RecordGrain, UsageTime};

    fn held(input: u64) -> Content {
        let record = UsageRecord {
            time: UsageTime::At(Timestamp::from_nanos(0)),
            grain: RecordGrain::Request,
            sku: Sku::new("openai", "gpt-5").into(),
            context_tokens: None,
            requests: 1,
            request_id: None,
            labels: Labels::default().into(),
            components: [(Component::InputUncached, input)].into_iter().collect(),
            reported_cost: None,
        };
        Content::Usage(Box::new(Held { records: vec![(record, Notes::default())], version: 0 }))
    }

    /// Tokens that count, and codes of what does not, in the order of the lines.
    fn judged(mut tree: Tree, spans: &[([&str; 3], Option<u64>)]) -> (Vec<u64>, Vec<&'static str>) {
        let (mut counted, mut skipped) = (Vec::new(), Vec::new());
        let mut emit = |_: u64, outcome: Outcome| match outcome {
            Ok(records) => counted.extend(records.iter().map(|(r, _)| r.components.tokens())),
            Err(why) => skipped.push(why.code.name()),
        };
        for (line, (ids, tokens)) in (1..).zip(spans) {
            let content = tokens.map_or_else(
                || Content::Lacks(Skipped::new(code::NO_USAGE, "a call without usage")),
                held,
            );
            tree.add(line, *ids, content, &mut emit);
        }
        tree.finish(&mut emit);
        (counted, skipped)
    }

    #[test]
    fn callers_of_any_height_repeat() {
        let spans = [
            (["t", "leaf1", "tool"], Some(10)),
            (["t", "tool", "agent"], None),
            (["t", "leaf2", "agent"], Some(20)),
            (["t", "agent", "root"], Some(30)),
            (["t", "root", ""], Some(30)),
            (["u", "agent", ""], Some(7)),
        ];
        let expected = (vec![10, 20, 7], vec!["not-usage", "not-usage"]);
        assert_eq!(judged(Tree::new(Above::Repeats), &spans), expected);
        assert_eq!(judged(Tree::new(Above::RepeatsIfSum), &spans), expected);
    }

    #[test]
    fn a_call_without_usage_is_found_unless_one_below_has_it() {
        let spans = [
            (["t", "http", "call"], Some(10)),
            (["t", "call", ""], None),
            (["t", "stream", ""], None),
        ];
        assert_eq!(judged(Tree::new(Above::Repeats), &spans), (vec![10], vec!["no-usage"]));
    }

    #[test]
    fn a_caller_with_other_usage() {
        let spans = [(["t", "leaf", "agent"], Some(10)), (["t", "agent", ""], Some(30))];
        let strict = judged(Tree::new(Above::Repeats), &spans);
        assert_eq!(strict, (vec![10], vec!["total-mismatch"]));
        assert_eq!(judged(Tree::new(Above::RepeatsIfSum), &spans), (vec![10, 30], vec![]));
    }

    #[test]
    fn copies_and_circles() {
        let spans = [
            (["t", "a", "b"], Some(10)),
            (["t", "b", "a"], None),
            (["t", "c", "c"], Some(3)),
            (["t", "a", "b"], None),
            (["t", "c", "c"], Some(5)),
        ];
        assert_eq!(judged(Tree::new(Above::Repeats), &spans), (vec![10, 5], vec![]));
    }

    #[test]
    fn the_oldest_traces_are_judged_when_the_room_is_used_up() {
        let mut tree = Tree::new(Above::Repeats);
        tree.most = 4;
        let spans = [
            (["t", "leaf", "agent"], Some(10)),
            (["t", "agent", ""], Some(10)),
            (["u", "leaf", "agent"], Some(20)),
            (["v", "leaf", ""], Some(1)),
            (["w", "leaf", ""], Some(2)),
            (["u", "agent", ""], Some(20)),
        ];
        // The fifth span makes room for two: `t` is judged whole, `u` without its caller.
        let found = judged(tree, &spans);
        assert_eq!(found, (vec![10, 20, 1, 2, 20], vec!["not-usage"]));
    }
}
