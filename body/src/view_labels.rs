//! Labels of single views from a body that several cameras agree on.

use nalgebra::Vector3;
use pose::look_at::to_look_at;
use pose::{FrameLabel, JOINTS, ROOT, WorldJoints};

use crate::{CameraGeometry, RigGeometry};

/// A view agrees with a body if half of its joints are at most this far from it, as a share of the pictures' longer
/// side: 12 px of 1920. A camera whose own residual is larger gets no labels.
pub const AGREES_WITHIN: f64 = 12.0 / 1920.0;

/// The fewest views that agree on a body worth labels, in rigs with as many cameras.
const MIN_VIEWS: usize = 3;

/// Whether a camera at this distance from a body, in pixels, agrees with it.
fn agrees(camera: &CameraGeometry, miss_px: f64) -> bool {
    let limit_px = AGREES_WITHIN * camera.size_px[0].max(camera.size_px[1]);
    miss_px <= limit_px && camera.residual_px <= limit_px
}

/// The views of a body that get labels: those that agree with it, if they are at least three, or all of a rig of two.
/// `misses_px` is by camera, as named, the median distance of its joints from the body; `None` if it saw nobody.
pub fn views_to_label(geometry: &RigGeometry, names: &[String], misses_px: &[Option<f64>]) -> Vec<usize> {
    let agreeing = |&camera: &usize| {
        let place = names.get(camera).and_then(|name| geometry.cameras.get(name));
        place.zip(misses_px[camera]).is_some_and(|(place, miss_px)| agrees(place, miss_px))
    };
    let views: Vec<usize> = (0..misses_px.len()).filter(agreeing).collect();
    if views.len() >= MIN_VIEWS.min(geometry.cameras.len()) && views.len() > 1 { views } else { Vec::new() }
}

/// The label of one view of a body; `None` if a joint is behind the camera. `number` finds its picture.
pub fn frame_label(camera: &CameraGeometry, joints_mm: &WorldJoints, number: u32) -> Option<FrameLabel> {
    let camera = camera.camera();
    let seen: [Vector3<f64>; JOINTS] = joints_mm.map(|joint| camera.rotation * (joint - camera.position_mm));
    let mut joints_px = [[0.0; 2]; JOINTS];
    for (px, joint) in joints_px.iter_mut().zip(joints_mm) {
        *px = camera.project(joint)?.map(|value| value as f32).into();
    }
    Some(FrameLabel { source_index: number, joints_mm: to_look_at(&seen)?, root_px: joints_px[ROOT], joints_px })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Distortion, ScaleSource, UpSource, WorldAxes};

    fn camera(residual_px: f64) -> CameraGeometry {
        CameraGeometry {
            // It looks along the world's y, from y = −3 m.
            rotation: [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]],
            position_mm: [0.0, -3000.0, 1000.0],
            focal_px: 1000.0,
            principal_point_px: [960.0, 540.0],
            size_px: [1920.0, 1080.0],
            distortion: Distortion::None,
            time_offset_frames: None,
            residual_px,
            uncertainty: None,
        }
    }

    fn rig(residuals_px: &[f64]) -> (RigGeometry, Vec<String>) {
        let names: Vec<String> = (0..residuals_px.len()).map(|at| format!("c{at}")).collect();
        let cameras: BTreeMap<_, _> =
            names.iter().cloned().zip(residuals_px.iter().map(|&residual| camera(residual))).collect();
        let geometry = RigGeometry {
            id: "g".into(),
            found_utc: String::new(),
            instants: 0,
            world: WorldAxes::ZUp,
            scale: ScaleSource::Guess,
            up: UpSource::Unknown,
            bone_lengths_mm: [300.0; geometry::GROUP_COUNT],
            cameras,
        };
        (geometry, names)
    }

    #[test]
    fn a_body_is_labelled_where_enough_good_cameras_agree_with_it() {
        let (four, names) = rig(&[5.0, 5.0, 5.0, 5.0]);
        let labelled = |misses: &[Option<f64>]| views_to_label(&four, &names, misses);
        assert_eq!(labelled(&[Some(4.0), Some(12.0), Some(7.0), Some(3.0)]), [0, 1, 2, 3]);
        assert_eq!(labelled(&[Some(4.0), Some(12.1), Some(7.0), Some(3.0)]), [0, 2, 3]);
        assert!(labelled(&[Some(4.0), Some(30.0), None, Some(3.0)]).is_empty());
        let (badly_placed, names) = rig(&[5.0, 13.0, 5.0, 5.0]);
        assert_eq!(views_to_label(&badly_placed, &names, &[Some(1.0); 4]), [0, 2, 3]);
        let (two, names) = rig(&[5.0, 5.0]);
        assert_eq!(views_to_label(&two, &names, &[Some(1.0); 2]), [0, 1]);
        assert!(views_to_label(&two, &names, &[Some(1.0), None]).is_empty());
    }

    #[test]
    fn a_label_is_the_body_as_the_camera_sees_it() {
        let mut joints = [Vector3::new(0.0, 0.0, 1000.0); JOINTS];
        joints[1] = Vector3::new(300.0, 0.0, 1600.0);
        let label = frame_label(&camera(0.0), &joints, 7).unwrap();
        assert_eq!((label.source_index, label.root_px), (7, [960.0, 540.0]));
        assert_eq!(label.joints_px[1], [1060.0, 340.0]);
        // The root is on the optical axis, so the look-at frame is the camera's: x right, y down.
        assert!((Vector3::from(label.joints_mm[1]) - Vector3::new(300.0f32, -600.0, 0.0)).norm() < 1e-3);
        joints[2].y = -4000.0;
        assert!(frame_label(&camera(0.0), &joints, 7).is_none());
    }
}
