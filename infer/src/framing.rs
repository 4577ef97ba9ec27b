//! Which views need whole frames instead of crops, and which have a stale background.

use std::time::{Duration, Instant};

use transport::Framing;

/// How long whole frames are used before the square is tried again. A joint finder may need several of them to find
/// somebody who is small in them.
const TRIED_AGAIN: Duration = Duration::from_secs(2);
/// After this many squares without anybody while whole frames show somebody, the background is stale.
const WRONG_SQUARES: u32 = 2;
/// A background is not reported stale again within this time, in which it is learned.
const STALE_AGAIN: Duration = Duration::from_secs(20);

/// Asks for whole frames of a view in whose square nobody was found. If these repeatedly show somebody, the square is
/// wrong: the camera was turned or the light changed, so the background that was learned is stale.
#[derive(Debug, Default)]
pub struct Framer {
    views: Vec<View>,
    stale: Vec<u16>,
}

#[derive(Clone, Debug, Default)]
struct View {
    /// Since when whole frames are used; `None` while squares are.
    whole_since: Option<Instant>,
    /// Whether they showed anybody.
    found: bool,
    wrong_squares: u32,
    stale_at: Option<Instant>,
}

impl Framer {
    /// Tells the result for a camera's picture: whether it was a whole frame, and whether it showed somebody.
    pub fn looked(&mut self, camera: usize, whole: bool, somebody: bool, now: Instant) {
        if self.views.len() <= camera {
            self.views.resize(camera + 1, View::default());
        }
        let view = &mut self.views[camera];
        match (whole, somebody) {
            (false, true) => (view.whole_since, view.wrong_squares) = (None, 0),
            (false, false) => (view.whole_since, view.found) = (Some(now), false),
            (true, somebody) => {
                view.found |= somebody;
                if view.whole_since.take_if(|since| now - *since >= TRIED_AGAIN).is_some() {
                    // Otherwise nobody is in view at all.
                    view.wrong_squares = if view.found { view.wrong_squares + 1 } else { 0 };
                }
            }
        }
        if view.wrong_squares >= WRONG_SQUARES {
            self.moved(camera, now);
        }
    }

    /// Tells that the camera was moved, so its background is stale.
    pub fn moved(&mut self, camera: usize, now: Instant) {
        let Some(view) = self.views.get_mut(camera) else { return };
        view.wrong_squares = 0;
        if view.stale_at.is_none_or(|at| now - at >= STALE_AGAIN) {
            view.stale_at = Some(now);
            self.stale.push(camera as u16);
        }
    }

    /// What to ask for next; a stale background is reported once.
    pub fn framing(&mut self, whole_still: bool) -> Framing {
        let whole = self.views.iter().enumerate().filter(|(_, view)| view.whole_since.is_some());
        let whole_of = whole.map(|(camera, _)| camera as u16).collect();
        Framing { whole_still, whole_of, stale: std::mem::take(&mut self.stale) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(150);

    /// Simulates one view. Returns the number of whole frames, and when its background was reported stale. `somebody`
    /// tells whether a square or a whole frame shows anybody.
    fn look(instants: u32, somebody: impl Fn(bool) -> bool) -> (u32, Vec<u32>) {
        let (mut framer, begun) = (Framer::default(), Instant::now());
        let (mut wholes, mut stale) = (0, Vec::new());
        let mut whole = false;
        for instant in 0..instants {
            framer.looked(0, whole, somebody(whole), begun + instant * STEP);
            let framing = framer.framing(false);
            whole = framing.whole_of == [0];
            wholes += u32::from(whole);
            stale.extend(framing.stale.iter().map(|_| instant));
        }
        (wholes, stale)
    }

    #[test]
    fn squares_that_show_somebody_are_left_alone() {
        assert_eq!(look(100, |_| true), (0, vec![]));
    }

    #[test]
    fn a_background_is_stale_where_whole_frames_alone_show_somebody() {
        let (wholes, stale) = look(100, |whole| whole);
        assert!(wholes > 80, "{wholes}");
        assert!(stale.len() == 1 && Duration::from_secs(8) > stale[0] * STEP, "{stale:?}");
    }

    #[test]
    fn where_nobody_is_no_background_is_stale() {
        let (wholes, stale) = look(100, |_| false);
        assert!(wholes < 99 && stale.is_empty(), "{wholes}, {stale:?}");
    }
}
