//! The variants of SYNC that its Table 1 compares: what they draw, and that each trains to its end.

use std::collections::BTreeSet;
use std::path::Path;

use learn::data::rendered::{Dataset, PictureId};
use learn::objectives::TakesDraw;
use learn::runs::{NextDraw, PoseTraining};
use recipe::TrainRecipe;

use crate::data::load;
use crate::studio::session;

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
data = { store-px = 56 }
augment = { backgrounds = 64 }
[sync]
samples = 64
takes = 2
times = 4
[transfer]
samples = 64
batch = 32
"#;

fn dataset() -> (tempfile::TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    session(folder.path());
    let dataset = load(folder.path());
    (folder, dataset)
}

fn recipe(overrides: &[&str]) -> TrainRecipe {
    let overrides: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
    TrainRecipe::parse(RECIPE, Path::new("test.toml"), &overrides).unwrap()
}

/// The draws of pretraining.
fn draws(dataset: &Dataset, overrides: &[&str]) -> Vec<TakesDraw> {
    let (recipe, folder) = (recipe(overrides), tempfile::tempdir().unwrap());
    let mut trainer = PoseTraining::new(&recipe, dataset, folder.path(), None).unwrap();
    let mut draws = Vec::new();
    while let NextDraw::Sync(draw) = trainer.next_draw().unwrap() {
        assert_eq!(draw.pairs.images.len(), draw.rows.len());
        draws.push(draw);
        trainer.step().unwrap();
    }
    draws
}

/// The pictures of each pair, with its label: those of sync, and those of flip.
fn pairs(dataset: &Dataset, draw: &TakesDraw) -> [Vec<(PictureId, PictureId, bool)>; 2] {
    let picture = |image: u32| dataset.pictures()[draw.rows[image as usize] as usize];
    [&draw.pairs.sync, &draw.pairs.flip]
        .map(|pairs| pairs.iter().map(|pair| (picture(pair.a), picture(pair.b), pair.positive)).collect())
}

#[test]
fn tuples_are_four_pictures_of_several_cameras() {
    let (_folder, dataset) = dataset();
    let draws = draws(&dataset, &["sync.form=tuple"]);
    // 2 takes × 4 tuples × 4 pictures.
    assert_eq!(draws.len(), 2);
    for draw in &draws {
        assert_eq!(draw.rows.len(), 32);
        let [sync, flip] = pairs(&dataset, draw);
        assert_eq!((sync.len(), flip.len()), (16, 16));
        for (a, b, positive) in sync {
            assert!(a.take == b.take && a.view != b.view && (a.instant == b.instant) == positive, "{a:?} {b:?}");
        }
        assert!(flip.iter().all(|(a, b, _)| a.instant == b.instant && a.view != b.view));
        let weight: f32 = draw.pairs.sync.iter().map(|pair| pair.weight).sum();
        assert!((weight - 2.0).abs() < 1e-5, "each class weighs 1: {weight}");
    }
}

#[test]
fn single_view_pairs_are_of_one_camera() {
    let (_folder, dataset) = dataset();
    for form in ["sync.form=tuple", "sync.form=all-pairs"] {
        let draws = draws(&dataset, &[form, "sync.views=single", "sync.samples=640"]);
        let mut cameras = BTreeSet::new();
        for draw in &draws {
            for (a, b, positive) in pairs(&dataset, draw)[0].iter().copied() {
                assert!((a.take, a.view) == (b.take, b.view) && (a.instant == b.instant) == positive, "{a:?} {b:?}");
                cameras.insert(a.view);
            }
            for (a, b, _) in pairs(&dataset, draw)[1].iter() {
                assert_eq!(a, b);
            }
            // Two looks at a picture are two images, which are cropped apart.
            assert!(draw.pairs.sync.iter().chain(&draw.pairs.flip).all(|pair| pair.a != pair.b));
        }
        assert_eq!(cameras.len(), 3, "{form}");
    }
}

#[test]
fn instants_without_motion_are_never_drawn() {
    let (_folder, dataset) = dataset();
    let drawn = |motion: &str| -> usize {
        let draws = draws(&dataset, &["sync.samples=19200", "sync.times=8", motion]);
        let rows = draws.iter().flat_map(|draw| &draw.rows).map(|&row| dataset.pictures()[row as usize]);
        rows.map(|PictureId { take, instant, .. }| (take, instant)).collect::<BTreeSet<_>>().len()
    };
    // 6 training takes of 24 instants.
    assert_eq!(drawn("sync.motion={ filter = \"none\" }"), 144);
    assert_eq!(drawn("sync.motion={ filter = \"mask-difference\" }"), 108);
    assert_eq!(drawn("sync.motion={ filter = \"every-fourth\" }"), 108);
}

#[test]
fn every_variant_trains_to_its_end() {
    let (_folder, dataset) = dataset();
    for words in [
        &["sync.form=tuple", "sync.fusion=diff", "transfer.train=three-blocks"][..],
        &["sync.fusion=concat", "sync.heads=flip", "sync.decay-reading=tensor-flow", "transfer.train=last-stage"],
        &[
            "sync.loss=both",
            "sync.negatives={ least-change = 0.05, full-from-ms = 400.0, narrowing = 0.5, first-gap.ms = { min = 400.0, max = 2560.0 } }",
        ],
        &["sync.loss=matching", "sync.fusion=diff", "sync.heads=sync"],
        &["sync.fusion=add", "sync.background=kept", "transfer.background=kept"],
        &["sync.views=single", "sync.heads=sync", "sync.background=mixed", "transfer.decay-reading=tensor-flow"],
    ] {
        let (recipe, folder) = (recipe(words), tempfile::tempdir().unwrap());
        let mut trainer = PoseTraining::new(&recipe, &dataset, folder.path(), None).unwrap();
        while !trainer.done() {
            trainer.step().unwrap();
        }
        let accuracy = trainer.sync_accuracy().unwrap();
        assert!(accuracy.held_out.is_some() && accuracy.trained.is_some(), "{words:?}");
        let kept = words.contains(&"transfer.background=kept");
        let spec = trainer.model().unwrap().unwrap().spec().clone();
        assert_eq!(spec.background == model::Background::Kept, kept, "{words:?}");
    }
}
