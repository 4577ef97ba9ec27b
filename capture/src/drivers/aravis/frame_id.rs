//! Frame ids of a GigE Vision stream, unwrapped.

/// Unwraps a stream's frame ids. GigE Vision counts in 16 bits from 1 to 65535, without 0, or in 64 bits; some cameras
/// count from 0 to 65535.
#[derive(Default)]
pub struct FrameIds {
    last: Option<u64>,
    /// When the last frame was seen.
    last_ns: i64,
    counter: u64,
    /// The camera has used 0 after 65535.
    zero_used: bool,
}

/// The place of one frame in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of the frame, from 0 for the first one.
    pub counter: u64,
    /// Frames missing between the last one and this.
    pub missing: u64,
}

const TURN: u64 = 1 << 16;
/// How many frames late a frame may arrive.
const LATE: u64 = 64;
/// The id of an incomplete frame is trusted only this close after the last one.
const NEAR: u64 = 8;
/// No camera sends frames faster than this.
const LEAST_PERIOD_NS: i64 = 100_000;

impl FrameIds {
    /// `None` for a frame that was counted already: a duplicate, or a late one that was counted as missing. If an id is
    /// further ahead than the time since the last frame allows, the camera has restarted its count, and the frame is
    /// taken as the next one.
    pub fn see(&mut self, id: u64, at_ns: i64) -> Option<Step> {
        let elapsed_ns = at_ns - std::mem::replace(&mut self.last_ns, at_ns);
        let Some(last) = self.last.replace(id) else { return Some(Step { counter: self.counter, missing: 0 }) };
        let ahead = if id >= last || last >= TURN {
            id.saturating_sub(last)
        } else {
            self.zero_used |= id == 0;
            let turn = TURN - u64::from(!self.zero_used && id != 0);
            turn - last + id
        };
        // Nearly a full wrap ahead means a little behind.
        if ahead == 0 || (last < TURN && ahead > TURN - LATE) {
            self.last = Some(last);
            return None;
        }
        let most = LATE + elapsed_ns.max(0).unsigned_abs() / LEAST_PERIOD_NS.unsigned_abs();
        let ahead = if ahead <= most {
            ahead
        } else {
            tracing::warn!(last, id, "the camera restarted its frame ids; frames lost at that moment are not counted");
            1
        };
        self.counter += ahead;
        Some(Step { counter: self.counter, missing: ahead - 1 })
    }

    /// For an incomplete frame: if its first packet is lost, its id is still that of the buffer's previous frame.
    pub fn see_incomplete(&mut self, id: u64, at_ns: i64) -> Step {
        let near = |last: u64| (1..=NEAR).contains(&id.wrapping_sub(last)) || (last + NEAR >= TURN && id < NEAR);
        if self.last.is_none_or(near)
            && let Some(step) = self.see(id, at_ns)
        {
            step
        } else {
            self.see_next()
        }
    }

    /// For a frame with an unknown id, which is taken as the next one.
    pub fn see_next(&mut self) -> Step {
        let Some(last) = self.last else { return Step { counter: self.counter, missing: 0 } };
        // Only a wrap needs special handling.
        self.last = Some(if last + 1 == TURN { u64::from(!self.zero_used) } else { last + 1 });
        self.counter += 1;
        Step { counter: self.counter, missing: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames so far apart that any number of others may lie between them.
    fn check(ids: impl IntoIterator<Item = u64>, expect: &[(u64, u64)]) {
        check_every(10_000_000_000, ids, expect);
    }

    fn check_every(period_ns: i64, ids: impl IntoIterator<Item = u64>, expect: &[(u64, u64)]) {
        let mut seen = FrameIds::default();
        let timed = ids.into_iter().zip(0..).filter_map(|(id, at)| seen.see(id, at * period_ns));
        let steps: Vec<_> = timed.map(|s| (s.counter, s.missing)).collect();
        assert_eq!(steps, expect);
    }

    #[test]
    fn ids_wrap_without_zero_and_with_it() {
        check([65534, 65535, 1, 2, 4], &[(0, 0), (1, 0), (2, 0), (3, 0), (5, 1)]);
        check([65534, 65535, 0, 1], &[(0, 0), (1, 0), (2, 0), (3, 0)]);
        check([65530, 3], &[(0, 0), (8, 7)]);
    }

    #[test]
    fn a_camera_that_has_used_zero_counts_it_ever_after() {
        let mut ids = FrameIds::default();
        let mut missing = 0;
        for round in 0..3u64 {
            for id in 0..TURN {
                // One frame of each round is lost, and in the last round it is 0 itself.
                let lost = if round == 2 { 0 } else { 40_000 };
                if id != lost {
                    missing += ids.see(id, 0).unwrap().missing;
                }
            }
        }
        assert_eq!((missing, ids.counter), (3, 3 * TURN - 1));
    }

    #[test]
    fn wide_ids_do_not_wrap_and_a_frame_again_is_no_other() {
        check([70_000, 70_001, 70_001, 70_005], &[(0, 0), (1, 0), (5, 3)]);
        check([10, 9, 11], &[(0, 0), (1, 0)]);
        check([10, 12, 11, 13], &[(0, 0), (2, 1), (3, 0)]);
        check([0, 65400, 65401], &[(0, 0), (65400, 65399), (65401, 0)]);
    }

    #[test]
    fn ids_that_begin_anew_are_no_loss() {
        let period_ns = 20_000_000;
        check_every(period_ns, [135, 136, 1, 2], &[(0, 0), (1, 0), (2, 0), (3, 0)]);
        check_every(period_ns, [135, 136, 0, 1], &[(0, 0), (1, 0), (2, 0), (3, 0)]);
        check_every(period_ns, [70_000, 1_000_000, 1_000_001], &[(0, 0), (1, 0), (2, 0)]);
        check_every(period_ns, [65_500, 65_510, 10], &[(0, 0), (10, 9), (45, 34)]);
    }

    #[test]
    fn a_frame_without_an_id_is_the_next() {
        const AT_NS: i64 = 0;
        let mut ids = FrameIds::default();
        ids.see(65534, AT_NS);
        assert_eq!(ids.see_next(), Step { counter: 1, missing: 0 });
        assert_eq!(ids.see(1, AT_NS), Some(Step { counter: 2, missing: 0 }));
        assert_eq!(ids.see_next(), Step { counter: 3, missing: 0 });
        assert_eq!(ids.see(4, AT_NS), Some(Step { counter: 5, missing: 1 }));
        assert_eq!(ids.see_incomplete(6, AT_NS), Step { counter: 7, missing: 1 });
        assert_eq!(
            ids.see_incomplete(0, AT_NS),
            Step { counter: 8, missing: 0 },
            "the id of a buffer that was never used"
        );
        assert_eq!(
            ids.see_incomplete(65500, AT_NS),
            Step { counter: 9, missing: 0 },
            "the id of the buffer's last frame"
        );
        assert_eq!(ids.see(9, AT_NS), Some(Step { counter: 10, missing: 0 }));
    }
}
