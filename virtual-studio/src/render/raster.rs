//! Rasterises triangles into a visibility buffer: the nearest triangle of each sample. Only visible samples are shaded
//! later.
//!
//! Vertices are snapped to a fine grid, so that edge functions are integers and adjacent triangles leave no gap.

use glam::Vec2;

/// No triangle.
pub(crate) const NONE: u32 = u32::MAX;

/// Positions are multiples of 1 / `GRID` sample.
const BITS: u32 = 8;
const GRID: f32 = (1 << BITS) as f32;
const HALF: i32 = 1 << (BITS - 1);

/// A corner of triangles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScreenVertex {
    x: i32,
    y: i32,
    /// Positive and linear in the picture: 1 / depth in perspective. Not positive behind the camera.
    pub nearness: f32,
}

impl ScreenVertex {
    /// A vertex that hides every triangle that uses it.
    pub const BEHIND: Self = Self { x: 0, y: 0, nearness: -1.0 };

    /// Snaps a position in samples.
    #[inline]
    pub fn snap(x: f32, y: f32, nearness: f32) -> Self {
        /// Far outside any picture, but products of differences still fit.
        const FAR: f32 = (1 << 24) as f32;
        let whole = |value: f32| (value * GRID).clamp(-FAR, FAR) as i32;
        Self { x: whole(x), y: whole(y), nearness }
    }

    /// In samples.
    #[inline]
    pub fn place(&self) -> Vec2 {
        Vec2::new(self.x as f32, self.y as f32) * (1.0 / GRID)
    }
}

/// A rectangle of samples, [x0, x1) × [y0, y1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub x0: usize,
    pub y0: usize,
    pub x1: usize,
    pub y1: usize,
}

impl Window {
    /// The part of `width × height` samples that the vertices may touch, with edges on multiples of `step`.
    pub fn around(vertices: &[ScreenVertex], width: usize, height: usize, step: usize) -> Self {
        let (mut low, mut high) = ([i32::MAX; 2], [i32::MIN; 2]);
        for vertex in vertices.iter().filter(|vertex| vertex.nearness > 0.0) {
            (low[0], low[1]) = (low[0].min(vertex.x), low[1].min(vertex.y));
            (high[0], high[1]) = (high[0].max(vertex.x), high[1].max(vertex.y));
        }
        let first = |value: i32| ((value >> BITS).max(0) as usize) / step * step;
        let last = |value: i32, end: usize| (((value >> BITS) + 1).max(0) as usize).next_multiple_of(step).min(end);
        if low[0] > high[0] {
            return Self::default();
        }
        let window = Self { x0: first(low[0]), y0: first(low[1]), x1: last(high[0], width), y1: last(high[1], height) };
        if window.x0 >= window.x1 || window.y0 >= window.y1 { Self::default() } else { window }
    }

    pub fn width(&self) -> usize {
        self.x1 - self.x0
    }

    pub fn height(&self) -> usize {
        self.y1 - self.y0
    }
}

/// The nearest triangles within a window.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    pub window: Window,
    /// Row by row within the window.
    pub triangle: Vec<u32>,
    /// Nearness of the triangle; 0 if there is none.
    pub nearness: Vec<f32>,
}

impl Visibility {
    /// Clears, and draws the triangles. Both sides are drawn; of two equally near, the first one is kept.
    pub fn draw(&mut self, window: Window, vertices: &[ScreenVertex], triangles: &[[u32; 3]]) {
        let samples = window.width() * window.height();
        self.window = window;
        self.triangle.clear();
        self.triangle.resize(samples, NONE);
        self.nearness.clear();
        self.nearness.resize(samples, 0.0);
        for (index, triangle) in triangles.iter().enumerate() {
            let [a, b, c] = triangle.map(|vertex| vertices[vertex as usize]);
            fill(a, b, c, &window, |sample, nearness| {
                if nearness > self.nearness[sample] {
                    self.nearness[sample] = nearness;
                    self.triangle[sample] = index as u32;
                }
            });
        }
    }
}

/// Keeps the nearest value of each sample; `nearest` must start below all of them.
pub(crate) fn draw_nearness(nearest: &mut [f32], width: usize, vertices: &[ScreenVertex], triangles: &[[u32; 3]]) {
    let window = Window { x0: 0, y0: 0, x1: width, y1: nearest.len() / width };
    for triangle in triangles {
        let [a, b, c] = triangle.map(|vertex| vertices[vertex as usize]);
        fill(a, b, c, &window, |sample, nearness| nearest[sample] = nearest[sample].max(nearness));
    }
}

