//! MPI-INF-3DHP's training set, as its scripts download it:
//!
//! ```text
//! S1/Seq1/imageSequence/video_0.avi      one video for each of 14 cameras
//! S1/Seq1/annot.mat                      28 joints: annot2 in pictures (px), annot3 in camera frames (mm), frames, cameras
//! ```
//!
//! Where `S1/Seq1/FGmasks/video_0.avi` is there, its red channel is the mask of camera 0, as the authors' README says.
//! Otherwise masks are found against the median of the sequence's own pictures, in which a chair that is moved counts
//! as subject, too.
//!
//! Frames extracted as JPEG work as well, named `imageSequence/video_0/img_000001.jpg`,
//! `imageSequence/img_0_000001.jpg` (the authors' proposal) or `imageFrames/video_0/frame_000001.jpg` (SPIN's); they
//! are stored unchanged. Annotations after the last picture are ignored, as the authors advise.
//!
//! `video_2.avi` of S6/Seq2 is known to be too short (margipose); if much is missing, leave that take out or choose the
//! cameras 0, 4, 7, 8.
//!
//! All of S1 to S8 are the authors' training set. Their test set (TS1 to TS6: one camera, annotations in HDF5) is not
//! supported, so two of the eight people are held out ([`HELD_OUT`]).

use std::path::Path;

use pose::JOINTS;

use take::SessionTake;
use take::session::Split;

use crate::labels::{CameraPoses, TakePoses, camera_pose, pick};
use crate::mat::{self, Matrix, Value};
use crate::pictures::numbered_jpegs;
use crate::plan::{PoseFiles, subjects};
use crate::{DatasetError, ImportPlan, PictureFiles, PlannedTake, PlannedView, TakeSelection};

/// Name of the data set.
pub const NAME: &str = "mpi-inf-3dhp";
/// The numbers of all cameras.
pub const CAMERAS: std::ops::RangeInclusive<u8> = 0..=13;
/// Four of the five cameras at chest height (the authors' `mpii_get_camera_set`, "mm3d_chest": 0, 2, 4, 7, 8). By the
/// extrinsics in `camera.calibration` they look from four sides, about 90° apart; camera 4 is between 0 and 2.
pub const DEFAULT_CAMERAS: [u8; 4] = [0, 2, 7, 8];
/// The training subjects.
pub const SUBJECTS: [&str; 8] = ["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"];
/// The people whom Honari et al. ("Temporal Representation Learning on Monocular Videos for 3D Human Pose Estimation")
/// validate on.
pub const HELD_OUT: [&str; 2] = ["S6", "S7"];
/// The sequences of each subject.
pub const SEQUENCES: [&str; 2] = ["Seq1", "Seq2"];

/// Sequences recorded at 50 Hz, the others at 25 (`mpii_get_sequence_info`).
const AT_50_HZ: [(&str, &str); 5] = [("S1", "Seq2"), ("S3", "Seq1"), ("S3", "Seq2"), ("S5", "Seq1"), ("S5", "Seq2")];

/// The indices of the 17 joints among the files' 28 (`mpii_get_joint_set`): pelvis, right hip, knee and ankle, the left
/// ones, spine, neck, head, head_top, left shoulder, elbow and wrist, the right ones. The authors' set of 17
/// ("relevant"), compatible with Human3.6M, has the same joints in another order.
const JOINTS_OF_28: [usize; JOINTS] = [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16];
const FILE_JOINTS: usize = 28;
const JOINT_SET: &str = "Human3.6M 17 out of the data set's 28 (thorax = neck, neck = head), measured by markerless \
    multi-camera motion capture";

const FULL_DOWNLOAD: &str = "download the sequence with the data set's own script and unpack all its files, or choose with \
    --subjects, --sequences and --cameras what is complete";

