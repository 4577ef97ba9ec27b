//! Pose errors over a set of pictures.

use pose::metrics::SubsetMetrics;
use pose::{JointErrors, LIMB_JOINTS, Metrics, Pose3d, PoseError, facing_error_deg, joint_errors};
use serde::Serialize;

/// A pose rotated by more than this from the truth faces the wrong way.
const WRONG_WAY_DEG: f64 = 90.0;

/// Pose errors over a set of pictures, in mm.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scores {
    pub metrics: Metrics,
    /// Over the 12 joints that nearly every marker set measures.
    pub limbs: SubsetMetrics,
    /// Fraction of the pictures whose pose is rotated by more than 90° from the truth, among those where
    /// [`facing_error_deg`] is defined; `None` if there are none.
    pub wrong_way: Option<f64>,
    pub joints: JointErrors,
}

impl Scores {
    /// # Errors
    /// If there are no poses, the numbers of poses differ, or [`joint_errors`] fails.
    pub fn of(predicted: &[Pose3d], truth: &[Pose3d]) -> Result<Self, PoseError> {
        let joints = joint_errors(predicted, truth)?;
        let turns: Vec<f64> = predicted.iter().zip(truth).filter_map(|(p, t)| facing_error_deg(p, t)).collect();
        let wrong = turns.iter().filter(|turn| **turn > WRONG_WAY_DEG).count();
        let wrong_way = (!turns.is_empty()).then(|| wrong as f64 / turns.len() as f64);
        Ok(Self { metrics: joints.metrics(), limbs: joints.over(&LIMB_JOINTS)?, wrong_way, joints })
    }
}

/// Results on pictures with the background removed by masks, and on plain pictures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BothKinds<T = Scores> {
    pub masked: T,
    pub plain: T,
}

impl<T> BothKinds<T> {
    /// Calls `make` with `true` (background removed), then with `false` (plain).
    pub fn try_new<E>(mut make: impl FnMut(bool) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self { masked: make(true)?, plain: make(false)? })
    }

    /// Applies `change` to both.
    pub fn try_map<U, E>(&self, mut change: impl FnMut(&T) -> Result<U, E>) -> Result<BothKinds<U>, E> {
        Ok(BothKinds { masked: change(&self.masked)?, plain: change(&self.plain)? })
    }
}
