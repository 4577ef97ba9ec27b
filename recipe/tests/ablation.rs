//! Recipes of several trainings: the shipped ones, and what is wrong with others.

use std::path::Path;

use recipe::{AblationRecipe, BackgroundPlan, Initial, PairForm, PlannedRow, PoseTarget, Start, Trained};

fn shipped(name: &str) -> Vec<PlannedRow> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes").join(name);
    AblationRecipe::load(&path).unwrap().plan(&path, &[], None).unwrap()
}

fn written(text: &str, overrides: &[&str]) -> Result<Vec<PlannedRow>, String> {
    let path = Path::new("table.toml");
    let overrides: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
    let planned = AblationRecipe::parse(text, path).and_then(|recipe| recipe.plan(path, &overrides, None));
    planned.map_err(|error| error.to_string())
}

const TWO: &str = r#"
title = "two"
reference = "b"
seeds = [3, 5]
[base]
crop-px = 32
[[row]]
name = "b"
what = "random"
paper = { mpjpe = 165.5 }
set = ["transfer.from=random"]
[[row]]
name = "d"
what = "baseline"
"#;

#[test]
fn rows_are_the_base_with_their_own_words() {
    let rows = written(TWO, &["crop-px=48", "transfer.from=sync"]).unwrap();
    assert_eq!(rows.iter().map(|row| row.row.name.as_str()).collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!(rows[0].recipes.iter().map(|recipe| recipe.seed).collect::<Vec<_>>(), [3, 5]);
    assert_eq!((rows[0].recipes[0].crop_px, rows[1].recipes[1].crop_px), (48, 48));
    // What a row sets itself stays.
    assert_eq!((rows[0].recipes[0].transfer.from, rows[1].recipes[0].transfer.from), (Start::Random, Start::Sync));
}

#[test]
fn what_cannot_work_is_named() {
    for (from, to, part) in [
        ("reference = \"b\"", "reference = \"x\"", "reference"),
        ("seeds = [3, 5]", "seeds = [3, 3]", "seeds"),
        ("name = \"d\"", "name = \"b\"", "row.name"),
        ("name = \"d\"", "name = \"d/e\"", "row.name"),
        ("transfer.from=random", "transfer.from=nothing", "row b"),
        ("transfer.from=random", "data.every=2", "row.set"),
        ("transfer.from=random", "transfer.target=2d", "row.set"),
        ("crop-px = 32", "crop = 32", "crop"),
    ] {
        let error = written(&TWO.replace(from, to), &[]).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn the_papers_size_is_its_200_000_steps_of_16_tuples() {
    for name in ["table1.toml", "table2.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes").join(name);
        let recipe = AblationRecipe::load(&path).unwrap();
        let rows = recipe.plan(&path, &recipe.full, None).unwrap();
        let baseline = &rows.iter().find(|row| row.row.name == "d" || row.row.name == "all-r18").unwrap().recipes[0];
        assert_eq!((baseline.crop_px, baseline.sync.form), (224, PairForm::Tuple));
        assert_eq!(baseline.sync.samples, 200_000 * 64);
        assert_eq!(baseline.transfer.samples, 200_000 * baseline.transfer.batch as u64);
        assert!(f32::from(baseline.data.store_px) >= 224.0 * baseline.data.margin);
    }
}

/// The rows of Table 1 differ from the baseline in what the paper says, and in nothing else.
#[test]
fn table_1_is_the_papers() {
    let rows = shipped("table1.toml");
    let of = |name: &str| &rows.iter().find(|row| row.row.name == name).unwrap().recipes[0];
    let baseline = of("d");
    for same in ["g", "k", "m"] {
        assert_eq!(of(same), baseline, "row {same}");
    }
    assert!(baseline.sync.samples > 0 && baseline.transfer.from == Start::Sync);
    assert_eq!((baseline.transfer.train, baseline.transfer.people), (Trained::LastStage, 1));
    for name in ["a", "b"] {
        assert_eq!(of(name).transfer.from, Start::Random);
    }
    for name in ["a", "c"] {
        assert_eq!(of(name).transfer.background, BackgroundPlan::Kept);
    }
    assert_eq!(of("c").sync.background, BackgroundPlan::Kept);
    for name in ["e", "f", "h", "i", "j", "l"] {
        assert_ne!(of(name).sync, baseline.sync, "row {name}");
        assert_eq!(of(name).transfer, baseline.transfer, "row {name}");
    }
    let letters: Vec<&str> =
        rows.iter().filter(|row| row.row.paper.is_some()).map(|row| row.row.name.as_str()).collect();
    assert_eq!(letters, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"]);
    assert!(rows.iter().any(|row| row.recipes[0].sync.form == PairForm::Tuple));
}

#[test]
fn table_2_shares_its_pretraining_between_protocols() {
    let rows = shipped("table2.toml");
    let of = |name: &str| &rows.iter().find(|row| row.row.name == name).unwrap().recipes[0];
    let (all, one) = (of("all-r18"), of("s1-r18"));
    assert_eq!(all.pretraining().identity().unwrap(), one.pretraining().identity().unwrap());
    assert_eq!((all.transfer.people, one.transfer.people), (0, 1));
}

#[test]
fn rows_that_need_a_file_wait_for_it() {
    let path = Path::new("table.toml");
    let recipe =
        AblationRecipe::parse(&TWO.replace("\"baseline\"", "\"from ImageNet\"\nneeds = \"imagenet\""), path).unwrap();
    assert!(recipe.plan(path, &[], None).unwrap()[1].recipes.is_empty());
    let given = recipe.plan(path, &[], Some(Path::new("my \"weights\""))).unwrap();
    let weights = "my \"weights\"".into();
    assert_eq!((given[1].recipes.len(), &given[1].recipes[0].initial), (2, &Initial::ImageNet { weights }));
    assert_eq!(given[0].recipes[0].initial, Initial::Random);
}

#[test]
fn the_ladder_has_equal_pictures_in_equal_batches() {
    for row in shipped("ladder.toml") {
        let recipe = &row.recipes[0];
        let views = 4;
        assert_eq!(
            (recipe.sync.samples, recipe.sync.takes * recipe.sync.times * views),
            (64_000, 64),
            "{}",
            row.row.name
        );
        assert_eq!((recipe.transfer.people, recipe.transfer.train), (2, Trained::LastStage), "{}", row.row.name);
    }
}

#[test]
fn crops_for_2d_poses_keep_their_background_and_stay_within_their_region() {
    for row in shipped("pose-2d.toml") {
        let recipe = &row.recipes[0];
        assert_eq!((recipe.transfer.target, recipe.transfer.people), (PoseTarget::Picture, 1), "{}", row.row.name);
        let augment = recipe.transfer_augment();
        assert_eq!((augment.removed, augment.own_background), (0.0, 1.0));
        // From the region's centre to the edge of a crop, in halves of the region's side.
        let reach = augment.scale[1] / f64::from(recipe.data.margin) * (1.0 + 2.0 * augment.shift);
        assert!(reach < 1.1, "{reach}");
    }
}
