//! The status of a session as JSON.

use std::collections::BTreeMap;

use frame::Problem;
use serde::{Deserialize, Serialize};
use session::SceneFault;
use transport::{CameraState, InferStatus, LearnerStatus};

/// Version of [`LiveStatus`]; incremented when a field changes its meaning or is removed.
pub const STATUS_VERSION: u32 = 2;

/// The whole rig at one moment: the JSON of `/api/status` and of each message on `/live`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LiveStatus {
    pub version: u32,
    /// In the rig's order.
    pub cameras: Vec<CameraView>,
    pub sets: SetView,
    /// Rate of the trigger.
    pub rate_hz: f64,
    /// `None` until the learner's first report.
    pub learner: Option<LearnerStatus>,
    /// `None` until the first report of the inference process.
    pub infer: Option<InferStatus>,
    /// The take that is being recorded; `None` if nothing is.
    pub recording: Option<RecordingView>,
    /// A notice for the user, in one sentence.
    pub message: Option<String>,
    /// The last events, the newest at the end.
    pub events: Vec<EventView>,
    pub elapsed_s: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventView {
    /// Since the start of the session.
    pub at_s: f64,
    pub kind: String,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CameraView {
    pub name: String,
    /// Frames that reached the router per second, over the last seconds.
    pub fps: f64,
    pub produced: u64,
    /// Frames that reached the router.
    pub delivered: u64,
    /// Frames lost, by reason; empty if none were.
    pub lost: BTreeMap<String, u64>,
    /// From the start of exposure to the router.
    pub latency_ms: f64,
    /// Mean interval between exposures, and mean deviation from it, over about the last 64.
    pub interval_ms: f64,
    pub interval_spread_ms: f64,
    /// How often the device's counter and its timestamps disagreed on the trigger.
    pub slips: u64,
    /// If the device reports it.
    pub temperature_c: Option<f64>,
    /// Why what it sees cannot be used; `None` while it can.
    #[serde(default)]
    pub scene: Option<SceneView>,
    /// `state`: `opening`, `streaming`, `failed` or `ended`; of `failed` also `problem`, with `what` and `remedy`.
    #[serde(flatten, with = "CameraStateJson")]
    pub state: CameraState,
}

/// Why what a camera sees cannot be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneView {
    /// As in the events: `scene-dark`, `scene-moved` and so on.
    pub fault: String,
    /// What is wrong and by how much.
    pub what: String,
    pub remedy: String,
}

impl From<SceneFault> for SceneView {
    fn from(fault: SceneFault) -> Self {
        Self { fault: fault.name().to_owned(), what: fault.to_string(), remedy: fault.remedy().to_owned() }
    }
}

/// [`CameraState`] as the fields `state` and `problem`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "CameraState", tag = "state", content = "problem", rename_all = "kebab-case")]
enum CameraStateJson {
    Opening,
    Streaming,
    Failed(Problem),
    Ended,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SetView {
    pub complete: u64,
    pub incomplete: u64,
    /// From the arrival of a set's last frame to the set.
    pub latency_ms_p50: Option<f64>,
    pub latency_ms_p99: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordingView {
    /// Folder of the take.
    pub path: String,
    /// Since it began.
    #[serde(default)]
    pub for_s: f64,
    pub frames: u64,
    pub bytes: u64,
    /// Frames of its time that are not in it.
    #[serde(default)]
    pub lost: u64,
    /// Size at which the recording stops; `None` if only the disk limits it.
    pub budget_bytes: Option<u64>,
    /// `recording`, `complete`, or `ended: ` and why.
    pub state: String,
}
