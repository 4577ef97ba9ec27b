//! The finder of joints, as the command line chooses it.

use std::path::{Path, PathBuf};

use infer::recording::Watched;
use joints::{BlazePose, FinderFiles, Model};
use miette::{IntoDiagnostic, miette};
use take::TakeReader;

use super::progress::bar;

/// Of how many pictures the detector of people looks at one; where the person was last says where to look in the others.
pub const DETECTOR_EVERY: u32 = 5;

#[derive(clap::Args)]
pub struct FinderArgs {
    /// The network that finds joints.
    #[arg(long, value_enum, default_value = "full")]
    finder: FinderName,
    /// Look at the first instants alone.
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// The folder that scripts/fetch-finder.sh prints [env: GENLOCK_FINDER] [default: where that script puts it].
    #[arg(long, value_name = "DIR")]
    finder_files: Option<PathBuf>,
    /// Threads of the network [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum FinderName {
    /// BlazePose Lite.
    Lite,
    /// BlazePose Full.
    Full,
    /// BlazePose Heavy.
    Heavy,
}

impl FinderName {
    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "Lite",
            Self::Full => "Full",
            Self::Heavy => "Heavy",
        }
    }

    /// Loads the network. `files` is the folder that the set-up fetched, where it is not in its usual place.
    /// The detector of people looks at every `detector_every`-th picture.
    pub fn open(self, files: Option<&Path>, detector_every: u32, threads: usize) -> miette::Result<BlazePose> {
        let folder = files.map(Path::to_owned).or_else(|| set("GENLOCK_FINDER")).or_else(fetched_finder);
        let folder = folder.ok_or_else(|| {
            miette!(
                "the finder of joints was not fetched: run scripts/fetch-finder.sh, or name its folder with --finder-files"
            )
        })?;
        let files = FinderFiles::find(folder).into_diagnostic()?;
        BlazePose::new(&files, self.into(), detector_every, threads).into_diagnostic()
    }
}

impl From<FinderName> for Model {
    fn from(name: FinderName) -> Self {
        match name {
            FinderName::Lite => Self::Lite,
            FinderName::Full => Self::Full,
            FinderName::Heavy => Self::Heavy,
        }
    }
}

impl FinderArgs {
    /// Whether any of these words was given beside defaults.
    pub fn given(&self) -> bool {
        self.first.is_some() || self.finder_files.is_some() || self.threads.is_some()
    }

    /// Looks for a person in a take's pictures, with the detector of people in every `detector_every`-th.
    pub fn watch(&self, take: &TakeReader, detector_every: u32) -> miette::Result<Watched> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut finder =
            self.finder.open(self.finder_files.as_deref(), detector_every, self.threads.unwrap_or(cores))?;
        let bar = bar("finding joints", 0);
        let watched = Watched::watch(take, &mut finder, self.first, |done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        watched.into_diagnostic()
    }
}

/// The folder's name in the cache; scripts/fetch-finder.sh has the same.
const FETCHED: &str = "finder-2";

/// A folder that the environment names; an empty word names none.
fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Where the set-up keeps what it fetches.
fn fetched_finder() -> Option<PathBuf> {
    let cache = set("GENLOCK_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("genlock")))
        .or_else(|| Some(set("HOME")?.join(".cache/genlock")))?;
    Some(cache.join(FETCHED)).filter(|folder| folder.is_dir())
}
