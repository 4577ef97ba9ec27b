//! What the first host knows of the others: who is there, how their cameras are doing, and what came of their views.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use capture::PulseBoard;
use crossbeam::channel::{Receiver, Sender};
use frame::{SegmentId, monotonic_now_ns};
use transport::{Answer, CameraState, Heard, Hello, Hellos, HostView, LinkedPulses, TransportError, Views};

use super::clock::system_clock;

/// A host that says nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A camera of another host.
pub struct Lane {
    pub host: String,
    pub name: String,
    pub views: Receiver<HostView>,
}

/// The other hosts, by name.
pub struct Guests {
    session: String,
    rig: u64,
    preprocessing: u64,
    closed: AtomicBool,
    /// Frames at the first pulses belong to it.
    first_segment: SegmentId,
    pulses: OnceLock<PulseBoard>,
    known: Mutex<HashMap<String, Guest>>,
    changed: Condvar,
    lanes: HashMap<(String, String), Sender<HostView>>,
}

/// What is known of another host.
struct Guest {
    incarnation: u64,
    said_at: Instant,
    cameras: Vec<CameraState>,
    heard: Vec<Heard>,
    refused: Option<String>,
    linked: bool,
}

impl Guests {
    /// `lanes` are where the views of each host's cameras go.
    pub fn new(rig: &Rig, preprocessing: u64, lanes: HashMap<(String, String), Sender<HostView>>) -> Self {
        let now = chrono::Utc::now();
        Self {
            session: format!("{}-{:x}", now.format("%Y-%m-%dT%H-%M-%S%.6fZ"), std::process::id()),
            rig: super::rig_hash(rig),
            preprocessing,
            closed: AtomicBool::new(false),
            // Seconds, of which a session takes some.
            first_segment: SegmentId(u32::try_from(now.timestamp()).unwrap_or_default()),
            pulses: OnceLock::new(),
            known: Mutex::new(HashMap::new()),
            changed: Condvar::new(),
            lanes,
        }
    }

    pub fn session(&self) -> &str {
        &self.session
    }

    pub fn first_segment(&self) -> SegmentId {
        self.first_segment
    }

    /// What is known of the pulses goes with each answer from now on.
    pub fn pass_on(&self, pulses: PulseBoard) {
        let _ = self.pulses.set(pulses);
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.changed.notify_all();
    }

    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Why a camera of another host delivers nothing; `Ok` when it does, or would.
    pub fn state(&self, lane: &Lane) -> Result<(), String> {
        self.state_of(&self.guests(), lane)
    }

