//! What a peer host knows of the first host, shared by the threads of the link.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use calibration_free_config::LinkClock;
use frame::{EdgeAccount, HostTime, Problem, SegmentId, monotonic_now_ns};
use frame_sync::timing::PulseTrain;
use take::ClockRelation;
use transport::{Answer, CameraState, Hello, HelloCamera, LinkedPulses};

use super::clock::{Exchange, HostClock, system_clock};
use super::receipts::Receipts;

/// Without an answer for this long, the first host counts as silent.
const SILENCE_NS: i64 = 1_000_000_000;
/// The first questions come more often, since each answer improves the clock estimate.
const FIRST_QUESTIONS: u32 = 40;

/// The link to the first host: its clock and pulses, and which crops it received.
pub(super) struct PeerState {
    pub incarnation: u64,
    pub preprocessing: u64,
    closed: AtomicBool,
    known: Mutex<Known>,
}

struct Known {
    clock: HostClock,
    pulses: Option<LinkedPulses>,
    session: Option<String>,
    answered_ns: i64,
    answers: u32,
    /// Why nothing is sent even though the first host answers.
    refused: Option<Problem>,
    /// Whether the link is up and was logged as such.
    linked: bool,
    cameras: Vec<HelloCamera>,
    receipts: Vec<Receipts>,
    accounts: Vec<EdgeAccount>,
}

/// What a view needs to be sent over the link.
pub(super) struct Linked {
    pub exposure: HostTime,
    pub crops_before: u64,
}

impl PeerState {
    /// `names` are those of this host's cameras.
    pub fn new(names: impl ExactSizeIterator<Item = String>, clock: LinkClock, preprocessing: u64) -> Self {
        let camera = |name| HelloCamera { name, state: CameraState::Opening };
        Self {
            incarnation: chrono::Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX).unsigned_abs(),
            preprocessing,
            closed: AtomicBool::new(false),
            known: Mutex::new(Known {
                clock: HostClock::new(clock),
                pulses: None,
                session: None,
                answered_ns: i64::MIN,
                answers: 0,
                refused: None,
                linked: false,
                receipts: (0..names.len()).map(|_| Receipts::default()).collect(),
                cameras: names.map(camera).collect(),
                accounts: vec![],
            }),
        }
    }

    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The accounts of the cameras' crops, in which receipts are counted.
    pub fn set_accounts(&self, accounts: Vec<EdgeAccount>) {
        self.known().accounts = accounts;
    }

    /// What this host's cameras are doing.
    pub fn set_states(&self, states: &[CameraState]) {
        for (camera, state) in self.known().cameras.iter_mut().zip(states) {
            camera.state.clone_from(state);
        }
    }

    /// The next question, without its time, and whether it is one of the first.
    pub fn question(&self, host: &str, rig: u64) -> (Hello, bool) {
        let known = self.known();
        let hello = Hello {
            host: host.to_owned(),
            incarnation: self.incarnation,
            rig,
            preprocessing: self.preprocessing,
            asked_ns: 0,
            cameras: known.cameras.clone(),
        };
        (hello, known.answers < FIRST_QUESTIONS)
    }

    /// This host's clock against the first host's; `None` while the estimate is poor or the first host is silent.
    pub fn relation(&self, at_ns: i64) -> Option<ClockRelation> {
        let known = self.known();
        if known.answers < FIRST_QUESTIONS || at_ns.saturating_sub(known.answered_ns) > SILENCE_NS {
            return None;
        }
        let there = known.clock.there(at_ns)?;
        Some(ClockRelation {
            session: known.session.clone()?,
            at_ns,
            offset_ns: there.ns - at_ns,
            uncertainty_ns: there.uncertainty_ns,
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first host's pulses on this host's clock, and their segment.
    pub fn train(&self) -> Option<(PulseTrain, SegmentId)> {
        let known = self.known();
        let pulses = known.pulses.as_ref()?;
        Some((known.clock.train(pulses, monotonic_now_ns())?, pulses.segment))
    }

    /// Converts a time of the first host to this host's clock; `None` while the clock relation is unknown.
    pub fn here_ns(&self, there_ns: i64) -> Option<i64> {
        Some(self.known().clock.here(there_ns, monotonic_now_ns())?.ns)
    }

    /// Converts the exposure to the first host's clock and counts the crop as sent; `None` if it cannot be sent now.
    pub fn send(&self, camera: usize, exposure: HostTime, crop: bool) -> Option<Linked> {
        let mut known = self.known();
        let silent = monotonic_now_ns().saturating_sub(known.answered_ns) > SILENCE_NS;
        if silent || known.refused.is_some() {
            return None;
        }
        let there = known.clock.there(exposure.ns)?;
        let uncertainty_ns = exposure.uncertainty_ns.saturating_add(there.uncertainty_ns);
        let receipts = known.receipts.get_mut(camera)?;
        let crops_before = receipts.sent;
        receipts.sent += u64::from(crop);
        Some(Linked { exposure: HostTime { uncertainty_ns, ..there }, crops_before })
    }

    pub fn in_flight(&self) -> u64 {
        self.known().receipts.iter().map(Receipts::in_flight).sum()
    }

    /// Counts all crops in flight as lost, since no more answers will come.
    pub fn give_up(&self) {
        let Known { receipts, accounts, .. } = &mut *self.known();
        receipts.iter_mut().zip(accounts).for_each(|(receipts, account)| receipts.give_up(account));
    }

    pub fn answered(&self, answer: Answer, answered_ns: i64) {
        let known = &mut *self.known();
        if known.session.as_ref() != Some(&answer.session) {
            tracing::info!(session = answer.session, "the first host answers");
        }
        let exchange = Exchange {
            asked_ns: answer.asked_ns,
            answered_ns,
            shown_ns: answer.shown_ns,
            here: system_clock(),
            there: answer.system_clock,
        };
        let untimed = known.clock.observe(&exchange).err();
        let refused = answer.refused.or(untimed);
        if refused != known.refused {
            match &refused {
                Some(why) => tracing::error!(%why, "nothing is sent to the first host; recording continues"),
                None => tracing::info!("the first host accepts this host's views"),
            }
        }
        for ((receipts, heard), account) in known.receipts.iter_mut().zip(answer.heard).zip(&known.accounts) {
            receipts.settle(&answer.session, heard, account);
        }
        known.session = Some(answer.session);
        known.pulses = answer.pulses.or(known.pulses);
        known.refused = refused;
        known.answered_ns = answered_ns;
        known.answers += 1;
        if !std::mem::replace(&mut known.linked, true) {
            tracing::info!("the link to the first host is up");
        }
    }

    /// Logs once that the first host fell silent.
    pub fn miss(&self) {
        let mut known = self.known();
        if known.linked && monotonic_now_ns().saturating_sub(known.answered_ns) > SILENCE_NS {
            known.linked = false;
            tracing::warn!("the first host is silent; recording continues, and the link is retried");
        }
    }
}
