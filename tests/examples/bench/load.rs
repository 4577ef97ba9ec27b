//! The load for measuring rigs: cameras without cost of their own on one trigger, assembled into frame sets.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use capture::drivers::simulated::SimulatedCamera;
use capture::{CameraSpec, Capture, CaptureOptions, FrameConsumer, PulseTrain, Pulses, Role};
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use frame::{CameraId, EdgeAccount, FrameRef, LossLedger, LossReason, Quota, monotonic_now_ns};
use frame_sync::timing::{Action, Arrival, AssemblerConfig, Closed, FrameSet, FrameSetAssembler};

use crate::Outcome;
use crate::machine::{process_cpu_s, resident_mb};

/// The size and duration of a load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub cameras: usize,
    pub width_px: u32,
    pub height_px: u32,
    pub rate_hz: f64,
    pub seconds: f64,
    /// How long the user of sets works on each.
    pub work: Duration,
}

impl Load {
    pub fn new(cameras: usize, (width_px, height_px): (u32, u32), rate_hz: f64, seconds: f64) -> Self {
        Self { cameras, width_px, height_px, rate_hz, seconds, work: Duration::ZERO }
    }

    pub fn name(&self) -> String {
        format!("{} × {}×{} at {} Hz", self.cameras, self.width_px, self.height_px, self.rate_hz)
    }
}

/// The result of a load.
#[derive(Clone, Debug, Default)]
pub struct Yield {
    /// From the trigger to the use of the complete set, in ms.
    pub latency_ms: Vec<f64>,
    /// Pictures that the cameras made, those used in complete sets, and those reported as lost.
    pub made: u64,
    pub used: u64,
    pub counted_lost: u64,
    pub cpu_s: f64,
    /// After the first tenth of the time, and at the end.
    pub resident_mb: (f64, f64),
}

impl Yield {
    pub fn add(&mut self, other: Self) {
        self.latency_ms.extend(other.latency_ms);
        self.made += other.made;
        self.used += other.used;
        self.counted_lost += other.counted_lost;
        self.cpu_s += other.cpu_s;
        self.resident_mb = other.resident_mb;
    }
}

/// Buffers of each camera's pool, and how many of them sets may hold.
const POOL_BUFFERS: usize = 24;
const SET_BUFFERS: usize = 16;
/// Capacity of the queue of sets for the user.
const WAITING_SETS: usize = 8;

/// Assembles whole frames on the router's thread, and sends the sets to the user.
struct Assembling {
    assembler: FrameSetAssembler<FrameRef>,
    quotas: Vec<Quota>,
    account: EdgeAccount,
    actions: Vec<Action<FrameRef>>,
    sets: Sender<FrameSet<FrameRef>>,
}

impl Assembling {
    fn hand_on(&mut self) {
        for action in self.actions.drain(..) {
            match action {
                Action::Set(set) if set.closed == Closed::Complete => {
                    let frames = set.items.len() as u64;
                    if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.sets.try_send(set) {
                        self.account.lose_many(LossReason::Superseded, frames);
                    }
                }
                Action::Set(set) => {
                    self.account.lose_many(LossReason::Late, set.items.iter().flatten().count() as u64);
                }
                Action::Reject { reason, .. } => self.account.lose(reason),
            }
        }
    }
}

impl FrameConsumer for Assembling {
    fn offer(&mut self, frame: &FrameRef) {
        let info = &frame.info;
        self.account.enter();
        let Some(item) = frame.charge(&self.quotas[info.camera.index()]) else {
            self.account.lose(LossReason::Superseded);
            return;
        };
        let (camera, segment, trigger, arrival_ns) = (info.camera, info.segment, info.trigger, info.arrival_ns);
        self.assembler.arrive(Arrival { camera, segment, trigger, arrival_ns, item }, &mut self.actions);
        self.hand_on();
    }

    fn camera_gone(&mut self, _: CameraId, _: bool) {}
}

