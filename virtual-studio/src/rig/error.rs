//! Errors of impossible cameras.

use thiserror::Error;

/// Why a camera or a rig is impossible.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CameraError {
    #[error("{0} views; a rig has from 1 to 16")]
    Views(usize),
    #[error("a picture of {width}×{height} px; sides from 1 to 8192 are possible")]
    Size { width: u32, height: u32 },
    #[error("a focal length of ({x}, {y}) px; it must be positive")]
    Focal { x: f32, y: f32 },
    #[error("the distortion ({k1}, {k2}) folds the picture inside its frame; use smaller values")]
    Folds { k1: f32, k2: f32 },
    #[error("a lens of this kind cannot be rendered; k1 and k2 of OpenCV's usual model can")]
    Lens,
    #[error("a number of the camera is not finite")]
    NotFinite,
    #[error("the camera looks straight up, straight down or at itself, so that no roll is defined")]
    NoDirection,
    #[error("the camera at ({x}, {y}, {z}) m stands in the floor; raise it above 0.02 m")]
    InFloor { x: f32, y: f32, z: f32 },
    #[error("the camera at ({x}, {y}, {z}) m stands where the person moves; take it half a metre away or more")]
    OnStage { x: f32, y: f32, z: f32 },
    #[error("the camera at ({x}, {y}, {z}) m looks away from the stage; turn it so that it sees the stage's middle")]
    LooksAway { x: f32, y: f32, z: f32 },
    #[error("camera {camera}: {cause}")]
    Camera { camera: usize, cause: Box<CameraError> },
}
