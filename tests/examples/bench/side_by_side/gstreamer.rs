//! GStreamer only: one pipeline per camera, `appsrc ! queue ! appsink`, and one thread that pulls from all in step and
//! compares timestamps.

use std::time::Duration;

use frame::monotonic_now_ns;
use gstreamer::prelude::*;
use gstreamer::{self as gst, ClockTime};
use gstreamer_app::{AppSink, AppSrc};

use crate::Outcome;
use crate::load::{Load, Yield, watch_memory};
use crate::machine::process_cpu_s;

/// Capacity of a queue, which drops the oldest buffer if full.
const QUEUED: u32 = 8;

pub fn run(load: Load) -> Outcome<Yield> {
    gst::init()?;
    let line = format!(
        "appsrc name=src is-live=true format=time caps=video/x-raw,format=GRAY8,width={},height={},framerate=0/1 ! \
         queue max-size-buffers={QUEUED} max-size-bytes=0 max-size-time=0 leaky=downstream ! \
         appsink name=sink sync=false max-buffers=1",
        load.width_px, load.height_px
    );
    let used_s = process_cpu_s();
    let start_ns = monotonic_now_ns() + 300_000_000;
    let units = (load.seconds * load.rate_hz) as u64;
    let (mut pipelines, mut sinks, mut cameras) = (vec![], vec![], vec![]);
    for _ in 0..load.cameras {
        let pipeline = gst::parse::launch(&line)?.downcast::<gst::Pipeline>().map_err(|_| "no pipeline")?;
        let part = |name: &str| pipeline.by_name(name).ok_or("an element is missing");
        let src = part("src")?.downcast::<AppSrc>().map_err(|_| "no appsrc")?;
        sinks.push(part("sink")?.downcast::<AppSink>().map_err(|_| "no appsink")?);
        pipeline.set_state(gst::State::Playing)?;
        cameras.push(std::thread::spawn(move || expose(&src, load, start_ns, units)));
        pipelines.push(pipeline);
    }
    let watch = watch_memory(load.seconds);
    let (latency_ms, used) = pull(&sinks, load, start_ns);
    let mut made = 0;
    for camera in cameras {
        made += camera.join().map_err(|_| "a camera panicked")?;
    }
    for pipeline in pipelines {
        pipeline.set_state(gst::State::Null)?;
    }
    let cpu_s = process_cpu_s() - used_s;
    // Leaky queues do not report how much they drop.
    Ok(Yield { latency_ms, made, used, counted_lost: 0, cpu_s, resident_mb: watch.end() })
}

/// A camera: at each pulse a new buffer, filled like those of our simulated cameras.
fn expose(src: &AppSrc, load: Load, start_ns: i64, units: u64) -> u64 {
    for pulse in 0..units {
        let since_ns = (pulse as f64 * 1e9 / load.rate_hz).round() as i64;
        let wait_ns = start_ns + since_ns - monotonic_now_ns();
        std::thread::sleep(Duration::from_nanos(wait_ns.max(0) as u64));
        let mut buffer = gst::Buffer::from_mut_slice(vec![0u8; (load.width_px * load.height_px) as usize]);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(ClockTime::from_nseconds(since_ns as u64));
        }
        if src.push_buffer(buffer).is_err() {
            return pulse;
        }
    }
    let _ = src.end_of_stream();
    units
}

/// Pulls from all sinks in step, lets late ones catch up, and stops when one ends.
fn pull(sinks: &[AppSink], load: Load, start_ns: i64) -> (Vec<f64>, u64) {
    let (mut latency_ms, mut used) = (vec![], 0);
    let pts = |sample: &gst::Sample| sample.buffer().and_then(|buffer| buffer.pts()).unwrap_or_default();
    'sets: loop {
        let mut samples = vec![];
        for sink in sinks {
            let Ok(sample) = sink.pull_sample() else { break 'sets };
            samples.push(sample);
        }
        let newest = samples.iter().map(pts).max().unwrap_or_default();
        let mut whole = true;
        for (sample, sink) in samples.iter_mut().zip(sinks) {
            while pts(sample) < newest {
                let Ok(next) = sink.pull_sample() else { break 'sets };
                *sample = next;
            }
            whole &= pts(sample) == newest;
        }
        if whole {
            latency_ms.push((monotonic_now_ns() - start_ns - newest.nseconds() as i64) as f64 / 1e6);
            used += samples.len() as u64;
            std::thread::sleep(load.work);
        }
    }
    (latency_ms, used)
}
