//! Evaluates a model on data unlike its training data: a recorded take, or its rendered twin.

use std::collections::BTreeMap;

use model::{PoseModel, Precision};
use pose::{Pose3d, PoseError};
use serde::Serialize;

use super::baselines::Baselines;
use super::heads::HeadScores;
use super::nearest::{Nearest, nearest};
use super::peer::PeerPoses;
use super::pictures::Pictures;
use super::scores::{BothKinds, Scores};
use super::spread::spread;
use crate::LearnError;
use crate::data::rendered::{Dataset, PictureFrom};
use crate::data::{LabelledSample, LabelledTake};

const TENTHS: usize = 10;

/// Pictures with known poses, by take, instant and camera.
pub struct Trial<'a> {
    pictures: Pictures<'a>,
    from: Vec<PictureFrom>,
    /// Names by index of the camera.
    cameras: Vec<String>,
}

/// The result of a trial.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrialReport {
    pub pictures: usize,
    pub instants: usize,
    pub cameras: Vec<String>,
    /// P-MPJPE in mm from each true pose to the nearest training pose.
    pub nearest_training_pose: Nearest,
    pub rows: Vec<TrialRow>,
    pub masked_heads: Option<HeadScores>,
    pub plain_heads: Option<HeadScores>,
}

/// The errors of one model, baseline or peer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrialRow {
    pub who: String,
    /// Number of pictures for which it gave a pose; only these are scored.
    pub pictures: usize,
    pub all: Scores,
    /// By index of the camera; `None` where it gave no pose.
    pub views: Vec<Option<Scores>>,
    /// By tenth of the take's instants; `None` where it gave no pose.
    pub tenths: Vec<Option<Scores>>,
    /// Errors of the poses fused over all views of an instant (see [`pose::fuse`]); `None` without instants in two
    /// views.
    pub fused: Option<Scores>,
}

impl<'a> Trial<'a> {
    /// The labelled pictures of a recorded take.
    pub fn of_take(take: &'a LabelledTake, device: tch::Device) -> Self {
        let from =
            |labelled: &LabelledSample| PictureFrom { take: 0, instant: labelled.instant, camera: labelled.camera };
        let samples = take.samples.iter().map(|labelled| (&labelled.sample, labelled.pose)).collect();
        Self {
            pictures: Pictures::of_samples(samples, take.preprocessing.crop_px, device),
            from: take.samples.iter().map(from).collect(),
            cameras: take.cameras.clone(),
        }
    }

    /// `pictures` held-out pictures of a session, of an imported one among its test frames; all if 0.
    ///
    /// # Errors
    /// If the session has no held-out takes.
    pub fn of_session(dataset: &'a Dataset, crop_px: u16, pictures: usize) -> Result<Self, LearnError> {
        let rows = spread(&dataset.test_rows(), pictures);
        let views = dataset.takes().iter().flat_map(|take| &take.rows).map(Vec::len).max().unwrap_or(0);
        if rows.is_empty() {
            return Err(LearnError::TooFew("the session has no held-out takes to evaluate on".to_owned()));
        }
        Ok(Self {
            from: rows.iter().map(|&row| dataset.from(row)).collect(),
            pictures: Pictures::of_dataset(dataset, crop_px, rows)?,
            cameras: (0..views).map(|view| format!("cam{view:02}")).collect(),
        })
    }

    /// Take, instant and camera of each picture, in the order of the poses that peers must give.
    pub fn from(&self) -> &[PictureFrom] {
        &self.from
    }

    /// The true poses, in the same order.
    pub fn truth(&self) -> &[Pose3d] {
        self.pictures.truth()
    }

