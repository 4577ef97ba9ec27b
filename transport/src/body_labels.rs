//! Labels of one instant, from inference to the learner.

use serde::{Deserialize, Serialize};

/// What the views of one instant show, by the body that they agree on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyLabels {
    /// The moment's set, which finds its crops together with the exposure: sets may be counted anew.
    pub set_index: u64,
    /// Start of exposure, `CLOCK_MONOTONIC`.
    pub exposure_ns: i64,
    /// The geometry that the body was placed with.
    pub geometry_id: String,
    /// Sum of the person's bone lengths, which changes where the scale of the world does.
    pub bones_mm: f64,
    /// The network that found the joints.
    pub finder: String,
    /// One entry for each view that agrees with the body.
    pub views: Vec<BodyLabel>,
}

/// The body as one view shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyLabel {
    /// Index of the camera.
    pub camera: u16,
    /// The 17 joints, root-relative, in millimetres, in the look-at-subject frame of the view.
    pub joints_mm: Vec<[f32; 3]>,
    /// The same in the frame, in pixels, x right and y down.
    pub joints_px: Vec<[f32; 2]>,
}
