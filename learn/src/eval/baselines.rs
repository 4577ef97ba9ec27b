//! Baselines, fitted on the training pictures of a session.

use pose::{MeanPose, Pose3d, ProcrustesMean, Ridge};

use super::pictures::Pictures;
use super::scores::BothKinds;
use super::spread::spread;
use super::thumbnails::{RIDGE_STRENGTH, of_inputs};
use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::error::during;

/// At most this many training poses are used to fit the baselines.
const POSES: usize = 20_000;
/// At most this many pictures are used to fit the ridge regression.
const RIDGE_PICTURES: usize = 6_000;

/// At most this many training instants are searched for the nearest pose.
const INSTANTS: usize = 40_000;

/// The mean pose, the Procrustes mean pose, and a ridge regression on 16×16 pixels for each kind of input.
#[derive(Debug)]
pub struct Baselines {
    pub mean: Pose3d,
    pub procrustes: Pose3d,
    ridges: Option<BothKinds<Ridge>>,
    /// One view of each training instant; the other views show the same pose, rotated.
    training_poses: Vec<Pose3d>,
}

impl Baselines {
    /// Fits the baselines on the pictures `labelled` (rows of the dataset). The ridge regression takes some seconds.
    ///
    /// # Errors
    /// If there are no labelled pictures, or the device fails.
    pub fn fit(dataset: &Dataset, labelled: &[u32], crop_px: u16, with_ridge: bool) -> Result<Self, LearnError> {
        let trained = spread(labelled, POSES);
        let poses = dataset.poses(&trained).map_err(during("reading labels"))?;
        let ridge = |removed: bool| -> Result<Ridge, LearnError> {
            let pictures = Pictures::of_dataset(dataset, crop_px, spread(&trained, RIDGE_PICTURES))?;
            let mut seen = Vec::with_capacity(pictures.len());
            pictures.each_input(removed, |input| {
                seen.extend(of_inputs(&input.pictures)?);
                Ok(())
            })?;
            Ok(Ridge::fit(&seen, pictures.truth(), RIDGE_STRENGTH)?)
        };
        Ok(Self {
            mean: MeanPose::fit(&poses)?.predict(),
            procrustes: ProcrustesMean::fit(&poses)?.predict(),
            ridges: with_ridge.then(|| BothKinds::try_new(ridge)).transpose()?,
            training_poses: dataset.poses(&one_view_each(dataset)).map_err(during("reading labels"))?,
        })
    }

    pub(super) fn training_poses(&self) -> &[Pose3d] {
        &self.training_poses
    }

    /// The poses predicted by ridge regression; `None` if it was not fitted.
    pub(super) fn ridge_poses(&self, pictures: &Pictures) -> Result<Option<BothKinds<Vec<Pose3d>>>, LearnError> {
        let Some(ridges) = &self.ridges else { return Ok(None) };
        let found = BothKinds::try_new(|removed| {
            let ridge = if removed { &ridges.masked } else { &ridges.plain };
            let mut found = Vec::with_capacity(pictures.len());
            pictures.each_input(removed, |input| {
                for thumbnail in of_inputs(&input.pictures)? {
                    found.push(ridge.predict(&thumbnail).map_err(LearnError::from)?);
                }
                Ok(())
            })?;
            Ok::<_, LearnError>(found)
        })?;
        Ok(Some(found))
    }
}

/// The first picture of each training instant.
fn one_view_each(dataset: &Dataset) -> Vec<u32> {
    let takes = dataset.takes().iter().filter(|take| take.split == Split::Train);
    let rows: Vec<u32> =
        takes.flat_map(|take| &take.rows).filter_map(|views| views.iter().copied().flatten().next()).collect();
    spread(&rows, INSTANTS)
}
