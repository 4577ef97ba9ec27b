//! The world is placed on the floor, whatever axes the solution has.

mod support;

use geometry::{Camera, EARS_TO_CROWN, POINT_COUNT, Points, Similarity, WorldScale, standing_height_mm, up, world};
use nalgebra::{Rotation3, Vector3};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use support::{four, normal};

const EAR_HEIGHT: f64 = 1650.0;

/// A person who stands on a floor at y = 0 (y up), turned and leaning a little.
fn standing(place: Vector3<f64>, turn: f64, lean: Vector3<f64>) -> Points {
    let mut body = [Vector3::zeros(); POINT_COUNT];
    body[0] = Vector3::new(0.0, 1620.0, 110.0);
    for (side, sign) in [(0, 1.0), (1, -1.0)] {
        let at = |x: f64, y: f64, z: f64| Vector3::new(sign * x, y, z);
        body[1 + side] = at(75.0, EAR_HEIGHT, 0.0);
        body[3 + side] = at(190.0, 1450.0, 0.0);
        body[5 + side] = at(230.0, 1150.0, 0.0);
        body[7 + side] = at(250.0, 900.0, 60.0);
        body[9 + side] = at(120.0, 950.0, 0.0);
        body[11 + side] = at(115.0, 520.0, 10.0);
        body[13 + side] = at(110.0, 90.0, 0.0);
        body[15 + side] = at(110.0, 0.0, -50.0);
        body[17 + side] = at(130.0, 0.0, 150.0);
    }
    let turn = Rotation3::new(lean) * Rotation3::new(Vector3::y() * turn);
    body.map(|point| place + turn * point)
}

fn people(seed: u64, count: usize) -> Vec<Option<Points>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let place = Vector3::new(rng.random_range(-900.0..900.0), 0.0, rng.random_range(-900.0..900.0));
            let lean = 0.04 * Vector3::new(normal(&mut rng), 0.0, normal(&mut rng));
            Some(standing(place, rng.random_range(-3.0..3.0), lean))
        })
        .collect()
}

/// The same in axes that know nothing of the floor.
fn elsewhere(cameras: &[Camera], instants: &[Option<Points>], scale: f64) -> (Vec<Camera>, Vec<Option<Points>>) {
    let lay = Similarity {
        scale,
        rotation: Rotation3::new(Vector3::new(1.0, -0.4, 2.1)).into_inner(),
        translation_mm: Vector3::new(300.0, -4000.0, 900.0),
    };
    let move_all = |points: &Points| points.map(|point| lay.point(&point));
    let moved = instants.iter().map(|points| points.as_ref().map(move_all)).collect();
    (cameras.iter().map(|camera| lay.camera(camera)).collect(), moved)
}

#[test]
fn up_is_found_with_its_spread() {
    for seed in 0..5 {
        let found = up(people(seed, 40).iter().flatten()).expect("people stand");
        println!("{found:?}");
        assert!(found.direction.angle(&Vector3::y()).to_degrees() < 2.0, "{found:?}");
        assert!((0.5..6.0).contains(&found.spread_degrees), "{found:?}");
        assert_eq!(found.instants, 40);
    }
}

#[test]
fn nobody_standing_is_no_up() {
    let few = people(1, 4);
    assert!(up(few.iter().flatten()).is_none());
    let sitting: Vec<Points> = people(1, 40)
        .into_iter()
        .flatten()
        .map(|mut points| {
            for ankle in [13, 14, 15, 16, 17, 18] {
                points[ankle] += Vector3::new(0.0, 400.0, 400.0);
            }
            points
        })
        .collect();
    assert!(up(&sitting).is_none());
    // People who lie about in every direction say nothing either.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let lying: Vec<Points> = (0..40)
        .map(|_| {
            standing(Vector3::zeros(), 0.0, 3.0 * Vector3::new(normal(&mut rng), normal(&mut rng), normal(&mut rng)))
        })
        .collect();
    assert!(up(&lying).is_none());
}

#[test]
fn the_world_stands_on_its_floor() {
    let people = people(2, 60);
    let (cameras, instants) = elsewhere(&four(), &people, 1.0);
    let found = world(&cameras, &instants, None).expect("people stand");
    assert_eq!(found.scale, WorldScale::Guess);
    let lay = &found.from_solution;
    assert!((lay.rotation.determinant() - 1.0).abs() < 1e-9 && (lay.scale - 1.0).abs() < 1e-12);
    for (new, old) in instants.iter().flatten().flatten().zip(people.iter().flatten().flatten()) {
        let error = lay.point(new).z - old.y;
        assert!(error.abs() < 120.0, "{error}");
    }
    // The person first stands over the origin, and camera 0 looks along x.
    let first = instants[0].as_ref().expect("there");
    let stood = [15, 16, 17, 18].iter().map(|&sole| lay.point(&first[sole])).sum::<Vector3<f64>>() / 4.0;
    assert!(stood.xy().norm() < 1e-6, "{stood}");
    let look = lay.camera(&cameras[0]).rotation.row(2).transpose();
    assert!(look.y.abs() < 1e-9 && look.x > 0.5, "{look}");
    for (new, old) in cameras.iter().zip(four()) {
        assert!((lay.point(&new.position_mm).z - old.position_mm.y).abs() < 250.0);
    }
}

#[test]
fn a_stated_height_sets_the_scale() {
    let people = people(4, 60);
    let truth = EAR_HEIGHT / (1.0 - EARS_TO_CROWN);
    let axis = up(people.iter().flatten()).expect("people stand");
    let guessed = standing_height_mm(people.iter().flatten(), &axis).expect("people stand");
    assert!((guessed / truth - 1.0).abs() < 0.02, "{guessed} {truth}");
    let (cameras, instants) = elsewhere(&four(), &people, 0.9);
    let found = world(&cameras, &instants, Some(truth)).expect("people stand");
    assert_eq!(found.scale, WorldScale::StatedHeight { height_mm: truth });
    assert!((found.height_mm - truth).abs() < 1e-6);
    assert!((found.from_solution.scale * 0.9 - 1.0).abs() < 0.02, "{}", found.from_solution.scale);
    for nonsense in [f64::NAN, -1.0, 0.0] {
        assert_eq!(world(&cameras, &instants, Some(nonsense)).expect("people stand").scale, WorldScale::Guess);
    }
}
