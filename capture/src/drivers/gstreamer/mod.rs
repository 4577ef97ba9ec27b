//! GStreamer: video files played as live cameras, and any launch line that ends in an `appsink`.
//!
//! Each camera has a pipeline of its own; all share the system clock, which is `CLOCK_MONOTONIC`, and one base time,
//! so that running times of different cameras compare directly.

mod picture;
mod pipeline;
mod tracks;

use std::path::{Path, PathBuf};
use std::time::Duration;

use frame::{HostTime, LossReason, SegmentId, Slot, SourcePosition, TriggerIndex};
use gstreamer::prelude::*;
use gstreamer::{self as gst, ClockTime, MessageView, SeekFlags, SeekType};
use gstreamer_app::AppSink;

use self::picture::picture;
use self::pipeline::{build, first_error, loop_exactly, play, reach};
use self::tracks::Tracks;
use crate::{CameraDriver, DriverError, DriverEvent, PulseTrain, Stamp, Unit};

const CONVERT: &str = "replay plays MJPEG and takes: `genlock import videos VIDEO ... --out TAKE` makes a take of the \
                       videos of all cameras, to be the source of each";

/// A video file that plays in real time as a triggered camera.
#[derive(Clone, Debug)]
pub struct VideoFile {
    /// The file, in a container that GStreamer can parse.
    pub path: PathBuf,
    /// Frames in the file; all are independent pictures (MJPEG).
    pub frames: u32,
    /// Frames per second of the file.
    pub rate_hz: f64,
    /// Only every n-th frame is triggered; the driver skips the others.
    pub divisor: u32,
    /// Whether the file plays again and again; otherwise the source ends after one loop.
    pub looping: bool,
    /// The trigger: pulse 0 is the first frame of the first loop.
    pub pulses: PulseTrain,
}

/// Length, rate and size of a video file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoFacts {
    /// Number of frames, from the file's duration and rate.
    pub frames: u32,
    /// Frames per second.
    pub rate_hz: f64,
    /// Width and height; 0 where the header does not contain them.
    pub size_px: (u32, u32),
}

impl VideoFile {
    /// Reads the header of a file. Fails if the file cannot be played or has no rate or length.
    pub fn facts(path: &Path) -> Result<VideoFacts, DriverError> {
        let (pipeline, sink) = open_file(path)?;
        let head = sink.static_pad("sink").and_then(|pad| pad.current_caps()).and_then(|caps| {
            let head = caps.structure(0)?;
            let rate = head.get::<gst::Fraction>("framerate").ok()?;
            let px = |name| head.get::<i32>(name).ok().and_then(|px| u32::try_from(px).ok()).unwrap_or_default();
            let rate_hz = f64::from(rate.numer()) / f64::from(rate.denom());
            (rate.numer() > 0).then(|| (rate_hz, (px("width"), px("height"))))
        });
        let duration = pipeline.query_duration::<ClockTime>();
        // Nothing is left to do if a pipeline refuses to stop.
        let _ = pipeline.set_state(gst::State::Null);
        let Some(((rate_hz, size_px), duration)) = head.zip(duration) else {
            return Err(DriverError::open(format!("{} has no rate or no length", path.display()), CONVERT));
        };
        let frames = (duration.nseconds() as f64 * rate_hz / 1e9).round() as u32;
        Ok(VideoFacts { frames, rate_hz, size_px })
    }

    /// Duration of one loop.
    fn loop_ns(&self) -> f64 {
        f64::from(self.frames) * 1e9 / self.rate_hz
    }

    /// Opens the file at its next loop: the first one if the trigger has not started yet. Fails if the file is not
    /// there or cannot be played.
    pub fn open(&self) -> Result<GstreamerDriver, DriverError> {
        let (pipeline, sink) = open_file(&self.path)?;
        let stop = ClockTime::from_nseconds(self.loop_ns().round() as u64);
        let seek = move |element: &gst::Pipeline, flags: SeekFlags| {
            element.seek(1.0, flags, SeekType::Set, ClockTime::ZERO, SeekType::Set, stop)
        };
        loop_exactly(&sink, self.loop_ns());
        let segment = if self.looping { SeekFlags::SEGMENT } else { SeekFlags::empty() };
        seek(&pipeline, SeekFlags::FLUSH | SeekFlags::ACCURATE | segment)
            .map_err(|e| DriverError::open(format!("{}: {e}", self.path.display()), CONVERT))?;
        reach(&pipeline, gst::State::Paused).map_err(|error| error.in_file(&self.path))?;
        // Loops must follow each other without a gap, so the seek must not wait for the thread that pulls frames.
        let weak = pipeline.downgrade();
        if let Some(bus) = pipeline.bus() {
            bus.set_sync_handler(move |_, message| {
                if let (MessageView::SegmentDone(_), Some(pipeline)) = (message.view(), weak.upgrade()) {
                    pipeline.call_async(move |pipeline| {
                        if let Err(error) = seek(pipeline, SeekFlags::SEGMENT) {
                            gst::element_error!(pipeline, gst::ResourceError::Seek, ("cannot loop: {error}"));
                        }
                    });
                }
                gst::BusSyncReply::Pass
            });
        }
        let now_ns = frame::monotonic_now_ns();
        let missed = (now_ns - self.pulses.start_ns).max(0) as f64 / self.loop_ns();
        let first_loop = if missed > 0.0 { missed.ceil() as u64 } else { 0 };
        let base_ns = self.pulses.start_ns + (first_loop as f64 * self.loop_ns()).round() as i64;
        play(&pipeline, base_ns)?;
        Ok(GstreamerDriver {
            pipeline,
            sink,
            base_ns,
            delay: StampDelay::default(),
            file: Some(Looped { video: self.clone(), first_loop }),
            next_offset: None,
            behind_hole: None,
        })
    }
}

