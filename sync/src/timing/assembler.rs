//! Groups the frames of one trigger pulse into a set.

use std::collections::{BTreeMap, VecDeque};

use frame::{CameraId, LossReason, SegmentId, SetIndex, TriggerIndex};

use super::frame_set::{Action, Closed, FrameSet, MAX_CAMERAS};

/// How long a [`FrameSetAssembler`] waits for frames, and of how many cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssemblerConfig {
    /// Cameras of the rig, at most [`MAX_CAMERAS`].
    pub cameras: usize,
    /// How long a set waits, from the arrival of its first frame, in ns.
    pub deadline_ns: i64,
    /// How many sets may be open at once; opening one more closes the oldest.
    pub max_open: usize,
}

/// A frame, or a result computed from it, to be put into a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<T> {
    /// The camera that it is from.
    pub camera: CameraId,
    /// Its segment; no set spans two.
    pub segment: SegmentId,
    /// The pulse that exposed it. Without one (`Unresolved`) the frame is rejected.
    pub trigger: TriggerIndex,
    /// When it arrived, in ns on the clock of [`advance`](FrameSetAssembler::advance).
    pub arrival_ns: i64,
    /// The frame or result itself, which the assembler only passes on.
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

/// Groups frames by (segment, pulse) and hands out the sets in ascending order of that key.
///
/// The order is always kept: a set whose own deadline has passed still waits for older sets that are open, so one frame
/// with a wrong, too large pulse cannot shut out the frames before it. Each camera must deliver in order; the cameras
/// among each other may come in any order. For cameras without a trigger see [`NearestInTime`](super::NearestInTime).
pub struct FrameSetAssembler<T> {
    config: AssemblerConfig,
    /// Cameras to wait for, as a bit mask.
    waited: u64,
    open: BTreeMap<Key, Open<T>>,
    closed_through: Option<Key>,
    /// The last few closed sets and the cameras in them, to distinguish duplicates from late frames.
    recent: VecDeque<(Key, u64)>,
    next_index: u64,
    /// The newest set that became complete because a missing camera is no longer waited for.
    completed_by_absence: Option<Key>,
}

impl<T> FrameSetAssembler<T> {
    /// An assembler without open sets. `cameras` is limited to [`MAX_CAMERAS`], and `max_open` is at least 1.
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

    /// Takes a frame, and adds to `out` every set that closes because of it, or its rejection: without a known pulse,
    /// from an unknown camera, too late for its set, or a duplicate.
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

    /// Closes the sets that are due at `now_ns`.
    pub fn advance(&mut self, now_ns: i64, out: &mut Vec<Action<T>>) {
        if let Some(key) = self.completed_by_absence.take() {
            self.close_through(key, out);
        }
        while self.next_deadline_ns().is_some_and(|due_ns| due_ns <= now_ns) {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// When [`advance`](Self::advance) next has something to do, in ns: the deadline of the oldest open set, or a time
    /// in the past if [`camera_gone`](Self::camera_gone) completed a set. `None` without open sets.
    pub fn next_deadline_ns(&self) -> Option<i64> {
        let (_, oldest) = self.open.first_key_value()?;
        let patience_ns = if self.completed_by_absence.is_some() { 0 } else { self.config.deadline_ns };
        Some(oldest.first_arrival_ns.saturating_add(patience_ns))
    }

    /// Closes all sets, for the end of a session.
    pub fn flush(&mut self, out: &mut Vec<Action<T>>) {
        while !self.open.is_empty() {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// Frames held in open sets.
    pub fn in_flight(&self) -> usize {
        self.open.values().map(|set| set.present.count_ones() as usize).sum()
    }

    /// Stops waiting for a camera. Sets that lacked only this one are due at once: call [`advance`](Self::advance)
    /// next.
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

    /// Closes a complete set and all older ones: since each camera delivers in order, nothing more comes for those.
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
