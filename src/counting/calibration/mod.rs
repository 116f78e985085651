//! Ratios and constants fitted to logs that hold prompts with what was billed for them.
//!
//! Requests become rows (`sample.rs`), rows are fitted towards the shipped ratios (`fit.rs`), bands come from records
//! that a fit has not seen (`holdout.rs`), and the result is a small file (`file.rs`). See `docs/spec/counting.md`.

mod file;
mod fit;
mod holdout;
mod sample;

use std::collections::BTreeMap;

pub use self::file::Calibration;
pub use self::holdout::Errors;
pub use self::sample::{Samples, name_of};

use self::fit::{Fitted, Prior, fit};
use self::sample::{DIM, OfModel, Row};
use super::classes::{ClassRatios, Estimate};
use super::request::RequestRules;
use crate::money::{Amount, Factor};
use crate::tokenizer::{ClassCounts, TextClass};

/// Fewer requests than this are not fitted to.
pub const LEAST_REQUESTS: usize = 20;
/// Nor are requests of fewer conversations: they are the same text again and again.
pub const LEAST_CONVERSATIONS: usize = 5;
/// Shipped bands hold nine of ten: so many standard deviations of a normal distribution.
const BAND_TO_SPREAD: f64 = 1.645;
/// How far the constants may be off: of a request, of each message, of tools.
const AROUND_SPREAD: [f64; 3] = [10.0, 3.0, 300.0];
/// A ratio of which the logs leave more than this of its doubt is as good as shipped.
const LEARNED: f64 = 0.7;
/// No band is narrower.
const NARROWEST: f64 = 0.005;

/// Ratios and constants of a tokenizer or a model, with how far off they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// A tokenizer of the price books, or a provider and its model.
    pub of: String,
    /// Requests.
    pub requests: u64,
    /// Conversations that they are of.
    pub conversations: u64,
    /// Tokens for one of the base, by class.
    pub ratios: [Factor; 8],
    /// Tokens for a request, for each message, and for a request with tools.
    pub around: [Factor; 3],
    /// Classes of which the logs had too little to say anything of, with the largest share of the text that a request
    /// had of them.
    pub as_shipped: Vec<(TextClass, Factor)>,
    /// Mean error of a request, held out, as a share of the estimate.
    pub mean_error: Factor,
    /// Band of one prompt: nine of ten are within it.
    pub prompt: Factor,
    /// Band of thirty and more.
    pub bill: Factor,
    /// Mean error of the shipped ratios on the same requests.
    pub shipped_mean_error: Factor,
}

/// A fit with what it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct FitReport {
    /// The fit, as it is saved.
    pub fit: Fit,
    /// The shipped ratios and constants.
    pub shipped_ratios: [Factor; 8],
    /// The shipped constants.
    pub shipped_around: [Factor; 3],
    /// How far off the shipped ratios are.
    pub before: Errors,
    /// How far off the saved ones are, held out.
    pub after: Errors,
    /// The mean error of fitted ratios, held out, where the shipped ones were no worse and are kept.
    pub no_better: Option<f64>,
    /// Tokens of the base by class.
    pub classes: ClassCounts,
}

/// A tokenizer or a model without enough requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooFew {
    /// As of [`Fit::of`].
    pub of: String,
    /// Requests.
    pub requests: u64,
    /// Conversations.
    pub conversations: u64,
}

/// What comes out of a model for what goes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRatio {
    /// Provider and model.
    pub model: String,
    /// The tokenizer that the price book names; empty: none.
    pub tokenizer: String,
    /// Requests.
    pub requests: u64,
    /// Tokens of output for one of input.
    pub ratio: Factor,
}

/// All that logs say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibrated {
    /// By tokenizer, then by model where several share one.
    pub fits: Vec<FitReport>,
    /// What could not be fitted.
    pub too_few: Vec<TooFew>,
    /// Models that are counted exactly, with their requests.
    pub exact: BTreeMap<String, u64>,
    /// Output by model.
    pub outputs: Vec<OutputRatio>,
}

