//! Labels per view, which pose models are trained and scored with.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::calibration::{self, CalibratedCamera};
use crate::look_at::to_look_at;
use crate::mapping::{JOINT_SET, Mapping};
use crate::text_file::{parse_json, read_text, write_text};
use crate::{JOINTS, Pose3d, PoseError, ROOT, trc};

/// Version of the file format.
pub const VERSION: u32 = 1;

/// The poses of one take in the look-at frames of its views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// [`VERSION`].
    pub version: u32,
    /// How the labels were made: "pseudo" ones were triangulated from detections, not measured, so errors against them
    /// do not show accuracy.
    pub truth: String,
    /// Which joints they are, and which of them were derived.
    pub joint_set: String,
    /// Where they came from.
    pub provenance: Provenance,
    /// What finds the picture of a label.
    #[serde(default)]
    pub keyed_by: KeyedBy,
    /// One entry per view.
    pub cameras: Vec<CameraLabels>,
}

/// What finds the picture of a label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyedBy {
    /// Its position in the source: the labels fit every take of the same footage.
    #[default]
    Source,
    /// Its sequence number in its camera: the labels fit only the take that they were made from.
    Sequence {
        /// When the take began, RFC 3339, as in its description.
        take_started_utc: String,
    },
}

/// Where labels came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// File name of the poses, or what found the joints.
    pub poses: String,
    /// File name of the calibration, or the id of the geometry.
    pub calibration: String,
    /// Instants per second.
    pub rate_hz: f64,
    /// Instants of the source without a label, because a marker was missing.
    pub unlabelled: Vec<u32>,
    /// Frames that the source has, if known: that of another length is another source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_frames: Option<u32>,
}

/// The labels of one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraLabels {
    /// The camera's name.
    pub name: String,
    /// Width and height of the calibrated picture. Videos may be cropped at the right or at the bottom.
    pub size_px: [u32; 2],
    /// Ascending in `source_index`.
    pub frames: Vec<FrameLabel>,
}

/// The pose of one picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameLabel {
    /// Frame number in the source, from 0; or the sequence number, where labels are [keyed](Labels::keyed_by) by it.
    pub source_index: u32,
    /// Root-relative, in this view's look-at frame.
    pub joints_mm: Pose3d,
    /// The root in the picture, x right and y down, the middle of the first pixel at 0.5.
    pub root_px: [f32; 2],
    /// All joints in the picture, for drawing and for checks.
    pub joints_px: [[f32; 2]; JOINTS],
}

impl Labels {
    /// Reads a label file.
    ///
    /// # Errors
    /// If it cannot be read, is not a label file, has another version, is not ordered, or has a number that is too large.
    pub fn read(path: &Path) -> Result<Self, PoseError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let text = read_text(path)?;
        let Version { version } = parse_json(path, &text)?;
        if version != VERSION {
            let problem = format!("labels of version {version}, this program reads {VERSION}; import them again");
            return Err(PoseError::file(path, problem));
        }
        let labels: Self = parse_json(path, &text)?;
        for camera in &labels.cameras {
            let problem = if !camera.is_ascending() {
                "are not ordered by source_index"
            } else if !camera.is_finite() {
                "have a number that is too large"
            } else {
                continue;
            };
            return Err(PoseError::file(path, format!("the labels of {} {problem}", camera.name)));
        }
        Ok(labels)
    }

    /// Writes a label file, replacing what is there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), PoseError> {
        let text = serde_json::to_string(self).map_err(|error| PoseError::file(path, error.to_string()))?;
        write_text(path, &text)
    }

    /// The labels of the view of this name.
    pub fn camera(&self, name: &str) -> Option<&CameraLabels> {
        self.cameras.iter().find(|camera| camera.name == name)
    }
}

impl CameraLabels {
    /// JSON has numbers that are infinite as `f32`.
    fn is_finite(&self) -> bool {
        let finite = |frame: &FrameLabel| {
            let joints = frame.joints_mm.iter().flatten();
            joints.chain(frame.joints_px.iter().flatten()).chain(&frame.root_px).all(|value| value.is_finite())
        };
        self.frames.iter().all(finite)
    }

    fn is_ascending(&self) -> bool {
        self.frames.is_sorted_by(|before, after| before.source_index < after.source_index)
    }

    /// The label of a frame, if it has one.
    pub fn at(&self, source_index: u32) -> Option<&FrameLabel> {
        let found = self.frames.binary_search_by_key(&source_index, |frame| frame.source_index);
        found.ok().map(|position| &self.frames[position])
    }
}

/// Turns world-frame markers and a calibration into labels for each view, or for the named `cameras`.
///
/// Instants at which a needed marker is missing get no label and are listed as unlabelled. Instants at which a joint is
/// behind a camera get none in that view and are not listed.
///
/// # Errors
/// If a file cannot be read (see [`trc::read`] and [`calibration::read`]), a needed marker is not among the markers, or
/// a named camera is not in the calibration.
pub fn import(trc: &Path, calibration: &Path, cameras: Option<&[String]>) -> Result<Labels, PoseError> {
    let tracks = trc::read(trc)?;
    let mapping = Mapping::new(&tracks).map_err(|problem| PoseError::file(trc, problem))?;
    let cameras =
        select(calibration::read(calibration)?, cameras).map_err(|problem| PoseError::file(calibration, problem))?;

    let mut unlabelled = Vec::new();
    let mut views: Vec<CameraLabels> = cameras
        .iter()
        .map(|camera| CameraLabels { name: camera.name.clone(), size_px: camera.size_px, frames: Vec::new() })
        .collect();
    for frame in &tracks.frames {
        let Some(world) = mapping.joints(&frame.markers_mm) else {
            unlabelled.push(frame.source_index);
            continue;
        };
        for (view, camera) in views.iter_mut().zip(&cameras) {
            view.frames.extend(label(camera, frame.source_index, &world));
        }
    }
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Labels {
        version: VERSION,
        truth: "pseudo".into(),
        joint_set: JOINT_SET.into(),
        provenance: Provenance {
            poses: file_name(trc),
            calibration: file_name(calibration),
            rate_hz: tracks.rate_hz,
            unlabelled,
            source_frames: None,
        },
        keyed_by: KeyedBy::Source,
        cameras: views,
    })
}

fn select(all: Vec<CalibratedCamera>, names: Option<&[String]>) -> Result<Vec<CalibratedCamera>, String> {
    let Some(names) = names else { return Ok(all) };
    let find = |name: &String| {
        all.iter().find(|camera| &camera.name == name).cloned().ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|camera| camera.name.as_str()).collect();
            format!("no camera {name:?}; there are {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}

fn label(camera: &CalibratedCamera, source_index: u32, world: &[nalgebra::Vector3<f64>; JOINTS]) -> Option<FrameLabel> {
    let joints = world.map(|joint| camera.to_camera(joint));
    let mut joints_px = [[0.0; 2]; JOINTS];
    for (px, joint) in joints_px.iter_mut().zip(&joints) {
        // OpenCV has pixel centres at whole numbers, we have them at halves.
        *px = camera.project(*joint)?.map(|value| (value + 0.5) as f32).into();
    }
    Some(FrameLabel { source_index, joints_mm: to_look_at(&joints)?, root_px: joints_px[ROOT], joints_px })
}
