//! Usual rows: nearly every row of a table states the same few counts, and they add up.
//!
//! Where these stand is worked out once for a table, from what the format or the user's mapping says
//! of usual rows. A row whose names were read in full before, and whose counts add up, is read from
//! there alone; every other row is read in full. Both give the same record, which is looked at for
//! the first row of each set of names in a slice of a Parquet table: of other tables the cells have to
//! be looked at one by one.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use super::ReadOptions;
use super::cells::Values;
use super::consoles::identity::{self, Named};
use super::format::Format;
use super::header::{ColumnRule, Header, Names};
use super::marks::NO_VALUE;
use super::outcome::Outcome;
use super::parquet::Slice;
use super::row::trimmed;
use crate::period::Period;
use crate::tokens::{Component, ComponentCounts};
use crate::usage::dedup::RequestId;
use crate::usage::{RecordGrain, RecordRef, UsageTime};

/// Counts of a row that are looked at.
const MOST_COUNTS: usize = 16;

/// What usual rows of a format's tables state. Columns that are not there count nothing.
#[derive(Debug)]
pub(crate) struct UsualRows {
    /// Columns of the start and the end of the bucket.
    pub(crate) period: [&'static str; 2],
    /// The column of the number of requests.
    pub(crate) requests: &'static str,
    /// The components, in their order: a count, and what inside it counts elsewhere.
    pub(crate) components: &'static [(Component, &'static str, &'static [&'static str])],
    /// Counts that are the sum of others, where the table has all of them.
    pub(crate) sums: &'static [(&'static str, &'static [&'static str])],
    /// True for columns of figures, by their normalised names: those that are not named are zero.
    pub(crate) is_figure: ColumnRule,
    /// The columns that a SKU is told by.
    pub(crate) of_sku: &'static [&'static str],
    /// The columns of each label.
    pub(crate) of_labels: &'static [(&'static str, &'static [&'static str])],
}

/// Counts by their number, a bit each.
type Bits = u16;

/// Where usual rows of one table have what they state.
#[derive(Debug)]
pub(crate) struct Plan {
    start: usize,
    /// Of buckets.
    end: Option<usize>,
    /// The count of requests, or how many a row stands for.
    requests: Result<usize, u64>,
    /// The columns of counts, each with a value in usual rows.
    counts: SmallVec<[usize; MOST_COUNTS]>,
    /// Components by the number of their count, and what of it counts elsewhere.
    components: SmallVec<[(Component, usize, Bits); 8]>,
    sums: SmallVec<[(usize, Bits); 2]>,
    zeros: Vec<usize>,
    pub(super) names: Vec<usize>,
    pub(super) id: Id,
}

/// What tells copies of a row.
#[derive(Debug)]
pub(super) enum Id {
    None,
    /// The provider's id in a column.
    Column(usize),
    /// The identity of a bucket: the name of the format, and columns with their names.
    Bucket(&'static str, Vec<(usize, String)>),
}

impl Plan {
    /// Rows of an instant or bucket, nothing of which counts yet.
    pub(super) fn new(start: usize, end: Option<usize>, requests: Result<usize, u64>) -> Self {
        Self {
            start,
            end,
            requests,
            counts: SmallVec::new(),
            components: SmallVec::new(),
            sums: SmallVec::new(),
            zeros: Vec::new(),
            names: Vec::new(),
            id: Id::None,
        }
    }

    /// The number of a column's count; `None` if there are too many.
    fn count(&mut self, place: usize) -> Option<usize> {
        let known = self.counts.iter().position(|known| *known == place);
        if known.is_none() {
            self.counts.push(place);
        }
        let number = known.unwrap_or(self.counts.len() - 1);
        (number < MOST_COUNTS).then_some(number)
    }

    fn bits(&mut self, places: impl Iterator<Item = usize>) -> Option<Bits> {
        let mut bits = 0;
        for place in places {
            bits |= Bits::from(true) << self.count(place)?;
        }
        Some(bits)
    }

    /// Says that a column counts a component, but for what `others` inside it count. Components come
    /// in their order.
    pub(super) fn component(
        &mut self,
        component: Component,
        whole: usize,
        others: impl Iterator<Item = usize>,
    ) -> Option<()> {
        let (whole, others) = (self.count(whole)?, self.bits(others)?);
        self.components.push((component, whole, others));
        Some(())
    }

    /// Says that a count is the sum of others.
    pub(super) fn sum(&mut self, whole: usize, parts: impl Iterator<Item = usize>) -> Option<()> {
        let (whole, parts) = (self.count(whole)?, self.bits(parts)?);
        self.sums.push((whole, parts));
        Some(())
    }

