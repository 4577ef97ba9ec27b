//! V4L2: webcams and capture cards on Linux, with the kernel's time stamps and counters of their frames.

mod controls;
mod counter;
mod explain;
mod format;

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use calibration_free_config::{CameraSettings, Exposes};
use frame::{LossReason, Picture, SegmentId, Slot, TriggerIndex, monotonic_now_ns};
use v4l::buffer::{Flags, Metadata, Type};
use v4l::context::Node;
use v4l::device::{Device, Handle};
use v4l::io::mmap::Stream;
use v4l::io::traits::{CaptureStream, Stream as _};

use super::kernel_stamp::{KernelStamps, Marks};
use super::{FoundWebcam, jpeg};
use crate::{CameraDriver, DriverError, DriverEvent, Stamp, Unit};
pub use controls::find_control;
use counter::Counter;

/// Buffers shared with the device, one of which this process always holds.
const BUFFERS: u32 = 6;
/// This driver stamps pictures when their first packet arrives, after the exposure, whatever the flags say.
const STAMPS_FIRST_PACKETS: &str = "uvcvideo";

/// The webcams and capture cards of this machine, in the order of their devices; the list may be empty. Devices that send
/// no pictures are left out. Those that cannot be asked have the reason as their description.
pub fn list() -> Vec<FoundWebcam> {
    let mut nodes = v4l::context::enum_devices();
    nodes.sort_by_key(Node::index);
    nodes.iter().filter_map(found).collect()
}

fn found(node: &Node) -> Option<FoundWebcam> {
    let device = node.path().display().to_string();
    match Device::with_path(node.path()).and_then(|opened| opened.query_caps()) {
        Ok(about) => explain::must_send_pictures(&device, &about).ok().map(|()| FoundWebcam {
            device,
            name: about.card,
            description: format!("{} at {}", about.driver, about.bus),
        }),
        Err(error) => {
            let description = explain::failed(&device, "asked what it is", &error).to_string();
            Some(FoundWebcam { name: node.name().unwrap_or_default(), device, description })
        }
    }
}

/// A camera as a rig describes it.
#[derive(Clone, Debug)]
pub struct V4l2Camera {
    /// A device such as `/dev/video0` or a link to one, or its number.
    pub source: String,
    /// Format, size, exposure and gain to set, and the delay of the device's time stamps if it was measured.
    pub settings: CameraSettings,
    /// What makes the camera expose: [`Exposes::Freely`] or, with a trigger input, [`Exposes::OnPulse`].
    pub exposes: Exposes,
    /// Pictures per second; only requested if the camera exposes on pulses, which determine the rate.
    pub rate_hz: f64,
}

impl V4l2Camera {
    /// Opens, configures and starts the device. Fails if it is not there, is in use, or cannot do what is set.
    pub fn open(&self) -> Result<V4l2Driver, DriverError> {
        let (path, settings) = (explain::path_of(&self.source), &self.settings);
        let failed = |doing: &str, error: Error| explain::failed(&path, doing, &error);
        let device = Device::with_path(&path).map_err(|error| failed("opened", error))?;
        let about = device.query_caps().map_err(|error| failed("asked what it is", error))?;
        explain::must_send_pictures(&path, &about)?;
        controls::set_trigger(&device, &path, self.exposes)?;
        let (picture, bytes) = format::set(&device, &path, settings)?;
        let rate_hz = format::set_rate(&device, &path, picture, self.rate_hz, self.exposes)?;
        let exposure_duration_ns = controls::set_exposure(&device, &path, settings.exposure_us)?;
        controls::set_gain(&device, &path, settings.gain_db)?;
        let mut stream = Stream::with_buffers(&device, Type::VideoCapture, BUFFERS)
            .map_err(|error| failed("given buffers", error))?;
        // With each picture the stream requeues the previous buffer, starting with number 0, so the others are queued
        // here. The first failure shows how many buffers the device granted.
        let granted = (1..).take_while(|&index| CaptureStream::queue(&mut stream, index).is_ok()).count();
        if granted == 0 {
            return Err(DriverError::open(format!("{path} grants one buffer only"), "use another device"));
        }
        stream.start().map_err(|error| failed("started", error))?;
        let (delay, uncertainty) = (settings.least_delay_ms, settings.least_delay_uncertainty_ms);
        Ok(V4l2Driver {
            handle: device.handle(),
            stream,
            stamps: KernelStamps::new(&path, rate_hz, delay, uncertainty),
            stamps_first_packets: about.driver == STAMPS_FIRST_PACKETS,
            path,
            picture,
            bytes,
            exposure_duration_ns,
            counter: Counter::default(),
            behind_hole: None,
        })
    }
}

