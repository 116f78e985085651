//! The `tokencast` program.

use std::process::ExitCode;

/// Records are made by the reading threads and let go by the summing one, which the system's
/// allocator serves under one lock.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(tokencast::cli::run(std::env::args_os()).code())
}
