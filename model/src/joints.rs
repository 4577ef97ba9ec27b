//! The number of joints of a pose.

/// Joints of a pose, the root first.
pub const JOINTS: usize = 17;
