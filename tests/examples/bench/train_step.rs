//! A training step compared with the same step in Python, with equal weights, pictures, pairs and threads. The two take
//! turns, so that other load on the machine affects both.

use std::path::Path;
use std::time::Instant;

use frame::SegmentId;
use frame_sync::pairs::{InstantMeta, WeightedPair};
use infer::precision_name;
use learn::objectives::{Draw, PretextTask, Seen, Sync};
use model::{AdamW, AdamWConfig, CheckpointMeta, Precision, SyncNet, SyncNetConfig, autocast, channels_last};
use recipe::{BatchForm, PretrainRecipe};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};

use crate::python::{Python, PythonTorch, Step};
use crate::statistics::median;
use crate::{Outcome, Plan, table::Row};

const VIEWS: usize = 4;
const WARM_UP: usize = 2;
/// Losses of equal steps differ only by rounding. Only the first steps are compared, since later ones drift apart.
const SAME_LOSS: [(Precision, f64); 2] = [(Precision::F32, 1e-3), (Precision::Bf16, 3e-2)];

/// The size of a step: a number of instants of four views, and a crop size in pixels.
struct Size {
    times: usize,
    crop_px: i64,
    pairs: usize,
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let device = model::start();
    let sizes = [
        Size { times: 16, crop_px: 64, pairs: plan.pick(21, 7) },
        Size { times: 8, crop_px: 224, pairs: plan.pick(9, 0) },
    ];
    let mut python = Python::start(model::threads());
    let mut rows = Vec::new();
    for size in sizes.iter().filter(|size| size.pairs > 0) {
        for precision in [Precision::F32, Precision::Bf16] {
            let job = Job::new(size, precision, device)?;
            rows.push(match &mut python {
                Python::Here(torch) => compare(job, torch)?,
                Python::Missing(why) => alone(job, why)?,
            });
        }
    }
    Ok(rows)
}

/// The inputs and the state of the steps.
struct Job {
    pairs: usize,
    precision: Precision,
    device: Device,
    size: [i64; 2],
    task: Sync,
    draw: Draw,
    pictures: Tensor,
    net: SyncNet,
    optimiser: AdamW,
}

impl Job {
    fn new(size: &Size, precision: Precision, device: Device) -> Outcome<Self> {
        let recipe = PretrainRecipe { batch: BatchForm::AllPairs { times: size.times }, ..PretrainRecipe::default() };
        let task = Sync::new(&recipe);
        let meta = |number: i64| InstantMeta {
            segment: SegmentId::seam(0),
            exposure_ns: number * 20_000_000,
            views: (1 << VIEWS) - 1,
        };
        let instants: Vec<InstantMeta> = (0..256).map(meta).collect();
        let draw = task.draw(Seen::instants(&instants), 0).ok_or("no valid pair")?;
        let images = draw.images.len() as i64;
        // Values of a formula that Python uses too, so that no file of pictures is needed.
        let shape = [images, 3, size.crop_px, size.crop_px];
        let index = Tensor::f_arange(shape.iter().product::<i64>(), (Kind::Double, Device::Cpu))?;
        let phase = index.f_mul_scalar(0.739)?.f_add(&index.f_square()?.f_mul_scalar(1.3e-4)?)?;
        let pictures = phase.f_sin()?.f_reshape(shape)?.f_to_kind(Kind::Float)?.f_to_device(device)?;
        let net = SyncNet::new(&SyncNetConfig::default(), device, Kind::Float)?;
        Ok(Self {
            pairs: size.pairs,
            precision,
            device,
            size: [images, size.crop_px],
            task,
            draw,
            pictures: channels_last(&pictures)?,
            optimiser: AdamW::new(AdamWConfig::default(), net.trainable())?,
            net,
        })
    }

    /// As in [`learn::trainer::Trainer::step`], with a prepared batch.
    fn step(&mut self) -> Outcome<Step> {
        let begun = Instant::now();
        self.optimiser.zero_grad()?;
        let losses = autocast(self.precision, self.device, || self.task.loss(&self.net, &self.pictures, &self.draw))?;
        let loss = losses.total()?;
        loss.f_backward()?;
        self.optimiser.step(AdamWConfig::default().lr)?;
        let loss = loss.f_double_value(&[])?;
        Ok(Step { seconds: begun.elapsed().as_secs_f64(), loss })
    }

