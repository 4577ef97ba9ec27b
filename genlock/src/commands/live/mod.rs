//! A live session: cameras, recording, learning, poses and page.

mod rate_trial;
mod summary;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use crossbeam::channel::Receiver;
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use recipe::PretrainRecipe;
use session::{
    End, EventKind, HostRole, LearningPlan, Outcome, Playback, Prepared, RecordingBegins, RecordingPlan, Session,
    SessionPlan, Sinks,
};
use settings::FolderLock;
use tokio::runtime::Runtime;
use transport::{MomentFileWriter, RigCommand, RigEventKind};

use super::hand_over::learn_binary;
use crate::cli::SessionArgs;
use crate::learners::{HintReceivers, LearnerOptions, Learners, PoseReceivers};
use crate::page::{self, Access, Page, PageState, RecordWish, Token};
use crate::pose_log::{PoseLog, pose_log};
use crate::report::{self, InferReport, PretrainReport, Report, SamplerReport};
use crate::rig_board::RigBoard;
use crate::status::StatusBoard;
use crate::t_pose_timer::TPoseTimer;
use crate::{pose_outputs, previews, rig_recording, shipped_model, signals};

/// The recipe of the demo, for a CPU.
const RECIPE: &str = include_str!("../../../../recipes/demo-cpu.toml");
const LISTEN: &str = "127.0.0.1:8787";

/// The sources and settings of a live session.
pub struct Shown {
    pub rig: Rig,
    pub playback: Playback,
    /// Find the divisor of the playback by a trial.
    pub find_rate: bool,
    pub crop_size: CropSize,
    /// How it is recorded.
    pub recording: RecordingPlan,
    /// When the command started, on the monotonic clock.
    pub begun_ns: i64,
}

/// What decides the size of crops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CropSize {
    /// The rig; the recipe must agree with it.
    OfTheRig,
    OfTheRecipe,
}

/// Runs a live session to its end.
pub fn run(args: &SessionArgs, shown: Shown) -> miette::Result<()> {
    let Shown { mut rig, playback, find_rate, crop_size, mut recording, begun_ns } = shown;
    args.report.as_deref().map(report::check_path).transpose()?;
    let names: Vec<_> = rig.cameras.iter().map(|camera| camera.name.to_string()).collect();
    // Check everything that can fail at the start before anything runs.
    let listen = args.listen.as_deref().unwrap_or(LISTEN);
    let listener = (!args.headless).then(|| page::bind(listen).into_diagnostic()).transpose()?;
    let access = listener.as_ref().map(|listener| access(listener, args)).transpose()?;
    let program = learn_binary()?;
    make_data(&args.data)?;
    let _lock = held(&args.data)?;
    let (recipe, crop_px) = recipe(args)?;
    match crop_size {
        CropSize::OfTheRecipe => rig.subject.crop_px = crop_px,
        CropSize::OfTheRig if rig.subject.crop_px == crop_px => {}
        CropSize::OfTheRig => bail!(
            "the rig's crops are {} px and the recipe's {crop_px}; set subject.crop-px = {crop_px}",
            rig.subject.crop_px
        ),
    }
    if let Some(budget_gb) = args.budget_gb {
        recording.budget_bytes = rig_recording::bytes(budget_gb);
    }
    if args.no_record {
        recording.begins = RecordingBegins::OnRequest;
    }
    let takes = recording.folder.clone();
    let learning = LearningPlan::default();
    let pictures = learning.pictures.clone();
    let page = listener.as_ref().map(|_| PageState::new(names.clone()));
    let plan = SessionPlan {
        rig,
        playback,
        recording: Some(recording),
        learning: Some(learning),
        page: previews::sink(page.clone(), &args.outputs, &names),
        role: HostRole::First,
    };
    let prepared = plan.open().into_diagnostic()?;
    let local_cameras = prepared.local_cameras();

    let runtime = signals::runtime()?;
    let stop = signals::listen(&runtime)?;
    let served = page.clone().zip(access).map(|(state, access)| Page { state, access, takes });
    let server = serve(&runtime, listener, served)?;
    let options = LearnerOptions {
        program,
        recipe: (!args.no_learner).then_some(recipe),
        checkpoint_dir: args.data.join("learner"),
        model: args.model.clone().unwrap_or_else(|| args.data.join("pose-model.safetensors")),
        // With an explicit model there is no fallback to the shipped one.
        shipped_model: if args.model.is_none() { shipped_model::find() } else { None },
        sync_health: args.sync_health.clone(),
        own_network: !(args.no_own || args.no_learner || args.no_finder),
        plain: args.plain,
        infer_precision: args.infer_precision.clone(),
        finder: (!args.no_finder).then_some(args.finder),
        cameras: names,
        height_mm: args.height_mm,
    };
    let rig_board = RigBoard::new(&args.data);
    let (log, pose_log) = pose_log();
    let outputs = pose_outputs::start(&args.outputs, &rig_board, prepared.events.sender())?;
    let (output_counts, rest_pose) = (outputs.counts(), outputs.rest_pose());
    if let Some(page) = &page {
        page.set_rest_pose(rest_pose.clone());
    }
    let events = prepared.events.sender();
    let tell = move |text| events.send(EventKind::Rig(RigEventKind::RigCommand), text);
    let t_pose = args.outputs.t_pose_after.map(|after_s| TPoseTimer::new(rest_pose, after_s, tell));
    let poses = PoseReceivers { page: page.clone(), log, outputs };
    let receivers =
        HintReceivers { page: page.clone(), events: prepared.events.sender(), plan: pictures, rig: rig_board.clone() };
    let learners = Learners::start(&options, receivers, poses)?;
    let sinks =
        Sinks { moments: vec![Box::new(learners.moment_sink()?)], pictures: Some(Box::new(learners.picture_sink()?)) };

    let live = Live {
        page: page.as_ref(),
        learners: &learners,
        learning: !args.no_learner,
        stop: &stop,
        rig_board,
        pose_log,
        t_pose,
    };
    let played = live.play(args, find_rate, prepared, sinks);

    let statuses = learners.statuses.clone();
    let (restarts, killed) = learners.stop();
    if let Some((shutdown, thread)) = server {
        let _ = shutdown.send(());
        let _ = runtime.block_on(thread);
    }
    let Played { end, mut outcome, rate_hz, began } = played?;
    killed.into_iter().for_each(|line| outcome.prepared.events.add_line(line));
    let (learner, infer) = statuses.get();
    let mut report = Report::new(&outcome, rate_hz);
    report.sampler = SamplerReport { pairs_per_s: learner.as_ref().map_or(0.0, |l| l.pairs_per_s) };
    report.pretrain = PretrainReport::new(learner, restarts.learner, begun_ns);
    report.rig = infer.as_ref().and_then(|infer| infer.rig.clone());
    report.infer = InferReport::new(infer, restarts.infer);
    report.pose_outputs = output_counts.get();
    summary::print(&report, args.report.as_deref());
    let lacks = if began { report.lacks(local_cameras) } else { Some("it ended while the rate was measured".into()) };
    report.conclude(args.report.as_deref(), end, &outcome, lacks)
}

