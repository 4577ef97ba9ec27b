//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::import::ImportCommand;
use crate::pose_outputs::OutputArgs;

/// Capture 3D motion with several cameras, without a calibration board.
#[derive(Parser)]
#[command(name = "genlock", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Play footage as live cameras: record, learn, and stream poses.
    Demo(Box<DemoArgs>),
    /// Run a rig's cameras: record, learn, and stream poses.
    Run(Box<RunArgs>),
    /// Record the cameras of a rig, without page and learner.
    Capture(CaptureArgs),
    /// Check for everything that can make a session of a rig fail, and list the remedies. Changes nothing.
    Doctor(DoctorArgs),
    /// List the cameras of this machine.
    Cameras,
    /// Learn the background from the stage of a running session, which must be empty now.
    Background(AtArgs),
    /// Take the T-pose in which the person stands now as the rest pose of characters, in a running session that sends
    /// bodies by VMC.
    TPose(AtArgs),
    /// Control the rig's geometry in a running session.
    #[command(subcommand)]
    Rig(RigCommandArgs),
    /// Show the contents of a take.
    Inspect(InspectArgs),
    /// Write the bodies of a take, as they were streamed, for other programs: marker tracks (TRC), the motion
    /// of a skeleton (BVH) or a table (CSV).
    Export(ExportArgs),
    /// Compare two pose files: MPJPE, N-MPJPE, P-MPJPE in millimetres.
    Metrics(MetricsArgs),
    /// Convert labels to genlock's own format, or make them from a take.
    #[command(subcommand)]
    Labels(LabelsCommand),
    /// Make a take of videos, or convert a data set to genlock's session format.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Learn from live moments (see `genlock-learn pretrain --help`).
    #[command(disable_help_flag = true)]
    Pretrain(HandOver),
    /// Make a pose model from a checkpoint and a few labels (see `genlock-learn finetune --help`).
    #[command(disable_help_flag = true)]
    Finetune(HandOver),
    /// Measure a pose model (see `genlock-learn eval --help`).
    #[command(disable_help_flag = true)]
    Eval(HandOver),
    /// Find the bodies of a recorded take, and its rig's geometry (see `genlock-learn bodies --help`).
    #[command(disable_help_flag = true)]
    Infer(HandOver),
    /// Find the time offsets between recordings that were never synchronised, in a take or a folder of videos (see
    /// `genlock-learn sync-offset --help`).
    #[command(disable_help_flag = true)]
    SyncOffset(HandOver),
    /// Render people of a virtual studio, with exact labels (see `genlock-learn render --help`).
    #[command(disable_help_flag = true)]
    Render(HandOver),
    /// Pack the assets that scenarios choose into a small folder (see `genlock-learn pack-assets --help`).
    #[command(disable_help_flag = true)]
    PackAssets(HandOver),
    /// Train a pose model on a rendered or imported session (see `genlock-learn train --help`).
    #[command(disable_help_flag = true)]
    Train(HandOver),
    /// Train the rows of a table, and print them beside the paper's (see `genlock-learn ablate --help`).
    #[command(disable_help_flag = true)]
    Ablate(HandOver),
    /// Show what a pretraining has learned, as plots and sheets of pictures (see `genlock-learn sync-report --help`).
    #[command(disable_help_flag = true)]
    SyncReport(HandOver),
    /// Learn from several sessions in a row, each seen once, and compare what is best kept of them (see
    /// `genlock-learn stream-study --help`).
    #[command(disable_help_flag = true)]
    StreamStudy(HandOver),
}

