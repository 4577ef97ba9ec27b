//! The views of this host's cameras: one cropping worker per camera, which takes the newest frames and counts skipped
//! ones.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use capture::FrameConsumer;
use crossbeam::channel::Sender;
use frame::{CameraId, EdgeAccount, FrameRef, LossLedger, LossReason, Quota};
use router::{Backlog, Feed, Next};
use subject::{CropOutcome, FinderPicture, FinderPictures, SceneEvent, SceneFault, SubjectCropper, SubjectError};
use transport::{Asked, CroppedView};

use super::ViewEvent;
use super::picture_plan::{Due, PicturePlan};
use crate::statistics::latency::Latency;

/// Frames that may be queued for one camera's worker.
const WAITING: usize = 3;
/// Buffers of each camera's pool that crops may hold: those queued and the one being cropped.
pub(crate) const CROP_BUFFERS: usize = WAITING + 1;

/// The croppers of this host's cameras; they keep their backgrounds from one session to the next.
pub(crate) struct LocalViews {
    workers: Vec<Worker>,
}

struct Worker {
    backlog: Backlog<FrameRef>,
    flags: Arc<Flags>,
    thread: JoinHandle<SubjectCropper>,
}

/// What session and worker share.
#[derive(Default)]
struct Flags {
    take_background: AtomicBool,
    /// What happened to the camera's scene, until the session takes it.
    scene: Mutex<Vec<SceneEvent>>,
}

impl Flags {
    fn scene(&self) -> MutexGuard<'_, Vec<SceneEvent>> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalViews {
    /// `croppers` are for the cameras of the first ledgers. `work` collects the time per frame from decoding to sample.
    pub fn start(
        croppers: Vec<SubjectCropper>,
        ledgers: &[LossLedger],
        out: Sender<ViewEvent>,
        work: &Latency,
        plan: &PicturePlan,
    ) -> std::io::Result<(Self, CropTap)> {
        let mut workers = Vec::with_capacity(croppers.len());
        let mut feeds = Vec::with_capacity(croppers.len());
        for (index, (cropper, ledger)) in croppers.into_iter().zip(ledgers).enumerate() {
            let (backlog, entrance) = Backlog::new(WAITING);
            let flags = Arc::new(Flags::default());
            let body = WorkerBody {
                camera: CameraId(index as u16),
                told_gone: false,
                backlog: backlog.clone(),
                flags: flags.clone(),
                cropper,
                account: ledger.subject.clone(),
                out: out.clone(),
                work: work.clone(),
                plan: plan.clone(),
                pictures: None,
            };
            let thread = std::thread::Builder::new().name(format!("subject-{index}")).spawn(move || body.run())?;
            feeds.push(CropFeed {
                feed: entrance.to(thread.thread().clone()),
                quota: Quota::new(CROP_BUFFERS),
                account: ledger.subject.clone(),
            });
            workers.push(Worker { backlog, flags, thread });
        }
        Ok((Self { workers }, CropTap { feeds }))
    }

    /// Learns the backgrounds again, from the stage, which must be empty now.
    pub fn take_background(&self) {
        for worker in &self.workers {
            worker.flags.take_background.store(true, Ordering::Release);
        }
    }

    /// For each camera, what happened to its scene since the last call.
    pub fn scene_events(&self) -> impl Iterator<Item = Vec<SceneEvent>> {
        self.workers.iter().map(|worker| std::mem::take(&mut *worker.flags.scene()))
    }

    /// True if a worker has ended.
    pub fn any_ended(&self) -> bool {
        self.workers.iter().any(|worker| worker.thread.is_finished())
    }

    /// True if no more frames can come, so that the workers end by themselves.
    pub fn is_closing(&self) -> bool {
        self.workers.iter().any(|worker| worker.backlog.is_closed())
    }

    /// Waits for empty queues, and returns the croppers and how many panicked. The tap must have been dropped.
    pub fn finish(self) -> (Vec<SubjectCropper>, usize) {
        let workers = self.workers.len();
        let ended: Vec<_> = self.workers.into_iter().filter_map(|worker| worker.thread.join().ok()).collect();
        let panicked = workers - ended.len();
        (ended, panicked)
    }
}

struct WorkerBody {
    camera: CameraId,
    /// What was last reported to the assembler.
    told_gone: bool,
    backlog: Backlog<FrameRef>,
    flags: Arc<Flags>,
    cropper: SubjectCropper,
    account: EdgeAccount,
    out: Sender<ViewEvent>,
    work: Latency,
    plan: PicturePlan,
    /// Created when the first picture is requested.
    pictures: Option<FinderPictures>,
}

impl WorkerBody {
    fn run(mut self) -> SubjectCropper {
        loop {
            match self.backlog.next() {
                Next::Item(frame) => {
                    self.tell(false);
                    self.crop(&frame);
                }
                Next::Idle { gone } => {
                    self.tell(gone);
                    self.backlog.wait();
                }
                Next::Closed => return self.cropper,
            }
        }
    }

    fn tell(&mut self, gone: bool) {
        if self.told_gone != gone {
            self.told_gone = gone;
            // Fails only without an assembler; then each frame counts its own loss.
            let _ = self.out.send(ViewEvent::Gone(self.camera, gone));
        }
    }