impl Drop for Assembling {
    fn drop(&mut self) {
        self.assembler.flush(&mut self.actions);
        self.hand_on();
    }
}

/// The user of sets: measures the latency of each from its trigger, and works on it.
fn user(load: Load, sets: Receiver<FrameSet<FrameRef>>) -> JoinHandle<(Vec<f64>, u64)> {
    std::thread::spawn(move || {
        let (mut latency_ms, mut used) = (Vec::new(), 0);
        for set in sets {
            let trigger_ns = set.items.iter().flatten().map(|frame| frame.info.exposure.ns).min().unwrap_or_default();
            latency_ms.push((monotonic_now_ns() - trigger_ns) as f64 / 1e6);
            used += set.items.len() as u64;
            std::thread::sleep(load.work);
        }
        (latency_ms, used)
    })
}

/// Runs a load through genlock's capture.
pub fn run(load: Load) -> Outcome<Yield> {
    let pulses = PulseTrain::new(monotonic_now_ns() + 300_000_000, 1e9 / load.rate_hz);
    let units = (load.seconds * load.rate_hz) as u64;
    let camera = SimulatedCamera { units: Some(units), ..SimulatedCamera::new(pulses, load.width_px, load.height_px) };
    let cameras = (0..load.cameras).map(|index| {
        let camera = camera.clone();
        CameraSpec {
            name: format!("simulated-{index}"),
            open: Box::new(move || Ok(Box::new(camera.open(0)))),
            pool_buffers: POOL_BUFFERS,
            unit_bytes: (load.width_px * load.height_px) as usize,
            role: Role::Follows,
            watchdog: None,
        }
    });
    let ledgers: Vec<_> = (0..load.cameras).map(|_| LossLedger::default()).collect();
    let (sets, waiting) = bounded(WAITING_SETS);
    let user = user(load, waiting);
    let account = EdgeAccount::default();
    let config = AssemblerConfig { cameras: load.cameras, deadline_ns: 200_000_000, max_open: 8 };
    let consumer = Assembling {
        assembler: FrameSetAssembler::new(config),
        quotas: (0..load.cameras).map(|_| Quota::new(SET_BUFFERS)).collect(),
        account: account.clone(),
        actions: Vec::new(),
        sets,
    };
    let used_s = process_cpu_s();
    let capture = Capture::start(
        cameras.collect(),
        &ledgers,
        vec![Box::new(consumer)],
        CaptureOptions::new(Pulses::Known(pulses)),
    )?;
    let watch = watch_memory(load.seconds);
    while !capture.all_ended() {
        std::thread::sleep(Duration::from_millis(50));
    }
    capture.stop(Duration::from_secs(5))?;
    let (latency_ms, used) = user.join().map_err(|_| "the user of sets panicked")?;
    let captured: Vec<_> = ledgers.iter().map(|ledger| ledger.capture.counts()).collect();
    Ok(Yield {
        latency_ms,
        made: captured.iter().map(|counts| counts.entered).sum(),
        used,
        counted_lost: captured.iter().map(|counts| counts.lost_total()).sum::<u64>() + account.counts().lost_total(),
        cpu_s: process_cpu_s() - used_s,
        resident_mb: watch.end(),
    })
}

/// Measures this process's memory after a tenth of the time, and at the end.
pub struct MemoryWatch(SyncSender<()>, JoinHandle<f64>);

pub fn watch_memory(seconds: f64) -> MemoryWatch {
    let (stop, stopped) = sync_channel(1);
    let thread = std::thread::spawn(move || {
        let _ = stopped.recv_timeout(Duration::from_secs_f64(seconds / 10.0));
        resident_mb()
    });
    MemoryWatch(stop, thread)
}

impl MemoryWatch {
    pub fn end(self) -> (f64, f64) {
        let _ = self.0.try_send(());
        (self.1.join().unwrap_or_default(), resident_mb())
    }
}

/// A system to compare: its name, and a function that runs it with a load.
pub type System = (&'static str, Arc<dyn Fn(Load) -> Outcome<Yield>>);
