//! Changes of a room: each kind is noticed within two seconds, and people are no change.

mod common;

use common::room::{Camera, Look, PLAIN, Person, learned, names};
use proptest::prelude::*;
use subject::{CropOutcome, Lasting, SceneEvent, SceneFault};

/// Within how many seconds a change is noticed.
const NOTICED_S: f64 = 2.0;
/// When changes begin, in seconds.
const FROM_S: f64 = 4.0;

/// The first fault of a camera that shows a room like this for 12 s, and after how many seconds from the change.
fn first(look: impl Fn(f64) -> Look) -> (SceneFault, f64) {
    let mut camera = Camera::default();
    let events = camera.watch(12.0, look);
    let Some((at_s, SceneEvent::Began(fault))) = events.first().copied() else { panic!("nothing is told: {events:?}") };
    (fault, at_s - FROM_S)
}

fn told(look: impl Fn(f64) -> Look) -> Vec<&'static str> {
    names(&Camera::default().watch(12.0, look))
}

#[test]
fn lights_that_go_off_and_on_are_told_once_and_no_crop_is_made_of_them() {
    let mut camera = Camera::default();
    let off = |at_s: f64| at_s >= FROM_S && (at_s * 3.0) as u32 % 2 == 1;
    let events = camera.watch(12.0, |at_s| Look { offset: if off(at_s) { -90.0 } else { 0.0 }, ..Look::person(at_s) });
    assert!(
        matches!(events[..], [(at_s, SceneEvent::Began(SceneFault::LightsChange(_)))] if at_s - FROM_S < 0.5),
        "{events:?}"
    );
    assert!(matches!(camera.last, CropOutcome::Unusable(SceneFault::LightsChange(_))), "{:?}", camera.last);
}

#[test]
fn another_light_is_learned_anew_once_it_is_steady() {
    let mut camera = Camera::default();
    let events = camera.watch(12.0, |at_s| Look { gain: if at_s < FROM_S { 1.0 } else { 0.7 }, ..Look::person(at_s) });
    let [began, ended, learned] = events[..] else { panic!("{events:?}") };
    assert!(matches!(began.1, SceneEvent::Began(SceneFault::LightsChange(68..=75))), "{began:?}");
    assert!(matches!(ended.1, SceneEvent::Ended { lasting: Lasting::Light, .. }), "{ended:?}");
    assert!(learned.1 == SceneEvent::BackgroundLearned && learned.0 - FROM_S < 3.0, "{learned:?}");
    assert!(matches!(camera.last, CropOutcome::Sample(_)));
}

#[test]
fn a_camera_that_is_pushed_and_pushed_back_keeps_its_background() {
    let mut camera = Camera::default();
    camera.watch(FROM_S, Look::person);
    let before = learned(&camera);
    let pushed = |at_s: f64| if (1.0..3.0).contains(&at_s) { [20, -12] } else { [0, 0] };
    let events = camera.watch(6.0, |at_s| Look { shift: pushed(at_s), ..Look::person(at_s) });
    assert_eq!(names(&events), ["scene-moved", "ended", "scene-moved", "ended", "learned"]);
    let briefly = |at_s: f64| if (1.0..1.5).contains(&at_s) { [20, -12] } else { [0, 0] };
    let events = camera.watch(6.0, |at_s| Look { shift: briefly(at_s), ..Look::person(at_s) });
    let [_, (_, SceneEvent::Ended { lasting, .. })] = events[..] else { panic!("{events:?}") };
    assert_eq!(lasting, Lasting::Nothing);
    assert!(before.is_some() && learned(&camera).is_some());
}

#[test]
fn a_camera_that_is_turned_away_is_told_and_learns_the_other_place() {
    let mut camera = Camera::default();
    let events = camera.watch(12.0, |at_s| Look { room: u64::from(at_s >= FROM_S), ..Look::person(at_s) });
    assert_eq!(names(&events), ["scene-moved", "ended", "learned"]);
    assert!(events[0].0 - FROM_S < NOTICED_S, "{events:?}");
    assert!(matches!(events[1].1, SceneEvent::Ended { lasting: Lasting::Place, .. }), "{events:?}");
}

#[test]
fn a_stage_that_is_dark_from_the_start_is_told() {
    let mut camera = Camera::default();
    let events = camera.watch(3.0, |at_s| Look { gain: 0.1, ..Look::person(at_s) });
    assert!(matches!(events[..], [(at_s, SceneEvent::Began(SceneFault::Dark(_)))] if at_s < NOTICED_S), "{events:?}");
}

#[test]
fn a_picture_that_repeats_is_told_until_it_moves_again() {
    let stuck = |at_s: f64| if (FROM_S..8.0).contains(&at_s) { FROM_S } else { at_s };
    let events = Camera::default().watch(12.0, |at_s| Look { noise_s: stuck(at_s), ..Look::person(stuck(at_s)) });
    let [(began_s, SceneEvent::Began(SceneFault::PictureRepeats(_))), (ended_s, SceneEvent::Ended { .. })] = events[..]
    else {
        panic!("{events:?}")
    };
    assert!(began_s - FROM_S < NOTICED_S && ended_s < 9.5, "{events:?}");
}

