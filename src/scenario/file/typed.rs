//! Changes as typed on the command line.

use chrono::NaiveDate;

use super::fallback::fallback;
use super::raw::named;
use crate::scenario::change::{Reroute, Target};
use crate::scenario::leaving::Fallback;

/// A swap as typed: `FROM=TO:SHARE%[@DATE]`; without a share all of it.
///
/// # Errors
/// What is wrong with it.
pub fn parse_swap(typed: &str) -> Result<Reroute, String> {
    let wrong = || {
        format!(
            "`{typed}` is no swap (expected FROM=TO:SHARE%[@DATE], such as claude-opus-5=claude-sonnet-5:60%@2027-01-01)"
        )
    };
    let (rest, from) = match typed.rsplit_once('@') {
        Some((rest, date)) => (rest, Some(date.parse::<NaiveDate>().map_err(|_| wrong())?)),
        None => (typed, None),
    };
    let (leaves, to) = rest.split_once('=').ok_or_else(wrong)?;
    let (to, share) = match to.rsplit_once(':').filter(|(_, share)| share.ends_with('%')) {
        Some((to, share)) => {
            let digits = share.trim_end_matches('%');
            let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let percent = digits.parse::<f64>().ok().filter(|n| plain && (0.0..=100.0).contains(n));
            (to, percent.ok_or_else(wrong)? / 100.0)
        }
        None => (to, 1.0),
    };
    if leaves.is_empty() || to.is_empty() {
        return Err(wrong());
    }
    let (provider, model) = named(to);
    Ok(Reroute {
        leaves: Some(named(leaves)),
        share,
        from,
        to: Target { provider, model: Some(model), ..Target::default() },
        ..Reroute::default()
    })
}

/// A fallback as typed: `PROVIDER[/MODEL]=PROVIDER[/MODEL][:no-cache][:no-tools]`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_fallback(typed: &str) -> Result<Fallback, String> {
    let mut reroute = Reroute::default();
    let mut rest = typed;
    while let Some((before, word)) = rest.rsplit_once(':') {
        match word {
            "no-cache" => reroute.keep_cache = false,
            "no-tools" => reroute.keep_tools = false,
            _ => break,
        }
        rest = before;
    }
    match rest.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => fallback(from, to, reroute, None),
        _ => Err(format!(
            "`{typed}` is no fallback (expected PROVIDER=PROVIDER/MODEL or PROVIDER/MODEL=PROVIDER/MODEL, then :no-cache or :no-tools, such as anthropic=aws.bedrock/amazon.nova-pro-v1:0:no-tools)"
        )),
    }
}
