//! `genlock import`: data sets in their real layout, with real videos, become sessions.

#[path = "../../datasets/tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{CAMERAS, coordinate, human36m_clip, mpi_inf_3dhp_annotations};
use datasets::test_frames;
use frame::{CameraId, TriggerIndex};
use genlock_tests::videos::{H264_IN_MP4, JPEG_IN_AVI, write_video};
use genlock_tests::{fail, genlock, succeed};
use pose::Labels;
use subject::{Decoder, RgbImage, Scale};
use take::session::LABELS_FILE;
use take::{Session, TakeReader};

const WIDTH_PX: usize = 64;
const HEIGHT_PX: usize = 48;

/// The uniform colour of a camera's picture, different for each frame.
fn colour(camera: usize, frame: usize) -> [u8; 3] {
    [20 + 14 * frame as u8, 220 - 14 * frame as u8, 40 + 50 * camera as u8]
}

fn video(path: &Path, camera: usize, frames: usize, encoder: &str) {
    let pictures = (0..frames).map(|frame| colour(camera, frame).repeat(WIDTH_PX * HEIGHT_PX));
    write_video(path, [WIDTH_PX, HEIGHT_PX], pictures, encoder);
}

/// Compares every picture of a camera with the colour of its frame.
fn check_pictures(take: &TakeReader, index: u16, camera: usize, frames: usize, period_ns: i64) {
    let mut decoder = Decoder::new().unwrap();
    assert_eq!(take.len(CameraId(index)), frames);
    for frame in 0..frames {
        let (info, bytes) = take.read(CameraId(index), frame).unwrap();
        assert_eq!(info.trigger, TriggerIndex::Certain(frame as u64));
        assert_eq!(info.source.map(|source| source.index), Some(frame as u32));
        assert_eq!((info.exposure.ns, info.arrival_ns), (frame as i64 * period_ns, frame as i64 * period_ns));
        assert_eq!(info.picture.size_px(), (WIDTH_PX as u32, HEIGHT_PX as u32));
        let mut picture = RgbImage::default();
        decoder.decode(&info, &bytes, Scale::Full, &mut picture).unwrap();
        let found = picture.rgb[3 * (WIDTH_PX * HEIGHT_PX / 2 + WIDTH_PX / 2)..][..3].to_vec();
        let expected = colour(camera, frame);
        // Less than half the difference to the colour of the next frame.
        let off = found.iter().zip(expected).map(|(&found, expected)| found.abs_diff(expected)).max();
        assert!(off < Some(7), "camera {camera}, frame {frame}: {found:?} and not {expected:?}");
    }
}

/// The output without the whitespace at which it was wrapped, even within long paths.
fn unwrapped(said: &str) -> String {
    said.replace(' ', "")
}

fn session(out: &Path) -> (Session, Vec<TakeReader>, Vec<Labels>) {
    let session = Session::read(out).unwrap();
    assert!(session.complete);
    let folders: Vec<_> = session.takes.iter().map(|take| Session::take_directory(out, take)).collect();
    let takes = folders.iter().map(|folder| TakeReader::open(folder).unwrap()).collect();
    let labels = folders.iter().map(|folder| Labels::read(&folder.join(LABELS_FILE)).unwrap()).collect();
    (session, takes, labels)
}

fn human36m(root: &Path) -> PathBuf {
    let data = root.join("Human 3.6M");
    for (subject, clip) in [("S1", "Walking 1"), ("S9", "TakingPhoto")] {
        human36m_clip(&data, subject, clip, 12, |camera, path| {
            // Videos are slightly longer or shorter than the poses.
            video(path, camera, [12, 13, 11, 14][camera], H264_IN_MP4);
        });
    }
    data
}

#[test]
fn human36m_becomes_a_session() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (human36m(root.path()), root.path().join("session"));
    let said = fail(genlock(["import", "human36m"]).arg(&data).arg("--out").arg(&out));
    assert!(said.contains("S5, S6, S7, S8, S11") && unwrapped(&said).contains("--subjectsS1,S9"), "{said}");
    let said = succeed(genlock(["import", "human36m", "--subjects", "S1,S9"]).arg(&data).arg("--out").arg(&out));
    assert!(said.contains("S1-Walking-1: 11 frames of 4 cameras, cut since 58860488"), "{said}");
    assert!(said.contains("to learn from: S1") && said.contains("to measure on: S9"), "{said}");

    let (session, takes, labels) = session(&out);
    let names: Vec<_> = session.takes.iter().map(|take| &*take.name).collect();
    assert_eq!(names, ["S1-Walking-1", "S9-Photo"]);
    for (take, labels) in takes.iter().zip(&labels) {
        assert_eq!(take.cameras(), CAMERAS);
        for (number, name) in CAMERAS.iter().enumerate() {
            check_pictures(take, number as u16, number, 11, 20_000_000);
            let view = labels.camera(name).unwrap();
            assert_eq!(view.size_px, [WIDTH_PX as u32, HEIGHT_PX as u32]);
            assert_eq!(view.frames.len(), 11);
            let label = view.at(10).unwrap();
            assert_eq!(label.root_px, [0, 1].map(|axis| coordinate(number, 10, 0, axis) as f32));
            // The left hip, joint 6 in the files, is as far from the root as in the files.
            let apart = |to: [f32; 3]| to.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
            let expected =
                [0, 1, 2].map(|axis| (coordinate(number, 10, 6, axis) - coordinate(number, 10, 0, axis)) as f32);
            assert!((apart(label.joints_mm[4]) - apart(expected)).abs() < 1e-2);
        }
    }
    let tested: Vec<_> = test_frames(&out, &session).map(|frame| frame.unwrap().take).collect();
    assert_eq!(tested, [1; 4], "frame 0 of S9 in four cameras");
    let inspected = succeed(genlock(["inspect"]).arg(Session::take_directory(&out, &session.takes[0])));
    assert!(inspected.contains("complete") && !inspected.contains("missing"), "{inspected}");
}

