//! Training with interruptions, and its results.

use std::collections::BTreeSet;
use std::path::Path;

use learn::data::rendered::{Dataset, Split};
use learn::eval::{Evaluator, PlaneErrors};
use learn::objectives::{RenderedTraining, TransferLosses};
use learn::runs::{EncoderFile, EncoderSource, NextDraw, PoseTraining, StageLosses};
use model::{Background, PoseModel, Precision};
use recipe::TrainRecipe;
use tch::{Device, Kind};

use crate::data::{config, load};
use crate::studio::{CAMERAS, LENGTH, session, take_folder};

const RECIPE: &str = r#"
crop-px = 32
width = 16
precision = "f32"
[data]
store-px = 56
# Little variation: what varies is tested by itself, and here half a minute has to do.
[augment]
roll-deg = 5.0
scale = [0.95, 1.05]
shift = 0.02
own-background = 1.0
backgrounds = 64
mask-faults = 0.3
photometric = 0.0
bystanders = 0.0
occluders = 0.0
[sync]
samples = 480
takes = 2
times = 4
[transfer]
samples = 25_600
batch = 32
learning-rate = 5e-3
"#;

fn recipe(overrides: &[&str]) -> TrainRecipe {
    let overrides: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
    TrainRecipe::parse(RECIPE, Path::new("test.toml"), &overrides).unwrap()
}

#[test]
fn training_beats_the_baselines_on_others() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let recipe = recipe(&[]);
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    let (mut stages, mut losses) = (Vec::new(), Vec::new());
    while !trainer.done() {
        let report = trainer.step().unwrap();
        if stages.last() != Some(&report.stage) {
            stages.push(report.stage);
        }
        match report.losses {
            StageLosses::Sync(loss) => assert!(loss > 0.0 && loss < 20.0),
            StageLosses::Transfer(parts) => losses.push(parts),
        }
    }
    assert_eq!(stages, ["sync", "transfer"]);
    assert!(trainer.sync_accuracy().is_some_and(|accuracy| accuracy.held_out.is_some()));
    let (few, all) = (20, losses.len());
    let parts: [fn(&TransferLosses) -> f64; 3] = [|loss| loss.pose, |loss| loss.plane, |loss| loss.confidence];
    for part in parts {
        let mean = |range: std::ops::Range<usize>| losses[range].iter().map(part).sum::<f64>() / few as f64;
        let (first, last) = (mean(0..few), mean(all - few..all));
        assert!(last < 0.75 * first, "a loss went from {first:.3} to {last:.3}");
    }

    let path = folder.path().join("pose.safetensors");
    trainer.model().unwrap().unwrap().save_f16(&path).unwrap();
    let model = PoseModel::load(&path, Device::Cpu).unwrap();
    let training: RenderedTraining = serde_json::from_str(&model.spec().training).unwrap();
    assert_eq!((training.people.len(), training.clips, training.labelled_pictures), (3, 3, 432));

    let evaluator = Evaluator::new(&dataset, &dataset.rows(Split::Train), recipe.crop_px, 0, true).unwrap();
    let found = evaluator.evaluate(&model, Precision::F32).unwrap();
    assert_eq!((found.people, found.clips), (2, 2));
    let by_actions: Vec<_> = found.comparisons.iter().map(|part| (part.actions, part.pictures)).collect();
    assert_eq!(by_actions, [("all", 144), ("seen", 72), ("unseen", 72)]);
    let all = &found.comparisons[0];
    let (masked, plain) = (&all.model.masked, &all.model.plain);
    for (kind, scores) in [("masked", masked), ("plain", plain)] {
        let (ours, mean) = (scores.metrics.mpjpe16, all.mean_pose.metrics.mpjpe16);
        println!(
            "{kind}: {ours:.0} mm, mean pose {mean:.0} mm, P {:.0} against {:.0}, wrong way {:?}",
            scores.metrics.pmpjpe17, all.procrustes_mean.metrics.pmpjpe17, scores.wrong_way
        );
        assert!(ours < 0.65 * mean, "{kind}: {ours:.0} mm against the mean pose's {mean:.0} mm");
        assert!(scores.wrong_way.unwrap() < 0.25, "{kind}: {:?} face the wrong way", scores.wrong_way);
    }
    assert!(all.procrustes_mean.metrics.pmpjpe17 < all.mean_pose.metrics.pmpjpe17);
    assert!(masked.metrics.pmpjpe17 < all.procrustes_mean.metrics.pmpjpe17);
    let heads = found.masked_heads.as_ref().unwrap();
    let plane = heads.plane.unwrap();
    println!("plane {plane:.3} of the side, calibration error {:.3}", heads.calibration_error);
    assert!(plane < 0.12, "joints in the plane are off by {plane} of the crop");
    assert_eq!(heads.confidence.iter().map(|bin| bin.joints).sum::<usize>(), 144 * 16);
}

