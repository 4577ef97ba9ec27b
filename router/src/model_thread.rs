//! Parking in a model: a thread learns what its waker did when it is woken, as the standard library promises. loom's own
//! parking tells it at once, whatever it does just then, and so hides orders of memory that are too weak.

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

pub fn park() {
    let Thread(own) = current();
    let mut woken = own.0.lock().unwrap();
    while !*woken {
        woken = own.1.wait(woken).unwrap();
    }
    *woken = false;
}

impl Thread {
    pub fn unpark(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_one();
    }
}
