//! The network that finds the landmarks of the person in a region.

use super::landmark_names::LANDMARKS;
use super::rotated_square::{Beyond, RotatedSquare};
use crate::network::Network;
use crate::{FinderError, Joint, View};

/// Side of the network's picture in pixels.
const SIDE_PX: usize = 256;
/// The landmarks and six auxiliary points.
const POINTS: usize = 39;
/// The auxiliary points that give the next region: the middle of the hips, and a point on the circle around the body.
const AUXILIARY: [usize; 2] = [33, 34];
/// Values per point: x, y, z, visibility, presence.
const VALUES: usize = 5;
/// The lowest probability that the region shows somebody.
const MIN_PRESENCE: f32 = 0.5;
/// Side of the heatmaps in cells.
const CELLS: usize = 64;

/// The network, with room for one picture.
pub struct LandmarkNetwork {
    network: Network,
}

/// The person in a region of a view.
pub struct RegionPerson {
    /// In pixels of the camera's full frame.
    pub joints: Vec<Joint>,
    /// Where to look next, in pixels of the picture.
    pub next: RotatedSquare,
}

impl LandmarkNetwork {
    pub fn new(network: Network) -> Self {
        Self { network }
    }

    /// The person in the region, if there is one.
    pub fn find(&mut self, view: &View<'_>, region: RotatedSquare) -> Result<Option<RegionPerson>, FinderError> {
        region.sample(view, SIDE_PX, [0.0, 1.0], Beyond::Edge, self.network.input()?);
        self.network.run()?;
        // This output is a probability already; the others are logits.
        if self.network.output(1)?[0] < MIN_PRESENCE {
            return Ok(None);
        }
        let values = self.network.output(POINTS * VALUES)?;
        let heat = self.network.output(CELLS * CELLS * POINTS)?;
        let metres = self.network.output(3 * POINTS)?;
        let at = |point: usize| region.to_picture(refined(&values, &heat, point));
        let (sin, cos) = region.turn.sin_cos();
        let joints = (0..LANDMARKS).map(|point| {
            let [x, y, z] = [0, 1, 2].map(|axis| 1e3 * metres[3 * point + axis]);
            Joint {
                px: view.in_frame(at(point)),
                confidence: sigmoid(values[VALUES * point + 3]),
                mm: [cos * x - sin * y, sin * x + cos * y, z],
            }
        });
        Ok(Some(RegionPerson {
            joints: joints.collect(),
            next: RotatedSquare::of_body(at(AUXILIARY[0]), at(AUXILIARY[1])),
        }))
    }
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// A point in the region, from 0 to 1: the regressed one, moved to the heatmap's centre of mass in the 7 × 7 cells
/// around it if the heatmap is confident there.
fn refined(values: &[f32], heat: &[f32], point: usize) -> [f32; 2] {
    const REACH: usize = 3;
    const MIN_HEAT: f32 = 0.5;
    let regressed = [values[VALUES * point] / SIDE_PX as f32, values[VALUES * point + 1] / SIDE_PX as f32];
    let [column, row] = regressed.map(|at| (at * CELLS as f32) as i64);
    let inside = 0..CELLS as i64;
    if !regressed.iter().all(|&at| at >= 0.0) || !inside.contains(&column) || !inside.contains(&row) {
        return regressed;
    }
    let window = |at: i64| (at as usize).saturating_sub(REACH)..(at as usize + REACH + 1).min(CELLS);
    let (mut sum, mut most, mut weighed) = (0.0, 0.0_f32, [0.0; 2]);
    for row in window(row) {
        for column in window(column) {
            let warmth = sigmoid(heat[(row * CELLS + column) * POINTS + point]);
            sum += warmth;
            most = most.max(warmth);
            weighed[0] += warmth * column as f32;
            weighed[1] += warmth * row as f32;
        }
    }
    if most < MIN_HEAT || sum <= 0.0 { regressed } else { weighed.map(|at| at / sum / CELLS as f32) }
}
