//! Packing and unpacking.

mod common;

use std::path::Path;

use common::data;
use glam::Vec3;
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::actor::{Actor, Bone, SkeletonPose, procedural as people};
use virtual_studio::motion::{Clip, Motion, procedural};
use virtual_studio::surface::Posed;

fn name() -> &'static Path {
    Path::new("people.pack#3")
}

fn posed(actor: &Actor, pose: &SkeletonPose) -> Posed {
    let mut out = Posed::default();
    actor.pose(pose, &mut out);
    out
}

fn assert_same_body(one: &Actor, other: &Actor) {
    for time in [0.0, 1.0, 2.5] {
        let pose = procedural::clip(6, 3.0).at(time);
        let (a, b) = (posed(one, &pose), posed(other, &pose));
        assert_eq!(a.joints, b.joints, "labels come back exactly");
        for (a, b) in a.shapes.iter().zip(&b.shapes) {
            let (a, b) = (&a.positions, &b.positions);
            let worst = a.iter().zip(b).map(|(a, b)| Vec3::from(*a).distance(Vec3::from(*b))).fold(0.0, f32::max);
            assert!(a.len() == b.len() && worst < 0.005, "{worst}");
        }
        assert!((one.lowest_m(&pose) - other.lowest_m(&pose)).abs() < 1e-6, "feet stay on the floor");
    }
    for (a, b) in one.parts().iter().zip(other.parts()) {
        assert_eq!(a.triangles, b.triangles);
        let apart = a.uvs.iter().zip(&b.uvs).map(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()));
        assert!(apart.fold(0.0, f32::max) < 1e-4);
        let differences = a.texture.rgb.iter().zip(&b.texture.rgb).map(|(a, b)| f64::from(a.abs_diff(*b)));
        assert_eq!((a.texture.width, a.texture.height), (b.texture.width, b.texture.height));
        assert!(differences.sum::<f64>() / (a.texture.rgb.len() as f64) < 12.0);
    }
}

#[test]
fn people_come_back() {
    let actor = people::actor(2);
    assert_same_body(&actor, &Actor::unpack(&actor.pack().unwrap(), name()).unwrap());
    let Some(data) = data() else { return };
    let options = LoadOptions { triangles: Some(8000), texture_px: Some(512) };
    let actor = load(&data.join("avatars_valid/White_F_1_Casual.glb"), options).unwrap();
    let bytes = actor.pack().unwrap();
    eprintln!("a packed person takes {} bytes", bytes.len());
    assert!(bytes.len() < 300_000, "{} bytes are too many for fifty people in 20 MiB", bytes.len());
    assert_same_body(&actor, &Actor::unpack(&bytes, name()).unwrap());
}

#[test]
fn clips_come_back() {
    let clip = procedural::clip(3, 5.0);
    let back = Clip::unpack(&clip.pack().unwrap(), name()).unwrap();
    assert_eq!((back.frame_time_s(), back.poses().len()), (clip.frame_time_s(), clip.poses().len()));
    for (a, b) in clip.poses().iter().zip(back.poses()) {
        assert_eq!(a.root, b.root);
        for bone in Bone::ALL {
            let difference = a.rotation(bone).inverse() * b.rotation(bone);
            assert!(difference.xyz().length() < 4e-4, "{bone:?}: {difference}");
        }
    }
    let Some(data) = data() else { return };
    let clip = Clip::load(&data.join("motion_cmu_subjects/bvh60/01_01.bvh")).unwrap();
    let bytes = clip.pack().unwrap();
    eprintln!("{} packed seconds take {} bytes", clip.duration_s(), bytes.len());
    assert!(bytes.len() < 100 * clip.poses().len());
}

#[test]
fn damaged_packs_are_refused() {
    let (actor, clip) = (people::actor(2).pack().unwrap(), procedural::clip(3, 1.0).pack().unwrap());
    for end in (0..actor.len()).step_by(actor.len() / 40) {
        let error = Actor::unpack(&actor[..end], name()).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("people.pack#3: not a packed actor"), "{error}");
    }
    for end in (0..clip.len()).step_by(clip.len() / 40) {
        let error = Clip::unpack(&clip[..end], name()).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("people.pack#3: not a packed clip"), "{error}");
    }
    let mut other = actor.clone();
    other[0] = 9;
    assert!(Actor::unpack(&other, name()).map(|_| ()).unwrap_err().to_string().contains("version 9"));
    // A flipped bit is detected too.
    for at in (1..actor.len()).step_by(997) {
        let mut other = actor.clone();
        other[at] ^= 1;
        assert!(Actor::unpack(&other, name()).is_err(), "byte {at}");
    }
}
