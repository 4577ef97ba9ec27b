//! Labels per view from a data set's poses in camera frames.

use nalgebra::Vector3;
use pose::labels::Provenance;
use pose::look_at::to_look_at;
use pose::{CameraLabels, FrameLabel, JOINTS, KeyedBy, Labels, ROOT};

/// The poses of one take, from the data set.
pub(crate) struct TakePoses {
    /// By camera.
    pub views: Vec<CameraPoses>,
    /// The number of frames with poses, the same for all cameras.
    pub length: u32,
    /// A one-line description of the joints.
    pub joint_set: &'static str,
    /// The names of their files.
    pub source: String,
}

/// One view's poses, ascending in frame number.
pub(crate) type CameraPoses = Vec<(u32, CameraPose)>;

/// One pose in one camera.
pub(crate) struct CameraPose {
    /// In the camera's frame: x right, y down, z forward.
    pub camera_mm: [Vector3<f64>; JOINTS],
    /// In the picture.
    pub joints_px: [[f32; 2]; JOINTS],
}

impl CameraPose {
    /// The label, unless a number is missing or the root is not in front of the camera.
    fn label(&self, source_index: u32) -> Option<FrameLabel> {
        let finite = self.camera_mm.iter().flatten().all(|value| value.is_finite())
            && self.joints_px.iter().flatten().all(|value| value.is_finite());
        let in_front = self.camera_mm[ROOT].z > 0.0;
        let joints_mm = to_look_at(&self.camera_mm).filter(|_| finite && in_front)?;
        Some(FrameLabel { source_index, joints_mm, root_px: self.joints_px[ROOT], joints_px: self.joints_px })
    }
}

impl TakePoses {
    /// The labels of the first `frames` frames. `cameras` are names and picture sizes.
    pub fn labels(&self, cameras: &[(String, [u32; 2])], frames: u32, rate_hz: f64) -> Labels {
        let views: Vec<CameraLabels> = self
            .views
            .iter()
            .zip(cameras)
            .map(|(poses, (name, size_px))| CameraLabels {
                name: name.clone(),
                size_px: *size_px,
                frames: poses
                    .iter()
                    .filter(|(index, _)| *index < frames)
                    .filter_map(|(index, pose)| pose.label(*index))
                    .collect(),
            })
            .collect();
        let unlabelled = (0..frames).filter(|&index| views.iter().any(|view| view.at(index).is_none())).collect();
        Labels {
            version: pose::labels::VERSION,
            truth: "measured".into(),
            joint_set: self.joint_set.into(),
            provenance: Provenance {
                poses: self.source.clone(),
                calibration: "none: the data set gives joints in camera frames and in pictures".into(),
                rate_hz,
                unlabelled,
                source_frames: None,
            },
            keyed_by: KeyedBy::Source,
            cameras: views,
        }
    }
}

/// Some joints out of a row of `joints × N` numbers.
pub(crate) fn pick<const N: usize>(
    joints: &[usize; JOINTS],
    mut number: impl FnMut(usize) -> f64,
) -> [[f64; N]; JOINTS] {
    joints.map(|joint| std::array::from_fn(|axis| number(joint * N + axis)))
}

/// A pose from its two tables.
pub(crate) fn camera_pose(camera_mm: [[f64; 3]; JOINTS], joints_px: [[f64; 2]; JOINTS]) -> CameraPose {
    CameraPose {
        camera_mm: camera_mm.map(Vector3::from),
        joints_px: joints_px.map(|joint| joint.map(|value| value as f32)),
    }
}
