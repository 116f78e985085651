//! The lines around the tables of a comparison.

use super::CompareReport;
use super::assumed::RateFigures;
use super::figures::ScenarioFigures;
use super::tables::percent;
use crate::report::format;
use crate::scenario::Basis;

impl CompareReport {
    /// The headline, and what a reader must know beside the tables.
    #[must_use]
    pub fn sentences(&self) -> (String, Vec<String>) {
        let mean = |s: &ScenarioFigures| {
            if self.basis == Basis::Billed.name() { s.billed.mean } else { s.effective.mean }
        };
        let whole = self.scenarios.iter().filter(|s| s.unpriced.is_empty());
        let best = whole.min_by_key(|s| mean(s));
        let last = self.horizon.end.pred_opt().unwrap_or(self.horizon.end);
        let mut head = format!("{} to {last}, in {}", self.horizon.start, self.currency);
        if let Some(best) = best.filter(|_| self.scenarios.len() > 1) {
            head.push_str(&format!(
                ": `{}` costs least on average, {}",
                best.name,
                format::money(mean(best), self.unit)
            ));
            if let Some(found) = &best.difference {
                head.push_str(&format!(
                    ", {} against `{}`",
                    format::money(found.paired.mean, self.unit),
                    self.base
                ));
            }
            head.push_str(&format!(
                "; it is the cheapest on {} of the paths",
                percent(best.cheapest)
            ));
        }
        let mut notes = vec![
            format!(
                "Every scenario is settled on the same {} sample paths (seed {}, level {}); differences are taken path by path, on {} cost.",
                self.model.paths, self.model.seed, self.model.level, self.basis
            ),
            "Usage before the first day is not settled: contracts that began before it start from their `opening`, or from nothing. Periods that go on after the horizon are settled as far as it goes.".to_owned(),
        ];
        notes.extend(self.even_words());
        for scenario in self.scenarios.iter().filter(|s| !s.unpriced.is_empty()) {
            notes.push(format!(
                "`{}` lacks prices for {}: its costs are too low, and it is compared with nothing.",
                scenario.name,
                scenario.unpriced.join(", ")
            ));
        }
        self.scenarios.iter().for_each(|scenario| self.assumptions(scenario, &mut notes));
        notes.push(if self.has_fallbacks() {
            "Leaving a provider: all of its usage goes to the fallback on the first day, and the contracts of the scenario are still owed.".to_owned()
        } else {
            "What leaving a provider would cost is not known without a stated equivalent: --fallback PROVIDER=PROVIDER/MODEL, or [[fallback]] in a scenario file.".to_owned()
        });
        notes.push(format!("Input: {}.", self.inputs.sentence()));
        notes.push(format!("Prices: {}", self.price_book.sentence()));
        (head, notes)
    }

    fn even_words(&self) -> Option<String> {
        let all =
            self.scenarios.iter().filter_map(|s| s.break_even.as_ref().map(|even| even.paths));
        let (most, least) = (all.clone().max()?, all.min()?);
        let mut text =
            "Break-even volume: all usage times this costs the same as the base".to_owned();
        if most > 0 {
            text.push_str(&format!(", on the mean of {} paths", format::grouped(most as u64)));
        }
        if least == 0 {
            text.push_str(if most > 0 {
                "; on mean usage where capacity serves it or a currency is converted"
            } else {
                ", on mean usage"
            });
        }
        text.push('.');
        Some(text)
    }

    /// What a scenario takes from tables and from the terms of its contracts.
    fn assumptions(&self, scenario: &ScenarioFigures, notes: &mut Vec<String>) {
        let name = &scenario.name;
        if let Some(band) = &scenario.token_ratio_band {
            notes.push(format!(
                "`{name}`: with the ratios of tokens at the low and at the high end of their band its cost on mean usage differs by {} and {}.",
                format::money(band.low, self.unit),
                format::money(band.high, self.unit)
            ));
        }
        if !scenario.exchange_rates.is_empty() {
            let rates: Vec<String> =
                scenario.exchange_rates.iter().map(RateFigures::words).collect();
            notes.push(format!(
                "`{name}`: amounts in other currencies are converted by the day of their invoice: {}; the last rate of a pair is held to the end.",
                rates.join(", ")
            ));
        }
        if !scenario.changed_terms.is_empty() {
            notes.push(format!("`{name}`: {}.", scenario.changed_terms.join("; ")));
        }
    }
}
