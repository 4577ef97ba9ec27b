//! `genlock infer`: the bodies of a recorded take, and the geometry of its rig.

mod files;

use std::path::{Path, PathBuf};

use infer::recording::{Bodies, Rig, Watched};
use joints::{BlazePose, FinderFiles, Model};
use miette::{IntoDiagnostic, WrapErr, miette};
use take::TakeReader;

use super::progress::bar;

/// Of how many pictures the detector of people looks at one; where the person was last says where to look in the others.
const DETECTOR_EVERY: u32 = 5;

#[derive(clap::Args)]
pub struct Args {
    /// The take.
    #[arg(value_name = "TAKE")]
    take: PathBuf,
    /// Where `geometry.json`, `bodies.json` and `bodies.trc` go; made where it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The network that finds joints.
    #[arg(long, value_enum, default_value = "full")]
    finder: FinderName,
    /// Smooth bodies over their neighbours in time.
    #[arg(long)]
    smooth: bool,
    /// The person's standing height, which sets the scale. Without it the scale is a guess, some 5 to 15 % off.
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
    height_mm: Option<u16>,
    /// A `geometry.json` to go by; none is searched for then.
    #[arg(long, value_name = "FILE", conflicts_with = "height_mm")]
    geometry: Option<PathBuf>,
    /// Also write the rig as Pose2Sim's `Calib.toml`.
    #[arg(long)]
    calib_toml: bool,
    /// The folder that scripts/fetch-finder.sh prints.
    #[arg(long, value_name = "DIR", env = "GENLOCK_FINDER")]
    finder_files: Option<PathBuf>,
    /// Threads of the network [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FinderName {
    /// BlazePose Lite.
    Lite,
    /// BlazePose Full.
    Full,
    /// BlazePose Heavy.
    Heavy,
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

pub fn run(args: &Args) -> miette::Result<()> {
    let take = TakeReader::open(&args.take).into_diagnostic()?;
    let folder = args.finder_files.clone().or_else(fetched_finder).ok_or_else(|| {
        miette!(
            "the finder of joints was not fetched: run scripts/fetch-finder.sh, or name its folder with --finder-files"
        )
    })?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let files = FinderFiles::find(folder).into_diagnostic()?;
    let threads = args.threads.unwrap_or(cores);
    let mut finder = BlazePose::new(&files, args.finder.into(), DETECTOR_EVERY, threads).into_diagnostic()?;
    let named = || args.take.display().to_string();
    let bar = bar("finding joints", 0);
    let watched = Watched::watch(&take, &mut finder, |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let watched = watched.into_diagnostic().wrap_err_with(named)?;
    let rig = match &args.geometry {
        Some(file) => Rig { geometry: files::read_geometry(file)?, left_out: Vec::new() },
        None => {
            let now_utc = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let found = watched.find_rig(args.height_mm.map(f64::from), &now_utc);
            found.into_diagnostic().wrap_err_with(named)?
        }
    };
    let bodies = watched.bodies(&rig.geometry, args.smooth).into_diagnostic().wrap_err_with(named)?;
    files::write(&args.out, &watched, &rig.geometry, &bodies, take.info().trigger_rate_hz, args.calib_toml)?;
    tell(&watched, &rig, &bodies, &args.out);
    if bodies.bodies.iter().all(Option::is_none) {
        return Err(miette!("{}: no instant has a body", named()));
    }
    Ok(())
}

/// Where the set-up keeps what it fetches.
fn fetched_finder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("GENLOCK_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("genlock")))
        .or_else(|| Some(set("HOME")?.join(".cache/genlock")))?;
    Some(cache.join("finder-1")).filter(|folder| folder.is_dir())
}

fn tell(watched: &Watched, rig: &Rig, bodies: &Bodies, out: &Path) {
    let geometry = &rig.geometry;
    println!(
        "geometry {} from {} instants, scale {}, up {}",
        geometry.id,
        geometry.instants,
        geometry.scale.name(),
        geometry.up.name()
    );
    for (name, camera) in &geometry.cameras {
        let offset = camera.time_offset_frames.map_or("not known".into(), |offset| format!("{offset:+.2} frames"));
        println!(
            "  {name}: residual {:.1} px, focal length {:.0} px, time offset {offset}",
            camera.residual_px, camera.focal_px
        );
    }
    for (camera, why) in &rig.left_out {
        println!("  {camera} is left out: {why}");
    }
    let (found, instants) = (bodies.bodies.iter().flatten().count(), bodies.bodies.len());
    println!("{found} bodies in {instants} instants; left and right exchanged in {} views", bodies.exchanged_views);
    if watched.instants.left_out > 0 {
        println!("{} frames belong to no instant", watched.instants.left_out);
    }
    println!("written to {}", out.display());
}
