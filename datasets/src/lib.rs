//! Data sets of others, as their users hold them on disk, brought into genlock's session format.
//!
//! [`human36m::plan`] and [`mpi_inf_3dhp::plan`] look at a folder and say which takes it holds and what is missing;
//! nothing is decoded for that. [`Import`] then writes one take after the other: the pictures come from
//! [`PictureSource`]s that the caller opens (this crate decodes no video), the labels from the data set's own files.
//! [`take::Session`] reads the result back.
//!
//! A session is a folder with
//! - `session.toml`: what the session is of, its takes, and whether all of them are there (see [`take::session`]);
//! - `takes/NAME/`: a take of the crate `take`, MJPEG, triggers certain, source positions and triggers counted alike;
//! - `takes/NAME/labels.json`: [`pose::Labels`], root-relative in each view's look-at frame.
//!
//! A take gets its name when it is whole, and `session.toml` says `complete = true` when all are, so an interrupted
//! import is taken up where it stopped and never looks finished.

pub mod cdf;
mod error;
pub mod human36m;
mod import;
mod labels;
pub mod mat;
pub mod mpi_inf_3dhp;
mod pictures;
mod plan;
mod recording;
mod test_frames;

pub use error::{DatasetError, Fault};
pub use import::{Import, ImportedTake};
pub use pictures::{PictureSource, Pictures};
pub use plan::{Plan, PlannedTake, Selection, View};
pub use test_frames::{TEST_STRIDE, TestFrame, test_frames};
