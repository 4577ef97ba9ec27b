//! Imports with made-up pictures: what is written, and what an interruption leaves.

mod common;

use std::fs;
use std::path::Path;

use common::{CAMERAS, coordinate, human36m_clip, jpeg, mpi_inf_3dhp_annotations, write};
use datasets::{
    DatasetError, Fault, Import, ImportPlan, ImportedTake, PictureSource, TakeSelection, human36m, mpi_inf_3dhp,
    test_frames,
};
use frame::{CameraId, SourcePosition, TriggerIndex};
use pose::Labels;
use take::session::LABELS_FILE;
use take::{Session, TakeReader};

/// Where the joints of the labels are among the data set's 32, as the literature lists those that remain.
const OF_32: [usize; 17] = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27];

/// A video is a text file that says how many pictures it has, and after how many it breaks.
struct Fake {
    name: String,
    pictures: usize,
    breaks_after: usize,
    next: usize,
}

impl PictureSource for Fake {
    fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<[u32; 2]>, Fault> {
        if self.next == self.breaks_after {
            return Err("the video is damaged".into());
        }
        *out = jpeg(&format!("{} {}", self.name, self.next));
        self.next += 1;
        Ok((self.next <= self.pictures).then_some([16, 8]))
    }
}

fn open(path: &Path) -> Result<Box<dyn PictureSource>, Fault> {
    let text = fs::read_to_string(path)?;
    let (pictures, breaks_after) = text.split_once(' ').ok_or("no video")?;
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    Ok(Box::new(Fake { name, pictures: pictures.parse()?, breaks_after: breaks_after.parse()?, next: 0 }))
}

fn clip(root: &Path, subject: &str, clip: &str, frames: usize, pictures: [usize; 4]) {
    human36m_clip(root, subject, clip, frames, |camera, path| {
        fs::write(path, format!("{} 1000000", pictures[camera])).unwrap();
    });
}

/// The plan of the subjects that are there.
fn plan(root: &Path) -> ImportPlan {
    let there = human36m::SUBJECTS.into_iter().filter(|subject| root.join(subject).is_dir());
    let selection = TakeSelection { subjects: there.map(String::from).collect(), ..TakeSelection::default() };
    human36m::plan(root, &selection).unwrap()
}

/// Imports all that is not there yet.
fn import(plan: &ImportPlan, out: &Path) -> Result<Vec<ImportedTake>, DatasetError> {
    let mut import = Import::begin(out, plan, 90)?;
    let mut imported = Vec::new();
    for planned in &plan.takes {
        if !import.has(planned) {
            imported.push(import.add(planned, open, |_, _| {})?);
        }
    }
    for planned in &plan.takes {
        if !import.has_masks(planned) {
            import.add_masks(planned, open, |_, _| {})?;
        }
    }
    assert!(import.finish()?.complete);
    Ok(imported)
}

fn takes_in(out: &Path) -> Vec<String> {
    let entries = fs::read_dir(out.join("takes")).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_session_holds_pictures_and_labels_of_the_same_instants() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Walking 1", 12, [12; 4]);
    let out = root.path().join("session");
    let imported = import(&plan(root.path()), &out).unwrap();
    assert_eq!(imported, [ImportedTake { frames: 12, poses: 12, unlabelled: 0, cut_by: None }]);

    let session = Session::read(&out).unwrap();
    assert!(session.complete);
    let take = TakeReader::open(Session::take_directory(&out, &session.takes[0])).unwrap();
    assert!(take.complete());
    assert_eq!((take.cameras(), take.info().trigger_rate_hz), (&CAMERAS.map(String::from)[..], 50.0));
    let labels = Labels::read(&Session::take_directory(&out, &session.takes[0]).join(LABELS_FILE)).unwrap();
    assert_eq!((&*labels.truth, labels.provenance.rate_hz), ("measured", 50.0));
    for (number, name) in CAMERAS.iter().enumerate() {
        let view = labels.camera(name).unwrap();
        assert_eq!((view.size_px, view.frames.len()), ([16, 8], 12));
        for index in 0..12 {
            let (info, bytes) = take.read(CameraId(number as u16), index as usize).unwrap();
            assert_eq!(bytes, jpeg(&format!("Walking 1.{name}.mp4 {index}")));
            assert_eq!(info.trigger, TriggerIndex::Certain(index));
            assert_eq!(info.source, Some(SourcePosition { index: index as u32, length: 12 }));
            assert_eq!(info.exposure.ns, index as i64 * 20_000_000);
            check_label(view.at(index as u32).unwrap(), number, index as usize);
        }
    }
}

