//! One rig, as each of the programs writes it whose calibrations are read.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use nalgebra::{Matrix3, Rotation3, Vector3};
use pose::calibration::{self, CalibratedCamera, Distortion};

const SIZE_PX: [u32; 2] = [1920, 1080];
/// As the letter of each is in the files.
const NAMES: [&str; 3] = ["a", "b", "c"];

struct Camera {
    matrix: Matrix3<f64>,
    distortion: [f64; 5],
    rodrigues: Vector3<f64>,
    translation_m: Vector3<f64>,
}

fn rig() -> Vec<Camera> {
    let camera = |number: usize| {
        let turn = number as f64;
        Camera {
            matrix: Matrix3::new(1400.0 + turn, 0.0, 950.0, 0.0, 1401.0, 530.0 + turn, 0.0, 0.0, 1.0),
            distortion: [-0.1 + 0.01 * turn, 0.05, 0.001, -0.002, 0.01],
            rodrigues: Vector3::new(1.2, -1.3 + 0.3 * turn, 1.1 - 0.2 * turn),
            translation_m: Vector3::new(0.3 - turn, 1.0, 4.0 + 0.5 * turn),
        }
    };
    (0..NAMES.len()).map(camera).collect()
}

/// The rows of a matrix, as text.
fn rows(matrix: &Matrix3<f64>) -> String {
    let rows: Vec<String> =
        matrix.row_iter().map(|row| format!("[{:?}, {:?}, {:?}]", row[0], row[1], row[2])).collect();
    format!("[{}]", rows.join(", "))
}

fn rotation(camera: &Camera) -> Matrix3<f64> {
    Rotation3::new(camera.rodrigues).into_inner()
}

fn vector(values: &[f64]) -> String {
    format!("{values:?}")
}

/// A matrix in the YAML of `FileStorage`.
fn yaml(key: &str, shape: [usize; 2], data: &[f64]) -> String {
    let [rows, columns] = shape;
    let data: Vec<String> = data.iter().map(f64::to_string).collect();
    // OpenCV breaks lines within the data.
    let data = data.join(", ").replacen(", ", ",\n       ", 1);
    format!("{key}: !!opencv-matrix\n   rows: {rows}\n   cols: {columns}\n   dt: d\n   data: [ {data} ]\n")
}

fn flat(matrix: &Matrix3<f64>) -> Vec<f64> {
    matrix.transpose().iter().copied().collect()
}

fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn own(folder: &Path) -> Vec<CalibratedCamera> {
    let camera = |(name, camera): (&&str, &Camera)| {
        let (matrix, turn) = (rows(&camera.matrix), rows(&rotation(camera)));
        let (lens, at) = (vector(&camera.distortion), vector(camera.translation_m.as_slice()));
        format!(r#"{{"name": "{name}", "size": {SIZE_PX:?}, "K": {matrix}, "dist": {lens}, "R": {turn}, "t": {at}}}"#)
    };
    let cameras: Vec<String> = NAMES.iter().zip(&rig()).map(camera).collect();
    let path = put(folder, "own.json", &format!(r#"{{"cameras": [{}]}}"#, cameras.join(",\n")));
    calibration::read(&path).unwrap()
}

/// Tables for each camera, with the translation in this many of metres.
fn tables(head: &dyn Fn(usize) -> String, turn: &dyn Fn(&Camera) -> String, scale: f64) -> String {
    let mut text = String::new();
    for (number, camera) in rig().iter().enumerate() {
        let (matrix, lens) = (rows(&camera.matrix), vector(&camera.distortion));
        let (turn, at) = (turn(camera), vector((camera.translation_m * scale).as_slice()));
        writeln!(text, "{}\nsize = [1920, 1080]\nmatrix = {matrix}\ndistortions = {lens}", head(number)).unwrap();
        writeln!(text, "rotation = {turn}\ntranslation = {at}\n").unwrap();
    }
    text
}

/// The largest distance in pixels between where the cameras of two calibrations see some points.
fn apart_px(one: &[CalibratedCamera], other: &[CalibratedCamera]) -> f64 {
    assert_eq!(one.len(), other.len());
    let points = [[0.0, 0.0, 0.0], [300.0, -200.0, 1500.0], [-250.0, 400.0, 900.0]].map(Vector3::from);
    let seen = |camera: &CalibratedCamera, point| camera.project(camera.to_camera(point)).unwrap();
    let apart = |(one, other): (&CalibratedCamera, &CalibratedCamera)| {
        assert_eq!((&one.name, one.size_px), (&other.name, other.size_px));
        points.map(|point| (seen(one, point) - seen(other, point)).norm()).into_iter().fold(0.0, f64::max)
    };
    one.iter().zip(other).map(apart).fold(0.0, f64::max)
}

#[test]
fn each_program_s_file_shows_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = own(folder);
    let rodrigues = |camera: &Camera| vector(camera.rodrigues.as_slice());
    let matrix = |camera: &Camera| rows(&rotation(camera));
    let named = |number: usize| format!("[cam_{number}]\nname = \"{}\"", NAMES[number]);
    let pose2sim = tables(&named, &rodrigues, 1.0) + "[metadata]\nadjusted = false\nerror = 0.0\n";
    let anipose = tables(&named, &rodrigues, 1000.0);
    let caliscope = "CreationDate = 2023-05-06T11:12:27.631355\nfps_recording = 24\n\n[charuco]\nsize = 3\n".to_owned()
        + &tables(&|number| format!("[cam_{}]\nport = {number}", NAMES[number]), &matrix, 1.0);
    let mut files = vec![
        put(folder, "Calib.toml", &pose2sim),
        put(folder, "anipose.toml", &anipose),
        put(folder, "bom.toml", &format!("\u{feff}{pose2sim}")),
    ];

    let (mut intrinsics, mut extrinsics) = ("%YAML:1.0\n---\nnames:\n".to_owned(), "%YAML:1.0\n---\n".to_owned());
    let mut objects = Vec::new();
    for (name, camera) in NAMES.iter().zip(&rig()) {
        writeln!(intrinsics, "   - \"{name}\"").unwrap();
        let at = camera.translation_m;
        extrinsics += &yaml(&format!("R_{name}"), [3, 1], camera.rodrigues.as_slice());
        extrinsics += &yaml(&format!("Rot_{name}"), [3, 3], &flat(&rotation(camera)));
        extrinsics += &yaml(&format!("T_{name}"), [3, 1], at.as_slice());
        let opencv = |shape: [usize; 2], data: &[f64]| {
            let [rows, cols] = shape;
            serde_json::json!({"type_id": "opencv-matrix", "rows": rows, "cols": cols, "dt": "d", "data": data})
        };
        let object = serde_json::json!({
            "image_width": 1920, "image_height": 1080,
            "camera_matrix": opencv([3, 3], &flat(&camera.matrix)),
            "distortion_coefficients": opencv([1, 5], &camera.distortion),
            "rvec": opencv([3, 1], camera.rodrigues.as_slice()),
            "tvec": opencv([3, 1], at.as_slice()),
        });
        objects.push(((*name).to_owned(), object));
    }
    for (name, camera) in NAMES.iter().zip(&rig()) {
        intrinsics += &yaml(&format!("K_{name}"), [3, 3], &flat(&camera.matrix));
        intrinsics += &yaml(&format!("dist_{name}"), [1, 5], &camera.distortion);
        intrinsics += &format!("W_{name}: 1920\nH_{name}: 1080\n");
    }
    let objects = serde_json::Value::Object(objects.into_iter().collect());
    files.push(put(folder, "cameras.json", &objects.to_string()));
    std::fs::create_dir(folder.join("easymocap")).unwrap();
    put(&folder.join("easymocap"), "extri.yml", &extrinsics);
    files.push(put(&folder.join("easymocap"), "intri.yml", &intrinsics));
    files.push(put(folder, "all.yml", &(intrinsics.clone() + extrinsics.trim_start_matches("%YAML:1.0\n---\n"))));
    for file in &files {
        let read = calibration::read(file).unwrap_or_else(|error| panic!("{error}"));
        let apart = apart_px(&expected, &read);
        assert!(apart < 1e-6, "{}: {apart} px", file.display());
    }

    let renamed = |cameras: &[CalibratedCamera], name: &dyn Fn(&str) -> String| -> Vec<CalibratedCamera> {
        cameras.iter().map(|camera| CalibratedCamera { name: name(&camera.name), ..camera.clone() }).collect()
    };
    let read = calibration::read(&put(folder, "config.toml", &caliscope)).unwrap();
    assert!(apart_px(&renamed(&expected, &|name| format!("cam_{name}")), &read) < 1e-6);
    let array = tables(&|number| format!("[cameras.{number}]\ncam_id = {number}"), &matrix, 1.0);
    let read = calibration::read(&put(folder, "camera_array.toml", &array)).unwrap();
    let number = |name: &str| format!("cam_{}", NAMES.iter().position(|known| *known == name).unwrap());
    assert!(apart_px(&renamed(&expected, &number), &read) < 1e-6);

    let one = put(folder, "b.json", &objects["b"].to_string());
    assert!(apart_px(&expected[1..2], &calibration::read(&one).unwrap()) < 1e-6);
}

#[test]
fn sizes_come_from_elsewhere_where_a_file_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let camera = &rig()[0];
    let mut text = "%YAML:1.0\n---\n".to_owned();
    text += &yaml("K_a", [3, 3], &flat(&camera.matrix));
    text += &yaml("dist_a", [1, 5], &camera.distortion);
    text += &yaml("R_a", [3, 1], camera.rodrigues.as_slice());
    text += &yaml("T_a", [3, 1], camera.translation_m.as_slice());
    let path = put(folder.path(), "intri.yml", &text);
    let error = calibration::read(&path).unwrap_err().to_string();
    assert!(error.contains("a: it does not say how large its pictures are"), "{error}");
    let sized = calibration::read_for(&path, &|name| (name == "a").then_some(SIZE_PX)).unwrap();
    assert_eq!(sized.unit_taken, Some("metres"));
    assert!(apart_px(&own(folder.path())[..1], &sized.cameras) < 1e-6);
}

#[test]
fn fisheye_lenses_are_known_in_each_format() {
    let folder = tempfile::tempdir().unwrap();
    let toml =
        tables(&|number| format!("[{}]\nfisheye = true", NAMES[number]), &|c| vector(c.rodrigues.as_slice()), 1.0);
    let error = calibration::read(&put(folder.path(), "five.toml", &toml)).unwrap_err().to_string();
    assert!(error.contains("a fisheye lens has 4 distortion coefficients, and 5 are given"), "{error}");
    let four = toml.replace(", 0.01]\nrotation", "]\nrotation");
    let read = calibration::read(&put(folder.path(), "four.toml", &four)).unwrap();
    assert!(read.iter().all(|camera| matches!(camera.distortion, Distortion::Fisheye(_))));
}

#[test]
fn a_model_of_the_lens_is_understood_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rodrigues = |camera: &Camera| vector(camera.rodrigues.as_slice());
    let read = |head: &str, cut: &str| {
        let toml = tables(&|number| format!("[{}]\n{head}", NAMES[number]), &rodrigues, 1.0);
        calibration::read(&put(folder.path(), "model.toml", &toml.replace(cut, "]\nrotation")))
    };
    let four = read("model = \"fisheye\"", ", 0.01]\nrotation").unwrap();
    assert!(four.iter().all(|camera| matches!(camera.distortion, Distortion::Fisheye(_))));
    assert!(read("distortion_model = \"plumb_bob\"", "none").is_ok());
    let error = read("model = \"omnidirectional\"", "none").unwrap_err().to_string();
    assert!(error.contains("\"omnidirectional\" is not understood"), "{error}");
}

