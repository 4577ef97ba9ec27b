//! Which videos of files and folders are taken, and what is said of the others.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{ffmpeg, film};
use footage::{Found, Tools, discover};

/// A folder with these files, all of which are one video or, with endings of other things, a few letters.
fn folder(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    ffmpeg(folder.path(), &format!("{} -c:v mpeg4 .film.mp4", film("30", 3)));
    let film = fs::read(folder.path().join(".film.mp4")).unwrap();
    fs::remove_file(folder.path().join(".film.mp4")).unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_text =
            [".txt", ".wav", ".THM", ".xyz"].iter().any(|ending| file.ends_with(ending)) || file.contains("._");
        fs::write(path, if is_text { b"letters".as_slice() } else { &film }).unwrap();
    }
    folder
}

fn found(folder: &Path, paths: &[&str]) -> Found {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    discover(&paths, &Tools::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn names(found: &Found) -> Vec<&str> {
    found.cameras.iter().map(|camera| &*camera.name).collect()
}

fn refused(folder: &Path, paths: &[&str]) -> String {
    let paths: Vec<PathBuf> = paths.iter().map(|path| folder.join(path)).collect();
    discover(&paths, &Tools::default()).unwrap_err().to_string()
}

#[test]
fn small_copies_notes_and_sounds_are_left_out_and_said() {
    let files = ["cam10.mp4", "cam2.MOV", "cam1.xmp4", "cam2.LRV", "cam2.THM", "cam1_proxy.mp4", "._cam1.mp4"];
    let folder =
        folder(&[&files[..], &[".hidden.mp4", "sound.wav", "notes.txt", "odd.xyz", "Proxies/cam1.mp4"]].concat());
    let found = found(folder.path(), &["."]);
    assert_eq!(names(&found), ["cam1", "cam2", "cam10"], "{:?}", found.remarks);
    assert_eq!(
        found.remarks,
        [
            "left out ._cam1.mp4: macOS's notes on other files",
            "left out .hidden.mp4: hidden",
            "left out cam1_proxy.mp4, cam2.LRV, Proxies: a small copy or a thumbnail, by its name",
            "left out cam2.THM, notes.txt, odd.xyz, sound.wav: no video",
        ]
    );
}

#[test]
fn what_a_shell_names_is_told_apart_and_one_file_is_meant() {
    let folder = folder(&["a.mp4", "a.LRV", "b.mp4", "b_proxy.mp4", "notes.txt"]);
    let all = found(folder.path(), &["a.LRV", "a.mp4", "b.mp4", "b_proxy.mp4", "notes.txt"]);
    assert_eq!((names(&all), all.remarks.len()), (vec!["a", "b"], 2), "{:?}", all.remarks);
    assert_eq!(names(&found(folder.path(), &["b_proxy.mp4"])), ["b_proxy"]);
    assert_eq!(names(&found(folder.path(), &["a.LRV", "b_proxy.mp4"])), ["a", "b_proxy"]);
}

#[test]
fn a_camera_is_called_as_its_folder_where_that_is_its_own() {
    let folder =
        folder(&["cam1/video.mp4", "cam2/DCIM/100/video.mp4", "cam10/video.mp4", "cam10/video.LRV", "empty/x.txt"]);
    let at = folder.path();
    let expected = ["cam1", "cam2", "cam10"];
    assert_eq!(names(&found(at, &["."])), expected);
    assert!(found(at, &["."]).remarks.iter().any(|remark| remark == "left out empty: a folder without videos"));
    assert_eq!(names(&found(at, &["cam10", "cam1"])), ["cam1", "cam10"]);
    assert_eq!(names(&found(at, &["cam1/video.mp4", "cam10/video.mp4"])), ["cam1", "cam10"]);
}

#[test]
fn videos_one_folder_deeper_are_found() {
    let folder = folder(&["videos/cam1.mp4", "videos/cam2.mp4", "calibration/notes.txt"]);
    assert_eq!(names(&found(folder.path(), &["."])), ["cam1", "cam2"]);
}

#[test]
fn several_videos_of_one_camera_and_two_of_one_name_are_refused() {
    let folder = folder(&["cam1/a.mp4", "cam1/b.mp4", "cam2/a.mp4", "twice/x.mp4", "twice/X.mov", "none/notes.txt"]);
    let said = refused(folder.path(), &["."]);
    assert!(said.contains("cam1 holds 2 videos: a.mp4, b.mp4; name the one of each camera"), "{said}");
    let said = refused(folder.path(), &["twice"]);
    assert!(said.contains("would both be the camera") && said.contains("X.mov"), "{said}");
    let said = refused(folder.path(), &["none"]);
    assert!(said.contains("there is no video in") && said.contains("notes.txt: no video"), "{said}");
}

#[test]
fn chapters_of_one_recording_are_refused_with_how_to_join_them() {
    let folder = folder(&[
        "go/GH020012.MP4",
        "go/GH010012.MP4",
        "all/cam1/GX010001.MP4",
        "all/cam1/GX020001.MP4",
        "all/cam2/a.mp4",
    ]);
    for path in ["go", "all"] {
        let said = refused(folder.path(), &[path]);
        assert!(said.contains("are chapters of one recording; join them") && said.contains("-f concat"), "{said}");
    }
}

#[test]
fn a_clip_beside_folders_of_videos_a_take_and_small_copies_are_told_apart() {
    let folder =
        folder(&["all/cam1/DCIM/100/a.mp4", "all/cam2/b.mp4", "all/stray.mp4", "go/GX010001.MP4", "go/GL010001.MP4"]);
    let said = refused(folder.path(), &["all"]);
    assert!(said.contains("holds videos (stray.mp4) and folders of videos (cam1, cam2)"), "{said}");
    let Found { cameras, remarks } = found(folder.path(), &["go"]);
    assert_eq!(cameras.iter().map(|camera| camera.name.to_string()).collect::<Vec<_>>(), ["GX010001"], "{remarks:?}");
    std::fs::write(folder.path().join("go/take.toml"), "").unwrap();
    assert!(refused(folder.path(), &["go"]).contains("is a take already"));
}

#[test]
fn a_folder_with_one_video_says_that_it_is_the_only_one() {
    let folder = folder(&["a.mp4"]);
    assert!(found(folder.path(), &["."]).remarks[0].contains("is the only video there"));
    assert!(found(folder.path(), &["a.mp4"]).remarks.is_empty());
}
