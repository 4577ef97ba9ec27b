//! `genlock run`: a rig's cameras, live, as its file describes them. Command-line options take precedence.

use calibration_free_config::Rig;
use frame::monotonic_now_ns;
use miette::IntoDiagnostic;
use session::Playback;

use super::live::{self, CropSize, Shown};
use crate::cli::RunArgs;
use crate::rig_recording;

pub fn run(args: &RunArgs) -> miette::Result<()> {
    let begun_ns = monotonic_now_ns();
    let (rig, warnings) = Rig::read(&args.rig).into_diagnostic()?;
    warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", args.rig.display()));
    let mut session = args.session.clone();
    session.listen.get_or_insert_with(|| rig.page.listen.to_string());
    session.height_mm = session.height_mm.or(rig.people.map(|people| people.height_mm));
    session.sync_health = session.sync_health.or_else(|| rig.sync_health.as_ref().map(|health| health.network.clone()));
    let recording = rig_recording::plan(&rig, session.record.as_deref(), &session.data.join("takes"));
    let playback = Playback::default();
    let (find_rate, crop_size) = (false, CropSize::OfTheRig);
    live::run(&session, Shown { rig, playback, find_rate, crop_size, recording, begun_ns })
}
