//! The messages between inference and the session about pictures for the finder of joints and about the rig's geometry.

use serde::{Deserialize, Serialize};

/// Inference asks for pictures of one instant, or of a few that follow one another. It asks for the next ones when it
/// expects to be free for them, so that none wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WantedPictures {
    /// Not of an instant before this, `CLOCK_MONOTONIC`, ns.
    pub after_ns: i64,
    /// Of how many instants in a row; several tell how fast things move.
    pub in_a_row: u8,
    pub framing: Framing,
}

/// How the pictures of an instant are cut out of their frames, where it is not squares around subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framing {
    /// Whole frames, too, of the cameras in which nothing moves.
    pub whole_still: bool,
    /// Whole frames of these cameras, though something moves: nobody was found in their squares.
    pub whole_of: Vec<u16>,
    /// Before anything is cut, the background of these cameras is to be learned anew: it is not what they see any more.
    pub stale: Vec<u16>,
}

/// What somebody, or the session, asks of inference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RigCommand {
    /// Forget the rig's geometry and find it anew.
    FindAnew,
    /// Let the geometry be as it is, or go on refining it.
    Freeze(bool),
    /// The person stands on the floor now and looks to the front: there is the origin, and x points where they look.
    FloorAndFront,
    /// The person is so tall, standing upright, in millimetres.
    HeightMm(u16),
    /// This camera was moved: most of its picture is another one.
    CameraMoved(u16),
}

/// How it stands with the rig's geometry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RigStatus {
    /// In one sentence.
    pub state: String,
    /// Of the geometry at work; none while there is none.
    pub geometry_id: Option<String>,
    /// It stays as it is.
    pub frozen: bool,
    /// Instants kept for finding it, of those that look different from one another.
    pub instants: usize,
    /// Bodies sent, and instants in which somebody was seen but no body could be made.
    pub bodies: u64,
    pub withheld: u64,
    /// From when somebody was first seen to the first geometry, where this process found one itself.
    pub found_after_s: Option<f64>,
    /// In the rig's order.
    pub cameras: Vec<RigCameraStatus>,
}

/// How it stands with one camera.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RigCameraStatus {
    /// Pictures of it that the finder of joints looked at.
    pub pictures: u64,
    /// Its place is known.
    pub placed: bool,
    /// The median distance between joints in its pictures and the bodies of the last seconds, in pixels.
    pub residual_px: Option<f64>,
    /// By how many frames its pictures are later than the first camera's, beyond what their times say.
    pub offset_frames: Option<f64>,
    /// One standard deviation of it.
    pub offset_uncertainty_frames: Option<f64>,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// Something that happened to the rig, to be told once.
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
    /// A command was carried out or refused.
    RigCommand,
    /// The search for the geometry failed unexpectedly.
    SolverDied,
}

impl RigEventKind {
    /// The word in messages and notes.
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
            Self::RigCommand => "rig-command",
            Self::SolverDied => "solver-died",
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
            RigCommand,
            SolverDied,
        ];
        for kind in kinds {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
