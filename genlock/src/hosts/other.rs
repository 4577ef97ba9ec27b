use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use calibration_free_config::{Camera, Driver, Link, Rig};
use capture::{CameraSpec, PulseTrain, Pulses};
use frame::{EdgeAccount, HostTime, LossLedger, monotonic_now_ns};
use take::ClockRelation;
use transport::{
    Answer, CameraState, Framing, Hello, LinkedPulses, OtherHost, PromisedInstant, Promises, TransportError, ViewSink,
};

use super::RELATE_EVERY;
use super::clock::{Exchange, HostClock, system_clock};
use super::first::spawn;
use super::follow::{FollowingCamera, LinkedTrigger};
use super::receipts::Receipts;
use crate::session::picture_plan::PicturePlan;
use crate::source::simulated;

/// A few a second tell the time; at first more, since each can only narrow what is known.
const ASK_EVERY: Duration = Duration::from_millis(200);
const ASK_FIRST_EVERY: Duration = Duration::from_millis(25);
const FIRST_QUESTIONS: u32 = 40;
/// How long a listener waits before it looks whether it should end.
const LISTEN: Duration = Duration::from_millis(250);
/// An answer that is older says nothing of whether the first host still listens.
const SILENCE_NS: i64 = 1_000_000_000;

/// A host that sends its views to the first one.
pub struct Other {
    host: String,
    /// The rig as this host opens it.
    here: Rig,
    /// Of each of its cameras, the number in the whole rig.
    numbers: Vec<u16>,
    shared: Arc<Shared>,
    views: Option<ViewSink>,
    promises: Option<Promises>,
    /// When the take was last told how the clocks stand.
    related_ns: i64,
    threads: Vec<JoinHandle<()>>,
}

pub struct Shared {
    pub incarnation: u64,
    pub preprocessing: u64,
    closed: AtomicBool,
    state: Mutex<State>,
}

struct State {
    clock: HostClock,
    pulses: Option<LinkedPulses>,
    session: Option<String>,
    answered_ns: i64,
    answers: u32,
    /// Why nothing is sent although the first host answers.
    refused: Option<String>,
    /// Whether that the link is there was told.
    linked: bool,
    cameras: Vec<CameraState>,
    receipts: Vec<Receipts>,
    accounts: Vec<EdgeAccount>,
}

impl Other {
    /// `rig` is the whole one, `here` what this host opens of it.
    pub fn connect(
        rig: &Rig,
        here: Rig,
        link: &Link,
        host: &str,
        to: &str,
        preprocessing: u64,
    ) -> Result<Self, TransportError> {
        let zenoh = OtherHost::connect(to, &rig.name, host)?;
        let (views, promises) = (Some(zenoh.view_sink()?), Some(zenoh.promises()?));
        let states = here.cameras.iter().map(|c| CameraState { name: c.name.to_string(), armed: false, failed: None });
        let shared = Arc::new(Shared {
            incarnation: chrono::Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX).unsigned_abs(),
            preprocessing,
            closed: AtomicBool::new(false),
            state: Mutex::new(State {
                clock: HostClock::new(link.clock),
                pulses: None,
                session: None,
                answered_ns: i64::MIN,
                answers: 0,
                refused: None,
                linked: false,
                cameras: states.collect(),
                receipts: here.cameras.iter().map(|_| Receipts::default()).collect(),
                accounts: vec![],
            }),
        });
        let asking = Asking { shared: shared.clone(), host: host.to_owned(), rig: super::rig_hash(rig), zenoh };
        let threads = vec![spawn("link", move || asking.run())?];
        let number = |camera: &Camera| rig.cameras.iter().position(|other| other.name == camera.name);
        let numbers = here.cameras.iter().filter_map(number).map(|number| number as u16).collect();
        Ok(Self { host: host.to_owned(), here, numbers, shared, views, promises, threads, related_ns: 0 })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn here(&self) -> &Rig {
        &self.here
    }

    /// The pulses are the first host's; simulated cameras follow them.
    pub fn take_over(&self, cameras: &mut [CameraSpec]) -> Pulses {
        for (spec, camera) in cameras.iter_mut().zip(&self.here.cameras) {
            if camera.driver == Driver::Simulated {
                // It knows its pulses when the link does.
                let simulated = simulated(camera, PulseTrain::new(0, 1e9));
                spec.open = FollowingCamera::opener(self.shared.clone(), simulated);
            }
        }
        Pulses::From(Box::new(LinkedTrigger(self.shared.clone())))
    }

    /// What sends the views; given once. The accounts are told what came.
    pub fn sender(&mut self, ledgers: &[LossLedger]) -> Option<(Arc<Shared>, ViewSink)> {
        self.shared.state().accounts = super::crop_accounts(ledgers);
        Some((self.shared.clone(), self.views.take()?))
    }

