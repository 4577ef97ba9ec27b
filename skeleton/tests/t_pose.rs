//! Calibration by a T-pose: a person whose T-pose is not quite the rest pose.

mod common;

use common::{about, elbow};
use nalgebra::Vector3;
use pose::WorldJoints;
use skeleton::{Bone, Landmarks, NotTPose, Posed, Proportions, TPose, Turn, forward, local, solve};

type Body = (WorldJoints, Landmarks);

fn person() -> Proportions {
    Proportions::of_height(1800.0)
}

/// The T-pose of a person who faces another way, and whose bones are found leaning.
fn t_pose() -> [Turn; Bone::COUNT] {
    let mut local = [Turn::identity(); Bone::COUNT];
    local[Bone::Hips.index()] = about(Vector3::z(), 70.0) * about(Vector3::y(), 5.0);
    local[Bone::Neck.index()] = about(Vector3::y(), 12.0);
    local[Bone::LeftUpperArm.index()] = about(Vector3::x(), -9.0);
    local[Bone::RightUpperArm.index()] = about(Vector3::x(), 6.0);
    local[Bone::LeftUpperLeg.index()] = about(Vector3::x(), 8.0);
    local
}

fn body(local: &[Turn; Bone::COUNT]) -> Body {
    forward(&person(), &Posed::from_local(Vector3::new(1200.0, -300.0, 950.0), local))
}

/// The same, with bones turned by so many degrees.
fn with(turned: &[(Bone, Vector3<f64>, f64)]) -> Body {
    let mut local = t_pose();
    for (bone, axis, degrees) in turned {
        local[bone.index()] = about(*axis, *degrees) * local[bone.index()];
    }
    body(&local)
}

fn refused(bodies: &[Body]) -> String {
    TPose::of_bodies(bodies).expect_err("this is no T-pose").to_string()
}

#[test]
fn who_stands_in_the_t_pose_makes_the_character_stand_in_its_own() {
    let (joints, landmarks) = body(&t_pose());
    let found = solve(&joints, &landmarks).unwrap();
    let turned = |posed: &Posed| local(posed).iter().skip(1).map(Turn::angle).fold(0.0, f64::max).to_degrees();
    assert!(turned(&found) > 8.0, "without calibration the character would not");
    let calibrated = TPose::of_bodies(&[(joints, landmarks); 5]).unwrap().applied_to(&found);
    assert!(turned(&calibrated) < 1e-6, "{}", turned(&calibrated));
    // It stands upright and faces where the person does.
    assert!(calibrated.rotation(Bone::Hips).angle_to(&about(Vector3::z(), 70.0)).to_degrees() < 1.0);
    assert_eq!(calibrated.root_mm, found.root_mm);
}

#[test]
fn joints_stay_where_they_are() {
    let t_pose = TPose::of_bodies(&[body(&t_pose())]).unwrap();
    // The right arm up, the left foot forward.
    let (joints, landmarks) = with(&[
        (Bone::RightUpperArm, Vector3::x(), -80.0),
        (Bone::LeftUpperLeg, Vector3::y(), -35.0),
        (Bone::LeftLowerLeg, Vector3::y(), 30.0),
    ]);
    let posed = t_pose.applied_to(&solve(&joints, &landmarks).unwrap());
    let mut begins = [posed.root_mm; Bone::COUNT];
    for bone in Bone::ALL {
        if let Some(parent) = bone.parent() {
            let offset = t_pose.offset_mm(&person(), bone);
            begins[bone.index()] = begins[parent.index()] + posed.rotation(parent) * offset;
        }
    }
    for (bone, joint) in [(Bone::RightHand, 16), (Bone::LeftHand, 13), (Bone::LeftFoot, 6), (Bone::RightFoot, 3)] {
        let apart_mm = (begins[bone.index()] - joints[joint]).norm();
        assert!(apart_mm < 1e-6, "{bone:?}: {apart_mm} mm");
    }
    let up = posed.rotation(Bone::RightUpperArm) * -Vector3::y();
    assert!(up.z > 0.9, "the character's right arm is up: {up}");
}

#[test]
fn errors_of_a_straight_elbow_do_not_twist_the_arm() {
    let mut local = t_pose();
    local[Bone::LeftLowerArm.index()] = about(Vector3::x(), 12.0);
    let noisy = body(&local);
    let t_pose = TPose::of_bodies(&[noisy]).unwrap();
    // Later the arm is bent, so the twist is seen: the calibration must not have changed it by more than the arm leans.
    let mut bent = self::t_pose();
    bent[Bone::LeftLowerArm.index()] = elbow(Bone::LeftLowerArm, 90.0);
    let (joints, landmarks) = body(&bent);
    let found = solve(&joints, &landmarks).unwrap();
    let change = t_pose.applied_to(&found).rotation(Bone::LeftUpperArm).angle_to(&found.rotation(Bone::LeftUpperArm));
    assert!(change.to_degrees() < 15.0, "{}", change.to_degrees());
}

#[test]
fn what_is_no_t_pose_is_refused() {
    assert_eq!(TPose::of_bodies(&[]), Err(NotTPose::Nobody));
    let hanging = with(&[(Bone::LeftUpperArm, Vector3::x(), -75.0)]);
    assert_eq!(refused(&[hanging]), "the left upper arm points 82° up or down; hold both arms level, within 20°");
    let raised = with(&[(Bone::RightUpperArm, Vector3::x(), -40.0)]);
    assert!(refused(&[raised]).starts_with("the right upper arm points "), "{}", refused(&[raised]));
    let forward = with(&[(Bone::LeftUpperArm, Vector3::z(), -70.0)]);
    assert!(refused(&[forward]).contains("stretch both arms out to the sides"), "{}", refused(&[forward]));
    let bent = with(&[(Bone::RightLowerArm, Vector3::z(), 90.0)]);
    assert!(refused(&[bent]).starts_with("the right forearm points "), "{}", refused(&[bent]));
    let sitting = with(&[(Bone::LeftUpperLeg, Vector3::y(), -80.0), (Bone::LeftLowerLeg, Vector3::y(), 80.0)]);
    assert!(refused(&[sitting]).starts_with("the person does not stand upright: the left thigh leans by "));
    let lying = with(&[(Bone::Hips, Vector3::y(), 80.0)]);
    assert!(refused(&[lying]).starts_with("the person does not stand upright"), "{}", refused(&[lying]));
    let mut missing = body(&t_pose());
    missing.0[4].x = f64::NAN;
    assert_eq!(TPose::of_bodies(&[missing]), Err(NotTPose::NotWhole));
    let mut elbowless = body(&t_pose());
    elbowless.0[12] = elbowless.0[11];
    assert_eq!(TPose::of_bodies(&[elbowless]), Err(NotTPose::NotWhole));
    let waving =
        [with(&[(Bone::LeftUpperArm, Vector3::z(), -20.0)]), with(&[(Bone::LeftUpperArm, Vector3::z(), 20.0)])];
    assert_eq!(TPose::of_bodies(&waving), Err(NotTPose::Moves));
}
