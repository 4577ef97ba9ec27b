//! The learning side: the link, the two processes, and what they report.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use miette::{IntoDiagnostic, WrapErr, bail};
use session::{EventKind, EventSender, PicturePlan};
use transport::{
    CommandSink, Hint, HintSource, InferStatus, LearnerStatus, PoseMessage, PoseSource, RigCommand, TransportError,
    ZenohCommandSink, ZenohFinderSetSink, ZenohLabelSink, ZenohLink, ZenohMomentSink,
};

use crate::children::{Child, ChildSpec};
use crate::cli::Finder;
use crate::page::PageState;
use crate::pose_log::PoseLogSender;
use crate::pose_outputs::PoseOutputs;
use crate::rig_board::RigBoard;

/// Time to end, long enough to write a checkpoint.
const STOP_DEADLINE: Duration = Duration::from_secs(20);
/// Share of all cores that inference may use beside a learner. Capture takes what it needs, the learner has the rest.
const INFER_SHARE_BESIDE_LEARNER: f64 = 1.0 / 3.0;
/// How often a listener checks whether to stop.
const LISTEN: Duration = Duration::from_millis(500);

pub struct LearnerOptions {
    pub program: PathBuf,
    /// `None` for inference without a learner.
    pub recipe: Option<PathBuf>,
    pub checkpoint_dir: PathBuf,
    /// The user's own pose model, which may not exist yet.
    pub model: PathBuf,
    /// The pose model to use until then.
    pub shipped_model: Option<PathBuf>,
    /// The network that watches whether the cameras show the same instants.
    pub sync_health: Option<PathBuf>,
    /// Make a network of the rig's own on what the finder of joints finds.
    pub own_network: bool,
    /// Give the pose model pictures with their background.
    pub plain: bool,
    pub infer_precision: String,
    /// The finder of joints; `None` uses only the pose model.
    pub finder: Option<Finder>,
    /// The cameras' names, in the rig's order.
    pub cameras: Vec<String>,
    /// The person's standing height, if stated.
    pub height_mm: Option<u16>,
}

/// The receivers of what learner and inference report.
pub struct HintReceivers {
    pub page: Option<PageState>,
    pub events: EventSender,
    pub plan: PicturePlan,
    pub rig: RigBoard,
}

/// The file of the rig's own network in the learner's folder.
const OWN_NETWORK: &str = "own-network.safetensors";

/// The receivers of poses.
pub struct PoseReceivers {
    pub page: Option<PageState>,
    pub log: PoseLogSender,
    pub outputs: PoseOutputs,
}

/// The newest status of each process.
#[derive(Clone, Default)]
pub struct Statuses(Arc<Mutex<(Option<LearnerStatus>, Option<InferStatus>)>>);

impl Statuses {
    pub fn get(&self) -> (Option<LearnerStatus>, Option<InferStatus>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, hint: Hint) {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match hint {
            Hint::Learner(status) => {
                // After a restart of the learner, keep the time of its very first step.
                let before = newest.0.as_ref().and_then(|status| status.first_step_ns);
                let first_step_ns = before.or(status.first_step_ns);
                newest.0 = Some(LearnerStatus { first_step_ns, ..status });
            }
            Hint::Infer(status) => newest.1 = Some(status),
            Hint::WantedPictures(_) | Hint::Geometry(_) | Hint::RigEvent(_) | Hint::Labels(_) => {}
        }
    }
}

impl HintReceivers {
    fn deliver(&self, hint: Hint, statuses: &Statuses, labels: &mut ZenohLabelSink) {
        match hint {
            // The two processes are not connected with each other.
            Hint::Labels(of_body) => {
                labels.send(&of_body).unwrap_or_else(|error| tracing::error!(%error, "could not pass on labels"));
            }
            Hint::WantedPictures(wanted) => self.plan.want(wanted),
            Hint::Geometry(geometry) => {
                self.rig.put(*geometry);
                if let Some(page) = &self.page {
                    page.set_geometry(self.rig.newest().as_ref());
                }
            }
            Hint::RigEvent(event) => self.events.send(EventKind::Rig(event.kind), event.text),
            status => {
                // The geometry was forgotten, so a restart must not load it.
                let forgotten = matches!(&status, Hint::Infer(infer) if infer.rig.as_ref().is_some_and(|rig| rig.geometry_id.is_none()));
                if forgotten
                    && self.rig.forget()
                    && let Some(page) = &self.page
                {
                    page.set_geometry(None);
                }
                statuses.put(status);
            }
        }
    }
}

impl PoseReceivers {
    /// Hands poses to the readers of the page's stream, to the take, and to the receivers outside.
    fn deliver(&mut self, mut message: PoseMessage) {
        message.exposure_utc_ns = Some(message.exposure_ns + session::utc_offset_ns());
        self.outputs.send(&message);
        match serde_json::to_string(&message) {
            Ok(json) => {
                if let Some(page) = &self.page {
                    page.send_pose(&json);
                }
                self.log.send(message.exposure_ns, json.into_bytes());
            }
            Err(error) => tracing::error!(%error, set = message.set_index, "could not encode poses as JSON"),
        }
    }
}

