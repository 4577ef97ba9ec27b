//! Distorting lenses and rolling shutters are named by their residuals, with the geometry found from the same pictures;
//! nothing is named without a fault.

mod support;

use geometry::{LensFault, Options, ResidualShape, Trend, fit_body, residual_shapes, solve};
use support::{FOCAL, Faults, SIZE, Scene, Views, four, scene};

const INSTANTS: usize = 200;

/// What the residuals of a rig say whose geometry is found from the same pictures.
fn shapes(seed: u64, faults: &Faults) -> Vec<ResidualShape> {
    shapes_of(&scene(seed, four(), INSTANTS, faults))
}

fn shapes_of(scene: &Scene) -> Vec<ResidualShape> {
    let options = Options { time_offsets: true, ..Options::default() };
    let solution = solve(&[SIZE; 4], &scene.instants[..60], &options).unwrap();
    let cameras = solution.cameras();
    let body = |views: &Views| Some(fit_body(&cameras, &solution.bone_lengths_mm, views).unwrap()?.points_mm);
    let bodies: Vec<_> = scene.instants.iter().map(body).collect();
    residual_shapes(&cameras, &bodies, &scene.instants).unwrap().unwrap()
}

/// Whether the truth lies within five times the uncertainty.
fn holds(trend: Trend, truth: f64) -> bool {
    (trend.value - truth).abs() < 5.0 * trend.uncertainty
}

/// How many pixels a lens bends by at the border.
fn at_border_px(k1: f64) -> f64 {
    k1 * (0.5 * SIZE[0]).powi(3) / FOCAL.powi(2)
}

#[test]
fn a_clean_rig_names_nothing_whatever_its_noise() {
    for seed in 0..6 {
        let noise_px = [1.0, 3.0, 6.0][seed as usize % 3];
        for shape in shapes(seed, &Faults { noise_px, ..Faults::default() }) {
            assert_eq!(shape.faults(), [], "seed {seed}, {noise_px} px: {shape:?}");
            assert!(holds(shape.border_px, 0.0) && holds(shape.readout_frames, 0.0), "seed {seed}: {shape:?}");
        }
    }
}

#[test]
fn a_finder_that_sees_each_joint_off_names_nothing() {
    for seed in 0..4 {
        let mut scene = scene(seed, four(), INSTANTS, &Faults { noise_px: 1.5, ..Faults::default() });
        for (camera, view) in scene.instants.iter_mut().flat_map(|views| views.iter_mut().enumerate()) {
            for (point, px) in view.iter_mut().flat_map(|view| view.px.iter_mut().enumerate()) {
                let way = (seed + 1) as f64 * (7.3 * camera as f64 + 2.9 * point as f64);
                *px = [px[0] + 8.0 * way.sin(), px[1] + 8.0 * (1.7 * way).cos()];
            }
        }
        for shape in shapes_of(&scene) {
            assert_eq!(shape.faults(), [], "seed {seed}: {shape:?}");
        }
    }
}

#[test]
fn a_lens_that_bends_is_named_with_its_pixels_and_the_others_are_not() {
    for (seed, k1) in (0..).zip([[-0.2; 4], [0.0, 0.0, 0.15, 0.0], [0.0, -0.2, 0.0, 0.0]]) {
        let shapes = shapes(seed, &Faults { k1: k1.to_vec(), ..Faults::default() });
        for (shape, k1) in shapes.iter().zip(k1) {
            let named = matches!(shape.faults()[..], [LensFault::Distortion { .. }]);
            assert_eq!(named, k1 != 0.0, "seed {seed}, {k1}: {shape:?}");
            // A bend in one camera leaves a little in the others.
            let off_px = (shape.border_px.value - at_border_px(k1)).abs();
            assert!(off_px < 8.0, "seed {seed}: {} px made, {shape:?}", at_border_px(k1));
        }
    }
}

#[test]
fn a_shutter_that_rolls_is_named_with_its_time_and_the_others_are_not() {
    for (seed, readout) in (0..).zip([[0.5; 4], [0.0, 0.0, 0.5, 0.0], [0.0, -0.5, 0.0, 0.0]]) {
        let faults = Faults { noise_px: 1.5, readout_frames: readout.to_vec(), ..Faults::default() };
        for (shape, readout) in shapes(seed, &faults).iter().zip(readout) {
            let named = matches!(shape.faults()[..], [LensFault::RollingShutter { .. }]);
            assert_eq!(named, readout != 0.0, "seed {seed}, {readout}: {shape:?}");
            assert!(holds(shape.readout_frames, readout), "seed {seed}: {readout} made, {shape:?}");
        }
    }
}

#[test]
fn what_does_not_move_says_nothing_of_shutters_and_few_instants_nothing_at_all() {
    let mut scene = scene(1, four(), INSTANTS, &Faults { readout_frames: vec![0.5; 4], ..Faults::default() });
    scene.instants.iter_mut().flatten().flatten().for_each(|view| view.velocity_px = None);
    let bodies: Vec<_> = scene.points.iter().copied().map(Some).collect();
    for shape in residual_shapes(&scene.cameras, &bodies, &scene.instants).unwrap().unwrap() {
        assert_eq!(shape.faults(), []);
        assert!(shape.readout_frames.value.abs() < 1e-6 && shape.readout_frames.uncertainty > 1.0, "{shape:?}");
    }
    assert_eq!(residual_shapes(&scene.cameras, &bodies[..30], &scene.instants[..30]).unwrap(), None);
}
