//! Starts and stops the threads of a capture.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use frame::{CameraId, LossLedger, monotonic_now_ns};
use router::{FrameConsumer, Lane, route};
use thiserror::Error;

use crate::camera::CameraThread;
use crate::event::{CaptureEvent, CaptureEventKind};
use crate::trigger::{Arming, Published, PulseBoard, Pulses, TriggerThread};
use crate::{CameraSpec, Health};

/// Capacity of one camera's ring between driver and router, in frames.
const RING_FRAMES: usize = 16;
/// Capacity of the event channel to the owner.
const EVENTS: usize = 256;

/// Options of a capture.
pub struct CaptureOptions {
    /// The trigger shared by all cameras; unknown for free-running cameras and for replays that know their triggers.
    pub pulses: Pulses,
    /// The [epoch](SegmentId::epoch) of all segments, which keeps the segments of successive captures distinct; `None`
    /// keeps the sources' own.
    pub epoch: Option<u32>,
    /// Number of cameras on peer hosts that share the pulses, numbered after the local ones; see [`RemoteCamera`].
    pub remote_cameras: usize,
}

impl CaptureOptions {
    /// No epoch, and no remote cameras.
    pub fn new(pulses: Pulses) -> Self {
        Self { pulses, epoch: None, remote_cameras: 0 }
    }
}

/// A camera on a peer host, which shares the pulses with the local cameras but is captured there. The pulses wait until
/// it is armed, and its frames show that pulses are coming.
#[derive(Clone)]
pub struct RemoteCamera {
    index: usize,
    arming: Arming,
    last_units: Arc<[AtomicI64]>,
}

impl RemoteCamera {
    /// Reports that it is ready for the first pulse.
    pub fn armed(&self) {
        self.arming.armed(self.index);
    }

    /// Reports that one of its frames arrived at `at_ns`, `CLOCK_MONOTONIC`.
    pub fn delivered(&self, at_ns: i64) {
        self.last_units[self.index].store(at_ns, Ordering::Relaxed);
    }
}

/// Why a capture did not start, or did not stop cleanly.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The operating system refused to start a thread.
    #[error("cannot start the thread {thread}: {source}")]
    Thread {
        /// The thread's name: `router`, `trigger`, or `camera-` and the camera's name.
        thread: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// Threads were still running after the deadline, or had panicked.
    #[error("these threads panicked, or did not end within {deadline:?} and were abandoned: {threads}")]
    Abandoned {
        /// How long each was waited for.
        deadline: Duration,
        /// Their names.
        threads: String,
        /// Whether the router still runs, and with it the consumers.
        router_runs: bool,
    },
}

/// A running capture.
pub struct Capture {
    stop: Arc<AtomicBool>,
    abandon: Arc<AtomicBool>,
    cameras: Vec<Worker>,
    router: Worker,
    trigger: Option<Worker>,
    arming: Arming,
    board: PulseBoard,
    health: Vec<Arc<ArcSwap<Health>>>,
    events: Receiver<CaptureEvent>,
    remote_cameras: Vec<RemoteCamera>,
}

