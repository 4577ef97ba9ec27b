//! A live session: cameras, recording, learning, poses and page, until it is over.

mod rate_trial;
mod summary;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use calibration_free_config::{LOCAL, Subject};
use crossbeam::channel::Receiver;
use frame::{LossLedger, monotonic_now_ns};
use miette::{IntoDiagnostic, WrapErr, bail, miette};
use recipe::PretrainRecipe;
use subject::{BackgroundConfig, Preprocessing, SubjectCropper};
use take::TakeInfo;
use tokio::runtime::Runtime;
use transport::{MomentFileWriter, RigCommand};

use super::hand_over::learn_binary;
use crate::cli::{Rate, SessionArgs};
use crate::control::{self, End, Happenings};
use crate::hosts::Part;
use crate::learners::{Ears, LearnerOptions, Learners};
use crate::page::{self, PageState};
use crate::report::{self, InferReport, PretrainReport, Report, SamplerReport};
use crate::rig_board::RigBoard;
use crate::session::moments::Sinks;
use crate::session::picture_plan::PicturePlan;
use crate::session::recorder::Recorder;
use crate::session::{Remains, Session, Setup};
use crate::shipped_model;
use crate::source::{LEAD_NS, Source};
use crate::status::StatusBoard;

/// The recipe of the demo, for a CPU.
const RECIPE: &str = include_str!("../../../../recipes/demo-cpu.toml");
const LISTEN: &str = "127.0.0.1:8787";
const BUDGET_GB: f64 = 4.0;

/// What a session is of, beside its source.
pub struct Plan<'a> {
    /// Name of its takes.
    pub name: &'a str,
    pub rate: Rate,
    /// How subjects are cut out, where a rig says.
    pub subject: Option<Subject>,
    /// When the command started, on the monotonic clock.
    pub begun_ns: i64,
}

/// Plays a source to the end that is asked for.
pub fn run(source: &Source, args: &SessionArgs, plan: &Plan) -> miette::Result<()> {
    args.report.as_deref().map(report::check_path).transpose()?;
    let names = source.camera_names();
    // Everything that can fail at the start fails before anything runs.
    let listen = args.listen.as_deref().unwrap_or(LISTEN);
    let listener = (!args.headless).then(|| page::bind(listen).into_diagnostic()).transpose()?;
    let program = learn_binary()?;
    make_data(&args.data)?;
    let (recipe, crop_px) = recipe(args)?;
    let preprocessing = preprocessing(plan.subject, crop_px)?;
    let part = source.part(&preprocessing)?;
    let croppers = (0..source.own_cameras())
        .map(|_| SubjectCropper::new(&preprocessing, BackgroundConfig::default()).into_diagnostic())
        .collect::<miette::Result<Vec<_>>>()?;

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().into_diagnostic()?;
    let stop = control::on_signals(&runtime)?;
    let page = listener.as_ref().map(|_| PageState::new(names.clone()));
    let server = serve(&runtime, listener, page.clone())?;
    let mut happenings = Happenings::new(names.len());
    let options = LearnerOptions {
        program,
        recipe: (!args.no_learner).then_some(recipe),
        checkpoint_dir: args.data.join("learner"),
        model: args.model.clone().unwrap_or_else(|| args.data.join("pose-model.safetensors")),
        // A model that was named is the one that is meant.
        shipped_model: if args.model.is_none() { shipped_model::find() } else { None },
        plain: args.plain,
        infer_precision: args.infer_precision.clone(),
        finder: (!args.no_finder).then_some(args.finder),
        cameras: names.clone(),
        height_mm: args.height_mm,
    };
    let (pictures, rig) = (PicturePlan::default(), RigBoard::new(&args.data));
    let ears = Ears {
        page: page.clone(),
        died: happenings.died_sender.clone(),
        rig_events: happenings.rig_events_sender.clone(),
        plan: pictures.clone(),
        rig: rig.clone(),
    };
    let learners = Learners::start(&options, ears)?;
    let sinks =
        Sinks { moments: vec![Box::new(learners.moment_sink()?)], pictures: Some(Box::new(learners.picture_sink()?)) };

    let live = Live {
        source,
        plan,
        names: &names,
        page: page.as_ref(),
        learners: &learners,
        learning: !args.no_learner,
        stop: &stop,
        hash: preprocessing.hash(),
        pictures,
        rig,
    };
    let played = live.play(args, part, croppers, sinks, &mut happenings);

    let statuses = learners.statuses.clone();
    let (restarts, killed) = learners.stop();
    happenings.log.extend(killed.into_iter().map(str::to_owned));
    if let Some((shutdown, thread)) = server {
        let _ = shutdown.send(());
        let _ = runtime.block_on(thread);
    }
    let Played { end, remains, rate_hz, began } = played?;
    let (learner, infer) = statuses.get();
    let mut report = Report::new(&names, &remains, rate_hz, happenings.log);
    report.sampler = SamplerReport { pairs_per_s: learner.as_ref().map_or(0.0, |l| l.pairs_per_s) };
    report.pretrain = PretrainReport::new(learner, restarts.learner, plan.begun_ns);
    report.rig = infer.as_ref().and_then(|infer| infer.rig.clone());
    report.infer = InferReport::new(infer, restarts.infer);
    summary::print(&report, args.report.as_deref());
    let lacks =
        if began { report.lacks(source.own_cameras()) } else { Some("it ended while the rate was measured".into()) };
    report.conclude(args.report.as_deref(), end, &remains, lacks)
}

