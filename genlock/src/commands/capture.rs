use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use frame::{LossLedger, SegmentId, monotonic_now_ns};
use miette::{IntoDiagnostic, WrapErr, miette};
use take::TakeInfo;

use crate::cli::CaptureArgs;
use crate::control::{self, End, Happenings};
use crate::report::{CameraReport, InferReport, PretrainReport, RecordingReport, Report, SamplerReport, SetReport};
use crate::session::recorder::Recorder;
use crate::session::{Session, Setup};
use crate::source::Source;

const DEFAULT_BUDGET_GB: f64 = 100.0;
const LEAD_NS: i64 = 1_500_000_000;

/// The daemon of one host: cameras to disk, nothing else.
pub fn run(args: &CaptureArgs) -> miette::Result<()> {
    let (rig, warnings) = Rig::read(&args.rig).into_diagnostic()?;
    warnings.iter().for_each(|warning| tracing::warn!("{}: {warning}", args.rig.display()));
    let end_at = args.seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.max(0.0)));
    let recording = rig.recording.as_ref();
    let parent =
        args.record.clone().or_else(|| recording.map(|r| r.directory.clone())).unwrap_or_else(|| "takes".into());
    let budget_gb = recording.map_or(DEFAULT_BUDGET_GB, |r| r.budget_gb);
    let info = TakeInfo {
        name: rig.name.to_string(),
        rig_toml: rig.to_toml(),
        cameras: rig.cameras.iter().map(|camera| camera.name.to_string()).collect(),
        host: "local".into(),
        trigger_rate_hz: rig.trigger.rate_hz,
        source_rate_hz: None,
    };
    let rate_hz = rig.trigger.rate_hz;
    let source = Source::Rig(rig);
    let names = source.camera_names();
    let (cameras, pulses) = source.cameras(1, monotonic_now_ns() + LEAD_NS)?;
    let ledgers: Vec<_> = names.iter().map(|_| LossLedger::default()).collect();
    let recorder = Recorder::start(&parent, &info, &ledgers, (budget_gb * 1e9) as u64)
        .into_diagnostic()
        .wrap_err("nothing can be recorded; give another folder with --record")?;
    tracing::info!("recording into {}, at most {budget_gb} GB", recorder.0.directory().display());

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().into_diagnostic()?;
    let stop = control::on_signals(&runtime)?;
    let mut happenings = Happenings::new(names.len());
    let session = Session::start(Setup {
        cameras,
        pulses,
        first_segment: SegmentId(0),
        croppers: vec![],
        preprocessing: 0,
        sinks: vec![],
        ledgers,
        recorder: Some(recorder),
        page: None,
    })
    .into_diagnostic()?;
    let end = control::run(&session, &names, &stop, end_at, &mut happenings, |_, _| {});
    let wall_s = session.started.elapsed().as_secs_f64();
    let ledgers = session.ledgers.clone();
    let recording = session.recorder.as_ref().map(|r| (r.directory().to_owned(), r.counters()));
    let remains = session.stop();
    let errors: Vec<_> = remains.errors.iter().map(ToString::to_string).collect();
    happenings.log.extend(errors.iter().cloned());
    let report = Report {
        cameras: names.iter().zip(&ledgers).map(|(name, ledger)| CameraReport::new(name, ledger)).collect(),
        sets: SetReport { complete: 0, incomplete: 0, latency_ms: Default::default() },
        sampler: SamplerReport::default(),
        pretrain: PretrainReport::default(),
        infer: InferReport::default(),
        recording: recording.map(|(path, counters)| RecordingReport {
            path,
            frames: counters.frames(),
            bytes: counters.bytes(),
            state: counters.state(),
        }),
        rate_hz,
        wall_s,
        events: happenings.log,
    };
    if let Some(path) = &args.report {
        report.write(path).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
    }
    for camera in &report.cameras {
        println!("{}: {} produced, {} delivered", camera.name, camera.produced, camera.delivered);
    }
    match end {
        End::Broken(part) => Err(miette!("the {part} is gone")),
        _ if !errors.is_empty() => Err(miette!("{}", errors.join("; "))),
        _ => Ok(()),
    }
}
