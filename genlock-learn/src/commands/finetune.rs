//! `genlock finetune`: a pose model from a pretrained encoder and a few labels.

use std::path::{Path, PathBuf};

use frame_sync::pairs::HoldOut;
use learn::data::LabelledTake;
use learn::runs::{EncoderSource, FinetuneConfig, Finetuner};
use miette::{IntoDiagnostic, WrapErr, miette};
use model::{PoseModel, Precision};
use tch::Device;

use super::precision::PrecisionName;
use super::progress::bar;
use super::reading;

/// The name of an untrained encoder.
const RANDOM: &str = "random";
/// Crop size of a random encoder by default: that of the demo.
const RANDOM_CROP_PX: u16 = 64;

#[derive(clap::Args)]
pub struct Args {
    /// The take with the labelled pictures.
    #[arg(long, value_name = "DIR")]
    session: PathBuf,
    /// Labels per view, as `genlock labels import` writes them.
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Checkpoint of the learner or of pretraining on rendered takes, a pose model to train further, or `random` for the
    /// baseline without pretraining.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// File of the pose model. A running `genlock demo` that watches this file loads it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Steps of training.
    #[arg(long, value_name = "N", conflicts_with = "epochs")]
    steps: Option<u64>,
    /// The same, in rounds through all training pictures.
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Pictures in a step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How many of the encoder's 4 stages stay frozen.
    #[arg(long, value_name = "N")]
    frozen_stages: Option<usize>,
    /// Side of the crops in pixels [default: the checkpoint's].
    #[arg(long, value_name = "PX")]
    crop_px: Option<u16>,
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// In every PERIOD source positions, BLOCK are held out, with GUARD on each side unused; 0,0,0 trains on all
    /// [default: 50,10,0].
    #[arg(long, value_name = "PERIOD,BLOCK,GUARD", value_parser = hold_out)]
    hold_out: Option<HoldOut>,
    /// Learn only 3D poses, not the joints in the picture and the confidence, which a finder of joints needs.
    #[arg(long)]
    pose_only: bool,
    /// Arithmetic of the training.
    #[arg(long, value_enum, default_value = "auto")]
    precision: PrecisionName,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let from = args.from.as_deref().ok_or_else(no_checkpoint)?;
    let device = model::start();
    let config = config(args);
    let source = source(from, args, device, config.seed)?;
    let take = reading::labelled_take(&args.session, &args.labels, &source.preprocessing)?;
    let config = finished(config, args, &take, &source, device)?;
    let (model, first, last, pictures) = train(&source, &take, config.clone())?;
    model.save(&args.out).into_diagnostic()?;
    println!(
        "{}: pose model {} from encoder {}, {pictures} pictures of {} px, {} steps, loss {first:.2} to {last:.2}",
        args.out.display(),
        model.version().into_diagnostic()?,
        source.version,
        take.preprocessing.crop_px,
        config.steps,
    );
    if take.without_subject + take.incomplete > 0 {
        println!(
            "Left out: {} labelled pictures without a subject, {} labelled instants that not all cameras have.",
            take.without_subject, take.incomplete
        );
    }
    let hold_out = config.hold_out;
    if hold_out.block > 0 {
        let unused = match hold_out.guard {
            0 => String::new(),
            guard => format!(", with {guard} on each side unused"),
        };
        println!(
            "Held out: blocks of {} in every {} source positions{unused}. They lie between instants that were trained \
             on: errors there are interpolation within one take, and say nothing about other people or motions.",
            hold_out.block, hold_out.period
        );
    }
    println!(
        "Measure it: `genlock eval --model {} --session {} --labels {}`",
        args.out.display(),
        args.session.display(),
        args.labels.display()
    );
    Ok(())
}

fn no_checkpoint() -> miette::Report {
    miette!(
        help = "run `genlock demo` for a few minutes: its learner keeps one at learner/learner.safetensors in the data folder; \
                or give `--from random` for the baseline without pretraining",
        "`genlock finetune` needs `--from CHECKPOINT`, a pretrained encoder"
    )
}

