//! Small data sets in their real layout, written by the formats' public descriptions without the readers' code.
#![allow(dead_code, reason = "each suite uses a part")]

pub mod cdf;
pub mod mat;

use std::fs;
use std::path::{Path, PathBuf};

use cdf::Cdf;
use frame::{CameraId, DeviceStamp, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
use mat::Mat;

pub const CAMERAS: [&str; 4] = ["54138969", "55011271", "58860488", "60457274"];

/// A number that tells frame, camera, joint and axis apart. Depth is always in front of the camera.
pub fn coordinate(camera: usize, frame: usize, joint: usize, axis: usize) -> f64 {
    let value = (camera * 7 + joint * 31 + axis * 13) as f64 * 1.5 + frame as f64 * 0.25;
    if axis == 2 { 3000.0 + value } else { value - 400.0 }
}

/// Rows of `joints × axes` numbers, one row a frame.
pub fn table(camera: usize, frames: usize, joints: usize, axes: usize) -> Vec<Vec<f64>> {
    let row = |frame| (0..joints * axes).map(|i| coordinate(camera, frame, i / axes, i % axes)).collect::<Vec<f64>>();
    (0..frames).map(row).collect()
}

pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The pose files of one clip, and a video that `video` makes for each camera.
pub fn human36m_clip(root: &Path, subject: &str, clip: &str, frames: usize, mut video: impl FnMut(usize, &Path)) {
    for number in 0..CAMERAS.len() {
        let (space, picture) = (table(number, frames, 32, 3), table(number, frames, 32, 2));
        let path = human36m_view(root, subject, clip, number, &space, &picture);
        video(number, &path);
    }
}

/// The pose files of one camera of a clip; returns where its video belongs.
pub fn human36m_view(
    root: &Path,
    subject: &str,
    clip: &str,
    camera: usize,
    space: &[Vec<f64>],
    picture: &[Vec<f64>],
) -> PathBuf {
    let poses = root.join(subject).join("MyPoseFeatures");
    let name = format!("{clip}.{}", CAMERAS[camera]);
    let file = format!("{name}.cdf");
    write(&poses.join("D3_Positions_mono").join(&file), &Cdf::default().bytes("Pose", space));
    let packed = Cdf { packed_values: true, ..Cdf::default() };
    write(&poses.join("D2_Positions").join(&file), &packed.bytes("Pose", picture));
    let path = root.join(subject).join("Videos").join(format!("{name}.mp4"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

/// `annot.mat` of all 14 cameras, with `extra` rows that no picture belongs to.
pub fn mpi_inf_3dhp_annotations(sequence: &Path, frames: usize, extra: usize) -> PathBuf {
    let cells = |axes| (0..14).map(|camera| table(camera, frames + extra, 28, axes)).collect::<Vec<_>>();
    mpi_inf_3dhp_annotations_of(sequence, frames, cells(2), cells(3))
}

/// `annot.mat` with these tables, one for each of the 14 cameras.
pub fn mpi_inf_3dhp_annotations_of(
    sequence: &Path,
    frames: usize,
    picture: Vec<Vec<Vec<f64>>>,
    space: Vec<Vec<Vec<f64>>>,
) -> PathBuf {
    let path = sequence.join("annot.mat");
    let bytes = Mat { packed: true, ..Mat::default() }.file(&[
        ("annot2", mat::Variable::Cells(picture)),
        ("annot3", mat::Variable::Cells(space.clone())),
        ("univ_annot3", mat::Variable::Cells(space)),
        ("cameras", mat::Variable::Bytes((0..14).collect())),
        ("frames", mat::Variable::Shorts((0..frames as u16).collect())),
    ]);
    write(&path, &bytes);
    path
}

/// A grey JPEG of 16 × 8 pixels whose comment is `text`.
pub fn jpeg(text: &str) -> Vec<u8> {
    let info = FrameInfo {
        camera: CameraId(0),
        sequence: 0,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Certain(0),
        exposure: HostTime::monotonic(0, 0),
        exposure_duration_ns: 0,
        arrival_ns: 0,
        device: DeviceStamp::default(),
        source: None,
        picture: Picture::packed(PixelFormat::Rgb8, 16, 8),
    };
    let grey = subject::preview_jpeg(&info, &[128; 3 * 16 * 8], 16).unwrap();
    let mut bytes = vec![0xff, 0xd8, 0xff, 0xfe];
    bytes.extend((text.len() as u16 + 2).to_be_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(&grey[2..]);
    bytes
}
