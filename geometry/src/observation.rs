//! What one camera sees of the person at one instant.

use nalgebra::{Vector2, Vector3};

use crate::points::{EXCHANGED, POINT_COUNT};

/// A view with fewer points in the picture is not used.
const MIN_POINTS: usize = 6;

/// One camera's view of the person at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Where each point lies in the picture, in pixels from its top left corner.
    pub px: [[f64; 2]; POINT_COUNT],
    /// The confidence in each point, 0 to 1; 0 outside the picture.
    pub weight: [f64; POINT_COUNT],
    /// The same points in millimetres from the middle of the hips, in the axes of a camera that looks straight at
    /// the hips (x to the right, y down, z away).
    pub root_relative_mm: [[f64; 3]; POINT_COUNT],
    /// How each point moves, in pixels a frame, if known. Offsets in time need it.
    pub velocity_px: Option<[[f64; 2]; POINT_COUNT]>,
    /// Whether somebody else is in the picture, so that other cameras may follow them.
    pub others: bool,
}

impl Observation {
    /// Whether enough points lie in the picture and all 3D joints are finite.
    pub(crate) fn usable(&self) -> bool {
        let seen = (0..POINT_COUNT).filter(|&point| self.believed(point) > 0.0).count();
        seen >= MIN_POINTS && self.root_relative_mm.iter().flatten().all(|value| value.is_finite())
    }

    /// The weight of a point, 0 if its pixels are not finite.
    pub(crate) fn believed(&self, point: usize) -> f64 {
        let weight = self.weight[point];
        if self.px[point].iter().all(|value| value.is_finite()) && weight.is_finite() {
            weight.clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// The same view with left and right exchanged. The 3D joints' depth is inverted as well, since otherwise the body
    /// would be a mirror image.
    pub fn exchanged(&self) -> Self {
        Self {
            px: EXCHANGED.map(|from| self.px[from]),
            weight: EXCHANGED.map(|from| self.weight[from]),
            root_relative_mm: EXCHANGED.map(|from| {
                let [x, y, z] = self.root_relative_mm[from];
                [x, y, -z]
            }),
            velocity_px: self.velocity_px.map(|velocity| EXCHANGED.map(|from| velocity[from])),
            others: self.others,
        }
    }

    /// The same view some frames earlier, extrapolated by its velocities; the result has no velocities.
    pub(crate) fn earlier(&self, frames: f64) -> Self {
        let view = PixelView::of(self);
        Self {
            px: std::array::from_fn(|point| match view.earlier(point, frames) {
                at if view.weight[point] > 0.0 => at.into(),
                _ => self.px[point],
            }),
            velocity_px: None,
            ..self.clone()
        }
    }

    pub(crate) fn points_mm(&self) -> [Vector3<f64>; POINT_COUNT] {
        self.root_relative_mm.map(Vector3::from)
    }
}

/// The 2D part of an observation as the adjustment needs it: all numbers finite, weight 0 where nothing was seen.
#[derive(Clone, Debug)]
pub(crate) struct PixelView {
    pub px: [Vector2<f64>; POINT_COUNT],
    pub weight: [f64; POINT_COUNT],
    pub velocity: [Vector2<f64>; POINT_COUNT],
}

impl PixelView {
    pub(crate) fn unseen() -> Self {
        let nothing = [Vector2::zeros(); POINT_COUNT];
        Self { px: nothing, weight: [0.0; POINT_COUNT], velocity: nothing }
    }

    pub(crate) fn of(observation: &Observation) -> Self {
        let mut view = Self::unseen();
        for point in 0..POINT_COUNT {
            view.weight[point] = observation.believed(point);
            let px = Vector2::from(observation.px[point]);
            if px.iter().all(|value| value.is_finite()) {
                view.px[point] = px;
            }
            let velocity = observation.velocity_px.map_or([0.0; 2], |velocity| velocity[point]);
            if velocity.iter().all(|value| value.is_finite()) {
                view.velocity[point] = Vector2::from(velocity);
            }
        }
        view
    }

    /// The same view with left and right exchanged.
    pub(crate) fn exchanged(&self) -> Self {
        Self {
            px: EXCHANGED.map(|from| self.px[from]),
            weight: EXCHANGED.map(|from| self.weight[from]),
            velocity: EXCHANGED.map(|from| self.velocity[from]),
        }
    }

    /// Where the point was `offset` frames earlier than the picture shows it.
    pub(crate) fn earlier(&self, point: usize, offset: f64) -> Vector2<f64> {
        self.px[point] - offset * self.velocity[point]
    }

    pub(crate) fn seen(&self) -> bool {
        self.weight.iter().any(|&weight| weight > 0.0)
    }
}
