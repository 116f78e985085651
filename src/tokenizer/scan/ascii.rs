//! Runs of ASCII letters, eight at a time.

const HIGH: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Of eight bytes, the high bit of those that are ASCII letters.
#[inline]
const fn letters(bytes: u64) -> u64 {
    let lower = (bytes | (0x20 * ONES)) & !HIGH;
    let from_a = lower + (0x80 - b'a' as u64) * ONES;
    let past_z = lower + (0x80 - (b'z' as u64 + 1)) * ONES;
    from_a & !past_z & !bytes & HIGH
}

/// A run of letters that ends before another ASCII character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Its end.
    pub(super) end: usize,
    /// The byte there.
    pub(super) next: u8,
    /// Whether a letter other than the first is upper case.
    pub(super) mixed: bool,
}

/// The run that begins at `at`, which may be empty. `None` if the text ends nearby or the run goes on beyond ASCII.
#[inline]
pub(super) fn run(text: &[u8], at: usize) -> Option<Run> {
    let (mut end, mut mixed, mut first) = (at, 0, 0x80);
    loop {
        let chunk = text.get(end..)?.first_chunk::<8>()?;
        let bytes = u64::from_le_bytes(*chunk);
        let found = letters(bytes);
        let others = !found & HIGH;
        // The high bits of the letters before the first other byte.
        let before = found & (others & others.wrapping_neg()).wrapping_sub(1);
        mixed |= before & !(bytes << 2) & !first;
        if others != 0 {
            let len = (others.trailing_zeros() / 8) as usize;
            end += len;
            let next = chunk[len];
            return (next < 0x80).then_some(Run { end, next, mixed: mixed != 0 });
        }
        end += 8;
        first = 0;
    }
}