/// The label against the look-at frame worked out by hand: z along the root's ray, x level, y down.
fn check_label(label: &pose::FrameLabel, camera: usize, frame: usize) {
    let point = |joint: usize| [0, 1, 2].map(|axis| f64::from(coordinate(camera, frame, OF_32[joint], axis) as f32));
    let dot = |a: [f64; 3], b: [f64; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let unit = |a: [f64; 3]| a.map(|value| value / dot(a, a).sqrt());
    let root = point(0);
    let z = unit(root);
    let x = unit([z[2], 0.0, -z[0]]);
    let y = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]];
    for (joint, of_32) in OF_32.into_iter().enumerate() {
        let joint_mm = point(joint);
        let offset = std::array::from_fn(|axis| joint_mm[axis] - root[axis]);
        for (axis, found) in [x, y, z].into_iter().zip(label.joints_mm[joint]) {
            assert!((dot(axis, offset) - f64::from(found)).abs() < 1e-2, "joint {joint} of frame {frame}");
        }
        let px = [0, 1].map(|axis| coordinate(camera, frame, of_32, axis) as f32);
        assert_eq!(label.joints_px[joint], px);
    }
    assert_eq!(label.root_px, label.joints_px[0]);
}

#[test]
fn a_take_ends_with_the_first_of_videos_and_poses() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 20, [23, 20, 19, 22]);
    let out = root.path().join("session");
    let imported = import(&plan(root.path()), &out).unwrap();
    let cut_by = Some(CAMERAS[2].to_owned());
    assert_eq!(imported, [ImportedTake { frames: 19, poses: 20, unlabelled: 0, cut_by }]);
    let session = Session::read(&out).unwrap();
    let take = TakeReader::open(Session::take_directory(&out, &session.takes[0])).unwrap();
    assert!((0..4).all(|camera| take.len(CameraId(camera)) == 19));
    let labels = Labels::read(&Session::take_directory(&out, &session.takes[0]).join(LABELS_FILE)).unwrap();
    assert!(labels.cameras.iter().all(|view| view.frames.len() == 19));
}

#[test]
fn a_video_that_lacks_much_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 20, [20, 17, 20, 20]);
    let out = root.path().join("session");
    let error = import(&plan(root.path()), &out).unwrap_err();
    assert!(error.is_of_one_take());
    let said = error.to_string();
    assert!(said.contains("Eating.55011271.mp4") && said.contains("17") && said.contains("20"), "{said}");
    assert!(!Session::read_unfinished(&out).unwrap().complete);
    assert_eq!(takes_in(&out), [".S1-Eating.part"]);
}

#[test]
fn an_interrupted_import_never_looks_whole_and_is_taken_up() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 10, [10; 4]);
    clip(root.path(), "S9", "Posing", 10, [10; 4]);
    let broken = root.path().join("S9/Videos/Posing.60457274.mp4");
    fs::write(&broken, "10 6").unwrap();
    let out = root.path().join("session");
    let error = import(&plan(root.path()), &out).unwrap_err();
    assert!(error.is_of_one_take() && error.to_string().contains("Posing.60457274.mp4"), "{error}");
    let session = Session::read_unfinished(&out).unwrap();
    assert!(!session.complete);
    assert_eq!(session.takes.len(), 2);
    assert_eq!(takes_in(&out), [".S9-Posing.part", "S1-Eating"]);
    // Masks are added to it later.
    let made = |name: &str| fs::metadata(out.join("takes").join(name).join("take.toml")).unwrap().modified().unwrap();
    let before = made("S1-Eating");

    fs::write(&broken, "10 1000").unwrap();
    assert_eq!(import(&plan(root.path()), &out).unwrap().len(), 1, "only what was missing");
    assert!(Session::read(&out).unwrap().complete);
    assert_eq!(takes_in(&out), ["S1-Eating", "S9-Posing"]);
    assert_eq!(made("S1-Eating"), before);
    assert_eq!(import(&plan(root.path()), &out).unwrap().len(), 0);
}

