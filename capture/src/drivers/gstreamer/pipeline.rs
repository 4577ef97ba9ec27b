//! Building, starting and looping pipelines.

use std::sync::atomic::{AtomicU64, Ordering};

use gstreamer::prelude::*;
use gstreamer::{self as gst, ClockTime, MessageType, MessageView};
use gstreamer_app::AppSink;

use crate::DriverError;

/// Units that the sink queues before the pipeline blocks.
const SINK_UNITS: u32 = 4;
const PREROLL: ClockTime = ClockTime::from_seconds(10);
const LAST_WORDS: ClockTime = ClockTime::from_mseconds(500);

/// After a loop a demuxer continues from the *start* of its last frame, one frame too early. This corrects the segment
/// for the sink: loop `k` starts at running time `k × loop_ns`.
pub fn loop_exactly(sink: &AppSink, loop_ns: f64) {
    let Some(pad) = sink.static_pad("sink") else { return };
    let loops = AtomicU64::new(0);
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        let Some(gst::PadProbeData::Event(event)) = &info.data else { return gst::PadProbeReturn::Ok };
        let gst::EventView::Segment(segment) = event.view() else { return gst::PadProbeReturn::Ok };
        let Some(mut segment) = segment.segment().downcast_ref::<ClockTime>().cloned() else {
            return gst::PadProbeReturn::Ok;
        };
        let first = segment.base().is_none_or(ClockTime::is_zero);
        let played = if first { 0 } else { loops.load(Ordering::Acquire) + 1 };
        loops.store(played, Ordering::Release);
        segment.set_base(ClockTime::from_nseconds((played as f64 * loop_ns).round() as u64));
        info.data = Some(gst::PadProbeData::Event(gst::event::Segment::new(&segment)));
        gst::PadProbeReturn::Ok
    });
}

pub fn build(launch: &str) -> Result<(gst::Pipeline, AppSink), DriverError> {
    gst::init().map_err(|e| DriverError::open(format!("GStreamer does not start: {e}"), "reinstall GStreamer 1.22"))?;
    let bad = |e: String| {
        DriverError::open(
            format!("the launch line `{launch}` does not build: {e}"),
            "try it with gst-launch-1.0, and install the missing plugin",
        )
    };
    let pipeline = gst::parse::launch(launch)
        .map_err(|e| bad(e.to_string()))?
        .downcast::<gst::Pipeline>()
        .map_err(|_| bad("it is no pipeline".into()))?;
    let sink = pipeline
        .iterate_sinks()
        .into_iter()
        .filter_map(Result::ok)
        .find_map(|sink| sink.downcast::<AppSink>().ok())
        .ok_or_else(|| bad("it must end in `appsink`".into()))?;
    sink.set_max_buffers(SINK_UNITS);
    Ok((pipeline, sink))
}

pub fn reach(pipeline: &gst::Pipeline, state: gst::State) -> Result<(), DriverError> {
    let reached = pipeline.set_state(state).and_then(|_| pipeline.state(PREROLL).0);
    let otherwise = match reached {
        Ok(gst::StateChangeSuccess::Async) => format!("no picture within {} s", PREROLL.seconds()),
        Ok(_) => return Ok(()),
        Err(_) => "it does not play".to_owned(),
    };
    // The error message may arrive shortly after the failed state change.
    let reason = error_within(pipeline, LAST_WORDS).unwrap_or(otherwise);
    let _ = pipeline.set_state(gst::State::Null);
    Err(DriverError::open(reason, "check that the file plays; a corrupt one must be copied or converted again"))
}

pub fn play(pipeline: &gst::Pipeline, base_ns: i64) -> Result<(), DriverError> {
    let clock = gst::SystemClock::obtain();
    clock.set_property("clock-type", gst::ClockType::Monotonic);
    pipeline.use_clock(Some(&clock));
    pipeline.set_start_time(ClockTime::NONE);
    pipeline.set_base_time(ClockTime::from_nseconds(base_ns as u64));
    if pipeline.set_state(gst::State::Playing).is_err() {
        let reason = first_error(pipeline).unwrap_or_else(|| "the pipeline does not start".into());
        let _ = pipeline.set_state(gst::State::Null);
        return Err(DriverError::open(reason, "check the source"));
    }
    Ok(())
}

pub fn first_error(pipeline: &gst::Pipeline) -> Option<String> {
    words(&pipeline.bus()?.pop_filtered(&[MessageType::Error])?)
}

/// Waits for an error. Unlike [`first_error`], it finds nothing if `wait` is zero.
fn error_within(pipeline: &gst::Pipeline, wait: ClockTime) -> Option<String> {
    words(&pipeline.bus()?.timed_pop_filtered(wait, &[MessageType::Error])?)
}

fn words(message: &gst::Message) -> Option<String> {
    match message.view() {
        MessageView::Error(error) => {
            // Element names are numbered, factory names are not.
            let kind =
                |source: &gst::Object| Some(source.downcast_ref::<gst::Element>()?.factory()?.name().to_string());
            let from = error.src().and_then(kind).unwrap_or_default();
            Some(format!("{} ({from})", error.error()))
        }
        _ => None,
    }
}