/// Plans the import of the folder that holds S1 to S8. `selection.actions` are sequences. `held_out` are the people to
/// measure on; `None` means those of [`HELD_OUT`] who are imported.
///
/// # Errors
/// If a subject, sequence or camera does not exist, or files are missing, all of which are named.
pub fn plan(
    directory: &Path,
    selection: &TakeSelection,
    cameras: &[u8],
    held_out: Option<&[String]>,
) -> Result<ImportPlan, DatasetError> {
    check(selection, cameras)?;
    let mut notes = Vec::new();
    let (mut takes, mut missing) = (Vec::new(), Vec::new());
    let subjects = subjects(directory, &selection.subjects, &SUBJECTS)?;
    let held_out: Vec<&str> = match held_out {
        Some(names) => names.iter().map(String::as_str).collect(),
        None => HELD_OUT.into_iter().filter(|name| subjects.contains(name)).collect(),
    };
    if let Some(unknown) = held_out.iter().find(|name| !subjects.contains(name)) {
        let problem = format!("{unknown:?} cannot be held out, since it is not among {}", subjects.join(", "));
        return Err(DatasetError::Selection(problem));
    }
    for subject in subjects {
        for sequence in SEQUENCES {
            let wanted = selection.actions.is_empty() || selection.actions.iter().any(|one| one == sequence);
            let folder = Path::new(subject).join(sequence);
            if !wanted {
                continue;
            }
            if !directory.join(&folder).is_dir() {
                missing.push(folder);
                continue;
            }
            let annotations = directory.join(&folder).join("annot.mat");
            if !annotations.is_file() {
                missing.push(folder.join("annot.mat"));
            }
            let mut views = Vec::new();
            for &camera in cameras {
                match pictures(&directory.join(&folder), camera)? {
                    Some(pictures) => {
                        let masks = Some(directory.join(&folder).join(own_masks(camera))).filter(|path| path.is_file());
                        views.push(PlannedView { camera: camera_name(camera), pictures, masks });
                    }
                    None => missing.push(folder.join(video(camera))),
                }
            }
            let poses = PoseFiles::MpiInf3dhp(annotations, cameras.to_vec());
            let rate_hz = if AT_50_HZ.contains(&(subject, sequence)) { 50.0 } else { 25.0 };
            let take = session_take(subject, sequence, held_out.contains(&subject));
            let background_take = take.name.clone();
            takes.push(PlannedTake { take, rate_hz, background_take, views, poses });
        }
    }
    if !missing.is_empty() {
        let remedy = FULL_DOWNLOAD.into();
        return Err(DatasetError::Missing { directory: directory.into(), paths: missing, remedy });
    }
    if takes.is_empty() {
        let problem = "there is no sequence; expected S1/Seq1, S1/Seq2 and so on".into();
        return Err(DatasetError::Layout { directory: directory.into(), problem });
    }
    if directory.join("TS1").is_dir() {
        notes.push("left out: the test set (TS1 to TS6), which has one camera and another format".into());
    }
    let cameras = cameras.iter().copied().map(camera_name).collect();
    ImportPlan { source: NAME, cameras, takes, test_every: None, notes }.leave_out(&selection.leave_out)
}

fn check(selection: &TakeSelection, cameras: &[u8]) -> Result<(), DatasetError> {
    if selection.subjects.iter().any(|subject| subject.starts_with("TS")) {
        let problem = "the test set (TS1 to TS6) is not supported: it has one camera, and annotations in HDF5";
        return Err(DatasetError::Selection(problem.into()));
    }
    if let Some(unknown) = selection.actions.iter().find(|sequence| !SEQUENCES.contains(&sequence.as_str())) {
        return Err(DatasetError::Selection(format!("there is no sequence {unknown:?}; there are Seq1 and Seq2")));
    }
    let twice = (1..cameras.len()).find(|&i| cameras[..i].contains(&cameras[i])).map(|i| cameras[i]);
    if let Some(camera) = cameras.iter().copied().find(|camera| !CAMERAS.contains(camera)).or(twice) {
        let problem = format!("camera {camera} is named twice or does not exist; cameras are numbered 0 to 13");
        return Err(DatasetError::Selection(problem));
    }
    if cameras.is_empty() { Err(DatasetError::Selection("choose at least one camera".into())) } else { Ok(()) }
}

fn camera_name(camera: u8) -> String {
    format!("camera-{camera}")
}

fn video(camera: u8) -> String {
    format!("imageSequence/video_{camera}.avi")
}

