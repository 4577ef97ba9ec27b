//! Aravis: machine-vision cameras that speak GenICam, by GigE Vision or USB3 Vision.
//!
//! A picture is copied once, from the stream's buffer into the pool's. Giving the pool's own buffers to the stream
//! would save that, but Aravis would then own them long before and after their pictures arrive, and the pool could not
//! tell what is in flight.

mod chunk;
mod discovery;
mod features;
mod format;
mod frame_id;
mod latch;
mod trigger;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::aravis::prelude::*;
use ::aravis::{AcquisitionMode, Auto, Buffer, BufferStatus, Camera, Stream};
use calibration_free_config::{CameraSettings, Exposes};
use frame::{LossReason, Picture, SegmentId, Slot, TriggerIndex, monotonic_now_ns};

use crate::{CameraDriver, DeviceClock, DriverError, DriverEvent, Health, Latch, Stamp, Unit};
use chunk::ChunkStamps;
pub use discovery::list;
use features::Features;
use frame_id::{FrameIds, Step};
use latch::Latches;

/// Buffers that the stream fills.
const BUFFERS: usize = 16;
/// Pictures in a row without their chunk after which the camera must use another name for it.
const MANY: u32 = 8;
/// Transfer time on a line of 1 Gbit/s, the default estimate.
const LINE_NS_PER_BYTE: f64 = 8.0;
/// The stream counters to report.
const COUNTERS: [&str; 8] = [
    "n_failures",
    "n_underruns",
    "n_timeouts",
    "n_aborted",
    "n_missing_frames",
    "n_size_mismatch_errors",
    "n_missing_packets",
    "n_resent_packets",
];

/// A camera as a rig describes it.
#[derive(Clone, Debug)]
pub struct AravisCamera {
    /// Its id as listed by `genlock cameras`, its serial number or its address.
    pub source: String,
    /// Format, size, exposure and further settings to apply when the camera is opened.
    pub settings: CameraSettings,
    /// What makes the camera expose.
    pub exposes: Exposes,
    /// Pictures per second; not used if a pulse or the host requests each picture.
    pub rate_hz: f64,
}

impl AravisCamera {
    /// Opens, configures and arms the camera. Fails if it is not there, is in use, or refuses a setting.
    pub fn open(&self) -> Result<AravisDriver, DriverError> {
        let camera = discovery::open(&self.source)?;
        let device = camera.device().ok_or_else(|| lost("it has no device"))?;
        let features = Features::new(&self.source, &device);
        let picture = self.set(&camera, &features)?;
        let chunk_stamps =
            self.settings.chunk_timestamps.then(|| ChunkStamps::enable(&camera, &features)).transpose()?;
        let payload = features.ask("the size of its pictures", camera.payload())? as usize;
        let latches = Latches::find(&device)?;
        let control_lost = Arc::new(AtomicBool::new(false));
        let said = control_lost.clone();
        device.connect_control_lost(move |_| said.store(true, Ordering::Release));
        let stream = camera.create_stream().map_err(|error| {
            DriverError::open(
                format!("{} opens no stream: {error}", self.source),
                "check the firewall, that no other program streams from it, and `genlock doctor`",
            )
        })?;
        (0..BUFFERS).for_each(|_| stream.push_buffer(Buffer::new_allocate(payload)));
        features.ask("to begin", camera.start_acquisition())?;
        let exposure_us = camera.exposure_time().unwrap_or(0.0);
        Ok(AravisDriver {
            clock: self.clock(exposure_us, payload),
            exposure_duration_ns: (exposure_us * 1e3) as u32,
            source: self.source.clone(),
            picture,
            bytes: picture_bytes(&picture),
            ids: FrameIds::default(),
            latches,
            chunk_stamps,
            fired: self.exposes == Exposes::OnRequest,
            control_lost,
            broken: BTreeMap::new(),
            without_chunk: 0,
            held: None,
            camera,
            stream,
        })
    }

