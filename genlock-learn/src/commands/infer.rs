//! `genlock-learn infer`: live poses and bodies of a running session.

use std::path::{Path, PathBuf};

use crossbeam::channel::Receiver;
use infer::own_network::{OfThisRig, OwnNetwork};
use infer::recording::FinderInput;
use infer::rig::Keeper;
use infer::{BodyLinks, Crops, LiveBodies, LivePoses, ModelFile, PrecisionChoice};
use miette::IntoDiagnostic;
use recipe::PretrainRecipe;
use subject::Preprocessing;
use tch::Device;
use transport::{FinderSetSource, ZenohCommandSource, ZenohHintSink, ZenohLink, ZenohMomentSource, ZenohPoseSink};

use super::bodies::read_geometry;
use super::finder::{DETECTOR_EVERY, Finder, FinderName, OwnModel, openvino};
use super::precision::PrecisionName;
use crate::stop::{self, Stop};

/// Capacity of the queue of moments for the rig's own network, which drops the oldest.
const WAITING_MOMENTS: usize = 64;

/// Capacity of the queue of pictures, which drops the oldest. Pictures of consecutive instants arrive together.
const WAITING_PICTURES: usize = 4;
const WAITING_COMMANDS: usize = 16;

#[derive(clap::Args)]
pub struct Args {
    /// Endpoint of the running session, such as tcp/127.0.0.1:7447.
    #[arg(long, value_name = "ENDPOINT")]
    connect: String,
    /// Name of the session among those that share a network.
    #[arg(long, value_name = "KEY", default_value = "session")]
    name: String,
    /// Your pose model. It may be created later, and replaced at any time.
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// The pose model that comes with genlock, used until yours exists.
    #[arg(long, value_name = "FILE")]
    shipped_model: Option<PathBuf>,
    /// Give the network pictures with their background, as of cameras that move.
    #[arg(long)]
    plain: bool,
    /// Arithmetic of the network; auto takes the faster one.
    #[arg(long, value_enum, default_value = "auto")]
    precision: PrecisionName,
    /// Threads inside one operation; without it, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Share of all cores that poses may use on average, to leave some for a learner.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    share: Option<f64>,
    /// The network that finds joints, from which bodies in the rig's own geometry are made. Without its files, poses
    /// come from the pose model.
    #[arg(long, value_enum, default_value = "full")]
    finder: FinderName,
    /// Use no finder of joints.
    #[arg(long)]
    no_finder: bool,
    /// The folder that scripts/fetch-finder.sh prints [env: GENLOCK_FINDER] [default: where that script puts it].
    #[arg(long, value_name = "DIR")]
    finder_files: Option<PathBuf>,
    /// Name of a camera, in the rig's order.
    #[arg(long, value_name = "NAME")]
    camera: Vec<String>,
    /// A `geometry.json` to start with, if it exists.
    #[arg(long, value_name = "FILE")]
    geometry: Option<PathBuf>,
    /// The person's standing height, which sets the scale.
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
    height_mm: Option<u16>,
    /// File of the rig's own network, which may be created later. It serves once it is as good as the finder of joints
    /// and much cheaper.
    #[arg(long, value_name = "FILE", requires = "recipe")]
    own: Option<PathBuf>,
    /// The learner's recipe, which says what instants are held out.
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Continue when the parent process ends.
    #[arg(long)]
    detached: bool,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let stop = stop::watch(!args.detached)?;
    let device = model::start();
    if let Some(threads) = args.threads {
        model::set_threads(threads);
    }
    let stop = stop.in_order();
    let link = ZenohLink::connect(&args.connect, &args.name).into_diagnostic()?;
    let mut watch = Watch { link: &link, endpoint: &args.connect, stop, was_connected: false, end: None };
    let served = match finder(args) {
        Ok(finder) => bodies(args, &link, finder)?.serve(|| watch.go_on()),
        Err(why) => poses(args, &link, device, why)?.serve(|| watch.go_on()),
    };
    served.into_diagnostic()?;
    tracing::info!("ended: {}", watch.end.as_deref().unwrap_or("nothing more can come"));
    Ok(())
}

