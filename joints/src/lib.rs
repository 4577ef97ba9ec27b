//! Finding the joints of a person in the pictures of one instant.
//!
//! [`JointFinder`] is what every finder of joints does; [`BlazePose`] is Google's network of that name, which runs in
//! OpenVINO. OpenVINO's library and the network's files are fetched by the set-up and loaded at run time; without them
//! [`FinderFiles::find`] says what is missing.
//!
//! Pixels are those of the camera's full frame, x to the right and y down; lengths are millimetres.

mod blazepose;
pub mod conformance;
mod error;
mod files;
mod finder;
mod network;

pub use blazepose::{BlazePose, LANDMARK_NAMES, LANDMARKS};
pub use error::FinderError;
pub use files::{FinderFiles, Model};
pub use finder::{Joint, JointFinder, MOST_MISS, Person, View};
pub use network::{Network, Runtime};
