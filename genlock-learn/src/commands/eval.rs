//! `genlock eval`: the errors of a pose model against labels, or its poses of stored moments computed again.

mod moments;
mod named_trial;
mod own_network;
mod precision_effect;
mod recorded_bodies;
mod rendered_bodies;
mod rendered_takes;
mod sync_health;
mod sync_offsets;
mod take_report;
mod trials;

use std::path::{Path, PathBuf};

use infer::{Engine, PrecisionChoice, precision_name};
use learn::eval::evaluate_take;
use learn::objectives::RenderedTraining;
use learn::runs::{FinetuneConfig, Training};
use miette::{IntoDiagnostic, WrapErr, miette};
use serde::Serialize;
use subject::Sample;
use take::TakeReader;

use super::finder::{DETECTOR_EVERY, FinderArgs};
use super::precision::PrecisionName;
use super::reading;
use precision_effect::{other_precision, precision_effect};
use take_report::TakeReport;

#[derive(clap::Args)]
pub struct Args {
    /// The pose model; with `--finder own` it finds the joints, too.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["trc", "bodies", "apart", "own", "sync_health"])]
    model: Option<PathBuf>,
    /// A take to measure on, with `--labels`, or with `--trc` and `--calibration`.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["moments", "recipe", "bodies", "apart", "sync_health"])]
    session: Option<PathBuf>,
    /// Poses in the world (TRC), against which to measure bodies as `genlock infer` finds them, and other methods.
    #[arg(long, value_name = "FILE", requires = "session", requires = "calibration", conflicts_with = "labels")]
    trc: Option<PathBuf>,
    /// The calibration of those poses, used only for scoring.
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
    own: own_network::OwnArgs,
    #[command(flatten)]
    sync_health: sync_health::SyncHealthArgs,
    #[command(flatten)]
    finder: FinderArgs,
    /// Labels per view, as `genlock labels import` writes them.
    #[arg(long, value_name = "FILE", requires = "session")]
    labels: Option<PathBuf>,
    /// Moments stored by `genlock demo --store-samples`, whose poses are computed again.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with = "session")]
    moments: Option<PathBuf>,
    /// Measure a model trained on rendered people according to this recipe (TOML): on held-out people, on real takes
    /// and their twins, compared with baselines and peers.
    #[arg(long, value_name = "FILE", requires = "out", conflicts_with_all = ["session", "moments"])]
    recipe: Option<PathBuf>,
    /// Change a value of the recipe, as in `session="DIR"`.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "recipe")]
    overrides: Vec<String>,
    /// Where the poses of `--moments` go (a JSON file), or the figures of `--recipe` (a folder).
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Give the network pictures with their background, as of cameras that move.
    #[arg(long, conflicts_with_all = ["bodies", "apart"])]
    plain: bool,
    /// Arithmetic of the network.
    #[arg(long, value_enum, default_value = "f32")]
    precision: PrecisionName,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> miette::Result<()> {
    if let (Some(take), Some(own)) = (&args.session, args.own.network()) {
        let published = args.trc.as_deref().zip(args.calibration.as_deref());
        let reader = TakeReader::open(take).into_diagnostic()?;
        let published =
            published.map(|(trc, calibration)| recorded_bodies::Truth::read(trc, calibration, &reader)).transpose()?;
        let rows = own_network::rows(&args.own, own, take, &args.finder, published)?;
        return show(args, &rows, own_network::table);
    }
    if let (Some(take), Some(trc), Some(calibration)) = (&args.session, &args.trc, &args.calibration) {
        return run_recorded_bodies(args, take, trc, calibration);
    }
    if let Some(session) = &args.bodies {
        let rows = rendered_bodies::rows(session, &args.finder, args.model.as_deref())?;
        return show(args, &rows, rendered_bodies::table);
    }
    if let Some(session) = &args.apart {
        let rows = sync_offsets::rows(session, &args.finder)?;
        return show(args, &rows, sync_offsets::table);
    }
    if let Some(network) = args.sync_health.network() {
        let rows = sync_health::rows(&args.sync_health, network)?;
        return show(args, &rows, sync_health::table);
    }
    if args.finder.given() {
        return Err(miette!(
            "`--finder`, `--first`, `--finder-files` and `--threads` belong to `--trc`, `--bodies` and `--apart`"
        ));
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
    // A model without training information was trained with the defaults.
    let hold_out = serde_json::from_str::<Training>(&spec.training)
        .map_or_else(|_| FinetuneConfig::default().hold_out, |training| training.config.hold_out);
    let take = reading::labelled_take(session, labels, &preprocessing)?;
    let errors = evaluate_take(&take, &hold_out, |samples| engine.joints(samples)).into_diagnostic()?;
    let samples: Vec<&Sample> = take.samples.iter().map(|labelled| &labelled.sample).collect();
    let report = TakeReport {
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
        print!("{}", take_report::render(&report));
    }
    Ok(())
}

fn open(args: &Args, model: &Path, precision: PrecisionChoice) -> miette::Result<Engine> {
    let engine = Engine::open(model, model::start(), precision)
        .and_then(|engine| if args.plain { engine.plain() } else { Ok(engine) });
    engine.into_diagnostic().wrap_err_with(|| format!("{} does not serve as a pose model", model.display()))
}

/// Measures bodies in the world against published poses of the take.
fn run_recorded_bodies(args: &Args, take: &Path, trc: &Path, calibration: &Path) -> miette::Result<()> {
    if args.plain && args.finder.is_own() {
        return Err(miette!("`--finder own` finds joints in pictures without their background: leave `--plain` out"));
    }
    let reader = TakeReader::open(take).into_diagnostic()?;
    let truth = recorded_bodies::Truth::read(trc, calibration, &reader)?;
    let engine = args.model.as_deref().map(|model| open(args, model, args.precision.into())).transpose()?;
    let watched = args.finder.watch(&reader, args.model.as_deref(), DETECTOR_EVERY)?;
    let model = engine.as_ref().map(|engine| (engine, take, trc, calibration));
    let rows = recorded_bodies::rows(&watched, &truth, model)?;
    show(args, &rows, recorded_bodies::table)
}

/// Prints rows as a table or as JSON.
fn show<R: Serialize>(args: &Args, rows: &[R], table: impl Fn(&[R]) -> String) -> miette::Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(rows).into_diagnostic()?);
    } else {
        print!("{}", table(rows));
    }
    Ok(())
}
