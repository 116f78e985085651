//! The `tokencast` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tokencast::cli::run(std::env::args_os()).code())
}
