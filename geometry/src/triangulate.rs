//! The points of one instant with the cameras known.

use nalgebra::Vector3;

use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::linear;
use crate::observation::{Observation, View};
use crate::points::POINT_COUNT;

/// A view is near a point when it misses it by at most this many pixels, in pictures whose longer side has
/// [`crate::REFERENCE_SIDE_PX`]; in others by as much in proportion.
pub const NEAR_PX: f64 = 12.0;

/// The points of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangulated {
    /// Per point its place in the world in millimetres, where two views or more have it.
    pub points_mm: [Option<Vector3<f64>>; POINT_COUNT],
    /// Per point how many views come within [`NEAR_PX`] of it; what to judge a point by.
    pub near_views: [usize; POINT_COUNT],
}

/// Points by robust linear equations, one after the other. A point that a view's `weight` leaves out hardly counts.
/// Cameras with an offset in time are moved to camera 0's instant where the view has velocities.
pub fn triangulate(cameras: &[Camera], views: &[Option<Observation>]) -> Result<Triangulated, GeometryError> {
    let (lenses, views) = prepared(cameras, views)?;
    let points_mm = linear::instant(&lenses, &views);
    let near_views =
        std::array::from_fn(|point| points_mm[point].map_or(0, |world| near(&lenses, &views, point, &world)));
    Ok(Triangulated { points_mm, near_views })
}

pub(crate) fn prepared(
    cameras: &[Camera],
    views: &[Option<Observation>],
) -> Result<(Vec<Lens>, Vec<View>), GeometryError> {
    if cameras.len() < 2 {
        return Err(GeometryError::TooFewCameras { count: cameras.len() });
    }
    if views.len() != cameras.len() {
        return Err(GeometryError::WrongViewCount { instant: 0, views: views.len(), cameras: cameras.len() });
    }
    let views = views.iter().map(|view| view.as_ref().map_or_else(View::unseen, View::of)).collect();
    Ok((cameras.iter().map(Camera::lens).collect(), views))
}

/// How many views come near a point.
pub(crate) fn near(lenses: &[Lens], views: &[View], point: usize, world: &Vector3<f64>) -> usize {
    lenses
        .iter()
        .zip(views)
        .filter(|(lens, view)| {
            let error = lens.project(world).px - view.earlier(point, lens.offset);
            view.weight[point] > 0.0 && error.norm() <= NEAR_PX * lens.unit()
        })
        .count()
}
