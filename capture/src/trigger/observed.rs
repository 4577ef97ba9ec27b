//! Pulses that are learned from the exposures they cause.

use std::sync::Arc;

use crossbeam::queue::ArrayQueue;
use frame::{CameraId, HostTime};
use frame_sync::timing::{PulseEstimator, PulseEstimatorConfig, PulseTrain};

use super::{TriggerError, TriggerSource};

/// Capacity of the queue to the trigger's thread, which drains it a few times a second.
const WAITING: usize = 8192;
/// Silence of the reference camera, in periods, after which another one replaces it: well before the estimator
/// considers the pulses stopped.
const SILENT_PERIODS: f64 = 8.0;

/// Where camera threads report their exposures. Reporting never blocks.
#[derive(Clone)]
pub struct Exposures(Arc<ArrayQueue<(CameraId, HostTime)>>);

impl Exposures {
    pub(crate) fn tell(&self, camera: CameraId, exposure: HostTime) {
        self.0.force_push((camera, exposure));
    }
}

/// Pulses of a generator or camera that does not report them, learned from the exposures of a reference camera. If that
/// one falls silent, another one replaces it and the numbering continues.
pub struct ObservedTrigger {
    exposures: Exposures,
    estimator: PulseEstimator,
    primary: Option<CameraId>,
    silence_ns: i64,
    /// The camera whose exposures are used, and its last exposure in ns.
    reference: Option<(CameraId, i64)>,
}

impl ObservedTrigger {
    /// `primary` is the camera that generates the pulses, if one does.
    pub fn new(rate_hz: f64, primary: Option<CameraId>) -> Self {
        Self {
            exposures: Exposures(Arc::new(ArrayQueue::new(WAITING))),
            estimator: PulseEstimator::new(PulseEstimatorConfig::new(rate_hz)),
            primary,
            silence_ns: (SILENT_PERIODS * 1e9 / rate_hz) as i64,
            reference: None,
        }
    }

    fn observe(&mut self, camera: CameraId, exposure: HostTime) {
        let (reference, seen) = self.reference.get_or_insert((self.primary.unwrap_or(camera), exposure.ns));
        let silent = exposure.ns - *seen > self.silence_ns;
        if *reference == camera || silent {
            (*reference, *seen) = (camera, exposure.ns);
            self.estimator.observe(exposure);
        }
    }
}

impl TriggerSource for ObservedTrigger {
    /// Nothing to do: the pulses start by themselves.
    fn start(&mut self) -> Result<(), TriggerError> {
        Ok(())
    }

    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError> {
        // Takes only what is queued now, so that a fast camera cannot keep this loop running.
        for _ in 0..self.exposures.0.len() {
            let Some((camera, exposure)) = self.exposures.0.pop() else { break };
            self.observe(camera, exposure);
        }
        Ok(self.estimator.pulses())
    }

    fn opening(&self) -> u32 {
        self.estimator.generation()
    }

    fn exposures(&self) -> Option<Exposures> {
        Some(self.exposures.clone())
    }

    fn stop(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_NS: i64 = 10_000_000;

    fn expose(trigger: &mut ObservedTrigger, pulse: i64, cameras: &[u16]) {
        for &camera in cameras {
            let exposure = HostTime::monotonic(7_000_000 + pulse * PERIOD_NS + i64::from(camera) * 300_000, 50_000);
            trigger.observe(CameraId(camera), exposure);
        }
    }

    #[test]
    fn another_camera_takes_the_place_of_a_silent_one_and_numbers_go_on() {
        let mut trigger = ObservedTrigger::new(100.0, None);
        (0..300).for_each(|pulse| expose(&mut trigger, pulse, &[2, 0, 1]));
        assert_eq!(trigger.reference.unwrap().0, CameraId(2), "the first that delivered");
        (300..900).for_each(|pulse| expose(&mut trigger, pulse, &[0, 1]));
        assert_eq!(trigger.reference.unwrap().0, CameraId(0));
        let train = trigger.pulses().unwrap().unwrap();
        assert_eq!(trigger.opening(), 0);
        let off_ns = train.pulse_ns(899) - (7_000_000 + 899 * PERIOD_NS);
        assert!(off_ns.abs() < PERIOD_NS / 4, "{off_ns}");
    }

    #[test]
    fn a_primary_is_the_reference_even_if_others_come_first() {
        let mut trigger = ObservedTrigger::new(100.0, Some(CameraId(1)));
        (0..100).for_each(|pulse| expose(&mut trigger, pulse, &[0, 1]));
        assert_eq!(trigger.reference.unwrap().0, CameraId(1));
        let train = trigger.pulses().unwrap().unwrap();
        assert!((train.pulse_ns(50) - (7_300_000 + 50 * PERIOD_NS)).abs() < 10_000);
    }
}
