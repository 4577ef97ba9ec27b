//! Labels per view, which pose models are trained and scored with.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::calibration::{self, CalibratedCamera};
use crate::look_at::to_look_at;
use crate::mapping::Mapping;
use crate::markers::{self, Tracks, Up};
use crate::plausible::{self, Reading};
use crate::text_file::{parse_json, read_text, write_text};
use crate::{JOINTS, Pose3d, PoseError, ROOT, WorldJoints};

/// Version of the file format.
pub const VERSION: u32 = 1;

/// The least part of the labelled pictures' width and height that those they are joined to may have.
const MIN_OF_SIZE: f64 = 0.98;

/// The least part of the joints that a view must have in its picture.
const MIN_INSIDE: f64 = 0.3;

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
    /// Whether a pixel is in the picture.
    fn shows(&self, [x, y]: [f32; 2]) -> bool {
        let [width, height] = self.size_px.map(|side| side as f32);
        (0.0..width).contains(&x) && (0.0..height).contains(&y)
    }

    /// Which part of all its joints is in the picture.
    fn inside(&self) -> f64 {
        let joints = self.frames.iter().flat_map(|frame| frame.joints_px);
        joints.filter(|joint| self.shows(*joint)).count() as f64 / (self.frames.len() * JOINTS) as f64
    }

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

/// What is imported, beside its two files.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions<'a> {
    /// The views to label; without it each camera of the calibration, by its own name.
    pub views: Option<&'a [LabelledView]>,
    /// The axis of the markers that points up. Unless it is stated, the format's is taken and checked.
    pub up: Option<Up>,
    /// The position in the source of the first row of markers, from 0, instead of what the file says.
    pub first: Option<u32>,
}

/// A view, and which camera of the calibration it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledView {
    /// The name in the labels: that of the take's camera.
    pub name: String,
    /// The name in the calibration.
    pub calibrated: String,
    /// Width and height of its pictures, if known, for calibrations that do not say them.
    pub pictures_px: Option<[u32; 2]>,
}

/// Labels, and what a user should know of how they came about, one sentence each.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The labels.
    pub labels: Labels,
    /// The remarks.
    pub remarks: Vec<String>,
}

