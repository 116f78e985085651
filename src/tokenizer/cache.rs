//! Counts of pieces that were seen before: tables that grow with what they see up to a fixed size, and then forget.

/// A cache line: what one step of memory brings in.
const LINE: usize = 4;

/// Sets of a cache that has seen little: 64 KiB.
const FEWEST: usize = 1 << 10;

const CLASS_SHIFT: u32 = 112;
const COUNT_SHIFT: u32 = 115;
const LEN_SHIFT: u32 = 123;
/// What is not the bytes or the length of a piece.
const VALUE: u128 = ((1 << LEN_SHIFT) - 1) & !((1 << CLASS_SHIFT) - 1);

/// A cache of pieces that fit into so many numbers of 128 bits, with all that is known of them: the bytes, and in the
/// last two bytes the class, the tokens and the length.
#[derive(Debug)]
pub(super) struct Cache<const WORDS: usize> {
    /// Sets of one cache line each, from `skip` on.
    words: Vec<u128>,
    /// So that sets begin where cache lines begin.
    skip: usize,
    sets: usize,
    most: usize,
    /// Entries that were kept since the table has this size.
    kept: usize,
}

/// What is known of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known(u128);

impl Known {
    #[inline]
    pub(super) const fn tokens(self) -> u64 {
        (self.0 >> COUNT_SHIFT) as u64 & 0xFF
    }

    #[inline]
    pub(super) const fn class(self) -> u8 {
        (self.0 >> CLASS_SHIFT & 7) as u8
    }
}

/// A piece of at most `Key::LONGEST` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key<const WORDS: usize>([u128; WORDS]);

/// Where a piece belongs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hash(u32);

/// Masks of the first bytes.
const FIRST: [u128; 17] = first();

const fn first() -> [u128; 17] {
    let mut masks = [u128::MAX; 17];
    let mut len = 0;
    while len < 16 {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
}

impl<const WORDS: usize> Key<WORDS> {
    /// Pieces up to this length have a key.
    pub(super) const LONGEST: usize = 16 * WORDS - 2;

    /// The piece of `len` bytes at `at`.
    #[inline]
    pub(super) fn new(text: &[u8], at: usize, len: usize) -> Self {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip((0..len).step_by(16)) {
            *word = load(text, at + bytes, (len - bytes).min(16));
        }
        words[WORDS - 1] |= (len as u128) << LEN_SHIFT;
        Self(words)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "halves, and bits of a hash")]
    pub(super) fn hash(self) -> Hash {
        let mut hash = 0_u64;
        for word in self.0 {
            let (low, high) = (word as u64, (word >> 64) as u64);
            hash = (hash ^ low).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ high.rotate_left(29);
            hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        Hash((hash >> 40) as u32)
    }
}

#[inline]
fn load(text: &[u8], at: usize, len: usize) -> u128 {
    match text[at..].first_chunk::<16>() {
        Some(bytes) => u128::from_le_bytes(*bytes) & FIRST[len],
        None => {
            let mut bytes = [0; 16];
            bytes[..len].copy_from_slice(&text[at..at + len]);
            u128::from_le_bytes(bytes)
        }
    }
}

impl<const WORDS: usize> Cache<WORDS> {
    /// A cache of up to so many sets, a power of two.
    pub(super) fn new(most: usize) -> Self {
        Self::sized(FEWEST.min(most), most)
    }

    fn sized(sets: usize, most: usize) -> Self {
        let words = vec![0; (sets + 1) * LINE];
        let past = words.as_ptr().addr() % (LINE * size_of::<u128>());
        let skip = (LINE - past / size_of::<u128>()) % LINE;
        Self { words, skip, sets, most, kept: 0 }
    }

    #[inline]
    fn set(&self, hash: Hash) -> usize {
        self.skip + (hash.0 as usize & (self.sets - 1)) * LINE
    }

    /// Without a branch for each entry: where in its set a piece is cannot be foreseen.
    #[inline]
    pub(super) fn get(&self, key: Key<WORDS>, hash: Hash) -> Option<Known> {
        let set: &[u128; LINE] = self.words[self.set(hash)..].first_chunk()?;
        let mut found = 0;
        for entry in set.chunks_exact(WORDS) {
            let mut differs = (entry[WORDS - 1] & !VALUE) ^ key.0[WORDS - 1];
            for (own, other) in entry.iter().zip(key.0).take(WORDS - 1) {
                differs |= own ^ other;
            }
            found |= if differs == 0 { entry[WORDS - 1] } else { 0 };
        }
        (found != 0).then_some(Known(found))
    }

    /// Keeps a count below 256 and a class below 8; where there is no more room, the oldest entry of the set is
    /// forgotten.
    pub(super) fn keep(&mut self, key: Key<WORDS>, hash: Hash, tokens: u64, class: u8) -> Known {
        if self.kept >= self.sets * LINE / WORDS / 2 && self.sets < self.most {
            self.grow();
        }
        let mut entry = key.0;
        let value = u128::from(tokens & 0xFF) << COUNT_SHIFT | u128::from(class & 7) << CLASS_SHIFT;
        entry[WORDS - 1] |= value;
        self.put(entry, hash);
        Known(entry[WORDS - 1])
    }

    fn put(&mut self, entry: [u128; WORDS], hash: Hash) {
        let at = self.set(hash);
        let set = &mut self.words[at..at + LINE];
        set.copy_within(..LINE - WORDS, WORDS);
        set[..WORDS].copy_from_slice(&entry);
        self.kept += 1;
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self::sized((self.sets * 4).min(self.most), self.most);
        let smaller = std::mem::replace(self, larger);
        for entry in smaller.words[smaller.skip..].as_chunks::<WORDS>().0 {
            if entry[WORDS - 1] != 0 {
                let mut key = *entry;
                key[WORDS - 1] &= !VALUE;
                self.put(*entry, Key(key).hash());
            }
        }
    }
}

/// What was found last at each place, before the sets: the few thousand pieces that come most lie so close together that
/// the processor keeps them near.
#[derive(Debug)]
pub(super) struct Front(Box<[u128; FRONT]>);

/// Places of the front: 128 KiB.
const FRONT: usize = 1 << 13;

impl Front {
    /// A front that has seen nothing. No piece is like an empty place, for each has a length.
    pub(super) fn new() -> Self {
        Self(Box::new([0; FRONT]))
    }

    /// Other bits of the hash than those of the sets, so that pieces of one set have places of their own.
    const fn place(hash: Hash) -> usize {
        (hash.0 >> 8) as usize & (FRONT - 1)
    }

    #[inline]
    pub(super) fn get(&self, key: Key<1>, hash: Hash) -> Option<Known> {
        let entry = self.0[Self::place(hash)];
        (entry & !VALUE == key.0[0]).then_some(Known(entry))
    }

    /// Keeps what is known of a piece; what was at its place is forgotten.
    #[inline]
    pub(super) fn keep(&mut self, known: Known, hash: Hash) {
        self.0[Self::place(hash)] = known.0;
    }
}
