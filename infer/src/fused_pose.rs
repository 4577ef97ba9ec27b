//! The pose of a person while the rig's geometry is unknown.

use pose::{JOINTS, Pose3d, fuse};
use transport::ViewPose;

/// The pose that the views agree on: 17 joints relative to the middle of the hips, in the axes of the first view.
/// `None` without views. Poses alone do not show whether all views see the same person: those of two people differ
/// hardly more than those of one person from several sides.
pub(crate) fn fused(views: &[ViewPose]) -> Option<Vec<[f32; 3]>> {
    let poses: Vec<Pose3d> =
        views.iter().map(|view| view.joints_mm.as_slice().try_into().ok()).collect::<Option<_>>()?;
    let weights = |view: &ViewPose| -> Option<[f32; JOINTS]> { view.confidence.as_deref()?.try_into().ok() };
    let weights: Option<Vec<_>> = views.iter().map(weights).collect();
    Some(fuse(&poses, weights.as_deref()).ok()?.to_vec())
}

#[cfg(test)]
mod tests {
    use transport::FrameOfReference;

    use super::*;

    fn view(joints: impl Fn(usize) -> [f32; 3]) -> ViewPose {
        ViewPose {
            camera: 0,
            person: 0,
            frame_of_reference: FrameOfReference::LookAtSubject,
            joints_mm: (0..JOINTS).map(joints).collect(),
            confidence: Some(vec![0.9; JOINTS]),
            joints_2d_px: None,
            crop_centre_px: [0.0; 2],
            crop_side_px: 64.0,
        }
    }

    /// Somebody, with a step to one side.
    fn at(joint: usize) -> [f32; 3] {
        let n = joint as f32;
        if joint == 0 { [0.0; 3] } else { [60.0 * (n % 5.0 - 2.0), 90.0 * (n % 7.0 - 3.0), 40.0 * (n % 3.0 - 1.0)] }
    }

    #[test]
    fn views_from_other_sides_agree_on_one_shape() {
        let behind = view(|joint| {
            let [x, y, z] = at(joint);
            [-x, y, -z]
        });
        assert_eq!(fused(&[]), None);
        let shape = fused(&[view(at), behind]).unwrap();
        for (joint, found) in shape.iter().enumerate() {
            assert!(found.iter().zip(at(joint)).all(|(a, b)| (a - b).abs() < 0.5), "{joint}: {found:?}");
        }
    }
}
