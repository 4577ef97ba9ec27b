//! Baselines for learned pose models: the mean pose of a view, and a linear map from a thumbnail.

use nalgebra::{DMatrix, DVector};

use crate::{JOINTS, Pose3d, PoseError};

const OUTPUTS: usize = 3 * JOINTS;

/// Predicts the mean of the training poses, whatever the picture shows. Fit one for each view.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanPose {
    mean: Pose3d,
}

impl MeanPose {
    /// The mean, joint by joint.
    ///
    /// # Errors
    /// If there are no poses, or a coordinate is not finite.
    pub fn fit(poses: &[Pose3d]) -> Result<Self, PoseError> {
        check_targets(poses)?;
        let targets = targets(poses);
        Ok(Self { mean: to_pose(&targets.row_mean().transpose()) })
    }

    /// The mean.
    pub fn predict(&self) -> Pose3d {
        self.mean
    }
}

/// Ridge regression from a small feature vector (for example 16×16 pixels scaled to 0..1) to the 51 coordinates of a
/// pose. Features and targets are centred on their training means, and the intercept is not shrunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    feature_mean: DVector<f64>,
    pose_mean: DVector<f64>,
    /// `[features, 51]`
    weights: DMatrix<f64>,
}

impl Ridge {
    /// Minimises Σ |y − Wx − b|² + `lambda` |W|² by Cholesky, in the smaller of the two equivalent systems: one
    /// unknown per feature, or one per sample.
    ///
    /// # Errors
    /// If there are no samples, the counts differ, feature vectors differ in length or are empty, numbers are not
    /// finite, or `lambda` is not positive.
    pub fn fit<X: AsRef<[f32]>>(xs: &[X], ys: &[Pose3d], lambda: f64) -> Result<Self, PoseError> {
        check_targets(ys)?;
        let features = check_features(xs, ys.len())?;
        if !(lambda > 0.0 && lambda.is_finite()) {
            return Err(PoseError::Fit(format!("lambda is {lambda}; it must be positive")));
        }
        let mut x = DMatrix::from_fn(xs.len(), features, |row, column| f64::from(xs[row].as_ref()[column]));
        let mut y = targets(ys);
        let (feature_mean, pose_mean) = (centre(&mut x), centre(&mut y));

        let dual = x.nrows() < x.ncols();
        let mut gram = if dual { &x * x.transpose() } else { x.transpose() * &x };
        for diagonal in 0..gram.nrows() {
            gram[(diagonal, diagonal)] += lambda;
        }
        let solver = gram
            .cholesky()
            .ok_or_else(|| PoseError::Fit(format!("lambda {lambda} is too small for the size of these features")))?;
        let weights = if dual { x.transpose() * solver.solve(&y) } else { solver.solve(&(x.transpose() * y)) };
        Ok(Self { feature_mean, pose_mean, weights })
    }

    /// The pose for a feature vector.
    ///
    /// # Errors
    /// If its length differs from the training ones'.
    pub fn predict(&self, x: &[f32]) -> Result<Pose3d, PoseError> {
        if x.len() != self.feature_mean.len() {
            let (got, want) = (x.len(), self.feature_mean.len());
            return Err(PoseError::Fit(format!("{got} features were given where {want} were learned")));
        }
        let x = DVector::from_iterator(x.len(), x.iter().map(|&value| f64::from(value))) - &self.feature_mean;
        Ok(to_pose(&(self.weights.tr_mul(&x) + &self.pose_mean)))
    }
}

pub(crate) fn check_targets(poses: &[Pose3d]) -> Result<(), PoseError> {
    if poses.is_empty() {
        return Err(PoseError::NoPoses);
    }
    for (pose, joints) in poses.iter().enumerate() {
        if let Some(joint) = joints.iter().position(|joint| joint.iter().any(|value| !value.is_finite())) {
            return Err(PoseError::not_finite("training", pose, joint));
        }
    }
    Ok(())
}

fn check_features<X: AsRef<[f32]>>(xs: &[X], samples: usize) -> Result<usize, PoseError> {
    if xs.len() != samples {
        return Err(PoseError::Fit(format!("{} feature vectors for {samples} poses", xs.len())));
    }
    let features = xs[0].as_ref().len();
    for (sample, x) in xs.iter().map(AsRef::as_ref).enumerate() {
        if x.len() != features || x.is_empty() {
            let got = x.len();
            return Err(PoseError::Fit(format!("sample {sample} has {got} features, the first has {features}")));
        }
        if x.iter().any(|value| !value.is_finite()) {
            return Err(PoseError::Fit(format!("sample {sample} has a feature that is not a finite number")));
        }
    }
    Ok(features)
}