#[test]
fn more_of_a_data_set_goes_into_the_same_session_and_other_things_do_not() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 3, [3; 4]);
    let out = root.path().join("session");
    import(&plan(root.path()), &out).unwrap();
    clip(root.path(), "S5", "Eating", 3, [3; 4]);
    let selection = TakeSelection { subjects: vec!["S5".into()], ..TakeSelection::default() };
    import(&human36m::plan(root.path(), &selection).unwrap(), &out).unwrap();
    let names: Vec<_> = Session::read(&out).unwrap().takes.into_iter().map(|take| take.name).collect();
    assert_eq!(names, ["S1-Eating", "S5-Eating"]);

    let refused = |plan: &ImportPlan, out: &Path, quality, word: &str| {
        let said = Import::begin(out, plan, quality).err().unwrap().to_string();
        assert!(said.contains(word), "{said}");
    };
    refused(&plan(root.path()), &out, 80, "quality 90");
    refused(&plan(root.path()), &root.path().join("S1"), 90, "not empty");
    let first = Import::begin(&out, &plan(root.path()), 90).unwrap();
    refused(&plan(root.path()), &out, 90, "another import");
    drop(first);
}

#[test]
fn a_session_that_lost_a_take_is_not_read_as_complete() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 3, [3; 4]);
    let out = root.path().join("session");
    import(&plan(root.path()), &out).unwrap();
    let masks = out.join("takes/S1-Eating/masks.mcap");
    fs::remove_file(masks).unwrap();
    let import = Import::begin(&out, &plan(root.path()), 90).unwrap();
    assert!(import.finish().unwrap_err().to_string().contains("S1-Eating has no masks"));
    fs::remove_dir_all(out.join("takes/S1-Eating")).unwrap();
    let mut text = fs::read_to_string(out.join("session.toml")).unwrap();
    text = text.replace("complete = false", "complete = true");
    fs::write(out.join("session.toml"), text).unwrap();
    assert!(Session::read(&out).unwrap_err().to_string().contains("S1-Eating"));
    let text = fs::read_to_string(out.join("session.toml")).unwrap();
    fs::write(out.join("session.toml"), text.replace("version = 1", "version = 9")).unwrap();
    assert!(Session::read(&out).unwrap_err().to_string().contains("version 9"));
}

#[test]
fn test_frames_are_every_64th_of_the_test_people_in_all_cameras() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 70, [70; 4]);
    clip(root.path(), "S9", "Posing", 130, [130; 4]);
    clip(root.path(), "S11", "Posing", 64, [64; 4]);
    let out = root.path().join("session");
    import(&plan(root.path()), &out).unwrap();
    let session = Session::read(&out).unwrap();
    let frames: Vec<_> = test_frames(&out, &session).map(Result::unwrap).collect();
    let mut found: Vec<_> = frames
        .iter()
        .map(|frame| (&*session.takes[frame.take].name, frame.camera.0, frame.source_index, frame.index))
        .collect();
    found.sort_unstable();
    let of = |name, indices: &[u32]| {
        let indices = indices.to_vec();
        (0..4).flat_map(move |camera| indices.clone().into_iter().map(move |i| (name, camera, i, i as usize)))
    };
    let expected: Vec<_> = of("S11-Posing", &[0]).chain(of("S9-Posing", &[0, 64, 128])).collect();
    assert_eq!(found, expected);
}