pub struct Learners {
    link: ZenohLink,
    commands: Mutex<ZenohCommandSink>,
    learner: Option<Child>,
    infer: Child,
    listeners: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    pub statuses: Statuses,
}

/// Restarts of each process over the session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Restarts {
    pub learner: u64,
    pub infer: u64,
}

impl Learners {
    /// # Errors
    /// The recipe cannot be used, its checkpoint cannot be resumed, or the link does not open.
    pub fn start(options: &LearnerOptions, receivers: HintReceivers, mut poses: PoseReceivers) -> miette::Result<Self> {
        if let Some(recipe) = &options.recipe {
            check(&options.program, recipe, &options.checkpoint_dir, options.sync_health.as_deref())?;
        }
        let name = format!("session-{}", std::process::id());
        let link = ZenohLink::listen(&name).into_diagnostic()?;
        tracing::info!(endpoint = link.endpoint(), name, "learners may connect (genlock pretrain --connect --name)");
        let (statuses, stop) = (Statuses::default(), Arc::new(AtomicBool::new(false)));
        let (events, geometry) = (receivers.events.clone(), receivers.rig.file());
        let mut listeners = vec![];
        {
            let (mut hints, statuses, stop) = (link.hint_source(64).into_diagnostic()?, statuses.clone(), stop.clone());
            let mut labels = link.label_sink().into_diagnostic()?;
            listeners.push(listen("hints", move || {
                loop {
                    // Read before the wait, so that the last messages of ended processes are still received.
                    let last = stop.load(Ordering::Acquire);
                    match hints.receive(LISTEN) {
                        Ok(Some(hint)) => receivers.deliver(hint, &statuses, &mut labels),
                        Ok(None) if last => break,
                        Ok(None) => {}
                        Err(TransportError::Closed) => break,
                        Err(error) => tracing::error!(%error, "could not receive a status"),
                    }
                }
            })?);
        }
        {
            let (mut source, stop) = (link.pose_source(64).into_diagnostic()?, stop.clone());
            listeners.push(listen("poses", move || {
                while !stop.load(Ordering::Acquire) {
                    match source.receive(LISTEN) {
                        Ok(Some(message)) => poses.deliver(message),
                        Ok(None) => {}
                        Err(error) => tracing::error!(%error, "could not receive poses"),
                    }
                }
            })?);
        }
        let child = |command: &str, arguments: Vec<String>, name: &'static str| {
            let mut words = vec![command.to_owned(), "--connect".into(), link.endpoint().to_owned()];
            words.extend(arguments);
            Child::start(ChildSpec { name, program: options.program.clone(), arguments: words }, events.clone())
                .into_diagnostic()
                .wrap_err("starting a process keeper")
        };
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let threads =
            if options.recipe.is_some() { Threads::beside_each_other(cores()) } else { Threads::alone(cores()) };
        let own = options.own_network.then(|| options.checkpoint_dir.join(OWN_NETWORK));
        let learner = options
            .recipe
            .as_ref()
            .map(|recipe| {
                let words =
                    ["--name", &name, "--recipe", &path(recipe), "--checkpoint-dir", &path(&options.checkpoint_dir)];
                let mut words: Vec<String> = words.map(str::to_owned).into();
                words.extend(["--threads".to_owned(), threads.learner.to_string()]);
                words.extend(named(&options.cameras));
                if let Some(network) = &options.sync_health {
                    words.extend(["--sync-health".to_owned(), path(network)]);
                }
                if let Some(own) = &own {
                    words.extend(["--own".to_owned(), path(own)]);
                    words.extend(options.shipped_model.iter().flat_map(|from| ["--own-from".to_owned(), path(from)]));
                }
                child("pretrain", words, "learner")
            })
            .transpose()?;
        let words = ["--name", &name, "--model", &path(&options.model), "--precision", &options.infer_precision];
        let mut words: Vec<String> = words.map(str::to_owned).into();
        if let Some(shipped) = &options.shipped_model {
            words.extend(["--shipped-model".to_owned(), path(shipped)]);
        }
        words.extend(["--threads".to_owned(), threads.infer.to_string()]);
        words.extend(options.plain.then(|| "--plain".to_owned()));
        if learner.is_some() {
            words.extend(["--share".to_owned(), INFER_SHARE_BESIDE_LEARNER.to_string()]);
        }
        words.extend(options.finder.map_or_else(
            || vec!["--no-finder".to_owned()],
            |finder| vec!["--finder".to_owned(), finder.name().to_owned()],
        ));
        words.extend(named(&options.cameras));
        words.extend(["--geometry".to_owned(), path(&geometry)]);
        if let Some((own, recipe)) = own.as_ref().zip(options.recipe.as_ref()) {
            words.extend(["--own".to_owned(), path(own), "--recipe".into(), path(recipe)]);
        }
        if let Some(height_mm) = options.height_mm {
            words.extend(["--height-mm".to_owned(), height_mm.to_string()]);
        }
        let infer = child("infer", words, "infer")?;
        let commands = Mutex::new(link.command_sink().into_diagnostic()?);
        Ok(Self { link, commands, learner, infer, listeners, stop, statuses })
    }

    pub fn moment_sink(&self) -> miette::Result<ZenohMomentSink> {
        self.link.moment_sink().into_diagnostic()
    }

    pub fn picture_sink(&self) -> miette::Result<ZenohFinderSetSink> {
        self.link.finder_set_sink().into_diagnostic()
    }

    /// Sends a command to inference.
    pub fn command(&self, command: RigCommand) {
        let sent = self.commands.lock().unwrap_or_else(PoisonError::into_inner).send(&command);
        sent.unwrap_or_else(|error| tracing::error!(%error, ?command, "could not send a command to inference"));
    }

    pub fn restarts(&self) -> Restarts {
        Restarts { learner: self.learner.as_ref().map_or(0, Child::restarts), infer: self.infer.restarts() }
    }

    /// Stops both processes, the learner with a checkpoint, and receives their last messages.
    pub fn stop(self) -> (Restarts, Vec<&'static str>) {
        let restarts = self.restarts();
        let mut killed = vec![];
        if self.learner.is_some_and(|learner| !learner.stop(STOP_DEADLINE)) {
            killed.push("the learner did not end in time and was killed; steps since its last checkpoint are lost");
        }
        if !self.infer.stop(STOP_DEADLINE) {
            killed.push("infer did not end in time and was killed");
        }
        self.stop.store(true, Ordering::Release);
        for listener in self.listeners {
            if listener.join().is_err() {
                tracing::error!("a listener panicked");
            }
        }
        (restarts, killed)
    }
}

