//! What has to hold on real footage, 100 steps at 32² (64² say the same, and take four times as long): the network learns
//! which views belong together, and nothing else gives it away.

#[path = "common/footage.rs"]
mod footage;

use std::path::Path;
use std::sync::LazyLock;

use footage::load_instants;
use learn::chance::AdditiveFusion;
use learn::runs::Learner;
use learn::{NetRecipe, chance};
use model::{Background, Precision};
use recipe::{PrecisionChoice, PretrainRecipe};
use tch::Device;
use transport::Moment;

type Footage = (Vec<Moment>, PretrainRecipe);

const CROP_PX: u16 = 32;
const STEPS: u64 = 100;
/// Pairs for each figure; their AUC has a standard error of about 0.008 at chance.
const PAIRS: usize = 5000;
const CHANCE: std::ops::RangeInclusive<f64> = 0.47..=0.53;

/// The demo's recipe with every instant trained on, in the precision that is the faster here.
fn recipe() -> PretrainRecipe {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes/demo-cpu.toml");
    let mut recipe = PretrainRecipe::load(&path).unwrap();
    recipe.hold_out.block = 0;
    recipe.crop_px = CROP_PX;
    recipe.precision = match recipe.choose_precision(Device::Cpu).unwrap() {
        Precision::F32 => PrecisionChoice::F32,
        Precision::Bf16 => PrecisionChoice::Bf16,
    };
    recipe
}

fn footage() -> Option<&'static Footage> {
    static FOOTAGE: LazyLock<Option<Footage>> = LazyLock::new(|| {
        // The tests run beside each other: more threads for each would be slower.
        tch::set_num_threads(1);
        let instants = load_instants(CROP_PX)?;
        assert!(instants.len() >= 90, "only {} instants", instants.len());
        Some((instants, recipe()))
    });
    if FOOTAGE.is_none() {
        println!("skipped: no real footage");
    }
    FOOTAGE.as_ref()
}

/// One test for each seed, so that they run beside each other.
fn synchrony_of_trained_instants_is_learned_from(seed: u64) {
    let Some((instants, recipe)) = footage() else { return };
    let mut learner = Learner::new(PretrainRecipe { seed, ..recipe.clone() }, Device::Cpu).unwrap();
    instants.iter().for_each(|moment| learner.push(moment.clone()).unwrap());
    for _ in 0..STEPS {
        learner.step().unwrap().unwrap();
    }
    let (sync, flip) = learner.score_trained(4000).unwrap().accuracies();
    println!("seed {seed}: sync accuracy {:.3}, flip accuracy {:.3}", sync.unwrap(), flip.unwrap());
    assert!(sync.unwrap() > 0.85, "seed {seed}: sync accuracy {sync:?}");
}

#[test]
fn synchrony_of_trained_instants_is_learned_from_seed_0() {
    synchrony_of_trained_instants_is_learned_from(0);
}

#[test]
fn synchrony_of_trained_instants_is_learned_from_seed_1() {
    synchrony_of_trained_instants_is_learned_from(1);
}

#[test]
fn synchrony_of_trained_instants_is_learned_from_seed_2() {
    synchrony_of_trained_instants_is_learned_from(2);
}

fn sums_over_single_images_stay_at_chance(fusion: AdditiveFusion) {
    let Some((instants, recipe)) = footage() else { return };
    let additive = chance::additive_heads(instants, recipe, fusion, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("{fusion:?}: {additive:?}");
    assert!(additive.scores >= 4000);
    assert!(CHANCE.contains(&additive.sync_auc.unwrap()), "{additive:?}");
    assert!(CHANCE.contains(&additive.flip_auc.unwrap()), "{additive:?}");
}

#[test]
fn sums_stay_at_chance() {
    sums_over_single_images_stay_at_chance(AdditiveFusion::Add);
}

#[test]
fn features_side_by_side_stay_at_chance() {
    sums_over_single_images_stay_at_chance(AdditiveFusion::Concat);
}

#[test]
fn one_image_of_a_pair_stays_at_chance() {
    let Some((instants, recipe)) = footage() else { return };
    let one = chance::one_image(instants, recipe, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("one image: {one:?}");
    assert!(one.scores >= 4000);
    assert!(CHANCE.contains(&one.sync_auc.unwrap()), "{one:?}");
    assert!(CHANCE.contains(&one.flip_auc.unwrap()), "{one:?}");
}

#[test]
fn removed_backgrounds_say_nothing() {
    let Some((instants, recipe)) = footage() else { return };
    let residue = residue(&chance::without_subject(instants));
    println!("of what surrounds the subjects, the removal of backgrounds leaves {:.2} %", 100.0 * residue);
    assert!(residue > 1e-4, "next to nothing is left that could say anything");
    let removed = chance::background_alone(instants, recipe, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("removed backgrounds: {removed:?}");
    assert!(removed.scores >= 4000);
    assert!(CHANCE.contains(&removed.sync_auc.unwrap()), "{removed:?}");
    assert!(CHANCE.contains(&removed.flip_auc.unwrap()), "{removed:?}");
}

/// A mirrored room is seen as such, and which part of it surrounds the subject tells the time.
#[test]
fn backgrounds_that_are_not_removed_give_both_answers_away() {
    let Some((instants, recipe)) = footage() else { return };
    let raw = PretrainRecipe { background: Background::Only, ..recipe.clone() };
    let only = chance::background_alone(instants, &raw, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("backgrounds alone: {only:?}");
    assert!(only.flip_auc.unwrap() > 0.9 && only.sync_auc.unwrap() > 0.7, "{only:?}");
}

/// Share of the pixels of a mask, of those that the subject's box cannot reach.
fn residue(surroundings: &[Moment]) -> f64 {
    let samples = || surroundings.iter().flat_map(|moment| &moment.views).flat_map(|view| &view.samples);
    let left = samples().flat_map(|sample| &*sample.mask).filter(|&&value| value > 0).count();
    // A border of five pixels around 64, of two around 32.
    let (side, border) = (usize::from(CROP_PX), usize::from(CROP_PX) * 5 / 64);
    let all = samples().count() * (side.pow(2) - (side - 2 * border).pow(2));
    left as f64 / all as f64
}

#[test]
fn without_the_common_flip_one_image_gives_the_answer_away() {
    let Some((instants, recipe)) = footage() else { return };
    let leaking = PretrainRecipe { common_flip: false, ..recipe.clone() };
    let one = chance::one_image(instants, &leaking, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("one image, no common flip: {one:?}");
    assert!(one.flip_auc.unwrap() > 0.60, "{one:?}");
}

/// Subjects that move are elsewhere at another time, and larger or smaller. What a sensor's noise shows of that is
/// averaged away in crops.
#[test]
fn resampled_sensor_noise_says_nothing() {
    let Some((instants, recipe)) = footage() else { return };
    let noise = chance::resampling_alone(instants, recipe, 127, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("resampled noise: {noise:?}");
    assert!(noise.scores >= 4000);
    assert!(CHANCE.contains(&noise.sync_auc.unwrap()), "{noise:?}");
}

#[test]
fn the_boxes_themselves_give_the_time_away() {
    let Some((instants, recipe)) = footage() else { return };
    let boxes = chance::boxes_alone(instants, recipe, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("boxes alone: {boxes:?}");
    assert!(boxes.sync_auc.unwrap() > 0.6, "{boxes:?}");
}
