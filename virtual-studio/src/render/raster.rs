//! Triangles into a visibility buffer: which triangle is nearest at each sample. Shading comes later, once for what
//! is seen.
//!
//! Vertices are snapped to a fine grid, so that edge functions of small triangles are exact: neighbours leave no gap.

use glam::Vec3A;

/// No triangle.
pub(crate) const NONE: u32 = u32::MAX;

/// Positions are whole multiples of 1 / `GRID` sample.
const GRID: f32 = 256.0;

/// A vertex that is not to be drawn, and with it every triangle that uses it.
pub(crate) const BEHIND: Vec3A = Vec3A::new(f32::NAN, f32::NAN, -1.0);

/// Snaps x and y; z is how near the vertex is, and must change evenly over the picture: 1 / depth in perspective.
#[inline]
pub(crate) fn snap(x: f32, y: f32, nearness: f32) -> Vec3A {
    Vec3A::new((x * GRID).round() / GRID, (y * GRID).round() / GRID, nearness)
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
    /// What of `width × height` samples the vertices may touch, with edges on whole multiples of `step`.
    pub fn around(vertices: &[Vec3A], width: usize, height: usize, step: usize) -> Self {
        let (mut low, mut high) = (Vec3A::INFINITY, Vec3A::NEG_INFINITY);
        for vertex in vertices.iter().filter(|vertex| vertex.z > 0.0) {
            low = low.min(*vertex);
            high = high.max(*vertex);
        }
        if low.x > high.x {
            return Self::default();
        }
        let first = |value: f32| (value.max(0.0) as usize) / step * step;
        let last = |value: f32, end: usize| (value.max(-1.0) + 1.0).min(end as f32) as usize;
        let window = Self {
            x0: first(low.x),
            y0: first(low.y),
            x1: last(high.x, width).next_multiple_of(step).min(width),
            y1: last(high.y, height).next_multiple_of(step).min(height),
        };
        if window.x0 >= window.x1 || window.y0 >= window.y1 { Self::default() } else { window }
    }

    pub fn width(&self) -> usize {
        self.x1 - self.x0
    }

    pub fn height(&self) -> usize {
        self.y1 - self.y0
    }
}

/// Which triangle is nearest, within a window.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    pub window: Window,
    /// Row by row within the window.
    pub triangle: Vec<u32>,
    /// How near it is; 0 where there is none.
    pub nearness: Vec<f32>,
}

impl Visibility {
    /// Draws the triangles anew. Both sides are drawn; where two are equally near, the first one stays.
    pub fn draw(&mut self, window: Window, vertices: &[Vec3A], triangles: &[[u32; 3]]) {
        let (width, samples) = (window.width(), window.width() * window.height());
        self.window = window;
        self.triangle.clear();
        self.triangle.resize(samples, NONE);
        self.nearness.clear();
        self.nearness.resize(samples, 0.0);
        let corner = Vec3A::new(window.x0 as f32, window.y0 as f32, 0.0);
        for (index, triangle) in triangles.iter().enumerate() {
            let [a, b, c] = triangle.map(|vertex| vertices[vertex as usize] - corner);
            fill(a, b, c, width, window.height(), |sample, nearness| {
                if nearness > self.nearness[sample] {
                    self.nearness[sample] = nearness;
                    self.triangle[sample] = index as u32;
                }
            });
        }
    }
}

/// Keeps the nearest value of each sample, where `nearest` starts below all of them.
pub(crate) fn draw_nearness(nearest: &mut [f32], width: usize, vertices: &[Vec3A], triangles: &[[u32; 3]]) {
    let height = nearest.len() / width;
    for triangle in triangles {
        let [a, b, c] = triangle.map(|vertex| vertices[vertex as usize]);
        fill(a, b, c, width, height, |sample, nearness| nearest[sample] = nearest[sample].max(nearness));
    }
}

