//! Rays through the pixels of a camera.

use glam::{Mat3A, Vec2, Vec3A};

use crate::rig::VirtualCamera;

/// Rays of a camera, in the world, with length 1 along the camera's axis, so that their parameter is depth.
pub(crate) struct Rays {
    pub origin: Vec3A,
    /// Width of a pixel at depth 1.
    pub pixel: f32,
    axes: Mat3A,
    inverse_focal: Vec2,
    centre: Vec2,
    unbend: Option<Unbend>,
}

/// Undoes radial distortion: the factor from a ray's distorted length to its true one, by the square of the former.
struct Unbend {
    factors: [f32; STEPS + 1],
    steps_per_square: f32,
}

const STEPS: usize = 256;

impl Rays {
    pub fn new(camera: &VirtualCamera) -> Self {
        let lens = &camera.intrinsics;
        let unbend = (lens.radial() != [0.0; 2]).then(|| {
            let size = Vec2::from(lens.size_px().map(|side| side as f32));
            let furthest = (size - lens.centre_px()).abs().max(lens.centre_px().abs()) / lens.focal_px();
            let square = 1.02 * furthest.length_squared();
            let factor = |step: usize| {
                let appears = (square * step.max(1) as f32 / STEPS as f32).sqrt();
                lens.ray(lens.centre_px() + Vec2::new(appears * lens.focal_px().x, 0.0)).x / appears
            };
            Unbend { factors: std::array::from_fn(factor), steps_per_square: STEPS as f32 / square }
        });
        Self {
            origin: camera.position.into(),
            pixel: 1.0 / lens.focal_px().max_element(),
            axes: camera.rotation.transpose().into(),
            inverse_focal: lens.focal_px().recip(),
            centre: lens.centre_px(),
            unbend,
        }
    }

    #[inline]
    pub fn through(&self, x: f32, y: f32) -> Vec3A {
        let mut ray = (Vec2::new(x, y) - self.centre) * self.inverse_focal;
        if let Some(unbend) = &self.unbend {
            let at = ray.length_squared() * unbend.steps_per_square;
            let step = (at as usize).min(STEPS - 1);
            let (low, high) = (unbend.factors[step], unbend.factors[step + 1]);
            ray *= low + (high - low) * (at - step as f32);
        }
        self.axes.x_axis * ray.x + self.axes.y_axis * ray.y + self.axes.z_axis
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;
    use crate::rig::Intrinsics;

    #[test]
    fn points_of_a_ray_appear_at_its_pixel() {
        for k1 in [-0.1, 0.0, 0.1] {
            let lens = Intrinsics::new([640, 480], Vec2::new(500.0, 505.0), Vec2::new(310.0, 250.0), [k1, -0.25 * k1]);
            let camera = VirtualCamera::looking_at(lens.unwrap(), Vec3::new(2.0, 1.0, 3.0), Vec3::Y, 0.3).unwrap();
            let rays = Rays::new(&camera);
            for i in 0..500 {
                let px = Vec2::new((i * 7 % 640) as f32, (i * 11 % 480) as f32);
                let point = rays.origin + rays.through(px.x, px.y) * 2.5;
                assert!((camera.to_camera(point.into()).z - 2.5).abs() < 1e-4);
                assert!((camera.project(point.into()).unwrap() - px).length() < 0.02, "{px}");
            }
        }
    }
}
