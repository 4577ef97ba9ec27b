//! Whether joints are as close to the ground truth as their stated uncertainty.

use nalgebra::{Matrix3, Vector3};
use pose::{JOINTS, LEFT_RIGHT, WorldJoints};

use super::mean;

/// One body against the ground truth.
#[derive(Clone, Debug)]
pub struct Miss {
    /// From each joint to the true one, in the body's own axes: forward, left, up along the trunk.
    pub to_truth: WorldJoints,
    /// The stated uncertainty of each joint.
    pub radius_mm: [f64; JOINTS],
}

impl Miss {
    /// For a body in the axes and scale of the ground truth. `None` if that has no trunk.
    pub fn new(found: &WorldJoints, truth: &WorldJoints, radius_mm: [f64; JOINTS]) -> Option<Self> {
        let up = (truth[8] - truth[0]).try_normalize(1e-6)?;
        let leftward = truth[11] - truth[14] + truth[4] - truth[1];
        let ahead = leftward.cross(&up).try_normalize(1e-6)?;
        let axes = Matrix3::from_rows(&[ahead.transpose(), up.cross(&ahead).transpose(), up.transpose()]);
        Some(Self { to_truth: std::array::from_fn(|joint| axes * (truth[joint] - found[joint])), radius_mm })
    }
}

/// The offset of each true joint from the finder's definition of it, the same for left and right.
pub fn definition_offsets<'a>(misses: impl Iterator<Item = &'a Miss>) -> WorldJoints {
    let (mut sum, mut count) = ([Vector3::zeros(); JOINTS], 0.0);
    for miss in misses {
        sum.iter_mut().zip(miss.to_truth).for_each(|(sum, miss)| *sum += miss);
        count += 1.0;
    }
    let mean = sum.map(|sum| sum / f64::max(count, 1.0));
    let mut mirrored = mean.map(|offset| offset.component_mul(&Vector3::new(1.0, -1.0, 1.0)));
    for (left, right) in LEFT_RIGHT {
        mirrored.swap(left, right);
    }
    std::array::from_fn(|joint| (mean[joint] + mirrored[joint]) / 2.0)
}

/// The share of joints with the ground truth inside their radius, after correcting the definitions by `offsets`.
pub fn coverage(misses: &[Miss], offsets: &WorldJoints) -> Option<f64> {
    let all = misses.iter().flat_map(|miss| {
        let within = |joint: usize| (miss.to_truth[joint] - offsets[joint]).norm() <= miss.radius_mm[joint];
        (0..JOINTS).map(move |joint| f64::from(u8::from(within(joint))))
    });
    mean(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_do_not_count_and_errors_do() {
        let mut truth = [Vector3::new(0.0, 0.0, 1000.0); JOINTS];
        for (joint, [y, z]) in [
            (8, [0.0, 1400.0]),
            (11, [200.0, 1400.0]),
            (14, [-200.0, 1400.0]),
            (4, [100.0, 950.0]),
            (1, [-100.0, 950.0]),
        ] {
            truth[joint] = Vector3::new(0.0, y, z);
        }
        // The finder defines hips 50 mm higher; one wrist of one body is off by 80 mm.
        let mut found = truth;
        [1, 4].into_iter().for_each(|hip| found[hip].z += 50.0);
        let mut off = found;
        off[13].x += 80.0;
        let miss = |found: &WorldJoints| Miss::new(found, &truth, [20.0; JOINTS]).unwrap();
        let offsets = definition_offsets([found, found].iter().map(miss).collect::<Vec<_>>().iter());
        assert!((offsets[4] - Vector3::new(0.0, 0.0, -50.0)).norm() < 1e-9, "{}", offsets[4]);
        assert_eq!(coverage(&[miss(&found)], &offsets), Some(1.0));
        assert_eq!(coverage(&[miss(&off)], &offsets), Some(1.0 - 1.0 / JOINTS as f64));
    }
}
