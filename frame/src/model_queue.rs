//! A queue that loom can look into, in the place of crossbeam's, which it cannot: each operation is one step, as there.

use std::collections::VecDeque;

use loom::sync::Mutex;

pub struct ArrayQueue<T> {
    values: Mutex<VecDeque<T>>,
    capacity: usize,
}

impl<T> ArrayQueue<T> {
    pub fn new(capacity: usize) -> Self {
        Self { values: Mutex::new(VecDeque::new()), capacity }
    }

    pub fn push(&self, value: T) -> Result<(), T> {
        let mut values = self.values.lock().unwrap();
        if values.len() == self.capacity {
            return Err(value);
        }
        values.push_back(value);
        Ok(())
    }

    /// Adds a value; returns the oldest one if the queue was full.
    pub fn force_push(&self, value: T) -> Option<T> {
        let mut values = self.values.lock().unwrap();
        let oldest = if values.len() == self.capacity { values.pop_front() } else { None };
        values.push_back(value);
        oldest
    }

    pub fn is_full(&self) -> bool {
        self.values.lock().unwrap().len() == self.capacity
    }

    pub fn pop(&self) -> Option<T> {
        self.values.lock().unwrap().pop_front()
    }

    pub fn len(&self) -> usize {
        self.values.lock().unwrap().len()
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }
}
