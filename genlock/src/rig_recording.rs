//! Where the takes of a rig are stored, and how large they may become.

use std::path::Path;

use calibration_free_config::{Recording, Rig};
use session::{RecordingBegins, RecordingPlan};

/// The recording of a rig's session: `record` overrides the rig's own folder, and `otherwise` is for rigs without one.
pub fn plan(rig: &Rig, record: Option<&Path>, otherwise: &Path) -> RecordingPlan {
    let recording = rig.recording.as_ref();
    let folder = record.or(recording.map(|recording| &*recording.directory)).unwrap_or(otherwise);
    let budget_gb = recording.map_or(Recording::DEFAULT_BUDGET_GB, |recording| recording.budget_gb);
    RecordingPlan {
        name: rig.name.to_string(),
        begins: RecordingBegins::WithSession,
        folder: folder.to_owned(),
        budget_bytes: bytes(budget_gb),
        rig_toml: None,
    }
}

/// The takes of `genlock capture` if the rig names no folder.
pub fn of_capture(rig: &Rig, record: Option<&Path>) -> RecordingPlan {
    plan(rig, record, Path::new("takes"))
}

/// Converts gigabytes of 10⁹ bytes to bytes.
pub fn bytes(gb: f64) -> u64 {
    (gb * 1e9) as u64
}
