//! `genlock infer`: a rig's geometry and one body per instant from a take.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use frame::{CameraId, DeviceStamp, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
use genlock_tests::{fail, footage, genlock, json, succeed, take_and_finder, test_data};
use serde_json::Value;
use take::{TakeInfo, TakeWriter};

fn numbers<const N: usize>(value: &Value) -> [f64; N] {
    let all: Vec<f64> = value.as_array().expect("a list").iter().map(|number| number.as_f64().unwrap()).collect();
    all.try_into().expect("as many as promised")
}

/// The joints of each frame of `bodies.json`.
fn joints(folder: &Path) -> Vec<Option<Vec<[f64; 3]>>> {
    let file = json(&folder.join("bodies.json"));
    let of_frame = |frame: &Value| Some(frame["joints_mm"].as_array()?.iter().map(numbers::<3>).collect());
    file["frames"].as_array().unwrap().iter().map(of_frame).collect()
}

/// The first 60 instants of the take, inferred once for the tests that read the outcome: its folder.
fn inferred(take: &Path, finder: &Path) -> &'static Path {
    static INFERRED: OnceLock<PathBuf> = OnceLock::new();
    INFERRED.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inferred");
        let _ = std::fs::remove_dir_all(&out);
        let mut command = genlock(["infer", "--first", "60", "--height-mm", "1800", "--calib-toml", "--out"]);
        succeed(command.arg(&out).arg(take).env("GENLOCK_FINDER", finder));
        out
    })
}

#[test]
fn a_take_gives_its_geometry_and_its_bodies() {
    let Some((take, finder)) = take_and_finder() else { return };
    let out = inferred(&take, &finder);

    let geometry = json(&out.join("geometry.json"));
    assert_eq!((&geometry["world"], &geometry["scale"]), (&"z-up".into(), &"stated".into()), "{geometry}");
    let cameras = geometry["cameras"].as_object().unwrap();
    assert_eq!(cameras.len(), 4);
    for (name, camera) in cameras {
        let rotation: [[f64; 3]; 3] = std::array::from_fn(|row| numbers(&camera["rotation"][row]));
        for (i, a) in rotation.iter().enumerate() {
            for (j, b) in rotation.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-6, "{name}: {rotation:?} is no rotation");
            }
        }
        let [_, _, height] = numbers::<3>(&camera["position_mm"]);
        assert!((500.0..6000.0).contains(&height), "{name} hangs {height} mm above the floor");
    }
    let bodies = joints(out);
    assert_eq!(bodies.len(), 60);
    assert!(bodies.iter().flatten().count() >= 58, "{}", bodies.iter().flatten().count());
    for body in bodies.iter().flatten() {
        let [hip, head] = [body[0][2], body[10][2]];
        assert!((400.0..1300.0).contains(&hip) && head > hip, "hip and head at {hip} and {head} mm");
    }
    let trc = pose::trc::read(&out.join("bodies.trc")).unwrap();
    assert_eq!(trc.frames.len(), 60);
    let marker = trc.names.iter().position(|name| name == "LKnee").unwrap();
    for (frame, body) in trc.frames.iter().zip(&bodies) {
        let (Some(marker), Some(body)) = (frame.markers_mm[marker], body) else { continue };
        let apart = (0..3).map(|axis| (marker[axis] - body[5][axis]).abs()).fold(0.0, f64::max);
        assert!(apart < 0.01, "{marker} in one file, {:?} in the other", body[5]);
    }
    let hidden = |frame: &&Value| frame["joint_views"].as_array().is_some_and(|views| views.iter().all(|n| n == 0));
    let frames = json(&out.join("bodies.json"))["frames"].clone();
    assert_eq!(frames.as_array().unwrap().iter().filter(hidden).count(), 0, "no body is all guesses");
    let calibration = std::fs::read_to_string(out.join("Calib.toml")).unwrap();
    let calibration: toml::Table = calibration.parse().expect("it is TOML");
    assert!(cameras.keys().all(|name| calibration[name]["matrix"].is_array()), "{calibration}");

    // With that geometry given, the same bodies.
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again");
    let mut command = genlock(["infer", "--first", "60", "--geometry"]);
    command.arg(out.join("geometry.json")).arg("--out").arg(&again);
    succeed(command.arg(&take).env("GENLOCK_FINDER", &finder));
    let found_again = joints(&again);
    assert_eq!(bodies.len(), found_again.len());
    for (a, b) in bodies.iter().zip(found_again) {
        assert_eq!(a.is_some(), b.is_some());
        let (Some(a), Some(b)) = (a, b) else { continue };
        let apart = a.iter().zip(&b).flat_map(|(a, b)| (0..3).map(move |axis| (a[axis] - b[axis]).abs()));
        assert!(apart.fold(0.0, f64::max) < 0.1, "{a:?} and {b:?}");
    }
}

