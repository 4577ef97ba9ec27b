//! The learner on a synthetic scene, on the CPU.

mod common;

use common::{LENGTH, moment, recipe, take};
use frame_sync::pairs::Side;
use learn::LearnError;
use learn::objectives::PairStep;
use learn::runs::Learner;
use model::Fusion;
use recipe::{BatchForm, PretrainRecipe};
use tch::Device;

fn learner(recipe: &PretrainRecipe) -> Learner {
    let mut learner = Learner::new(recipe.clone(), Device::Cpu).unwrap();
    take(0).for_each(|moment| learner.push(moment).unwrap());
    learner
}

fn steps(learner: &mut Learner, steps: usize) -> Vec<PairStep> {
    (0..steps).map(|_| learner.step().unwrap().unwrap()).collect()
}

fn losses(learner: &mut Learner, count: usize) -> Vec<f64> {
    steps(learner, count).into_iter().map(|step| step.loss).collect()
}

#[test]
fn both_batch_forms_learn_and_evaluation_agrees() {
    for batch in [BatchForm::AllPairs { times: 8 }, BatchForm::Tuple { tuples: 8 }] {
        let mut learner = learner(&PretrainRecipe { batch, ..recipe() });
        let steps = steps(&mut learner, 150);
        // At chance a head's two terms are ln 2 each.
        let late = |loss: fn(&PairStep) -> f64| steps[140..].iter().map(loss).sum::<f64>() / 10.0 / 2f64.ln();
        assert!(late(|step| step.loss) < 0.7 * 4.0, "{batch:?}: {steps:?}");
        assert!(late(|step| step.heads.sync) < 2.0 && late(|step| step.heads.flip) < 2.0, "{batch:?}: {steps:?}");
        let evaluation = learner.evaluate().unwrap();
        assert!(evaluation.sync_accuracy.unwrap() > 0.75, "{batch:?}: {evaluation:?}");
        assert!(evaluation.flip_accuracy.unwrap() > 0.75, "{batch:?}: {evaluation:?}");
        assert!(evaluation.held_out_sync_accuracy.is_some() && evaluation.held_out_flip_accuracy.is_some());
        let status = learner.status();
        assert_eq!((status.steps, status.evaluated_at_step), (150, Some(150)));
        assert_eq!((status.sync_accuracy, status.loss_first), (evaluation.sync_accuracy, Some(steps[0].loss)));
        assert_eq!((status.loss_sync, status.loss_flip), (Some(steps[149].heads.sync), Some(steps[149].heads.flip)));
        assert_eq!(status.loss_last, Some(steps[149].heads.total()));
    }
}

#[test]
fn a_step_reports_its_images_and_pairs() {
    let mut all_pairs = learner(&recipe());
    let step = all_pairs.step().unwrap().unwrap();
    // 8 instants × 6 pairs of views enter the flip task; the sync task depends on the draw.
    assert_eq!(step.images, 32);
    assert!(step.pairs > 48);
    let mut tuples = learner(&PretrainRecipe { batch: BatchForm::Tuple { tuples: 5 }, ..recipe() });
    let step = tuples.step().unwrap().unwrap();
    assert_eq!((step.images, step.pairs), (20, 20));
}

#[test]
fn loops_keep_to_their_side_and_count_once() {
    let recipe = recipe();
    let side = |index| recipe.hold_out.side(moment(index, 0).source, 0);
    let held_out = (0..LENGTH).filter(|&index| side(index) == Side::HeldOut).count() as u64;
    let trained = (0..LENGTH).filter(|&index| side(index) == Side::Train).count() as u64;
    let mut learner = Learner::new(recipe.clone(), Device::Cpu).unwrap();
    for segment in 0..3 {
        take(segment).for_each(|moment| learner.push(moment).unwrap());
        let status = learner.status();
        assert_eq!(status.moments_held_out, held_out);
        assert_eq!(status.moments_held, trained * u64::from(segment + 1));
    }
}

#[test]
fn it_waits_for_enough_moments_and_for_valid_pairs() {
    let mut learner = Learner::new(recipe(), Device::Cpu).unwrap();
    assert!(!learner.ready());
    assert!(learner.status().state.starts_with("waiting for moments: 0 of 8"));
    // One instant of each of eight loops: no two of a segment.
    (0..8).for_each(|segment| learner.push(moment(0, segment)).unwrap());
    assert!(learner.ready());
    assert_eq!(learner.step().unwrap(), None);
    assert!(learner.status().state.contains("no pair"));
    assert_eq!(learner.evaluate().unwrap().sync_accuracy, None);
    learner.push(moment(10, 0)).unwrap();
    assert!(learner.step().unwrap().is_some());
    assert_eq!(learner.status().state, "learning");
}

