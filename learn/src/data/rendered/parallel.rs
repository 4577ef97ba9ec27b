//! Work on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::LearnError;

/// Runs `job` for 0 to `count` on all processors; results in order. `each` is told each result as it comes. The first
/// error ends it.
pub(super) fn in_parallel<T: Send>(
    count: usize,
    job: impl Fn(usize) -> Result<T, LearnError> + Send + Sync,
    mut each: impl FnMut(&T),
) -> Result<Vec<T>, LearnError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(count.max(1));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(2 * threads);
        for _ in 0..threads {
            let (sender, next, job) = (sender.clone(), &next, &job);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody receives any more after an error.
                    if index >= count || sender.send((index, job(index))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
        for (index, result) in receiver {
            results[index] = Some(result.inspect(|result| each(result))?);
        }
        Ok(results.into_iter().flatten().collect())
    })
}
