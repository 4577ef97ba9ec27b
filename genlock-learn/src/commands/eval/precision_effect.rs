//! How much the arithmetic precision of the network changes its poses.

use infer::{Engine, PrecisionChoice};
use miette::IntoDiagnostic;
use pose::Pose3d;
use serde::Serialize;
use subject::Sample;

/// How much bf16 changes the joints of the same samples, in millimetres.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct PrecisionEffect {
    pub joints: usize,
    pub mean_mm: f64,
    pub max_mm: f64,
}

/// The precision that `engine` does not have.
pub fn other_precision(engine: &Engine) -> PrecisionChoice {
    match engine.precision() {
        model::Precision::F32 => PrecisionChoice::Bf16,
        model::Precision::Bf16 => PrecisionChoice::F32,
    }
}

/// Distance of each joint between the two engines' poses, in batches of one moment.
pub fn precision_effect<'a, B: AsRef<[&'a Sample]>>(
    one: &Engine,
    other: &Engine,
    batches: impl Iterator<Item = B>,
) -> miette::Result<PrecisionEffect> {
    let (mut joints, mut sum, mut max) = (0, 0.0, 0.0_f64);
    for batch in batches {
        let (a, b): (Vec<Pose3d>, Vec<Pose3d>) =
            (one.joints(batch.as_ref()).into_diagnostic()?, other.joints(batch.as_ref()).into_diagnostic()?);
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            let distance = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
            (joints, sum, max) = (joints + 1, sum + distance, max.max(distance));
        }
    }
    Ok(PrecisionEffect { joints, mean_mm: if joints > 0 { sum / joints as f64 } else { 0.0 }, max_mm: max })
}
