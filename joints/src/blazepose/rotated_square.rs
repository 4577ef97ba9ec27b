//! Rotated squares in a picture, and sampling them as a network's input.

use crate::View;

/// A square in a picture, possibly rotated: the part that a network sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotatedSquare {
    /// In pixels of the picture.
    pub centre: [f32; 2],
    pub side: f32,
    /// The clockwise rotation of the square, in radians.
    pub turn: f32,
}

impl RotatedSquare {
    /// The smallest square that holds the whole picture.
    pub fn around(width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        Self { centre: [width / 2.0, height / 2.0], side: width.max(height), turn: 0.0 }
    }

    /// The `n`-th of the squares that cover the picture, which have half its longer side and overlap by half; after the
    /// last comes the first again.
    pub fn part(width: u32, height: u32, n: u32) -> Self {
        let side = width.max(height) as f32 / 2.0;
        let along = |length: u32| (2.0 * length as f32 / side).ceil().max(2.0) as u32 - 1;
        let (columns, rows) = (along(width), along(height));
        let middle = |at: u32, of: u32, length: u32| {
            // The last ends where the picture does.
            let room = (length as f32 - side).max(0.0);
            if of > 1 { side / 2.0 + room * at as f32 / (of - 1) as f32 } else { length as f32 / 2.0 }
        };
        let (column, row) = (n % columns, n / columns % rows);
        Self { centre: [middle(column, columns, width), middle(row, rows, height)], side, turn: 0.0 }
    }

    /// MediaPipe's region of a person: around `centre` (the middle of the hips), upright along the line to `rim` (a
    /// point above the head on the circle around the whole body), 1.25 times as large as that circle.
    pub fn of_body(centre: [f32; 2], rim: [f32; 2]) -> Self {
        const ENLARGED: f32 = 1.25;
        let (x, y) = (rim[0] - centre[0], rim[1] - centre[1]);
        Self { centre, side: 2.0 * ENLARGED * x.hypot(y), turn: x.atan2(-y) }
    }

    /// From the square's own coordinates, 0 to 1 from its upper left corner, to pixels of the picture.
    pub fn to_picture(self, [u, v]: [f32; 2]) -> [f32; 2] {
        let (x, y) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        let (sin, cos) = self.turn.sin_cos();
        [self.centre[0] + cos * x - sin * y, self.centre[1] + sin * x + cos * y]
    }

    /// Samples the square at `size` × `size` points into `out`, as MediaPipe does: bilinearly without averaging,
    /// rounded to 8 bits, the first point at the square's corner. Channels from 0 to 255 become values from `low` to
    /// `high`.
    pub fn sample(self, view: &View<'_>, size: usize, [low, high]: [f32; 2], beyond: Beyond, out: &mut [f32]) {
        let step = 1.0 / size as f32;
        let origin = self.to_picture([0.0, 0.0]);
        let across = self.to_picture([step, 0.0]);
        let down = self.to_picture([0.0, step]);
        let (across, down) =
            ([across[0] - origin[0], across[1] - origin[1]], [down[0] - origin[0], down[1] - origin[1]]);
        let gain = (high - low) / 255.0;
        for (row, pixels) in out.chunks_exact_mut(3 * size).enumerate() {
            for (column, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let (i, j) = (column as f32, row as f32);
                let x = origin[0] + i * across[0] + j * down[0];
                let y = origin[1] + i * across[1] + j * down[1];
                let rgb = bilinear(view, x, y, beyond);
                for (value, channel) in pixel.iter_mut().zip(rgb) {
                    *value = low + gain * channel.round();
                }
            }
        }
    }
}

/// What a sample outside the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Zero in all channels.
    Black,
    /// The nearest pixel of the edge.
    Edge,
}

