//! Counts the bytes that a camera's thread and the router's copy per frame, with a GStreamer source, and prints them
//! as JSON. Its one argument is the number of frames.
//!
//! This program's `memcpy` replaces the C library's, for Rust code and for GStreamer. It does not count `memmove` and
//! copies of a few bytes that the compiler inlines; pixels are copied in neither way.

use std::cell::Cell;
use std::error::Error;
use std::ffi::c_void;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use capture::drivers::gstreamer::{StampDelay, open_launch_line};
use capture::{
    CameraDriver, CameraSpec, Capture, CaptureOptions, DriverError, DriverEvent, FrameConsumer, Pulses, Role,
};
use frame::{FrameRef, LossLedger, Slot};

const WIDTH_PX: usize = 1280;
const HEIGHT_PX: usize = 720;
const RATE_HZ: usize = 60;
const PATIENCE: Duration = Duration::from_secs(10);

thread_local! {
    /// Bytes that this thread has copied.
    static COPIED: Cell<u64> = const { Cell::new(0) };
}

fn copied() -> u64 {
    COPIED.with(Cell::get)
}

/// # Safety
/// The same as for the C library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut c_void, from: *const c_void, bytes: usize) -> *mut c_void {
    COPIED.with(|copied| copied.set(copied.get() + bytes as u64));
    // SAFETY: memmove requires less than memcpy.
    unsafe { libc::memmove(to, from, bytes) }
}

/// The bytes that one thread copied, and the number of frames.
#[derive(Clone, Copy, Default)]
struct Count {
    frames: u64,
    bytes: u64,
    /// Bytes of the largest frame.
    unit_bytes: usize,
}

/// Counts from the first frame to the last, and sends the count when it is dropped.
struct Counter {
    begun: Option<u64>,
    count: Count,
    done: SyncSender<Count>,
}

impl Counter {
    fn new(done: SyncSender<Count>) -> Self {
        Self { begun: None, count: Count::default(), done }
    }

    /// Call it once per frame, always at the same stage.
    fn frame(&mut self, unit_bytes: usize) {
        // Copies before the first frame are not counted.
        let Some(begun) = self.begun else {
            self.begun = Some(copied());
            return;
        };
        let Count { frames, unit_bytes: largest, .. } = self.count;
        self.count = Count { frames: frames + 1, bytes: copied() - begun, unit_bytes: unit_bytes.max(largest) };
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        let _ = self.done.send(self.count);
    }
}

struct CountedDriver {
    driver: Box<dyn CameraDriver>,
    counter: Counter,
}

impl CameraDriver for CountedDriver {
    fn next(&mut self, mut slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let event = self.driver.next(slot.as_deref_mut(), wait);
        if matches!(event, Ok(DriverEvent::Unit(_))) {
            self.counter.frame(slot.map_or(0, |slot| slot.bytes_mut().len()));
        }
        event
    }
}

struct CountedConsumer {
    counter: Counter,
    /// The last frame, kept until the next one arrives, as an assembler does.
    held: Option<FrameRef>,
}

impl FrameConsumer for CountedConsumer {
    fn offer(&mut self, frame: &FrameRef) {
        self.held = Some(frame.clone());
        self.counter.frame(frame.bytes().len());
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    check_the_counter()?;
    let frames: usize = std::env::args().nth(1).ok_or("the number of frames is missing")?.parse()?;
    let launch = format!(
        "videotestsrc num-buffers={frames} ! video/x-raw,format=GRAY8,width={WIDTH_PX},height={HEIGHT_PX},\
         framerate={RATE_HZ}/1 ! appsink name=sink sync=true"
    );
    let (camera_done, camera_count) = sync_channel(1);
    let (router_done, router_count) = sync_channel(1);
    let camera = CameraSpec {
        name: "test-picture".to_owned(),
        open: Box::new(move || {
            let counter = Counter::new(camera_done.clone());
            Ok(Box::new(CountedDriver { driver: Box::new(open_launch_line(&launch, StampDelay::default())?), counter }))
        }),
        pool_buffers: 8,
        unit_bytes: WIDTH_PX * HEIGHT_PX,
        role: Role::Follows,
        watchdog: None,
    };
    let consumer = CountedConsumer { counter: Counter::new(router_done), held: None };
    let options = CaptureOptions::new(Pulses::Unknown);
    let capture = Capture::start(vec![camera], &[LossLedger::default()], vec![Box::new(consumer)], options)?;
    let camera = camera_count.recv_timeout(PATIENCE + Duration::from_secs((frames / RATE_HZ) as u64))?;
    capture.stop(PATIENCE)?;
    let router = router_count.recv_timeout(PATIENCE)?;

    if camera.frames == 0 || (camera.frames, camera.unit_bytes) != (router.frames, router.unit_bytes) {
        return Err("the router did not see what the camera saw".into());
    }
    println!(
        "{{\"units\":{},\"unit_bytes\":{},\"camera_bytes\":{},\"router_bytes\":{}}}",
        camera.frames, camera.unit_bytes, camera.bytes, router.bytes
    );
    Ok(())
}

/// Checks the counter, since a broken one would report no copies.
fn check_the_counter() -> Result<(), Box<dyn Error>> {
    let (picture, before) = (vec![1u8; WIDTH_PX * HEIGHT_PX], copied());
    let copy = std::hint::black_box(&picture).clone();
    let seen = copied() - before;
    if seen != copy.len() as u64 {
        return Err(format!("a copy of {} bytes was counted as {seen}", copy.len()).into());
    }
    Ok(())
}
