//! Imports published data sets, as their users have them on disk, into genlock's session format.
//!
//! [`human36m::plan`] and [`mpi_inf_3dhp::plan`] list a folder's takes and what is missing, without decoding anything.
//! [`Import`] then writes one take after the other: the pictures come from [`PictureSource`]s that the caller opens
//! (this crate decodes no video), the labels from the data set's own files. At last it finds the subject's masks, so that
//! learning and measuring take the session as they take a rendered one. [`take::Session`] reads the result back.
//!
//! A session is a folder with
//! - `session.toml`: the takes, and whether all of them are complete (see [`take::session`]);
//! - `takes/NAME/`: a take of the crate `take`: MJPEG, triggers certain, source positions equal to triggers;
//! - `takes/NAME/labels.json`: [`pose::Labels`], root-relative in each view's look-at frame, mm;
//! - `takes/NAME/masks.mcap`: [`take::MaskReader`], the subject in every picture.
//!
//! A take gets its name when its pictures and labels are complete, then its masks are found, and `session.toml` has `complete = true` when all are, so an interrupted
//! import can be resumed and never looks finished.

pub mod cdf;
mod error;
pub mod human36m;
mod import;
mod labels;
mod masks;
pub mod mat;
pub mod mpi_inf_3dhp;
mod pictures;
mod plan;
mod read_poses;
mod record_take;
mod test_frames;

pub use error::{DatasetError, Fault};
pub use import::{Import, ImportedTake};
pub use masks::FoundMasks;
pub use pictures::{PictureFiles, PictureSource};
pub use plan::{ImportPlan, PlannedTake, PlannedView, TakeSelection};
pub use test_frames::{TestFrame, test_frames};
