//! Takes that begin and end while the cameras run.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use frame::LossReason;
use take::TakeError;
use thiserror::Error;

use crate::event::EventKind;
use crate::recorder::{LastWrites, Recorder, RecordingCounters, RecordingState, TapSwitch};
use crate::session::Session;

/// Takes that may be closing at the same time. More can only come about where the disk is far too slow.
const CLOSING: usize = 4;

/// A take of a session, with its counts.
#[derive(Clone)]
pub struct RecordedTake {
    /// Its folder.
    pub directory: PathBuf,
    pub counters: RecordingCounters,
}

/// Why no take begins, or none ends.
#[derive(Debug, Error)]
pub enum NoTake {
    #[error("this session records nothing")]
    NotPlanned,
    #[error("the rate is being tried; record once the session itself runs")]
    Trial,
    #[error("a take is being recorded already: {}", .0.display())]
    Recording(PathBuf),
    #[error("nothing is being recorded")]
    Idle,
    #[error("the disk is too slow: {CLOSING} takes are still being written; try again when they are")]
    Closing,
    #[error("nothing can be recorded: {0}")]
    Take(#[from] TakeError),
}

/// The takes of a session besides the one that is being recorded.
pub(crate) struct Takes {
    switch: TapSwitch,
    closing: Vec<(RecordedTake, Closing)>,
    /// All that have ended, those that are closing too.
    ended: Vec<RecordedTake>,
    failed: Vec<TakeError>,
    /// Whether it was told that the take being recorded has ended by itself.
    told: bool,
}

enum Closing {
    Thread(JoinHandle<Result<(), TakeError>>),
    Done(Result<(), TakeError>),
}

impl Takes {
    pub fn new(switch: TapSwitch) -> Self {
        Self { switch, closing: vec![], ended: vec![], failed: vec![], told: false }
    }

    /// Ends a take. What is left is written in a thread, so that the session goes on.
    pub fn end(&mut self, recorder: Recorder, cameras_over: bool) {
        let take = RecordedTake { directory: recorder.directory().to_owned(), counters: recorder.counters() };
        let last = recorder.end(cameras_over);
        self.told = false;
        self.ended.push(take.clone());
        self.closing.push((take, Closing::start(last)));
    }

    /// The takes that were closed since the last call, and how that went.
    fn closed(&mut self) -> Vec<(RecordedTake, Result<(), TakeError>)> {
        let (done, closing) = std::mem::take(&mut self.closing).into_iter().partition(|(_, c)| c.is_over());
        self.closing = closing;
        done.into_iter().map(|(take, closing)| (take, closing.wait())).collect()
    }

    /// Waits until all are closed; returns them, and what went wrong.
    pub fn finish(mut self) -> (Vec<RecordedTake>, Vec<TakeError>) {
        for (_, closing) in self.closing.drain(..) {
            self.failed.extend(closing.wait().err());
        }
        (self.ended, self.failed)
    }

    /// The takes of a session whose router does not end, so that none can be waited for.
    pub fn abandon(mut self, recorder: Option<Recorder>) -> Vec<RecordedTake> {
        let running = recorder.map(|r| RecordedTake { directory: r.directory().to_owned(), counters: r.counters() });
        self.ended.extend(running);
        self.ended
    }
}

impl Closing {
    fn start(last: LastWrites) -> Self {
        let (sender, receiver) = crossbeam::channel::bounded::<LastWrites>(1);
        let thread = thread::Builder::new().name("close-take".into());
        match thread.spawn(move || receiver.recv().map_or(Ok(()), LastWrites::finish)) {
            Ok(thread) => {
                // The channel has room for it, and the thread waits.
                let _ = sender.send(last);
                Self::Thread(thread)
            }
            // Without a thread it is closed here, which only delays the session's next look.
            Err(_) => Self::Done(last.finish()),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Self::Thread(thread) => thread.is_finished(),
            Self::Done(_) => true,
        }
    }

    fn wait(self) -> Result<(), TakeError> {
        match self {
            Self::Thread(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Self::Done(result) => result,
        }
    }
}

impl Session {
    /// Begins a take now, with the plan's name, folder and budget, and returns its folder. A take that ended by itself,
    /// for its budget or a full disk, is closed before.
    ///
    /// # Errors
    /// Why not. Nothing changes then.
    pub fn begin_take(&mut self) -> Result<PathBuf, NoTake> {
        if self.prepared.trial.is_some() {
            return Err(NoTake::Trial);
        }
        let plan = self.prepared.takes_plan().ok_or(NoTake::NotPlanned)?;
        if let Some(recorder) = &self.recorder
            && !matches!(recorder.counters().state(), RecordingState::Ended(_))
        {
            return Err(NoTake::Recording(recorder.directory().to_owned()));
        }
        if self.takes.closing.len() + usize::from(self.recorder.is_some()) >= CLOSING {
            return Err(NoTake::Closing);
        }
        if let Some(ended) = self.recorder.take() {
            self.takes.end(ended, false);
        }
        let recorder = self.prepared.record(plan, &self.ledgers, &self.takes.switch)?;
        let directory = recorder.directory().to_owned();
        self.recorder = Some(recorder);
        self.record([(EventKind::RecordingBegan, format!("recording into {}", directory.display()))]);
        Ok(directory)
    }

    /// Ends the take that is being recorded, and returns its folder. What is still queued for the disk is written while
    /// the cameras go on.
    ///
    /// # Errors
    /// [`NoTake::Idle`].
    pub fn end_take(&mut self) -> Result<PathBuf, NoTake> {
        let recorder = self.recorder.take().ok_or(NoTake::Idle)?;
        let directory = recorder.directory().to_owned();
        self.takes.end(recorder, false);
        Ok(directory)
    }

    /// The takes that have ended so far.
    pub fn ended_takes(&self) -> &[RecordedTake] {
        &self.takes.ended
    }

    /// Tells of takes that were closed, and of one that ended by itself.
    pub(crate) fn look_at_takes(&mut self) {
        let mut events = vec![];
        for (take, closed) in self.takes.closed() {
            match closed {
                Ok(()) => events.push((EventKind::RecordingEnded, summary(&take))),
                Err(error) => {
                    let text = format!("{}: {error}", take.directory.display());
                    tracing::error!("{text}");
                    events.push((EventKind::RecordingFailed, text));
                    self.takes.failed.push(error);
                }
            }
        }
        if let Some(recorder) = self.recorder.as_ref().filter(|_| !self.takes.told)
            && let RecordingState::Ended(reason) = recorder.counters().state()
        {
            self.takes.told = true;
            events.push(ended_by_itself(recorder.directory(), reason));
        }
        let at_s = self.started.elapsed().as_secs_f64();
        // Not notes of the take that is being recorded: they are about others, or nothing more can be written into it.
        events.into_iter().for_each(|(kind, text)| self.prepared.events.record(at_s, kind, text));
    }
}

fn ended_by_itself(directory: &Path, reason: LossReason) -> (EventKind, String) {
    let (kind, why) = match reason {
        LossReason::Budget => (EventKind::RecordingEnded, "its size limit is reached"),
        _ => (EventKind::RecordingFailed, "the disk is full or fails; free some space, or record to another disk"),
    };
    (kind, format!("the recording {} ended: {why}; cameras go on", directory.display()))
}

fn summary(take: &RecordedTake) -> String {
    let counters = &take.counters;
    let mut text = format!("recorded {} frames, {:.1} MB", counters.frames(), counters.bytes() as f64 / 1e6);
    if counters.lost() > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, ", {} lost", counters.lost());
    }
    text + &format!(": {}", take.directory.display())
}
