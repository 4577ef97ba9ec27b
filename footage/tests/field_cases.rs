//! Videos of users that once failed, in the folder that `GENLOCK_TEST_DATA` names.

mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{import, numbers, pictures};
use frame::CameraId;
use take::TakeReader;

/// The folder of a case, or `None` after printing that the test is skipped.
fn case(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("GENLOCK_TEST_DATA").map(|data| PathBuf::from(data).join("field_cases").join(name));
    let there = folder.filter(|folder| folder.is_dir());
    if there.is_none() {
        println!("skipped: GENLOCK_TEST_DATA names no folder with field_cases/{name}");
    }
    there
}

/// What an import of a whole folder says, besides what it leaves out; and the take.
fn imported(name: &str) -> Option<(Vec<String>, TakeReader)> {
    let folder = case(name)?;
    let out = tempfile::tempdir().unwrap();
    let (mut remarks, take) =
        import(&[folder], &out.path().join("take")).unwrap_or_else(|error| panic!("{name}: {error}"));
    remarks.retain(|remark| !remark.ends_with(": no video"));
    // The file stays open.
    Some((remarks, take))
}

fn check(name: &str, cameras: &[&str], frames: usize, rate_hz: f64) -> Option<Vec<String>> {
    let (remarks, take) = imported(name)?;
    assert_eq!(take.cameras(), cameras, "{name}: {remarks:?}");
    for camera in 0..cameras.len() {
        assert_eq!(take.len(CameraId(camera as u16)), frames, "{name}: {remarks:?}");
    }
    assert_eq!(take.info().trigger_rate_hz, rate_hz, "{name}: {remarks:?}");
    Some(remarks)
}

#[test]
fn squeezed_pictures_become_wide() {
    let Some((remarks, take)) = imported("anamorphic") else { return };
    for camera in 0..2 {
        let pictures = pictures(&take, camera);
        assert!(pictures.len() == 45 && pictures.iter().all(|picture| picture.size_px == [214, 284]), "{remarks:?}");
    }
    assert!(remarks[0].contains("160×284 becomes 214×284"), "{remarks:?}");
}

#[test]
fn notes_of_macos_are_left_out_and_said() {
    let Some(remarks) = check("appledouble", &["cam1", "cam2"], 45, 30.0) else { return };
    assert_eq!(remarks, ["left out ._cam1.mp4: macOS's notes on other files"]);
}

#[test]
fn a_name_with_a_backslash_is_found() {
    let Some(remarks) = check("backslash-name", &["a-b", "cam2"], 45, 30.0) else { return };
    assert_eq!(remarks, ["\"a\\\\b\" is the camera a-b"]);
}

#[test]
fn a_folder_for_each_camera_is_read() {
    assert!(check("camera-folders", &["cam1", "cam2"], 45, 30.0).is_none_or(|remarks| remarks.is_empty()));
}

#[test]
fn ten_comes_after_two_and_each_camera_keeps_its_pictures() {
    let Some((remarks, take)) = imported("camera-order") else { return };
    assert_eq!(take.cameras(), ["cam1", "cam2", "cam10"]);
    let sizes = [0, 1, 2].map(|camera| pictures(&take, camera)[0].size_px);
    assert_eq!((sizes[1], sizes[2]), ([160, 284], [160, 282]), "{remarks:?}");
}

#[test]
fn pictures_behind_an_edit_list_are_those_that_are_shown() {
    let Some((remarks, take)) = imported("edit-list-all-lost") else { return };
    assert!(remarks.is_empty(), "{remarks:?}");
    let pictures = pictures(&take, 1);
    assert_eq!(pictures.len(), 24);
    // Brightness 16 + 3n of picture n, from number 36 on: a step of 3 levels of 219.
    let level = |number: f64| 3.0 * number * 255.0 / 219.0;
    for (at, picture) in pictures.iter().enumerate() {
        assert!((picture.brightness() - level(36.0 + at as f64)).abs() < 2.0, "{at}: {}", picture.brightness());
    }
}

#[test]
fn endings_of_phones_and_camcorders_are_known() {
    assert!(check("other-endings", &["cam1", "cam2"], 45, 30.0).is_none_or(|remarks| remarks.is_empty()));
}

#[test]
fn a_millisecond_of_jitter_is_no_varying_rate() {
    assert!(check("phone-jitter", &["cam1", "cam2"], 45, 30.0).is_none_or(|remarks| remarks.is_empty()));
}

#[test]
fn a_rate_that_varies_is_said_and_resampled() {
    let Some((remarks, take)) = imported("vfr-called-damaged") else { return };
    assert!(remarks[0].starts_with("resampled at 24 Hz: cam1 varies around 24 Hz"), "{remarks:?}");
    assert!(take.len(CameraId(0)) >= 40 && numbers(&pictures(&take, 0)).len() == take.len(CameraId(0)));
}

#[test]
fn an_empty_file_is_named_within_seconds_every_time() {
    let Some(folder) = case("zero-byte-video") else { return };
    let out = tempfile::tempdir().unwrap();
    for _ in 0..10 {
        let begun = Instant::now();
        let error = import(std::slice::from_ref(&folder), &out.path().join("take")).err().expect("it is refused");
        assert!(error.to_string().contains("cam2.mp4: it is empty (0 bytes)"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn what_replay_does_not_play_can_be_imported() {
    assert!(check("replay-h264", &["b1", "b2"], 45, 30.0).is_none_or(|remarks| remarks.is_empty()));
}
