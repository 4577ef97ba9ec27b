//! The consumer that crops: one worker per camera, which works on the newest frames and counts those it skips.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Instant;

use capture::FrameConsumer;
use crossbeam::channel::Sender;
use crossbeam::queue::ArrayQueue;
use frame::{CameraId, EdgeAccount, FrameInfo, FrameRef, LossLedger, LossReason, Quota};
use subject::{FinderPicture, FinderPictures, Outcome, Sample, SubjectCropper, SubjectError};
use transport::Asked;

use super::latency::Latency;
use super::picture_plan::{Due, PicturePlan};

/// Frames that may wait for one camera's worker.
const WAITING: usize = 3;
/// Buffers of each camera's pool that crops may hold: those that wait and the one in work.
pub const SUBJECT_BUFFERS: usize = WAITING + 1;

/// What a worker hands to the assembler.
// Few wait at a time, and a box for each would cost more than the room.
#[allow(clippy::large_enum_variant)]
pub enum Cropped {
    View {
        info: FrameInfo,
        sample: Option<Sample>,
        /// For the finder of joints, where it asked for this instant.
        picture: Asked,
    },
    /// The camera delivers nothing from here on (`true`), or delivers again; in order with its views.
    Gone(CameraId, bool),
}

/// The croppers of all cameras; they keep their backgrounds from one capture to the next.
pub struct SubjectWorkers {
    workers: Vec<Worker>,
}

struct Worker {
    lane: Arc<Lane>,
    thread: JoinHandle<Option<SubjectCropper>>,
}

/// What router and worker share.
struct Lane {
    queue: ArrayQueue<FrameRef>,
    closed: AtomicBool,
    gone: AtomicBool,
    take_background: AtomicBool,
    /// How often the camera was found to see another place.
    moved: AtomicU64,
}

impl SubjectWorkers {
    /// Cameras beyond the croppers are other hosts', which crop them there. `work` collects how long one frame takes from decoding to sample.
    pub fn start(
        croppers: Vec<SubjectCropper>,
        ledgers: &[LossLedger],
        out: Sender<Cropped>,
        work: &Latency,
        plan: &PicturePlan,
    ) -> std::io::Result<(Self, SubjectTap)> {
        let mut workers = Vec::with_capacity(croppers.len());
        let croppers = croppers.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
        for (index, (cropper, ledger)) in croppers.zip(ledgers).enumerate() {
            let lane = Arc::new(Lane {
                queue: ArrayQueue::new(WAITING),
                closed: AtomicBool::new(false),
                gone: AtomicBool::new(false),
                take_background: AtomicBool::new(false),
                moved: AtomicU64::new(0),
            });
            let body = WorkerBody {
                camera: CameraId(index as u16),
                told_gone: false,
                lane: lane.clone(),
                cropper,
                account: ledger.subject.clone(),
                out: out.clone(),
                work: work.clone(),
                plan: plan.clone(),
                pictures: None,
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
        };
        Ok((Self { workers }, tap))
    }

    /// The stage is empty now: take the background anew.
    pub fn take_background(&self) {
        for worker in &self.workers {
            worker.lane.take_background.store(true, Ordering::Release);
        }
    }

    /// By camera, how often it was found to see another place.
    pub fn times_moved(&self) -> impl Iterator<Item = u64> {
        self.workers.iter().map(|worker| worker.lane.moved.load(Ordering::Relaxed))
    }

    /// True when a worker has ended.
    pub fn any_ended(&self) -> bool {
        self.workers.iter().any(|worker| worker.thread.is_finished())
    }

    /// True when no frame can come any more, so that the workers end by themselves.
    pub fn is_closing(&self) -> bool {
        self.workers.iter().any(|worker| worker.lane.closed.load(Ordering::Acquire))
    }

    /// Waits until the queues are empty and gives the croppers back, and how many panicked. The tap must be gone.
    pub fn finish(self) -> (Vec<SubjectCropper>, usize) {
        let workers = self.workers.len();
        let ended: Vec<_> = self.workers.into_iter().filter_map(|worker| worker.thread.join().ok()).collect();
        let panicked = workers - ended.len();
        (ended.into_iter().flatten().collect(), panicked)
    }
}

struct WorkerBody {
    camera: CameraId,
    /// What the assembler was told.
    told_gone: bool,
    lane: Arc<Lane>,
    /// None where the frames are views of another host.
    cropper: Option<SubjectCropper>,
    account: EdgeAccount,
    out: Sender<Cropped>,
    work: Latency,
    plan: PicturePlan,
    /// Made when the first picture is asked for.
    pictures: Option<FinderPictures>,
}

impl WorkerBody {
    fn run(mut self) -> Option<SubjectCropper> {
        loop {
            // Both are read before the queue: what was put in before them is then still seen.
            let closed = self.lane.closed.load(Ordering::Acquire);
            let gone = self.lane.gone.load(Ordering::Acquire);
            match self.lane.queue.pop() {
                Some(frame) => {
                    self.tell(false);
                    self.crop(&frame);
                }
                None if closed => return self.cropper,
                None => {
                    self.tell(gone);
                    std::thread::park();
                }
            }
        }
    }

    fn tell(&mut self, gone: bool) {
        if self.told_gone != gone {
            self.told_gone = gone;
            // Without an assembler there is nobody to tell, and each frame counts its own loss.
            let _ = self.out.send(Cropped::Gone(self.camera, gone));
        }
    }

