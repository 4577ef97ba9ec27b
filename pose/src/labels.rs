//! Labels per view, which pose models are trained and scored with.

mod import;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::text_file::{parse_json, read_text, write_text};
use crate::{JOINTS, Pose3d, PoseError};

pub use import::{ImportOptions, Imported, LabelledView, import};

/// Version of the file format.
pub const VERSION: u32 = 1;

/// The least part of the labelled pictures' width and height that those they are joined to may have.
const MIN_OF_SIZE: f64 = 0.98;

/// By which part the rate of labels may differ from that of their source.
const RATE_TOLERANCE: f64 = 0.005;

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
    /// Instants per second of the source; where labels are keyed by sequence, frames per second of the take.
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

    /// [`check_rate`] of these labels, where they find their pictures by position.
    ///
    /// # Errors
    /// That of [`check_rate`].
    pub fn check_rate(&self, source_rate_hz: f64) -> Result<(), String> {
        match self.keyed_by {
            KeyedBy::Source => check_rate(self.provenance.rate_hz, source_rate_hz),
            KeyedBy::Sequence { .. } => Ok(()),
        }
    }

    /// The labels of the view of this name.
    pub fn camera(&self, name: &str) -> Option<&CameraLabels> {
        self.cameras.iter().find(|camera| camera.name == name)
    }
}

impl CameraLabels {
    /// Checks the size of the pictures that the labels are joined to, in pixels.
    ///
    /// # Errors
    /// Which sizes do not fit.
    pub fn check_size(&self, pictures_px: [u32; 2]) -> Result<(), String> {
        // Videos may lack some columns or rows at the right or at the bottom.
        let fits = |side: u32, labelled: u32| side <= labelled && f64::from(side) >= MIN_OF_SIZE * f64::from(labelled);
        let [width, height] = pictures_px;
        let [labelled_width, labelled_height] = self.size_px;
        if fits(width, labelled_width) && fits(height, labelled_height) {
            return Ok(());
        }
        Err(format!(
            "the labels of {} are for pictures of {labelled_width}×{labelled_height}, and its pictures have {width}×{height}",
            self.name
        ))
    }

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

/// Checks the rate of labels, in instants per second, against that of the source whose frames they label.
///
/// # Errors
/// By how much they differ.
pub fn check_rate(labelled_hz: f64, source_hz: f64) -> Result<(), String> {
    let ratio = labelled_hz / source_hz;
    // A rate that was rounded, as 59.94 to 60, is the same.
    if (ratio - 1.0).abs() < RATE_TOLERANCE {
        return Ok(());
    }
    Err(format!(
        "the poses have {labelled_hz:.2} instants a second and the source {source_hz:.2} frames: joined frame by frame, they \
         would run {:.2} times as fast; take poses at the source's rate",
        1.0 / ratio
    ))
}