    fn crop(&mut self, frame: &FrameRef) {
        if self.flags.take_background.swap(false, Ordering::AcqRel) {
            self.cropper.take_background();
        }
        if self.plan.take_stale(self.camera) {
            self.cropper.begin_anew();
        }
        let info = &frame.info;
        let due = self.plan.due(info.camera, info.segment, info.trigger, info.exposure);
        let begun = Instant::now();
        let mut picture = if due.is_some() { Asked::Nothing } else { Asked::No };
        let mut unusable = None;
        let crop = match self.cropper.process(&frame.info, frame.bytes()) {
            Ok(outcome) => {
                let happened = self.cropper.take_scene_events();
                if !happened.is_empty() {
                    self.flags.scene().extend(happened);
                }
                self.work.record_ns(begun.elapsed().as_nanos() as i64);
                if let Some(made) = due.and_then(|due| self.picture(frame, &outcome, due)) {
                    picture = Asked::Picture(made);
                }
                if let CropOutcome::Unusable(fault) = outcome {
                    unusable = Some(fault);
                }
                outcome.sample()
            }
            Err(error) => {
                tracing::error!(%error, "a frame cannot be decoded");
                self.account.lose(LossReason::Undecodable);
                return;
            }
        };
        if crop.is_none() {
            // The frame still belongs to its set, which then lacks a view.
            self.account.lose(lost_for(unusable));
        }
        let (info, has_crop) = (&frame.info, crop.is_some());
        let view = CroppedView {
            camera: info.camera,
            sequence: info.sequence,
            segment: info.segment,
            trigger: info.trigger,
            exposure: info.exposure,
            arrival_ns: info.arrival_ns,
            source: info.source,
            frame_px: info.picture.size_px(),
            crop,
            picture,
            unusable,
        };
        // The channel is bounded but never full for long: the assembler only moves pointers.
        if self.out.send(ViewEvent::View(view)).is_err() && has_crop {
            self.account.lose(LossReason::Shutdown);
        }
    }

    fn picture(&mut self, frame: &FrameRef, outcome: &CropOutcome, due: Due) -> Option<FinderPicture> {
        let made = match (due, outcome) {
            (_, CropOutcome::Unusable(_)) => return None,
            (Due::Square, CropOutcome::NoBackground | CropOutcome::NoSubject) => return None,
            (Due::Whole, _) => self.make_picture(frame, &CropOutcome::NoSubject),
            _ => self.make_picture(frame, outcome),
        };
        made.inspect_err(|error| tracing::error!(%error, "could not make a picture for the finder of joints")).ok()
    }

    fn make_picture(&mut self, frame: &FrameRef, outcome: &CropOutcome) -> Result<FinderPicture, SubjectError> {
        let pictures = match &mut self.pictures {
            Some(pictures) => pictures,
            none => none.insert(FinderPictures::new()?),
        };
        pictures.make(&frame.info, frame.bytes(), outcome)
    }
}

/// Why a view without a crop is in no set.
pub(crate) fn lost_for(unusable: Option<SceneFault>) -> LossReason {
    if unusable.is_some() { LossReason::UnsteadyScene } else { LossReason::NoSubject }
}

/// The croppers' consumer at the router.
pub struct CropTap {
    feeds: Vec<CropFeed>,
}

/// One camera's worker, as the router sees it.
struct CropFeed {
    feed: Feed<FrameRef>,
    quota: Quota,
    account: EdgeAccount,
}

impl FrameConsumer for CropTap {
    fn offer(&mut self, frame: &FrameRef) {
        let CropFeed { feed, quota, account } = &self.feeds[frame.info.camera.index()];
        account.enter();
        // Drop the oldest queued frame before charging the quota.
        if feed.make_room().is_some() {
            account.lose(LossReason::Superseded);
        }
        match frame.charge(quota) {
            Some(frame) => {
                if feed.push(frame).is_some() {
                    account.lose(LossReason::Superseded);
                }
            }
            None => account.lose(LossReason::Superseded),
        }
    }

    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        self.feeds[camera.index()].feed.gone(gone);
    }
}

#[cfg(test)]
mod tests {
    use crossbeam::channel::bounded;
    use frame::{BufferPool, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
    use subject::{BackgroundConfig, Preprocessing};

    use super::*;

    fn frame(pool: &BufferPool, sequence: u64) -> FrameRef {
        let mut slot = pool.acquire().unwrap();
        slot.bytes_mut().resize(64 * 64, 0);
        let info = FrameInfo {
            camera: CameraId(0),
            sequence,
            segment: SegmentId::seam(0),
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
    fn that_a_camera_is_gone_comes_behind_its_last_view() {
        let croppers = vec![SubjectCropper::new(&Preprocessing::default(), BackgroundConfig::default()).unwrap()];
        let ledger = LossLedger::default();
        let (views, out) = bounded(64);
        let (workers, mut tap) = LocalViews::start(
            croppers,
            std::slice::from_ref(&ledger),
            views,
            &Latency::default(),
            &PicturePlan::default(),
        )
        .unwrap();
        let pool = BufferPool::new(8, 64 * 64);
        let said = |event: ViewEvent| match event {
            ViewEvent::View(view) => format!("view {}", view.sequence),
            ViewEvent::Gone(_, gone) => format!("gone {gone}"),
        };
        for first in [0, 2] {
            tap.camera_gone(CameraId(0), false);
            tap.offer(&frame(&pool, first));
            tap.offer(&frame(&pool, first + 1));
            tap.camera_gone(CameraId(0), true);
            let events: Vec<_> =
                std::iter::from_fn(|| out.recv().ok().map(said)).take(if first == 0 { 3 } else { 4 }).collect();
            let views = [format!("view {first}"), format!("view {}", first + 1), "gone true".into()];
            assert_eq!(events[events.len() - 3..], views);
            assert!(first == 0 || events[0] == "gone false", "{events:?}");
        }
        drop(tap);
        let (croppers, panicked) = workers.finish();
        assert_eq!((croppers.len(), panicked), (1, 0));
        let counts = ledger.subject.counts();
        assert_eq!((counts.entered, counts.lost.get(&LossReason::NoSubject)), (4, Some(&4)));
    }
}