impl Capture {
    /// Starts all cameras. `ledgers` holds one account per camera, in the same order; any extra ones are ignored. Fails
    /// if a thread cannot be started.
    pub fn start(
        cameras: Vec<CameraSpec>,
        ledgers: &[LossLedger],
        consumers: Vec<Box<dyn FrameConsumer>>,
        options: CaptureOptions,
    ) -> Result<Self, CaptureError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (event_sender, events) = bounded(EVENTS);
        let mut lanes = Vec::with_capacity(ledgers.len());
        let mut entrances = Vec::with_capacity(ledgers.len());
        for (index, ledger) in ledgers.iter().enumerate().take(cameras.len()) {
            let (lane, entrance) = Lane::new(CameraId(index as u16), RING_FRAMES, ledger.capture.clone());
            lanes.push(lane);
            entrances.push(entrance);
        }
        let abandon = Arc::new(AtomicBool::new(false));
        let router = {
            let abandon = abandon.clone();
            Worker::start("router".into(), move || route(lanes, consumers, &abandon))?
        };
        let all_cameras = cameras.len() + options.remote_cameras;
        let (board, arming) = (PulseBoard::default(), Arming::new(all_cameras));
        let last_units: Arc<[AtomicI64]> = (0..all_cameras).map(|_| AtomicI64::new(0)).collect();
        let remote = |index| RemoteCamera { index, arming: arming.clone(), last_units: last_units.clone() };
        let remote_cameras = (cameras.len()..all_cameras).map(remote).collect();
        let exposures = match &options.pulses {
            Pulses::From(source) => source.exposures(),
            _ => None,
        };
        let trigger = match options.pulses {
            Pulses::Unknown => None,
            Pulses::Known(train) => {
                board.publish(Some(Published { train, epoch: None, opening: 0 }));
                None
            }
            Pulses::From(source) => {
                let events = event_sender.clone();
                let tell = move |event| {
                    let event = CaptureEvent { at_ns: monotonic_now_ns(), kind: CaptureEventKind::Trigger(event) };
                    if events.try_send(event).is_err() {
                        tracing::debug!("dropped a trigger event: the owner does not read them");
                    }
                };
                let thread = TriggerThread {
                    source,
                    board: board.clone(),
                    arming: arming.clone(),
                    last_units: last_units.clone(),
                    stop: stop.clone(),
                    tell,
                };
                Some(Worker::start("trigger".into(), move || thread.run())?)
            }
        };
        let mut threads = Vec::with_capacity(cameras.len());
        let mut healths = Vec::with_capacity(cameras.len());
        for (index, (spec, entrance)) in cameras.into_iter().zip(entrances).enumerate() {
            let name = format!("camera-{}", spec.name);
            let health = Arc::new(ArcSwap::from_pointee(Health::default()));
            healths.push(health.clone());
            let camera = CameraThread {
                id: CameraId(index as u16),
                spec,
                pulses: board.clone(),
                arming: arming.clone(),
                exposures: exposures.clone(),
                last_units: last_units.clone(),
                health,
                outlet: entrance.to(router.handle.thread().clone()),
                events: event_sender.clone(),
                stop: stop.clone(),
                epoch: options.epoch,
            };
            threads.push(Worker::start(name, move || camera.run())?);
        }
        Ok(Self {
            stop,
            abandon,
            cameras: threads,
            router,
            trigger,
            arming,
            board,
            health: healths,
            events,
            remote_cameras,
        })
    }

    /// The current knowledge of the pulses, for example to pass on to peer hosts.
    pub fn pulses(&self) -> PulseBoard {
        self.board.clone()
    }

    /// The cameras on peer hosts, numbered after the local ones.
    pub fn remote_cameras(&self) -> &[RemoteCamera] {
        &self.remote_cameras
    }

    /// The last health report of a camera's device; the default for an unknown camera.
    pub fn health(&self, camera: CameraId) -> Arc<Health> {
        self.health.get(camera.index()).map(|health| health.load_full()).unwrap_or_default()
    }

    /// Events of cameras and trigger. The channel disconnects once all their threads have ended.
    pub fn events(&self) -> &Receiver<CaptureEvent> {
        &self.events
    }

    /// Whether every camera's source has ended.
    pub fn all_ended(&self) -> bool {
        self.cameras.iter().all(|camera| camera.handle.is_finished())
    }

    /// Whether the router has stopped while cameras may still run: nothing can be captured any more.
    pub fn router_is_dead(&self) -> bool {
        self.router.handle.is_finished()
    }

    /// Stops the sources, lets the router drain the rings and drops the consumers. A driver that hangs longer than
    /// `deadline` is abandoned and named in the error.
    pub fn stop(self, deadline: Duration) -> Result<(), CaptureError> {
        self.stop.store(true, Ordering::Release);
        self.arming.wake();
        self.cameras.iter().chain(&self.trigger).for_each(|worker| worker.handle.thread().unpark());
        let until = Instant::now() + deadline;
        let workers = self.cameras.into_iter().chain(self.trigger);
        let mut abandoned: Vec<_> = workers.filter_map(|worker| worker.end_by(until)).collect();
        // A hanging driver still holds its ring: the router drains it and exits without waiting for the close.
        self.abandon.store(true, Ordering::Release);
        self.router.handle.thread().unpark();
        let router = self.router.over.clone();
        abandoned.extend(self.router.end_by(Instant::now() + deadline));
        if abandoned.is_empty() {
            return Ok(());
        }
        let router_runs = router.try_recv() == Err(TryRecvError::Empty);
        Err(CaptureError::Abandoned { deadline, threads: abandoned.join(", "), router_runs })
    }
}

/// A thread that can be joined with a deadline.
struct Worker {
    handle: JoinHandle<()>,
    /// Disconnected when the thread's body has returned.
    over: Receiver<Infallible>,
}

impl Worker {
    fn start(name: String, body: impl FnOnce() + Send + 'static) -> Result<Self, CaptureError> {
        let (alive, over) = bounded(0);
        let body = move || {
            let _alive: Sender<Infallible> = alive;
            body();
        };
        let builder = thread::Builder::new().name(name.clone());
        let handle = builder.spawn(body).map_err(|source| CaptureError::Thread { thread: name, source })?;
        Ok(Self { handle, over })
    }

    /// Waits for the thread to end. Returns its name if it timed out or panicked.
    fn end_by(self, until: Instant) -> Option<String> {
        let name = self.handle.thread().name().unwrap_or("unnamed").to_owned();
        match self.over.recv_deadline(until) {
            Err(RecvTimeoutError::Timeout) => Some(name),
            Err(RecvTimeoutError::Disconnected) => self.handle.join().is_err().then(|| format!("{name} (panicked)")),
            Ok(never) => match never {},
        }
    }
}
