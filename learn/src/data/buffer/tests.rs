//! What stays in a buffer, and that its bytes are bounded.

use frame::SegmentId;
use rand::SeedableRng;

use super::testing::moment;
use super::*;

pub(super) fn limits(bytes: u64, moments: usize, keep: Keep) -> Limits {
    Limits { bytes, moments, keep, anchor_every_ms: 400.0 }
}

/// Pushes moments of a segment; an anchor's features say which way somebody looks, in degrees.
pub(super) fn push(buffer: &mut Buffer, indices: std::ops::Range<u32>, segment: u32, looks: impl Fn(u32) -> f32) {
    for index in indices {
        if let Some(id) = buffer.push(moment(index, segment, 2)) {
            let degrees = looks(index).to_radians();
            buffer.add_anchor(id, vec![degrees.cos(), degrees.sin()]);
        }
    }
}

fn sets(buffer: &Buffer) -> Vec<u64> {
    (0..buffer.len()).map(|place| buffer.get(place).unwrap().set.0).collect()
}

/// What the bytes are when counted anew.
fn counted(buffer: &Buffer) -> u64 {
    (0..buffer.len()).map(|place| shelf::bytes(buffer.get(place).unwrap())).sum()
}

#[test]
fn the_newest_stay_also_when_a_larger_moment_comes_late() {
    let mut buffer = Buffer::new(limits(8 * 256, 100, Keep::Newest));
    for index in 0..20 {
        assert_eq!(buffer.push(moment(index, 0, 1)), None, "nothing becomes an anchor");
    }
    assert_eq!(sets(&buffer), (12..20).collect::<Vec<_>>());
    buffer.push(moment(20, 0, 2));
    assert_eq!(sets(&buffer), (14..21).collect::<Vec<_>>());
    assert_eq!((buffer.metas()[6].views, buffer.distinct(), buffer.bytes()), (0b11, 3, 8 * 256));
    let mut buffer = Buffer::new(limits(u64::MAX, 5, Keep::Newest));
    push(&mut buffer, 0..20, 0, |_| 0.0);
    assert_eq!(sets(&buffer), (15..20).collect::<Vec<_>>());
}

#[test]
fn an_anchor_keeps_companions_of_its_own_stretch() {
    let mut buffer = Buffer::new(limits(u64::MAX, 1000, Keep::LeastRedundant));
    push(&mut buffer, 0..101, 0, |index| index as f32);
    // Anchors are every 20 frames; the newest 2.1 s are there anyway.
    assert_eq!((buffer.anchors(), buffer.len()), (6, 101));
    push(&mut buffer, 0..1, 1, |_| 90.0);
    let lagged = |anchor: u64| [0, 5, 10, 20, 40, 80].map(|frames| anchor.checked_sub(frames)).into_iter().flatten();
    let mut expected: Vec<u64> = [0, 20, 40, 60, 80, 100].into_iter().flat_map(lagged).collect();
    expected.sort_unstable();
    expected.dedup();
    let mut found = sets(&buffer);
    assert_eq!(found.pop(), Some(0), "the one of the other segment is the newest");
    assert_eq!(found, expected);
}

/// One person walks for long, then another one looks around for a moment, then the first one walks again.
#[test]
fn what_is_rare_stays() {
    let run = |keep: Keep| {
        let mut buffer = Buffer::new(limits(u64::MAX, 150, keep));
        push(&mut buffer, 0..2000, 0, |index| (index % 7) as f32);
        push(&mut buffer, 0..200, 1, |index| 20.0 + index as f32 / 3.0);
        push(&mut buffer, 0..2000, 2, |index| (index % 7) as f32);
        let metas = buffer.metas();
        metas.iter().filter(|meta| meta.segment == SegmentId::seam(1)).count()
    };
    assert_eq!(run(Keep::Newest), 0);
    // Of 4200 instants 200, one in 21; of the 75 that are kept for their looks at least one in four.
    assert!(run(Keep::LeastRedundant) > 75 / 4, "{}", run(Keep::LeastRedundant));
}

