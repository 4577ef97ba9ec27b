//! Pretraining from a session on disk to the last step, compared with PyTorch's DataLoader on the same session. The two
//! take turns in rounds of some steps.
//!
//! genlock decodes a session once into memory and trains from there; a DataLoader decodes each picture each time. So two
//! figures count: pictures a second once the session is read, and those of a whole run with the reading in it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use infer::precision_name;
use learn::data::rendered::{Dataset, Split};
use learn::runs::{NextDraw, PoseTraining};
use model::{AdamWConfig, CheckpointMeta, Precision, SyncNet, SyncNetConfig};
use recipe::TrainRecipe;
use serde_json::json;
use take::{Session, SessionTake};
use tch::Kind;

use crate::python::{Python, PythonTorch};
use crate::statistics::median;
use crate::train_step::pairs;
use crate::{Outcome, Plan, table::Row};

const CROP_PX: u16 = 64;
const TAKES: usize = 2;
const TIMES: usize = 8;
const VIEWS: usize = 4;
/// Takes of the session that are used: enough that a batch is seldom drawn twice.
const OF_SESSION: usize = 40;
/// Passes over the pictures of a whole run.
const EPOCHS: [usize; 2] = [1, 10];

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let Some(session) = std::env::var_os("GENLOCK_BENCH_SESSION").map(PathBuf::from) else {
        let figure = "not measured: GENLOCK_BENCH_SESSION names no session of four views".to_owned();
        return Ok(vec![Row { what: "pretraining from disk".into(), figure, aim: "", bounded_by: "" }]);
    };
    let mut rows = Vec::new();
    let mut python = Python::start(model::threads());
    // Where the processor has no bf16, nobody would train with it.
    let bf16 = model::has_bf16(model::start())?.then_some(Precision::Bf16);
    for precision in [Precision::F32].into_iter().chain(bf16) {
        rows.extend(compare(plan, &session, precision, &mut python)?);
    }
    Ok(rows)
}

/// The recipe of both sides: all pairs of several instants, pictures without background, mirrored and not varied else.
fn recipe(precision: Precision) -> Outcome<TrainRecipe> {
    let plain = "{ roll-deg = 0.0, scale = [1.0, 1.0], shift = 0.0, backgrounds = 16, mask-faults = 0.0, \
                 photometric = 0.0, bystanders = 0.0, occluders = 0.0 }";
    let text = format!(
        "crop-px = {CROP_PX}\nwidth = 64\nprecision = \"{}\"\ndata = {{ store-px = 96, margin = 1.4 }}\n\
         [sync]\nsamples = 100000000\ntakes = {TAKES}\ntimes = {TIMES}\nbackground = \"removed\"\naugment = {plain}\n",
        precision_name(precision)
    );
    Ok(TrainRecipe::parse(&text, Path::new("bench"), &[])?)
}

fn compare(plan: &Plan, session: &Path, precision: Precision, python: &mut Python) -> Outcome<Vec<Row>> {
    let device = model::start();
    let recipe = recipe(precision)?;
    let takes = Session::read(session)?.takes;
    let train = takes.iter().filter(|take| take.split == take::session::Split::Train).take(OF_SESSION);
    let names: Vec<&str> = train.map(|take| take.name.as_str()).collect();
    let begun = Instant::now();
    let wanted = |take: &SessionTake| names.contains(&take.name.as_str());
    let dataset = Dataset::load_some(session, wanted, &[], &recipe.data, device, |_, _| {})?;
    let reading = begun.elapsed().as_secs_f64();
    let pictures = dataset.rows(Split::Train).len() as f64;
    let folder = tempfile::tempdir()?;
    let mut training = PoseTraining::new(&recipe, &dataset, folder.path(), None)?;
    let NextDraw::Sync(first) = training.next_draw()? else {
        return Err("the training does not begin with SYNC".into());
    };
    let images = first.rows.len();

    let (mut torch, why) = match python {
        Python::Missing(why) => (None, why.as_str()),
        Python::Here(torch) => {
            let net = SyncNet::new(&SyncNetConfig::default(), device, Kind::Float)?;
            let weights = folder.path().join("weights.safetensors");
            let meta = CheckpointMeta::new(*net.config(), String::new(), String::new(), 0, 0);
            model::checkpoint::save(&weights, &net, None, &meta)?;
            let config = AdamWConfig::default();
            torch.set_up_loop(&json!({
                "session": session, "takes_named": names, "takes": TAKES, "times": TIMES, "views": VIEWS,
                "workers": std::thread::available_parallelism()?.get(),
                "step": {
                    "images": images, "crop_px": CROP_PX, "bf16": precision == Precision::Bf16,
                    "device": if device.is_cuda() { "cuda" } else { "cpu" }, "weights": weights,
                    "sync": pairs(&first.pairs.sync), "flip": pairs(&first.pairs.flip),
                    "lr": config.lr, "betas": config.betas, "eps": config.eps, "weight_decay": config.weight_decay,
                },
            }))?;
            (Some(torch), "")
        }
    };
    let (rounds, steps) = (plan.pick(5, 2), plan.pick(8, 4));
    (0..3).try_for_each(|_| training.step().map(drop))?;
    let (mut here, mut there, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut rust = || -> Outcome<f64> {
            let begun = Instant::now();
            let mut pictures = 0;
            for _ in 0..steps {
                pictures += training.step()?.pictures;
            }
            Ok(pictures as f64 / begun.elapsed().as_secs_f64())
        };
        let other = |torch: &mut Option<&mut PythonTorch>| -> Outcome<Option<f64>> {
            torch.as_mut().map(|torch| torch.run_loop(steps)).transpose()
        };
        // Each goes first in every second round.
        let (rust, other) = if round % 2 == 0 {
            let rust = rust()?;
            (rust, other(&mut torch)?)
        } else {
            let other = other(&mut torch)?;
            (rust()?, other)
        };
        here.push(rust);
        if let Some(other) = other {
            there.push(other);
            ratios.push(rust / other);
        }
    }
    let rust = median(&mut here).value;
    let what = format!("pretraining from disk, {images} images at {CROP_PX}² a step, {}", precision_name(precision));
    let read = format!("{pictures:.0} pictures read in {reading:.1} s");
    if there.is_empty() {
        let figure = format!("{rust:.0} images/s, {read}; not compared: {why}");
        return Ok(vec![Row { what, figure, aim: "≥ 2", bounded_by: "the step" }]);
    }
    let (ratio, other) = (median(&mut ratios), median(&mut there).value);
    let whole = |epochs: usize| {
        let all = epochs as f64 * pictures;
        all / (reading + all / rust) / other
    };
    Ok(vec![
        Row {
            what: format!("{what}, Rust ÷ Python's DataLoader"),
            figure: format!(
                "{:.2} [{:.2}, {:.2}] at {:.0} % ({rounds} rounds); {rust:.0} against {other:.0} images/s, {} threads",
                ratio.value,
                ratio.low,
                ratio.high,
                100.0 * ratio.confidence,
                model::threads()
            ),
            aim: "≥ 2",
            bounded_by: "here the step; there the step and decoding share the cores",
        },
        Row {
            what: format!("the same with reading, {} and {} passes", EPOCHS[0], EPOCHS[1]),
            figure: format!("{:.2} and {:.2}; {read}", whole(EPOCHS[0]), whole(EPOCHS[1])),
            aim: "",
            bounded_by: "decoding each picture once",
        },
    ])
}
