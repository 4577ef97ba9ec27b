//! Rounding down without a call into the C library, which `f32::floor` compiles to if SSE 4.1 is not enabled.

use glam::Vec2;

/// For values well within the range of `i32`.
#[inline]
pub(crate) fn floor1(value: f32) -> f32 {
    let whole = value as i32 as f32;
    if whole > value { whole - 1.0 } else { whole }
}

/// Both coordinates.
#[inline]
pub(crate) fn floor(value: Vec2) -> Vec2 {
    Vec2::new(floor1(value.x), floor1(value.y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_floor() {
        for value in [-3.0, -2.5, -1.0, -0.1, 0.0, 0.9, 1.0, 7.3] {
            assert_eq!(floor1(value), value.floor());
        }
    }
}
