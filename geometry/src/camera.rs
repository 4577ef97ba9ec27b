//! A camera with square pixels and without distortion.

use nalgebra::{Matrix2x3, Matrix2x6, Matrix3, Vector2, Vector3};

/// Points nearer than this or behind are treated as this far away, in millimetres, so that numbers remain finite.
const MIN_DEPTH_MM: f64 = 50.0;

/// Limits in pixels hold for pictures with a longer side of this many pixels, and are scaled for others.
pub const REFERENCE_SIDE_PX: f64 = 1920.0;

/// Where a camera is and how it maps the world to pixels: x_camera = rotation (x_world − position).
#[derive(Clone, Debug, PartialEq)]
pub struct Camera {
    /// From world axes to the camera's (x to the right, y down, z into the picture).
    pub rotation: Matrix3<f64>,
    /// The camera's centre in the world, in millimetres.
    pub position_mm: Vector3<f64>,
    /// The focal length in pixels.
    pub focal_px: f64,
    /// The pixel on the optical axis: the middle of the picture.
    pub principal_point_px: Vector2<f64>,
    /// By how many frames its pictures are later than camera 0's, if that was asked for and could be found.
    pub time_offset_frames: Option<f64>,
}

impl Camera {
    /// The pixel of a point of the world, or `None` if the point is behind the camera.
    pub fn project(&self, world_mm: &Vector3<f64>) -> Option<Vector2<f64>> {
        let seen = self.rotation * (world_mm - self.position_mm);
        (seen.z > 0.0).then(|| self.focal_px * seen.xy() / seen.z + self.principal_point_px)
    }

    /// The longer side of its pictures, in pixels.
    pub fn long_side_px(&self) -> f64 {
        2.0 * self.principal_point_px.max()
    }

    pub(crate) fn lens(&self) -> Lens {
        Lens {
            rotation: self.rotation,
            translation: -(self.rotation * self.position_mm),
            focal: self.focal_px,
            centre: self.principal_point_px,
            offset: self.time_offset_frames.unwrap_or(0.0),
        }
    }
}

/// The same camera in the form that is adjusted: x_camera = rotation x_world + translation.
#[derive(Clone, Debug)]
pub(crate) struct Lens {
    pub rotation: Matrix3<f64>,
    pub translation: Vector3<f64>,
    pub focal: f64,
    pub centre: Vector2<f64>,
    pub offset: f64,
}

/// A projected point, and what its derivatives need.
pub(crate) struct Projection {
    pub px: Vector2<f64>,
    /// The point rotated into the camera's axes, before the translation.
    pub turned: Vector3<f64>,
    /// x/z and y/z.
    pub slope: Vector2<f64>,
    /// The depth, never below the least one.
    pub depth: f64,
}

impl Projection {
    /// The derivative of the pixel by the camera: three columns for a rotation about its axes, three for its
    /// translation.
    pub(crate) fn by_pose(&self, focal: f64) -> Matrix2x6<f64> {
        let by_seen = self.by_seen(focal);
        let by_turn = -by_seen * self.turned.cross_matrix();
        let mut both = Matrix2x6::zeros();
        both.fixed_columns_mut::<3>(0).copy_from(&by_turn);
        both.fixed_columns_mut::<3>(3).copy_from(&by_seen);
        both
    }

    /// The derivative of the pixel by the point in the camera's axes.
    pub(crate) fn by_seen(&self, focal: f64) -> Matrix2x3<f64> {
        let scale = focal / self.depth;
        Matrix2x3::new(scale, 0.0, -scale * self.slope.x, 0.0, scale, -scale * self.slope.y)
    }
}

impl Lens {
    /// The longer side of a picture relative to [`crate::REFERENCE_SIDE_PX`], which limits in pixels are scaled by.
    pub(crate) fn unit(&self) -> f64 {
        2.0 * self.centre.max() / REFERENCE_SIDE_PX
    }

    pub(crate) fn project(&self, world: &Vector3<f64>) -> Projection {
        let turned = self.rotation * world;
        let seen = turned + self.translation;
        let depth = seen.z.max(MIN_DEPTH_MM);
        let slope = seen.xy() / depth;
        Projection { px: self.focal * slope + self.centre, turned, slope, depth }
    }

    pub(crate) fn position(&self) -> Vector3<f64> {
        -(self.rotation.transpose() * self.translation)
    }

    pub(crate) fn camera(&self, time_offset_frames: Option<f64>) -> Camera {
        Camera {
            rotation: self.rotation,
            position_mm: self.position(),
            focal_px: self.focal,
            principal_point_px: self.centre,
            time_offset_frames,
        }
    }
}
