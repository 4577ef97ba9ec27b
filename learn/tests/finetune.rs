//! Fine-tuning and evaluation on a synthetic take: a bright bar on a grey stage, whose angle is the pose.

use std::path::{Path, PathBuf};

use frame::{CameraId, Encoding, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, SourcePosition, TriggerIndex};
use frame_sync::pairs::{HoldOut, Side};
use learn::LearnError;
use learn::data::LabelledTake;
use learn::eval::evaluate_take;
use learn::runs::{EncoderSource, FinetuneConfig, Finetuner, Start, Training};
use model::{Background, SyncNet, SyncNetConfig};
use pose::labels::{Provenance, VERSION};
use pose::{CameraLabels, FrameLabel, KeyedBy, Labels, Pose3d};
use subject::{Preprocessing, preview_jpeg};
use take::{TakeInfo, TakeReader, TakeWriter};
use tch::{Device, Kind};

const CAMERAS: [&str; 2] = ["left", "right"];
const LENGTH: u32 = 40;
const HOLD_OUT: (u32, u32, u32) = (20, 4, 2);
const FRAME_PX: usize = 160;

fn hold_out() -> HoldOut {
    let (period, block, guard) = HOLD_OUT;
    HoldOut { period, block, guard, ..HoldOut::default() }
}

fn preprocessing() -> Preprocessing {
    Preprocessing::with_crop_px(32)
}

/// -1 to 1, over the source.
fn lean(index: u32, camera: u16) -> f32 {
    (index as f32 * 0.4 + f32::from(camera)).sin()
}

/// A bar that leans, and wanders so that the median of all pictures is the empty stage.
fn picture(index: u32, camera: u16) -> Vec<u8> {
    let mut rgb = vec![60u8; FRAME_PX * FRAME_PX * 3];
    let centre = 40.0 + (index * 37 % 80) as f32;
    for row in 40..120 {
        let shift = lean(index, camera) * (80.0 - row as f32) * 0.6;
        for column in 0..FRAME_PX {
            if (column as f32 - centre - shift).abs() < 7.0 {
                let colour = if row < 80 { [230, 200, 40] } else { [40, 120, 230] };
                rgb[3 * (row * FRAME_PX + column)..][..3].copy_from_slice(&colour);
            }
        }
    }
    let raw = FrameInfo {
        picture: Picture::packed(PixelFormat::Rgb8, FRAME_PX as u32, FRAME_PX as u32),
        ..info(camera, 0, 0, None)
    };
    preview_jpeg(&raw, &rgb, FRAME_PX as u32).unwrap()
}

fn pose(index: u32, camera: u16) -> Pose3d {
    let lean = lean(index, camera);
    std::array::from_fn(|joint| {
        let height = joint as f32 * 40.0;
        [height * lean, -height, 0.3 * height * lean]
    })
}

fn info(camera: u16, sequence: u64, segment: u32, source: Option<SourcePosition>) -> FrameInfo {
    let size = FRAME_PX as u32;
    FrameInfo {
        camera: CameraId(camera),
        sequence,
        segment: SegmentId::seam(segment),
        trigger: TriggerIndex::Certain(sequence),
        exposure: HostTime::monotonic(16_000_000 * sequence as i64, 0),
        exposure_duration_ns: 0,
        arrival_ns: 16_000_000 * sequence as i64,
        device: frame::DeviceStamp::default(),
        source,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: size, height_px: size },
    }
}

/// Two loops of the source. The first lacks position 7 of one camera.
fn take(parent: &Path, with_source: bool) -> PathBuf {
    let info_of_take = TakeInfo {
        name: "bars".into(),
        rig_toml: String::new(),
        cameras: CAMERAS.map(str::to_owned).into(),
        host: "test".into(),
        trigger_rate_hz: 60.0,
        source_rate_hz: Some(60.0),
    };
    let mut writer = TakeWriter::create(parent, &info_of_take).unwrap();
    for sequence in 0..2 * LENGTH {
        let (segment, index) = (sequence / LENGTH, sequence % LENGTH);
        for camera in 0..2 {
            if (segment, index, camera) == (0, 7, 1) {
                continue;
            }
            let source = with_source.then_some(SourcePosition { index, length: LENGTH });
            writer.write_frame(&info(camera, sequence.into(), segment, source), &picture(index, camera)).unwrap();
        }
    }
    writer.finish().unwrap().directory
}