#[test]
fn rotations_that_were_rounded_are_made_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let rounded = |camera: &Camera| rows(&rotation(camera).map(|value| (value * 1000.0).round() / 1000.0));
    let read = |turn: &dyn Fn(&Camera) -> String| {
        calibration::read(&put(folder.path(), "r.toml", &tables(&|number| format!("[{}]", NAMES[number]), turn, 1.0)))
    };
    let cameras = read(&rounded).unwrap();
    assert!(apart_px(&own(folder.path()), &cameras) < 3.0);
    let stretched = |camera: &Camera| rows(&(rotation(camera) * 1.1));
    let error = read(&stretched).unwrap_err().to_string();
    assert!(error.contains("R Rᵀ is 0.364 from the identity"), "{error}");
}

#[test]
fn cameras_without_a_place_are_no_cameras() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[cameras.0]\nsize = [1280, 720]\n[cameras.1]\nsize = [1280, 720]\nmatrix = [[1.0]]\n";
    let error = calibration::read(&put(folder.path(), "camera_array.toml", text)).unwrap_err().to_string();
    assert!(error.contains("no camera has a rotation and a translation: cam_1"), "{error}");
    let rodrigues = |camera: &Camera| vector(camera.rodrigues.as_slice());
    let whole = tables(&|number| format!("[{}]", NAMES[number]), &rodrigues, 1.0);
    let unplaced = whole.clone() + "[d]\nsize = [1280, 720]\nmatrix = [[1.0]]\n";
    let read = calibration::read_for(&put(folder.path(), "unplaced.toml", &unplaced), &|_| None).unwrap();
    assert_eq!((read.cameras.len(), read.remarks.len()), (3, 1), "{:?}", read.remarks);
    for part in ["size = [1920, 1080]\n", "distortions = [-0.1, 0.05, 0.001, -0.002, 0.01]\n"] {
        assert!(whole.contains(part), "{whole}");
        let error = calibration::read(&put(folder.path(), "cut.toml", &whole.replacen(part, "", 1))).unwrap_err();
        assert!(error.to_string().contains("missing field"), "{error}");
    }
    for text in ["", "a: 1\n", "%YAML:1.0\n---\na: 1\n", "{}", "{\"cameras\": []}", "x = 1\n", "<a/>", "0\n1\n"] {
        let read = calibration::read(&put(folder.path(), "other", text));
        assert!(read.is_err(), "{text:?}");
    }
}

