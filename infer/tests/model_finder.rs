//! The pose model as a joint finder: it passes the conformance suite, in libtorch and in OpenVINO.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::{CROP_PX, model, moment, preprocessing, spec};
use frame::CameraId;
use infer::rig::Keeper;
use infer::{BodyLinks, Crops, Engine, LiveBodies, ModelFinder, PrecisionChoice};
use joints::conformance::{self, TestPicture};
use joints::{FinderError, FinderFiles, JointFinder, View};
use model::{PoseModel, Precision, SyncNet, SyncNetConfig};
use pose::JOINTS;
use rand::{RngExt, SeedableRng};
use subject::{BackgroundId, Preprocessing, Region, Sample, SubjectCropper};
use take::TakeReader;
use tch::{Device, Kind};
use transport::{Hint, HintSource, InProcessMoments, Moment, MomentSink, PoseSource};
use transport::{in_process_commands, in_process_hints, in_process_poses};

/// Joints in OpenVINO and in libtorch agree to this.
const WITHIN_MM: f32 = 0.1;

fn variable(name: &str) -> Option<PathBuf> {
    let set = std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if set.is_none() {
        println!("skipped: {name} is unset");
    }
    set
}

/// A model whose answer is always about the same: somebody who stands, 1.6 m between feet and head.
fn standing() -> PoseModel {
    let net =
        SyncNet::new(&SyncNetConfig { width: 8, seed: 3, ..Default::default() }, Device::Cpu, Kind::Float).unwrap();
    let mean = std::array::from_fn(|at| if at % 3 == 1 { 100.0 * (at / 3) as f64 } else { 0.0 });
    PoseModel::from_encoder(&net, &mean, &[5.0; 3 * JOINTS], spec(), 3).unwrap()
}

fn own(model: PoseModel) -> ModelFinder {
    ModelFinder::new(Engine::new(model, Precision::F32).unwrap(), preprocessing()).unwrap()
}

fn someone() -> TestPicture {
    let side = usize::from(CROP_PX);
    let mask = (0..side * side).map(|at| if (8..24).contains(&(at % side)) { 255 } else { 0 }).collect();
    let rgb = (0..3 * side * side).map(|at| (at * 7) as u8).collect();
    TestPicture { rgb, width: CROP_PX.into(), height: CROP_PX.into(), mask: Some(mask) }
}

/// What there is of a picture in which nothing moves.
fn nobody(side: u32) -> [TestPicture; 2] {
    let pixels = (side * side) as usize;
    let blank = TestPicture { rgb: vec![90; 3 * pixels], width: side, height: side, mask: None };
    [blank.clone(), TestPicture { mask: Some(vec![0; pixels]), ..blank }]
}

#[test]
fn it_does_what_every_finder_must() {
    for model in [standing(), standing().with_heads(5).unwrap()] {
        let mut finder = own(model);
        for empty in nobody(CROP_PX.into()) {
            conformance::check(&mut finder, &someone(), &empty);
        }
    }
}

/// The shipped model, and crops of one view of the example session.
fn shipped() -> Option<(PathBuf, Preprocessing, Vec<Sample>)> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../weights/pose.safetensors");
    let take = TakeReader::open(variable("GENLOCK_FOOTAGE_TAKE")?).unwrap();
    let preprocessing = Preprocessing::with_crop_px(64);
    let frames = || (0..take.len(CameraId(0))).step_by(40).map(|at| take.read(CameraId(0), at).unwrap());
    let mut cropper = SubjectCropper::with_background_from(&preprocessing, frames()).unwrap();
    let samples = frames().filter_map(|(info, bytes)| cropper.process(&info, &bytes).unwrap().sample()).collect();
    Some((file, preprocessing, samples))
}

#[test]
fn the_shipped_model_does_it_on_a_real_person() {
    let Some((file, preprocessing, samples)) = shipped() else { return };
    let Sample { rgb, mask, size_px, .. } = &samples[samples.len() / 2];
    let side = u32::from(*size_px);
    let person = TestPicture { rgb: rgb.to_vec(), width: side, height: side, mask: Some(mask.to_vec()) };
    let open = || Engine::open(&file, Device::Cpu, PrecisionChoice::F32).unwrap();
    let mut engines = vec![open()];
    if let Some(files) = variable("GENLOCK_FINDER") {
        engines.push(open().in_openvino(&FinderFiles::find(files).unwrap(), 1).unwrap());
    }
    for engine in engines {
        let mut finder = ModelFinder::new(engine, preprocessing.clone()).unwrap();
        conformance::check(&mut finder, &person, &nobody(side)[0]);
    }
}

