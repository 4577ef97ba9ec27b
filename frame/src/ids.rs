//! Identities: cameras, segments, frame sets, trigger pulses and positions in a replayed source.

use std::fmt;

use serde::{Deserialize, Serialize};

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

/// A stretch of the stream without a discontinuity. No frame set and no training pair spans two segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SegmentId {
    /// The session whose pulses these are, where sessions must be told apart: for a rig of several hosts the second in
    /// which it began, UTC. Else 0.
    pub epoch: u32,
    /// How often the pulses have begun again in that session; at most [`Self::MAX_OPENING`].
    pub opening: u32,
    /// The source's own discontinuity: which loop of a video, which take of a studio.
    pub seam: u32,
}

impl SegmentId {
    /// The largest opening that takes can hold.
    pub const MAX_OPENING: u32 = (1 << 24) - 1;

    /// A segment of a source that knows of no session.
    pub const fn seam(seam: u32) -> Self {
        Self { epoch: 0, opening: 0, seam }
    }

    /// One number for messages and files of text, of its own for each segment of a session. It is the seam where the
    /// pulses have not begun again.
    pub fn number(self) -> u64 {
        u64::from(self.opening) << 32 | u64::from(self.seam)
    }
}

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
