//! Cameras whose pictures were turned.

use nalgebra::Matrix3;

use super::{CalibratedCamera, Distortion};

impl CalibratedCamera {
    /// The camera that took the pictures as they are when turned by 90° clockwise.
    pub(super) fn turned(self) -> Self {
        let [width, height] = self.size_px;
        // Right becomes down, and down becomes left.
        let turn = Matrix3::new(0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0);
        let mut of_pixels = turn;
        of_pixels[(0, 2)] = f64::from(height) - 1.0;
        let distortion = match self.distortion {
            Distortion::Usual([k1, k2, p1, p2, k3, k4, k5, k6]) => Distortion::Usual([k1, k2, p2, -p1, k3, k4, k5, k6]),
            fisheye @ Distortion::Fisheye(_) => fisheye,
        };
        Self {
            name: self.name,
            size_px: [height, width],
            intrinsics: of_pixels * self.intrinsics * turn.transpose(),
            distortion,
            rotation: turn * self.rotation,
            translation_mm: turn * self.translation_mm,
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{Rotation3, Vector3};

    use super::*;

    #[test]
    fn a_point_appears_where_the_turned_picture_has_it() {
        let camera = CalibratedCamera {
            name: "a".into(),
            size_px: [1920, 1080],
            intrinsics: Matrix3::new(1500.0, 3.0, 950.0, 0.0, 1490.0, 545.0, 0.0, 0.0, 1.0),
            distortion: Distortion::Usual([-0.2, 0.05, 0.003, -0.004, 0.01, 0.0, 0.0, 0.0]),
            rotation: Rotation3::new(Vector3::new(0.3, -0.2, 0.1)).into_inner(),
            translation_mm: Vector3::new(100.0, -200.0, 3000.0),
        };
        let point = Vector3::new(400.0, 700.0, 200.0);
        let seen = |camera: &CalibratedCamera| camera.project(camera.to_camera(point)).unwrap();
        let [before, after] = [seen(&camera), seen(&camera.clone().turned())];
        assert!((after.x - (1079.0 - before.y)).abs() < 1e-9 && (after.y - before.x).abs() < 1e-9, "{before} {after}");
        let around = (0..4).fold(camera.clone(), |camera, _| camera.turned());
        assert!((seen(&around) - before).norm() < 1e-9);
    }
}
