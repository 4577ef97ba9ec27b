//! The rig's own network beside the finder of joints: sets of four views in turn in one run, and whole sessions.

use std::path::Path;
use std::time::Instant;

use genlock_tests::{genlock, json};
use infer::{Engine, ModelFinder};
use joints::{BlazePose, FinderFiles, JointFinder, Model, View};
use model::Precision;
use subject::Preprocessing;

use crate::finder::Picture;
use crate::machine::process_cpu_s;
use crate::moments::sample;
use crate::pose_latency::untrained;
use crate::statistics::quantile;
use crate::{Outcome, Plan, finder_and_footage, table::Row};

const VIEWS: usize = 4;
const CROP_PX: u16 = 64;
/// As in a live session.
const DETECTOR_EVERY: u32 = 5;
const THREADS: usize = 2;
const WARM_UP: usize = 3;
/// More than the finder can answer.
const RATE_HZ: &str = "60";

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let Some([finder, footage]) = finder_and_footage() else {
        return Ok(vec![Row::without_finder_or_footage("the rig's own network")]);
    };
    let mut rows = in_turn(&finder, &footage, plan.pick(100, 8))?;
    let mut rates = Vec::new();
    for network in ["full", "own"] {
        rates.push(sets_per_s(&finder, &footage, network, plan.pick(40, 10))?);
    }
    rows.push(Row {
        what: format!("sets a second, live, {VIEWS} views at {RATE_HZ} Hz"),
        figure: format!(
            "finder {:.1}, own network {:.1}: {:.1} times as many",
            rates[0],
            rates[1],
            rates[1] / rates[0]
        ),
        aim: "",
        bounded_by: "the network, and decoding on the same cores",
    });
    Ok(rows)
}

/// Both networks on one set after the other, so that what else the machine does is the same for both.
fn in_turn(finder: &Path, footage: &Path, sets: usize) -> Outcome<Vec<Row>> {
    let files = FinderFiles::find(finder.to_owned())?;
    let picture = Picture::of(footage)?;
    let whole = vec![Some(picture.view()); VIEWS];
    let crops: Vec<_> = (0..VIEWS as u64).map(|seed| sample(CROP_PX, seed)).collect();
    let crops: Vec<_> = crops
        .iter()
        .map(|crop| {
            let side = u32::from(CROP_PX);
            let (rgb, mask) = (&*crop.rgb, Some(&*crop.mask));
            Some(View { rgb, width: side, height: side, origin_px: [0.0; 2], scale: 1.0, mask })
        })
        .collect();
    let preprocessing = Preprocessing::with_crop_px(CROP_PX);
    let engine =
        Engine::new(untrained(CROP_PX, preprocessing.hash())?, Precision::F32)?.in_openvino(&files, THREADS)?;
    let mut networks: [(Box<dyn JointFinder>, _, Costs); 2] = [
        (Box::new(BlazePose::new(&files, Model::Full, DETECTOR_EVERY, THREADS)?), whole, Costs::default()),
        (Box::new(ModelFinder::new(engine, preprocessing)?), crops, Costs::default()),
    ];
    for number in 0..WARM_UP + sets {
        for (network, views, costs) in &mut networks {
            let (begun, cpu_s) = (Instant::now(), process_cpu_s());
            if network.find(views)?.iter().flatten().count() < VIEWS {
                return Err("nobody was found in the footage".into());
            }
            if number >= WARM_UP {
                costs.ms.push(begun.elapsed().as_secs_f64() * 1e3);
                costs.cpu_ms.push((process_cpu_s() - cpu_s) * 1e3);
            }
        }
    }
    let [finder, own] = networks.map(|(_, _, costs)| costs.medians());
    let figure =
        |[ms, cpu_ms]: [f64; 2]| format!("p50 {ms:.1} ms, {cpu_ms:.1} processor-ms, {:.1} sets a second", 1e3 / ms);
    let row = |what: &str, figure: String, bounded_by| Row { what: what.to_owned(), figure, aim: "", bounded_by };
    Ok(vec![
        row("joints of a set, four views, finder full", figure(finder), "BlazePose's convolutions in OpenVINO, f32"),
        row("the same by the rig's own network at 64²", figure(own), "ResNet-18's convolutions in OpenVINO, f32"),
        Row {
            what: "own network against finder".to_owned(),
            figure: format!("{:.1} times cheaper in processor-ms", finder[1] / own[1]),
            aim: "3 times, to serve",
            bounded_by: "both of the above",
        },
    ])
}

#[derive(Default)]
struct Costs {
    ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

impl Costs {
    fn medians(mut self) -> [f64; 2] {
        [quantile(&mut self.ms, 0.5), quantile(&mut self.cpu_ms, 0.5)]
    }
}

/// The sets that a session without a learner answers each second.
fn sets_per_s(finder: &Path, footage: &Path, network: &str, seconds: u32) -> Outcome<f64> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    let mut command = genlock(["demo", "--rate", RATE_HZ, "--headless", "--no-learner", "--no-record"]);
    command.args(["--finder", network, "--seconds", &seconds.to_string()]).arg("--footage").arg(footage);
    command.arg("--data").arg(folder.path().join("data")).arg("--report").arg(&report).env("GENLOCK_FINDER", finder);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../weights/pose.safetensors");
    let output = command.env("GENLOCK_POSE_MODEL", shipped).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(json(&report)["infer"]["fps"].as_f64().ok_or("the report has no rate")?)
}