    fn crop(&mut self, frame: &FrameRef) {
        if self.lane.take_background.swap(false, Ordering::AcqRel) {
            self.cropper.iter_mut().for_each(SubjectCropper::take_background);
        }
        if self.plan.take_stale(self.camera) {
            self.cropper.iter_mut().for_each(SubjectCropper::begin_anew);
        }
        let due = self.plan.due(&frame.info);
        let begun = Instant::now();
        let mut picture = if due.is_some() { Asked::Nothing } else { Asked::No };
        let cropped = match &mut self.cropper {
            Some(cropper) => match cropper.process(&frame.info, frame.bytes()) {
                Ok(outcome) => {
                    self.lane.moved.store(cropper.times_moved(), Ordering::Relaxed);
                    self.work.record_ns(begun.elapsed().as_nanos() as i64);
                    if let Some(made) = due.and_then(|due| self.picture(frame, &outcome, due)) {
                        picture = Asked::Picture(made);
                    }
                    Ok(outcome.sample())
                }
                Err(error) => Err(error.to_string()),
            },
            None => transport::crop_of(frame.bytes())
                .and_then(|crop| {
                    picture = transport::picture_of(frame.bytes())?;
                    Ok(crop)
                })
                .map_err(|error| error.to_string()),
        };
        let sample = match cropped {
            Ok(Some(sample)) => Some(sample),
            // The frame still counts for its set, which then lacks a view.
            Ok(None) => {
                self.account.lose(LossReason::NoSubject);
                None
            }
            Err(error) => {
                tracing::error!(%error, "a frame cannot be decoded");
                self.account.lose(LossReason::Undecodable);
                return;
            }
        };
        let lost = sample.is_none();
        // Bounded and never long full: the assembler behind it only moves pointers.
        if self.out.send(Cropped::View { info: frame.info, sample, picture }).is_err() && !lost {
            self.account.lose(LossReason::Shutdown);
        }
    }

    fn picture(&mut self, frame: &FrameRef, outcome: &Outcome, due: Due) -> Option<FinderPicture> {
        let made = match (due, outcome) {
            (Due::Square, Outcome::NoBackground | Outcome::NoSubject) => return None,
            (Due::Whole, _) => self.make_picture(frame, &Outcome::NoSubject),
            _ => self.make_picture(frame, outcome),
        };
        made.inspect_err(|error| tracing::error!(%error, "no picture for the finder of joints")).ok()
    }

    fn make_picture(&mut self, frame: &FrameRef, outcome: &Outcome) -> Result<FinderPicture, SubjectError> {
        let pictures = match &mut self.pictures {
            Some(pictures) => pictures,
            none => none.insert(FinderPictures::new()?),
        };
        pictures.make(&frame.info, frame.bytes(), outcome)
    }
}

/// The croppers' end at the router.
pub struct SubjectTap {
    lanes: Vec<TapLane>,
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
        let TapLane { lane, worker, .. } = &self.lanes[camera.index()];
        lane.gone.store(gone, Ordering::Release);
        worker.unpark();
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

#[cfg(test)]
mod tests {
    use crossbeam::channel::bounded;
    use frame::{BufferPool, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
    use subject::{BackgroundConfig, Preprocessing};

    use super::*;

    fn frame(pool: &BufferPool, sequence: u64) -> FrameRef {
        let mut slot = pool.acquire().unwrap();
        slot.bytes_mut().resize(64 * 64, 0);
        let info = FrameInfo {
            camera: CameraId(0),
            sequence,
            segment: SegmentId(0),
            trigger: TriggerIndex::Certain(sequence),
            exposure: HostTime::monotonic(sequence as i64 * 10_000_000, 0),
            exposure_duration_ns: 0,
            arrival_ns: 0,
            device: frame::DeviceStamp::default(),
            source: None,
            picture: Picture::packed(PixelFormat::Gray8, 64, 64),
        };
        slot.into_frame(info).share()
    }

    #[test]
    fn word_of_a_camera_that_goes_comes_behind_its_last_view() {
        let croppers = vec![SubjectCropper::new(&Preprocessing::default(), BackgroundConfig::default()).unwrap()];
        let ledger = LossLedger::default();
        let (views, out) = bounded(64);
        let (workers, mut tap) = SubjectWorkers::start(
            croppers,
            std::slice::from_ref(&ledger),
            views,
            &Latency::default(),
            &PicturePlan::default(),
        )
        .unwrap();
        let pool = BufferPool::new(8, 64 * 64);
        let said = |word: Cropped| match word {
            Cropped::View { info, .. } => format!("view {}", info.sequence),
            Cropped::Gone(_, gone) => format!("gone {gone}"),
        };
        for first in [0, 2] {
            tap.camera_gone(CameraId(0), false);
            tap.offer(&frame(&pool, first));
            tap.offer(&frame(&pool, first + 1));
            tap.camera_gone(CameraId(0), true);
            let words: Vec<_> =
                std::iter::from_fn(|| out.recv().ok().map(said)).take(if first == 0 { 3 } else { 4 }).collect();
            let views = [format!("view {first}"), format!("view {}", first + 1), "gone true".into()];
            assert_eq!(words[words.len() - 3..], views);
            assert!(first == 0 || words[0] == "gone false", "{words:?}");
        }
        drop(tap);
        let (croppers, panicked) = workers.finish();
        assert_eq!((croppers.len(), panicked), (1, 0));
        let counts = ledger.subject.counts();
        assert_eq!((counts.entered, counts.lost.get(&LossReason::NoSubject)), (4, Some(&4)));
    }
}
