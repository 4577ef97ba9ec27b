//! Models of the lanes between cameras and router, and of backlogs between the router and workers. loom runs their threads in every order, and with every stale value
//! that the memory orderings allow. `scripts/test.sh` shows how to build them.
#![cfg(loom)]

use std::sync::{Arc, Mutex};

use frame::{
    BufferPool, CameraId, DeviceStamp, EdgeAccount, Encoding, Frame, FrameInfo, FrameRef, HostTime, LossReason,
    Picture, SegmentId, TriggerIndex,
};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::mpsc::{Sender, channel};
use loom::thread::{self, JoinHandle};
use router::{Backlog, Feed, FrameConsumer, Lane, Next, Outlet, Thread, route};

/// Checks all orders in which threads are preempted at most three times.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    Frame(u64),
    Gone(bool),
}
use Word::{Frame as Came, Gone};

/// What a consumer received, by camera. No thread of a model blocks on this lock.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<[Vec<Word>; 2]>>);

impl Heard {
    fn of(&self, camera: usize) -> Vec<Word> {
        self.0.lock().unwrap()[camera].clone()
    }

    /// What a worker says, as of camera 0.
    fn listener(&self) -> impl FnMut(Word) + Send + 'static {
        let heard = self.0.clone();
        move |word| heard.lock().unwrap()[0].push(word)
    }
}

impl FrameConsumer for Heard {
    fn offer(&mut self, frame: &FrameRef) {
        self.0.lock().unwrap()[frame.info.camera.index()].push(Came(frame.info.sequence));
    }

    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        self.0.lock().unwrap()[camera.index()].push(Gone(gone));
    }
}

/// A running router, and what the tests check of it.
struct Routed {
    heard: Heard,
    accounts: Vec<EdgeAccount>,
    abandon: loom::sync::Arc<AtomicBool>,
    router: JoinHandle<()>,
    thread: Thread,
}

fn start(cameras: usize, frames: usize) -> (Routed, Vec<Outlet>) {
    let heard = Heard::default();
    start_with(cameras, frames, heard.clone(), heard)
}

fn start_with(
    cameras: usize,
    frames: usize,
    heard: Heard,
    consumer: impl FrameConsumer + 'static,
) -> (Routed, Vec<Outlet>) {
    let accounts: Vec<_> = (0..cameras).map(|_| EdgeAccount::default()).collect();
    let lane = |(camera, account): (usize, &EdgeAccount)| Lane::new(CameraId(camera as u16), frames, account.clone());
    let (lanes, entrances): (Vec<_>, Vec<_>) = accounts.iter().enumerate().map(lane).unzip();
    let abandon = loom::sync::Arc::new(AtomicBool::new(false));
    let (threads, thread) = channel();
    let router = {
        let abandon = abandon.clone();
        thread::spawn(move || {
            threads.send(router::current()).unwrap();
            route(lanes, vec![Box::new(consumer)], &abandon);
        })
    };
    let thread = thread.recv().unwrap();
    let outlets = entrances.into_iter().map(|entrance| entrance.to(thread.clone())).collect();
    (Routed { heard, accounts, abandon, router, thread }, outlets)
}

fn frame(pool: &BufferPool, camera: u16, sequence: u64) -> Option<Frame> {
    let info = FrameInfo {
        camera: CameraId(camera),
        sequence,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Unresolved,
        exposure: HostTime::monotonic(0, 0),
        exposure_duration_ns: 0,
        arrival_ns: 0,
        device: DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 1, height_px: 1 },
    };
    pool.acquire().map(|slot| slot.into_frame(info))
}

#[test]
fn a_camera_is_told_gone_behind_its_last_frame_and_back_before_the_next() {
    model(|| {
        let (routed, mut outlets) = start(1, 2);
        let (pool, mut outlet) = (BufferPool::new(2, 1), outlets.remove(0));
        outlet.deliver(frame(&pool, 0, 0));
        outlet.gone();
        assert!(outlet.is_back());
        outlet.deliver(frame(&pool, 0, 1));
        drop(outlet);
        routed.router.join().unwrap();
        let heard = routed.heard.of(0);
        let possible =
            [vec![Came(0), Gone(true), Gone(false), Came(1), Gone(true)], vec![Came(0), Came(1), Gone(true)]];
        assert!(possible.contains(&heard), "{heard:?}");
    });
}

#[test]
fn a_camera_that_went_for_good_is_told_gone_once_behind_its_last_frame() {
    model(|| {
        let (routed, mut outlets) = start(1, 2);
        let (pool, mut outlet) = (BufferPool::new(1, 1), outlets.remove(0));
        outlet.deliver(frame(&pool, 0, 0));
        outlet.gone();
        drop(outlet);
        routed.router.join().unwrap();
        assert_eq!(routed.heard.of(0), [Came(0), Gone(true)]);
    });
}

/// The lane holds one frame, and there are buffers for two.
#[test]
fn every_frame_has_one_fate_and_those_that_come_are_in_order() {
    model(|| {
        let (routed, mut outlets) = start(1, 1);
        let (pool, mut outlet) = (BufferPool::new(2, 1), outlets.remove(0));
        (0..3).for_each(|sequence| outlet.deliver(frame(&pool, 0, sequence)));
        outlet.lose(LossReason::MissingAtSource, 2);
        drop(outlet);
        routed.router.join().unwrap();
        let mut heard = routed.heard.of(0);
        assert_eq!(heard.pop(), Some(Gone(true)));
        let sequences: Vec<_> =
            heard.iter().map(|word| if let Came(sequence) = word { *sequence } else { 9 }).collect();
        assert!(sequences.first() == Some(&0) && sequences.is_sorted_by(|a, b| a < b), "{heard:?}");
        let counts = routed.accounts[0].counts();
        assert_eq!((counts.entered, counts.left, counts.in_flight()), (5, sequences.len() as u64, 0));
        assert_eq!(pool.available(), 2);
    });
}

