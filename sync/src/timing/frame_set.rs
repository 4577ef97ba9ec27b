//! The frames of one instant, and what becomes of each frame on its way into such a set.

use frame::{CameraId, LossReason, SegmentId, SetIndex, TriggerIndex};

/// Cameras that one assembler can hold: a set's members are a 64-bit mask.
pub const MAX_CAMERAS: usize = 64;

/// Why a set was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// Every camera that is waited for is there. A camera that is gone still shows in [`FrameSet::missing`].
    Complete,
    /// Its time was over, or the session's.
    Deadline,
    /// Too many newer sets were open, or a newer set was complete and so every camera had moved past this one.
    Overtaken,
}

/// The frames of one trigger pulse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameSet<T> {
    pub index: SetIndex,
    pub segment: SegmentId,
    /// Certain only when it is so for every frame of the set.
    pub trigger: TriggerIndex,
    pub closed: Closed,
    /// By camera.
    pub items: Vec<Option<T>>,
    pub last_arrival_ns: i64,
    pub first_arrival_ns: i64,
}

impl<T> FrameSet<T> {
    /// Bit `c` is set when camera `c` is missing.
    pub fn missing(&self) -> u64 {
        self.items.iter().enumerate().filter(|(_, item)| item.is_none()).fold(0, |mask, (camera, _)| mask | 1 << camera)
    }
}

/// What the assembler did with what it was given. Every arrival comes out exactly once, in a set or rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<T> {
    Set(FrameSet<T>),
    Reject { camera: CameraId, reason: LossReason, item: T },
}
