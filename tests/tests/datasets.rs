//! Human3.6M and MPI-INF-3DHP from their files to figures: small data sets in their real layout are imported, trained on
//! and measured by the data sets' protocols. People are stick figures that walk to and fro, so every joint is known.

#[path = "../../datasets/tests/common/mod.rs"]
mod common;
#[allow(dead_code, reason = "other suites use all of it")]
#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::fs;
use std::path::{Path, PathBuf};

use common::{human36m_view, mpi_inf_3dhp_annotations_of};
use genlock_tests::videos::{H264_IN_MP4, JPEG_IN_AVI, write_video};
use genlock_tests::{fail, genlock, json, succeed};
use nalgebra::{Rotation3, Vector3};
use pose::baseline::MeanPose;
use pose::{JOINTS, Labels, Pose3d, compute_metrics};
use serde_json::Value;
use studio::{DISTANCE_MM, FOCAL_PX, FRAME_PX};
use take::session::{LABELS_FILE, Split};
use take::{MaskReader, Session, SessionTake};

/// Where the 17 joints are among the 32 of Human3.6M and the 28 of MPI-INF-3DHP.
const OF_32: [usize; JOINTS] = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27];
const OF_28: [usize; JOINTS] = [4, 23, 24, 25, 18, 19, 20, 3, 5, 6, 7, 9, 10, 11, 14, 15, 16];
/// Every so many frames are held in memory, beside the test frames.
const EVERY: u32 = 3;

/// One instant of one person in one camera.
struct Seen {
    camera_mm: [Vector3<f64>; JOINTS],
    joints_px: [[f32; 2]; JOINTS],
    rgb: Vec<u8>,
    mask: Vec<u8>,
}

/// A person who walks from side to side; one who sits stays in one place.
fn see(person: u32, camera: usize, frame: usize, sits: bool) -> Seen {
    let way = if sits { 300.0 } else { 900.0 * (0.12 * frame as f64).sin() };
    let turn = Rotation3::from_axis_angle(&Vector3::y_axis(), 0.7 * camera as f64);
    let camera_mm =
        studio::figure(person, person, frame as u32).map(|joint| turn * joint + Vector3::new(way, 0.0, DISTANCE_MM));
    let joints_px = camera_mm.map(|joint| {
        let middle = f64::from(FRAME_PX) / 2.0;
        [0, 1].map(|axis| (middle + FOCAL_PX * joint[axis] / joint.z) as f32)
    });
    let (rgb, mask) = studio::draw(&joints_px, person % 5, camera as u32);
    Seen { camera_mm, joints_px, rgb, mask }
}

/// Rows of a data set's tables, in space and in pictures, with `all` joints of which ours are at `places`.
fn tables(seen: &[Seen], all: usize, places: [usize; JOINTS]) -> [Vec<Vec<f64>>; 2] {
    let rows = |axes: usize, value: &dyn Fn(&Seen, usize, usize) -> f64| {
        let row = |seen: &Seen| {
            let mut row = vec![0.0; axes * all];
            for (joint, place) in places.into_iter().enumerate() {
                (0..axes).for_each(|axis| row[axes * place + axis] = value(seen, joint, axis));
            }
            row
        };
        seen.iter().map(row).collect::<Vec<_>>()
    };
    [
        rows(3, &|seen, joint, axis| seen.camera_mm[joint][axis]),
        rows(2, &|seen, joint, axis| f64::from(seen.joints_px[joint][axis])),
    ]
}

fn video(path: &Path, seen: &[Seen], encoder: &str) {
    let pictures = seen.iter().map(|seen| seen.rgb.clone());
    write_video(path, [FRAME_PX as usize; 2], pictures, encoder);
}

fn human36m(root: &Path) -> PathBuf {
    let data = root.join("h36m");
    let clips = [("S1", 70), ("S5", 66), ("S6", 66), ("S7", 66), ("S8", 66), ("S9", 70), ("S11", 66)];
    let clips = clips.map(|(subject, frames)| (subject, "Walking 1", frames));
    for (subject, clip, frames) in clips.into_iter().chain([("S1", "Sitting", 30)]) {
        let person = subject[1..].parse().unwrap();
        for camera in 0..4 {
            let seen: Vec<Seen> = (0..frames).map(|frame| see(person, camera, frame, clip == "Sitting")).collect();
            let [space, picture] = tables(&seen, 32, OF_32);
            video(&human36m_view(&data, subject, clip, camera, &space, &picture), &seen, H264_IN_MP4);
        }
    }
    data
}

