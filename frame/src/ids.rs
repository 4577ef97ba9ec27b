//! Identities: cameras, segments, frame sets, trigger pulses and positions in a replayed source.

use std::fmt;

/// A camera, by its position in the rig. Names live in the rig's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CameraId(pub u16);

impl CameraId {
    /// The position, to index a list of cameras with.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for CameraId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "camera {}", self.0)
    }
}

/// A stretch of the stream without a discontinuity. It changes when a replay loops, a camera reboots, the pulses
/// restart or the clock jumps; no training pair spans two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId(pub u32);

/// A frame set, in the order in which sets were closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SetIndex(pub u64);

/// Which trigger pulse exposed a frame. It may be unknown; it is never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TriggerIndex {
    /// Time and device counter agree.
    Certain(u64),
    /// Only one of the two supports it.
    Tentative(u64),
    /// Neither supports any pulse; always the case in free-run.
    Unresolved,
}

impl TriggerIndex {
    /// The pulse, whether certain or tentative.
    pub fn pulse(self) -> Option<u64> {
        match self {
            Self::Certain(pulse) | Self::Tentative(pulse) => Some(pulse),
            Self::Unresolved => None,
        }
    }
}

/// Where a replayed frame stands in its source, so that the same pictures can be recognised when a video loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourcePosition {
    /// Frame number in the source, from 0.
    pub index: u32,
    /// Frames that the source holds.
    pub length: u32,
}