/// Opens a file, paused at its first picture.
fn open_file(path: &Path) -> Result<(gst::Pipeline, AppSink), DriverError> {
    if !path.is_file() {
        let what = format!("{} is not there", path.display());
        return Err(DriverError::open(what, "check the path"));
    }
    let launch = "filesrc name=file ! parsebin name=tracks ! image/jpeg ! \
                  appsink name=sink sync=true qos=false wait-on-eos=false";
    let (pipeline, sink) = build(launch)?;
    if let Some(file) = pipeline.by_name("file") {
        file.set_property("location", path.to_string_lossy().as_ref());
    }
    let tracks = Tracks::of(&pipeline);
    reach(&pipeline, gst::State::Paused).map_err(|error| match tracks.other_video() {
        Some(codec) => DriverError::open(format!("{} is {codec}, and no MJPEG", path.display()), CONVERT),
        None => error.in_file(path),
    })?;
    Ok((pipeline, sink))
}

/// Delay of a launch line's time stamps after the start of exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StampDelay {
    /// The delay, in ns; it is subtracted from each stamp.
    pub ns: i64,
    /// How far the delay may be off, in ns.
    pub uncertainty_ns: u32,
}

impl Default for StampDelay {
    /// For an unknown delay: stamps of a network stream may be a few pictures late.
    fn default() -> Self {
        Self { ns: 0, uncertainty_ns: 100_000_000 }
    }
}

/// Opens a launch line whose last element is `appsink name=sink`, as a live camera. The start of exposure is the
/// pipeline's time stamp minus `delay`. Fails if the line does not build or its pipeline does not start.
pub fn open_launch_line(launch: &str, delay: StampDelay) -> Result<GstreamerDriver, DriverError> {
    let (pipeline, sink) = build(launch)?;
    let base_ns = frame::monotonic_now_ns();
    play(&pipeline, base_ns)?;
    Ok(GstreamerDriver { pipeline, sink, base_ns, delay, file: None, next_offset: None, behind_hole: None })
}

struct Looped {
    video: VideoFile,
    first_loop: u64,
}

/// A playing pipeline.
pub struct GstreamerDriver {
    pipeline: gst::Pipeline,
    sink: AppSink,
    base_ns: i64,
    /// The stamp delay of a launch line.
    delay: StampDelay,
    file: Option<Looped>,
    /// Number of the source's next buffer, if it numbers them.
    next_offset: Option<u64>,
    /// A sample that came after a gap in that numbering, for the next call.
    behind_hole: Option<gst::Sample>,
}

impl CameraDriver for GstreamerDriver {
    fn next(&mut self, mut slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let until = std::time::Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(std::time::Instant::now());
            let pulled = match self.behind_hole.take() {
                Some(sample) => Some(sample),
                None => self.sink.try_pull_sample(ClockTime::from_nseconds(left.as_nanos() as u64)),
            };
            let Some(sample) = pulled else {
                if let Some(error) = first_error(&self.pipeline) {
                    return Err(DriverError::Stream(error));
                }
                return if self.sink.is_eos() { self.over() } else { Ok(DriverEvent::Idle) };
            };
            if let Some(frames) = self.hole_before(&sample) {
                self.behind_hole = Some(sample);
                return Ok(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames });
            }
            let unit = match self.unit(&sample) {
                Ok(Some(unit)) => unit,
                Ok(None) => continue,
                Err(Unusable::Sample(what)) => {
                    tracing::debug!(what, "incomplete sample");
                    return Ok(DriverEvent::Lost { reason: LossReason::Incomplete, frames: 1 });
                }
                Err(Unusable::Stream(what)) => return Err(DriverError::Stream(what)),
            };
            if let Some(slot) = slot.as_deref_mut()
                && let Err(what) = copy(&sample, slot)
            {
                tracing::debug!(what, "incomplete sample");
                return Ok(DriverEvent::Lost { reason: LossReason::Incomplete, frames: 1 });
            }
            return Ok(DriverEvent::Unit(unit));
        }
    }
}

