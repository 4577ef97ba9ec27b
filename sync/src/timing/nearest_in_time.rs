//! Groups frames that are nearest in time into sets.

use std::collections::VecDeque;

use frame::{CameraId, HostTime, LossReason, SegmentId, SetIndex, TriggerIndex};

use super::frame_set::{Action, Closed, FrameSet, MAX_CAMERAS};

/// How [`NearestInTime`] forms sets, and of how many cameras.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearestConfig {
    /// Cameras of the rig, at most [`MAX_CAMERAS`].
    pub cameras: usize,
    /// How far apart the exposures of one set may be at most, in ns. Choose less than half the cameras' period, so that
    /// each frame fits into one set only. Frames whose time is less certain than this are rejected.
    pub tolerance_ns: u64,
    /// How long a set waits, from the arrival of its first frame, in ns.
    pub deadline_ns: i64,
    /// How many sets may be open at once; opening one more closes the oldest.
    pub max_open: usize,
}

/// A frame of a free-running camera, or a result computed from it, to be put into a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedArrival<T> {
    /// The camera that it is from.
    pub camera: CameraId,
    /// Its segment; no set spans two.
    pub segment: SegmentId,
    /// Start of exposure, on one clock for all cameras.
    pub exposure: HostTime,
    /// When it arrived, in ns on the clock of [`advance`](NearestInTime::advance).
    pub arrival_ns: i64,
    /// The frame or result itself, which is only passed on.
    pub item: T,
}

struct Open<T> {
    span: Span,
    items: Vec<Option<T>>,
    first_arrival_ns: i64,
    last_arrival_ns: i64,
}

/// A set's metadata.
#[derive(Clone, Copy)]
struct Span {
    segment: SegmentId,
    /// The earliest and the latest exposure, in ns.
    from_ns: i64,
    to_ns: i64,
    /// Bit `c` is set when the set has a frame of camera `c`.
    present: u64,
}

impl Span {
    fn key(&self) -> (SegmentId, i64) {
        (self.segment, self.from_ns)
    }

    /// Twice the distance of an exposure from the middle of the set, in ns; `None` if the set would exceed the
    /// tolerance with it, or is of another segment.
    fn distance(&self, segment: SegmentId, ns: i64, tolerance_ns: u64) -> Option<u64> {
        let spread_ns = self.to_ns.max(ns).abs_diff(self.from_ns.min(ns));
        let fits = segment == self.segment && spread_ns <= tolerance_ns;
        fits.then(|| (2 * ns).abs_diff(self.from_ns + self.to_ns))
    }
}

/// Groups frames that are nearest in time, for free-running cameras: the counterpart of
/// [`FrameSetAssembler`](super::FrameSetAssembler), with the same actions. Its sets have no trigger.
///
/// A frame joins the nearest open set that lacks its camera and stays within the tolerance with it, else it opens a new
/// one. Sets are closed in order of segment and earliest exposure; a complete one closes all older ones, too. Each
/// camera must deliver in order; the cameras among each other may come in any order.
pub struct NearestInTime<T> {
    config: NearestConfig,
    /// Cameras to wait for, as a bit mask.
    waited: u64,
    /// In the order in which they will be closed.
    open: VecDeque<Open<T>>,
    /// The last set that was closed.
    closed: Option<Span>,
    /// The last few frames, to recognise duplicates.
    recent: VecDeque<(CameraId, SegmentId, i64)>,
    next_index: u64,
}

impl<T> NearestInTime<T> {
    /// An assembler without open sets. `cameras` is limited to [`MAX_CAMERAS`], and `max_open` is at least 1.
    pub fn new(config: NearestConfig) -> Self {
        let cameras = config.cameras.min(MAX_CAMERAS);
        let config = NearestConfig { cameras, max_open: config.max_open.max(1), ..config };
        let waited = if cameras == MAX_CAMERAS { u64::MAX } else { (1 << cameras) - 1 };
        Self { config, waited, open: VecDeque::new(), closed: None, recent: VecDeque::new(), next_index: 0 }
    }

