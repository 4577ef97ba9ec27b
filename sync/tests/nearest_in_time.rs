//! Frame sets of cameras in free-run.

use frame::{CameraId, ClockId, EdgeAccount, HostTime, LossReason, SegmentId, TriggerIndex};
use frame_sync::timing::{Action, Closed, FrameSet, NearestConfig, NearestInTime, TimedArrival};
use proptest::prelude::*;

const MS: i64 = 1_000_000;
const PERIOD_NS: i64 = 33 * MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    arrival_ns: i64,
    number: usize,
    camera: u16,
    segment: u32,
    exposure_ns: i64,
}

fn arrival(sent: Sent) -> TimedArrival<Sent> {
    TimedArrival {
        camera: CameraId(sent.camera),
        segment: SegmentId::seam(sent.segment),
        exposure: HostTime { ns: sent.exposure_ns, uncertainty_ns: 0, clock: ClockId::Simulated },
        arrival_ns: sent.arrival_ns,
        item: sent,
    }
}

fn sent(camera: u16, exposure_ms: i64) -> TimedArrival<Sent> {
    let exposure_ns = exposure_ms * MS;
    arrival(Sent { arrival_ns: exposure_ns + 5 * MS, number: 0, camera, segment: 0, exposure_ns })
}

fn spread_ns(set: &FrameSet<Sent>) -> i64 {
    let times = || set.items.iter().flatten().map(|item| item.exposure_ns);
    times().max().unwrap_or_default() - times().min().unwrap_or_default()
}

#[derive(Default)]
struct Ran {
    sets: Vec<FrameSet<Sent>>,
    rejected: Vec<(LossReason, Sent)>,
}

/// Runs frames through in order of arrival, wakes at deadlines, and checks what always holds.
fn run(config: NearestConfig, mut frames: Vec<Sent>) -> Ran {
    frames.sort();
    let (mut assembler, account) = (NearestInTime::new(config), EdgeAccount::default());
    let (mut ran, mut out) = (Ran::default(), Vec::new());
    let mut settle = |assembler: &NearestInTime<Sent>, out: &mut Vec<Action<Sent>>| {
        for action in out.drain(..) {
            match action {
                Action::Set(set) => {
                    set.items.iter().flatten().for_each(|_| account.leave());
                    ran.sets.push(set);
                }
                Action::Reject { reason, item, camera } => {
                    assert_eq!(camera, CameraId(item.camera));
                    account.lose(reason);
                    ran.rejected.push((reason, item));
                }
            }
        }
        assert_eq!(account.counts().in_flight(), assembler.in_flight() as i64, "the ledger's sums hold at any time");
        assert!(assembler.in_flight() <= config.max_open * config.cameras);
    };
    for &frame in &frames {
        while let Some(due_ns) = assembler.next_deadline_ns().filter(|&due_ns| due_ns <= frame.arrival_ns) {
            assembler.advance(due_ns, &mut out);
            assert!(!out.is_empty(), "a deadline that closes nothing would be a busy loop");
            settle(&assembler, &mut out);
        }
        account.enter();
        assembler.arrive(arrival(frame), &mut out);
        settle(&assembler, &mut out);
    }
    assembler.flush(&mut out);
    settle(&assembler, &mut out);
    assert_eq!((assembler.in_flight(), assembler.next_deadline_ns()), (0, None));

    let mut numbers: Vec<usize> = ran.rejected.iter().map(|(_, item)| item.number).collect();
    let mut last = (SegmentId::seam(0), i64::MIN);
    for (i, set) in ran.sets.iter().enumerate() {
        assert_eq!((set.index.0, set.trigger), (i as u64, TriggerIndex::Unresolved));
        assert!(spread_ns(set) <= config.tolerance_ns as i64, "{set:?}");
        let first = set.items.iter().flatten().map(|item| (set.segment, item.exposure_ns)).min().unwrap();
        assert!(last <= first, "sets leave in order of segment and earliest exposure");
        last = first;
        for (camera, item) in set.items.iter().enumerate() {
            let Some(item) = item else { continue };
            assert_eq!((usize::from(item.camera), item.segment), (camera, set.segment.seam));
            numbers.push(item.number);
        }
        assert_eq!(set.closed == Closed::Complete, set.missing() == 0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..frames.len()).collect::<Vec<_>>(), "every frame comes out exactly once");
    ran
}

