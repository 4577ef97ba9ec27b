//! Bodies in a recorded take: joints in all views, the rig's geometry, and one body per instant.

mod error;
mod instants;
mod labels;
mod pictures;
mod watched_take;

pub use error::RecordingError;
pub use instants::{Instant, Instants};
pub use labels::{MadeLabels, labels};
pub use pictures::FinderInput;
pub use watched_take::{Bodies, Watched};
