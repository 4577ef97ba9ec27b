//! The thread that waits for nokhwa's next picture.

use std::convert::Infallible;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Sender, bounded};
use frame::monotonic_now_ns;
use nokhwa::utils::CameraFormat;
use nokhwa::{Buffer, Camera};

use crate::DriverError;

/// Pictures that may wait for the driver's owner.
const WAITING: usize = 2;
/// A camera that sends ends its thread within a picture; one that hangs is left behind.
const END: Duration = Duration::from_secs(1);

/// nokhwa's call for the next picture waits without end, so a thread of its own makes it.
pub struct Grabber {
    pub units: Receiver<Result<Grabbed, String>>,
    /// Disconnected when the thread has let go of the camera.
    over: Receiver<Infallible>,
}

pub struct Grabbed {
    pub buffer: Buffer,
    /// `CLOCK_MONOTONIC`, both.
    pub stamp_ns: Option<i64>,
    pub arrival_ns: i64,
}

impl Grabber {
    /// Opens a camera in the thread that will use it, as nokhwa wants it.
    pub fn start<F>(open: F) -> Result<(Self, CameraFormat), DriverError>
    where
        F: FnOnce() -> Result<Camera, DriverError> + Send + 'static,
    {
        let (sender, units) = bounded(WAITING);
        let (opened_sender, opened) = bounded(1);
        let (alive, over) = bounded(0);
        let grab = move || {
            let _alive: Sender<Infallible> = alive;
            let mut camera = match open() {
                Ok(camera) => camera,
                Err(error) => return drop(opened_sender.send(Err(error))),
            };
            let mut wanted = opened_sender.send(Ok(camera.camera_format())).is_ok();
            while wanted {
                let grabbed = camera.frame().map(stamped).map_err(|error| error.to_string());
                wanted = grabbed.is_ok();
                wanted &= sender.send(grabbed).is_ok();
            }
        };
        let failed = |error: String| DriverError::Stream(format!("the thread nokhwa: {error}"));
        thread::Builder::new().name("nokhwa".into()).spawn(grab).map_err(|error| failed(error.to_string()))?;
        let format = opened.recv().map_err(|error| failed(error.to_string()))??;
        Ok((Self { units, over }, format))
    }
}

impl Drop for Grabber {
    fn drop(&mut self) {
        // The thread notices when it has its next picture to hand over.
        self.units = crossbeam::channel::never();
        let _ = self.over.recv_timeout(END);
    }
}

/// Back from the wall clock that nokhwa tells to the monotonic one that the kernel stamped with.
fn stamped(buffer: Buffer) -> Grabbed {
    let arrival_ns = monotonic_now_ns();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age_ns = |stamp: Duration| now.as_nanos() as i64 - stamp.as_nanos() as i64;
    let stamp_ns = buffer.capture_timestamp().map(|stamp| arrival_ns - age_ns(stamp));
    Grabbed { buffer, stamp_ns, arrival_ns }
}
