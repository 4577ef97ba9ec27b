//! The look-at frame, in which poses are learned: that of a virtual camera at the real one's position that looks at the
//! subject's root.
//!
//! A crop around the subject does not show where in the picture the subject stands, so the target must not depend on
//! it. The frame has no roll: with a = (0, 1, 0), image down, z' = d / |d|, x' = a × z' normalised, y' = z' × x'.

use nalgebra::{Matrix3, Vector3};

use crate::{JOINTS, LEFT_RIGHT, Pose3d, ROOT};

/// The rotation from camera axes (x right, y down, z forward) to those of the look-at frame along `ray`, which may have
/// any length but zero. `None` for a ray along image down, where roll is not defined.
pub fn look_at(ray: Vector3<f64>) -> Option<Matrix3<f64>> {
    let z = ray.try_normalize(f64::MIN_POSITIVE)?;
    let x = Vector3::y().cross(&z).try_normalize(1e-9)?;
    let y = z.cross(&x);
    Some(Matrix3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]))
}

/// Joints in the camera frame as a root-relative pose in the look-at frame of their root, in the same unit. `None`
/// where [`look_at`] is.
pub fn to_look_at(joints: &[Vector3<f64>; JOINTS]) -> Option<Pose3d> {
    let rotation = look_at(joints[ROOT])?;
    Some(joints.map(|joint| (rotation * (joint - joints[ROOT])).map(|value| value as f32).into()))
}

/// The inverse of [`to_look_at`], given the root in the camera frame. `None` where [`look_at`] is.
pub fn from_look_at(pose: &Pose3d, root: Vector3<f64>) -> Option<[Vector3<f64>; JOINTS]> {
    let back = look_at(root)?.transpose();
    Some(pose.map(|joint| back * Vector3::from(joint.map(f64::from)) + root))
}

/// The pose of the mirrored picture: x becomes -x, left and right joints are swapped.
pub fn flip(pose: &Pose3d) -> Pose3d {
    let mut flipped = pose.map(|[x, y, z]| [-x, y, z]);
    for (left, right) in LEFT_RIGHT {
        flipped.swap(left, right);
    }
    flipped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joints() -> impl Strategy<Value = [Vector3<f64>; JOINTS]> {
        let joint = [-900.0..900.0f64, -900.0..900.0f64, 1000.0..6000.0f64];
        proptest::collection::vec(joint, JOINTS).prop_map(|all| std::array::from_fn(|j| Vector3::from(all[j])))
    }

    #[test]
    fn the_optical_axis_needs_no_rotation_and_degenerate_rays_have_none() {
        assert_eq!(look_at(Vector3::new(0.0, 0.0, 7.0)), Some(Matrix3::identity()));
        assert_eq!(look_at(Vector3::zeros()), None);
        assert_eq!(look_at(Vector3::y()), None);
    }

    proptest! {
        #[test]
        fn the_frame_is_a_rotation_without_roll_that_looks_at_the_root(joints in joints()) {
            let rotation = look_at(joints[ROOT]).unwrap();
            prop_assert!((rotation.determinant() - 1.0).abs() < 1e-12);
            prop_assert!((rotation * rotation.transpose() - Matrix3::identity()).norm() < 1e-12);
            prop_assert!((rotation * joints[ROOT] - Vector3::z() * joints[ROOT].norm()).norm() < 1e-9);
            prop_assert!(rotation[(0, 1)].abs() < 1e-12, "x' stays level");
            prop_assert!(rotation[(1, 1)] > 0.0, "y' still points down");
        }

        #[test]
        fn poses_come_back(joints in joints()) {
            let pose = to_look_at(&joints).unwrap();
            prop_assert_eq!(pose[ROOT], [0.0; 3]);
            for (back, joint) in from_look_at(&pose, joints[ROOT]).unwrap().iter().zip(&joints) {
                prop_assert!((back - joint).norm() < 1e-2);
            }
        }

        #[test]
        fn mirroring_the_scene_flips_the_pose(joints in joints()) {
            let mut mirrored = joints.map(|joint| Vector3::new(-joint.x, joint.y, joint.z));
            for (left, right) in LEFT_RIGHT {
                mirrored.swap(left, right);
            }
            let (mirrored, flipped) = (to_look_at(&mirrored).unwrap(), flip(&to_look_at(&joints).unwrap()));
            for (a, b) in mirrored.iter().flatten().zip(flipped.iter().flatten()) {
                prop_assert!((a - b).abs() < 1e-2);
            }
        }

        #[test]
        fn two_flips_are_none(joints in joints()) {
            let pose = to_look_at(&joints).unwrap();
            prop_assert_eq!(flip(&flip(&pose)), pose);
        }
    }
}
