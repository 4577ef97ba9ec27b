//! The thread that waits for nokhwa's next picture.

use std::convert::Infallible;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossbeam::channel::{Receiver, Sender, bounded};
use frame::monotonic_now_ns;
use nokhwa::utils::CameraFormat;
use nokhwa::{Buffer, Camera};

use crate::DriverError;

/// Capacity of the queue to the driver's owner, in pictures.
const WAITING: usize = 2;
/// How long to wait for the thread, which ends with its next picture; the thread of a hanging camera is abandoned.
const END: Duration = Duration::from_secs(1);

/// nokhwa's call for the next picture blocks indefinitely, so it runs in a thread of its own.
pub struct Grabber {
    pub units: Receiver<Result<Grabbed, String>>,
    /// Disconnected when the thread has released the camera.
    over: Receiver<Infallible>,
}

/// A picture from the thread.
pub struct Grabbed {
    pub buffer: Buffer,
    /// `CLOCK_MONOTONIC`, both.
    pub stamp_ns: Option<i64>,
    pub arrival_ns: i64,
}

impl Grabber {
    /// Opens a camera in the thread that will use it, as nokhwa requires.
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
        let failed = |error: String| DriverError::Stream(format!("nokhwa's thread: {error}"));
        thread::Builder::new().name("nokhwa".into()).spawn(grab).map_err(|error| failed(error.to_string()))?;
        let format = opened.recv().map_err(|error| failed(error.to_string()))??;
        Ok((Self { units, over }, format))
    }
}

impl Drop for Grabber {
    fn drop(&mut self) {
        // The thread notices when it sends its next picture.
        self.units = crossbeam::channel::never();
        let _ = self.over.recv_timeout(END);
    }
}

/// Converts nokhwa's wall-clock stamps back to the kernel's monotonic clock.
fn stamped(buffer: Buffer) -> Grabbed {
    let arrival_ns = monotonic_now_ns();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age_ns = |stamp: Duration| now.as_nanos() as i64 - stamp.as_nanos() as i64;
    let stamp_ns = buffer.capture_timestamp().map(|stamp| arrival_ns - age_ns(stamp));
    Grabbed { buffer, stamp_ns, arrival_ns }
}
