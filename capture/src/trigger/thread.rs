//! The trigger's thread: starts the pulses once the cameras are armed, and publishes what is known of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use frame::{CameraId, SegmentId, monotonic_now_ns};

use super::board::{Published, PulseBoard};
use super::{Arming, TriggerSource};
use crate::event::TriggerEvent;

/// How long the pulses wait for a camera that does not open.
const ARMING: Duration = Duration::from_secs(10);
const ASK_EVERY: Duration = Duration::from_millis(200);
const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(8);
/// Pulses count as stopped once all cameras are silent for this long and this many periods.
const SILENCE_NS: i64 = 1_000_000_000;
const SILENT_PERIODS: f64 = 10.0;

pub(crate) struct TriggerThread<T: Fn(TriggerEvent)> {
    pub source: Box<dyn TriggerSource>,
    pub board: PulseBoard,
    pub arming: Arming,
    /// When each camera last delivered.
    pub last_units: Arc<[AtomicI64]>,
    pub stop: Arc<AtomicBool>,
    pub tell: T,
}

impl<T: Fn(TriggerEvent)> TriggerThread<T> {
    pub fn run(mut self) {
        let stop = self.stop.clone();
        let stopping = || stop.load(Ordering::Acquire);
        let mut unarmed = self.arming.wait(None, ARMING, stopping);
        let (mut base, mut retry_in) = (0, FIRST_RETRY);
        while !stopping() {
            let failure = match self.source.start() {
                Ok(()) => {
                    let unarmed = std::mem::take(&mut unarmed).into_iter().map(|i| CameraId(i as u16)).collect();
                    (self.tell)(TriggerEvent::Started { unarmed });
                    retry_in = FIRST_RETRY;
                    match self.follow(base, &stopping) {
                        Ok(()) => break,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.board.publish(None);
            // Later pulses count from 0 again.
            base = (base + self.source.opening() + 1).min(SegmentId::MAX_OPENING);
            (self.tell)(TriggerEvent::Failed { problem: failure.into(), retry_in });
            pause(retry_in, &stopping);
            retry_in = (retry_in * 2).min(LAST_RETRY);
        }
        self.source.stop();
    }

    /// Publishes the pulses until capture stops. Errors come from the source.
    fn follow(&mut self, base: u32, stopping: &impl Fn() -> bool) -> Result<(), super::TriggerError> {
        let mut silent = false;
        while !stopping() {
            let train = self.source.pulses()?;
            let (epoch, opening) = (self.source.epoch(), base + self.source.opening());
            self.board.publish(train.map(|train| Published { train, epoch, opening }));
            let patience_ns = train.map_or(SILENCE_NS, |t| SILENCE_NS.max((SILENT_PERIODS * t.period_ns) as i64));
            let newest = self.last_units.iter().map(|at| at.load(Ordering::Relaxed)).max().unwrap_or_default();
            let now_silent = newest > 0 && monotonic_now_ns() - newest > patience_ns;
            if now_silent != std::mem::replace(&mut silent, now_silent) {
                (self.tell)(if now_silent { TriggerEvent::Stopped } else { TriggerEvent::Resumed });
            }
            pause(ASK_EVERY, stopping);
        }
        Ok(())
    }
}

/// Waits, but returns early on a stop, which unparks this thread.
pub(crate) fn pause(wait: Duration, stopping: &impl Fn() -> bool) {
    let until = Instant::now() + wait;
    while !stopping() {
        match until.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => std::thread::park_timeout(left),
            _ => return,
        }
    }
}
