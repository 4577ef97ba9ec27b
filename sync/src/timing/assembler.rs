//! Puts the frames of one trigger pulse together.

use std::collections::{BTreeMap, VecDeque};

use frame::{CameraId, LossReason, SegmentId, SetIndex, TriggerIndex};

use super::frame_set::{Action, Closed, FrameSet, MAX_CAMERAS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssemblerConfig {
    /// Cameras of the rig, at most [`MAX_CAMERAS`].
    pub cameras: usize,
    /// How long a set waits, from the arrival of its first frame.
    pub deadline_ns: i64,
    /// Sets that may be open at a time; one more closes the oldest.
    pub max_open: usize,
}

/// A frame, or what was made of it, on its way into a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<T> {
    pub camera: CameraId,
    pub segment: SegmentId,
    pub trigger: TriggerIndex,
    pub arrival_ns: i64,
    pub item: T,
}

type Key = (SegmentId, u64);

struct Open<T> {
    items: Vec<Option<T>>,
    present: u64,
    certain: bool,
    first_arrival_ns: i64,
    last_arrival_ns: i64,
}

/// Puts frames of one (segment, pulse) together and hands sets out in that order.
///
/// Order holds over everything: a set whose own deadline has passed still waits for the older ones that are open, so
/// a stray pulse from the future can never shut out the present. Cameras are expected to deliver in order; across
/// cameras any order will do. (Free-run, the nearest in time instead of the same pulse, would be another key here.)
pub struct FrameSetAssembler<T> {
    config: AssemblerConfig,
    /// Cameras to wait for.
    waited: u64,
    open: BTreeMap<Key, Open<T>>,
    closed_through: Option<Key>,
    /// Members of the last few closed sets, which tell a duplicate from a late frame.
    recent: VecDeque<(Key, u64)>,
    next_index: u64,
    /// The newest set that became complete by no arrival, but because a camera went.
    completed_by_absence: Option<Key>,
}

impl<T> FrameSetAssembler<T> {
    /// More than [`MAX_CAMERAS`] cameras are cut to that number; at least one set may be open.
    pub fn new(config: AssemblerConfig) -> Self {
        let cameras = config.cameras.min(MAX_CAMERAS);
        let config = AssemblerConfig { cameras, max_open: config.max_open.max(1), ..config };
        let waited = if cameras == MAX_CAMERAS { u64::MAX } else { (1 << cameras) - 1 };
        Self {
            config,
            waited,
            open: BTreeMap::new(),
            closed_through: None,
            recent: VecDeque::with_capacity(config.max_open),
            next_index: 0,
            completed_by_absence: None,
        }
    }

    pub fn arrive(&mut self, arrival: Arrival<T>, out: &mut Vec<Action<T>>) {
        let Arrival { camera, segment, trigger, arrival_ns, item } = arrival;
        let pulse = trigger.pulse().filter(|_| camera.index() < self.config.cameras);
        let Some(pulse) = pulse else {
            out.push(Action::Reject { camera, reason: LossReason::Unresolved, item });
            return;
        };
        let (key, bit) = ((segment, pulse), 1 << camera.index());
        if self.closed_through.is_some_and(|closed| key <= closed) {
            let again = self.recent.iter().any(|&(closed, present)| closed == key && present & bit != 0);
            let reason = if again { LossReason::Duplicate } else { LossReason::Late };
            out.push(Action::Reject { camera, reason, item });
            return;
        }
        let cameras = self.config.cameras;
        let set = self.open.entry(key).or_insert_with(|| Open {
            items: (0..cameras).map(|_| None).collect(),
            present: 0,
            certain: true,
            first_arrival_ns: arrival_ns,
            last_arrival_ns: arrival_ns,
        });
        if set.present & bit != 0 {
            out.push(Action::Reject { camera, reason: LossReason::Duplicate, item });
            return;
        }
        set.items[camera.index()] = Some(item);
        set.present |= bit;
        set.certain &= matches!(trigger, TriggerIndex::Certain(_));
        set.first_arrival_ns = set.first_arrival_ns.min(arrival_ns);
        set.last_arrival_ns = set.last_arrival_ns.max(arrival_ns);
        if self.is_complete(key) {
            self.close_through(key, out);
        }
        while self.open.len() > self.config.max_open {
            self.close_oldest(Closed::Overtaken, out);
        }
    }

    /// Closes what is due at `now_ns`.
    pub fn advance(&mut self, now_ns: i64, out: &mut Vec<Action<T>>) {
        if let Some(key) = self.completed_by_absence.take() {
            self.close_through(key, out);
        }
        while self.next_deadline_ns().is_some_and(|due_ns| due_ns <= now_ns) {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// When [`advance`](Self::advance) next has something to do: the deadline of the oldest open set, or a time
    /// already past after a camera has gone and with it the last reason to wait.
    pub fn next_deadline_ns(&self) -> Option<i64> {
        let (_, oldest) = self.open.first_key_value()?;
        let patience_ns = if self.completed_by_absence.is_some() { 0 } else { self.config.deadline_ns };
        Some(oldest.first_arrival_ns.saturating_add(patience_ns))
    }

    /// Closes everything, as at the end of a session.
    pub fn flush(&mut self, out: &mut Vec<Action<T>>) {
        while !self.open.is_empty() {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// Frames held in open sets.
    pub fn in_flight(&self) -> usize {
        self.open.values().map(|set| set.present.count_ones() as usize).sum()
    }

    /// Stops waiting for a camera. Sets that lacked only this one are due at once: call
    /// [`advance`](Self::advance) next.
    pub fn camera_gone(&mut self, camera: CameraId) {
        if camera.index() < self.config.cameras {
            self.waited &= !(1 << camera.index());
            self.completed_by_absence = self.open.keys().rev().copied().find(|&key| self.is_complete(key));
        }
    }

    /// Waits for a camera again.
    pub fn camera_back(&mut self, camera: CameraId) {
        if camera.index() < self.config.cameras {
            self.waited |= 1 << camera.index();
            self.completed_by_absence = None;
        }
    }

    fn is_complete(&self, key: Key) -> bool {
        self.open.get(&key).is_some_and(|set| set.present & self.waited == self.waited)
    }

    /// A complete set takes all older ones with it: every camera has moved past them.
    fn close_through(&mut self, key: Key, out: &mut Vec<Action<T>>) {
        while self.open.first_key_value().is_some_and(|(&oldest, _)| oldest <= key) {
            self.close_oldest(Closed::Overtaken, out);
        }
    }

    fn close_oldest(&mut self, why: Closed, out: &mut Vec<Action<T>>) {
        let Some((key, set)) = self.open.pop_first() else { return };
        let closed = if set.present & self.waited == self.waited { Closed::Complete } else { why };
        if self.recent.len() >= self.config.max_open {
            self.recent.pop_front();
        }
        self.recent.push_back((key, set.present));
        self.closed_through = Some(key);
        let (segment, pulse) = key;
        out.push(Action::Set(FrameSet {
            index: SetIndex(self.next_index),
            segment,
            trigger: if set.certain { TriggerIndex::Certain(pulse) } else { TriggerIndex::Tentative(pulse) },
            closed,
            items: set.items,
            last_arrival_ns: set.last_arrival_ns,
            first_arrival_ns: set.first_arrival_ns,
        }));
        self.next_index += 1;
    }
}
