//! `genlock-learn train` as a process: legs, the resulting model, and refusals.

#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::path::Path;
use std::process::{Command, Output};

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
[data]
store-px = 56
[augment]
backgrounds = 64
[sync]
samples = 96
takes = 2
times = 4
[transfer]
samples = 640
batch = 32
learning-rate = 2e-3
[evaluation]
every-samples = 320
pictures = 20
"#;

fn train(folder: &Path, words: &[&str]) -> Output {
    let recipe = folder.join("recipe.toml");
    std::fs::write(&recipe, RECIPE).unwrap();
    Command::new(env!("CARGO_BIN_EXE_genlock-learn"))
        .arg("train")
        .args([Path::new("--recipe"), &recipe, Path::new("--session"), folder, Path::new("--out"), &folder.join("out")])
        .args(words)
        .output()
        .unwrap()
}

/// `genlock-learn eval --recipe` on the same session, with a peer that always gives the same answer and a missing one.
fn evaluate(folder: &Path, model: &Path) -> Output {
    let recipe = folder.join("eval.toml");
    let session = folder.display();
    let pose: Vec<[i32; 3]> = (0..17).map(|joint| [10 * joint, 100 * joint, -20 * joint]).collect();
    let poses = format!("[{}]", vec![format!("{pose:?}"); 12].join(","));
    std::fs::write(
        &recipe,
        format!(
            r#"
session = "{session}"
peer-pictures = 12
data = {{ store-px = 56 }}
[[peer]]
who = "somebody else"
command = ["sh", "-c", "test -f $0/000011.jpg && echo '{poses}' > $0/poses.json"]
[[peer]]
who = "nobody"
command = ["{session}/no-such-program"]
"#
        ),
    )
    .unwrap();
    Command::new(env!("CARGO_BIN_EXE_genlock-learn"))
        .arg("eval")
        .args([
            Path::new("--recipe"),
            &recipe,
            Path::new("--model"),
            model,
            Path::new("--out"),
            &folder.join("figures"),
        ])
        .output()
        .unwrap()
}

/// Whether a learner with crops of this side could have its cameras watched by the pretraining.
fn check_sync_health(folder: &Path, crop_px: u16) -> Output {
    let recipe = folder.join("live.toml");
    std::fs::write(&recipe, format!("crop-px = {crop_px}\n")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_genlock-learn"))
        .arg("check")
        .args([Path::new("--recipe"), &recipe, Path::new("--sync-health"), &folder.join("out/sync.safetensors")])
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn legs_end_in_a_measured_model() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let early = train(folder.path(), &["--eval-only"]);
    assert!(!early.status.success() && text(&early).contains("no pose model to measure"), "{}", text(&early));
    // A leg of zero time takes one step and leaves a checkpoint.
    let leg = train(folder.path(), &["--minutes", "0"]);
    assert!(leg.status.success() && text(&leg).contains("Leg ended: sync 1/4"), "{}", text(&leg));
    assert!(folder.path().join("out/sync.safetensors").is_file());
    let health = check_sync_health(folder.path(), 32);
    assert!(!health.status.success() && text(&health).contains("at step 1 of 4"), "{}", text(&health));

    let rest = train(folder.path(), &["--f16", "--report-seconds", "0"]);
    let words = text(&rest);
    assert!(rest.status.success(), "{words}");
    for part in [
        "sync 2/4",
        "transfer 20/20",
        "held out (20 pictures)",
        "pose model, no masks",
        "Procrustes mean pose",
        "ridge",
    ] {
        assert!(words.contains(part), "{part} in: {words}");
    }
    assert!(!words.contains("sync 1/4"), "the first step is not taken again: {words}");
    let model = folder.path().join("out/pose-model.safetensors");
    let engine = infer::Engine::open(&model, tch::Device::Cpu, infer::PrecisionChoice::F32).unwrap();
    assert_eq!(engine.spec().crop_px, 32);
    assert!(engine.spec().takes_both, "half of the pictures were shown plain");
    let figures = std::fs::read_to_string(folder.path().join("out/evaluation.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    assert_eq!(figures["comparisons"][0]["pictures"], 144);
    let log = std::fs::read_to_string(folder.path().join("out/log.jsonl")).unwrap();
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    assert!(log.contains("sync-accuracy") && log.contains("evaluation"));

    assert!(check_sync_health(folder.path(), 32).status.success());
    let health = check_sync_health(folder.path(), 64);
    assert!(!health.status.success() && text(&health).contains("needs crops of 32 px"), "{}", text(&health));
    let mut eval = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
    eval.arg("eval").arg("--sync-health").arg(folder.path().join("out/sync.safetensors"));
    let short = eval.arg("--stream").arg(folder.path()).output().unwrap();
    assert!(!short.status.success() && text(&short).contains("too short"), "{}", text(&short));

    let again = train(folder.path(), &["--eval-only"]);
    let same = |words: &str| words.lines().find(|line| line.contains("pose model, masks")).map(str::to_owned);
    assert_eq!(same(&text(&again)), same(&words));
    let said = text(&evaluate(folder.path(), &model));
    // The same figures as at the end of training, and the peer on its own pictures.
    assert!(said.contains(&same(&words).unwrap()), "{said}");
    for part in ["rendered, for peers: 12 pictures", "somebody else", "Not measured beside: the peer nobody"] {
        assert!(said.contains(part), "{part} in: {said}");
    }
    let other = train(folder.path(), &["--set", "seed=4"]);
    assert!(!other.status.success() && text(&other).contains("seed = 4"), "{}", text(&other));
}

#[test]
fn what_cannot_be_trained_on_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let none = train(folder.path(), &[]);
    assert!(!none.status.success() && text(&none).contains("session.toml"), "{}", text(&none));
    let wrong = train(folder.path(), &["--set", "transfer.speed=3"]);
    assert!(!wrong.status.success() && text(&wrong).contains("speed"), "{}", text(&wrong));
}

fn recipe(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes").join(name)
}

/// Live pictures are preprocessed like those of training.
#[test]
fn a_model_of_the_recipe_for_cpus_fits_the_demo() {
    let demo = recipe::PretrainRecipe::load(&recipe("demo-cpu.toml")).unwrap();
    // As in `genlock demo`.
    let live = subject::Preprocessing::with_crop_px(demo.crop_px);
    let trained = recipe::TrainRecipe::load(&recipe("pose-cpu.toml"), &[]).unwrap();
    assert_eq!(trained.preprocessing().hash(), live.hash());
}

/// The shipped recipes can be read.
#[test]
fn recipes_are_whole() {
    recipe::EvalRecipe::load(&recipe("pose-eval.toml"), &[]).unwrap();
    for name in ["pose-cpu.toml", "pose-gpu.toml", "few-labels.toml"] {
        let recipe = recipe::TrainRecipe::load(&recipe(name), &[]).unwrap();
        let least = f32::from(recipe.crop_px) * recipe.data.margin;
        assert!(f32::from(recipe.data.store_px) >= least, "{name}: pictures are held too small");
    }
}