/// Turns world-frame markers and a calibration into labels for each view.
///
/// Instants at which a needed marker is missing get no label and are listed as unlabelled. Instants at which a joint is
/// behind a camera get none in that view and are not listed.
///
/// # Errors
/// If a file cannot be read (see [`markers::read`] and [`calibration::read`]), a needed marker is not among the markers, a
/// named camera is not in the calibration, the poses cannot be a person's, or nothing gets a label.
pub fn import(markers: &Path, calibration: &Path, options: ImportOptions<'_>) -> Result<Imported, PoseError> {
    let ImportOptions { views, up, first } = options;
    let size_px = |calibrated: &str| views?.iter().find(|view| view.calibrated == calibrated)?.pictures_px;
    let markers::Read { mut tracks, mm_per_unit, up: taken, mut remarks } = markers::read(markers, up)?;
    if let Some(first) = first {
        tracks.begin_at(first);
    }
    let of_markers = |problem| PoseError::file(markers, problem);
    let mapping = Mapping::new(&tracks).map_err(of_markers)?;
    let poses: Vec<Option<WorldJoints>> = tracks.frames.iter().map(|frame| mapping.joints(&frame.markers_mm)).collect();
    let known: Vec<WorldJoints> = poses.iter().flatten().copied().collect();
    let reading = Reading { unit_mm: mm_per_unit, up: taken, up_stated: up.is_some() };
    remarks.extend(plausible::check(&known, reading).map_err(of_markers)?);
    if known.is_empty() {
        return Err(of_markers(no_pose(&tracks, &mapping)));
    }
    let mut astray = plausible::astray(&known).into_iter();
    let poses: Vec<Option<WorldJoints>> =
        poses.into_iter().map(|pose| pose.filter(|_| !astray.next().unwrap_or_default())).collect();
    let strays = known.len() - poses.iter().flatten().count();
    if strays > 0 {
        let of = poses.len();
        remarks.push(format!("{strays} of {of} instants have a marker that is far from its place and get no label"));
    }
    let of_calibration = |problem| PoseError::file(calibration, problem);
    let calibrated = calibration::read_for(calibration, &size_px)?;
    remarks.extend(calibrated.remarks);
    let cameras = select(calibrated.cameras, views).map_err(of_calibration)?;

    let mut unlabelled = Vec::new();
    let mut views: Vec<CameraLabels> = cameras
        .iter()
        .map(|camera| CameraLabels { name: camera.name.clone(), size_px: camera.size_px, frames: Vec::new() })
        .collect();
    for (frame, world) in tracks.frames.iter().zip(&poses) {
        let Some(world) = world else {
            unlabelled.push(frame.source_index);
            continue;
        };
        for (view, camera) in views.iter_mut().zip(&cameras) {
            view.frames.extend(label(camera, frame.source_index, world));
        }
    }
    let behind: Vec<&str> = views.iter().filter(|view| view.frames.is_empty()).map(|view| view.name.as_str()).collect();
    if behind.len() == views.len() {
        return Err(of_calibration(format!(
            "the person is behind each of its cameras ({}), always",
            behind.join(", ")
        )));
    }
    for view in views.iter().filter(|view| !view.frames.is_empty()) {
        let inside = view.inside();
        if inside < MIN_INSIDE {
            let unit = calibrated.unit_taken.map_or_else(String::new, |unit| {
                format!(", or its translations are not in {unit}, which they were taken for")
            });
            return Err(of_calibration(format!(
                "{} has {:.0} % of the joints in its picture: it is not the calibration of these poses, or its convention is \
                 another one (x_camera = R x_world + t is read){unit}",
                view.name,
                100.0 * inside
            )));
        }
    }
    if !behind.is_empty() {
        remarks.push(format!("the person is always behind {}, which get no labels", behind.join(", ")));
    }
    let lacking = tracks.frames.len() - known.len();
    if lacking > 0 {
        remarks.push(format!("{lacking} of {} instants lack a marker and get no label", tracks.frames.len()));
    }
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let labels = Labels {
        version: VERSION,
        truth: "pseudo".into(),
        joint_set: mapping.joint_set(),
        provenance: Provenance {
            poses: file_name(markers),
            calibration: file_name(calibration),
            rate_hz: tracks.rate_hz,
            unlabelled,
            source_frames: None,
        },
        keyed_by: KeyedBy::Source,
        cameras: views,
    };
    Ok(Imported { labels, remarks })
}

/// Why no instant has a pose.
fn no_pose(tracks: &Tracks, mapping: &Mapping) -> String {
    let seen = |marker: usize| tracks.frames.iter().filter(|frame| frame.markers_mm[marker].is_some()).count();
    let never: Vec<&str> = mapping
        .markers()
        .into_iter()
        .filter(|&marker| seen(marker) == 0)
        .map(|marker| tracks.names[marker].as_str())
        .collect();
    let frames = tracks.frames.len();
    if never.is_empty() {
        format!("in none of its {frames} rows all needed markers were seen at once")
    } else {
        format!("needed markers were never seen in its {frames} rows: {}", never.join(", "))
    }
}

fn select(all: Vec<CalibratedCamera>, views: Option<&[LabelledView]>) -> Result<Vec<CalibratedCamera>, String> {
    let Some(views) = views else { return Ok(all) };
    let find = |view: &LabelledView| {
        let found = all.iter().find(|camera| camera.name == view.calibrated).cloned();
        let found = found.ok_or_else(|| {
            let known: Vec<_> = all.iter().map(|camera| camera.name.as_str()).collect();
            format!("no camera {:?}; there are {}", view.calibrated, known.join(", "))
        })?;
        Ok(CalibratedCamera { name: view.name.clone(), ..found })
    };
    views.iter().map(find).collect()
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