    fn set(&self, camera: &Camera, features: &Features) -> Result<Picture, DriverError> {
        let settings = &self.settings;
        features.ask("to stand by", camera.stop_acquisition())?;
        let format = format::set(camera, features, settings.format)?;
        let (width_px, height_px) = match settings.size_px {
            Some((width_px, height_px)) => {
                features.set_region(camera, width_px, height_px)?;
                (width_px, height_px)
            }
            None => {
                let (_, _, width, height) = features.ask("its region", camera.region())?;
                (width as u32, height as u32)
            }
        };
        features.ask("continuous pictures", camera.set_acquisition_mode(AcquisitionMode::Continuous))?;
        if let Some(exposure_us) = settings.exposure_us {
            // Cameras without automatic exposure refuse this, which is fine.
            let _ = camera.set_exposure_time_auto(Auto::Off);
            features.ask(&format!("{exposure_us} µs of exposure"), camera.set_exposure_time(exposure_us))?;
        }
        if let Some(gain_db) = settings.gain_db {
            let _ = camera.set_gain_auto(Auto::Off);
            features.ask(&format!("{gain_db} dB of gain"), camera.set_gain(gain_db))?;
        }
        trigger::set(camera, features, self.exposes, self.rate_hz, settings.trigger_line.as_deref())?;
        if camera.is_gv_device() {
            match settings.packet_bytes {
                Some(bytes) => features.set_packet_bytes(camera, bytes)?,
                None => features.ask("the largest packets of its way", camera.gv_auto_packet_size())?,
            }
        }
        Ok(Picture::packed(format, width_px, height_px))
    }

    /// The stream's stamps are in ns, whatever the device's own ticks are.
    fn clock(&self, exposure_us: f64, payload: usize) -> DeviceClock {
        let estimated_ns = exposure_us * 1e3 + payload as f64 * LINE_NS_PER_BYTE;
        let said_ns = |ms: f64| ms * 1e6;
        let (least_delay, uncertainty) = (self.settings.least_delay_ms, self.settings.least_delay_uncertainty_ms);
        let delay_ns = least_delay.map_or(estimated_ns, said_ns);
        let uncertainty_ns = uncertainty.map_or(if least_delay.is_some() { 1e6 } else { estimated_ns }, said_ns);
        DeviceClock {
            tick_ns: 1.0,
            tick_bits: 64,
            least_delay_ns: delay_ns as i64,
            least_delay_uncertainty_ns: uncertainty_ns as u32,
        }
    }
}

/// An open, streaming camera.
pub struct AravisDriver {
    source: String,
    picture: Picture,
    /// Size of a picture, without chunks.
    bytes: usize,
    exposure_duration_ns: u32,
    clock: DeviceClock,
    ids: FrameIds,
    latches: Option<Latches>,
    chunk_stamps: Option<ChunkStamps>,
    /// Whether it was opened for software triggers.
    fired: bool,
    control_lost: Arc<AtomicBool>,
    /// Number of incomplete pictures, by buffer status.
    broken: BTreeMap<String, u64>,
    /// Pictures in a row whose chunk is missing.
    without_chunk: u32,
    /// A buffer that came after a gap, for the next call.
    held: Option<(Buffer, u64)>,
    stream: Stream,
    /// Declared after the stream, so that it is dropped last.
    camera: Camera,
}

