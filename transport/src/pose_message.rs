//! The JSON of `/poses`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::TransportError;

/// Version of the JSON schema of [`PoseMessage`]; raised when a field changes its meaning or is removed.
pub const POSE_SCHEMA_VERSION: u32 = 2;

/// The poses of one moment, as they leave on `/poses`: one JSON object per WebSocket text message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseMessage {
    /// [`POSE_SCHEMA_VERSION`].
    pub version: u32,
    /// Index of the frame set, counted from the start of the session.
    pub set_index: u64,
    /// Trigger pulse; absent when unresolved.
    pub trigger_index: Option<u64>,
    /// `certain`, `tentative` or `unresolved`.
    pub trigger_state: TriggerState,
    pub segment: u64,
    /// Start of exposure of the earliest view, `CLOCK_MONOTONIC` of the capturing host.
    pub exposure_ns: i64,
    /// The same instant in UTC, nanoseconds since 1970; filled by the process that serves the stream.
    #[serde(default)]
    pub exposure_utc_ns: Option<i64>,
    /// Position in a replayed source, from 0.
    pub source_index: Option<u32>,
    /// Identity of the network: the name of a finder of joints, or a hash of a pose model's weights and preprocessing.
    pub model: String,
    /// Whether the model is shipped or the user's own; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_origin: Option<ModelOrigin>,
    /// From `exposure_ns` to the message leaving the network's process.
    pub latency_ms: f64,
    /// The person in the rig's world; none if there is no geometry yet, or too few views agree.
    #[serde(default)]
    pub body: Option<BodyPose>,
    /// While there is no geometry yet, the person's shape that the views of a finder of joints agree on: 17 joints
    /// relative to the middle of the hips, millimetres, in the axes of the first of `poses`. The views may show
    /// different people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fused_mm: Option<Vec<[f32; 3]>>,
    /// The person as seen by each view alone.
    pub poses: Vec<ViewPose>,
    /// Why nothing is known of this instant, in one sentence: too few cameras see the room as it was learned. There is
    /// then neither a body nor a pose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_known: Option<String>,
}

impl PoseMessage {
    /// Reads what a peer process sent as JSON.
    ///
    /// # Errors
    /// It is no such message, or a number is too large for its type: it would be infinite here, and `null` when it is
    /// sent on.
    pub fn from_json(json: &[u8]) -> Result<Self, TransportError> {
        let message: Self = serde_json::from_slice(json).map_err(|e| TransportError::Malformed(e.to_string()))?;
        if !message.is_finite() {
            return Err(TransportError::Malformed("a pose has a number that is too large".to_owned()));
        }
        Ok(message)
    }

    fn is_finite(&self) -> bool {
        let body = self.body.iter().all(|body| {
            let points = body.joints_mm.iter().chain(&body.landmarks_mm).flatten();
            points.chain(&body.uncertainty_mm).all(|value| value.is_finite())
        });
        let poses = self.poses.iter().all(|pose| {
            let joints = pose.joints_mm.iter().flatten().chain(pose.confidence.iter().flatten());
            let plane = pose.joints_2d_px.iter().flatten().flatten().chain(&pose.crop_centre_px);
            joints.chain(plane).chain([&pose.crop_side_px]).all(|value| value.is_finite())
        });
        body && poses && self.fused_mm.iter().flatten().flatten().all(|value| value.is_finite())
    }
}

/// One person in the rig's world: right-handed, millimetres, z up, the floor at z = 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyPose {
    /// 0 for the only person; room for more.
    pub person: u32,
    /// Id of the geometry that it was made with.
    pub geometry_id: String,
    /// 17 joints in Human3.6M order, `[x, y, z]` each, smoothed over previous instants.
    pub joints_mm: Vec<[f32; 3]>,
    /// Nose, left ear, right ear, left heel, right heel, left toe, right toe.
    pub landmarks_mm: Vec<[f32; 3]>,
    /// For each joint, the radius of the ball that contains it with 90 % probability, millimetres.
    pub uncertainty_mm: Vec<f32>,
    /// How many views confirm each joint; with 0 only its bones constrain its place.
    pub joint_views: Vec<u8>,
    pub landmark_views: Vec<u8>,
    /// The cameras that saw the person, as indices in the rig.
    pub cameras: Vec<u16>,
}

/// Where a pose model comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelOrigin {
    /// It comes with genlock.
    Shipped,
    /// The user's own: trained from labels, or given by name.
    Own,
}

impl fmt::Display for ModelOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shipped => "the shipped model",
            Self::Own => "your own model",
        })
    }
}

/// How certain the number of a trigger pulse is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerState {
    Certain,
    Tentative,
    Unresolved,
}

/// One person in one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewPose {
    /// Index of the camera in the rig.
    pub camera: u16,
    /// 0 for the only person; room for more.
    pub person: u32,
    /// Always `look-at-subject`: x right, y down, z away from the camera, in the virtual camera that looks at the
    /// subject, the root joint at the origin.
    pub frame_of_reference: FrameOfReference,
    /// 17 joints in Human3.6M order, millimetres, `[x, y, z]` each.
    pub joints_mm: Vec<[f32; 3]>,
    /// One per joint, where the model gives it: the probability, 0 to 1, that the joint's error in 3D is below 100 mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Vec<f32>>,
    /// One per joint in pixels of the camera's frame, the middle of the first one at 0.5, where the model gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joints_2d_px: Option<Vec<[f32; 2]>>,
    /// Centre and side of the crop in pixels of the camera's frame.
    pub crop_centre_px: [f32; 2],
    pub crop_side_px: f32,
}

/// The coordinate frame of a view's joints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FrameOfReference {
    LookAtSubject,
}