    /// Waits until a camera of another host is armed, `until` is over or this host ends.
    pub fn wait(&self, lane: &Lane, until: Option<Instant>) -> Result<(), String> {
        let mut guests = self.guests();
        loop {
            let state = self.state_of(&guests, lane);
            if state.is_ok() || self.closed() || until.is_some_and(|until| Instant::now() >= until) {
                return state;
            }
            guests = self.changed.wait_timeout(guests, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state_of(&self, guests: &HashMap<String, Guest>, Lane { host, name, .. }: &Lane) -> Result<(), String> {
        let guest = guests.get(host).ok_or_else(|| {
            format!(
                "the host {host} is not there; start `genlock capture` on it, with --host {host} and --to this host"
            )
        })?;
        if let Some(why) = &guest.refused {
            return Err(format!("nothing is taken from the host {host}: {why}"));
        }
        if guest.said_at.elapsed() > SILENCE {
            return Err(format!("the host {host} is silent"));
        }
        match guest.cameras.iter().find(|camera| camera.name == *name) {
            Some(CameraState { failed: Some(why), .. }) => Err(format!("on {host}: {why}")),
            Some(CameraState { armed: true, .. }) => Ok(()),
            Some(_) => Err(format!("it is not open yet on {host}")),
            None => Err(format!("the host {host} does not know it")),
        }
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<String, Guest>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers until this host ends.
    pub fn answer(&self, mut hellos: Hellos) {
        while !self.closed() {
            match hellos.receive(LOOK_EVERY) {
                Ok(Some(hello)) => {
                    let host = hello.host.clone();
                    if let Err(error) = hellos.answer(&host, &self.hear(hello)) {
                        tracing::warn!(host, %error, "an answer did not leave");
                    }
                }
                Ok(None) => self.miss(),
                Err(TransportError::Closed) => return,
                Err(error) => tracing::warn!(%error, "a host says something that is not understood"),
            }
        }
    }

    fn hear(&self, hello: Hello) -> Answer {
        let shown_ns = monotonic_now_ns();
        let mut guests = self.guests();
        let known = guests.get(&hello.host);
        // One that is silent is gone, and a clock may have been set back since it began.
        let older =
            known.is_some_and(|guest| guest.incarnation > hello.incarnation && guest.said_at.elapsed() <= SILENCE);
        let refused = if older { Some("another process there joined later".into()) } else { self.refusal(&hello) };
        let (heard, linked) = known
            .filter(|guest| guest.incarnation == hello.incarnation)
            .map_or_else(|| (vec![Heard::default(); hello.cameras.len()], false), |g| (g.heard.clone(), g.linked));
        if !older {
            match &refused {
                Some(why) if !linked => tracing::error!(host = hello.host, why, "nothing is taken from this host"),
                None if !linked => tracing::info!(host = hello.host, "is linked"),
                _ => {}
            }
            let guest = Guest {
                incarnation: hello.incarnation,
                said_at: Instant::now(),
                cameras: hello.cameras,
                heard: heard.clone(),
                refused: refused.clone(),
                linked: true,
            };
            guests.insert(hello.host, guest);
            drop(guests);
            self.changed.notify_all();
        }
        let pulses = self.pulses.get().and_then(|board| {
            let published = board.read()?;
            let train = published.train;
            Some(LinkedPulses {
                start_ns: train.start_ns,
                period_ns: train.period_ns,
                uncertainty_ns: train.uncertainty_ns,
                segment: self.first_segment.0 + published.generation,
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

    fn refusal(&self, hello: &Hello) -> Option<String> {
        if !self.lanes.keys().any(|(host, _)| *host == hello.host) {
            return Some("the rig here has no camera on that host; give both the same rig file".into());
        }
        if hello.rig != self.rig {
            return Some("its rig is another one; give both hosts the same rig file".into());
        }
        let alike = hello.preprocessing == self.preprocessing;
        (!alike).then(|| "it crops its pictures otherwise; give both hosts the same [subject] and build".into())
    }

    /// Logs once that a host fell silent.
    fn miss(&self) {
        for (host, guest) in self.guests().iter_mut() {
            if guest.linked && guest.said_at.elapsed() > SILENCE {
                guest.linked = false;
                tracing::warn!(host, "is silent");
            }
        }
    }

    /// Takes views until this host ends.
    pub fn take(&self, views: &Views) {
        while !self.closed() {
            match views.receive(LOOK_EVERY) {
                Ok(Some((host, view))) => self.arrived(&host, view),
                Ok(None) => {}
                Err(TransportError::Closed) => return,
                Err(error) => tracing::warn!(%error, "a host sends something that is not understood"),
            }
        }
    }

    fn arrived(&self, host: &str, view: HostView) {
        let label = view.label;
        let mut guests = self.guests();
        let Some(guest) = guests.get_mut(host) else { return };
        let ours = guest.incarnation == label.incarnation && label.preprocessing == self.preprocessing;
        let index = usize::from(label.camera);
        let (Some(camera), Some(heard)) = (guest.cameras.get(index), guest.heard.get_mut(index)) else { return };
        if !ours || guest.refused.is_some() {
            return;
        }
        if heard.through == 0 {
            (heard.from, heard.through) = (label.crops_before, label.crops_before);
        }
        let crops = u64::from(view.has_crop);
        heard.through = heard.through.max(label.crops_before + crops);
        heard.crops += crops;
        let lane = self.lanes.get(&(host.to_owned(), camera.name.clone())).cloned();
        drop(guests);
        // A full lane shows at its driver as a hole in the numbers.
        if let Some(lane) = lane {
            let _ = lane.try_send(view);
        }
    }
}
