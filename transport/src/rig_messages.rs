//! The messages between inference and the session about pictures for the finder of joints and about the rig's geometry.

use serde::{Deserialize, Serialize};

/// A request by inference for pictures of one instant, or of a few consecutive ones. It is sent when inference expects
/// to be free for them, so that none queue up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPictures {
    /// Earliest instant, `CLOCK_MONOTONIC`, ns.
    pub after_ns: i64,
    /// Number of consecutive instants; several show how fast things move.
    pub in_a_row: u8,
    pub framing: Framing,
}

/// How the pictures of an instant are cut out of their frames, instead of squares around subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framing {
    /// Also whole frames of cameras in which nothing moves.
    pub whole_still: bool,
    /// Whole frames of these cameras, though something moves: nobody was found in their squares.
    pub whole_of: Vec<u16>,
    /// Cameras whose background no longer matches what they see; it must be relearned before anything is cut.
    pub stale: Vec<u16>,
}

/// A command to inference, from a user or the session.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RigCommand {
    /// Discard the rig's geometry and find it again.
    FindAnew,
    /// Keep the geometry as it is (`true`), or continue refining it.
    Freeze(bool),
    /// The person now stands on the floor and looks to the front: their place becomes the origin, and x points where
    /// they look.
    FloorAndFront,
    /// The height of the person, standing upright, in millimetres.
    HeightMm(u16),
    /// This camera was moved: most of its picture has changed.
    CameraMoved(u16),
}

/// The status of the rig's geometry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RigStatus {
    /// In one sentence.
    pub state: String,
    /// Id of the geometry in use; `None` while there is none.
    pub geometry_id: Option<String>,
    /// Whether the geometry is kept as it is.
    pub frozen: bool,
    /// Distinct instants kept for finding it.
    pub instants: usize,
    /// Bodies sent, and instants in which somebody was seen but no body could be made.
    pub bodies: u64,
    pub withheld: u64,
    /// Seconds from the first sight of a person to the first geometry, if this process found one.
    pub found_after_s: Option<f64>,
    /// In the rig's order.
    pub cameras: Vec<RigCameraStatus>,
}

/// The status of one camera.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RigCameraStatus {
    /// Pictures of it that the finder of joints processed.
    pub pictures: u64,
    /// Whether its place is known.
    pub placed: bool,
    /// The median distance between joints in its pictures and the bodies of the last seconds, in pixels.
    pub residual_px: Option<f64>,
    /// By how many frames its pictures are later than the first camera's, beyond what their time stamps show.
    pub offset_frames: Option<f64>,
    /// One standard deviation of it.
    pub offset_uncertainty_frames: Option<f64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Something that happened to the rig, reported once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RigEvent {
    pub kind: RigEventKind,
    pub text: String,
}

/// What happened to the rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RigEventKind {
    /// A geometry was found or refined.
    Geometry,
    /// A geometry cannot be used.
    GeometryRefused,
    /// The geometry does not fit any more.
    GeometryDoubted,
    CameraMoved,
    CameraFound,
    CameraLeftOut,
    CameraLens,
    CameraRollingShutter,
    CameraOutOfSync,
    /// The trained network of sync health sees that a camera shows other instants than the others.
    CameraSlipped,
    /// It shows the same instants again.
    CameraInSync,
    /// A command was carried out or refused.
    RigCommand,
    /// The search for the geometry failed unexpectedly.
    SolverDied,
    /// The rig's own network serves from now on.
    OwnNetworkServes,
    /// The finder of joints serves again.
    FinderServes,
    /// The rig's own network cannot be used.
    OwnNetworkRefused,
}

impl RigEventKind {
    /// The name in messages and notes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Geometry => "geometry",
            Self::GeometryRefused => "geometry-refused",
            Self::GeometryDoubted => "geometry-doubted",
            Self::CameraMoved => "camera-moved",
            Self::CameraFound => "camera-found",
            Self::CameraLeftOut => "camera-left-out",
            Self::CameraLens => "camera-lens",
            Self::CameraRollingShutter => "camera-rolling-shutter",
            Self::CameraOutOfSync => "camera-out-of-sync",
            Self::CameraSlipped => "camera-slipped",
            Self::CameraInSync => "camera-in-sync",
            Self::RigCommand => "rig-command",
            Self::SolverDied => "solver-died",
            Self::OwnNetworkServes => "own-network-serves",
            Self::FinderServes => "finder-serves",
            Self::OwnNetworkRefused => "own-network-refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_names_of_event_kinds() {
        use RigEventKind::*;
        let kinds = [
            Geometry,
            GeometryRefused,
            GeometryDoubted,
            CameraMoved,
            CameraFound,
            CameraLeftOut,
            CameraLens,
            CameraRollingShutter,
            CameraOutOfSync,
            CameraSlipped,
            CameraInSync,
            RigCommand,
            SolverDied,
            OwnNetworkServes,
            FinderServes,
            OwnNetworkRefused,
        ];
        for kind in kinds {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
