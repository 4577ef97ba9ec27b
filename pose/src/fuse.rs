use nalgebra::{Matrix3, Vector3};

use crate::{JOINTS, Pose3d, PoseError};

/// Rounds of alignment; the mean stands still, to a hundredth of a millimetre, after a few.
const ROUNDS: usize = 20;
const STILL_MM: f64 = 0.01;

type Joints = [Vector3<f64>; JOINTS];

/// The common pose of several views of one instant, without calibration: root-relative poses, each in the look-at frame
/// of its view, are turned about the root onto each other, and their mean is taken. Neither size nor root is moved, and
/// nothing is mirrored. The result is in the frame of the first view, in mm, its root at 0.
///
/// What all views have wrong in common stays wrong; what each has wrong by itself, as depth, becomes less.
///
/// # Errors
/// No poses, or a coordinate that is not finite.
pub fn fuse(views: &[Pose3d]) -> Result<Pose3d, PoseError> {
    crate::baseline::check_targets(views)?;
    let views: Vec<Joints> = views.iter().map(|pose| pose.map(|joint| Vector3::from(joint.map(f64::from)))).collect();
    let mut mean = views[0];
    for _ in 0..ROUNDS {
        let mut next = [Vector3::zeros(); JOINTS];
        for view in &views {
            let turn = rotation(view, &mean);
            for (sum, joint) in next.iter_mut().zip(view) {
                *sum += turn * joint / views.len() as f64;
            }
        }
        let moved = next.iter().zip(&mean).map(|(new, old)| (new - old).norm()).fold(0.0, f64::max);
        mean = next;
        if moved < STILL_MM {
            break;
        }
    }
    let turn = rotation(&mean, &views[0]);
    Ok(mean.map(|joint| (turn * joint).map(|value| value as f32).into()))
}

/// The rotation about the root that brings `from` nearest to `to` (Kabsch 1976), never a reflection.
fn rotation(from: &Joints, to: &Joints) -> Matrix3<f64> {
    let covariance: Matrix3<f64> = from.iter().zip(to).map(|(from, to)| to * from.transpose()).sum();
    let svd = covariance.svd_unordered(true, true);
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else {
        unreachable!("both factors were asked for");
    };
    let mut signs = Vector3::repeat(1.0);
    if (u * v_t).determinant() < 0.0 {
        signs[svd.singular_values.imin()] = -1.0;
    }
    u * Matrix3::from_diagonal(&signs) * v_t
}

#[cfg(test)]
mod tests {
    use nalgebra::Rotation3;
    use proptest::prelude::*;

    use super::*;
    use crate::{ROOT, compute_metrics, procrustes_distance_mm};

    fn person() -> Pose3d {
        std::array::from_fn(|joint| {
            let j = joint as f32;
            if joint == ROOT { [0.0; 3] } else { [200.0 * (j * 1.7).sin(), 70.0 * j - 500.0, 150.0 * (j * 0.9).cos()] }
        })
    }

    /// The person from another side, each joint off by a function of `noise`.
    fn seen(turn: f64, tilt: f64, noise: f32, phase: f32) -> Pose3d {
        let rotation = Rotation3::from_euler_angles(tilt, turn, 0.3 * tilt);
        let mut pose = person().map(|joint| (rotation * Vector3::from(joint.map(f64::from))).map(|v| v as f32).into());
        for (index, joint) in pose.iter_mut().enumerate().skip(1) {
            // In depth alone, where single views err.
            joint[2] += noise * (12.9 * index as f32 + 7.7 * phase).sin();
        }
        pose
    }

    proptest! {
        #[test]
        fn exact_views_give_the_first_one(turns in proptest::collection::vec((-3.0..3.0f64, -0.6..0.6f64), 1..6)) {
            let views: Vec<Pose3d> = turns.iter().map(|&(turn, tilt)| seen(turn, tilt, 0.0, 0.0)).collect();
            let fused = fuse(&views).unwrap();
            prop_assert!(compute_metrics(&[fused], &views[..1]).unwrap().mpjpe17 < 0.05);
            prop_assert_eq!(fused[ROOT], [0.0; 3]);
        }

        #[test]
        fn views_that_err_in_depth_mend_each_other(start in 0.0..6.0f64, phase in 0.0..100.0f32) {
            let views: Vec<Pose3d> =
                (0..4).map(|view| seen(start + 1.57 * f64::from(view), 0.2, 90.0, phase + view as f32)).collect();
            let single = views.iter().map(|view| procrustes_distance_mm(view, &person())).sum::<f64>() / 4.0;
            let fused = procrustes_distance_mm(&fuse(&views).unwrap(), &person());
            prop_assert!(fused < 0.8 * single, "{fused} of {single}");
            let mut swapped = views.clone();
            swapped.swap(1, 3);
            let other = fuse(&swapped).unwrap();
            prop_assert!(compute_metrics(&[fuse(&views).unwrap()], &[other]).unwrap().mpjpe17 < 0.5);
        }
    }

    #[test]
    fn a_mirrored_view_is_not_turned_into_a_match() {
        let mirrored = person().map(|[x, y, z]| [-x, y, z]);
        let fused = fuse(&[person(), mirrored]).unwrap();
        assert!(compute_metrics(&[fused], &[person()]).unwrap().mpjpe17 > 20.0);
    }

    #[test]
    fn nothing_fuses_to_nothing() {
        assert!(fuse(&[]).is_err());
        assert!(fuse(&[[[f32::NAN; 3]; JOINTS]]).is_err());
    }
}
