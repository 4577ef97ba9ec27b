//! Rotations do not jump where limbs become straight.

mod common;

use std::f64::consts::TAU;

use common::{Local, about, elbow, knee, posed};
use nalgebra::Vector3;
use proptest::prelude::*;
use skeleton::{Bone, Posed, Proportions, Turn, forward, solve};

const STEPS_A_SECOND: usize = 100;

/// Between two steps, in degrees.
const JUMP: f64 = 20.0;

fn solved(local: &Local) -> Posed {
    let (joints, landmarks) = forward(&Proportions::of_height(1750.0), &posed(local));
    solve(&joints, &landmarks).unwrap()
}

/// The largest turn of any bone between two steps of a motion that takes a second.
fn largest_jump(pose: impl Fn(f64) -> Local) -> f64 {
    let steps: Vec<Posed> = (0..=STEPS_A_SECOND).map(|at| solved(&pose(at as f64 / STEPS_A_SECOND as f64))).collect();
    let turns = steps
        .windows(2)
        .flat_map(|pair| Bone::ALL.map(|bone| pair[0].rotation(bone).angle_to(&pair[1].rotation(bone)).to_degrees()));
    turns.fold(0.0, f64::max)
}

/// From 90° to straight and back.
fn bend(at: f64) -> f64 {
    45.0 * (1.0 + (TAU * at).cos())
}

#[test]
fn an_arm_becomes_straight_and_bent_again() {
    for bones in [[Bone::LeftUpperArm, Bone::LeftLowerArm], [Bone::RightUpperArm, Bone::RightLowerArm]] {
        for lift in [-80.0, -40.0, 0.0, 60.0] {
            for twist in (-100..=100).step_by(20) {
                let jump = largest_jump(|at| {
                    let mut local = [Turn::identity(); Bone::COUNT];
                    local[bones[0].index()] = about(Vector3::x(), lift) * about(Vector3::y(), f64::from(twist));
                    local[bones[1].index()] = elbow(bones[1], bend(at));
                    local
                });
                assert!((2.0..JUMP).contains(&jump), "lifted by {lift}, twisted by {twist}: {jump}");
            }
        }
    }
}

#[test]
fn a_leg_becomes_straight_and_bent_again() {
    for flex in [-20.0, 0.0, 45.0, 80.0] {
        for (twist, foot_yaw, foot_pitch) in
            [(0.0, 0.0, 0.0), (40.0, 15.0, 0.0), (-40.0, -20.0, 60.0), (30.0, 20.0, 80.0)]
        {
            let jump = largest_jump(|at| {
                let mut local = [Turn::identity(); Bone::COUNT];
                local[Bone::RightUpperLeg.index()] = about(Vector3::y(), -flex) * about(Vector3::z(), twist);
                local[Bone::RightLowerLeg.index()] = knee(bend(at));
                local[Bone::RightFoot.index()] = about(Vector3::z(), foot_yaw) * about(Vector3::y(), foot_pitch);
                local
            });
            assert!((2.0..JUMP).contains(&jump), "flexed by {flex}, twisted by {twist}: {jump}");
        }
    }
}

#[test]
fn a_straight_arm_swings_all_the_way_round() {
    let jump = largest_jump(|at| {
        let mut local = [Turn::identity(); Bone::COUNT];
        local[Bone::LeftUpperArm.index()] = about(Vector3::y(), 360.0 * at) * about(Vector3::x(), -60.0);
        local
    });
    assert!((3.0..JUMP).contains(&jump), "{jump}");
}

proptest! {
    /// What a finder's errors of 25 mm at the wrist make of a straight arm, and of a straight leg at the ankle.
    #[test]
    fn errors_of_straight_limbs_turn_nothing(
        lift in -80.0..60.0f64,
        bend in 0.0..6.0f64,
        way in 0.0..360.0f64,
    ) {
        let mut local = [Turn::identity(); Bone::COUNT];
        local[Bone::LeftUpperArm.index()] = about(Vector3::x(), lift);
        let straight = solved(&local);
        let (sin, cos) = way.to_radians().sin_cos();
        local[Bone::LeftLowerArm.index()] = about(Vector3::new(sin, 0.0, cos), bend);
        local[Bone::LeftLowerLeg.index()] = about(Vector3::new(sin, cos, 0.0), bend);
        let noisy = solved(&local);
        for bone in [Bone::LeftUpperArm, Bone::LeftLowerArm, Bone::LeftUpperLeg, Bone::LeftLowerLeg] {
            let turned = straight.rotation(bone).angle_to(&noisy.rotation(bone)).to_degrees();
            prop_assert!(turned < 2.0 * bend + 0.01, "{bone:?}: {turned}");
        }
    }

    /// A knee that errors bend to the wrong side is not believed before it is bent far.
    #[test]
    fn knees_that_bend_the_wrong_way_are_not_believed(bend in 0.0..25.0f64) {
        let mut local = [Turn::identity(); Bone::COUNT];
        local[Bone::LeftLowerLeg.index()] = knee(-bend);
        let found = solved(&local);
        let turned = found.rotation(Bone::LeftUpperLeg).angle().to_degrees();
        prop_assert!(turned < 0.01, "{turned}");
    }
}
