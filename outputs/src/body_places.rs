//! Where the joints and landmarks of a streamed body are.

use nalgebra::Vector3;
use pose::{Landmarks, WorldJoints};
use transport::{BodyPose, TransportError};

/// Joints and landmarks in the world, in millimetres.
///
/// # Errors
/// If some are missing.
pub fn body_places(body: &BodyPose) -> Result<(WorldJoints, Landmarks), TransportError> {
    let places = |all: &[[f32; 3]]| -> Vec<Vector3<f64>> {
        all.iter().map(|place| Vector3::from(place.map(f64::from))).collect()
    };
    let missing = |_| TransportError::Malformed("a body lacks joints or landmarks".to_owned());
    Ok((places(&body.joints_mm).try_into().map_err(missing)?, places(&body.landmarks_mm).try_into().map_err(missing)?))
}
