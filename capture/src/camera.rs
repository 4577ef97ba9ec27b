//! The thread of one camera: runs the driver, numbers its units and counts its losses.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam::channel::Sender;
use frame::{BufferPool, CameraId, DeviceStamp, FrameInfo, LossReason, SegmentId, Slot, monotonic_now_ns};
use frame_sync::timing::TimingEvent;
use router::Outlet;

use crate::event::{CameraEvent, CaptureEvent, CaptureEventKind};
use crate::firing::Firing;
use crate::timing::{Timed, Timing};
use crate::trigger::{Arming, Exposures, Published, PulseBoard, pause};
use crate::{CameraDriver, DriverError, DriverEvent, Health, Unit};

/// Opens a driver; called again after each failure.
pub type OpenDriver = Box<dyn FnMut() -> Result<Box<dyn CameraDriver>, DriverError> + Send>;

/// A camera to capture from.
pub struct CameraSpec {
    /// The camera's name, for its thread and for log messages.
    pub name: String,
    /// Opens the camera, on its own thread.
    pub open: OpenDriver,
    /// Buffers in the camera's pool: the quotas of all consumers plus the frames in flight.
    pub pool_buffers: usize,
    /// Expected size of one unit in bytes; a larger unit grows its buffer once.
    pub unit_bytes: usize,
    /// Whether the camera follows the pulses, generates them, or is fired by the host.
    pub role: Role,
    /// How long the camera may be silent while others deliver before it is reopened; `None` for sources that may pause.
    pub watchdog: Option<Duration>,
}

/// How a camera relates to the trigger pulses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It waits for pulses, or runs freely.
    #[default]
    Follows,
    /// It generates the pulses, so it is opened after all others are armed.
    Leads,
    /// The host requests each picture, at the pulses.
    Fired,
}

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(8);
/// Longest wait for a driver before its thread checks whether to stop.
pub(crate) const DRIVER_WAIT: Duration = Duration::from_millis(250);
/// How long the leading camera waits for the others to arm.
const OTHERS: Duration = Duration::from_secs(10);
const LATCH_EVERY_NS: i64 = 500_000_000;
const HEALTH_EVERY_NS: i64 = 5_000_000_000;
/// If another camera delivered within this time, pulses are coming, and a silent camera is itself at fault.
const RECENT_NS: i64 = 500_000_000;

/// The thread of one camera.
pub(crate) struct CameraThread {
    pub id: CameraId,
    pub spec: CameraSpec,
    pub pulses: PulseBoard,
    pub arming: Arming,
    /// Receives exposures, for a trigger source that learns the pulses from them.
    pub exposures: Option<Exposures>,
    /// When each camera last delivered.
    pub last_units: Arc<[AtomicI64]>,
    pub outlet: Outlet,
    pub health: Arc<ArcSwap<Health>>,
    pub events: Sender<CaptureEvent>,
    pub stop: Arc<AtomicBool>,
    /// The epoch of all segments, unless another host started the pulses.
    pub epoch: Option<u32>,
}

/// State of the periodic work between units.
#[derive(Default)]
struct Chores {
    latch_ns: i64,
    health_ns: i64,
    firing: Firing,
}

impl CameraThread {
    pub fn run(mut self) {
        let pool = BufferPool::new(self.spec.pool_buffers, self.spec.unit_bytes);
        let mut sequence = 0;
        let mut retry_in = FIRST_RETRY;
        while !self.stopping() {
            if self.spec.role == Role::Leads {
                self.arming.wait(Some(self.id.index()), OTHERS, || self.stopping());
            }
            let before = sequence;
            // Driver libraries may panic, even while closing.
            let tried = AssertUnwindSafe(|| self.open_and_stream(&pool, &mut sequence));
            let failure = match std::panic::catch_unwind(tried) {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error,
                Err(_) => DriverError::Stream("its driver panicked".into()),
            };
            if sequence > before {
                retry_in = FIRST_RETRY;
            }
            self.outlet.gone();
            self.tell(CameraEvent::Failed { problem: failure.into(), retry_in: Some(retry_in) });
            pause(retry_in, &|| self.stopping());
            retry_in = (retry_in * 2).min(LAST_RETRY);
        }
    }

    fn open_and_stream(&mut self, pool: &BufferPool, sequence: &mut u64) -> Result<(), DriverError> {
        let mut driver = (self.spec.open)()?;
        self.tell(CameraEvent::Opened);
        self.arming.armed(self.id.index());
        self.stream(driver.as_mut(), pool, sequence)
    }

