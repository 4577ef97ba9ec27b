//! Notices brightness that goes up and down.

use std::collections::VecDeque;

/// How far back swings count, in nanoseconds.
const WINDOW_NS: i64 = 3_000_000_000;
/// The smallest swing, as a ratio of brightness.
const SWING: f32 = 1.1;
/// So many swings in turn are hunting.
const SWINGS: usize = 3;
/// A swing of which one step is more than this part is a lamp that is switched, not an exposure that is controlled.
const STEP: f32 = 0.7;

/// The brightness of one camera's pictures, as logarithms relative to any one of them.
#[derive(Debug, Default)]
pub(super) struct Brightness(VecDeque<(i64, f32)>);

impl Brightness {
    pub fn push(&mut self, now_ns: i64, logarithm: f32) {
        self.0.push_back((now_ns, logarithm));
        while self.0.front().is_some_and(|(at_ns, _)| now_ns - at_ns > WINDOW_NS) {
            self.0.pop_front();
        }
    }

    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// By which ratio it goes up and down, if it does.
    pub fn hunts(&self) -> Option<f32> {
        let swings = self.swings();
        let gradual: Vec<f32> =
            swings.iter().filter(|swing| swing.step <= STEP * swing.size).map(|swing| swing.size).collect();
        (gradual.len() >= SWINGS && gradual.len() == swings.len())
            .then(|| gradual.into_iter().fold(0.0, f32::max).exp())
    }

    /// The swings in turn; the last one need not have ended.
    fn swings(&self) -> Vec<Swing> {
        let least = SWING.ln();
        let mut swings: Vec<Swing> = Vec::new();
        let Some(&(_, first)) = self.0.front() else { return swings };
        // The extremes since the last turn, and the largest step since then.
        let (mut low, mut high, mut step, mut before) = (first, first, 0f32, first);
        for &(_, at) in self.0.iter().skip(1) {
            step = step.max((at - before).abs());
            before = at;
            match swings.last_mut() {
                Some(swing) if swing.up && at > swing.end || !swing.up && at < swing.end => {
                    (swing.size, swing.end) = (swing.size + (at - swing.end).abs(), at);
                    swing.step = swing.step.max(step);
                    step = 0.0;
                }
                Some(swing) => {
                    let (up, size) = (!swing.up, (at - swing.end).abs());
                    if size >= least {
                        swings.push(Swing { up, size, step, end: at });
                        step = 0.0;
                    }
                }
                None => {
                    (low, high) = (low.min(at), high.max(at));
                    let up = at - low >= least;
                    if up || high - at >= least {
                        let size = if up { at - low } else { high - at };
                        swings.push(Swing { up, size, step, end: at });
                        step = 0.0;
                    }
                }
            }
        }
        swings
    }
}

#[derive(Debug)]
struct Swing {
    up: bool,
    /// Difference of logarithms, and the largest between two consecutive pictures.
    size: f32,
    step: f32,
    end: f32,
}
