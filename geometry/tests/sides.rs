//! Which of two cameras took left for right.

mod support;

use geometry::{GeometryError, Observation, Options, bone_lengths, fit_body, solve};
use support::{FOCAL, Faults, SIZE, Scene, errors, four, scene};

fn two(seed: u64) -> Scene {
    scene(seed, four()[..2].to_vec(), 25, &Faults { outliers: 0.02, ..Faults::default() })
}

/// Exchanges one camera's view as a finder does, which turns the depth round too.
fn exchange(scene: &mut Scene, instant: usize, camera: usize) {
    let view = &mut scene.instants[instant][camera];
    *view = view.as_ref().map(Observation::exchanged);
}

fn known() -> Options {
    Options { focal_px: Some(vec![FOCAL; 2]), ..Options::default() }
}

#[test]
fn exchanging_twice_is_nothing() {
    let view = two(1).instants[3][0].clone().expect("there");
    assert_eq!(view.exchanged().exchanged(), view);
}

#[test]
fn two_cameras_know_which_view_is_exchanged() {
    for seed in 0..4 {
        let mut scene = two(seed);
        let plain = errors(&solve(&[SIZE; 2], &scene.instants, &known()).expect("a rig"), &scene);
        for (instant, camera) in [(2, 1), (5, 1), (9, 0), (13, 1), (17, 1), (21, 0)] {
            exchange(&mut scene, instant, camera);
        }
        let solution = solve(&[SIZE; 2], &scene.instants, &known()).expect("a rig");
        let found = errors(&solution, &scene);
        println!("{plain:?} {found:?} {} {}", solution.exchanged_views, solution.contradicting_instants);
        assert!(found.rig_mm < plain.rig_mm + 5.0, "{found:?} {plain:?}");
        assert!(found.rig_mm < 40.0, "{found:?}");
        assert!(solution.contradicting_instants <= 2);
    }
}

#[test]
fn a_mistake_of_both_cameras_is_undone() {
    let mut scene = two(2);
    for (instant, camera) in [(4, 0), (4, 1), (11, 0), (11, 1)] {
        exchange(&mut scene, instant, camera);
    }
    let found = errors(&solve(&[SIZE; 2], &scene.instants, &known()).expect("a rig"), &scene);
    println!("{found:?}");
    assert!(found.rig_mm < 40.0, "{found:?}");
}

#[test]
fn a_pair_that_mostly_contradicts_itself_is_refused() {
    let mut scene = two(3);
    // Each camera tells of another instant's body, at random: neither exchange mends that.
    let old: Vec<_> = scene.instants.iter().map(|views| views[1].clone()).collect();
    for (instant, views) in scene.instants.iter_mut().enumerate() {
        views[1].clone_from(&old[(instant * 7 + 11) % 25]);
    }
    let error = solve(&[SIZE; 2], &scene.instants, &known()).expect_err("this cannot be solved");
    println!("{error}");
    assert!(
        matches!(error, GeometryError::SidesInconsistent { .. } | GeometryError::ResidualTooHigh { .. }),
        "{error}"
    );
}

#[test]
fn later_instants_of_two_cameras_are_labelled_or_refused() {
    let mut scene = two(4);
    let lengths = bone_lengths(&scene.points);
    let mut refused = 0;
    for instant in 0..25 {
        exchange(&mut scene, instant, instant % 2);
        let Some(body) = fit_body(&scene.cameras, &lengths, &scene.instants[instant]).expect("two cameras") else {
            refused += 1;
            continue;
        };
        let truth = &scene.points[instant];
        let error = body.points_mm.iter().zip(truth).map(|(a, b)| (a - b).norm()).sum::<f64>() / 19.0;
        assert!(error < 60.0, "instant {instant}: {error}");
    }
    println!("{refused} refused");
    assert!(refused < 6, "{refused}");
}