fn labels(names: [&str; 2], indices: std::ops::Range<u32>) -> Labels {
    let view = |(camera, name): (usize, &str)| CameraLabels {
        name: name.to_owned(),
        size_px: [FRAME_PX as u32; 2],
        frames: indices
            .clone()
            .map(|source_index| FrameLabel {
                source_index,
                joints_mm: pose(source_index, camera as u16),
                root_px: [0.0; 2],
                joints_px: [[0.0; 2]; 17],
            })
            .collect(),
    };
    Labels {
        version: VERSION,
        truth: "synthetic".into(),
        joint_set: "bars".into(),
        provenance: Provenance {
            poses: "bars.trc".into(),
            calibration: "none".into(),
            rate_hz: 60.0,
            unlabelled: vec![],
            source_frames: None,
        },
        keyed_by: KeyedBy::Source,
        cameras: names.into_iter().enumerate().map(view).collect(),
    }
}

fn encoder() -> EncoderSource {
    let config = SyncNetConfig { width: 8, seed: 3, ..SyncNetConfig::default() };
    EncoderSource {
        start: Start::Encoder(SyncNet::new(&config, Device::Cpu, Kind::Float).unwrap()),
        version: "random".into(),
        preprocessing: preprocessing(),
        background: Background::Removed,
        calibrated: false,
    }
}