#[test]
fn pretraining_tells_others_apart_in_time_and_in_the_mirror() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let still = "sync.augment={ roll-deg = 0.0, scale = [1.0, 1.0], shift = 0.0, removed = 1.0, mask-faults = 0.0, \
                 photometric = 0.0, bystanders = 0.0, occluders = 0.0 }";
    let recipe =
        recipe(&["sync.samples=16_800", "sync.times=8", "sync.learning-rate=1e-3", "transfer.samples=64", still]);
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    let mut losses = Vec::new();
    while trainer.stage() == "sync" {
        if let StageLosses::Sync(loss) = trainer.step().unwrap().losses {
            losses.push(loss);
        }
    }
    assert_eq!(losses.len(), 350);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..20]), mean(&losses[330..]));
    assert!(last < 0.5 * first, "the loss went from {first:.2} to {last:.2}");
    let [sync, flip] = trainer.sync_accuracy().unwrap().held_out.unwrap();
    println!("held out: sync {sync:.3}, flip {flip:.3}");
    assert!(sync > 0.65 && flip > 0.8, "held out: sync {sync:.3}, flip {flip:.3}");
}

/// Every draw from here to the end of both stages.
fn run(trainer: &mut PoseTraining, most: usize) -> Vec<NextDraw> {
    let mut draws = Vec::new();
    while !trainer.done() && draws.len() < most {
        draws.push(trainer.next_draw().unwrap());
        trainer.step().unwrap();
    }
    draws
}

#[test]
fn legs_draw_and_end_as_one_run_does() {
    tch::set_num_threads(1);
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let recipe = recipe(&["sync.samples=96", "transfer.samples=160", "width=8"]);
    let (one, legs) = (folder.path().join("one"), folder.path().join("legs"));
    let mut unbroken = PoseTraining::new(&recipe, &dataset, &one, None).unwrap();
    let expected = run(&mut unbroken, 100);
    assert_eq!(expected.len(), 4 + 5);
    assert!(matches!(expected[3], NextDraw::Sync(_)) && matches!(expected[4], NextDraw::Transfer(_)));

    let mut drawn = Vec::new();
    for length in [2, 2, 1, 100] {
        // A run killed after its checkpoint: the steps since then are repeated.
        let mut leg = PoseTraining::new(&recipe, &dataset, &legs, None).unwrap();
        drawn.extend(run(&mut leg, length));
        leg.save().unwrap();
        run(&mut leg, 1);
    }
    assert_eq!(drawn, expected);
    let mut last = PoseTraining::new(&recipe, &dataset, &legs, None).unwrap();
    assert!(last.done());
    let version = |trainer: &mut PoseTraining| trainer.model().unwrap().unwrap().version().unwrap();
    assert_eq!(version(&mut last), version(&mut unbroken));

    // Another recipe or encoder cannot resume from it.
    let other = self::recipe(&["sync.samples=96", "transfer.samples=160", "width=8", "augment.shift=0.01"]);
    let error = PoseTraining::new(&other, &dataset, &legs, None).err().unwrap().to_string();
    assert!(error.contains("shift = 0.02") && error.contains("shift = 0.01"), "{error}");
    let encoder = EncoderFile { path: legs.join("sync.safetensors"), may_be_unfinished: false };
    let mut borrowed = PoseTraining::new(&recipe, &dataset, &folder.path().join("b"), Some(&encoder)).unwrap();
    assert_eq!(borrowed.next_draw().unwrap(), expected[4]);
}

#[test]
fn few_labels_and_frozen_layers_are_options() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let words = ["transfer.from=random", "transfer.people=1", "transfer.samples=64", "width=8"];
    for train in ["linear", "last-stage", "all"] {
        let train = format!("transfer.train={train}");
        let recipe = recipe(&[&words[..], &[train.as_str()]].concat());
        let mut trainer = PoseTraining::new(&recipe, &dataset, &folder.path().join(&train), None).unwrap();
        assert_eq!(trainer.stage(), "transfer");
        run(&mut trainer, 10);
        let model = trainer.model().unwrap().unwrap();
        let training: RenderedTraining = serde_json::from_str(&model.spec().training).unwrap();
        assert_eq!((training.people.len(), training.labelled_pictures), (1, 144));
        assert_eq!(model.spec().encoder_version, "random");
    }
    let too_many = recipe(&["transfer.from=random", "transfer.people=9"]);
    assert!(PoseTraining::new(&too_many, &dataset, folder.path(), None).is_err());
}

