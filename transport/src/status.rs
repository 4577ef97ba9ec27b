//! Status reports of the learner and inference processes.

use serde::{Deserialize, Serialize};

use crate::{ModelOrigin, RigStatus};

/// The learner's status, sent a few times a second; the newest replaces all before. Rates are over the last five
/// seconds; in the last report, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LearnerStatus {
    /// What the learner is doing: waiting for moments, learning, or why it cannot.
    pub state: String,
    /// Name of the pretext task.
    pub task: String,
    pub device: String,
    /// Arithmetic of the encoder: `f32` or `bf16`, as the probe at start chose.
    pub precision: String,
    /// Optimiser steps since the checkpoint was created, including earlier runs.
    pub steps: u64,
    /// Steps of the checkpoint that this process started from.
    pub resumed_from_step: Option<u64>,
    /// How often it went back to its checkpoint, since its loss or its weights became useless.
    #[serde(default)]
    pub rolled_back: u64,
    /// When this process made its first step, on the monotonic clock that all processes of a machine share.
    #[serde(default)]
    pub first_step_ns: Option<i64>,
    pub images_per_s: f64,
    /// Pairs scored per second.
    pub pairs_per_s: f64,
    pub moments_received: u64,
    /// Moments lost between processes, seen as gaps in their numbering.
    pub moments_missed: u64,
    pub moments_held: u64,
    /// Distinct instants held back from training by their position in the source.
    pub moments_held_out: u64,
    /// Moments that were not kept, since nobody moved in them.
    #[serde(default)]
    pub moments_still: u64,
    /// Moments that were not kept, since fewer than two views show somebody.
    #[serde(default)]
    pub moments_unusable: u64,
    /// Held moments that stay with companions for as long as little else looks like them.
    #[serde(default)]
    pub anchors_held: u64,
    /// Bytes of held pictures and masks.
    #[serde(default)]
    pub buffer_bytes: u64,
    /// Why nothing was taken up of what an earlier run had kept.
    #[serde(default)]
    pub buffer_problem: Option<String>,
    /// The step whose average of weights others get; `None` before the first one, and where they get the network as it is
    /// trained.
    #[serde(default)]
    pub served_at_step: Option<u64>,
    /// Sync accuracy of that copy on held-out instants of a fixed gap, when it was last measured.
    #[serde(default)]
    pub served_sync_accuracy: Option<f64>,
    /// Losses of the first step and the last, both heads together.
    pub loss_first: Option<f64>,
    pub loss_last: Option<f64>,
    /// What `loss_last` is the sum of.
    pub loss_sync: Option<f64>,
    pub loss_flip: Option<f64>,
    pub learning_rate: f64,
    /// Accuracy on balanced pairs of instants that were trained on.
    pub sync_accuracy: Option<f64>,
    pub flip_accuracy: Option<f64>,
    /// The same on instants held out by source position. Within one take this is interpolation.
    pub held_out_sync_accuracy: Option<f64>,
    pub held_out_flip_accuracy: Option<f64>,
    /// Step at which the accuracies were measured.
    pub evaluated_at_step: Option<u64>,
    /// Newest checkpoint on disk.
    pub checkpoint: Option<String>,
    /// Identity of that checkpoint's encoder.
    pub encoder_version: Option<String>,
    /// The rig's own network; `None` if the learner makes none.
    #[serde(default)]
    pub refit: Option<RefitStatus>,
    /// Whether the cameras show the same instants, as a trained network sees it; `None` if none watches.
    #[serde(default)]
    pub sync_health: Option<SyncHealthStatus>,
}

/// Whether the cameras show the same instants, as a network that was trained on known-good sync sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncHealthStatus {
    /// What it is doing, or why it cannot.
    pub state: String,
    /// Stretches of instants that were scored.
    pub stretches: u64,
    /// By camera, in the rig's order.
    pub cameras: Vec<CameraSyncStatus>,
}

