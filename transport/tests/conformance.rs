//! One suite for every transport: all sinks and sources keep the same guarantees.

use std::time::Duration;

use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex};
use subject::{BackgroundId, Region, Sample};
use transport::{
    Hint, HintSink, HintSource, InProcessMoments, LearnerStatus, Moment, MomentFileReader, MomentFileWriter,
    MomentSink, MomentSource, View, ZenohLink, in_process_hints,
};

const SOON: Duration = Duration::from_secs(10);

fn moment(set: u64, size_px: u16) -> Moment {
    let area = usize::from(size_px).pow(2);
    Moment {
        set: SetIndex(set),
        trigger: TriggerIndex::Tentative(set),
        segment: SegmentId::seam(1),
        exposure: HostTime::monotonic(set as i64, 1),
        arrival_ns: 3,
        source: None,
        preprocessing: 5,
        views: vec![View {
            camera: CameraId(1),
            exposure: HostTime::monotonic(2, 1),
            frame_px: (640, 480),
            samples: vec![Sample {
                size_px,
                rgb: vec![set as u8; 3 * area].into(),
                mask: vec![255; area].into(),
                region: Region { centre_px: [1.0, 2.0], side_px: 3.0 },
                background: BackgroundId(4),
            }],
        }],
        unusable: vec![],
    }
}

fn zenoh_pair(name: &str) -> (ZenohLink, ZenohLink) {
    let server = ZenohLink::listen(name).unwrap();
    let client = ZenohLink::connect(server.endpoint(), name).unwrap();
    (server, client)
}

/// Sends until the first moment comes through, since discovering a subscriber takes time.
fn first_through(sink: &mut dyn MomentSink, source: &mut dyn MomentSource) -> u64 {
    for _ in 0..100 {
        sink.send(&moment(0, 4)).unwrap();
        if let Some(received) = source.receive(Duration::from_millis(100)).unwrap() {
            return received.number;
        }
    }
    panic!("nothing came through");
}

fn moments_arrive_whole_and_in_order(sink: &mut dyn MomentSink, source: &mut dyn MomentSource) {
    let mut last = first_through(sink, source);
    while source.receive(Duration::from_millis(200)).unwrap().is_some_and(|r| {
        last = r.number;
        true
    }) {}
    for set in 1..=20 {
        sink.send(&moment(set, 64)).unwrap();
        let received = source.receive(SOON).unwrap().expect("a moment");
        assert_eq!(received.value, moment(set, 64));
        assert_eq!(received.number, last + set);
    }
}

fn a_slow_receiver_gets_the_newest(sink: &mut dyn MomentSink, source: &mut dyn MomentSource, depth: usize) {
    first_through(sink, source);
    for set in 1..=50 {
        sink.send(&moment(set, 64)).unwrap();
    }
    let mut sets = vec![];
    while let Some(received) = source.receive(Duration::from_millis(500)).unwrap() {
        sets.push(received.value.set.0);
    }
    assert_eq!(sets.last(), Some(&50));
    assert!(sets.len() < 50 && sets.len() >= depth, "{sets:?}");
    assert!(sets.is_sorted());
}

fn nothing_sent_is_nothing_received(source: &mut dyn MomentSource) {
    assert_eq!(source.receive(Duration::from_millis(20)).unwrap(), None);
}

#[test]
fn in_process() {
    let mut sink = InProcessMoments::default();
    let (mut a, mut b) = (sink.source(64), sink.source(4));
    nothing_sent_is_nothing_received(&mut a);
    moments_arrive_whole_and_in_order(&mut sink, &mut a);
    a_slow_receiver_gets_the_newest(&mut sink, &mut b, 4);
    drop(sink);
    while b.receive(SOON).is_ok() {}
}

#[test]
fn zenoh() {
    let (server, client) = zenoh_pair("conformance");
    let mut sink = server.moment_sink().unwrap();
    let mut a = client.moment_source(64).unwrap();
    nothing_sent_is_nothing_received(&mut a);
    moments_arrive_whole_and_in_order(&mut sink, &mut a);
    drop(a);
    let mut b = client.moment_source(4).unwrap();
    a_slow_receiver_gets_the_newest(&mut sink, &mut b, 4);
    assert!(client.has_peer());
    drop(sink);
    drop(server);
}

/// A receiver that never takes anything must not use up the shared memory for good.
#[test]
fn a_receiver_that_sleeps_costs_only_itself() {
    let (server, client) = zenoh_pair("sleeper");
    let mut sink = server.moment_sink().unwrap();
    let mut awake = client.moment_source(8).unwrap();
    let _asleep = client.moment_source(8).unwrap();
    let mut last = first_through(&mut sink, &mut awake);
    for set in 1..=400 {
        sink.send(&moment(set, 224)).unwrap();
        while let Some(received) = awake.receive(Duration::from_millis(5)).unwrap() {
            last = received.value.set.0;
        }
    }
    assert!(last > 390, "the awake receiver stopped at {last}");
    assert_eq!(sink.sent_outside_shared_memory(), 0);
}

#[test]
fn hints() {
    let hint = Hint::Learner(LearnerStatus { steps: 7, ..Default::default() });
    let (mut sink, mut source) = in_process_hints(2);
    sink.send(&hint).unwrap();
    assert_eq!(source.receive(SOON).unwrap(), Some(hint.clone()));

    let (server, client) = zenoh_pair("hints");
    let (mut sink, mut source) = (client.hint_sink().unwrap(), server.hint_source(4).unwrap());
    let came = (0..100).find_map(|_| {
        sink.send(&hint).unwrap();
        source.receive(Duration::from_millis(100)).unwrap()
    });
    assert_eq!(came, Some(hint));
}

#[test]
fn a_file_gives_back_what_was_sent_and_forgives_a_torn_end() {
    let path = std::env::temp_dir().join(format!("genlock-moments-{}", std::process::id()));
    let mut file = MomentFileWriter::create(&path).unwrap();
    for set in 0..3 {
        file.send(&moment(set, 8)).unwrap();
    }
    file.close().unwrap();
    let sets = |path| {
        let mut reader = MomentFileReader::open(path).unwrap();
        let sets: Vec<_> = reader.by_ref().map(|m| m.unwrap().value.set.0).collect();
        (sets, reader.is_torn())
    };
    assert_eq!(sets(&path), (vec![0, 1, 2], false));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(sets(&path), (vec![0, 1], true));
    assert!(MomentFileWriter::create(&path).is_err(), "an existing file is never overwritten");
    std::fs::remove_file(&path).unwrap();
}
