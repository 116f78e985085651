//! Round steps of axes, on pages and in terminals.

use crate::money::Amount;

/// The least of 1, 2, 5, 10, 20, ... that is not below.
pub(super) fn nice_step(least: i128) -> i128 {
    let mut power = 1_i128;
    loop {
        let found = [1, 2, 5].map(|m| power.saturating_mul(m)).into_iter().find(|s| *s >= least);
        match found {
            Some(step) => return step,
            None => power = power.saturating_mul(10),
        }
    }
}

/// Labels of ticks: decimals only where one of them needs them.
pub(super) fn labels(ticks: &[Amount], show: fn(Amount) -> String) -> Vec<String> {
    let all: Vec<String> = ticks.iter().map(|tick| show(*tick)).collect();
    if all.iter().all(|label| label.ends_with(".00")) {
        return all.iter().map(|label| label.trim_end_matches(".00").to_owned()).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::format;

    #[test]
    fn steps_are_round() {
        assert_eq!([0, 1, 3, 7, 11, 20, 21].map(nice_step), [1, 1, 5, 10, 20, 20, 50]);
    }

    #[test]
    fn whole_labels_have_no_decimals() {
        let shown = |texts: &[&str]| {
            let ticks: Vec<Amount> = texts.iter().map(|t| t.parse().unwrap()).collect();
            labels(&ticks, format::amount)
        };
        assert_eq!(shown(&["0", "1000"]), ["0", "1,000"]);
        assert_eq!(shown(&["0", "0.5"]), ["0.00", "0.50"]);
    }
}
