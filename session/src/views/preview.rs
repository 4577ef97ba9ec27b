//! A few small pictures a second for display, made only while somebody watches.

use std::sync::Arc;
use std::thread::JoinHandle;

use capture::FrameConsumer;
use frame::{CameraId, FrameRef, Quota};
use router::{Backlog, Feed, Next};
use transport::CroppedView;

/// Buffers of each camera's pool that previews may hold: one queued and one being processed.
pub(crate) const PREVIEW_BUFFERS: usize = 2;
const EVERY_NS: i64 = 200_000_000;
const WIDTH_PX: u32 = 320;

/// Shows previews. Its methods are called a few times a second and return at once.
pub trait PreviewSink: Send + Sync {
    /// Whether anybody watches previews now; otherwise they are not made.
    fn wanted(&self) -> bool;

    /// Takes the newest preview of a camera.
    fn show(&self, preview: PreviewPicture);
}

/// A camera's frame scaled down, or the crop of a peer host's camera at its position in the frame.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewPicture {
    pub camera: CameraId,
    /// Of the picture, in pixels.
    pub width_px: u16,
    /// Of the whole frame, in pixels.
    pub frame_width_px: u16,
    /// The frame's number in its camera's account.
    pub sequence: u64,
    /// Start of exposure, `CLOCK_MONOTONIC`.
    pub exposure_ns: i64,
    pub jpeg: Vec<u8>,
}

/// When each camera's next preview is due.
struct Pace {
    sink: Arc<dyn PreviewSink>,
    next_ns: Vec<i64>,
}

impl Pace {
    fn new(sink: Arc<dyn PreviewSink>, cameras: usize) -> Self {
        Self { sink, next_ns: vec![0; cameras] }
    }

    fn is_due(&self, camera: CameraId, now_ns: i64) -> bool {
        now_ns >= self.next_ns[camera.index()] && self.sink.wanted()
    }

    fn made(&mut self, camera: CameraId, now_ns: i64) {
        self.next_ns[camera.index()] = now_ns + EVERY_NS;
    }
}

/// The previews' consumer at the router, for this host's cameras.
pub(crate) struct PreviewTap {
    pace: Pace,
    quotas: Vec<Quota>,
    feed: Feed<FrameRef>,
}

/// Starts the thread that makes previews of `cameras` cameras.
pub(crate) fn start(sink: Arc<dyn PreviewSink>, cameras: usize) -> std::io::Result<(JoinHandle<()>, PreviewTap)> {
    let (backlog, entrance) = Backlog::new(cameras);
    let worker = {
        let sink = sink.clone();
        std::thread::Builder::new().name("preview".into()).spawn(move || work(&backlog, &*sink))?
    };
    let tap = PreviewTap {
        pace: Pace::new(sink, cameras),
        quotas: (0..cameras).map(|_| Quota::new(PREVIEW_BUFFERS)).collect(),
        feed: entrance.to(worker.thread().clone()),
    };
    Ok((worker, tap))
}

fn work(backlog: &Backlog<FrameRef>, sink: &dyn PreviewSink) {
    loop {
        match backlog.next() {
            Next::Item(frame) => {
                let info = &frame.info;
                // The cropper counts and logs pictures that cannot be decoded.
                if let Ok(jpeg) = subject::preview_jpeg(info, frame.bytes(), WIDTH_PX) {
                    sink.show(PreviewPicture {
                        camera: info.camera,
                        width_px: width_px(subject::preview_size_px(info.picture.size_px(), WIDTH_PX)),
                        frame_width_px: width_px(info.picture.size_px()),
                        sequence: info.sequence,
                        exposure_ns: info.exposure.ns,
                        jpeg,
                    });
                }
            }
            Next::Idle { .. } => backlog.wait(),
            Next::Closed => return,
        }
    }
}

/// The width as `u16`; wider pictures cannot be decoded anyway.
fn width_px((width_px, _): (u32, u32)) -> u16 {
    u16::try_from(width_px).unwrap_or_default()
}

impl FrameConsumer for PreviewTap {
    fn offer(&mut self, frame: &FrameRef) {
        let (camera, now_ns) = (frame.info.camera, frame.info.arrival_ns);
        if !self.pace.is_due(camera, now_ns) {
            return;
        }
        if let Some(charged) = frame.charge(&self.quotas[camera.index()]) {
            self.pace.made(camera, now_ns);
            self.feed.push(charged);
        }
    }
}

/// Previews of cropped views, which show only the crop.
pub(crate) struct ViewPreviews(Pace);

impl ViewPreviews {
    pub fn new(sink: Arc<dyn PreviewSink>, cameras: usize) -> Self {
        Self(Pace::new(sink, cameras))
    }

    pub fn offer(&mut self, view: &CroppedView) {
        let Some(crop) = view.crop.as_ref().filter(|_| self.0.is_due(view.camera, view.arrival_ns)) else { return };
        if let Ok(jpeg) = subject::crop_preview_jpeg(view.frame_px, crop, WIDTH_PX) {
            self.0.made(view.camera, view.arrival_ns);
            self.0.sink.show(PreviewPicture {
                camera: view.camera,
                width_px: width_px(subject::preview_size_px(view.frame_px, WIDTH_PX)),
                frame_width_px: width_px(view.frame_px),
                sequence: view.sequence,
                exposure_ns: view.exposure.ns,
                jpeg,
            });
        }
    }
}
