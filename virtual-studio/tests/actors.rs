//! Bodies, their labels and their variation.

mod common;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use common::{data, files};
use glam::{Quat, Vec3};
use pose::{BONES as LABEL_BONES, JOINTS};
use proptest::prelude::*;
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::actor::{Actor, BONES, Looks, Proportions, SkeletonPose, identity, procedural};
use virtual_studio::surface::Posed;

fn built_in() -> &'static Actor {
    static ACTOR: OnceLock<Actor> = OnceLock::new();
    ACTOR.get_or_init(|| procedural::actor(1))
}

fn posed(actor: &Actor, pose: &SkeletonPose) -> Posed {
    let mut out = Posed::default();
    actor.pose(pose, &mut out);
    out
}

/// Any pose: each bone turned by up to 2 radians against its parent.
fn poses() -> impl Strategy<Value = SkeletonPose> {
    let turns = proptest::collection::vec([-1.2..1.2f32, -1.2..1.2f32, -1.2..1.2f32], BONES);
    (turns, [-2.0..2.0f32, 0.0..2.0f32, -2.0..2.0f32]).prop_map(|(turns, root)| {
        let locals = std::array::from_fn(|bone| Quat::from_scaled_axis(Vec3::from(turns[bone])));
        SkeletonPose::from_locals(&locals, Vec3::from(root))
    })
}

/// Every bone between labels except those of the spine, which bends between them.
fn rigid_bones() -> impl Iterator<Item = (usize, usize)> {
    LABEL_BONES.into_iter().filter(|&(from, to)| (from, to) != (0, 7) && (from, to) != (7, 8) && from != 8 && to != 9)
}

fn assert_labels_are_rigid(actor: &Actor, pose: &SkeletonPose) {
    let length = |joints: &[[f32; 3]; JOINTS], (from, to): (usize, usize)| {
        Vec3::from(joints[from]).distance(Vec3::from(joints[to]))
    };
    let (rest, now) = (actor.joints(&SkeletonPose::REST), actor.joints(pose));
    for bone in rigid_bones() {
        assert!((length(&rest, bone) - length(&now, bone)).abs() < 1e-3, "bone {bone:?}");
    }
    assert_eq!(Vec3::from(now[0]), Vec3::from(now[1]).midpoint(Vec3::from(now[4])));
}

