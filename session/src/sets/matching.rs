//! Frame sets by trigger, or by time where cameras run free.

use frame::{CameraId, HostTime};
use frame_sync::timing::{
    Action, Arrival, AssemblerConfig, FrameSetAssembler, NearestConfig, NearestInTime, TimedArrival,
};
use transport::CroppedView;

/// How long a set waits for a missing view after its first one.
const DEADLINE_NS: i64 = 300_000_000;
/// Sets that may be open at a time: more than start within the deadline at a rig's highest rate, 1000 Hz.
const OPEN_SETS: usize = 320;

/// How pictures are matched into sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    Trigger,
    /// Nearest in time, at most this far apart.
    Time {
        tolerance_ns: u64,
    },
}

/// Assembles the views of one instant.
pub(crate) enum Sets {
    Trigger(FrameSetAssembler<CroppedView>),
    Time(NearestInTime<CroppedView>, u64),
}

impl Sets {
    pub fn new(matching: Matching, cameras: usize) -> Self {
        let (deadline_ns, max_open) = (DEADLINE_NS, OPEN_SETS);
        match matching {
            Matching::Trigger => {
                Self::Trigger(FrameSetAssembler::new(AssemblerConfig { cameras, deadline_ns, max_open }))
            }
            Matching::Time { tolerance_ns } => {
                let config = NearestConfig { cameras, tolerance_ns, deadline_ns, max_open };
                Self::Time(NearestInTime::new(config), tolerance_ns)
            }
        }
    }

    pub fn arrive(&mut self, arrival_ns: i64, item: CroppedView, out: &mut Vec<Action<CroppedView>>) {
        let CroppedView { camera, segment, trigger, exposure, .. } = item;
        match self {
            Self::Trigger(sets) => sets.arrive(Arrival { camera, segment, trigger, arrival_ns, item }, out),
            Self::Time(sets, tolerance_ns) => {
                // In free-run, stamps are used however uncertain they are; the frame carries the uncertainty.
                let uncertainty_ns = u64::from(exposure.uncertainty_ns).min(*tolerance_ns) as u32;
                let exposure = HostTime { uncertainty_ns, ..exposure };
                sets.arrive(TimedArrival { camera, segment, exposure, arrival_ns, item }, out);
            }
        }
    }

    pub fn next_deadline_ns(&self) -> Option<i64> {
        match self {
            Self::Trigger(sets) => sets.next_deadline_ns(),
            Self::Time(sets, _) => sets.next_deadline_ns(),
        }
    }

    pub fn advance(&mut self, now_ns: i64, out: &mut Vec<Action<CroppedView>>) {
        match self {
            Self::Trigger(sets) => sets.advance(now_ns, out),
            Self::Time(sets, _) => sets.advance(now_ns, out),
        }
    }

    pub fn flush(&mut self, out: &mut Vec<Action<CroppedView>>) {
        match self {
            Self::Trigger(sets) => sets.flush(out),
            Self::Time(sets, _) => sets.flush(out),
        }
    }

    pub fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        match (self, gone) {
            (Self::Trigger(sets), true) => sets.camera_gone(camera),
            (Self::Trigger(sets), false) => sets.camera_back(camera),
            (Self::Time(sets, _), true) => sets.camera_gone(camera),
            (Self::Time(sets, _), false) => sets.camera_back(camera),
        }
    }
}
