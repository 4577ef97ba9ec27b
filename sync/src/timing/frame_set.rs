//! The frames of one instant, and whether a frame got into such a set.

use frame::{CameraId, LossReason, SegmentId, SetIndex, TriggerIndex};

/// The most cameras that one assembler can handle: a set's members are a 64-bit mask.
pub const MAX_CAMERAS: usize = 64;

/// Why a set was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// Every camera that is waited for is there. One that is not waited for may still be [missing](FrameSet::missing).
    Complete,
    /// Its deadline passed, or the session ended.
    Deadline,
    /// Too many newer sets were open, or a newer set was complete, so that no camera would still deliver to this one.
    Overtaken,
}

/// The frames of one instant: of one trigger pulse, or without a trigger those nearest in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameSet<T> {
    /// How many sets its assembler closed before it.
    pub index: SetIndex,
    /// The segment of all its frames.
    pub segment: SegmentId,
    /// The pulse, certain only if it is so for every frame of the set; unresolved in sets without a trigger.
    pub trigger: TriggerIndex,
    /// Why it was closed.
    pub closed: Closed,
    /// One entry per camera of the rig, by [`CameraId::index`]; `None` where its frame is missing.
    pub items: Vec<Option<T>>,
    /// The latest arrival of its frames, in ns.
    pub last_arrival_ns: i64,
    /// The earliest arrival of its frames, in ns.
    pub first_arrival_ns: i64,
}

impl<T> FrameSet<T> {
    /// Bit `c` is set when camera `c` is missing.
    pub fn missing(&self) -> u64 {
        self.items.iter().enumerate().filter(|(_, item)| item.is_none()).fold(0, |mask, (camera, _)| mask | 1 << camera)
    }
}

/// What an assembler did with the frames given to it. Every frame comes out exactly once, in a set or rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<T> {
    /// A set was closed.
    Set(FrameSet<T>),
    /// A frame was put into no set.
    Reject {
        /// The camera that it is from.
        camera: CameraId,
        /// Why it was rejected.
        reason: LossReason,
        /// The frame, or the result computed from it, as it was given.
        item: T,
    },
}