fn config(args: &Args) -> FinetuneConfig {
    let mut config = FinetuneConfig::default();
    config.steps = args.steps.unwrap_or(config.steps);
    config.batch = args.batch.unwrap_or(config.batch);
    config.learning_rate = args.learning_rate.unwrap_or(config.learning_rate);
    config.frozen_stages = args.frozen_stages.unwrap_or(config.frozen_stages);
    config.seed = args.seed.unwrap_or(config.seed);
    config.hold_out = args.hold_out.unwrap_or(config.hold_out);
    config.heads = !args.pose_only;
    config
}

fn hold_out(text: &str) -> Result<HoldOut, String> {
    let numbers: Vec<u32> =
        text.split(',').map(|n| n.trim().parse().map_err(|e| format!("{n:?}: {e}"))).collect::<Result<_, _>>()?;
    let [period, block, guard] = numbers[..] else {
        return Err("three numbers are wanted, as in 50,10,0".to_owned());
    };
    Ok(HoldOut { period, block, guard, ..HoldOut::default() })
}

fn source(from: &Path, args: &Args, device: Device, seed: u64) -> miette::Result<EncoderSource> {
    let source = if from == Path::new(RANDOM) {
        EncoderSource::random(seed, device).into_diagnostic()?.with_crop_px(RANDOM_CROP_PX)
    } else {
        opened(from, device)?
    };
    Ok(match args.crop_px {
        Some(crop_px) => source.with_crop_px(crop_px),
        None => source,
    })
}

/// A pose model or a checkpoint. If it is neither, the error says why for both.
fn opened(from: &Path, device: Device) -> miette::Result<EncoderSource> {
    EncoderSource::pose_model(from, device).or_else(|no_model| {
        let opened = EncoderSource::checkpoint(from, device).into_diagnostic();
        opened.wrap_err_with(|| format!("nor as a pose model: {no_model}")).wrap_err_with(|| no_checkpoint_at(from))
    })
}

fn no_checkpoint_at(from: &Path) -> String {
    format!("{} does not serve as a checkpoint; the learner of `genlock demo` writes one", from.display())
}

/// The settings that depend on the take and on this machine.
fn finished(
    mut config: FinetuneConfig,
    args: &Args,
    take: &LabelledTake,
    source: &EncoderSource,
    device: Device,
) -> miette::Result<FinetuneConfig> {
    if let Some(epochs) = args.epochs {
        config.steps = (epochs * take.samples.len() as u64).div_ceil(config.batch.max(1) as u64);
    }
    config.precision = match args.precision {
        PrecisionName::F32 => Precision::F32,
        PrecisionName::Bf16 => Precision::Bf16,
        PrecisionName::Auto => {
            let net = source.start.shape();
            model::faster_precision(&net, device, config.batch as i64, take.preprocessing.crop_px.into())
                .into_diagnostic()?
        }
    };
    Ok(config)
}

/// The model, the means of the first and the last losses, and the number of pictures.
fn train(
    source: &EncoderSource,
    take: &LabelledTake,
    config: FinetuneConfig,
) -> miette::Result<(PoseModel, f64, f64, usize)> {
    let mut tuner = Finetuner::new(source, take, config.clone()).into_diagnostic()?;
    let progress = bar("training the pose head", config.steps);
    let mut losses = Vec::with_capacity(config.steps as usize);
    while !tuner.done() {
        losses.push(tuner.step().into_diagnostic()?);
        progress.set_position(tuner.steps());
    }
    progress.finish_and_clear();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let few = losses.len().min(10);
    let (first, last) = (mean(&losses[..few]), mean(&losses[losses.len() - few..]));
    let pictures = tuner.pictures();
    Ok((tuner.finish(), first, last, pictures))
}
