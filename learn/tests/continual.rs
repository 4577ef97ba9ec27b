//! Learning from a stream that goes on: what is kept, at what pace it learns, which copy others get, and streams that
//! nothing can be learned from.

mod common;

use common::{LENGTH, moment, recipe, take};
use learn::LearnError;
use learn::runs::Learner;
use model::checkpoint;
use recipe::{Keep, Normalisation, Pace, PretrainRecipe, Served};
use tch::Device;
use transport::Moment;

/// All that a learner can do at once.
fn whole() -> PretrainRecipe {
    let mut recipe = recipe();
    recipe.buffer.keep = Keep::LeastRedundant;
    recipe.buffer.places = 2;
    recipe.buffer.moments = 60;
    recipe.buffer.steps = Pace::PerMoment(0.25);
    recipe.served = Served::Average { decay: 0.9, gap_ms: 320.0 };
    recipe.evaluation.every_steps = 6;
    recipe
}

fn new(recipe: &PretrainRecipe) -> Learner {
    Learner::new(recipe.clone(), Device::Cpu).unwrap()
}

/// Pushes moments, makes the steps that are due and measures when the recipe says so; the losses.
fn learn(learner: &mut Learner, moments: impl Iterator<Item = Moment>) -> Vec<f64> {
    let mut losses = Vec::new();
    for moment in moments {
        learner.push(moment).unwrap();
        while learner.ready() && learner.is_due() {
            let Some(step) = learner.step().unwrap() else { break };
            losses.push(step.loss);
            if learner.steps().is_multiple_of(learner.recipe().evaluation.every_steps) {
                learner.evaluate().unwrap();
            }
        }
    }
    losses
}

fn segments(range: std::ops::Range<u32>) -> impl Iterator<Item = Moment> {
    range.flat_map(take)
}

#[test]
fn a_pace_makes_so_many_steps_for_each_moment_that_is_kept() {
    let mut learner = new(&whole());
    let losses = learn(&mut learner, segments(0..4));
    // The first eight of the 240 training moments only fill the buffer; what they asked for is made up for.
    let trained = 240.0;
    assert!((losses.len() as f64 - 0.25 * trained).abs() <= 1.0, "{}", losses.len());
    assert!(learner.status().anchors_held > 5 && learner.status().moments_held <= 60);
    assert!(!learner.is_due());
}

#[test]
fn a_batch_from_several_places_teaches_as_one_from_all_does() {
    for keep in [Keep::Newest, Keep::LeastRedundant] {
        let mut recipe = recipe();
        (recipe.buffer.keep, recipe.buffer.places) = (keep, 2);
        let mut learner = new(&recipe);
        segments(0..2).for_each(|moment| learner.push(moment).unwrap());
        assert!((0..200).all(|_| learner.step().unwrap().is_some()));
        let evaluation = learner.evaluate().unwrap();
        assert!(evaluation.sync_accuracy.unwrap() > 0.75, "{keep:?}: {evaluation:?}");
        assert!(evaluation.flip_accuracy.unwrap() > 0.75, "{keep:?}: {evaluation:?}");
    }
}

#[test]
fn half_the_steps_a_checkpoint_and_the_other_half_are_as_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (checkpoint, buffer) = (folder.path().join("learner.safetensors"), folder.path().join("learner.moments"));
    let rig = ["left".to_owned(), "right".to_owned()];
    for normalisation in [Normalisation::Batch, Normalisation::Running] {
        let mut recipe = PretrainRecipe { normalisation, ..whole() };
        // Of two moments in a row the second is left out.
        recipe.buffer.least_motion = 0.4;
        let mut straight = new(&recipe);
        straight.begin_session("s");
        let all = learn(&mut straight, segments(0..6));

        let mut half = new(&recipe);
        half.begin_session("s");
        let mut losses = learn(&mut half, segments(0..3));
        half.save(&checkpoint).unwrap();
        half.save_buffer(&buffer, &rig).unwrap();
        drop(half);
        let mut other = Learner::resume(recipe, Device::Cpu, &checkpoint).unwrap();
        other.take_up_buffer(&buffer, &rig).unwrap();
        other.begin_session("s");
        losses.extend(learn(&mut other, segments(3..6)));
        assert_eq!(losses, all);
        let (ours, theirs) = (straight.status(), other.status());
        assert_eq!(ours.served_at_step, theirs.served_at_step);
        assert_eq!(ours.served_sync_accuracy, theirs.served_sync_accuracy);
        assert_eq!(ours.moments_still, theirs.moments_still);
        assert!(all.len() > 30 && ours.moments_still > 100, "{} steps, {ours:?}", all.len());
    }
}

