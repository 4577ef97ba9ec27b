//! Where the joints and landmarks of a streamed body are.

use body::LANDMARK_NAMES;
use nalgebra::Vector3;
use pose::WorldJoints;
use transport::BodyPose;

/// Joints and landmarks in the world, in millimetres; `None` if some are missing.
pub fn body_places(body: &BodyPose) -> Option<(WorldJoints, [Vector3<f64>; LANDMARK_NAMES.len()])> {
    let places = |all: &[[f32; 3]]| -> Vec<Vector3<f64>> {
        all.iter().map(|place| Vector3::from(place.map(f64::from))).collect()
    };
    Some((places(&body.joints_mm).try_into().ok()?, places(&body.landmarks_mm).try_into().ok()?))
}
