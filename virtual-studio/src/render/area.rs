//! Rectangles.

use glam::Vec2;

/// A rectangle that grows to hold points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub low: Vec2,
    pub high: Vec2,
}

impl Area {
    pub const NOTHING: Self = Self { low: Vec2::INFINITY, high: Vec2::NEG_INFINITY };

    #[inline]
    pub fn hold(&mut self, point: Vec2) {
        self.low = self.low.min(point);
        self.high = self.high.max(point);
    }

    #[inline]
    pub fn meets(&self, other: &Self) -> bool {
        self.low.cmple(other.high).all() && other.low.cmple(self.high).all()
    }
}