#[test]
fn others_get_the_average_and_keep_it_where_a_newer_one_is_worse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut learner = new(&PretrainRecipe { served: whole().served, ..recipe() });
    take(0).for_each(|moment| learner.push(moment).unwrap());
    assert!((0..150).all(|_| learner.step().unwrap().is_some()));
    learner.evaluate().unwrap();
    let before = learner.status();
    assert!(before.served_sync_accuracy.unwrap() > 0.6, "{before:?}");
    let version = learner.save(&path).unwrap();
    let (others, _) = checkpoint::open(&path, Device::Cpu).unwrap();
    assert_eq!(others.encoder_version("0000000000000007").unwrap(), version);
    assert_ne!(learner.net().encoder_version("0000000000000007").unwrap(), version, "the trained one is another");

    // An average that became useless.
    let random = new(&recipe());
    learner.average().unwrap().take_values(random.net()).unwrap();
    learner.evaluate().unwrap();
    let after = learner.status();
    assert_eq!(after.served_at_step, before.served_at_step);
    assert_eq!(learner.save(&path).unwrap(), version, "others still get the copy that was good");
    // The next run knows since when.
    let resumed = Learner::resume(learner.recipe().clone(), Device::Cpu, &path).unwrap();
    assert_eq!(resumed.status().served_at_step, before.served_at_step);
    // A recipe that serves the trained network goes on from the same file, and back.
    let plain = Learner::resume(recipe(), Device::Cpu, &path).unwrap();
    assert_eq!((plain.steps(), plain.average().is_some()), (150, false));
}

#[test]
fn a_checkpoint_without_copies_begins_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.safetensors");
    let mut plain = new(&recipe());
    take(0).for_each(|moment| plain.push(moment).unwrap());
    assert!((0..5).all(|_| plain.step().unwrap().is_some()));
    let version = plain.save(&path).unwrap();
    let mut learner = Learner::resume(whole(), Device::Cpu, &path).unwrap();
    let preprocessing = "0000000000000007";
    assert_eq!(learner.served().encoder_version(preprocessing).unwrap(), version);
    learn(&mut learner, take(0));
    assert!(learner.steps() > 5);
}

/// What a learner says after two takes that were changed so that nothing can be learned from them: its state, and how
/// many moments it left out, since nobody moved and since they cannot be used.
fn state_after(change: impl Fn(&mut Moment)) -> (String, u64, u64) {
    let mut recipe = whole();
    recipe.buffer.least_motion = 0.05;
    let mut learner = new(&recipe);
    let changed = |mut moment: Moment| {
        change(&mut moment);
        moment
    };
    learn(&mut learner, segments(0..2).map(changed));
    let status = learner.status();
    assert_eq!(learner.steps(), 0);
    assert!(status.state.starts_with("waiting for moments"), "{}", status.state);
    (status.state, status.moments_still, status.moments_unusable)
}

fn each_sample(moment: &mut Moment, change: impl Fn(&mut subject::Sample)) {
    moment.views.iter_mut().flat_map(|view| &mut view.samples).for_each(change);
}

#[test]
fn a_stream_without_motion_is_not_kept() {
    let still = moment(3, 0);
    let (state, left_out, _) = state_after(|moment| moment.views.clone_from(&still.views));
    assert!(state.contains("nobody who moves"), "{state}");
    // Of 120 training moments the first of each of two segments is kept.
    assert_eq!(left_out, 118);
}

#[test]
fn one_camera_alone_teaches_nothing() {
    let (state, _, unusable) = state_after(|moment| moment.views.truncate(1));
    assert!(state.contains("one camera alone"), "{state}");
    assert_eq!(unusable, 200);
}

