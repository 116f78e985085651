//! What lines say alike, remembered.
//!
//! Nearly every line names a model, a tier and labels that lines before it named. What they say of
//! these is worked out once and shared; ids, times and counts are read from every line.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::envelope::Envelope;
use super::memo::Fields;
use super::provider::take_prefix;
use super::providers::cost::Reported;
use super::scan::{Level, Object};
use super::{LabelPolicy, ReadOptions};
use crate::sku::Sku;
use crate::usage::Labels;

/// What lines of one layout say alike, worked out when it is first asked for: nothing in it depends
/// on anything but the names that the lines have in common.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    sku: OnceCell<Arc<Sku>>,
    billed: OnceCell<Arc<Sku>>,
    labels: OnceCell<Arc<Labels>>,
    states_cost: OnceCell<bool>,
}

impl Facts {
    /// What is priced, before it is asked who bills it.
    pub(crate) fn sku(&self) -> Option<&Sku> {
        self.sku.get().map(|sku| &**sku)
    }

    /// What is priced, and the labels, of a line that states no cost, where both are known.
    pub(crate) fn of_usual(&self) -> Option<(&Arc<Sku>, &Arc<Labels>)> {
        let (sku, labels) = (self.billed.get()?, self.labels.get()?);
        (self.states_cost.get() == Some(&false)).then_some((sku, labels))
    }

    /// The same in memory of its own. Threads that count references to one place wait for each
    /// other.
    pub(crate) fn copied(&self) -> Self {
        fn copy<T: Clone>(cell: &OnceCell<Arc<T>>) -> OnceCell<Arc<T>> {
            cell.get().map_or_else(OnceCell::new, |arc| Arc::new(T::clone(arc)).into())
        }
        Self {
            sku: copy(&self.sku),
            billed: copy(&self.billed),
            labels: copy(&self.labels),
            states_cost: self.states_cost.clone(),
        }
    }
}

/// Where the objects of an envelope are in lines of one layout.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    body: Level,
    usage: Option<Level>,
    wrappers: SmallVec<[Level; 2]>,
}

impl<'a> Envelope<'a> {
    /// The envelope in a line of a known layout, with what such lines say alike.
    pub(crate) fn at(outer: &Object<'a>, places: &Places, facts: Rc<Facts>) -> Self {
        let at = |level: &Level| outer.at_level(*level);
        let body = at(&places.body);
        let usage = places.usage.as_ref().map(at);
        let wrappers = places.wrappers.iter().map(at).collect();
        Self { body, usage, wrappers, batch: false, facts, learnt: Cell::new(0) }
    }

    /// Where the objects are in lines of this layout; `None` where one is not part of it.
    pub(crate) fn places(&self, outer: &Object<'a>) -> Option<Places> {
        let usage = match &self.usage {
            Some(usage) => Some(outer.level_of(usage)?),
            None => None,
        };
        let wrappers = self.wrappers.iter().map(|wrapper| outer.level_of(wrapper));
        let wrappers = wrappers.collect::<Option<_>>()?;
        Some(Places { body: outer.level_of(&self.body)?, usage, wrappers })
    }

    /// What the line says in common with others.
    pub(crate) fn facts(&self) -> &Rc<Facts> {
        &self.facts
    }

    /// The values that facts were worked out from on this line.
    pub(crate) fn learnt(&self) -> Fields {
        self.learnt.get()
    }

    fn fact<'s, T>(&self, cell: &'s OnceCell<T>, find: impl FnOnce() -> T) -> &'s T {
        cell.get_or_init(|| {
            let (found, fields) = self.body.tracked(find);
            self.learnt.set(self.learnt.get() | fields);
            found
        })
    }

    /// What is priced. `find` looks at nothing but the envelope, and at no id, time or count in it.
    pub(crate) fn sku(&self, find: impl FnOnce() -> Sku) -> Arc<Sku> {
        Arc::clone(self.fact(&self.facts.sku, || find().into()))
    }

    /// The labels that the policy keeps.
    pub(crate) fn labels(&self, policy: &LabelPolicy) -> Arc<Labels> {
        Arc::clone(self.fact(&self.facts.labels, || self.find_labels(policy).into()))
    }

    /// What is priced by whoever bills it, and the cost that the body states. Without a stated
    /// cost, all lines that name the same say the same.
    pub(crate) fn billed(&self, sku: Arc<Sku>, options: &ReadOptions) -> (Arc<Sku>, Reported) {
        let bill = |cost: &Reported| {
            let mut sku = Sku::clone(&sku);
            if let Some(provider) = &options.provider {
                sku.provider = provider.clone();
            } else if let Some(provider) = cost.biller(self) {
                sku.provider = provider;
            }
            take_prefix(&mut sku);
            Arc::new(sku)
        };
        let states_cost = self.fact(&self.facts.states_cost, || Reported::is_stated(self));
        let cost = if *states_cost { Reported::read(self) } else { Reported::default() };
        let is_usual = self.facts.sku.get().is_some_and(|usual| Arc::ptr_eq(usual, &sku));
        if is_usual && !states_cost {
            return (Arc::clone(self.fact(&self.facts.billed, || bill(&cost))), cost);
        }
        (bill(&cost), cost)
    }
}
