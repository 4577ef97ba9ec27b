//! One camera is found anew while the others remain in their places.

mod support;

use geometry::{GeometryError, Observation, Options, Points, find_camera};
use support::{FOCAL, Faults, SIZE, angle_degrees, four, scene};

fn some(points: &[Points]) -> Vec<Option<Points>> {
    points.iter().copied().map(Some).collect()
}

#[test]
fn a_camera_is_found_in_a_known_world() {
    for seed in 0..4 {
        for camera in 0..4 {
            let scene = scene(seed, four(), 25, &Faults { swapped: 0.04, ..Faults::default() });
            let views: Vec<_> = scene.instants.iter().map(|views| views[camera].clone()).collect();
            let found = find_camera(SIZE, &some(&scene.points), &views, &Options::default()).expect("it is found");
            let truth = &scene.cameras[camera];
            let turn = angle_degrees(&found.camera.rotation, &truth.rotation);
            let apart = (found.camera.position_mm - truth.position_mm).norm();
            println!("{turn} {apart} {} {}", found.camera.focal_px, found.residual_px);
            assert!(turn < 0.5 && apart < 110.0 && (found.camera.focal_px / FOCAL - 1.0).abs() < 0.02);
            let options = Options { focal_px: Some(vec![FOCAL]), ..Options::default() };
            let held = find_camera(SIZE, &some(&scene.points), &views, &options).expect("it is found").camera;
            assert!(held.focal_px == FOCAL && held.time_offset_frames.is_none());
            assert!((held.position_mm - truth.position_mm).norm() < 50.0);
        }
    }
}

#[test]
fn its_offset_in_time_is_found_too() {
    let scene = scene(6, four(), 25, &Faults { late_frames: vec![0.0, 0.0, 2.5, 0.0], ..Faults::default() });
    let views: Vec<_> = scene.instants.iter().map(|views| views[2].clone()).collect();
    let options = Options { time_offsets: true, ..Options::default() };
    let found = find_camera(SIZE, &some(&scene.points), &views, &options).expect("it is found").camera;
    let offset = found.time_offset_frames.expect("asked for");
    assert!((offset - 2.5).abs() < 0.3, "{offset}");
}

#[test]
fn exchanged_views_are_borne() {
    let scene = scene(7, four(), 25, &Faults::default());
    let views: Vec<_> = (0..25)
        .map(|at| scene.instants[at][1].as_ref().map(|view| if at % 4 == 0 { view.exchanged() } else { view.clone() }))
        .collect();
    let found = find_camera(SIZE, &some(&scene.points), &views, &Options::default()).expect("it is found").camera;
    assert!(angle_degrees(&found.rotation, &scene.cameras[1].rotation) < 0.5);
}

#[test]
fn what_cannot_be_found_is_refused() {
    let scene = scene(8, four(), 25, &Faults::default());
    let views: Vec<_> = scene.instants.iter().map(|views| views[0].clone()).collect();
    let points = some(&scene.points);
    let options = Options::default();
    let refuse = |points: &[Option<Points>], views: &[Option<Observation>], options: &Options| {
        find_camera(SIZE, points, views, options).expect_err("this cannot be found")
    };
    let few = refuse(&points[..2], &views, &options);
    assert_eq!(few, GeometryError::TooFewInstants { found: 2, needed: 3 });
    let focal = refuse(&points, &views, &Options { focal_px: Some(vec![f64::NAN]), ..Options::default() });
    assert!(matches!(focal, GeometryError::BadFocalLengths { .. }), "{focal}");
    let mut other = points.clone();
    other.rotate_left(11);
    let residual = refuse(&other, &views, &options);
    assert!(matches!(residual, GeometryError::ResidualTooHigh { .. }), "{residual}");
}
