//! Bodies out of a recorded take: joints in every view, the rig's geometry from them, and one body for each instant.

mod instants;
mod pictures;
mod watched;

pub use instants::{Instant, Instants};
pub use pictures::Look;
pub use watched::{Bodies, RecordingError, Watched};
