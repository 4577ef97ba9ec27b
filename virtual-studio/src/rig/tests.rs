//! Tests of rigs and lenses.

use glam::{Vec2, Vec3};
use proptest::prelude::*;

use super::*;

const STAGE: PersonBounds = PersonBounds { centre: Vec3::new(0.0, 1.0, 0.0), radius_m: 1.4 };
const SUBJECT: PersonBounds = PersonBounds { centre: Vec3::new(0.3, 0.9, -0.2), radius_m: 0.95 };

fn lens() -> Intrinsics {
    Intrinsics::with_field_of_view([640, 480], 1.0).unwrap()
}

fn refused(position: Vec3, target: Vec3) -> String {
    let camera = VirtualCamera::looking_at(lens(), position, target, 0.0).unwrap();
    CameraRig::fixed(&[camera], &STAGE).unwrap_err().to_string()
}

#[test]
fn impossible_cameras_are_refused_and_named() {
    assert_eq!(CameraRing { views: 0, ..CameraRing::default() }.build(&STAGE, 1).unwrap_err(), CameraError::Views(0));
    assert_eq!(CameraRing { views: 17, ..CameraRing::default() }.build(&STAGE, 1).unwrap_err(), CameraError::Views(17));
    assert_eq!(CameraRig::fixed(&[], &STAGE).unwrap_err(), CameraError::Views(0));
    let middle = STAGE.centre;
    assert!(
        refused(Vec3::new(3.0, -0.5, 0.0), middle)
            .starts_with("camera 0: the camera at (3, -0.5, 0) m stands in the floor")
    );
    assert!(refused(Vec3::new(3.0, 1.0, 0.0), Vec3::new(6.0, 1.0, 0.0)).contains("looks away from the stage"));
    assert!(refused(Vec3::new(0.1, 1.0, 0.0), middle).contains("where the person moves"));
    for focal in [0.0, -500.0, f32::NAN] {
        let error = Intrinsics::new([640, 480], Vec2::splat(focal), Vec2::new(320.0, 240.0), [0.0; 2]).unwrap_err();
        assert!(matches!(error, CameraError::Focal { .. }));
    }
    assert!(Intrinsics::new([0, 480], Vec2::ONE, Vec2::ZERO, [0.0; 2]).is_err());
    let folded = Intrinsics::new([640, 480], Vec2::splat(300.0), Vec2::new(320.0, 240.0), [-0.9, 0.0]);
    assert_eq!(folded.unwrap_err(), CameraError::Folds { k1: -0.9, k2: 0.0 });
    assert_eq!(VirtualCamera::looking_at(lens(), middle, middle, 0.0).unwrap_err(), CameraError::NoDirection);
}

proptest! {
    #[test]
    fn rays_and_pixels_are_inverse(x in 0.0f32..640.0, y in 0.0f32..480.0, k1 in -0.12f32..0.12) {
        let lens = Intrinsics::new([640, 480], Vec2::new(500.0, 510.0), Vec2::new(330.0, 235.0), [k1, -0.25 * k1]).unwrap();
        let ray = lens.ray(Vec2::new(x, y));
        prop_assert!((lens.pixel(ray) - Vec2::new(x, y)).length() < 0.01);
    }

    #[test]
    fn what_is_far_outside_never_folds_back_into_the_picture(angle in 0.0f32..std::f32::consts::TAU, out in 1.5f32..50.0, k1 in -0.12f32..0.12) {
        let lens = Intrinsics::new([640, 480], Vec2::splat(500.0), Vec2::new(320.0, 240.0), [k1, -0.25 * k1]).unwrap();
        let px = lens.pixel(out * Vec2::from_angle(angle));
        prop_assert!(!(px.x > 0.0 && px.x < 640.0 && px.y > 0.0 && px.y < 480.0), "{}", px);
    }

    #[test]
    fn every_ring_sees_its_stage(seed: u64, views in 1usize..=16, hand_held: bool, follow: bool) {
        let framing = if follow { Framing::Subject } else { Framing::Stage };
        let layout = CameraRing { views, hand_held, framing, roll_degrees: [0.0, 45.0], ..CameraRing::default() };
        let rig = layout.build(&STAGE, seed).unwrap();
        prop_assert_eq!(rig.views(), views);
        for view in 0..views {
            for time in [0.0, 1.7, 33.3] {
                let camera = rig.at(view, time, &SUBJECT).unwrap();
                prop_assert!(camera.position.y > 0.05);
                let px = camera.project(SUBJECT.centre).unwrap();
                prop_assert!(px.x > 0.0 && px.x < 640.0 && px.y > 0.0 && px.y < 480.0, "{}", px);
            }
        }
    }

    /// All values that a scenario may have give cameras that see the stage.
    #[test]
    fn every_possible_layout_can_be_built(
        seed: u64,
        views in 1usize..=16,
        hand_held: bool,
        distance in 1.0f32..11.0,
        height in 0.1f32..8.0,
        roll in 0.0f32..180.0,
        field in 5.0f32..120.0,
        k1 in -0.12f32..0.12,
        width in 16u32..2000,
        radius in 0.9f32..4.0,
    ) {
        let stage = PersonBounds { radius_m: radius, ..STAGE };
        for framing in [Framing::Stage, Framing::Subject] {
            let layout = CameraRing {
                views, hand_held, framing, size_px: [width, 480],
                distance_m: [distance; 2], height_m: [height; 2], roll_degrees: [roll; 2],
                field_of_view_degrees: [field; 2], distortion: [k1; 2],
            };
            let rig = layout.build(&stage, seed).unwrap();
            for view in 0..views {
                rig.at(view, 12.3, &SUBJECT).unwrap();
            }
        }
    }

    #[test]
    fn rings_come_back_by_seed_and_cameras_by_their_number(seed: u64) {
        let build = |views| CameraRing { views, ..CameraRing::default() }.build(&STAGE, seed).unwrap();
        let (one, again) = (build(4), build(4));
        prop_assert_eq!(one.at(2, 0.0, &SUBJECT).unwrap(), again.at(2, 0.0, &SUBJECT).unwrap());
    }

    #[test]
    fn held_cameras_move_smoothly(seed: u64) {
        let rig = CameraRing { hand_held: true, ..CameraRing::default() }.build(&STAGE, seed).unwrap();
        for step in 0..50 {
            let at = |step: i32| rig.at(0, f64::from(step) * 0.04, &SUBJECT).unwrap();
            let (a, b) = (at(step), at(step + 1));
            prop_assert!(a.position.distance(b.position) < 0.06);
            prop_assert!(a.position != b.position);
        }
    }
}