/// What is left of a session, and of its trial if it came no further.
struct Played {
    end: End,
    remains: Remains,
    rate_hz: f64,
    /// Whether it came further than the trial.
    began: bool,
}

/// What the trial of the rate and the session share.
struct Live<'a> {
    source: &'a Source,
    plan: &'a Plan<'a>,
    names: &'a [String],
    page: Option<&'a PageState>,
    learners: &'a Learners,
    /// Whether there is a learner among them.
    learning: bool,
    stop: &'a Receiver<()>,
    hash: u64,
    /// Which frames become pictures for the finder of joints.
    pictures: PicturePlan,
    rig: RigBoard,
}

impl Live<'_> {
    /// Finds the rate if it is to be found, and plays at it to the end.
    fn play(
        &self,
        args: &SessionArgs,
        mut part: Part,
        mut croppers: Vec<SubjectCropper>,
        mut sinks: Sinks,
        happenings: &mut Happenings,
    ) -> miette::Result<Played> {
        let source_hz = self.source.rate_hz();
        let divisor = match (self.source.divisible(), self.plan.rate) {
            (false, _) => 1,
            (true, Rate::Auto) => {
                let (chosen, mut remains) = self.try_rates(croppers, sinks, happenings)?;
                match chosen {
                    Ok(divisor) => {
                        (croppers, sinks) = (remains.croppers, remains.sinks);
                        divisor
                    }
                    Err(end) => {
                        happenings.log.push("ended before the rate was measured; nothing was recorded".into());
                        remains.sinks = Sinks::none();
                        return Ok(Played { end, remains, rate_hz: self.slowest_hz(), began: false });
                    }
                }
            }
            (true, fixed) => divisor(source_hz, fixed)?,
        };
        let rate_hz = source_hz / f64::from(divisor);
        tracing::info!("triggering at {rate_hz:.0} Hz, the source's {source_hz:.0} Hz divided by {divisor}");
        if let Some(path) = &args.store_samples {
            sinks.moments.push(Box::new(MomentFileWriter::create(path).into_diagnostic()?));
        }
        let ledgers: Vec<_> = self.names.iter().map(|_| LossLedger::default()).collect();
        let own = self.source.own_cameras();
        let recorder = record(args, self.plan.name, self.source, &self.names[..own], &ledgers[..own], rate_hz)?;
        let (mut cameras, pulses) = self.source.cameras(divisor, monotonic_now_ns() + LEAD_NS)?;
        let pulses = part.take_over(&mut cameras, pulses);
        self.pictures.begin(rate_hz);
        let session = Session::start(Setup {
            cameras,
            pulses,
            matching: self.source.matching(),
            first_segment: part.first_segment(),
            croppers,
            preprocessing: self.hash,
            sinks,
            plan: self.pictures.clone(),
            ledgers,
            recorder,
            page: self.page.cloned(),
            part,
        })
        .into_diagnostic()?;
        let end_at = args.seconds.map(|seconds| session.started + Duration::from_secs_f64(seconds));
        let end = self.watch(&session, rate_hz, end_at, happenings, None, || false);
        if let Some(recorder) = &session.recorder {
            self.rig.keep_in(recorder.directory());
        }
        let mut remains = session.stop();
        // The sinks hold the link and the file of samples: they go before their receivers end.
        let Sinks { moments, .. } = std::mem::replace(&mut remains.sinks, Sinks::none());
        for mut sink in moments {
            if let Err(error) = sink.close() {
                tracing::error!(%error, "the last moments did not leave");
                happenings.log.push(format!("the last moments did not leave: {error}"));
            }
        }
        Ok(Played { end, remains, rate_hz, began: true })
    }

    fn watch(
        &self,
        session: &Session,
        rate_hz: f64,
        end_at: Option<Instant>,
        happenings: &mut Happenings,
        message: Option<&str>,
        enough: impl Fn() -> bool,
    ) -> End {
        let mut board = StatusBoard::new(self.names.to_vec(), rate_hz, Some(self.learners.statuses.clone()));
        control::run(session, self.names, self.stop, end_at, happenings, |session, happenings| {
            for &camera in &happenings.moved {
                self.learners.command(RigCommand::CameraMoved(camera as u16));
            }
            if let Some(recorder) = &session.recorder {
                self.rig.keep_in(recorder.directory());
            }
            if let Some(page) = self.page {
                page.rig_commands().into_iter().for_each(|command| self.learners.command(command));
                page.set_status(board.read(session, happenings, message.map(str::to_owned)));
                if page.take_background_requested() {
                    session.take_background();
                }
            }
            enough()
        })
    }
}