fn mpi_inf_3dhp(root: &Path) -> PathBuf {
    let data = root.join("mpi_inf_3dhp");
    for subject in ["S1", "S2", "S6"] {
        let folder = data.join(subject).join("Seq1");
        let person = subject[1..].parse().unwrap();
        let of = |camera| (0..40).map(|frame| see(person, camera, frame, subject == "S2")).collect::<Vec<Seen>>();
        let (mut space, mut picture) = (Vec::new(), Vec::new());
        for camera in 0..14 {
            let seen = of(camera);
            let [in_space, in_picture] = tables(&seen, 28, OF_28);
            space.push(in_space);
            picture.push(in_picture);
            if [0, 8].contains(&camera) {
                video(&folder.join(format!("imageSequence/video_{camera}.avi")), &seen, JPEG_IN_AVI);
            }
            // S2 never leaves their place, so only the data set's masks show them.
            if [0, 8].contains(&camera) && subject == "S2" {
                let red = seen.iter().map(|seen| seen.mask.iter().flat_map(|&on| [255 * on, 0, 0]).collect());
                let path = folder.join(format!("FGmasks/video_{camera}.avi"));
                write_video(&path, [FRAME_PX as usize; 2], red, JPEG_IN_AVI);
            }
        }
        mpi_inf_3dhp_annotations_of(&folder, 40, picture, space);
    }
    data
}

/// Checks a take's masks against the figures. A figure's lines are 5 pixels wide, and codecs halve the size of colours,
/// so what is found may be two pixels beside a line.
fn check_masks(out: &Path, take: &str, person: u32, sits: bool, cameras: &[(usize, &str)]) {
    let masks = MaskReader::open(&out.join("takes").join(take)).unwrap();
    let side = FRAME_PX as usize;
    for &(camera, name) in cameras {
        for frame in masks.indices(name) {
            let found = masks.get(name, frame).unwrap().unwrap().pixels;
            let drawn = see(person, camera, frame as usize, sits).mask;
            let near = |at: usize| {
                let (x, y) = (at % side, at / side);
                let around = |at: usize| at.saturating_sub(2)..(at + 3).min(side);
                around(y).any(|y| around(x).any(|x| drawn[y * side + x] > 0))
            };
            let places = |mask: &[u8]| (0..mask.len()).filter(|&at| mask[at] > 0).collect::<Vec<_>>();
            let (of_drawn, of_found) = (places(&drawn), places(&found));
            let seen = of_drawn.iter().filter(|&&at| found[at] > 0).count() as f64 / of_drawn.len() as f64;
            let right = of_found.iter().filter(|&&at| near(at)).count() as f64 / of_found.len() as f64;
            assert!(seen > 0.9 && right > 0.98, "{take}, {name}, frame {frame}: {seen} of it seen, {right} right");
        }
    }
}

/// The labels of those frames of a session that are `wanted`, in mm.
fn poses(out: &Path, wanted: impl Fn(&SessionTake, u32) -> bool) -> Vec<Pose3d> {
    let mut poses = Vec::new();
    for take in Session::read(out).unwrap().takes {
        let labels = Labels::read(&Session::take_directory(out, &take).join(LABELS_FILE)).unwrap();
        let frames = labels.cameras.iter().flat_map(|camera| &camera.frames);
        poses.extend(frames.filter(|label| wanted(&take, label.source_index)).map(|label| label.joints_mm));
    }
    poses
}

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
[data]
store-px = 56
every = 3
[augment]
backgrounds = 64
[sync]
samples = 192
takes = 2
times = 4
[transfer]
people = 1
samples = 640
batch = 32
[evaluation]
last-pictures = 0
"#;

/// Trains with [`RECIPE`]; returns what was said and the figures.
fn train(root: &Path, session: &Path) -> (String, Value) {
    let (recipe, out) = (root.join("recipe.toml"), root.join("trained"));
    fs::write(&recipe, RECIPE).unwrap();
    let mut command = genlock(["train", "--recipe"]);
    let said = succeed(command.arg(&recipe).arg("--session").arg(session).arg("--out").arg(&out));
    (said, json(&out.join("evaluation.json")))
}

