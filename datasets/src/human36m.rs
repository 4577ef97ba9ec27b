//! Human3.6M, as its archives unpack:
//!
//! ```text
//! S1/Videos/<clip>.<camera>.mp4
//! S1/MyPoseFeatures/D3_Positions_mono/<clip>.<camera>.cdf     32 joints in the camera's frame, mm
//! S1/MyPoseFeatures/D2_Positions/<clip>.<camera>.cdf          the same in the picture, px
//! ```
//!
//! A clip is an action, mostly followed by a number: `Walking`, `Walking 1`. S1, S5, S6, S7 and S8 are for training, S9
//! and S11 for testing; poses of S2, S3, S4 and S10 were never published. Positions in pixels are used unchanged.
//!
//! Masks are found against the background of each subject's cameras, which `Walking 1` shows. The data set's own masks
//! are not read.
//!
//! S11's `Directions` is left out, as usual (VideoPose3D), because one of its videos is corrupt. Three takes of S9
//! (Greeting-2, SittingDown-2 and Waiting-1 in learnable-triangulation's numbering) have their poses shifted in space;
//! they are imported, since that hardly affects root-relative labels.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pose::JOINTS;

use take::SessionTake;
use take::session::Split;

use crate::cdf::{self, Variable};
use crate::labels::{TakePoses, camera_pose, pick};
use crate::plan::{PoseFiles, subjects};
use crate::{DatasetError, ImportPlan, PictureFiles, PlannedTake, PlannedView, TakeSelection};

/// Name of the data set.
pub const NAME: &str = "human36m";
/// Pictures per second.
pub const RATE_HZ: f64 = 50.0;
/// The cameras, by their serial numbers.
pub const CAMERAS: [&str; 4] = ["54138969", "55011271", "58860488", "60457274"];
/// The subjects with published poses.
pub const SUBJECTS: [&str; 7] = ["S1", "S5", "S6", "S7", "S8", "S9", "S11"];
/// Those of them that are held out.
pub const TEST_SUBJECTS: [&str; 2] = ["S9", "S11"];
/// The actions, by VideoPose3D's names; two have other names in some subjects' files.
pub const ACTIONS: [&str; 15] = [
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkDog",
    "WalkTogether",
    "Walking",
];
const ALIASES: [(&str, &str); 2] = [("TakingPhoto", "Photo"), ("WalkingDog", "WalkDog")];
/// Every 64th frame of the test subjects, in all cameras, is a test frame: the protocol of SYNC and of the work that it
/// compares with.
pub const TEST_EVERY: u32 = 64;
/// The median over a subject's pictures of this take is the background of all its takes, as in SYNC.
const BACKGROUND_CLIP: &str = "Walking-1";
const DAMAGED: (&str, &str) = ("S11", "Directions");

/// The indices of the 17 joints among the files' 32; the others repeat them or are fingers and toes. The same selection
/// as in 3d-pose-baseline and VideoPose3D.
const JOINTS_OF_32: [usize; JOINTS] = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27];
const FILE_JOINTS: usize = 32;
const JOINT_SET: &str = "Human3.6M 17 out of the data set's 32, measured by marker-based motion capture";

const VIDEOS: &str = "Videos";
const POSITIONS_3D: &str = "MyPoseFeatures/D3_Positions_mono";
const POSITIONS_2D: &str = "MyPoseFeatures/D2_Positions";

