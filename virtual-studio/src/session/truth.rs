//! The ground truth of a rendered take: the positions of cameras and joints. Only for scoring; nothing may learn from
//! it.

use std::path::Path;

use pose::Pose3d;
use serde::{Deserialize, Serialize};
use take::SessionTake;

use super::RenderError;
use crate::rig::VirtualCamera;
use crate::scene::ViewLabels;

/// Name of the file in a take's folder.
pub const TRUTH_FILE: &str = "truth.json";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    pub take: SessionTake,
    /// Seed of all random draws for the take.
    pub seed: u64,
    /// Whether the motion was widened.
    pub widened: bool,
    /// Standing height of the person, from the floor to the top of the head; missing in old takes.
    #[serde(default)]
    pub height_mm: Option<f32>,
    pub cameras: Vec<TruthCamera>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruthCamera {
    pub name: String,
    pub size_px: [u32; 2],
    pub focal_px: [f32; 2],
    /// In pixels, with the middle of the first pixel at 0.5.
    pub centre_px: [f32; 2],
    /// OpenCV's k1 and k2.
    pub radial: [f32; 2],
    pub frames: Vec<TruthFrame>,
}

/// One picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruthFrame {
    pub source_index: u32,
    /// World axes to camera axes (x right, y down, z forward), row by row.
    pub rotation: [[f32; 3]; 3],
    /// x_camera = R x_world + t, metres.
    pub translation_m: [f32; 3],
    /// In the camera's frame, millimetres.
    pub joints_camera_mm: Pose3d,
    /// Bounds of the person's visible part: left, top, right, bottom; `None` if nothing is visible.
    pub box_px: Option<[u32; 4]>,
}

impl Truth {
    /// Reads the ground truth of a take's folder.
    ///
    /// # Errors
    /// The file is missing or invalid.
    pub fn read(take: &Path) -> Result<Self, RenderError> {
        let path = take.join(TRUTH_FILE);
        let json = std::fs::read(&path).map_err(|e| RenderError::io("read", &path, e))?;
        Self::from_json(&json).map_err(|problem| RenderError::Truth { path, problem })
    }

    /// Reads the contents of a file.
    ///
    /// # Errors
    /// What is wrong with them: no such JSON, or a number that is too large for its type.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        let truth: Self = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if truth.height_mm.is_some_and(|height_mm| !height_mm.is_finite()) {
            return Err("the height is too large".to_owned());
        }
        match truth.cameras.iter().find(|camera| !camera.is_finite()) {
            Some(camera) => Err(format!("the camera {} has a number that is too large", camera.name)),
            None => Ok(truth),
        }
    }

    pub(super) fn write(&self, take: &Path) -> Result<(), RenderError> {
        let path = take.join(TRUTH_FILE);
        let text = serde_json::to_vec(self).map_err(|e| RenderError::io("write", &path, e.into()))?;
        std::fs::write(&path, text).map_err(|e| RenderError::io("write", &path, e))
    }
}

impl TruthCamera {
    fn is_finite(&self) -> bool {
        let lens = self.focal_px.iter().chain(&self.centre_px).chain(&self.radial);
        let frames = self.frames.iter().flat_map(|frame| {
            let numbers = frame.rotation.iter().flatten().chain(&frame.translation_m);
            numbers.chain(frame.joints_camera_mm.iter().flatten())
        });
        lens.chain(frames).all(|value| value.is_finite())
    }

    pub(super) fn new(name: &str, camera: &VirtualCamera) -> Self {
        let lens = &camera.intrinsics;
        Self {
            name: name.to_owned(),
            size_px: lens.size_px(),
            focal_px: lens.focal_px().to_array(),
            centre_px: lens.centre_px().to_array(),
            radial: lens.radial(),
            frames: vec![],
        }
    }
}

impl TruthFrame {
    pub(super) fn new(source_index: u32, labels: &ViewLabels) -> Self {
        let rotation = labels.camera.rotation.transpose();
        Self {
            source_index,
            rotation: [rotation.x_axis, rotation.y_axis, rotation.z_axis].map(|row| row.to_array()),
            translation_m: labels.camera.translation().to_array(),
            joints_camera_mm: labels.joints_camera_mm,
            box_px: labels.box_px,
        }
    }
}