/// libtorch's threads inside one operation, in each process. Together they are no more than the cores: with more, every
/// operation waits for threads that are not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Threads {
    learner: usize,
    infer: usize,
}

impl Threads {
    fn alone(cores: usize) -> Self {
        Self { learner: cores, infer: cores }
    }

    /// A third of the cores for inference, rounded up, and the rest for the learner; a single core is shared.
    fn beside_each_other(cores: usize) -> Self {
        let infer = cores.div_ceil(3).max(1);
        Self { learner: cores.saturating_sub(infer).max(1), infer }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Checks the recipe with the learner's program, since a learner that fails at once would be restarted again and again.
fn check(program: &Path, recipe: &Path, checkpoint_dir: &Path, sync_health: Option<&Path>) -> miette::Result<()> {
    let mut command = Command::new(program);
    command.arg("check").arg("--recipe").arg(recipe).arg("--checkpoint-dir").arg(checkpoint_dir);
    if let Some(network) = sync_health {
        command.arg("--sync-health").arg(network);
    }
    let answer = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let answer = answer.into_diagnostic().wrap_err_with(|| format!("running {}", program.display()))?;
    if answer.status.success() {
        return Ok(());
    }
    match String::from_utf8_lossy(&answer.stdout).trim() {
        "" => bail!("{} could not look at {}: {}", program.display(), recipe.display(), answer.status),
        problem if sync_health.is_some() => bail!("{problem}"),
        problem => bail!(help = "`genlock demo` without --recipe learns with recipes/demo-cpu.toml", "{problem}"),
    }
}

fn listen(name: &str, body: impl FnOnce() + Send + 'static) -> miette::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.into()).spawn(body).into_diagnostic()
}

/// The words that name the cameras to a process.
fn named(cameras: &[String]) -> impl Iterator<Item = String> {
    cameras.iter().flat_map(|camera| ["--camera".to_owned(), camera.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learner_and_inference_share_the_cores() {
        for (cores, learner, infer) in [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 2), (8, 5, 3), (16, 10, 6)] {
            assert_eq!(Threads::beside_each_other(cores), Threads { learner, infer }, "{cores} cores");
        }
        assert_eq!(Threads::alone(8), Threads { learner: 8, infer: 8 });
    }

    #[test]
    fn the_first_step_stays_that_of_the_first_learner() {
        let statuses = Statuses::default();
        let step = |first_step_ns| statuses.put(Hint::Learner(LearnerStatus { first_step_ns, ..Default::default() }));
        let first = || statuses.get().0.unwrap().first_step_ns;
        step(None);
        assert_eq!(first(), None);
        for later in [Some(7), None, Some(9)] {
            step(later);
            assert_eq!(first(), Some(7));
        }
    }
}
