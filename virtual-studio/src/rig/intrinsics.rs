//! Lenses: conversion between rays and pixels.

use glam::{Vec2, Vec3};

use super::CameraError;

/// A camera's mapping from rays to pixels: a pinhole with radial distortion by OpenCV's k1 and k2. The middle of the
/// first pixel is at 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intrinsics {
    size_px: [u32; 2],
    focal_px: Vec2,
    centre_px: Vec2,
    radial: [f32; 2],
    /// Squared radius at z = 1 up to which the polynomial is used. Beyond it, well outside the picture, the polynomial
    /// might fold back, so its factor is kept constant.
    reach: f32,
}

impl Intrinsics {
    /// # Errors
    /// The picture is empty or huge, a focal length is not positive, or the distortion folds the picture.
    pub fn new(size_px: [u32; 2], focal_px: Vec2, centre_px: Vec2, radial: [f32; 2]) -> Result<Self, CameraError> {
        if size_px.iter().any(|&side| !(1..=8192).contains(&side)) {
            return Err(CameraError::Size { width: size_px[0], height: size_px[1] });
        }
        if !(focal_px.is_finite() && focal_px.min_element() > 0.0) {
            return Err(CameraError::Focal { x: focal_px.x, y: focal_px.y });
        }
        if !(centre_px.is_finite() && radial.iter().all(|k| k.is_finite())) {
            return Err(CameraError::NotFinite);
        }
        let mut lens = Self { size_px, focal_px, centre_px, radial, reach: f32::INFINITY };
        if radial != [0.0; 2] {
            let size = Vec2::new(size_px[0] as f32, size_px[1] as f32);
            let furthest = (size - centre_px).abs().max(centre_px.abs()) / focal_px;
            let reach = lens.undistorted_radius(1.1 * furthest.length());
            lens.reach = reach.ok_or(CameraError::Folds { k1: radial[0], k2: radial[1] })?.powi(2);
        }
        Ok(lens)
    }

    /// Square pixels and the principal point in the middle.
    ///
    /// # Errors
    /// As [`Intrinsics::new`].
    pub fn with_field_of_view(size_px: [u32; 2], horizontal_rad: f32) -> Result<Self, CameraError> {
        let focal = 0.5 * size_px[0] as f32 / (0.5 * horizontal_rad).tan();
        let centre = Vec2::new(size_px[0] as f32, size_px[1] as f32) * 0.5;
        Self::new(size_px, Vec2::splat(focal), centre, [0.0; 2])
    }

    /// Square pixels, with distortion reduced for wide lenses so that it never folds the picture.
    pub(super) fn bent(size_px: [u32; 2], focal_px: f32, centre_px: Vec2, k1: f32) -> Result<Self, CameraError> {
        let size = Vec2::new(size_px[0] as f32, size_px[1] as f32);
        let corner = (size.length_squared() * 0.25 / (focal_px * focal_px)).max(1.0);
        let radial = [k1 / corner, -0.25 * k1 / (corner * corner)];
        Self::new(size_px, Vec2::splat(focal_px), centre_px, radial)
    }

    /// Width and height.
    pub fn size_px(&self) -> [u32; 2] {
        self.size_px
    }

    pub fn focal_px(&self) -> Vec2 {
        self.focal_px
    }

    pub fn centre_px(&self) -> Vec2 {
        self.centre_px
    }

    /// k1 and k2.
    pub fn radial(&self) -> [f32; 2] {
        self.radial
    }

    /// Squared length at z = 1 up to which the distortion increases.
    #[cfg(feature = "gpu")]
    pub(crate) fn reach(&self) -> f32 {
        self.reach
    }

    /// The pixel of a point in the camera's frame; `None` if it is not in front.
    pub fn project(&self, camera: Vec3) -> Option<Vec2> {
        (camera.z > 1e-6).then(|| self.pixel(Vec2::new(camera.x, camera.y) / camera.z))
    }

    /// The pixel of the ray through (x, y, 1).
    #[inline]
    pub(crate) fn pixel(&self, ray: Vec2) -> Vec2 {
        let [k1, k2] = self.radial;
        let r2 = ray.length_squared().min(self.reach);
        ray * (1.0 + r2 * (k1 + r2 * k2)) * self.focal_px + self.centre_px
    }

    /// The ray (x, y, 1) of a pixel, in the camera frame.
    pub fn ray(&self, pixel: Vec2) -> Vec2 {
        let distorted = (pixel - self.centre_px) / self.focal_px;
        if self.radial == [0.0; 2] {
            return distorted;
        }
        let length = distorted.length();
        match self.undistorted_radius(length) {
            Some(radius) if length > 0.0 => distorted * (radius / length),
            _ => distorted,
        }
    }

    /// Solves r (1 + k1 r² + k2 r⁴) = `distorted` on the rising branch from 0.
    fn undistorted_radius(&self, distorted: f32) -> Option<f32> {
        let [k1, k2] = self.radial;
        let mut r = distorted;
        for _ in 0..12 {
            let r2 = r * r;
            let slope = 1.0 + r2 * (3.0 * k1 + 5.0 * r2 * k2);
            if slope <= 0.05 {
                return None;
            }
            r -= (r * (1.0 + r2 * (k1 + r2 * k2)) - distorted) / slope;
        }
        (r.is_finite() && r >= 0.0).then_some(r)
    }
}
