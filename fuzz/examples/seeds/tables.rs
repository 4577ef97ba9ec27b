//! Seeds of data sets, markers, calibrations and poses.

use nalgebra::Vector3;
use pose::markers::{MarkerFrame, Tracks};
use pose::{CameraLabels, FrameLabel, JOINTS, Labels, labels};

use crate::Seed;
use crate::cdf::Cdf;
use crate::mat::{Mat, Variable};

pub fn seeds() -> Vec<Seed> {
    let rows = [vec![1.5, -2.0, 3.0], vec![4.0, 5.0, 6.0]];
    let cdf = |cdf: Cdf| cdf.bytes("Pose", &rows);
    let cells = Variable::Cells(vec![rows.to_vec(), rows.to_vec()]);
    let mat = |mat: Mat| {
        mat.file(&[("annot", cells.clone()), ("text", Variable::Text("abc")), ("frames", Variable::Shorts(vec![7, 8]))])
    };
    let mut seeds = vec![
        ("cdf", "as-matlab-writes", cdf(Cdf::default())),
        ("cdf", "r-variable", cdf(Cdf { z: false, row_major: true, double: true, ..Cdf::default() })),
        ("cdf", "packed", cdf(Cdf { one_record: false, packed_values: true, ..Cdf::default() })),
        ("cdf", "packed-file", cdf(Cdf { little_endian: false, packed_file: true, ..Cdf::default() })),
        ("mat", "plain", mat(Mat::default())),
        ("mat", "packed", mat(Mat { packed: true, ..Mat::default() })),
        ("mat", "other-end", mat(Mat { big_endian: true, single: true, ..Mat::default() })),
        ("calibration", "json", CALIBRATION.into()),
        ("calibration", "qca", QCA.into()),
        ("calibration", "toml", CALIBRATION_TOML.into()),
        ("calibration", "yaml", CALIBRATION_YAML.into()),
    ];
    seeds.extend(poses());
    seeds
}

fn poses() -> Vec<Seed> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    let read = || std::fs::read(&path).expect("a file");
    const MARKERS: [&str; 16] = [
        "RHip",
        "RKnee",
        "RAnkle",
        "LHip",
        "LKnee",
        "LAnkle",
        "Neck",
        "Nose",
        "Head",
        "LShoulder",
        "LElbow",
        "LWrist",
        "RShoulder",
        "RElbow",
        "RWrist",
        "LHeel",
    ];
    let frame = |source_index| MarkerFrame {
        source_index,
        markers_mm: (0..MARKERS.len()).map(|at| (at < 15).then(|| Vector3::new(1.0, 2.0, at as f64))).collect(),
    };
    let trc = Tracks { rate_hz: 60.0, names: MARKERS.map(str::to_owned).to_vec(), frames: vec![frame(5), frame(6)] };
    pose::trc::write(&path, "seed", &trc).expect("a file");
    let text = read();
    pose::c3d::write(&path, &trc).expect("a file");
    let (trc, c3d) = (text, read());

    let pose = std::array::from_fn(|joint| [joint as f32, 2.5, -3.0]);
    pose::pose_file::write(&path, &[pose]).expect("a file");
    let poses = read();

    let label =
        |source_index| FrameLabel { source_index, joints_mm: pose, root_px: [1.0, 2.0], joints_px: [[3.0; 2]; JOINTS] };
    let provenance = labels::Provenance {
        poses: "a.trc".into(),
        calibration: "b.json".into(),
        rate_hz: 60.0,
        unlabelled: vec![3],
        source_frames: Some(9),
    };
    let cameras = vec![CameraLabels { name: "left".into(), size_px: [640, 480], frames: vec![label(1), label(4)] }];
    let (truth, joint_set, keyed_by) = ("pseudo".into(), "17".into(), labels::KeyedBy::Source);
    let labels = Labels { version: labels::VERSION, truth, joint_set, provenance, keyed_by, cameras };
    labels.write(&path).expect("a file");
    vec![
        ("trc", "two-frames", trc),
        ("c3d", "two-frames", c3d),
        ("pose_files", "poses", poses),
        ("pose_files", "labels", read()),
    ]
}

const CALIBRATION: &str = r#"{"cameras": [{"name": "a", "size": [640, 480], "K": [[600, 0, 320], [0, 600, 240], [0, 0, 1]],
"dist": [0.1, -0.2, 0.001, 0, 0], "R": [[1, 0, 0], [0, 0, -1], [0, 1, 0]], "t": [0, 1.5, 3]}]}"#;

const CALIBRATION_TOML: &str = r#"[cam_0]
name = "a"
size = [640, 480]
matrix = [[600.0, 0.0, 320.0], [0.0, 600.0, 240.0], [0.0, 0.0, 1.0]]
distortions = [0.1, -0.2, 0.001, 0.0]
rotation = [1.2, 0.0, 0.5]
translation = [0.0, 1.5, 3.0]
[cameras.1]
size = [640, 480]
matrix = [[600.0, 0.0, 320.0], [0.0, 600.0, 240.0], [0.0, 0.0, 1.0]]
distortions = [0.1, -0.2, 0.001, 0.0]
rotation = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
translation = [0.0, 1.5, 3.0]
"#;

const CALIBRATION_YAML: &str = "%YAML:1.0
---
K_a: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 600., 0., 320., 0., 600., 240., 0., 0., 1. ]
dist_a: !!opencv-matrix
   rows: 1
   cols: 4
   dt: d
   data: [ 0.1, -0.2, 0.001, 0. ]
R_a: !!opencv-matrix
   rows: 3
   cols: 1
   dt: d
   data: [ 1.2, 0., 0.5 ]
T_a: !!opencv-matrix
   rows: 3
   cols: 1
   dt: d
   data: [ 0., 1.5, 3. ]
W_a: 640
H_a: 480
";

const QCA: &str = r#"<calibration><cameras><camera serial="1" viewrotation="0">
<fov_video left="0" top="0" right="1087" bottom="1919"/>
<transform x="1" y="2" z="3" r11="1" r12="0" r13="0" r21="0" r22="1" r23="0" r31="0" r32="0" r33="1"/>
<intrinsic focalLengthU="80000" focalLengthV="80000" centerPointU="34816" centerPointV="61440" skew="0"
radialDistortion1="0" radialDistortion2="0" radialDistortion3="0" tangentalDistortion1="0" tangentalDistortion2="0"/>
</camera></cameras></calibration>"#;