/// Against the poses published with the footage, which have errors of 2 to 4 cm themselves.
#[test]
fn bodies_are_near_the_published_ones() {
    let (Some((take, finder)), Some(data), Some(footage)) = (take_and_finder(), test_data(), footage()) else { return };
    let trc = data.join("pose2sim_single/pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc");
    let mut command = genlock(["eval", "--json", "--first", "100", "--session"]);
    command.arg(take).arg("--trc").arg(trc).arg("--calibration").arg(footage.join("Calib.qca.txt"));
    let rows: Vec<Value> = serde_json::from_str(&succeed(command.env("GENLOCK_FINDER", &finder))).unwrap();
    let row = |what: &str| rows.iter().find(|row| row["what"] == what).unwrap_or_else(|| panic!("no row {what}"));
    let all = row("all cameras, geometry found");
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"));
    assert!(number(all, "p_mm") <= 36.0 && number(all, "rig_mm") <= 42.0, "{all}");
    assert!(number(all, "rotation_degrees") <= 3.0 && number(all, "focal_percent").abs() <= 5.0, "{all}");
    assert!(number(all, "bodies") >= 98.0, "{all}");
    // The geometry helps: a single view, and views without it, have much larger errors.
    assert!(number(row("finder, one view"), "p_mm") > 2.0 * number(all, "p_mm"), "{rows:?}");
    assert!(number(row("finder, views fused by rotations"), "p_mm") > 1.5 * number(all, "p_mm"), "{rows:?}");
    let named = |row: &&Value| row["what"].as_str().unwrap().starts_with("cam");
    // Three cameras should reach 45 mm: 33 to 46 were measured, the largest for the first three.
    let (mut triples, mut pairs) = (0, 0);
    for row in rows.iter().filter(named).filter(|row| row.get("refused").is_none()) {
        let triple = row["what"].as_str().unwrap().split(' ').count() == 3;
        *(if triple { &mut triples } else { &mut pairs }) += 1;
        assert!(number(row, "p_mm") <= if triple { 50.0 } else { 60.0 }, "{row}");
    }
    assert!(triples == 4 && pairs >= 4, "{triples} triples and {pairs} pairs were not refused: {rows:?}");
}