fn divisor(source_hz: f64, rate: Rate) -> miette::Result<u32> {
    let wanted = match rate {
        Rate::Hz60 => 60.0,
        Rate::Hz30 => 30.0,
        Rate::Hz15 | Rate::Auto => 15.0,
    };
    let divisor = (source_hz / wanted).round();
    if divisor < 1.0 || (source_hz / divisor - wanted).abs() > 0.01 * wanted {
        bail!("{wanted} Hz is no divisor of the footage's {source_hz} Hz; use --rate auto");
    }
    Ok(divisor as u32)
}

/// The recipe's file, and the crop size that it asks for.
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

fn preprocessing(subject: Option<Subject>, crop_px: u16) -> miette::Result<Preprocessing> {
    let Some(subject) = subject else { return Ok(Preprocessing::with_crop_px(crop_px)) };
    if subject.crop_px != crop_px {
        bail!(
            "the rig cuts out {} px and the recipe wants {crop_px}; make subject.crop-px = {crop_px}",
            subject.crop_px
        );
    }
    Ok(subject.preprocessing())
}

fn make_data(data: &Path) -> miette::Result<()> {
    std::fs::create_dir_all(data)
        .into_diagnostic()
        .wrap_err_with(|| format!("{} cannot be made; choose another folder with --data", data.display()))
}

/// A file of ours in the data folder.
pub fn written(data: &Path, name: &str, text: &str) -> miette::Result<PathBuf> {
    make_data(data)?;
    let path = data.join(name);
    std::fs::write(&path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
    Ok(path)
}

fn record(
    args: &SessionArgs,
    name: &str,
    source: &Source,
    names: &[String],
    ledgers: &[LossLedger],
    rate_hz: f64,
) -> miette::Result<Option<(Recorder, crate::session::recorder::RecorderTap)>> {
    if args.no_record {
        return Ok(None);
    }
    let parent = args.record.clone().unwrap_or_else(|| args.data.join("takes"));
    let info = TakeInfo {
        name: name.to_owned(),
        rig_toml: source.rig_toml(),
        cameras: names.to_vec(),
        host: LOCAL.into(),
        trigger_rate_hz: rate_hz,
        source_rate_hz: Some(source.rate_hz()),
    };
    let budget_gb = args.budget_gb.unwrap_or(BUDGET_GB);
    let budget_bytes = (budget_gb * 1e9) as u64;
    let (recorder, tap) = Recorder::start(&parent, &info, ledgers, source.recorder_buffers(), budget_bytes)
        .into_diagnostic()
        .wrap_err("nothing can be recorded; give another folder with --record, or --no-record")?;
    tracing::info!("recording into {}, at most {budget_gb} GB", recorder.directory().display());
    Ok(Some((recorder, tap)))
}

type Server = (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>);

fn serve(
    runtime: &Runtime,
    listener: Option<std::net::TcpListener>,
    page: Option<PageState>,
) -> miette::Result<Option<Server>> {
    let (Some(listener), Some(page)) = (listener, page) else { return Ok(None) };
    let address = listener.local_addr().into_diagnostic()?;
    let (shutdown, asked) = tokio::sync::oneshot::channel();
    let task = runtime.spawn(async move {
        let over = async move {
            let _ = asked.await;
        };
        if let Err(error) = page::serve(listener, page, over).await {
            tracing::error!(%error, "the page is gone; everything else goes on");
        }
    });
    tracing::info!("the page is at http://{address}");
    Ok(Some((shutdown, task)))
}
