//! Layouts of objects seen before. A log repeats a few shapes: the same keys in the same order with
//! the same signs between them, and only the values differ. A line of a known layout is compared
//! with what stands between its values instead of being taken apart.

use std::rc::Rc;

use wide::u8x16;

use super::found::{Field, Found, Level, Span};
use super::walk::skip_value;

/// Layouts that are remembered; a log of more shapes is read as if each were new.
const MOST_LAYOUTS: usize = 256;
/// Bytes between values that are remembered of one layout, and of all.
const LONGEST: usize = 16 << 10;
const MOST_BYTES: usize = 1 << 20;
/// Fields of an object with a layout: each has a bit in the set of those that were read.
pub(super) const MOST_FIELDS: usize = 128;
/// Lines of no known layout after which the search must have paid for itself.
const TRIES: u32 = 256;

/// The keys of one shape, and where its values are.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Its place among all of a reader.
    pub(super) number: usize,
    /// What stands between the values, in order and together.
    pub(super) between: Vec<u8>,
    pub(super) fields: Vec<Field>,
    pub(super) level: Level,
    /// The objects that were read on the way: from where to where.
    objects: Vec<[Edge; 2]>,
}

/// A place in what stands between the values: behind how many of them, and how far.
#[derive(Debug, Clone, Copy)]
struct Edge {
    values: usize,
    offset: u32,
}

/// Bytes that are compared together.
const LANES: usize = 16;

/// What stands before a value, and what may come behind it.
#[derive(Debug)]
struct Node {
    text: Box<[u8]>,
    /// Its first bytes, and a bit for each of them.
    head: (u8x16, u32),
    /// Its last bytes, where it is longer than the first and no longer than both.
    tail: Option<u8x16>,
    /// The longer first: one may be the beginning of another.
    next: Vec<usize>,
    layout: Option<Rc<Layout>>,
}

impl Node {
    fn new(text: &[u8]) -> Self {
        let mut head = [0; LANES];
        let length = text.len().min(LANES);
        head[..length].copy_from_slice(&text[..length]);
        let tail =
            text.last_chunk::<LANES>().filter(|_| (LANES + 1..=2 * LANES).contains(&text.len()));
        Self {
            text: text.into(),
            head: (u8x16::new(head), (1 << length) - 1),
            tail: tail.map(|tail| u8x16::new(*tail)),
            next: Vec::new(),
            layout: None,
        }
    }

    /// True if a text begins with it. Most are short: comparing them takes less than a call.
    #[inline]
    fn begins(&self, text: &[u8]) -> bool {
        let Some(first) = text.first_chunk::<LANES>() else { return text.starts_with(&self.text) };
        let (head, bits) = self.head;
        if u8x16::new(*first).simd_eq(head).to_bitmask() & bits != bits {
            return false;
        }
        if self.text.len() <= LANES {
            return true;
        }
        let last = text.get(..self.text.len()).and_then(<[u8]>::last_chunk::<LANES>);
        match (self.tail, last) {
            (Some(tail), Some(last)) => u8x16::new(*last) == tail,
            _ => text.starts_with(&self.text),
        }
    }
}

/// The layouts of one reader, as a tree of what stands between values.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    nodes: Vec<Node>,
    first: Vec<usize>,
    count: usize,
    bytes: usize,
    hits: u32,
    misses: u32,
}

impl Layouts {
    /// The layout of a text, and its values in order.
    pub(super) fn walk(&mut self, text: &[u8], values: &mut Vec<Span>) -> Option<Rc<Layout>> {
        if self.misses > self.hits.saturating_add(TRIES) {
            return None;
        }
        let found = self.follow(text, values);
        let counter = if found.is_some() { &mut self.hits } else { &mut self.misses };
        *counter = counter.saturating_add(1);
        let layout = found?;
        for [start, end] in &layout.objects {
            let place = |edge: &Edge| edge.values.checked_sub(1).map_or(0, |at| values[at].end);
            let span = Span { start: place(start) + start.offset, end: place(end) + end.offset };
            values.push(span);
        }
        Some(layout)
    }

