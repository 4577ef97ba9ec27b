//! Assets of virtual studios: people, motions, panoramas.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use virtual_studio::actor::gltf::{self, LoadOptions};
use virtual_studio::actor::{Actor, SkeletonPose};
use virtual_studio::motion::bvh::Bvh;
use virtual_studio::motion::{Clip, Motion, retarget};
use virtual_studio::render::Environment;
use virtual_studio::session::Truth;
use virtual_studio::surface::Posed;

use crate::scratch;

/// The same as when assets are packed.
const OPTIONS: LoadOptions = LoadOptions { triangles: Some(100), texture_px: Some(64) };

/// A glTF that refers to no other file.
pub fn gltf(data: &[u8]) -> bool {
    for options in [LoadOptions::default(), OPTIONS] {
        // This folder does not exist.
        let Ok(actor) = gltf::read(data, Path::new("/nonexistent/person.gltf"), options) else { return false };
        check_person(&actor);
        let packed = actor.pack().expect("a person can be packed");
        check_person(&Actor::unpack(&packed, Path::new("packed")).expect("what was packed unpacks"));
    }
    true
}

/// The uncompressed contents of a packed person.
pub fn packed_person(data: &[u8]) -> bool {
    let actor = Actor::unpack(&sealed(Actor::PACKED_VERSION, data), Path::new("packed"));
    actor.iter().for_each(check_person);
    actor.is_ok()
}

fn check_person(actor: &Actor) {
    let mut posed = Posed::default();
    actor.pose(&SkeletonPose::REST, &mut posed);
    assert!(actor.joints(&SkeletonPose::REST).iter().flatten().all(|value| value.is_finite()));
    for part in actor.parts() {
        let texture = &part.texture;
        assert_eq!(texture.rgb.len(), 3 * texture.width as usize * texture.height as usize);
        assert!(part.triangles.iter().flatten().all(|&index| (index as usize) < part.uvs.len()));
    }
}

/// A BVH motion.
pub fn bvh(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let path = Path::new("motion.bvh");
    let Ok(bvh) = Bvh::parse(text, path) else { return false };
    assert!(bvh.frames() > 0 && bvh.duration_s() >= 0.0);
    assert_eq!(bvh.rest().len(), bvh.joints.len());
    for (index, joint) in bvh.joints.iter().enumerate() {
        assert!(joint.parent.is_none_or(|parent| parent < index));
    }
    for frame in [0, bvh.frames() - 1] {
        assert_eq!(bvh.frame(frame).len(), bvh.joints.len());
    }
    let Ok(clip) = retarget::retarget(&bvh, path) else { return false };
    assert_eq!(clip.poses().len(), bvh.frames());
    check_clip(&clip);
    let packed = clip.pack().expect("a clip can be packed");
    // Motions implausibly far from the origin can be packed but not read again.
    if let Ok(unpacked) = Clip::unpack(&packed, path) {
        assert_eq!(unpacked.poses().len(), bvh.frames());
    }
    true
}

/// The uncompressed contents of a packed clip.
pub fn packed_clip(data: &[u8]) -> bool {
    let Ok(clip) = Clip::unpack(&sealed(Clip::PACKED_VERSION, data), Path::new("packed")) else { return false };
    assert!(clip.poses().iter().all(|pose| pose.root.is_finite()));
    check_clip(&clip);
    true
}

fn check_clip(clip: &Clip) {
    assert!(!clip.poses().is_empty() && clip.frame_time_s() > 0.0);
    let duration_s = clip.duration_s();
    for time_s in [-1.0, 0.0, 0.3 * duration_s, duration_s, f64::MAX] {
        clip.at(time_s);
    }
}

/// The form of packed files: a version, then the contents with a checksum.
fn sealed(version: u8, contents: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(vec![version], Compression::none());
    encoder.write_all(contents).and_then(|()| encoder.finish()).expect("memory")
}

/// A panorama in HDR format.
pub fn panorama(data: &[u8]) -> bool {
    scratch::file("panorama.hdr", data, |path| {
        let Ok(environment) = Environment::read(path) else { return false };
        let packed = environment.pack(64).expect("a panorama can be packed");
        scratch::file("packed.hdr", &packed, |path| drop(Environment::read(path)));
        true
    })
}

/// The ground truth of a rendered take.
pub fn truth(data: &[u8]) -> bool {
    let Ok(truth) = Truth::from_json(data) else { return false };
    let json = serde_json::to_vec(&truth).expect("the truth can be written");
    assert_eq!(Truth::from_json(&json).expect("what was written reads"), truth);
    true
}
