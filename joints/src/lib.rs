//! Finding the joints of a person in the pictures of one instant.
//!
//! [`JointFinder`] is the interface of all joint finders; [`BlazePose`] is Google's network of that name in OpenVINO.
//! The set-up fetches OpenVINO's library and the network's files, which are loaded at run time; without them
//! [`FinderFiles::find`] reports what is missing.
//!
//! Pixels are those of the camera's full frame, x to the right and y down; lengths are millimetres.

#![warn(missing_docs)]

mod blazepose;
pub mod conformance;
mod error;
mod files;
mod finder;
mod network;

pub use blazepose::{BlazePose, LANDMARK_NAMES, LANDMARKS};
pub use error::FinderError;
pub use files::{FinderFiles, Model};
pub use finder::{Joint, JointFinder, MAX_RESIDUAL, Person, View};
pub use network::{Network, Runtime};
