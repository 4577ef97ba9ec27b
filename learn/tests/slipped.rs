//! A network that learns while a camera is slipped takes the slip for the truth, unless the views are put right first.

#[path = "common/mod.rs"]
mod common;

use common::{LENGTH, SIZE, moment, recipe};
use learn::data::Correction;
use learn::runs::Learner;
use model::{Background, Mode, PictureBatch, SyncNet};
use recipe::PretrainRecipe;
use tch::{Device, Kind, Tensor};
use transport::Moment;

/// The camera that slipped, and by how many frames its pictures are exposed later.
const CAMERA: usize = 2;
const LATE: i32 = 6;
const STEPS: u64 = 300;
const REACH: i32 = 10;

/// The moments as a rig of two cameras gives them of which one slipped. (Of more, those that are right hold a network that
/// cannot tell the cameras apart to the truth.)
fn slipped() -> Vec<Moment> {
    let shown = |index: u32| moment((index as i32 + LATE) as u32 % LENGTH, 0).views[CAMERA].clone();
    (0..LENGTH - LATE as u32)
        .map(|index| {
            let mut moment = moment(index, 0);
            moment.views[CAMERA] = shown(index);
            moment.views.retain(|view| [0, CAMERA].contains(&view.camera.index()));
            moment
        })
        .collect()
}

fn trained(corrections: Vec<Correction>) -> Learner {
    let recipe = PretrainRecipe { background: Background::Kept, ..recipe() };
    let mut learner = Learner::new(recipe, Device::Cpu).unwrap();
    learner.correct(corrections, None);
    slipped().into_iter().for_each(|moment| learner.push(moment).unwrap());
    for _ in 0..STEPS {
        learner.step().unwrap().unwrap();
    }
    // This recomputes the statistics of BatchNorm.
    learner.evaluate().unwrap();
    learner
}

fn features(net: &SyncNet, camera: usize) -> Tensor {
    let mut batch = PictureBatch::new(SIZE.into());
    for index in 0..LENGTH {
        let sample = &moment(index, 0).views[camera].samples[0];
        batch.push(&sample.rgb, &sample.mask, false).unwrap();
    }
    let input = batch.to_input(Device::Cpu, Kind::Float, Background::Kept).unwrap();
    tch::no_grad(|| net.features(&input, Mode::Eval)).unwrap()
}

/// The shift at which pictures of the camera that slipped fit best to those of the first one, in pictures that are in step.
fn peak(net: &SyncNet) -> i32 {
    let scores = tch::no_grad(|| net.sync_logits(&features(net, 0), &features(net, CAMERA))).unwrap();
    let scores: Vec<f32> = Vec::try_from(scores.reshape([-1])).unwrap();
    let mean = |shift: i32| -> f32 {
        // One fixed set of instants.
        (REACH..LENGTH as i32 - REACH).map(|at| scores[(at * LENGTH as i32 + at + shift) as usize]).sum()
    };
    (-REACH..=REACH).max_by(|&a, &b| mean(a).total_cmp(&mean(b))).unwrap()
}

#[test]
fn a_slip_is_learned_as_the_truth() {
    let learner = trained(vec![]);
    let peak = peak(learner.net());
    assert!((peak - LATE).abs() <= 2, "the peak is at {peak}");
}

#[test]
fn a_slip_that_is_put_right_is_not_learned() {
    let mut corrections = vec![Correction::None; CAMERA];
    corrections.push(Correction::Late(LATE));
    let peak = peak(trained(corrections).net());
    assert!(peak.abs() <= 2, "the peak is at {peak}");
}

#[test]
fn moments_from_after_a_slip_are_dropped() {
    let mut learner = Learner::new(recipe(), Device::Cpu).unwrap();
    slipped().into_iter().for_each(|moment| learner.push(moment).unwrap());
    let held = learner.status().moments_held + learner.status().moments_held_out;
    learner.correct(vec![Correction::LeaveOut], Some(moment(40, 0).exposure.ns));
    let left = learner.status().moments_held + learner.status().moments_held_out;
    assert!(left < held && left > 25, "{left} of {held}");
}
