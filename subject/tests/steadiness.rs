//! Crops stay still while the subject does, and follow when it moves, on simulated time.

mod common;

use common::{Rect, Stage, info, mask_iou, paint, person, sample};
use proptest::prelude::*;
use subject::{CropOutcome, Preprocessing, Region, SubjectCropper};

const ARM: Rect = Rect { left: 190, top: 95, width: 40, height: 10, value: 220 };

fn region(outcome: CropOutcome) -> Region {
    sample(outcome).region
}

fn tall(height: u32) -> Rect {
    Rect { height, ..person(150) }
}

/// Distance of a region's centre to a rectangle's.
fn away(region: Region, truth: Rect) -> f32 {
    let x = region.centre_px[0] - (truth.left as f32 + truth.width as f32 / 2.0);
    let y = region.centre_px[1] - (truth.top as f32 + truth.height as f32 / 2.0);
    x.hypot(y)
}

#[test]
fn a_limb_that_is_missing_for_a_frame_does_not_move_the_crop() {
    let mut stage = Stage::ready(64);
    // With both arms the box is 1.5 times as wide as without.
    let arms = [person(150), ARM, Rect { left: 110, ..ARM }];
    let before = region(stage.run(10, 200, &arms));
    // Without one arm the subject's middle is elsewhere, but by less than the slack.
    assert_eq!(region(stage.run(1, 200, &arms[..2])), before);
    assert_eq!(region(stage.run(9, 200, &arms)), before);
    assert_eq!(region(stage.run(1, 200, &arms[..1])), before);
    assert_eq!(region(stage.run(9, 200, &arms)), before);
}

#[test]
fn half_a_subject_does_not_halve_the_crop() {
    let mut stage = Stage::ready(64);
    let whole = region(stage.run(10, 200, &[tall(100)]));
    let half = region(stage.see(&[tall(50)]));
    assert!((half.side_px / whole.side_px - 1.0).abs() < 0.02, "{half:?} after {whole:?}");
}

#[test]
fn a_subject_that_comes_nearer_is_framed_again_within_two_seconds() {
    let mut stage = Stage::ready(64);
    let far = region(stage.run(10, 200, &[tall(60)]));
    let near = region(stage.run(10, 200, &[tall(120)]));
    assert!((far.side_px - 75.0).abs() <= 3.0, "{far:?}");
    assert!((near.side_px - 150.0).abs() <= 3.0, "{near:?}");
}

#[test]
fn the_side_grows_gradually() {
    let mut stage = Stage::ready(64);
    let mut side = region(stage.run(10, 200, &[tall(60)])).side_px;
    for _ in 0..10 {
        let next = region(stage.run(1, 200, &[tall(120)])).side_px;
        assert!((0.0..=20.0).contains(&(next - side)), "from {side} to {next}");
        side = next;
    }
}

#[test]
fn steadiness_goes_by_time_not_by_frames() {
    let side = |frames, every_ms| {
        let mut stage = Stage::ready(64);
        stage.run(3000 / every_ms as u32, every_ms, &[tall(60)]);
        region(stage.run(frames, every_ms, &[tall(120)])).side_px
    };
    assert_eq!(side(30, 20), side(3, 200));
    assert_eq!(side(60, 10), side(3, 200));
}

#[test]
fn the_crop_goes_where_the_subject_goes_at_once() {
    let mut stage = Stage::ready(64);
    let there = person(20);
    stage.run(20, 16, &[there]);
    let here = person(230);
    let seen = sample(stage.run(1, 16, &[here]));
    assert!(away(seen.region, here) <= 0.05 * seen.region.side_px + 1.0, "{:?}", seen.region);
    assert!(mask_iou(&seen, here) > 0.9);
}

#[test]
fn a_seam_cuts_the_leash_but_keeps_the_size() {
    let mut stage = Stage::ready(64);
    for left in (20..200).step_by(20) {
        stage.run(1, 200, &[person(left)]);
    }
    let lags = region(stage.see(&[person(200)]));
    assert!(away(lags, person(200)) > 4.0, "{lags:?}");
    stage.segment += 1;
    let after = region(stage.see(&[person(200)]));
    assert!(away(after, person(200)) <= 1.0, "{after:?}");
    assert_eq!(after.side_px, lags.side_px);
}

#[test]
fn the_first_frame_of_a_take_has_the_size_of_all() {
    let pictures: Vec<_> = (0..20)
        .map(|k| {
            let height = if k == 0 { 50 } else { 100 };
            (info(k, k as i64 * 16), paint(k, &[Rect { height, ..person(14 * k as u32) }]))
        })
        .collect();
    let settings = Preprocessing::with_crop_px(64);
    let mut cropper = SubjectCropper::with_background_from(&settings, pictures.iter().cloned()).unwrap();
    let (info, bytes) = &pictures[0];
    let first = region(cropper.process(info, bytes).unwrap());
    assert!((first.side_px - 125.0).abs() <= 4.0, "{first:?}");
}

#[test]
fn of_two_people_one_stays_the_subject() {
    let first = person(60);
    let second = Rect { top: 70, width: 46, height: 115, ..person(200) };
    let mut stage = Stage::ready(64);
    stage.run(10, 16, &[first]);
    for _ in 0..30 {
        let seen = region(stage.run(1, 16, &[first, second]));
        assert!(away(seen, first) <= 8.0, "{seen:?}");
    }
    // A new cropper would take the larger one, and so does this one when the first has left.
    assert!(away(region(stage.see(&[second])), second) <= 8.0);
    stage.segment += 1;
    assert!(away(region(stage.see(&[first, second])), second) <= 8.0);
}

#[test]
fn what_is_more_than_twice_as_large_takes_over() {
    let mut stage = Stage::ready(64);
    let small = Rect { top: 150, width: 20, height: 30, ..person(40) };
    stage.run(3, 16, &[small]);
    let seen = region(stage.run(1, 16, &[small, person(200)]));
    assert!(away(seen, person(200)) <= 8.0, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn swaying_does_not_move_the_crop(steps in prop::collection::vec(148u32..=152, 5..12)) {
        let mut stage = Stage::ready(64);
        let first = region(stage.run(10, 200, &[person(150)]));
        for left in steps {
            let seen = region(stage.run(1, 40, &[person(left)]));
            prop_assert_eq!(seen.centre_px, first.centre_px);
            prop_assert!((seen.side_px - first.side_px).abs() < 2.0, "{:?} after {:?}", seen, first);
        }
    }
}
