//! What Rerun shows: the room, its cameras, and the body. Lengths are metres, z is up, as in the rig's world.

use body::{CameraGeometry, RigGeometry};
use pose::{BONES, JOINT_NAMES, Landmarks, WorldJoints};
use re_sdk::{EntityPath, RecordingStream, RecordingStreamResult, entity_path};
use re_sdk_types::archetypes::{EncodedImage, LineStrips3D, Pinhole, Points3D, Transform3D, ViewCoordinates};
use re_sdk_types::components::MediaType;

/// The timeline of exposures, in UTC.
const TIMELINE: &str = "exposure";

/// How large cameras are drawn, in metres.
const CAMERA_M: f32 = 0.5;

const JOINT_RADIUS_M: f32 = 0.02;
const BONE_RADIUS_M: f32 = 0.008;

/// A place or size of the world in metres.
fn metres(mm: impl IntoIterator<Item = f64>) -> Vec<f32> {
    mm.into_iter().map(|mm| (mm / 1000.0) as f32).collect()
}

fn place(mm: &nalgebra::Vector3<f64>) -> [f32; 3] {
    [mm.x, mm.y, mm.z].map(|mm| (mm / 1000.0) as f32)
}

fn camera_path(name: &str) -> EntityPath {
    entity_path!["world", "cameras", name]
}

/// What follows is of this instant.
pub fn set_time(stream: &RecordingStream, utc_ns: i64) {
    stream.set_timestamp_nanos_since_epoch(TIMELINE, utc_ns);
}

/// Says which axis is up.
pub fn room(stream: &RecordingStream) -> RecordingStreamResult<()> {
    stream.log_static("world", &ViewCoordinates::RIGHT_HAND_Z_UP())
}

/// Where the cameras stand from now on. `scale` is the part of each camera's frame size that its pictures have.
pub fn cameras(
    stream: &RecordingStream,
    geometry: &RigGeometry,
    scale: impl Fn(&str) -> f64,
) -> RecordingStreamResult<()> {
    geometry.cameras.iter().try_for_each(|(name, camera)| {
        stream.log(camera_path(name), &stands(camera))?;
        stream.log(camera_path(name), &sees(camera, scale(name)))
    })
}

fn stands(camera: &CameraGeometry) -> Transform3D {
    // The rows of the matrix from the world to the camera are the columns of the one from the camera to the world.
    let columns = camera.rotation.map(|row| row.map(|value| value as f32));
    let position = <[f32; 3]>::try_from(metres(camera.position_mm)).unwrap_or_default();
    Transform3D::from_translation_mat3x3(position, columns)
}

fn sees(camera: &CameraGeometry, scale: f64) -> Pinhole {
    let px = |of_frame: f64| (scale * of_frame) as f32;
    let (focal, [u, v]) = (px(camera.focal_px), camera.principal_point_px.map(px));
    Pinhole::new([[focal, 0.0, 0.0], [0.0, focal, 0.0], [u, v, 1.0]])
        .with_resolution(camera.size_px.map(px))
        .with_image_plane_distance(CAMERA_M)
}

/// The body as it stands now.
pub fn body(stream: &RecordingStream, joints: &WorldJoints, landmarks: &Landmarks) -> RecordingStreamResult<()> {
    let points = Points3D::new(joints.iter().map(place)).with_radii([JOINT_RADIUS_M]);
    stream.log("world/body/joints", &points.with_labels(JOINT_NAMES).with_show_labels(false))?;
    let points = Points3D::new(landmarks.iter().map(place)).with_radii([JOINT_RADIUS_M / 2.0]);
    stream.log("world/body/landmarks", &points.with_labels(pose::LANDMARK_NAMES).with_show_labels(false))?;
    let bones = BONES.map(|(from, to)| [place(&joints[from]), place(&joints[to])]);
    stream.log("world/body/bones", &LineStrips3D::new(bones).with_radii([BONE_RADIUS_M]))
}

/// A camera's picture, a JPEG.
pub fn picture(stream: &RecordingStream, camera: &str, jpeg: Vec<u8>) -> RecordingStreamResult<()> {
    let image = EncodedImage::from_file_contents(jpeg).with_media_type(MediaType::JPEG);
    stream.log(camera_path(camera), &image)
}
