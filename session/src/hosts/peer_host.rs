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

/// How often the thread that receives promises checks whether to stop.
const LISTEN: Duration = Duration::from_millis(250);

/// This host's side of the link, where it is a peer.
pub(crate) struct PeerHost {
    name: String,
    /// The rig as this host opens it.
    rig: Rig,
    /// The number of each of its cameras in the whole rig.
    numbers: Vec<u16>,
    state: Arc<PeerState>,
    views: Option<ViewSink>,
    promises: Option<Promises>,
    /// When the clock relation was last recorded in the take.
    related_ns: i64,
    threads: Vec<JoinHandle<()>>,
}

impl PeerHost {
    /// Connects to the first host at `to`, now or as soon as it is up. `whole` is the whole rig, `rig` the part that
    /// the host `name` opens.
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

    /// The pulses of the first host, which simulated cameras follow.
    pub fn take_pulses(&self, cameras: &mut [CameraSpec]) -> Pulses {
        for (spec, camera) in cameras.iter_mut().zip(&self.rig.cameras) {
            if camera.driver == Driver::Simulated {
                // The pulses are not known before the link is up.
                let simulated = simulated(camera, PulseTrain::new(0, 1e9));
                spec.open = FollowingCamera::opener(self.state.clone(), simulated);
            }
        }
        Pulses::From(Box::new(LinkedTrigger(self.state.clone())))
    }

    /// Starts the sender of views. It returns no sinks, since the first host assembles the sets.
    pub fn start_sender(
        &mut self,
        views: Receiver<ViewEvent>,
        ledgers: &[LossLedger],
    ) -> std::io::Result<JoinHandle<Sinks>> {
        self.state.set_accounts(crop_accounts(ledgers));
        let out = self.views.take().ok_or_else(|| std::io::Error::other("the sender of views was already started"))?;
        sender::start(views, ledgers, self.state.clone(), out)
    }

    /// Makes the pictures of this host's cameras for the instants that the first host promised.
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
                    Err(error) => tracing::warn!(%error, "received an invalid promise of pictures"),
                }
            }
        };
        self.threads.push(spawn("promises", body)?);
        Ok(())
    }

    /// Reports the states of this host's cameras to the first host, and returns the clock relation once a second.
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

/// Reduces a framing of the whole rig to this host's cameras, in this host's numbering.
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
