//! Refining a rig does not move its world.

mod support;

use geometry::{Camera, Similarity, align_rig};
use nalgebra::{Rotation3, Vector3};
use support::{four, person};

fn moved() -> Similarity {
    Similarity {
        scale: 1.2,
        rotation: Rotation3::new(Vector3::new(-0.7, 1.9, 0.3)).into_inner(),
        translation_mm: Vector3::new(-800.0, 50.0, 3000.0),
    }
}

fn pairs(count: usize) -> Vec<(Camera, Camera)> {
    four()[..count].iter().map(|old| (moved().camera(old), old.clone())).collect()
}

fn check(found: &Similarity, tolerance: f64) {
    for old in four() {
        let back = found.camera(&moved().camera(&old));
        assert!((back.position_mm - old.position_mm).norm() < tolerance, "{}", back.position_mm - old.position_mm);
        let turned = (back.rotation - old.rotation).norm();
        assert!(turned < 1e-6 + 2e-4 * tolerance, "{turned}");
    }
}

#[test]
fn cameras_alone_suffice_from_two_on() {
    for count in 2..=4 {
        check(&align_rig(&pairs(count), &[]).expect("two cameras"), 1e-3);
    }
    assert!(align_rig(&pairs(1), &[]).is_none());
    let one = pairs(1)[0].clone();
    assert!(align_rig(&[one.clone(), one], &[]).is_none());
}

#[test]
fn points_help_and_agree() {
    let points: Vec<_> =
        (0..10).flat_map(|at| person(9.0 * f64::from(at))).map(|old| (moved().point(&old), old)).collect();
    check(&align_rig(&pairs(4), &points).expect("four cameras"), 1e-3);
    check(&align_rig(&pairs(2), &points).expect("two cameras"), 1e-3);
}

#[test]
fn a_camera_that_was_moved_does_not_move_the_others() {
    let mut cameras = pairs(4);
    cameras[2].0.position_mm += Vector3::new(700.0, -200.0, 300.0);
    cameras[2].0.rotation = Rotation3::new(Vector3::new(0.0, 0.3, 0.1)).into_inner() * cameras[2].0.rotation;
    check(&align_rig(&cameras, &[]).expect("four cameras"), 15.0);
}
