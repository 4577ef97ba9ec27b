//! Packed assets can replace those from which they were made.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use common::data;
use frame::CameraId;
use glam::Vec3;
use pose::Labels;
use take::session::LABELS_FILE;
use take::{Session, TakeReader};
use virtual_studio::assets::{self, NOTICE, PackError, PackedAssets};
use virtual_studio::render::Backend;
use virtual_studio::session::{Progress, Script, SessionOptions, render};

const EVERYTHING: &str = r#"
version = 1
name = "everything"
seed = 3
takes = 6
instants = 3
rate-hz = 5.0
widened = 0.5
people = { folders = ["avatars_valid"] }
motions = { folders = ["motion_cmu/bvh60", "motion_cmu_subjects/bvh60"] }
place = { environments = { folders = ["hdri_cc0"] } }
rig = { views = 2, size-px = [144, 144], framing = "subject" }
"#;

fn written(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("scenario.toml");
    fs::write(&path, text).unwrap();
    path
}

fn read(scenario: &Path, assets: &Path) -> Script {
    Script::read(scenario, Some(assets), &[]).unwrap()
}

fn rendered(script: Script, out: &Path) -> Session {
    let options = SessionOptions { load: assets::PEOPLE, backend: Backend::Cpu, threads: 2 };
    render(&[script], out, &options, &Progress::default(), &AtomicBool::new(false)).unwrap();
    Session::read(out).unwrap()
}