#[test]
fn caliscope_s_own_files_are_read() {
    let Some(root) = std::env::var_os("GENLOCK_TEST_DATA") else {
        eprintln!("skipped: GENLOCK_TEST_DATA is unset");
        return;
    };
    let folder = Path::new(&root).join("caliscope_charuco/post_optimization");
    assert_eq!(calibration::read(&folder.join("camera_array.toml")).unwrap().len(), 4);
}

#[test]
fn a_stereo_pair_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let matrices = ["M1", "M2"].map(|key| yaml(key, [3, 3], &flat(&rig()[0].matrix))).concat();
    let path = put(folder.path(), "intrinsics.yml", &format!("%YAML:1.0\n---\n{matrices}"));
    let error = calibration::read(&path).unwrap_err().to_string();
    assert!(error.contains("stereo calibration") && error.contains("camera_matrix"), "{error}");
}

#[test]
fn cameras_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |matrix: &str, lens: &str, turn: &str, said: &str| {
        let camera = format!(
            r#"{{"name": "a", "size": [1000, 1000], "K": {matrix}, "dist": {lens}, "R": {turn}, "t": [0, 0, 3]}}"#
        );
        let path = put(folder.path(), "a.json", &format!(r#"{{"cameras": [{camera}]}}"#));
        let error = calibration::read(&path).map(|_| "read".to_owned()).unwrap_or_else(|error| error.to_string());
        assert!(error.contains(said), "{error}");
    };
    let (matrix, lens, turn) = ("[[900,0,500],[0,900,500],[0,0,1]]", "[-0.3,0.1,0,0]", "[[1,0,0],[0,1,0],[0,0,1]]");
    refused(matrix, lens, turn, "read");
    refused("[[900,300,500],[0,900,500],[0,0,1]]", lens, turn, "skew is 300 px");
    refused("[[1800,0,500],[0,900,500],[0,0,1]]", lens, turn, "2.00 times as long across as down");
    refused("[[450,0,250],[0,450,250],[0,0,1]]", lens, turn, "far from the middle");
    refused(matrix, "[5,3,0,0,0]", turn, "of no lens");
    refused(matrix, "[-1.5,0,0,0,0]", turn, "of no lens");
    refused(matrix, lens, "[[1,0,0],[0,1,0],[0,0,-1]]", "mirrors");
}
