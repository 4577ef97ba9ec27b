//! Messages with bodies, made by hand.

use nalgebra::Vector3;
use skeleton::{Bone, Posed, Proportions, Turn, forward};
use transport::{BodyPose, POSE_SCHEMA_VERSION, PoseMessage, TriggerState};

/// A message with somebody who stands in the rest pose at x = `number` mm.
pub fn body(number: u64) -> PoseMessage {
    let posed = Posed::from_local(Vector3::new(number as f64, 0.0, 950.0), &[Turn::identity(); Bone::COUNT]);
    message(number, &Proportions::of_height(1750.0), &posed)
}

/// A message with somebody in this pose.
pub fn message(number: u64, proportions: &Proportions, posed: &Posed) -> PoseMessage {
    let (joints, landmarks) = forward(proportions, posed);
    let place = |place: &Vector3<f64>| <[f64; 3]>::from(*place).map(|mm| mm as f32);
    let body = BodyPose {
        person: 0,
        geometry_id: "g".into(),
        joints_mm: joints.iter().map(place).collect(),
        landmarks_mm: landmarks.iter().map(place).collect(),
        uncertainty_mm: vec![20.0; joints.len()],
        joint_views: vec![2; joints.len()],
        landmark_views: vec![2; landmarks.len()],
        cameras: vec![0, 1],
    };
    PoseMessage {
        version: POSE_SCHEMA_VERSION,
        set_index: number,
        trigger_index: Some(number),
        trigger_state: TriggerState::Certain,
        segment: 0,
        exposure_ns: 1_000_000_000 + number as i64 * 33_333_333,
        exposure_utc_ns: None,
        source_index: None,
        model: "model".into(),
        model_origin: None,
        latency_ms: 1.0,
        body: Some(body),
        fused_mm: None,
        poses: vec![],
        not_known: None,
    }
}