proptest! {
    /// Any phase, jitter over a period, losses, duplicates, late frames, frames that overtake each other, discontinuities.
    #[test]
    fn anything_may_arrive_in_any_order(
        fates in (1usize..6).prop_flat_map(|cameras| {
            let fate = (-20 * MS..20 * MS, 0..120 * MS, prop::bool::weighted(0.1), prop::bool::weighted(0.05));
            prop::collection::vec(prop::collection::vec(fate, cameras), 1..60)
        }),
        phases in prop::collection::vec(0..PERIOD_NS, 6),
        seam in 5usize..60,
        tolerance_ns in 0u64..30_000_000,
        deadline_ns in 0..200 * MS,
        max_open in 1usize..12,
    ) {
        let mut frames = Vec::new();
        for (k, fates) in fates.iter().enumerate() {
            for (camera, &(jitter_ns, delay_ns, lost, again)) in fates.iter().enumerate() {
                let exposure_ns = k as i64 * PERIOD_NS + phases[camera] + jitter_ns;
                for copy in 0..if lost { 0 } else { 1 + i64::from(again) } {
                    let arrival_ns = exposure_ns + delay_ns + copy * 10 * MS;
                    let segment = u32::from(k >= seam);
                    frames.push(Sent { arrival_ns, number: frames.len(), camera: camera as u16, segment, exposure_ns });
                }
            }
        }
        run(NearestConfig { cameras: fates[0].len(), tolerance_ns, deadline_ns, max_open }, frames);
    }

    /// Where cameras jitter by less than the tolerance, every picture meets those of its instant.
    #[test]
    fn pictures_of_one_instant_meet(
        jitters in prop::collection::vec(prop::collection::vec((-4 * MS..4 * MS, 0..60 * MS), 4), 1..60),
    ) {
        let frames: Vec<_> = jitters.iter().enumerate().flat_map(|(k, jitters)| {
            jitters.iter().enumerate().map(move |(camera, &(jitter_ns, delay_ns))| {
                let exposure_ns = k as i64 * PERIOD_NS + jitter_ns;
                let number = 4 * k + camera;
                Sent { arrival_ns: exposure_ns + delay_ns, number, camera: camera as u16, segment: 0, exposure_ns }
            })
        }).collect();
        let config = NearestConfig { cameras: 4, tolerance_ns: 8_000_000, deadline_ns: 300 * MS, max_open: 16 };
        let ran = run(config, frames);
        // One that is complete takes older ones with it, so of each instant there is one set, complete or cut short.
        for set in &ran.sets {
            let mut instants = set.items.iter().flatten().map(|item| item.number / 4);
            let first = instants.next();
            let one = instants.all(|instant| Some(instant) == first);
            prop_assert!(one, "pictures of several instants: {:?}", set);
        }
        let late = ran.rejected.iter().all(|(reason, _)| *reason == LossReason::Late);
        prop_assert!(late, "rejected: {:?}", ran.rejected);
    }
}

fn three_cameras() -> NearestInTime<Sent> {
    NearestInTime::new(NearestConfig { cameras: 3, tolerance_ns: 10_000_000, deadline_ns: 100 * MS, max_open: 8 })
}

fn closed(out: &mut Vec<Action<Sent>>) -> Vec<(Closed, u64)> {
    let set = |action| if let Action::Set(set) = action { Some((set.closed, set.missing())) } else { None };
    out.drain(..).filter_map(set).collect()
}

#[test]
fn a_picture_joins_the_nearer_set() {
    let (mut assembler, mut out) = (three_cameras(), Vec::new());
    for (camera, exposure_ms) in [(0, 0), (0, 12), (1, 7), (2, 14)] {
        assembler.arrive(sent(camera, exposure_ms), &mut out);
    }
    assert_eq!(closed(&mut out), [(Closed::Overtaken, 0b110), (Closed::Complete, 0)]);
}

