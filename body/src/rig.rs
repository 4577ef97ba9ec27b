//! A rig's geometry, as files and messages have it.

use std::collections::BTreeMap;

use geometry::{Camera, GROUP_COUNT, Similarity, SolvedCamera};
use nalgebra::{Matrix3, Vector2, Vector3};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where the cameras of a rig stand, estimated from the person in view; never a setting. Right-handed, in millimetres,
/// z up, the floor at z = 0, x along the first camera's horizontal viewing direction; x_camera = R (x_world −
/// position).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RigGeometry {
    /// Changes with every solution.
    pub id: String,
    /// When it was found, RFC 3339.
    pub found_utc: String,
    /// How many instants it was found from.
    pub instants: usize,
    /// The axes of the world.
    pub world: WorldAxes,
    /// Where the scale comes from.
    pub scale: ScaleSource,
    /// Where the vertical comes from.
    pub up: UpSource,
    /// Lengths of the person's bones, one for each group of `geometry::BONES`.
    pub bone_lengths_mm: [f64; GROUP_COUNT],
    /// The cameras by name.
    pub cameras: BTreeMap<String, CameraGeometry>,
}

/// The axes of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorldAxes {
    /// z points up.
    #[serde(rename = "z-up")]
    ZUp,
}

/// Where the size of the world comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaleSource {
    /// Somebody stated the person's height.
    Stated,
    /// The joint finder's own estimate of how large people are; usually 5 to 15 % off.
    Guess,
}

/// Where the vertical comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpSource {
    /// The person stood upright often enough.
    Found,
    /// Nobody did; the first camera is assumed to be level.
    Unknown,
}

impl ScaleSource {
    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Guess => "guess",
        }
    }
}

impl UpSource {
    /// The word in files.
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
    /// The matrix, row by row, from world axes to the camera's: x right, y down, z into the picture.
    pub rotation: [[f64; 3]; 3],
    /// The camera's centre in the world.
    pub position_mm: [f64; 3],
    /// The focal length.
    pub focal_px: f64,
    /// The pixel on the optical axis.
    pub principal_point_px: [f64; 2],
    /// Width and height of its pictures.
    pub size_px: [f64; 2],
    /// The lens model.
    pub distortion: Distortion,
    /// By how many frames its pictures are later than the first camera's, if known.
    pub time_offset_frames: Option<f64>,
    /// The median distance between joints in its pictures and the body.
    pub residual_px: f64,
    /// How far the figures above may be off, if known.
    pub uncertainty: Option<CameraUncertainty>,
}

/// The lens model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distortion {
    /// A lens without distortion.
    None,
}

/// How far a camera's geometry may be off: one standard deviation each, absent if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraUncertainty {
    /// Of the rotation.
    pub rotation_degrees: f64,
    /// Of the position.
    pub position_mm: f64,
    /// Of the focal length.
    pub focal_percent: Option<f64>,
    /// Of the offset in time.
    pub time_offset_frames: Option<f64>,
}

impl CameraGeometry {
    /// `camera` is the solved one in the world, which is larger than the solution's by `scale`.
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

    /// The camera as the functions of `geometry` take it.
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

/// No "bone" of a person is longer, in millimetres, not even from a shoulder to the opposite hip.
const MAX_BONE_MM: f64 = 1500.0;

impl RigGeometry {
    /// The same geometry with its id set to a hash of everything else, as it stands in files.
    pub fn with_id(mut self) -> Self {
        self.id.clear();
        let json = serde_json::to_vec(&self).expect("numbers, strings and lists of them");
        let digest = Sha256::digest(json);
        self.id = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        self
    }

    /// The same rig in another world, given the similarity to it; the id changes, too.
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

    /// Checks that the numbers are possible at all.
    ///
    /// # Errors
    /// Which number is impossible, and of which camera.
    pub fn check(&self) -> Result<(), String> {
        if !self.bone_lengths_mm.iter().all(|length| *length > 0.0 && *length < MAX_BONE_MM) {
            return Err(format!("its bone lengths are not all above zero and below {MAX_BONE_MM} mm"));
        }
        for (name, camera) in &self.cameras {
            let rotation = camera.camera().rotation;
            let turns =
                (rotation * rotation.transpose() - Matrix3::identity()).norm() < 1e-3 && rotation.determinant() > 0.0;
            if !turns {
                return Err(format!("{name}: its rotation is not a rotation matrix"));
            }
            let sizes = [camera.focal_px, camera.size_px[0], camera.size_px[1]];
            if !sizes.iter().all(|size| size.is_finite() && *size > 0.0) {
                return Err(format!("{name}: its focal length or the size of its pictures is not above zero"));
            }
            let finite = camera.position_mm.iter().chain(&camera.principal_point_px).all(|value| value.is_finite());
            if !finite || camera.time_offset_frames.is_some_and(|offset| !offset.is_finite()) {
                return Err(format!("{name}: its position, principal point or time offset is not finite"));
            }
        }
        Ok(())
    }
}

fn rows(matrix: &Matrix3<f64>) -> [[f64; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| matrix[(row, column)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes and streams name geometries by their ids, which therefore stay the same from build to build.
    #[test]
    fn equal_geometries_have_the_same_id_in_every_build() {
        let camera = CameraGeometry {
            rotation: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            position_mm: [1.5, -2.0, 1000.0],
            focal_px: 900.0,
            principal_point_px: [320.0, 240.0],
            size_px: [640.0, 480.0],
            distortion: Distortion::None,
            time_offset_frames: None,
            residual_px: 0.1,
            uncertainty: None,
        };
        let geometry = RigGeometry {
            id: "before".into(),
            found_utc: "2026-11-30T00:00:00Z".into(),
            instants: 34,
            world: WorldAxes::ZUp,
            scale: ScaleSource::Guess,
            up: UpSource::Found,
            bone_lengths_mm: [300.0; GROUP_COUNT],
            cameras: BTreeMap::from([("cam01".into(), camera)]),
        };
        let id = geometry.clone().with_id().id;
        assert_eq!(id, "82bbed313b4a");
        assert_eq!(RigGeometry { id: "another".into(), ..geometry.clone() }.with_id().id, id);
        assert_ne!(RigGeometry { instants: 35, ..geometry }.with_id().id, id);
    }
}