#[test]
fn damaged_poses_are_named() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 5, [5; 4]);
    let path = root.path().join("S1/MyPoseFeatures/D2_Positions/Eating.58860488.cdf");
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], word: &str| {
        fs::write(&path, bytes).unwrap();
        let error = import(&plan(root.path()), &root.path().join("session")).unwrap_err();
        assert!(error.is_of_one_take());
        let said = error.to_string();
        assert!(said.contains("Eating.58860488.cdf") && said.contains(word), "{said}");
    };
    check(&whole[..whole.len() / 2], "damaged");
    check(&common::cdf::Cdf::default().bytes("Pose", &common::table(2, 4, 32, 2)), "4 poses");
    check(&common::cdf::Cdf::default().bytes("Pose", &common::table(2, 5, 32, 3)), "32 joints of 2 numbers");
}

#[test]
fn instants_without_numbers_have_no_label_and_are_listed() {
    let root = tempfile::tempdir().unwrap();
    clip(root.path(), "S1", "Eating", 5, [5; 4]);
    let mut rows = common::table(2, 5, 32, 3);
    rows[3][0] = f64::NAN;
    let path = root.path().join("S1/MyPoseFeatures/D3_Positions_mono/Eating.58860488.cdf");
    write(&path, &common::cdf::Cdf::default().bytes("Pose", &rows));
    let out = root.path().join("session");
    assert_eq!(import(&plan(root.path()), &out).unwrap()[0].unlabelled, 1);
    let session = Session::read(&out).unwrap();
    let labels = Labels::read(&Session::take_directory(&out, &session.takes[0]).join(LABELS_FILE)).unwrap();
    assert_eq!(labels.provenance.unlabelled, [3]);
    let labelled: Vec<usize> = labels.cameras.iter().map(|view| view.frames.len()).collect();
    assert_eq!(labelled, [5, 5, 4, 5]);
}

#[test]
fn mpi_inf_3dhp_takes_the_cameras_asked_for_and_ignores_rows_behind_the_pictures() {
    let root = tempfile::tempdir().unwrap();
    let sequence = root.path().join("S2/Seq1");
    mpi_inf_3dhp_annotations(&sequence, 6, 2);
    for camera in [7, 13] {
        for frame in 1..=6 {
            let path = sequence.join(format!("imageFrames/video_{camera}/frame_{frame:06}.jpg"));
            write(&path, &jpeg(&format!("{camera} {frame}")));
        }
    }
    let selection =
        TakeSelection { subjects: vec!["S2".into()], actions: vec!["Seq1".into()], ..TakeSelection::default() };
    let plan = mpi_inf_3dhp::plan(root.path(), &selection, &[13, 7], Some(&["S2".into()])).unwrap();
    let out = root.path().join("session");
    let imported = import(&plan, &out).unwrap();
    assert_eq!(imported, [ImportedTake { frames: 6, poses: 6, unlabelled: 0, cut_by: None }]);
    let session = Session::read(&out).unwrap();
    let take = TakeReader::open(Session::take_directory(&out, &session.takes[0])).unwrap();
    let (info, bytes) = take.read(CameraId(0), 5).unwrap();
    assert_eq!((bytes, info.exposure.ns), (jpeg("13 6"), 200_000_000));
    let labels = Labels::read(&Session::take_directory(&out, &session.takes[0]).join(LABELS_FILE)).unwrap();
    // Pelvis, right hip and head among the data set's 28, by mpii_get_joint_set.
    for (joint, of_28) in [(0, 4), (1, 23), (9, 6), (16, 16)] {
        let px = [0, 1].map(|axis| coordinate(7, 5, of_28, axis) as f32);
        assert_eq!(labels.camera("camera-7").unwrap().at(5).unwrap().joints_px[joint], px);
    }
    assert_eq!(test_frames(&out, &session).count(), 12, "S2 is held out, and all its frames are test frames");

    let whole = fs::read(sequence.join("annot.mat")).unwrap();
    fs::write(sequence.join("annot.mat"), &whole[..whole.len() / 3]).unwrap();
    let said = import(&plan, &root.path().join("another")).unwrap_err().to_string();
    assert!(said.contains("annot.mat") && said.contains("damaged"), "{said}");
}
