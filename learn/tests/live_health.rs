//! A network that learned from cameras in step watches over a stream.

#[path = "common/mod.rs"]
mod common;

use common::{LENGTH, SIZE, moment, recipe, take};
use frame::{SegmentId, TriggerIndex};
use frame_sync::health::SyncState;
use learn::LearnError;
use learn::health::{LiveHealth, Witness};
use learn::runs::Learner;
use model::{Background, checkpoint};
use recipe::PretrainRecipe;
use tch::Device;
use transport::{CameraSync, Moment};

const CAMERA: usize = 2;

fn witness() -> Witness {
    let folder = tempfile::tempdir().unwrap();
    let recipe = PretrainRecipe { background: Background::Kept, ..recipe() };
    let mut learner = Learner::new(recipe, Device::Cpu).unwrap();
    take(0).for_each(|moment| learner.push(moment).unwrap());
    for _ in 0..300 {
        learner.step().unwrap().unwrap();
    }
    let file = folder.path().join("learner.safetensors");
    learner.save(&file).unwrap();
    Witness::of_net(checkpoint::open(&file, Device::Cpu).unwrap().0, SIZE, Background::Kept)
}

/// The moment of a pulse, with a camera that shows what happened so many frames later.
fn at(pulse: u64, late: u64) -> Moment {
    let shown = |pulse: u64| moment((pulse % u64::from(LENGTH)) as u32, 0);
    let mut moment = shown(pulse);
    moment.trigger = TriggerIndex::Certain(pulse);
    moment.exposure.ns = pulse as i64 * 40_000_000;
    moment.views[CAMERA] = shown(pulse + late).views[CAMERA].clone();
    moment
}

/// Plays moments and returns the pulses at which cameras changed their states.
fn play(health: &mut LiveHealth, pulses: std::ops::Range<u64>, late: u64) -> Vec<(u64, Vec<usize>)> {
    let mut changes = Vec::new();
    for pulse in pulses {
        health.push(&at(pulse, late)).unwrap();
        if health.is_due() {
            let changed = health.score().unwrap();
            changes.extend((!changed.is_empty()).then_some((pulse, changed)));
        }
    }
    changes
}

#[test]
fn a_camera_that_slips_is_found_and_a_seam_forgets_it() {
    let mut health = LiveHealth::new(witness(), 4);
    play(&mut health, 0..600, 0);
    assert!(health.cameras().iter().all(|camera| camera.state == SyncState::Well), "{:?}", health.cameras());

    let changes = play(&mut health, 600..1500, 4);
    let (found, cameras) = changes.first().expect("it is found");
    assert_eq!(*cameras, [CAMERA]);
    assert!(*found < 1200, "after {} instants", found - 600);
    let camera = health.status().cameras[CAMERA];
    assert_eq!(camera.state, CameraSync::Slipped);
    assert!((camera.shift_frames.unwrap() - 4.0).abs() < 0.5, "{camera:?}");

    let mut after = at(1500, 0);
    after.segment = SegmentId::seam(1);
    health.push(&after).unwrap();
    assert!(health.cameras().iter().all(|camera| camera.state == SyncState::Unknown));
}

#[test]
fn what_cannot_be_scored_is_told() {
    let mut health = LiveHealth::new(witness(), 4);
    let mut moment = at(7, 0);
    moment.trigger = TriggerIndex::Unresolved;
    health.push(&moment).unwrap();
    assert!(!health.is_due() && health.status().state.contains("pulse numbers"), "{:?}", health.status());
    // A hole parts the instants.
    let pulses = (0..40).chain(41..80);
    pulses.for_each(|pulse| health.push(&at(pulse, 0)).unwrap());
    assert!(!health.is_due());

    let mut other = LiveHealth::new(Witness::of_net(checkpointed(), SIZE + 32, Background::Kept), 4);
    assert!(matches!(other.push(&at(0, 0)), Err(LearnError::CropSize { got: SIZE, .. })));
}

fn checkpointed() -> model::SyncNet {
    let net = learn::NetRecipe::net(&recipe());
    model::SyncNet::new(&net, Device::Cpu, tch::Kind::Float).unwrap()
}
