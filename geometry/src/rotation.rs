//! Rotations: the shortest between two rays, the nearest to a matrix, the best between two point clouds.

use nalgebra::{Matrix3, Rotation3, Vector3};

use crate::median::median;

/// Rounds of reweighting in [`between_clouds`].
const ROUNDS: usize = 10;

/// The shortest rotation of a ray in front of the camera onto its axis.
pub(crate) fn onto_axis(ray: &Vector3<f64>) -> Matrix3<f64> {
    let ray = ray.normalize();
    let cross = ray.cross(&Vector3::z()).cross_matrix();
    Matrix3::identity() + cross + cross * cross / (1.0 + ray.z)
}

/// The rotation by a vector of axis times angle in radians.
pub(crate) fn turn(by: &Vector3<f64>) -> Matrix3<f64> {
    Rotation3::new(*by).into_inner()
}

/// The rotation nearest to a matrix.
pub(crate) fn nearest(matrix: &Matrix3<f64>) -> Option<Matrix3<f64>> {
    if !matrix.iter().all(|value| value.is_finite()) {
        return None;
    }
    let svd = matrix.svd(true, true);
    let (u, v_t) = (svd.u?, svd.v_t?);
    let sign = (u * v_t).determinant().signum();
    Some(u * Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, sign)) * v_t)
}

/// The rotation R with to ≈ R from over pairs of centred points with weights, robust against outliers.
pub(crate) fn between_clouds(pairs: &[(Vector3<f64>, Vector3<f64>, f64)]) -> Option<Matrix3<f64>> {
    let mut weights: Vec<f64> = pairs.iter().map(|pair| pair.2).collect();
    let mut rotation = Matrix3::identity();
    for _ in 0..ROUNDS {
        let sum: Matrix3<f64> =
            pairs.iter().zip(&weights).map(|((from, to, _), &weight)| weight * to * from.transpose()).sum();
        rotation = nearest(&sum)?;
        let errors: Vec<f64> = pairs.iter().map(|(from, to, _)| (to - rotation * from).norm()).collect();
        let scale = median(&mut errors.clone())? + 1e-6;
        for ((weight, pair), error) in weights.iter_mut().zip(pairs).zip(&errors) {
            *weight = pair.2 / (1.0 + (error / scale).powi(2));
        }
    }
    Some(rotation)
}
