//! Triangulates the points of one instant, with the cameras known.

use nalgebra::Vector3;

use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::linear_triangulation;
use crate::observation::{Observation, PixelView};
use crate::points::POINT_COUNT;

/// A view is near a point if it misses it by at most this many pixels, for pictures with a longer side of
/// [`crate::REFERENCE_SIDE_PX`]; the limit scales with the picture.
pub const NEAR_PX: f64 = 12.0;

/// The points of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangulated {
    /// Per point its position in the world in millimetres, if at least two views have it.
    pub points_mm: [Option<Vector3<f64>>; POINT_COUNT],
    /// Per point how many views come within [`NEAR_PX`] of it, by which to judge it.
    pub near_views: [usize; POINT_COUNT],
}

/// Each point by robust linear equations. A view hardly counts for points that have no weight in it. Views of cameras
/// with an offset in time are moved to camera 0's instant if they have velocities.
///
/// # Errors
/// If there are fewer than two cameras, or not one view per camera.
pub fn triangulate(cameras: &[Camera], views: &[Option<Observation>]) -> Result<Triangulated, GeometryError> {
    let (lenses, views) = prepared(cameras, views)?;
    let points_mm = linear_triangulation::all_points(&lenses, &views);
    let near_views =
        std::array::from_fn(|point| points_mm[point].map_or(0, |world| near(&lenses, &views, point, &world)));
    Ok(Triangulated { points_mm, near_views })
}

/// Cameras and views in the form that is adjusted.
pub(crate) fn prepared(
    cameras: &[Camera],
    views: &[Option<Observation>],
) -> Result<(Vec<Lens>, Vec<PixelView>), GeometryError> {
    if cameras.len() < 2 {
        return Err(GeometryError::TooFewCameras { count: cameras.len() });
    }
    if views.len() != cameras.len() {
        return Err(GeometryError::WrongViewCount { instant: 0, views: views.len(), cameras: cameras.len() });
    }
    let views = views.iter().map(|view| view.as_ref().map_or_else(PixelView::unseen, PixelView::of)).collect();
    Ok((cameras.iter().map(Camera::lens).collect(), views))
}

/// How many views come near a point.
pub(crate) fn near(lenses: &[Lens], views: &[PixelView], point: usize, world: &Vector3<f64>) -> usize {
    lenses
        .iter()
        .zip(views)
        .filter(|(lens, view)| {
            let error = lens.project(world).px - view.earlier(point, lens.offset);
            view.weight[point] > 0.0 && error.norm() <= NEAR_PX * lens.unit()
        })
        .count()
}
