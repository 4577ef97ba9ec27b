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
