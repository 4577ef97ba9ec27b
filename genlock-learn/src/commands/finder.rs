//! The finder of joints, as the command line chooses it.

use std::path::{Path, PathBuf};

use infer::recording::{FinderInput, Instant, Instants, Watched};
use infer::{Engine, ModelFinder, PrecisionChoice};
use joints::{BlazePose, FinderFiles, JointFinder, Model};
use miette::{IntoDiagnostic, WrapErr, miette};
use settings::environment;
use take::TakeReader;

use super::progress::bar;
use super::reading;

/// The detector of people runs on one of this many pictures. In the others, the person's last position is used.
pub const DETECTOR_EVERY: u32 = 5;

/// The detector runs on every picture. Otherwise joints would jitter in its rhythm, which differs between cameras and
/// would show as an offset in time.
pub const EVERY_PICTURE: u32 = 1;

#[derive(clap::Args)]
pub struct FinderArgs {
    /// The network that finds joints.
    #[arg(long, value_enum, default_value = "full")]
    finder: FinderName,
    /// Use only the first instants.
    #[arg(long, value_name = "N")]
    first: Option<usize>,
    /// The folder that scripts/fetch-finder.sh prints [env: GENLOCK_FINDER] [default: where that script puts it].
    #[arg(long, value_name = "DIR")]
    finder_files: Option<PathBuf>,
    /// Threads of the network [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum FinderName {
    /// BlazePose Lite.
    Lite,
    /// BlazePose Full.
    #[default]
    Full,
    /// BlazePose Heavy.
    Heavy,
    /// The rig's own pose model.
    Own,
}

/// A loaded finder of joints.
pub struct Finder {
    pub finder: Box<dyn JointFinder>,
    pub look: FinderInput,
    /// The name of its network.
    pub name: String,
}

/// The pose model as a finder of joints.
pub struct OwnModel<'a> {
    /// `None`: the one that comes with genlock.
    pub file: Option<&'a Path>,
    pub precision: PrecisionChoice,
    /// Give it pictures with their background.
    pub plain: bool,
}

impl<'a> OwnModel<'a> {
    pub fn of_file(file: Option<&'a Path>) -> Self {
        Self { file, precision: PrecisionChoice::F32, plain: false }
    }

    /// Uses OpenVINO if its files exist.
    fn open(&self, files: Option<&Path>, threads: usize) -> miette::Result<Finder> {
        let file = self
            .file
            .map(Path::to_owned)
            .or_else(|| environment::path(SHIPPED_MODEL).filter(|shipped| shipped.is_file()));
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
    /// Loads the network. `files` is the folder that the set-up fetched, if it is not in its usual place.
    /// The detector of people runs on every `detector_every`-th picture.
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
    /// The same with the pose model as the finder.
    pub fn with_own(&self) -> Self {
        self.with(FinderName::Own)
    }

    /// The same with the smallest network.
    pub fn with_lite(&self) -> Self {
        self.with(FinderName::Lite)
    }

    fn with(&self, finder: FinderName) -> Self {
        let Self { first, finder_files, threads, .. } = self;
        Self { finder, first: *first, finder_files: finder_files.clone(), threads: *threads }
    }

    /// Whether any of these options differs from its default.
    pub fn given(&self) -> bool {
        let named = self.finder != FinderName::default();
        named || self.first.is_some() || self.finder_files.is_some() || self.threads.is_some()
    }

    /// Whether the pose model finds the joints.
    pub fn is_own(&self) -> bool {
        self.finder == FinderName::Own
    }

    /// Finds a person in a take's pictures. The detector of people runs on every `detector_every`-th. `model` is the
    /// pose model of `--finder own`.
    pub fn watch(&self, take: &TakeReader, model: Option<&Path>, detector_every: u32) -> miette::Result<Watched> {
        Ok(self.watch_with(take, model, detector_every)?.0)
    }

    /// [`Self::watch`], only of some instants.
    pub fn watch_only(
        &self,
        take: &TakeReader,
        model: Option<&Path>,
        detector_every: u32,
        wanted: &dyn Fn(&Instant) -> bool,
    ) -> miette::Result<Watched> {
        Ok(self.watched(take, model, detector_every, wanted)?.0)
    }

    /// [`Self::watch`], with the name of the network.
    pub fn watch_with(
        &self,
        take: &TakeReader,
        model: Option<&Path>,
        detector_every: u32,
    ) -> miette::Result<(Watched, String)> {
        self.watched(take, model, detector_every, &|_| true)
    }

    fn watched(
        &self,
        take: &TakeReader,
        model: Option<&Path>,
        detector_every: u32,
        wanted: &dyn Fn(&Instant) -> bool,
    ) -> miette::Result<(Watched, String)> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = self.threads.unwrap_or(cores);
        let own = OwnModel::of_file(model);
        let opened = self.finder.open(self.finder_files.as_deref(), &own, detector_every, threads)?;
        let Finder { mut finder, look, name } = opened;
        let bar = bar("finding joints", 0);
        let mut instants = Instants::of(take);
        instants.all.truncate(self.first.unwrap_or(usize::MAX));
        instants.all.retain(wanted);
        let watched = Watched::watch(take, &mut *finder, &look, instants, |done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        Ok((watched.into_diagnostic()?, name))
    }
}

/// Names the pose model that comes with genlock; `genlock` sets it when it hands over a command.
const SHIPPED_MODEL: &str = "GENLOCK_POSE_MODEL";

/// The folder's name in the cache, as in scripts/fetch-finder.sh.
const FETCHED: &str = "finder-2";

/// The folder that the set-up fetched.
fn folder(named: Option<&Path>) -> Option<PathBuf> {
    named.map(Path::to_owned).or_else(|| environment::path("GENLOCK_FINDER")).or_else(fetched_finder)
}

/// OpenVINO, if the set-up fetched it.
pub fn openvino(files: Option<&Path>) -> Option<FinderFiles> {
    FinderFiles::find(folder(files)?).ok()
}

/// Where the set-up puts it.
fn fetched_finder() -> Option<PathBuf> {
    Some(environment::cache()?.join(FETCHED)).filter(|folder| folder.is_dir())
}