/// With rendered people, whose joints are known exactly.
#[test]
fn bodies_of_rendered_people_are_near_the_truth() {
    let (Some((_, finder)), Some(data)) = (take_and_finder(), test_data()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let recipe = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../recipes/bodies-held-out.toml"));
    let changes = ["takes=2", "instants=60", "rig.views=4"].map(|change| ["--set", change]);
    let mut render = genlock(["render", "--out"]);
    succeed(render.arg(folder.path()).arg("--assets").arg(&data).args(changes.as_flattened()).arg(recipe));
    let mut eval = genlock(["eval", "--json", "--bodies"]);
    let rows: Vec<Value> =
        serde_json::from_str(&succeed(eval.arg(folder.path()).env("GENLOCK_FINDER", &finder))).unwrap();
    let cameras: Vec<u64> = rows.iter().map(|row| row["cameras"].as_u64().unwrap()).collect();
    assert_eq!(cameras, [2, 3, 4, 2, 3, 4]);
    // In such a short take a person may move too little for a trustworthy geometry; then the row says so.
    let (refused, found): (Vec<_>, Vec<_>) =
        rows.iter().filter(|row| row["cameras"] == 4).partition(|row| row["refused"].is_string());
    assert!(!found.is_empty(), "{refused:?}");
    for row in found {
        let number = |key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"));
        // In one of the takes the person is hidden from one view after another for a quarter of the time.
        let (bodies, withheld) = (number("bodies"), number("withheld"));
        assert!(bodies >= 50.0 && withheld <= 0.1 * (bodies + withheld), "{row}");
        assert!(number("p_mm") <= 50.0 && number("rig_mm") <= 60.0 && number("rotation_degrees") <= 5.0, "{row}");
        // Smoothing reduces jitter, and delays the motion a little.
        let of = |what: &str, key: &str| row[what][key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"));
        assert!(of("filtered", "jitter_m_s2") < of("raw", "jitter_m_s2"), "{row}");
        assert!(of("filtered", "lag_ms") > of("raw", "lag_ms") - 5.0 && of("filtered", "lag_ms") < 80.0, "{row}");
    }
}

#[test]
fn a_geometry_that_does_not_fit_the_take_is_refused() {
    let Some((take, finder)) = take_and_finder() else { return };
    let folder = tempfile::tempdir().unwrap();
    let found = json(&inferred(&take, &finder).join("geometry.json"));
    let changed = folder.path().join("changed.json");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut geometry = found.clone();
        change(&mut geometry["cameras"]["cam02"]);
        std::fs::write(&changed, geometry.to_string()).unwrap();
        let mut command = genlock(["infer", "--first", "12", "--geometry"]);
        command.arg(&changed).arg("--out").arg(folder.path().join("out"));
        fail(command.arg(&take).env("GENLOCK_FINDER", &finder))
    };
    let error = with(&|camera| camera["position_mm"][0] = (camera["position_mm"][0].as_f64().unwrap() + 1500.0).into());
    assert!(error.contains("does not fit the take"), "{error}");
    let error = with(&|camera| camera["size_px"] = serde_json::json!([640.0, 480.0]));
    assert!(error.contains("cam02") && error.contains("640"), "{error}");
    let error = with(&|camera| camera["rotation"][0] = serde_json::json!([2.0, 0.0, 0.0]));
    assert!(error.contains("cam02: its rotation is not a rotation matrix"), "{error}");
    let error = with(&|camera| camera["focal_px"] = 0.0.into());
    assert!(error.contains("cam02: its focal length"), "{error}");
}

/// The shipped pose model as the finder: too inaccurate to find the geometry, but good enough for bodies in one.
#[test]
fn the_rigs_own_network_finds_joints_too() {
    let Some((take, finder)) = take_and_finder() else { return };
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../weights/pose.safetensors");
    let folder = tempfile::tempdir().unwrap();
    let (found, out) = (inferred(&take, &finder), folder.path().join("own"));
    let infer = |out: &Path, words: &[&str]| {
        let mut command = genlock(["infer", "--first", "60", "--out"]);
        command.arg(out).arg(&take).args(words);
        command
    };
    let given = ["--finder", "own", "--geometry", found.join("geometry.json").to_str().unwrap()].map(str::to_owned);
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    let count = |words: &[&str], finder: &Path, model: &str| {
        succeed(infer(&out, words).env("GENLOCK_FINDER", finder).env("GENLOCK_POSE_MODEL", model));
        let bodies = joints(&out);
        assert_eq!(bodies.len(), 60);
        bodies.iter().flatten().count()
    };
    // In OpenVINO, or in libtorch if that is missing; with the shipped model, or a given one.
    let in_openvino = count(&given, &finder, shipped);
    assert!(in_openvino >= 40, "{in_openvino} bodies");
    let in_libtorch = count(&[&given[..], &["--model", shipped]].concat(), folder.path(), "none");
    assert!(in_libtorch.abs_diff(in_openvino) <= 1, "{in_libtorch} and {in_openvino} bodies");

    let nowhere = folder.path().join("nowhere");
    let error = |words: &[&str], model: &str| {
        let words = [&["--finder", "own"], words].concat();
        let said = fail(infer(&nowhere, &words).env("GENLOCK_FINDER", &finder).env("GENLOCK_POSE_MODEL", model));
        assert!(!nowhere.exists(), "nothing is written where nothing was found");
        said
    };
    let said = error(&[], shipped);
    assert!(said.contains("geometry") && said.contains("cannot be found"), "{said}");
    let said = error(&[], "none");
    assert!(said.contains("needs a pose model") && said.contains("--model"), "{said}");
    let said = error(&["--model", "missing.safetensors"], shipped);
    assert!(said.contains("missing.safetensors does not serve as a finder of joints"), "{said}");
    let bad = folder.path().join("bad.safetensors");
    std::fs::write(&bad, "no model").unwrap();
    let said = error(&["--model", bad.to_str().unwrap()], shipped);
    assert!(said.contains("bad.safetensors does not serve") && said.contains("not a whole safetensors file"), "{said}");
}

#[test]
fn what_gives_no_bodies_says_why() {
    let Some((footage_take, finder)) = take_and_finder() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let said = |take: &Path, finder: &Path| {
        let mut command = genlock(["infer", "--first", "3", "--out"]);
        fail(command.arg(&out).arg(take).env("GENLOCK_FINDER", finder))
    };
    let one = grey_take(&folder.path().join("one"), 1);
    let error = said(&one, &finder);
    assert!(error.contains("cameras with pictures: 1; geometry needs two"), "{error}");
    let nobody = grey_take(&folder.path().join("two"), 2);
    let error = said(&nobody, &finder);
    assert!(error.contains("instants in which two or more cameras see somebody: 0"), "{error}");
    let error = said(&footage_take, folder.path());
    assert!(error.contains("libopenvino_c.so: not found") && error.contains("scripts/fetch-finder.sh"), "{error}");
    assert!(!out.exists(), "nothing is written where nothing was found");

    let mut command = genlock(["infer", "--first", "3", "--geometry", "geometry.json", "--out"]);
    command.arg(&out).arg(&footage_take).env("GENLOCK_FINDER", &finder).current_dir(folder.path());
    let mut with = |geometry: &str| {
        std::fs::write(folder.path().join("geometry.json"), geometry).unwrap();
        fail(&mut command)
    };
    let error = with("{}");
    assert!(error.contains("geometry.json is no geometry"), "{error}");
    let other = r#"{"id": "a", "found_utc": "", "instants": 3, "world": "z-up", "scale": "guess", "up": "found",
        "bone_lengths_mm": [1,1,1,1,1,1,1,1,1,1,1,1,1], "cameras": {}}"#;
    let error = with(other);
    assert!(error.contains("fewer than two of the cameras; cam01 is not in it"), "{error}");
}

