//! What usual rows of a mapped table state.

use super::{InputIncludesCache, Mapping, Origin, field};
use crate::source::usual_rows::{Id, Plan};
use crate::tokens::Component;

impl Mapping {
    /// Where usual rows of a table have what they state, whose mapped columns stand at `places`;
    /// `None` where a row has to be looked at as a whole.
    pub(crate) fn plan(&self, places: &[usize]) -> Option<Plan> {
        if !self.is_of_columns() {
            return None;
        }
        let place = |field: usize| match self.fields[field].as_ref()? {
            Origin::Column(column) => Some(places[*column]),
            Origin::Constant(_) => None,
        };
        let (read, written) = (place(field::CACHE_READ), place(field::CACHE_WRITE));
        let has_cache = read.or(written).is_some();
        let (start, end) = match place(field::TIME) {
            Some(time) => (time, None),
            None => (place(field::START)?, Some(place(field::END)?)),
        };
        let usual_requests = u64::from(end.is_none());
        let mut plan = Plan::new(start, end, place(field::REQUESTS).ok_or(usual_requests));
        let (input, output) = (place(field::INPUT), place(field::OUTPUT));
        let cached = || read.into_iter().chain(written);
        match (self.includes_cache, input) {
            // Row by row the numbers decide.
            (InputIncludesCache::Auto, _) if has_cache => return None,
            (InputIncludesCache::Auto | InputIncludesCache::Yes, Some(input)) => {
                plan.component(Component::InputUncached, input, cached())?;
            }
            (InputIncludesCache::No, Some(input)) => {
                plan.component(Component::InputUncached, input, std::iter::empty())?;
            }
            (_, None) => {}
        }
        for (component, place) in
            [(Component::InputCacheRead, read), (Component::InputCacheWrite5m, written)]
        {
            if let Some(place) = place {
                plan.component(component, place, std::iter::empty())?;
            }
        }
        let reasoning = place(field::REASONING);
        match (output, reasoning) {
            (Some(output), _) => {
                plan.component(Component::Output, output, reasoning.into_iter())?;
            }
            (None, Some(_)) => return None,
            (None, None) => {}
        }
        if let Some(reasoning) = reasoning {
            plan.component(Component::OutputReasoning, reasoning, std::iter::empty())?;
        }
        if let Some(total) = place(field::TOTAL) {
            let beside = cached().filter(|_| !self.input_holds_cache(input.is_some()));
            plan.sum(total, input.into_iter().chain(output).chain(beside))?;
        }
        plan.names = self.named_columns()?.map(|column| places[column]).collect();
        if let Some(id) = place(field::REQUEST_ID) {
            plan.id = Id::Column(id);
        }
        Some(plan)
    }

    /// True if all that is mapped but names is read from columns, and none of it has to be looked at.
    fn is_of_columns(&self) -> bool {
        let is_constant = |field: &usize| matches!(self.fields[*field], Some(Origin::Constant(_)));
        let counted = [
            field::REQUESTS,
            field::REQUEST_ID,
            field::INPUT,
            field::CACHE_READ,
            field::CACHE_WRITE,
            field::OUTPUT,
            field::REASONING,
            field::TOTAL,
        ];
        !counted.iter().any(is_constant)
            && self.fields[field::CONTEXT_TOKENS].is_none()
            && self.fields[field::REPORTED_COST].is_none()
            && self.components.is_empty()
    }

    /// True if the cached tokens are inside an input that is mapped.
    fn input_holds_cache(&self, has_input: bool) -> bool {
        has_input && self.includes_cache != InputIncludesCache::No
    }
}
