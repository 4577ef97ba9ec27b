//! What the first host knows of its peers: which are up, the states of their cameras, and which of their views arrived.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use capture::PulseBoard;
use frame::{CameraId, Problem, SegmentId, monotonic_now_ns};
use transport::{Answer, CameraState, Heard, Hello, HelloCamera, Hellos, HostView, LinkedPulses, TransportError};

use super::clock::system_clock;

/// A host that is silent for this long counts as gone.
const SILENCE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A camera of a peer host.
#[derive(Clone, Debug)]
pub(super) struct PeerCamera {
    /// Its number in the rig.
    pub id: CameraId,
    pub host: String,
    pub name: String,
}

/// The peer hosts, by name.
pub(super) struct Peers {
    session: String,
    rig: u64,
    preprocessing: u64,
    closed: AtomicBool,
    /// The start of the session in UTC seconds. Sessions last longer than a second, so each has its own.
    epoch: u32,
    pulses: OnceLock<PulseBoard>,
    known: Mutex<HashMap<String, Peer>>,
    cameras: Vec<PeerCamera>,
}

/// What is known of a peer host.
struct Peer {
    incarnation: u64,
    said_at: Instant,
    cameras: Vec<HelloCamera>,
    heard: Vec<Heard>,
    refused: Option<Problem>,
    linked: bool,
}