#[test]
fn a_seed_fixes_the_run() {
    let run = |seed| losses(&mut learner(&PretrainRecipe { seed, ..recipe() }), 3);
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn a_resumed_run_goes_on_as_if_nothing_had_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut first = learner(&recipe());
    let begun = losses(&mut first, 4);
    let version = first.save(&path).unwrap();

    let mut second = Learner::resume(recipe(), Device::Cpu, &path).unwrap();
    let status = second.status();
    assert_eq!((status.steps, status.resumed_from_step, status.loss_first), (4, Some(4), Some(begun[0])));
    take(0).for_each(|moment| second.push(moment).unwrap());
    assert_eq!(second.save(&folder.path().join("again.safetensors")).unwrap(), version);
    let (on, resumed) = (losses(&mut first, 3), losses(&mut second, 3));
    for (a, b) in on.iter().zip(&resumed) {
        assert!((a - b).abs() < 1e-5, "{on:?} against {resumed:?}");
    }
}

#[test]
fn a_checkpoint_of_another_network_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut first = learner(&recipe());
    losses(&mut first, 1);
    first.save(&path).unwrap();
    let refused = |recipe: PretrainRecipe, expect: &str| {
        let error = Learner::resume(recipe, Device::Cpu, &path).err().unwrap().to_string();
        assert!(error.contains("learner.safetensors") && error.contains(expect), "{error}");
    };
    refused(PretrainRecipe { width: 16, ..recipe() }, "shape");
    refused(PretrainRecipe { fusion: Fusion::Add, ..recipe() }, "fusion");

    let mut second = Learner::resume(recipe(), Device::Cpu, &path).unwrap();
    let mut foreign = moment(0, 0);
    foreign.preprocessing += 1;
    assert!(matches!(second.push(foreign), Err(LearnError::Preprocessing { .. })));

    std::fs::write(&path, b"torn").unwrap();
    refused(recipe(), "");
}

#[test]
fn a_crop_of_another_size_is_refused() {
    let mut learner = Learner::new(PretrainRecipe { crop_px: 64, ..recipe() }, Device::Cpu).unwrap();
    let error = learner.push(moment(0, 0)).unwrap_err();
    assert!(matches!(error, LearnError::CropSize { got: 32, wanted: 64 }), "{error}");
}

#[test]
fn a_loss_that_is_no_number_stops_before_the_weights() {
    let mut learner = learner(&recipe());
    losses(&mut learner, 1);
    let parameters = learner.net().trainable();
    let (_, bias) = parameters.iter().find(|(name, _)| name == "sync_head.bias").unwrap();
    let _ = tch::no_grad(|| bias.shallow_clone().fill_(f64::NAN));
    let weight = |learner: &Learner| learner.net().trainable()[0].1.abs().sum(tch::Kind::Double).double_value(&[]);
    let before = weight(&learner);
    assert!(matches!(learner.step(), Err(LearnError::Diverged { step: 1, .. })));
    assert_eq!(weight(&learner), before);
}

/// A weight that is no number spoils all that follow.
fn poison(learner: &Learner) {
    tch::no_grad(|| {
        let _ = learner.net().trainable()[0].1.shallow_clone().fill_(f64::NAN);
    });
}

#[test]
fn a_network_that_diverged_goes_back_to_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut learner = learner(&recipe());
    let before = losses(&mut learner, 30);
    learner.save(&path).unwrap();
    let kept = std::fs::read(&path).unwrap();
    poison(&learner);
    assert!(matches!(learner.step(), Err(LearnError::Diverged { step: 30, .. })));
    // Nor is it written over the last one that was good.
    assert!(matches!(learner.save(&path), Err(LearnError::Diverged { .. })));
    assert!(std::fs::read(&path).unwrap() == kept);

    learner.roll_back(&path).unwrap();
    let after = losses(&mut learner, 10);
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&after) < mean(&before[..5]), "it goes on from what it had learned: {before:?} {after:?}");
    let status = learner.status();
    assert_eq!((status.steps, status.rolled_back), (41, 1));
    assert_eq!(status.moments_held, self::learner(&recipe()).status().moments_held, "moments are kept");
}

#[test]
fn a_checkpoint_that_diverged_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut learner = learner(&recipe());
    steps(&mut learner, 2);
    learner.save(&path).unwrap();
    // As an earlier version could write it: one weight's bytes are those of NaN.
    let mut bytes = std::fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize + 8;
    bytes[header..].chunks_exact_mut(4).for_each(|value| value.copy_from_slice(&f32::NAN.to_le_bytes()));
    std::fs::write(&path, bytes).unwrap();
    let error = Learner::resume(recipe(), Device::Cpu, &path).err().unwrap().to_string();
    assert!(error.contains("no numbers") && error.contains("move it away"), "{error}");
}
