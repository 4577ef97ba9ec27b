//! Which pictures of a take are used, and with which labels.

use pose::FrameLabel;

/// A picture with its label.
#[derive(Clone, Copy)]
pub(super) struct Labelled<'a> {
    /// Its index in the take.
    pub frame: usize,
    /// The number of its instant, the same in all cameras.
    pub instant: u32,
    pub label: &'a FrameLabel,
}

/// The pictures of a take that are used, by labelled camera.
pub(super) struct Chosen<'a> {
    pub labelled: Vec<Vec<Labelled<'a>>>,
    /// Frames, labelled or not, in which each camera's background may be looked for.
    pub all: Vec<Vec<usize>>,
    /// Labelled source positions that no loop has in all labelled cameras.
    pub incomplete: usize,
}