/// Calls `put` for each sample of the window (its middle at halves) inside or on the edge of a triangle.
#[inline(always)]
fn fill(a: ScreenVertex, b: ScreenVertex, c: ScreenVertex, window: &Window, mut put: impl FnMut(usize, f32)) {
    // The first and the last sample centre inside; most small triangles contain none and end here.
    let first = |low: i32, start: usize| ((low + HALF - 1) >> BITS).max(start as i32);
    let last = |high: i32, end: usize| ((high - HALF) >> BITS).min(end as i32 - 1);
    let x0 = first(a.x.min(b.x).min(c.x), window.x0);
    let x1 = last(a.x.max(b.x).max(c.x), window.x1);
    let y0 = first(a.y.min(b.y).min(c.y), window.y0);
    let y1 = last(a.y.max(b.y).max(c.y), window.y1);
    if x0 > x1 || y0 > y1 || a.nearness.min(b.nearness).min(c.nearness) <= 0.0 {
        return;
    }
    let area = cross(a, b, c.x, c.y);
    if area == 0 {
        return;
    }
    // Reversed if needed, so that inside is positive.
    let (b, c, area) = if area > 0 { (b, c, area) } else { (c, b, -area) };
    let (x, y) = ((x0 << BITS) + HALF, (y0 << BITS) + HALF);
    let (mut row_a, mut row_b, mut row_c) = (cross(b, c, x, y), cross(c, a, x, y), cross(a, b, x, y));
    let step = |from: i32, to: i32| i64::from(from - to) << BITS;
    let (step_a, step_b, step_c) = (step(b.y, c.y), step(c.y, a.y), step(a.y, b.y));
    let (down_a, down_b, down_c) = (step(c.x, b.x), step(a.x, c.x), step(b.x, a.x));
    let inverse = 1.0 / area as f32;
    let (rise_b, rise_c) = ((b.nearness - a.nearness) * inverse, (c.nearness - a.nearness) * inverse);
    let stride = window.width();
    let mut start = (y0 as usize - window.y0) * stride + x0 as usize - window.x0;
    for _ in y0..=y1 {
        let (mut wa, mut wb, mut wc) = (row_a, row_b, row_c);
        for column in 0..=(x1 - x0) as usize {
            // None is negative.
            if wa | wb | wc >= 0 {
                put(start + column, a.nearness + wb as f32 * rise_b + wc as f32 * rise_c);
            }
            wa += step_a;
            wb += step_b;
            wc += step_c;
        }
        row_a += down_a;
        row_b += down_b;
        row_c += down_c;
        start += stride;
    }
}

/// Twice the area of the triangle from `p` over `q` to (x, y), in squares of the grid: exact.
#[inline(always)]
fn cross(p: ScreenVertex, q: ScreenVertex, x: i32, y: i32) -> i64 {
    i64::from(q.x - p.x) * i64::from(y - p.y) - i64::from(q.y - p.y) * i64::from(x - p.x)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draw(vertices: &[ScreenVertex], triangles: &[[u32; 3]]) -> Visibility {
        let mut buffer = Visibility::default();
        buffer.draw(Window { x0: 0, y0: 0, x1: 32, y1: 32 }, vertices, triangles);
        buffer
    }

    proptest! {
        /// A fan around an inner point covers every sample that its outline covers: no gap along shared edges.
        #[test]
        fn neighbours_leave_no_gap(x in 8.0f32..24.0, y in 8.0f32..24.0, turn in 0.0f32..1.0) {
            let mut vertices = vec![ScreenVertex::snap(x, y, 1.0)];
            vertices.extend((0..7).map(|i| {
                let angle = (i as f32 + turn) * std::f32::consts::TAU / 7.0;
                ScreenVertex::snap(16.0 + 40.0 * angle.cos(), 16.0 + 40.0 * angle.sin(), 1.0)
            }));
            let triangles: Vec<_> = (0..7).map(|i| if i % 2 == 0 { [0, i + 1, (i + 1) % 7 + 1] } else { [0, (i + 1) % 7 + 1, i + 1] }).collect();
            prop_assert!(draw(&vertices, &triangles).triangle.iter().all(|&triangle| triangle != NONE));
        }

        #[test]
        fn the_nearer_one_is_seen_whatever_the_order(near in 0.5f32..2.0, far in 0.1f32..0.4) {
            let corner = |x: f32, y: f32, z: f32| ScreenVertex::snap(x, y, z);
            let vertices: Vec<_> = [near, far].into_iter().flat_map(|z| [corner(0.0, 0.0, z), corner(64.0, 0.0, z), corner(0.0, 64.0, z)]).collect();
            for triangles in [[[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 2, 1]]] {
                let buffer = draw(&vertices, &triangles);
                prop_assert!(buffer.nearness.iter().all(|nearness| (nearness - near).abs() < 1e-4));
            }
        }
    }

    #[test]
    fn what_is_behind_the_camera_is_not_drawn() {
        let vertices = [ScreenVertex::BEHIND, ScreenVertex::snap(30.0, 0.0, 1.0), ScreenVertex::snap(0.0, 30.0, 1.0)];
        assert!(draw(&vertices, &[[0, 1, 2]]).triangle.iter().all(|&triangle| triangle == NONE));
        assert_eq!(Window::around(&[ScreenVertex::BEHIND], 32, 32, 1), Window::default());
    }

    #[test]
    fn nearness_is_even_over_a_slanted_triangle() {
        let vertices =
            [ScreenVertex::snap(0.0, 0.0, 1.0), ScreenVertex::snap(64.0, 0.0, 2.0), ScreenVertex::snap(0.0, 64.0, 3.0)];
        let buffer = draw(&vertices, &[[0, 1, 2]]);
        let (x, y) = (10, 20);
        let want = 1.0 + (x as f32 + 0.5) / 64.0 + 2.0 * (y as f32 + 0.5) / 64.0;
        assert!((buffer.nearness[y * 32 + x] - want).abs() < 1e-5);
    }
}
