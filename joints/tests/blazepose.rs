//! BlazePose on pictures of the example session: it passes the conformance suite, and agrees with MediaPipe.

mod support;

use joints::conformance::{self, TestPicture};
use joints::{BlazePose, FinderError, FinderFiles, JointFinder, Model};
use serde::Deserialize;

use support::{files, picture, take, whole};

#[test]
fn it_does_what_every_finder_must() {
    let (Some(files), Some(take)) = (files(), take()) else { return };
    let person = picture(&take, "cam01", 5);
    let empty = TestPicture { rgb: vec![90; 3 * 640 * 480], width: 640, height: 480, mask: None };
    for every in [1, 5] {
        let mut finder = BlazePose::new(&files, Model::Full, every, 2).unwrap();
        conformance::check(&mut finder, &person, &empty);
    }
}

#[derive(Deserialize)]
struct Fixture {
    pictures: Vec<FixturePicture>,
}

#[derive(Deserialize)]
struct FixturePicture {
    camera: String,
    source_index: u32,
    /// x and y in pixels, visibility, x, y and z in millimetres.
    landmarks: Vec<[f32; 6]>,
}

/// MediaPipe saw the videos' own pictures, this test the same as JPEGs; that alone moves joints by a few pixels of a
/// person about 1,000 pixels tall.
#[test]
fn it_finds_what_mediapipe_finds() {
    let (Some(files), Some(take)) = (files(), take()) else { return };
    let fixture: Fixture = serde_json::from_str(include_str!("mediapipe/mediapipe.json")).unwrap();
    let mut finder = BlazePose::new(&files, Model::Full, 1, 2).unwrap();
    let (mut px, mut mm, mut visibility) = (Vec::new(), Vec::new(), Vec::new());
    for expected in &fixture.pictures {
        let picture = picture(&take, &expected.camera, expected.source_index);
        let person = finder.find(&[Some(whole(&picture))]).unwrap().remove(0).expect("somebody is there");
        assert_eq!(person.joints.len(), expected.landmarks.len());
        for (joint, &[x, y, seen, a, b, c]) in person.joints.iter().zip(&expected.landmarks) {
            px.push((joint.px[0] - x).hypot(joint.px[1] - y));
            visibility.push((joint.confidence - seen).abs());
            mm.push((joint.mm[0] - a).hypot(joint.mm[1] - b).hypot(joint.mm[2] - c));
        }
    }
    let quantile = |values: &mut Vec<f32>, part: f32| {
        values.sort_by(f32::total_cmp);
        values[((values.len() - 1) as f32 * part) as usize]
    };
    let said = [&mut px, &mut mm, &mut visibility].map(|values| [quantile(values, 0.5), quantile(values, 0.95)]);
    eprintln!("median and 95 %: {:?} px, {:?} mm, {:?} of visibility", said[0], said[1], said[2]);
    assert!(said[0][0] < 5.0 && said[0][1] < 20.0, "{:?} px", said[0]);
    assert!(said[1][0] < 25.0 && said[1][1] < 100.0, "{:?} mm", said[1]);
    assert!(said[2][0] < 0.01 && said[2][1] < 0.1, "{:?}", said[2]);
}

#[test]
fn files_that_are_missing_or_others_are_named() {
    let nowhere = tempfile::tempdir().unwrap();
    let missing = FinderFiles::find(nowhere.path()).unwrap_err();
    assert!(matches!(&missing, FinderError::Missing { path } if path.starts_with(nowhere.path())), "{missing}");
    assert!(missing.to_string().contains("scripts/fetch-finder.sh"), "{missing}");

    let lib = nowhere.path().join("lib");
    std::fs::create_dir(&lib).unwrap();
    std::fs::write(lib.join("libopenvino_c.so"), "cut off").unwrap();
    std::fs::write(nowhere.path().join("pose_detection.tflite"), "no network").unwrap();
    let files = FinderFiles::find(nowhere.path()).unwrap();
    assert!(files.models().is_empty());
    let error = BlazePose::new(&files, Model::Full, 1, 1).err().expect("there is no model");
    assert!(matches!(error, FinderError::Missing { .. }), "{error}");
    std::fs::write(nowhere.path().join("pose_landmark_full.tflite"), "cut off").unwrap();
    let error = BlazePose::new(&files, Model::Full, 1, 1).err().expect("the model is another file");
    assert!(matches!(error, FinderError::OtherFile { .. }), "{error}");
}

/// Loading a library that is cut off would end the process.
#[test]
fn a_library_that_is_cut_off_is_named_and_not_loaded() {
    let Some(folder) = support::variable("GENLOCK_FINDER") else { return };
    let copy = tempfile::tempdir().unwrap();
    let lib = copy.path().join("lib");
    std::fs::create_dir(&lib).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    for entry in std::fs::read_dir(folder.join("lib")).unwrap().flatten() {
        std::os::unix::fs::symlink(entry.path(), lib.join(entry.file_name())).unwrap();
    }
    let plugin = lib.join("libopenvino_intel_cpu_plugin.so");
    std::fs::remove_file(&plugin).unwrap();
    std::fs::write(&plugin, "cut off").unwrap();
    let files = FinderFiles::find(copy.path()).unwrap();
    let error = BlazePose::new(&files, Model::Full, 1, 1).err().expect("the plugin is cut off");
    assert!(matches!(&error, FinderError::OtherFile { path, .. } if path == &plugin), "{error}");
}
