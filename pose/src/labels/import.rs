//! World-frame markers and a calibration become labels.

use std::path::Path;

use super::{CameraLabels, FrameLabel, KeyedBy, Labels, Provenance, VERSION};
use crate::calibration::{self, CalibratedCamera};
use crate::look_at::to_look_at;
use crate::mapping::Mapping;
use crate::markers::{self, Tracks, Up};
use crate::plausible::{self, Reading};
use crate::{JOINTS, PoseError, ROOT, WorldJoints};

/// The least part of the joints that a view must have in its picture.
const MIN_INSIDE: f64 = 0.3;

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
    let reading = Reading { unit_mm: mm_per_unit, up: taken, up_stated: up.is_some() };
    let poses = poses(&tracks, &mapping, reading, &mut remarks).map_err(of_markers)?;

    let of_calibration = |problem| PoseError::file(calibration, problem);
    let calibrated = calibration::read_for(calibration, &size_px)?;
    remarks.extend(calibrated.remarks);
    let cameras = select(calibrated.cameras, views).map_err(of_calibration)?;
    let views: Vec<CameraLabels> = cameras.iter().map(|camera| view(camera, &tracks, &poses)).collect();
    check_views(&views, calibrated.unit_taken, &mut remarks).map_err(of_calibration)?;

    let without = tracks.frames.iter().zip(&poses).filter(|(_, pose)| pose.is_none());
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let labels = Labels {
        version: VERSION,
        truth: "pseudo".into(),
        joint_set: mapping.joint_set(),
        provenance: Provenance {
            poses: file_name(markers),
            calibration: file_name(calibration),
            rate_hz: tracks.rate_hz,
            unlabelled: without.map(|(frame, _)| frame.source_index).collect(),
            source_frames: None,
        },
        keyed_by: KeyedBy::Source,
        cameras: views,
    };
    Ok(Imported { labels, remarks })
}

/// The pose of each instant, where it has one that can be right.
fn poses(
    tracks: &Tracks,
    mapping: &Mapping,
    reading: Reading,
    remarks: &mut Vec<String>,
) -> Result<Vec<Option<WorldJoints>>, String> {
    let mut poses: Vec<Option<WorldJoints>> =
        tracks.frames.iter().map(|frame| mapping.joints(&frame.markers_mm)).collect();
    let known: Vec<WorldJoints> = poses.iter().flatten().copied().collect();
    remarks.extend(plausible::check(&known, reading)?);
    if known.is_empty() {
        return Err(no_pose(tracks, mapping));
    }
    let astray = plausible::astray(&known);
    let of_known = poses.iter_mut().filter(|pose| pose.is_some());
    of_known.zip(&astray).filter(|(_, astray)| **astray).for_each(|(pose, _)| *pose = None);
    let (all, strays) = (poses.len(), astray.iter().filter(|astray| **astray).count());
    let lacking = all - known.len();
    if strays > 0 {
        remarks.push(format!("{strays} of {all} instants have a marker that is far from its place and get no label"));
    }
    if lacking > 0 {
        remarks.push(format!("{lacking} of {all} instants lack a marker and get no label"));
    }
    Ok(poses)
}

fn view(camera: &CalibratedCamera, tracks: &Tracks, poses: &[Option<WorldJoints>]) -> CameraLabels {
    let frames = tracks.frames.iter().zip(poses);
    let frames = frames.filter_map(|(frame, world)| label(camera, frame.source_index, world.as_ref()?)).collect();
    CameraLabels { name: camera.name.clone(), size_px: camera.size_px, frames }
}

/// Checks that views have the person in front of them and in their pictures. `unit_taken` is the unit that the
/// calibration was taken to be in, if it does not say.
fn check_views(views: &[CameraLabels], unit_taken: Option<&str>, remarks: &mut Vec<String>) -> Result<(), String> {
    let behind: Vec<&str> = views.iter().filter(|view| view.frames.is_empty()).map(|view| view.name.as_str()).collect();
    if behind.len() == views.len() {
        return Err(format!("the person is behind each of its cameras ({}), always", behind.join(", ")));
    }
    for view in views.iter().filter(|view| !view.frames.is_empty()) {
        let inside = inside(view);
        if inside < MIN_INSIDE {
            let unit = unit_taken.map_or_else(String::new, |unit| {
                format!(", or its translations are not in {unit}, which they were taken for")
            });
            return Err(format!(
                "{} has {:.0} % of the joints in its picture: it is not the calibration of these poses, or its convention is \
                 another one (x_camera = R x_world + t is read), or its world has another axis upwards than that of the poses \
                 (--up says that of the poses){unit}",
                view.name,
                100.0 * inside
            ));
        }
    }
    if !behind.is_empty() {
        remarks.push(format!("the person is always behind {}, which get no labels", behind.join(", ")));
    }
    Ok(())
}

/// Which part of all joints of a view is in its picture.
fn inside(view: &CameraLabels) -> f64 {
    let [width, height] = view.size_px.map(|side| side as f32);
    let joints = view.frames.iter().flat_map(|frame| frame.joints_px);
    let shown = joints.filter(|[x, y]| (0.0..width).contains(x) && (0.0..height).contains(y));
    shown.count() as f64 / (view.frames.len() * JOINTS) as f64
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
