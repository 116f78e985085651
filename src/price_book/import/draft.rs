//! Books while they are put together: every price finds its entry, or a reason why it has none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use indexmap::IndexMap;

use super::node::Node;
use super::{NotCarried, Options, names};
use crate::money::UnitPrice;
use crate::period::Timestamp;
use crate::price_book::PriceKey;
use crate::tokens::Component;

/// Why something is not in the books. One phrase a reason, so that they can be counted.
pub(super) mod reason {
    pub(in super::super) const NO_KEY: &str = "price books have no key for it";
    pub(in super::super) const NOT_A_NUMBER: &str = "the price is not a number";
    pub(in super::super) const NEGATIVE: &str = "the price is negative";
    pub(in super::super) const ZERO: &str =
        "the price is zero, which may mean free or not known (--keep-zero carries it)";
    pub(in super::super) const TOO_FINE: &str =
        "the price has more decimal places or digits than are kept";
    pub(in super::super) const CLASH: &str =
        "it cannot be told apart from another price of the file for the same model";
    pub(in super::super) const NO_PRICE: &str = "the model has no price in the file";
    pub(in super::super) const PATTERN: &str =
        "names matched by a beginning, end, part or pattern; price books match names exactly";
    pub(in super::super) const NAME_TAKEN: &str = "the name already means another model";
    pub(in super::super) const GRADUATED: &str =
        "tiers that may price only the tokens above each limit; context bands price whole requests";
    pub(in super::super) const IMAGE_SIZE: &str =
        "the price depends on the size or quality of images";
    pub(in super::super) const COMMITMENT: &str = "the price needs a commitment";
    pub(in super::super) const SEARCH_SIZE: &str =
        "the price depends on the size of the search context";
    pub(in super::super) const PER_CHARACTER: &str =
        "the price of a token is not above that of a character: probably a price of a character";
    pub(in super::super) const SAME_TIER: &str =
        "`context_over_200k` beside `tiers`, which state the limits themselves";
    pub(in super::super) const HOURS: &str =
        "a constraint that is neither a start date nor the one time of day";
    pub(in super::super) const BAD_DATE: &str =
        "dates that are not `YYYY-MM-DD` or end before they start";
    pub(in super::super) const SPEED: &str = "the price of a mode that no usage record states";
    pub(in super::super) const NO_ID: &str = "the model or its provider has no name";
}

/// The `when` of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When {
    pub(super) service_tier: Option<&'static str>,
    pub(super) speed: Option<&'static str>,
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    pub(super) deployment: Option<&'static str>,
    pub(super) calendar: Option<String>,
    pub(super) outside_calendar: Option<String>,
    pub(super) context_over: Option<u64>,
    pub(super) context_up_to: Option<u64>,
}

impl When {
    /// Of tool calls: the same whatever tier or speed.
    pub(super) fn any_tier(&self) -> Self {
        Self { service_tier: Some("*"), speed: Some("*"), ..self.clone() }
    }

    fn specificity(&self) -> usize {
        let words = [self.service_tier, self.speed].into_iter().flatten();
        words.filter(|word| *word != "*").count()
            + usize::from(self.endpoint.is_some())
            + usize::from(self.region.is_some())
            + usize::from(self.deployment.is_some())
            + usize::from(self.calendar.is_some())
            + usize::from(self.outside_calendar.is_some())
            + usize::from(self.context_over.is_some())
            + usize::from(self.context_up_to.is_some())
    }

    /// True if the same usage could match both; calendars of different names might.
    fn meets(&self, other: &Self) -> bool {
        let tier = |a: Option<&str>, b: Option<&str>| a == b || a == Some("*") || b == Some("*");
        let free = |a: Option<&str>, b: Option<&str>| a.is_none() || b.is_none() || a == b;
        let apart = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
        let below = |a: Option<u64>, b: Option<u64>| matches!((a, b), (Some(a), Some(b)) if a <= b);
        tier(self.service_tier, other.service_tier)
            && tier(self.speed, other.speed)
            && free(self.endpoint.as_deref(), other.endpoint.as_deref())
            && free(self.region.as_deref(), other.region.as_deref())
            && free(self.deployment, other.deployment)
            && !apart(&self.calendar, &other.outside_calendar)
            && !apart(&self.outside_calendar, &other.calendar)
            && !below(self.context_up_to, other.context_over)
            && !below(other.context_up_to, self.context_over)
    }
}