/// Forwards what it receives to the camera's thread.
struct Telling(Sender<Word>);

impl FrameConsumer for Telling {
    fn offer(&mut self, frame: &FrameRef) {
        self.0.send(Came(frame.info.sequence)).unwrap();
    }

    fn camera_gone(&mut self, _: CameraId, gone: bool) {
        self.0.send(Gone(gone)).unwrap();
    }
}

#[test]
fn a_router_that_sleeps_is_woken_by_a_frame_by_a_going_and_by_the_end() {
    model(|| {
        let (words, heard) = channel();
        let (routed, mut outlets) = start_with(1, 1, Heard::default(), Telling(words));
        let mut outlet = outlets.remove(0);
        outlet.deliver(frame(&BufferPool::new(1, 1), 0, 0));
        assert_eq!(heard.recv().unwrap(), Came(0));
        outlet.gone();
        assert_eq!(heard.recv().unwrap(), Gone(true));
        drop(outlet);
        routed.router.join().unwrap();
    });
}

#[test]
fn a_router_ends_when_its_cameras_have_and_loses_no_frame_of_either() {
    model(|| {
        let (routed, outlets) = start(2, 1);
        let mut cameras = Vec::new();
        for (camera, mut outlet) in outlets.into_iter().enumerate() {
            let frame = frame(&BufferPool::new(1, 1), camera as u16, 0);
            let deliver = move || outlet.deliver(frame);
            // The first camera is this thread.
            if camera == 1 { cameras.push(thread::spawn(deliver)) } else { deliver() }
        }
        cameras.into_iter().for_each(|camera| camera.join().unwrap());
        routed.router.join().unwrap();
        assert!((0..2).all(|camera| routed.heard.of(camera) == [Came(0), Gone(true)]));
    });
}

#[test]
fn a_driver_that_hangs_keeps_its_lane_and_yet_the_router_ends_behind_the_last_frame() {
    model(|| {
        let (routed, mut outlets) = start(1, 1);
        let mut outlet = outlets.remove(0);
        outlet.deliver(frame(&BufferPool::new(1, 1), 0, 0));
        routed.abandon.store(true, Ordering::Release);
        routed.thread.unpark();
        routed.router.join().unwrap();
        assert_eq!(routed.heard.of(0), [Came(0), Gone(true)]);
        drop(outlet);
    });
}

/// A worker that says what it works on, and the end that feeds it.
fn worker(capacity: usize, mut say: impl FnMut(Word) + Send + 'static) -> (Feed<u64>, JoinHandle<()>) {
    let (backlog, entrance) = Backlog::new(capacity);
    let (threads, thread) = channel();
    let worker = thread::spawn(move || {
        threads.send(router::current()).unwrap();
        let mut known = false;
        loop {
            let next = backlog.next();
            let gone = matches!(next, Next::Idle { gone: true });
            if next != Next::Closed && std::mem::replace(&mut known, gone) != gone {
                say(Gone(gone));
            }
            match next {
                Next::Item(number) => say(Came(number)),
                Next::Idle { .. } => backlog.wait(),
                Next::Closed => return,
            }
        }
    });
    (entrance.to(thread.recv().unwrap()), worker)
}

#[test]
fn a_backlog_gives_way_at_its_old_end_and_its_worker_ends_behind_the_last_item() {
    model(|| {
        let heard = Heard::default();
        let (feed, worker) = worker(1, heard.listener());
        let superseded = (0..3).filter(|&number| feed.push(number).is_some()).count();
        drop(feed);
        worker.join().unwrap();
        let number = |word: &Word| if let Came(number) = word { *number } else { panic!("{word:?}") };
        let came: Vec<u64> = heard.of(0).iter().map(number).collect();
        assert!(came.is_sorted_by(|a, b| a < b) && came.last() == Some(&2), "{came:?}");
        assert_eq!(came.len() + superseded, 3, "{came:?}");
    });
}

#[test]
fn room_is_made_only_where_a_backlog_is_full() {
    model(|| {
        let heard = Heard::default();
        let (feed, worker) = worker(2, heard.listener());
        let mut superseded = 0;
        for number in 0..3 {
            superseded += usize::from(feed.make_room().is_some());
            assert_eq!(feed.push(number), None, "only this thread pushes");
        }
        drop(feed);
        worker.join().unwrap();
        assert_eq!(heard.of(0).len() + superseded, 3);
    });
}

#[test]
fn a_worker_that_sleeps_is_woken_by_an_item_by_a_going_and_by_the_end() {
    model(|| {
        let (words, heard) = channel();
        let (feed, worker) = worker(1, move |word| words.send(word).unwrap());
        assert_eq!(feed.push(0), None);
        assert_eq!(heard.recv().unwrap(), Came(0));
        feed.gone(true);
        assert_eq!(heard.recv().unwrap(), Gone(true));
        feed.gone(false);
        assert_eq!(feed.push(1), None);
        assert_eq!((heard.recv().unwrap(), heard.recv().unwrap()), (Gone(false), Came(1)));
        drop(feed);
        worker.join().unwrap();
    });
}

#[test]
fn a_worker_hears_of_a_going_behind_the_last_item() {
    model(|| {
        let (words, heard) = channel();
        let (feed, worker) = worker(2, move |word| words.send(word).unwrap());
        feed.push(0);
        feed.gone(true);
        assert_eq!((heard.recv().unwrap(), heard.recv().unwrap()), (Came(0), Gone(true)));
        drop(feed);
        worker.join().unwrap();
    });
}
