//! The first host's pulses at a peer host.

use std::sync::Arc;
use std::time::Duration;

use capture::drivers::simulated::{SimulatedCamera, SimulatedDriver};
use capture::{CameraDriver, DriverError, DriverEvent, OpenDriver, PulseTrain, TriggerError, TriggerSource};
use frame::{SegmentId, Slot, monotonic_now_ns};

use super::peer_state::PeerState;

/// Pulses that the first host starts and counts.
pub(super) struct LinkedTrigger(pub Arc<PeerState>);

impl TriggerSource for LinkedTrigger {
    /// Nothing to do: the first host starts the pulses.
    fn start(&mut self) -> Result<(), TriggerError> {
        Ok(())
    }

    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError> {
        Ok(self.0.train().map(|(train, _)| train))
    }

    fn opening(&self) -> u32 {
        self.0.train().map_or(0, |(_, segment)| segment.opening)
    }

    fn epoch(&self) -> Option<u32> {
        Some(self.0.train()?.1.epoch)
    }

    fn stop(&mut self) {}
}

/// A simulated camera that exposes at the first host's pulses.
pub(super) struct FollowingCamera {
    link: Arc<PeerState>,
    camera: SimulatedCamera,
    /// The driver and its segment.
    driver: Option<(SegmentId, SimulatedDriver)>,
}

impl FollowingCamera {
    pub fn opener(link: Arc<PeerState>, camera: SimulatedCamera) -> OpenDriver {
        Box::new(move || Ok(Box::new(Self { link: link.clone(), camera: camera.clone(), driver: None })))
    }
}

impl CameraDriver for FollowingCamera {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let Some((train, segment)) = self.link.train() else {
            std::thread::sleep(wait.min(Duration::from_millis(20)));
            return Ok(DriverEvent::Idle);
        };
        let driver = match &mut self.driver {
            Some((of, driver)) if *of == segment => {
                driver.follow(train);
                driver
            }
            stale => {
                let next = (monotonic_now_ns() - train.start_ns) as f64 / train.period_ns;
                let camera = SimulatedCamera { pulses: train, ..self.camera.clone() };
                &mut stale.insert((segment, camera.open(next.ceil().max(0.0) as u64))).1
            }
        };
        driver.next(slot, wait)
    }
}
