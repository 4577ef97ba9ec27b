//! Takes without pictures, and judges who know the time or nothing, for tests.

use frame::SegmentId;
use frame_sync::pairs::InstantMeta;
use pose::Pose3d;
use take::{SessionTake, session};

use super::material::Judge;
use crate::LearnError;
use crate::data::rendered::{DatasetTake, PictureId, Split};
use crate::seeds::seed_of;

const VIEWS: u32 = 3;
const STEP_MS: u32 = 100;

/// One take of each person, of three views and so many instants, 100 ms apart.
pub(super) fn people(of: &[(Split, &str)], instants: u32) -> (Vec<DatasetTake>, Vec<PictureId>) {
    let mut pictures = Vec::new();
    let takes = (0..).zip(of).map(|(take, (split, person))| {
        let mut row = |instant: u32, view: u32| {
            pictures.push(PictureId { take, instant, view: view as u16 });
            Some(pictures.len() as u32 - 1)
        };
        let rows = (0..instants).map(|instant| (0..VIEWS).map(|view| row(instant, view)).collect()).collect();
        let name = (*person).to_owned();
        let at = |at: u32| InstantMeta {
            segment: SegmentId::seam(take),
            exposure_ns: i64::from(at * STEP_MS) * 1_000_000,
            views: (1 << VIEWS) - 1,
        };
        DatasetTake {
            about: SessionTake {
                name: take.to_string(),
                person: name,
                clip: "x".into(),
                action: "x".into(),
                environment: "x".into(),
                split: session::Split::Train,
            },
            split: *split,
            instants: (0..instants).map(at).collect(),
            sources: (0..instants).collect(),
            rows,
        }
    });
    (takes.collect::<Vec<_>>(), pictures)
}

/// A pose for each instant, the same of all people and views: every joint turns on its own circle.
pub(super) fn poses(pictures: &[PictureId]) -> Vec<Pose3d> {
    let pose = |id: &PictureId| {
        std::array::from_fn(|joint| {
            let turn = 0.37 * id.instant as f32 * (1.0 + joint as f32 / 5.0);
            let size = if joint == 0 { 0.0 } else { 300.0 };
            [size * turn.sin(), 40.0 * joint as f32, size * turn.cos()]
        })
    };
    pictures.iter().map(pose).collect()
}

/// What a judge knows of two pictures.
#[derive(Clone, Copy)]
pub(super) enum Knows {
    /// By how much their instants are apart: nearer than this is the same.
    Time {
        same_ms: f64,
    },
    Nothing,
}

pub(super) struct Witness<'a> {
    pub pictures: &'a [PictureId],
    pub knows: Knows,
}

impl Witness<'_> {
    fn score(&self, one: u32, other: u32) -> f64 {
        match self.knows {
            Knows::Time { same_ms } => {
                let [one, other] = [one, other].map(|row| self.pictures[row as usize].instant);
                same_ms - f64::from(one.abs_diff(other) * STEP_MS)
            }
            Knows::Nothing => seed_of(&[one.into(), other.into()]) as f64 / u64::MAX as f64 - 0.5,
        }
    }
}

impl Judge for Witness<'_> {
    fn pairs(&self, first: &[u32], second: &[u32]) -> Result<Vec<f64>, LearnError> {
        Ok(first.iter().zip(second).map(|(one, other)| self.score(*one, *other)).collect())
    }

    fn against(&self, queries: &[u32], candidates: &[u32]) -> Result<Vec<Vec<f64>>, LearnError> {
        Ok(queries.iter().map(|query| candidates.iter().map(|row| self.score(*query, *row)).collect()).collect())
    }
}
