//! `genlock eval`: how far a pose model's poses are from labels, or its poses of stored moments once more.

mod apart;
mod moments;
mod rig;
mod studio;
mod table;
mod trial_table;
mod trials;

use std::path::{Path, PathBuf};

use infer::{Engine, PrecisionChoice, precision_name};
use learn::evaluate::{PoseEvaluation, evaluate};
use learn::finetune::{FinetuneConfig, Training};
use learn::rendered::RenderedTraining;
use miette::{IntoDiagnostic, WrapErr, miette};
use pose::Pose3d;
use serde::Serialize;
use subject::Sample;
use take::TakeReader;

use super::finder::{DETECTOR_EVERY, FinderArgs};
use super::precision::PrecisionName;
use super::reading;

#[derive(clap::Args)]
pub struct Args {
    /// The pose model; with `--finder own` it finds the joints, too.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["trc", "bodies", "apart"])]
    model: Option<PathBuf>,
    /// A take to measure on, with `--labels`, or with `--trc` and `--calibration`.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["moments", "recipe", "bodies", "apart"])]
    session: Option<PathBuf>,
    /// Poses in the world (TRC) to measure bodies against, as `genlock infer` finds them, beside other ways to find them.
    #[arg(long, value_name = "FILE", requires = "session", requires = "calibration", conflicts_with = "labels")]
    trc: Option<PathBuf>,
    /// The calibration of those poses: it scores, and nothing else.
    #[arg(long, value_name = "FILE", requires = "trc")]
    calibration: Option<PathBuf>,
    /// Measure bodies against the truth of a session that `genlock render` made, by the number of cameras.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["session", "moments", "recipe", "out"])]
    bodies: Option<PathBuf>,
    /// Measure `genlock sync-offset` on a session that `genlock render` made, whose recordings are cut to begin at different
    /// times.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["session", "model", "moments", "recipe", "out", "bodies"])]
    apart: Option<PathBuf>,
    #[command(flatten)]
    finder: FinderArgs,
    /// Labels per view, as `genlock labels import` writes them.
    #[arg(long, value_name = "FILE", requires = "session")]
    labels: Option<PathBuf>,
    /// Moments stored by `genlock demo --store-samples`: their poses are computed once more.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with = "session")]
    moments: Option<PathBuf>,
    /// Measure a model of rendered people as this recipe says (TOML): on held-out ones, on real takes and their twins,
    /// beside baselines and peers.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["session", "moments"])]
    recipe: Option<PathBuf>,
    /// Change a value of the recipe, as in `session="DIR"`.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "recipe")]
    overrides: Vec<String>,
    /// Where the poses of `--moments` go (a JSON file), or the figures of `--recipe` (a folder).
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Give the network pictures with their background, as of cameras that move.
    #[arg(long)]
    plain: bool,
    /// Arithmetic of the network.
    #[arg(long, value_enum, default_value = "f32")]
    precision: PrecisionName,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// How much bf16 moves the joints of the same samples, in millimetres.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PrecisionEffect {
    pub joints: usize,
    pub mean_mm: f64,
    pub max_mm: f64,
}

#[derive(Serialize)]
struct Report {
    model: String,
    encoder: String,
    precision: &'static str,
    crop_px: u32,
    /// What the network saw of the pictures' background.
    background: model::Background,
    /// What the labels are worth.
    truth: String,
    /// What held out means here.
    held_out_is: &'static str,
    /// The model was trained on rendered people, so that for it the whole take is held out.
    rendered: bool,
    pictures_without_subject: usize,
    errors: PoseEvaluation,
    bf16_against_f32: PrecisionEffect,
}

