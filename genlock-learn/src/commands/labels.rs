//! `genlock labels make`: labels of every view from the bodies of a take.

use std::path::PathBuf;

use infer::recording::labels;
use miette::{IntoDiagnostic, WrapErr};
use take::TakeReader;

use super::bodies::read_geometry;
use super::finder::{DETECTOR_EVERY, FinderArgs};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make labels of every view of a take from the bodies that its cameras agree on.
    Make(Make),
}

#[derive(clap::Args)]
struct Make {
    /// The take.
    #[arg(value_name = "TAKE")]
    take: PathBuf,
    /// File of the labels.
    #[arg(long, value_name = "FILE.json")]
    out: PathBuf,
    #[command(flatten)]
    finder: FinderArgs,
    /// The pose model of `--finder own` [default: the one that comes with genlock].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The person's standing height, which sets the scale. Without it the scale is a guess, some 5 to 15 % off.
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
    height_mm: Option<u16>,
    /// A `geometry.json` of the rig to use instead of finding the geometry.
    #[arg(long, value_name = "FILE", conflicts_with = "height_mm")]
    geometry: Option<PathBuf>,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let Command::Make(args) = &args.command;
    make(args).wrap_err_with(|| args.take.display().to_string())
}

fn make(args: &Make) -> miette::Result<()> {
    let take = TakeReader::open(&args.take).into_diagnostic()?;
    let (watched, finder) = args.finder.watch_with(&take, args.model.as_deref(), DETECTOR_EVERY)?;
    let geometry = match &args.geometry {
        Some(file) => read_geometry(file)?,
        None => {
            let now_utc = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            watched.find_rig(args.height_mm.map(f64::from), &now_utc).into_diagnostic()?.geometry
        }
    };
    let bodies = watched.bodies(&geometry, true).into_diagnostic()?;
    if args.geometry.is_some() {
        watched.check_fit(&bodies).into_diagnostic()?;
    }
    let made = labels(&take, &watched, &geometry, &bodies, &finder).into_diagnostic()?;
    made.labels.write(&args.out).into_diagnostic()?;
    let pictures: usize = made.labels.cameras.iter().map(|camera| camera.frames.len()).sum();
    println!(
        "{}: {pictures} labels in {} views, from {} of {} instants; {} bodies left out, since too few cameras agree on \
         them closely; {} instants without a body",
        args.out.display(),
        made.labels.cameras.len(),
        made.labelled,
        bodies.bodies.len(),
        made.doubtful,
        bodies.bodies.iter().filter(|body| body.is_none()).count(),
    );
    let missing = watched.names.iter().filter(|name| made.labels.camera(name).is_none());
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !missing.is_empty() {
        eprintln!("warning: no labels for {}", missing.join(", "));
    }
    Ok(())
}
