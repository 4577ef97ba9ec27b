//! Finds faults of lenses and shutters in the residuals of placed cameras.

use geometry::{GeometryError, LensFault, Observation, residual_shapes};

use super::Placing;

/// Faults of the lenses and shutters of placed cameras, from consecutive instants. One list per camera; empty for
/// cameras without a place.
///
/// # Errors
/// As [`residual_shapes`] and [`Placing::body`].
pub fn lens_faults(
    placing: &Placing,
    instants: &[Vec<Option<Observation>>],
) -> Result<Vec<Vec<LensFault>>, GeometryError> {
    let count = instants.first().map_or(0, Vec::len);
    let placed: Vec<usize> = (0..count).filter(|&camera| placing.is_placed(camera)).collect();
    let cameras: Vec<_> = placed.iter().filter_map(|&camera| placing.camera(camera).cloned()).collect();
    let (mut points_mm, mut seen) = (Vec::new(), Vec::new());
    for views in instants {
        let Some(body) = placing.body(views)?.filter(|body| !body.is_alone()) else { continue };
        let of_body = |&camera: &usize| {
            let view = views[camera].as_ref().filter(|_| body.views.contains(&camera))?;
            Some(if body.exchanged.contains(&camera) { view.exchanged() } else { view.clone() })
        };
        seen.push(placed.iter().map(of_body).collect());
        points_mm.push(Some(body.points_mm));
    }
    let mut faults = vec![Vec::new(); count];
    for (camera, shape) in placed.into_iter().zip(residual_shapes(&cameras, &points_mm, &seen)?.unwrap_or_default()) {
        faults[camera] = shape.faults();
    }
    Ok(faults)
}