impl CameraDriver for AravisDriver {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        if self.control_lost.load(Ordering::Acquire) {
            return Err(lost(&format!("{} does not answer any more", self.source)));
        }
        let (buffer, counter) = match self.held.take() {
            Some(held) => held,
            None => {
                let Some(buffer) = self.stream.timeout_pop_buffer(wait.as_micros() as u64) else {
                    return Ok(DriverEvent::Idle);
                };
                let Some(step) = self.step(&buffer) else {
                    self.stream.push_buffer(buffer);
                    return Ok(DriverEvent::Idle);
                };
                if step.missing > 0 {
                    self.held = Some((buffer, step.counter));
                    return Ok(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: step.missing });
                }
                (buffer, step.counter)
            }
        };
        let event = self.take(&buffer, counter, slot);
        self.stream.push_buffer(buffer);
        event
    }

    fn clock(&self) -> Option<DeviceClock> {
        Some(self.clock)
    }

    fn latch(&mut self) -> Result<Option<Latch>, DriverError> {
        let Some(latches) = &self.latches else { return Ok(None) };
        match latches.read(&self.camera) {
            Ok(latch) => Ok(Some(latch)),
            // The next reading makes up for a lost one; a disconnected camera is noticed elsewhere.
            Err(error) => {
                tracing::debug!(camera = self.source, %error, "its clock could not be read");
                Ok(None)
            }
        }
    }

    fn fire(&mut self) -> Result<(), DriverError> {
        if !self.fired {
            return Err(lost(&format!("{} was not opened for software triggers", self.source)));
        }
        self.camera.software_trigger().map_err(|error| lost(&format!("{} cannot be fired: {error}", self.source)))
    }

    fn health(&mut self) -> Health {
        let available = self.camera.is_feature_available("DeviceTemperature").unwrap_or(false);
        let temperature_c = available.then(|| self.camera.float("DeviceTemperature").ok()).flatten();
        let count = |name: &str| self.stream.info_uint64_by_name(name);
        let counted = COUNTERS.iter().map(|&name| (name.to_owned(), count(name))).filter(|(_, n)| *n > 0);
        let broken = self.broken.iter().map(|(status, n)| (format!("pictures with the status {status}"), *n));
        Health { temperature_c, counters: counted.chain(broken).collect() }
    }
}

impl AravisDriver {
    /// The position of a buffer's frame among the others; `None` if it is no new frame.
    fn step(&mut self, buffer: &Buffer) -> Option<Step> {
        match buffer.status() {
            // Returned unused, as at a start.
            BufferStatus::Cleared => None,
            BufferStatus::Success => self.ids.see(buffer.frame_id(), monotonic_now_ns()),
            _ => Some(self.ids.see_incomplete(buffer.frame_id(), monotonic_now_ns())),
        }
    }

    /// Turns a buffer into an event; a complete picture is copied into `slot`.
    fn take(&mut self, buffer: &Buffer, counter: u64, slot: Option<&mut Slot>) -> Result<DriverEvent, DriverError> {
        let incomplete = DriverEvent::Lost { reason: LossReason::Incomplete, frames: 1 };
        let (data, length) = buffer.data();
        if buffer.status() != BufferStatus::Success || data.is_null() || length < self.bytes {
            tracing::debug!(camera = self.source, counter, status = ?buffer.status(), "incomplete picture");
            *self.broken.entry(format!("{:?}", buffer.status())).or_default() += 1;
            return Ok(incomplete);
        }
        let arrival_ns = monotonic_now_ns();
        let stamp_ns = self.chunk_stamps.as_ref().map_or(Some(buffer.timestamp()), |chunks| chunks.read_ns(buffer));
        let Some(ticks) = stamp_ns else {
            tracing::debug!(camera = self.source, counter, "a picture without its chunk");
            self.without_chunk += 1;
            if self.without_chunk >= MANY {
                let what = format!("{} sends pictures without time stamp chunks", self.source);
                return Err(DriverError::open(what, "leave chunk-timestamps out"));
            }
            return Ok(incomplete);
        };
        self.without_chunk = 0;
        if let Some(slot) = slot {
            // SAFETY: the stream handed this buffer over and does not write to it before it is pushed again; it holds
            // `length` bytes at `data`.
            let bytes = unsafe { std::slice::from_raw_parts(data, self.bytes) };
            slot.bytes_mut().extend_from_slice(bytes);
        }
        Ok(DriverEvent::Unit(Unit {
            segment: SegmentId::seam(0),
            exposure: Stamp::Device { ticks, arrival_ns },
            exposure_duration_ns: self.exposure_duration_ns,
            counter: Some(counter),
            trigger: TriggerIndex::Unresolved,
            source: None,
            picture: self.picture,
        }))
    }
}

impl Drop for AravisDriver {
    fn drop(&mut self) {
        // A disconnected camera cannot be stopped, and need not be.
        let _ = self.camera.stop_acquisition();
    }
}

fn lost(what: &str) -> DriverError {
    DriverError::Stream(what.to_owned())
}

fn picture_bytes(picture: &Picture) -> usize {
    let (width_px, height_px) = picture.size_px();
    let Picture::Raw { planes: [Some(first), _], .. } = picture else { return 0 };
    debug_assert!(first.stride >= width_px as usize);
    first.stride * height_px as usize
}
