use crate::FinderError;

/// What one camera saw at one instant, as a finder of joints takes it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// `[height, width, 3]` RGB, rows from the top, without padding.
    pub rgb: &'a [u8],
    pub width: u32,
    pub height: u32,
    /// Where the picture's upper left corner lies, in pixels of the camera's full frame.
    pub origin_px: [f32; 2],
    /// Full-frame pixels per pixel of the picture.
    pub scale: f32,
    /// `[height, width]`, 255 on the person and 0 elsewhere, where that is known.
    pub mask: Option<&'a [u8]>,
}

/// One joint of a person in one view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joint {
    /// In pixels of the camera's full frame, x to the right and y down.
    pub px: [f32; 2],
    /// From 0 to 1: how sure the finder is that the joint is seen there.
    pub confidence: f32,
    /// In millimetres relative to the middle of the hips, in the view's own axes: x to the right, y down, z away from
    /// the camera. The axes look along the ray to the person, so they turn with where the person stands in the frame.
    pub mm: [f32; 3],
}

/// A person in one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// In the order of [`JointFinder::names`].
    pub joints: Vec<Joint>,
}

/// What [`JointFinder::most_miss`] is of a finder that is as good as BlazePose: 12 px of a frame of 1,920.
pub const MOST_MISS: f64 = 1.0 / 160.0;

/// Finds the joints of one person in the views of one instant.
///
/// Views are told apart by their place in the list, which must be the same from call to call: a finder may remember
/// where the person was in each.
pub trait JointFinder {
    /// The joints that it finds, in order.
    fn names(&self) -> &'static [&'static str];

    /// Per view the person in it, or `None`: nobody is there, or there is no picture.
    ///
    /// # Errors
    /// [`FinderError::Picture`] where a picture's bytes do not fit its size, [`FinderError::Size`] where it has a size that
    /// the network does not take; [`FinderError::Engine`] where the network fails.
    fn find(&mut self, views: &[Option<View<'_>>]) -> Result<Vec<Option<Person>>, FinderError>;

    /// The person whom it is to look for in a view is elsewhere than where it found one last: the middle of the hips, and a
    /// point above the head on the circle around the whole body, in pixels of the frame. A finder that remembers nothing
    /// needs no such word.
    fn expect(&mut self, _view: usize, _hips_px: [f32; 2], _rim_px: [f32; 2]) {}

    /// Forgets where people were, as behind a seam.
    fn forget(&mut self);

    /// By how much the joints of a view may miss a body (median), as a part of the frame's longer side, before the view
    /// or the geometry is taken to be wrong. A finder that is coarser than others says more, and tells less.
    fn most_miss(&self) -> f64 {
        MOST_MISS
    }
}

impl View<'_> {
    /// # Errors
    /// [`FinderError::Picture`].
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
