//! The picture of one camera at one instant, with its labels.

use nalgebra::Vector3;
use pose::labels::FrameLabel;
use pose::look_at::to_look_at;
use pose::{JOINTS, Pose3d, ROOT};
use thiserror::Error;
use turbojpeg::{Compressor, Image, PixelFormat, Subsamp};

use crate::render::RenderedPicture;
use crate::rig::VirtualCamera;
use crate::surface::Posed;

/// The picture of one camera of a studio at one instant, and its ground truth.
#[derive(Clone, Debug)]
pub struct RenderedView {
    /// Its number in the rig.
    pub view: usize,
    pub picture: RenderedPicture,
    pub labels: ViewLabels,
    /// This camera's JPEG quality, 1 to 100.
    pub jpeg_quality: u8,
}

/// The ground truth of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewLabels {
    /// In the camera's frame (x right, y down, z forward), millimetres from the camera.
    pub joints_camera_mm: Pose3d,
    /// Root-relative, in the look-at frame of the subject; `None` if the root is straight below or above the camera.
    pub joints_mm: Option<Pose3d>,
    /// x right and y down, the middle of the first pixel at 0.5; `None` if a joint is behind the camera.
    pub joints_px: Option<[[f32; 2]; JOINTS]>,
    /// Bounds of the person's visible part: left, top, right and bottom edge in pixels; `None` if nothing is visible.
    pub box_px: Option<[u32; 4]>,
    /// Intrinsics and extrinsics. Only for scoring: nothing that learns or infers may read them.
    pub camera: VirtualCamera,
}

/// A picture that cannot be compressed.
#[derive(Debug, Error)]
#[error("a picture of {width}×{height} px cannot be compressed: {source}")]
pub struct JpegError {
    width: u32,
    height: u32,
    source: turbojpeg::Error,
}

impl RenderedView {
    /// The picture as this camera sends it.
    ///
    /// # Errors
    /// Errors of the codec.
    pub fn jpeg(&self) -> Result<Vec<u8>, JpegError> {
        let RenderedPicture { width, height, rgb, .. } = &self.picture;
        let image = Image {
            pixels: rgb.as_slice(),
            width: *width as usize,
            pitch: 3 * *width as usize,
            height: *height as usize,
            format: PixelFormat::RGB,
        };
        let compress = || {
            let mut codec = Compressor::new()?;
            codec.set_quality(self.jpeg_quality.clamp(1, 100).into())?;
            codec.set_subsamp(Subsamp::Sub2x2)?;
            codec.compress_to_vec(image)
        };
        compress().map_err(|source| JpegError { width: *width, height: *height, source })
    }
}

impl ViewLabels {
    pub(super) fn new(body: &Posed, camera: &VirtualCamera, picture: &RenderedPicture) -> Self {
        let metres = body.joints.map(|joint| camera.to_camera(joint.into()));
        let joints_camera_mm = metres.map(|joint| (joint * 1000.0).to_array());
        let joints_px = metres.iter().map(|&joint| camera.intrinsics.project(joint).map(|px| px.to_array()));
        let joints_px: Option<Vec<_>> = joints_px.collect();
        Self {
            joints_camera_mm,
            joints_mm: to_look_at(&joints_camera_mm.map(|joint| Vector3::from(joint.map(f64::from)))),
            joints_px: joints_px.and_then(|all| all.try_into().ok()),
            box_px: covered(picture),
            camera: *camera,
        }
    }

    /// The label in the format of takes; `None` if a part of it is missing.
    pub fn frame_label(&self, source_index: u32) -> Option<FrameLabel> {
        let (joints_mm, joints_px) = (self.joints_mm?, self.joints_px?);
        Some(FrameLabel { source_index, joints_mm, root_px: joints_px[ROOT], joints_px })
    }
}

/// The tightest box around all pixels with at least half coverage.
fn covered(picture: &RenderedPicture) -> Option<[u32; 4]> {
    let width = picture.width.max(1) as usize;
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for (y, row) in (0..).zip(picture.mask.chunks_exact(width)) {
        let Some(first) = row.iter().position(|&covered| covered >= 128) else { continue };
        let last = row.iter().rposition(|&covered| covered >= 128).unwrap_or(first);
        (left, right) = (left.min(first as u32), right.max(last as u32 + 1));
        (top, bottom) = (top.min(y), y + 1);
    }
    (right > 0).then_some([left, top, right, bottom])
}