/// The files of one of a subject's folders, by clip and camera.
type Files = BTreeMap<(String, &'static str), PathBuf>;

/// Plans the import of the folder that holds S1, S5 and so on.
///
/// # Errors
/// If a subject or action does not exist, or files are missing, all of which are named.
pub fn plan(directory: &Path, selection: &TakeSelection) -> Result<ImportPlan, DatasetError> {
    if let Some(unknown) = selection.actions.iter().find(|action| !ACTIONS.contains(&canonical(action).as_str())) {
        let problem = format!("there is no action {unknown:?}; there are {}", ACTIONS.join(", "));
        return Err(DatasetError::Selection(problem));
    }
    let wanted: Vec<String> = selection.actions.iter().map(|action| canonical(action)).collect();
    let mut notes = Vec::new();
    let (mut takes, mut missing) = (Vec::new(), Vec::new());
    for subject in subjects(directory, &selection.subjects, &SUBJECTS)? {
        let videos = list(directory, subject, VIDEOS, ".mp4", &mut missing)?;
        let positions_3d = list(directory, subject, POSITIONS_3D, ".cdf", &mut missing)?;
        let positions_2d = list(directory, subject, POSITIONS_2D, ".cdf", &mut missing)?;
        let mut clips: Vec<&String> = [&videos, &positions_3d, &positions_2d]
            .iter()
            .flat_map(|files| files.keys())
            .map(|(clip, _)| clip)
            .collect();
        clips.sort();
        clips.dedup();
        clips.retain(|clip| wanted.is_empty() || wanted.iter().any(|action| action == action_of(clip)));
        for clip in clips {
            if (subject, clip.as_str()) == DAMAGED {
                notes.push(format!("left out: {subject} {clip}, since one of its videos is corrupt"));
                continue;
            }
            let mut find = |files: &Files, folder: &str, extension: &str, camera: &'static str| {
                let found = files.get(&(clip.clone(), camera)).cloned();
                // A missing folder is named once, not for each of its files.
                if found.is_none() && directory.join(subject).join(folder).is_dir() {
                    missing.push(Path::new(subject).join(folder).join(format!("{clip}.{camera}{extension}")));
                }
                found
            };
            let (mut views, mut poses) = (Vec::new(), Vec::new());
            for camera in CAMERAS {
                let video = find(&videos, VIDEOS, ".mp4", camera);
                let in_space = find(&positions_3d, POSITIONS_3D, ".cdf", camera);
                let in_picture = find(&positions_2d, POSITIONS_2D, ".cdf", camera);
                let (Some(video), Some(in_space), Some(in_picture)) = (video, in_space, in_picture) else { continue };
                let pictures = PictureFiles::Video(video);
                views.push(PlannedView { camera: camera.into(), pictures, masks: None });
                poses.push([in_space, in_picture]);
            }
            let poses = PoseFiles::Human36m(poses);
            let background_take = format!("{subject}-{BACKGROUND_CLIP}");
            takes.push(PlannedTake {
                take: session_take(subject, clip),
                rate_hz: RATE_HZ,
                background_take,
                views,
                poses,
            });
        }
    }
    if !missing.is_empty() {
        return Err(DatasetError::Missing {
            directory: directory.into(),
            remedy: remedy(directory, &missing),
            paths: missing,
        });
    }
    if takes.is_empty() {
        return Err(DatasetError::Selection(format!("{}: there is no take of these actions", directory.display())));
    }
    let cameras = CAMERAS.map(String::from).to_vec();
    ImportPlan { source: NAME, cameras, takes, test_every: Some(TEST_EVERY), notes }.leave_out(&selection.leave_out)
}

fn session_take(subject: &str, clip: &str) -> SessionTake {
    SessionTake {
        name: format!("{subject}-{}", clip.replace(' ', "-")),
        person: subject.into(),
        // Each subject performs it differently.
        clip: format!("{subject} {clip}"),
        action: action_of(clip).into(),
        environment: "human36m-studio".into(),
        split: if TEST_SUBJECTS.contains(&subject) { Split::HeldOut } else { Split::Train },
    }
}

