//! The stated uncertainty is about as large as the error.

mod support;

use geometry::{Options, similarity, solve};
use support::{Faults, SIZE, angle_degrees, four, scene};

#[test]
fn errors_are_as_large_as_stated() {
    for (cameras, held) in [(4, false), (3, false), (2, true)] {
        let (mut turns, mut places, mut focals) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 0..12 {
            let scene = scene(seed, four()[..cameras].to_vec(), 25, &Faults { outliers: 0.02, ..Faults::default() });
            let focal_px = held.then(|| vec![support::FOCAL; cameras]);
            let options = Options { focal_px, ..Options::default() };
            let solution = solve(&vec![SIZE; cameras], &scene.instants, &options).expect("a rig");
            let pairs: Vec<_> = solution
                .points_mm
                .iter()
                .zip(&scene.points)
                .filter_map(|(found, truth)| Some(found.as_ref()?.iter().copied().zip(truth.iter().copied())))
                .flatten()
                .collect();
            let lay = similarity(&pairs).expect("points have an extent");
            for (solved, truth) in solution.cameras.iter().zip(&scene.cameras) {
                let told = solved.uncertainty.as_ref().expect("known");
                let found = lay.camera(&solved.camera);
                turns.push(angle_degrees(&found.rotation, &truth.rotation) / told.rotation_degrees);
                places.push((found.position_mm - truth.position_mm).norm() / told.position_mm);
                assert_eq!(told.focal_percent.is_none(), held);
                assert!(told.time_offset_frames.is_none());
            }
            if let Some(told) = solution.cameras[0].uncertainty.as_ref().and_then(|told| told.focal_percent) {
                focals.push(100.0 * (solution.cameras[0].camera.focal_px / support::FOCAL - 1.0).abs() / told);
            }
        }
        for (name, ratios) in [("rotation", &turns), ("position", &places), ("focal", &focals)] {
            if ratios.is_empty() {
                continue;
            }
            let mean_square = (ratios.iter().map(|r| r * r).sum::<f64>() / ratios.len() as f64).sqrt();
            let within = |k: f64| ratios.iter().filter(|ratio| **ratio < k).count() as f64 / ratios.len() as f64;
            println!(
                "{cameras} cameras, {name}: ratio {mean_square:.2}, within 1: {:.2}, 2: {:.2}",
                within(1.0),
                within(2.0)
            );
            assert!((0.4..2.0).contains(&mean_square), "{name} {mean_square}");
            assert!(within(2.0) >= 0.75, "{name}");
        }
    }
}

#[test]
fn offsets_in_time_are_as_far_off_as_stated() {
    let late = [0.0, 2.0, -1.5, 3.0];
    let mut ratios = Vec::new();
    for seed in 0..8 {
        let scene = scene(seed, four(), 25, &Faults { late_frames: late.to_vec(), ..Faults::default() });
        let solution =
            solve(&[SIZE; 4], &scene.instants, &Options { time_offsets: true, ..Options::default() }).expect("a rig");
        assert!(solution.cameras[0].uncertainty.as_ref().expect("known").time_offset_frames.is_none());
        for (solved, truth) in solution.cameras.iter().zip(late).skip(1) {
            let told = solved.uncertainty.as_ref().and_then(|told| told.time_offset_frames).expect("known");
            ratios.push((solved.camera.time_offset_frames.expect("found") - truth).abs() / told);
        }
    }
    let mean_square = (ratios.iter().map(|r| r * r).sum::<f64>() / ratios.len() as f64).sqrt();
    println!("{mean_square} {ratios:?}");
    assert!((0.4..1.6).contains(&mean_square), "{mean_square}");
}

#[test]
fn more_noise_is_more_uncertain() {
    let told = |noise_px: f64| {
        let scene = scene(3, four(), 25, &Faults { noise_px, outliers: 0.0, ..Faults::default() });
        let solution = solve(&[SIZE; 4], &scene.instants, &Options::default()).expect("a rig");
        solution.cameras[1].uncertainty.clone().expect("known").position_mm
    };
    let (little, much) = (told(1.0), told(3.0));
    println!("{little} {much}");
    assert!(much > 2.0 * little && much < 4.5 * little);
}
