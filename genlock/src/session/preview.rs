//! A few small pictures a second for the page, when somebody looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, Thread};

use capture::FrameConsumer;
use crossbeam::queue::ArrayQueue;
use frame::{FrameRef, Quota};

use crate::page::PageState;

/// Buffers of each camera's pool that previews may hold: one that waits and one in work.
pub const PREVIEW_BUFFERS: usize = 2;
const EVERY_NS: i64 = 200_000_000;
const WIDTH_PX: u32 = 320;

pub struct PreviewTap {
    page: PageState,
    next_ns: Vec<i64>,
    quotas: Vec<Quota>,
    lane: Arc<Lane>,
    worker: Thread,
}

struct Lane {
    queue: ArrayQueue<FrameRef>,
    closed: AtomicBool,
}

/// Of `cameras`, the first `own` are attached here; of the others come views, which show the crop alone.
pub fn start(page: PageState, own: usize, cameras: usize) -> std::io::Result<(JoinHandle<()>, PreviewTap)> {
    let lane = Arc::new(Lane { queue: ArrayQueue::new(cameras), closed: AtomicBool::new(false) });
    let worker = {
        let (lane, page) = (lane.clone(), page.clone());
        std::thread::Builder::new().name("preview".into()).spawn(move || work(&lane, &page, own))?
    };
    let tap = PreviewTap {
        page,
        next_ns: vec![0; cameras],
        quotas: (0..cameras).map(|_| Quota::new(PREVIEW_BUFFERS)).collect(),
        lane,
        worker: worker.thread().clone(),
    };
    Ok((worker, tap))
}

fn work(lane: &Lane, page: &PageState, own: usize) {
    loop {
        let closed = lane.closed.load(Ordering::Acquire);
        match lane.queue.pop() {
            Some(frame) => {
                // A picture that does not decode is counted and logged where it matters, at the crop.
                let info = &frame.info;
                let jpeg = if info.camera.index() < own {
                    subject::preview_jpeg(info, frame.bytes(), WIDTH_PX).ok()
                } else {
                    let crop = transport::crop_of(frame.bytes()).ok().flatten();
                    crop.and_then(|crop| subject::crop_preview_jpeg(info, &crop, WIDTH_PX).ok())
                };
                if let Some(jpeg) = jpeg {
                    // Such wide pictures do not decode.
                    let width_px = u16::try_from(info.picture.size_px().0).unwrap_or_default();
                    page.set_preview(info.camera.index(), width_px, info.sequence, info.exposure.ns, jpeg);
                }
            }
            None if closed => return,
            None => std::thread::park(),
        }
    }
}

impl FrameConsumer for PreviewTap {
    fn offer(&mut self, frame: &FrameRef) {
        let camera = frame.info.camera.index();
        if frame.info.arrival_ns < self.next_ns[camera] || !self.page.preview_wanted() {
            return;
        }
        if let Some(charged) = frame.charge(&self.quotas[camera]) {
            self.next_ns[camera] = frame.info.arrival_ns + EVERY_NS;
            self.lane.queue.force_push(charged);
            self.worker.unpark();
        }
    }
}

impl Drop for PreviewTap {
    fn drop(&mut self) {
        self.lane.closed.store(true, Ordering::Release);
        self.worker.unpark();
    }
}
