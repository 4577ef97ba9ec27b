//! Input that cannot be solved is refused, with a reason.

mod support;

use geometry::{GeometryError, Options, Solution, fit_body, solve, triangulate};
use nalgebra::{Matrix3, Rotation3, Vector3};
use support::{Faults, SIZE, Scene, four, scene};

fn refused(sizes: &[[f64; 2]], scene: &Scene, options: &Options) -> GeometryError {
    let result: Result<Solution, GeometryError> = solve(sizes, &scene.instants, options);
    result.expect_err("this cannot be solved")
}

#[test]
fn one_camera() {
    let scene = scene(1, four()[..1].to_vec(), 25, &Faults::default());
    let error = refused(&[SIZE], &scene, &Options::default());
    assert_eq!(error.to_string(), "at least two cameras are needed, not 1");
    let empty = fit_body(&scene.cameras, &[100.0; 13], &[None]).expect_err("one camera");
    assert_eq!(empty, GeometryError::TooFewCameras { count: 1 });
}

#[test]
fn views_that_do_not_match_the_cameras() {
    let scene = scene(1, four(), 25, &Faults::default());
    let error = refused(&[SIZE; 3], &scene, &Options::default());
    assert_eq!(error, GeometryError::WrongViewCount { instant: 0, views: 4, cameras: 3 });
    let error = triangulate(&scene.cameras[..3], &scene.instants[0]).expect_err("four views of three cameras");
    assert_eq!(error, GeometryError::WrongViewCount { instant: 0, views: 4, cameras: 3 });
}

#[test]
fn sizes_and_focal_lengths_that_are_none() {
    let scene = scene(1, four()[..2].to_vec(), 25, &Faults::default());
    let error = refused(&[SIZE, [0.0, 480.0]], &scene, &Options::default());
    assert!(matches!(error, GeometryError::BadPictureSize { camera: 1, .. }), "{error}");
    for focal in [vec![1400.0], vec![1400.0, -1.0], vec![1400.0, f64::NAN]] {
        let error = refused(&[SIZE; 2], &scene, &Options { focal_px: Some(focal), ..Options::default() });
        assert!(matches!(error, GeometryError::BadFocalLengths { cameras: 2, .. }), "{error}");
    }
}

#[test]
fn too_few_instants_that_two_cameras_share() {
    let mut scene = scene(1, four()[..2].to_vec(), 25, &Faults::default());
    for (instant, views) in scene.instants.iter_mut().enumerate().skip(2) {
        views[instant % 2] = None;
    }
    let error = refused(&[SIZE; 2], &scene, &Options::default());
    assert_eq!(error, GeometryError::TooFewInstants { found: 2, needed: 3 });
    let seen_but_useless = scene.instants[0][0].as_mut().expect("there");
    seen_but_useless.weight = [0.0; 19];
    let error = refused(&[SIZE; 2], &scene, &Options::default());
    assert_eq!(error, GeometryError::TooFewInstants { found: 1, needed: 3 });
}

#[test]
fn a_camera_that_sees_the_person_apart_from_the_others() {
    let mut scene = scene(1, four(), 25, &Faults::default());
    for views in &mut scene.instants[2..] {
        views[2] = None;
    }
    let error = refused(&[SIZE; 4], &scene, &Options::default());
    assert_eq!(error, GeometryError::CameraApart { camera: 2, found: 2, needed: 3 });
}

#[test]
fn cameras_at_one_place() {
    for seed in 0..3 {
        let mut cameras = four()[..2].to_vec();
        cameras[1] = cameras[0].clone();
        cameras[1].rotation = Rotation3::new(Vector3::new(0.02, -0.03, 0.1)).into_inner() * cameras[0].rotation;
        let scene = scene(seed, cameras, 25, &Faults { noise_px: 2.0, ..Faults::default() });
        let error = refused(&[SIZE; 2], &scene, &Options::default());
        println!("{error}");
        assert!(matches!(error, GeometryError::CamerasAtOnePlace { .. }), "{error}");
    }
}

#[test]
fn joints_without_extent() {
    let mut scene = scene(1, four()[..2].to_vec(), 25, &Faults::default());
    for view in scene.instants.iter_mut().flatten().flatten() {
        view.root_relative_mm = [[0.0; 3]; 19];
    }
    assert_eq!(refused(&[SIZE; 2], &scene, &Options::default()), GeometryError::NoExtent);
}

#[test]
fn views_of_other_instants_leave_a_residual() {
    let mut scene = scene(1, four(), 25, &Faults::default());
    // Camera 2 tells of instants long gone.
    let old: Vec<_> = scene.instants.iter().map(|views| views[2].clone()).collect();
    for (instant, views) in scene.instants.iter_mut().enumerate() {
        views[2] = old[(instant + 12) % 25].clone();
    }
    let error = refused(&[SIZE; 4], &scene, &Options::default());
    println!("{error}");
    assert!(matches!(error, GeometryError::ResidualTooHigh { camera: 2, .. }), "{error}");
}

#[test]
fn a_stricter_limit_refuses_what_a_looser_one_takes() {
    let scene = scene(1, four(), 25, &Faults { noise_px: 5.0, ..Faults::default() });
    assert!(solve(&[SIZE; 4], &scene.instants, &Options::default()).is_ok());
    let error = refused(&[SIZE; 4], &scene, &Options { max_residual: 3.0 / SIZE[0], ..Options::default() });
    assert!(matches!(error, GeometryError::ResidualTooHigh { limit_px: 3.0, .. }), "{error}");
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let mut scene = scene(1, four(), 25, &Faults::default());
    let view = scene.instants[3][1].as_mut().expect("there");
    view.px[4] = [f64::NAN, 3.0];
    view.velocity_px = Some([[f64::INFINITY, 0.0]; 19]);
    scene.instants[4][0].as_mut().expect("there").root_relative_mm[2][1] = f64::NAN;
    let solution = solve(&[SIZE; 4], &scene.instants, &Options::default()).expect("a rig is found");
    assert!(
        solution
            .cameras()
            .iter()
            .all(|camera| camera.rotation != Matrix3::zeros() && camera.position_mm.norm().is_finite())
    );
    assert!(support::errors(&solution, &scene).rig_mm < 20.0);
}
