//! A capture session: the cameras of a rig, recorded, cropped, put into frame sets, on one host or several.
//!
//! A [`SessionPlan`] describes a session. [`SessionPlan::open`] opens everything that can fail at the start,
//! [`Prepared::start`] starts the cameras, [`Session::run`] follows them to the end, and [`Session::stop`] gives the
//! [`Outcome`]. `examples/two_cameras.rs` is a whole program.
//!
//! | folder | what |
//! |---|---|
//! | `source/` | every source is a rig: devices, footage, takes and scenarios as cameras to open |
//! | `views/` | frames to cropped views, pictures for the finder of joints, previews |
//! | `sets/` | cropped views to frame sets and moments |
//! | `recorder/` | frames to disk, without loss |
//! | `hosts/` | a rig whose cameras are attached to several hosts |
//! | `statistics/` | delays, rates and losses of a running session |

mod clock_steps;
mod error;
mod event;
mod hosts;
mod outcome;
mod part;
mod plan;
mod recorder;
mod run;
mod scenes;
mod session;
mod sets;
pub mod source;
mod start;
mod statistics;
mod takes;
mod views;

pub use clock_steps::utc_offset_ns;
pub use error::SessionError;
pub use event::{Event, EventKind, EventLog, EventSender};
pub use hosts::{HostRole, unknown_host};
pub use outcome::Outcome;
pub use part::Part;
pub use plan::{LearningPlan, Prepared, RecordingBegins, RecordingPlan, SessionPlan};
pub use recorder::{QUEUED_BYTES, Recorder, RecordingCounters, RecordingState};
pub use run::End;
pub use scenes::Scenes;
pub use session::Session;
pub use sets::assembler::{SetStatistics, Sinks};
pub use source::Playback;
pub use statistics::latency::{Latency, Percentiles};
pub use statistics::vitals::Vitals;
pub use subject::SceneFault;
pub use takes::{NoTake, RecordedTake};
pub use transport::CameraState;
pub use views::picture_plan::PicturePlan;
pub use views::preview::{PreviewPicture, PreviewSink};

/// Buffers beyond the consumers' quotas: in the ring, at the router and with the driver.
const IN_FLIGHT_BUFFERS: usize = 20;

/// Buffers in each camera's pool: the quotas of all consumers (`recorder` is the recorder's), and those in flight.
fn pool_buffers(recorder: usize) -> usize {
    recorder + views::local::CROP_BUFFERS + views::preview::PREVIEW_BUFFERS + IN_FLIGHT_BUFFERS
}
