//! Which cameras are ready for the first pulse.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tracks which cameras are ready. Pulses start when all are, so that pulse 0 is the same instant for each.
#[derive(Clone)]
pub(crate) struct Arming(Arc<(Mutex<Vec<bool>>, Condvar)>);

impl Arming {
    pub fn new(cameras: usize) -> Self {
        Self(Arc::new((Mutex::new(vec![false; cameras]), Condvar::new())))
    }

    pub fn armed(&self, camera: usize) {
        let (armed, changed) = &*self.0;
        armed.lock().unwrap_or_else(PoisonError::into_inner)[camera] = true;
        changed.notify_all();
    }

    /// Wakes all waiting threads so that they check whether to stop.
    pub fn wake(&self) {
        let (armed, changed) = &*self.0;
        // With the lock, no thread is between its check and its wait, where it would miss this.
        let _armed = armed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.notify_all();
    }

    /// Waits until all cameras but `except` are armed, `give_up` returns true, or `wait` has passed. Returns the
    /// cameras that are not armed.
    pub fn wait(&self, except: Option<usize>, wait: Duration, give_up: impl Fn() -> bool) -> Vec<usize> {
        let until = Instant::now() + wait;
        let (armed, changed) = &*self.0;
        let mut armed = armed.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let missing: Vec<_> =
                armed.iter().enumerate().filter(|(i, armed)| !**armed && Some(*i) != except).map(|(i, _)| i).collect();
            let left = until.saturating_duration_since(Instant::now());
            if missing.is_empty() || left.is_zero() || give_up() {
                return missing;
            }
            armed = changed.wait_timeout(armed, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
