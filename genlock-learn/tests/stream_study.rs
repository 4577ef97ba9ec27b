//! `genlock-learn stream-study` as a process: legs that end in the same figures as one run, tables, and refusals.

#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::path::Path;
use std::process::{Command, Output};

use model::{CheckpointMeta, SyncNet, SyncNetConfig, checkpoint};
use serde_json::Value;
use tch::{Device, Kind};

const RECIPE: &str = r#"
title = "two sessions"
seeds = [0, 1]
[data]
store-px = 56
[base]
crop-px = 32
width = 8
precision = "f32"
batch = { form = "all-pairs", times = 8 }
served = { average = { decay = 0.9 } }
gap = { ms = { min = 10.0, max = 2560.0 } }
hold-out = { block = 0, live = { block-ms = 0 } }
[base.buffer]
moments = 12
minimum-moments = 4
places = 2
anchor-every-ms = 50.0
steps = { per-moment = 0.5 }
[base.evaluation]
every-steps = 5
pairs = 8
instants = 8
recalibration-batches = 2
[measured]
takes-of-each = 1
held-back = 2
gaps-ms = [100.0, 200.0]
compared-ms = 200.0
pairs = 40
[[session]]
name = "first"
people = ["person 0"]
environments = ["grey"]
[[session]]
name = "second"
people = ["person 1", "person 2"]
environments = ["grey"]
[[arm]]
name = "newest"
what = "the newest"
[[arm]]
name = "least"
what = "the least alike"
set = ["buffer.keep=least-redundant"]
"#;

fn study(folder: &Path, out: &str, words: &[&str]) -> Output {
    let recipe = folder.join("stream.toml");
    std::fs::write(&recipe, RECIPE).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
    command.arg("stream-study").arg(recipe).arg("--session").arg(folder).args(["--threads", "1"]);
    command.arg("--out").arg(folder.join(out)).args(words).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The figures without times, which differ from run to run.
fn figures(folder: &Path, out: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(out).join("stream.json")).unwrap();
    fn without_times(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| name != "learned-s" && name != "updates-per-s");
                fields.values_mut().for_each(without_times);
            }
            Value::Array(values) => values.iter_mut().for_each(without_times),
            _ => {}
        }
    }
    let mut figures = serde_json::from_str(&text).unwrap();
    without_times(&mut figures);
    figures
}

#[test]
fn legs_end_in_the_figures_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let whole = study(folder.path(), "whole", &[]);
    let words = text(&whole);
    assert!(whole.status.success(), "{words}");
    for part in
        ["session first: ", "of 2 unseen people", "| newest | the newest | 2 |", "first, after second", "updates/s"]
    {
        assert!(words.contains(part), "{part} in: {words}");
    }
    let of_whole = figures(folder.path(), "whole");
    let run = &of_whole["arms"][1]["runs"][0]["progress"];
    assert_eq!((&run["done"], run["points"].as_array().unwrap().len()), (&Value::Bool(true), 5));
    let last = &run["points"][4];
    assert_eq!(last["retained"].as_array().unwrap().len(), 2);
    assert!(last["steps"].as_u64().unwrap() >= 8 && last["anchors-held"].as_u64().unwrap() > 0, "{last}");
    assert!(of_whole["arms"][0]["end"]["lost"]["deviation"].is_number(), "{of_whole}");
    assert!(std::fs::read_to_string(folder.path().join("whole/stream.svg")).unwrap().contains("end of second"));
    assert!(!folder.path().join("whole/runs/least-0/learner.safetensors").exists(), "figures are enough");

    // A leg of no time ends after one moment; some of them go on with the next moment each, then all the rest.
    for _ in 0..12 {
        let leg = study(folder.path(), "legs", &["--minutes", "0"]);
        assert!(leg.status.success() && text(&leg).contains("Leg ended at newest-0"), "{}", text(&leg));
    }
    let rest = study(folder.path(), "legs", &[]);
    assert!(rest.status.success(), "{}", text(&rest));
    assert_eq!(figures(folder.path(), "legs"), of_whole);

    // A network to begin with, of another width.
    let net = SyncNet::new(&SyncNetConfig { width: 16, ..Default::default() }, Device::Cpu, Kind::Float).unwrap();
    let from = folder.path().join("from.safetensors");
    checkpoint::save(&from, &net, None, &CheckpointMeta::new(*net.config(), String::new(), String::new(), 0, 0))
        .unwrap();
    let words = ["--from", from.to_str().unwrap(), "--arm", "newest", "--seed", "0"];
    let wide = study(folder.path(), "from", &[&words[..], &["--set", "base.width=16"]].concat());
    assert!(wide.status.success(), "{}", text(&wide));
    let begun = &figures(folder.path(), "from")["arms"][0]["runs"][0]["progress"]["points"][0];
    assert_eq!((&begun["moments"], &begun["held-out"], &begun["steps"]), (&0.into(), &begun["trained"], &0.into()));
    let narrow = study(folder.path(), "narrow", &words);
    assert!(!narrow.status.success() && text(&narrow).contains("width 16"), "{}", text(&narrow));

    // A folder with other figures is not gone on in.
    let other = study(folder.path(), "whole", &["--set", "base.width=16"]);
    assert!(!other.status.success() && text(&other).contains("name another folder"), "{}", text(&other));
    let none = study(folder.path(), "none", &["--arm", "x"]);
    assert!(!none.status.success() && text(&none).contains("no such arm"), "{}", text(&none));
    let nobody = study(
        folder.path(),
        "nobody",
        &[
            "--set",
            "session=[{ name = \"1\", people = [\"x\"], environments = [\"y\"] }, { name = \"2\", people = [\"x\"], environments = [\"z\"] }]",
        ],
    );
    assert!(!nobody.status.success() && text(&nobody).contains("0 takes"), "{}", text(&nobody));
}