#[test]
fn recorded_takes_are_for_pretraining_alone() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let recorded = [0, 1].map(|index| take_folder(folder.path(), index));
    let dataset = Dataset::load(folder.path(), &recorded, &config(), Device::Cpu, |_, _| {}).unwrap();
    let alone = load(folder.path());
    for split in [Split::Train, Split::HeldOut] {
        assert_eq!(dataset.rows(split), alone.rows(split));
    }
    let rows: BTreeSet<u32> = dataset.rows(Split::Recorded).into_iter().collect();
    let most = 2 * CAMERAS.len() * LENGTH as usize;
    assert_eq!(rows.len() + dataset.without_subject(), most);
    assert!(rows.len() > most / 2, "a subject was found in {} of {most} pictures", rows.len());
    let masks = dataset.batch(&dataset.rows(Split::Recorded)).unwrap().pixels.narrow(1, 3, 1);
    let share = masks.to_kind(Kind::Float).mean(Kind::Float).double_value(&[]) / 255.0;
    assert!((0.01..0.9).contains(&share), "{share} of the pictures is subject");

    let recipe = recipe(&["transfer.samples=96"]);
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    let (mut pretrained, mut transferred) = (BTreeSet::new(), BTreeSet::new());
    while !trainer.done() {
        match trainer.next_draw().unwrap() {
            NextDraw::Sync(draw) => pretrained.extend(draw.rows),
            NextDraw::Transfer(drawn) => transferred.extend(drawn),
        }
        trainer.step().unwrap();
    }
    assert!(!pretrained.is_disjoint(&rows) && transferred.is_disjoint(&rows));
    // Another set of takes cannot resume from it either.
    let error = PoseTraining::new(&recipe, &alone, folder.path(), None).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("pictures to learn from"), "{error}");
}

#[test]
fn an_encoder_must_be_whole_and_wanted() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let recipe = recipe(&[]);
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    trainer.step().unwrap();
    trainer.save().unwrap();
    let mut encoder = EncoderFile { path: folder.path().join("sync.safetensors"), may_be_unfinished: false };
    let other = tempfile::tempdir().unwrap();
    let refused = |recipe: &TrainRecipe, encoder: &EncoderFile| {
        PoseTraining::new(recipe, &dataset, other.path(), Some(encoder)).map(|_| ()).unwrap_err().to_string()
    };
    let message = refused(&recipe, &encoder);
    assert!(message.contains("its pretraining is at step 1 of 20"), "{message}");
    encoder.may_be_unfinished = true;
    let message = refused(&self::recipe(&["transfer.from=random"]), &encoder);
    assert!(message.contains("transfer.from"), "{message}");
    let borrowed = PoseTraining::new(&recipe, &dataset, other.path(), Some(&encoder)).unwrap();
    assert_eq!(borrowed.stage(), "transfer");

    // Fine-tuning on labels of a take starts from the same file.
    let source = EncoderSource::checkpoint(&encoder.path, Device::Cpu).unwrap();
    assert_eq!((source.preprocessing, source.background), (recipe.preprocessing(), Background::Removed));
    assert!(!source.calibrated, "its BatchNorm statistics are of one step");
}

/// Crops elsewhere in their region, with their background, and joints in the picture alone.
#[test]
fn two_dimensional_poses_are_learned_where_crops_wander() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    let words = ["transfer.from=random", "transfer.target=2d", "transfer.background=kept", "transfer.samples=9600"];
    let recipe = recipe(&[&words[..], &["augment.shift=0.1", "augment.roll-deg=0.0"]].concat());
    let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
    let untrained = PlaneErrors::of(trainer.model().unwrap().unwrap(), &recipe, &dataset, Precision::F32).unwrap();
    run(&mut trainer, usize::MAX);
    let found = PlaneErrors::of(trainer.model().unwrap().unwrap(), &recipe, &dataset, Precision::F32).unwrap();
    println!("untrained {untrained:?}, trained {found:?}");
    assert_eq!((found.pictures, found.mean_pose_px), (144, untrained.mean_pose_px));
    // A figure fills most of a frame of 112 px, so most of 1000 px here.
    assert!((50.0..300.0).contains(&found.mean_pose_px), "{found:?}");
    assert!(found.model_px < 0.8 * found.mean_pose_px && found.model_px < untrained.model_px, "{found:?}");
}
