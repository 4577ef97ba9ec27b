//! Bodies that only one camera sees.

mod support;

use geometry::{bone_lengths, fit_body_single};
use nalgebra::Vector3;
use support::{Faults, four, scene};

const EXACT: Faults = Faults {
    noise_px: 0.0,
    noise_3d_mm: 0.0,
    outliers: 0.0,
    swapped: 0.0,
    late_frames: vec![],
    k1: vec![],
    readout_frames: vec![],
};

fn errors(found: &[Vector3<f64>], truth: &[Vector3<f64>]) -> Vec<f64> {
    found.iter().zip(truth).map(|(found, truth)| (found - truth).norm()).collect()
}

#[test]
fn what_is_exact_is_placed_exactly_however_large_the_finder_takes_people_to_be() {
    let scene = scene(1, four(), 12, &EXACT);
    let lengths = bone_lengths(&scene.points);
    for (views, truth) in scene.instants.iter().zip(&scene.points) {
        for (camera, view) in scene.cameras.iter().zip(views) {
            let mut view = view.clone().expect("seen");
            view.root_relative_mm = view.root_relative_mm.map(|point| point.map(|value| 0.8 * value));
            let body = fit_body_single(camera, &lengths, &view).unwrap().expect("the person is in view");
            assert!(errors(&body.points_mm, truth).iter().all(|error| *error < 25.0), "{:?}", body.points_mm);
            assert_eq!(body.near_views, [1; 19]);
            // The half that is in the picture is placed as well.
            view.weight[10..].fill(0.0);
            let body = fit_body_single(camera, &lengths, &view).unwrap().expect("half of the person is in view");
            assert!(errors(&body.points_mm, truth).iter().all(|error| *error < 25.0));
            assert_eq!(body.near_views[9..12], [1, 0, 0]);
        }
    }
}

#[test]
fn a_wrong_joint_does_not_move_the_body() {
    let scene = scene(2, four(), 12, &EXACT);
    let lengths = bone_lengths(&scene.points);
    for (views, truth) in scene.instants.iter().zip(&scene.points) {
        let mut view = views[1].clone().expect("seen");
        view.px[7][0] += 120.0;
        let body = fit_body_single(&scene.cameras[1], &lengths, &view).unwrap().expect("the person is in view");
        assert!(
            errors(&body.points_mm, truth).iter().all(|error| *error < 150.0),
            "{:?}",
            errors(&body.points_mm, truth)
        );
        assert_eq!(body.near_views[7], 0);
    }
}

#[test]
fn a_camera_that_is_late_shows_the_body_where_it_was() {
    let scene = scene(3, four(), 12, &Faults { late_frames: vec![3.0], ..EXACT });
    let lengths = bone_lengths(&scene.points);
    let error = |late_frames: Option<f64>| -> f64 {
        let camera = geometry::Camera { time_offset_frames: late_frames, ..scene.cameras[0].clone() };
        let of = |(views, truth): (&support::Views, &support::Points)| {
            let body = fit_body_single(&camera, &lengths, views[0].as_ref()?).unwrap()?;
            Some(errors(&body.points_mm, truth).iter().sum::<f64>() / 19.0)
        };
        scene.instants.iter().zip(&scene.points).filter_map(of).sum::<f64>() / 12.0
    };
    // Its own 3D joints stay as late as they are.
    let (told, untold) = (error(Some(3.0)), error(None));
    assert!(told < 0.8 * untold, "{told} and {untold} mm");
}

#[test]
fn too_little_is_no_body() {
    let scene = scene(1, four(), 1, &EXACT);
    let lengths = bone_lengths(&scene.points);
    let mut view = scene.instants[0][0].clone().expect("seen");
    assert!(fit_body_single(&scene.cameras[0], &[0.0; 13], &view).unwrap().is_none());
    view.weight[5..].fill(0.0);
    assert!(fit_body_single(&scene.cameras[0], &lengths, &view).unwrap().is_none());
    view.weight = [1.0; 19];
    view.root_relative_mm = [[0.0; 3]; 19];
    assert!(fit_body_single(&scene.cameras[0], &lengths, &view).unwrap().is_none());
    view.root_relative_mm[3][1] = f64::NAN;
    assert!(fit_body_single(&scene.cameras[0], &lengths, &view).unwrap().is_none());
}
