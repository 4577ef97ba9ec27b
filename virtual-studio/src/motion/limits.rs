//! Limits of joint angles.

use glam::{Quat, Vec3};

use crate::actor::{BONES, Bone, arc};

/// The limit of a bone's rotation relative to its parent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    /// It points within an angle of a direction.
    Cone { around: Vec3, half_angle_deg: f32 },
    /// It is turned by at most an angle.
    Turn { deg: f32 },
}

/// Generous limits of a human; captures reach most of them.
pub(crate) fn limit(bone: Bone) -> Limit {
    let cone = |x, y, z, half_angle_deg| Limit::Cone { around: Vec3::new(x, y, z), half_angle_deg };
    match bone {
        Bone::Hips => Limit::Turn { deg: 180.0 },
        Bone::Spine | Bone::Chest | Bone::UpperChest => Limit::Turn { deg: 35.0 },
        Bone::Neck | Bone::Head => Limit::Turn { deg: 50.0 },
        Bone::LeftShoulder | Bone::RightShoulder => Limit::Turn { deg: 30.0 },
        // Forwards and outwards, from far up to straight down, and little behind the back.
        Bone::LeftArm => cone(0.8, 0.0, 0.6, 115.0),
        Bone::RightArm => cone(-0.8, 0.0, 0.6, 115.0),
        Bone::LeftForeArm => cone(1.0, 0.0, 0.0, 145.0),
        Bone::RightForeArm => cone(-1.0, 0.0, 0.0, 145.0),
        Bone::LeftHand | Bone::RightHand => Limit::Turn { deg: 75.0 },
        // From 40° back to 120° forwards.
        Bone::LeftUpLeg => cone(0.15, -0.766, 0.643, 80.0),
        Bone::RightUpLeg => cone(-0.15, -0.766, 0.643, 80.0),
        // From 5° the wrong way to 145°.
        Bone::LeftLeg | Bone::RightLeg => cone(0.0, -0.342, -0.94, 75.0),
        Bone::LeftFoot | Bone::RightFoot => Limit::Turn { deg: 50.0 },
        Bone::LeftToe | Bone::RightToe => Limit::Turn { deg: 45.0 },
    }
}

/// By how much a bone exceeds its limit, in radians; zero or negative within.
pub(crate) fn excess(bone: Bone, local: Quat) -> f32 {
    match limit(bone) {
        Limit::Cone { around, half_angle_deg } => {
            pointing(bone, local).angle_between(around) - half_angle_deg.to_radians()
        }
        Limit::Turn { deg } => turn(local) - deg.to_radians(),
    }
}

/// Turns bones back to their limits, or to how far they exceeded them `before`.
///
/// Both by bone, relative to the parents.
pub(crate) fn hold(before: &[Quat; BONES], locals: &mut [Quat; BONES]) {
    for bone in Bone::ALL {
        let local = &mut locals[bone.index()];
        let allowed = excess(bone, before[bone.index()]).max(0.0);
        let over = excess(bone, *local) - allowed;
        if over <= 0.0 {
            continue;
        }
        match limit(bone) {
            Limit::Cone { around, .. } => {
                let back = arc(pointing(bone, *local), around);
                let (axis, _) = back.to_axis_angle();
                *local = (Quat::from_axis_angle(axis, over) * *local).normalize();
            }
            Limit::Turn { .. } => {
                let angle = turn(*local);
                *local = Quat::IDENTITY.slerp(*local, (angle - over) / angle);
            }
        }
    }
}

fn pointing(bone: Bone, local: Quat) -> Vec3 {
    local * bone.limb().map_or(Vec3::Y, |(_, direction)| direction)
}

/// The angle of a rotation, from 0 to π.
fn turn(rotation: Quat) -> f32 {
    2.0 * rotation.xyz().length().atan2(rotation.w.abs())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rest_and_everyday_poses_are_within_the_limits() {
        for bone in Bone::ALL {
            assert!(excess(bone, Quat::IDENTITY) <= 0.0, "{bone:?}");
        }
        let bent = [
            (Bone::LeftLeg, Quat::from_rotation_x(1.5)),
            (Bone::RightUpLeg, Quat::from_rotation_x(-1.6)),
            (Bone::LeftArm, Quat::from_rotation_z(-1.4)),
            (Bone::RightArm, Quat::from_rotation_z(-1.4)),
            (Bone::LeftForeArm, Quat::from_rotation_y(-2.2)),
        ];
        for (bone, local) in bent {
            assert!(excess(bone, local) <= 0.0, "{bone:?}");
        }
        assert!(excess(Bone::LeftLeg, Quat::from_rotation_x(-0.4)) > 0.1, "a knee does not bend forwards");
        assert!(excess(Bone::LeftUpLeg, Quat::from_rotation_x(1.2)) > 0.1);
    }

    proptest! {
        #[test]
        fn held_bones_are_within_the_limits_and_others_untouched(
            turns in proptest::collection::vec([-3.0..3.0f32, -3.0..3.0f32, -3.0..3.0f32], BONES),
        ) {
            let wild: [Quat; BONES] = std::array::from_fn(|i| Quat::from_scaled_axis(Vec3::from(turns[i])));
            let mut locals = wild;
            hold(&[Quat::IDENTITY; BONES], &mut locals);
            for bone in Bone::ALL {
                let (was, is) = (wild[bone.index()], locals[bone.index()]);
                prop_assert!(excess(bone, is) < 1e-3, "{:?}", bone);
                prop_assert!(excess(bone, was) > 0.0 || is == was);
            }
            let mut again = wild;
            hold(&wild, &mut again);
            prop_assert_eq!(again, wild);
        }
    }
}
