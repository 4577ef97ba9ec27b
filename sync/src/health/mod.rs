//! Whether cameras show the same instants, judged from how alike their pictures are at shifts of a few frames.
//!
//! Something that can tell "the same instant" from "another one" – a trained network – scores every pair of cameras
//! with one of the two shifted by some frames. This module turns the scores into the shift of each camera, its
//! uncertainty, and a [`SyncState`].

mod camera_shifts;
mod estimate;
mod evidence;
mod peak;
mod settings;
mod state;
mod watch;

pub use evidence::{PairScores, Stretch};
pub use settings::HealthSettings;
pub use state::{CameraHealth, SyncState};
pub use watch::SyncWatch;
