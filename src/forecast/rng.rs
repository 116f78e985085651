//! A counter-based random source: draw number `i` of a stream is a function of `(seed, stream, i)`.
//!
//! The output function is that of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable
//! pseudorandom number generators"), whose state is a counter times an odd constant, so that any
//! draw can be had directly and in any order.

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// One stream of random numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stream {
    key: u64,
}

impl Stream {
    /// Stream `number` of a seed.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        Self { key: mix(mix(seed) ^ number.wrapping_mul(GOLDEN)) }
    }

    /// Draw `i`: 64 random bits.
    pub(super) fn bits(self, i: u64) -> u64 {
        mix(self.key.wrapping_add(i.wrapping_add(1).wrapping_mul(GOLDEN)))
    }
}

/// A number in the open interval (0, 1) from the upper 32 bits.
pub(super) fn unit(bits: u64) -> f64 {
    (f64::from(high_half(bits)) + 0.5) / 4_294_967_296.0
}

/// SplitMix64's finaliser.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The upper 32 bits.
fn high_half(bits: u64) -> u32 {
    u32::try_from(bits >> 32).unwrap_or(u32::MAX)
}

/// An index below `n` from the upper 32 bits (multiply and shift; bias below n / 2^32).
pub(super) fn below(bits: u64, n: u32) -> u32 {
    high_half(u64::from(high_half(bits)) * u64::from(n))
}

/// An index below `n` from a number in (0, 1).
pub(super) fn below_unit(u: f64, n: u32) -> u32 {
    u32::try_from(super::math::index(u * f64::from(n))).unwrap_or(n).min(n - 1)
}

/// A bell-shaped number of mean 0 and variance 1: the sum of four uniform numbers of 16 bits
/// each (Irwin-Hall), scaled.
pub(super) fn bell(bits: u64) -> f64 {
    let sum: u32 = (0..4).map(|i| u32::try_from((bits >> (16 * i)) & 0xFFFF).unwrap_or(0)).sum();
    (f64::from(sum) / 65_535.0 - 2.0) * 1.732_050_807_568_877_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_range() {
        let stream = Stream::new(7, 1);
        let n = 100_000_u32;
        let mut counts = [0_u32; 7];
        let (mut mean, mut first, mut second) = (0.0, 0.0, 0.0);
        for i in 0..u64::from(n) {
            counts[usize::try_from(below(stream.bits(i), 7)).unwrap()] += 1;
            mean += unit(stream.bits(i));
            let z = bell(stream.bits(i));
            first += z;
            second += z * z;
        }
        let n = f64::from(n);
        assert!(counts.iter().all(|c| (f64::from(*c) / n * 7.0 - 1.0).abs() < 0.04));
        assert!((mean / n - 0.5).abs() < 0.005);
        assert!((first / n).abs() < 0.02 && (second / n - 1.0).abs() < 0.02);
    }

    #[test]
    fn known_bits() {
        // A change here changes every published forecast.
        assert_eq!(Stream::new(0, 0).bits(0), 0xE220_A839_7B1D_CDAF);
        assert_ne!(Stream::new(1, 0).bits(0), Stream::new(0, 0).bits(0));
        assert_ne!(Stream::new(0, 1).bits(0), Stream::new(0, 0).bits(0));
    }
}
