//! What a watch over cameras asks of the evidence.

/// Settings of a [`super::SyncWatch`]. The defaults were calibrated on rendered people: see `docs/sync-health.md`.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthSettings {
    /// Instants of a stretch.
    pub instants: usize,
    /// Shifts go from −`reach` to `reach` frames.
    pub reach: usize,
    /// The least share of the outlines that must change: people who stand still look alike at every shift.
    pub min_motion: f64,
    /// How far the highest mean score must lie above the mean of the lowest, in logits: a flat curve has no peak.
    pub min_peak: f64,
    /// Numbers of usable stretches that are looked at together, ascending. Short ones find large slips soon, long ones
    /// small slips at all.
    pub windows: Vec<usize>,
    /// A camera has slipped when its shift is beyond half a frame, and beyond so many times its uncertainty.
    pub slipped_sigmas: f64,
    /// So many usable stretches in a row must say so.
    pub confirmations: usize,
    /// It is well when its shift is within half a frame by so many times its uncertainty.
    pub well_sigmas: f64,
    /// Added to every uncertainty, in frames: what more footage does not average out.
    pub floor_frames: f64,
    /// How long a state holds without new evidence, ns.
    pub holds_ns: i64,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            instants: 30,
            reach: 8,
            min_motion: 0.1,
            min_peak: 0.3,
            windows: vec![8, 12, 20, 30],
            slipped_sigmas: 4.0,
            confirmations: 2,
            well_sigmas: 1.0,
            floor_frames: 0.05,
            holds_ns: 60_000_000_000,
        }
    }
}
