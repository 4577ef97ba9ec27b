use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use frame::{LossLedger, monotonic_now_ns};
use miette::{IntoDiagnostic, WrapErr};
use subject::{BackgroundConfig, SubjectCropper};
use take::TakeInfo;

use crate::cli::CaptureArgs;
use crate::control::{self, Happenings};
use crate::doctor;
use crate::hosts::Part;
use crate::report::{self, Report};
use crate::session::moments::Sinks;
use crate::session::picture_plan::PicturePlan;
use crate::session::recorder::Recorder;
use crate::session::{Session, Setup};
use crate::source::{LEAD_NS, Source};

const DEFAULT_BUDGET_GB: f64 = 100.0;

/// Where a rig's takes go, and how many gigabytes one may have.
pub fn recording(rig: &Rig, record: Option<&Path>) -> (PathBuf, f64) {
    let recording = rig.recording.as_ref();
    let folder = record.or(recording.map(|recording| &*recording.directory)).unwrap_or(Path::new("takes"));
    (folder.to_owned(), recording.map_or(DEFAULT_BUDGET_GB, |recording| recording.budget_gb))
}

/// The daemon of one host: cameras to disk, and where the rig has several hosts, frame sets across them.
pub fn run(args: &CaptureArgs) -> miette::Result<()> {
    let (rig, warnings) = Rig::read(&args.rig).into_diagnostic()?;
    warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", args.rig.display()));
    args.report.as_deref().map(report::check_path).transpose()?;
    let end_at = args.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds));
    let preprocessing = rig.subject.preprocessing();
    let host = args.host.as_deref().zip(args.to.as_deref());
    let mut part = Part::open(&rig, host, &preprocessing)?;
    let (parent, budget_gb) = recording(&rig, args.record.as_deref());
    doctor::glance(&rig, &parent, budget_gb).iter().for_each(doctor::Finding::log);
    let (name, rig_toml, rate_hz) = (rig.name.to_string(), rig.to_toml(), rig.trigger.rate_hz);
    let source = Source::rig(part.rig(rig))?;
    let (names, own) = (source.camera_names(), source.own_cameras());
    let info = TakeInfo {
        name,
        rig_toml,
        cameras: names[..own].to_vec(),
        host: part.name().to_owned(),
        trigger_rate_hz: rate_hz,
        source_rate_hz: None,
    };
    let (mut cameras, pulses) = source.cameras(1, monotonic_now_ns() + LEAD_NS)?;
    let pulses = part.take_over(&mut cameras, pulses);
    let croppers = match part {
        Part::Alone => vec![],
        _ => (0..own)
            .map(|_| SubjectCropper::new(&preprocessing, BackgroundConfig::default()))
            .collect::<Result<_, _>>()
            .into_diagnostic()?,
    };
    let ledgers: Vec<_> = names.iter().map(|_| LossLedger::default()).collect();
    let recorder =
        Recorder::start(&parent, &info, &ledgers[..own], source.recorder_buffers(), (budget_gb * 1e9) as u64)
            .into_diagnostic()
            .wrap_err("nothing can be recorded; give another folder with --record")?;
    tracing::info!("recording into {}, at most {budget_gb} GB", recorder.0.directory().display());

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().into_diagnostic()?;
    let stop = control::on_signals(&runtime)?;
    let mut happenings = Happenings::new(names.len());
    let plan = PicturePlan::default();
    plan.begin(rate_hz);
    let session = Session::start(Setup {
        cameras,
        pulses,
        matching: source.matching(),
        first_segment: part.first_segment(),
        croppers,
        preprocessing: preprocessing.hash(),
        sinks: Sinks::none(),
        plan,
        ledgers,
        recorder: Some(recorder),
        page: None,
        part,
    })
    .into_diagnostic()?;
    let end = control::run(&session, &names, &stop, end_at, &mut happenings, |_, _| false);
    let remains = session.stop();
    let report = Report::new(&names, &remains, rate_hz, happenings.log);
    for camera in &report.cameras {
        println!("{}: {} produced, {} delivered", camera.name, camera.produced, camera.delivered);
    }
    let (complete, incomplete) = (report.sets.complete, report.sets.incomplete);
    if complete + incomplete > 0 {
        println!("sets: {complete} complete, {incomplete} incomplete");
    }
    report.conclude(args.report.as_deref(), end, &remains, None)
}
