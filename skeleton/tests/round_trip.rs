//! From rotations to joints and back.

mod common;

use common::{about, posed, poses};
use nalgebra::Vector3;
use pose::WorldJoints;
use proptest::prelude::*;
use skeleton::{Bone, Landmarks, Posed, Proportions, Turn, forward, local, solve};

fn person() -> Proportions {
    Proportions::of_height(1750.0)
}

fn solved(posed: &Posed) -> (Posed, WorldJoints, Landmarks) {
    let (joints, landmarks) = forward(&person(), posed);
    (solve(&joints, &landmarks).unwrap(), joints, landmarks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn joints_come_back(pose in poses()) {
        let given = posed(&pose);
        let (found, joints, landmarks) = solved(&given);
        let proportions = Proportions::of_body(&joints, &landmarks).unwrap();
        let (again, landmarks_again) = forward(&proportions, &found);
        for joint in 0..pose::JOINTS {
            let off = (again[joint] - joints[joint]).norm();
            prop_assert!(off < 0.01, "joint {joint}: {off} mm");
        }
        // Nose, ears, and the direction of the feet. Their roll is half the shin's.
        for (landmark, most) in [0.01, 0.01, 0.01, 25.0, 25.0, 25.0, 25.0].into_iter().enumerate() {
            let off = (landmarks_again[landmark] - landmarks[landmark]).norm();
            prop_assert!(off < most, "landmark {landmark}: {off} mm");
        }
        for (heel, toe) in [(3, 5), (4, 6)] {
            let turned = (landmarks[toe] - landmarks[heel]).angle(&(landmarks_again[toe] - landmarks_again[heel]));
            prop_assert!(turned < 1e-6, "{turned}");
        }
    }

    #[test]
    fn rotations_come_back_where_joints_show_them(pose in poses()) {
        let given = posed(&pose);
        let (found, ..) = solved(&given);
        prop_assert!(found.rotation(Bone::Head).angle_to(&given.rotation(Bone::Head)) < 1e-6);
        // How far the hips are tilted forward is not seen: they are taken to go with the spine.
        let left = |posed: &Posed, bone| posed.rotation(bone) * Vector3::y();
        prop_assert!((left(&found, Bone::Hips) - left(&given, Bone::Hips)).norm() < 1e-6);
        let limbs = [
            (Bone::LeftUpperArm, Bone::LeftLowerArm),
            (Bone::RightUpperArm, Bone::RightLowerArm),
            (Bone::LeftUpperLeg, Bone::LeftLowerLeg),
            (Bone::RightUpperLeg, Bone::RightLowerLeg),
        ];
        for (upper, lower) in limbs {
            let bent = pose[lower.index()].angle().to_degrees();
            let known = found.twist_known[upper.index()];
            prop_assert!((0.0..=1.0).contains(&known));
            if bent > 40.0 {
                prop_assert!(known > 0.999, "{upper:?}, bent by {bent}: {known}");
                for bone in [upper, lower] {
                    let off = found.rotation(bone).angle_to(&given.rotation(bone)).to_degrees();
                    prop_assert!(off < 0.01, "{bone:?}, bent by {bent}: {off}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_missing_nothing_becomes_nan(
        pose in poses(),
        missing in proptest::collection::vec(0..24usize, 1..12),
        coincide in any::<bool>(),
    ) {
        let (mut joints, mut landmarks) = forward(&person(), &posed(&pose));
        let instead = if coincide { joints[0] } else { Vector3::new(0.0, f64::NAN, f64::INFINITY) };
        for point in missing {
            match point {
                0..17 => joints[point] = instead,
                _ => landmarks[point - 17] = instead,
            }
        }
        if let Some(found) = solve(&joints, &landmarks) {
            prop_assert!(found.root_mm.iter().all(|value| value.is_finite()));
            for turn in found.rotations.iter().chain(&local(&found)) {
                prop_assert!((turn.norm() - 1.0).abs() < 1e-6, "{turn:?}");
            }
            prop_assert!(found.twist_known.iter().all(|known| (0.0..=1.0).contains(known)));
            for bone in Bone::ALL.into_iter().filter(|bone| !found.direction_known[bone.index()]) {
                let parent = found.rotation(bone.parent().unwrap());
                prop_assert!(found.rotation(bone).angle_to(&parent) < 1e-9, "{bone:?}");
            }
        }
    }
}

#[test]
fn the_rest_pose_is_no_rotation() {
    let (found, ..) = solved(&posed(&[Turn::identity(); Bone::COUNT]));
    for bone in Bone::ALL {
        assert!(found.rotation(bone).angle() < 1e-7, "{bone:?}: {}", found.rotation(bone));
    }
    let hands = [Bone::LeftHand, Bone::RightHand];
    assert!(Bone::ALL.iter().all(|bone| found.direction_known[bone.index()] != hands.contains(bone)));
    assert_eq!(found.twist_known[Bone::LeftUpperArm.index()], 0.0);
    assert_eq!(found.twist_known[Bone::LeftUpperLeg.index()], 1.0);
}

#[test]
fn a_straight_leg_faces_where_its_foot_points() {
    let mut pose = [Turn::identity(); Bone::COUNT];
    pose[Bone::LeftUpperLeg.index()] = about(Vector3::z(), 30.0);
    let (found, ..) = solved(&posed(&pose));
    for bone in [Bone::LeftUpperLeg, Bone::LeftLowerLeg, Bone::LeftFoot] {
        assert!(found.rotation(bone).angle_to(&about(Vector3::z(), 30.0)) < 1e-6, "{bone:?}");
    }
}

#[test]
fn spine_and_neck_share_the_twist_of_their_neighbours() {
    let mut pose = [Turn::identity(); Bone::COUNT];
    pose[Bone::Chest.index()] = about(Vector3::z(), 40.0);
    pose[Bone::Head.index()] = about(Vector3::z(), 20.0);
    let (found, ..) = solved(&posed(&pose));
    assert!(found.rotation(Bone::Spine).angle_to(&about(Vector3::z(), 20.0)) < 1e-6);
    assert!(found.rotation(Bone::Chest).angle_to(&about(Vector3::z(), 40.0)) < 1e-6);
    assert!(found.rotation(Bone::Head).angle_to(&about(Vector3::z(), 60.0)) < 1e-6);
    let neck = found.rotation(Bone::Neck).angle_to(&about(Vector3::z(), 40.0)).to_degrees();
    assert!((5.0..15.0).contains(&neck), "{neck}");
}

#[test]
fn without_hips_there_is_no_pose() {
    let (joints, landmarks) = forward(&person(), &posed(&[Turn::identity(); Bone::COUNT]));
    for missing in [0, 1, 4] {
        let mut joints = joints;
        joints[missing] = Vector3::repeat(f64::NAN);
        assert_eq!(solve(&joints, &landmarks), None);
    }
    let mut one_point = joints;
    one_point.fill(joints[0]);
    assert_eq!(solve(&one_point, &landmarks), None);
    // The thorax stands in for the spine.
    let mut joints = joints;
    joints[7] = Vector3::repeat(f64::NAN);
    let found = solve(&joints, &landmarks).unwrap();
    assert!(found.rotation(Bone::Hips).angle() < 1e-6 && !found.direction_known[Bone::Spine.index()]);
}

#[test]
fn landmarks_and_derived_joints_are_those_of_bodies() {
    let mut pose = [Turn::identity(); Bone::COUNT];
    pose[Bone::Head.index()] = about(Vector3::y(), 30.0);
    let (joints, landmarks) = forward(&person(), &posed(&pose));
    let point = |name: &str| {
        let joint = pose::JOINT_NAMES.iter().position(|joint| *joint == name.replace("ankle", "foot"));
        let landmark = pose::LANDMARK_NAMES.iter().position(|landmark| *landmark == name);
        landmark.map_or_else(|| joints[joint.unwrap()], |landmark| landmarks[landmark])
    };
    let points = geometry::POINT_NAMES.map(point);
    let bodies = body::joints(&points);
    for (joint, (ours, theirs)) in joints.iter().zip(bodies).enumerate() {
        assert!((ours - theirs).norm() < 1e-6, "joint {joint}");
    }
    assert_eq!(body::landmarks(&points), landmarks);
}
