//! The consumer that crops: one worker per camera, which works on the newest frames and counts those it skips.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Instant;

use capture::FrameConsumer;
use crossbeam::channel::Sender;
use crossbeam::queue::ArrayQueue;
use frame::{CameraId, EdgeAccount, FrameInfo, FrameRef, LossLedger, LossReason, Quota};
use subject::{Outcome, Sample, SubjectCropper};

use super::latency::Latency;

/// Frames that may wait for one camera's worker.
const WAITING: usize = 3;
/// Buffers of each camera's pool that crops may hold: those that wait and the one in work.
pub const SUBJECT_BUFFERS: usize = WAITING + 1;

/// What a worker hands to the assembler.
pub enum Cropped {
    View { info: FrameInfo, sample: Option<Sample> },
    Gone(CameraId, bool),
}

/// The croppers of all cameras; they keep their backgrounds from one capture to the next.
pub struct SubjectWorkers {
    workers: Vec<Worker>,
}

struct Worker {
    lane: Arc<Lane>,
    thread: JoinHandle<SubjectCropper>,
}

/// What router and worker share.
struct Lane {
    queue: ArrayQueue<FrameRef>,
    closed: AtomicBool,
    take_background: AtomicBool,
}

impl SubjectWorkers {
    /// `work` collects how long one frame takes from decoding to sample.
    pub fn start(
        croppers: Vec<SubjectCropper>,
        ledgers: &[LossLedger],
        out: Sender<Cropped>,
        work: &Latency,
    ) -> std::io::Result<(Self, SubjectTap)> {
        let mut workers = Vec::with_capacity(croppers.len());
        for (index, (cropper, ledger)) in croppers.into_iter().zip(ledgers).enumerate() {
            let lane = Arc::new(Lane {
                queue: ArrayQueue::new(WAITING),
                closed: AtomicBool::new(false),
                take_background: AtomicBool::new(false),
            });
            let body = WorkerBody {
                lane: lane.clone(),
                cropper,
                account: ledger.subject.clone(),
                out: out.clone(),
                work: work.clone(),
            };
            let thread = std::thread::Builder::new().name(format!("subject-{index}")).spawn(move || body.run())?;
            workers.push(Worker { lane, thread });
        }
        let tap = SubjectTap {
            lanes: workers
                .iter()
                .zip(ledgers)
                .map(|(worker, ledger)| TapLane {
                    lane: worker.lane.clone(),
                    worker: worker.thread.thread().clone(),
                    quota: Quota::new(SUBJECT_BUFFERS),
                    account: ledger.subject.clone(),
                })
                .collect(),
            out,
        };
        Ok((Self { workers }, tap))
    }

    /// The stage is empty now: take the background anew.
    pub fn take_background(&self) {
        for worker in &self.workers {
            worker.lane.take_background.store(true, Ordering::Release);
        }
    }

    /// Waits until the queues are empty and gives the croppers back. The tap must be gone.
    pub fn finish(self) -> Vec<SubjectCropper> {
        self.workers.into_iter().filter_map(|worker| worker.thread.join().ok()).collect()
    }
}

struct WorkerBody {
    lane: Arc<Lane>,
    cropper: SubjectCropper,
    account: EdgeAccount,
    out: Sender<Cropped>,
    work: Latency,
}

impl WorkerBody {
    fn run(mut self) -> SubjectCropper {
        loop {
            // Closed is read before the queue: what was put in before the close is then still seen.
            let closed = self.lane.closed.load(Ordering::Acquire);
            match self.lane.queue.pop() {
                Some(frame) => self.crop(&frame),
                None if closed => return self.cropper,
                None => std::thread::park(),
            }
        }
    }

    fn crop(&mut self, frame: &FrameRef) {
        if self.lane.take_background.swap(false, Ordering::AcqRel) {
            self.cropper.take_background();
        }
        let begun = Instant::now();
        let outcome = self.cropper.process(&frame.info, frame.bytes());
        self.work.record_ns(begun.elapsed().as_nanos() as i64);
        let sample = match outcome {
            Ok(Outcome::Sample(sample)) => Some(sample),
            // The frame still counts for its set, which then lacks a view.
            Ok(Outcome::NoBackground | Outcome::NoSubject) => {
                self.account.lose(LossReason::NoSubject);
                None
            }
            Err(error) => {
                tracing::error!(%error, "a frame cannot be decoded");
                self.account.lose(LossReason::Undecodable);
                return;
            }
        };
        // Bounded and never long full: the assembler behind it only moves pointers.
        let _ = self.out.send(Cropped::View { info: frame.info, sample });
    }
}

/// The croppers' end at the router.
pub struct SubjectTap {
    lanes: Vec<TapLane>,
    out: Sender<Cropped>,
}

struct TapLane {
    lane: Arc<Lane>,
    worker: Thread,
    quota: Quota,
    account: EdgeAccount,
}

impl FrameConsumer for SubjectTap {
    fn offer(&mut self, frame: &FrameRef) {
        let TapLane { lane, worker, quota, account } = &self.lanes[frame.info.camera.index()];
        account.enter();
        // The oldest waiting frame makes room before the quota is asked.
        if lane.queue.is_full() && lane.queue.pop().is_some() {
            account.lose(LossReason::Superseded);
        }
        match frame.charge(quota) {
            Some(frame) => {
                if lane.queue.force_push(frame).is_some() {
                    account.lose(LossReason::Superseded);
                }
                worker.unpark();
            }
            None => account.lose(LossReason::Superseded),
        }
    }

    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        let _ = self.out.try_send(Cropped::Gone(camera, gone));
    }
}

impl Drop for SubjectTap {
    fn drop(&mut self) {
        for TapLane { lane, worker, .. } in &self.lanes {
            lane.closed.store(true, Ordering::Release);
            worker.unpark();
        }
    }
}
