//! The session in [Rerun](https://rerun.io): a live viewer, and recordings (`.rrd`).

mod live;
mod pictures;
mod recording;
mod scene;

pub use live::{GeometrySource, RerunSink};
pub use pictures::{RerunPicture, RerunPictures};
pub use recording::RerunRecording;

/// Why Rerun does not take what it is given.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// What its library says.
    #[error("Rerun: {0}")]
    Stream(#[from] re_sdk::RecordingStreamError),
    /// The file is not whole.
    #[error("{} is not whole: {why}", path.display())]
    Broken {
        /// Its path.
        path: std::path::PathBuf,
        /// What is missing.
        why: String,
    },
    /// The file is not written to its end.
    #[error("Rerun's recording is not written to its end: {0}")]
    Flush(#[from] re_sdk::sink::SinkFlushError),
}

/// The name of this program in the viewer's list of recordings.
const APPLICATION: &str = "genlock";
