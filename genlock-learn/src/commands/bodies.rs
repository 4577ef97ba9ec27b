//! `genlock infer`: the bodies of a recorded take, and the geometry of its rig.

mod files;

use std::path::{Path, PathBuf};

use geometry::LensFault;
use infer::recording::{Bodies, Watched};
use infer::rig::{FoundGeometry, Placed};
use miette::{IntoDiagnostic, WrapErr, miette};
use take::TakeReader;

use super::finder::{DETECTOR_EVERY, FinderArgs};

pub use files::read_geometry;

#[derive(clap::Args)]
pub struct Args {
    /// The take.
    #[arg(value_name = "TAKE")]
    take: PathBuf,
    /// Folder for `geometry.json`, `bodies.json` and `bodies.trc`; created if missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    finder: FinderArgs,
    /// The pose model of `--finder own` [default: the one that comes with genlock].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Smooth bodies over neighbouring instants.
    #[arg(long)]
    smooth: bool,
    /// The person's standing height, which sets the scale. Without it the scale is a guess, some 5 to 15 % off.
    #[arg(long, value_name = "MM", value_parser = clap::value_parser!(u16).range(500..2500))]
    height_mm: Option<u16>,
    /// A `geometry.json` to use instead of finding the geometry.
    #[arg(long, value_name = "FILE", conflicts_with = "height_mm")]
    geometry: Option<PathBuf>,
    /// Also write the rig as Pose2Sim's `Calib.toml`.
    #[arg(long)]
    calib_toml: bool,
}

pub fn run(args: &Args) -> miette::Result<()> {
    let take = TakeReader::open(&args.take).into_diagnostic()?;
    let named = || args.take.display().to_string();
    let watched = args.finder.watch(&take, args.model.as_deref(), DETECTOR_EVERY).wrap_err_with(named)?;
    let rig = match &args.geometry {
        Some(file) => FoundGeometry { geometry: files::read_geometry(file)?, left_out: Vec::new() },
        None => {
            let now_utc = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let found = watched.find_rig(args.height_mm.map(f64::from), &now_utc);
            found.into_diagnostic().wrap_err_with(named)?
        }
    };
    let bodies = watched.bodies(&rig.geometry, args.smooth).into_diagnostic().wrap_err_with(named)?;
    if args.geometry.is_some() {
        watched.check_fit(&bodies).into_diagnostic().wrap_err_with(named)?;
    }
    if bodies.bodies.iter().flatten().all(Placed::is_alone) {
        return Err(miette!("{}: no instant has a body that two cameras agree on", named()));
    }
    files::write(&args.out, &watched, &rig.geometry, &bodies, take.info().trigger_rate_hz, args.calib_toml)?;
    tell(&watched, &rig, &bodies, &args.out);
    warn_of_lenses(&watched, &rig, take.info().trigger_rate_hz);
    Ok(())
}

/// Prints what residuals show about lenses and shutters. Bodies do not depend on it.
fn warn_of_lenses(watched: &Watched, rig: &FoundGeometry, rate_hz: f64) {
    let faults = match watched.lens_faults(&rig.geometry) {
        Ok(faults) => faults,
        Err(error) => return eprintln!("warning: could not check lenses and shutters: {error}"),
    };
    for (camera, fault) in faults.iter().flat_map(|(camera, faults)| faults.iter().map(move |fault| (camera, fault))) {
        if fault.is_plausible(1e3 / rate_hz) {
            eprintln!("warning: {camera}: {}", said(fault, rate_hz));
        }
    }
}

/// Describes a fault of a lens or a shutter; the latter also in milliseconds.
fn said(fault: &LensFault, rate_hz: f64) -> String {
    match fault {
        LensFault::RollingShutter { readout_frames } => {
            format!("{fault}, which is {:.1} ms", readout_frames.value.abs() * 1e3 / rate_hz)
        }
        LensFault::Distortion { .. } => fault.to_string(),
    }
}

fn tell(watched: &Watched, rig: &FoundGeometry, bodies: &Bodies, out: &Path) {
    let geometry = &rig.geometry;
    println!(
        "geometry {} from {} instants, scale {}, up {}",
        geometry.id,
        geometry.instants,
        geometry.scale.name(),
        geometry.up.name()
    );
    for (name, residual_px) in &bodies.residuals_px {
        let camera = &geometry.cameras[name];
        let residual = residual_px.map_or("none".into(), |residual_px| format!("{residual_px:.1} px"));
        let offset = camera.time_offset_frames.map_or("not known".into(), |offset| format!("{offset:+.2} frames"));
        println!("  {name}: residual {residual}, focal length {:.0} px, time offset {offset}", camera.focal_px);
    }
    for name in watched.names.iter().filter(|name| !geometry.cameras.contains_key(*name)) {
        println!("  {name} is not in the geometry");
    }
    for (camera, why) in &rig.left_out {
        println!("  {camera} is left out: {why}");
    }
    let (found, instants) = (bodies.bodies.iter().flatten().count(), bodies.bodies.len());
    let alone = bodies.bodies.iter().flatten().filter(|body| body.is_alone()).count();
    println!(
        "{found} bodies in {instants} instants, {alone} of them seen by one camera alone, {} withheld; left and right \
         exchanged in {} views",
        bodies.withheld, bodies.exchanged_views
    );
    if watched.not_known > 0 {
        println!(
            "nothing is known of {} instants, since fewer than two cameras saw the room as it was learned",
            watched.not_known
        );
    }
    if watched.instants.left_out > 0 {
        println!("{} frames belong to no instant", watched.instants.left_out);
    }
    println!("written to {}", out.display());
}