fn threads(args: &Args) -> usize {
    args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Loads the finder of joints, or says why there is none.
fn finder(args: &Args) -> Result<Finder, String> {
    if args.no_finder {
        return Err("the finder of joints is switched off".into());
    }
    // The user's model takes precedence over the shipped one.
    let shipped = args.shipped_model.as_deref().filter(|_| !args.model.is_file());
    let file = Some(shipped.unwrap_or(&args.model));
    let own = OwnModel { file, precision: args.precision.into(), plain: args.plain };
    let found = args.finder.open(args.finder_files.as_deref(), &own, DETECTOR_EVERY, threads(args));
    found.map_err(|error| format!("{error:#}")).inspect_err(|why| tracing::warn!("{why}"))
}

type Bodies = LiveBodies<Box<dyn FinderSetSource>, ZenohPoseSink, ZenohHintSink, ZenohCommandSource>;

fn bodies(args: &Args, link: &ZenohLink, Finder { finder, look, name }: Finder) -> miette::Result<Bodies> {
    let mut keeper = Keeper::new(args.camera.clone(), args.height_mm).into_diagnostic()?;
    if let Some(path) = args.geometry.as_deref().filter(|path| path.exists()) {
        let begun = read_geometry(path).and_then(|geometry| keeper.begin_with(geometry).into_diagnostic());
        if let Err(why) = begun {
            keeper.tell_refused(&format!("{} is not used: {why:#}", path.display()));
        }
    }
    let pictures: Box<dyn FinderSetSource> = match &look {
        FinderInput::Squares => Box::new(link.finder_set_source(WAITING_PICTURES).into_diagnostic()?),
        FinderInput::Crops(preprocessing) => {
            Box::new(Crops::new(link.moment_source(1).into_diagnostic()?, preprocessing.hash()))
        }
    };
    let own = match (&args.own, &args.recipe) {
        (Some(file), Some(recipe)) if matches!(look, FinderInput::Squares) => {
            Some(own_network(args, link, file, recipe)?)
        }
        _ => None,
    };
    let links = BodyLinks {
        pictures,
        poses: link.pose_sink().into_diagnostic()?,
        hints: link.hint_sink().into_diagnostic()?,
        commands: link.command_source(WAITING_COMMANDS).into_diagnostic()?,
    };
    tracing::info!("joints by {name}");
    let bodies = LiveBodies::new(links, finder, name, keeper).with_share(args.share);
    let bodies = match own {
        Some(own) => bodies.with_own_network(own),
        None => bodies,
    };
    // Crops come for every instant.
    Ok(if let FinderInput::Crops(_) = look { bodies.unasked() } else { bodies })
}

/// The rig's own network, which is judged on the instants that the learner's recipe holds out.
fn own_network(args: &Args, link: &ZenohLink, file: &Path, recipe: &Path) -> miette::Result<OwnNetwork> {
    let recipe = PretrainRecipe::load(recipe).into_diagnostic()?;
    let preprocessing = Preprocessing::with_crop_px(recipe.crop_px).hash();
    let held = OfThisRig { cameras: args.camera.clone(), hold_out: recipe.hold_out, preprocessing };
    let model = ModelFile::new(file.to_owned(), model::start(), PrecisionChoice::F32).plain(args.plain);
    let model = model.in_openvino(openvino(args.finder_files.as_deref()), threads(args));
    let moments = Box::new(link.moment_source(WAITING_MOMENTS).into_diagnostic()?);
    let (files, threads, is_lite) = (args.finder_files.clone(), threads(args), args.finder == FinderName::Lite);
    let smaller = move || {
        let told = "where fewer than four views see somebody, the rig's own network cannot be judged";
        if is_lite {
            tracing::warn!("{told}: there is no smaller finder than Lite");
            return None;
        }
        let lite = FinderName::Lite.open(files.as_deref(), &OwnModel::of_file(None), DETECTOR_EVERY, threads);
        lite.inspect_err(|why| tracing::warn!("{told}: {why:#}")).ok().map(|lite| lite.finder)
    };
    Ok(OwnNetwork::new(model, held, moments).beside(Box::new(smaller)))
}

type Poses = LivePoses<ZenohMomentSource, ZenohPoseSink, ZenohHintSink>;

fn poses(args: &Args, link: &ZenohLink, device: Device, why: String) -> miette::Result<Poses> {
    // Only the newest moment, since the poses of an older one would be out of date.
    let moments = link.moment_source(1).into_diagnostic()?;
    let (poses, hints) = (link.pose_sink().into_diagnostic()?, link.hint_sink().into_diagnostic()?);
    let own = ModelFile::new(args.model.clone(), device, args.precision.into()).plain(args.plain);
    let own = own.in_openvino(openvino(args.finder_files.as_deref()), threads(args));
    let model = match &args.shipped_model {
        Some(shipped) => own.or_shipped(shipped.clone()),
        None => own,
    };
    let live = LivePoses::new(moments, poses, hints, model).with_names(args.camera.clone());
    Ok(live.with_share(args.share).without_finder(Some(why)))
}

/// Whether to continue: nobody asked to stop, and the session is still running.
struct Watch<'a> {
    link: &'a ZenohLink,
    endpoint: &'a str,
    stop: Receiver<Stop>,
    was_connected: bool,
    end: Option<String>,
}

impl Watch<'_> {
    fn go_on(&mut self) -> bool {
        let connected = self.link.has_peer();
        if let Ok(reason) = self.stop.try_recv() {
            self.end = Some(reason.to_string());
        } else if self.was_connected && !connected {
            self.end = Some(format!("{} is gone", self.endpoint));
        }
        self.was_connected = connected;
        self.end.is_none()
    }
}

fn share(word: &str) -> Result<f64, String> {
    let share: f64 = word.parse().map_err(|_| "it is no number".to_owned())?;
    if share > 0.0 && share <= 1.0 { Ok(share) } else { Err("it must be above 0 and at most 1".to_owned()) }
}
