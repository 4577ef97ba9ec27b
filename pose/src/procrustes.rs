//! Least-squares alignment of one pose to another, by a rotation or by a similarity.

use nalgebra::{Matrix3, Vector3};

use crate::JOINTS;

/// Rounds of an alignment of several poses to their mean, which stops moving after a few.
pub(crate) const ROUNDS: usize = 20;

/// The mean counts as still when no joint moves farther than this.
pub(crate) const STILL_MM: f64 = 0.01;

/// The rotation, never a reflection, that a covariance of targets with sources implies (Kabsch).
pub(crate) fn rotation(covariance: Matrix3<f64>) -> Matrix3<f64> {
    let svd = covariance.svd_unordered(true, true);
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else {
        unreachable!("both factors were asked for");
    };
    let mut signs = Vector3::repeat(1.0);
    if (u * v_t).determinant() < 0.0 {
        // A reflection; the axis that matters least is flipped back.
        signs[svd.singular_values.imin()] = -1.0;
    }
    u * Matrix3::from_diagonal(&signs) * v_t
}

/// A similarity: x -> scale * rotation * (x - from) + to.
pub(crate) struct Alignment {
    rotation_scale: Matrix3<f64>,
    from: Vector3<f64>,
    pub(crate) to: Vector3<f64>,
}

impl Alignment {
    /// Least-squares similarity from `p` to `g` without reflection (Umeyama, PAMI 1991).
    pub(crate) fn fit(p: &[Vector3<f64>; JOINTS], g: &[Vector3<f64>; JOINTS]) -> Self {
        let centroid = |pose: &[Vector3<f64>; JOINTS]| pose.iter().sum::<Vector3<f64>>() / JOINTS as f64;
        let (from, to) = (centroid(p), centroid(g));
        let spread: f64 = p.iter().map(|p| (p - from).norm_squared()).sum();
        // Rounding gives identical points a little spread, which must not be fitted.
        let size: f64 = p.iter().map(Vector3::norm_squared).sum();
        if spread <= size * 1e-28 {
            return Self { rotation_scale: Matrix3::zeros(), from, to };
        }
        let covariance: Matrix3<f64> = p.iter().zip(g).map(|(p, g)| (g - to) * (p - from).transpose()).sum();
        let rotation = rotation(covariance);
        Self { rotation_scale: rotation * ((rotation.transpose() * covariance).trace() / spread), from, to }
    }

    pub(crate) fn apply(&self, x: Vector3<f64>) -> Vector3<f64> {
        self.rotation_scale * (x - self.from) + self.to
    }
}