/// A take in which nothing is visible.
fn grey_take(parent: &Path, cameras: u16) -> PathBuf {
    std::fs::create_dir(parent).unwrap();
    let info = TakeInfo {
        name: "grey".into(),
        rig_toml: String::new(),
        cameras: (0..cameras).map(|camera| format!("camera{camera}")).collect(),
        host: "test".into(),
        trigger_rate_hz: 30.0,
        source_rate_hz: None,
    };
    let mut writer = TakeWriter::create(parent, &info).unwrap();
    for sequence in 0..5 {
        for camera in 0..cameras {
            let at_ns = 33_000_000 * sequence as i64;
            let info = FrameInfo {
                camera: CameraId(camera),
                sequence,
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(sequence),
                exposure: HostTime::monotonic(at_ns, 0),
                exposure_duration_ns: 0,
                arrival_ns: at_ns,
                device: DeviceStamp::default(),
                source: None,
                picture: Picture::packed(PixelFormat::Rgb8, 320, 240),
            };
            writer.write_frame(&info, &[90; 320 * 240 * 3]).unwrap();
        }
    }
    writer.finish().unwrap().directory
}

/// Two people from the start, whom cameras confuse: no body is better than one mixed from both.
#[test]
fn two_people_are_not_made_one() {
    let (Some((_, finder)), Some(data)) = (take_and_finder(), test_data()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (footage, takes) = (folder.path().join("footage"), folder.path().join("takes"));
    succeed(genlock(["import", "videos"]).arg(data.join("pose2sim_multi/videos")).arg("--out").arg(&footage));
    let mut record = genlock(["demo", "--rate", "60", "--seconds", "4", "--headless", "--no-learner", "--no-finder"]);
    record.arg("--footage").arg(&footage);
    succeed(record.arg("--data").arg(folder.path().join("data")).arg("--record").arg(&takes));
    let take = std::fs::read_dir(&takes).unwrap().next().expect("a take").unwrap().path();
    // In a second or two, three of the four cameras often agree on a geometry, which is wrong.
    for first in ["45", "150"] {
        let mut infer = genlock(["infer", "--first", first, "--out"]);
        let error = fail(infer.arg(folder.path().join("bodies")).arg(&take).env("GENLOCK_FINDER", &finder));
        assert!(error.contains("of the pictures show more than one person"), "{first}: {error}");
    }
}
