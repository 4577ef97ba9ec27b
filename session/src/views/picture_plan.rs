//! Which frames become pictures for the finder of joints: those of the instants that inference asked for, the same in
//! all cameras.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frame::{CameraId, HostTime, SegmentId, TriggerIndex};
use transport::{Framing, PromisedInstant, WantedPictures};

/// Instants that may be due at a time, so that a camera whose frames arrive late still finds its instant.
const REMEMBERED: usize = 16;
/// How many consecutive instants inference may request at once.
const MOST_IN_A_ROW: u8 = 8;

/// The picture to make of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The square around the subject, if there is one.
    Square,
    /// The square around the subject, or the whole frame if there is none.
    SquareOrWhole,
    /// The whole frame.
    Whole,
}

/// Shared by the croppers and the receiver of inference's requests. Promises instants that no camera has reached yet.
#[derive(Clone, Default)]
pub struct PicturePlan(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    period_ns: i64,
    /// The latest instant that any camera has reached.
    newest: Option<Instant>,
    due: Vec<Promise>,
    /// Cameras whose background must be learned again.
    stale: Vec<u16>,
    /// A request that came before the first frame.
    waiting: Option<WantedPictures>,
    /// Called with every promised instant.
    pass_on: Option<PassOn>,
}

/// Sends a promise to the peer hosts.
type PassOn = Box<dyn Fn(&PromisedInstant) + Send>;

#[derive(Clone, Copy)]
struct Instant {
    segment: SegmentId,
    pulse: Option<u64>,
    exposure_ns: i64,
}

struct Promise {
    at: Instant,
    framing: Framing,
    /// Whether some camera had a frame of it.
    met: bool,
}

impl PicturePlan {
    /// Resets the plan for a session at this rate.
    pub(crate) fn begin(&self, rate_hz: f64) {
        let mut state = self.state();
        let pass_on = state.pass_on.take();
        *state = State { period_ns: (1e9 / rate_hz) as i64, pass_on, ..State::default() };
    }

    /// Calls `pass_on` with every promise, so that peer hosts make the same pictures.
    pub(crate) fn pass_on(&self, pass_on: impl Fn(&PromisedInstant) + Send + 'static) {
        self.state().pass_on = Some(Box::new(pass_on));
    }

    /// Adds an instant that the first host promised; its time is on this host's clock.
    pub(crate) fn take_over(&self, promised: PromisedInstant) {
        let PromisedInstant { segment, pulse, exposure_ns, framing } = promised;
        let at = Instant { segment, pulse, exposure_ns };
        let mut state = self.state();
        state.add_stale(&framing.stale);
        // The first host replaces instants that a seam skipped.
        state.remember(Promise { at, framing, met: true });
    }

    /// Handles a request of inference for pictures.
    pub fn want(&self, wanted: WantedPictures) {
        let mut state = self.state();
        state.add_stale(&wanted.framing.stale);
        match state.newest {
            Some(_) => state.promise(wanted),
            None => state.waiting = Some(wanted),
        }
    }

    /// The picture to make of a frame. Call it once for every frame, before processing the frame.
    pub(crate) fn due(
        &self,
        camera: CameraId,
        segment: SegmentId,
        trigger: TriggerIndex,
        exposure: HostTime,
    ) -> Option<Due> {
        let mut state = self.state();
        let at = Instant { segment, pulse: trigger.pulse(), exposure_ns: exposure.ns };
        if state.newest.is_none_or(|newest| at.exposure_ns > newest.exposure_ns) {
            state.newest = Some(at);
            state.renew(at.exposure_ns);
        }
        if let Some(wanted) = state.waiting.take() {
            state.promise(wanted);
        }
        let half_ns = state.period_ns / 2;
        let promise = state.due.iter_mut().find(|promise| promise.at.is(&at, half_ns))?;
        promise.met = true;
        Some(match &promise.framing {
            framing if framing.whole_of.contains(&camera.0) => Due::Whole,
            framing if framing.whole_still => Due::SquareOrWhole,
            _ => Due::Square,
        })
    }

