//! A peer host: opens, records and crops its own cameras, and sends the crops to the first host.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Link, Rig};
use capture::{CameraSpec, PulseTrain, Pulses};
use crossbeam::channel::Receiver;
use frame::{LossLedger, monotonic_now_ns};
use take::ClockRelation;
use transport::{CameraState, Framing, PeerHostLink, PromisedInstant, Promises, TransportError, ViewSink};

use super::asking::Asking;
use super::peer_state::PeerState;
use super::shared_pulses::{FollowingCamera, LinkedTrigger};
use super::{RELATE_EVERY, crop_accounts, rig_hash, sender, spawn};
use crate::sets::assembler::Sinks;
use crate::source::cameras::simulated;
use crate::views::ViewEvent;
use crate::views::picture_plan::PicturePlan;

/// How long the thread that hears promises waits before it looks whether it should end.
const LISTEN: Duration = Duration::from_millis(250);

/// This host's side of the link, where it is a peer.
pub(crate) struct PeerHost {
    name: String,
    /// The rig as this host opens it.
    rig: Rig,
    /// Of each of its cameras, the number in the whole rig.
    numbers: Vec<u16>,
    state: Arc<PeerState>,
    views: Option<ViewSink>,
    promises: Option<Promises>,
    /// When the take was last told how the clocks stand.
    related_ns: i64,
    threads: Vec<JoinHandle<()>>,
}

impl PeerHost {
    /// Connects to the first host at `to`, now or whenever it is there. `whole` is the whole rig, `rig` what the host
    /// of that name opens of it.
    pub fn connect(
        whole: &Rig,
        rig: Rig,
        link: &Link,
        name: &str,
        to: &str,
        preprocessing: u64,
    ) -> Result<Self, TransportError> {
        let zenoh = PeerHostLink::connect(to, &whole.name, name)?;
        let (views, promises) = (Some(zenoh.view_sink()?), Some(zenoh.promises()?));
        let names = rig.cameras.iter().map(|camera| camera.name.to_string());
        let state = Arc::new(PeerState::new(names, link.clock, preprocessing));
        let asking = Asking { state: state.clone(), host: name.to_owned(), rig: rig_hash(whole), link: zenoh };
        let threads = vec![spawn("link", move || asking.run())?];
        let number = |camera: &Camera| whole.cameras.iter().position(|other| other.name == camera.name);
        let numbers = rig.cameras.iter().filter_map(number).map(|number| number as u16).collect();
        Ok(Self { name: name.to_owned(), rig, numbers, state, views, promises, threads, related_ns: 0 })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn rig(&self) -> &Rig {
        &self.rig
    }

    /// The pulses are the first host's; simulated cameras follow them.
    pub fn take_pulses(&self, cameras: &mut [CameraSpec]) -> Pulses {
        for (spec, camera) in cameras.iter_mut().zip(&self.rig.cameras) {
            if camera.driver == Driver::Simulated {
                // It knows its pulses when the link does.
                let simulated = simulated(camera, PulseTrain::new(0, 1e9));
                spec.open = FollowingCamera::opener(self.state.clone(), simulated);
            }
        }
        Pulses::From(Box::new(LinkedTrigger(self.state.clone())))
    }

    /// Starts what sends the views to the first host. It gives no sinks back: sets close there.
    pub fn start_sender(
        &mut self,
        views: Receiver<ViewEvent>,
        ledgers: &[LossLedger],
    ) -> std::io::Result<JoinHandle<Sinks>> {
        self.state.set_accounts(crop_accounts(ledgers));
        let out = self.views.take().ok_or_else(|| std::io::Error::other("the views of this host are sent already"))?;
        sender::start(views, ledgers, self.state.clone(), out)
    }

    /// Makes the pictures that the first host promises.
    pub fn follow_promises(&mut self, plan: &PicturePlan) -> Result<(), TransportError> {
        let Some(promises) = self.promises.take() else { return Ok(()) };
        let (plan, state, numbers) = (plan.clone(), self.state.clone(), self.numbers.clone());
        let body = move || {
            while !state.closed() {
                match promises.receive(LISTEN) {
                    Ok(Some(promised)) => {
                        if let Some(exposure_ns) = state.here_ns(promised.exposure_ns) {
                            let framing = of_cameras(&numbers, &promised.framing);
                            plan.take_over(PromisedInstant { exposure_ns, framing, ..promised });
                        }
                    }
                    Ok(None) => {}
                    Err(TransportError::Closed) => return,
                    Err(error) => tracing::warn!(%error, "a promise of pictures is not understood"),
                }
            }
        };
        self.threads.push(spawn("promises", body)?);
        Ok(())
    }

    /// Tells the first host what this host's cameras are doing, and says once a second how the clocks stand.
    pub fn tick(&mut self, states: &[CameraState]) -> Option<ClockRelation> {
        self.state.set_states(states);
        let at_ns = monotonic_now_ns();
        if at_ns - self.related_ns < RELATE_EVERY.as_nanos() as i64 {
            return None;
        }
        let relation = self.state.relation(at_ns)?;
        self.related_ns = at_ns;
        Some(relation)
    }
}

/// A framing of the whole rig's cameras, with those of this host alone as it numbers them.
fn of_cameras(numbers: &[u16], framing: &Framing) -> Framing {
    let here = |cameras: &[u16]| {
        let is_among = |(camera, number): (usize, &u16)| cameras.contains(number).then_some(camera as u16);
        numbers.iter().enumerate().filter_map(is_among).collect()
    };
    Framing { whole_of: here(&framing.whole_of), stale: here(&framing.stale), ..*framing }
}

impl Drop for PeerHost {
    fn drop(&mut self) {
        self.state.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
