//! Refitting the rig's own network on labels that come after their moments.

mod common;

use common::{LENGTH, SIZE, moment};
use frame_sync::pairs::{HoldOut, Side};
use learn::runs::{EncoderSource, RefitSettings, Refitter, Start};
use model::{Background, PictureBatch, PoseModel, SyncNet, SyncNetConfig};
use recipe::RigTraining;
use subject::Preprocessing;
use tch::{Device, Kind};
use transport::{BodyLabel, BodyLabels, Moment};

fn net() -> SyncNet {
    SyncNet::new(&SyncNetConfig { width: 8, seed: 3, ..SyncNetConfig::default() }, Device::Cpu, Kind::Float).unwrap()
}

fn settings(folder: &std::path::Path) -> RefitSettings {
    RefitSettings {
        file: folder.join("own.safetensors"),
        from: None,
        cameras: vec!["a".into(), "b".into()],
        hold_out: HoldOut::default(),
        preprocessing: Preprocessing::with_crop_px(SIZE),
        background: Background::Removed,
        seed: 1,
    }
}

/// A pose that follows the disc, and joints in its middle.
fn labels(moment: &Moment, bones_mm: f64) -> BodyLabels {
    let angle = std::f32::consts::TAU * moment.source.unwrap().index as f32 / 50.0;
    let (x, y) = (angle.cos(), angle.sin());
    let view = |view: &transport::View| BodyLabel {
        camera: view.camera.0,
        joints_mm: (0..17).map(|joint| [joint as f32 * 40.0 * x, joint as f32 * 40.0 * y, 0.0]).collect(),
        joints_px: vec![[9.0 * x, 9.0 * y]; 17],
    };
    BodyLabels {
        set_index: moment.set.0,
        exposure_ns: moment.exposure.ns,
        geometry_id: "g".into(),
        bones_mm,
        finder: "scripted".into(),
        views: moment.views.iter().map(view).collect(),
    }
}

/// Shows a loop of the scene.
fn show(refitter: &Refitter, segment: u32, bones_mm: f64) {
    for index in 0..LENGTH {
        let moment = moment(index, segment);
        refitter.labels().offer(&moment);
        refitter.labels().label(&labels(&moment, bones_mm));
    }
}

/// Steps until nothing is due.
fn learn(refitter: &mut Refitter, net: &SyncNet) {
    while refitter.is_due() {
        refitter.step(net).unwrap();
    }
}

/// How far the model's joints are from the disc of a position, in sides of the crop.
fn off_in_the_crop(model: &PoseModel, index: u32, mirrored: bool) -> f64 {
    let sample = moment(index, 0).views[0].samples[0].clone();
    let mut batch = PictureBatch::new(SIZE.into());
    batch.push(&sample.rgb, &sample.mask, mirrored).unwrap();
    let input = batch.to_input(Device::Cpu, Kind::Float, Background::Removed).unwrap();
    let found = model.predict_all(&input).unwrap().joints_2d.unwrap().mean_dim([1].as_slice(), false, Kind::Float);
    let angle = std::f64::consts::TAU * f64::from(index) / 50.0;
    let side = f64::from(SIZE);
    let (x, y) = (0.5 + 9.0 * angle.cos() / side, 0.5 + 9.0 * angle.sin() / side);
    let x = if mirrored { 1.0 - x } else { x };
    (found.double_value(&[0, 0]) - x).hypot(found.double_value(&[0, 1]) - y)
}