    /// Streams until the source ends or capture stops. Errors come from the driver.
    fn stream(
        &mut self,
        driver: &mut dyn CameraDriver,
        pool: &BufferPool,
        sequence: &mut u64,
    ) -> Result<(), DriverError> {
        // A reopened device restarts its counter and clock, so earlier timing does not apply.
        let mut timing = Timing::new(driver.clock());
        let mut chores = Chores::default();
        self.delivered(monotonic_now_ns());
        while !self.stopping() {
            let pulses = self.pulses.read().filter(|_| !driver.knows_pulses());
            let wait = self.chores(driver, &mut timing, pulses, &mut chores)?;
            let mut slot = pool.acquire();
            match driver.next(slot.as_mut(), wait)? {
                DriverEvent::Unit(unit) => {
                    let unasked = chores.firing.unasked_before(&unit);
                    timing.unasked(unasked);
                    self.lose(LossReason::NotAsked, unasked, sequence);
                    let info = self.number(unit, sequence, &mut timing, pulses);
                    self.deliver(slot, info, sequence);
                }
                DriverEvent::Lost { reason, frames } => self.lose(reason, frames, sequence),
                DriverEvent::Idle => self.look_for_silence()?,
                DriverEvent::Ended => {
                    self.tell(CameraEvent::Ended);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, slot: Option<Slot>, info: FrameInfo, sequence: &mut u64) {
        *sequence += 1;
        self.delivered(info.arrival_ns);
        if self.outlet.is_back() {
            self.tell(CameraEvent::Back);
        }
        self.outlet.deliver(slot.map(|slot| slot.into_frame(info)));
    }

    /// Counts frames that were lost before they could be read.
    fn lose(&self, reason: LossReason, frames: u64, sequence: &mut u64) {
        self.outlet.lose(reason, frames);
        *sequence += frames;
    }

    /// Fires, and reads clock and health when due. Returns how long the driver may wait.
    fn chores(
        &self,
        driver: &mut dyn CameraDriver,
        timing: &mut Timing,
        pulses: Option<Published>,
        chores: &mut Chores,
    ) -> Result<Duration, DriverError> {
        let now_ns = monotonic_now_ns();
        if now_ns >= chores.latch_ns {
            chores.latch_ns = now_ns + LATCH_EVERY_NS;
            if let Some(latch) = driver.latch()? {
                timing.latch(latch);
            }
        }
        if now_ns >= chores.health_ns {
            chores.health_ns = now_ns + HEALTH_EVERY_NS;
            self.health.store(Arc::new(driver.health()));
        }
        match pulses {
            Some(pulses) if self.spec.role == Role::Fired => Ok(chores.firing.look(driver, pulses)?.min(DRIVER_WAIT)),
            _ => Ok(DRIVER_WAIT),
        }
    }

    fn number(&self, unit: Unit, sequence: &mut u64, timing: &mut Timing, pulses: Option<Published>) -> FrameInfo {
        let Timed { exposure, arrival_ns, trigger, device_ns, event, missed } = timing.time(&unit, *sequence, pulses);
        self.lose(LossReason::MissedPulse, missed, sequence);
        match event {
            Some(TimingEvent::Disagreement) => self.tell(CameraEvent::Slipped),
            Some(TimingEvent::DeviceRestarted) => self.tell(CameraEvent::Restarted),
            Some(TimingEvent::ClockJumped) => self.tell(CameraEvent::ClockJumped),
            None => {}
        }
        if let Some(exposures) = &self.exposures {
            exposures.tell(self.id, exposure);
        }
        let segment = SegmentId {
            epoch: pulses.and_then(|published| published.epoch).or(self.epoch).unwrap_or(unit.segment.epoch),
            opening: pulses.map_or(unit.segment.opening, |published| published.opening),
            seam: unit.segment.seam,
        };
        FrameInfo {
            camera: self.id,
            sequence: *sequence,
            segment,
            trigger,
            exposure,
            exposure_duration_ns: unit.exposure_duration_ns,
            arrival_ns,
            device: DeviceStamp { ns: device_ns, counter: unit.counter },
            source: unit.source,
            picture: unit.picture,
        }
    }

    fn delivered(&self, at_ns: i64) {
        self.last_units[self.id.index()].store(at_ns, Ordering::Relaxed);
    }

    fn look_for_silence(&self) -> Result<(), DriverError> {
        let Some(watchdog) = self.spec.watchdog else { return Ok(()) };
        let now_ns = monotonic_now_ns();
        let since = |camera: usize| now_ns - self.last_units[camera].load(Ordering::Relaxed);
        let own = since(self.id.index());
        let others_deliver = (0..self.last_units.len()).any(|c| c != self.id.index() && since(c) < RECENT_NS);
        if others_deliver && own > watchdog.as_nanos() as i64 {
            let silent_s = own as f64 / 1e9;
            return Err(DriverError::Stream(format!("no picture for {silent_s:.1} s while others deliver")));
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn tell(&self, event: CameraEvent) {
        let event = CaptureEvent { at_ns: monotonic_now_ns(), kind: CaptureEventKind::Camera(self.id, event) };
        // The channel is bounded: if the owner does not read it, events are dropped, never frames.
        if self.events.try_send(event).is_err() {
            tracing::debug!(camera = self.spec.name, "dropped a camera event: the owner does not read them");
        }
    }
}
