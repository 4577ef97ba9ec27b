//! `genlock train`: a pose model from a session, in one or several legs that resume each other.

pub mod log;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use learn::NetRecipe;
use learn::data::rendered::{Dataset, Split};
use learn::eval::Evaluator;
use learn::objectives::labelled_rows;
use learn::runs::{EncoderFile, PoseTraining, StageLosses};
use miette::{IntoDiagnostic, WrapErr, ensure, miette};
use model::{PoseModel, Processes};
use recipe::{PoseTarget, TrainRecipe};

use self::log::{Log, Shown};
use super::leg::Leg;
use super::{reading, rendered_table};
use crate::{processes, stop};

const MODEL_FILE: &str = "pose-model.safetensors";
const EVALUATION_FILE: &str = "evaluation.json";

#[derive(clap::Args)]
pub struct Args {
    /// How to train (TOML).
    #[arg(long, value_name = "FILE")]
    recipe: PathBuf,
    /// The session, as `genlock render` or `genlock import` writes it.
    #[arg(long, value_name = "DIR")]
    session: PathBuf,
    /// A recorded take that pretraining learns from, too, without labels; may be repeated. Its cameras stand still, and
    /// its triggers are known.
    #[arg(long, value_name = "DIR")]
    recorded: Vec<PathBuf>,
    /// Folder for checkpoints, pose model and figures. An existing training is resumed.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write a checkpoint and end after this long; the same command resumes later.
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Only measure the pose model in the folder.
    #[arg(long)]
    eval_only: bool,
    /// Start transfer from this pretraining (`sync.safetensors` of another folder).
    #[arg(long, value_name = "FILE")]
    encoder: Option<PathBuf>,
    /// The pretraining of --encoder need not have ended.
    #[arg(long, requires = "encoder")]
    unfinished: bool,
    /// Write the pose model's weights as 16-bit floats.
    #[arg(long)]
    f16: bool,
    /// Change a value of the recipe, as in `transfer.train=linear`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Seconds between two lines of progress.
    #[arg(long, value_name = "N", default_value = "10")]
    report_seconds: f64,
    #[command(flatten)]
    processes: processes::Args,
}

enum End {
    Done,
    Leg,
}

pub fn run(args: &Args) -> miette::Result<()> {
    if args.processes.launch()? {
        return Ok(());
    }
    let stop = stop::watch(false)?;
    args.processes.join()?;
    let stop = stop.in_order();
    let begun = Instant::now();
    let device = model::start();
    if device.is_cuda() {
        // All batches have the same shape, so benchmarking the algorithms once is worth it.
        tch::Cuda::cudnn_set_benchmark(true);
    }
    let recipe = TrainRecipe::load(&args.recipe, &args.overrides).into_diagnostic()?;
    ensure!(
        recipe.transfer.target == PoseTarget::Room,
        "transfer.target = \"2d\" is for `genlock ablate`, which measures it: what it trains is no model of 3D poses"
    );
    let dataset = reading::session(&args.session, &args.recorded, &recipe.data, device)?;
    let of = |split, name: fn(&take::SessionTake) -> &str| dataset.distinct(split, name).len();
    println!(
        "{} pictures ({:.2} GB on {device:?}, {:.0} s): {} of {} people in {} clips to learn from, {} of {} people in {} clips held out",
        dataset.len(),
        dataset.bytes() as f64 / 1e9,
        begun.elapsed().as_secs_f64(),
        dataset.rows(Split::Train).len(),
        of(Split::Train, |take| &take.person),
        of(Split::Train, |take| &take.clip),
        dataset.rows(Split::HeldOut).len(),
        of(Split::HeldOut, |take| &take.person),
        of(Split::HeldOut, |take| &take.clip),
    );
    if !args.recorded.is_empty() {
        println!("{} pictures of recorded takes to pretrain on", dataset.rows(Split::Recorded).len());
    }
    let path = args.out.join(MODEL_FILE);
    if args.eval_only {
        if !Processes::is_first() {
            return Ok(());
        }
        let model = PoseModel::load(&path, device).into_diagnostic().wrap_err("there is no pose model to measure")?;
        return measure(&args.out, &recipe, &dataset, &model);
    }
    let encoder = args.encoder.clone().map(|path| EncoderFile { path, may_be_unfinished: args.unfinished });
    agree("recipes", &recipe.identity().into_diagnostic()?)?;
    agree("numbers of pictures", &dataset.len())?;
    let mut trainer = PoseTraining::new(&recipe, &dataset, &args.out, encoder.as_ref()).into_diagnostic()?;
    agree("checkpoints", &(trainer.stage(), trainer.progress()))?;
    agree("precisions (name one in the recipe)", &format!("{:?}", trainer.precision()))?;
    std::fs::create_dir_all(&args.out)
        .into_diagnostic()
        .wrap_err_with(|| format!("creating {}", args.out.display()))?;
    let mut leg = Leg::new(stop, begun, args.minutes);
    match train(&mut trainer, args, &recipe, &dataset, &mut leg)? {
        End::Leg => {
            let (step, steps) = trainer.progress();
            println!("Leg ended: {} {step}/{steps}. The same command goes on.", trainer.stage());
            return Ok(());
        }
        End::Done => {}
    }
    let model = trainer.model().into_diagnostic()?.ok_or_else(|| miette!("the training ended without a pose model"))?;
    if !Processes::is_first() {
        return Ok(());
    }
    if args.f16 { model.save_f16(&path) } else { model.save(&path) }.into_diagnostic()?;
    // Measure the model as it is on disk.
    let model = PoseModel::load(&path, device).into_diagnostic()?;
    println!("{}: pose model {}", path.display(), model.version().into_diagnostic()?);
    measure(&args.out, &recipe, &dataset, &model)
}

