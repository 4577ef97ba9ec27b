//! The mean pose after alignment of all poses, the baseline for P-MPJPE.

use nalgebra::Vector3;

use crate::procrustes::{Alignment, ROUNDS, STILL_MM};
use crate::{JOINTS, Pose3d, PoseError, ROOT, baseline};

/// The mean of the training poses after a Procrustes alignment to each other (generalised Procrustes analysis: align
/// all to a reference, take their mean as the next reference). The right baseline for P-MPJPE, which ignores
/// orientation and size: the plain mean of poses facing all ways is a column, this one is a person.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcrustesMean {
    mean: Pose3d,
}

impl ProcrustesMean {
    /// Alignment starts at the first pose. The result has the mean size of the poses and its root at 0.
    ///
    /// # Errors
    /// If there are no poses, or a coordinate is not finite.
    pub fn fit(poses: &[Pose3d]) -> Result<Self, PoseError> {
        baseline::check_targets(poses)?;
        let poses: Vec<[Vector3<f64>; JOINTS]> =
            poses.iter().map(|pose| pose.map(|joint| Vector3::from(joint.map(f64::from)))).collect();
        let wanted = poses.iter().map(size).sum::<f64>() / poses.len() as f64;
        let mut reference = poses[0];
        for _ in 0..ROUNDS {
            let mut mean = [Vector3::zeros(); JOINTS];
            for pose in &poses {
                let alignment = Alignment::fit(pose, &reference);
                for (sum, joint) in mean.iter_mut().zip(pose) {
                    *sum += alignment.apply(*joint) / poses.len() as f64;
                }
            }
            // Alignment to a mean shrinks; without this the mean would vanish.
            let grown = wanted / size(&mean).max(f64::MIN_POSITIVE);
            let mean = mean.map(|joint| (joint - mean[ROOT]) * grown);
            let moved = mean.iter().zip(&reference).map(|(new, old)| (new - old).norm()).fold(0.0, f64::max);
            reference = mean;
            if moved < STILL_MM {
                break;
            }
        }
        Ok(Self { mean: reference.map(|joint| joint.map(|value| value as f32).into()) })
    }

    /// The mean.
    pub fn predict(&self) -> Pose3d {
        self.mean
    }
}

/// Root of the mean squared distance from the centroid.
fn size(pose: &[Vector3<f64>; JOINTS]) -> f64 {
    let centroid = pose.iter().sum::<Vector3<f64>>() / JOINTS as f64;
    (pose.iter().map(|joint| (joint - centroid).norm_squared()).sum::<f64>() / JOINTS as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use nalgebra::Rotation3;
    use proptest::prelude::*;

    use super::*;
    use crate::{MeanPose, compute_metrics};

    fn person(bend: f32) -> Pose3d {
        std::array::from_fn(|joint| {
            let j = joint as f32;
            if joint == ROOT { [0.0; 3] } else { [200.0 * (j * 1.7).sin(), 70.0 * j - 500.0, bend * (j * 0.9).cos()] }
        })
    }

    proptest! {
        #[test]
        fn turned_and_scaled_copies_have_the_shape_as_their_mean(
            turns in proptest::collection::vec((-3.0..3.0f64, -3.0..3.0f64, 0.5..2.0f64), 2..20),
        ) {
            let poses: Vec<Pose3d> = turns.iter().map(|&(a, b, scale)| {
                let rotation = Rotation3::from_euler_angles(a, b, 0.4).into_inner() * scale;
                person(150.0).map(|joint| (rotation * Vector3::from(joint.map(f64::from))).map(|v| v as f32).into())
            }).collect();
            let mean = ProcrustesMean::fit(&poses).unwrap().predict();
            prop_assert_eq!(mean[ROOT], [0.0; 3]);
            let errors = compute_metrics(&vec![mean; poses.len()], &poses).unwrap();
            prop_assert!(errors.pmpjpe17 < 0.1, "{}", errors.pmpjpe17);
        }
    }

    #[test]
    fn it_beats_the_mean_pose_where_people_face_everywhere() {
        let poses: Vec<Pose3d> = (0..60)
            .map(|i| {
                let turn = Rotation3::from_euler_angles(0.0, f64::from(i), 0.0);
                let pose = person(100.0 + 2.0 * i as f32);
                pose.map(|joint| (turn * Vector3::from(joint.map(f64::from))).map(|v| v as f32).into())
            })
            .collect();
        let error = |pose: Pose3d| compute_metrics(&vec![pose; poses.len()], &poses).unwrap().pmpjpe17;
        let (plain, aligned) =
            (MeanPose::fit(&poses).unwrap().predict(), ProcrustesMean::fit(&poses).unwrap().predict());
        assert!(error(aligned) < 0.5 * error(plain), "{} {}", error(aligned), error(plain));
        assert!(ProcrustesMean::fit(&[]).is_err());
    }
}
