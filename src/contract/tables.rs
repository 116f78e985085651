//! Bundled tables of capacity: what tokens take of a provider's units, and how many units can be
//! deployed.

use super::file::rates;
use super::file::read::{Fields, read};
use super::file::registry_capacity::CAPACITY_FILE;
use super::terms::{CapacityRate, Deployable};
use crate::config::{ConfigErrors, Reporter, parsed};

macro_rules! tables {
    ($($name:literal),* $(,)?) => {
        /// Names of the bundled tables.
        pub(super) const NAMES: &[&str] = &[$($name),*];
        const TEXTS: &[(&str, &str, &str)] = &[$((
            $name,
            concat!("pricing/capacity/", $name, ".toml"),
            include_str!(concat!("../../pricing/capacity/", $name, ".toml")),
        )),*];
    };
}

tables!["azure-ptu", "vertex-gsu", "openai-scale", "xai-provisioned"];

/// The table whose limits depend on the deployment.
pub(super) const WITH_DEPLOYMENTS: &str = "azure-ptu";

/// Deployment types of [`WITH_DEPLOYMENTS`].
pub(super) const DEPLOYMENTS: &[&str] = &["global", "data-zone", "regional"];

/// One model of a table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) rate: CapacityRate,
    /// Global and data-zone deployments, or all where it does not matter.
    pub(super) limit: Deployable,
    /// Regional deployments.
    pub(super) regional: Deployable,
}

/// The rows of a bundled table.
///
/// # Errors
/// Every problem of the table; a released program has none, which a test proves.
pub(super) fn load(name: &str) -> Result<Vec<Row>, ConfigErrors> {
    let Some((_, file, text)) = TEXTS.iter().find(|(known, _, _)| *known == name) else {
        return Ok(Vec::new());
    };
    let mut report = Reporter::new(file, text);
    let mut rows = Vec::new();
    if let Some(raw) = parsed(text, &mut report) {
        let fields = read(&CAPACITY_FILE, &raw, 0, &mut report);
        let source = fields.text("source");
        rows = fields.tables("rate").iter().filter_map(|f| row(f, source, &mut report)).collect();
    }
    if report.problems.is_empty() {
        Ok(rows)
    } else {
        Err(ConfigErrors { problems: report.problems })
    }
}

fn row(fields: &Fields<'_>, source: Option<&str>, report: &mut Reporter) -> Option<Row> {
    let limit = Deployable {
        minimum: fields.integer("minimum_units").unwrap_or(1),
        increment: fields.integer("unit_increment").unwrap_or(1),
    };
    let regional = Deployable {
        minimum: fields.integer("regional_minimum_units").unwrap_or(limit.minimum),
        increment: fields.integer("regional_unit_increment").unwrap_or(limit.increment),
    };
    Some(Row { rate: rates::rate(fields, source, report)?, limit, regional })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::terms::Share;
    use crate::tokens::Component;

    fn row_of(table: &str, model: &str) -> Row {
        load(table).unwrap().into_iter().find(|row| row.rate.models.names(model)).unwrap()
    }

    fn share(row: &Row, component: Component) -> Option<(u64, u64)> {
        let found = row.rate.shares.iter().find(|(c, _)| *c == component);
        found.map(|(_, Share { numerator, denominator })| (*numerator, *denominator))
    }

    #[test]
    fn every_table_loads_and_says_where_it_is_from() {
        for name in NAMES {
            let rows = load(name).unwrap();
            assert!(!rows.is_empty(), "{name}");
            assert!(rows.iter().all(|row| row.rate.source.is_some()), "{name}");
            assert!(TEXTS.iter().any(|(_, _, text)| text.contains(&format!("name = \"{name}\""))));
        }
    }

    #[test]
    fn azure_units_by_deployment() {
        let row = row_of("azure-ptu", "gpt-5.2");
        assert_eq!(share(&row, Component::InputUncached), Some((1, 3400)));
        assert_eq!(share(&row, Component::OutputReasoning), Some((1, 425)));
        assert_eq!(share(&row, Component::InputCacheRead), None);
        assert!(row.limit.allows(15) && row.limit.allows(110) && !row.limit.allows(17));
        assert!(row.regional.allows(50) && !row.regional.allows(55) && !row.limit.allows(10));
        let mini = row_of("azure-ptu", "gpt-5-mini-2025-08-07");
        assert!(mini.regional.allows(25) && !mini.regional.allows(30));
    }

    #[test]
    fn vertex_burndown_by_modality_and_context() {
        let flash = row_of("vertex-gsu", "gemini-2.5-flash");
        // 2,690 tokens a second are 161,400 a minute; a token of sound counts four times.
        assert_eq!(share(&flash, Component::InputUncached), Some((1, 161_400)));
        assert_eq!(share(&flash, Component::InputUncachedAudio), Some((1, 40_350)));
        let bands: Vec<u64> = load("vertex-gsu")
            .unwrap()
            .iter()
            .filter(|row| row.rate.models.names("claude-sonnet-4-5"))
            .map(|row| row.rate.context_from)
            .collect();
        assert_eq!(bands, [0, 200_000]);
        let long = load("vertex-gsu").unwrap();
        let long = long.iter().find(|row| row.rate.context_from == 200_001).unwrap();
        assert!(long.rate.models.names("gemini-3.1-pro-preview"));
        // 9 of 500 x 60.
        assert_eq!(share(long, Component::Output), Some((3, 10_000)));
    }

    #[test]
    fn scale_units_count_the_sides_apart() {
        let row = row_of("openai-scale", "gpt-4.1-2025-04-14");
        assert_eq!(share(&row, Component::InputCacheRead), Some((1, 30_000)));
        assert_eq!(share(&row, Component::Output), Some((1, 2_500)));
        assert_eq!(
            share(&row_of("xai-provisioned", "grok-4-1-fast"), Component::Output),
            Some((1, 12_500))
        );
    }
}
