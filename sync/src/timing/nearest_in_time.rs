//! Puts frames together that are nearest in time.

use std::collections::VecDeque;

use frame::{CameraId, HostTime, LossReason, SegmentId, SetIndex, TriggerIndex};

use super::frame_set::{Action, Closed, FrameSet, MAX_CAMERAS};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearestConfig {
    /// Cameras of the rig, at most [`MAX_CAMERAS`].
    pub cameras: usize,
    /// No two pictures of a set are further apart. Below half the period of the cameras, so that each picture has one
    /// place; times that are vaguer than this belong nowhere.
    pub tolerance_ns: u32,
    /// How long a set waits, from the arrival of its first frame.
    pub deadline_ns: i64,
    /// Sets that may be open at a time; one more closes the oldest.
    pub max_open: usize,
}

/// A frame of a camera that runs free, or what was made of it, on its way into a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedArrival<T> {
    pub camera: CameraId,
    pub segment: SegmentId,
    pub exposure: HostTime,
    pub arrival_ns: i64,
    pub item: T,
}

struct Open<T> {
    span: Span,
    items: Vec<Option<T>>,
    first_arrival_ns: i64,
    last_arrival_ns: i64,
}

/// What is told of a set without its pictures.
#[derive(Clone, Copy)]
struct Span {
    segment: SegmentId,
    /// The earliest and the latest exposure.
    from_ns: i64,
    to_ns: i64,
    /// Bit `c` is set when camera `c` is there.
    present: u64,
}

impl Span {
    fn key(&self) -> (SegmentId, i64) {
        (self.segment, self.from_ns)
    }

    /// How far a picture is from the middle, twice; none when it would be too far from another one.
    fn distance(&self, segment: SegmentId, ns: i64, tolerance_ns: u32) -> Option<u64> {
        let spread_ns = self.to_ns.max(ns).abs_diff(self.from_ns.min(ns));
        let fits = segment == self.segment && spread_ns <= u64::from(tolerance_ns);
        fits.then(|| (2 * ns).abs_diff(self.from_ns + self.to_ns))
    }
}

/// Sets of pictures that are nearest in time, for cameras that run free: what
/// [`FrameSetAssembler`](super::FrameSetAssembler) is for triggers, with the same actions. Their sets have no trigger.
///
/// A picture joins the open set that it is nearest to, if that lacks its camera and stays within the tolerance, else it
/// opens one. Sets leave in order of segment and earliest exposure, and a complete one takes the older ones with it.
/// Cameras are expected to deliver in order; across cameras any order will do.
pub struct NearestInTime<T> {
    config: NearestConfig,
    /// Cameras to wait for.
    waited: u64,
    /// In the order in which they leave.
    open: VecDeque<Open<T>>,
    closed: Option<Span>,
    /// The last few pictures, which tell a duplicate from another one.
    recent: VecDeque<(CameraId, SegmentId, i64)>,
    next_index: u64,
}

impl<T> NearestInTime<T> {
    /// More than [`MAX_CAMERAS`] cameras are cut to that number; at least one set may be open.
    pub fn new(config: NearestConfig) -> Self {
        let cameras = config.cameras.min(MAX_CAMERAS);
        let config = NearestConfig { cameras, max_open: config.max_open.max(1), ..config };
        let waited = if cameras == MAX_CAMERAS { u64::MAX } else { (1 << cameras) - 1 };
        Self { config, waited, open: VecDeque::new(), closed: None, recent: VecDeque::new(), next_index: 0 }
    }

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

    /// Closes what is due at `now_ns`.
    pub fn advance(&mut self, now_ns: i64, out: &mut Vec<Action<T>>) {
        if let Some(complete) = self.complete_by_absence() {
            self.close_through(complete, out);
        }
        while self.next_deadline_ns().is_some_and(|due_ns| due_ns <= now_ns) {
            self.close_oldest(Closed::Deadline, out);
        }
    }

    /// When [`advance`](Self::advance) next has something to do: the deadline of the oldest open set, or a time
    /// already past after a camera has gone and with it the last reason to wait.
    pub fn next_deadline_ns(&self) -> Option<i64> {
        let oldest = self.open.front()?;
        let patience_ns = if self.complete_by_absence().is_some() { 0 } else { self.config.deadline_ns };
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
        self.open.iter().map(|set| set.span.present.count_ones() as usize).sum()
    }

    /// Stops waiting for a camera. Sets that lacked only this one are due at once: call
    /// [`advance`](Self::advance) next.
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
        if camera.index() >= self.config.cameras || exposure.uncertainty_ns > self.config.tolerance_ns {
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

    /// Sets that become complete by an arrival close at once, so one that is found here lacks a camera that went.
    fn complete_by_absence(&self) -> Option<usize> {
        self.open.iter().rposition(|set| self.is_complete(&set.span))
    }

    /// A complete set takes all older ones with it: every camera has moved past them.
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