pub fn run(args: &Args) -> miette::Result<()> {
    if let (Some(take), Some(trc), Some(calibration)) = (&args.session, &args.trc, &args.calibration) {
        return run_rig(args, take, trc, calibration);
    }
    if let Some(session) = &args.bodies {
        let rows = studio::rows(session, &args.finder, args.model.as_deref())?;
        return show(args, &rows, studio::table);
    }
    if let Some(session) = &args.apart {
        let rows = apart::rows(session, &args.finder)?;
        return show(args, &rows, apart::table);
    }
    if args.finder.given() {
        return Err(miette!("`--first`, `--finder-files` and `--threads` belong to `--trc`, `--bodies` and `--apart`"));
    }
    let Some(model) = &args.model else { return Err(miette!("`genlock eval` needs `--model`")) };
    let open = |precision| open(args, model, precision);
    let engine = open(args.precision.into())?;
    if let (Some(recipe), Some(out)) = (&args.recipe, &args.out) {
        return trials::run(recipe, &args.overrides, model, &engine, out);
    }
    let other = open(other_precision(&engine))?;
    if let (Some(moments), Some(out)) = (&args.moments, &args.out) {
        return moments::run(&engine, &other, moments, out);
    }
    let (Some(session), Some(labels)) = (&args.session, &args.labels) else {
        return Err(miette!(
            "`genlock eval` needs `--session` and `--labels`, or `--session`, `--trc` and `--calibration`, or `--moments` \
             and `--out`"
        ));
    };
    let spec = engine.spec();
    let preprocessing = reading::preprocessing(spec, model)?;
    // A model that says nothing of its training was trained as the defaults are.
    let hold_out = serde_json::from_str::<Training>(&spec.training)
        .map_or_else(|_| FinetuneConfig::default().hold_out, |training| training.config.hold_out);
    let take = reading::labelled_take(session, labels, &preprocessing)?;
    let errors = evaluate(&take, &hold_out, |samples| engine.joints(samples)).into_diagnostic()?;
    let samples: Vec<&Sample> = take.samples.iter().map(|labelled| &labelled.sample).collect();
    let report = Report {
        model: engine.version().to_owned(),
        encoder: spec.encoder_version.clone(),
        precision: precision_name(engine.precision()),
        crop_px: spec.crop_px,
        background: engine.background(),
        truth: take.labels.truth.clone(),
        held_out_is: "interpolation within one take",
        rendered: serde_json::from_str::<RenderedTraining>(&spec.training).is_ok(),
        pictures_without_subject: take.without_subject,
        errors,
        bf16_against_f32: precision_effect(&engine, &other, samples.chunks(4))?,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).into_diagnostic()?);
    } else {
        print!("{}", table::render(&report));
    }
    Ok(())
}

fn open(args: &Args, model: &Path, precision: PrecisionChoice) -> miette::Result<Engine> {
    let engine = Engine::open(model, model::start(), precision)
        .and_then(|engine| if args.plain { engine.plain() } else { Ok(engine) });
    engine.into_diagnostic().wrap_err_with(|| format!("{} does not serve as a pose model", model.display()))
}

/// Bodies in the world against others' poses of the take.
fn run_rig(args: &Args, take: &Path, trc: &Path, calibration: &Path) -> miette::Result<()> {
    let truth = rig::Truth::read(trc, calibration)?;
    let engine = args.model.as_deref().map(|model| open(args, model, args.precision.into())).transpose()?;
    let watched =
        args.finder.watch(&TakeReader::open(take).into_diagnostic()?, args.model.as_deref(), DETECTOR_EVERY)?;
    let model = engine.as_ref().map(|engine| (engine, take, trc, calibration));
    let rows = rig::rows(&watched, &truth, model)?;
    show(args, &rows, rig::table)
}

/// Prints rows, as JSON where it is wanted.
fn show<R: Serialize>(args: &Args, rows: &[R], table: impl Fn(&[R]) -> String) -> miette::Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(rows).into_diagnostic()?);
    } else {
        print!("{}", table(rows));
    }
    Ok(())
}

/// The precision that `engine` does not have.
fn other_precision(engine: &Engine) -> PrecisionChoice {
    match engine.precision() {
        model::Precision::F32 => PrecisionChoice::Bf16,
        model::Precision::Bf16 => PrecisionChoice::F32,
    }
}

/// Distance of each joint between the two engines' poses, in batches as a moment has them.
fn precision_effect<'a, B: AsRef<[&'a Sample]>>(
    one: &Engine,
    other: &Engine,
    batches: impl Iterator<Item = B>,
) -> miette::Result<PrecisionEffect> {
    let (mut joints, mut sum, mut max) = (0, 0.0, 0.0_f64);
    for batch in batches {
        let (a, b): (Vec<Pose3d>, Vec<Pose3d>) =
            (one.joints(batch.as_ref()).into_diagnostic()?, other.joints(batch.as_ref()).into_diagnostic()?);
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            let distance = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
            (joints, sum, max) = (joints + 1, sum + distance, max.max(distance));
        }
    }
    Ok(PrecisionEffect { joints, mean_mm: if joints > 0 { sum / joints as f64 } else { 0.0 }, max_mm: max })
}