/// Mean difference of two cameras' pictures, steps of 255.
fn apart(one: &TakeReader, other: &TakeReader, camera: CameraId) -> f64 {
    let pixels = |take: &TakeReader, index: usize| {
        turbojpeg::decompress(&take.read(camera, index).unwrap().1, turbojpeg::PixelFormat::RGB).unwrap().pixels
    };
    let of_frame = |index: usize| {
        let (a, b) = (pixels(one, index), pixels(other, index));
        a.iter().zip(&b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
    };
    (0..one.len(camera)).map(of_frame).sum::<f64>() / one.len(camera) as f64
}

#[test]
fn everything_fits_into_20_mib_and_renders_alike() {
    let Some(data) = data() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (scenario, made, moved) =
        (written(folder.path(), EVERYTHING), folder.path().join("made"), folder.path().join("elsewhere/packed"));
    let packed = assets::pack(&[read(&scenario, &data)], &data, &made, |_, _| {}).unwrap();
    let PackedAssets { people, motions, environments, bytes } = packed;
    eprintln!("{people} people, {motions} motions and {environments} environments take {bytes} bytes");
    assert_eq!((people, motions, environments), (59, 117, 10));
    assert!(bytes < 20 << 20, "{bytes}");
    let notice = fs::read_to_string(made.join(NOTICE)).unwrap();
    assert!(notice.contains("avatars_valid (people): avatars_valid/LICENSE, avatars_valid/SOURCE.md"), "{notice}");
    for terms in ["avatars_valid/LICENSE", "motion_cmu/SOURCE.md", "motion_cmu_subjects/SOURCE.md", "hdri_cc0/LICENSE"]
    {
        assert_eq!(fs::read(made.join(terms)).unwrap(), fs::read(data.join(terms)).unwrap());
    }
    fs::create_dir(moved.parent().unwrap()).unwrap();
    fs::rename(made, &moved).unwrap();

    let outs = ["original", "packed"].map(|name| folder.path().join(name));
    let sessions = [(&data, &outs[0]), (&moved, &outs[1])].map(|(assets, out)| rendered(read(&scenario, assets), out));
    assert_eq!(sessions[0].takes, sessions[1].takes, "the same people, clips, actions and environments");
    let (mut worst_mm, mut worst_px, mut differences) = (0.0f32, 0.0f32, Vec::new());
    for take in &sessions[0].takes {
        let folders = outs.each_ref().map(|out| Session::take_directory(out, take));
        let [one, other] = folders.each_ref().map(|folder| Labels::read(&folder.join(LABELS_FILE)).unwrap());
        for (a, b) in one.cameras.iter().zip(&other.cameras).flat_map(|(a, b)| a.frames.iter().zip(&b.frames)) {
            let joints = a.joints_mm.iter().zip(&b.joints_mm);
            worst_mm = joints.map(|(a, b)| Vec3::from(*a).distance(Vec3::from(*b))).fold(worst_mm, f32::max);
            let places = a.joints_px.iter().flatten().zip(b.joints_px.iter().flatten());
            worst_px = places.map(|(a, b)| (a - b).abs()).fold(worst_px, f32::max);
        }
        let [one, other] = folders.each_ref().map(|folder| TakeReader::open(folder).unwrap());
        differences.extend((0..2).map(|camera| apart(&one, &other, CameraId(camera))));
    }
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    eprintln!(
        "labels differ by at most {worst_mm} mm and {worst_px} px, pictures by {mean} on average: {differences:?}"
    );
    assert!(worst_mm < 1.0 && worst_px < 0.1, "{worst_mm} mm, {worst_px} px");
    assert!(mean < 4.0 && differences.iter().all(|&difference| difference < 10.0), "{differences:?}");
}

/// One small environment in an asset folder, and the scenario that chooses it.
fn one_environment(folder: &Path) -> (PathBuf, PathBuf) {
    let assets = folder.join("assets");
    fs::create_dir_all(assets.join("light")).unwrap();
    let sky = virtual_studio::render::Environment::built_in(virtual_studio::render::Sky::Noon);
    fs::write(assets.join("light/noon.hdr"), sky.pack(64).unwrap()).unwrap();
    let text = "version = 1\nname = \"a\"\nseed = 1\ninstants = 1\nrate-hz = 5.0\n\
                place = { environments = { folders = [\"light\"] } }\n";
    (written(folder, text), assets)
}

#[test]
fn a_pack_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, assets) = one_environment(folder.path());
    let out = folder.path().join("packed");
    fs::write(assets.join("light/broken.hdr"), "no picture").unwrap();
    let error = assets::pack(&[read(&scenario, &assets)], &assets, &out, |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("broken.hdr"), "{error}");
    let there = || {
        let mut there: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        there.sort();
        there
    };
    assert_eq!(there(), ["assets", "scenario.toml"]);

    fs::remove_file(assets.join("light/broken.hdr")).unwrap();
    let packed = assets::pack(&[read(&scenario, &assets)], &assets, &out, |_, _| {}).unwrap();
    assert_eq!((packed.people, packed.motions, packed.environments), (0, 0, 1));
    assert!(fs::read_to_string(out.join(NOTICE)).unwrap().contains("light (environments): no file with terms"));
    assert_eq!(there(), ["assets", "packed", "scenario.toml"]);
    // Packed assets can be packed again.
    let again = folder.path().join("again");
    assets::pack(&[read(&scenario, &out)], &out, &again, |_, _| {}).unwrap();
    assert_eq!(fs::read(again.join("light/noon.hdr")).unwrap(), fs::read(out.join("light/noon.hdr")).unwrap());

    let error = assets::pack(&[read(&scenario, &assets)], &assets, &out, |_, _| {}).unwrap_err();
    assert!(matches!(error, PackError::Exists { .. }), "{error}");
    // Other files are not removed either.
    let theirs = folder.path().join("third.partial");
    fs::create_dir(&theirs).unwrap();
    let error =
        assets::pack(&[read(&scenario, &assets)], &assets, &folder.path().join("third"), |_, _| {}).unwrap_err();
    assert!(matches!(&error, PackError::Exists { path } if *path == theirs) && theirs.is_dir(), "{error}");
}

#[test]
fn folders_elsewhere_and_folders_that_are_missing_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (scenario, assets) = one_environment(folder.path());
    let out = folder.path().join("packed");
    let text = fs::read_to_string(&scenario).unwrap();
    for elsewhere in [assets.join("light").display().to_string(), "../assets/light".into()] {
        let outer = folder.path().join("outer");
        fs::create_dir_all(&outer).unwrap();
        let scenario = written(&outer, &text.replace("\"light\"", &format!("{elsewhere:?}")));
        let error = assets::pack(&[read(&scenario, &outer)], &outer, &out, |_, _| {}).unwrap_err();
        assert!(matches!(error, PackError::Outside { .. }), "{error}");
    }
    let error = Script::read(&scenario, Some(&folder.path().join("gone")), &[]).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("gone/light cannot be read"), "{error}");
}