#[test]
fn black_cameras_teach_nothing() {
    let black = |moment: &mut Moment| each_sample(moment, |sample| sample.rgb = vec![4; sample.rgb.len()].into());
    let (state, _, unusable) = state_after(black);
    assert!(state.contains("black"), "{state}");
    assert_eq!(unusable, 200);
    let (state, ..) = state_after(|moment| moment.views.clear());
    assert!(state.contains("showed nobody"), "{state}");
}

/// Where the background jumps, all of it is taken for the subject until it is learned anew.
#[test]
fn a_background_that_jumps_is_left_out_and_learning_goes_on_after_it() {
    let flooded = |moment: &mut Moment| each_sample(moment, |sample| sample.mask = vec![255; sample.mask.len()].into());
    let (state, ..) = state_after(flooded);
    assert!(state.contains("background"), "{state}");

    let mut learner = new(&whole());
    let jumps = |index: u32, mut moment: Moment| {
        if (40..80).contains(&index) {
            flooded(&mut moment);
        }
        moment
    };
    let mut before = 0;
    for (index, moment) in (0..).zip(segments(0..2)) {
        before = if index == 80 { learner.steps() } else { before };
        learn(&mut learner, std::iter::once(jumps(index, moment)));
        if index == 79 {
            let state = learner.status().state;
            assert!(state.contains("learning from what it holds") && state.contains("background"), "{state}");
        }
    }
    assert_eq!(learner.status().moments_unusable, 40);
    assert!(learner.steps() > before + 10 && learner.status().state == "learning");
}

#[test]
fn a_buffer_larger_than_the_machines_memory_is_refused() {
    let mut recipe = whole();
    recipe.buffer.bytes = 1 << 60;
    let error = Learner::new(recipe, Device::Cpu).err().unwrap();
    assert!(matches!(error, LearnError::BufferTooLarge { .. }), "{error}");
    assert!(error.to_string().contains("lower it in the recipe"), "{error}");
}

#[test]
fn kept_moments_that_are_cut_short_or_of_another_rig_are_named_and_learning_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("learner.moments");
    let mut learner = new(&whole());
    learn(&mut learner, take(0));
    let rig = ["a".to_owned(), "b".to_owned()];
    learner.save_buffer(&path, &rig).unwrap();
    let bytes = std::fs::read(&path).unwrap();

    let refused = |rig: &[String], recipe: PretrainRecipe, expect: &str| {
        let mut learner = Learner::new(recipe, Device::Cpu).unwrap();
        let error = learner.take_up_buffer(&path, rig).unwrap_err().to_string();
        assert!(error.contains("learner.moments") && error.contains(expect), "{error}");
        assert_eq!(learner.status().moments_held, 0);
        if learner.recipe().crop_px == common::SIZE {
            assert!(!learn(&mut learner, take(0)).is_empty(), "it learns from new moments");
        }
    };
    refused(&["a".to_owned(), "c".to_owned()], whole(), "its cameras are a, b, this rig's are a, c");
    refused(&rig, PretrainRecipe { crop_px: 64, ..whole() }, "its crops have 32 px, the recipe's 64");
    let mut newest = whole();
    newest.buffer.keep = Keep::Newest;
    refused(&rig, newest, "another rule");
    std::fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    refused(&rig, whole(), "cut short");

    std::fs::write(&path, &bytes).unwrap();
    let mut again = new(&whole());
    again.take_up_buffer(&path, &rig).unwrap();
    assert_eq!(again.status().moments_held, learner.status().moments_held);
    assert_eq!(again.status().buffer_bytes, learner.status().buffer_bytes);
}

/// What the process holds in memory does not grow with what has passed through it.
#[test]
fn memory_stays_flat_over_thousands_of_moments() {
    let mut recipe = whole();
    recipe.buffer.steps = Pace::PerMoment(0.01);
    let mut learner = new(&recipe);
    let (resident, bytes) = (|| resident_mb(), |learner: &Learner| learner.status().buffer_bytes);
    learn(&mut learner, segments(0..20));
    let (begun, full) = (resident(), bytes(&learner));
    learn(&mut learner, segments(20..120));
    let ended = resident();
    assert!(bytes(&learner) <= full + full / 10, "{} of {full} bytes", bytes(&learner));
    assert!(ended < begun + 24.0, "from {begun} to {ended} MB in {} moments", 100 * LENGTH);
}

fn resident_mb() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6
}
