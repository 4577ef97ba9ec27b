//! Messages for tests.

use transport::{POSE_SCHEMA_VERSION, PoseMessage, TriggerState};

/// A message of this frame set in which nobody was found.
pub fn message_without_people(set_index: u64) -> PoseMessage {
    PoseMessage {
        version: POSE_SCHEMA_VERSION,
        set_index,
        trigger_index: None,
        trigger_state: TriggerState::Unresolved,
        segment: 0,
        exposure_ns: 0,
        exposure_utc_ns: None,
        source_index: None,
        model: "model".into(),
        model_origin: None,
        latency_ms: 1.0,
        body: None,
        fused_mm: None,
        poses: vec![],
        not_known: None,
    }
}
