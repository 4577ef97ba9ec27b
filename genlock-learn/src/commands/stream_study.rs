//! `genlock stream-study`: learns from several sessions in a row, each seen once, in ways that differ in what is kept.

mod kept;
mod plan;
mod plot;
mod run;
mod summary;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, WrapErr, ensure, miette};
use recipe::StreamRecipe;
use settings::FolderLock;

use self::plan::Stream;
use self::run::{Begins, Runner};
use self::summary::Summary;
use super::leg::Leg;
use super::reading;
use super::results::write_text;
use crate::stop;

const JSON_FILE: &str = "stream.json";
const TABLE_FILE: &str = "stream.md";
const PLOT_FILE: &str = "stream.svg";

#[derive(clap::Args)]
pub struct Args {
    /// The stream and the ways to learn from it, such as `recipes/stream.toml`.
    #[arg(value_name = "RECIPE.toml")]
    recipe: PathBuf,
    /// The session, as `genlock render` writes it.
    #[arg(long, value_name = "DIR", required_unless_present = "table")]
    session: Option<PathBuf>,
    /// Folder for checkpoints, figures, table and plot. What is done there is kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A checkpoint, as `sync.safetensors` of `genlock train` or of a learner, whose network all runs begin with. Without
    /// it they begin with random weights.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Write a checkpoint and end after this long; the same command goes on later.
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Run this arm alone; may be repeated.
    #[arg(long = "arm", value_name = "NAME")]
    arms: Vec<String>,
    /// Run this one of the recipe's seeds alone; may be repeated.
    #[arg(long = "seed", value_name = "N")]
    seeds: Vec<u64>,
    /// Threads inside one operation; without it, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Only write table and plot of what is there.
    #[arg(long)]
    table: bool,
    /// Change a value of the recipe, as in `base.width=32`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let stop = stop::watch(false)?.in_order();
    let begun = Instant::now();
    let recipe = StreamRecipe::load(&args.recipe, &args.overrides).into_diagnostic()?;
    let arms = recipe.plan(&args.recipe).into_diagnostic()?;
    for name in &args.arms {
        ensure!(recipe.arm.iter().any(|arm| arm.name == *name), "--arm {name}: the recipe has no such arm");
    }
    for seed in &args.seeds {
        ensure!(recipe.seeds.contains(seed), "--seed {seed}: the recipe's seeds are {:?}", recipe.seeds);
    }
    std::fs::create_dir_all(&args.out)
        .into_diagnostic()
        .wrap_err_with(|| format!("creating {}", args.out.display()))?;
    let _lock = FolderLock::take(&args.out, "a study of genlock", Duration::ZERO)
        .map_err(|why| miette!(help = "wait for that study, or choose another folder with --out", "{why}"))?;
    let mut unfinished = None;
    if let Some(session) = args.session.as_ref().filter(|_| !args.table) {
        let device = model::start();
        if let Some(threads) = args.threads {
            model::set_threads(threads);
        }
        let wanted = plan::wanted(&recipe, session)?;
        let dataset = reading::takes_of_session(session, |take| wanted.contains(&take.name), &recipe.data, device)?;
        let stream = Stream::of(&recipe, &dataset)?;
        println!("{}", stream.words(&dataset));
        let leg = Leg::new(stop, begun, args.minutes);
        let begins = Begins::of(args.from.as_deref(), device)?;
        let mut runner = Runner { recipe: &recipe, dataset: &dataset, stream: &stream, out: &args.out, begins, leg };
        // Seed by seed, so that all arms are there early.
        for &seed in recipe.seeds.iter().filter(|seed| args.seeds.is_empty() || args.seeds.contains(seed)) {
            for arm in arms.iter().filter(|arm| args.arms.is_empty() || args.arms.contains(&arm.arm.name)) {
                let of_seed = arm.recipes.iter().find(|recipe| recipe.seed == seed);
                if let Some(of_seed) = of_seed.filter(|_| unfinished.is_none())
                    && !runner.run(&arm.arm.name, of_seed)?
                {
                    unfinished = Some(format!("{}-{seed}", arm.arm.name));
                }
            }
        }
    }
    let summary = Summary::of(&recipe, &arms, &args.out)?;
    let text = table::markdown(&summary);
    print!("{text}");
    write_text(&args.out.join(TABLE_FILE), &text)?;
    write_text(&args.out.join(PLOT_FILE), &plot::over_time(&summary))?;
    write_text(&args.out.join(JSON_FILE), &serde_json::to_string_pretty(&summary).into_diagnostic()?)?;
    if let Some(now) = unfinished {
        println!("Leg ended at {now}. The same command goes on.");
    }
    Ok(())
}
