//! The selection of varied instants.

mod support;

use geometry::{Options, Selection, solve, variety};
use support::{Faults, SIZE, errors, four, scene};

#[test]
fn what_is_kept_is_bounded_and_varied() {
    let scene = scene(1, four(), 150, &Faults::default());
    let mut selection = Selection::new(&[SIZE; 4], 20);
    let mut least = Vec::new();
    for (name, views) in scene.instants.iter().enumerate() {
        selection.offer(name as u64, views);
        assert!(selection.len() <= 20);
        if selection.len() == 20 {
            least.push(selection.min_distance().expect("twenty"));
        }
    }
    // Once full, the closest two only ever get farther apart.
    assert!(least.windows(2).all(|pair| pair[1] >= pair[0] - 1e-12), "{least:?}");
    assert!(least.last() > least.first());
    let names = selection.names();
    assert!(names.iter().any(|name| *name > 100) && names.iter().any(|name| *name < 50), "{names:?}");
}

#[test]
fn the_same_again_and_the_unseen_are_not_kept() {
    let scene = scene(2, four(), 3, &Faults::default());
    let mut selection = Selection::new(&[SIZE; 4], 5);
    assert!(selection.is_empty() && selection.min_distance().is_none());
    assert!(selection.offer(7, &scene.instants[0]));
    assert!(!selection.offer(8, &scene.instants[0]));
    let mut alone = scene.instants[1].clone();
    alone[1..].fill(None);
    assert!(!selection.offer(9, &alone));
    assert!(!selection.offer(10, &scene.instants[1][..2]));
    assert_eq!(selection.names(), [7]);
    assert_eq!(selection.instants().len(), 1);
}

#[test]
fn a_rig_from_the_kept_instants_is_as_good_as_from_an_even_spread() {
    let scene = scene(3, four(), 120, &Faults::default());
    let mut selection = Selection::new(&[SIZE; 4], 25);
    for (name, views) in scene.instants.iter().enumerate() {
        selection.offer(name as u64, views);
    }
    let mut kept = scene;
    kept.points = selection.names().iter().map(|&name| kept.points[name as usize]).collect();
    kept.instants = selection.instants();
    let found = errors(&solve(&[SIZE; 4], &kept.instants, &Options::default()).expect("a rig"), &kept);
    println!("{found:?}");
    assert!(found.rig_mm < 20.0 && found.rotation_degrees < 1.0, "{found:?}");
}

#[test]
fn variety_tells_a_statue_from_a_dancer() {
    let scene = scene(4, four(), 25, &Faults { noise_3d_mm: 10.0, ..Faults::default() });
    let dancer = variety(&[SIZE; 4], &scene.instants).expect("25 instants");
    let statue = variety(&[SIZE; 4], &vec![scene.instants[0].clone(); 25]).expect("25 instants");
    println!("{dancer} {statue}");
    assert!(statue < 1e-9 && dancer > 1.0);
    assert!(variety(&[SIZE; 4], &scene.instants[..1]).is_none());
}
