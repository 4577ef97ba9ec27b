//! The offsets between unsynchronised recordings of a synthetic person.

mod support;

use geometry::{GeometryError, Observation, time_offsets};
use support::{Faults, SIZE, Scene, four, scene_of};

/// What each camera recorded: `count` frames, of which camera c's are `late[c]` frames later than they say.
fn tracks(scene: &Scene) -> Vec<Vec<Option<Observation>>> {
    (0..scene.cameras.len()).map(|camera| scene.instants.iter().map(|views| views[camera].clone()).collect()).collect()
}

#[test]
fn recordings_that_began_at_different_times_are_put_together() {
    for late in [vec![0.0, 12.0, -7.4, 40.3], vec![0.0, -55.6]] {
        let faults = Faults { late_frames: late.clone(), ..Faults::default() };
        let scene = scene_of(7, four()[..late.len()].to_vec(), 240, 1.0, &faults);
        let found = time_offsets(&vec![SIZE; late.len()], &tracks(&scene), 100).unwrap();
        println!("{found:?}");
        for (found, late) in found.iter().zip(&late) {
            // A picture of a later moment lies before the one that is shown at its number.
            // Two cameras alone can lay some of an offset into where they stand.
            let most = if scene.cameras.len() > 2 { 0.3 } else { 0.6 };
            assert!((found.frames + late).abs() < most, "{found:?} where {} was made", -late);
            assert!(found.confidence > 0.1, "{found:?}");
        }
    }
}

#[test]
fn cameras_that_hardly_share_any_time_with_one_another_are_put_together_by_the_first() {
    let late = [0.0, 180.0, -230.0, 97.4];
    let scene = scene_of(7, four(), 600, 1.0, &Faults { late_frames: late.to_vec(), ..Faults::default() });
    let found = time_offsets(&[SIZE; 4], &tracks(&scene), 300).unwrap();
    assert!(found.iter().zip(late).all(|(found, late)| (found.frames + late).abs() < 0.3), "{found:?}");
}

#[test]
fn a_camera_that_saw_nobody_is_named() {
    let scene = scene_of(3, four()[..3].to_vec(), 60, 1.0, &Faults::default());
    let mut tracks = tracks(&scene);
    tracks[2].fill(None);
    let error = time_offsets(&[SIZE; 3], &tracks, 20).unwrap_err();
    assert_eq!(error, GeometryError::CameraApart { camera: 2, found: 0, needed: 1 });
    assert!(time_offsets(&[SIZE], &tracks[..1], 20).is_err());
}

#[test]
fn offsets_that_no_geometry_confirms_are_refused() {
    // Two different walks: nothing that one camera shows is what the other does.
    let one = scene_of(3, four()[..2].to_vec(), 120, 1.0, &Faults::default());
    let late = Faults { late_frames: vec![0.0, 5000.0], ..Faults::default() };
    let other = scene_of(4, four()[..2].to_vec(), 120, 1.0, &late);
    let tracks = [tracks(&one)[0].clone(), tracks(&other)[1].clone()];
    let found = time_offsets(&[SIZE; 2], &tracks, 30);
    assert!(found.is_err(), "{found:?}");
}
