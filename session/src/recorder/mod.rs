//! The lossless consumer: writes every unit that the cameras sent, on a thread of its own.

mod disk;
mod tap;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Sender, bounded};
use frame::{FrameRef, LossLedger, LossReason, monotonic_now_ns};
use take::{ClockRelation, Gap, TakeError, TakeInfo, TakeWriter};

use disk::Disk;
use tap::{Entrance, LastGaps};
pub use tap::{RecorderTap, TapSwitch, tap};

/// Bytes of all cameras that may be queued for the disk.
pub const QUEUED_BYTES: usize = 256 << 20;
/// Minimum and maximum of queued buffers per camera: enough to bridge a disk stall with large units, without a pool of
/// thousands for small ones.
const FEWEST_BUFFERS: usize = 48;
const MOST_BUFFERS: usize = 256;
/// Gaps, notes and poses that may be queued besides the frames.
const MAX_QUEUED_NOTES: usize = 256;

/// Buffers of each camera's pool that may be queued for the disk, for units of about `unit_bytes`.
pub fn buffers(unit_bytes: usize, cameras: usize) -> usize {
    (QUEUED_BYTES / (cameras * unit_bytes).max(1)).clamp(FEWEST_BUFFERS, MOST_BUFFERS)
}

enum Job {
    Frame(FrameRef),
    Gap(Gap),
    Note(i64, String, String),
    Relation(ClockRelation),
    Poses(i64, Vec<u8>),
}

#[derive(Default)]
struct Shared {
    bytes: AtomicU64,
    frames: AtomicU64,
    /// Frames of the take's time that are not in it, for whatever reason.
    lost: AtomicU64,
    queued_bytes: AtomicUsize,
    /// Set once nothing more is written; `closed_because` is the reason.
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

/// A take that is being recorded.
pub struct Recorder {
    directory: PathBuf,
    budget_bytes: u64,
    begun_ns: i64,
    shared: Arc<Shared>,
    notes: Sender<Job>,
    disk: JoinHandle<Result<(), TakeError>>,
    tap: TapSwitch,
}

impl Recorder {
    /// Creates a take below `parent`, and records into it what comes to the tap from now on. Up to `buffers` of each
    /// camera may be queued for the disk. The recording closes after `budget_bytes`.
    pub fn start(
        parent: &Path,
        info: &TakeInfo,
        ledgers: &[LossLedger],
        buffers: usize,
        budget_bytes: u64,
        tap: TapSwitch,
    ) -> Result<Self, TakeError> {
        let mut writer = TakeWriter::create(parent, info)?;
        let directory = writer.directory().to_owned();
        let sync = writer.hand_over_sync()?;
        let shared = Arc::new(Shared::default());
        // Capacity for all buffers that the quotas allow, and for gaps and notes.
        let (jobs, queue) = bounded(ledgers.len() * buffers + MAX_QUEUED_NOTES);
        let accounts = ledgers.iter().map(|ledger| ledger.recorder.clone()).collect();
        let disk = Disk::start(writer, sync, shared.clone(), accounts, budget_bytes, queue)
            .map_err(|source| TakeError::io("start the disk threads for", &directory, source))?;
        tap.begin(Entrance { jobs: jobs.clone(), shared: shared.clone() });
        Ok(Self { directory, budget_bytes, begun_ns: monotonic_now_ns(), shared, notes: jobs, disk, tap })
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

    /// Since when it records.
    pub fn age(&self) -> Duration {
        Duration::from_nanos((monotonic_now_ns() - self.begun_ns).max(0) as u64)
    }

    /// Writes an event into the take.
    pub fn note(&self, kind: &str, text: String) {
        if self.notes.try_send(Job::Note(monotonic_now_ns(), kind.to_owned(), text)).is_err() {
            tracing::warn!(kind, "could not write a note into the take");
        }
    }

    /// Writes poses as they were streamed: their JSON, of an instant whose exposure began at `at_ns`. Those of an instant
    /// before the take are none of it. False if the disk is too busy to take them.
    pub fn poses(&self, at_ns: i64, json: Vec<u8>) -> bool {
        at_ns < self.begun_ns || self.notes.try_send(Job::Poses(at_ns, json)).is_ok()
    }

    /// Writes the relation of this host's clock to the first host's.
    pub fn relate(&self, relation: ClockRelation) {
        if self.notes.try_send(Job::Relation(relation)).is_err() {
            tracing::warn!("could not write a clock relation into the take");
        }
    }

    /// True if the disk thread ended although the recording was not closed.
    pub fn is_dead(&self) -> bool {
        self.disk.is_finished() && self.shared.closed().is_none()
    }

    /// Ends the take: frames from now on are not in it. `cameras_over`: no more frames can come. Returns at once;
    /// [`LastWrites::finish`] does what is left.
    pub fn end(self, cameras_over: bool) -> LastWrites {
        let gaps = self.tap.end(cameras_over);
        LastWrites { directory: self.directory, gaps, notes: self.notes, disk: self.disk }
    }
}

/// What is left to do of a take that ended.
pub struct LastWrites {
    directory: PathBuf,
    gaps: Option<LastGaps>,
    notes: Sender<Job>,
    disk: JoinHandle<Result<(), TakeError>>,
}

impl LastWrites {
    /// Writes what is queued, syncs and closes, which may take as long as the disk does.
    pub fn finish(self) -> Result<(), TakeError> {
        let Self { directory, gaps, notes, disk } = self;
        if let Some(gaps) = gaps {
            gaps.send();
        }
        drop(notes);
        match disk.join() {
            Ok(result) => result,
            Err(_) => Err(TakeError::io("close", &directory, std::io::Error::other("the disk thread panicked"))),
        }
    }
}

/// How much is on disk.
#[derive(Clone)]
pub struct RecordingCounters(Arc<Shared>);

impl RecordingCounters {
    pub fn frames(&self) -> u64 {
        self.0.frames.load(Ordering::Acquire)
    }

    /// Frames that were lost during the take, before or at the recorder.
    pub fn lost(&self) -> u64 {
        self.0.lost.load(Ordering::Acquire)
    }

    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Acquire)
    }

    pub fn state(&self) -> RecordingState {
        match self.0.closed() {
            Some(reason) => RecordingState::Ended(reason),
            None if self.0.finished.load(Ordering::Acquire) => RecordingState::Complete,
            None => RecordingState::Recording,
        }
    }
}

/// The state of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    Recording,
    /// Closed normally, with the session.
    Complete,
    /// Ended before the session.
    Ended(LossReason),
}

impl fmt::Display for RecordingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording => f.write_str("recording"),
            Self::Complete => f.write_str("complete"),
            Self::Ended(reason) => write!(f, "ended: {reason}"),
        }
    }
}

/// Merges a loss into the adjacent gap of the same camera and reason. Returns true if it is a new gap.
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
