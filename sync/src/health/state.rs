//! What is known about a camera's synchrony.

/// Whether a camera shows the same instants as the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SyncState {
    /// There was too little motion, or the evidence is not clear.
    #[default]
    Unknown,
    /// It does, to within half a frame.
    Well,
    /// It is apart by a frame or more.
    Slipped,
}

/// What is known about one camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraHealth {
    /// Its state.
    pub state: SyncState,
    /// By how many frames its pictures were exposed later than those of most others; `None` without evidence.
    pub shift_frames: Option<f64>,
    /// One standard deviation of it.
    pub uncertainty_frames: Option<f64>,
    /// When it was last found well, ns; `None` if never since the last seam.
    pub last_well_ns: Option<i64>,
}
