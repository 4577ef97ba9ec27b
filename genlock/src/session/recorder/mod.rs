//! The lossless consumer: every unit that the cameras sent, written by a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use capture::FrameConsumer;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use frame::{CameraId, EdgeAccount, FrameRef, LossLedger, LossReason, Quota, monotonic_now_ns};
use take::{Gap, TakeError, TakeInfo, TakeWriter};

/// Buffers of each camera's pool that may wait for the disk.
pub const RECORDER_BUFFERS: usize = 48;
/// Bytes of all cameras that may wait for the disk.
const QUEUED_BYTES: usize = 256 << 20;
const SYNC_EVERY: Duration = Duration::from_millis(250);
/// How long the last gaps wait for a busy disk.
const LAST_GAPS: Duration = Duration::from_secs(10);

enum Job {
    Frame(FrameRef),
    Gap(Gap),
    Note(i64, &'static str, String),
}

#[derive(Default)]
struct Shared {
    bytes: AtomicU64,
    frames: AtomicU64,
    queued_bytes: AtomicUsize,
    /// Set once nothing more is written, and why.
    closed: AtomicBool,
    closed_because: Mutex<Option<LossReason>>,
    finished: AtomicBool,
}

impl Shared {
    fn close(&self, reason: LossReason) {
        *self.closed_because.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason);
        self.closed.store(true, Ordering::Release);
    }

    fn closed(&self) -> Option<LossReason> {
        if !self.closed.load(Ordering::Acquire) {
            return None;
        }
        *self.closed_because.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running recording.
pub struct Recorder {
    directory: PathBuf,
    budget_bytes: u64,
    shared: Arc<Shared>,
    notes: Sender<Job>,
    disk: JoinHandle<Result<(), TakeError>>,
}

impl Recorder {
    /// Makes a new take below `parent`. `budget_bytes` ends the recording in order when it is reached.
    pub fn start(
        parent: &Path,
        info: &TakeInfo,
        ledgers: &[LossLedger],
        budget_bytes: u64,
    ) -> Result<(Self, RecorderTap), TakeError> {
        let writer = TakeWriter::create(parent, info)?;
        let directory = writer.directory().to_owned();
        let shared = Arc::new(Shared::default());
        // Room for every buffer that the quotas allow, and for gaps and notes between them.
        let (jobs, queue) = bounded(ledgers.len() * RECORDER_BUFFERS + 256);
        let accounts: Vec<_> = ledgers.iter().map(|ledger| ledger.recorder.clone()).collect();
        let disk = {
            let (shared, accounts) = (shared.clone(), accounts.clone());
            let unwritten = vec![];
            std::thread::Builder::new()
                .name("disk".into())
                .spawn(move || Disk { writer, shared, accounts, budget_bytes, unwritten }.run(queue))
                .map_err(|source| TakeError::io("start the disk thread for", &directory, source))?
        };
        let tap = RecorderTap {
            jobs: jobs.clone(),
            shared: shared.clone(),
            cameras: ledgers
                .iter()
                .map(|ledger| CameraTap {
                    quota: Quota::new(RECORDER_BUFFERS),
                    ledger: ledger.clone(),
                    next_sequence: 0,
                    reported: Default::default(),
                    pending: vec![],
                })
                .collect(),
        };
        Ok((Self { directory, budget_bytes, shared, notes: jobs, disk }, tap))
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The counts, which can be read after the recording is closed.
    pub fn counters(&self) -> RecordingCounters {
        RecordingCounters(self.shared.clone())
    }

    pub fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// Something that happened, for those who read the take.
    pub fn note(&self, kind: &'static str, text: String) {
        if self.notes.try_send(Job::Note(monotonic_now_ns(), kind, text)).is_err() {
            tracing::warn!(kind, "a note did not reach the take");
        }
    }

    /// True when the disk thread has ended although the recording was not closed.
    pub fn is_dead(&self) -> bool {
        self.disk.is_finished() && self.shared.closed().is_none()
    }

    /// Writes what is queued, syncs and closes. The tap must be gone, else this waits for ever.
    pub fn finish(self) -> Result<(), TakeError> {
        drop(self.notes);
        match self.disk.join() {
            Ok(result) => result,
            Err(_) => Err(TakeError::io("close", &self.directory, std::io::Error::other("the disk thread panicked"))),
        }
    }
}

/// How much is on disk.
pub struct RecordingCounters(Arc<Shared>);

impl RecordingCounters {
    pub fn frames(&self) -> u64 {
        self.0.frames.load(Ordering::Acquire)
    }

    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Acquire)
    }

    /// `recording`, or why it ended before the session.
    pub fn state(&self) -> String {
        match self.0.closed() {
            Some(reason) => format!("ended: {reason}"),
            None if self.0.finished.load(Ordering::Acquire) => "complete".into(),
            None => "recording".into(),
        }
    }
}

/// The recorder's end at the router.
pub struct RecorderTap {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
    cameras: Vec<CameraTap>,
}

struct CameraTap {
    quota: Quota,
    ledger: LossLedger,
    next_sequence: u64,
    /// Losses before the router that were already written as gaps.
    reported: std::collections::BTreeMap<LossReason, u64>,
    pending: Vec<Gap>,
}

impl CameraTap {
    /// A hole in the numbering was counted before the router; the account says for what reasons.
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
        let gap = Gap { camera, reason, first_sequence, frames, at_ns: monotonic_now_ns() };
        // A budget was asked for; everything else is a loss that nobody wanted.
        if extend_or_push(&mut self.pending, gap) && reason != LossReason::Budget {
            tracing::error!(%camera, %reason, first_sequence, "frames are not recorded");
        }
    }
}

