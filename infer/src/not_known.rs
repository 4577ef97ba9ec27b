//! Instants of which nothing is known, since too few cameras see the room as it was learned.

use frame::monotonic_now_ns;
use transport::{FinderSet, POSE_SCHEMA_VERSION, PoseMessage, UnusableView};

use crate::engine::trigger_state;

/// Why nothing is known of a set's instant, in one sentence; `None` if enough of its cameras can be used, whether they
/// see somebody or not. `names` are the rig's cameras.
pub(crate) fn why(set: &FinderSet, names: &[String]) -> Option<String> {
    (!set.unusable.is_empty()).then(|| sentence(&set.unusable, names))
}

fn sentence(unusable: &[UnusableView], names: &[String]) -> String {
    let each = unusable.iter().map(|UnusableView { camera, fault }| match names.get(camera.index()) {
        Some(name) => format!("{name}: {fault}"),
        None => format!("camera {}: {fault}", camera.0),
    });
    format!("not known, since too few cameras see the room as it was learned: {}", each.collect::<Vec<_>>().join("; "))
}

/// The message that nothing is known of a set's instant.
pub(crate) fn message(set: &FinderSet, model: String, why: String) -> PoseMessage {
    PoseMessage {
        version: POSE_SCHEMA_VERSION,
        set_index: set.set.0,
        trigger_index: set.trigger.pulse(),
        trigger_state: trigger_state(set.trigger),
        segment: set.segment.number(),
        exposure_ns: set.exposure.ns,
        exposure_utc_ns: None,
        source_index: set.source.map(|source| source.index),
        model,
        model_origin: None,
        latency_ms: (monotonic_now_ns() - set.exposure.ns) as f64 / 1e6,
        body: None,
        fused_mm: None,
        poses: vec![],
        not_known: Some(why),
    }
}
