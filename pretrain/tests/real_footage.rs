//! What has to hold on real footage, 100 steps at 64²: the network learns which views belong together, and nothing
//! else gives it away.

#[path = "common/footage.rs"]
mod footage;

use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use footage::load_instants;
use model::Precision;
use pretrain::{Learner, PrecisionChoice, Recipe, chance};
use tch::Device;
use transport::Moment;

type Footage = (Vec<Moment>, Recipe);

const STEPS: u64 = 100;
/// Pairs for each figure; their AUC has a standard error of about 0.006 at chance.
const PAIRS: usize = 8000;
const CHANCE: std::ops::RangeInclusive<f64> = 0.47..=0.53;

/// The demo's recipe with every instant trained on, in the precision that is the faster here.
fn recipe() -> Recipe {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes/demo-cpu.toml");
    let mut recipe = Recipe::load(&path).unwrap();
    recipe.hold_out.block = 0;
    recipe.precision = match recipe.choose_precision(Device::Cpu).unwrap() {
        Precision::F32 => PrecisionChoice::F32,
        Precision::Bf16 => PrecisionChoice::Bf16,
    };
    recipe
}

/// The footage for one test at a time: each uses all cores.
fn footage() -> Option<MutexGuard<'static, Footage>> {
    static FOOTAGE: LazyLock<Option<Mutex<Footage>>> = LazyLock::new(|| {
        let instants = load_instants(64)?;
        assert!(instants.len() >= 90, "only {} instants", instants.len());
        Some(Mutex::new((instants, recipe())))
    });
    let footage = FOOTAGE.as_ref();
    if footage.is_none() {
        println!("skipped: no real footage");
    }
    // A test that failed has not changed it.
    footage.map(|footage| footage.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn synchrony_of_trained_instants_is_learned_from_every_seed() {
    let Some(footage) = footage() else { return };
    let (instants, recipe) = &*footage;
    for seed in 0..3 {
        let mut learner = Learner::new(Recipe { seed, ..recipe.clone() }, Device::Cpu).unwrap();
        instants.iter().for_each(|moment| learner.push(moment.clone()).unwrap());
        for _ in 0..STEPS {
            learner.step().unwrap().unwrap();
        }
        let (sync, flip) = learner.score_trained(4000).unwrap().accuracies();
        println!("seed {seed}: sync accuracy {:.3}, flip accuracy {:.3}", sync.unwrap(), flip.unwrap());
        assert!(sync.unwrap() > 0.85, "seed {seed}: sync accuracy {sync:?}");
    }
}

#[test]
fn sums_over_single_images_stay_at_chance() {
    let Some(footage) = footage() else { return };
    let (instants, recipe) = &*footage;
    let additive = chance::additive_heads(instants, recipe, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("additive heads: {additive:?}");
    assert!(additive.scores >= 4000);
    assert!(CHANCE.contains(&additive.sync_auc.unwrap()), "{additive:?}");
    assert!(CHANCE.contains(&additive.flip_auc.unwrap()), "{additive:?}");
}

#[test]
fn one_image_of_a_pair_stays_at_chance() {
    let Some(footage) = footage() else { return };
    let (instants, recipe) = &*footage;
    let one = chance::one_image(instants, recipe, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("one image: {one:?}");
    assert!(one.scores >= 4000);
    assert!(CHANCE.contains(&one.sync_auc.unwrap()), "{one:?}");
    assert!(CHANCE.contains(&one.flip_auc.unwrap()), "{one:?}");
}

#[test]
fn without_the_common_flip_one_image_gives_the_answer_away() {
    let Some(footage) = footage() else { return };
    let (instants, recipe) = &*footage;
    let leaking = Recipe { common_flip: false, ..recipe.clone() };
    let one = chance::one_image(instants, &leaking, Device::Cpu, STEPS, PAIRS).unwrap();
    println!("one image, no common flip: {one:?}");
    assert!(one.flip_auc.unwrap() > 0.60, "{one:?}");
}
