//! `genlock eval --own`: a rig's own network beside the finder of joints, as the gate of a live session compares them,
//! and against the truth of the take where there is one, which the gate does not have.

use std::ops::Range;
use std::path::{Path, PathBuf};

use body::RigGeometry;
use body::metrics::{BodyScores, score};
use frame_sync::pairs::{HoldOut, Side};
use infer::own_network::{Differences, differences};
use infer::recording::{Instant, Watched};
use infer::rig::{Placing, upper_median};
use learn::runs::Training;
use miette::{IntoDiagnostic, miette};
use pose::WorldJoints;
use recipe::RigTraining;
use serde::Serialize;
use take::TakeReader;
use virtual_studio::session::TRUTH_FILE;

use super::recorded_bodies;
use super::rendered_bodies::TakeTruth;
use crate::commands::bodies::read_geometry;
use crate::commands::finder::{EVERY_PICTURE, FinderArgs};

#[derive(clap::Args)]
pub struct OwnArgs {
    /// A rig's own network, to compare with the finder on the instants of a take that it did not learn from.
    #[arg(long, value_name = "FILE", requires = "session", conflicts_with = "model")]
    own: Option<PathBuf>,
    /// The rig's `geometry.json` [default: found by the finder].
    #[arg(long, value_name = "FILE", requires = "own")]
    geometry: Option<PathBuf>,
    /// Compare only on these positions of the source.
    #[arg(long, value_name = "A..B", requires = "own", value_parser = range)]
    positions: Option<Range<u32>>,
    /// The network learned from none of these positions, so none is left out.
    #[arg(long, requires = "positions")]
    unseen: bool,
}

impl OwnArgs {
    pub fn network(&self) -> Option<&Path> {
        self.own.as_deref()
    }
}

fn range(word: &str) -> Result<Range<u32>, String> {
    let wrong = || format!("{word:?} is not like 100..200");
    let (from, to) = word.split_once("..").ok_or_else(wrong)?;
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from < to => Ok(from..to),
        _ => Err(wrong()),
    }
}

/// One method.
#[derive(Serialize)]
pub struct OwnRow {
    pub what: String,
    /// Compared instants, and those with a body.
    pub instants: usize,
    pub bodies: usize,
    /// Median distance from the finder's bodies, in millimetres; of the finder, its error with half of its views.
    pub differs_mm: Option<f64>,
    /// Against the truth.
    #[serde(flatten)]
    pub scores: Option<BodyScores>,
}

/// The truth of a take.
enum Truth {
    Published(recorded_bodies::Truth),
    Rendered(TakeTruth),
    None,
}

impl Truth {
    fn at(&self, instant: &Instant) -> Option<&WorldJoints> {
        match self {
            Self::Published(truth) => truth.at(instant),
            Self::Rendered(truth) => truth.at(instant),
            Self::None => None,
        }
    }
}

