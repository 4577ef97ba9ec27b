//! How far poses are from the truth on people and clips that were never trained on, beside what has to be beaten.

use std::collections::BTreeSet;

use model::{CONFIDENT_MM, PoseModel, Precision, autocast};
use pose::{
    JOINTS, JointErrors, MeanPose, Metrics, Pose3d, ProcrustesMean, ROOT, Ridge, facing_error_deg, joint_errors,
};
use serde::Serialize;
use tch::{Device, Kind, Tensor};

use super::RenderedError;
use super::augment::{Augmented, plain_input};
use super::dataset::{Dataset, Split, poses};
use super::error::during;

/// Pictures predicted at a time.
const CHUNK: usize = 256;
/// Training poses that the baselines are fitted on, at most, and pictures for the ridge.
const BASELINE_POSES: usize = 20_000;
const RIDGE_PICTURES: usize = 6_000;
/// Side of the thumbnail that the ridge sees, and its strength for values in 0..1.
const THUMBNAIL: i64 = 16;
const LAMBDA: f64 = 1.0;
/// A pose that is turned by more than this faces the wrong way.
const WRONG_WAY_DEG: f64 = 90.0;
const BINS: usize = 10;

/// The two kinds of input that one network takes.
const KINDS: [bool; 2] = [true, false];

/// Errors in mm over a set of pictures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scores {
    pub metrics: Metrics,
    /// Share of the pictures whose pose is turned by more than 90° against the truth, of those where that can be
    /// said: see [`facing_error_deg`].
    pub wrong_way: Option<f64>,
    pub joints: JointErrors,
}

/// Somebody's poses on pictures with their background removed by exact masks, and on the plain ones.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BothKinds {
    pub masked: Scores,
    pub plain: Scores,
}

/// The model and its baselines on some of the held-out pictures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// Which of them: all, those of actions that were trained on (by other people, in other clips), or the others.
    pub actions: &'static str,
    pub pictures: usize,
    pub model: BothKinds,
    pub mean_pose: Scores,
    pub procrustes_mean: Scores,
    /// Ridge regression on 16×16 pixels, one for each kind of input.
    pub ridge: Option<BothKinds>,
}

/// Joints (without the root) whose confidence fell into one tenth of 0 to 1.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConfidenceBin {
    pub joints: usize,
    pub mean_confidence: f64,
    /// Share of them whose error was below 100 mm: equal to the confidence if that is honest.
    pub right: f64,
}

/// What the heads beside 3D are worth.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct HeadScores {
    /// Mean distance of the 17 joints in the crop's plane, in sides of the crop.
    pub plane: f64,
    pub confidence: [ConfidenceBin; BINS],
    /// Mean distance between confidence and the share that was right, weighted by joints.
    pub calibration_error: f64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenderedEvaluation {
    pub people: usize,
    pub clips: usize,
    pub comparisons: Vec<Comparison>,
    pub masked_heads: Option<HeadScores>,
    pub plain_heads: Option<HeadScores>,
}

/// Held-out pictures and fitted baselines, to measure models on again and again.
pub struct Evaluator<'a> {
    dataset: &'a Dataset,
    crop_px: u16,
    rows: Vec<u32>,
    truth: Vec<Pose3d>,
    /// By row: its action was trained on.
    seen: Vec<bool>,
    mean: Pose3d,
    procrustes: Pose3d,
    /// By kind of input.
    ridges: Option<[Ridge; 2]>,
}

struct Predicted {
    poses: Vec<Pose3d>,
    plane: Option<f64>,
    /// `[N, 17]`.
    confidence: Option<Vec<f32>>,
}