/// Arguments for the other binary, passed on unchanged.
#[derive(Args)]
pub struct HandOver {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

#[derive(Args)]
pub struct DemoArgs {
    /// Play this take again and again, such as one that `genlock import videos` made [default: the environment's
    /// GENLOCK_FOOTAGE, else the example session where it was fetched].
    #[arg(long, value_name = "TAKE", conflicts_with = "from")]
    pub footage: Option<PathBuf>,
    /// Replay a recorded take once instead, with the same indices.
    #[arg(long, value_name = "TAKE")]
    pub from: Option<PathBuf>,
    /// Show a virtual studio instead, without any footage: a scenario's, or the built-in person's.
    #[arg(long = "virtual", value_name = "SCENARIO.toml", conflicts_with_all = ["footage", "from", "rate"])]
    pub virtual_studio: Option<Option<PathBuf>>,
    /// Trigger rate in Hz: a divisor of the footage's, or the highest one that this machine keeps up with.
    #[arg(long, value_enum, default_value = "auto", conflicts_with = "from")]
    pub rate: Rate,
    #[command(flatten)]
    pub session: SessionArgs,
}

#[derive(Args)]
pub struct RunArgs {
    /// The rig (TOML).
    pub rig: PathBuf,
    #[command(flatten)]
    pub session: SessionArgs,
}

/// Options of every live session.
#[derive(Args, Clone)]
pub struct SessionArgs {
    /// Folder of this session's checkpoint, pose model and takes.
    #[arg(long, value_name = "DIR", default_value = "genlock-data")]
    pub data: PathBuf,
    /// Where takes are recorded [default: the rig's recording.directory, or takes/ in the data folder].
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Record nothing until the page's record button is pressed.
    #[arg(long)]
    pub no_record: bool,
    /// The recording ends at this many gigabytes (10⁹ bytes) [default: the rig's
    /// recording.budget-gb, or 100; of a demo 4].
    #[arg(long, value_name = "GB", value_parser = amount)]
    pub budget_gb: Option<f64>,
    /// What to learn and how [default: all pairs at 64 px, for a CPU].
    #[arg(long, value_name = "TOML")]
    pub recipe: Option<PathBuf>,
    /// Pose model [default: pose-model.safetensors in the data folder where there is one, else the one that comes with
    /// genlock].
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Give the pose model pictures with their background, as of cameras that move.
    #[arg(long)]
    pub plain: bool,
    /// Arithmetic of inference: f32, bf16 or auto.
    #[arg(long, value_name = "P", default_value = "auto", value_parser = ["f32", "bf16", "auto"])]
    pub infer_precision: String,
    /// The network that finds joints, from which bodies in the rig's own geometry are made. `make setup` fetches it.
    #[arg(long, value_enum, default_value = "full")]
    pub finder: Finder,
    /// Use no finder of joints: all poses come from the pose model.
    #[arg(long, conflicts_with = "finder")]
    pub no_finder: bool,
    #[command(flatten)]
    pub outputs: OutputArgs,
    /// The person's standing height, which sets the scale of the world [default: the rig's people.height-mm; without it
    /// the scale is a guess].
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
    pub height_mm: Option<u16>,
    /// A network pretrained on known-good sync (`sync.safetensors` of `genlock train`), which watches whether the cameras
    /// show the same instants [default: the rig's sync-health.network].
    #[arg(long, value_name = "FILE", conflicts_with = "no_learner")]
    pub sync_health: Option<PathBuf>,
    /// Store the samples that the networks get in this file.
    #[arg(long, value_name = "FILE")]
    pub store_samples: Option<PathBuf>,
    /// Start no learner.
    #[arg(long)]
    pub no_learner: bool,
    /// Make no network of the rig's own, which otherwise learns from the rig's bodies and serves once it has earned it.
    #[arg(long)]
    pub no_own: bool,
    /// Address of the page [default: the rig's page.listen, or 127.0.0.1:8787].
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The file with the token that the page asks for [default: the environment's GENLOCK_PAGE_TOKEN]. Required where
    /// others than this machine's programs can reach the page.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// A name by which a reverse proxy, or the network, knows the page; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub allowed_host: Vec<String>,
    /// No page.
    #[arg(long)]
    pub headless: bool,
    /// End after this many seconds of the session. The trial of the rate before it does not count.
    #[arg(long, value_name = "N", value_parser = amount)]
    pub seconds: Option<f64>,
    /// Write a report when the session ends.
    #[arg(long, value_name = "FILE.json")]
    pub report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Finder {
    /// BlazePose Lite, for slow machines.
    Lite,
    /// BlazePose Full.
    Full,
    /// BlazePose Heavy, four times as slow as Full.
    Heavy,
    /// The pose model: fast, and rough on real people.
    Own,
}

impl Finder {
    /// The argument for the other binary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "lite",
            Self::Full => "full",
            Self::Heavy => "heavy",
            Self::Own => "own",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rate {
    #[value(name = "60")]
    Hz60,
    #[value(name = "30")]
    Hz30,
    #[value(name = "15")]
    Hz15,
    Auto,
}

#[derive(Args)]
pub struct CaptureArgs {
    /// The rig (TOML), the same on all its hosts.
    pub rig: PathBuf,
    /// Be this host of the rig: open, record and crop only its cameras, and send the crops to the first host.
    #[arg(long, value_name = "NAME", requires = "to")]
    pub host: Option<String>,
    /// Where the first host listens (the rig's link.listen, as reachable from here).
    #[arg(long, value_name = "HOST:PORT", requires = "host")]
    pub to: Option<String>,
    /// Where takes are recorded [default: the rig's recording.directory, or takes/].
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// End after this many seconds.
    #[arg(long, value_name = "N", value_parser = amount)]
    pub seconds: Option<f64>,
    /// Write a report when the session ends.
    #[arg(long, value_name = "FILE.json")]
    pub report: Option<PathBuf>,
}

#[derive(Args)]
pub struct DoctorArgs {
    /// The rig (TOML).
    pub rig: PathBuf,
    /// Check the cameras of the host of this name, for a rig with several hosts.
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Where takes would be recorded [default: the rig's recording.directory, or takes/].
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum RigCommandArgs {
    /// Forget where the cameras stand, and find it again.
    FindAnew(AtArgs),
    /// Keep the geometry as it is.
    Freeze(AtArgs),
    /// Refine it again.
    Unfreeze(AtArgs),
    /// The person stands on the floor now and looks to the front: there is the origin, and x points where they look.
    FloorAndFront(AtArgs),
    /// State the person's standing height, which sets the scale.
    Height {
        #[arg(value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
        mm: u16,
        #[command(flatten)]
        at: AtArgs,
    },
}

#[derive(Args)]
pub struct AtArgs {
    /// Address of the session's page.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8787")]
    pub at: String,
    /// The file with the page's token, where it asks for one [default: the environment's GENLOCK_PAGE_TOKEN].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct InspectArgs {
    pub take: PathBuf,
    /// Show how it fits this take of another host of the same session.
    #[arg(long, value_name = "TAKE")]
    pub with: Option<PathBuf>,
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct ExportArgs {
    pub take: PathBuf,
    /// The file to write. Its name ends with .trc, .c3d, .bvh, .csv or, with the feature `rerun`, .rrd; an existing one is
    /// replaced.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct MetricsArgs {
    /// Predicted poses.
    pub predicted: PathBuf,
    /// True poses.
    pub truth: PathBuf,
    #[arg(long)]
    pub json: bool,
}

#[derive(Subcommand)]
pub enum LabelsCommand {
    /// Make labels of every view of a take from the bodies that its cameras agree on (see `genlock-learn labels make
    /// --help`).
    #[command(disable_help_flag = true)]
    Make(HandOver),
    /// Turn markers over time and a calibration into labels per view. It reads that calibration once, offline.
    Import(LabelsImportArgs),
}

#[derive(Args)]
pub struct LabelsImportArgs {
    /// Marker positions over time: TRC or C3D.
    #[arg(long, alias = "trc", value_name = "FILE")]
    pub markers: PathBuf,
    /// Cameras, as Pose2Sim, Anipose, Caliscope, OpenCV, EasyMocap or Qualisys write them.
    #[arg(long, value_name = "FILE")]
    pub calibration: PathBuf,
    /// The take whose pictures are labelled: its cameras, its rate and what moves in it are compared.
    #[arg(long, value_name = "TAKE")]
    pub take: Option<PathBuf>,
    /// A camera whose name in the calibration is another one; may be repeated.
    #[arg(long = "camera", value_name = "NAME=CALIBRATED")]
    pub cameras: Vec<NamedCamera>,
    /// The rig's own geometry, to compare with [default: the take's geometry.json, where there is one].
    #[arg(long, value_name = "FILE.json", requires = "take")]
    pub geometry: Option<PathBuf>,
    /// The axis of the markers that points up [default: the format's, y in TRC and mostly z in C3D; refused if people
    /// then lie].
    #[arg(long)]
    pub up: Option<UpAxis>,
    /// The frame of the source, from 0, that the first row of markers belongs to [default: what the file says].
    #[arg(long, value_name = "FRAME")]
    pub first: Option<u32>,
    /// Where the labels go.
    #[arg(long, value_name = "FILE.json")]
    pub out: PathBuf,
}

/// A camera and its name in a calibration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCamera {
    pub name: String,
    pub calibrated: String,
}

impl std::str::FromStr for NamedCamera {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, calibrated)) if !name.is_empty() && !calibrated.is_empty() => {
                Ok(Self { name: name.to_owned(), calibrated: calibrated.to_owned() })
            }
            _ => Err("it is written NAME=CALIBRATED".into()),
        }
    }
}

/// An axis that points up.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum UpAxis {
    Y,
    Z,
}

impl From<UpAxis> for pose::markers::Up {
    fn from(up: UpAxis) -> Self {
        match up {
            UpAxis::Y => Self::Y,
            UpAxis::Z => Self::Z,
        }
    }
}

/// A number of seconds or gigabytes, small enough to calculate with.
pub fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if (0.0..=1e9).contains(&amount) => Ok(amount),
        _ => Err("expected a number from 0 to 1e9".into()),
    }
}
