//! Parallel execution on all processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::LearnError;

/// Runs `job` for each index below `count` on all processors and returns the results in order. `each` is called with
/// every result as it arrives.
///
/// # Errors
/// The first error of a job to arrive; jobs not started yet are then skipped.
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
                    // After an error the receiver is gone.
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
