//! Lines that are like one before them: how they are read, and what they say alike.

use std::rc::Rc;

use super::envelope::Envelope;
use super::facts::{Facts, Places};
use super::format::{Format, Reads, Way};
use super::memo::{Fields, Memo};
use super::scan::Object;
use super::usual;
use crate::usage::UsageRecord;

/// What lines before were, by their layout and the names in them.
#[derive(Default)]
pub(super) struct KnownLines {
    memos: Vec<Memo<Known>>,
    /// What all of them hold, about.
    answers: usize,
    /// Number of the batch that records go to.
    batch: u64,
}

/// Answers that are remembered of all layouts together, of up to about a kilobyte each.
const MOST_ANSWERS: usize = 16 << 10;

/// What lines of one layout are that say the same names.
struct Known {
    plan: Plan,
    facts: Rc<Facts>,
    /// Where its counts are, if its body is a usual one.
    usual: Option<usual::Places>,
    /// The batch that the facts are of.
    batch: u64,
}

/// How a line is read.
#[derive(Clone)]
pub(super) enum Plan {
    Object(Way),
    Body(Places, Way),
}

/// What is known of a line that is like one before it.
pub(super) enum Recalled {
    /// All of it.
    Record(Format, UsageRecord),
    /// How it is read, and what it says in common with others.
    Plan(Plan, Rc<Facts>),
}

impl KnownLines {
    /// Begins a batch of records, which another thread will take.
    pub(super) fn next_batch(&mut self) {
        self.batch += 1;
    }

    /// What is known of a line, if one like it was read before.
    pub(super) fn recall(&mut self, object: &Object<'_>) -> Option<Recalled> {
        let known =
            self.memos.get_mut(object.layout()?)?.recall(|n, key| object.write_value(n, key))?;
        if known.batch != self.batch {
            known.batch = self.batch;
            known.facts = Rc::new(known.facts.copied());
        }
        if let (Some(usual), Plan::Body(_, (format, _))) = (&known.usual, &known.plan)
            && let Some(record) = usual.read(object, &known.facts)
        {
            return Some(Recalled::Record(*format, record));
        }
        Some(Recalled::Plan(known.plan.clone(), Rc::clone(&known.facts)))
    }

    /// Remembers how a line was read, which the values of these fields told.
    pub(super) fn learn(
        &mut self,
        object: &Object<'_>,
        fields: Fields,
        plan: Plan,
        envelope: Option<&Envelope<'_>>,
    ) {
        let Some(layout) = object.layout() else { return };
        if self.memos.len() <= layout {
            self.memos.resize_with(layout + 1, Memo::default);
        }
        if self.answers >= MOST_ANSWERS {
            self.memos.iter_mut().for_each(Memo::forget);
            self.answers = 0;
        }
        let usual = match (&plan, envelope) {
            (Plan::Body(_, (_, Reads::Body { usual: Some(usual), .. })), Some(envelope)) => {
                usual.places(envelope)
            }
            _ => None,
        };
        let facts = envelope.map(|envelope| Rc::clone(envelope.facts())).unwrap_or_default();
        let known = Known { plan, facts, usual, batch: self.batch };
        let write = |number: u32, key: &mut Vec<u8>| object.write_value(number, key);
        self.answers += usize::from(self.memos[layout].learn(fields, write, known));
    }
}