#[test]
fn crops_of_another_size_are_refused() {
    let mut finder = own(standing());
    let rgb = vec![0; 3 * 48 * 48];
    let mask = vec![255; 48 * 48];
    let view = View { rgb: &rgb, width: 48, height: 48, origin_px: [0.0; 2], scale: 1.0, mask: Some(&mask) };
    let error = finder.find(&[Some(view)]).unwrap_err();
    assert!(matches!(error, FinderError::Size { width: 48, height: 48, side: 32 }), "{error}");
    let engine = Engine::new(standing(), Precision::F32).unwrap();
    assert!(ModelFinder::new(engine, Preprocessing::with_crop_px(48)).is_err());
}

#[test]
fn openvino_and_libtorch_find_the_same_joints() {
    let Some(files) = variable("GENLOCK_FINDER") else { return };
    let files = FinderFiles::find(files).unwrap();
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut noise = |side: u16| Sample {
        size_px: side,
        rgb: (0..3 * usize::from(side).pow(2)).map(|_| random.random()).collect(),
        mask: (0..usize::from(side).pow(2)).map(|_| if random.random() { 255 } else { 0 }).collect(),
        region: Region { centre_px: [0.0; 2], side_px: 64.0 },
        background: BackgroundId(0),
    };
    let same = |torch: Engine, openvino: Engine, samples: &[Sample]| {
        let openvino = openvino.in_openvino(&files, 1).unwrap();
        // As many as come: each number is another batch.
        for count in [1, 4, 3] {
            for samples in samples.chunks_exact(count) {
                let samples: Vec<&Sample> = samples.iter().collect();
                let (a, b) = (torch.people(&samples).unwrap(), openvino.people(&samples).unwrap());
                for (a, b) in a.iter().zip(&b) {
                    for (a, b) in a.joints_mm.as_flattened().iter().zip(b.joints_mm.as_flattened()) {
                        assert!((a - b).abs() < WITHIN_MM, "{a} and {b} mm");
                    }
                    let of = |all: Option<[[f32; 2]; JOINTS]>| all.map_or(vec![], |all| all.as_flattened().to_vec());
                    let plane = of(a.joints_2d).into_iter().zip(of(b.joints_2d));
                    let sure = a.confidence.into_iter().flatten().zip(b.confidence.into_iter().flatten());
                    assert!(plane.chain(sure).all(|(a, b)| (a - b).abs() < 1e-4));
                    assert_eq!(
                        (a.joints_2d.is_some(), a.confidence.is_some()),
                        (b.joints_2d.is_some(), b.confidence.is_some())
                    );
                }
            }
        }
    };
    let of = |model| Engine::new(model, Precision::F32).unwrap();
    let small: Vec<Sample> = (0..12).map(|_| noise(CROP_PX)).collect();
    same(of(model(1)), of(model(1)), &small);
    same(of(model(2).with_heads(4).unwrap()), of(model(2).with_heads(4).unwrap()), &small);
    let Some((file, _, mut samples)) = shipped() else { return };
    samples.extend((0..12).map(|_| noise(64)));
    let open = || Engine::open(&file, Device::Cpu, PrecisionChoice::F32).unwrap();
    same(open(), open(), &samples);
}

/// What a live session answers to these moments: the poses' cameras, and whether pictures were asked for.
fn served(moments: &[Moment]) -> (Vec<Vec<u16>>, bool) {
    let mut sink = InProcessMoments::default();
    let source = sink.source(16);
    let (poses, mut sent) = in_process_poses(64);
    let (hints, mut said) = in_process_hints(64);
    let (_commands, commands) = in_process_commands(1);
    moments.iter().for_each(|moment| sink.send(moment).unwrap());
    drop(sink);
    let keeper = Keeper::new((0..4).map(|camera| format!("cam{camera}")).collect(), None).unwrap();
    let pictures = Crops::new(source, preprocessing().hash());
    let links = BodyLinks { pictures, poses, hints, commands };
    let mut bodies = LiveBodies::new(links, Box::new(own(standing())), "own".into(), keeper).unasked();
    bodies.serve(|| true).unwrap();
    let messages = std::iter::from_fn(|| sent.receive(Duration::ZERO).ok().flatten());
    let cameras = messages.map(|message| message.poses.iter().map(|pose| pose.camera).collect()).collect();
    let mut hints = std::iter::from_fn(|| said.receive(Duration::ZERO).ok().flatten());
    (cameras, hints.any(|hint| matches!(hint, Hint::WantedPictures(_))))
}

#[test]
fn the_crops_of_moments_are_its_pictures() {
    let mut lacks_one = moment(1);
    lacks_one.views.remove(2);
    let other = Moment { preprocessing: 7, ..moment(2) };
    let (poses, asked) = served(&[moment(0), lacks_one, other.clone(), other]);
    assert_eq!(poses, [vec![0, 1, 2, 3], vec![0, 1, 3]], "moments that were made otherwise have no poses");
    assert!(!asked, "crops come by themselves");
}