    /// Of a table with these columns; `None` if its rows are no usual ones.
    pub(crate) fn of(
        usual: &UsualRows,
        format: Format,
        header: &Header,
        options: &ReadOptions,
    ) -> Option<Self> {
        let place = |column: &&str| header.place_of(column);
        let [start, end] = usual.period.map(|column| header.place_of(column));
        let mut plan = Self::new(start?, Some(end?), Ok(place(&usual.requests)?));
        for (component, whole, others) in usual.components {
            let others = others.iter().filter_map(place);
            match place(whole) {
                Some(whole) => plan.component(*component, whole, others)?,
                None if others.count() > 0 => return None,
                None => {}
            }
        }
        for (whole, parts) in usual.sums {
            let parts: Option<Vec<usize>> = parts.iter().map(place).collect();
            if let (Some(whole), Some(parts)) = (place(whole), parts) {
                plan.sum(whole, parts.into_iter())?;
            }
        }
        let is_used = |at: &usize| plan.counts.contains(at) || plan.requests == Ok(*at);
        let figures = (0..header.names.len()).filter(|at| (usual.is_figure)(&header.names[*at]));
        plan.zeros = figures.filter(|at| !is_used(at)).collect();
        let kept = usual.of_labels.iter().filter(|(label, _)| options.labels.keeps(label));
        let named = kept.flat_map(|(_, columns)| columns.iter()).chain(usual.of_sku);
        plan.names = named.filter_map(place).collect();
        plan.id = Id::Bucket(format.name(), identity::columns(header, usual.is_figure)?);
        (!plan.components.is_empty()).then_some(plan)
    }
}

/// What a row was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A usual one.
    Usual,
    /// One whose names no row had before.
    New,
    /// Any other one.
    Odd,
}

/// What rows of equal names share.
#[derive(Debug)]
struct Shared {
    names: Names,
    grain: RecordGrain,
}

/// Reads usual rows of a slice of a table.
#[derive(Debug)]
pub(super) struct UsualReader<'s> {
    columns: Columns<'s>,
    /// Where the slice begins in its columns.
    first: usize,
    /// Of each row which names it has.
    codes: Vec<u64>,
    /// What rows of equal names share; nothing where they are no usual ones.
    known: HashMap<u64, Option<Shared>, FixedState>,
    components: ComponentCounts,
    named: Named,
}

impl<'s> UsualReader<'s> {
    /// `None` if a column holds something else than usual rows have.
    pub(super) fn new(plan: &'s Plan, slice: &'s Slice) -> Option<Self> {
        let places = slice.places();
        // What is in several columns is told by one number, as a place in a table of many dimensions.
        let (mut codes, mut size) = (vec![0_u64; places.len()], 1_u64);
        for place in &plan.names {
            let (of_column, count) = slice.column(*place)?.codes(places.clone())?;
            let larger = size.checked_mul(u64::try_from(count).ok()?)?;
            for (code, more) in codes.iter_mut().zip(of_column) {
                *code += size * u64::from(more);
            }
            size = larger;
        }
        Some(Self {
            columns: Columns::of(plan, slice)?,
            first: places.start,
            codes,
            known: HashMap::default(),
            components: ComponentCounts::default(),
            named: Named::new(),
        })
    }