#[test]
fn it_learns_in_rounds_writes_after_each_and_goes_on_where_it_was() {
    let (folder, net) = (tempfile::tempdir().unwrap(), net());
    let mut refitter = Refitter::new(settings(folder.path()));
    assert!(!refitter.is_due());
    show(&refitter, 0, 6000.0);
    learn(&mut refitter, &net);
    let first = refitter.status();
    assert_eq!(first.state, "waiting for new labels");
    // Nothing new was seen, so nothing is learned by heart.
    assert!(first.steps > 0 && !refitter.is_due());
    let held_out = HoldOut::default();
    let trained = (0..LENGTH).filter(|&at| {
        let moment = moment(at, 0);
        held_out.side(moment.source, moment.exposure.ns) == Side::Train
    });
    assert_eq!(first.pictures, 4 * trained.count() as u64, "held-out instants and their neighbours give no pictures");
    show(&refitter, 1, 6000.0);
    learn(&mut refitter, &net);
    let second = refitter.status();
    assert!(second.loss.unwrap() < 0.5 * first.loss.unwrap(), "{first:?}, then {second:?}");
    assert_ne!(first.version, second.version);

    let file = settings(folder.path()).file;
    let model = PoseModel::load(&file, Device::Cpu).unwrap();
    assert!(model.has_heads() && Some(model.version().unwrap()) == second.version);
    let off = off_in_the_crop(&model, 2, false).max(off_in_the_crop(&model, 2, true));
    assert!(off < 0.08, "joints, mirrored or not, are off by {off} of the crop's side");
    let training: RigTraining = serde_json::from_str(&model.spec().training).unwrap();
    assert_eq!((training.steps, training.finder.as_str(), training.hold_out), (second.steps, "scripted", held_out));
    let source = EncoderSource::pose_model(&file, Device::Cpu).unwrap();
    assert!(matches!(source.start, Start::Model(_)), "a pose model to train further");

    let mut later = Refitter::new(settings(folder.path()));
    show(&later, 2, 6000.0);
    learn(&mut later, &net);
    let resumed = PoseModel::load(&file, Device::Cpu).unwrap();
    let resumed: RigTraining = serde_json::from_str(&resumed.spec().training).unwrap();
    assert_eq!(resumed.steps, second.steps + later.status().steps);
    assert!(later.status().loss.unwrap() < 0.5 * first.loss.unwrap(), "{:?}", later.status());
}

#[test]
fn labels_of_another_size_of_the_world_replace_the_earlier_ones() {
    let folder = tempfile::tempdir().unwrap();
    let refitter = Refitter::new(settings(folder.path()));
    show(&refitter, 0, 6000.0);
    let before = refitter.status().pictures;
    show(&refitter, 1, 6010.0);
    assert_eq!(refitter.status().pictures, 2 * before, "a refined geometry is the same size");
    show(&refitter, 2, 6600.0);
    assert_eq!(refitter.status().pictures, before);
}

#[test]
fn an_hour_without_anybody_is_not_learned_from() {
    let folder = tempfile::tempdir().unwrap();
    let refitter = Refitter::new(settings(folder.path()));
    (0..3600).for_each(|second| refitter.labels().offer(&moment(second % LENGTH, second / LENGTH)));
    assert!(!refitter.is_due());
    assert_eq!(refitter.status().state, "waiting for labels of people who move: 0 of 200 pictures");
}

#[test]
fn sets_that_are_counted_anew_do_not_get_earlier_labels() {
    let folder = tempfile::tempdir().unwrap();
    let refitter = Refitter::new(settings(folder.path()));
    // Its set had no moment.
    refitter.labels().label(&BodyLabels { exposure_ns: -5, ..labels(&moment(2, 0), 6000.0) });
    refitter.labels().offer(&moment(2, 0));
    assert_eq!(refitter.status().pictures, 0);
}

#[test]
fn the_network_of_a_rig_with_other_cameras_is_not_trained_further() {
    let (folder, net) = (tempfile::tempdir().unwrap(), net());
    let steps_with = |cameras: [&str; 2]| {
        let settings = RefitSettings { cameras: cameras.map(str::to_owned).into(), ..settings(folder.path()) };
        let mut refitter = Refitter::new(settings);
        show(&refitter, 0, 6000.0);
        learn(&mut refitter, &net);
        let model = PoseModel::load(&folder.path().join("own.safetensors"), Device::Cpu).unwrap();
        serde_json::from_str::<RigTraining>(&model.spec().training).unwrap().steps
    };
    let first = steps_with(["a", "b"]);
    assert_eq!(steps_with(["left", "right"]), first, "a new one");
    assert_eq!(steps_with(["left", "right"]), 2 * first, "the same rig's");
}

#[test]
fn labels_without_their_moment_and_views_without_their_crop_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let refitter = Refitter::new(settings(folder.path()));
    // The moment of these comes later.
    refitter.labels().label(&labels(&moment(2, 0), 6000.0));
    assert_eq!(refitter.status().pictures, 0);
    refitter.labels().offer(&moment(2, 0));
    assert_eq!(refitter.status().pictures, 4);
    let refitter = Refitter::new(settings(folder.path()));
    let mut known = moment(1, 0);
    let all = labels(&known, 6000.0);
    known.views.truncate(2);
    refitter.labels().offer(&known);
    refitter.labels().label(&all);
    assert_eq!(refitter.status().pictures, 2);
}