impl FrameConsumer for RecorderTap {
    fn offer(&mut self, frame: &FrameRef) {
        let camera = &mut self.cameras[frame.info.camera.index()];
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
    /// The cameras have ended: what they lost after their last frame is final now.
    fn drop(&mut self) {
        for (index, camera) in self.cameras.iter_mut().enumerate() {
            camera.hole(CameraId(index as u16), u64::MAX);
            for gap in camera.pending.drain(..) {
                if self.jobs.send_timeout(Job::Gap(gap), LAST_GAPS).is_err() {
                    tracing::error!(?gap, "the disk thread did not take the record of a gap");
                }
            }
        }
    }
}

/// Neighbouring losses of one camera and reason are one gap. True if it is a new one.
fn extend_or_push(gaps: &mut Vec<Gap>, lost: Gap) -> bool {
    let follows = |gap: &&mut Gap| {
        gap.camera == lost.camera && gap.reason == lost.reason && gap.first_sequence + gap.frames == lost.first_sequence
    };
    if let Some(gap) = gaps.iter_mut().rev().find(follows) {
        gap.frames += lost.frames;
        return false;
    }
    gaps.push(lost);
    true
}

fn send_gaps(jobs: &Sender<Job>, pending: &mut Vec<Gap>) {
    while let Some(&gap) = pending.first() {
        if jobs.try_send(Job::Gap(gap)).is_err() {
            return;
        }
        pending.remove(0);
    }
}

/// The disk thread's own.
struct Disk {
    writer: TakeWriter,
    shared: Arc<Shared>,
    accounts: Vec<EdgeAccount>,
    budget_bytes: u64,
    /// Gaps from after the recording closed; they are few, and written at the end.
    unwritten: Vec<Gap>,
}

impl Disk {
    fn run(mut self, queue: Receiver<Job>) -> Result<(), TakeError> {
        let mut outcome = Ok(());
        loop {
            let job = match queue.recv_timeout(SYNC_EVERY) {
                Ok(job) => Some(job),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = self.write(job) {
                tracing::error!(%error, "the recording ends here; live work goes on");
                self.shared.close(LossReason::DiskFull);
                outcome = Err(error);
            }
        }
        for gap in &self.unwritten {
            if let Err(error) = self.writer.write_gap(gap) {
                tracing::error!(%error, ?gap, "a gap is not on record");
            }
        }
        let closed = self.writer.finish().map(|_| ());
        self.shared.finished.store(true, Ordering::Release);
        outcome.and(closed)
    }

    fn not_written(&mut self, frame: &FrameRef, reason: LossReason) {
        let (camera, sequence) = (frame.info.camera, frame.info.sequence);
        self.accounts[camera.index()].lose(reason);
        let gap = Gap { camera, reason, first_sequence: sequence, frames: 1, at_ns: monotonic_now_ns() };
        extend_or_push(&mut self.unwritten, gap);
    }

    fn write(&mut self, job: Option<Job>) -> Result<(), TakeError> {
        match job {
            Some(Job::Frame(frame)) => {
                self.shared.queued_bytes.fetch_sub(frame.bytes().len(), Ordering::AcqRel);
                if let Some(reason) = self.shared.closed() {
                    self.not_written(&frame, reason);
                    return Ok(());
                }
                if let Err(error) = self.writer.write_frame(&frame.info, frame.bytes()) {
                    self.not_written(&frame, LossReason::DiskFull);
                    return Err(error);
                }
                self.accounts[frame.info.camera.index()].leave();
                self.shared.frames.fetch_add(1, Ordering::AcqRel);
                self.shared.bytes.store(self.writer.bytes_written(), Ordering::Release);
                if self.writer.bytes_written() >= self.budget_bytes {
                    tracing::warn!(budget_bytes = self.budget_bytes, "the recording has used its budget and ends here");
                    self.shared.close(LossReason::Budget);
                }
            }
            Some(Job::Gap(gap)) if self.shared.closed().is_some() => self.unwritten.push(gap),
            Some(Job::Gap(gap)) => self.writer.write_gap(&gap)?,
            Some(Job::Note(at_ns, kind, text)) => self.writer.write_note(at_ns, kind, &text)?,
            None if self.shared.closed().is_some() => return Ok(()),
            None => {}
        }
        self.writer.tick(monotonic_now_ns())
    }
}
