//! Faults of lenses and shutters, and the trends in residuals that show them.

/// A fault is named if it is this many times its uncertainty, and this uncertainty is below the least fault named.
const SIGMAS: f64 = 5.0;

/// The least bend of a lens at the border that is named, as a part of the longer side.
const MIN_BEND: f64 = 1.0 / 160.0;

/// The least read-out that is named, in frames.
const MIN_READOUT_FRAMES: f64 = 0.2;

/// A read-out cannot take longer than a frame, since the next picture waits for it.
const MAX_READOUT_FRAMES: f64 = 1.0;

/// A coefficient fitted to residuals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The coefficient.
    pub value: f64,
    /// One standard deviation.
    pub uncertainty: f64,
}

impl Trend {
    /// Whether it is at least `least`, and known well enough.
    fn stands_out(&self, least: f64) -> bool {
        self.uncertainty <= least && self.value.abs() >= least.max(SIGMAS * self.uncertainty)
    }
}

/// How one camera's residuals depend on where and how fast joints move in the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualShape {
    /// The distortion of the lens: by how many pixels a joint at half the picture's longer side from the middle appears
    /// farther out than without distortion. It grows with the third power of the distance. Negative for a barrel.
    pub border_px: Trend,
    /// The read-out of a rolling shutter: by how many frames the last row is exposed later than the first.
    pub readout_frames: Trend,
    /// The longer side of its pictures, in pixels.
    pub long_side_px: f64,
}

/// A fault of a camera that shows in residuals. Neither is corrected.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LensFault {
    /// The lens distorts.
    #[error(
        "its lens bends the picture: at the border joints lie {:.0} ± {:.0} px farther {} than without distortion",
        .border_px.value.abs(), .border_px.uncertainty, if .border_px.value < 0.0 { "in" } else { "out" }
    )]
    Distortion {
        /// As in [`ResidualShape`].
        border_px: Trend,
    },

    /// Rows are exposed one after the other.
    #[error(
        "it has a rolling shutter: its last row is {:.2} ± {:.2} of a frame {} than its first",
        .readout_frames.value.abs(), .readout_frames.uncertainty, if .readout_frames.value < 0.0 { "earlier" } else { "later" }
    )]
    RollingShutter {
        /// As in [`ResidualShape`].
        readout_frames: Trend,
    },
}

impl ResidualShape {
    /// The faults that are large and certain enough to be named.
    pub fn faults(&self) -> Vec<LensFault> {
        let Self { border_px, readout_frames, long_side_px } = *self;
        let bends = border_px.stands_out(MIN_BEND * long_side_px);
        let possible = readout_frames.value.abs() - 2.0 * readout_frames.uncertainty < MAX_READOUT_FRAMES;
        let rolls = possible && readout_frames.stands_out(MIN_READOUT_FRAMES);
        let lens = bends.then_some(LensFault::Distortion { border_px });
        lens.into_iter().chain(rolls.then_some(LensFault::RollingShutter { readout_frames })).collect()
    }
}

/// No shutter takes longer to read out a picture, in milliseconds.
const MAX_READOUT_MS: f64 = 40.0;

impl LensFault {
    /// Whether a camera with this time between frames can have the fault: a read-out longer than that of any shutter
    /// has another cause.
    pub fn is_plausible(&self, frame_ms: f64) -> bool {
        match self {
            Self::Distortion { .. } => true,
            Self::RollingShutter { readout_frames } => readout_frames.value.abs() * frame_ms <= MAX_READOUT_MS,
        }
    }
}
