//! The threads that write a recording and sync it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use frame::{EdgeAccount, FrameRef, LossReason, monotonic_now_ns};
use take::{Gap, SYNC_INTERVAL_NS, TakeError, TakeSync, TakeWriter};

use super::{Job, Shared, extend_or_push};

const SYNC_EVERY: Duration = Duration::from_nanos(SYNC_INTERVAL_NS);

/// State of the disk thread.
pub(super) struct Disk {
    writer: TakeWriter,
    shared: Arc<Shared>,
    accounts: Vec<EdgeAccount>,
    budget_bytes: u64,
    /// Gaps after the recording closed. They are few, and written at the end.
    unwritten: Vec<Gap>,
}

impl Disk {
    pub fn start(
        writer: TakeWriter,
        sync: TakeSync,
        shared: Arc<Shared>,
        accounts: Vec<EdgeAccount>,
        budget_bytes: u64,
        queue: Receiver<Job>,
    ) -> std::io::Result<JoinHandle<Result<(), TakeError>>> {
        let syncing = Syncing::start(sync, shared.clone())?;
        let disk = Self { writer, shared, accounts, budget_bytes, unwritten: vec![] };
        thread::Builder::new().name("disk".into()).spawn(move || {
            let outcome = disk.run(queue);
            outcome.and(syncing.finish())
        })
    }

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
                tracing::error!(%error, ?gap, "could not record a gap");
            }
        }
        let closed = self.writer.finish().map(|_| ());
        self.shared.finished.store(true, Ordering::Release);
        outcome.and(closed)
    }

    fn not_written(&mut self, frame: &FrameRef, reason: LossReason) {
        let (camera, sequence) = (frame.info.camera, frame.info.sequence);
        self.accounts[camera.index()].lose(reason);
        self.shared.lost.fetch_add(1, Ordering::AcqRel);
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
                    tracing::warn!(budget_bytes = self.budget_bytes, "the recording stopped: its budget is used up");
                    self.shared.close(LossReason::Budget);
                }
            }
            Some(Job::Gap(gap)) if self.shared.closed().is_some() => self.unwritten.push(gap),
            Some(Job::Gap(gap)) => self.writer.write_gap(&gap)?,
            Some(Job::Relation(relation)) => self.writer.write_relation(relation)?,
            Some(Job::Poses(..)) if self.shared.closed().is_some() => {}
            Some(Job::Poses(at_ns, json)) => self.writer.write_poses(at_ns, &json)?,
            Some(Job::Note(at_ns, kind, text)) => self.writer.write_note(at_ns, &kind, &text)?,
            None if self.shared.closed().is_some() => return Ok(()),
            None => {}
        }
        self.writer.tick(monotonic_now_ns())
    }
}

/// Syncs on a thread of its own, so that writes continue during a sync.
struct Syncing {
    thread: JoinHandle<Result<(), TakeError>>,
    stop: Sender<Infallible>,
}

impl Syncing {
    fn start(mut sync: TakeSync, shared: Arc<Shared>) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let thread = thread::Builder::new().name("sync".into()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(SYNC_EVERY) {
                if let Err(error) = sync.sync() {
                    tracing::error!(%error, "the recording ends here; live work goes on");
                    shared.close(LossReason::DiskFull);
                    return Err(error);
                }
            }
            Ok(())
        })?;
        Ok(Self { thread, stop })
    }

    fn finish(self) -> Result<(), TakeError> {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