/// Calls `put` for each sample (its middle at halves) inside or on the edge of a triangle.
#[inline(always)]
fn fill(a: Vec3A, b: Vec3A, c: Vec3A, width: usize, height: usize, mut put: impl FnMut(usize, f32)) {
    let (low, high) = (a.min(b).min(c), a.max(b).max(c));
    // Not a number, or not in front: written so that NaN ends here, too.
    if !(low.z > 0.0 && high.x - low.x < 1e6 && high.y - low.y < 1e6) {
        return;
    }
    // The first and the last middle inside.
    let x0 = (low.x - 0.5).ceil().max(0.0);
    let y0 = (low.y - 0.5).ceil().max(0.0);
    let x1 = (high.x - 0.5).floor().min(width as f32 - 1.0);
    let y1 = (high.y - 0.5).floor().min(height as f32 - 1.0);
    if x0 > x1 || y0 > y1 {
        return;
    }
    let area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if area == 0.0 {
        return;
    }
    // Turned round where needed, so that inside is positive.
    let (b, c, area) = if area > 0.0 { (b, c, area) } else { (c, b, -area) };
    let edge = |p: Vec3A, q: Vec3A, x: f32, y: f32| (q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x);
    let (x, y) = (x0 + 0.5, y0 + 0.5);
    // Weights of b and c; that of a is what is left.
    let (mut row_a, mut row_b, mut row_c) = (edge(b, c, x, y), edge(c, a, x, y), edge(a, b, x, y));
    let (step_a, step_b, step_c) = (b.y - c.y, c.y - a.y, a.y - b.y);
    let (down_a, down_b, down_c) = (c.x - b.x, a.x - c.x, b.x - a.x);
    let inverse = 1.0 / area;
    let (rise_b, rise_c) = ((b.z - a.z) * inverse, (c.z - a.z) * inverse);
    let (columns, rows) = ((x1 - x0) as usize + 1, (y1 - y0) as usize + 1);
    let mut start = y0 as usize * width + x0 as usize;
    for _ in 0..rows {
        let (mut wa, mut wb, mut wc) = (row_a, row_b, row_c);
        for column in 0..columns {
            if wa >= 0.0 && wb >= 0.0 && wc >= 0.0 {
                put(start + column, a.z + wb * rise_b + wc * rise_c);
            }
            wa += step_a;
            wb += step_b;
            wc += step_c;
        }
        row_a += down_a;
        row_b += down_b;
        row_c += down_c;
        start += width;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draw(vertices: &[Vec3A], triangles: &[[u32; 3]]) -> Visibility {
        let mut buffer = Visibility::default();
        buffer.draw(Window { x0: 0, y0: 0, x1: 32, y1: 32 }, vertices, triangles);
        buffer
    }

    proptest! {
        /// A fan around an inner point covers every sample that its outline covers: no gap along shared edges.
        #[test]
        fn neighbours_leave_no_gap(x in 8.0f32..24.0, y in 8.0f32..24.0, turn in 0.0f32..1.0) {
            let mut vertices = vec![snap(x, y, 1.0)];
            vertices.extend((0..7).map(|i| {
                let angle = (i as f32 + turn) * std::f32::consts::TAU / 7.0;
                snap(16.0 + 40.0 * angle.cos(), 16.0 + 40.0 * angle.sin(), 1.0)
            }));
            let triangles: Vec<_> = (0..7).map(|i| if i % 2 == 0 { [0, i + 1, (i + 1) % 7 + 1] } else { [0, (i + 1) % 7 + 1, i + 1] }).collect();
            prop_assert!(draw(&vertices, &triangles).triangle.iter().all(|&triangle| triangle != NONE));
        }

        #[test]
        fn the_nearer_one_is_seen_whatever_the_order(near in 0.5f32..2.0, far in 0.1f32..0.4) {
            let corner = |x: f32, y: f32, z: f32| snap(x, y, z);
            let vertices: Vec<_> = [near, far].into_iter().flat_map(|z| [corner(0.0, 0.0, z), corner(64.0, 0.0, z), corner(0.0, 64.0, z)]).collect();
            for triangles in [[[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 2, 1]]] {
                let buffer = draw(&vertices, &triangles);
                prop_assert!(buffer.nearness.iter().all(|nearness| (nearness - near).abs() < 1e-4));
            }
        }
    }

    #[test]
    fn what_is_behind_the_camera_is_not_drawn() {
        let vertices = [BEHIND, snap(30.0, 0.0, 1.0), snap(0.0, 30.0, 1.0)];
        assert!(draw(&vertices, &[[0, 1, 2]]).triangle.iter().all(|&triangle| triangle == NONE));
        assert_eq!(Window::around(&[BEHIND], 32, 32, 1), Window::default());
    }

    #[test]
    fn nearness_is_even_over_a_slanted_triangle() {
        let vertices = [snap(0.0, 0.0, 1.0), snap(64.0, 0.0, 2.0), snap(0.0, 64.0, 3.0)];
        let buffer = draw(&vertices, &[[0, 1, 2]]);
        let (x, y) = (10, 20);
        let want = 1.0 + (x as f32 + 0.5) / 64.0 + 2.0 * (y as f32 + 0.5) / 64.0;
        assert!((buffer.nearness[y * 32 + x] - want).abs() < 1e-5);
    }
}
