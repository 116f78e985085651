//! Work on many paths by several threads.

use std::num::NonZeroUsize;

/// Does jobs 0 to `jobs`; the results are in their order, whatever the number of threads.
///
/// # Errors
/// The error of the first job in their order that fails.
pub(super) fn in_order<T: Send, E: Send>(
    jobs: usize,
    threads: Option<NonZeroUsize>,
    one: &(dyn Fn(usize) -> Result<T, E> + Sync),
) -> Result<Vec<T>, E> {
    let threads = threads.map_or(1, NonZeroUsize::get).min(jobs.max(1));
    let length = jobs.div_ceil(threads).max(1);
    let done: Vec<Result<Vec<T>, E>> = std::thread::scope(|scope| {
        let part =
            |from: usize| scope.spawn(move || (from..(from + length).min(jobs)).map(one).collect());
        let running: Vec<_> = (0..jobs).step_by(length).map(part).collect();
        let joined = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(joined).collect()
    });
    let mut all = Vec::with_capacity(jobs);
    for part in done {
        all.extend(part?);
    }
    Ok(all)
}
