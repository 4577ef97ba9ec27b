//! What must stay at chance when pretraining on rendered takes, each beside what must not.

use std::path::Path;

use learn::data::rendered::Dataset;
use learn::runs::PoseTraining;
use recipe::TrainRecipe;

use crate::data::load;
use crate::studio::{empty_rooms, session};

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
data = { store-px = 56 }
augment = { backgrounds = 64 }
[sync]
samples = 14_400
takes = 2
times = 8
learning-rate = 1e-3
[sync.augment]
roll-deg = 0.0
scale = [1.0, 1.0]
shift = 0.0
removed = 1.0
backgrounds = 256
mask-faults = 0.0
photometric = 0.0
bystanders = 0.0
occluders = 0.0
[transfer]
samples = 64
"#;

const CHANCE: std::ops::RangeInclusive<f64> = 0.46..=0.54;

/// Balanced accuracies `[sync, flip]` on the training takes, where a shortcut shows first.
fn accuracies(dataset: &Dataset, overrides: &[&str]) -> [f64; 2] {
    let words: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
    let recipe = TrainRecipe::parse(RECIPE, Path::new("test.toml"), &words).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = PoseTraining::new(&recipe, dataset, folder.path(), None).unwrap();
    while trainer.stage() == "sync" {
        trainer.step().unwrap();
    }
    let found = trainer.sync_accuracy().unwrap().trained.unwrap();
    println!("{overrides:?}: {found:?}");
    found
}

#[test]
fn heads_that_add_stay_at_chance_where_products_learn() {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    for fusion in ["sync.fusion=add", "sync.fusion=concat"] {
        let [sync, flip] = accuracies(&dataset, &[fusion]);
        assert!(CHANCE.contains(&sync) && CHANCE.contains(&flip), "{fusion}: sync {sync:.3}, flip {flip:.3}");
    }
    let [sync, flip] = accuracies(&dataset, &[]);
    assert!(sync > 0.6 && flip > 0.6, "mult: sync {sync:.3}, flip {flip:.3}");
}

#[test]
fn substituted_backgrounds_say_nothing_and_kept_ones_all() {
    let folder = tempfile::tempdir().unwrap();
    empty_rooms(folder.path());
    let dataset = load(folder.path());
    for background in ["sync.background=substituted", "sync.background=mixed"] {
        let [sync, flip] = accuracies(&dataset, &[background]);
        assert!(CHANCE.contains(&sync) && CHANCE.contains(&flip), "{background}: sync {sync:.3}, flip {flip:.3}");
    }
    let [sync, flip] = accuracies(&dataset, &["sync.background=kept"]);
    assert!(sync > 0.6 && flip > 0.8, "kept: sync {sync:.3}, flip {flip:.3}");
}