/// Checks that all processes of a training have the same of `what`.
fn agree(what: &str, value: &impl Hash) -> miette::Result<()> {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    Processes::agree(what, hasher.finish()).into_diagnostic()
}

fn train(
    trainer: &mut PoseTraining,
    args: &Args,
    recipe: &TrainRecipe,
    dataset: &Dataset,
    leg: &mut Leg,
) -> miette::Result<End> {
    let plan = recipe.evaluation;
    let has_held_out = !dataset.rows(Split::HeldOut).is_empty();
    let evaluator = (plan.every_samples > 0 && has_held_out && Processes::is_first())
        .then(|| {
            labelled_rows(recipe, dataset)
                .and_then(|rows| Evaluator::new(dataset, &rows, recipe.crop_px, plan.pictures.max(1), false))
        })
        .transpose()
        .into_diagnostic()?;
    let every = Duration::from_secs_f64(args.report_seconds.clamp(0.0, 1e6));
    let mut log = Log::new(&args.out, every, Shown::stage(trainer))?;
    if trainer.sync_accuracy().is_some() {
        // The previous leg ended between the last step of pretraining and the first of transfer.
        log.pretrained(trainer)?;
    }
    while !trainer.done() {
        let stage = trainer.stage();
        let report = trainer.step().into_diagnostic()?;
        log.step(&report)?;
        if trainer.stage() != stage {
            log.pretrained(trainer)?;
        }
        let seen = report.step * trainer.pictures_per_step();
        let before = (report.step - 1) * trainer.pictures_per_step();
        let due = plan.every_samples > 0 && seen / plan.every_samples != before / plan.every_samples;
        if let (true, true, true, StageLosses::Transfer(_)) = (due, has_held_out, !trainer.done(), report.losses) {
            let precision = trainer.precision();
            // All processes recompute the statistics of BatchNorm, and the first measures.
            if let (Some(model), Some(evaluator)) = (trainer.model().into_diagnostic()?, &evaluator) {
                log.evaluated(&evaluator.evaluate(model, precision).into_diagnostic()?)?;
            }
        }
        if leg.after_step(trainer)? && !trainer.done() {
            return Ok(End::Leg);
        }
    }
    Ok(End::Done)
}

/// Measures on the held-out takes: a table, and the same figures as JSON.
fn measure(out: &Path, recipe: &TrainRecipe, dataset: &Dataset, model: &PoseModel) -> miette::Result<()> {
    let labelled = labelled_rows(recipe, dataset).into_diagnostic()?;
    let pictures = recipe.evaluation.last_pictures;
    let evaluator = Evaluator::new(dataset, &labelled, recipe.crop_px, pictures, true).into_diagnostic()?;
    let precision = recipe.choose_precision(dataset.device()).into_diagnostic()?;
    let found = evaluator.evaluate(model, precision).into_diagnostic()?;
    print!("{}", rendered_table::render(&found));
    let path = out.join(EVALUATION_FILE);
    let text = serde_json::to_string_pretty(&found).into_diagnostic()?;
    std::fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))
}