/// An open, streaming device.
pub struct V4l2Driver {
    path: String,
    handle: Arc<Handle>,
    stream: Stream<'static>,
    picture: Picture,
    /// Bytes of a complete picture; for an encoded one, the minimum.
    bytes: usize,
    exposure_duration_ns: u32,
    stamps: KernelStamps,
    stamps_first_packets: bool,
    counter: Counter,
    /// What came after a gap in the device's counter, for the next call: rare enough for an extra copy.
    behind_hole: Option<(DriverEvent, Vec<u8>)>,
}

impl CameraDriver for V4l2Driver {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        if let Some((event, bytes)) = self.behind_hole.take() {
            fill(slot, &bytes);
            return Ok(event);
        }
        // The stream itself would block indefinitely.
        let wait_ms = wait.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
        match self.handle.poll(libc::POLLIN, wait_ms) {
            Ok(0) => return Ok(DriverEvent::Idle),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(DriverEvent::Idle),
            Ok(_) => {}
            Err(error) => return Err(explain::lost(&self.path, &error)),
        }
        let (buffer, meta) =
            CaptureStream::next(&mut self.stream).map_err(|error| explain::lost(&self.path, &error))?;
        let arrival_ns = monotonic_now_ns();
        let meta = *meta;
        let bytes = &buffer[..buffer.len().min(meta.bytesused as usize)];
        let step = self.counter.step(meta.sequence);
        // UVC cameras send truncated pictures without an error.
        let cut = matches!(self.picture, Picture::Encoded { .. }) && jpeg::length(bytes).is_none();
        let event = if meta.flags.contains(Flags::ERROR) || bytes.len() < self.bytes || cut {
            DriverEvent::Lost { reason: LossReason::Incomplete, frames: 1 }
        } else {
            let marks = marks(&meta, self.stamps_first_packets);
            let exposure = self.stamps.exposure(stamp_ns(&meta), marks, arrival_ns);
            DriverEvent::Unit(Unit {
                segment: SegmentId::seam(0),
                exposure: Stamp::Host(exposure),
                exposure_duration_ns: self.exposure_duration_ns,
                counter: step.counter,
                trigger: TriggerIndex::Unresolved,
                source: None,
                picture: self.picture,
            })
        };
        if step.missing > 0 {
            self.behind_hole = Some((event, bytes.to_vec()));
            return Ok(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: step.missing });
        }
        if matches!(event, DriverEvent::Unit(_)) {
            fill(slot, bytes);
        }
        Ok(event)
    }
}

/// The only copy of a frame: from the device's buffer into the pool.
fn fill(slot: Option<&mut Slot>, bytes: &[u8]) {
    if let Some(slot) = slot {
        slot.bytes_mut().extend_from_slice(bytes);
    }
}

/// `CLOCK_MONOTONIC`, if that is what the device stamps with.
fn stamp_ns(meta: &Metadata) -> Option<i64> {
    let monotonic = meta.flags & Flags::TIMESTAMP_MASK == Flags::TIMESTAMP_MONOTONIC;
    monotonic.then_some(meta.timestamp.sec * 1_000_000_000 + meta.timestamp.usec * 1000)
}

fn marks(meta: &Metadata, first_packet: bool) -> Marks {
    let start = meta.flags & Flags::TSTAMP_SRC_MASK == Flags::TSTAMP_SRC_SOE;
    if start && !first_packet { Marks::Start } else { Marks::Later }
}