/// The four cameras' files in one of a subject's folders. If there is no such folder, it is added to `missing`.
fn list(
    directory: &Path,
    subject: &str,
    folder: &str,
    extension: &str,
    missing: &mut Vec<PathBuf>,
) -> Result<Files, DatasetError> {
    let path = directory.join(subject).join(folder);
    if !path.is_dir() {
        missing.push(Path::new(subject).join(folder));
        return Ok(Files::new());
    }
    let mut files = Files::new();
    for entry in std::fs::read_dir(&path).map_err(|e| DatasetError::io("list", &path, e))? {
        let file = entry.map_err(|e| DatasetError::io("list", &path, e))?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((clip, camera)) = name.strip_suffix(extension).and_then(|stem| stem.rsplit_once('.')) else {
            continue;
        };
        let camera = CAMERAS.into_iter().find(|known| *known == camera);
        // `_ALL` shows the subject before and after the actions, without poses.
        if let Some(camera) = camera.filter(|_| !clip.starts_with('_')) {
            files.insert((canonical(clip), camera), file);
        }
    }
    Ok(files)
}

/// A clip or an action by the names of [`ACTIONS`].
fn canonical(clip: &str) -> String {
    let (action, number) = clip.split_once(' ').map_or((clip, None), |(action, number)| (action, Some(number)));
    let action = ALIASES.iter().find(|(alias, _)| *alias == action).map_or(action, |(_, name)| name);
    number.map_or(action.to_owned(), |number| format!("{action} {number}"))
}

fn action_of(clip: &str) -> &str {
    clip.split(' ').next().unwrap_or(clip)
}

fn remedy(directory: &Path, missing: &[PathBuf]) -> String {
    let lacks = |folder: &str| missing.iter().any(|path| path.components().count() == 3 && path.ends_with(folder));
    let world_only =
        lacks(POSITIONS_3D) && missing.iter().any(|path| directory.join(path).with_file_name("D3_Positions").is_dir());
    let mut remedy = String::from(
        "unpack the data set's archives Videos, Poses D3_Positions_mono and Poses D2_Positions of each subject there, or \
         choose with --subjects and --actions what is complete",
    );
    if world_only {
        remedy += " (D3_Positions exists, but holds world coordinates, and genlock reads no calibration)";
    }
    remedy
}

pub(crate) fn read_poses(files: &[[PathBuf; 2]]) -> Result<TakePoses, DatasetError> {
    let mut length = None;
    let mut views = Vec::new();
    for [in_space, in_picture] in files {
        let (space, picture) = (table::<3>(in_space)?, table::<2>(in_picture)?);
        for (path, rows) in [(in_space, rows(&space)), (in_picture, rows(&picture))] {
            let expected = *length.get_or_insert(rows);
            if rows != expected {
                let problem = format!("{rows} poses, and the take's other files have {expected}; get it again");
                return Err(DatasetError::file(path, problem));
            }
        }
        let space = space.values.chunks_exact(3 * FILE_JOINTS);
        let picture = picture.values.chunks_exact(2 * FILE_JOINTS);
        let poses = space
            .zip(picture)
            .map(|(mm, px)| camera_pose(pick(&JOINTS_OF_32, |i| mm[i]), pick(&JOINTS_OF_32, |i| px[i])));
        views.push((0..).zip(poses).collect());
    }
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(TakePoses {
        views,
        length: u32::try_from(length.unwrap_or(0)).unwrap_or(u32::MAX),
        joint_set: JOINT_SET,
        source: files.iter().map(|[in_space, _]| name(in_space)).collect::<Vec<_>>().join(", "),
    })
}

/// The variable `Pose`: one row per frame, with `N` numbers for each joint.
fn table<const N: usize>(path: &Path) -> Result<Variable, DatasetError> {
    let variable = cdf::read_variable(path, "Pose")?;
    if variable.shape.last() != Some(&(N * FILE_JOINTS)) {
        let problem =
            format!("its poses have the shape {:?}; {FILE_JOINTS} joints of {N} numbers were expected", variable.shape);
        return Err(DatasetError::file(path, problem));
    }
    Ok(variable)
}

fn rows(table: &Variable) -> usize {
    table.values.len() / table.shape.last().copied().unwrap_or(1)
}