fn bilinear(view: &View<'_>, x: f32, y: f32, beyond: Beyond) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, lower_share) = (x - left, y - top);
    let (left, top) = (left as i64, top as i64);
    let mut sum = [0.0; 3];
    for (row, row_share) in [(top, 1.0 - lower_share), (top + 1, lower_share)] {
        for (column, share) in [(left, 1.0 - right_share), (left + 1, right_share)] {
            if let Some(rgb) = pixel(view, column, row, beyond) {
                for (sum, &channel) in sum.iter_mut().zip(rgb) {
                    *sum += share * row_share * f32::from(channel);
                }
            }
        }
    }
    sum
}

fn pixel<'a>(view: &View<'a>, column: i64, row: i64, beyond: Beyond) -> Option<&'a [u8]> {
    let (width, height) = (i64::from(view.width), i64::from(view.height));
    let (column, row) = match beyond {
        Beyond::Edge => (column.clamp(0, width - 1), row.clamp(0, height - 1)),
        Beyond::Black if (0..width).contains(&column) && (0..height).contains(&row) => (column, row),
        Beyond::Black => return None,
    };
    let at = 3 * (row * width + column) as usize;
    view.rgb.get(at..at + 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_that_stands_lies_or_leans() {
        let turn = |rim: [f32; 2]| RotatedSquare::of_body([100.0, 100.0], rim).turn.to_degrees();
        assert!(turn([100.0, 40.0]).abs() < 1e-3, "upright");
        assert!((turn([160.0, 100.0]) - 90.0).abs() < 1e-3, "head to the right");
        assert!((turn([40.0, 100.0]) + 90.0).abs() < 1e-3, "head to the left");
        assert_eq!(RotatedSquare::of_body([100.0, 100.0], [100.0, 40.0]).side, 150.0);
    }

    #[test]
    fn a_square_as_large_as_the_network_is_copied() {
        let rgb: Vec<u8> = (0..4 * 4 * 3).collect();
        let view = View { rgb: &rgb, width: 4, height: 4, origin_px: [0.0; 2], scale: 1.0, mask: None };
        let mut out = [0.0; 4 * 4 * 3];
        RotatedSquare::around(4, 4).sample(&view, 4, [0.0, 255.0], Beyond::Edge, &mut out);
        assert_eq!(out.map(|value| value as u8).to_vec(), rgb);
        let beside = RotatedSquare { centre: [-2.0, 2.0], ..RotatedSquare::around(4, 4) };
        beside.sample(&view, 4, [-1.0, 1.0], Beyond::Black, &mut out);
        assert_eq!(out, [-1.0; 4 * 4 * 3], "beyond the picture is black");
    }

    #[test]
    fn parts_lie_over_all_of_the_picture() {
        for (width, height, count) in [(640, 480, 6), (480, 640, 6), (640, 360, 6), (400, 400, 9), (900, 100, 3)] {
            let parts: Vec<_> = (0..count).map(|n| RotatedSquare::part(width, height, n)).collect();
            assert_eq!(RotatedSquare::part(width, height, count), parts[0]);
            for (x, y) in [(1, 1), (width - 1, height - 1), (width / 2, height / 2), (width / 3, height - 1)] {
                let holds = |part: &RotatedSquare| {
                    let away = [part.centre[0] - x as f32, part.centre[1] - y as f32];
                    away.into_iter().all(|away| away.abs() <= part.side / 2.0)
                };
                assert!(parts.iter().any(holds), "{x}, {y} of {width}, {height}: {parts:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_rim_is_straight_up_in_the_region(
            centre in prop::array::uniform2(-500.0..500.0f32), away in prop::array::uniform2(-300.0..300.0f32),
        ) {
            prop_assume!(away[0].hypot(away[1]) > 5.0);
            let rim = [centre[0] + away[0], centre[1] + away[1]];
            let region = RotatedSquare::of_body(centre, rim);
            // Of a side of 1.25 diameters, the circle's top is 1 / 2.5 above the middle.
            let top = region.to_picture([0.5, 0.1]);
            prop_assert!((top[0] - rim[0]).hypot(top[1] - rim[1]) < 1e-2);
        }
    }
}
