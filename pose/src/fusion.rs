//! One pose from several views of the same instant, without calibration.

use nalgebra::{Matrix3, Vector3};

use crate::procrustes::{ROUNDS, STILL_MM, rotation};
use crate::{JOINTS, Pose3d, PoseError};

/// Fuses the poses that several views see at one instant.
///
/// `views` are root-relative, in millimetres, each in the look-at frame of its own view. These frames differ by
/// rotations that change as the subject moves, so they are found for each instant: all views are rotated onto the
/// first, then onto the mean of all, until the mean is still (generalised Procrustes analysis without scale and shift,
/// since all share their root). The result is the weighted mean, in the frame of the first view.
///
/// `confidence` gives a weight from 0 up for each joint of each view; without it all weigh the same. A joint with no
/// weight in any view is their plain mean.
///
/// Errors that all views share, such as those of size and depth, remain. A view that took left for right cannot be
/// rotated onto the others, since a reflection is not a rotation.
///
/// # Errors
/// If there are no views, `confidence` has not one list per view, a coordinate is not finite, or a weight is negative
/// or not finite.
pub fn fuse(views: &[Pose3d], confidence: Option<&[[f32; JOINTS]]>) -> Result<Pose3d, PoseError> {
    let first = views.first().ok_or(PoseError::NoPoses)?;
    check(views, confidence)?;
    let poses: Vec<_> = views.iter().map(widened).collect();
    let plain = vec![[1.0; JOINTS]; views.len()];
    let weights = confidence.unwrap_or(&plain);
    let mut reference = widened(first);
    for _ in 0..ROUNDS {
        let turned: Vec<_> =
            poses.iter().zip(weights).map(|(pose, weights)| turned(pose, &reference, weights)).collect();
        let mean = mean(&turned, weights);
        let moved = mean.iter().zip(&reference).map(|(new, old)| (new - old).norm()).fold(0.0, f64::max);
        reference = mean;
        if moved < STILL_MM {
            break;
        }
    }
    // The rounds rotate the mean away from the first view's frame.
    let back = fit(&reference, &poses[0], &weights[0]);
    Ok(reference.map(|joint| (back * joint).map(|value| value as f32).into()))
}

fn check(views: &[Pose3d], confidence: Option<&[[f32; JOINTS]]>) -> Result<(), PoseError> {
    for (index, view) in views.iter().enumerate() {
        if let Some(joint) = view.iter().position(|joint| joint.iter().any(|value| !value.is_finite())) {
            return Err(PoseError::not_finite("seen", index, joint));
        }
    }
    let Some(confidence) = confidence else { return Ok(()) };
    if confidence.len() != views.len() {
        return Err(PoseError::Fit(format!("{} views with {} lists of confidence", views.len(), confidence.len())));
    }
    if confidence.iter().flatten().any(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(PoseError::Fit("a confidence is negative or not finite".into()));
    }
    Ok(())
}

type Joints = [Vector3<f64>; JOINTS];

fn widened(pose: &Pose3d) -> Joints {
    pose.map(|joint| Vector3::from(joint.map(f64::from)))
}

fn turned(pose: &Joints, onto: &Joints, weights: &[f32; JOINTS]) -> Joints {
    let rotation = fit(pose, onto, weights);
    pose.map(|joint| rotation * joint)
}

/// The rotation about the root that brings a pose nearest to another (Kabsch).
fn fit(pose: &Joints, onto: &Joints, weights: &[f32; JOINTS]) -> Matrix3<f64> {
    let pairs = pose.iter().zip(onto).zip(weights);
    rotation(pairs.map(|((from, to), weight)| to * from.transpose() * f64::from(*weight)).sum())
}

fn mean(poses: &[Joints], weights: &[[f32; JOINTS]]) -> Joints {
    std::array::from_fn(|joint| {
        let total: f64 = weights.iter().map(|weights| f64::from(weights[joint])).sum();
        let seen = poses.iter().zip(weights);
        let sum: Vector3<f64> = if total > 0.0 {
            seen.map(|(pose, weights)| pose[joint] * (f64::from(weights[joint]) / total)).sum()
        } else {
            seen.map(|(pose, _)| pose[joint] / poses.len() as f64).sum()
        };
        sum
    })
}

#[cfg(test)]
mod tests {
    use nalgebra::Rotation3;
    use proptest::prelude::*;

    use super::*;
    use crate::{compute_metrics, flip};