pub fn rows(
    args: &OwnArgs,
    network: &Path,
    take: &Path,
    finder: &FinderArgs,
    published: Option<recorded_bodies::Truth>,
) -> miette::Result<Vec<OwnRow>> {
    let truth = match published {
        Some(truth) => Truth::Published(truth),
        None if take.join(TRUTH_FILE).exists() => Truth::Rendered(TakeTruth::read(take)?),
        None => Truth::None,
    };
    let reader = TakeReader::open(take).into_diagnostic()?;
    let own_finder = finder.with_own();
    let hold_out = hold_out(network)?;
    let wanted = |instant: &Instant| {
        let position = instant.source.map(|source| source.index);
        let within = args.positions.as_ref().is_none_or(|range| position.is_some_and(|at| range.contains(&at)));
        within && (args.unseen || hold_out.side(instant.source, instant.exposure_ns) == Side::HeldOut)
    };
    let geometry = match &args.geometry {
        Some(file) => read_geometry(file)?,
        None => finder.watch(&reader, None, EVERY_PICTURE)?.find_rig(None, "").into_diagnostic()?.geometry,
    };
    let by_finder = finder.watch_only(&reader, None, EVERY_PICTURE, &wanted)?;
    let by_own = own_finder.watch_only(&reader, Some(network), EVERY_PICTURE, &wanted)?;
    if by_finder.instants.all.is_empty() {
        return Err(miette!("no instant of the take is held out of what the network learned from"));
    }
    // With fewer cameras there are no two halves of the views.
    let few = by_finder.names.len() < 4;
    let smaller = few.then(|| finder.with_lite().watch_only(&reader, None, EVERY_PICTURE, &wanted)).transpose()?;
    let by_smaller = |at: usize| smaller.as_ref().map(|smaller| &smaller.seen[at]);
    let placing = |watched: &Watched| placing(&geometry, watched);
    let (finder_placing, own_placing) = (placing(&by_finder)?, placing(&by_own)?);
    let compared: Vec<Differences> = by_finder
        .seen
        .iter()
        .zip(&by_own.seen)
        .enumerate()
        .filter_map(|(at, (finder, own))| differences(&finder_placing, &own_placing, finder, by_smaller(at), own))
        .collect();
    let finder_mm = upper_median(compared.iter().filter_map(|of| of.finder_mm).collect());
    let own_mm = upper_median(compared.iter().map(|of| of.own_mm.unwrap_or(f64::INFINITY)).collect());
    let row = |what: &str, watched: &Watched, differs_mm: Option<f64>| -> miette::Result<OwnRow> {
        let bodies = watched.bodies(&geometry, false).into_diagnostic()?.confirmed();
        let pairs = watched.instants.all.iter().zip(&bodies.bodies);
        let pairs = pairs.filter_map(|(at, body)| Some((body::joints(&body.as_ref()?.points_mm), *truth.at(at)?)));
        Ok(OwnRow {
            what: what.to_owned(),
            instants: watched.instants.all.len(),
            bodies: bodies.bodies.iter().flatten().count(),
            differs_mm,
            scores: score(pairs),
        })
    };
    Ok(vec![row("the finder", &by_finder, finder_mm)?, row("the own network", &by_own, own_mm)?])
}

fn placing(geometry: &RigGeometry, watched: &Watched) -> miette::Result<Placing> {
    let placing = Placing::new(geometry, &watched.names, &watched.sizes_px).into_diagnostic()?;
    Ok(placing.allowing(watched.max_residual))
}

/// What the network did not learn from.
fn hold_out(network: &Path) -> miette::Result<HoldOut> {
    let model = model::PoseModel::load(network, model::start()).into_diagnostic()?;
    let training = &model.spec().training;
    let of_rig = serde_json::from_str::<RigTraining>(training).map(|training| training.hold_out);
    of_rig
        .or_else(|_| serde_json::from_str::<Training>(training).map(|training| training.config.hold_out))
        .map_err(|_| miette!("{} does not say what it learned from", network.display()))
}

pub fn table(rows: &[OwnRow]) -> String {
    let mut text =
        format!("{:<18} {:>9} {:>7} {:>11} {:>7} {:>7}\n", "", "instants", "bodies", "differs mm", "P mm", "rig mm");
    let number = |value: Option<f64>| value.map_or("–".into(), |value| format!("{value:.1}"));
    for row in rows {
        text += &format!(
            "{:<18} {:>9} {:>7} {:>11} {:>7} {:>7}\n",
            row.what,
            row.instants,
            row.bodies,
            number(row.differs_mm),
            number(row.scores.as_ref().map(|scores| scores.p_mm)),
            number(row.scores.as_ref().and_then(|scores| scores.rig_mm)),
        );
    }
    text + "Differs: from the finder's body; of the finder, its error with half of its views, which is what two halves differ by \
            over the root of two, or, with fewer than four cameras, how far its Lite network is from it.\n"
}
