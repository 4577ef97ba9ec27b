//! The cropper's results on scenes with known truth, on simulated time.

mod common;

use common::{Rect, Stage, info, mask_iou, paint, person, sample};
use subject::{BackgroundConfig, CropOutcome, Preprocessing, SubjectCropper};

/// How far the crop may lag behind a walker of 100 px: 5 % of its side.
const SLACK_PX: f32 = 6.25;
const CHAIR: Rect = Rect { left: 200, top: 150, width: 30, height: 40, value: 180 };

#[test]
fn nothing_is_cropped_before_the_background_is_known() {
    let mut stage = Stage::new(64);
    assert_eq!(stage.run(7, 200, &[person(50)]), CropOutcome::NoBackground);
    assert!(!stage.cropper.background_ready());
    stage.run(1, 200, &[]);
    assert!(stage.cropper.background_ready());
}

#[test]
fn pictures_faster_than_the_rate_do_not_hasten_the_background() {
    let mut stage = Stage::new(64);
    assert_eq!(stage.run(84, 16, &[]), CropOutcome::NoBackground);
    assert!(!stage.cropper.background_ready(), "84 pictures in 1.33 s are 7 at 5 Hz");
}

#[test]
fn somebody_who_walks_through_the_first_seconds_is_not_background() {
    let mut stage = Stage::new(64);
    for step in 0..25 {
        stage.run(1, 200, &[person(10 * step)]);
    }
    let seen = sample(stage.see(&[person(120)]));
    assert!(mask_iou(&seen, person(120)) > 0.9);
}

#[test]
fn a_walker_is_found_at_every_place() {
    let mut stage = Stage::ready(224);
    for left in (0..280).step_by(35) {
        let seen = sample(stage.run(1, 200, &[person(left)]));
        let centre = [left as f32 + 20.0, 130.0];
        let away = (seen.region.centre_px[0] - centre[0]).hypot(seen.region.centre_px[1] - centre[1]);
        assert!(away <= SLACK_PX + 2.0, "{:?} for {centre:?}", seen.region);
        assert!((seen.region.side_px - 125.0).abs() <= 5.0, "{:?}", seen.region);
        assert!(mask_iou(&seen, person(left)) > 0.9, "at {left}: {}", mask_iou(&seen, person(left)));
    }
}

#[test]
fn crops_finer_than_the_background_show_the_same_region() {
    let coarse = sample(Stage::ready(32).see(&[person(150)]));
    let fine = sample(Stage::ready(224).see(&[person(150)]));
    assert_eq!(coarse.region, fine.region);
    assert_eq!(fine.rgb.len(), 224 * 224 * 3);
    assert!(mask_iou(&fine, person(150)) > 0.9);
}

#[test]
fn beyond_the_frame_there_is_black_and_no_mask() {
    let seen = sample(Stage::ready(64).see(&[person(0)]));
    for (pixel, &mask) in seen.rgb.chunks_exact(3).zip(seen.mask.iter()).step_by(64) {
        assert_eq!((pixel, mask), ([0u8; 3].as_slice(), 0));
    }
}

#[test]
fn an_empty_stage_has_no_subject() {
    assert_eq!(Stage::ready(64).see(&[]), CropOutcome::NoSubject);
}

#[test]
fn somebody_who_stands_still_is_not_absorbed() {
    let mut stage = Stage::ready(224);
    let seen = sample(stage.run(300, 200, &[person(150)]));
    assert!(mask_iou(&seen, person(150)) > 0.9, "{}", mask_iou(&seen, person(150)));
}

#[test]
fn furniture_moved_elsewhere_is_absorbed_within_seconds() {
    let mut stage = Stage::ready(64);
    stage.run(30, 200, &[person(40), CHAIR]);
    assert_eq!(stage.see(&[CHAIR]), CropOutcome::NoSubject);
}

#[test]
fn a_change_of_light_is_absorbed() {
    let mut stage = Stage::ready(64);
    let lit = Rect { left: 0, top: 0, width: 320, height: 240, value: 170 };
    assert!(matches!(stage.run(40, 200, &[lit]), CropOutcome::NoSubject));
}

#[test]
fn an_empty_stage_is_taken_in_a_second_and_has_a_new_name() {
    let mut stage = Stage::ready(64);
    let before = sample(stage.see(&[person(40), CHAIR])).background;
    stage.cropper.take_background();
    stage.time_ms += 16;
    stage.run(55, 16, &[CHAIR]);
    assert_eq!(stage.cropper.background().unwrap().id, before, "the old one stays in use until the second is over");
    stage.run(20, 16, &[CHAIR]);
    assert_eq!(stage.see(&[CHAIR]), CropOutcome::NoSubject);
    assert_ne!(sample(stage.see(&[person(40), CHAIR])).background, before);
}

#[test]
fn small_updates_keep_the_name() {
    let mut stage = Stage::ready(64);
    let first = sample(stage.see(&[person(40)])).background;
    assert_eq!(sample(stage.run(50, 200, &[person(40)])).background, first);
}

#[test]
fn equal_takes_give_equal_samples() {
    let pictures: Vec<_> = (0..12).map(|k| (info(k, k as i64 * 16), paint(k, &[person(20 * k as u32)]))).collect();
    let settings = Preprocessing::with_crop_px(96);
    let samples = || -> Vec<CropOutcome> {
        let mut cropper = SubjectCropper::with_background_from(&settings, pictures.iter().cloned()).unwrap();
        pictures.iter().map(|(info, bytes)| cropper.process(info, bytes).unwrap()).collect()
    };
    assert_eq!(samples(), samples());
    assert!(samples().iter().all(|outcome| matches!(outcome, CropOutcome::Sample(_))));
}

#[test]
fn a_kept_background_serves_another_cropper() {
    let stage = Stage::ready(64);
    let kept = stage.cropper.background().unwrap().clone();
    let mut other = Stage::new(64);
    other.cropper.set_background(kept.clone()).unwrap();
    assert_eq!(other.see(&[]), CropOutcome::NoSubject);
    let mut wrong = kept;
    wrong.picture.width -= 1;
    assert!(other.cropper.set_background(wrong).unwrap_err().to_string().contains("must be"));
}

#[test]
fn no_pictures_make_no_background() {
    let none: [(frame::FrameInfo, Vec<u8>); 0] = [];
    assert!(SubjectCropper::with_background_from(&Preprocessing::default(), none).is_err());
    let config = BackgroundConfig { pictures: 4, ..Default::default() };
    let error = SubjectCropper::new(&Preprocessing::default(), config).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("ready-after is 8"), "{error}");
}

#[test]
fn another_place_behind_a_seam_is_learned_anew() {
    let elsewhere = Rect { left: 0, top: 0, width: 200, height: 240, value: 150 };
    let mut stage = Stage::ready(224);
    stage.segment += 1;
    assert_eq!(stage.run(8, 200, &[elsewhere]), CropOutcome::NoBackground);
    let seen = sample(stage.see(&[elsewhere, person(120)]));
    assert!(mask_iou(&seen, person(120)) > 0.9);
    // After a seam the same place is recognised.
    stage.run(20, 200, &[elsewhere]);
    stage.segment += 1;
    assert!(mask_iou(&sample(stage.see(&[elsewhere, person(60)])), person(60)) > 0.9);
}