    /// Evaluates a model, the baselines and the peers.
    ///
    /// # Errors
    /// If the device fails, or a peer has another number of poses.
    pub fn measure(
        &self,
        model: &PoseModel,
        precision: Precision,
        baselines: &Baselines,
        peers: &[PeerPoses],
    ) -> Result<TrialReport, LearnError> {
        let found = self.pictures.predict(model, precision)?;
        let heads = found.try_map(|found| Ok::<_, LearnError>(HeadScores::of(found, self.pictures.truth())))?;
        let always = |poses: &[Pose3d]| -> Vec<Option<Pose3d>> { poses.iter().copied().map(Some).collect() };
        let count = self.pictures.len();
        let BothKinds { masked, plain } = found;
        let mut rows = vec![
            self.row("pose model, masks", &always(&masked.poses))?,
            self.row("pose model, no masks", &always(&plain.poses))?,
        ];
        if let Some(BothKinds { masked, plain }) = baselines.ridge_poses(&self.pictures)? {
            rows.push(self.row("ridge on 16×16 pixels, masks", &always(&masked))?);
            rows.push(self.row("ridge on 16×16 pixels, no masks", &always(&plain))?);
        }
        rows.push(self.row("mean pose", &vec![Some(baselines.mean); count])?);
        rows.push(self.row("Procrustes mean pose", &vec![Some(baselines.procrustes); count])?);
        for peer in peers {
            if peer.poses.len() != count {
                let problem = format!("{} poses for {count} pictures", peer.poses.len());
                return Err(LearnError::Peer { who: peer.who.clone(), problem });
            }
            let found = peer.poses.iter().flatten().count();
            if found > 0 {
                rows.push(self.row(&peer.who, &peer.poses)?);
            }
            if found > 0 && found < count {
                // For a fair comparison, also score the model on only the pictures for which the peer has a pose.
                let pairs = masked.poses.iter().zip(&peer.poses);
                let same: Vec<_> = pairs.map(|(pose, peer)| peer.map(|_| *pose)).collect();
                rows.push(self.row(&format!("pose model, masks, where {} found somebody", peer.who), &same)?);
            }
        }
        Ok(TrialReport {
            pictures: count,
            instants: self.instants().len(),
            cameras: self.cameras.clone(),
            nearest_training_pose: nearest(&self.one_view_each(), baselines.training_poses())?,
            rows,
            masked_heads: heads.masked,
            plain_heads: heads.plain,
        })
    }

    fn row(&self, who: &str, poses: &[Option<Pose3d>]) -> Result<TrialRow, PoseError> {
        let last = self.from.iter().map(|from| from.instant).max().unwrap_or(0) as usize;
        let tenth = |from: &PictureFrom| from.instant as usize * TENTHS / (last + 1);
        let views = (0..self.cameras.len()).map(|camera| self.some(poses, |from| usize::from(from.camera) == camera));
        Ok(TrialRow {
            who: who.to_owned(),
            pictures: poses.iter().flatten().count(),
            all: self.some(poses, |_| true)?.ok_or(PoseError::NoPoses)?,
            views: views.collect::<Result<_, _>>()?,
            tenths: (0..TENTHS)
                .map(|wanted| self.some(poses, |from| tenth(from) == wanted))
                .collect::<Result<_, _>>()?,
            fused: self.fused(poses)?,
        })
    }

    /// Scores on the selected pictures; `None` if none of them has a pose.
    fn some(
        &self,
        poses: &[Option<Pose3d>],
        wanted: impl Fn(&PictureFrom) -> bool,
    ) -> Result<Option<Scores>, PoseError> {
        let pairs = self.from.iter().zip(poses).zip(self.pictures.truth()).filter(|((from, _), _)| wanted(from));
        let (predicted, truth): (Vec<Pose3d>, Vec<Pose3d>) =
            pairs.filter_map(|((_, pose), truth)| Some(((*pose)?, *truth))).unzip();
        if truth.is_empty() { Ok(None) } else { Scores::of(&predicted, &truth).map(Some) }
    }

    /// Scores of fused poses, for instants with poses in at least two views, against the truth in the first of these
    /// views.
    fn fused(&self, poses: &[Option<Pose3d>]) -> Result<Option<Scores>, PoseError> {
        let (mut predicted, mut truth) = (Vec::new(), Vec::new());
        for pictures in self.instants().values() {
            let seen: Vec<(usize, Pose3d)> =
                pictures.iter().filter_map(|&picture| Some((picture, poses[picture]?))).collect();
            if seen.len() < 2 {
                continue;
            }
            let views: Vec<Pose3d> = seen.iter().map(|(_, pose)| *pose).collect();
            predicted.push(pose::fuse(&views, None)?);
            truth.push(self.pictures.truth()[seen[0].0]);
        }
        if truth.is_empty() { Ok(None) } else { Scores::of(&predicted, &truth).map(Some) }
    }

    /// The true pose of each instant in one view; the other views show the same pose, rotated.
    fn one_view_each(&self) -> Vec<Pose3d> {
        self.instants().values().filter_map(|pictures| Some(self.pictures.truth()[*pictures.first()?])).collect()
    }

    /// Indices of the pictures, by take and instant.
    fn instants(&self) -> BTreeMap<(u32, u32), Vec<usize>> {
        let mut instants: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (picture, from) in self.from.iter().enumerate() {
            instants.entry((from.take, from.instant)).or_default().push(picture);
        }
        instants
    }
}