/// Checks figures against what the test works out itself from the labels: a mean pose of the people whose labels are
/// used, on the frames to measure on.
fn check_figures(found: &Value, learned: &[Pose3d], tested: &[Pose3d]) {
    let all = &found["comparisons"][0];
    assert_eq!((all["actions"].as_str(), all["pictures"].as_u64()), (Some("all"), Some(tested.len() as u64)));
    let mean = MeanPose::fit(learned).unwrap().predict();
    let expected = compute_metrics(&vec![mean; tested.len()], tested).unwrap();
    let said = &all["mean-pose"]["metrics"];
    for (name, value) in
        [("mpjpe16", expected.mpjpe16), ("nmpjpe16", expected.nmpjpe16), ("pmpjpe17", expected.pmpjpe17)]
    {
        let said = said[name].as_f64().unwrap();
        assert!((said - value).abs() < 0.1, "{name}: {said} mm and not {value}");
    }
    // People are 1.5 m from head to foot: in metres or pixels figures would be far below or above.
    let model = &all["model"]["masked"]["metrics"];
    let of = |name: &str| model[name].as_f64().unwrap();
    assert!((30.0..1500.0).contains(&of("mpjpe16")), "{model}");
    assert!((of("mpjpe16") * 16.0 / 17.0 - of("mpjpe17")).abs() < 1e-6, "16 joints without the root: {model}");
}

#[test]
fn human36m_from_files_to_the_tables() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (human36m(root.path()), root.path().join("session"));
    let said = succeed(genlock(["import", "human36m"]).arg(&data).arg("--out").arg(&out));
    assert!(said.contains("to learn from: S1, S5, S6, S7, S8") && said.contains("to measure on: S11, S9"), "{said}");
    assert!(said.contains("S1-Sitting: 120 masks, 0 of them without a subject"), "{said}");
    let cameras: Vec<_> = common::CAMERAS.into_iter().enumerate().collect();
    // Who sits is in their own median, but not in that of the walk.
    for (take, sits) in [("S1-Walking-1", false), ("S1-Sitting", true)] {
        check_masks(&out, take, 1, sits, &cameras);
    }

    let (said, found) = train(root.path(), &out);
    // By source index: every third frame, and of those to measure on every 64th, too.
    let held = |frames: u32| (0..frames).filter(|at| at % EVERY == 0 || at % 64 == 0).count();
    let learn = 4 * (70_usize.div_ceil(3) + 30_usize.div_ceil(3) + 4 * 66_usize.div_ceil(3));
    let held_out = 4 * (held(70) + held(66));
    let counts = format!("{learn} of 5 people in 6 clips to learn from, {held_out} of 2 people in 2 clips held out");
    assert!(said.contains(&counts), "{counts} in: {said}");
    let learned = poses(&out, |take, at| take.person == "S1" && at % EVERY == 0);
    let tested = poses(&out, |take, at| take.split == Split::HeldOut && at % 64 == 0);
    assert_eq!((tested.len(), found["people"].as_u64()), (16, Some(2)), "frames 0 and 64 in four cameras, twice");
    check_figures(&found, &learned, &tested);

    // The same model by `eval`.
    let (recipe, figures) = (root.path().join("eval.toml"), root.path().join("figures"));
    fs::write(&recipe, format!("session = {:?}\ndata = {{ store-px = 56, every = 3 }}\n", out.display().to_string()))
        .unwrap();
    let model = root.path().join("trained/pose-model.safetensors");
    let mut eval = genlock(["eval", "--recipe"]);
    succeed(eval.arg(&recipe).arg("--model").arg(&model).arg("--out").arg(&figures));
    let again = json(&figures.join("evaluation.json"));
    assert_eq!(again["rendered"]["comparisons"][0]["pictures"], 16);
    let error = |value: &Value| value["comparisons"][0]["model"]["masked"]["metrics"]["mpjpe16"].as_f64().unwrap();
    assert!((error(&found) - error(&again["rendered"])).abs() < 1e-3);

    let report = root.path().join("report");
    let mut command = genlock(["sync-report", "--gaps", "100,400", "--pairs", "40", "--takes", "0", "--encoder"]);
    command.arg(root.path().join("trained/sync.safetensors")).arg("--session").arg(&out).arg("--out").arg(&report);
    succeed(&mut command);
    let accuracy = json(&report.join("sync-report.json"))["accuracy"].clone();
    let people: Vec<&str> = accuracy.as_array().unwrap().iter().filter_map(|curve| curve["person"].as_str()).collect();
    for person in ["S1", "S5", "S6", "S7", "S8", "S9", "S11"] {
        assert!(people.contains(&person), "{person} in {people:?}");
    }

    // The tables' own recipes, made small.
    for (table, row) in [("table1", "d"), ("table2", "all-r18")] {
        let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../recipes/{table}.toml"));
        let folder = root.path().join(table);
        let mut command = genlock(["ablate"]);
        command.arg(recipe).args(["--row", row, "--seed", "0"]).arg("--session").arg(&out).arg("--out").arg(&folder);
        for small in [
            "width=8",
            "crop-px=32",
            "data.store-px=56",
            "data.every=3",
            "sync.samples=64",
            "transfer.samples=128",
            "augment.backgrounds=16",
            "sync.augment.backgrounds=16",
        ] {
            command.args(["--set", small]);
        }
        succeed(&mut command);
        let rows = json(&folder.join("table.json"))["rows"].clone();
        let ours: Vec<&Value> = rows.as_array().unwrap().iter().filter(|row| row["ours"].is_object()).collect();
        assert!(
            !ours.is_empty() && ours.iter().all(|row| row["ours"]["mpjpe"]["mean"].as_f64() > Some(30.0)),
            "{rows}"
        );
    }
}

