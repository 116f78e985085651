//! What Anthropic's exports of usage and of costs share: how they print tiers, places and prompt
//! sizes.

use compact_str::CompactString;

use super::bucket::Cells;
use crate::sku::{Sku, service_tier};

/// The columns of each label.
pub(super) const LABELS: [(&str, &[&str]); 3] = [
    ("workspace", &["workspace_id", "workspace"]),
    ("api_key", &["api_key_id", "api_key"]),
    ("user", &["account_id", "service_account_id"]),
];

/// Sets tier, speed and geography.
pub(super) fn modify(sku: &mut Sku, cells: Cells<'_, '_>) {
    // Exports of the console print the kind of request where the API prints the tier.
    let printed = cells.first_text(&["service_tier", "usage_type"]).to_ascii_lowercase();
    sku.service_tier = match printed.as_str() {
        "message" | "messages" => service_tier(""),
        other if other.contains("batch") => CompactString::const_new("batch"),
        other => service_tier(other),
    };
    let speed = cells.text("speed");
    if !speed.is_empty() {
        sku.speed = CompactString::new(speed);
    }
    let geography = cells.text("inference_geo");
    if !matches!(&*geography, "" | "not_available") {
        sku.endpoint = CompactString::new(geography);
    }
}

/// A prompt size that stands for every request of a bucket whose prompts were in a window such as
/// `0-200k`, `200k-1M`, `≤ 200k` or `> 200k`.
///
/// Prices step at a size and hold up to the next, so any size in the window will do that lies on
/// the same side of every step of the model: just above the lower end, or, for a window from 0 on,
/// its upper end. Where a step lies inside the window, nothing is known and nothing is said.
pub(super) fn context_tokens(window: &str, model: &str) -> Option<u64> {
    let plain: String =
        window.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let prefixed = |signs: [&str; 2]| signs.iter().find_map(|sign| plain.strip_prefix(sign));
    if let Some(above) = prefixed([">", "+"]) {
        return size(above)?.checked_add(1);
    }
    let up_to = if let Some(up_to) = prefixed(["≤", "<="]) {
        size(up_to)?
    } else {
        let (from, until) = plain.split_once(['-', '–'])?;
        match size(from)? {
            0 => size(until)?,
            from => return from.checked_add(1),
        }
    };
    (up_to <= first_step(model)).then_some(up_to)
}

/// The prompt size up to which no price of a model steps. Long prompts cost more from 200,000 tokens
/// on; with Haiku 5.5 they begin at 100,000.
fn first_step(model: &str) -> u64 {
    if model.starts_with("claude-haiku-5-5") { 100_000 } else { 200_000 }
}

fn size(text: &str) -> Option<u64> {
    let (digits, unit) = match text.strip_suffix('k') {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('m').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_as_exports_print_them() {
        let of = |window: &str| context_tokens(window, "claude-sonnet-4-5-20250929");
        for window in ["0-200k", "≤ 200k", "<= 200K"] {
            assert_eq!(of(window), Some(200_000), "{window}");
        }
        for window in ["200k-1M", "> 200k", "200k – 1M"] {
            assert_eq!(of(window), Some(200_001), "{window}");
        }
        // A step may lie inside of these, or they say nothing.
        for window in ["", "0-1M", "≤ 1M", "200k", "all", "0-20000000000000000000k"] {
            assert_eq!(of(window), None, "{window}");
        }
        let haiku = |window: &str| context_tokens(window, "claude-haiku-5-5");
        assert_eq!(haiku("0-200k"), None, "its price steps at 100,000");
        assert_eq!((haiku("0-100k"), haiku("200k-1M")), (Some(100_000), Some(200_001)));
    }
}