/// From when to when an entry holds, as dates of the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dates {
    pub(super) from: Option<NaiveDate>,
    pub(super) until: Option<NaiveDate>,
}

impl Dates {
    fn meets(self, other: Self) -> bool {
        let before = |until: Option<NaiveDate>, from: Option<NaiveDate>| matches!((until, from), (Some(until), Some(from)) if until <= from);
        !before(self.until, other.from) && !before(other.until, self.from)
    }
}

/// What an entry is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) when: When,
    pub(super) dates: Dates,
    pub(super) notes: Option<String>,
}

/// One entry: prices with one condition and one set of dates.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) head: Head,
    pub(super) prices: BTreeMap<Component, String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) aliases: BTreeSet<String>,
    pub(super) family: Option<String>,
    pub(super) context_window: Option<u64>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) models: IndexMap<String, Model>,
    /// For every model.
    pub(super) entries: Vec<Entry>,
    /// Name and hours.
    pub(super) calendars: BTreeMap<String, String>,
    /// Endpoint and factor with the models.
    pub(super) multipliers: BTreeMap<(String, String), Vec<String>>,
    pub(super) checked_on: Option<NaiveDate>,
    pub(super) carried: u64,
}

/// A price of a file.
pub(super) struct Price<'n> {
    pub(super) component: Component,
    /// As the file states it.
    pub(super) value: &'n Node,
    /// The file states it for ten to this power units.
    pub(super) per_power: u32,
    /// Where it stands, for messages.
    pub(super) place: String,
}

/// Examples kept of each reason.
const MOST_EXAMPLES: usize = 5;

/// Collects the books of all providers and what is not in them.
pub(super) struct Collector<'o> {
    pub(super) options: &'o Options,
    pub(super) drafts: IndexMap<String, Draft>,
    pub(super) providers: BTreeSet<String>,
    lost: BTreeMap<(String, &'static str), (u64, Vec<String>)>,
}