/// What is known of one camera's sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CameraSyncStatus {
    pub state: CameraSync,
    /// By how many frames its pictures were exposed later than those of most others.
    pub shift_frames: Option<f64>,
    /// One standard deviation of it.
    pub uncertainty_frames: Option<f64>,
}

/// Whether a camera shows the same instants as the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraSync {
    /// There was too little motion, or the evidence is not clear.
    #[default]
    Unknown,
    /// It does, to within half a frame.
    Well,
    /// It is apart by a frame or more.
    Slipped,
}

/// How the learner does at refitting the rig's own network on labels that the rig made. Its steps are not among
/// [`LearnerStatus::steps`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RefitStatus {
    /// What it is doing: waiting for labels, refitting, or why it cannot.
    pub state: String,
    /// Optimiser steps by this process.
    pub steps: u64,
    /// Labelled pictures held.
    pub pictures: u64,
    /// Minutes of people in view that gave labels, in this process.
    pub label_minutes: f64,
    /// Mean loss of the last round of steps: squared norm of the normalised error.
    pub loss: Option<f64>,
    /// Part of the learner's time that refitting took.
    pub share: f64,
    /// Identity of the network last written.
    pub version: Option<String>,
}

/// The inference process's status. Rate and latencies are over the last five seconds; in the last report, over the
/// whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InferStatus {
    /// Whether there are poses, or why not.
    pub state: String,
    /// Identity of the network in use; none when there is none.
    pub model_version: Option<String>,
    /// Whether the network is shipped or the user's own.
    #[serde(default)]
    pub model_origin: Option<ModelOrigin>,
    pub precision: String,
    /// Moments answered, each with a pose for every view in it.
    pub poses: u64,
    pub moments_received: u64,
    /// Moments that a newer one replaced before inference reached them.
    pub moments_superseded: u64,
    pub fps: f64,
    /// From the exposure of a set to its poses leaving.
    pub latency_ms_p50: Option<f64>,
    pub latency_ms_p99: Option<f64>,
    /// Status of the rig's geometry; `None` if no finder of joints is in use.
    #[serde(default)]
    pub rig: Option<RigStatus>,
    /// Why no finder of joints is in use, if so.
    #[serde(default)]
    pub no_finder: Option<String>,
    /// The rig's own network; `None` if it is switched off.
    #[serde(default)]
    pub own_network: Option<OwnNetworkStatus>,
}

/// Which network finds the joints of the streamed bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Serving {
    /// The finder of joints.
    #[default]
    Finder,
    /// The rig's own network.
    OwnNetwork,
}

/// What separates held-back instants from those that were learned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldOutBy {
    /// They come at other times.
    Time,
    /// They lie elsewhere in a source. Of a looping one they lie between instants that were learned from, so what is
    /// measured on them is interpolation.
    SourcePosition,
}

/// How the rig's own network compares with the finder of joints. Differences are medians over held-back instants, in
/// millimetres, of the mean distance of joints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnNetworkStatus {
    pub serving: Serving,
    /// What decides, in words.
    pub state: String,
    /// Identity of the own network; `None` until there is one.
    pub version: Option<String>,
    /// How it was made, in words.
    pub lineage: Option<String>,
    /// `None` before there is a moment.
    #[serde(default)]
    pub held_out_by: Option<HeldOutBy>,
    /// Held-back instants that were judged.
    pub instants: u64,
    /// Between bodies by the own network and by the finder.
    pub own_mm: Option<f64>,
    /// Error of the finder with half of its views: what two halves differ by, over the root of two. With fewer than four
    /// views, how far its smaller network is from it.
    pub finder_mm: Option<f64>,
    /// Processor time for the joints of one set, in milliseconds, of all cores together.
    pub own_cpu_ms: Option<f64>,
    pub finder_cpu_ms: Option<f64>,
    /// How often the other network took over.
    pub switches: u64,
}
