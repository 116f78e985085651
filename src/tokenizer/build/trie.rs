//! Tokens as a double array, see `src/tokenizer/layout.rs`.

use crate::layout::{INNER_TOKEN, LEAF, NO_LABEL, PAYLOAD_SHIFT};

/// Nodes with at least so many children are placed first, while there is room.
const WIDE: usize = 4;
const EMPTY: u32 = NO_LABEL as u32;

#[derive(Default)]
struct Node {
    token: Option<u32>,
    children: Vec<(u8, usize)>,
}

pub(crate) struct Trie {
    units: Vec<u32>,
}

impl Trie {
    pub(crate) fn new(tokens: &[Vec<u8>]) -> Self {
        let nodes = nodes(tokens);
        let mut array = Array::default();
        let mut bases = vec![0_usize; nodes.len()];
        let (wide, narrow): (Vec<usize>, Vec<usize>) =
            (0..nodes.len()).partition(|n| nodes[*n].children.len() >= WIDE);
        // A chain of narrow nodes comes one after the other and lands on neighbouring units.
        for node in wide.into_iter().chain(narrow) {
            let labels = labels(&nodes[node]);
            if !labels.is_empty() {
                bases[node] = array.place(&labels);
            }
        }
        let mut units = vec![EMPTY; array.taken.len()];
        let mut open = vec![(0_usize, 0_usize, NO_LABEL)];
        while let Some((node, slot, label)) = open.pop() {
            let Node { token, children } = &nodes[node];
            units[slot] = match token {
                Some(token) if children.is_empty() => unit(label, LEAF, *token as usize),
                Some(token) => {
                    units[bases[node] ^ usize::from(NO_LABEL)] = unit(NO_LABEL, 0, *token as usize);
                    unit(label, INNER_TOKEN, bases[node])
                }
                None => unit(label, 0, bases[node]),
            };
            open.extend(
                children.iter().map(|(l, child)| (*child, bases[node] ^ usize::from(*l), *l)),
            );
        }
        Self { units }
    }

    pub(crate) fn units(&self) -> &[u32] {
        &self.units
    }

    /// The token with these bytes.
    pub(crate) fn token(&self, bytes: &[u8]) -> Option<u32> {
        let mut unit = self.units[0];
        for byte in bytes {
            if unit & LEAF != 0 {
                return None;
            }
            unit = self.units[(unit >> PAYLOAD_SHIFT) as usize ^ usize::from(*byte)];
            if unit & 0xFF != u32::from(*byte) {
                return None;
            }
        }
        if unit & LEAF != 0 {
            return Some(unit >> PAYLOAD_SHIFT);
        }
        let inner = (unit >> PAYLOAD_SHIFT) as usize ^ usize::from(NO_LABEL);
        (unit & INNER_TOKEN != 0).then(|| self.units[inner] >> PAYLOAD_SHIFT)
    }
}

fn unit(label: u8, flags: u32, payload: usize) -> u32 {
    let payload = u32::try_from(payload).expect("units are few");
    assert!(payload < 1 << (32 - PAYLOAD_SHIFT));
    (payload << PAYLOAD_SHIFT) | flags | u32::from(label)
}

/// The nodes of the trie, each before those below it; bytes that UTF-8 does not have are left out.
fn nodes(tokens: &[Vec<u8>]) -> Vec<Node> {
    let utf8 = |b: &u8| !matches!(b, 0xC0 | 0xC1 | 0xF5..);
    let mut order: Vec<u32> = (0..u32::try_from(tokens.len()).expect("few")).collect();
    order.retain(|id| tokens[*id as usize].iter().all(utf8));
    order.sort_unstable_by_key(|id| &tokens[*id as usize]);
    let mut nodes = vec![Node::default()];
    let (mut path, mut before): (Vec<usize>, &[u8]) = (vec![0], &[]);
    for id in order {
        let token = &tokens[id as usize];
        let shared = token.iter().zip(before).take_while(|(a, b)| a == b).count();
        path.truncate(shared + 1);
        for byte in &token[shared..] {
            let (parent, node) = (path[path.len() - 1], nodes.len());
            nodes[parent].children.push((*byte, node));
            nodes.push(Node::default());
            path.push(node);
        }
        nodes[path[path.len() - 1]].token = Some(id);
        before = token;
    }
    nodes
}

fn labels(node: &Node) -> Vec<u8> {
    let own = (node.token.is_some() && !node.children.is_empty()).then_some(NO_LABEL);
    node.children.iter().map(|(label, _)| *label).chain(own).collect()
}

/// Which units are taken, and which bases: two nodes never share one.
#[derive(Default)]
struct Array {
    taken: Vec<bool>,
    based: Vec<bool>,
    /// Where the search for room begins, by the number of children: room that was too narrow for one node is not tried
    /// for the next.
    begin: [usize; WIDE + 1],
}

impl Array {
    /// Takes units for children with these labels.
    fn place(&mut self, labels: &[u8]) -> usize {
        let width = labels.len().min(WIDE);
        let mut first = self.begin[width];
        loop {
            self.grow(first + 1);
            let base = first ^ usize::from(labels[0]);
            let free = |label: &u8| !self.taken[base ^ usize::from(*label)];
            if !self.based[base] && labels.iter().all(free) {
                labels.iter().for_each(|label| self.taken[base ^ usize::from(*label)] = true);
                self.based[base] = true;
                self.begin[width] = first;
                return base;
            }
            first += 1;
        }
    }

    /// Whole blocks of 256, so that every child of a base in them is in them.
    fn grow(&mut self, least: usize) {
        if self.taken.len() < least {
            let len = least.next_multiple_of(256);
            self.taken.resize(len, false);
            self.based.resize(len, false);
            // The root.
            self.taken[0] = true;
        }
    }
}