fn config(steps: u64) -> FinetuneConfig {
    FinetuneConfig {
        steps,
        learning_rate: 3e-3,
        frozen_stages: 0,
        hold_out: hold_out(),
        seed: 5,
        ..FinetuneConfig::default()
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    take: LabelledTake,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let directory = take(folder.path(), true);
    let reader = TakeReader::open(directory).unwrap();
    let take = LabelledTake::join(&reader, labels(CAMERAS, 0..LENGTH), &preprocessing(), |_, _| ()).unwrap();
    Fixture { _folder: folder, take }
}

fn tune(take: &LabelledTake, config: FinetuneConfig) -> model::PoseModel {
    let mut tuner = Finetuner::new(&encoder(), take, config).unwrap();
    while !tuner.done() {
        tuner.step().unwrap();
    }
    tuner.finish()
}

fn predict(model: &model::PoseModel, samples: &[&subject::Sample]) -> Result<Vec<Pose3d>, model::ModelError> {
    let mut batch = model::PictureBatch::new(32);
    for sample in samples {
        batch.push(&sample.rgb, &sample.mask, false)?;
    }
    let poses = model.predict(&batch.to_input(Device::Cpu, Kind::Float, Background::Removed)?)?;
    let flat: Vec<f32> = poses.reshape([-1]).try_into()?;
    Ok(flat
        .chunks_exact(51)
        .map(|pose| std::array::from_fn(|joint| std::array::from_fn(|axis| pose[3 * joint + axis])))
        .collect())
}

#[test]
fn labels_are_held_out_in_blocks_of_ten_and_every_other_one_is_trained_on() {
    let hold_out = FinetuneConfig::default().hold_out;
    let held_out = (0..100).filter(|&index| {
        let side = hold_out.side(Some(SourcePosition { index, length: 100 }), 0);
        assert_ne!(side, Side::Guard, "position {index}");
        side == Side::HeldOut
    });
    assert_eq!(held_out.collect::<Vec<_>>(), (20..30).chain(70..80).collect::<Vec<_>>());
}

#[test]
fn every_source_position_is_there_once_from_a_complete_instance() {
    let Fixture { take, .. } = fixture();
    assert_eq!((take.samples.len(), take.incomplete, take.without_subject), (2 * LENGTH as usize, 0, 0));
    let keys: Vec<_> = take.samples.iter().map(|s| (s.instant, s.camera)).collect();
    let expected: Vec<_> = (0..LENGTH).flat_map(|index| [(index, 0), (index, 1)]).collect();
    assert_eq!(keys, expected);
    assert!(take.samples.iter().all(|s| s.pose == pose(s.instant, s.camera)));
}

#[test]
fn labels_of_another_source_or_of_other_pictures_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let reader = TakeReader::open(take(folder.path(), true)).unwrap();
    let join = |labels| LabelledTake::join(&reader, labels, &preprocessing(), |_, _| ());
    let of = |source_frames, [width, height]: [u32; 2]| {
        let mut labels = labels(CAMERAS, 0..LENGTH);
        labels.provenance.source_frames = Some(source_frames);
        labels.cameras.iter_mut().for_each(|camera| camera.size_px = [width, height]);
        labels
    };
    let size = FRAME_PX as u32;
    assert!(join(of(LENGTH, [size; 2])).is_ok());
    let refused = |labels, why: &str| {
        let error = join(labels).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(of(LENGTH + 1, [size; 2]), "a source of");
    refused(of(LENGTH, [2 * size; 2]), "for pictures of");
    refused(of(LENGTH, [size, size / 2]), "for pictures of");
    let mut half_as_many = of(LENGTH, [size; 2]);
    half_as_many.provenance.rate_hz = 30.0;
    refused(half_as_many, "30.00 instants a second and the source 60.00");
}

#[test]
fn labels_by_sequence_find_their_pictures_in_their_own_take_alone() {
    let folder = tempfile::tempdir().unwrap();
    let reader = TakeReader::open(take(folder.path(), false)).unwrap();
    let by_sequence = |take_started_utc: &str| Labels {
        keyed_by: KeyedBy::Sequence { take_started_utc: take_started_utc.to_owned() },
        ..labels(CAMERAS, 0..LENGTH)
    };
    let join = |labels| LabelledTake::join(&reader, labels, &preprocessing(), |_, _| ());
    let joined = join(by_sequence(reader.started_utc())).unwrap();
    // The second camera lacks picture 7.
    assert_eq!(joined.samples.len(), 2 * LENGTH as usize - 1);
    assert!(joined.samples.iter().all(|s| s.source.is_none() && s.pose == pose(s.instant, s.camera)));
    let other = join(by_sequence("2020-01-01T00:00:00Z")).unwrap_err().to_string();
    assert!(other.contains("another take") && other.contains("2020-01-01"), "{other}");
}

#[test]
fn it_learns_poses_that_depend_on_the_picture() {
    let Fixture { take, .. } = fixture();
    let model = tune(&take, config(300));
    let evaluation = evaluate_take(&take, &hold_out(), |samples| predict(&model, samples)).unwrap();
    let (trained, held_out) = (evaluation.trained, evaluation.held_out.unwrap());
    let error = |scores: &learn::eval::TakeScores| scores.metrics.mpjpe16;
    let (learned, mean) = (error(&trained.model), error(&trained.mean_pose));
    assert!(learned < 0.4 * mean, "{learned} against the mean pose's {mean}");
    assert!(error(&trained.ridge) < 0.8 * mean, "ridge {}", error(&trained.ridge));
    assert_eq!(trained.model.pictures + held_out.model.pictures + 2 * guards(), take.samples.len());
    assert_eq!(trained.model.views.iter().map(|v| v.camera.as_str()).collect::<Vec<_>>(), CAMERAS);
}

fn guards() -> usize {
    let side = |index| hold_out().side(Some(SourcePosition { index, length: LENGTH }), 0);
    (0..LENGTH).filter(|&index| side(index) == Side::Guard).count()
}

/// Whatever the labels of held-out instants and guards say, model and baselines stay the same.
#[test]
fn held_out_labels_have_no_influence() {
    let Fixture { take, .. } = fixture();
    let mut spoilt = take.clone();
    for labelled in &mut spoilt.samples {
        if hold_out().side(labelled.source, 0) != Side::Train {
            labelled.pose = labelled.pose.map(|joint| joint.map(|value| 1_000.0 - 3.0 * value));
        }
    }
    let (clean, other) = (tune(&take, config(12)), tune(&spoilt, config(12)));
    assert_eq!(clean.version().unwrap(), other.version().unwrap());
    let scores = |take: &LabelledTake| evaluate_take(take, &hold_out(), |samples| predict(&clean, samples)).unwrap();
    let (clean_scores, spoilt_scores) = (scores(&take), scores(&spoilt));
    assert_eq!(clean_scores.trained.ridge.metrics, spoilt_scores.trained.ridge.metrics);
    assert_eq!(clean_scores.trained.mean_pose.metrics, spoilt_scores.trained.mean_pose.metrics);
    // Verifies the test itself: training labels do matter.
    let mut changed = take.clone();
    changed.samples[0].pose = changed.samples[0].pose.map(|joint| joint.map(|value| 2.0 * value + 50.0));
    assert_ne!(clean.version().unwrap(), tune(&changed, config(12)).version().unwrap());
}

#[test]
fn frozen_stages_stay_as_they_are() {
    let Fixture { take, .. } = fixture();
    let source = encoder();
    let mut tuner = Finetuner::new(&source, &take, FinetuneConfig { frozen_stages: 3, ..config(5) }).unwrap();
    while !tuner.done() {
        tuner.step().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pose.safetensors");
    tuner.finish().save(&path).unwrap();
    let saved = tch::Tensor::read_safetensors(&path).unwrap();
    let find = |name: &str| saved.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor);
    let (mut same, mut moved) = (0, 0);
    let Start::Encoder(net) = &source.start else { panic!("an encoder") };
    for (name, before) in net.tensors() {
        let Some(after) = find(&name).filter(|_| name.starts_with("encoder.")) else { continue };
        if before.equal(after) {
            same += 1;
        } else {
            moved += 1;
            assert!(name.contains("layer4"), "{name} has moved");
        }
    }
    assert!(same > 0 && moved > 0, "{same} stayed, {moved} moved");
}

#[test]
fn the_model_says_how_it_was_made() {
    let Fixture { take, .. } = fixture();
    let model = tune(&take, config(2));
    let training: Training = serde_json::from_str(&model.spec().training).unwrap();
    assert_eq!(training.config, config(2));
    assert_eq!(training.labels, ["bars.trc", "none"]);
    assert_eq!(model.spec().preprocessing_hash, format!("{:016x}", preprocessing().hash()));
    let read: Preprocessing = serde_json::from_str(&model.spec().preprocessing).unwrap();
    assert_eq!(read, preprocessing());
}

#[test]
fn what_does_not_fit_together_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let with_source = TakeReader::open(take(folder.path(), true)).unwrap();
    let without = TakeReader::open(take(folder.path(), false)).unwrap();
    let join = |take: &TakeReader, labels| {
        LabelledTake::join(take, labels, &preprocessing(), |_, _| ()).unwrap_err().to_string()
    };
    let unknown = join(&with_source, labels(["left", "roof"], 0..LENGTH));
    assert!(unknown.contains("\"roof\"") && unknown.contains("left, right"), "{unknown}");
    let none = join(&with_source, labels(CAMERAS, 500..520));
    assert!(none.contains("0 to 39") && none.contains("500 to 519"), "{none}");
    assert!(join(&without, labels(CAMERAS, 0..LENGTH)).contains("do not say where in a source"));
    let missing = LabelledTake::load(
        &folder.path().join("no-take"),
        &folder.path().join("no-labels.json"),
        &preprocessing(),
        |_, _| (),
    );
    assert!(missing.unwrap_err().to_string().contains("no-take"));
    let Fixture { take, .. } = fixture();
    let all_held_out =
        FinetuneConfig { hold_out: HoldOut { period: 1, block: 1, guard: 0, ..hold_out() }, ..config(1) };
    assert!(matches!(Finetuner::new(&encoder(), &take, all_held_out), Err(LearnError::TooFew(_))));
    let frozen = FinetuneConfig { frozen_stages: 9, ..config(1) };
    assert!(matches!(Finetuner::new(&encoder(), &take, frozen), Err(LearnError::Setting(_))));
}
