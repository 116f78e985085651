//! Everything that runs the program, or several modules together. One binary, because each would
//! link polars anew.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod cmd_backtest;
mod cmd_backtest_costs;
mod cmd_calibrate;
mod cmd_check;
mod cmd_check_ci;
mod cmd_check_outputs;
mod cmd_commit;
mod cmd_compare;
mod cmd_compare_changes;
mod cmd_compare_csv;
mod cmd_contract;
mod cmd_cost;
mod cmd_cost_contract;
mod cmd_count;
mod cmd_diff;
mod cmd_forecast;
mod cmd_forecast_budgets;
mod cmd_forecast_costs;
mod cmd_forecast_plans;
mod cmd_prices;
mod cmd_prices_diff;
mod cmd_prices_explain;
mod cmd_prices_validate;
mod cmd_rollup;
mod common;
mod contract_properties;
mod contract_vectors;
mod corpora;
mod dirty;
mod docs;
mod errors;
mod explain;
mod formats;
mod formats_command;
mod html;
mod html_browser;
mod overheads;
mod paired;
mod price_data;
mod prices_import;
mod prices_import_texts;
mod properties;
mod samples;
mod sums;
mod tables;
mod vectors;
mod walkthroughs;

/// A test file that nobody lists would never run.
#[test]
fn every_test_file_is_listed() {
    let listed = include_str!("main.rs");
    for entry in std::fs::read_dir(common::root().join("tests/it")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || listed.contains(&format!("mod {module};")), "{name}");
    }
}
