//! The figures of a diff in their JSON form.

use serde::Serialize;

use super::ModelDiff;
use crate::budget::Verdict;
use crate::counting::Band;
use crate::money::{Amount, Rounding};
use crate::prompt_diff::{CostBand, CostChange, Judged, Line, Pair, Status, TokenChange, Total};
use crate::report::count::ShownBand;

/// A cost with its band, where one is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct ShownCost {
    pub(super) low: Option<Amount>,
    pub(super) cost: Amount,
    pub(super) high: Option<Amount>,
}

impl ShownCost {
    fn new(band: CostBand, is_known: bool) -> Self {
        Self {
            low: is_known.then_some(band.low),
            cost: band.cost,
            high: is_known.then_some(band.high),
        }
    }
}

/// A difference of tokens with its band, where one is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct ShownTokens {
    pub(super) low: Option<i64>,
    pub(super) tokens: i64,
    pub(super) high: Option<i64>,
}

/// Tokens of a request.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TokenFigures {
    pub(super) before: ShownBand,
    pub(super) after: ShownBand,
    pub(super) change: ShownTokens,
    /// Of before, in hundredths; `null`: there was nothing.
    pub(super) percent: Option<Amount>,
}

impl TokenFigures {
    fn new(before: Band, after: Band, change: TokenChange, is_known: bool) -> Self {
        let (more, of) = (i128::from(change.tokens), i128::from(before.tokens));
        let percent = Amount::from_units(100).checked_ratio(more, of).ok();
        Self {
            before: ShownBand::new(before, is_known),
            after: ShownBand::new(after, is_known),
            change: ShownTokens {
                low: is_known.then_some(change.low),
                tokens: change.tokens,
                high: is_known.then_some(change.high),
            },
            percent: percent.map(places),
        }
    }
}

/// Cost before and after, as far as known.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CostFigures {
    pub(super) before: Option<ShownCost>,
    pub(super) after: Option<ShownCost>,
    pub(super) change: Option<ShownCost>,
    /// Of before, in hundredths; `null`: it was nothing, or is not known.
    pub(super) percent: Option<Amount>,
}

impl CostFigures {
    fn new(
        before: Option<CostBand>,
        after: Option<CostBand>,
        change: Option<CostBand>,
        is_known: bool,
    ) -> Self {
        let shown = |band: Option<CostBand>| band.map(|band| ShownCost::new(band, is_known));
        let percent = before.zip(change).and_then(|(was, more)| {
            Amount::from_units(100).checked_ratio(more.cost.atto(), was.cost.atto()).ok()
        });
        Self {
            before: shown(before),
            after: shown(after),
            change: shown(change),
            percent: percent.map(places),
        }
    }

    fn of(change: Option<CostChange>, is_known: bool) -> Self {
        let (before, after) = (change.map(|c| c.before), change.map(|c| c.after));
        Self::new(before, after, change.map(|c| c.change), is_known)
    }
}

/// Percentages are for people.
fn places(percent: Amount) -> Amount {
    percent.round(4, Rounding::HalfEven)
}

/// All files of a model.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TotalFigures {
    pub(super) tokens: TokenFigures,
    pub(super) request: CostFigures,
    pub(super) month: CostFigures,
    /// Files whose requests a month are not known.
    pub(super) without_traffic: u64,
}

impl TotalFigures {
    fn new(total: &Total, is_known: bool) -> Self {
        Self {
            tokens: TokenFigures::new(total.before, total.after, total.tokens, is_known),
            request: CostFigures::of(total.request, is_known),
            month: CostFigures::new(
                total.month_before,
                total.month_after,
                total.month_change,
                is_known,
            ),
            without_traffic: total.without_traffic,
        }
    }
}

/// A file for a model.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FileFigures {
    pub(super) file: String,
    /// Its path before it was renamed.
    pub(super) from: Option<String>,
    #[serde(serialize_with = "name_of")]
    pub(super) status: Status,
    pub(super) prompts_before: u64,
    pub(super) prompts_after: u64,
    pub(super) tokens: TokenFigures,
    pub(super) request: CostFigures,
    pub(super) requests_per_month: Option<u64>,
    pub(super) month: CostFigures,
    pub(super) unpriced: Vec<String>,
}

fn name_of<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.name())
}

impl FileFigures {
    fn new(line: &Line, unpriced: Vec<String>, pair: &Pair, is_known: bool) -> Self {
        let (before, after) = (line.before.input, line.after.input);
        Self {
            file: pair.path().to_owned(),
            from: pair.old_path().map(str::to_owned),
            status: pair.status,
            prompts_before: line.before.prompts,
            prompts_after: line.after.prompts,
            tokens: TokenFigures::new(before, after, line.tokens, is_known),
            request: CostFigures::of(line.request, is_known),
            requests_per_month: line.requests,
            month: CostFigures::of(line.month, is_known),
            unpriced,
        }
    }
}

/// A limit, judged.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LimitFigures {
    pub(super) limit: String,
    pub(super) per: &'static str,
    /// In money; `null`: what it is a share of is not known.
    pub(super) allowed: Option<Amount>,
    pub(super) verdict: &'static str,
    /// Why it is undecided.
    pub(super) doubt: Option<String>,
    #[serde(skip)]
    pub(super) is_kept: bool,
}

impl LimitFigures {
    fn new(judged: Judged) -> Self {
        Self {
            limit: judged.limit,
            per: judged.per.name(),
            allowed: judged.allowed,
            verdict: judged.verdict.name(),
            doubt: judged.doubt,
            is_kept: judged.verdict == Verdict::Within,
        }
    }
}

/// A model.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ModelFigures {
    pub(super) asked: String,
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) tokenizer: String,
    pub(super) basis: &'static str,
    pub(super) why: String,
    pub(super) currency: String,
    pub(super) total: TotalFigures,
    pub(super) limits: Vec<LimitFigures>,
    pub(super) files: Vec<FileFigures>,
}

impl ModelFigures {
    pub(super) fn new(diff: ModelDiff, pairs: &[Pair]) -> Self {
        let ModelDiff { model, currency, files, total, judged } = diff;
        let is_known = model.method.basis.has_band();
        let files = files
            .into_iter()
            .map(|file| FileFigures::new(&file.line, file.unpriced, &pairs[file.pair], is_known));
        Self {
            asked: model.name,
            provider: model.sku.provider.to_string(),
            model: model.sku.model.to_string(),
            tokenizer: model.method.tokenizer,
            basis: model.method.basis.name(),
            why: model.method.why,
            currency: currency.to_string(),
            total: TotalFigures::new(&total, is_known),
            limits: judged.into_iter().map(LimitFigures::new).collect(),
            files: files.collect(),
        }
    }

    /// Files that are not as they were.
    pub(super) fn changed(&self) -> impl Iterator<Item = &FileFigures> {
        self.files.iter().filter(|file| file.status != Status::Unchanged)
    }
}
