//! How each camera is doing, as the router sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use capture::FrameConsumer;
use frame::FrameRef;

#[derive(Clone)]
pub struct Vitals(Arc<[CameraVitals]>);

#[derive(Default)]
struct CameraVitals {
    latency_ns: AtomicI64,
}

impl Vitals {
    pub fn new(cameras: usize) -> Self {
        Self((0..cameras).map(|_| CameraVitals::default()).collect())
    }

    /// From the start of exposure to arrival, of the camera's newest frame.
    pub fn latency_ms(&self, camera: usize) -> f64 {
        self.0[camera].latency_ns.load(Ordering::Relaxed) as f64 / 1e6
    }
}

impl FrameConsumer for Vitals {
    fn offer(&mut self, frame: &FrameRef) {
        let info = &frame.info;
        self.0[info.camera.index()].latency_ns.store(info.arrival_ns - info.exposure.ns, Ordering::Relaxed);
    }
}