#[test]
fn exposure_that_hunts_is_told_apart_from_lamps() {
    for period_s in [0.5, 0.8, 1.2] {
        let phase = |at_s: f64| std::f64::consts::TAU * (at_s - FROM_S).max(0.0) / period_s;
        let gain = |at_s: f64| 1.0 + 0.15 * phase(at_s).sin() as f32;
        let events = Camera::default().watch(12.0, |at_s| Look { gain: gain(at_s), ..Look::person(at_s) });
        let hunts = events.iter().find(|(_, event)| matches!(event, SceneEvent::Began(SceneFault::ExposureHunts(_))));
        assert!(hunts.is_some_and(|(at_s, _)| at_s - FROM_S < NOTICED_S), "{period_s} s: {events:?}");
        assert!(events.iter().all(|(_, event)| matches!(event, SceneEvent::Began(_))), "it ended: {events:?}");
    }
}

#[test]
fn a_background_that_moves_is_told() {
    let (fault, after_s) = first(|at_s| Look { screen: at_s >= FROM_S, ..Look::person(at_s) });
    assert!(matches!(fault, SceneFault::BackgroundMoves(_)) && after_s < NOTICED_S, "{fault:?} after {after_s} s");
}

#[test]
fn somebody_who_comes_close_and_stays_is_no_change() {
    // From the far side to half of the picture, then still.
    let come = |at_s: f64| {
        let near = ((at_s - FROM_S) / 3.0).clamp(0.0, 1.0) as f32;
        Person { x: 160.0 - 60.0 * near, width: 30.0 + 130.0 * near, height: 90.0 + 150.0 * near, colour: 1 }
    };
    assert!(told(|at_s| Look { person: (at_s > 3.0).then(|| come(at_s)), ..Look::person(at_s) }).is_empty());
}

#[test]
fn somebody_before_a_plain_wall_is_no_change() {
    // All that can be recognised walks.
    let wide =
        |at_s: f64| Person { x: 110.0 + 60.0 * (0.8 * at_s as f32).sin(), width: 90.0, height: 200.0, colour: 2 };
    assert!(told(|at_s| Look { room: PLAIN, person: Some(wide(at_s)), ..Look::person(at_s) }).is_empty());
}

#[test]
fn somebody_who_passes_right_before_the_camera_is_no_change() {
    let pass =
        |at_s: f64| Person { x: -340.0 + 700.0 * (at_s - FROM_S) as f32, width: 320.0, height: 240.0, colour: 2 };
    assert!(told(|at_s| Look { person: (at_s > FROM_S).then(|| pass(at_s)), ..Look::person(at_s) }).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..Default::default() })]

    #[test]
    fn a_push_is_measured(right in -60i32..60, down in -40i32..40) {
        prop_assume!(right.abs().max(down.abs()) >= 8);
        let shift = |at_s: f64| if at_s < FROM_S { [0, 0] } else { [right, down] };
        let (fault, after_s) = first(|at_s| Look { shift: shift(at_s), ..Look::person(at_s) });
        let SceneFault::Moved(Some([x, y])) = fault else { return Err(TestCaseError::fail(format!("{fault:?}"))) };
        prop_assert!((i32::from(x) - right).abs() <= 3 && (i32::from(y) - down).abs() <= 3, "{} {}", x, y);
        prop_assert!(after_s < NOTICED_S, "{}", after_s);
    }

    #[test]
    fn other_light_is_measured(gain in prop_oneof![0.3f32..0.8, 1.25f32..1.8]) {
        let (fault, after_s) = first(|at_s| Look { gain: if at_s < FROM_S { 1.0 } else { gain }, ..Look::person(at_s) });
        prop_assert!(matches!(fault, SceneFault::LightsChange(_)) && after_s < NOTICED_S, "{:?} {}", fault, after_s);
    }

    #[test]
    fn people_are_no_change(
        width in 20f32..160.0, height in 60f32..240.0, pace in 0.1f32..1.5, colour in 0u64..4, hz in 6f64..60.0,
    ) {
        // To and fro, with stops.
        let x = |at_s: f64| 160.0 + (320.0 - width) / 2.0 * (2.0 * (pace * at_s as f32).sin()).clamp(-1.0, 1.0) - width / 2.0;
        let mut camera = Camera { hz, ..Camera::default() };
        let events = camera.watch(12.0, |at_s| {
            Look { person: (at_s > 2.0).then(|| Person { x: x(at_s), width, height, colour }), ..Look::person(at_s) }
        });
        prop_assert!(events.is_empty(), "{:?}", events);
    }
}