    /// Takes a frame, and adds to `out` every set that closes because of it, or its rejection: too uncertain in time,
    /// from an unknown camera, too late for its set, or a duplicate.
    pub fn arrive(&mut self, arrival: TimedArrival<T>, out: &mut Vec<Action<T>>) {
        let TimedArrival { camera, segment, exposure, arrival_ns, item } = arrival;
        if let Some(reason) = self.refuses(camera, segment, exposure) {
            out.push(Action::Reject { camera, reason, item });
            return;
        }
        if self.recent.len() >= self.config.cameras * self.config.max_open {
            self.recent.pop_front();
        }
        self.recent.push_back((camera, segment, exposure.ns));

        let (bit, tolerance_ns) = (1 << camera.index(), self.config.tolerance_ns);
        let nearest = (0..self.open.len())
            .filter(|&index| self.open[index].span.present & bit == 0)
            .filter_map(|index| Some((self.open[index].span.distance(segment, exposure.ns, tolerance_ns)?, index)))
            .min();
        let mut set = nearest.and_then(|(_, index)| self.open.remove(index)).unwrap_or_else(|| Open {
            span: Span { segment, from_ns: exposure.ns, to_ns: exposure.ns, present: 0 },
            items: (0..self.config.cameras).map(|_| None).collect(),
            first_arrival_ns: arrival_ns,
            last_arrival_ns: arrival_ns,
        });
        let span = &mut set.span;
        (span.from_ns, span.to_ns) = (span.from_ns.min(exposure.ns), span.to_ns.max(exposure.ns));
        span.present |= bit;
        set.items[camera.index()] = Some(item);
        set.first_arrival_ns = set.first_arrival_ns.min(arrival_ns);
        set.last_arrival_ns = set.last_arrival_ns.max(arrival_ns);
        let complete = self.is_complete(&set.span);
        let place = self.open.partition_point(|other| other.span.key() <= set.span.key());
        self.open.insert(place, set);
        if complete {
            self.close_through(place, out);
        }
        while self.open.len() > self.config.max_open {
            self.close_oldest(Closed::Overtaken, out);
        }
    }

    /// Closes the sets that are due at `now_ns`.
    pub fn advance(&mut self, now_ns: i64, out: &mut Vec<Action<T>>) {
        if let Some(complete) = self.complete_by_absence() {
            self.close_through(complete, out);
        }
        while self.next_deadline_ns().is_some_and(|due_ns| due_ns <= now_ns) {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// When [`advance`](Self::advance) next has something to do, in ns: the deadline of the oldest open set, or a time
    /// in the past if [`camera_gone`](Self::camera_gone) completed a set. `None` without open sets.
    pub fn next_deadline_ns(&self) -> Option<i64> {
        let oldest = self.open.front()?;
        let patience_ns = if self.complete_by_absence().is_some() { 0 } else { self.config.deadline_ns };
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
        self.open.iter().map(|set| set.span.present.count_ones() as usize).sum()
    }

    /// Stops waiting for a camera. Sets that lacked only this one are due at once: call [`advance`](Self::advance)
    /// next.
    pub fn camera_gone(&mut self, camera: CameraId) {
        if camera.index() < self.config.cameras {
            self.waited &= !(1 << camera.index());
        }
    }

    /// Waits for a camera again.
    pub fn camera_back(&mut self, camera: CameraId) {
        if camera.index() < self.config.cameras {
            self.waited |= 1 << camera.index();
        }
    }

    fn refuses(&self, camera: CameraId, segment: SegmentId, exposure: HostTime) -> Option<LossReason> {
        if camera.index() >= self.config.cameras || u64::from(exposure.uncertainty_ns) > self.config.tolerance_ns {
            return Some(LossReason::Unresolved);
        }
        if self.recent.contains(&(camera, segment, exposure.ns)) {
            return Some(LossReason::Duplicate);
        }
        let closed = self.closed?;
        let lacked = closed.present >> camera.index() & 1 == 0;
        let belonged = lacked && closed.distance(segment, exposure.ns, self.config.tolerance_ns).is_some();
        (belonged || (segment, exposure.ns) <= closed.key()).then_some(LossReason::Late)
    }

    fn is_complete(&self, span: &Span) -> bool {
        span.present & self.waited == self.waited
    }

    /// The newest set that became complete because a missing camera is no longer waited for: those that a frame
    /// completes are closed at once.
    fn complete_by_absence(&self) -> Option<usize> {
        self.open.iter().rposition(|set| self.is_complete(&set.span))
    }

    /// Closes a complete set and all older ones: since each camera delivers in order, nothing more comes for those.
    fn close_through(&mut self, index: usize, out: &mut Vec<Action<T>>) {
        for _ in 0..=index {
            self.close_oldest(Closed::Overtaken, out);
        }
    }

    fn close_oldest(&mut self, why: Closed, out: &mut Vec<Action<T>>) {
        let Some(set) = self.open.pop_front() else { return };
        let closed = if self.is_complete(&set.span) { Closed::Complete } else { why };
        out.push(Action::Set(FrameSet {
            index: SetIndex(self.next_index),
            segment: set.span.segment,
            trigger: TriggerIndex::Unresolved,
            closed,
            items: set.items,
            last_arrival_ns: set.last_arrival_ns,
            first_arrival_ns: set.first_arrival_ns,
        }));
        self.next_index += 1;
        self.closed = Some(set.span);
    }
}
