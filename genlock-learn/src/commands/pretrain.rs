//! `genlock-learn pretrain`: self-supervised learning on the moments of a running session.

use std::path::{Path, PathBuf};
use std::time::Duration;

use learn::LearnError;
use learn::health::{LiveHealth, Witness};
use learn::runs::{LabelStore, Learner, RefitSettings, Refitter};
use miette::{IntoDiagnostic, WrapErr, miette};
use recipe::PretrainRecipe;
use settings::FolderLock;
use subject::Preprocessing;
use transport::{LabelSource, Moment, TransportError, ZenohLink};

use crate::health_turns::HealthTurns;
use crate::inbox::Inbox;
use crate::learner_loop::{End, KeptMoments, LearnerLoop};
use crate::refit_turns::RefitTurns;
use crate::{environment, stop};

/// Capacity of the learner's queue, which drops the oldest moment: enough for a step or an evaluation of over a second.
const INBOX: usize = 128;
/// Capacity of the transport's ring, which the receiving thread empties at once.
const RING: usize = 32;

/// Capacity of the queue of labels, which drops the oldest.
const LABELS: usize = 64;
/// How long to wait for a learner before this one to end.
const PREDECESSOR: Duration = Duration::from_secs(10);

/// What is kept to learn from, beside the checkpoint.
fn buffer_in(folder: &Path) -> PathBuf {
    folder.join("learner.moments")
}

/// The checkpoint of a folder.
pub fn checkpoint_in(folder: &Path) -> PathBuf {
    folder.join("learner.safetensors")
}

#[derive(clap::Args)]
pub struct Args {
    /// Endpoint of the running session, such as tcp/127.0.0.1:7447.
    #[arg(long, value_name = "ENDPOINT")]
    connect: String,
    /// What to learn and how (TOML).
    #[arg(long, value_name = "FILE")]
    recipe: PathBuf,
    /// Folder of the checkpoint. An existing one is resumed.
    #[arg(long, value_name = "DIR")]
    checkpoint_dir: PathBuf,
    /// Name of the session among those that share a network.
    #[arg(long, value_name = "KEY", default_value = "session")]
    name: String,
    /// Threads inside one operation; without it, as many as there are cores.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// File of the rig's own network, which is refitted on labels that the rig makes. Without it, none is made.
    #[arg(long, value_name = "FILE")]
    own: Option<PathBuf>,
    /// The pose model that the rig's own network starts from [default: the learner's encoder].
    #[arg(long, value_name = "FILE", requires = "own")]
    own_from: Option<PathBuf>,
    /// A network pretrained on known-good sync, which watches whether the cameras show the same instants.
    #[arg(long, value_name = "FILE", requires = "camera")]
    sync_health: Option<PathBuf>,
    /// Name of a camera of the rig, in its order; given for each, so that neither the own network of another rig is
    /// trained further, nor its moments, and what slipped has a name.
    #[arg(long, value_name = "NAME")]
    camera: Vec<String>,
    /// Continue when the parent process ends.
    #[arg(long)]
    detached: bool,
}

pub fn run(args: &Args) -> miette::Result<()> {
    // Timing the precisions and reading a checkpoint take seconds, and nothing is lost if they are interrupted.
    let stop = stop::watch(!args.detached)?;
    environment::lower_priority();
    let device = model::start();
    if let Some(threads) = args.threads {
        model::set_threads(threads);
    }
    let recipe = PretrainRecipe::load(&args.recipe).into_diagnostic()?;
    std::fs::create_dir_all(&args.checkpoint_dir)
        .into_diagnostic()
        .wrap_err_with(|| format!("creating {}", args.checkpoint_dir.display()))?;
    // A learner whose session was killed still writes its checkpoint.
    let _lock = FolderLock::take(&args.checkpoint_dir, "a learner of genlock", PREDECESSOR)
        .map_err(|why| miette!(help = "end that learner, or choose another folder with --checkpoint-dir", "{why}"))?;
    let checkpoint = checkpoint_in(&args.checkpoint_dir);
    let mut learner = if checkpoint.exists() {
        Learner::resume(recipe, device, &checkpoint).into_diagnostic()?
    } else {
        Learner::new(recipe, device).into_diagnostic()?
    };
    let kept = take_up(&mut learner, args);
    learner.begin_session(&session_key(args));

    let health = args.sync_health.as_ref().map(|network| {
        let witness = Witness::open(network, device)?;
        Ok::<_, LearnError>(HealthTurns::new(LiveHealth::new(witness, args.camera.len()), args.camera.clone()))
    });
    let health = health.transpose().into_diagnostic().wrap_err("sync health")?;

    let stop = stop.in_order();
    let link = ZenohLink::connect(&args.connect, &args.name).into_diagnostic()?;
    let source = link.moment_source(RING).into_diagnostic()?;
    let hints = link.hint_sink().into_diagnostic()?;
    let refitter = args.own.as_ref().map(|own| {
        let recipe = learner.recipe();
        Refitter::new(RefitSettings {
            file: own.clone(),
            from: args.own_from.clone(),
            cameras: args.camera.clone(),
            hold_out: recipe.hold_out,
            preprocessing: Preprocessing::with_crop_px(recipe.crop_px),
            background: recipe.background,
            seed: recipe.seed,
        })
    });
    let store = refitter.as_ref().map(Refitter::labels);
    let mut labels = store.is_some().then(|| link.label_source(LABELS)).transpose().into_diagnostic()?;
    let join = move |moment: &Moment| {
        if let (Some(store), Some(labels)) = (&store, &mut labels) {
            store.offer(moment);
            take_labels(labels, store);
        }
    };
    let inbox = Inbox::start(source, INBOX, join).into_diagnostic().wrap_err("starting the receiving thread")?;
    let learner = LearnerLoop::new(learner, inbox, hints, stop, checkpoint).with_kept(kept);
    let learner = match health {
        Some(health) => learner.with_health(health),
        None => learner,
    };
    let mut learner = match refitter {
        Some(refitter) => learner.with_refit(RefitTurns::new(refitter)),
        None => learner,
    };
    match learner.run(|| link.has_peer())? {
        End::Stopped(reason) => tracing::info!("ended: {reason}"),
        End::SourceGone => tracing::info!("ended: {} is gone", args.connect),
    }
    Ok(())
}

/// Goes on with the moments of an earlier run, as far as they can be used; without them the learner waits for new ones.
fn take_up(learner: &mut Learner, args: &Args) -> KeptMoments {
    let file = learner.recipe().checkpoint.buffer.then(|| buffer_in(&args.checkpoint_dir));
    let earlier = file.as_ref().filter(|file| file.exists());
    let taken = earlier.map_or(Ok(()), |file| learner.take_up_buffer(file, &args.camera));
    let problem = taken.err().map(|error| format!("{error}; the learner begins without them"));
    if let Some(problem) = &problem {
        tracing::warn!("{problem}");
    }
    KeptMoments { file, rig: args.camera.clone(), problem }
}

/// Tells this session from others: times and segments begin anew with the machine and with the session.
fn session_key(args: &Args) -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{} {} {}", boot.trim(), args.connect, args.name)
}

/// Takes the labels that came.
fn take_labels(labels: &mut impl LabelSource, store: &LabelStore) {
    loop {
        match labels.receive() {
            Ok(Some(labels)) => store.label(&labels),
            Ok(None) | Err(TransportError::Closed) => return,
            Err(error) => return tracing::error!(%error, "labels cannot be decoded"),
        }
    }
}
