//! The finder of joints, as the command line chooses it.

use std::path::{Path, PathBuf};

use infer::recording::{FinderInput, Watched};
use infer::{Engine, ModelFinder, PrecisionChoice};
use joints::{BlazePose, FinderFiles, JointFinder, Model};
use miette::{IntoDiagnostic, WrapErr, miette};
use take::TakeReader;

use super::progress::bar;
use super::reading;

/// Of how many pictures the detector of people looks at one; where the person was last says where to look in the others.
pub const DETECTOR_EVERY: u32 = 5;

/// The detector looks at each picture. Else joints waver in its rhythm, which differs from camera to camera and shows as an
/// offset in time.
pub const EVERY_PICTURE: u32 = 1;

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
    /// The rig's own pose model.
    Own,
}

/// A finder of joints that was loaded.
pub struct Finder {
    pub finder: Box<dyn JointFinder>,
    pub look: FinderInput,
    /// Of its network.
    pub name: String,
}

/// The pose model that is to find joints, and how.
pub struct OwnModel<'a> {
    /// None: the one that comes with genlock.
    pub file: Option<&'a Path>,
    pub precision: PrecisionChoice,
    /// It gets pictures with their background.
    pub plain: bool,
}

impl<'a> OwnModel<'a> {
    pub fn of_file(file: Option<&'a Path>) -> Self {
        Self { file, precision: PrecisionChoice::F32, plain: false }
    }

    /// In OpenVINO, where its files are there.
    fn open(&self, files: Option<&Path>, threads: usize) -> miette::Result<Finder> {
        let file = self.file.map(Path::to_owned).or_else(|| set(SHIPPED_MODEL).filter(|shipped| shipped.is_file()));
        let file = file.ok_or_else(|| miette!("`--finder own` needs a pose model: name its file with `--model`"))?;
        let unfit = || format!("{} does not serve as a finder of joints", file.display());
        let device = model::start();
        model::set_threads(threads);
        let opened = Engine::open(&file, device, self.precision);
        let engine = opened.and_then(|engine| if self.plain { engine.plain() } else { Ok(engine) });
        let engine = engine.and_then(|engine| match openvino(files) {
            Some(files) => engine.or_in_openvino(&files, threads),
            None => Ok(engine),
        });
        let engine = engine.into_diagnostic().wrap_err_with(unfit)?;
        let preprocessing = reading::preprocessing(engine.spec(), &file)?;
        let name = format!("the pose model {}", engine.version());
        let finder = ModelFinder::new(engine, preprocessing.clone()).into_diagnostic().wrap_err_with(unfit)?;
        Ok(Finder { finder: Box::new(finder), look: FinderInput::Crops(preprocessing), name })
    }
}

impl FinderName {
    /// Loads the network. `files` is the folder that the set-up fetched, where it is not in its usual place.
    /// The detector of people looks at every `detector_every`-th picture.
    pub fn open(
        self,
        files: Option<&Path>,
        own: &OwnModel<'_>,
        detector_every: u32,
        threads: usize,
    ) -> miette::Result<Finder> {
        let (model, size) = match self {
            Self::Lite => (Model::Lite, "Lite"),
            Self::Full => (Model::Full, "Full"),
            Self::Heavy => (Model::Heavy, "Heavy"),
            Self::Own => return own.open(files, threads),
        };
        let folder = folder(files).ok_or_else(|| {
            miette!(
                "the finder of joints was not fetched: run scripts/fetch-finder.sh, or name its folder with --finder-files"
            )
        })?;
        let files = FinderFiles::find(folder).into_diagnostic()?;
        let finder = BlazePose::new(&files, model, detector_every, threads).into_diagnostic()?;
        Ok(Finder { finder: Box::new(finder), look: FinderInput::Squares, name: format!("BlazePose {size}") })
    }
}

impl FinderArgs {
    /// Whether any of these words was given beside defaults.
    pub fn given(&self) -> bool {
        self.first.is_some() || self.finder_files.is_some() || self.threads.is_some()
    }

    /// Looks for a person in a take's pictures, with the detector of people in every `detector_every`-th. `model` is the pose
    /// model of `--finder own`.
    pub fn watch(&self, take: &TakeReader, model: Option<&Path>, detector_every: u32) -> miette::Result<Watched> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores);
        let own = OwnModel::of_file(model);
        let opened = self.finder.open(self.finder_files.as_deref(), &own, detector_every, threads)?;
        let Finder { mut finder, look, .. } = opened;
        let bar = bar("finding joints", 0);
        let watched = Watched::watch(take, &mut *finder, &look, self.first, |done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        watched.into_diagnostic()
    }
}

/// Names the pose model that comes with genlock; `genlock` sets it where it hands over.
const SHIPPED_MODEL: &str = "GENLOCK_POSE_MODEL";

/// The folder's name in the cache; scripts/fetch-finder.sh has the same.
const FETCHED: &str = "finder-2";

/// A folder that the environment names; an empty word names none.
fn set(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The folder that the set-up fetched, where it is not in its usual place.
fn folder(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| set("GENLOCK_FINDER")).or_else(fetched_finder)
}

/// OpenVINO, where the set-up fetched it.
pub fn openvino(files: Option<&Path>) -> Option<FinderFiles> {
    FinderFiles::find(folder(files)?).ok()
}

/// Where the set-up keeps what it fetches.
fn fetched_finder() -> Option<PathBuf> {
    let cache = set("GENLOCK_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("genlock")))
        .or_else(|| Some(set("HOME")?.join(".cache/genlock")))?;
    Some(cache.join(FETCHED)).filter(|folder| folder.is_dir())
}
