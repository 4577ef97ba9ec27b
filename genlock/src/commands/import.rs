//! Makes takes of videos, and converts public data sets to genlock's session format.

mod video;
mod videos;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use datasets::{
    DatasetError, Fault, FoundMasks, Import, ImportPlan, ImportedTake, PictureSource, PlannedTake, TakeSelection,
    human36m, mpi_inf_3dhp,
};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{Context, IntoDiagnostic, bail};
use take::session::Split;

use video::Video;

#[derive(Subcommand)]
pub enum ImportCommand {
    /// Videos of several cameras, one per camera, into one take. They must begin at the same instant.
    Videos(videos::VideosArgs),
    /// Human3.6M: the folder that holds S1/Videos, S1/MyPoseFeatures/D3_Positions_mono, …/D2_Positions and so on.
    Human36m {
        #[command(flatten)]
        common: Common,
        /// Only these actions: Walking,Sitting.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        actions: Vec<String>,
    },
    /// MPI-INF-3DHP: the folder that holds S1/Seq1/annot.mat, S1/Seq1/imageSequence/video_0.avi and so on.
    #[command(name = "mpi-inf-3dhp")]
    MpiInf3dhp {
        #[command(flatten)]
        common: Common,
        /// Only these sequences: Seq1.
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        sequences: Vec<String>,
        /// Cameras by number [default: four at chest height].
        #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_values_t = mpi_inf_3dhp::DEFAULT_CAMERAS)]
        cameras: Vec<u8>,
        /// People to measure on, from whom nothing is learned [default: S6,S7].
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        held_out: Option<Vec<String>>,
    },
}

#[derive(Args)]
pub struct Common {
    /// The data set.
    dir: PathBuf,
    /// Folder of the session; one that was interrupted is taken up.
    #[arg(long, value_name = "SESSION")]
    out: PathBuf,
    /// Only these people: S1,S5 [default: all of the data set].
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    subjects: Vec<String>,
    /// Leave these takes out: S1-Walking-1.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    leave_out: Vec<String>,
    /// JPEG quality of the pictures, 1 to 100.
    #[arg(long, value_name = "Q", default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
}

pub fn run(command: &ImportCommand) -> miette::Result<()> {
    let (common, plan) = match command {
        ImportCommand::Videos(args) => return videos::run(args),
        ImportCommand::Human36m { common, actions } => {
            (common, human36m::plan(&common.dir, &common.selection(actions)).into_diagnostic()?)
        }
        ImportCommand::MpiInf3dhp { common, sequences, cameras, held_out } => {
            let selection = common.selection(sequences);
            (common, mpi_inf_3dhp::plan(&common.dir, &selection, cameras, held_out.as_deref()).into_diagnostic()?)
        }
    };
    plan.notes.iter().for_each(|note| println!("{note}"));
    let mut import = Import::begin(&common.out, &plan, common.quality).into_diagnostic()?;
    let mut failed = import_all(&plan, &mut import, common.quality)?;
    if failed.is_empty() {
        // Only now, since the background of a take may be seen in others.
        failed = find_masks(&plan, &mut import, common.quality)?;
    }
    if !failed.is_empty() {
        bail!(
            "the session {} is not complete: {} could not be imported; put right what is said above and run this again, \
             or leave them out with --leave-out {}",
            common.out.display(),
            if failed.len() == 1 { "one take".into() } else { format!("{} takes", failed.len()) },
            failed.join(",")
        );
    }
    let session = import.finish().into_diagnostic()?;
    println!("{}: complete, {} takes of {}", common.out.display(), session.takes.len(), plan.source);
    for split in [Split::Train, Split::HeldOut] {
        let people: BTreeSet<&str> =
            session.takes.iter().filter(|take| take.split == split).map(|take| take.person.as_str()).collect();
        let people = if people.is_empty() { "nobody".into() } else { Vec::from_iter(people).join(", ") };
        println!("{}: {people}", if split == Split::Train { "to learn from" } else { "to measure on" });
    }
    Ok(())
}

impl Common {
    fn selection(&self, actions: &[String]) -> TakeSelection {
        TakeSelection { subjects: self.subjects.clone(), actions: actions.to_vec(), leave_out: self.leave_out.clone() }
    }
}

/// Imports what is still missing and returns the names of the takes with faulty files.
fn import_all(plan: &ImportPlan, import: &mut Import, quality: u8) -> miette::Result<Vec<String>> {
    of_each_take(plan, "frames", |planned, progress| {
        let wanted = !import.has(planned);
        wanted.then(|| Ok(summary(planned, &import.add(planned, open(quality), progress)?)))
    })
}

/// Finds the masks that are still missing and returns the names of the takes in which that failed.
fn find_masks(plan: &ImportPlan, import: &mut Import, quality: u8) -> miette::Result<Vec<String>> {
    of_each_take(plan, "masks", |planned, progress| {
        let wanted = !import.has_masks(planned);
        wanted.then(|| {
            let found = import.add_masks(planned, open(quality), progress)?;
            let FoundMasks { pictures, without_subject } = found;
            Ok(format!("{}: {pictures} masks, {without_subject} of them without a subject", planned.take.name))
        })
    })
}

fn open(quality: u8) -> impl Fn(&Path) -> Result<Box<dyn PictureSource>, Fault> {
    move |path| Ok(Box::new(Video::open(path, quality)?) as _)
}

/// Progress: how many are done, of how many.
type Progress<'a> = &'a mut dyn FnMut(u32, u32);

/// Does something with each take, with a bar that counts `unit`. `work` returns what to print, or `None` where nothing is
/// to do. Returns the names of the takes with faulty files.
fn of_each_take(
    plan: &ImportPlan,
    unit: &str,
    mut work: impl FnMut(&PlannedTake, Progress) -> Option<Result<String, DatasetError>>,
) -> miette::Result<Vec<String>> {
    let mut failed = Vec::new();
    let style = ProgressStyle::with_template(&format!("{{msg:>24}} {{bar:40}} {{pos}}/{{len}} {unit} {{eta}}"))
        .into_diagnostic()?;
    for (number, planned) in plan.takes.iter().enumerate() {
        let bar = ProgressBar::new(0).with_style(style.clone());
        bar.set_message(format!("{}/{} {}", number + 1, plan.takes.len(), planned.take.name));
        let done = work(planned, &mut |done, of| {
            bar.set_length(u64::from(of));
            bar.set_position(u64::from(done));
        });
        bar.finish_and_clear();
        match done {
            None => {}
            Some(Ok(line)) => println!("{line}"),
            Some(Err(error)) if error.is_of_one_take() => {
                tracing::error!("{}", with_causes(&error));
                failed.push(planned.take.name.clone());
            }
            Some(Err(error)) => {
                let name = &planned.take.name;
                return Err(error).into_diagnostic().wrap_err_with(|| format!("the import stopped at {name}"));
            }
        }
    }
    Ok(failed)
}

fn summary(planned: &PlannedTake, take: &ImportedTake) -> String {
    let mut line = format!("{}: {} frames of {} cameras", planned.take.name, take.frames, planned.views.len());
    if let Some(camera) = &take.cut_by {
        line += &format!(", cut since {camera} ends before the {} poses do", take.poses);
    }
    if take.unlabelled > 0 {
        line += &format!(", {} without a label in every view", take.unlabelled);
    }
    line
}

fn with_causes(error: &DatasetError) -> String {
    let mut line = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        line += &format!(": {error}");
        cause = error.source();
    }
    line
}
