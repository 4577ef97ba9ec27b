//! The options of [`crate::solve`].

/// What to solve for and what to refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Focal lengths in pixels, one per camera, if known; they are fixed then.
    pub focal_px: Option<Vec<f64>>,
    /// Whether to fix an unknown focal length at [`crate::TYPICAL_FOCAL`]. That of two cameras is always fixed: unless
    /// this or `focal_px` says otherwise, at the best of several from 0.7 to 1.45 long sides.
    pub hold_focal: bool,
    /// Whether to find each camera's offset in time, too; needs velocities.
    pub time_offsets: bool,
    /// How many instants two cameras must share at least.
    pub min_instants: usize,
    /// The largest median distance of a camera's joints from the points, as a part of its picture's longer side; a
    /// solution beyond it is refused.
    pub max_residual: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { focal_px: None, hold_focal: false, time_offsets: false, min_instants: 3, max_residual: 1.0 / 160.0 }
    }
}
