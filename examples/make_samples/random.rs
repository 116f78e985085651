//! The seeded generator behind every made-up number.

/// SplitMix64: small, and good enough for made-up data.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of `low..=high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// 0.16 to 2.56 times `typical`, and `typical` on average: token counts are skewed.
    pub(crate) fn around(&mut self, typical: u64) -> u64 {
        typical * self.between(40, 160) * self.between(40, 160) / 10_000
    }

    /// From `low` to `high` hundredths of `whole`.
    pub(crate) fn share(&mut self, whole: u64, low: u64, high: u64) -> u64 {
        whole * self.between(low, high) / 100
    }

    pub(crate) fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}{:016x}", self.next())
    }

    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let (first, second, third) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
        let (fourth, node) = (low >> 52, low & 0xffff_ffff_ffff);
        format!("{first:08x}-{second:04x}-4{third:03x}-a{fourth:03x}-{node:012x}")
    }

    /// A short neutral answer.
    pub(crate) fn text(&mut self) -> &'static str {
        if self.chance(50) { "Here it is." } else { "All done." }
    }

    /// The model of a request during a move: `new` with a chance that rises from nothing on day
    /// `from` to certainty on day `until`, else `old`.
    pub(crate) fn moving<'a>(
        &mut self,
        day: u64,
        (from, until): (u64, u64),
        old: &'a str,
        new: &'a str,
    ) -> &'a str {
        let done = day.saturating_sub(from) * 100 / (until - from);
        if self.chance(done) { new } else { old }
    }
}
