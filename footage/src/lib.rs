//! Videos of several cameras into one take.
//!
//! [`discover`] finds the videos and names the cameras, [`look`] decodes each once to learn when its pictures are
//! shown, [`plan`] puts them on one axis of time, and [`write`] decodes them a second time into a take. Each says in
//! words what it left out or changed. ffmpeg decodes, as a child process with a deadline ([`Tools`]).
//!
//! A take made so has one segment; instant `n` is trigger `n`, sequence `n` and source position `n`; the exposure is
//! the picture's own time since the first of its video. A picture that is not there is a gap.

#![warn(missing_docs)]

mod announced;
mod axis;
mod child;
mod decode;
mod discover;
mod draft;
mod error;
mod names;
mod probe;
mod smjpeg;
mod timeline;
mod tools;
mod video;
mod watch;
mod write;

pub use axis::{Axis, Lengths, Rates, plan};
pub use discover::{Camera, Found, discover};
pub use error::FootageError;
pub use names::safe;
pub use timeline::{Pace, fit};
pub use tools::Tools;
pub use video::{Looking, Video, look};
pub use write::{Written, write};