/// Fits ratios and constants to what was collected.
#[must_use]
pub fn calibrate(samples: &Samples<'_>, table: &ClassRatios, rules: &RequestRules) -> Calibrated {
    let mut result = Calibrated::default();
    let mut by_tokenizer: BTreeMap<&str, Vec<(&String, &OfModel)>> = BTreeMap::new();
    for (name, of) in &samples.models {
        if let Some(ratio) = ratio_of(of.output, of.input) {
            let (model, tokenizer) = (name.clone(), of.tokenizer.clone());
            result.outputs.push(OutputRatio { model, tokenizer, requests: of.requests, ratio });
        }
        if of.exact {
            result.exact.insert(name.clone(), of.requests);
        } else if !of.rows.is_empty() {
            by_tokenizer.entry(&of.tokenizer).or_default().push((name, of));
        }
    }
    let mut one = |of: &str, models: &[(&String, &OfModel)]| {
        let rows: Vec<&Row> = models.iter().flat_map(|(_, of)| &of.rows).collect();
        let conversations = holdout::conversations(&rows);
        let mut classes = ClassCounts::default();
        models.iter().for_each(|(_, of)| classes.merge(&of.classes));
        let estimate = models.first().map(|(_, of)| table.of(&of.tokenizer));
        let around = models.first().map(|(_, of)| Samples::around(rules, of));
        let found = match (estimate, around) {
            (Some(estimate), Some(around))
                if rows.len() >= LEAST_REQUESTS && conversations >= LEAST_CONVERSATIONS =>
            {
                fitted(of, &rows, conversations, classes, &Shipped { estimate, around })
            }
            _ => None,
        };
        match found {
            Some(found) => result.fits.push(found),
            None => {
                let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
                let (requests, conversations) = (count(rows.len()), count(conversations));
                result.too_few.push(TooFew { of: of.to_owned(), requests, conversations });
            }
        }
    };
    for (tokenizer, models) in &by_tokenizer {
        // Models of which no tokenizer is named have none in common.
        let is_shared = !tokenizer.is_empty();
        if is_shared {
            one(tokenizer, models);
        }
        if models.len() > 1 || !is_shared {
            models.iter().for_each(|model| one(model.0, &[*model]));
        }
    }
    result
}

/// `part / whole`, to four places.
#[must_use]
pub fn ratio_of(part: u64, whole: u64) -> Option<Factor> {
    let share = Amount::from_units(1).checked_ratio(i128::from(part), i128::from(whole)).ok()?;
    share.to_fixed(4).parse().ok()
}

struct Shipped<'e> {
    estimate: &'e Estimate,
    around: [f64; 3],
}

impl Shipped<'_> {
    fn prior(&self) -> Prior {
        let mut prior = Prior { mean: [0.0; DIM], spread: AROUND_SPREAD_OF_ALL, noise: 0.0 };
        let bill = float(self.estimate.bill) / BAND_TO_SPREAD;
        for (at, ratio) in self.estimate.ratios.iter().enumerate() {
            prior.mean[at] = float(*ratio);
            prior.spread[at] = prior.mean[at] * bill;
        }
        prior.mean[8..].copy_from_slice(&self.around);
        prior.noise = float(self.estimate.prompt) / BAND_TO_SPREAD;
        prior
    }
}

/// Those of the constants in their places; ratios have their own.
const AROUND_SPREAD_OF_ALL: [f64; DIM] = {
    let mut all = [0.0; DIM];
    let mut at = 0;
    while at < AROUND_SPREAD.len() {
        all[8 + at] = AROUND_SPREAD[at];
        at += 1;
    }
    all
};

fn fitted(
    of: &str,
    rows: &[&Row],
    conversations: usize,
    classes: ClassCounts,
    shipped: &Shipped<'_>,
) -> Option<FitReport> {
    let prior = shipped.prior();
    let before = holdout::errors(rows, &holdout::with(rows, &prior.mean))?;
    let held_out = holdout::errors(rows, &holdout::held_out(rows, &prior))?;
    // At three places, as errors are saved.
    let no_better =
        (thousandths(held_out.mean) >= thousandths(before.mean)).then_some(held_out.mean);
    let (found, after) = match no_better {
        None => (fit(rows, &prior), held_out),
        Some(_) => (Fitted { beta: prior.mean, left: [0.0; DIM] }, before),
    };
    let unlearned =
        TextClass::ALL.into_iter().filter(|class| found.left[*class as usize] > LEARNED);
    let as_shipped: Option<Vec<(TextClass, Factor)>> = unlearned
        .map(|class| Some((class, decimal(up(holdout::largest_share(rows, &found.beta, class)))?)))
        .collect();
    let mut ratios = [Factor::ONE; 8];
    for (ratio, found) in ratios.iter_mut().zip(found.beta) {
        *ratio = decimal(found)?;
    }
    let [.., request, message, tools] = found.beta;
    let around = [decimal(request)?, decimal(message)?, decimal(tools)?];
    let [request, message, tools] = shipped.around;
    let shipped_around = [decimal(request)?, decimal(message)?, decimal(tools)?];
    let fit = Fit {
        of: of.to_owned(),
        requests: u64::try_from(rows.len()).ok()?,
        conversations: u64::try_from(conversations).ok()?,
        ratios,
        around,
        as_shipped: as_shipped?,
        mean_error: decimal(after.mean)?,
        prompt: decimal(up(after.prompt.max(NARROWEST)))?,
        bill: decimal(up(after.bill.max(NARROWEST)))?,
        shipped_mean_error: decimal(before.mean)?,
    };
    let shipped_ratios = shipped.estimate.ratios;
    Some(FitReport { fit, shipped_ratios, shipped_around, before, after, no_better, classes })
}

/// A number to three places.
fn decimal(value: f64) -> Option<Factor> {
    format!("{value:.3}").parse().ok()
}

/// Up to the next thousandth.
fn up(value: f64) -> f64 {
    (value * 1000.0).ceil() / 1000.0
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round()
}

fn float(factor: Factor) -> f64 {
    // Factors of these tables have few places.
    factor.to_string().parse().unwrap_or(1.0)
}
