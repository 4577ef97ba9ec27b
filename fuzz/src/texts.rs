//! Files that people write: recipes, rigs, scenarios, settings.

use std::borrow::Cow;
use std::path::Path;

use ::settings::Document;
use calibration_free_config::{MAX_CAMERAS, Rig};
use recipe::{AblationRecipe, EvalRecipe, PretrainRecipe, TrainRecipe};
use toml::Value;
use virtual_studio::rig::MAX_VIEWS;
use virtual_studio::scene::Scenario;

use crate::scratch;

/// What to learn, or on what to measure, in any of the four forms.
pub fn recipe(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let path = Path::new("recipe.toml");
    let written = |text: Result<String, recipe::RecipeError>| text.expect("a recipe can be written");
    let pretrain = PretrainRecipe::parse(text, path);
    if let Ok(recipe) = &pretrain {
        recipe.sampler();
        let text = written(recipe.to_toml());
        let again = PretrainRecipe::parse(&text, path).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(&again, recipe);
    }
    let train = TrainRecipe::parse(text, path, &[]);
    if let Ok(recipe) = &train {
        recipe.preprocessing();
        let text = written(recipe.identity());
        let again = TrainRecipe::parse(&text, path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(written(again.identity()), text);
    }
    let eval = scratch::file("recipe.toml", data, |path| EvalRecipe::load(path, &[]));
    if let Ok(recipe) = &eval {
        let text = toml::to_string(recipe).expect("a recipe can be written");
        let load = |path: &Path| EvalRecipe::load(path, &[]).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let again = scratch::file("recipe.toml", text.as_bytes(), load);
        // Numbers may be NaN, which equals nothing, so the texts are compared.
        assert_eq!(toml::to_string(&again).expect("a recipe can be written"), text);
    }
    let ablation = AblationRecipe::parse(text, path);
    if let Ok(recipe) = &ablation
        && let Ok(rows) = recipe.plan(path, &[], None)
    {
        assert_eq!(rows.len(), recipe.row.len());
    }
    pretrain.is_ok() || train.is_ok() || eval.is_ok() || ablation.is_ok()
}

/// A rig file.
pub fn rig(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let Ok((rig, _)) = Rig::from_toml_str(text, "rig.toml") else { return false };
    assert!((1..=MAX_CAMERAS).contains(&rig.cameras.len()));
    assert!(rig.trigger.primary.is_none_or(|primary| primary < rig.cameras.len()));
    for host in rig.other_hosts() {
        let on = rig.on(host).expect("a host that has cameras");
        assert!(!on.cameras.is_empty());
    }
    let written = rig.to_toml();
    let (again, _) = Rig::from_toml_str(&written, "written").unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(again, rig);
    true
}

/// A scenario of the virtual studio.
pub fn scenario(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let text = with_known_twin(text);
    let Ok(scenario) = Scenario::from_toml_str(&text, "scenario.toml") else { return false };
    assert!((1..=MAX_VIEWS).contains(&scenario.views()));
    let trigger = scenario.trigger(scenario.seed);
    for camera in 0..scenario.views() {
        for pulse in (0..3).chain([scenario.instants - 1]) {
            assert!(trigger.deliver(camera, pulse).count() <= 2);
        }
    }
    true
}

/// A twin names files that are read at once. An input shall not choose which, so they become two of the seeds.
fn with_known_twin(text: &str) -> Cow<'_, str> {
    let Ok(mut table) = text.parse::<toml::Table>() else { return text.into() };
    let Some(twin) = table.get_mut("twin").and_then(Value::as_table_mut) else { return text.into() };
    for (key, file) in [("markers", "trc/seed-two-frames"), ("calibration", "calibration/seed-qca")] {
        if let Some(path @ Value::String(_)) = twin.get_mut(key) {
            *path = format!("{}/corpus/{file}", env!("CARGO_MANIFEST_DIR")).into();
        }
    }
    table.to_string().into()
}

/// The first lines, up to an empty one, are command-line arguments; the rest is a file.
pub fn settings(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let (words, file) = text.split_once("\n\n").unwrap_or(("", text));
    let words: Vec<String> = words.lines().map(str::to_owned).collect();
    let Ok(document) = Document::new(file, "file.toml").set(&words) else { return false };
    let parsed: Result<toml::Table, _> = document.parse();
    assert!(words.is_empty() || parsed.is_ok(), "{}", document.text());
    if let Err(error) = &parsed {
        error.to_string();
    }
    drop(document.parse_version::<toml::Table>(1));
    parsed.is_ok()
}
