use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam::channel::Sender;
use frame::{
    BufferPool, CameraId, EdgeAccount, Frame, FrameInfo, LossReason, SegmentId, TriggerIndex, monotonic_now_ns,
};
use frame_sync::{TriggerCounter, TriggerCounterConfig};
use ringbuf::HeapProd;
use ringbuf::traits::Producer;

use crate::router::Wake;
use crate::{CameraDriver, DriverError, DriverEvent, PulseTrain, Unit};

/// Opens a driver, again after each failure.
pub type OpenDriver = Box<dyn FnMut() -> Result<Box<dyn CameraDriver>, DriverError> + Send>;

/// A camera to capture from.
pub struct CameraSpec {
    pub name: String,
    pub open: OpenDriver,
    /// Buffers in its pool: the quotas of all consumers and what is in flight.
    pub pool_buffers: usize,
    /// Expected size of one unit; a larger one grows its buffer once.
    pub unit_bytes: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CameraEvent {
    pub camera: CameraId,
    pub at_ns: i64,
    pub kind: CameraEventKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CameraEventKind {
    Opened,
    /// It failed and is tried again after the wait.
    Failed {
        error: String,
        retry_in: Duration,
    },
    /// Its source is over.
    Ended,
    /// Device counter and time disagree on the trigger.
    TriggerDisagreement,
}

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(8);
/// Drivers hand over counters that they have unwrapped.
const COUNTER_BITS: u32 = 64;
/// How long a driver may wait before its thread looks whether it should stop.
const DRIVER_WAIT: Duration = Duration::from_millis(250);

/// One camera's thread: drives the driver, numbers its units, keeps the first account.
pub(crate) struct CameraThread {
    pub id: CameraId,
    pub spec: CameraSpec,
    pub pulses: Option<PulseTrain>,
    pub account: EdgeAccount,
    pub ring: HeapProd<Frame>,
    /// Whether the camera is gone, for the router.
    pub gone: Arc<AtomicBool>,
    pub router: Wake,
    pub events: Sender<CameraEvent>,
    pub stop: Arc<AtomicBool>,
    pub first_segment: SegmentId,
}

/// Where the numbering stands; it survives a driver that is opened again.
struct Numbering {
    sequence: u64,
    trigger: Option<(PulseTrain, TriggerCounter)>,
}

impl CameraThread {
    pub fn run(mut self) {
        let pool = BufferPool::new(self.spec.pool_buffers, self.spec.unit_bytes);
        let mut numbering = Numbering { sequence: 0, trigger: None };
        let mut retry_in = FIRST_RETRY;
        while !self.stopping() {
            let failure = match (self.spec.open)() {
                Ok(mut driver) => {
                    // Its counter may have started anew: nothing that it said before speaks for its triggers now.
                    numbering.trigger =
                        self.pulses.map(|p| (p, TriggerCounter::new(TriggerCounterConfig::new(COUNTER_BITS))));
                    self.tell(CameraEventKind::Opened);
                    self.gone.store(false, Ordering::Release);
                    let before = numbering.sequence;
                    let streamed = self.stream(driver.as_mut(), &pool, &mut numbering);
                    if numbering.sequence > before {
                        retry_in = FIRST_RETRY;
                    }
                    match streamed {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.gone();
            self.tell(CameraEventKind::Failed { error: failure.to_string(), retry_in });
            self.pause(retry_in);
            retry_in = (retry_in * 2).min(LAST_RETRY);
        }
    }

    /// Until the source ends or capture stops; an error is the driver's.
    fn stream(
        &mut self,
        driver: &mut dyn CameraDriver,
        pool: &BufferPool,
        numbering: &mut Numbering,
    ) -> Result<(), DriverError> {
        while !self.stopping() {
            let mut slot = pool.acquire();
            match driver.next(slot.as_mut(), DRIVER_WAIT)? {
                DriverEvent::Unit(unit) => {
                    self.account.enter();
                    let info = self.number(unit, numbering);
                    let Some(slot) = slot else {
                        self.account.lose(LossReason::PoolEmpty);
                        continue;
                    };
                    match self.ring.try_push(slot.into_frame(info)) {
                        Ok(()) => self.router.now(),
                        Err(_) => self.account.lose(LossReason::RingFull),
                    }
                }
                DriverEvent::Lost { reason, frames } => {
                    self.account.enter_many(frames);
                    self.account.lose_many(reason, frames);
                    numbering.sequence += frames;
                }
                DriverEvent::Idle => {}
                DriverEvent::Ended => {
                    self.tell(CameraEventKind::Ended);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn number(&self, unit: Unit, numbering: &mut Numbering) -> FrameInfo {
        let sequence = numbering.sequence;
        numbering.sequence += 1;
        let trigger = match (unit.trigger, &mut numbering.trigger) {
            (TriggerIndex::Unresolved, Some((pulses, counter))) => {
                let resolution = counter.resolve(pulses, unit.exposure, unit.counter);
                if resolution.disagreement {
                    self.tell(CameraEventKind::TriggerDisagreement);
                }
                resolution.index
            }
            (known, _) => known,
        };
        FrameInfo {
            camera: self.id,
            sequence,
            segment: SegmentId(self.first_segment.0 + unit.segment.0),
            trigger,
            exposure: unit.exposure,
            exposure_duration_ns: unit.exposure_duration_ns,
            arrival_ns: monotonic_now_ns(),
            source: unit.source,
            picture: unit.picture,
        }
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// The consumers hear of it behind the last frame.
    fn gone(&self) {
        self.gone.store(true, Ordering::Release);
        self.router.now();
    }

    fn tell(&self, kind: CameraEventKind) {
        // The channel is bounded; an owner that does not listen costs events, never frames.
        if self.events.try_send(CameraEvent { camera: self.id, at_ns: monotonic_now_ns(), kind }).is_err() {
            tracing::debug!(camera = self.spec.name, "nobody takes camera events");
        }
    }

    /// Waits without missing the stop, which unparks.
    fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        while !self.stopping() {
            match until.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => std::thread::park_timeout(left),
                _ => return,
            }
        }
    }
}
