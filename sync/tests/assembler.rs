//! The assembler on a simulated clock.

use std::collections::BTreeSet;

use frame::{CameraId, EdgeAccount, LossReason, SegmentId, TriggerIndex};
use frame_sync::timing::{Action, Arrival, AssemblerConfig, Closed, FrameSet, FrameSetAssembler};
use proptest::prelude::*;

const PERIOD_NS: i64 = 16_666_667;

/// What was sent: its own number, and the truth about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    arrival_ns: i64,
    number: usize,
    camera: u16,
    segment: u32,
    pulse: u64,
}

impl Sent {
    fn arrival(self) -> Arrival<Self> {
        Arrival {
            camera: CameraId(self.camera),
            segment: SegmentId::seam(self.segment),
            trigger: TriggerIndex::Certain(self.pulse),
            arrival_ns: self.arrival_ns,
            item: self,
        }
    }
}

#[derive(Default)]
struct Ran {
    sets: Vec<FrameSet<Sent>>,
    rejected: Vec<(LossReason, Sent)>,
}

/// Runs frames through an assembler in order of arrival, wakes it at its deadlines, and checks what always holds.
fn run(config: AssemblerConfig, mut frames: Vec<Sent>) -> Ran {
    frames.sort();
    let mut assembler = FrameSetAssembler::new(config);
    let account = EdgeAccount::default();
    let (mut ran, mut out) = (Ran::default(), Vec::new());
    let mut settle = |assembler: &FrameSetAssembler<Sent>, out: &mut Vec<Action<Sent>>| {
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
        assembler.arrive(frame.arrival(), &mut out);
        settle(&assembler, &mut out);
    }
    assembler.flush(&mut out);
    settle(&assembler, &mut out);
    assert_eq!((assembler.in_flight(), assembler.next_deadline_ns()), (0, None));

    let mut numbers: Vec<usize> = ran.rejected.iter().map(|(_, item)| item.number).collect();
    let mut last = None;
    for (i, set) in ran.sets.iter().enumerate() {
        assert_eq!(set.index.0, i as u64);
        let pulse = set.trigger.pulse().unwrap();
        let key = Some((set.segment, pulse));
        assert!(last < key, "sets leave in order of segment and pulse");
        last = key;
        assert!(set.items.iter().any(Option::is_some));
        for (camera, item) in set.items.iter().enumerate() {
            assert_eq!(set.missing() >> camera & 1 == 1, item.is_none());
            let Some(item) = item else { continue };
            assert_eq!((usize::from(item.camera), item.segment, item.pulse), (camera, set.segment.seam, pulse));
            assert!((set.first_arrival_ns..=set.last_arrival_ns).contains(&item.arrival_ns));
            numbers.push(item.number);
        }
        assert_eq!(set.closed == Closed::Complete, set.missing() == 0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (0..frames.len()).collect::<Vec<_>>(), "every frame comes out exactly once");
    ran
}

#[derive(Clone, Debug)]
struct Fate {
    delay_ns: i64,
    lost: bool,
    duplicate_after_ns: Option<i64>,
}

fn fate(longest_delay_ns: i64) -> impl Strategy<Value = Fate> {
    let duplicate = prop_oneof![9 => Just(None), 1 => (0..10 * PERIOD_NS).prop_map(Some)];
    (0..longest_delay_ns, prop::bool::weighted(0.1), duplicate).prop_map(|(delay_ns, lost, duplicate_after_ns)| Fate {
        delay_ns,
        lost,
        duplicate_after_ns,
    })
}

/// `fates[pulse][camera]`; a new segment, pulses from 0, every `loop_length` pulses.
fn frames(fates: &[Vec<Fate>], loop_length: usize, silent: Option<(usize, usize)>) -> Vec<Sent> {
    let mut frames = Vec::new();
    for (k, fates) in fates.iter().enumerate() {
        for (camera, fate) in fates.iter().enumerate() {
            if fate.lost || silent.is_some_and(|(who, from)| who == camera && k >= from) {
                continue;
            }
            let arrival_ns = k as i64 * PERIOD_NS + fate.delay_ns;
            for arrival_ns in std::iter::once(arrival_ns).chain(fate.duplicate_after_ns.map(|ns| arrival_ns + ns)) {
                let (segment, pulse) = ((k / loop_length) as u32, (k % loop_length) as u64);
                frames.push(Sent { arrival_ns, number: frames.len(), camera: camera as u16, segment, pulse });
            }
        }
    }
    frames
}

proptest! {
    /// Jitter over several periods, so frames of one camera overtake each other too; losses, duplicates, late ones.
    #[test]
    fn anything_may_arrive_in_any_order(
        fates in (1usize..6).prop_flat_map(|cameras| {
            prop::collection::vec(prop::collection::vec(fate(6 * PERIOD_NS), cameras), 1..60)
        }),
        loop_length in 5usize..40,
        silent in prop::option::of((0usize..6, 0usize..60)),
        deadline_ns in 0..8 * PERIOD_NS,
        max_open in 1usize..8,
    ) {
        let cameras = fates[0].len();
        run(AssemblerConfig { cameras, deadline_ns, max_open }, frames(&fates, loop_length, silent));
    }

    /// If cameras deliver in order and within the deadline, losses and duplicates do not affect other frames.
    #[test]
    fn a_lost_frame_costs_only_its_own_set(
        fates in (1usize..6).prop_flat_map(|cameras| {
            prop::collection::vec(prop::collection::vec(fate(PERIOD_NS), cameras), 1..60)
        }),
        loop_length in 5usize..40,
    ) {
        let cameras = fates[0].len();
        let sent = frames(&fates, loop_length, None);
        let ran = run(AssemblerConfig { cameras, deadline_ns: 2 * PERIOD_NS, max_open: 8 }, sent.clone());

        let duplicates: usize = fates.iter().flatten().filter(|f| !f.lost && f.duplicate_after_ns.is_some()).count();
        prop_assert_eq!(ran.rejected.len(), duplicates);
        let delivered: BTreeSet<_> = sent.iter().map(|s| (s.segment, s.pulse, s.camera)).collect();
        let in_sets: BTreeSet<_> =
            ran.sets.iter().flat_map(|s| s.items.iter().flatten()).map(|s| (s.segment, s.pulse, s.camera)).collect();
        prop_assert_eq!(delivered, in_sets);
        let whole = fates.iter().filter(|set| set.iter().all(|f| !f.lost)).count();
        prop_assert_eq!(ran.sets.iter().filter(|set| set.closed == Closed::Complete).count(), whole);
    }

    /// A silent camera delays sets by the deadline and no more, until it is given up.
    #[test]
    fn one_silent_camera_costs_the_deadline(cameras in 2usize..6, silent in 0usize..6, from in 0usize..30) {
        let silent = silent % cameras;
        let fates = vec![vec![Fate { delay_ns: 1000, lost: false, duplicate_after_ns: None }; cameras]; 40];
        let ran = run(
            AssemblerConfig { cameras, deadline_ns: PERIOD_NS / 2, max_open: 4 },
            frames(&fates, 1000, Some((silent, from))),
        );
        for (k, set) in ran.sets.iter().enumerate() {
            let expected = if k < from { (Closed::Complete, 0) } else { (Closed::Deadline, 1 << silent) };
            prop_assert_eq!((set.closed, set.missing()), expected);
        }
        prop_assert_eq!((ran.sets.len(), ran.rejected.len()), (40, 0));
    }
}

fn sent(camera: u16, pulse: u64, arrival_ns: i64) -> Arrival<Sent> {
    Sent { arrival_ns, number: 0, camera, segment: 0, pulse }.arrival()
}

fn closed(out: &mut Vec<Action<Sent>>) -> Vec<(u64, Closed)> {
    out.drain(..)
        .filter_map(|action| match action {
            Action::Set(set) => Some((set.trigger.pulse().unwrap(), set.closed)),
            Action::Reject { .. } => None,
        })
        .collect()
}

fn three_cameras(max_open: usize) -> FrameSetAssembler<Sent> {
    FrameSetAssembler::new(AssemblerConfig { cameras: 3, deadline_ns: 1000, max_open })
}

#[test]
fn a_complete_set_takes_the_older_ones_with_it() {
    let (mut assembler, mut out) = (three_cameras(8), Vec::new());
    for arrival in [sent(0, 4, 0), sent(1, 4, 1), sent(0, 5, 2), sent(2, 5, 3), sent(1, 5, 4)] {
        assembler.arrive(arrival, &mut out);
    }
    assert_eq!(closed(&mut out), [(4, Closed::Overtaken), (5, Closed::Complete)]);
    assembler.arrive(sent(2, 4, 5), &mut out);
    assembler.arrive(sent(2, 5, 6), &mut out);
    let reasons: Vec<_> = out
        .iter()
        .map(|action| if let Action::Reject { reason, .. } = action { Some(*reason) } else { None })
        .collect();
    assert_eq!(reasons, [Some(LossReason::Late), Some(LossReason::Duplicate)]);
}

#[test]
fn too_many_open_sets_close_the_oldest() {
    let (mut assembler, mut out) = (three_cameras(2), Vec::new());
    for pulse in 0..4 {
        assembler.arrive(sent(0, pulse, pulse as i64), &mut out);
    }
    assert_eq!(closed(&mut out), [(0, Closed::Overtaken), (1, Closed::Overtaken)]);
}

#[test]
fn a_camera_that_is_gone_is_not_waited_for() {
    let (mut assembler, mut out) = (three_cameras(8), Vec::new());
    for arrival in [sent(0, 0, 0), sent(0, 1, 10), sent(1, 1, 11), sent(0, 2, 20)] {
        assembler.arrive(arrival, &mut out);
    }
    assembler.camera_gone(CameraId(2));
    assert_eq!(assembler.next_deadline_ns(), Some(0), "due at once");
    assembler.advance(21, &mut out);
    assert_eq!(closed(&mut out), [(0, Closed::Overtaken), (1, Closed::Complete)]);
    assembler.arrive(sent(1, 2, 22), &mut out);
    assert_eq!(closed(&mut out), [(2, Closed::Complete)]);
    assembler.camera_back(CameraId(2));
    assembler.arrive(sent(0, 3, 30), &mut out);
    assembler.arrive(sent(1, 3, 31), &mut out);
    assert!(out.is_empty());
    assembler.arrive(sent(2, 3, 32), &mut out);
    assert_eq!(closed(&mut out), [(3, Closed::Complete)]);
}

#[test]
fn a_pulse_from_the_future_does_not_shut_out_the_present() {
    let (mut assembler, mut out) = (three_cameras(8), Vec::new());
    assembler.arrive(sent(1, 1_000_000, 0), &mut out);
    for pulse in 0..20 {
        for camera in 0..3 {
            assembler.arrive(sent(camera, pulse, pulse as i64 * 500), &mut out);
        }
    }
    assert_eq!(closed(&mut out), (0..20).map(|pulse| (pulse, Closed::Complete)).collect::<Vec<_>>());
    assembler.advance(20_000, &mut out);
    assert_eq!(closed(&mut out), [(1_000_000, Closed::Deadline)]);
}

#[test]
fn frames_without_a_trigger_and_strangers_are_handed_back() {
    let (mut assembler, mut out) = (three_cameras(8), Vec::new());
    assembler.arrive(Arrival { trigger: TriggerIndex::Unresolved, ..sent(0, 0, 0) }, &mut out);
    assembler.arrive(sent(3, 0, 0), &mut out);
    assert!(out.iter().all(|action| matches!(action, Action::Reject { reason: LossReason::Unresolved, .. })));
    assert_eq!((out.len(), assembler.in_flight()), (2, 0));
}

#[test]
fn a_set_is_as_certain_as_its_least_certain_frame() {
    let (mut assembler, mut out) = (three_cameras(8), Vec::new());
    for camera in 0..3 {
        let trigger = if camera == 1 { TriggerIndex::Tentative(7) } else { TriggerIndex::Certain(7) };
        assembler.arrive(Arrival { trigger, ..sent(camera, 7, 0) }, &mut out);
    }
    assert!(matches!(&out[..], [Action::Set(set)] if set.trigger == TriggerIndex::Tentative(7)));
}
