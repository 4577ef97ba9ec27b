//! The recorder's consumer at the router. It follows the cameras as long as they run, and passes frames on while a take
//! is recorded, so that takes can begin and end at any time.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capture::FrameConsumer;
use crossbeam::channel::{Sender, TrySendError};
use frame::{CameraId, FrameRef, LossLedger, LossReason, Quota, monotonic_now_ns};
use take::Gap;

use super::{Job, QUEUED_BYTES, Shared, extend_or_push};

/// How long to wait for a busy disk with all of the last gaps: less than a session gives the router to end.
const LAST_GAPS: Duration = Duration::from_secs(3);

/// The recorder's consumer at the router.
pub struct RecorderTap(Arc<Mutex<State>>);

/// Begins and ends takes at a [`RecorderTap`].
#[derive(Clone)]
pub struct TapSwitch(Arc<Mutex<State>>);

struct State {
    cameras: Vec<CameraTap>,
    /// Where frames go; `None` while nothing is recorded.
    take: Option<Entrance>,
}

/// The way into a take.
pub(super) struct Entrance {
    pub jobs: Sender<Job>,
    pub shared: Arc<Shared>,
}

struct CameraTap {
    quota: Quota,
    ledger: LossLedger,
    next_sequence: u64,
    /// Losses before the router that are already accounted for: written as gaps, or of a time without a take.
    reported: BTreeMap<LossReason, u64>,
    /// Whether losses before the next frame belong to the take: those before its first frame do only where it began with
    /// the cameras.
    in_take: bool,
    pending: Vec<Gap>,
}

/// What a take that ended still has to be told.
pub(super) struct LastGaps {
    jobs: Sender<Job>,
    gaps: Vec<Gap>,
}

/// A consumer that records nothing yet, and its switch. Up to `buffers` of each camera may be queued for the disk.
pub fn tap(ledgers: &[LossLedger], buffers: usize) -> (RecorderTap, TapSwitch) {
    let camera = |ledger: &LossLedger| CameraTap {
        quota: Quota::new(buffers),
        ledger: ledger.clone(),
        next_sequence: 0,
        reported: BTreeMap::new(),
        in_take: true,
        pending: vec![],
    };
    let state = State { cameras: ledgers.iter().map(camera).collect(), take: None };
    let state = Arc::new(Mutex::new(state));
    (RecorderTap(state.clone()), TapSwitch(state))
}

impl TapSwitch {
    /// Frames from now on go into a take.
    pub(super) fn begin(&self, take: Entrance) {
        lock(&self.0).take = Some(take);
    }

    /// Frames from now on are in no take. `cameras_over`: no more frames can come, so the losses after the last ones are
    /// final and belong to the take.
    pub(super) fn end(&self, cameras_over: bool) -> Option<LastGaps> {
        let mut state = lock(&self.0);
        let State { cameras, take } = &mut *state;
        let Entrance { jobs, shared } = take.take()?;
        let mut gaps = vec![];
        for (index, camera) in cameras.iter_mut().enumerate() {
            if cameras_over {
                camera.hole(CameraId(index as u16), u64::MAX, Some(&shared));
            }
            gaps.append(&mut camera.pending);
            camera.in_take = false;
        }
        Some(LastGaps { jobs, gaps })
    }
}

impl LastGaps {
    /// Hands over the gaps. May wait for a busy disk.
    pub fn send(self) {
        let until = Instant::now() + LAST_GAPS;
        for gap in self.gaps {
            if self.jobs.send_deadline(Job::Gap(gap), until).is_err() {
                tracing::error!(?gap, "could not record a gap: the disk thread is busy");
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Only a panic of the router poisons it, and the session ends then.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CameraTap {
    /// Accounts for a hole in the sequence numbers, as gaps where a take is recorded. The account has counted its frames
    /// by reason.
    fn hole(&mut self, camera: CameraId, sequence: u64, take: Option<&Shared>) {
        let mut first = self.next_sequence;
        let mut missing = sequence.saturating_sub(first);
        if missing == 0 {
            return;
        }
        let take = take.filter(|_| self.in_take);
        for (reason, total) in self.ledger.capture.counts().lost {
            let reported = self.reported.entry(reason).or_default();
            let frames = (total - *reported).min(missing);
            if frames > 0 {
                *reported += frames;
                if let Some(take) = take {
                    self.lost(camera, reason, first, frames, take);
                }
                first += frames;
                missing -= frames;
            }
        }
    }

    fn lost(&mut self, camera: CameraId, reason: LossReason, first_sequence: u64, frames: u64, take: &Shared) {
        take.lost.fetch_add(frames, Ordering::AcqRel);
        extend_or_push(&mut self.pending, Gap { camera, reason, first_sequence, frames, at_ns: monotonic_now_ns() });
    }
}

impl FrameConsumer for RecorderTap {
    fn offer(&mut self, frame: &FrameRef) {
        let mut state = lock(&self.0);
        let State { cameras, take } = &mut *state;
        let (id, sequence) = (frame.info.camera, frame.info.sequence);
        // Cameras beyond those of the take belong to another host, which records them itself.
        let Some(camera) = cameras.get_mut(id.index()) else { return };
        camera.hole(id, sequence, take.as_ref().map(|take| &*take.shared));
        camera.next_sequence = sequence + 1;
        let Some(Entrance { jobs, shared }) = take else {
            camera.in_take = false;
            return;
        };
        camera.in_take = true;
        let account = camera.ledger.recorder.clone();
        account.enter();
        if let Some(reason) = shared.closed() {
            account.lose(reason);
            camera.lost(id, reason, sequence, 1, shared);
            return;
        }
        let length = frame.bytes().len();
        let fits = shared.queued_bytes.load(Ordering::Acquire) + length <= QUEUED_BYTES;
        let charged = if fits { frame.charge(&camera.quota) } else { None };
        let Some(charged) = charged else {
            account.lose(LossReason::RecorderQuota);
            camera.lost(id, LossReason::RecorderQuota, sequence, 1, shared);
            return;
        };
        send_gaps(jobs, &mut camera.pending);
        shared.queued_bytes.fetch_add(length, Ordering::AcqRel);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = jobs.try_send(Job::Frame(charged)) {
            shared.queued_bytes.fetch_sub(length, Ordering::AcqRel);
            account.lose(LossReason::RecorderQuota);
            camera.lost(id, LossReason::RecorderQuota, sequence, 1, shared);
        }
    }
}

fn send_gaps(jobs: &Sender<Job>, pending: &mut Vec<Gap>) {
    while let Some(&gap) = pending.first() {
        if jobs.try_send(Job::Gap(gap)).is_err() {
            return;
        }
        pending.remove(0);
    }
}