impl<'a> Evaluator<'a> {
    /// `pictures` held-out ones, evenly spread; 0 is all. The ridge takes some seconds to fit.
    ///
    /// # Errors
    /// A session without held-out takes.
    pub fn new(dataset: &'a Dataset, crop_px: u16, pictures: usize, with_ridge: bool) -> Result<Self, RenderedError> {
        let rows = spread(&dataset.rows(Split::HeldOut), pictures);
        if rows.is_empty() {
            let split = Split::HeldOut.name();
            return Err(RenderedError::Nothing(format!(
                "no take of the session has the split `{split}`: nothing to measure on"
            )));
        }
        let trained = spread(&dataset.rows(Split::Train), BASELINE_POSES);
        let reading = during("reading labels");
        let trained_poses = dataset.poses(&trained).map_err(&reading)?;
        let actions: BTreeSet<String> = dataset.distinct(Split::Train, |take| &take.action);
        let ridge = |removed: bool| -> Result<Ridge, RenderedError> {
            let rows = spread(&trained, RIDGE_PICTURES);
            let truth = dataset.poses(&rows).map_err(&reading)?;
            Ok(Ridge::fit(&thumbnails(dataset, crop_px, &rows, removed)?, &truth, LAMBDA)?)
        };
        Ok(Self {
            dataset,
            crop_px,
            truth: dataset.poses(&rows).map_err(&reading)?,
            seen: rows.iter().map(|&row| actions.contains(&dataset.take_of(row).about.action)).collect(),
            rows,
            mean: MeanPose::fit(&trained_poses)?.predict(),
            procrustes: ProcrustesMean::fit(&trained_poses)?.predict(),
            ridges: if with_ridge { Some([ridge(KINDS[0])?, ridge(KINDS[1])?]) } else { None },
        })
    }

    pub fn pictures(&self) -> usize {
        self.rows.len()
    }

    /// Measures a model, whose BatchNorm must have fresh statistics.
    pub fn evaluate(&self, model: &PoseModel, precision: Precision) -> Result<RenderedEvaluation, RenderedError> {
        let [masked, plain] = [self.predict(model, precision, KINDS[0])?, self.predict(model, precision, KINDS[1])?];
        let ridge = match &self.ridges {
            Some([masked, plain]) => Some([self.ridge_poses(masked, KINDS[0])?, self.ridge_poses(plain, KINDS[1])?]),
            None => None,
        };
        let mut comparisons = Vec::new();
        for (actions, wanted) in [("all", None), ("seen", Some(true)), ("unseen", Some(false))] {
            let of: Vec<usize> =
                (0..self.rows.len()).filter(|&at| wanted.is_none_or(|wanted| self.seen[at] == wanted)).collect();
            if of.is_empty() {
                continue;
            }
            let scores = |poses: &[Pose3d]| self.scores(poses, &of);
            let both = |masked: &[Pose3d], plain: &[Pose3d]| -> Result<BothKinds, RenderedError> {
                Ok(BothKinds { masked: scores(masked)?, plain: scores(plain)? })
            };
            comparisons.push(Comparison {
                actions,
                pictures: of.len(),
                model: both(&masked.poses, &plain.poses)?,
                mean_pose: scores(&vec![self.mean; self.rows.len()])?,
                procrustes_mean: scores(&vec![self.procrustes; self.rows.len()])?,
                ridge: ridge.as_ref().map(|[masked, plain]| both(masked, plain)).transpose()?,
            });
        }
        let distinct = |of: fn(&take::SessionTake) -> &String| {
            self.rows.iter().map(|&row| of(&self.dataset.take_of(row).about)).collect::<BTreeSet<_>>().len()
        };
        Ok(RenderedEvaluation {
            people: distinct(|take| &take.person),
            clips: distinct(|take| &take.clip),
            comparisons,
            masked_heads: self.heads(&masked),
            plain_heads: self.heads(&plain),
        })
    }

    fn scores(&self, poses: &[Pose3d], of: &[usize]) -> Result<Scores, RenderedError> {
        let chosen = |poses: &[Pose3d]| -> Vec<Pose3d> { of.iter().map(|&at| poses[at]).collect() };
        let (predicted, truth) = (chosen(poses), chosen(&self.truth));
        let joints = joint_errors(&predicted, &truth)?;
        let turns: Vec<f64> = predicted.iter().zip(&truth).filter_map(|(p, t)| facing_error_deg(p, t)).collect();
        let wrong = turns.iter().filter(|turn| **turn > WRONG_WAY_DEG).count();
        let wrong_way = (!turns.is_empty()).then(|| wrong as f64 / turns.len() as f64);
        Ok(Scores { metrics: joints.metrics(), wrong_way, joints })
    }

