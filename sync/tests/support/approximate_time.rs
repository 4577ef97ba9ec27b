//! ROS's approximate-time policy (`message_filters`, the adaptive one), by its documentation and source: one message of
//! each topic, the smallest spread of stamps around a pivot, no message twice. By default it has neither an interval limit
//! nor lower bounds between messages.

use std::collections::VecDeque;

const AGE_PENALTY: f64 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamped<T> {
    pub stamp_ns: i64,
    pub item: T,
}

struct Topic<T> {
    queue: VecDeque<Stamped<T>>,
    /// What the search has moved past since the candidate, and may bring back. Its first is the candidate's own.
    past: Vec<Stamped<T>>,
    /// A message was dropped that a set might have needed, so this topic is no pivot for now.
    dropped: bool,
}

impl<T> Topic<T> {
    fn restore(&mut self, messages: usize) {
        for _ in 0..messages {
            if let Some(message) = self.past.pop() {
                self.queue.push_front(message);
            }
        }
    }

    fn restore_all(&mut self) {
        self.restore(self.past.len());
    }
}

struct Candidate<T> {
    items: Vec<T>,
    start_ns: i64,
    end_ns: i64,
    pivot: usize,
    pivot_ns: i64,
}

pub struct ApproximateTime<T> {
    topics: Vec<Topic<T>>,
    queue_size: usize,
    candidate: Option<Candidate<T>>,
}

impl<T: Copy> ApproximateTime<T> {
    pub fn new(topics: usize, queue_size: usize) -> Self {
        let topic = |_| Topic { queue: VecDeque::new(), past: Vec::new(), dropped: false };
        Self { topics: (0..topics).map(topic).collect(), queue_size, candidate: None }
    }

    pub fn add(&mut self, topic: usize, message: Stamped<T>, sets: &mut Vec<Vec<T>>) {
        self.topics[topic].queue.push_back(message);
        if self.topics[topic].queue.len() == 1 {
            self.process(sets);
        }
        if self.topics[topic].queue.len() + self.topics[topic].past.len() > self.queue_size {
            self.topics.iter_mut().for_each(Topic::restore_all);
            self.topics[topic].queue.pop_front();
            self.topics[topic].dropped = true;
            if self.candidate.take().is_some() {
                self.process(sets);
            }
        }
    }

    fn all_have_messages(&self) -> bool {
        self.topics.iter().all(|topic| !topic.queue.is_empty())
    }

    /// The earliest and the latest of the topics' times: ((topic, time), (topic, time)). The first topic wins a tie at
    /// the start, the last one at the end.
    fn boundaries(&self, time_ns: impl Fn(&Topic<T>) -> i64) -> ((usize, i64), (usize, i64)) {
        let times = || self.topics.iter().map(&time_ns).enumerate();
        let start = times().min_by_key(|&(_, ns)| ns).unwrap_or_default();
        let end = times().max_by_key(|&(_, ns)| ns).unwrap_or_default();
        (start, end)
    }

    fn move_to_past(&mut self, topic: usize) {
        if let Some(message) = self.topics[topic].queue.pop_front() {
            self.topics[topic].past.push(message);
        }
    }

    fn process(&mut self, sets: &mut Vec<Vec<T>>) {
        while self.all_have_messages() {
            let ((first, start_ns), (last, end_ns)) = self.boundaries(|topic| topic.queue[0].stamp_ns);
            for (index, topic) in self.topics.iter_mut().enumerate() {
                topic.dropped &= index == last;
            }
            let pivot = match &self.candidate {
                None if self.topics[last].dropped => {
                    self.topics[first].queue.pop_front();
                    continue;
                }
                None => Some((last, end_ns)),
                // Better than the candidate, older sets preferred a little.
                Some(best) if penalised(end_ns - best.end_ns) < (start_ns - best.start_ns) as f64 => {
                    Some((best.pivot, best.pivot_ns))
                }
                Some(_) => None,
            };
            if let Some((pivot, pivot_ns)) = pivot {
                let items = self.topics.iter().map(|topic| topic.queue[0].item).collect();
                self.topics.iter_mut().for_each(|topic| topic.past.clear());
                self.candidate = Some(Candidate { items, start_ns, end_ns, pivot, pivot_ns });
            }
            self.move_to_past(first);
            let Some(best) = &self.candidate else { continue };
            let spread_ns = (best.pivot_ns - best.start_ns) as f64;
            if first == best.pivot || penalised(end_ns - best.end_ns) >= spread_ns {
                self.publish(sets);
            } else if !self.all_have_messages() {
                self.search_ahead(sets);
            }
        }
    }

    /// Where a topic has run dry, its next message comes no earlier than the pivot: is the candidate the best even so?
    fn search_ahead(&mut self, sets: &mut Vec<Vec<T>>) {
        let Some(best) = &self.candidate else { return };
        let (best_start_ns, best_end_ns, pivot_ns) = (best.start_ns, best.end_ns, best.pivot_ns);
        let mut moved = vec![0; self.topics.len()];
        loop {
            let time_ns = |topic: &Topic<T>| match topic.queue.front() {
                Some(message) => message.stamp_ns,
                None => topic.past.last().map_or(pivot_ns, |message| message.stamp_ns.max(pivot_ns)),
            };
            let ((first, start_ns), (_, end_ns)) = self.boundaries(time_ns);
            let later = penalised(end_ns - best_end_ns);
            if later >= (pivot_ns - best_start_ns) as f64 {
                return self.publish(sets);
            }
            if later < (start_ns - best_start_ns) as f64 {
                for (topic, moved) in self.topics.iter_mut().zip(moved) {
                    topic.restore(moved);
                }
                return;
            }
            self.move_to_past(first);
            moved[first] += 1;
        }
    }

    fn publish(&mut self, sets: &mut Vec<Vec<T>>) {
        let Some(best) = self.candidate.take() else { return };
        sets.push(best.items);
        for topic in &mut self.topics {
            topic.restore_all();
            topic.queue.pop_front();
        }
    }
}

fn penalised(later_ns: i64) -> f64 {
    later_ns as f64 * (1.0 + AGE_PENALTY)
}
