//! Recipes of the live learner: the shipped ones, and what is wrong with others.

use std::path::{Path, PathBuf};

use recipe::{BatchForm, Keep, PretrainRecipe, Served};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes").join(name)
}

fn error(toml: &str) -> String {
    PretrainRecipe::parse(toml, Path::new("r.toml")).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_the_paper() {
    let paper = PretrainRecipe::load(&shipped("paper.toml")).unwrap();
    let buffer = paper.buffer;
    assert_eq!(paper, PretrainRecipe { buffer, ..PretrainRecipe::default() });
    assert_eq!(paper.batch, BatchForm::Tuple { tuples: 16 });
}

#[test]
fn the_demo_learns_all_pairs_of_64_px() {
    let demo = PretrainRecipe::load(&shipped("demo-cpu.toml")).unwrap();
    assert_eq!((demo.batch, demo.crop_px), (BatchForm::AllPairs { times: 16 }, 64));
    assert_eq!((demo.optimiser.learning_rate, demo.optimiser.warm_up_steps), (3e-4, 20));
    assert_eq!(demo.gap.bounds_ns(), PretrainRecipe::default().gap.bounds_ns());
}

#[test]
fn the_recipe_for_days_keeps_what_looks_least_alike_and_serves_an_average() {
    let recipe = PretrainRecipe::load(&shipped("continual.toml")).unwrap();
    assert_eq!((recipe.buffer.keep, recipe.buffer.places), (Keep::LeastRedundant, 4));
    assert_eq!(recipe.served, Served::Average { decay: 0.999, gap_ms: 320.0 });
    assert!(recipe.checkpoint.buffer && recipe.checkpoint.every_s == 60 && recipe.buffer.least_motion > 0.0);
}

#[test]
fn a_recipe_survives_its_own_text() {
    for name in ["demo-cpu.toml", "continual.toml"] {
        let recipe = PretrainRecipe::load(&shipped(name)).unwrap();
        let text = toml::to_string(&recipe).unwrap();
        assert_eq!(PretrainRecipe::parse(&text, Path::new("r.toml")).unwrap(), recipe);
    }
}

#[test]
fn errors_name_the_key() {
    let check = |toml: &str, expect: &[&str]| {
        let error = error(toml);
        assert!(expect.iter().all(|part| error.contains(part)), "{error}");
    };
    check("crop = 64", &["recipe r.toml, line 1, crop: there is no key `crop`; did you mean `crop-px`?"]);
    check("[optimiser]\nlr = 1.0", &["line 2, optimiser.lr: there is no key `lr`"]);
    check("[optimiser]\nlearning-rate = \"fast\"", &["line 2, optimiser.learning-rate: ", "expected f64"]);
    check("[batch]\nform = \"all-pairs\"\ntuples = 3", &["batch"]);
    check("crop-px = 8", &["r.toml, crop-px: ", "32"]);
    check("[gap.ms]\nmin = 9.0\nmax = 9.0", &["r.toml, gap: "]);
    check("[hold-out]\nperiod = 10\nblock = 8\nguard = 1", &["r.toml, hold-out.period: "]);
    check("[optimiser]\nlearning-rate = 0.0", &["r.toml, optimiser.learning-rate: "]);
    check("[optimiser]\ntotal-steps = 5\nwarm-up-steps = 5", &["r.toml, optimiser.total-steps: "]);
    check("[buffer]\nkeep = \"best\"", &["line 2, buffer.keep: ", "least-redundant"]);
    check("[buffer]\nkeep = \"least-redundant\"", &["r.toml, buffer.places: ", "at least 1"]);
    check("[buffer]\nplaces = 17", &["r.toml, buffer.places: ", "batch.tuples"]);
    check("[buffer]\nsteps = { per-moment = 0.0 }", &["r.toml, buffer.steps: "]);
    check("crop-px = ", &["r.toml"]);
}

#[test]
fn a_missing_file_is_named() {
    let error = PretrainRecipe::load(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(error.contains("no/such.toml"), "{error}");
}