    fn person(bend: f32) -> Pose3d {
        std::array::from_fn(|joint| {
            let j = joint as f32;
            if joint == 0 { [0.0; 3] } else { [200.0 * (j * 1.7).sin(), 70.0 * j - 500.0, bend * (j * 0.9).cos()] }
        })
    }

    fn turned(pose: &Pose3d, angles: [f64; 3]) -> Pose3d {
        let rotation = Rotation3::from_euler_angles(angles[0], angles[1], angles[2]);
        widened(pose).map(|joint| (rotation * joint).map(|value| value as f32).into())
    }

    /// Up to 60 mm off, another way for each view and joint.
    fn noisy(pose: &Pose3d, view: usize, seed: f32) -> Pose3d {
        let mut pose = *pose;
        for (joint, place) in pose.iter_mut().enumerate().skip(1) {
            for (axis, value) in place.iter_mut().enumerate() {
                *value += 60.0 * (seed + 91.7 * view as f32 + 12.9 * joint as f32 + 78.2 * axis as f32).sin();
            }
        }
        pose
    }

    fn error(pose: &Pose3d, truth: &Pose3d) -> f64 {
        compute_metrics(&[*pose], &[*truth]).unwrap().mpjpe17
    }

    fn turns(views: usize) -> impl Strategy<Value = Vec<[f64; 3]>> {
        proptest::collection::vec([-3.0..3.0f64, -1.5..1.5f64, -3.0..3.0f64], views)
    }

    proptest! {
        #[test]
        fn turned_copies_are_the_first_view(turns in turns(4)) {
            let truth = person(150.0);
            let views: Vec<Pose3d> = turns.iter().map(|&by| turned(&truth, by)).collect();
            prop_assert!(error(&fuse(&views, None).unwrap(), &views[0]) < 0.1);
        }

        #[test]
        fn noise_is_less_after_fusing_than_in_the_views(turns in turns(4), seed in 0.0f32..100.0) {
            let truth = person(150.0);
            let views: Vec<Pose3d> =
                turns.iter().enumerate().map(|(view, &by)| turned(&noisy(&truth, view, seed), by)).collect();
            let shape = |pose: &Pose3d| compute_metrics(&[*pose], &[truth]).unwrap().pmpjpe17;
            let alone = views.iter().map(shape).sum::<f64>() / 4.0;
            let fused = shape(&fuse(&views, None).unwrap());
            prop_assert!(fused < 0.75 * alone, "{} after {}", fused, alone);
        }

        #[test]
        fn the_order_of_the_other_views_does_not_matter(turns in turns(4), seed in 0.0f32..100.0) {
            let truth = person(150.0);
            let mut views: Vec<Pose3d> =
                turns.iter().enumerate().map(|(view, &by)| turned(&noisy(&truth, view, seed), by)).collect();
            let one = fuse(&views, None).unwrap();
            views[1..].reverse();
            prop_assert!(error(&fuse(&views, None).unwrap(), &one) < 0.1);
        }

        #[test]
        fn a_mirrored_view_is_never_turned_onto_the_others(by in [-3.0..3.0f64, -1.5..1.5f64, -3.0..3.0f64]) {
            let truth = person(150.0);
            let mirrored = turned(&truth.map(|[x, y, z]| [-x, y, z]), by);
            let rotation = fit(&widened(&mirrored), &widened(&truth), &[1.0; JOINTS]);
            prop_assert!((rotation.determinant() - 1.0).abs() < 1e-9);
            prop_assert!(error(&fuse(&[truth, mirrored], None).unwrap(), &truth) > 10.0);
        }
    }

    #[test]
    fn what_has_no_confidence_has_no_say() {
        let truth = person(150.0);
        let views = [truth, turned(&flip(&truth), [0.2, 1.0, 0.0])];
        let fused = fuse(&views, Some(&[[1.0; JOINTS], [0.0; JOINTS]])).unwrap();
        assert!(error(&fused, &truth) < 0.1);
    }

    #[test]
    fn what_cannot_be_fused_is_refused() {
        let mut broken = person(1.0);
        broken[4][1] = f32::NAN;
        assert!(matches!(fuse(&[], None), Err(PoseError::NoPoses)));
        assert!(matches!(fuse(&[broken], None), Err(PoseError::NotFinite { joint: 4, .. })));
        assert!(matches!(fuse(&[person(1.0)], Some(&[])), Err(PoseError::Fit(_))));
        assert!(matches!(fuse(&[person(1.0)], Some(&[[-1.0; JOINTS]])), Err(PoseError::Fit(_))));
    }
}