fn own_masks(camera: u8) -> String {
    format!("FGmasks/video_{camera}.avi")
}

/// The video, or otherwise frames extracted from it.
fn pictures(sequence: &Path, camera: u8) -> Result<Option<PictureFiles>, DatasetError> {
    let path = sequence.join(video(camera));
    if path.is_file() {
        return Ok(Some(PictureFiles::Video(path)));
    }
    let layouts = [
        (format!("imageSequence/video_{camera}"), "img_".to_owned()),
        ("imageSequence".into(), format!("img_{camera}_")),
        (format!("imageFrames/video_{camera}"), "frame_".into()),
    ];
    for (folder, prefix) in layouts {
        let folder = sequence.join(folder);
        if folder.is_dir() {
            let files = numbered_jpegs(&folder, &prefix)?;
            if !files.is_empty() {
                return Ok(Some(PictureFiles::Jpegs { folder, files }));
            }
        }
    }
    Ok(None)
}

fn session_take(subject: &str, sequence: &str, held_out: bool) -> SessionTake {
    SessionTake {
        name: format!("{subject}-{sequence}"),
        person: subject.into(),
        // Each subject performs it differently.
        clip: format!("{subject} {sequence}"),
        action: sequence.into(),
        environment: "mpi-inf-3dhp-studio".into(),
        split: if held_out { Split::HeldOut } else { Split::Train },
    }
}

pub(crate) fn read_poses(annotations: &Path, cameras: &[u8]) -> Result<TakePoses, DatasetError> {
    let values = mat::read(annotations, ["annot2", "annot3", "frames", "cameras"])?;
    poses(&values, cameras).map_err(|problem| DatasetError::file(annotations, problem))
}

fn poses([in_picture, in_space, frames, numbers]: &[Value; 4], cameras: &[u8]) -> Result<TakePoses, String> {
    let (Value::Matrix(frames), Value::Matrix(numbers)) = (frames, numbers) else {
        return Err("frames and cameras should be lists of numbers".into());
    };
    let indices: Vec<u32> = frames.values().iter().map(|&frame| frame as u32).collect();
    let exact = indices.iter().zip(frames.values()).all(|(index, frame)| f64::from(*index) == *frame);
    if !exact || indices.is_empty() || !indices.is_sorted_by(|a, b| a < b) {
        return Err("frames should be ascending frame numbers".into());
    }
    let mut views = Vec::new();
    for &camera in cameras {
        let cell = numbers.values().iter().position(|&number| number == f64::from(camera));
        let cell = cell.ok_or_else(|| format!("it has no annotations of camera {camera}"))?;
        let picture = table::<2>("annot2", in_picture, cell, indices.len())?;
        let space = table::<3>("annot3", in_space, cell, indices.len())?;
        let at = |matrix: &Matrix, row, column| matrix.get(row, column).unwrap_or(f64::NAN);
        let view: CameraPoses = (0..)
            .zip(&indices)
            .map(|(row, &index)| {
                let camera_mm = pick(&JOINTS_OF_28, |column| at(space, row, column));
                (index, camera_pose(camera_mm, pick(&JOINTS_OF_28, |column| at(picture, row, column))))
            })
            .collect();
        views.push(view);
    }
    let length = indices.last().map_or(0, |last| last.saturating_add(1));
    Ok(TakePoses { views, length, joint_set: JOINT_SET, source: "annot.mat".into() })
}

/// One camera's annotations: at least `frames` rows with `N` numbers for each joint.
fn table<'a, const N: usize>(name: &str, value: &'a Value, cell: usize, frames: usize) -> Result<&'a Matrix, String> {
    let Value::Cells(cells) = value else { return Err(format!("{name} should be a cell for each camera")) };
    let Some(Value::Matrix(matrix)) = cells.get(cell) else { return Err(format!("{name} has no cell {}", cell + 1)) };
    if matrix.columns() != N * FILE_JOINTS || matrix.rows() < frames {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        return Err(format!(
            "{name} has {rows} rows of {columns} numbers, and {frames} frames of {FILE_JOINTS} joints were expected"
        ));
    }
    Ok(matrix)
}
