//! How far the poses of retrieved pictures are from those that were asked for.

use pose::{Pose3d, PoseError, compute_metrics};
use serde::Serialize;

/// Mean errors in mm over the 16 joints other than the root, as the tables of the paper have them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PoseErrors {
    pub n_mpjpe: f64,
    /// Fitted on all 17 joints.
    pub p_mpjpe: f64,
}

/// Of retrieved pictures, and of pictures drawn from the same candidates by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Retrieval {
    pub retrieved: PoseErrors,
    pub random: PoseErrors,
}

impl PoseErrors {
    fn of(found: &[Pose3d], asked: &[Pose3d]) -> Result<Self, PoseError> {
        let metrics = compute_metrics(found, asked)?;
        Ok(Self { n_mpjpe: metrics.nmpjpe16, p_mpjpe: metrics.pmpjpe17 * 17.0 / 16.0 })
    }
}

/// The pose that was asked for, with that of the retrieved picture and that of a random one.
pub(super) type Compared = [Pose3d; 3];

impl Retrieval {
    /// `None` if there are no poses.
    pub(super) fn of(compared: &[Compared]) -> Result<Option<Self>, PoseError> {
        if compared.is_empty() {
            return Ok(None);
        }
        let column = |at: usize| compared.iter().map(|poses| poses[at]).collect::<Vec<_>>();
        let asked = column(0);
        let of = |at| PoseErrors::of(&column(at), &asked);
        Ok(Some(Self { retrieved: of(1)?, random: of(2)? }))
    }
}
