//! One camera at one instant.

use glam::{Mat3, Vec2, Vec3};

use super::{CameraError, Intrinsics, PersonBounds};

/// A camera at one instant: lens and position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VirtualCamera {
    pub intrinsics: Intrinsics,
    /// World axes to camera axes (x right, y down, z forward).
    pub rotation: Mat3,
    /// In the world, metres.
    pub position: Vec3,
}

impl VirtualCamera {
    /// A camera at `position` that looks at `target`, with its right side rolled down by `roll_rad`.
    ///
    /// # Errors
    /// The target is at the camera's position, or exactly above or below it.
    pub fn looking_at(
        intrinsics: Intrinsics,
        position: Vec3,
        target: Vec3,
        roll_rad: f32,
    ) -> Result<Self, CameraError> {
        if !(position.is_finite() && target.is_finite() && roll_rad.is_finite()) {
            return Err(CameraError::NotFinite);
        }
        let forward = (target - position).try_normalize().ok_or(CameraError::NoDirection)?;
        let level = forward.cross(Vec3::Y).try_normalize().ok_or(CameraError::NoDirection)?;
        let down = forward.cross(level);
        let (sin, cos) = roll_rad.sin_cos();
        let (x, y) = (level * cos + down * sin, down * cos - level * sin);
        Ok(Self { intrinsics, rotation: Mat3::from_cols(x, y, forward).transpose(), position })
    }

    /// From OpenCV's convention, x_camera = R x_world + t, metres.
    pub fn from_extrinsics(intrinsics: Intrinsics, rotation: Mat3, translation: Vec3) -> Self {
        Self { intrinsics, rotation, position: -(rotation.transpose() * translation) }
    }

    /// The same camera, turned about the vertical through it: to its left, or for negative angles to its right.
    pub fn turned(&self, by_rad: f32) -> Self {
        Self { rotation: self.rotation * Mat3::from_rotation_y(-by_rad), ..*self }
    }

    /// A point of the world in the camera's frame, metres.
    #[inline]
    pub fn to_camera(&self, world: Vec3) -> Vec3 {
        self.rotation * (world - self.position)
    }

    /// The pixel of a point of the world; `None` behind the camera.
    pub fn project(&self, world: Vec3) -> Option<Vec2> {
        self.intrinsics.project(self.to_camera(world))
    }

    /// The translation of OpenCV's convention: x_camera = R x_world + t.
    pub fn translation(&self) -> Vec3 {
        -(self.rotation * self.position)
    }

    /// # Errors
    /// The camera is in the floor or in the middle of the stage, or the middle of the stage is outside its picture.
    pub fn check(&self, stage: &PersonBounds) -> Result<(), CameraError> {
        let Vec3 { x, y, z } = self.position;
        if !self.position.is_finite() || self.rotation.to_cols_array().iter().any(|value| !value.is_finite()) {
            return Err(CameraError::NotFinite);
        }
        if y < 0.02 {
            return Err(CameraError::InFloor { x, y, z });
        }
        if self.position.distance(stage.centre) < 0.5 {
            return Err(CameraError::OnStage { x, y, z });
        }
        let [width, height] = self.intrinsics.size_px().map(|side| side as f32);
        let seen =
            self.project(stage.centre).is_some_and(|px| (0.0..width).contains(&px.x) && (0.0..height).contains(&px.y));
        if seen { Ok(()) } else { Err(CameraError::LooksAway { x, y, z }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(roll: f32) -> VirtualCamera {
        let lens = Intrinsics::with_field_of_view([640, 480], 1.0).unwrap();
        VirtualCamera::looking_at(lens, Vec3::new(0.0, 1.0, 4.0), Vec3::new(0.0, 1.0, 0.0), roll).unwrap()
    }

    #[test]
    fn right_is_right_and_up_is_up() {
        let middle = Vec2::new(320.0, 240.0);
        assert!((camera(0.0).project(Vec3::new(0.0, 1.0, 0.0)).unwrap() - middle).length() < 1e-3);
        assert!(camera(0.0).project(Vec3::new(0.5, 1.0, 0.0)).unwrap().x > 330.0);
        assert!(camera(0.0).project(Vec3::new(0.0, 1.5, 0.0)).unwrap().y < 230.0);
        assert!(camera(0.5).rotation.determinant() > 0.999);
    }

    #[test]
    fn a_camera_that_turns_left_has_the_world_move_right() {
        let turned = camera(0.0).turned(10_f32.to_radians());
        let middle = turned.project(Vec3::new(0.0, 1.0, 0.0)).unwrap();
        // The lens has 320 px for half of a radian's tangent.
        let expected = 320.0 + 320.0 / 0.5_f32.tan() * 10_f32.to_radians().tan();
        assert!((middle - Vec2::new(expected, 240.0)).length() < 1e-2, "{middle}");
        assert_eq!(turned.position, camera(0.0).position);
    }

    #[test]
    fn extrinsics_come_back() {
        let before = camera(0.4);
        let after = VirtualCamera::from_extrinsics(before.intrinsics, before.rotation, before.translation());
        assert!(before.position.distance(after.position) < 1e-5);
    }

    #[test]
    fn a_camera_that_rolls_right_tilts_the_world_left() {
        let top = camera(0.3).project(Vec3::new(0.0, 1.5, 0.0)).unwrap();
        assert!(top.x < 315.0, "{top}");
    }
}
