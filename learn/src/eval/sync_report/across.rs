//! Which picture of each trained person is taken for synchronous with one of an unseen person (SYNC, Fig. 6).

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::AcrossRow;
use super::material::{Judge, Material};
use super::poses::{Compared, Retrieval};
use super::ranking::best;
use crate::LearnError;
use crate::data::rendered::Split;
use crate::seeds::seed_of;

/// Queries that are scored together.
const CHUNK: usize = 64;

/// Retrieval among all pictures of a trained person, of all its takes and views.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AcrossPeople {
    /// The trained person; `None`: all of them, each asked by itself.
    pub person: Option<String>,
    pub queries: usize,
    /// Pictures to choose from, for each query.
    pub candidates: usize,
    /// Different pictures among those retrieved: few if the same ones are taken for synchronous with everything.
    pub different: usize,
    /// Each pose seen by its own camera: N-MPJPE also counts from where somebody is seen, P-MPJPE does not.
    pub poses: Retrieval,
}

/// One query with what it retrieved of each trained person.
#[derive(Clone, Debug)]
pub(super) struct Found {
    query: u32,
    /// By person: retrieved, random.
    answers: Vec<[u32; 2]>,
}

impl Found {
    pub fn shown(&self) -> AcrossRow {
        AcrossRow { query: self.query, retrieved: self.answers.iter().map(|answer| answer[0]).collect() }
    }
}

/// Asks for at most `queries` pictures of unseen people (all if 0).
pub(super) fn asked(
    material: &Material,
    judge: &dyn Judge,
    queries: usize,
    seed: u64,
) -> Result<Vec<Found>, LearnError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[seed, 43]));
    let rows = material.queries(Split::HeldOut, queries, &mut rng);
    let mut found: Vec<Found> = rows.into_iter().map(|query| Found { query, answers: Vec::new() }).collect();
    for person in material.people(Split::Train) {
        let candidates = material.rows_of(&person);
        for chunk in found.chunks_mut(CHUNK) {
            let queries: Vec<u32> = chunk.iter().map(|found| found.query).collect();
            for (found, scores) in chunk.iter_mut().zip(judge.against(&queries, &candidates)?) {
                if let Some(retrieved) = best(&scores, &mut rng) {
                    found.answers.push([candidates[retrieved], candidates[rng.random_range(0..candidates.len())]]);
                }
            }
        }
    }
    Ok(found)
}

/// Of all trained people together, then of each.
pub(super) fn summary(material: &Material, found: &[Found]) -> Result<Vec<AcrossPeople>, LearnError> {
    let mut together: Vec<Compared> = Vec::new();
    let (mut rows, mut most, mut different) = (Vec::new(), 0, 0);
    for (at, person) in material.people(Split::Train).into_iter().enumerate() {
        let pose = |row: u32| material.poses[row as usize];
        let compared = |found: &Found| {
            let [retrieved, random] = *found.answers.get(at)?;
            Some([pose(found.query), pose(retrieved), pose(random)])
        };
        let compared: Vec<Compared> = found.iter().filter_map(compared).collect();
        let candidates = material.rows_of(&person).len();
        most = most.max(candidates);
        let retrieved: BTreeSet<u32> = found.iter().filter_map(|found| Some(found.answers.get(at)?[0])).collect();
        different += retrieved.len();
        let (queries, retrieved) = (compared.len(), retrieved.len());
        let of = |person, poses| AcrossPeople { person, queries, candidates, different: retrieved, poses };
        rows.extend(Retrieval::of(&compared)?.map(|poses| of(Some(person.name), poses)));
        together.extend(compared);
    }
    if let Some(poses) = Retrieval::of(&together)? {
        rows.insert(0, AcrossPeople { person: None, queries: together.len(), candidates: most, different, poses });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Knows, Witness, people, poses};
    use super::*;

    fn rows(knows: Knows) -> Vec<AcrossPeople> {
        let (takes, pictures) = people(&[(Split::HeldOut, "a"), (Split::Train, "b"), (Split::Train, "c")], 30);
        let material = Material { takes: &takes, pictures: &pictures, poses: &poses(&pictures) };
        let judge = Witness { pictures: &pictures, knows };
        let found = asked(&material, &judge, 80, 5).unwrap();
        assert!(found.iter().all(|f| pictures[f.query as usize].take == 0 && f.answers.len() == 2));
        assert!(found.iter().all(|f| f.answers[1].iter().all(|row| pictures[*row as usize].take == 2)));
        summary(&material, &found).unwrap()
    }

    /// People of these takes move alike, so the same instant of another person is the same pose.
    #[test]
    fn the_same_pose_of_another_person_is_retrieved() {
        let rows = rows(Knows::Time { same_ms: 50.0 });
        assert_eq!(rows.iter().map(|row| row.person.as_deref()).collect::<Vec<_>>(), [None, Some("b"), Some("c")]);
        assert_eq!((rows[0].queries, rows[1].queries, rows[1].candidates), (160, 80, 90));
        let asked = rows[1].different;
        // 80 different queries of 30 instants, each with three pictures of equal score to draw from.
        assert!((30..=80).contains(&asked) && rows[0].different == asked + rows[2].different, "{rows:?}");
        for row in &rows {
            assert!(row.poses.retrieved.p_mpjpe < 1e-3 && row.poses.random.p_mpjpe > 50.0, "{row:?}");
        }
    }

    #[test]
    fn a_blind_judge_is_as_good_as_chance() {
        let poses = rows(Knows::Nothing)[0].poses;
        let ratio = poses.retrieved.p_mpjpe / poses.random.p_mpjpe;
        assert!(ratio > 0.75 && ratio < 1.33, "{poses:?}");
    }
}