    fn follow(&self, text: &[u8], values: &mut Vec<Span>) -> Option<Rc<Layout>> {
        // So that places fit.
        u32::try_from(text.len()).ok()?;
        let mut next = &self.first;
        let mut at = 0;
        loop {
            let rest = text.get(at..)?;
            let node =
                next.iter().filter_map(|at| self.nodes.get(*at)).find(|node| node.begins(rest))?;
            at += node.text.len();
            if at == text.len() {
                return node.layout.clone();
            }
            let end = skip_value(text, at).ok()?;
            values.push(Span::new(at, end)?);
            at = end;
            next = &node.next;
        }
    }

    /// Remembers the layout of an object that was taken apart.
    pub(super) fn learn(&mut self, text: &[u8], found: &Found, level: Level) {
        if self.count >= MOST_LAYOUTS || found.fields.len() > MOST_FIELDS {
            return;
        }
        let Some((layout, pieces)) = Layout::of(text, found, level, self.count) else { return };
        let length = layout.between.len();
        if length > LONGEST || self.bytes + length > MOST_BYTES {
            return;
        }
        let mut layout = Some(Rc::new(layout));
        let mut parent = None;
        for (number, piece) in pieces.iter().enumerate() {
            let siblings = parent.map_or(&self.first, |at: usize| &self.nodes[at].next);
            let same = siblings.iter().copied().find(|at| *self.nodes[*at].text == **piece);
            let at = same.unwrap_or_else(|| self.grow(parent, piece));
            if number + 1 == pieces.len() && self.nodes[at].layout.is_none() {
                self.nodes[at].layout = layout.take();
                self.count += 1;
            }
            parent = Some(at);
        }
    }

    fn grow(&mut self, parent: Option<usize>, piece: &[u8]) -> usize {
        let at = self.nodes.len();
        self.bytes += piece.len();
        self.nodes.push(Node::new(piece));
        let siblings = parent.map_or(&self.first, |at| &self.nodes[at].next);
        let longer = |other: &&usize| self.nodes[**other].text.len() > piece.len();
        let place = siblings.iter().take_while(longer).count();
        match parent {
            Some(parent) => self.nodes[parent].next.insert(place, at),
            None => self.first.insert(place, at),
        }
        at
    }
}

impl Layout {
    /// Of an object that was taken apart, with the pieces of text between its values.
    fn of<'t>(
        text: &'t [u8],
        found: &Found,
        level: Level,
        number: usize,
    ) -> Option<(Self, Vec<&'t [u8]>)> {
        let span = |field: &Field| found.values[field.value as usize];
        let mut leaves: Vec<Span> =
            found.fields.iter().filter(|field| !field.is_read()).map(span).collect();
        leaves.sort_unstable_by_key(|leaf| leaf.start);
        let mut pieces = Vec::with_capacity(leaves.len() + 1);
        let mut starts = Vec::with_capacity(leaves.len() + 1);
        let mut between = Vec::new();
        let mut at = 0;
        for leaf in &leaves {
            starts.push(between.len());
            pieces.push(text.get(at..leaf.start as usize)?);
            between.extend_from_slice(pieces.last()?);
            at = leaf.end as usize;
        }
        starts.push(between.len());
        pieces.push(text.get(at..)?);
        between.extend_from_slice(pieces.last()?);
        let edge = |at: u32| {
            let values = leaves.partition_point(|leaf| leaf.end <= at);
            let start = values.checked_sub(1).map_or(0, |last| leaves[last].end);
            Edge { values, offset: at - start }
        };
        let mut objects = Vec::new();
        let mut fields = found.fields.clone();
        for field in &mut fields {
            let Span { start, end } = span(field);
            let key = edge(field.key);
            field.key = u32::try_from(starts[key.values]).ok()? + key.offset;
            let value = if field.is_read() {
                objects.push([edge(start), edge(end)]);
                leaves.len() + objects.len() - 1
            } else {
                leaves.binary_search_by_key(&start, |leaf| leaf.start).ok()?
            };
            field.value = u32::try_from(value).ok()?;
        }
        Some((Self { number, between, fields, level, objects }, pieces))
    }
}