#[test]
fn a_step_draws_around_an_anchor_or_anywhere() {
    for keep in [Keep::Newest, Keep::LeastRedundant] {
        let mut buffer = Buffer::new(limits(u64::MAX, 1000, keep));
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        assert_eq!(buffer.surroundings(500 * MS, &mut rng), None);
        push(&mut buffer, 0..300, 0, |index| index as f32);
        push(&mut buffer, 0..300, 1, |index| index as f32);
        let mut segments = [0; 2];
        for _ in 0..50 {
            let places = buffer.surroundings(500 * MS, &mut rng).unwrap();
            let metas: Vec<&InstantMeta> = places.iter().map(|&place| &buffer.metas()[place]).collect();
            let times = || metas.iter().map(|meta| meta.exposure_ns);
            assert!(metas.iter().all(|meta| meta.segment == metas[0].segment));
            assert!(times().max().unwrap() - times().min().unwrap() <= 1000 * MS);
            assert!(metas.len() >= 3, "{keep:?}: an anchor is not alone");
            segments[usize::from(metas[0].segment == SegmentId::seam(1))] += 1;
        }
        assert!(segments.iter().all(|&count| count > 10), "{keep:?}: {segments:?}");
    }
}

/// Two sessions of a machine that was restarted: the same segments and times.
#[test]
fn sessions_are_told_apart() {
    let mut buffer = Buffer::new(limits(u64::MAX, 1000, Keep::Newest));
    push(&mut buffer, 0..10, 0, |_| 0.0);
    buffer.begin_session(1);
    push(&mut buffer, 0..10, 0, |_| 0.0);
    let segments: std::collections::BTreeSet<SegmentId> = buffer.metas().iter().map(|meta| meta.segment).collect();
    assert_eq!(segments.len(), 2);
}

/// Hours of a stream: the limits hold at every arrival, nothing is held that nobody needs, and no list grows.
#[test]
fn bytes_stay_flat_over_many_thousands_of_arrivals() {
    for keep in [Keep::Newest, Keep::LeastRedundant] {
        let limit = 400 * 512;
        let mut buffer = Buffer::new(limits(limit, 100_000, keep));
        let mut most = 0;
        for arrival in 0..60_000_u32 {
            // Every ten minutes the stream begins anew, every twenty with a session.
            let (segment, session) = (arrival / 30_000, arrival / 20_000);
            buffer.begin_session(session);
            push(&mut buffer, arrival..arrival + 1, segment, |index| (index as f32 * 0.37) % 90.0);
            assert!(buffer.bytes() <= limit, "{keep:?}: {} after {arrival}", buffer.bytes());
            if arrival % 1000 == 999 {
                assert_eq!(buffer.bytes(), counted(&buffer));
                assert!(buffer.newest.len() <= 400 && buffer.shelf.state().numbers.len() <= 4);
                most = most.max(buffer.anchors());
            }
        }
        assert!(buffer.len() > 380, "{keep:?}: it uses what it may: {}", buffer.len());
        assert_eq!(most > 40, keep == Keep::LeastRedundant, "{keep:?}: {most}");
        assert!(most <= buffer.len(), "no more anchors than moments: {most}");
    }
}

#[test]
fn what_came_after_a_time_is_dropped_of_this_session_alone() {
    for keep in [Keep::Newest, Keep::LeastRedundant] {
        let mut buffer = Buffer::new(limits(u64::MAX, 1000, keep));
        push(&mut buffer, 0..200, 0, |index| index as f32);
        let before = buffer.metas().to_vec();
        buffer.begin_session(1);
        push(&mut buffer, 0..200, 0, |index| index as f32);
        let cut = moment(90, 0, 1).exposure.ns;
        buffer.forget_after(cut);
        let (old, new) = buffer.metas().split_at(before.len().min(buffer.len()));
        // The window of the newest moved on to the other session, so some of the first are gone as ever.
        let kept = old.iter().chain(new).filter(|meta| meta.exposure_ns > cut);
        assert!(kept.clone().count() > 0 && kept.clone().all(|meta| meta.segment == before[0].segment), "{keep:?}");
        assert_eq!(buffer.bytes(), counted(&buffer));
        buffer.forget_after(i64::MIN);
        assert!(buffer.metas().iter().all(|meta| meta.segment == before[0].segment), "{keep:?}");
        let anchors = buffer.anchors();
        push(&mut buffer, 200..400, 0, |index| index as f32);
        assert!(keep == Keep::Newest || buffer.anchors() > anchors, "it goes on");
    }
}
