//! The programs that read videos.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// ffmpeg and ffprobe, and how long they may be silent.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The program that decodes.
    pub ffmpeg: PathBuf,
    /// The program that reads headers and times.
    pub ffprobe: PathBuf,
    /// A child that gives nothing for so long, although we wait for it, is ended.
    pub silence: Duration,
}

impl Default for Tools {
    /// The programs in the search path. Decoding the slowest picture takes far less than a minute.
    fn default() -> Self {
        Self { ffmpeg: "ffmpeg".into(), ffprobe: "ffprobe".into(), silence: Duration::from_secs(60) }
    }
}

/// A path as ffmpeg's `file:` protocol, so that no character of a name has a meaning.
pub(crate) fn url(path: &Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}