/// Why a sample yields no unit.
enum Unusable {
    /// This one is broken; the next may be usable.
    Sample(&'static str),
    /// All samples will be like this.
    Stream(String),
}

impl GstreamerDriver {
    /// Frames missing before this sample, if the source numbers its buffers one by one (as `v4l2src` does, by the
    /// driver's counter). Sources that count bytes or nothing give `None`.
    fn hole_before(&mut self, sample: &gst::Sample) -> Option<u64> {
        let buffer = sample.buffer()?;
        let one_by_one = |offset: &u64| self.file.is_none() && offset.checked_add(1) == Some(buffer.offset_end());
        let offset = Some(buffer.offset()).filter(one_by_one);
        let hole = offset.zip(self.next_offset).and_then(|(offset, next)| offset.checked_sub(next));
        self.next_offset = offset.map(|offset| offset + 1);
        if let Some(frames @ 1..) = hole {
            // The next call sees this sample again, then without a gap.
            self.next_offset = offset;
            return Some(frames);
        }
        None
    }

    /// The event at the end of the stream: a recording has ended, a live source was interrupted and may come back.
    fn over(&self) -> Result<DriverEvent, DriverError> {
        let mut latency = gst::query::Latency::new();
        // Asks upstream, since the sink's own liveness is irrelevant.
        let asked = self.sink.static_pad("sink").is_some_and(|pad| pad.peer_query(&mut latency));
        if self.file.is_none() && asked && latency.result().0 {
            return Err(DriverError::Stream("the live source ended".into()));
        }
        Ok(DriverEvent::Ended)
    }

    /// The unit in a sample, or `None` for a frame between two triggers.
    fn unit(&self, sample: &gst::Sample) -> Result<Option<Unit>, Unusable> {
        let buffer = sample.buffer().ok_or(Unusable::Sample("no buffer"))?;
        let pts = buffer.pts().ok_or(Unusable::Sample("no time stamp"))?;
        let segment = sample
            .segment()
            .and_then(|segment| segment.downcast_ref::<ClockTime>().cloned())
            .ok_or_else(|| Unusable::Stream("the source has no time segment".into()))?;
        let running = segment.to_running_time(pts).ok_or(Unusable::Sample("no running time"))?;
        if buffer.flags().contains(gst::BufferFlags::CORRUPTED) {
            return Err(Unusable::Sample("marked as corrupted"));
        }
        let picture = picture(sample).ok_or_else(|| {
            let caps = sample.caps().map(ToString::to_string).unwrap_or_default();
            Unusable::Stream(format!("genlock does not support pictures of this kind: {caps}"))
        })?;
        if buffer.size() < picture.least_bytes() {
            return Err(Unusable::Sample("too short for its picture"));
        }
        let exposure = |ns: i64, uncertainty_ns: u32| Stamp::Host(HostTime::monotonic(ns, uncertainty_ns));
        let Some(Looped { video, first_loop }) = &self.file else {
            return Ok(Some(Unit {
                segment: SegmentId::seam(0),
                exposure: exposure(self.base_ns + running.nseconds() as i64 - self.delay.ns, self.delay.uncertainty_ns),
                exposure_duration_ns: 0,
                counter: None,
                trigger: TriggerIndex::Unresolved,
                source: None,
                picture,
            }));
        };
        let index = (pts.nseconds() as f64 * video.rate_hz / 1e9).round() as u32;
        let loops = first_loop + ((running.nseconds() as f64 - pts.nseconds() as f64) / video.loop_ns()).round() as u64;
        let played = loops * u64::from(video.frames) + u64::from(index);
        if index >= video.frames || !played.is_multiple_of(u64::from(video.divisor)) {
            return Ok(None);
        }
        Ok(Some(Unit {
            segment: SegmentId::seam(loops as u32),
            exposure: exposure(self.base_ns + running.nseconds() as i64, 1_000),
            exposure_duration_ns: 0,
            counter: Some(played / u64::from(video.divisor)),
            trigger: TriggerIndex::Unresolved,
            source: Some(SourcePosition { index, length: video.frames }),
            picture,
        }))
    }
}

impl Drop for GstreamerDriver {
    fn drop(&mut self) {
        if let Some(bus) = self.pipeline.bus() {
            bus.unset_sync_handler();
        }
        // Nothing is left to do if a pipeline refuses to stop.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

/// The only copy of a frame: from GStreamer's buffer into the pool.
fn copy(sample: &gst::Sample, slot: &mut Slot) -> Result<(), &'static str> {
    let buffer = sample.buffer().ok_or("no buffer")?;
    let map = buffer.map_readable().map_err(|_| "its buffer cannot be read")?;
    slot.bytes_mut().extend_from_slice(&map);
    Ok(())
}
