//! Parking in a model: a thread sees what its waker did only once it is woken, as the standard library guarantees.
//! loom's own parking synchronises at once, and so hides memory orderings that are too weak.

use loom::sync::{Arc, Condvar, Mutex};

/// A thread that can be woken.
#[derive(Clone)]
pub struct Thread(Arc<(Mutex<bool>, Condvar)>);

loom::thread_local! {
    static OWN: Thread = Thread(Arc::new((Mutex::new(false), Condvar::new())));
}

/// This thread.
pub fn current() -> Thread {
    OWN.with(Clone::clone)
}

/// Blocks this thread until it is woken.
pub fn park() {
    let Thread(own) = current();
    let mut woken = own.0.lock().unwrap();
    while !*woken {
        woken = own.1.wait(woken).unwrap();
    }
    *woken = false;
}

impl Thread {
    /// Wakes the thread, or lets its next [`park`] return at once.
    pub fn unpark(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }
}