proptest! {
    #[test]
    fn labels_keep_their_distances(pose in poses()) {
        assert_labels_are_rigid(built_in(), &pose);
        assert_labels_are_rigid(&built_in().resized(&Proportions::sample(4)), &pose);
    }

    #[test]
    fn turning_and_moving_a_pose_turns_and_moves_everything(pose in poses(), turn in -3.0..3.0f32, by in -2.0..2.0f32) {
        let actor = built_in();
        let turn = Quat::from_rotation_y(turn);
        let mut other = pose.turned(turn);
        other.root.x += by;
        let (one, other) = (posed(actor, &pose), posed(actor, &other));
        let moved = |point: &[f32; 3]| turn * Vec3::from(*point) + Vec3::X * by * actor.leg_m();
        for (a, b) in one.joints.iter().zip(&other.joints) {
            prop_assert!(moved(a).distance(Vec3::from(*b)) < 1e-4);
        }
        for (a, b) in one.shapes[0].positions.iter().zip(&other.shapes[0].positions) {
            prop_assert!(moved(a).distance(Vec3::from(*b)) < 1e-4);
        }
        for (a, b) in one.shapes[0].normals.iter().zip(&other.shapes[0].normals) {
            prop_assert!((turn * Vec3::from(*a)).distance(Vec3::from(*b)) < 1e-3);
            prop_assert!((Vec3::from(*b).length() - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn the_lowest_point_is_that_of_the_mesh(pose in poses()) {
        let heights = posed(built_in(), &pose).shapes[0].positions.iter().map(|p| p[1]).fold(f32::INFINITY, f32::min);
        let lowest = built_in().lowest_m(&pose);
        prop_assert!(lowest >= heights - 1e-5 && lowest < heights + 0.03, "{} against {}", lowest, heights);
    }

    #[test]
    fn a_mirrored_pose_has_mirrored_labels(pose in poses()) {
        // The built-in body is symmetric.
        let (one, other) = (built_in().joints(&pose), built_in().joints(&pose.mirrored()));
        let mut mirrored = one.map(|[x, y, z]| [-x, y, z]);
        for (left, right) in pose::joints::LEFT_RIGHT {
            mirrored.swap(left, right);
        }
        for (a, b) in mirrored.iter().zip(&other) {
            prop_assert!(Vec3::from(*a).distance(Vec3::from(*b)) < 2e-3);
        }
    }
}

#[test]
fn at_rest_a_person_stands_on_the_floor_and_faces_the_front() {
    let mut actors = vec![built_in().clone(), procedural::actor(9).resized(&Proportions::sample(3))];
    if let Some(data) = data() {
        let mut people: Vec<_> = files(&data.join("avatars_valid"));
        people.retain(|path| path.extension().is_some_and(|ending| ending == "glb"));
        assert_eq!(people.len(), 59);
        let identities: BTreeSet<_> =
            people.iter().map(|path| identity(path.file_stem().unwrap().to_str().unwrap())).collect();
        assert_eq!(identities.len(), 34);
        let options = LoadOptions { triangles: Some(8000), texture_px: Some(128) };
        actors.extend(people.iter().step_by(4).map(|path| load(path, options).unwrap()));
    }
    for actor in actors {
        let joints = actor.joints(&SkeletonPose { root: Vec3::ZERO, ..SkeletonPose::REST }).map(Vec3::from);
        let height = actor.height_m();
        assert!((1.4..2.1).contains(&height), "{height}");
        let [hip, _, right_knee, right_foot, left_hip, ..] = joints;
        let (nose, crown, left_wrist, right_wrist) = (joints[9], joints[10], joints[13], joints[16]);
        assert!(hip.length() < 1e-6);
        assert!(left_hip.x > 0.05 && left_wrist.x > 0.5 && right_wrist.x < -0.5, "left is +X");
        assert!(nose.z > 0.06 && nose.z > crown.z + 0.05 && nose.x.abs() < 0.01, "the nose is in front: {nose}");
        // Nose to crown is a tenth of a human's height, the legs a little less than half.
        assert!((0.07..0.12).contains(&((crown.y - nose.y) / height)), "{nose} {crown} {height}");
        assert!((0.42..0.5).contains(&(actor.leg_m() / height)), "{} of {height}", actor.leg_m());
        let (thigh, shin) = (joints[1].distance(right_knee), right_knee.distance(right_foot));
        assert!((0.94..1.06).contains(&(thigh / shin)));
        // Bones point along the axes in the canonical rest pose.
        assert!((left_wrist - joints[12]).angle_between(Vec3::X) < 0.01);
        assert!((right_foot - right_knee).angle_between(Vec3::NEG_Y) < 0.01);
        let lowest = actor.lowest_m(&SkeletonPose { root: Vec3::ZERO, ..SkeletonPose::REST });
        assert!((crown.y - lowest - height).abs() < 0.03, "the canonical pose is as tall as the modelled one");
    }
}

#[test]
fn proportions_stretch_what_they_name() {
    let actor = built_in();
    let same = actor.resized(&Proportions::AS_MODELLED);
    let close = |a: f32, b: f32| assert!((a - b).abs() < 1e-4, "{a} is not {b}");
    close(same.height_m(), actor.height_m());
    let wide = Proportions { overall: 1.1, legs: 0.95, arms: 1.05, ..Proportions::AS_MODELLED };
    let other = actor.resized(&wide);
    close(other.leg_m(), actor.leg_m() * 1.1 * 0.95);
    let arm = |actor: &Actor| {
        let joints = actor.joints(&SkeletonPose::REST).map(Vec3::from);
        joints[11].distance(joints[12])
    };
    close(arm(&other), arm(actor) * 1.1 * 1.05);
    // The mesh follows: hands still end a hand's length beyond the wrists.
    let reach = |actor: &Actor| {
        let posed = posed(actor, &SkeletonPose::REST);
        posed.shapes[0].positions.iter().map(|point| point[0]).fold(f32::MIN, f32::max) - posed.joints[13][0]
    };
    close(reach(&other), reach(actor) * 1.1);
}

#[test]
fn looks_change_the_picture_and_not_the_labels() {
    let actor = built_in();
    let plain = actor.with_looks(&Looks::AS_PAINTED);
    let rest = SkeletonPose::REST;
    assert_eq!(posed(&plain, &rest).shapes[0].positions, posed(actor, &rest).shapes[0].positions);
    for seed in 0..30 {
        let looks = Looks::sample(seed);
        let dressed = actor.with_looks(&looks);
        assert_eq!(dressed.joints(&rest), actor.joints(&rest));
        assert_eq!(dressed.parts().len(), actor.parts().len() + usize::from(looks.cap.is_some()));
        assert_eq!(posed(&dressed, &rest).shapes.len(), dressed.parts().len());
        assert_ne!(dressed.parts()[0].texture, actor.parts()[0].texture);
        assert_eq!(dressed.parts()[0].texture, actor.with_looks(&Looks::sample(seed)).parts()[0].texture);
    }
}

#[test]
fn seeds_choose_people_and_repeat() {
    let texture = |seed: u64| procedural::actor(seed).parts()[0].texture.clone();
    assert_eq!(texture(5), texture(5));
    assert_ne!(texture(5), texture(6));
    assert_eq!(Proportions::sample(5), Proportions::sample(5));
    assert_ne!(Proportions::sample(5), Proportions::sample(6));
}

#[test]
fn in_the_pose_of_the_file_the_body_is_that_of_the_file() {
    let Some(data) = data() else { return };
    for name in ["Asian_F_1_Casual", "AIAN_F_1_Medi"] {
        let path = data.join(format!("avatars_valid/{name}.glb"));
        let (document, buffers, _) = gltf::import(&path).unwrap();
        let actor = load(&path, LoadOptions::default()).unwrap();
        let posed = posed(&actor, &actor.modelled_pose());
        let primitives: Vec<_> = document.meshes().flat_map(|mesh| mesh.primitives().collect::<Vec<_>>()).collect();
        assert_eq!(primitives.len(), posed.shapes.len());
        for (primitive, shape) in primitives.iter().zip(&posed.shapes) {
            let reader = primitive.reader(|buffer| Some(&buffers[buffer.index()]));
            let theirs = reader.read_positions().unwrap().zip(reader.read_normals().unwrap());
            // The file's body also stands on the floor, but its hips are not exactly above the origin.
            let shift = Vec3::from(shape.positions[0]) - Vec3::from(reader.read_positions().unwrap().next().unwrap());
            assert!(shift.length() < 0.1 && shift.y.abs() < 1e-3, "{shift}");
            for ((position, normal), (at, facing)) in theirs.zip(shape.positions.iter().zip(&shape.normals)) {
                assert!((Vec3::from(position) + shift).distance(Vec3::from(*at)) < 1e-5);
                assert!(Vec3::from(normal).normalize().distance(Vec3::from(*facing)) < 1e-4);
            }
        }
    }
}

#[test]
fn decimation_keeps_labels_and_shape() {
    let Some(data) = data() else { return };
    let path = data.join("avatars_valid/AIAN_F_1_Medi.glb");
    let full = load(&path, LoadOptions::default()).unwrap();
    let simple = load(&path, LoadOptions { triangles: Some(8000), texture_px: Some(256) }).unwrap();
    let triangles = |actor: &Actor| actor.parts().iter().map(|part| part.triangles.len()).sum::<usize>();
    assert!(triangles(&full) > 50_000);
    assert!((7_000..=8_000).contains(&triangles(&simple)), "{}", triangles(&simple));
    assert_eq!(full.parts().len(), 2, "hair is a part of its own");
    assert_eq!(simple.parts()[0].texture.width, 256);
    assert_eq!(full.joints(&SkeletonPose::REST), simple.joints(&SkeletonPose::REST));
    let extent = |actor: &Actor| {
        let shapes = posed(actor, &SkeletonPose::REST).shapes;
        let points = shapes.iter().flat_map(|shape| shape.positions.clone()).map(Vec3::from);
        points.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)))
    };
    let ((low, high), (simple_low, simple_high)) = (extent(&full), extent(&simple));
    assert!(low.distance(simple_low) < 0.02 && high.distance(simple_high) < 0.02);
}

#[test]
fn limbs_of_real_people_keep_their_length() {
    let Some(data) = data() else { return };
    let actor = load(&data.join("avatars_valid/White_M_1_Casual.glb"), LoadOptions::default()).unwrap();
    let clip = virtual_studio::motion::procedural::clip(3, 4.0);
    clip.poses().iter().step_by(20).for_each(|pose| assert_labels_are_rigid(&actor, pose));
    // The skin agrees with the labels: the wrist is inside the arm.
    let pose = clip.poses()[100];
    let posed = posed(&actor, &pose);
    for wrist in [13, 16] {
        let wrist = Vec3::from(posed.joints[wrist]);
        let nearest = posed.shapes[0].positions.iter().map(|p| wrist.distance(Vec3::from(*p))).fold(f32::MAX, f32::min);
        assert!((0.005..0.05).contains(&nearest), "{nearest}");
    }
}