#[test]
fn mpi_inf_3dhp_from_files_to_figures() {
    let root = tempfile::tempdir().unwrap();
    let (data, out) = (mpi_inf_3dhp(root.path()), root.path().join("session"));
    let import = |words: &[&str]| {
        let mut command = genlock(["import", "mpi-inf-3dhp", "--sequences", "Seq1", "--cameras", "0,8"]);
        command.args(words).arg(&data).arg("--out").arg(&out);
        command
    };
    let said = fail(&mut import(&[]));
    assert!(said.contains("S3, S4, S5, S7, S8") && said.contains("missing"), "{said}");
    let said = succeed(&mut import(&["--subjects", "S1,S2,S6"]));
    assert!(said.contains("to learn from: S1, S2") && said.contains("to measure on: S6"), "{said}");
    let cameras = [(0, "camera-0"), (8, "camera-8")];
    for (take, person, sits) in [("S1-Seq1", 1, false), ("S2-Seq1", 2, true), ("S6-Seq1", 6, false)] {
        check_masks(&out, take, person, sits, &cameras);
    }
    let (said, found) = train(root.path(), &out);
    assert!(said.contains("56 of 2 people in 2 clips to learn from, 28 of 1 people in 1 clips held out"), "{said}");
    let learned = poses(&out, |take, at| take.person == "S1" && at % EVERY == 0);
    let tested = poses(&out, |take, at| take.split == Split::HeldOut && at % EVERY == 0);
    assert_eq!(tested.len(), 28, "all frames that are held");
    check_figures(&found, &learned, &tested);

    // Masks that end too early.
    let [long, short] = ["S2", "S6"].map(|subject| data.join(subject).join("Seq1/FGmasks/video_0.avi"));
    let few: Vec<Vec<u8>> = vec![vec![0; 3 * (FRAME_PX * FRAME_PX) as usize]; 5];
    write_video(&short, [FRAME_PX as usize; 2], few.into_iter(), JPEG_IN_AVI);
    assert!(long.is_file());
    let another = root.path().join("another");
    let mut command = genlock(["import", "mpi-inf-3dhp", "--sequences", "Seq1", "--cameras", "0", "--subjects", "S6"]);
    let said = fail(command.arg(&data).arg("--out").arg(&another));
    assert!(said.contains("ends before the pictures do") && said.contains("S6-Seq1"), "{said}");
    assert!(!Session::read_unfinished(&another).unwrap().complete);
}
