//! A rig's geometry as files and streams tell it.

use std::collections::BTreeMap;

use geometry::{Camera, GROUP_COUNT, Similarity, SolvedCamera};
use nalgebra::{Matrix3, Vector2, Vector3};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where the cameras of a rig stand, as it found it from the person in view: an estimate, never a setting. Right-handed,
/// in millimetres, z up, the floor at z = 0, x along the first camera's horizontal view; x_camera = R (x_world −
/// position).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RigGeometry {
    /// Changes with every solution.
    pub id: String,
    /// When it was found, RFC 3339.
    pub found_utc: String,
    /// How many instants it was found from.
    pub instants: usize,
    pub world: WorldAxes,
    pub scale: ScaleSource,
    pub up: UpSource,
    /// Lengths of the person's bones, one for each group of `geometry::BONES`.
    pub bone_lengths_mm: [f64; GROUP_COUNT],
    /// By name.
    pub cameras: BTreeMap<String, CameraGeometry>,
}

/// The axes that positions are told in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorldAxes {
    #[serde(rename = "z-up")]
    ZUp,
}

/// Where the size of the world comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaleSource {
    /// Somebody stated the person's height.
    Stated,
    /// The finder's own idea of how large people are; 5 to 15 % off is usual.
    Guess,
}

/// Where the vertical comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpSource {
    /// The person stood upright, many times.
    Found,
    /// Nobody did: the first camera is taken to be level.
    Unknown,
}

impl ScaleSource {
    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Guess => "guess",
        }
    }
}

impl UpSource {
    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Unknown => "unknown",
        }
    }
}

/// One camera of a rig.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraGeometry {
    /// Rows from world axes to the camera's: x right, y down, z into the picture.
    pub rotation: [[f64; 3]; 3],
    pub position_mm: [f64; 3],
    pub focal_px: f64,
    pub principal_point_px: [f64; 2],
    /// Width and height of its pictures.
    pub size_px: [f64; 2],
    pub distortion: Distortion,
    /// By how many frames its pictures are later than the first camera's; none where that is not known.
    pub time_offset_frames: Option<f64>,
    /// The median distance between joints in its pictures and the body.
    pub residual_px: f64,
    /// One standard deviation of each; none where it is not known.
    pub uncertainty: Option<CameraUncertainty>,
}

/// The lens that is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distortion {
    None,
}

/// How far a camera's geometry may be off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraUncertainty {
    pub rotation_degrees: f64,
    pub position_mm: f64,
    pub focal_percent: Option<f64>,
    pub time_offset_frames: Option<f64>,
}

impl CameraGeometry {
    /// `scale` is how much larger the world is than the solution's.
    pub fn new(solved: &SolvedCamera, camera: &Camera, size_px: [f64; 2], scale: f64) -> Self {
        Self {
            rotation: rows(&camera.rotation),
            position_mm: camera.position_mm.into(),
            focal_px: camera.focal_px,
            principal_point_px: camera.principal_point_px.into(),
            size_px,
            distortion: Distortion::None,
            time_offset_frames: camera.time_offset_frames,
            residual_px: solved.residual_px,
            uncertainty: solved.uncertainty.as_ref().map(|known| CameraUncertainty {
                rotation_degrees: known.rotation_degrees,
                position_mm: known.position_mm * scale,
                focal_percent: known.focal_percent,
                time_offset_frames: known.time_offset_frames,
            }),
        }
    }

    pub fn camera(&self) -> Camera {
        Camera {
            rotation: Matrix3::from_fn(|row, column| self.rotation[row][column]),
            position_mm: Vector3::from(self.position_mm),
            focal_px: self.focal_px,
            principal_point_px: Vector2::from(self.principal_point_px),
            time_offset_frames: self.time_offset_frames,
        }
    }
}

/// No bone of a person is longer, in millimetres, nor is a shoulder farther from the other side's hip.
const MOST_BONE_MM: f64 = 1500.0;

impl RigGeometry {
    /// The same with an id of its own, which depends on all that it says.
    pub fn with_id(mut self) -> Self {
        self.id.clear();
        let digest = Sha256::digest(format!("{self:?}"));
        self.id = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        self
    }

    /// The same rig in another world, to which `to_world` leads.
    pub fn moved_by(&self, to_world: &Similarity) -> Self {
        let mut moved = self.clone();
        moved.bone_lengths_mm = self.bone_lengths_mm.map(|length| length * to_world.scale);
        for camera in moved.cameras.values_mut() {
            let placed = to_world.camera(&camera.camera());
            camera.rotation = rows(&placed.rotation);
            camera.position_mm = placed.position_mm.into();
            if let Some(uncertainty) = &mut camera.uncertainty {
                uncertainty.position_mm *= to_world.scale;
            }
        }
        moved.with_id()
    }

    /// Whether its numbers can be a rig's at all.
    ///
    /// # Errors
    /// What cannot be, and of which camera.
    pub fn check(&self) -> Result<(), String> {
        if !self.bone_lengths_mm.iter().all(|length| *length > 0.0 && *length < MOST_BONE_MM) {
            return Err(format!("its bone lengths are not all above zero and below {MOST_BONE_MM} mm"));
        }
        for (name, camera) in &self.cameras {
            let rotation = camera.camera().rotation;
            let turns =
                (rotation * rotation.transpose() - Matrix3::identity()).norm() < 1e-3 && rotation.determinant() > 0.0;
            if !turns {
                return Err(format!("{name}: its rotation is none"));
            }
            let sizes = [camera.focal_px, camera.size_px[0], camera.size_px[1]];
            if !sizes.iter().all(|size| size.is_finite() && *size > 0.0) {
                return Err(format!("{name}: its focal length or the size of its pictures is not above zero"));
            }
            let finite = camera.position_mm.iter().chain(&camera.principal_point_px).all(|value| value.is_finite());
            if !finite || camera.time_offset_frames.is_some_and(|offset| !offset.is_finite()) {
                return Err(format!("{name}: its place is not a number"));
            }
        }
        Ok(())
    }
}

fn rows(matrix: &Matrix3<f64>) -> [[f64; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| matrix[(row, column)]))
}
