//! Whether a rig can be trusted, and why not.

mod support;

use geometry::{Camera, Doubt, EXCHANGED, GeometryError, Observation, Options, Up, Verdict, mirrored, solve, verdict};
use nalgebra::{Matrix3, Vector3};
use support::{FOCAL, Faults, SIZE, Scene, camera, four, scene};

fn judged(scene: &Scene, up: Option<&Up>) -> Verdict {
    let sizes = vec![SIZE; scene.cameras.len()];
    let options = Options::default();
    let solution = solve(&sizes, &scene.instants, &options).expect("a rig");
    verdict(&sizes, &scene.instants, &options, &solution, up)
}

fn mirror(view: &Observation) -> Observation {
    let mut mirrored = view.clone();
    mirrored.px = EXCHANGED.map(|from| [SIZE[0] - view.px[from][0], view.px[from][1]]);
    mirrored.weight = EXCHANGED.map(|from| view.weight[from]);
    mirrored.root_relative_mm = EXCHANGED.map(|from| {
        let [x, y, z] = view.root_relative_mm[from];
        [-x, y, z]
    });
    mirrored.velocity_px = None;
    mirrored
}

#[test]
fn a_good_rig_is_believed() {
    for cameras in [2, 3, 4] {
        let scene = scene(1, four()[..cameras].to_vec(), 25, &Faults::default());
        let found = judged(&scene, None);
        println!("{found:?}");
        assert!(found.believable(), "{found:?}");
    }
}

#[test]
fn a_mirrored_camera_is_named() {
    for camera in 0..4 {
        let mut scene = scene(2, four(), 25, &Faults::default());
        for views in &mut scene.instants {
            views[camera] = views[camera].as_ref().map(mirror);
        }
        let said = mirrored(&[SIZE; 4], &scene.instants, &[FOCAL; 4]);
        assert_eq!(said, std::array::from_fn::<bool, 4, _>(|at| at == camera));
        match solve(&[SIZE; 4], &scene.instants, &Options::default()) {
            Err(GeometryError::ResidualTooHigh { camera: missing, .. }) => assert_eq!(missing, camera),
            Err(error) => panic!("{camera}: {error}"),
            Ok(solution) => {
                let found = verdict(&[SIZE; 4], &scene.instants, &Options::default(), &solution, None);
                assert!(found.cameras[camera].contains(&Doubt::Mirrored), "{camera}: {found:?}");
            }
        }
    }
    let scene = scene(2, four(), 25, &Faults::default());
    assert_eq!(mirrored(&[SIZE; 4], &scene.instants, &[FOCAL; 4]), [false; 4]);
}

#[test]
fn a_camera_upside_down_is_named() {
    let mut cameras = four();
    let over = Matrix3::from_diagonal(&Vector3::new(-1.0, -1.0, 1.0));
    cameras[2].rotation = over * cameras[2].rotation;
    let scene = scene(3, cameras, 25, &Faults::default());
    // The solution's axes are camera 0's.
    let direction = scene.cameras[0].rotation * Vector3::y();
    let up = Up { direction, spread_degrees: 2.0, instants: 25 };
    let found = judged(&scene, Some(&up));
    assert_eq!(found.cameras[2], [Doubt::UpsideDown]);
    assert!(found.cameras[0].is_empty() && found.cameras[1].is_empty() && found.rig.is_empty(), "{found:?}");
}

#[test]
fn a_statue_says_too_little() {
    let mut scene = scene(4, four(), 25, &Faults { noise_px: 1.0, outliers: 0.0, ..Faults::default() });
    let still = scene.instants[0].clone();
    scene.instants.fill(still);
    let first = scene.points[0];
    scene.points.fill(first);
    let found = judged(&scene, None);
    println!("{found:?}");
    assert!(found.rig.iter().any(|doubt| matches!(doubt, Doubt::TooLittleVariety { .. })), "{found:?}");
}

#[test]
fn two_cameras_side_by_side_have_no_depth() {
    let place = Vector3::new(4800.0, 1500.0, 2200.0);
    let cameras: Vec<Camera> =
        [0.0, 260.0].map(|aside| camera(place + Vector3::new(-0.4, 0.0, 0.9) * aside, 0.0)).into();
    let scene = scene(5, cameras, 25, &Faults { noise_px: 1.0, outliers: 0.0, ..Faults::default() });
    match solve(&[SIZE; 2], &scene.instants, &Options::default()) {
        Ok(solution) => {
            let found = verdict(&[SIZE; 2], &scene.instants, &Options::default(), &solution, None);
            println!("{found:?}");
            assert!(found.cameras.iter().flatten().any(|doubt| matches!(doubt, Doubt::NoBaseline { .. })), "{found:?}");
        }
        Err(error) => assert!(matches!(error, GeometryError::CamerasAtOnePlace { .. }), "{error}"),
    }
}

#[test]
fn limits_grow_with_the_picture() {
    let scene = scene(6, four(), 25, &Faults { outliers: 0.0, ..Faults::default() });
    let options = Options::default();
    let mut solution = solve(&[SIZE; 4], &scene.instants, &options).expect("a rig");
    // Ten pixels are much in a picture of 1280, and little in one of 3840.
    solution.cameras[1].residual_px = 10.0;
    let small = verdict(&[SIZE; 4], &scene.instants, &options, &solution, None);
    assert!(matches!(small.cameras[1][..], [Doubt::ResidualTooLarge { .. }]), "{small:?}");
    solution.cameras[1].camera.principal_point_px *= 3.0;
    let large = verdict(&[SIZE; 4], &scene.instants, &options, &solution, None);
    assert!(large.cameras[1].is_empty(), "{large:?}");
}

#[test]
fn bodies_that_are_too_narrow_are_not_believed() {
    let scene = scene(7, four(), 25, &Faults::default());
    let options = Options::default();
    let mut solution = solve(&[SIZE; 4], &scene.instants, &options).expect("a rig");
    let said = |solution: &geometry::Solution| verdict(&[SIZE; 4], &scene.instants, &options, solution, None).rig;
    assert_eq!(said(&solution), []);
    // Shoulders and hips, as they come out where left and right are mixed up.
    solution.bone_lengths_mm[4] *= 0.7;
    assert_eq!(said(&solution), []);
    solution.bone_lengths_mm[5] *= 0.5;
    assert!(matches!(said(&solution)[..], [Doubt::TooNarrow { percent }] if (50.0..70.0).contains(&percent)));
}
