//! Scores of the 2D and confidence heads.

use model::CONFIDENT_MM;
use pose::{JOINTS, Pose3d, ROOT};
use serde::Serialize;

use super::pictures::Predicted;

const BINS: usize = 10;

/// Joints (without the root) whose confidence falls into one tenth of the range 0 to 1.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConfidenceBin {
    pub joints: usize,
    pub mean_confidence: f64,
    /// Fraction of them with a 3D error below 100 mm. Equals `mean_confidence` if the confidence is calibrated.
    pub right: f64,
}

/// Scores of the 2D and confidence heads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeadScores {
    /// Mean 2D error of the 17 joints, as a fraction of the crop's side; `None` without 2D labels.
    pub plane: Option<f64>,
    pub confidence: [ConfidenceBin; BINS],
    /// Expected calibration error: mean difference between confidence and `right` over bins, weighted by joints.
    pub calibration_error: f64,
}

impl HeadScores {
    /// `None` for a model without these heads.
    pub(super) fn of(found: &Predicted, truth: &[Pose3d]) -> Option<Self> {
        let confidence = found.confidence.as_ref()?;
        let mut bins = [ConfidenceBin::default(); BINS];
        for ((predicted, truth), confidence) in found.poses.iter().zip(truth).zip(confidence.chunks_exact(JOINTS)) {
            for joint in (0..JOINTS).filter(|&joint| joint != ROOT) {
                let squared: f32 = predicted[joint].iter().zip(&truth[joint]).map(|(p, t)| (p - t).powi(2)).sum();
                let sure = f64::from(confidence[joint]);
                let bin = &mut bins[((sure * BINS as f64) as usize).min(BINS - 1)];
                bin.joints += 1;
                bin.mean_confidence += sure;
                bin.right += f64::from(u8::from(f64::from(squared.sqrt()) < CONFIDENT_MM));
            }
        }
        let all: usize = bins.iter().map(|bin| bin.joints).sum();
        let mut calibration_error = 0.0;
        for bin in bins.iter_mut().filter(|bin| bin.joints > 0) {
            calibration_error += (bin.mean_confidence - bin.right).abs() / all as f64;
            bin.mean_confidence /= bin.joints as f64;
            bin.right /= bin.joints as f64;
        }
        Some(Self { plane: found.plane, confidence: bins, calibration_error })
    }
}
