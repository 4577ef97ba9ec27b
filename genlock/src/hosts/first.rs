use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use calibration_free_config::{LOCAL, Link, Rig};
use capture::{CameraSpec, PulseBoard, Role};
use crossbeam::channel::bounded;
use frame::{SegmentId, monotonic_now_ns};
use take::ClockRelation;
use transport::{FirstHost, PromiseSink, TransportError};

use super::guests::{Guests, Lane};
use super::remote_camera::RemoteCamera;
use crate::session::picture_plan::PicturePlan;
use crate::session::pool_buffers;

/// Views of one camera that may wait for its driver.
const WAITING_VIEWS: usize = 64;
/// Room for what is said of a view beside its crop.
const HEADER_BYTES: usize = 256;

/// The host that puts the sets together: takes views of other hosts, and gives them time and pulses.
pub struct First {
    guests: Arc<Guests>,
    /// One for each camera of another host, until its driver has it.
    lanes: Vec<(usize, Lane)>,
    /// Expected size of a view.
    view_bytes: usize,
    threads: Vec<JoinHandle<()>>,
    related: bool,
    promises: Arc<PromiseSink>,
}

impl First {
    pub fn listen(rig: &Rig, link: &Link, preprocessing: u64) -> Result<Self, TransportError> {
        let zenoh = FirstHost::listen(&link.listen.to_string(), &rig.name)?;
        let (hellos, views, promises) = (zenoh.hellos()?, zenoh.views()?, Arc::new(zenoh.promise_sink()?));
        let (mut lanes, mut senders) = (vec![], HashMap::new());
        for (index, camera) in rig.cameras.iter().enumerate().filter(|(_, camera)| camera.host != LOCAL) {
            let (sender, views) = bounded(WAITING_VIEWS);
            let (host, name) = (camera.host.clone(), camera.name.to_string());
            senders.insert((host.clone(), name.clone()), sender);
            lanes.push((index, Lane { host, name, views }));
        }
        let guests = Arc::new(Guests::new(rig, preprocessing, senders));
        tracing::info!("listening on {} for the hosts {}", link.listen, rig.other_hosts().join(", "));
        let (answering, taking) = (guests.clone(), guests.clone());
        let threads =
            vec![spawn("hosts", move || answering.answer(hellos))?, spawn("views", move || taking.take(&views))?];
        let view_bytes = 4 * usize::from(rig.subject.crop_px).pow(2) + HEADER_BYTES;
        Ok(Self { guests, lanes, view_bytes, threads, related: false, promises })
    }

    /// Gives the cameras of other hosts their driver.
    pub fn take_over(&mut self, cameras: &mut [CameraSpec]) {
        for (index, lane) in self.lanes.drain(..) {
            let camera = RemoteCamera::opener(self.guests.clone(), lane);
            let spec = &mut cameras[index];
            (spec.open, spec.role) = (camera, Role::Follows);
            // Views are recorded where they were taken.
            (spec.pool_buffers, spec.unit_bytes) = (pool_buffers(0), self.view_bytes);
        }
    }

    pub fn first_segment(&self) -> SegmentId {
        self.guests.first_segment()
    }

    /// Passes on what is known of the pulses.
    pub fn pass_on(&self, pulses: PulseBoard) {
        self.guests.pass_on(pulses);
    }

    /// The other hosts make the pictures that this plan promises.
    pub fn pass_on_promises(&self, plan: &PicturePlan) {
        let promises = self.promises.clone();
        plan.pass_on(move |promised| {
            if let Err(error) = promises.send(promised) {
                tracing::debug!(%error, "a promise of pictures did not leave");
            }
        });
    }

    /// All clocks are related to this host's own, which is said once.
    pub fn relation(&mut self) -> Option<ClockRelation> {
        let session = self.guests.session().to_owned();
        (!std::mem::replace(&mut self.related, true)).then(|| ClockRelation {
            session,
            at_ns: monotonic_now_ns(),
            offset_ns: 0,
            uncertainty_ns: 0,
        })
    }

    pub fn close(&self) {
        self.guests.close();
    }
}

impl Drop for First {
    fn drop(&mut self) {
        self.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, TransportError> {
    std::thread::Builder::new().name(name.into()).spawn(body).map_err(TransportError::Thread)
}
