//! `genlock capture`: the cameras of one host to disk, and where the rig has several hosts, frame sets across them.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use miette::IntoDiagnostic;
use session::{HostRole, SessionPlan, Sinks};

use crate::cli::CaptureArgs;
use crate::doctor;
use crate::report::{self, Report};
use crate::rig_recording;
use crate::signals;

pub fn run(args: &CaptureArgs) -> miette::Result<()> {
    let (rig, warnings) = Rig::read(&args.rig).into_diagnostic()?;
    warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", args.rig.display()));
    args.report.as_deref().map(report::check_path).transpose()?;
    let end_at = args.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let recording = rig_recording::of_capture(&rig, args.record.as_deref());
    doctor::glance(&rig, &recording).iter().for_each(doctor::Finding::log);
    let role = match args.host.clone().zip(args.to.clone()) {
        Some((name, first_host)) => HostRole::Peer { name, first_host },
        None => HostRole::First,
    };
    let plan = SessionPlan { recording: Some(recording), role, ..SessionPlan::new(rig) };
    let prepared = plan.open().into_diagnostic()?;
    let runtime = signals::runtime()?;
    let stop = signals::listen(&runtime)?;
    let mut session = prepared.start(Sinks::default()).map_err(report::not_started)?;
    let end = session.run(&stop, end_at, |_| ControlFlow::Continue(()));
    let outcome = session.stop();
    let report = Report::new(&outcome, outcome.prepared.rate_hz());
    for camera in &report.cameras {
        println!("{}: {} produced, {} delivered", camera.name, camera.produced, camera.delivered);
    }
    let (complete, incomplete) = (report.sets.complete, report.sets.incomplete);
    if complete + incomplete > 0 {
        println!("sets: {complete} complete, {incomplete} incomplete");
    }
    report.conclude(args.report.as_deref(), end, &outcome, None)
}
