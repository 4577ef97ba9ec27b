//! `genlock eval --sync-health`: how soon a trained network finds that a camera slipped, and how often it says so where
//! none did. The cameras of rendered takes are in step; slips are made by moving one camera's pictures.

mod read;
mod stream;
mod table;

use std::path::{Path, PathBuf};

use frame_sync::health::HealthSettings;
use miette::ensure;
use serde::Serialize;

pub use table::table;

#[derive(clap::Args)]
pub struct SyncHealthArgs {
    /// A network pretrained on rendered takes: measure how it finds slips of a camera in the takes of `--stream`.
    #[arg(long, value_name = "FILE", requires = "stream", conflicts_with_all = ["session", "model", "moments", "recipe", "bodies", "apart", "own", "out"])]
    sync_health: Option<PathBuf>,
    /// A session that `genlock render` made, of people whom the network does not know; may be given several times. All
    /// takes together make one stream.
    #[arg(long, value_name = "DIR", requires = "sync_health")]
    stream: Vec<PathBuf>,
    /// The session that the network learned from, needed if its pretraining has not ended.
    #[arg(long, value_name = "DIR", requires = "sync_health")]
    learned_from: Option<PathBuf>,
    /// Frames by which a camera slips.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2,5")]
    slips: Vec<u8>,
    /// Limits of a slip in uncertainties of the shift, one row for each [default: that of live sessions].
    #[arg(long, value_name = "Z,…", value_delimiter = ',')]
    sigmas: Vec<f64>,
    /// Folder for the scores of the takes. Those that it has are read from there.
    #[arg(long, value_name = "DIR", requires = "sync_health")]
    scores: Option<PathBuf>,
}

impl SyncHealthArgs {
    pub fn network(&self) -> Option<&Path> {
        self.sync_health.as_deref()
    }
}

/// What one limit gives.
#[derive(Serialize)]
pub struct Row {
    pub rate_hz: f64,
    pub slipped_sigmas: f64,
    /// Length of the stream without a slip, in hours; the part of it in which people moved enough; and the alarms in it.
    pub hours: f64,
    pub usable_hours: f64,
    pub false_alarms: usize,
    pub slips: Vec<SlipRow>,
    /// How far off the shifts of cameras are after so much footage.
    pub errors: Vec<ErrorRow>,
}

/// How slips of one size are found.
#[derive(Serialize)]
pub struct SlipRow {
    pub frames: u8,
    pub made: usize,
    pub found_within_10_s: usize,
    pub found_within_60_s: usize,
    /// Another camera was named first.
    pub wrong_camera: usize,
    /// Seconds until half, and nine of ten, were found; `None` if fewer were.
    pub median_s: Option<f64>,
    pub nine_of_ten_s: Option<f64>,
}

/// Errors of the shifts of cameras that are in step, in frames.
#[derive(Serialize)]
pub struct ErrorRow {
    pub footage_s: usize,
    pub cameras: usize,
    pub median: Option<f64>,
    pub nine_of_ten: Option<f64>,
    pub stated_median: Option<f64>,
}

pub fn rows(args: &SyncHealthArgs, network: &Path) -> miette::Result<Vec<Row>> {
    let settings = HealthSettings::default();
    let most = args.slips.iter().copied().max().unwrap_or(0);
    ensure!((1..=30).contains(&most) && !args.slips.contains(&0), "`--slips` takes frames from 1 to 30");
    let reach = settings.reach + usize::from(most);
    let takes = read::scores(args, network, reach)?;
    let stream = stream::Stream::new(&takes, &settings)?;
    let sigmas = if args.sigmas.is_empty() { vec![settings.slipped_sigmas] } else { args.sigmas.clone() };
    Ok(sigmas
        .into_iter()
        .map(|slipped_sigmas| stream.row(&HealthSettings { slipped_sigmas, ..settings.clone() }, &args.slips))
        .collect())
}