    /// Reads a row and hands its record on, if it is a usual one.
    pub(super) fn read(&mut self, at: usize, each: impl FnOnce(&RecordRef<'_>)) -> Found {
        let Some(known) = self.known.get(&self.codes[at - self.first]) else { return Found::New };
        let Some(shared) = known else { return Found::Odd };
        let record = self.columns.record(at, shared, &mut self.components, &mut self.named);
        match &record {
            Some(record) => {
                each(record);
                Found::Usual
            }
            None => Found::Odd,
        }
    }

    /// Remembers the names of a new row by what it gave, read in full.
    pub(super) fn learn(&mut self, at: usize, outcome: &Outcome) {
        let usual = match outcome.as_deref() {
            Ok([(record, notes)]) if notes.is_empty() => Some(record),
            _ => None,
        };
        let Some(full) = usual else { return };
        let names = Names { sku: full.sku.clone(), labels: full.labels.clone() };
        let shared = Shared { names, grain: full.grain };
        let read = self.columns.record(at, &shared, &mut self.components, &mut self.named);
        // Of a row that is odd by its counts, or counts nothing, nothing is learned about its names.
        if let Some(read) = read.filter(|read| !read.components.is_empty()) {
            let is_same = read == RecordRef::from(full);
            self.known.insert(self.codes[at - self.first], is_same.then_some(shared));
        }
    }
}

/// The columns of a slice that a plan looks at.
#[derive(Debug)]
struct Columns<'s> {
    plan: &'s Plan,
    start: &'s Values,
    end: Option<&'s Values>,
    requests: Result<&'s Values, u64>,
    counts: SmallVec<[&'s Values; MOST_COUNTS]>,
    zeros: Vec<&'s Values>,
    /// Of ids.
    texts: Vec<&'s Values>,
}

impl<'s> Columns<'s> {
    fn of(plan: &'s Plan, slice: &'s Slice) -> Option<Self> {
        let column = |place: &usize| slice.column(*place);
        let texts = match &plan.id {
            Id::None => Some(Vec::new()),
            Id::Column(place) => Some(vec![column(place)?]),
            Id::Bucket(_, columns) => columns.iter().map(|(place, _)| column(place)).collect(),
        };
        Some(Self {
            plan,
            start: column(&plan.start)?,
            end: match &plan.end {
                Some(end) => Some(column(end)?),
                None => None,
            },
            requests: match &plan.requests {
                Ok(place) => Ok(column(place)?),
                Err(requests) => Err(*requests),
            },
            counts: plan.counts.iter().map(column).collect::<Option<_>>()?,
            zeros: plan.zeros.iter().map(column).collect::<Option<_>>()?,
            texts: texts?,
        })
    }

    /// The record of a row whose names are known; `None` if it is no usual one.
    fn record<'r>(
        &self,
        at: usize,
        shared: &'r Shared,
        components: &'r mut ComponentCounts,
        named: &mut Named,
    ) -> Option<RecordRef<'r>> {
        let start = self.start.instant(at)?;
        let time = match self.end {
            None => UsageTime::At(start),
            Some(end) => UsageTime::Bucket(Period::new(start, end.instant(at)?).ok()?),
        };
        let requests = match self.requests {
            Ok(column) => column.count(at)??,
            Err(requests) => requests,
        };
        self.components(at, components)?;
        Some(RecordRef {
            time,
            grain: shared.grain,
            sku: &shared.names.sku,
            context_tokens: None,
            requests,
            request_id: self.id(at, time, &shared.names.sku.provider, named)?,
            labels: &shared.names.labels,
            components,
            reported_cost: None,
        })
    }

    fn components(&self, at: usize, components: &mut ComponentCounts) -> Option<()> {
        let mut counts = [0; MOST_COUNTS];
        for (count, column) in counts.iter_mut().zip(&self.counts) {
            *count = column.count(at)??;
        }
        let sum = |mut bits: Bits| {
            let mut sum = 0_u64;
            while bits != 0 {
                sum = sum.checked_add(counts[bits.trailing_zeros() as usize])?;
                bits &= bits - 1;
            }
            Some(sum)
        };
        let is_zero = |column: &&Values| matches!(column.count(at), Some(None | Some(0)));
        let is_sum = |(whole, parts): &(usize, Bits)| sum(*parts) == Some(counts[*whole]);
        if !self.plan.sums.iter().all(is_sum) || !self.zeros.iter().all(is_zero) {
            return None;
        }
        let mut counted: SmallVec<[(Component, u64); 8]> = SmallVec::new();
        for (component, whole, others) in &self.plan.components {
            counted.push((*component, counts[*whole].checked_sub(sum(*others)?)?));
        }
        components.set(&counted);
        Some(())
    }

    /// What tells copies of a row; `None` if it is no usual one.
    fn id(
        &self,
        at: usize,
        time: UsageTime,
        provider: &str,
        named: &mut Named,
    ) -> Option<Option<RequestId>> {
        match (&self.plan.id, time) {
            (Id::Column(_), _) => {
                let id = trimmed(self.texts.first()?.text(at)?);
                (!id.is_empty()).then(|| Some(RequestId::new(provider, id, 0)))
            }
            (Id::Bucket(format, columns), UsageTime::Bucket(period)) => {
                identity::begin(named, format, period);
                for (column, (_, key)) in self.texts.iter().zip(columns) {
                    match column.text(at) {
                        Some(text) => match trimmed(text) {
                            "" => {}
                            text => identity::add(named, key, text),
                        },
                        None if column.mark(at) == Some(NO_VALUE) => {}
                        None => return None,
                    }
                }
                Some(Some(RequestId::of_bytes(named)))
            }
            _ => Some(None),
        }
    }
}
