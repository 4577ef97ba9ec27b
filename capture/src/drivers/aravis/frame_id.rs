/// Unwraps a stream's frame ids. GigE Vision counts in 16 bits from 1 to 65535, without 0, or in 64 bits; some cameras
/// count from 0 to 65535.
#[derive(Default)]
pub struct FrameIds {
    last: Option<u64>,
    counter: u64,
    /// The camera has used 0 behind 65535.
    zero_used: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Frames from the first one on.
    pub counter: u64,
    /// Frames between the last one and this.
    pub missing: u64,
}

const TURN: u64 = 1 << 16;

impl FrameIds {
    pub fn see(&mut self, id: u64) -> Step {
        let Some(last) = self.last.replace(id) else { return Step { counter: self.counter, missing: 0 } };
        let ahead = if id >= last || last >= TURN {
            // Twice the same is the same frame again.
            id.saturating_sub(last)
        } else {
            self.zero_used |= id == 0;
            let turn = TURN - u64::from(!self.zero_used && id != 0);
            turn - last + id
        };
        // More than half a turn ahead is behind: a frame that comes late.
        if last < TURN && ahead > TURN / 2 {
            self.last = Some(last);
            return Step { counter: self.counter, missing: 0 };
        }
        self.counter += ahead;
        Step { counter: self.counter, missing: ahead.saturating_sub(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: impl IntoIterator<Item = u64>, expect: &[(u64, u64)]) {
        let mut seen = FrameIds::default();
        let steps: Vec<_> = ids.into_iter().map(|id| seen.see(id)).map(|s| (s.counter, s.missing)).collect();
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
                    missing += ids.see(id).missing;
                }
            }
        }
        assert_eq!((missing, ids.counter), (3, 3 * TURN - 1));
    }

    #[test]
    fn wide_ids_do_not_wrap_and_a_frame_again_is_no_other() {
        check([70_000, 70_001, 70_001, 70_005], &[(0, 0), (1, 0), (1, 0), (5, 3)]);
        check([10, 9, 11], &[(0, 0), (0, 0), (1, 0)]);
    }
}
