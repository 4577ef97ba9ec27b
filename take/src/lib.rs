//! Takes: recordings on disk, and sessions made of takes.
//!
//! A take is a folder with
//! - `take.toml`: format version, rig, cameras, boot id, start in UTC, readings of the monotonic clock against UTC;
//! - one MCAP file per host, without chunks and without compression. A channel `/camera/<name>` per camera holds each
//!   unit as the camera sent it, after a fixed header (described in `header.rs`); the channel `/events` holds JSON:
//!   gaps, clock readings, offsets between the clocks of several hosts, notes and the end of the take (`event.rs`); the
//!   channel `/poses` holds the poses that the session streamed, as JSON.
//!
//! Records reach the kernel as soon as they are written, and the disk every 250 ms. So a killed process loses nothing
//! that [`TakeWriter`] accepted, and a power cut at most what came after the last sync. [`TakeReader`] scans the file
//! from its start and needs no index; an incomplete record at the end is ignored and reported.
//!
//! While recording, a hidden file reserves a little space, which is freed for the last gaps and the end when the disk
//! is full. A take's folder may hold other files, such as labels, which this crate ignores. A rendered [session] holds
//! takes with exact labels and [masks].
//!
//! ```
//! use frame::{
//!     CameraId, DeviceStamp, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex,
//! };
//! use take::{TakeInfo, TakeReader, TakeWriter};
//!
//! let parent = tempfile::tempdir()?;
//! let info = TakeInfo {
//!     name: "test".into(),
//!     rig_toml: String::new(),
//!     cameras: vec!["left".into()],
//!     host: "lab-1".into(),
//!     trigger_rate_hz: 60.0,
//!     source_rate_hz: None,
//! };
//! let mut writer = TakeWriter::create(parent.path(), &info)?;
//! let frame = FrameInfo {
//!     camera: CameraId(0),
//!     sequence: 0,
//!     segment: SegmentId::seam(0),
//!     trigger: TriggerIndex::Certain(0),
//!     exposure: HostTime::monotonic(1_000, 0),
//!     exposure_duration_ns: 0,
//!     arrival_ns: 2_000,
//!     device: DeviceStamp::default(),
//!     source: None,
//!     picture: Picture::packed(PixelFormat::Gray8, 2, 2),
//! };
//! writer.write_frame(&frame, &[1, 2, 3, 4])?;
//! let summary = writer.finish()?;
//!
//! let take = TakeReader::open(&summary.directory)?;
//! assert!(take.complete());
//! assert_eq!(take.len(CameraId(0)), 1);
//! assert_eq!(take.read(CameraId(0), 0)?, (frame, vec![1, 2, 3, 4]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(missing_docs)]

mod description;
mod error;
mod event;
mod files;
pub mod header;
mod host_comparison;
mod inspect;
pub mod masks;
mod mcap_scan;
mod poses;
mod reader;
pub mod session;
mod sink;
mod writer;

pub use description::{FORMAT_VERSION, TakeInfo};
pub use error::TakeError;
pub use event::{ClockReading, ClockRelation, Gap, Note};
pub use host_comparison::{HostComparison, compare_hosts};
pub use inspect::{CameraInspection, GapInspection, Inspection, UNEXPLAINED, inspect, inspect_open};
pub use masks::{MASKS_FILE, Mask, MaskReader, MaskWriter};
pub use reader::{TakeReader, TornTail};
pub use session::{Imported, Session, SessionTake};
pub use writer::{SYNC_INTERVAL_NS, TakeSummary, TakeSync, TakeWriter};