    /// Whether a camera's background must be learned again; clears the mark.
    pub(crate) fn take_stale(&self, camera: CameraId) -> bool {
        let stale = &mut self.state().stale;
        let before = stale.len();
        stale.retain(|&other| other != camera.0);
        stale.len() < before
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change leaves the state consistent, so a poisoned lock is still usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instant {
    /// Whether both are the same instant: by pulse number if both have one, else by time.
    fn is(&self, other: &Self, half_period_ns: i64) -> bool {
        match (self.pulse, other.pulse) {
            (Some(a), Some(b)) => self.segment == other.segment && a == b,
            _ => (-half_period_ns..half_period_ns).contains(&(other.exposure_ns - self.exposure_ns)),
        }
    }
}

impl State {
    /// Marks each camera at most once, since the mark of a peer host's camera is never taken on this host.
    fn add_stale(&mut self, cameras: &[u16]) {
        let new = cameras.iter().filter(|camera| !self.stale.contains(camera)).copied().collect::<Vec<_>>();
        self.stale.extend(new);
    }

    fn promise(&mut self, wanted: WantedPictures) {
        let Some(newest) = self.newest.filter(|_| self.period_ns > 0) else { return };
        let ahead_ns = (wanted.after_ns - newest.exposure_ns).max(0);
        // At least one: the newest instant is already being processed.
        let first = (ahead_ns.saturating_add(self.period_ns - 1) / self.period_ns).max(1);
        for step in first..first + i64::from(wanted.in_a_row.clamp(1, MOST_IN_A_ROW)) {
            let at = Instant {
                segment: newest.segment,
                pulse: newest.pulse.and_then(|pulse| pulse.checked_add_signed(step)),
                exposure_ns: newest.exposure_ns.saturating_add(step.saturating_mul(self.period_ns)),
            };
            if let Some(pass_on) = &self.pass_on {
                let Instant { segment, pulse, exposure_ns } = at;
                let framing = wanted.framing.clone();
                pass_on(&PromisedInstant { segment, pulse, exposure_ns, framing });
            }
            self.remember(Promise { at, framing: wanted.framing.clone(), met: false });
        }
    }

    fn remember(&mut self, promise: Promise) {
        self.due.push(promise);
        let surplus = self.due.len().saturating_sub(REMEMBERED);
        self.due.drain(..surplus);
    }

    /// Replaces promised instants that passed without any frame, as at a seam, by new ones.
    fn renew(&mut self, now_ns: i64) {
        let overdue_ns = now_ns - self.period_ns - self.period_ns / 2;
        let passed = |promise: &Promise| !promise.met && promise.at.exposure_ns < overdue_ns;
        let missed: Vec<_> = self.due.extract_if(.., |promise| passed(promise)).collect();
        let in_a_row = u8::try_from(missed.len()).unwrap_or(MOST_IN_A_ROW);
        if let Some(Promise { framing, .. }) = missed.into_iter().next() {
            self.promise(WantedPictures { after_ns: 0, in_a_row, framing });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_NS: i64 = 20_000_000;

    /// A frame of the first camera.
    fn frame(segment: u32, pulse: Option<u64>, exposure_ns: i64) -> (CameraId, SegmentId, TriggerIndex, HostTime) {
        let trigger = pulse.map_or(TriggerIndex::Unresolved, TriggerIndex::Certain);
        (CameraId(0), SegmentId::seam(segment), trigger, HostTime::monotonic(exposure_ns, 0))
    }

    fn pulse(number: u64) -> (CameraId, SegmentId, TriggerIndex, HostTime) {
        frame(0, Some(number), number as i64 * PERIOD_NS)
    }

    fn ask(plan: &PicturePlan, frame: (CameraId, SegmentId, TriggerIndex, HostTime)) -> Option<Due> {
        let (camera, segment, trigger, exposure) = frame;
        plan.due(camera, segment, trigger, exposure)
    }

    fn wanted(after_ns: i64, in_a_row: u8) -> WantedPictures {
        WantedPictures { after_ns, in_a_row, framing: Framing::default() }
    }

    fn plan() -> PicturePlan {
        let plan = PicturePlan::default();
        plan.begin(1e9 / PERIOD_NS as f64);
        plan
    }

    /// Which of the pulses are due for three cameras, of which the last is two pulses late.
    fn due(plan: &PicturePlan, pulses: std::ops::Range<u64>) -> Vec<u64> {
        let mut due = Vec::new();
        for number in pulses {
            let answers = [number, number, number - 2].map(|number| ask(plan, pulse(number)));
            assert_eq!(answers[0], answers[1]);
            if answers[2].is_some() {
                due.push(number - 2);
            }
        }
        due
    }

    #[test]
    fn all_cameras_make_the_same_instants_and_no_others() {
        let plan = plan();
        assert!(due(&plan, 10..15).is_empty());
        plan.want(wanted(0, 1));
        assert_eq!(due(&plan, 15..20), [15]);
        plan.want(wanted(24 * PERIOD_NS - 5, 3));
        assert_eq!(due(&plan, 20..30), [24, 25, 26]);
        let framing = Framing { whole_still: true, whole_of: vec![1], stale: vec![1] };
        plan.want(WantedPictures { framing, ..wanted(0, 1) });
        assert_eq!(ask(&plan, pulse(30)), Some(Due::SquareOrWhole));
        assert_eq!(
            plan.due(
                CameraId(1),
                SegmentId::seam(0),
                TriggerIndex::Certain(30),
                HostTime::monotonic(30 * PERIOD_NS, 0)
            ),
            Some(Due::Whole)
        );
        assert_eq!([0, 1, 1].map(|camera| plan.take_stale(CameraId(camera))), [false, true, false]);
    }

    #[test]
    fn another_host_makes_the_same_instants() {
        let (here, there) = (plan(), plan());
        let other = there.clone();
        here.pass_on(move |promised| other.take_over(promised.clone()));
        due(&here, 10..12);
        here.want(wanted(0, 2));
        assert_eq!(due(&there, 12..20), [12, 13]);
        assert_eq!(due(&here, 12..20), [12, 13]);
    }

    #[test]
    fn what_was_wanted_before_the_first_frame_is_not_forgotten() {
        let plan = plan();
        plan.want(wanted(0, 1));
        assert_eq!(ask(&plan, pulse(7)), None, "the first instant is under way");
        assert_eq!(ask(&plan, pulse(8)), Some(Due::Square));
    }

    #[test]
    fn an_instant_that_a_seam_swallows_is_made_up_for() {
        let plan = plan();
        ask(&plan, pulse(7));
        plan.want(wanted(0, 2));
        let after = |number: i64| frame(1, Some(number as u64), (8 + number) * PERIOD_NS);
        let due: Vec<_> = (0..8).filter(|&number| ask(&plan, after(number)).is_some()).collect();
        assert_eq!(due.len(), 2, "{due:?}");
    }

    #[test]
    fn cameras_that_run_free_go_by_time() {
        let plan = plan();
        let free = |at: i64, late_ns: i64| ask(&plan, frame(0, None, at * PERIOD_NS + late_ns));
        free(3, 0);
        plan.want(wanted(0, 1));
        assert_eq!([free(4, 0), free(4, 5_000_000), free(4, -5_000_000)], [Some(Due::Square); 3]);
        assert_eq!([free(5, 0), free(5, 5_000_000)], [None; 2]);
    }
}