impl Peers {
    pub fn new(rig: &Rig, preprocessing: u64) -> Self {
        let now = chrono::Utc::now();
        let elsewhere = rig.cameras.iter().enumerate().filter(|(_, camera)| !camera.is_local());
        let cameras = elsewhere
            .map(|(index, camera)| PeerCamera {
                id: CameraId(index as u16),
                host: camera.host.clone(),
                name: camera.name.to_string(),
            })
            .collect();
        Self {
            session: format!("{}-{:x}", now.format("%Y-%m-%dT%H-%M-%S%.6fZ"), std::process::id()),
            rig: super::rig_hash(rig),
            preprocessing,
            closed: AtomicBool::new(false),
            epoch: u32::try_from(now.timestamp()).unwrap_or_default(),
            pulses: OnceLock::new(),
            known: Mutex::new(HashMap::new()),
            cameras,
        }
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Sends the pulses with each answer from now on.
    pub fn pass_on(&self, pulses: PulseBoard) {
        let _ = self.pulses.set(pulses);
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The cameras of all peers, in the rig's order.
    pub fn cameras(&self) -> &[PeerCamera] {
        &self.cameras
    }

    /// Why a camera delivers nothing; `Ok` when it delivers or is ready to.
    pub fn state(&self, PeerCamera { host, name, .. }: &PeerCamera) -> Result<(), Problem> {
        let peers = self.peers();
        let peer = peers.get(host).ok_or_else(|| {
            let start = format!("start `genlock capture` on it, with --host {host} and --to this host");
            Problem::with_remedy(format!("the host {host} is not connected"), start)
        })?;
        if let Some(why) = &peer.refused {
            return Err(why.clone().of(format_args!("views of the host {host} are refused")));
        }
        if peer.said_at.elapsed() > SILENCE {
            return Err(Problem::new(format!("the host {host} is silent")));
        }
        match peer.cameras.iter().find(|camera| camera.name == *name).map(|camera| &camera.state) {
            Some(CameraState::Streaming) => Ok(()),
            Some(CameraState::Failed(problem)) => Err(problem.clone().of(format_args!("on {host}"))),
            Some(CameraState::Opening) => Err(Problem::new(format!("it is not open yet on {host}"))),
            Some(CameraState::Ended) => Err(Problem::new(format!("on {host}: its source ended"))),
            None => Err(Problem::new(format!("the host {host} does not have this camera"))),
        }
    }

    fn peers(&self) -> MutexGuard<'_, HashMap<String, Peer>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers until this host ends.
    pub fn answer(&self, mut hellos: Hellos) {
        while !self.closed() {
            match hellos.receive(LOOK_EVERY) {
                Ok(Some(hello)) => {
                    let host = hello.host.clone();
                    if let Err(error) = hellos.answer(&host, &self.hear(hello)) {
                        tracing::warn!(host, %error, "could not send an answer");
                    }
                }
                Ok(None) => self.miss(),
                Err(TransportError::Closed) => return,
                Err(error) => tracing::warn!(%error, "received an invalid message from a host"),
            }
        }
    }

    fn hear(&self, hello: Hello) -> Answer {
        let shown_ns = monotonic_now_ns();
        let mut peers = self.peers();
        let known = peers.get(&hello.host);
        // A silent process counts as gone: a newer one may have a lower incarnation if the clock was set back.
        let older = known.is_some_and(|peer| peer.incarnation > hello.incarnation && peer.said_at.elapsed() <= SILENCE);
        let refused =
            if older { Some(Problem::new("another process there joined later")) } else { self.refusal(&hello) };
        let (heard, linked) = known
            .filter(|peer| peer.incarnation == hello.incarnation)
            .map_or_else(|| (vec![Heard::default(); hello.cameras.len()], false), |g| (g.heard.clone(), g.linked));
        if !older {
            match &refused {
                Some(why) if !linked => tracing::error!(host = hello.host, %why, "views of this host are refused"),
                None if !linked => tracing::info!(host = hello.host, "connected"),
                _ => {}
            }
            let peer = Peer {
                incarnation: hello.incarnation,
                said_at: Instant::now(),
                cameras: hello.cameras,
                heard: heard.clone(),
                refused: refused.clone(),
                linked: true,
            };
            peers.insert(hello.host, peer);
        }
        let pulses = self.pulses.get().and_then(|board| {
            let published = board.read()?;
            let train = published.train;
            Some(LinkedPulses {
                start_ns: train.start_ns,
                period_ns: train.period_ns,
                uncertainty_ns: train.uncertainty_ns,
                segment: SegmentId { epoch: self.epoch, opening: published.opening, seam: 0 },
            })
        });
        Answer {
            session: self.session.clone(),
            incarnation: hello.incarnation,
            asked_ns: hello.asked_ns,
            shown_ns,
            system_clock: system_clock(),
            pulses,
            heard,
            refused,
        }
    }

    fn refusal(&self, hello: &Hello) -> Option<Problem> {
        if !self.cameras.iter().any(|camera| camera.host == hello.host) {
            return Some(Problem::with_remedy(
                "the rig here has no camera on that host",
                "give both the same rig file",
            ));
        }
        if hello.rig != self.rig {
            return Some(Problem::with_remedy("its rig is different", "give both hosts the same rig file"));
        }
        let alike = hello.preprocessing == self.preprocessing;
        let remedy = "give both hosts the same [subject] and build";
        (!alike).then(|| Problem::with_remedy("it crops its pictures differently", remedy))
    }

    /// Logs once that a host fell silent.
    fn miss(&self) {
        for (host, peer) in self.peers().iter_mut() {
            if peer.linked && peer.said_at.elapsed() > SILENCE {
                peer.linked = false;
                tracing::warn!(host, "is silent");
            }
        }
    }

    /// Counts a view that arrived from the host of that name, and returns its camera. `None` for a view that is
    /// refused.
    pub fn receive(&self, host: &str, came: &HostView) -> Option<&PeerCamera> {
        let label = came.label;
        let mut peers = self.peers();
        let peer = peers.get_mut(host)?;
        let ours = peer.incarnation == label.incarnation && label.preprocessing == self.preprocessing;
        let index = usize::from(label.camera);
        let (camera, heard) = (peer.cameras.get(index)?, peer.heard.get_mut(index)?);
        if !ours || peer.refused.is_some() {
            return None;
        }
        if heard.through == 0 {
            (heard.from, heard.through) = (label.crops_before, label.crops_before);
        }
        let crops = u64::from(came.view.crop.is_some());
        heard.through = heard.through.max(label.crops_before + crops);
        heard.crops += crops;
        self.cameras.iter().find(|known| known.host == host && known.name == camera.name)
    }
}