/// `[poses, 51]`
fn targets(poses: &[Pose3d]) -> DMatrix<f64> {
    DMatrix::from_fn(poses.len(), OUTPUTS, |row, column| f64::from(poses[row][column / 3][column % 3]))
}

fn to_pose(values: &DVector<f64>) -> Pose3d {
    std::array::from_fn(|joint| std::array::from_fn(|axis| values[3 * joint + axis] as f32))
}

/// Subtracts the mean row from every row and returns it.
fn centre(matrix: &mut DMatrix<f64>) -> DVector<f64> {
    let mean = matrix.row_mean();
    for mut row in matrix.row_iter_mut() {
        row -= &mean;
    }
    mean.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear_pose(x: &[f32]) -> Pose3d {
        std::array::from_fn(|j| [x[0] * j as f32 + 5.0, x[1] - j as f32, 2.0 * x[0] - x[1]])
    }

    fn samples(count: usize, features: usize) -> Vec<Vec<f32>> {
        (0..count)
            .map(|i| (0..features).map(|k| ((i * 37 + k * 101 + i * i * k) % 97) as f32 / 97.0).collect())
            .collect()
    }

    fn furthest(a: &Pose3d, b: &Pose3d) -> f32 {
        a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_linear_truth_is_learned_and_extrapolated() {
        let xs = samples(40, 3);
        let ys: Vec<_> = xs.iter().map(|x| linear_pose(x)).collect();
        let ridge = Ridge::fit(&xs, &ys, 1e-9).unwrap();
        let unseen = [3.0, -2.0, 0.5];
        assert!(furthest(&ridge.predict(&unseen).unwrap(), &linear_pose(&unseen)) < 1e-3);
    }

    #[test]
    fn both_systems_give_the_same_weights() {
        // 6 samples of 6 features take the primal system; a seventh, constant feature takes the dual one and must
        // change nothing, because it is zero once centred.
        let xs = samples(6, 6);
        let ys: Vec<_> = xs.iter().map(|x| linear_pose(x)).collect();
        let wider: Vec<Vec<f32>> = xs.iter().map(|x| x.iter().copied().chain([0.7]).collect()).collect();
        let (primal, dual) = (Ridge::fit(&xs, &ys, 0.1).unwrap(), Ridge::fit(&wider, &ys, 0.1).unwrap());
        for (x, w) in samples(9, 6).iter().zip(samples(9, 6)) {
            let wide: Vec<f32> = w.iter().copied().chain([0.7]).collect();
            assert!(furthest(&primal.predict(x).unwrap(), &dual.predict(&wide).unwrap()) < 1e-4);
        }
    }

    #[test]
    fn a_huge_lambda_leaves_the_mean_pose() {
        let xs = samples(20, 4);
        let ys: Vec<_> = xs.iter().map(|x| linear_pose(x)).collect();
        let mean = MeanPose::fit(&ys).unwrap().predict();
        let ridge = Ridge::fit(&xs, &ys, 1e12).unwrap();
        assert!(furthest(&ridge.predict(&xs[3]).unwrap(), &mean) < 1e-4);
    }

    #[test]
    fn bad_input_is_refused() {
        let (xs, ys) = (samples(2, 3), [linear_pose(&[0.0, 1.0]); 2]);
        let message = |result: Result<Ridge, PoseError>| result.unwrap_err().to_string();
        assert!(message(Ridge::fit(&xs[..1], &ys, 1.0)).contains("1 feature vectors for 2 poses"));
        assert!(message(Ridge::fit(&xs, &ys, 0.0)).contains("must be positive"));
        assert!(message(Ridge::fit(&[vec![], vec![]], &ys, 1.0)).contains("sample 0 has 0 features"));
        assert!(message(Ridge::fit(&[vec![1.0], vec![1.0, 2.0]], &ys, 1.0)).contains("sample 1 has 2 features"));
        assert!(message(Ridge::fit(&[vec![1.0], vec![f32::NAN]], &ys, 1.0)).contains("not a finite number"));
        assert!(matches!(MeanPose::fit(&[]), Err(PoseError::NoPoses)));
        assert!(Ridge::fit(&xs, &ys, 1.0).unwrap().predict(&[1.0]).is_err());
    }
}
