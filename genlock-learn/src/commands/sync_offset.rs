//! `genlock sync-offset`: finds the time offsets between recordings that were never synchronised.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geometry::{Observation, TimeOffset, time_offsets};
use infer::recording::Watched;
use miette::{IntoDiagnostic, WrapErr, miette};
use serde::Serialize;
use take::TakeReader;

use super::finder::{EVERY_PICTURE, FinderArgs};

#[derive(clap::Args)]
pub struct Args {
    /// The take; `genlock sync-offset` also takes a folder with one video for each camera.
    #[arg(value_name = "TAKE")]
    take: PathBuf,
    /// Offsets are at most this large.
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0, value_parser = positive)]
    most_s: f64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    finder: FinderArgs,
    /// The pose model of `--finder own` [default: the one that comes with genlock].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
}

fn positive(word: &str) -> Result<f64, String> {
    let number: f64 = word.parse().map_err(|_| format!("{word:?} is not a number"))?;
    if number > 0.0 && number <= 600.0 { Ok(number) } else { Err("it must be above 0 and at most 600".into()) }
}

/// The offsets, by camera.
#[derive(Serialize)]
struct Offsets {
    /// This camera's frame n shows what the first one's frame n − x does.
    offset_frames: BTreeMap<String, f64>,
    offset_ms: BTreeMap<String, f64>,
    /// One standard deviation; null if unknown.
    uncertainty_frames: BTreeMap<String, Option<f64>>,
    /// From 0 to 1: how much better the offset fits than any that is not close to it.
    confidence: BTreeMap<String, f64>,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let named = || args.take.display().to_string();
    let take = TakeReader::open(&args.take).into_diagnostic()?;
    let rate_hz = take.info().trigger_rate_hz;
    if !(rate_hz.is_finite() && rate_hz > 0.0) {
        return Err(miette!("{}: its rate is not known", named()));
    }
    let watched = args.finder.watch(&take, args.model.as_deref(), EVERY_PICTURE).wrap_err_with(named)?;
    // The first camera by name is the one that the others are compared with.
    let mut order: Vec<usize> = (0..watched.names.len()).filter(|&camera| watched.sizes_px[camera][0] > 0.0).collect();
    order.sort_by(|&a, &b| watched.names[a].cmp(&watched.names[b]));
    let watched = watched.only(&order);
    let most_frames = (args.most_s * rate_hz).ceil() as usize;
    let found = time_offsets(&watched.sizes_px, &longest_run(&watched), most_frames);
    let found = found.map_err(|error| said(&error, &watched.names)).wrap_err_with(named)?;
    let by_name = |value: &dyn Fn(&TimeOffset) -> f64| {
        watched.names.iter().cloned().zip(found.iter().map(value)).collect::<BTreeMap<String, f64>>()
    };
    let uncertainty = watched.names.iter().cloned().zip(found.iter().map(|offset| offset.uncertainty_frames));
    let offsets = Offsets {
        offset_frames: by_name(&|offset| offset.frames),
        offset_ms: by_name(&|offset| offset.frames * 1e3 / rate_hz),
        uncertainty_frames: uncertainty.collect(),
        confidence: by_name(&|offset| offset.confidence),
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&offsets).into_diagnostic()?);
    } else {
        print_table(&offsets);
    }
    Ok(())
}

/// What each camera saw in the longest stretch without a seam or a gap, across which time jumps.
fn longest_run(watched: &Watched) -> Vec<Vec<Option<Observation>>> {
    let run = watched.instants.runs().into_iter().max_by_key(ExactSizeIterator::len).unwrap_or_default();
    let track = |camera: usize| run.clone().map(|at| watched.seen[at][camera].clone()).collect();
    (0..watched.names.len()).map(track).collect()
}

fn said(error: &geometry::GeometryError, names: &[String]) -> miette::Report {
    match error {
        geometry::GeometryError::CameraApart { camera, .. } => {
            miette!("{}: nobody was seen to move there while others saw it; its offset cannot be found", names[*camera])
        }
        other => miette!(
            "no geometry of the rig confirms the offsets that fit best, so none is to be believed: {other}. The person has to \
             move in view of all cameras at once; a larger `--most-s` may help where recordings began far apart"
        ),
    }
}

fn print_table(offsets: &Offsets) {
    println!("{:<20} {:>10} {:>10} {:>12} {:>10}", "camera", "frames", "ms", "uncertainty", "confidence");
    for (camera, frames) in &offsets.offset_frames {
        let (ms, uncertainty) = (offsets.offset_ms[camera], offsets.uncertainty_frames[camera]);
        let uncertainty = uncertainty.map_or("not known".into(), |frames| format!("{frames:.2}"));
        println!("{camera:<20} {frames:>10.2} {ms:>10.1} {uncertainty:>12} {:>10.2}", offsets.confidence[camera]);
    }
}
