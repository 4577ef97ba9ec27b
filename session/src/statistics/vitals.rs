//! How regularly and how late each camera's frames come.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use capture::FrameConsumer;
use frame::{CameraId, FrameRef};

#[derive(Clone)]
pub struct Vitals(Arc<[CameraVitals]>);

#[derive(Default)]
struct CameraVitals {
    latency_ns: AtomicI64,
    /// Sequence and exposure of the newest frame, from which the next interval is measured.
    last: (AtomicU64, AtomicI64),
    /// Mean interval between the exposures of consecutive frames, and mean deviation from it, over about the last
    /// [`MEMORY`] of them.
    interval_ns: AtomicI64,
    spread_ns: AtomicI64,
}

const MEMORY: i64 = 64;

impl Vitals {
    pub fn new(cameras: usize) -> Self {
        Self((0..cameras).map(|_| CameraVitals::default()).collect())
    }

    /// Counts a frame of a camera. Only one thread may call this for each camera.
    pub(crate) fn see(&self, camera: CameraId, sequence: u64, exposure_ns: i64, arrival_ns: i64) {
        let camera = &self.0[camera.index()];
        camera.latency_ns.store(arrival_ns - exposure_ns, Ordering::Relaxed);
        camera.see(sequence, exposure_ns);
    }

    /// From the start of exposure to arrival, of the camera's newest frame.
    pub fn latency_ms(&self, camera: usize) -> f64 {
        self.0[camera].latency_ns.load(Ordering::Relaxed) as f64 / 1e6
    }

    /// Mean interval between exposures, and mean deviation from it.
    pub fn interval_ms(&self, camera: usize) -> (f64, f64) {
        let ms = |ns: &AtomicI64| ns.load(Ordering::Relaxed) as f64 / 1e6;
        (ms(&self.0[camera].interval_ns), ms(&self.0[camera].spread_ns))
    }
}

impl CameraVitals {
    /// Only one thread updates a camera, so loading and storing is no race.
    fn see(&self, sequence: u64, exposure_ns: i64) {
        let before = self.last.0.swap(sequence, Ordering::Relaxed);
        let interval_ns = exposure_ns - self.last.1.swap(exposure_ns, Ordering::Relaxed);
        if before.checked_add(1) != Some(sequence) {
            return;
        }
        let (mean, spread) = (self.interval_ns.load(Ordering::Relaxed), self.spread_ns.load(Ordering::Relaxed));
        if mean == 0 {
            self.interval_ns.store(interval_ns, Ordering::Relaxed);
            return;
        }
        self.interval_ns.store(mean + (interval_ns - mean) / MEMORY, Ordering::Relaxed);
        self.spread_ns.store(spread + ((interval_ns - mean).abs() - spread) / MEMORY, Ordering::Relaxed);
    }
}

impl FrameConsumer for Vitals {
    fn offer(&mut self, frame: &FrameRef) {
        let info = &frame.info;
        self.see(info.camera, info.sequence, info.exposure.ns, info.arrival_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_of_frames_that_follow_each_other() {
        let camera = CameraVitals::default();
        let mut exposure_ns = 0;
        for sequence in 0..2000 {
            // Every 50th frame is lost; the others are 10 ms apart, one early, one late.
            let jitter_ns = if sequence % 2 == 0 { 1_000_000 } else { -1_000_000 };
            exposure_ns += 10_000_000;
            if sequence % 50 != 7 {
                camera.see(sequence, exposure_ns + jitter_ns);
            }
        }
        let (interval, spread) = (camera.interval_ns.into_inner(), camera.spread_ns.into_inner());
        assert!((interval - 10_000_000).abs() < 100_000, "{interval}");
        assert!((spread - 2_000_000).abs() < 200_000, "{spread}");
    }
}
