//! Points and bodies of one instant with known cameras, and the similarity between two worlds.

mod support;

use geometry::{BONES, EXCHANGED, Similarity, bone_lengths, fit_body, similarity, triangulate};
use nalgebra::{Rotation3, Vector3};
use support::{Faults, four, person, scene, swap};

fn mean_error(found: &[Vector3<f64>], truth: &[Vector3<f64>]) -> f64 {
    found.iter().zip(truth).map(|(found, truth)| (found - truth).norm()).sum::<f64>() / found.len() as f64
}

#[test]
fn bones_and_mirror_images_fit_together() {
    for (point, &mirror) in EXCHANGED.iter().enumerate() {
        assert_eq!(EXCHANGED[mirror], point);
    }
    for bone in &BONES {
        let (from, to) = (EXCHANGED[bone.from], EXCHANGED[bone.to]);
        let mirrored = BONES
            .iter()
            .find(|other| (other.from, other.to) == (from, to) || (other.from, other.to) == (to, from))
            .expect("a bone's mirror image is a bone");
        assert_eq!(mirrored.group, bone.group);
    }
    let (early, late) = (bone_lengths([&person(0.0)]), bone_lengths([&person(137.0)]));
    for (early, late) in early.iter().zip(late) {
        assert!(*early > 30.0 && (early - late).abs() < 1e-9);
    }
}

#[test]
fn exact_pixels_give_exact_points() {
    let faults = Faults { noise_px: 0.0, outliers: 0.0, ..Faults::default() };
    let scene = scene(1, four(), 3, &faults);
    let found = triangulate(&scene.cameras, &scene.instants[2]).expect("four cameras");
    assert_eq!(found.near_views, [4; 19]);
    for (found, truth) in found.points_mm.iter().zip(&scene.points[2]) {
        assert!((found.expect("seen") - truth).norm() < 1e-3);
    }
}

#[test]
fn one_wrong_view_of_four_is_outvoted() {
    let faults = Faults { noise_px: 0.0, outliers: 0.0, ..Faults::default() };
    let mut scene = scene(1, four(), 3, &faults);
    let view = scene.instants[0][1].as_mut().expect("there");
    view.px[7][0] += 150.0;
    let found = triangulate(&scene.cameras, &scene.instants[0]).expect("four cameras");
    assert_eq!(found.near_views[7], 3);
    assert_eq!(found.near_views[8], 4);
    let error = (found.points_mm[7].expect("seen") - scene.points[0][7]).norm();
    assert!(error < 10.0, "{error}");
}

#[test]
fn one_view_alone_has_no_points() {
    let mut scene = scene(1, four(), 1, &Faults::default());
    for view in &mut scene.instants[0][1..] {
        *view = None;
    }
    let found = triangulate(&scene.cameras, &scene.instants[0]).expect("four cameras");
    assert_eq!((found.points_mm, found.near_views), ([None; 19], [0; 19]));
    let body = fit_body(&scene.cameras, &bone_lengths(&scene.points), &scene.instants[0]).expect("four cameras");
    assert!(body.is_none());
}

#[test]
fn velocities_bring_late_pictures_back() {
    let faults = Faults { noise_px: 0.0, outliers: 0.0, late_frames: vec![0.0, 2.0, 0.0, -2.0], ..Faults::default() };
    let scene = scene(1, four(), 8, &faults);
    let error = |cameras: &[geometry::Camera]| {
        let errors = scene.instants.iter().zip(&scene.points).map(|(views, truth)| {
            let found = triangulate(cameras, views).expect("four cameras").points_mm;
            mean_error(&found.map(|point| point.expect("seen")), truth)
        });
        errors.sum::<f64>() / scene.points.len() as f64
    };
    let late = error(&scene.cameras);
    let mut told = scene.cameras.clone();
    told[1].time_offset_frames = Some(2.0);
    told[3].time_offset_frames = Some(-2.0);
    let mended = error(&told);
    println!("{late} {mended}");
    assert!(mended < 4.0 && late > 4.0 * mended, "{late} {mended}");
}

#[test]
fn a_body_with_bones_beats_points_alone() {
    let scene = scene(4, four()[..2].to_vec(), 25, &Faults { noise_px: 6.0, ..Faults::default() });
    let lengths = bone_lengths(&scene.points);
    let (mut alone, mut whole) = (0.0, 0.0);
    for (views, truth) in scene.instants.iter().zip(&scene.points) {
        let points = triangulate(&scene.cameras, views).expect("two cameras").points_mm;
        alone += mean_error(&points.map(|point| point.expect("seen")), truth) / 25.0;
        let body = fit_body(&scene.cameras, &lengths, views).expect("two cameras").expect("seen by two");
        whole += mean_error(&body.points_mm, truth) / 25.0;
    }
    println!("{alone} {whole}");
    assert!(whole < 0.8 * alone, "{whole} {alone}");
    assert!(whole < 45.0, "{whole}");
}

#[test]
fn a_body_names_the_camera_whose_sides_it_exchanged() {
    let mut scene = scene(4, four(), 6, &Faults::default());
    let lengths = bone_lengths(&scene.points);
    for (instant, views) in scene.instants.iter_mut().enumerate() {
        let camera = instant % 4;
        views[camera] = views[camera].as_ref().map(swap);
        let body = fit_body(&scene.cameras, &lengths, views).expect("four cameras").expect("seen by four");
        assert_eq!(body.exchanged, [camera], "instant {instant}");
        assert!(mean_error(&body.points_mm, &scene.points[instant]) < 30.0);
    }
}

#[test]
fn a_known_similarity_is_found_and_keeps_the_pictures() {
    let truth = Similarity {
        scale: 1.3,
        rotation: Rotation3::new(Vector3::new(0.4, -2.0, 0.7)).into_inner(),
        translation_mm: Vector3::new(100.0, -2500.0, 40.0),
    };
    let points = person(12.0);
    let pairs = points.map(|point| (point, truth.point(&point)));
    let found = similarity(&pairs).expect("19 points");
    assert!((found.scale - truth.scale).abs() < 1e-9);
    assert!((found.rotation - truth.rotation).norm() < 1e-9);
    assert!((found.translation_mm - truth.translation_mm).norm() < 1e-6);
    let old = &four()[1];
    let new = found.camera(old);
    for (before, after) in pairs {
        let apart = new.project(&after).expect("before the camera") - old.project(&before).expect("before the camera");
        assert!(apart.norm() < 1e-6);
    }
    assert!(similarity(&pairs[..2]).is_none());
    assert!(similarity(&[pairs[0]; 5]).is_none());
}

#[test]
fn a_mirror_image_is_not_laid_by_mirroring() {
    let points = person(12.0);
    let pairs = points.map(|point| (point, Vector3::new(-point.x, point.y, point.z)));
    let found = similarity(&pairs).expect("19 points");
    assert!((found.rotation.determinant() - 1.0).abs() < 1e-9);
}
