//! Velocities from the frames before and after.

use geometry::{EXCHANGED, POINT_COUNT, velocities};

type Pixels = [[f64; 2]; POINT_COUNT];

/// Points that move evenly, each at its own speed.
fn frame(at: f64) -> Pixels {
    std::array::from_fn(|point| [300.0 + 40.0 * point as f64 + 3.0 * at, 900.0 - 30.0 * point as f64 - at])
}

fn track(count: usize) -> Vec<Option<Pixels>> {
    (0..count).map(|at| Some(frame(at as f64))).collect()
}

fn even(velocity: &Pixels) -> bool {
    velocity.iter().all(|[x, y]| (x - 3.0).abs() < 1e-9 && (y + 1.0).abs() < 1e-9)
}

#[test]
fn even_motion_is_exact_up_to_the_ends() {
    for count in [3, 5, 30] {
        let found = velocities(&track(count));
        assert!(found.iter().all(|velocity| even(velocity.as_ref().expect("frames around"))));
    }
}

#[test]
fn lonely_frames_have_none_and_gaps_end_what_hangs_together() {
    assert_eq!(velocities(&[]), []);
    assert_eq!(velocities(&track(2)), [None, None]);
    let mut gap = track(12);
    gap[5] = None;
    gap[7] = None;
    let found = velocities(&gap);
    for (at, velocity) in found.iter().enumerate() {
        assert_eq!(velocity.is_none(), [5, 6, 7].contains(&at), "frame {at}");
        assert!(velocity.as_ref().is_none_or(even));
    }
}

#[test]
fn sides_that_jump_make_no_velocity() {
    let mut jumping = track(20);
    for at in [4, 5, 11] {
        jumping[at] = jumping[at].map(|pixels| EXCHANGED.map(|from| pixels[from]));
    }
    for velocity in velocities(&jumping) {
        let velocity = velocity.expect("frames around");
        assert!(even(&velocity), "{velocity:?}");
    }
}

#[test]
fn numbers_that_are_none_are_left_out() {
    let mut track = track(20);
    track[6].as_mut().expect("there")[3] = [f64::NAN, 1.0];
    for velocity in velocities(&track) {
        assert!(even(&velocity.expect("frames around")));
    }
}
