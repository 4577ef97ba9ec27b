//! `genlock sync-report`: what a pretraining has learned, as plots, sheets of pictures and JSON.

mod plots;
mod sheets;

use std::path::PathBuf;

use learn::data::rendered::Split;
use learn::eval::sync_report::{PretrainedSync, SyncQuestions, SyncReport, chosen_takes};
use miette::{IntoDiagnostic, WrapErr, ensure};
use take::Session;

use super::reading;
use super::results::write_text;

const JSON_FILE: &str = "sync-report.json";

#[derive(clap::Args)]
pub struct Args {
    /// The pretraining, finished or not: `sync.safetensors` of a folder of `genlock train` or `ablate`.
    #[arg(long, value_name = "FILE")]
    encoder: PathBuf,
    /// The session that it learned from, as `genlock render` or `genlock import` writes it, with held-out people.
    #[arg(long, value_name = "DIR")]
    session: PathBuf,
    /// Folder for plots, sheets and figures.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Use so many takes of each person, drawn at random; 0: all.
    #[arg(long, value_name = "N", default_value_t = 4)]
    takes: usize,
    /// Time gaps in ms at which accuracy is measured.
    #[arg(long, value_name = "MS,…", value_delimiter = ',', default_value = "80,160,320,640,1280,2560", value_parser = gap)]
    gaps: Vec<f64>,
    /// Pairs of each person at each gap, half of them synchronous.
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pairs: u32,
    /// Pictures of unseen people for which others are retrieved; 0: all.
    #[arg(long, value_name = "N", default_value_t = 500)]
    queries: usize,
    /// Rows of each sheet of pictures.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(0..=100))]
    pictures: u16,
    /// Seed of what is drawn.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// Change a value of the pretraining's recipe, as in `data.every=2` or `data.memory-gb=16`.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

fn gap(word: &str) -> Result<f64, String> {
    let number: f64 = word.parse().map_err(|_| format!("{word:?} is not a number"))?;
    if (1.0..=600_000.0).contains(&number) { Ok(number) } else { Err("it must be from 1 to 600000 ms".into()) }
}

pub fn run(args: &Args) -> miette::Result<()> {
    let device = model::start();
    // Let everything that can fail do so before the long part.
    let pretrained = PretrainedSync::open(&args.encoder, &args.overrides, device).into_diagnostic()?;
    let takes = Session::read(&args.session).into_diagnostic()?.takes;
    ensure!(
        takes.iter().any(|take| take.split.name() == Split::HeldOut.name()),
        "no take of the session is held out: render people with `split = \"held-out\"`, or import those to measure on"
    );
    std::fs::create_dir_all(&args.out)
        .into_diagnostic()
        .wrap_err_with(|| format!("creating {}", args.out.display()))?;
    let chosen = chosen_takes(&takes, args.takes, args.seed);
    let [step, steps] = pretrained.progress();
    println!("Pretraining at step {step} of {steps}; {} of {} takes.", chosen.len(), takes.len());
    let wanted = |take: &take::SessionTake| chosen.contains(&take.name);
    let dataset = reading::takes_of_session(&args.session, wanted, &pretrained.recipe().data, device)?;
    let asked = SyncQuestions {
        gaps_ms: args.gaps.clone(),
        pairs: args.pairs as usize,
        queries: args.queries,
        shown: args.pictures.into(),
        seed: args.seed,
    };
    let all_takes = chosen.len() == takes.len();
    let report = reading::counted("encoding pictures", |progress| {
        SyncReport::of(pretrained, &dataset, all_takes, &asked, progress)
    });
    let report = report.into_diagnostic()?;
    let write = |name: &str, text: &str| write_text(&args.out.join(name), text);
    write("sync-accuracy.svg", &plots::accuracy(&report))?;
    write("within-takes.svg", &plots::gaps_of_retrieved(&report))?;
    let rows = report.within_takes.iter().filter_map(|row| Some((row.person.as_deref(), row.poses?)));
    write("within-takes-poses.svg", &plots::poses(&report, "Poses at the retrieved instant of the same take", rows))?;
    let rows = report.across_people.iter().map(|row| (row.person.as_deref(), row.poses));
    write(
        "across-people-poses.svg",
        &plots::poses(&report, "Poses of the retrieved pictures of trained people", rows),
    )?;
    write("within-takes-pictures.svg", &sheets::within(&dataset, &report)?)?;
    write("across-people-pictures.svg", &sheets::across(&dataset, &report)?)?;
    write(JSON_FILE, &serde_json::to_string_pretty(&report).into_diagnostic()?)?;
    print!("{}", summary(&report));
    println!("{}", args.out.join(JSON_FILE).display());
    Ok(())
}

/// The figures of all people together.
fn summary(report: &SyncReport) -> String {
    let mut lines = vec![format!("{} pictures", report.pictures)];
    for curve in report.accuracy.iter().filter(|curve| curve.person.is_none()) {
        let who = if curve.split == Split::Train { "trained" } else { "unseen" };
        let points = curve.points.iter().map(|point| format!("{:.0} ms {:.3}", point.gap_ms, point.accuracy));
        lines.push(format!("sync accuracy, {who} people (chance .5): {}", points.collect::<Vec<_>>().join(", ")));
    }
    if let Some(all) = report.within_takes.first() {
        lines.push(format!(
            "within takes of unseen people: top 1 {:.3} (chance {:.3}), top 5 {:.3} ({:.3}), median {:.0} ms off ({:.0})",
            all.top_1.found,
            all.top_1.chance,
            all.top_5.found,
            all.top_5.chance,
            all.median_gap_ms.found,
            all.median_gap_ms.chance
        ));
    }
    let within = report.within_takes.first().and_then(|all| all.poses).map(|poses| ("within takes", poses));
    let across = report.across_people.first().map(|all| ("across people", all.poses));
    for (what, poses) in within.into_iter().chain(across) {
        lines.push(format!(
            "{what}: N-MPJPE {:.1} mm (random {:.1}), P-MPJPE {:.1} (random {:.1})",
            poses.retrieved.n_mpjpe, poses.random.n_mpjpe, poses.retrieved.p_mpjpe, poses.random.p_mpjpe
        ));
    }
    lines.join("\n") + "\n"
}
