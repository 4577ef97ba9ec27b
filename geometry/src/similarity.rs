//! Similarities: a scale, a rotation and a translation between two worlds.

use nalgebra::{Matrix3, Vector3};

use crate::camera::Camera;
use crate::rotation::nearest;

/// new = scale · rotation · old + translation.
#[derive(Clone, Debug, PartialEq)]
pub struct Similarity {
    /// The size of the new world relative to the old.
    pub scale: f64,
    /// From the old axes to the new.
    pub rotation: Matrix3<f64>,
    /// In millimetres of the new world.
    pub translation_mm: Vector3<f64>,
}

impl Similarity {
    /// A point of the old world in the new.
    pub fn point(&self, old_mm: &Vector3<f64>) -> Vector3<f64> {
        self.scale * (self.rotation * old_mm) + self.translation_mm
    }

    /// A camera of the old world in the new; its pictures stay the same.
    pub fn camera(&self, old: &Camera) -> Camera {
        Camera {
            rotation: old.rotation * self.rotation.transpose(),
            position_mm: self.point(&old.position_mm),
            ..old.clone()
        }
    }
}

/// The similarity without reflection that best maps the first of each pair onto the second (least squares; Procrustes).
/// `None` for fewer than three pairs, points all at one place, or numbers that are not finite.
pub fn similarity(pairs: &[(Vector3<f64>, Vector3<f64>)]) -> Option<Similarity> {
    if pairs.len() < 3 {
        return None;
    }
    let count = pairs.len() as f64;
    let old_mean = pairs.iter().map(|pair| pair.0).sum::<Vector3<f64>>() / count;
    let new_mean = pairs.iter().map(|pair| pair.1).sum::<Vector3<f64>>() / count;
    let mut product = Matrix3::zeros();
    let mut extent = 0.0;
    for (old, new) in pairs {
        product += (new - new_mean) * (old - old_mean).transpose();
        extent += (old - old_mean).norm_squared();
    }
    let rotation = nearest(&product)?;
    let scale = (rotation.transpose() * product).trace() / extent;
    let translation_mm = new_mean - scale * (rotation * old_mean);
    (scale.is_finite() && scale > 0.0).then_some(Similarity { scale, rotation, translation_mm })
}
