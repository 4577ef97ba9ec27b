//! The first host: assembles the sets, and gives its peers the time, the pulses and the instants that need pictures.

use std::sync::Arc;
use std::thread::JoinHandle;

use calibration_free_config::{Link, Rig};
use capture::{PulseBoard, RemoteCamera};
use crossbeam::channel::Sender;
use frame::{LossLedger, monotonic_now_ns};
use take::ClockRelation;
use transport::{FirstHostLink, PromiseSink, TransportError, Views};

use super::peers::Peers;
use super::remote_views::{Listeners, RemoteViews};
use super::spawn;
use crate::views::ViewEvent;
use crate::views::picture_plan::PicturePlan;

/// This host's side of the link, where it is the first host.
pub(crate) struct FirstHost {
    peers: Arc<Peers>,
    views: Option<Views>,
    promises: Arc<PromiseSink>,
    /// The take has the record of this host's clock.
    related: bool,
    answering: Option<JoinHandle<()>>,
}

impl FirstHost {
    pub fn listen(rig: &Rig, link: &Link, preprocessing: u64) -> Result<Self, TransportError> {
        let zenoh = FirstHostLink::listen(&link.listen.to_string(), &rig.name)?;
        let (hellos, views, promises) = (zenoh.hellos()?, zenoh.views()?, Arc::new(zenoh.promise_sink()?));
        let peers = Arc::new(Peers::new(rig, preprocessing));
        tracing::info!("listening on {} for the hosts {}", link.listen, rig.other_hosts().join(", "));
        let asked = peers.clone();
        let answering = Some(spawn("hosts", move || asked.answer(hellos))?);
        Ok(Self { peers, views: Some(views), promises, related: false, answering })
    }

    /// Starts receiving the views of the peers' cameras.
    pub fn take_views(
        &mut self,
        cameras: &[RemoteCamera],
        ledgers: &[LossLedger],
        listeners: Listeners,
        out: Sender<ViewEvent>,
    ) -> Result<Option<RemoteViews>, TransportError> {
        let Some(views) = self.views.take() else { return Ok(None) };
        RemoteViews::start(self.peers.clone(), views, cameras, ledgers, listeners, out).map(Some)
    }

    pub fn epoch(&self) -> u32 {
        self.peers.epoch()
    }

    /// Forwards the pulses to the peers.
    pub fn pass_on(&self, pulses: PulseBoard) {
        self.peers.pass_on(pulses);
    }

    /// Forwards the plan's promises to the peers, which make the pictures of their cameras.
    pub fn pass_on_promises(&self, plan: &PicturePlan) {
        let promises = self.promises.clone();
        plan.pass_on(move |promised| {
            if let Err(error) = promises.send(promised) {
                tracing::debug!(%error, "could not send a promise of pictures");
            }
        });
    }

    /// All clocks are recorded relative to this host's own, so one record with offset zero is enough.
    pub fn relation(&mut self) -> Option<ClockRelation> {
        let session = self.peers.session().to_owned();
        (!std::mem::replace(&mut self.related, true)).then(|| ClockRelation {
            session,
            at_ns: monotonic_now_ns(),
            offset_ns: 0,
            uncertainty_ns: 0,
        })
    }

    /// Stops receiving views.
    pub fn close(&self) {
        self.peers.close();
    }
}

impl Drop for FirstHost {
    fn drop(&mut self) {
        self.close();
        if let Some(thread) = self.answering.take() {
            let _ = thread.join();
        }
    }
}
