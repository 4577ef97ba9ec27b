//! The latency from the arrival of a set's last frame to the closed set: driver, ring, router and assembler, with a source
//! without cost of its own.

use std::collections::HashSet;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use capture::drivers::simulated::SimulatedCamera;
use capture::{CameraSpec, Capture, CaptureOptions, FrameConsumer, PulseTrain, Pulses, Role};
use frame::{CameraId, FrameRef, LossLedger, monotonic_now_ns};
use frame_sync::timing::{Action, Arrival, AssemblerConfig, Closed, FrameSetAssembler};

use crate::statistics::quantile;
use crate::{Outcome, Plan, table::Row};

const CAMERAS: usize = 4;
const RATE_HZ: f64 = 60.0;
const WIDTH_PX: u32 = 1280;
const HEIGHT_PX: u32 = 720;
const POOL_BUFFERS: usize = 8;

#[derive(Default)]
struct Seen {
    /// Latency of complete sets, in ms.
    latency_ms: Vec<f64>,
    incomplete: usize,
    rejected: usize,
    /// Addresses of each camera's pixels.
    addresses: HashSet<(CameraId, *const u8)>,
}

// SAFETY: the addresses are only compared and counted, never dereferenced.
unsafe impl Send for Seen {}

/// Assembles whole frames on the router's thread, and sends its measurements when the router drops it.
struct Assembling {
    assembler: FrameSetAssembler<FrameRef>,
    actions: Vec<Action<FrameRef>>,
    seen: Seen,
    done: SyncSender<Seen>,
}

impl Assembling {
    fn take_stock(&mut self) {
        let now_ns = monotonic_now_ns();
        for action in self.actions.drain(..) {
            match action {
                Action::Set(set) if set.closed == Closed::Complete => {
                    self.seen.latency_ms.push((now_ns - set.last_arrival_ns) as f64 / 1e6);
                }
                Action::Set(_) => self.seen.incomplete += 1,
                Action::Reject { .. } => self.seen.rejected += 1,
            }
        }
    }
}

impl FrameConsumer for Assembling {
    fn offer(&mut self, frame: &FrameRef) {
        let info = &frame.info;
        self.seen.addresses.insert((info.camera, frame.bytes().as_ptr()));
        let arrival = Arrival {
            camera: info.camera,
            segment: info.segment,
            trigger: info.trigger,
            arrival_ns: info.arrival_ns,
            item: frame.clone(),
        };
        self.assembler.arrive(arrival, &mut self.actions);
        self.take_stock();
    }

    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        // At the end of the run the cameras stop one by one; incomplete sets are then no losses.
        if !gone {
            self.assembler.camera_back(camera);
        }
    }
}

impl Drop for Assembling {
    fn drop(&mut self) {
        let _ = self.done.send(std::mem::take(&mut self.seen));
    }
}

pub fn measure(plan: &Plan) -> Outcome<Vec<Row>> {
    let pulses = PulseTrain::new(monotonic_now_ns() + 200_000_000, 1e9 / RATE_HZ);
    let camera = SimulatedCamera::new(pulses, WIDTH_PX, HEIGHT_PX);
    let cameras = (0..CAMERAS).map(|index| {
        let camera = camera.clone();
        CameraSpec {
            name: format!("simulated-{index}"),
            open: Box::new(move || Ok(Box::new(camera.open(0)))),
            pool_buffers: POOL_BUFFERS,
            unit_bytes: (WIDTH_PX * HEIGHT_PX) as usize,
            role: Role::Follows,
            watchdog: None,
        }
    });
    let config = AssemblerConfig { cameras: CAMERAS, deadline_ns: 100_000_000, max_open: 4 };
    let (done, seen) = sync_channel(1);
    let consumer =
        Assembling { assembler: FrameSetAssembler::new(config), actions: Vec::new(), seen: Seen::default(), done };
    let ledgers: Vec<_> = (0..CAMERAS).map(|_| LossLedger::default()).collect();
    let options = CaptureOptions::new(Pulses::Known(pulses));
    let capture = Capture::start(cameras.collect(), &ledgers, vec![Box::new(consumer)], options)?;
    std::thread::sleep(Duration::from_secs(plan.pick(10, 2)));
    capture.stop(Duration::from_secs(2))?;

    let mut seen = seen.recv()?;
    let lost: u64 = ledgers.iter().map(|ledger| ledger.capture.counts().lost_total()).sum();
    let sets = seen.latency_ms.len();
    let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| quantile(&mut seen.latency_ms, share));
    Ok(vec![
        Row {
            what: format!("set latency, {CAMERAS} × {WIDTH_PX}×{HEIGHT_PX} Gray8 at {RATE_HZ} Hz"),
            figure: format!(
                "p50 {p50:.3} ms, p99 {p99:.3} ms, max {max:.3} ms; {sets} sets complete, {} not, {} frames rejected, \
                 {lost} lost",
                seen.incomplete, seen.rejected
            ),
            aim: "p99 ≤ 0.5 ms",
            bounded_by: "how soon the scheduler runs the router's thread once it is woken",
        },
        Row {
            what: "bytes copied per frame, pool to closed set".to_owned(),
            figure: format!(
                "0: all pixels stayed at {} addresses, the pools have {} buffers",
                seen.addresses.len(),
                CAMERAS * POOL_BUFFERS
            ),
            aim: "0",
            bounded_by: "nothing: a frame is shared by reference (frame/src/pool.rs)",
        },
    ])
}
