//! `genlock-learn sync-report` as a process: the figures of an untrained network, plots, sheets, and refusals.

#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

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
samples = 64
batch = 32
"#;

fn learn(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_genlock-learn")).args(words).output().unwrap()
}

/// One step of a pretraining.
fn train(folder: &Path) -> String {
    let (recipe, out) = (folder.join("recipe.toml"), folder.join("out"));
    std::fs::write(&recipe, RECIPE).unwrap();
    let paths = ["--recipe", path(&recipe), "--session", path(folder), "--out", path(&out)];
    let trained = learn(&[&["train", "--minutes", "0"], &paths[..]].concat());
    assert!(trained.status.success(), "{}", text(&trained));
    path(&out.join("sync.safetensors")).to_owned()
}

fn report(folder: &Path, encoder: &str, session: &Path, words: &[&str]) -> Output {
    let out = folder.join("report");
    learn(&[&["sync-report", "--encoder", encoder, "--session", path(session), "--out", path(&out)], words].concat())
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join("report").join(name)).unwrap()
}

#[test]
fn an_untrained_network_knows_nothing_and_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    studio::session(folder);
    let encoder = train(folder);
    let words = ["--takes", "0", "--gaps", "200,400,800", "--pairs", "160", "--queries", "0", "--pictures", "3"];
    let said = report(folder, &encoder, folder, &words);
    assert!(said.status.success(), "{}", text(&said));
    assert!(text(&said).contains("Pretraining at step 1 of 4; 8 of 8 takes."), "{}", text(&said));

    let json = read(folder, "sync-report.json");
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&found["step"], &found["pictures"], &found["background"]), (&1.into(), &576.into(), &"removed".into()));
    let curves = found["accuracy"].as_array().unwrap();
    let who: Vec<_> = curves.iter().map(|curve| (curve["split"].as_str().unwrap(), curve["person"].as_str())).collect();
    let [train, held_out] = ["train", "held-out"];
    let everybody = [
        (train, None),
        (train, Some("person 0")),
        (train, Some("person 1")),
        (train, Some("person 2")),
        (held_out, None),
        (held_out, Some("person 3")),
        (held_out, Some("person 4")),
    ];
    assert_eq!(who, everybody);
    for curve in curves {
        let points = curve["points"].as_array().unwrap();
        let gaps: Vec<f64> = points.iter().map(|point| point["gap-ms"].as_f64().unwrap()).collect();
        assert_eq!(gaps, [200.0, 400.0, 800.0]);
        for point in points {
            let number = |key: &str| point[key].as_f64().unwrap();
            assert!((number("accuracy") - 0.5).abs() < 0.1, "{point}");
            match point["interval"].as_array() {
                None => assert_eq!(point["takes"], 1, "{point}"),
                Some(ends) => {
                    let [low, high] = [0, 1].map(|end| ends[end].as_f64().unwrap());
                    assert!(low <= number("accuracy") && number("accuracy") <= high && high - low < 0.2, "{point}");
                    assert!(number("takes") >= 2.0, "{point}");
                }
            }
            let [from, to] = [0, 1].map(|end| point["drawn-ms"][end].as_f64().unwrap());
            assert!(from <= number("mean-ms") && number("mean-ms") <= to, "{point}");
            assert!(number("auc") > 0.3 && number("auc") < 0.8, "{point}");
        }
        let people = if curve["person"].is_null() { if curve["split"] == train { 3 } else { 2 } } else { 1 };
        assert_eq!(points[0]["pairs"], 160 * people, "{curve}");
    }
    // Two held-out takes of 24 instants and three views.
    let within = &found["within-takes"][0];
    assert_eq!((&within["queries"], &within["candidates"]), (&144.into(), &24.0.into()));
    assert!((within["top-1"]["chance"].as_f64().unwrap() - 1.0 / 24.0).abs() < 1e-9);
    assert!(within["top-1"]["found"].as_f64().unwrap() < 0.4, "it has learned nothing: {within}");
    assert!((within["median-gap-ms"]["chance"].as_f64().unwrap() - 700.0).abs() < 250.0, "{within}");
    let across = found["across-people"].as_array().unwrap();
    assert_eq!((across.len(), &across[0]["queries"], &across[1]["candidates"]), (4, &432.into(), &144.into()));
    for poses in [&within["poses"], &across[0]["poses"]] {
        for key in ["n-mpjpe", "p-mpjpe"] {
            let of = |which: &str| poses[which][key].as_f64().unwrap();
            assert!(of("random") > 20.0 && of("random") < 600.0 && of("retrieved") < 1.5 * of("random"), "{poses}");
        }
    }

    for name in ["sync-accuracy.svg", "within-takes.svg", "within-takes-poses.svg", "across-people-poses.svg"] {
        let plot = read(folder, name);
        assert!(plot.contains("step 1 of 4") && plot.contains("<polyline") && !plot.contains("NaN"), "{name}: {plot}");
    }
    for name in ["within-takes-pictures.svg", "across-people-pictures.svg"] {
        // A JPEG, in base64.
        assert!(read(folder, name).contains("data:image/jpeg;base64,/9j/"), "{name}");
    }

    let again = report(folder, &encoder, folder, &words);
    assert!(again.status.success());
    assert!(read(folder, "sync-report.json") == json, "the same seed gives the same figures");
    refuses(folder, &encoder);
}

fn refuses(folder: &Path, encoder: &str) {
    let refused = |encoder: &str, session: &Path, words: &[&str], why: &str| {
        let said = report(folder, encoder, session, words);
        let said_text = text(&said).replace("\n  │ ", " ");
        assert!(!said.status.success() && said_text.contains(why), "{why}: {said_text}");
    };
    refused("no-such-file", folder, &[], "no-such-file");
    refused(path(&folder.join("recipe.toml")), folder, &[], "it is no pretraining");
    refused(encoder, folder, &["--set", "crop-px=48"], "crops of 48 px");
    refused(encoder, folder, &["--gaps", "0"], "from 1 to 600000 ms");
    refused(encoder, folder, &["--gaps", "100000"], "as far apart as asked");
    refused(encoder, folder, &["--set", "sync.heads=flip"], "did not learn");
    let pose_model = concat!(env!("CARGO_MANIFEST_DIR"), "/../weights/pose.safetensors");
    refused(pose_model, folder, &[], "it is no pretraining");
    // Last, since it changes the session.
    let about = folder.join("session.toml");
    let all_trained = std::fs::read_to_string(&about).unwrap().replace("held-out", "train");
    std::fs::write(&about, all_trained).unwrap();
    refused(encoder, folder, &[], "no take of the session is held out");
}
