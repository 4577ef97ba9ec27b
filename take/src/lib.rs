//! Takes: sessions on disk.
//!
//! A take is a folder with
//! - `take.toml`: format version, rig, cameras, boot id, start in UTC, readings of the monotonic clock against UTC;
//! - one MCAP file per host, without chunks and without compression. A channel `/camera/<name>` per camera holds
//!   each unit as the camera sent it behind a fixed header (see [`header`]); the channel `/events` holds JSON: gaps,
//!   clock readings, how the clocks of several hosts stand to each other, notes and the end of the take (see [`event`]).
//!
//! Records reach the kernel as soon as they are written and the disk every 250 ms. So a killed process loses nothing
//! that [`TakeWriter`] accepted, and a power cut at most what came after the last sync. [`TakeReader`] walks the file
//! from its start and never needs an index; a torn tail is ignored and reported.
//!
//! While recording, a hidden file holds a little space that is freed when the disk is full, for the last gaps and the end.
//! Labels may lie beside as further files; this crate leaves alone what it does not know. A rendered [session]
//! holds takes with exact labels and [masks].

mod description;
mod error;
pub mod event;
mod fit;
pub mod header;
mod inspect;
mod layout;
pub mod masks;
mod reader;
mod scan;
pub mod session;
mod sink;
mod writer;

pub use description::{FORMAT_VERSION, TakeInfo};
pub use error::TakeError;
pub use event::{ClockReading, ClockRelation, Gap, Note};
pub use fit::{Fit, fit};
pub use inspect::{CameraInspection, GapInspection, Inspection, UNEXPLAINED, inspect};
pub use masks::{MASKS_FILE, Mask, MaskReader, MaskWriter};
pub use reader::{TakeReader, TornTail};
pub use session::{Imported, Session, SessionTake};
pub use writer::{SYNC_INTERVAL_NS, TakeSummary, TakeSync, TakeWriter};