    /// The pictures that the first host promises are made by this plan.
    pub fn follow_promises(&mut self, plan: &PicturePlan) -> Result<(), TransportError> {
        let Some(promises) = self.promises.take() else { return Ok(()) };
        let (plan, shared, numbers) = (plan.clone(), self.shared.clone(), self.numbers.clone());
        let body = move || {
            while !shared.closed.load(Ordering::Acquire) {
                match promises.receive(LISTEN) {
                    Ok(Some(promised)) => {
                        if let Some(exposure_ns) = shared.here_ns(promised.exposure_ns) {
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

    /// By their states for the page.
    pub fn tell(&self, states: &[String]) {
        for (camera, state) in self.shared.state().cameras.iter_mut().zip(states) {
            camera.armed = state == crate::control::STREAMING;
            camera.failed = state.strip_prefix(crate::control::FAILED).map(str::to_owned);
        }
    }

    /// Once a second, as long as the first host answers.
    pub fn relation(&mut self) -> Option<ClockRelation> {
        let state = self.shared.state();
        let at_ns = monotonic_now_ns();
        let due = at_ns - self.related_ns >= RELATE_EVERY.as_nanos() as i64;
        if !due || state.answers < FIRST_QUESTIONS || at_ns - state.answered_ns > SILENCE_NS {
            return None;
        }
        self.related_ns = at_ns;
        let there = state.clock.there(at_ns)?;
        Some(ClockRelation {
            session: state.session.clone()?,
            at_ns,
            offset_ns: there.ns - at_ns,
            uncertainty_ns: there.uncertainty_ns,
        })
    }

    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
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

impl Drop for Other {
    fn drop(&mut self) {
        self.close();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What the first host takes at this moment.
pub struct Linked {
    pub exposure: HostTime,
    pub crops_before: u64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first host's pulses on this host's clock, and their segment.
    pub fn train(&self) -> Option<(PulseTrain, u32)> {
        let state = self.state();
        let pulses = state.pulses.as_ref()?;
        Some((state.clock.train(pulses, monotonic_now_ns())?, pulses.segment))
    }

    /// A time of the first host on this host's clock; none while that is not known.
    fn here_ns(&self, there_ns: i64) -> Option<i64> {
        Some(self.state().clock.here(there_ns, monotonic_now_ns())?.ns)
    }

    /// The exposure on the first host's clock, and one crop more on its way; `None` while nobody takes it.
    pub fn send(&self, camera: usize, exposure: HostTime, crop: bool) -> Option<Linked> {
        let mut state = self.state();
        let silent = monotonic_now_ns().saturating_sub(state.answered_ns) > SILENCE_NS;
        if silent || state.refused.is_some() {
            return None;
        }
        let there = state.clock.there(exposure.ns)?;
        let uncertainty_ns = exposure.uncertainty_ns.saturating_add(there.uncertainty_ns);
        let receipts = state.receipts.get_mut(camera)?;
        let crops_before = receipts.sent;
        receipts.sent += u64::from(crop);
        Some(Linked { exposure: HostTime { uncertainty_ns, ..there }, crops_before })
    }

    pub fn in_flight(&self) -> u64 {
        self.state().receipts.iter().map(Receipts::in_flight).sum()
    }

    /// Nothing will be heard any more.
    pub fn give_up(&self) {
        let State { receipts, accounts, .. } = &mut *self.state();
        receipts.iter_mut().zip(accounts).for_each(|(receipts, account)| receipts.give_up(account));
    }

    fn answered(&self, answer: Answer, answered_ns: i64) {
        let state = &mut *self.state();
        if state.session.as_ref() != Some(&answer.session) {
            tracing::info!(session = answer.session, "the first host answers");
        }
        let exchange = Exchange {
            asked_ns: answer.asked_ns,
            answered_ns,
            shown_ns: answer.shown_ns,
            here: system_clock(),
            there: answer.system_clock,
        };
        let untimed = state.clock.observe(&exchange).err().map(str::to_owned);
        let refused = answer.refused.or(untimed);
        if refused != state.refused {
            match &refused {
                Some(why) => tracing::error!(why, "nothing goes to the first host; recording goes on"),
                None => tracing::info!("the first host takes this host's views"),
            }
        }
        for ((receipts, heard), account) in state.receipts.iter_mut().zip(answer.heard).zip(&state.accounts) {
            receipts.settle(&answer.session, heard, account);
        }
        state.session = Some(answer.session);
        state.pulses = answer.pulses.or(state.pulses);
        state.refused = refused;
        state.answered_ns = answered_ns;
        state.answers += 1;
        if !std::mem::replace(&mut state.linked, true) {
            tracing::info!("the link to the first host is there");
        }
    }

    /// Says once that the first host fell silent.
    fn miss(&self) {
        let mut state = self.state();
        if state.linked && monotonic_now_ns().saturating_sub(state.answered_ns) > SILENCE_NS {
            state.linked = false;
            tracing::warn!("the first host is silent; recording goes on, and the link is tried again");
        }
    }
}

/// The thread that asks.
struct Asking {
    shared: Arc<Shared>,
    host: String,
    rig: u64,
    zenoh: OtherHost,
}

impl Asking {
    fn run(self) {
        while !self.shared.closed.load(Ordering::Acquire) {
            if let Err(error) = self.ask() {
                tracing::warn!(%error, "the link to the first host");
                if matches!(error, TransportError::Closed) {
                    return;
                }
            }
            self.shared.miss();
        }
    }

    /// One question, and whatever answers come until the next is due.
    fn ask(&self) -> Result<(), TransportError> {
        let (every, hello) = {
            let state = self.shared.state();
            let every = if state.answers < FIRST_QUESTIONS { ASK_FIRST_EVERY } else { ASK_EVERY };
            let hello = Hello {
                host: self.host.clone(),
                incarnation: self.shared.incarnation,
                rig: self.rig,
                preprocessing: self.shared.preprocessing,
                asked_ns: 0,
                cameras: state.cameras.clone(),
            };
            (every, hello)
        };
        let asked_ns = monotonic_now_ns();
        let due_ns = asked_ns + every.as_nanos() as i64;
        self.zenoh.say(&Hello { asked_ns, ..hello })?;
        loop {
            let left_ns = due_ns - monotonic_now_ns();
            if left_ns <= 0 {
                return Ok(());
            }
            let Some(answer) = self.zenoh.receive(Duration::from_nanos(left_ns as u64))? else { return Ok(()) };
            let answered_ns = monotonic_now_ns();
            if answer.incarnation == self.shared.incarnation {
                self.shared.answered(answer, answered_ns);
            }
        }
    }
}
