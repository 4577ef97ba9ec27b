//! Contact shadows beneath feet.

use std::f32::consts::PI;

use glam::{Vec2, Vec3A};

use super::area::Area;
use super::floor::floor;

/// How much of the sky the body hides from the floor beneath it, so that feet look grounded.
///
/// The underside of the body, as a map of heights, is taken as level patches; each hides its form factor.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    /// Of the map's first corner, x and z.
    origin: Vec2,
    /// 0 hides nothing, 1 everything.
    hidden: Vec<f32>,
    lowest: Vec<f32>,
}

const SIDE: usize = 48;
const CELL_M: f32 = 0.05;
/// The reach of a patch, in cells.
const REACH: usize = 10;
/// Higher parts of the body hide too little to count, metres.
const HIGHEST: f32 = 1.2;

impl Contact {
    pub fn draw(&mut self, positions: &[Vec3A]) {
        self.lowest.clear();
        self.lowest.resize(SIDE * SIDE, f32::INFINITY);
        self.hidden.clear();
        self.hidden.resize(SIDE * SIDE, 0.0);
        let low = positions.iter().filter(|position| position.y < HIGHEST);
        let (count, sum) =
            low.clone().fold((0.0, Vec3A::ZERO), |(count, sum), &position| (count + 1.0, sum + position));
        if count == 0.0 {
            return;
        }
        let middle = Vec2::new(sum.x, sum.z) / count;
        self.origin = ((middle / CELL_M).round() - 0.5 * SIDE as f32) * CELL_M;
        for position in low {
            let cell = (Vec2::new(position.x, position.z) - self.origin) / CELL_M;
            if cell.min_element() >= 0.0 && cell.max_element() < SIDE as f32 {
                let lowest = &mut self.lowest[cell.y as usize * SIDE + cell.x as usize];
                *lowest = lowest.min(position.y.max(0.01));
            }
        }
        for patch in 0..SIDE * SIDE {
            if self.lowest[patch].is_finite() {
                self.hide_below(patch % SIDE, patch / SIDE, self.lowest[patch]);
            }
        }
    }

    fn hide_below(&mut self, x: usize, y: usize, height: f32) {
        /// Twice the cell: what hangs over it also has sides.
        const AREA: f32 = 2.0 * CELL_M * CELL_M;
        let square = height * height;
        for row in y.saturating_sub(REACH)..(y + REACH + 1).min(SIDE) {
            let dy = (row as f32 - y as f32) * CELL_M;
            for column in x.saturating_sub(REACH)..(x + REACH + 1).min(SIDE) {
                let dx = (column as f32 - x as f32) * CELL_M;
                let reach = dx * dx + dy * dy + square;
                // A h² / (π r⁴), bounded by 1 where the patch touches the floor.
                self.hidden[row * SIDE + column] += AREA * square / (PI * reach * reach + AREA * square);
            }
        }
    }

    /// Where the shade is visible, x and z.
    pub fn area(&self) -> Area {
        const SEEN: f32 = 0.01;
        let mut area = Area::NOTHING;
        for (cell, _) in self.hidden.iter().enumerate().filter(|(_, hidden)| **hidden > SEEN) {
            let middle = Vec2::new((cell % SIDE) as f32, (cell / SIDE) as f32) + 0.5;
            area.hold(self.origin + (middle - 1.0) * CELL_M);
            area.hold(self.origin + (middle + 1.0) * CELL_M);
        }
        area
    }

    /// The remaining share of the sky's light at a point of the floor, 0 to 1.
    #[inline]
    pub fn open(&self, x: f32, z: f32) -> f32 {
        let place = (Vec2::new(x, z) - self.origin) / CELL_M - 0.5;
        let inside = place.min_element() >= 0.0 && place.max_element() < (SIDE - 1) as f32;
        if !inside || self.hidden.is_empty() {
            return 1.0;
        }
        let corner = floor(place);
        let part = place - corner;
        let start = corner.y as usize * SIDE + corner.x as usize;
        let row = |start: usize| self.hidden[start] * (1.0 - part.x) + self.hidden[start + 1] * part.x;
        let hidden = row(start) * (1.0 - part.y) + row(start + SIDE) * part.y;
        1.0 - 0.85 * hidden.min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_patch_darkens_the_floor_beneath_it_more_than_a_high_one() {
        let patch = |height: f32| {
            let mut contact = Contact::default();
            let places = (0..10).flat_map(|x| (0..10).map(move |z| (x as f32 * 0.02, z as f32 * 0.02)));
            contact.draw(&places.map(|(x, z)| Vec3A::new(x, height, z)).collect::<Vec<_>>());
            contact
        };
        let (low, high) = (patch(0.02), patch(0.5));
        assert!(low.open(0.1, 0.1) < 0.5);
        assert!(low.open(0.1, 0.1) < high.open(0.1, 0.1));
        assert_eq!(low.open(5.0, 0.0), 1.0);
        assert_eq!(Contact::default().open(0.0, 0.0), 1.0);
    }
}
