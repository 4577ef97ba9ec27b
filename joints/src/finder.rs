//! The interface of joint finders: views in, people out.

use crate::FinderError;

/// What one camera saw at one instant, as a joint finder takes it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// `[height, width, 3]` RGB, rows from the top, without padding.
    pub rgb: &'a [u8],
    /// Of the picture, in pixels.
    pub width: u32,
    /// Of the picture, in pixels.
    pub height: u32,
    /// The picture's upper left corner, in pixels of the camera's full frame.
    pub origin_px: [f32; 2],
    /// Full-frame pixels per pixel of the picture.
    pub scale: f32,
    /// `[height, width]`, 255 on the person and 0 elsewhere, if known.
    pub mask: Option<&'a [u8]>,
}

/// One joint of a person in one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// In pixels of the camera's full frame, x to the right and y down.
    pub px: [f32; 2],
    /// From 0 to 1: how confident the finder is that the joint is visible there.
    pub confidence: f32,
    /// In millimetres relative to the middle of the hips, in the view's own axes: x to the right, y down, z away from
    /// the camera along the ray to the person, so the axes depend on where the person stands in the frame.
    pub mm: [f32; 3],
}

/// A person in one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// In the order of [`JointFinder::names`].
    pub joints: Vec<Joint>,
    /// Whether somebody else was in the view when its people were last looked for. A finder that cannot tell never
    /// says so.
    pub others: bool,
}

/// [`JointFinder::max_residual`] of a finder as accurate as BlazePose: 12 px of a frame with a longer side of 1,920.
pub const MAX_RESIDUAL: f64 = 1.0 / 160.0;

/// Finds the joints of one person in the views of one instant.
///
/// A view is identified by its index, which must be the same from call to call: a finder may remember where the person
/// was in each.
pub trait JointFinder {
    /// The names of the joints that it finds, in order.
    fn names(&self) -> &'static [&'static str];

    /// Per view the person in it, or `None` if nobody is there or there is no picture.
    ///
    /// # Errors
    /// [`FinderError::Picture`] if a picture's bytes do not fit its size, [`FinderError::Size`] if the network does not
    /// take that size, [`FinderError::Engine`] if the network fails.
    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError>;

    /// Tells where in a view to look for the person next: the middle of the hips, and a point above the head on the
    /// circle around the whole body, in pixels of the frame. A finder without memory may ignore this.
    fn expect(&mut self, _view: usize, _hips_px: [f32; 2], _rim_px: [f32; 2]) {}

    /// Forgets where people were, as at a discontinuity of the stream.
    fn forget(&mut self);

    /// The largest median distance between a view's joints and the body, as a part of the frame's longer side, at which
    /// view and geometry still count as right. Coarse finders return more, and their users notice less.
    fn max_residual(&self) -> f64 {
        MAX_RESIDUAL
    }
}

impl View<'_> {
    /// Checks that the picture has the bytes of its size, and a finite position and scale.
    ///
    /// # Errors
    /// [`FinderError::Picture`] otherwise.
    pub fn check(&self) -> Result<(), FinderError> {
        let pixels = self.width as usize * self.height as usize;
        let fits = pixels > 0 && self.rgb.len() == 3 * pixels && self.mask.is_none_or(|mask| mask.len() == pixels);
        let placed = self.scale > 0.0 && self.scale.is_finite() && self.origin_px.iter().all(|at| at.is_finite());
        if fits && placed {
            Ok(())
        } else {
            Err(FinderError::Picture { width: self.width, height: self.height, bytes: self.rgb.len() })
        }
    }

    /// From pixels of the picture to pixels of the frame.
    pub fn in_frame(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [self.origin_px[0] + x * self.scale, self.origin_px[1] + y * self.scale]
    }

    /// From pixels of the frame to pixels of the picture.
    pub(crate) fn in_picture(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [(x - self.origin_px[0]) / self.scale, (y - self.origin_px[1]) / self.scale]
    }
}