#[test]
fn what_comes_late_twice_or_with_vague_times_is_handed_back() {
    let (mut assembler, mut out) = (three_cameras(), Vec::new());
    let vague = HostTime { ns: 0, uncertainty_ns: 11_000_000, clock: ClockId::Simulated };
    assembler.arrive(TimedArrival { exposure: vague, ..sent(0, 0) }, &mut out);
    assembler.arrive(sent(3, 0), &mut out);
    assembler.arrive(sent(0, 0), &mut out);
    assembler.arrive(sent(0, 0), &mut out);
    assembler.advance(105 * MS, &mut out);
    assembler.arrive(sent(0, 0), &mut out);
    assembler.arrive(sent(1, 6), &mut out);
    assembler.arrive(sent(2, -30), &mut out);
    let told: Vec<_> = out
        .iter()
        .map(|action| match action {
            Action::Set(set) => Err(set.closed),
            Action::Reject { reason, .. } => Ok(*reason),
        })
        .collect();
    use LossReason::{Duplicate, Late, Unresolved};
    let expected =
        [Ok(Unresolved), Ok(Unresolved), Ok(Duplicate), Err(Closed::Deadline), Ok(Duplicate), Ok(Late), Ok(Late)];
    assert_eq!(told, expected);
}

#[test]
fn a_camera_that_is_gone_is_not_waited_for() {
    let (mut assembler, mut out) = (three_cameras(), Vec::new());
    for (camera, exposure_ms) in [(0, 0), (0, 30), (1, 31), (0, 60)] {
        assembler.arrive(sent(camera, exposure_ms), &mut out);
    }
    assembler.camera_gone(CameraId(2));
    assert_eq!(assembler.next_deadline_ns(), Some(5 * MS), "due at once");
    assembler.advance(66 * MS, &mut out);
    assert_eq!(closed(&mut out), [(Closed::Overtaken, 0b110), (Closed::Complete, 0b100)]);
    assembler.camera_back(CameraId(2));
    assembler.arrive(sent(1, 62), &mut out);
    assert!(out.is_empty());
    assembler.arrive(sent(2, 58), &mut out);
    assert_eq!(closed(&mut out), [(Closed::Complete, 0)]);
}

/// Four real webcams without a trigger, as their recorder stamped them.
#[test]
fn real_webcams_make_sets() {
    let Some(data) = std::env::var_os("GENLOCK_TEST_DATA").map(std::path::PathBuf::from) else {
        println!("skipped: GENLOCK_TEST_DATA is not set");
        return;
    };
    for session in ["post_optimization", "charuco_calibration"] {
        let folder = data.join("caliscope_charuco").join(session).join("calibration/extrinsic");
        let text = std::fs::read_to_string(folder.join("timestamps.csv")).unwrap();
        let mut lines = text.lines();
        let header: Vec<_> = lines.next().unwrap().split(',').collect();
        let column = |name| header.iter().position(|&column| column == name).unwrap();
        let (camera, time) = (column("cam_id"), column("frame_time"));
        let frames: Vec<_> = lines
            .enumerate()
            .map(|(number, line)| {
                let fields: Vec<_> = line.split(',').collect();
                let exposure_ns = (fields[time].parse::<f64>().unwrap() * 1e9) as i64;
                let camera = fields[camera].parse().unwrap();
                Sent { arrival_ns: exposure_ns, number, camera, segment: 0, exposure_ns }
            })
            .collect();
        let instants = frames.len() / 4;
        for tolerance_ms in [5, 20, 50] {
            let config = NearestConfig {
                cameras: 4,
                tolerance_ns: tolerance_ms * 1_000_000,
                deadline_ns: 300 * MS,
                max_open: 16,
            };
            let ran = run(config, frames.clone());
            let complete: Vec<_> = ran.sets.iter().filter(|set| set.missing() == 0).collect();
            let mut spreads: Vec<_> = complete.iter().map(|set| spread_ns(set)).collect();
            spreads.sort_unstable();
            println!(
                "{session}, within {tolerance_ms} ms: {} frames, {} sets, {} complete of {instants} instants, their spread \
                 {:.1} ms in the middle and {:.1} at most; {} pictures in other sets, {} left out",
                frames.len(),
                ran.sets.len(),
                complete.len(),
                spreads[spreads.len() / 2] as f64 / 1e6,
                spreads[spreads.len() - 1] as f64 / 1e6,
                frames.len() - 4 * complete.len() - ran.rejected.len(),
                ran.rejected.len(),
            );
            assert!(tolerance_ms < 50 || complete.len() * 100 >= instants * 95, "{} of {instants}", complete.len());
        }
    }
}