impl<'o> Collector<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        Self { options, drafts: IndexMap::new(), providers: BTreeSet::new(), lost: BTreeMap::new() }
    }

    /// True if the user wants this provider, by our name or by that of the file.
    pub(super) fn wants(&mut self, provider: &str, theirs: &str) -> bool {
        self.providers.insert(provider.to_owned());
        let wanted = &self.options.providers;
        wanted.is_empty()
            || wanted.iter().any(|w| w == provider || w == theirs || names::provider(w) == provider)
    }

    pub(super) fn draft(&mut self, provider: &str) -> &mut Draft {
        self.drafts.entry(provider.to_owned()).or_default()
    }

    pub(super) fn model(&mut self, provider: &str, id: &str) -> &mut Model {
        self.draft(provider).models.entry(id.to_owned()).or_default()
    }

    /// Notes something that is not carried over.
    pub(super) fn lose(&mut self, provider: &str, reason: &'static str, example: String) {
        let (count, examples) = self.lost.entry((provider.to_owned(), reason)).or_default();
        *count += 1;
        if examples.len() < MOST_EXAMPLES {
            examples.push(example);
        }
    }

    /// Puts a price into its entry of a model, or of the provider without one.
    pub(super) fn add(
        &mut self,
        provider: &str,
        model: Option<&str>,
        head: &Head,
        price: &Price<'_>,
    ) {
        let place = format!("{} = {}", price.place, price.value);
        let text = match self.checked(price) {
            Ok(text) => text,
            Err(reason) => return self.lose(provider, reason, place),
        };
        if matches!((head.dates.from, head.dates.until), (Some(from), Some(until)) if until <= from)
        {
            return self.lose(provider, reason::BAD_DATE, place);
        }
        let draft = self.draft(provider);
        let entries = match model {
            Some(id) => &mut draft.models.entry(id.to_owned()).or_default().entries,
            None => &mut draft.entries,
        };
        match put(entries, head, price.component, text) {
            Put::New => draft.carried += 1,
            Put::Same => {}
            Put::Clash => self.lose(provider, reason::CLASH, place),
        }
    }

    /// The text of a price in the unit of its key.
    fn checked(&self, price: &Price<'_>) -> Result<String, &'static str> {
        let decimal = price.value.decimal().ok_or(reason::NOT_A_NUMBER)?;
        if decimal.is_zero() && !self.options.keep_zero {
            return Err(reason::ZERO);
        }
        if decimal.negative && !decimal.is_zero() {
            return Err(reason::NEGATIVE);
        }
        let power = PriceKey::of(price.component).per_power;
        let text = decimal.times_ten_to(i64::from(power) - i64::from(price.per_power));
        UnitPrice::parse_per(&text, power).map_err(|_| reason::TOO_FINE)?;
        Ok(text)
    }

    /// Takes back what no book can hold: models without a price or a name, and aliases that mean
    /// another model too.
    pub(super) fn settle(&mut self) {
        let mut lost = Vec::new();
        for (provider, draft) in &mut self.drafts {
            let nameless = provider.trim().is_empty();
            draft.models.retain(|id, model| {
                let named = !nameless && !id.trim().is_empty();
                if !named {
                    lost.push((provider.clone(), reason::NO_ID, format!("`{id}` of `{provider}`")));
                }
                named && !model.entries.is_empty()
            });
            let ids: BTreeSet<String> = draft.models.keys().cloned().collect();
            let mut used: BTreeSet<String> = BTreeSet::new();
            for (id, model) in &mut draft.models {
                model.aliases.retain(|alias| {
                    let free = !ids.contains(alias) && used.insert(alias.clone());
                    if !free && alias != id {
                        let example = format!("{id}: {alias}");
                        lost.push((provider.clone(), reason::NAME_TAKEN, example));
                    }
                    free
                });
            }
            for models in draft.multipliers.values_mut() {
                models.retain(|id| ids.contains(id));
            }
            draft.multipliers.retain(|_, models| !models.is_empty());
        }
        for (provider, reason, example) in lost {
            self.lose(&provider, reason, example);
        }
        self.drafts.retain(|provider, draft| {
            !provider.trim().is_empty() && (!draft.models.is_empty() || !draft.entries.is_empty())
        });
    }

    /// Everything that was not carried over, most frequent first.
    pub(super) fn not_carried(&self) -> Vec<NotCarried> {
        let lost = self.lost.iter().map(|((provider, reason), (count, examples))| NotCarried {
            provider: provider.clone(),
            reason,
            count: *count,
            examples: examples.clone(),
        });
        let mut all: Vec<_> = lost.collect();
        all.sort_by(|a, b| (&a.provider, b.count).cmp(&(&b.provider, a.count)));
        all
    }
}

enum Put {
    New,
    Same,
    Clash,
}

fn put(entries: &mut Vec<Entry>, head: &Head, component: Component, text: String) -> Put {
    for entry in entries.iter() {
        let Some(other) = entry.prices.get(&component) else { continue };
        let (a, b) = (&entry.head, head);
        if a.when.specificity() == b.when.specificity()
            && a.when.meets(&b.when)
            && a.dates.meets(b.dates)
        {
            let same = (&a.when, a.dates, other) == (&b.when, b.dates, &text);
            return if same { Put::Same } else { Put::Clash };
        }
    }
    match entries.iter_mut().find(|entry| entry.head == *head) {
        Some(entry) => {
            entry.prices.insert(component, text);
        }
        None => {
            let prices = BTreeMap::from([(component, text)]);
            entries.push(Entry { head: head.clone(), prices });
        }
    }
    Put::New
}

/// A date of a file; `None` if it is none that price books can have.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Timestamp::parse(&date.to_string()).is_ok().then_some(date)
}
