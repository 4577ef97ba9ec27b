//! `genlock ablate`: trainings that differ in one thing each, printed beside what a paper says of them.

mod kept;
mod plan;
mod summary;
mod table;
mod work;

use std::path::{Path, PathBuf};
use std::time::Instant;

use learn::data::rendered::Split;
use miette::{IntoDiagnostic, ensure};
use recipe::AblationRecipe;

use self::plan::Plan;
use self::summary::Summary;
use self::work::{Ended, Work};
use super::leg::Leg;
use super::reading;
use super::results::write_text;
use crate::stop;

const TABLE_FILE: &str = "table.md";
const JSON_FILE: &str = "table.json";

#[derive(clap::Args)]
pub struct Args {
    /// The table: rows that differ in one thing each, such as `recipes/table1.toml`.
    #[arg(value_name = "RECIPE.toml")]
    recipe: PathBuf,
    /// The session, as `genlock render` or `genlock import` writes it.
    #[arg(long, value_name = "DIR", required_unless_present = "table")]
    session: Option<PathBuf>,
    /// Folder for checkpoints, figures and the table. What is done there is kept.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write a checkpoint and end after this long; the same command goes on later.
    #[arg(long, value_name = "M")]
    minutes: Option<f64>,
    /// Train this row alone; may be repeated.
    #[arg(long = "row", value_name = "NAME")]
    rows: Vec<String>,
    /// Train this one of the recipe's seeds alone; may be repeated.
    #[arg(long = "seed", value_name = "N")]
    seeds: Vec<u64>,
    /// Train as much as the paper, for a GPU: with the words of `full` in the recipe.
    #[arg(long)]
    full: bool,
    /// Weights of the rows' network after training on ImageNet, for rows that start from them: a safetensors file with
    /// torchvision's names. Without it these rows are left out.
    #[arg(long, value_name = "FILE")]
    imagenet: Option<PathBuf>,
    /// Only print the table of what is there.
    #[arg(long)]
    table: bool,
    /// Change a value that the rows share, as in `sync.samples=20000`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let stop = stop::watch(false)?.in_order();
    let begun = Instant::now();
    let recipe = AblationRecipe::load(&args.recipe).into_diagnostic()?;
    let words = if args.full { [&recipe.full[..], &args.overrides].concat() } else { args.overrides.clone() };
    let rows = recipe.plan(&args.recipe, &words, args.imagenet.as_deref()).into_diagnostic()?;
    let plan = Plan::new(&recipe, rows)?;
    for name in &args.rows {
        ensure!(recipe.row.iter().any(|row| row.name == *name), "--row {name}: the recipe has no such row");
    }
    for seed in &args.seeds {
        ensure!(recipe.seeds.contains(seed), "--seed {seed}: the recipe's seeds are {:?}", recipe.seeds);
    }
    let ended = match &args.session {
        Some(session) if !args.table => train(args, session, &plan, Leg::new(stop, begun, args.minutes))?,
        _ => Ended::Done,
    };
    let summary = Summary::of(&recipe, &plan, &args.out)?;
    let text = table::markdown(&summary);
    print!("{text}");
    write_text(&args.out.join(TABLE_FILE), &text)?;
    write_text(&args.out.join(JSON_FILE), &serde_json::to_string_pretty(&summary).into_diagnostic()?)?;
    if let Ended::Leg { now } = ended {
        println!("Leg ended at {now}. The same command goes on.");
    }
    Ok(())
}

fn train(args: &Args, session: &Path, plan: &Plan, leg: Leg) -> miette::Result<Ended> {
    let device = model::start();
    if device.is_cuda() {
        // All batches have the same shape, so benchmarking the algorithms once is worth it.
        tch::Cuda::cudnn_set_benchmark(true);
    }
    let dataset = reading::session(session, &[], &plan.data(), device)?;
    ensure!(
        !dataset.rows(Split::HeldOut).is_empty(),
        "no take of the session is held out: render one with `split = \"held-out\"`, or import people to measure on"
    );
    println!("{} pictures ({:.2} GB on {device:?})", dataset.len(), dataset.bytes() as f64 / 1e9);
    let wanted = plan.wanted(
        |row| args.rows.is_empty() || args.rows.contains(&row.name),
        |seed| args.seeds.is_empty() || args.seeds.contains(&seed),
    );
    Work::new(plan, &dataset, &args.out, leg).run(&wanted)
}