#[test]
fn a_broken_video_keeps_the_session_incomplete_until_it_is_replaced() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (human36m(root.path()), root.path().join("session"));
    let broken = data.join("S1/Videos/Walking 1.55011271.mp4");
    let whole = fs::read(&broken).unwrap();
    fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    let import = || {
        let mut command = genlock(["import", "human36m", "--subjects", "S1,S9"]);
        command.arg(&data).arg("--out").arg(&out);
        command
    };
    let said = fail(&mut import());
    assert!(said.contains("Walking 1.55011271.mp4") && said.contains("not complete"), "{said}");
    assert!(unwrapped(&said).contains("--leave-outS1-Walking-1"), "{said}");
    assert!(!Session::read_unfinished(&out).unwrap().complete);
    assert!(out.join("takes/S9-Photo").is_dir() && !out.join("takes/S1-Walking-1").exists());

    fs::write(&broken, &whole).unwrap();
    let said = succeed(&mut import());
    assert!(said.contains("S1-Walking-1: 11 frames") && !said.contains("S9-Photo: 11 frames"), "{said}");
    let (_, takes, _) = session(&out);
    assert_eq!(takes.len(), 2);
}

#[test]
fn a_missing_decoder_is_named_by_its_package() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (human36m(root.path()), root.path().join("session"));
    let none = ["avdec_h264", "openh264dec", "vah264dec", "vaapih264dec", "v4l2h264dec", "v4l2slh264dec", "nvh264dec"];
    let ranks = none.map(|decoder| format!("{decoder}:NONE")).join(",");
    let mut command = genlock(["import", "human36m", "--subjects", "S1"]);
    command.arg(&data).arg("--out").arg(&out).env("GST_PLUGIN_FEATURE_RANK", ranks);
    let said = fail(&mut command);
    assert!(said.contains("gstreamer1.0-libav"), "{said}");
}

#[test]
fn mpi_inf_3dhp_becomes_a_session() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (root.path().join("mpi_inf_3dhp"), root.path().join("session"));
    let sequence = data.join("S1/Seq2");
    mpi_inf_3dhp_annotations(&sequence, 10, 3);
    for (number, camera) in [0, 2, 7, 8].into_iter().enumerate() {
        video(&sequence.join(format!("imageSequence/video_{camera}.avi")), number, 10, JPEG_IN_AVI);
    }
    let import = |words: &[&str]| {
        let mut command = genlock(["import", "mpi-inf-3dhp", "--subjects", "S1", "--sequences", "Seq2"]);
        command.args(words);
        command
    };
    let said = fail(import(&["--cameras", "0,3"]).arg(&data).arg("--out").arg(&out));
    assert!(unwrapped(&said).contains("S1/Seq2/imageSequence/video_3.avi"), "{said}");
    assert!(!out.exists(), "nothing was begun");
    let said = succeed(import(&[]).arg(&data).arg("--out").arg(&out));
    assert!(said.contains("S1-Seq2: 10 frames of 4 cameras"), "{said}");
    let (session, takes, labels) = session(&out);
    assert_eq!(session.imported.unwrap().cameras, ["camera-0", "camera-2", "camera-7", "camera-8"]);
    for (number, camera) in [0, 2, 7, 8].into_iter().enumerate() {
        check_pictures(&takes[0], number as u16, number, 10, 20_000_000);
        let view = labels[0].camera(&format!("camera-{camera}")).unwrap();
        assert_eq!(view.at(9).unwrap().root_px, [0, 1].map(|axis| coordinate(camera, 9, 4, axis) as f32));
    }
}

#[test]
fn bad_requests_say_what_there_is() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("session");
    let human36m = |data: &Path, words: &[&str]| {
        fail(genlock(["import", "human36m"]).args(words).arg(data).arg("--out").arg(&out))
    };
    let said = human36m(&root.path().join("gone"), &[]);
    assert!(said.contains("gone: this is not a folder"), "{said}");
    let said = human36m(root.path(), &[]);
    assert!(said.contains("no folder S1, S5"), "{said}");
    let said = human36m(root.path(), &["--subjects", "S2"]);
    assert!(said.contains("\"S2\"") && said.contains("S11"), "{said}");
    fs::create_dir_all(root.path().join("S1/Videos")).unwrap();
    let said = human36m(root.path(), &["--subjects", "S1"]);
    assert!(unwrapped(&said).contains("S1/MyPoseFeatures/D3_Positions_mono,"), "{said}");
    assert!(said.contains("unpack"), "{said}");
    assert!(!out.exists());
}
