//! The engine: its poses are the model's, in batches and in the frame's pixels, and what does not fit is refused.

mod common;

use common::{model, moment, spec};
use infer::{Engine, InferError, Mismatch};
use model::{Background, Fusion, PoseModel, PoseSpec, Precision, SyncNet, SyncNetConfig};
use pose::Pose3d;
use tch::{Device, Kind};
use transport::{Moment, TriggerState};

fn furthest(a: &[Pose3d], b: &[Pose3d]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().flatten().flatten().zip(b.iter().flatten().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_moment_in_one_batch_equals_its_views_one_by_one() {
    let engine = Engine::new(model(1), Precision::F32).unwrap();
    let moment = moment(3);
    let samples: Vec<_> = moment.views.iter().map(|view| &view.samples[0]).collect();
    let together = engine.joints(&samples).unwrap();
    let alone: Vec<Pose3d> = samples.iter().flat_map(|sample| engine.joints(&[sample]).unwrap()).collect();
    assert!(furthest(&together, &alone) < 1e-3, "{}", furthest(&together, &alone));
    // The views differ, so agreement is not that of a constant.
    assert!(furthest(&together[..1], &together[1..2]) > 1.0);
}

#[test]
fn the_message_says_what_the_moment_is() {
    let engine = Engine::new(model(1), Precision::F32).unwrap();
    let moment = moment(3);
    let message = engine.poses(&moment).unwrap();
    assert_eq!((message.set_index, message.segment, message.exposure_ns), (3, 2, 3_000));
    assert_eq!((message.trigger_index, message.trigger_state), (Some(10), TriggerState::Certain));
    assert_eq!((message.source_index, message.model.as_str()), (Some(3), engine.version()));
    assert!(message.latency_ms > 0.0);
    let cameras: Vec<u16> = message.poses.iter().map(|pose| pose.camera).collect();
    assert_eq!(cameras, [0, 1, 2, 3]);
    assert!(message.poses.iter().all(|pose| pose.joints_mm[0] == [0.0; 3] && pose.joints_mm.len() == 17));
    assert_eq!((message.poses[2].crop_centre_px, message.poses[2].crop_side_px), ([102.0, 50.0], 80.0));
}

#[test]
fn a_view_that_is_missing_gets_no_pose() {
    let engine = Engine::new(model(1), Precision::F32).unwrap();
    let mut moment = moment(3);
    let whole = engine.poses(&moment).unwrap();
    moment.views.remove(1);
    let message = engine.poses(&moment).unwrap();
    assert_eq!(message.poses.iter().map(|pose| pose.camera).collect::<Vec<_>>(), [0, 2, 3]);
    let joints = |pose: &transport::ViewPose| -> Pose3d { pose.joints_mm.as_slice().try_into().unwrap() };
    assert!(furthest(&[joints(&message.poses[1])], &[joints(&whole.poses[2])]) < 1e-3);
    moment.views.clear();
    assert!(engine.poses(&moment).unwrap().poses.is_empty());
}

#[test]
fn moments_of_another_preprocessing_or_size_are_refused() {
    let engine = Engine::new(model(1), Precision::F32).unwrap();
    let mut other = Moment { preprocessing: 0xabc, ..moment(0) };
    match engine.poses(&other) {
        Err(InferError::Mismatch(mismatch @ Mismatch::Preprocessing { .. })) => {
            let text = mismatch.to_string();
            assert!(text.contains("0000000000000abc") && text.contains(&spec().preprocessing_hash), "{text}");
        }
        other => panic!("{other:?}"),
    }
    other.views[3].samples[0].size_px = 64;
    match engine.poses(&other) {
        Err(InferError::Mismatch(Mismatch::CropSize { model_px: 32, moment_px: 64, .. })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_model_of_other_joints_is_refused() {
    let mut spec = spec();
    spec.joint_names.swap(4, 1);
    let config = SyncNetConfig { width: 8, fusion: Fusion::Mult, ..SyncNetConfig::default() };
    let net = SyncNet::new(&config, Device::Cpu, Kind::Float).unwrap();
    let model = PoseModel::from_encoder(&net, &[0.0; 51], &[1.0; 51], spec, 0).unwrap();
    assert!(matches!(Engine::new(model, Precision::F32), Err(InferError::Joints { .. })));
}

#[test]
fn heads_say_where_in_the_frame_and_how_sure() {
    let moment = moment(3);
    let plain = Engine::new(model(1), Precision::F32).unwrap().poses(&moment).unwrap();
    assert!(plain.poses.iter().all(|pose| pose.confidence.is_none() && pose.joints_2d_px.is_none()));
    let engine = Engine::new(model(1).with_heads(4).unwrap(), Precision::F32).unwrap();
    let message = engine.poses(&moment).unwrap();
    let samples: Vec<_> = moment.views.iter().map(|view| &view.samples[0]).collect();
    for ((pose, sample), person) in message.poses.iter().zip(&samples).zip(engine.people(&samples).unwrap()) {
        let (sure, px) = (pose.confidence.as_ref().unwrap(), pose.joints_2d_px.as_ref().unwrap());
        assert!(sure.len() == 17 && sure.iter().all(|sure| (0.0..=1.0).contains(sure)));
        // Through the crop's region: its corner and its side.
        let region = sample.region;
        for (px, part) in px.iter().zip(person.joints_2d.unwrap()) {
            for axis in 0..2 {
                let corner = region.centre_px[axis] - region.side_px / 2.0;
                assert!((px[axis] - (corner + part[axis] * region.side_px)).abs() < 1e-3);
            }
        }
    }
    let joints = |message: &transport::PoseMessage| message.poses[2].joints_mm.clone();
    assert_eq!(joints(&message), joints(&plain));
}

#[test]
fn the_background_is_seen_where_the_model_was_made_for_it_or_takes_both() {
    let engine = |background, takes_both| {
        let model = model(1).with_spec(PoseSpec { background, takes_both, ..spec() });
        Engine::new(model, Precision::F32).unwrap()
    };
    let mut moment = moment(3);
    let view = &mut moment.views[0].samples[0];
    view.mask = view.mask.iter().enumerate().map(|(at, _)| u8::from(at % 32 < 16)).collect();
    let mut other = moment.clone();
    let sample = &mut other.views[0].samples[0];
    sample.rgb = sample.rgb.iter().enumerate().map(|(at, &v)| if at / 3 % 32 < 16 { v } else { 255 - v }).collect();
    // How far another background moves the joints.
    let moved = |engine: &Engine| {
        let joints = |moment: &Moment| engine.joints(&[&moment.views[0].samples[0]]).unwrap();
        furthest(&joints(&moment), &joints(&other))
    };
    assert_eq!(moved(&engine(Background::Removed, false)), 0.0);
    assert_eq!(moved(&engine(Background::Removed, true)), 0.0);
    assert!(moved(&engine(Background::Kept, false)) > 1.0);
    assert!(moved(&engine(Background::Removed, true).plain().unwrap()) > 1.0);
    assert!(moved(&engine(Background::Kept, false).plain().unwrap()) > 1.0);
    assert!(matches!(engine(Background::Removed, false).plain(), Err(InferError::Plain)));
}