    fn predict(&self, model: &PoseModel, precision: Precision, removed: bool) -> Result<Predicted, RenderedError> {
        let mut found = Predicted { poses: Vec::new(), plane: None, confidence: None };
        for rows in self.rows.chunks(CHUNK) {
            let Augmented { input, joints_2d, .. } = input(self.dataset, self.crop_px, rows, removed)?;
            let mut chunk = || -> Result<(), model::ModelError> {
                let said = autocast(precision, model.device(), || model.predict_all(&input))?;
                found.poses.extend(poses(&said.joints_mm)?);
                if let Some(plane) = said.joints_2d {
                    let distance =
                        model::joint_distances(&plane, &joints_2d)?.f_mean_dim([1].as_slice(), false, None)?;
                    *found.plane.get_or_insert(0.0) += distance.f_sum(None)?.f_double_value(&[])?;
                }
                if let Some(confidence) = said.confidence {
                    found.confidence.get_or_insert_default().extend(values(&confidence)?);
                }
                Ok(())
            };
            chunk().map_err(during("predicting poses"))?;
        }
        Ok(found)
    }

    fn ridge_poses(&self, ridge: &Ridge, removed: bool) -> Result<Vec<Pose3d>, RenderedError> {
        let thumbnails = thumbnails(self.dataset, self.crop_px, &self.rows, removed)?;
        thumbnails.iter().map(|thumbnail| Ok(ridge.predict(thumbnail)?)).collect()
    }

    fn heads(&self, found: &Predicted) -> Option<HeadScores> {
        let (plane, confidence) = (found.plane?, found.confidence.as_ref()?);
        let mut confidences = [ConfidenceBin::default(); BINS];
        for ((predicted, truth), confidence) in found.poses.iter().zip(&self.truth).zip(confidence.chunks_exact(JOINTS))
        {
            for joint in (0..JOINTS).filter(|&joint| joint != ROOT) {
                let squared: f32 = predicted[joint].iter().zip(&truth[joint]).map(|(p, t)| (p - t).powi(2)).sum();
                let sure = f64::from(confidence[joint]);
                let bin = &mut confidences[((sure * BINS as f64) as usize).min(BINS - 1)];
                bin.joints += 1;
                bin.mean_confidence += sure;
                bin.right += f64::from(u8::from(f64::from(squared.sqrt()) < CONFIDENT_MM));
            }
        }
        let all: usize = confidences.iter().map(|bin| bin.joints).sum();
        let mut calibration_error = 0.0;
        for bin in confidences.iter_mut().filter(|bin| bin.joints > 0) {
            calibration_error += (bin.mean_confidence - bin.right).abs() / all as f64;
            bin.mean_confidence /= bin.joints as f64;
            bin.right /= bin.joints as f64;
        }
        Some(HeadScores { plane: plane / self.rows.len() as f64, confidence: confidences, calibration_error })
    }
}

fn input(dataset: &Dataset, crop_px: u16, rows: &[u32], removed: bool) -> Result<Augmented, RenderedError> {
    dataset
        .batch(rows)
        .and_then(|batch| plain_input(dataset, &batch, crop_px, removed))
        .map_err(during("cutting pictures to measure on"))
}

/// The crops averaged to 16×16 pixels in 0..1.
fn thumbnails(dataset: &Dataset, crop_px: u16, rows: &[u32], removed: bool) -> Result<Vec<Vec<f32>>, RenderedError> {
    let mut all = Vec::with_capacity(rows.len());
    for rows in rows.chunks(CHUNK) {
        let Augmented { input, .. } = input(dataset, crop_px, rows, removed)?;
        let small = || -> Result<Vec<f32>, model::ModelError> {
            let unit = input.f_add_scalar(1.0)?.f_mul_scalar(0.5)?;
            values(&unit.f_adaptive_avg_pool2d([THUMBNAIL, THUMBNAIL])?)
        };
        let small = small().map_err(during("making thumbnails"))?;
        all.extend(small.chunks_exact(3 * (THUMBNAIL * THUMBNAIL) as usize).map(<[f32]>::to_vec));
    }
    Ok(all)
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, model::ModelError> {
    let flat = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?.f_reshape([-1])?;
    Ok(Vec::try_from(flat)?)
}

/// `count` of them, evenly spread; 0 is all.
fn spread(rows: &[u32], count: usize) -> Vec<u32> {
    if count == 0 || rows.len() <= count {
        return rows.to_vec();
    }
    (0..count).map(|at| rows[at * rows.len() / count]).collect()
}
