//! Models of pools, quotas and accounts: what loom makes of their threads in every order, and with every stale value
//! that the orders of memory allow. `scripts/test.sh` says how they are built.
#![cfg(loom)]

use frame::{
    BufferPool, CameraId, DeviceStamp, EdgeAccount, Encoding, FrameInfo, FrameRef, HostTime, LossReason, Picture,
    Quota, SegmentId, TriggerIndex,
};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::mpsc::channel;
use loom::thread;

/// All orders in which threads are interrupted at most three times.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

fn frame(pool: &BufferPool) -> Option<FrameRef> {
    let info = FrameInfo {
        camera: CameraId(0),
        sequence: 0,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Unresolved,
        exposure: HostTime::monotonic(0, 0),
        exposure_duration_ns: 0,
        arrival_ns: 0,
        device: DeviceStamp::default(),
        source: None,
        picture: Picture::Encoded { encoding: Encoding::Mjpeg, width_px: 1, height_px: 1 },
    };
    pool.acquire().map(|slot| slot.into_frame(info).share())
}

#[test]
fn a_buffer_is_lent_again_only_when_nobody_holds_it_and_all_come_home() {
    model(|| {
        let pool = BufferPool::new(2, 1);
        let given_up = Arc::new(AtomicUsize::new(0));
        let shared = frame(&pool).unwrap();
        let holders: Vec<_> = [shared.clone(), shared]
            .into_iter()
            .map(|held| {
                let given_up = given_up.clone();
                thread::spawn(move || {
                    given_up.fetch_add(1, Ordering::Relaxed);
                    drop(held);
                })
            })
            .collect();
        let other = frame(&pool).expect("nobody had the second one");
        if let Some(again) = frame(&pool) {
            assert_eq!(given_up.load(Ordering::Relaxed), 2);
            drop(again);
        }
        holders.into_iter().for_each(|holder| holder.join().unwrap());
        drop(other);
        assert_eq!(pool.available(), 2);
    });
}

#[test]
fn a_quota_is_never_exceeded() {
    model(|| {
        let (quota, held) = (Quota::new(1), Arc::new(AtomicUsize::new(0)));
        let frame = frame(&BufferPool::new(1, 1)).unwrap();
        let charge = move |frame: FrameRef, quota: Quota, held: Arc<AtomicUsize>| {
            if let Some(charged) = frame.charge(&quota) {
                assert_eq!(held.fetch_add(1, Ordering::Relaxed), 0, "two are held");
                held.fetch_sub(1, Ordering::Relaxed);
                drop(charged);
            }
        };
        let other = {
            let (frame, quota, held) = (frame.clone(), quota.clone(), held.clone());
            thread::spawn(move || charge(frame, quota, held))
        };
        charge(frame, quota.clone(), held);
        other.join().unwrap();
        assert_eq!(quota.held(), 0);
    });
}

/// A consumer that may hold one of two buffers: there is always one for the camera, however slow the consumer is.
#[test]
fn a_slow_consumer_costs_only_itself() {
    model(|| {
        let (pool, quota) = (BufferPool::new(2, 1), Quota::new(1));
        let (sender, receiver) = channel::<Option<FrameRef>>();
        // loom's channels do not tell that their sender is gone, so the last word says it.
        let consumer = thread::spawn(move || {
            while let Some(held) = receiver.recv().unwrap() {
                drop(held)
            }
        });
        for _ in 0..3 {
            let frame = frame(&pool).expect("the consumer holds at most one");
            if let Some(charged) = frame.charge(&quota) {
                sender.send(Some(charged)).unwrap();
            }
        }
        sender.send(None).unwrap();
        consumer.join().unwrap();
        assert_eq!((pool.available(), quota.held()), (2, 0));
    });
}

#[test]
fn a_reading_of_an_account_never_shows_more_out_than_in_and_in_the_end_every_frame_has_one_fate() {
    model(|| {
        let account = EdgeAccount::default();
        let (sender, receiver) = channel::<()>();
        let camera = {
            let account = account.clone();
            thread::spawn(move || {
                account.enter();
                sender.send(()).unwrap();
                account.enter();
                account.lose(LossReason::RingFull);
            })
        };
        let router = {
            let account = account.clone();
            thread::spawn(move || {
                receiver.recv().unwrap();
                account.leave();
            })
        };
        let reading = account.counts();
        assert!(reading.in_flight() >= 0, "{reading:?}");
        camera.join().unwrap();
        router.join().unwrap();
        let counts = account.counts();
        assert_eq!((counts.entered, counts.left, counts.lost_total(), counts.in_flight()), (2, 1, 1, 0));
    });
}