/// The result of a session, or of its trial if it ended there.
struct Played {
    end: End,
    outcome: Outcome,
    rate_hz: f64,
    /// Whether the session itself began after the trial.
    began: bool,
}

/// What the trial and the session share.
struct Live<'a> {
    page: Option<&'a PageState>,
    learners: &'a Learners,
    /// Whether a learner runs.
    learning: bool,
    stop: &'a Receiver<()>,
    rig_board: RigBoard,
    pose_log: PoseLog,
    t_pose: Option<TPoseTimer>,
}

impl Live<'_> {
    /// Finds the rate if required, and runs the session at it.
    fn play(
        &self,
        args: &SessionArgs,
        find_rate: bool,
        mut prepared: Prepared,
        mut sinks: Sinks,
    ) -> miette::Result<Played> {
        if find_rate {
            let (chosen, mut outcome, rate_hz) = self.try_rates(prepared, sinks)?;
            match chosen {
                Ok(divisor) => {
                    (prepared, sinks) = (outcome.prepared, outcome.sinks);
                    prepared.playback.divisor = divisor;
                }
                Err(end) => {
                    outcome.prepared.events.add_line("ended before the rate was measured; nothing was recorded");
                    outcome.sinks = Sinks::default();
                    return Ok(Played { end, outcome, rate_hz, began: false });
                }
            }
        }
        let (rate_hz, divisor) = (prepared.rate_hz(), prepared.playback.divisor);
        let source_hz = rate_hz * f64::from(divisor);
        tracing::info!("triggering at {rate_hz:.0} Hz, the source's {source_hz:.0} Hz divided by {divisor}");
        if let Some(path) = &args.store_samples {
            sinks.moments.push(Box::new(MomentFileWriter::create(path).into_diagnostic()?));
        }
        let mut session = prepared.start(sinks).map_err(report::not_started)?;
        let end_at = args.seconds.map(|seconds| session.started + Duration::from_secs_f64(seconds));
        if let Some(t_pose) = &self.t_pose {
            t_pose.begin(session.started);
        }
        let end = self.watch(&mut session, end_at, None, || false);
        if let Some(recorder) = &session.recorder {
            self.rig_board.keep_in(recorder.directory());
        }
        self.pose_log.write(session.recorder.as_ref());
        let mut outcome = session.stop();
        // The sinks hold the link and the file of samples, so close them before their receivers end.
        let Sinks { moments, .. } = std::mem::take(&mut outcome.sinks);
        for mut sink in moments {
            if let Err(error) = sink.close() {
                tracing::error!(%error, "could not send the last moments");
                outcome.prepared.events.add_line(format!("could not send the last moments: {error}"));
            }
        }
        let lost = self.pose_log.lost();
        if lost > 0 {
            outcome
                .prepared
                .events
                .add_line(format!("the poses of {lost} instants were not recorded: the disk was busy"));
        }
        Ok(Played { end, outcome, rate_hz, began: true })
    }

    /// Runs a session, and keeps page, learners and take up to date.
    fn watch(
        &self,
        session: &mut Session,
        end_at: Option<Instant>,
        message: Option<&str>,
        enough: impl Fn() -> bool,
    ) -> End {
        let statuses = Some(self.learners.statuses.clone());
        let mut board = StatusBoard::new(session.camera_names().len(), statuses);
        session.run(self.stop, end_at, |session| {
            self.pose_log.write(session.recorder.as_ref());
            if let Some(t_pose) = &self.t_pose {
                t_pose.poll(Instant::now());
            }
            for camera in session.events().scenes().moved_cameras() {
                self.learners.command(RigCommand::CameraMoved(camera.0));
            }
            if let Some(recorder) = &session.recorder {
                self.rig_board.keep_in(recorder.directory());
            }
            if let Some(page) = self.page {
                self.record(page, session);
                page.rig_commands().into_iter().for_each(|command| self.learners.command(command));
                page.set_status(board.read(session, message.map(str::to_owned)));
                if page.take_background_requested() {
                    session.take_background();
                }
            }
            if enough() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }

    /// Begins and ends takes as the page asks.
    fn record(&self, page: &PageState, session: &mut Session) {
        for request in page.record_requests() {
            let done = match request.wish {
                RecordWish::Begin => session.begin_take(),
                RecordWish::End => {
                    self.pose_log.write(session.recorder.as_ref());
                    if let Some(recorder) = &session.recorder {
                        self.rig_board.keep_in(recorder.directory());
                    }
                    session.end_take()
                }
            };
            request.answer(done);
        }
    }
}

/// The recipe's file and crop size.
fn recipe(args: &SessionArgs) -> miette::Result<(PathBuf, u16)> {
    let path = match &args.recipe {
        Some(path) => path.clone(),
        None => written(&args.data, "recipe.toml", RECIPE)?,
    };
    let recipe = PretrainRecipe::load(&path).map_err(|error| {
        miette!(help = "`genlock demo` without --recipe learns with recipes/demo-cpu.toml", "{error}")
    })?;
    Ok((path, recipe.crop_px))
}

fn make_data(data: &Path) -> miette::Result<()> {
    std::fs::create_dir_all(data)
        .into_diagnostic()
        .wrap_err_with(|| format!("{} cannot be made; choose another folder with --data", data.display()))
}

/// Takes the data folder for this session.
fn held(data: &Path) -> miette::Result<FolderLock> {
    FolderLock::take(data, "a session of genlock", Duration::ZERO)
        .map_err(|why| miette!(help = "end that session, or choose another folder with --data", "{why}"))
}

/// Writes a file of genlock's own into the data folder.
pub fn written(data: &Path, name: &str, text: &str) -> miette::Result<PathBuf> {
    make_data(data)?;
    let path = data.join(name);
    std::fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
    Ok(path)
}

/// Who may use the page.
fn access(listener: &std::net::TcpListener, args: &SessionArgs) -> miette::Result<Access> {
    let token = Token::read(args.token_file.as_deref()).into_diagnostic()?;
    Access::new(listener.local_addr().into_diagnostic()?, token, &args.allowed_host).into_diagnostic()
}

type Server = (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>);

fn serve(
    runtime: &Runtime,
    listener: Option<std::net::TcpListener>,
    page: Option<Page>,
) -> miette::Result<Option<Server>> {
    let (Some(listener), Some(page)) = (listener, page) else { return Ok(None) };
    let address = listener.local_addr().into_diagnostic()?;
    let (shutdown, asked) = tokio::sync::oneshot::channel();
    let task = runtime.spawn(async move {
        let over = async move {
            let _ = asked.await;
        };
        if let Err(error) = page::serve(listener, page, over).await {
            tracing::error!(%error, "the page stopped; everything else continues");
        }
    });
    tracing::info!("the page is at http://{address}");
    Ok(Some((shutdown, task)))
}
