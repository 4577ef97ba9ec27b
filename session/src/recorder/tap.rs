//! The recorder's consumer at the router.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use capture::FrameConsumer;
use crossbeam::channel::{Sender, TrySendError};
use frame::{CameraId, FrameRef, LossLedger, LossReason, Quota, monotonic_now_ns};
use take::Gap;

use super::{Job, QUEUED_BYTES, Shared, extend_or_push};

/// How long to wait for a busy disk with all of the last gaps: less than a session gives the router to end.
const LAST_GAPS: Duration = Duration::from_secs(3);

/// The recorder's consumer at the router.
pub struct RecorderTap {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    cameras: Vec<CameraTap>,
}

struct CameraTap {
    quota: Quota,
    ledger: LossLedger,
    next_sequence: u64,
    /// Losses before the router that are already written as gaps.
    reported: BTreeMap<LossReason, u64>,
    pending: Vec<Gap>,
}

impl RecorderTap {
    pub(super) fn new(jobs: Sender<Job>, shared: Arc<Shared>, ledgers: &[LossLedger], buffers: usize) -> Self {
        let camera = |ledger: &LossLedger| CameraTap {
            quota: Quota::new(buffers),
            ledger: ledger.clone(),
            next_sequence: 0,
            reported: BTreeMap::new(),
            pending: vec![],
        };
        Self { jobs, shared, cameras: ledgers.iter().map(camera).collect() }
    }
}

impl CameraTap {
    /// Records a hole in the sequence numbers as gaps. The account has counted its frames by reason.
    fn hole(&mut self, camera: CameraId, sequence: u64) {
        let mut first = self.next_sequence;
        let mut missing = sequence.saturating_sub(first);
        if missing == 0 {
            return;
        }
        for (reason, total) in self.ledger.capture.counts().lost {
            let reported = self.reported.entry(reason).or_default();
            let frames = (total - *reported).min(missing);
            if frames > 0 {
                *reported += frames;
                self.lost(camera, reason, first, frames);
                first += frames;
                missing -= frames;
            }
        }
    }

    fn lost(&mut self, camera: CameraId, reason: LossReason, first_sequence: u64, frames: u64) {
        extend_or_push(&mut self.pending, Gap { camera, reason, first_sequence, frames, at_ns: monotonic_now_ns() });
    }
}

impl FrameConsumer for RecorderTap {
    fn offer(&mut self, frame: &FrameRef) {
        // Cameras beyond those of the take belong to another host, which records them itself.
        let Some(camera) = self.cameras.get_mut(frame.info.camera.index()) else { return };
        let account = camera.ledger.recorder.clone();
        account.enter();
        camera.hole(frame.info.camera, frame.info.sequence);
        camera.next_sequence = frame.info.sequence + 1;
        if let Some(reason) = self.shared.closed() {
            account.lose(reason);
            camera.lost(frame.info.camera, reason, frame.info.sequence, 1);
            return;
        }
        let length = frame.bytes().len();
        let fits = self.shared.queued_bytes.load(Ordering::Acquire) + length <= QUEUED_BYTES;
        let charged = if fits { frame.charge(&camera.quota) } else { None };
        let Some(charged) = charged else {
            account.lose(LossReason::RecorderQuota);
            camera.lost(frame.info.camera, LossReason::RecorderQuota, frame.info.sequence, 1);
            return;
        };
        send_gaps(&self.jobs, &mut camera.pending);
        self.shared.queued_bytes.fetch_add(length, Ordering::AcqRel);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.jobs.try_send(Job::Frame(charged)) {
            self.shared.queued_bytes.fetch_sub(length, Ordering::AcqRel);
            account.lose(LossReason::RecorderQuota);
            camera.lost(frame.info.camera, LossReason::RecorderQuota, frame.info.sequence, 1);
        }
    }
}

impl Drop for RecorderTap {
    /// The cameras have ended, so their losses after the last frame are final now.
    fn drop(&mut self) {
        let until = Instant::now() + LAST_GAPS;
        for (index, camera) in self.cameras.iter_mut().enumerate() {
            camera.hole(CameraId(index as u16), u64::MAX);
            for gap in camera.pending.drain(..) {
                if self.jobs.send_deadline(Job::Gap(gap), until).is_err() {
                    tracing::error!(?gap, "could not record a gap: the disk thread is busy");
                }
            }
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