    /// The description of the job for Python.
    fn describe(&self, weights: &Path) -> Value {
        let [images, crop_px] = self.size;
        let config = AdamWConfig::default();
        json!({
            "images": images,
            "crop_px": crop_px,
            "bf16": self.precision == Precision::Bf16,
            "device": if matches!(self.device, Device::Cuda(_)) { "cuda" } else { "cpu" },
            "weights": weights,
            "sync": pairs(&self.draw.sync),
            "flip": pairs(&self.draw.flip),
            "lr": config.lr,
            "betas": config.betas,
            "eps": config.eps,
            "weight_decay": config.weight_decay,
        })
    }

    fn what(&self) -> String {
        let [images, crop_px] = self.size;
        format!("train step, {images} images at {crop_px}², {}", precision_name(self.precision))
    }
}

/// Pairs as Python takes them.
pub fn pairs(pairs: &[WeightedPair]) -> Value {
    json!({
        "a": pairs.iter().map(|pair| pair.a).collect::<Vec<_>>(),
        "b": pairs.iter().map(|pair| pair.b).collect::<Vec<_>>(),
        "label": pairs.iter().map(|pair| u8::from(pair.positive)).collect::<Vec<_>>(),
        "weight": pairs.iter().map(|pair| pair.weight).collect::<Vec<_>>(),
    })
}

fn compare(mut job: Job, python: &mut PythonTorch) -> Outcome<Row> {
    let folder = tempfile::tempdir()?;
    let weights = folder.path().join("weights.safetensors");
    let meta = CheckpointMeta::new(*job.net.config(), String::new(), String::new(), 0, 0);
    model::checkpoint::save(&weights, &job.net, None, &meta)?;
    python.set_up(&job.describe(&weights))?;

    let (rust, other) = (job.step()?.loss, python.step()?.loss);
    let apart = (rust - other).abs() / other.abs();
    let within = SAME_LOSS.iter().find(|(precision, _)| *precision == job.precision).map_or(0.0, |(_, bound)| *bound);
    if apart > within {
        return Err(format!("{}: losses of {rust} here and {other} in Python are not of one step", job.what()).into());
    }
    for _ in 1..WARM_UP {
        job.step()?;
        python.step()?;
    }
    let (mut here, mut there, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..job.pairs {
        // Each goes first in every second pair.
        let (rust, other) = if pair % 2 == 0 {
            let rust = job.step()?;
            (rust, python.step()?)
        } else {
            let other = python.step()?;
            (job.step()?, other)
        };
        here.push(rust.seconds);
        there.push(other.seconds);
        ratios.push(rust.seconds / other.seconds);
    }
    let ratio = median(&mut ratios);
    Ok(Row {
        what: format!("{}, Rust ÷ Python torch {}", job.what(), python.version()),
        figure: format!(
            "{:.3} [{:.3}, {:.3}] at {:.0} % ({} pairs); {:.0} ms against {:.0} ms, {:.0} images/s, {} threads",
            ratio.value,
            ratio.low,
            ratio.high,
            100.0 * ratio.confidence,
            job.pairs,
            1e3 * median(&mut here).value,
            1e3 * median(&mut there).value,
            job.size[0] as f64 / median(&mut here).value,
            model::threads(),
        ),
        aim: "≤ 1.05",
        bounded_by: "libtorch's kernels, the same on both sides",
    })
}

fn alone(mut job: Job, why: &str) -> Outcome<Row> {
    for _ in 0..WARM_UP {
        job.step()?;
    }
    let mut seconds = (0..job.pairs).map(|_| Ok(job.step()?.seconds)).collect::<Outcome<Vec<_>>>()?;
    let median = median(&mut seconds).value;
    Ok(Row {
        what: format!("{}, Rust ÷ Python", job.what()),
        figure: format!(
            "not measured: {why}. Rust alone: {:.0} ms, {:.0} images/s, {} threads",
            1e3 * median,
            job.size[0] as f64 / median,
            model::threads()
        ),
        aim: "≤ 1.05",
        bounded_by: "libtorch's kernels",
    })
}
